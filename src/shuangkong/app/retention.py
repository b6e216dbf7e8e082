"""How long readings are kept (保留期限): dated parameters of packs; a setting of this machine overrides them, told.

Nothing goes for its age unless a pack or a setting gives a term, and no term is shorter than the least that packs name.
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from shuangkong.app.limits import limit, limits
from shuangkong.kernel.errors import UserError
from shuangkong.policy.api import Dated, PackSet

READINGS, REPLACED, LEAST = "retention.readings-days", "retention.replaced-days", "retention.readings-least-days"
#: The setting that overrides a parameter: a number of days, or 0: for good.
SETTINGS = {READINGS: "readings_days", REPLACED: "readings_replaced_days"}


@dataclass(frozen=True, slots=True)
class Kept:
    """One term: `days` (None: for good), whether a `setting` or a pack says so, its name, and how sure it is."""

    parameter: str
    days: int | None
    setting: bool
    said_by: str
    confidence: str

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Retention:
    """The terms that hold: of readings, of files that others stand for, and the least for readings (None: none)."""

    readings: Kept
    replaced: Kept
    least: Kept


def retention(packs: PackSet, day: date, known: date) -> Retention:
    """What holds on a day. Raises CLI-001 where a setting keeps readings for less than the packs' least."""
    found = Retention(
        _term(packs, READINGS, day, known), _term(packs, REPLACED, day, known), _of(packs, LEAST, day, known)
    )
    least = found.least.days
    if least is not None and found.readings.days is not None and found.readings.days < least:
        where = found.readings.said_by
        raise UserError(
            "CLI-001", f"readings have to be kept for {least} days; {where} says {found.readings.days}.", where=where,
            remedy=f"Give at least {least} days, or none: they are then kept for good.", case="retention",
            facts={"least": least, "given": found.readings.days, "by": found.least.said_by},
        )  # fmt: skip
    return found


def _term(packs: PackSet, parameter: str, day: date, known: date) -> Kept:
    """The setting, where it is set, else the packs' row."""
    name = SETTINGS[parameter]
    variable = limits()[name].variable
    if os.environ.get(variable, "").strip():
        days = limit(name)
        return Kept(parameter, days or None, True, variable, "confirmed")
    return _of(packs, parameter, day, known)


def _of(packs: PackSet, parameter: str, day: date, known: date) -> Kept:
    """The row of a parameter in force; without a pack nothing goes."""
    rows: list[Dated] = []
    if parameter in packs.parameter_ids():
        rows = [r for r in packs.parameters(parameter).rows(known) if r.covers(day)]
    if not rows:
        return Kept(parameter, None, False, "", "confirmed")
    row = max(rows, key=lambda r: r.known)
    pack = packs.pack_of(parameter, row)
    return Kept(parameter, None if row.value is None else int(row.value), False, pack.key, row.confidence)
