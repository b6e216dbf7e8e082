"""Updates (增量核算): which subjects a run has to compute again, and what it takes over of the rest.

A run that is asked to update an earlier one computes the subjects whose inputs are not as they were then, and every
region above them. What the others have depends on nothing that these brought in: their rows stay. Where that cannot
be said, the run is a full one and its manifest tells why. The inputs are compared as a whole, not only those of the
subjects that were asked for: nothing in a run is known at another instant than the rest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from shuangkong import __version__
from shuangkong.accounting.methods import Method
from shuangkong.accounting.tables import BOOK_ENTRIES, REPORTED_VALUES
from shuangkong.engine.api import (
    KEPT,
    UPDATED,
    NotLocal,
    RunContext,
    RunRecord,
    TableContract,
    Update,
    fresh_files,
    statements_of,
)
from shuangkong.metering.api import COMPACTED, METER_DAY_QUALITY, METER_DAYS, Meters

#: What a run keeps of the register of meters: a digest for each unit.
REGISTER = "meter_register"
#: An update of more than this share of all subjects costs more than to compute every row.
MOST = 0.5
#: Tables between the steps that an update needs of the run before.
NEEDED = ("leaves", "returns", "unknown_sums", "streak_links", "streak_grid", "withheld_cells",
          "cells_of_units", "price_bases", "rule_periods", "meter_register")  # fmt: skip


def plan(
    run: RunContext, tables: Mapping[str, pa.Table], paths: Mapping[str, Sequence[str]], methods: Iterable[Method],
    meters: Meters,
) -> None:  # fmt: skip
    """Make the run an update where it was asked to be one and can be; `tables` are those of the registry."""
    run.registered = digest_of(tables, paths, methods)
    run.executor.bind(REGISTER, meter_digests(meters))
    run.retain(REGISTER, by_subject=False)
    if run.asked is None or run.not_updated:
        return
    try:
        run.become(_update(run, tables["subject_closure"], tables["subjects"].num_rows, meters))
    except NotLocal as why:
        run.not_updated = str(why)


def digest_of(
    tables: Mapping[str, pa.Table], paths: Mapping[str, Sequence[str]], methods: Iterable[Method]
) -> str:  # fmt: skip
    """SHA-256 over what a run takes from the registry, and the methods that it accounts by. Meters count by unit, see
    `meter_digests`.
    """
    digest = hashlib.sha256()
    for name, table in sorted(tables.items()):
        digest.update(name.encode())
        ordered = table.sort_by([(c, "ascending") for c in table.column_names]).combine_chunks()
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, ordered.schema) as writer:
            writer.write_table(ordered)
        digest.update(sink.getvalue())
    digest.update(repr(sorted((code, tuple(path)) for code, path in paths.items())).encode())
    digest.update(repr(sorted(m.id for m in methods)).encode())
    return digest.hexdigest()


def meter_digests(meters: Meters) -> pa.Table:
    """subject_id, digest: SHA-256 over the spells of each unit's meters, which no other unit's figures depend on."""
    own: dict[str, list[str]] = {}
    for m in meters.spells:
        own.setdefault(m.subject_id, []).append(repr(m))
    found = {s: hashlib.sha256("\n".join(sorted(spells)).encode()).hexdigest() for s, spells in sorted(own.items())}
    return pa.table({
        "subject_id": pa.array(found.keys(), pa.string()), "digest": pa.array(found.values(), pa.string())
    })  # fmt: skip


def _update(run: RunContext, closure: pa.Table, subjects: int, meters: Meters) -> Update:
    assert run.asked is not None
    of = run.asked.of
    _same_world(run, of)
    statements = statements_of(of.folder)
    there = {p.stem for p in (of.folder / KEPT).glob("*.parquet")}
    if not statements or not {*NEEDED} <= there:
        raise NotLocal("the earlier run kept nothing that an update could start from")
    touched = run.asked.subjects | _touched(run, of, meters)
    found = Update(of, frozenset(touched), _with_those_above(touched, closure), statements)
    if len(found.replaced) > MOST * subjects:
        raise NotLocal(f"{len(found.replaced)} of {subjects} subjects are not as in the full run beneath")
    return found


def _same_world(run: RunContext, of: RunRecord) -> None:
    """Raise NotLocal where more than the books is not as it was."""
    m = of.manifest
    here: dict[str, tuple[object, object]] = {
        "kind": (run.kind, of.kind),
        "version of the program": (__version__, m.get("code")),
        "packs": (dict(run.packs.hashes()), m.get("packs")),
        "day": (run.as_of, of.as_of),
        # what a pack knew from a later day on is not known to the earlier run
        "day on which it is known": (run.known_day, of.known_day),
        "register": (run.registered, m.get("registered")),
        "scope": (run.scope.unrestricted, True),
    }
    for what, (now, then) in here.items():
        if now != then:
            raise NotLocal(f"another {what} than in the earlier run")
    if run.known < of.known:
        raise NotLocal("the earlier run knows more than was asked for")


def _touched(run: RunContext, of: RunRecord, meters: Meters) -> set[str]:
    """Subjects with rows of the books that the earlier run did not read, or that such rows put right, with days of
    meters or looks at outlets that it did not, or whose meters are registered otherwise.
    """
    found: set[str] = set()
    inputs = of.manifest.get("inputs")
    assert isinstance(inputs, dict)
    found |= _registered_anew(of, meters)
    for contract, number in ((METER_DAYS, "made"), (METER_DAY_QUALITY, "look")):
        found |= _metered(run, contract, number, inputs.get(contract.name, []), meters)
    for contract in (BOOK_ENTRIES, REPORTED_VALUES):
        commits = run.workspace.lake.commits(contract.name, run.known)
        then = set(inputs.get(contract.name, []))
        if not then <= {c.sequence for c in commits}:
            raise NotLocal("the earlier run read what is not there any more")
        fresh = [run.workspace.lake.root / c.file for c in commits if c.sequence not in then]
        if not fresh:
            continue
        every = [run.workspace.lake.root / c.file for c in commits]
        run.executor.bind_files("inputs_now", every, contract.arrow_schema)
        run.executor.bind_files("inputs_new", fresh, contract.arrow_schema)
        key = contract.key[0]
        rows = run.executor.run(
            f"SELECT subject_id FROM inputs_new UNION SELECT subject_id FROM inputs_now"
            f" WHERE {key} IN (SELECT corrects FROM inputs_new WHERE corrects IS NOT NULL)"
        )
        found |= set(rows["subject_id"].to_pylist())
    return found


def _metered(
    run: RunContext, contract: TableContract, number: str, then: Sequence[int], meters: Meters
) -> set[str]:  # fmt: skip
    """The subjects of the meters in rows of a table by meter that the earlier run did not read.

    number: the column that grows from one working to the next. A file that also stands for older ones has its own rows
    under the largest number, which it may share with none of them. Looks matter for outlets alone.
    """
    fresh = fresh_files(run.workspace.lake, contract.name, run.known, then)
    if fresh.lost:
        raise NotLocal("the earlier run read what is not there any more")
    numbers: set[int] = set()
    for file in fresh.files:
        if not (file.merged and file.note.startswith(COMPACTED)):
            table = pq.ParquetFile(file.path).read(columns=["meter", number])
            own = pc.equal(table[number], pc.max(table[number])) if file.merged else None
            numbers |= set((table.filter(own) if own is not None else table)["meter"].unique().to_pylist())
    outlets = contract is METER_DAY_QUALITY
    return {m.subject_id for m in meters.spells if m.number in numbers and (m.outlet or not outlets)}


def _registered_anew(of: RunRecord, meters: Meters) -> set[str]:
    """The units whose meters are not registered as they were in the earlier run."""
    now = {(r["subject_id"], r["digest"]) for r in meter_digests(meters).to_pylist()}
    kept = pq.read_table(of.folder / KEPT / f"{REGISTER}.parquet")
    then = {(r["subject_id"], r["digest"]) for r in kept.to_pylist()}
    return {subject for subject, _ in now ^ then}


def _with_those_above(touched: Iterable[str], closure: pa.Table) -> frozenset[str]:
    """The subjects and all regions that they, or those regions, ever lay in."""
    found: set[str] = set()
    fresh = set(touched)
    while fresh:
        found |= fresh
        below = pc.is_in(closure["subject_id"], value_set=pa.array(sorted(fresh), pa.string()))
        fresh = set(closure.filter(below)["ancestor_id"].to_pylist()) - found
    return frozenset(found)


def of_updated(run: RunContext, table: pa.Table) -> pa.Table:
    """Rows of the registry for the subjects that are computed: all of them in a full run."""
    if run.update is None:
        return table
    return table.filter(pc.is_in(table["subject_id"], value_set=pa.array(sorted(run.update.subjects), pa.string())))


def spread_out(run: RunContext) -> None:
    """Bind what sums of regions are made of, when `leaves` and `returns` are there.

    closure_over: the closure up to the subjects that are computed. leaves_up, returns_up: of all that lies in them, in
    the years in which some return is not as it was; `years_anew`: those years. In a full run these are all rows.
    leaves_yearly: the own yearly returns of all that lies in them, in every year.
    """
    if run.update is None:
        run.alias("closure_over", "SELECT * FROM subject_closure")
        for name in ("leaves", "returns"):
            run.alias(f"{name}_up", f"SELECT * FROM {name}")
        run.alias("leaves_yearly", f"SELECT * FROM leaves WHERE {_YEARLY}")
        return
    computed = f"SELECT subject_id FROM {UPDATED}"
    run.executor.keep("closure_over", f"SELECT * FROM subject_closure WHERE ancestor_id IN ({computed})")
    before = {name: run.before(name) for name in ("leaves", "returns")}
    differ = " UNION ".join(
        f"SELECT year_key FROM ((FROM {a} EXCEPT ALL FROM {b}) UNION ALL (FROM {b} EXCEPT ALL FROM {a}))"
        for a, b in (
            (f"(SELECT {_listed(run, name)} FROM {name})",
             f"(SELECT {_listed(run, name)} FROM {old} WHERE subject_id IN ({computed}))")
            for name, old in before.items()
        )
    )  # fmt: skip
    run.executor.keep("years_anew", f"SELECT DISTINCT year_key FROM ({differ})")
    for name, old in before.items():
        run.executor.keep(
            f"{name}_up",
            f"SELECT * FROM {old} WHERE year_key IN (FROM years_anew) AND {_OTHERS} UNION ALL BY NAME"
            f" SELECT * FROM {name} WHERE year_key IN (FROM years_anew)",
        )
    run.executor.keep(
        "leaves_yearly",
        f"SELECT * FROM {before['leaves']} WHERE {_YEARLY} AND {_OTHERS}"
        f" UNION ALL BY NAME SELECT * FROM leaves WHERE {_YEARLY}",
    )


_YEARLY = "period_kind = 'year' AND extent = 'own'"
_OTHERS = (
    f"subject_id NOT IN (SELECT subject_id FROM {UPDATED}) AND subject_id IN (SELECT subject_id FROM closure_over)"
)


def _listed(run: RunContext, name: str) -> str:
    columns = run.executor.run(f"SELECT * FROM {name} LIMIT 0").column_names
    return ", ".join(columns)


def carried(run: RunContext, before: str, year: str) -> str:
    """SQL for the rows of the subjects that are computed in years that are as they were; empty in a full run.

    before: a view of the earlier run's rows.  year: SQL for the year of a row, as text.
    """
    return (
        f"SELECT * FROM {before} WHERE subject_id IN (SELECT subject_id FROM {UPDATED})"
        f" AND ({year}) NOT IN (SELECT year_key FROM years_anew)"
    )
