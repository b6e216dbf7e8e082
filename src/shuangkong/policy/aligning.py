"""Targets of several levels side by side (目标对照): each lower document against the nearest above it that speaks.

Pure: packs in, rows out. What a document sets for the whole of its region is compared; where a higher document gives
the lower region a figure of its own (分解下达), that figure counts and not the higher region's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from shuangkong.kernel.errors import UserError
from shuangkong.kernel.units import convert
from shuangkong.policy.model import NATION, Pack, Target
from shuangkong.policy.packset import PackSet
from shuangkong.policy.reading.naming import Names, names_of, plain_name
from shuangkong.policy.reading.printed_units import dimension_of

#: What is said of a lower document's target, the first that holds being the one to look at first.
VERDICTS = (
    "missing_below", "weaker", "other_scope", "other_indicator_basis", "other_unit", "other_base", "other_horizon",
    "other_wording", "totals_apart", "stricter", "equal", "only_below",
)  # fmt: skip
_LEVELS = {"nation": 0, "province": 1, "city": 2, "county": 3, "unit": 4, "standard": 5}
_UP = ("at_least", "more_than", "increase_by", "reach")
_DOWN = ("at_most", "less_than")
_RELATIVE = ("decrease_by", "increase_by")
#: Dimensions of shares: they can be compared between a region and one inside it. Absolute amounts cannot.
_SHARES = ("share", "points")


@dataclass(frozen=True, slots=True)
class Cell:
    """What one document says of a row: a target, as its pack has it.

    `assigned_to`: the regions, where they are not the document's own. `scope`: what narrows it, as scopes are compared.
    """

    pack: str
    target: Target
    assigned_to: str | None
    candidate: bool
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is said of the document in column `below`: against column `above` (None where nothing stands above it).

    `against` is the cell it was held against; the difference is the lower value less that, in the unit given.
    """

    below: int
    above: int | None
    verdicts: tuple[str, ...]
    against: Cell | None = None
    difference: Decimal | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """An indicator, within a scope and at a level, with each document's cell and each lower one's comparison."""

    indicator: str
    name_zh: str
    name_en: str | None
    scope: str | None
    level: str
    cells: tuple[Cell | None, ...]
    comparisons: tuple[Comparison, ...]


@dataclass(frozen=True, slots=True)
class Alignment:
    """The documents in the order of their levels, and the rows in the order of the documents."""

    packs: tuple[Pack, ...]
    rows: tuple[Row, ...]

    def counts(self, below: int) -> dict[str, int]:
        """How often each verdict is said of a column's document, in the order of VERDICTS."""
        said = [v for r in self.rows for c in r.comparisons if c.below == below for v in c.verdicts]
        return {v: said.count(v) for v in VERDICTS if v in said}


Key = tuple[str, str, str, int]


def align(packs: Sequence[Pack], together: PackSet | None = None) -> Alignment:
    """The targets of two documents or more side by side, from the nation down; documents of a level in the order given.

    `together`: packs that declare the indicators; read with a catalogue they know the names of what is computed.
    """
    ordered = tuple(sorted(packs, key=lambda p: _LEVELS[p.instrument.level]))
    names = names_of(together)
    labels = {i.id: (i.label.zh, i.label.en) for p in ordered for i in p.indicators}
    found: dict[Key, list[list[Cell]]] = {}
    told: dict[Key, tuple[str, str, str | None]] = {}
    for column, pack in enumerate(ordered):
        for target in pack.targets:
            if target.subject.uscc is not None:  # what one unit is given says nothing of a region
                continue
            name = _name(target.indicator, names, labels)
            cell = _cell(pack, target, plain_name(name[0]))
            if cell.assigned_to and not any(p.instrument.region in target.subject.regions for p in ordered):
                continue
            key = _key(cell, name[0])
            row = found.setdefault(key, [[] for _ in ordered])
            row[column].append(cell)
            told.setdefault(key, (target.indicator, *name))
    _pair_scopes(found)
    rows = [r for key, cells in found.items() for r in _rows(key, told[key], cells, ordered)]
    return Alignment(ordered, tuple(rows))


def _pair_scopes(found: dict[Key, list[list[Cell]]]) -> None:
    """Put targets of one indicator together whose scopes are worded otherwise, where each document has just one.

    They are compared with the mark that their scopes differ; nothing else would stand beside them.
    """
    alike: dict[tuple[str, str, int], list[Key]] = {}
    for key, cells in found.items():
        if sum(bool(c) for c in cells) == 1:
            alike.setdefault((key[0], key[2], key[3]), []).append(key)
    for keys in alike.values():
        columns = [next(n for n, c in enumerate(found[k]) if c) for k in keys]
        if len(keys) > 1 and len(set(columns)) == len(columns):
            for key, column in zip(keys[1:], columns[1:], strict=True):
                found[keys[0]][column] = found.pop(key)[column]


def _name(indicator: str, names: Names, labels: dict[str, tuple[str, str | None]]) -> tuple[str, str | None]:
    known = names.by_id.get(indicator)
    return (known.label.zh, known.label.en) if known else labels.get(indicator, (indicator, None))


def _key(cell: Cell, name: str) -> Key:
    """What makes two targets of one row: the name of the indicator, scope, whom it binds, level."""
    target = cell.target
    units = target.subject.units
    whom = "" if units is None else "/".join([*units.industry, units.class_, units.product or ""])
    return plain_name(name), cell.scope, whom, ("base", "incentive", "aspiration").index(target.level)


def _place(target: Target) -> bool:
    """Whether the scope only names the region that the target binds, as tables by region have it."""
    return len(target.subject.regions) == 1 and len(target.scope.zh if target.scope else "") <= 4


def _cell(pack: Pack, target: Target, name: str) -> Cell:
    regions = target.subject.regions
    own = not regions or pack.instrument.region in regions
    return Cell(
        pack.key, target, None if own else ",".join(regions), target.confidence == "candidate", _scoped(target, name)
    )


def _rows(key: Key, told: tuple[str, str, str | None], cells: list[list[Cell]], packs: Sequence[Pack]) -> Iterator[Row]:
    """Rows until every target has been shown: one for each year, then one for each further target of that year.

    A column without the year shows its nearest other year, which is said to be another horizon.
    """
    years = sorted({_year(c.target) for column in cells for c in column}, key=lambda y: (y is None, y or 0))
    shared = [y for y in years if sum(any(_year(c.target) == y for c in column) for column in cells) > 1]
    covered: set[int] = set()
    for year in [*shared, *(y for y in years if y not in shared)]:
        while any(_year(c.target) == year and id(c.target) not in covered for column in cells for c in column):
            chosen = [_chosen(n, column, year, packs, covered) for n, column in enumerate(cells)]
            covered |= {id(c.target) for column in chosen for c in column.values()}
            said = tuple(c for n in range(len(packs)) if (c := _compared(n, chosen, packs)) is not None)
            shown = tuple(_shown(n, chosen, packs) for n in range(len(packs)))
            yield Row(told[0], told[1], told[2], _scope(shown), _LEVEL_NAMES[key[3]], shown, said)


def _shown(column: int, chosen: Sequence[dict[str | None, Cell]], packs: Sequence[Pack]) -> Cell | None:
    """The cell of a column: what the document sets for its own region, else what it gives a lower one."""
    own = chosen[column].get(None)
    given = (chosen[column].get(p.instrument.region) for n, p in enumerate(packs) if n != column)
    return own or next((c for c in given if c is not None), None)


_LEVEL_NAMES = ("base", "incentive", "aspiration")


def _scope(shown: Sequence[Cell | None]) -> str | None:
    scopes = (c.target.scope.zh for c in shown if c is not None and c.target.scope and c.scope)
    return next(scopes, None)


def _year(target: Target) -> int | None:
    return target.target_year


def _chosen(
    column: int, cells: list[Cell], year: int | None, packs: Sequence[Pack], covered: set[int]
) -> dict[str | None, Cell]:
    """A document's cell for its own region (None) and for each lower region of these documents that it names.

    A target of the year that has not been shown comes first, then one that has, then the nearest other year.
    """
    regions = {p.instrument.region for n, p in enumerate(packs) if n != column}
    found: dict[str | None, Cell] = {}

    def order(cell: Cell) -> tuple[bool, int, bool]:
        own = _year(cell.target)
        return own != year, abs((own or 9999) - (year or 9999)), id(cell.target) in covered

    for cell in sorted(cells, key=order):
        for region in [r for r in cell.target.subject.regions if r in regions] if cell.assigned_to else [None]:
            found.setdefault(region, cell)
    return found


def _compared(below: int, chosen: Sequence[dict[str | None, Cell]], packs: Sequence[Pack]) -> Comparison | None:
    """The lower document against the nearest above that says something for it; None for the highest alone."""
    higher = [n for n in reversed(range(below)) if _above(packs[n], packs[below])]
    if not higher:
        return None
    own = chosen[below].get(None)
    region = packs[below].instrument.region
    for n in higher:
        upper = chosen[n].get(region) or chosen[n].get(None)
        if upper is None:
            continue
        if own is None:
            return Comparison(below, n, ("missing_below",), upper)
        return _against(below, n, upper, own, assigned=region in chosen[n])
    return Comparison(below, None, ("only_below",)) if own is not None else None


def _above(upper: Pack, lower: Pack) -> bool:
    """Whether a document's region holds the other's, as codes of GB/T 2260 say it; those of one level never do."""
    if _LEVELS[upper.instrument.level] >= _LEVELS[lower.instrument.level]:
        return False
    code, other = upper.instrument.region, lower.instrument.region
    return code == NATION or other.startswith(code.rstrip("0") if len(code.rstrip("0")) % 2 == 0 else code[:-1])


def _against(below: int, above: int, cell: Cell, own: Cell, *, assigned: bool) -> Comparison:
    upper, lower = cell.target, own.target
    apart = tuple(_apart((cell, own), assigned))
    value = _in_unit(lower, upper)
    if value is None:
        return Comparison(below, above, (*apart, "other_unit"), cell)
    verdicts = apart or (_stands(upper, lower, value),)
    return Comparison(below, above, verdicts, cell, value - upper.value, upper.unit)


def _apart(cells: tuple[Cell, Cell], assigned: bool) -> Iterator[str]:
    """What keeps two targets, the upper and the lower, from being weighed against each other."""
    upper, lower = cells[0].target, cells[1].target
    relative = upper.comparator in _RELATIVE, lower.comparator in _RELATIVE
    if cells[0].scope != cells[1].scope:
        yield "other_scope"
    if relative[0] != relative[1] or _accounted_apart(upper, lower):
        yield "other_indicator_basis"
    if relative[0] and relative[1] and upper.base_year != lower.base_year:
        yield "other_base"
    if _year(upper) != _year(lower):
        yield "other_horizon"
    share = dimension_of(upper.unit) in _SHARES or "/" in upper.unit
    if not assigned and not relative[0] and not relative[1] and not share:
        yield "totals_apart"


def _scoped(target: Target, name: str) -> str:
    """What narrows a target; 规模以上工业 is part of the name of 规模以上工业单位增加值能耗 and narrows nothing."""
    scope = plain_name(target.scope.zh) if target.scope and not _place(target) else ""
    return "" if scope in name else scope


def _accounted_apart(upper: Target, lower: Target) -> bool:
    """Whether both documents fix basis or edition of the figures, and otherwise; what one leaves open is not held."""
    a, b = upper.accounting, lower.accounting
    if a is None or b is None:
        return False
    pairs = ((a.basis, b.basis), (a.edition, b.edition))
    return any(x is not None and y is not None and x != y for x, y in pairs)


def _in_unit(lower: Target, upper: Target) -> Decimal | None:
    if lower.unit == upper.unit:
        return lower.value
    try:
        return convert(lower.value, lower.unit, upper.unit)
    except UserError:
        return None


def _stands(upper: Target, lower: Target, value: Decimal) -> str:
    """equal, stricter or weaker; other_wording where the two comparators have no common direction."""
    if upper.comparator == lower.comparator and (value, lower.value_high) == (upper.value, upper.value_high):
        return "equal"
    way = _direction(upper, lower)
    if way is None:
        return "other_wording"
    if value == upper.value:
        beyond = [t.comparator in ("more_than", "less_than") for t in (upper, lower)]
        return "equal" if beyond[0] == beyond[1] else "stricter" if beyond[1] else "weaker"
    return "stricter" if (value > upper.value) == (way > 0) else "weaker"


def _direction(upper: Target, lower: Target) -> int | None:
    """Which way is stricter: 1 up, -1 down. 达到 goes the way of the other; 左右 and bands have none."""
    both = {upper.comparator, lower.comparator}
    if both == {"decrease_by"}:
        return 1
    if both <= {*_DOWN, "reach"} and both & {*_DOWN}:
        return -1
    return 1 if both <= {*_UP} else None
