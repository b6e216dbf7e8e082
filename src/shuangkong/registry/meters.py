"""The register of meters (计量器具名录): how they are registered, changed from a day on, put right, and read.

A meter is named by its unit and the unit's code of it, and has a number that is never given again. What is said from a
later day on ends the spell that stood until then; what is said of the day on which a spell began corrects it, and wants
a reason.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from shuangkong.engine.api import among
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.scope import Scope
from shuangkong.registry import store
from shuangkong.registry.meter_model import (
    SAID,
    Effect,
    MeterEntry,
    MeterFault,
    MeterPlan,
    MeterPlans,
    MeterSpell,
    Standing,
    fresh,
    said,
)
from shuangkong.registry.meter_rules import circle, clashes, fits, reason, unit_of_meter, wrong_facts
from shuangkong.registry.metering_store import meter
from shuangkong.registry.rules import FOREVER
from shuangkong.registry.service import audited
from shuangkong.registry.sheets.reasons import Reason
from shuangkong.registry.snapshots import scope_subjects

#: Changes that one audit entry names; of more there are more entries.
AT_ONCE = 100
_SHOWN = ("first_reading", "last_reading")


def planned_meters(connection: sa.Connection, entries: Sequence[MeterEntry], known: datetime) -> MeterPlans:
    """What entries would do to what stands at `known`, each in the order of days; writes nothing."""
    book = _Book(connection, known)
    faults: list[MeterFault] = []
    plans: list[MeterPlan] = []
    by_day = sorted(range(len(entries)), key=lambda n: entries[n].valid_from)
    for entry in entries:
        book.number(entry.key)
    for n in by_day:
        found = book.apply(n, entries[n])
        if isinstance(found, MeterPlan):
            plans.append(found)
        else:
            faults += found
    if not faults:
        faults = list(book.across(entries))
    return MeterPlans(tuple(plans), tuple(faults), tuple(s for s in book.spells() if s.changed))


def register_meters(
    connection: sa.Connection,
    entries: Iterable[MeterEntry],
    recorded_at: datetime,
    *,
    principal: str,
    reason: str = "",
) -> MeterPlans:
    """Register meters, change them from a day on, or put right what stands; their units must be registered.

    The transaction is one of `engine.writing_in_turn`, so that no number is given twice.
    Raises REG-005 for the first entry that cannot be, IMP-005 where something is put right and no reason is given.
    """
    done = planned_meters(connection, list(entries), recorded_at)
    register_planned(connection, done, recorded_at, principal=principal, reason=reason)
    return done


def register_planned(
    connection: sa.Connection, done: MeterPlans, recorded_at: datetime, *, principal: str, reason: str = ""
) -> None:
    """Write what was planned in the same transaction, see `register_meters`."""
    for fault in done.faults:
        raise refused(fault, where=fault.value)
    corrections = done.count("corrected")
    if corrections and not reason:
        raise UserError(
            "IMP-005", f"{corrections} meters would be corrected and no reason is given.",
            remedy="Say why they are corrected, then import again.", case="reason", facts={"n": corrections},
        )  # fmt: skip
    rows = [s.row(recorded_at) for s in done.spells]
    if rows:
        connection.execute(meter.insert(), [{**r, "row_id": store.row_id(meter, r)} for r in rows])
    _written_down(connection, done, recorded_at, principal, reason)


def refused(fault: MeterFault, *, where: str = "") -> UserError:
    """The error of a fault."""
    why, do = fault.reason.reason, fault.reason.remedy
    return UserError(
        "REG-005", f"{fault.field} {fault.value!r}: {why.in_('en')}.", where=where, remedy=f"{do.in_('en')}.",
        case="meter", facts={"field": fault.field, "why": why, "do": do},
    )  # fmt: skip


def _written_down(connection: sa.Connection, done: MeterPlans, at: datetime, principal: str, why: str) -> None:
    """One entry for new meters, and the old and new of each change and correction, a hundred in an entry."""
    new = [p for p in done.plans if p.effect == "new"]
    if new:
        units = list(dict.fromkeys(p.entry.subject_id for p in new))
        audited(connection, at, principal, "registry.meters", units, {"new": len(new)})
    for effect, action in (("changed", "registry.meter_change"), ("corrected", "registry.meter_correct")):
        moved = [p for p in done.plans if p.effect == effect]
        for start in range(0, len(moved), AT_ONCE):
            some = moved[start : start + AT_ONCE]
            units = list(dict.fromkeys(p.entry.subject_id for p in some))
            told = [
                {"meter": p.number, "from": p.entry.valid_from, "old": _plain(p.old), "new": _plain(p.new)}
                for p in some
            ]
            audited(connection, at, principal, action, units, {"meters": told, **({"reason": why} if why else {})})


def _plain(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v if isinstance(v, int | str | list | tuple) or v is None else str(v) for k, v in facts.items()}


class _Book:
    """What stands, while entries are laid upon it one after the other."""

    def __init__(self, connection: sa.Connection, known: datetime) -> None:
        keys = sa.select(meter.c.subject_id, meter.c.code, meter.c.number).distinct()
        self._numbers: dict[tuple[str, str], int] = {(s, c): n for s, c, n in connection.execute(keys)}
        self._last = max(self._numbers.values(), default=0)
        self._held: dict[tuple[str, str], list[Standing]] = defaultdict(list)
        self._of: dict[int, int] = {}
        for s in _read(connection, known):
            facts = {k: getattr(s, k) for k in SAID}
            self._held[s.subject_id, s.code].append(
                Standing(s.number, s.subject_id, s.code, facts, s.valid_from, s.valid_to, s.first_reading,
                         s.last_reading, s.synthetic, s.row_id)
            )  # fmt: skip

    def number(self, key: tuple[str, str]) -> int:
        """The number of a meter, a new one where it has none yet."""
        if key not in self._numbers:
            self._last += 1
            self._numbers[key] = self._last
        return self._numbers[key]

    def spells(self) -> Iterable[Standing]:
        """All spells, those that the entries made among them."""
        return (s for held in self._held.values() for s in held)

    def apply(self, n: int, entry: MeterEntry) -> MeterPlan | list[MeterFault]:
        """Lay one entry upon what stands, or say why it cannot be."""
        held = self._held[entry.key]
        here = next((s for s in held if s.start <= entry.valid_from < s.end), None)
        before = here or next((s for s in reversed(held) if s.start < entry.valid_from), None)
        later = min((s.start for s in held if s.start > entry.valid_from), default=FOREVER)
        facts = {**(before.facts if before else fresh(entry)), **said(entry)}
        faults = list(self._parents(n, entry, facts)) + [
            MeterFault(n, f, str(facts.get(f, "")), why)
            for f, why in (*wrong_facts(facts), *_wrong_days(entry, here, later, self._ending_on(entry)))
        ]
        if faults:
            return faults
        facts["unit"] = unit_of_meter(facts["unit"], facts["measures"]) or facts["unit"]
        for name, known in facts.items():
            if isinstance(known, str):
                facts[name] = _one(known)
        end = entry.valid_to or (here.end if here else later)
        if here is None:
            return self._begin(entry, facts, end, before, "changed" if held else "new")
        if here.start == entry.valid_from:
            return _put_right(entry, here, self._ending_on(entry), facts, end)
        told = {**facts, "first_reading": entry.first_reading, "last_reading": entry.last_reading, "valid_to": end}
        old, new = _differences(here, told)
        if not new and entry.closing_reading is None:
            return MeterPlan(entry, here.number, "unchanged", {}, {})
        here.end, here.last_reading, here.changed = entry.valid_from, entry.closing_reading, True
        made = self._begin(entry, facts, end, here, "changed")
        return MeterPlan(entry, made.number, "changed", old, new)

    def _ending_on(self, entry: MeterEntry) -> Standing | None:
        """The spell that ended when the one of an entry began."""
        return next((s for s in self._held[entry.key] if s.end == entry.valid_from), None)

    def _begin(
        self, entry: MeterEntry, facts: dict[str, Any], end: date, before: Standing | None, effect: Effect
    ) -> MeterPlan:
        number = self.number(entry.key)
        made_up = entry.synthetic or bool(before and before.synthetic)
        spell = Standing(number, *entry.key, facts, entry.valid_from, end, entry.first_reading,
                         entry.last_reading, made_up, changed=True)  # fmt: skip
        held = self._held[entry.key]
        held.append(spell)
        held.sort(key=lambda s: s.start)
        return MeterPlan(entry, number, effect, {}, facts)

    def _parents(self, n: int, entry: MeterEntry, facts: dict[str, Any]) -> Iterable[MeterFault]:
        """Look up the parents that an entry names, and put their numbers among its facts."""
        if entry.parents is None:
            if "parents" in entry.cleared:
                facts["parents"] = ()
            return
        if not self._of:
            self._of = dict.fromkeys(self._numbers.values(), 1)
        found: set[int] = set()
        for parent in entry.parents:
            number = self._numbers.get((entry.subject_id, parent)) if isinstance(parent, str) else parent
            if number is None or (isinstance(parent, int) and number not in self._of):
                yield MeterFault(n, "parents", str(parent), reason(
                    "unknown_parent", "上级计量器具没有登记", "no meter that it could lie under is so registered",
                    "填本单位已登记（或同一文件中）的器具编号", "name a code of the same unit's meters, or a number",
                ))  # fmt: skip
            else:
                found.add(number)
        facts["parents"] = tuple(sorted(found))

    def across(self, entries: Sequence[MeterEntry]) -> Iterable[MeterFault]:
        """What is wrong between meters: two on one channel, circles of parents."""
        places = {e.key: n for n, e in enumerate(entries)}
        for there, new in clashes(self.spells()):
            own = there.subject_id == new.subject_id
            by = f" {there.code}" if own else ""
            yield MeterFault(places.get((new.subject_id, new.code), 0), "channel", new.facts["channel"], reason(
                "channel_taken", f"通道在同一天已属于另一个计量器具{by}",
                f"the channel is another meter's{by} on that day",
                "换一个通道，或先停用原器具", "name another channel, or end the other meter first",
            ))  # fmt: skip
        found = circle(self.spells())
        if found is not None:
            day, way = found
            names = {s.number: s for s in self.spells()}
            path = " → ".join(names[w].code for w in way)
            mine = next((places[k] for w in way if (k := (names[w].subject_id, names[w].code)) in places), 0)
            yield MeterFault(mine, "parents", path, reason(
                "circle", f"{day.isoformat()} 上下级关系成环：{path}",
                f"parents lead round on {day.isoformat()}: {path}",
                "改正其中一个上级", "put one of the parents right",
            ))  # fmt: skip


def _wrong_days(
    entry: MeterEntry, here: Standing | None, later: date, before: Standing | None
) -> Iterable[tuple[str, Reason]]:
    if entry.valid_to is not None and (entry.valid_to <= entry.valid_from or entry.valid_to > later):
        yield "valid_to", reason(
            "days", "停用日期不晚于启用日期，或与后面的登记重叠",
            "it ends before it begins, or overlaps what comes later",
            "核对日期", "check the days",
        )  # fmt: skip
    goes_on = here is not None and here.start < entry.valid_from
    if entry.closing_reading is not None and not goes_on and before is None:
        yield "closing_reading", reason(
            "no_spell", "到该日为止没有在用的登记，止度无处可填",
            "nothing stood until that day, so nothing could close",
            "核对日期；止度填在换表的那一行", "check the day; it belongs in the row of what comes after",
        )  # fmt: skip
    for name in ("first_reading", "last_reading", "closing_reading"):
        value = getattr(entry, name)
        if value is not None and not fits(value):
            yield name, reason("too_precise", "位数过多", "it has too many digits", "核对数值", "check the figure")


def _put_right(
    entry: MeterEntry, here: Standing, before: Standing | None, facts: dict[str, Any], end: date
) -> MeterPlan:
    """The spell that began on the day: it is ended, or corrected, or as it was."""
    told = {**facts, "first_reading": entry.first_reading, "last_reading": entry.last_reading, "valid_to": end}
    old, new = _differences(here, told)
    closing = entry.closing_reading
    if before is not None and closing is not None and closing != before.last_reading:
        old["closing_reading"], new["closing_reading"] = before.last_reading, closing
        before.last_reading, before.changed = closing, True
    if not new:
        return MeterPlan(entry, here.number, "unchanged", {}, {})
    ended = here.end == FOREVER and "valid_to" in new and set(new) <= {"valid_to", "last_reading"}
    here.facts, here.end, here.changed = facts, end, True
    for name in _SHOWN:
        if name in new:
            setattr(here, name, new[name])
    return MeterPlan(entry, here.number, "changed" if ended else "corrected", old, new)


def _differences(here: Standing, told: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Old and new of what differs; readings of a register that nobody tells remain."""
    was = {**here.facts, "first_reading": here.first_reading, "last_reading": here.last_reading, "valid_to": here.end}
    names = [k for k, v in told.items() if was[k] != v and not (k in _SHOWN and v is None)]
    return {k: was[k] for k in names}, {k: told[k] for k in names}


@lru_cache(maxsize=4096)
def _one(text: str) -> str:
    """One text in memory for all that are equal."""
    return text


@lru_cache(maxsize=65_536)
def _parents_of(text: str) -> tuple[int, ...]:
    return tuple(json.loads(text))


def meter_spells(
    connection: sa.Connection, scope: Scope, known: datetime, subjects: Iterable[str] | None = None
) -> tuple[MeterSpell, ...]:
    """Every spell of the meters in scope as known at `known`, by number and day; `subjects` limits whose."""
    seen = scope_subjects(connection, scope, known)
    spells = _read(connection, known, subjects)
    if seen is None:
        return tuple(spells)
    shown = set(seen["subject_id"].to_pylist())
    return tuple(s for s in spells if s.subject_id in shown)


def meters_state(connection: sa.Connection) -> tuple[int, datetime | None]:
    """What changes whenever the register of meters does; cheap to ask for."""
    count, last = connection.execute(sa.select(sa.func.count(), sa.func.max(meter.c.recorded_at))).one()
    return count, last


_COLUMNS = [meter.c[name] for name in MeterSpell.__dataclass_fields__]
_PARENTS, _VALID_TO = (list(MeterSpell.__dataclass_fields__).index(n) for n in ("parents", "valid_to"))


def _read(connection: sa.Connection, known: datetime, subjects: Iterable[str] | None = None) -> list[MeterSpell]:
    query = sa.select(*_COLUMNS).where(store.standing(meter, known)).order_by(meter.c.number, meter.c.valid_from)
    if subjects is not None:
        query = query.where(meter.c.subject_id.in_(among(connection, subjects)))
    found = []
    for row in connection.execute(query):
        values = list(row)
        values[_PARENTS] = _parents_of(values[_PARENTS])
        values[_VALID_TO] = values[_VALID_TO] or FOREVER
        spell = MeterSpell(*values)
        # a spell that ends where it begins was withdrawn
        if spell.valid_from < spell.valid_to:
            found.append(spell)
    return found
