"""Meters (计量器具) as the register has them: a spell of days on which nothing about one changed, and what is said."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from shuangkong.registry.rules import FOREVER
from shuangkong.registry.sheets.reasons import Reason

MeterKind = Literal["interval", "register", "rate"]
#: amount: energy or matter that is counted; flow and concentration (流量、浓度): of an outlet, whose product is a mass;
#: state: anything else that is written down (temperature, oxygen, whether a plant runs).
Measures = Literal["amount", "flow", "concentration", "state"]

Effect = Literal["new", "changed", "corrected", "unchanged"]
#: What may be said of a meter; what is left unsaid stays as it is, or is as `DEFAULTS` has it.
SAID = (
    "name", "site", "item", "measures", "outlet", "unit", "kind", "factor", "low", "high", "modulus", "every", "stamp",
    "parents", "system", "source", "channel",
)  # fmt: skip
#: Of a meter nobody said more of; its name and channel are then its code, its source is its unit.
DEFAULTS: Mapping[str, Any] = {
    "site": "", "measures": "amount", "outlet": "", "factor": Decimal(1), "low": None, "high": None, "modulus": None,
    "every": 15, "stamp": "end", "parents": (), "system": "",
}  # fmt: skip
#: What has no default.
NEEDED = ("item", "unit", "kind")


@dataclass(frozen=True, slots=True)
class MeterEntry:
    """A meter of a unit as it is said to be from `valid_from` on; `code` is the unit's own number of it (器具编号).

    None says nothing: what stands remains, and a new meter gets `DEFAULTS`; `cleared` names what no longer holds.
    `parents` are codes of the same unit's meters or numbers of any. `source` and `channel` are what its readings come
    under: the unit's subject id and the meter's code where nothing is said; of a station `hj212` and
    `MN/factor-statistic/command`. `valid_to` is the first day on which it is no longer there. `first_reading` is what
    its register showed when this spell began, `last_reading` when it ended, and `closing_reading` what the spell before
    it showed at its end (换表起度、止度).
    A reading times `factor` is in `unit`. `where` is file and row, for messages.
    """

    subject_id: str
    code: str
    valid_from: date
    name: str | None = None
    site: str | None = None
    item: str | None = None
    measures: Measures | None = None
    outlet: str | None = None
    unit: str | None = None
    kind: MeterKind | None = None
    factor: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    modulus: Decimal | None = None
    every: int | None = None
    stamp: Literal["start", "end"] | None = None
    parents: tuple[int | str, ...] | None = None
    system: str | None = None
    source: str | None = None
    channel: str | None = None
    valid_to: date | None = None
    first_reading: Decimal | None = None
    last_reading: Decimal | None = None
    closing_reading: Decimal | None = None
    cleared: frozenset[str] = frozenset()
    synthetic: bool = False
    where: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What names a meter: its unit and the unit's code of it."""
        return self.subject_id, self.code


@dataclass(frozen=True, slots=True)
class MeterSpell:
    """A meter on `[valid_from, valid_to)`; `number` is the same over all its spells. Fields are those of the table."""

    row_id: str
    number: int
    subject_id: str
    code: str
    name: str
    site: str
    item: str
    measures: Measures
    outlet: str
    unit: str
    kind: MeterKind
    factor: Decimal
    low: Decimal | None
    high: Decimal | None
    modulus: Decimal | None
    every: int
    stamp: Literal["start", "end"]
    parents: tuple[int, ...]
    system: str
    source: str
    channel: str
    first_reading: Decimal | None
    last_reading: Decimal | None
    synthetic: bool
    valid_from: date
    valid_to: date
    recorded_at: datetime


@dataclass(slots=True)
class Standing:
    """A spell while a register is planned: `facts` are `SAID`; `row_id` is the row that it would correct, if any."""

    number: int
    subject_id: str
    code: str
    facts: dict[str, Any]
    start: date
    end: date
    first_reading: Decimal | None = None
    last_reading: Decimal | None = None
    synthetic: bool = False
    row_id: str = ""
    changed: bool = field(default=False)

    def row(self, recorded_at: datetime) -> dict[str, Any]:
        """As the table keeps it."""
        return {
            "number": self.number, "subject_id": self.subject_id, "code": self.code, **self.facts,
            "parents": json.dumps(self.facts["parents"]), "first_reading": self.first_reading,
            "last_reading": self.last_reading, "synthetic": self.synthetic, "valid_from": self.start,
            "valid_to": None if self.end == FOREVER else self.end, "recorded_at": recorded_at,
            "corrects": self.row_id or None,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class MeterFault:
    """Why an entry cannot be registered: which one of those given, the field, what it said, and the reason."""

    entry: int
    field: str
    value: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class MeterPlan:
    """What an entry would do; `old` and `new` are the facts that differ."""

    entry: MeterEntry
    number: int
    effect: Effect
    old: Mapping[str, Any]
    new: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class MeterPlans:
    """What entries would do to what stands, and why some cannot be registered; `spells` are those to be written."""

    plans: tuple[MeterPlan, ...]
    faults: tuple[MeterFault, ...]
    spells: tuple[Standing, ...]

    def count(self, effect: Effect) -> int:
        """How many entries are of that effect."""
        return sum(p.effect == effect for p in self.plans)


def said(entry: MeterEntry) -> dict[str, Any]:
    """What an entry says of `SAID`, parents apart: they are names until they are looked up."""
    told = {k: getattr(entry, k) for k in SAID if k != "parents" and getattr(entry, k) is not None}
    return told | {k: DEFAULTS[k] for k in entry.cleared if k in DEFAULTS}


def fresh(entry: MeterEntry) -> dict[str, Any]:
    """What a new meter is before anything is said of it."""
    own = {"name": entry.code, "source": entry.subject_id, "channel": entry.code}
    return {k: own.get(k, DEFAULTS.get(k)) for k in SAID}
