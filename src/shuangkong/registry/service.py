"""Registering subjects, sources and plans, and putting right what was registered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any, Literal

import sqlalchemy as sa

from shuangkong.engine.api import record
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.ids import SourceId, SubjectId, digest, subject_id
from shuangkong.kernel.scope import Scope
from shuangkong.registry import codes, store
from shuangkong.registry.enlist import ensure_regions, region_id
from shuangkong.registry.model import PlanEntry, RegionEntry, SourceEntry, UnitEntry
from shuangkong.registry.rules import FOREVER, PUBLISHED
from shuangkong.registry.uscc import check_uscc

Row = dict[str, Any]
Fact = Literal["alias", "parent", "attribute", "plan"]

#: Table, the columns that say which fact it is, and the column that holds it. One value at a time.
FACTS: dict[Fact, tuple[sa.Table, tuple[str, ...], str]] = {
    "alias": (store.alias, ("subject_id", "scheme"), "value"),
    "parent": (store.parent, ("child_id", "relation"), "parent_id"),
    "attribute": (store.attribute, ("subject_id", "name"), "value"),
    "plan": (store.reporting_plan, ("subject_id", "book", "period_kind"), "book"),
}

#: Subjects that an audit entry names one by one; of more it gives the first and how many there are.
NAMED = 50


def register_units(
    connection: sa.Connection, entries: Iterable[UnitEntry], recorded_at: datetime, *, principal: str
) -> tuple[SubjectId, ...]:
    """Register units, sites or projects; returns their ids in order. What stands already is not repeated.

    Raises REG-001 and REG-002 for a code that is wrong (USCC, region, industry of its edition), REG-004 when a
    subject already has another name, place or attribute on the same days.
    """
    units = list(entries)
    _ensure(connection, units, recorded_at, principal)
    subjects: list[Row] = []
    facts: dict[Fact, list[tuple[Row, str]]] = {"alias": [], "parent": [], "attribute": []}
    for unit in units:
        subject = _unit_id(unit)
        subjects.append(_subject_row(subject, unit.kind, None, unit.synthetic, recorded_at))
        days = {"valid_from": unit.valid_from, "valid_to": unit.valid_to, "recorded_at": recorded_at}
        facts["alias"] += [(row | days, unit.where) for row in _unit_aliases(subject, unit)]
        facts["parent"] += [(row | days, unit.where) for row in _parent_rows(subject, unit)]
        facts["attribute"] += [(row | days, unit.where) for row in _unit_attributes(subject, unit)]
    new = store.add(connection, store.subject, subjects)
    rows_new = sum(_record(connection, fact, rows, recorded_at) for fact, rows in facts.items())
    ids = [str(row["subject_id"]) for row in subjects]
    if new or rows_new:
        audited(connection, recorded_at, principal, "registry.units", ids, {"new": new, "rows": rows_new})
    return tuple(SubjectId(i) for i in ids)


def register_unit(connection: sa.Connection, entry: UnitEntry, recorded_at: datetime, *, principal: str) -> SubjectId:
    """Register one unit, see `register_units`."""
    return register_units(connection, [entry], recorded_at, principal=principal)[0]


def register_regions(
    connection: sa.Connection, entries: Iterable[RegionEntry], recorded_at: datetime, *, principal: str
) -> tuple[SubjectId, ...]:
    """Register regions that the shipped list does not have; an upper one before what lies in it."""
    regions = list(entries)
    _ensure(connection, regions, recorded_at, principal)
    ids = []
    new = 0
    for region in regions:
        subject = subject_id("region", region.scheme, region.code)
        days = {"valid_from": region.valid_from, "valid_to": region.valid_to, "recorded_at": recorded_at}
        row = _subject_row(subject, "region", region.level, region.synthetic, recorded_at)
        new += store.add(connection, store.subject, [row])
        names = {region.scheme: region.code, "name_zh": region.name_zh, "name_en": region.name_en}
        aliases = [{"subject_id": subject, "scheme": s, "value": v} | days for s, v in names.items() if v]
        new += _record(connection, "alias", [(r, region.where) for r in aliases], recorded_at)
        parents = [(r | days, region.where) for r in _parent_rows(subject, region)]
        new += _record(connection, "parent", parents, recorded_at)
        ids.append(subject)
    if new:
        audited(connection, recorded_at, principal, "registry.regions", ids, {"rows": new})
    return tuple(ids)


def plan_reporting(
    connection: sa.Connection, entries: Iterable[PlanEntry], recorded_at: datetime, *, principal: str
) -> int:
    """Say who must report which book in which rhythm; returns how many rows were new."""
    rows = [(asdict(entry) | {"recorded_at": recorded_at}, "") for entry in entries]
    new = _record(connection, "plan", rows, recorded_at)
    if new:
        subjects = dict.fromkeys(str(row["subject_id"]) for row, _ in rows)
        audited(connection, recorded_at, principal, "registry.plan", list(subjects), {"rows": new})
    return new


def publish(
    connection: sa.Connection,
    regions: Iterable[SubjectId],
    day: date,
    recorded_at: datetime,
    *,
    principal: str,
) -> int:
    """Open the pages of regions to the public from a day on (公开); returns how many were not open yet."""
    rows = [
        {
            "subject_id": region, "name": PUBLISHED, "value": "yes", "synthetic": False, "valid_from": day,
            "valid_to": None, "recorded_at": recorded_at,
        }
        for region in regions
    ]  # fmt: skip
    new = _record(connection, "attribute", [(row, str(row["subject_id"])) for row in rows], recorded_at)
    if new:
        ids = [str(row["subject_id"]) for row in rows]
        audited(connection, recorded_at, principal, "registry.publish", ids, {"from": day, "rows": new})
    return new


def unpublish(
    connection: sa.Connection, region: SubjectId, day: date, recorded_at: datetime, *, principal: str
) -> None:
    """Close a region's pages to the public from a day on; REG-001 where they are not open."""
    t = store.attribute
    open_ = sa.select(t.c.row_id).where(
        store.standing(t, recorded_at), t.c.subject_id == region, t.c.name == PUBLISHED, t.c.valid_to.is_(None)
    )
    row_id = connection.execute(open_).scalar()
    if row_id is None:
        raise UserError(
            "REG-001",
            "the pages of this region are not public.",
            where=region,
            remedy="Choose another.",
            case="not_public",
        )
    put_right(connection, "attribute", row_id, recorded_at, {"valid_to": day})
    audited(connection, recorded_at, principal, "registry.unpublish", [region], {"old": None, "new": day})


def record_source(connection: sa.Connection, entry: SourceEntry, recorded_at: datetime, *, principal: str) -> SourceId:
    """The id of a source: the same file, sheet and document are the same source."""
    parts = (entry.sha256, entry.sheet, entry.file_name, entry.publisher, entry.document)
    found = SourceId(f"src_{digest('source', *parts, length=16)}")
    row = asdict(entry) | {"source_id": found, "recorded_at": recorded_at}
    if store.add(connection, store.source, [row]):
        detail = {k: v for k, v in asdict(entry).items() if v}
        record(connection, at=recorded_at, principal=principal, action="source.record", obj=found, detail=detail)
    return found


def source_row(connection: sa.Connection, scope: Scope, source: SourceId) -> dict[str, Any] | None:
    """What is known of a source, or None. A source has no subject: who may see one of its rows may see its name."""
    if scope.kind == "none":
        return None
    row = connection.execute(sa.select(store.source).where(store.source.c.source_id == source)).mappings().first()
    return dict(row) if row else None


def correct(
    connection: sa.Connection,
    fact: Fact,
    row_id: str,
    recorded_at: datetime,
    *,
    principal: str,
    reason: str = "",
    **changes: object,
) -> str:
    """Put a row right: a new row takes its place from `recorded_at`; returns its id.

    The audit entry keeps old, new, who and why. REG-004 when the row was put right before; correct the newer one.
    """
    old, new = put_right(connection, fact, row_id, recorded_at, changes)
    identity = FACTS[fact][1]
    detail: Row = {
        "fact": fact, "row": new["row_id"], "corrects": row_id, **{k: old[k] for k in identity[1:]},
        "old": {k: old[k] for k in changes}, "new": {k: new[k] for k in changes}, "reason": reason,
    }  # fmt: skip
    audited(connection, recorded_at, principal, "registry.correct", [old[identity[0]]], detail)
    return str(new["row_id"])


def put_right(
    connection: sa.Connection, fact: Fact, row_id: str, recorded_at: datetime, changes: Mapping[str, object]
) -> tuple[Row, Row]:
    """The old row and the one that takes its place; the caller writes the audit entry of what it was part of."""
    table = FACTS[fact][0]
    old = dict(connection.execute(sa.select(table).where(table.c.row_id == row_id)).mappings().one())
    newer = connection.execute(sa.select(table.c.row_id).where(table.c.corrects == row_id)).scalar()
    if newer is not None:
        raise UserError("REG-004", f"row {row_id} was put right before.", remedy=f"Correct row {newer}.", case="again")
    row = {k: v for k, v in old.items() if k != "row_id"} | dict(changes)
    row |= {"recorded_at": recorded_at, "corrects": row_id}
    row["row_id"] = store.row_id(table, row)
    connection.execute(table.insert(), [row])
    return old, row


def audited(
    connection: sa.Connection,
    at: datetime,
    principal: str,
    action: str,
    subjects: Sequence[str],
    detail: Mapping[str, object],
) -> None:
    """The audit entry of a change: its object is the subject, or of several how many there are."""
    obj = subjects[0] if len(subjects) == 1 else f"{len(subjects)} subjects"
    named = {"subjects": list(subjects[:NAMED])} if len(subjects) > 1 else {}
    record(connection, at=at, principal=principal, action=action, obj=obj, detail={**detail, **named})


def _ensure(
    connection: sa.Connection, entries: Sequence[UnitEntry | RegionEntry], recorded_at: datetime, principal: str
) -> None:
    """The regions of the shipped list that are named by code must be there."""
    named = {c for e in entries for c in (e.lies_in, e.jurisdiction) if c and not c.startswith("s_")}
    if named:
        ensure_regions(connection, recorded_at, [c for c in named if codes.plain_code(c)], principal=principal)


def _subject_row(subject: SubjectId, kind: str, level: str | None, synthetic: bool, recorded_at: datetime) -> Row:
    return {
        "subject_id": subject, "kind": kind, "level": level, "synthetic": synthetic, "recorded_at": recorded_at,
    }  # fmt: skip


def _unit_id(unit: UnitEntry) -> SubjectId:
    if unit.uscc:
        return subject_id(unit.kind, "uscc", check_uscc(unit.uscc, where=unit.where))
    if unit.local_code:
        return subject_id(unit.kind, "local", unit.local_code)
    raise UserError(
        "REG-001",
        f"{unit.name_zh!r} has neither a USCC (统一社会信用代码) nor a code of its own.",
        where=unit.where,
        remedy="Give one of them.",
        case="no_code",
        facts={"name": unit.name_zh},
    )


def _unit_aliases(subject: SubjectId, unit: UnitEntry) -> list[Row]:
    uscc = check_uscc(unit.uscc, where=unit.where) if unit.uscc else ""
    names = {"uscc": uscc, "local": unit.local_code, "name_zh": unit.name_zh, "name_en": unit.name_en}
    return [{"subject_id": subject, "scheme": s, "value": v} for s, v in names.items() if v]


def _unit_attributes(subject: SubjectId, unit: UnitEntry) -> list[Row]:
    values = dict(unit.attributes)
    if unit.industry_code:
        entry = _placed(unit.where, codes.industry, unit.industry_code, unit.industry_edition)
        values |= {"industry_code": entry.code, "industry_edition": entry.edition}
    if unit.unit_class:
        values["unit_class"] = unit.unit_class
    return [{"subject_id": subject, "name": k, "value": v, "synthetic": unit.synthetic} for k, v in values.items()]


def _parent_rows(subject: SubjectId, entry: UnitEntry | RegionEntry) -> list[Row]:
    rows = []
    for relation in ("lies_in", "jurisdiction"):
        text: str = getattr(entry, relation)
        if not text:
            continue
        above = text
        if not text.startswith("s_"):
            above = region_id(_placed(entry.where, codes.find_region, text, entry.valid_from).subject)
        rows.append({"child_id": subject, "parent_id": above, "relation": relation})
    return rows


def _placed(where: str, look_up: Any, *arguments: object) -> Any:
    """The look-up's answer; its error says where the text stood."""
    try:
        return look_up(*arguments)
    except UserError as error:
        raise UserError(
            error.code,
            error.message,
            where=where or error.where,
            remedy=error.remedy,
            case=error.case,
            facts=error.facts,
        ) from None


def _record(connection: sa.Connection, fact: Fact, rows: Sequence[tuple[Row, str]], recorded_at: datetime) -> int:
    """Add the facts that do not stand yet; one that contradicts a standing one is REG-004."""
    table, identity, value = FACTS[fact]
    there = _standing(connection, fact, {row[identity[0]] for row, _ in rows}, recorded_at)
    new = []
    for row, where in rows:
        spans = there[tuple(row[k] for k in identity)]
        mine = (row["valid_from"], row["valid_to"] or FOREVER, row[value])
        if mine in spans:
            continue
        for span in spans:
            if span[0] < mine[1] and mine[0] < span[1]:
                raise _conflict(row, identity, span, mine, where)
        spans.append(mine)
        new.append(row | {"corrects": None})
    return store.add(connection, table, new)


Span = tuple[date, date, str]


def _standing(
    connection: sa.Connection, fact: Fact, subjects: set[str], known: datetime
) -> Mapping[tuple[str, ...], list[Span]]:
    table, identity, value = FACTS[fact]
    columns = [table.c[k] for k in (*identity, "valid_from", "valid_to", value)]
    query = sa.select(*columns).where(store.standing(table, known))
    if len(subjects) <= 500:
        query = query.where(table.c[identity[0]].in_(subjects))
    found: dict[tuple[str, ...], list[Span]] = defaultdict(list)
    for row in connection.execute(query):
        start, end, held = row[len(identity) :]
        found[tuple(row[: len(identity)])].append((start, end or FOREVER, held))
    return found


def _conflict(row: Row, identity: tuple[str, ...], span: Span, mine: Span, where: str) -> UserError:
    fact = " ".join(str(row[k]) for k in identity)
    until = "" if span[1] == FOREVER else f" to {span[1].isoformat()}"
    return UserError(
        "REG-004",
        f"{fact}: {mine[2]!r} from {mine[0].isoformat()} contradicts {span[2]!r}, which stands from "
        f"{span[0].isoformat()}{until}.",
        where=where,
        remedy="Correct the standing row, or give days that do not overlap.",
        case="conflict",
        facts={"fact": fact, "new": str(mine[2]), "old": str(span[2]), "since": span[0].isoformat()},
    )
