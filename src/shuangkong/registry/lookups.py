"""From a code or name to the subject that had it on a day, as known at an instant."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

import sqlalchemy as sa

from shuangkong.kernel.errors import UserError
from shuangkong.kernel.ids import SubjectId
from shuangkong.kernel.scope import Scope
from shuangkong.registry import codelists, codes, store
from shuangkong.registry.enlist import SCHEME, region_id
from shuangkong.registry.rules import FOREVER
from shuangkong.registry.snapshots import scope_subjects
from shuangkong.registry.spelling import plain
from shuangkong.registry.uscc import check_uscc

#: So many codes are looked up in one statement.
_AT_ONCE = 5_000
#: What units are named by.
UNIT_NAMES = ("uscc", "local", "name_zh", "name_en")
Held = tuple[date, date, SubjectId, str]


def _value(scheme: str, value: str) -> str:
    """The one spelling by which aliases of a scheme are compared."""
    if scheme == SCHEME:
        return codes.plain_code(value) or value
    if scheme == "uscc":
        return check_uscc(value)
    if scheme.startswith("name"):
        return plain(value)
    return unicodedata.normalize("NFKC", value).strip()


@dataclass(frozen=True, slots=True)
class Directory:
    """All aliases as known at one instant, in memory: for files of many rows. Made by `directory`."""

    held: dict[tuple[str, str], list[Held]] = field(repr=False)

    def resolve(self, scheme: str, value: str, day: date, *, within: frozenset[SubjectId] | None = None) -> SubjectId:
        """The subject with that alias on the day, among `within` when given.

        REG-001 when no subject ever had it, REG-002 when none had it on the day, REG-003 when several had.
        """
        key = _value(scheme, value)
        held = self.held.get((scheme, key), [])
        if scheme == SCHEME and (early := _early(held, key, day)):
            return early
        return _one(held, scheme, value, day, within)

    def region(self, text: str, day: date, within: str | None = None) -> SubjectId:
        """A region by code or name: of the shipped list, else one registered here (a zone, a demonstration).

        `within` is a code of the shipped list.
        """
        try:
            listed = codes.find_region(text, day, within)
        except UserError as error:
            own = {h[2] for s in ("local", "name_zh") for h in self.held.get((s, _value(s, text)), [])
                   if h[0] <= day < h[1] and within is None}  # fmt: skip
            if error.code != "REG-001" or len(own) != 1:
                raise
            return own.pop()
        return self.resolve(SCHEME, listed.code, day)

    def unit(self, text: str, day: date, among: frozenset[SubjectId]) -> SubjectId:
        """One of some units by USCC, code of its own or name, on a day; REG-001 where it is none, or more than one."""
        for scheme in UNIT_NAMES:
            try:
                return self.resolve(scheme, text, day, within=among)
            except UserError:
                continue
        raise UserError(
            "REG-001", f"no unit, or more than one, is registered as “{text[:60]}” on {day.isoformat()}.", where="unit",
            remedy="Give its 18-character USCC, or register it first.", case="unit",
            facts={"text": text[:60], "day": day.isoformat()},
        )  # fmt: skip


def directory(
    connection: sa.Connection, scope: Scope, known: datetime, schemes: Iterable[str] | None = None
) -> Directory:
    """Aliases in scope as known at `known`; `schemes` limits which are read."""
    t = store.alias
    seen = scope_subjects(connection, scope, known)
    shown = None if seen is None else set(seen["subject_id"].to_pylist())
    query = sa.select(t.c.scheme, t.c.value, t.c.valid_from, t.c.valid_to, t.c.subject_id)
    query = query.where(store.standing(t, known))
    if schemes is not None:
        query = query.where(t.c.scheme.in_(list(schemes)))
    found: dict[tuple[str, str], list[Held]] = defaultdict(list)
    for scheme, value, start, end, subject in connection.execute(query.order_by(t.c.row_id)):
        if shown is not None and subject not in shown:
            continue
        key = plain(value) if scheme.startswith("name") else value
        found[scheme, key].append((start, end or FOREVER, SubjectId(subject), value))
    return Directory(dict(found))


def resolve(connection: sa.Connection, scope: Scope, scheme: str, value: str, day: date, known: datetime) -> SubjectId:
    """One look-up, see `Directory.resolve`; a region's code may already have begun (see `model.Region`)."""
    t = store.alias
    wanted = value.strip() if scheme.startswith("name") else _value(scheme, value)
    query = sa.select(t.c.valid_from, t.c.valid_to, t.c.subject_id, t.c.value).where(
        store.standing(t, known), t.c.scheme == scheme, t.c.value == wanted
    )
    seen = scope_subjects(connection, scope, known)
    shown = None if seen is None else set(seen["subject_id"].to_pylist())
    rows = [
        (start, end or FOREVER, SubjectId(s), v)
        for start, end, s, v in connection.execute(query)
        if shown is None or s in shown
    ]
    if scheme == SCHEME and (early := _early(rows, wanted, day)):
        return early
    return _one(rows, scheme, value, day, None)


def units_of(
    connection: sa.Connection, scope: Scope, codes: Iterable[str], known: datetime
) -> dict[str, SubjectId]:  # fmt: skip
    """The units that have, or once had, a unified social credit code, by code, as known at `known`.

    A code with which no unit in scope is registered is not there. A code stays the unit's when it gets another one; of
    several units that had it the last one counts.
    """
    t, wanted = store.alias, sorted({*codes})
    seen = scope_subjects(connection, scope, known)
    shown = None if seen is None else set(seen["subject_id"].to_pylist())
    found: dict[str, tuple[date, SubjectId]] = {}
    for i in range(0, len(wanted), _AT_ONCE):
        query = sa.select(t.c.value, t.c.valid_from, t.c.subject_id).where(
            store.standing(t, known), t.c.scheme == "uscc", t.c.value.in_(wanted[i : i + _AT_ONCE]),
            t.c.subject_id.in_(sa.select(store.subject.c.subject_id).where(store.subject.c.kind == "unit")),
        )  # fmt: skip
        for code, start, subject in connection.execute(query):
            if shown is None or subject in shown:
                found[code] = max(found.get(code, (start, subject)), (start, SubjectId(subject)))
    return {code: subject for code, (_, subject) in found.items()}


def _early(held: list[Held], code: str, day: date) -> SubjectId | None:
    """The place whose code may already have begun though no list shows it yet, see `model.Region`."""
    if not held or any(start <= day < end for start, end, _, _ in held):
        return None
    expected = {region_id(r.subject) for r in codelists.regions_by_code().get(code, ()) if r.possible_on(day)}
    return next((s for _, _, s, _ in held if s in expected), None)


def _one(held: list[Held], scheme: str, value: str, day: date, within: frozenset[SubjectId] | None) -> SubjectId:
    held = [h for h in held if h[0] < h[1] and (within is None or h[2] in within)]
    found = sorted({h[2] for h in held if h[0] <= day < h[1]})
    if len(found) == 1:
        return found[0]
    if found:
        raise UserError(
            "REG-003",
            f"{scheme} {value!r} names {len(found)} subjects: {', '.join(found)}.",
            remedy="Use a code (USCC, GB/T 2260), or say within which region.",
            case="aliases",
            facts={"value": value[:60], "n": len(found)},
        )
    if not held:
        raise UserError(
            "REG-001",
            f"nothing is registered with {scheme} {value!r}.",
            remedy="Correct it, or register it first.",
            case="alias",
            facts={"value": value[:60]},
        )
    spans = "; ".join(f"{s.isoformat()} – {'今' if e == FOREVER else e.isoformat()}" for s, e, _, _ in sorted(held))
    raise UserError(
        "REG-002",
        f"{scheme} {value!r} is not valid on {day.isoformat()}: it is registered for {spans}.",
        remedy="Check the day or the code.",
        case="alias_day",
        facts={"value": value[:60], "day": day.isoformat(), "spans": spans},
    )
