"""What a worked case is: a name, the clause it proves, what it tries, what is given and what must come out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from shuangkong.kernel.errors import UserError

#: Keys of a case; no other is read.
KEYS = ("name", "because", "rules", "indicators", "given", "expect", "within")


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a head: `[[主体, 数值], [甲, 1]]`; cells are text, exact numbers, true, false or null."""

    head: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]


@dataclass(frozen=True, slots=True)
class Case:
    """One worked case and where it stands; `within` is how far a figure may be off, exact if left out."""

    name: str
    because: str
    tries: tuple[str, ...]
    given: Mapping[str, object]
    expect: Mapping[str, Table]
    within: Decimal
    place: str


def case_from(data: Mapping[str, object], place: str) -> Case:
    """A case from an entry of a cases file; raises PACK-003 naming the place and what is wrong."""
    unknown = sorted(set(data) - set(KEYS))
    if unknown:
        raise wrong(place, f"unknown key {', '.join(unknown)}.", f"A case has {', '.join(KEYS)}.")
    name, because = data.get("name"), data.get("because")
    if not isinstance(name, str) or not name or not isinstance(because, str) or not because:
        raise wrong(place, "name or because is missing.", "Say what holds, and which clause says so.")
    tries = (*_names(data.get("rules"), place), *_names(data.get("indicators"), place))
    expect = data.get("expect")
    if not tries or not isinstance(expect, Mapping) or not expect:
        raise wrong(place, "nothing is tried or nothing expected.", "Name rules or indicators, and expect of each.")
    tables = {str(k): table(v, f"{place} expect.{k}") for k, v in expect.items()}
    if set(tables) != set(tries):
        raise wrong(place, "what is tried and what is expected differ.", "Expect one table of each that is named.")
    given = data.get("given") or {}
    if not isinstance(given, Mapping):
        raise wrong(place, "given is no mapping of tables.", "Write given: {entries: [[…], …]}.")
    return Case(name, because, tries, {str(k): v for k, v in given.items()}, tables, _within(data, place), place)


def table(data: object, place: str) -> Table:
    """A table from a list of rows, the first its head; raises PACK-003."""
    rows = data if isinstance(data, list) else []
    if not rows or any(not isinstance(r, list) for r in rows):
        raise wrong(place, "this is no table.", "Write rows as lists, the first with the names of the columns.")
    head = tuple(str(h) for h in rows[0])
    uneven = [i for i, r in enumerate(rows) if len(r) != len(head)]
    if uneven or len(set(head)) < len(head):
        raise wrong(place, f"row {uneven[0] if uneven else 0} does not fit the head.", "One cell for each column.")
    return Table(head, tuple(tuple(r) for r in rows[1:]))


def wrong(place: str, message: str, remedy: str) -> UserError:
    """A case that cannot be read."""
    return UserError("PACK-003", message, where=place, remedy=remedy)


def _names(data: object, place: str) -> Iterable[str]:
    if data is None:
        return ()
    if not isinstance(data, list) or not all(isinstance(n, str) for n in data):
        raise wrong(place, "rules and indicators are lists of names.", "Write indicators: [energy_total].")
    return tuple(data)


def _within(data: Mapping[str, object], place: str) -> Decimal:
    raw = data.get("within", 0)
    if isinstance(raw, str):
        try:
            raw = Decimal(raw)
        except ArithmeticError:
            raise wrong(place, f"within {raw!r} is no number.", "Write within: 0.3.") from None
    if not isinstance(raw, int | Decimal):
        raise wrong(place, f"within {raw!r} is no number.", "Write within: 0.3.")
    return Decimal(raw)
