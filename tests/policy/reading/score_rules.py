"""How many hand-made decision tables with numbers the reader finds: `python tests/policy/reading/score_rules.py`.

A table of a built-in pack counts where its rows or parameters hold a number. It is found whole where candidate tables
of the same clause, or one below it, hold all of its numbers, in part where they hold some. Small counts in rows, such
as grades, and nought are no numbers here. What is read as a target is told apart: a share that a region must reach is
a target to the reader and a table in the pack.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from shuangkong.kernel.errors import UserError
from shuangkong.kernel.units import unit
from shuangkong.policy.api import Pack, TableEntry, builtin_packs
from shuangkong.policy.reading.model import Reading
from shuangkong.policy.reading.printed_units import printed_unit
from shuangkong.policy.reading.service import read_file

SOURCES = Path(__file__).parents[4] / "shared" / "policies" / "source"
#: Pack → (file, number of the document in it).
DOCUMENTS: dict[str, tuple[str, int]] = {
    "masked-industrial-retrofit-2025": ("000", 1), "guangdong-fourteenth-plan": ("001", 1),
    "pollution-battle-2021": ("003", 2), "carbon-peak-2021": ("003", 3), "henan-two-high-2021": ("003", 10),
    "wenzhou-retrofit-2021": ("003", 11), "fuzhou-fourteenth-plan": ("004", 1),
}  # fmt: skip
_NUMBER = re.compile(r"(?<![A-Za-z_0-9.])[0-9]+(?:\.[0-9]+)?(?![0-9])")


@dataclass(frozen=True)
class Row:
    """One hand-made table: where it stands, how many numbers it has, and how many of them were read as what."""

    pack: str
    table: str
    clause: str
    numbers: frozenset[Decimal]
    in_rules: frozenset[Decimal]
    in_targets: frozenset[Decimal]

    @property
    def found(self) -> str:
        """whole, part, target or none."""
        if self.numbers <= self.in_rules:
            return "whole"
        if self.in_rules:
            return "part"
        return "target" if self.numbers & self.in_targets else "none"


def numbers_of(pack: Pack, table: TableEntry) -> frozenset[Decimal]:
    """The numbers of a hand-made table in base units: those in its rows and those of its parameters."""
    parameters = {p.id: p for p in pack.parameters}
    found: set[Decimal] = set()
    for used in table.parameters:
        known = parameters.get(used.id)
        for row in known.values if known else ():
            keys = dict(zip(known.key, row.key, strict=True)) if known else {}
            if known and row.value is not None and all(keys.get(k) == v for k, v in used.keys.items()):
                found.add(_base(row.value, known.unit))
    units = {i.name: i.unit or "1" for i in table.inputs}
    for one in table.rows:
        cells = [(str(v), units.get(k, "1")) for k, v in one.when.items()]
        found |= {_base(Decimal(n), u) for text, u in cells for n in _NUMBER.findall(text)}
    return frozenset(n for n in found if n and not (n == n.to_integral_value() and 1 < n < 6 and not table.parameters))


def _base(value: Decimal, text: str) -> Decimal:
    first, *rest = text.split("/")
    try:
        factor = unit(first).factor
        for part in rest:
            factor /= unit(part).factor
    except UserError:
        factor = Decimal(1)
    return (value * factor).normalize()


def numbers_in(tables: Iterable[Any]) -> frozenset[Decimal]:
    """The numbers of candidate tables in base units."""
    return frozenset(n for t in tables for n in _table_numbers(t))


def _table_numbers(table: Any) -> Iterator[Decimal]:
    units = {i["name"]: i.get("unit") or "1" for i in table["inputs"]}
    for row in table["rows"]:
        for name, cell in row.get("when", {}).items():
            yield from (_base(Decimal(n), units[name]) for n in _NUMBER.findall(str(cell)))
        for value in row["then"].values():
            for text in [value["calc"]] if isinstance(value, dict) else []:
                yield from _quoted(text)
                # a share in a formula is the ratio: 0.14 for 14 %
                yield from (Decimal(n).normalize() for n in re.findall(r"(?:^|\()([0-9.]+) \*", text))
        yield from _quoted(row.get("if", ""))


def _quoted(text: str) -> Iterator[Decimal]:
    yield from (_base(Decimal(n), u) for n, u in re.findall(r'q\("([0-9.]+)", "([^"]+)"\)', text))


def rows() -> list[Row]:
    """Every hand-made table with numbers of the documents in the sources, and what was read of it."""
    readings: dict[str, Reading] = {}
    made = []
    for pack in (p for p in builtin_packs() if p.id in DOCUMENTS):
        file, number = DOCUMENTS[pack.id]
        reading = readings.setdefault(file, read_file(SOURCES / f"{file}.txt"))
        for table in pack.tables:
            numbers = numbers_of(pack, table)
            if numbers:
                made.append(_row(pack, table, numbers, reading, number))
    return made


def _row(pack: Pack, table: TableEntry, numbers: frozenset[Decimal], reading: Reading, number: int) -> Row:
    def here(clause: str, document: int) -> bool:
        return document == number and clause.startswith(table.clause)

    tables = [c.fields["table"] for c in reading.candidates if here(c.clause, c.document) and "table" in c.fields]
    targets = [t for t in reading.targets if here(t.clause, t.document)]
    values = frozenset(_base(t.value * printed_unit(t.unit).factor, printed_unit(t.unit).unit) for t in targets)
    return Row(pack.id, table.id, table.clause, numbers, numbers & numbers_in(tables), numbers & values)


def main() -> None:
    """Print the table and its sums."""
    found = rows()
    lines = [f"{'pack':<34}{'table':<26}{'clause':<12}{'numbers':>8}{'read':>6}  found"]
    lines += [
        f"{r.pack:<34}{r.table:<26}{r.clause:<12}{len(r.numbers):>8}{len(r.in_rules):>6}  {r.found}" for r in found
    ]
    for kind in ("whole", "part", "target", "none"):
        lines.append(f"{kind}: {sum(r.found == kind for r in found)} of {len(found)}")
    print("\n".join(lines))  # noqa: T201


if __name__ == "__main__":
    main()
