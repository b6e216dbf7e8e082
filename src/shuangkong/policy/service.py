"""Use cases of the policy slice: check, list, show and what is in force. Results are plain JSON shapes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from shuangkong.kernel.errors import UserError
from shuangkong.kernel.flaws import Flaw
from shuangkong.kernel.labels import Label
from shuangkong.policy.checks import unanswered, unregistered, words_of_flaw
from shuangkong.policy.complaints import PackErrors
from shuangkong.policy.coverage import ClauseCoverage, coverage
from shuangkong.policy.loading import builtin_packs, find_packs, load_all, load_cases, load_pack
from shuangkong.policy.model import Clause, Pack, Parameter, Target
from shuangkong.policy.packset import STANDING_LABELS, PackSet, StandingPack
from shuangkong.policy.places import registered_units
from shuangkong.policy.rules.catalogue import Catalogue
from shuangkong.policy.rules.model import TableEntry
from shuangkong.policy.words import listed as names_listed
from shuangkong.policy.words import said

Json = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What `policy check` compared, and everything it found wrong."""

    packs: tuple[Pack, ...]
    cases: int
    problems: tuple[UserError, ...]
    flaws: tuple[Flaw, ...]
    together: PackSet | None = None

    @property
    def fine(self) -> bool:
        """Whether nothing is wrong; warnings may be left."""
        return not self.problems

    @property
    def counts(self) -> dict[str, int]:
        """How many entries of each kind were checked."""
        fields = ("clauses", "targets", "duties", "tables", "parameters", "indicators", "carriers", "products")
        counts = {"packs": len(self.packs)} | {f: sum(len(getattr(p, f)) for p in self.packs) for f in fields}
        rows = sum(len(q.values) for p in self.packs for q in p.parameters)
        return counts | {"rows": rows, "cases": self.cases}

    @property
    def unproved(self) -> tuple[tuple[str, str, Label], ...]:
        """(pack, table, why) of decision tables of which gaps, overlaps and dead rows could not be ruled out."""
        if self.together is not None:
            return self.together.unproved
        return tuple((p.key, table, why) for p in self.packs for table, why in p.unchecked)

    def as_json(self) -> Json:
        """The JSON shape of the report."""
        return {
            "ok": self.fine,
            "checked": self.counts,
            "packs": [{"pack": p.key, "origin": p.origin, "content_hash": p.content_hash} for p in self.packs],
            "problems": [p.as_dict() for p in self.problems],
            "warnings": [_flaw(f) for f in self.flaws],
            "unproved_tables": [
                {"pack": p, "table": t, "because": why.in_("en"), "because_zh": why.zh} for p, t, why in self.unproved
            ],
        }


def check(
    paths: Sequence[Path],
    *,
    builtin: bool,
    indicators: Iterable[str] = (),
    catalogue: Catalogue | None = None,
    workspace: Path | None = None,
) -> CheckReport:
    """Load every pack at or below the paths (and the built-in ones) and collect all problems in one pass.

    `catalogue` is what inputs of decision tables can be bound to; without it bindings are not looked at.
    With a `workspace` units that targets name and its register does not hold are warnings.

    A path without a pack is a problem: a check that compared nothing has not passed.
    """
    problems: list[UserError] = []
    packs = list(_tried(builtin_packs, problems)) if builtin else []
    for path in paths:
        packs += _below(path, problems)
    cases = sum(len(_tried(partial(load_cases, pack), problems)) for pack in packs)
    if not packs and not problems:
        problems.append(
            said("PACK-006", "nothing_checked").at(),
        )
    together = next(iter(_tried(lambda: (PackSet(packs, catalogue=catalogue),), problems)), None)
    flaws = unanswered(together, indicators) if together is not None else ()
    if workspace is not None:
        named = [t.subject.uscc for p in packs for t in p.targets if t.subject.uscc]
        flaws += unregistered(packs, registered_units(named, workspace))
    return CheckReport(tuple(packs), cases, tuple(problems), flaws, together)


def packs_of(paths: Sequence[Path]) -> PackSet:
    """The built-in packs together with those at or below the paths; raises PackErrors."""
    more = [pack for path in paths for pack in load_all(path, origin=str(path))]
    if paths and not more:
        raise said("PACK-006", "no_pack_here").at(", ".join(str(p) for p in paths))
    return PackSet((*builtin_packs(), *more))


def named(name: str, paths: Sequence[Path]) -> Pack:
    """The pack in the folder `name`, or the one called id or id@edition; raises PACK-006."""
    folder = Path(name)
    return load_pack(folder) if folder.is_dir() else packs_of(paths).pack(name)


def listed(packs: PackSet) -> list[Json]:
    """One row per pack."""
    return [_document(p) for p in packs.packs]


def in_force(packs: PackSet, region_path: Sequence[str], day: date, known: date) -> list[Json]:
    """One row per document that reaches the region, from the nation down, with its standing."""
    return [_stand(s) for s in packs.in_force(region_path, day, known)]


def shown(pack: Pack, clause: str | None = None) -> Json:
    """A pack as a tree of clauses, each with its targets and parameters; below one clause if it is named."""
    if clause is not None and clause not in {c.id for c in pack.clauses}:
        raise said("PACK-006", "clause", clause=clause, clauses=names_listed((c.id for c in pack.clauses), 20)).at(
            pack.key
        )
    roots = [c for c in pack.clauses if (c.id == clause if clause is not None else c.parent is None)]
    document = _document(pack) | {"clauses": [_branch(pack, c) for c in roots]}
    if clause is None:
        document["parameters"] = [_parameter(p) for p in pack.parameters if p.clause is None]
        document["counts"] = {f: len(getattr(pack, f)) for f in ("indicators", "carriers", "products")}
    return document


def clauses(packs: PackSet, names: Sequence[str]) -> list[ClauseCoverage]:
    """What became of every clause of the named packs, or of every pack that lists its figures; raises PACK-006."""
    chosen = [packs.pack(name) for name in names] or [p for p in packs.packs if any(c.figures for c in p.clauses)]
    return [row for pack in chosen for row in coverage(packs, pack)]


def _tried(load: Callable[[], tuple[T, ...]], problems: list[UserError]) -> tuple[T, ...]:
    try:
        return load()
    except PackErrors as errors:
        problems.extend(errors.problems)
    except UserError as error:
        problems.append(error)
    return ()


def _below(path: Path, problems: list[UserError]) -> list[Pack]:
    if not path.is_dir():
        return list(_tried(lambda: (load_pack(path),), problems))
    places = list(find_packs(path))
    if not places:
        problems.append(
            said("PACK-006", "no_pack_here").at(str(path)),
        )
    found: list[Pack] = []
    for below, folder in places:
        origin = f"{path}/{below}".rstrip("/")
        found += _tried(partial(load_all, folder, origin=origin), problems)
    return found


def _flaw(flaw: Flaw) -> Json:
    words = words_of_flaw(flaw)
    return {**asdict(flaw), "message_zh": words.message.zh, "remedy_zh": words.remedy.zh}


def _document(pack: Pack) -> Json:
    doc = pack.instrument
    return {
        "pack": pack.key,
        **doc.model_dump(mode="json", exclude={"carries_out", "supersedes"}, exclude_none=True),
        "carries_out": list(doc.carries_out),
        "supersedes": list(doc.supersedes),
        "content_hash": pack.content_hash,
        "origin": pack.origin,
    }


def _stand(stand: StandingPack) -> Json:
    label = STANDING_LABELS[stand.standing]
    head = {"standing": stand.standing.value, "standing_zh": label.zh, "standing_en": label.en, "depth": stand.depth}
    return head | _document(stand.pack)


def _branch(pack: Pack, clause: Clause) -> Json:
    return {
        **clause.model_dump(mode="json", exclude_none=True),
        "targets": [_target(t) for t in pack.targets if t.clause == clause.id],
        "parameters": [_parameter(p) for p in pack.parameters if p.clause == clause.id],
        "tables": [_table(t) for t in pack.tables if t.clause == clause.id],
        "duties": [d.model_dump(mode="json", exclude_none=True) for d in pack.duties if d.clause == clause.id],
        "clauses": [_branch(pack, c) for c in pack.clauses if c.parent == clause.id],
    }


def _target(target: Target) -> Json:
    return target.model_dump(mode="json", exclude_none=True, by_alias=True)


def _table(table: TableEntry) -> Json:
    return table.model_dump(mode="json", exclude_none=True, by_alias=True)


def _parameter(parameter: Parameter) -> Json:
    fields = parameter.model_dump(mode="json", exclude_none=True, by_alias=True)
    for row in fields["values"]:
        row |= dict(zip(parameter.key, row.pop("key"), strict=True))
    return fields
