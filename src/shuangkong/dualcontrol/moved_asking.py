"""The question why a figure moved, put to a run (因素分解提问): which periods, parts and activities there are, and the
answer with what it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from shuangkong.dualcontrol.moved import moved
from shuangkong.dualcontrol.moved_books import MovedBooks, Question, industry_of, parts_of
from shuangkong.dualcontrol.moved_model import ZERO, Moved
from shuangkong.dualcontrol.moved_reading import CARBON, ENERGY, Sums
from shuangkong.dualcontrol.moved_wish import Answer, Basis, Mover, Wish
from shuangkong.kernel.periods import Period

#: Activities by the energy that they belong to; constant prices first.
_PAIRS = (
    ("energy", "gdp"), ("energy_industry", "industry_value_added"),
    ("energy", "gdp_nominal"), ("energy_industry", "industry_value_added_nominal"),
)  # fmt: skip


def pair_of(periods: Sequence[str], wish: Wish) -> tuple[str, str]:
    """The two periods compared: those asked for if they are there and one of a kind, else the newest year and the one
    before it, else the newest two of a kind; empty where there are no two."""
    there = {p: Period.parse(p) for p in periods}
    asked = wish.start in there and wish.end in there and wish.start != wish.end
    if asked and there[wish.start].kind is there[wish.end].kind:
        return wish.start, wish.end
    last = there.get(wish.end)
    for kind in dict.fromkeys([*([last.kind.value] if last else []), "year", "month", "quarter"]):
        keys = [p for p, at in there.items() if at.kind.value == kind and (last is None or at.end <= last.end)]
        if len(keys) > 1:
            return keys[-2], keys[-1]
    return "", ""


def answer(books: MovedBooks, wish: Wish) -> Answer:
    """Why the figure moved. Never raises for data; what cannot be said is insufficient and names what it needs."""
    start, end = pair_of(books.periods, wish)
    if not start:
        return Answer(wish, Moved(wish.what, "insufficient", ("two_periods",)), None, books.periods, (), ())
    wish = replace(wish, start=start, end=end)
    units = books.of_units(start, end)
    every = bases(books, units, start, end)
    ways = [b for b in every if not (b.activity == "output" and b.by == "units" and wish.what.endswith("intensity"))]
    ways = [b for b in ways if not (b.by == "sectors" and wish.what.startswith("co2"))]
    if not ways:
        return Answer(wish, Moved(wish.what, "insufficient", _lacking(books, wish)), None, books.periods, (), ())
    basis = next((b for b in ways if b.key == wish.basis), ways[0])
    methods = _methods(books, units, basis, wish)
    method = wish.method if wish.method in methods else methods[0] if methods else ""
    wish = replace(wish, basis=basis.key, method=method)
    if not method:
        return Answer(
            wish, Moved(wish.what, "insufficient", ("no_guide",)), basis, books.periods, tuple(ways), methods
        )  # fmt: skip
    made = Question(books, units, basis, wish)
    candidates = made.candidates()
    baskets = {c.id: c.basket for c in candidates if c.basket}
    activities = {c.id: (c.before.activity, c.after.activity) for c in candidates}
    return Answer(
        wish, moved(wish.what, made.whole(), candidates, partial=wish.partial), basis, books.periods, tuple(ways),
        methods, made.coverage(), made.confidence(), made.fuels_by, made.nearly(), books.least,
        made.activity_unit(), baskets, activities,
    )  # fmt: skip


def _lacking(books: MovedBooks, wish: Wish) -> tuple[str, ...]:
    """What is missing where nothing can be compared: energy of both periods, or an activity beside it."""
    who = (books.place.subject, *books.place.regions)
    both = [
        p for p in (wish.start, wish.end) if any(books.sums.of(s, m, w, p) for s in who for m in ENERGY
                                                 for w in books.sums.methods(m))
    ]  # fmt: skip
    return ("no_activity",) if len(both) == 2 else ("no_energy",)


def bases(books: MovedBooks, units: Sums, start: str, end: str) -> tuple[Basis, ...]:
    """The ways of comparing that there are figures for at both times, the most telling first."""
    return tuple(dict.fromkeys(_bases(books, units, (start, end))))


def _bases(books: MovedBooks, units: Sums, ends: tuple[str, str]) -> Iterator[Basis]:
    place, sums = books.place, books.sums

    def there(subject: str, energy: str, activity: str, price: str) -> bool:
        used = any(all(sums.of(subject, energy, m, p) for p in ends) for m in sums.methods(energy))
        return used and all(sums.of(subject, activity, price, p) for p in ends)

    for energy, activity in _PAIRS:
        for price in sums.methods(activity):
            if sum(there(s, energy, activity, price) for s in place.regions) > 1:
                yield Basis("regions", energy, activity, price)
            whole = there(place.subject, energy, activity, price)
            if whole and energy == "energy" and there(place.subject, "energy_industry", industry_of(activity), price):
                yield Basis("sectors", energy, activity, price)
            if whole:
                yield Basis("self", energy, activity, price)
    if place.own and all(sums.of(place.subject, "output", "", p) for p in ends):
        yield Basis("self", "energy", "output")
    if any(all(units.of(u, "output", "", p) for p in ends) for u in place.units):
        yield Basis("units", "energy", "output")


def _methods(books: MovedBooks, units: Sums, basis: Basis, wish: Wish) -> tuple[str, ...]:
    """Methods in which the energy is there, the one that covers most first; for CO2 those that compute it."""
    sums, who = units if basis.by == "units" else books.sums, parts_of(books.place, basis)
    measure = CARBON[basis.energy] if wish.what.startswith("co2") else basis.energy

    def whole(method: str) -> Decimal:
        found = (sums.of(s, basis.energy, method, p) for s in who for p in (wish.start, wish.end))
        return sum((x.coverage for x in found if x), ZERO)

    return tuple(sorted(sums.methods(measure), key=lambda m: (-whole(m), "/primary/" not in m, m.endswith("/-/-"), m)))


def movers(books: MovedBooks, wish: Wish) -> tuple[Mover, ...]:
    """Units by how much their energy moved, the largest first; those with something missing last, with its state."""
    units = books.of_units(wish.start, wish.end)
    found = []
    for unit in books.place.units:
        ends = [units.of(unit, "energy", wish.method, p) for p in (wish.start, wish.end)]
        states = [x.standing if x else "no_energy" for x in ends]
        if all(x is None for x in ends):
            continue
        state = next((s for s in states if s != "ok"), "ok")
        known = [x.amount if x and (s == "ok" or (wish.partial and s == "partial")) else None
                 for x, s in zip(ends, states, strict=True)]  # fmt: skip
        found.append(Mover(unit, known[0], known[1], state))
    return tuple(sorted(found, key=lambda m: (m.change is None, -abs(m.change or ZERO), m.unit)))
