"""Account one file (核算一个文件): each row and the total in tce and tCO2, by choices that are named, never implied."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal, localcontext

from shuangkong.accounting import account_notes as notes
from shuangkong.accounting.account_choices import Choices
from shuangkong.accounting.account_rows import Line, Read, measured, read_lines
from shuangkong.accounting.factors import (
    NATION,
    Factor,
    amount_of,
    carrier_names,
    co2_factor,
    energy_factor,
    folded,
)
from shuangkong.kernel.findings import least_sure
from shuangkong.kernel.labels import Label
from shuangkong.kernel.numbers import quantise
from shuangkong.policy.api import Carrier, PackSet
from shuangkong.registry.api import sheets

#: What people add to a carrier's name to say how it was converted.
BASES = {"(当量值)": "calorific", "(等价值)": "primary"}
NO_FACTOR = Factor(None, "", "unknown_carrier")


@dataclass(frozen=True, slots=True)
class Accounted:
    """One row: quantity as written and in its base unit, tce and tCO2 with their states and factors.

    `tce` is null unless `state` is ok; a range (系数为区间) has `tce_low` and `tce_high` instead.
    """

    line: Line
    carrier: Carrier | None
    quantity: Decimal | None
    base_unit: str
    tce: Decimal | None
    tce_low: Decimal | None
    tce_high: Decimal | None
    state: str
    factor: Factor
    tco2: Decimal | None
    co2_state: str
    co2_factor: Factor
    notes: tuple[Label, ...] = ()


@dataclass(frozen=True, slots=True)
class Total:
    """The sum of what is known. `state`: ok (every row), partial (some), none. Coverage: known rows ÷ rows.

    `tce_low` and `tce_high` are given where a row has a range: the known rows plus the ends of the ranges.
    """

    tce: Decimal | None
    tce_low: Decimal | None
    tce_high: Decimal | None
    state: str
    coverage: Decimal
    tco2: Decimal | None
    co2_state: str
    co2_coverage: Decimal
    confidence: str | None


@dataclass(frozen=True, slots=True)
class FileAccount:
    """A file that was accounted: the choices, every row, the total, and what is worth saying about it."""

    choices: Choices
    rows: tuple[Accounted, ...]
    total: Total
    notes: tuple[Label, ...] = field(default=())


def account_file(
    source: str | os.PathLike[str] | bytes, packs: PackSet, choices: Choices, *, name: str = ""
) -> FileAccount:
    """Read a .csv or .xlsx file and account it; raises IMP-001 (unreadable) or IMP-002 (a column is missing)."""
    return account_lines(read_lines(sheets.read_sheet(source, name=name)), packs, choices)


def account_lines(read: Read, packs: PackSet, choices: Choices) -> FileAccount:
    """The lines of a file in tce and tCO2, one for one and in their order, and their total."""
    one = _Account(packs, choices)
    rows = tuple(one.row(line) for line in read.lines)
    return FileAccount(choices, rows, total(rows), (*notes.of_choices(packs, choices), *notes.of_passed(read.passed)))


class _Account:
    """Rows under way; a factor that occurs in many rows is looked up once."""

    def __init__(self, packs: PackSet, choices: Choices) -> None:
        self.packs, self.choices = packs, choices
        self.names = carrier_names(packs)
        self.energy: dict[tuple[str, str], Factor] = {}
        self.co2: dict[tuple[str, str], Factor] = {}

    def row(self, line: Line) -> Accounted:
        """One line accounted."""
        carrier, stated = self._carrier(line.carrier)
        m = measured(line)
        empty = replace(_EMPTY, line=line, carrier=carrier, quantity=m.quantity, base_unit=m.base_unit)
        said = (m.note,) if m.note else ()
        if carrier is None:
            unknown = Label(f"没有名为“{line.carrier}”的能源品种", f"no carrier is called “{line.carrier}”")
            return replace(empty, state="unknown_carrier", co2_state="unknown_carrier", notes=(*said, unknown))
        if carrier.kind == "total":
            return replace(empty, state="total_row", co2_state="total_row", notes=(*said, notes.TOTAL_ROW))
        if m.state == "wrong_unit":
            return replace(empty, state=m.state, co2_state=m.state, notes=said)
        factor, co2 = self._factors(carrier, m.base_unit, stated)
        more = notes.of_factors(self.packs, self.choices, carrier, m.base_unit, factor, co2)
        row = replace(empty, factor=factor, co2_factor=co2, notes=(*said, *more))
        if m.quantity is None:
            return replace(row, state=m.state, co2_state=m.state)
        return _counted(row, m.quantity)

    def _carrier(self, text: str) -> tuple[Carrier | None, str]:
        """The carrier, and the basis that its name states, if any."""
        key = folded(text)
        # a spreadsheet that took the code 01 for a number shows 1
        found = self.names.get(key) or self.names.get(key.zfill(2) if key.isdigit() else key)
        if found is None:
            for tail, basis in BASES.items():
                if key.endswith(tail) and (found := self.names.get(key.removesuffix(tail))):
                    return found, basis
        return found, ""

    def _factors(self, carrier: Carrier, base_unit: str, stated: str) -> tuple[Factor, Factor]:
        key, c = (carrier.id, base_unit), self.choices
        if key not in self.energy:
            year = c.period.last_day.year if c.period else None
            self.energy[key] = energy_factor(
                self.packs, c.method, carrier, base_unit, path=c.path, year=year, known=c.known, given=c.given
            )
            # a region that was named and has no factor of its own is not quietly given the nation's
            path = c.path if carrier.kind != "electricity" or c.path == (NATION,) else c.path[1:]
            self.co2[key] = co2_factor(self.packs, c.method, carrier, base_unit, path=path, known=c.known)
        energy = self.energy[key]
        in_coal = base_unit == "tce" and carrier.kind in ("electricity", "heat")
        if (stated and stated != c.method.basis) or (in_coal and stated != c.method.basis):
            energy = Factor(None, energy.unit, "other_basis", edition=c.method.edition)
        return energy, self.co2[key]


_EMPTY = Accounted(
    Line(0, "", "", ""), None, None, "", None, None, None, "unknown_carrier", NO_FACTOR, None, "unknown_carrier",
    NO_FACTOR,
)  # fmt: skip


def _counted(row: Accounted, quantity: Decimal) -> Accounted:
    energy, co2 = row.factor, row.co2_factor
    ends = sorted(amount_of(quantity, f) for f in (energy.low, energy.high) if f is not None)
    low, high = (ends[0], ends[-1]) if ends else (None, None)
    return replace(
        row,
        tce=amount_of(quantity, energy.value) if energy.value is not None else None,
        tce_low=low,
        tce_high=high,
        state=energy.state,
        tco2=amount_of(quantity, co2.value) if co2.value is not None else None,
        co2_state=co2.state,
    )


def total(rows: Iterable[Accounted]) -> Total:
    """The total of what is known; rows that state the sum of others (能源合计) neither add nor count."""
    counted = [r for r in rows if r.state != "total_row"]
    energy = [r.tce for r in counted if r.tce is not None]
    co2 = [r.tco2 for r in counted if r.tco2 is not None]
    ranged = [r for r in counted if r.tce is None and r.tce_low is not None and r.tce_high is not None]
    marks = [r.factor.confidence for r in counted if r.tce is not None or r in ranged]
    marks += [r.co2_factor.confidence for r in counted if r.tco2 is not None]
    known = _sum(energy)
    state, coverage = _known(len(energy), len(counted))
    co2_state, co2_coverage = _known(len(co2), len(counted))
    return Total(
        tce=known if energy else None,
        tce_low=known + _sum(r.tce_low for r in ranged if r.tce_low is not None) if ranged else None,
        tce_high=known + _sum(r.tce_high for r in ranged if r.tce_high is not None) if ranged else None,
        state=state,
        coverage=coverage,
        tco2=_sum(co2) if co2 else None,
        co2_state=co2_state,
        co2_coverage=co2_coverage,
        confidence=least_sure(*marks) if marks else None,
    )


def _sum(values: Iterable[Decimal]) -> Decimal:
    with localcontext() as ctx:
        ctx.prec = 60
        return sum(values, Decimal("0.000000"))


def _known(known: int, rows: int) -> tuple[str, Decimal]:
    state = "none" if not known else "ok" if known == rows else "partial"
    return state, quantise(Decimal(known) / Decimal(rows)) if rows else Decimal("0.000000")
