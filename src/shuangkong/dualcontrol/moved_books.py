"""From sums to the parts of a question (因素分解的账): what each part used, made and emitted at both times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

import pyarrow as pa

from shuangkong.dualcontrol.moved_model import ZERO, Candidate, End, Known, Whole
from shuangkong.dualcontrol.moved_reading import CARBON, ENERGY, Fuels, Summed, Sums, read_fuels, read_sums
from shuangkong.dualcontrol.moved_wish import SECTORS, Basis, Place, Wish
from shuangkong.engine.api import RunRecord, Workspace
from shuangkong.kernel.findings import least_sure
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import PackSet

#: GDP is kept in yuan; activity is told in 10⁴ yuan, so that an intensity is in tce per 10⁴ yuan.
_YUAN = Decimal(10000)
#: The parameter that says from which coverage on a part is compared.
LEAST = "moved.least_coverage"


@dataclass(frozen=True)
class MovedBooks:
    """The sums that answers about a place are made from: of the place and its regions, and of its units."""

    workspace: Workspace
    run: RunRecord
    scope: Scope
    seen: pa.Table | None
    place: Place
    sums: Sums
    least: Decimal

    @classmethod
    def read(
        cls, workspace: Workspace, run: RunRecord, scope: Scope, seen: pa.Table | None, place: Place, packs: PackSet
    ) -> MovedBooks:
        """The sums of the place and its regions in all periods, as far as the reader may see them.

        packs: those of the run; `moved.least_coverage` says from which coverage on a part is compared.
        """
        sums = read_sums(run, scope, seen, (place.subject, *place.regions))
        return cls(workspace, run, scope, seen, place, sums, _least(packs, run))

    @property
    def periods(self) -> tuple[str, ...]:
        """Periods with energy, the newest last."""
        return self.sums.periods((self.place.subject, *self.place.regions), ENERGY)

    def of_units(self, start: str, end: str) -> Sums:
        """Sums of the units that lie in the place, in two periods."""
        found = read_sums(
            self.run, self.scope, self.seen, measures=("energy", "co2", "output"), periods=(start, end)
        )  # fmt: skip
        mine = frozenset(self.place.units)
        return Sums({k: v for k, v in found.rows.items() if k[0] in mine})


def _least(packs: PackSet, run: RunRecord) -> Decimal:
    """The coverage from which on a part is compared; all of it where no pack of the run says."""
    if LEAST not in packs.parameter_ids():
        return Decimal(1)
    found = packs.parameters(LEAST).at(run.as_of, known=run.known_day).value
    return Decimal(1) if found is None else found


def parts_of(place: Place, basis: Basis) -> tuple[str, ...]:
    """Ids of the parts that a basis compares."""
    if basis.by == "units":
        return place.units
    return place.regions if basis.by == "regions" else (place.subject,)


def industry_of(activity: str) -> str:
    """Value added of industry at the prices of a GDP."""
    return activity.replace("gdp", "industry_value_added")


class Question:
    """Parts and whole of one question, from the sums. units: sums of the units of the place in its two periods."""

    def __init__(self, books: MovedBooks, units: Sums, basis: Basis, wish: Wish) -> None:
        self.books, self.basis, self.wish = books, basis, wish
        self.parts = parts_of(books.place, basis)
        self.sums = units if basis.by == "units" else books.sums
        self.ends = (wish.start, wish.end)
        self.carbon = wish.what.startswith("co2")
        self.fuels = self._fuels() if self.carbon else {}
        self.fuels_by = "" if not self.carbon else "carriers" if self.fuels else "kinds"

    def _fuels(self) -> dict[tuple[str, str], Fuels]:
        """Carriers of each part, and of the whole; none at all where they do not make up the sums of the parts."""
        b, place = self.books, self.books.place
        members = {s: part for part in self.parts for s in place.members.get(part, frozenset((part,)))}
        found = read_fuels(
            b.workspace, b.run, b.scope, b.seen, members, self.basis.energy, self.wish.method, self.ends
        )  # fmt: skip
        for part in self.parts:
            for p in self.ends:
                summed = self.sums.of(part, self.basis.energy, self.wish.method, p)
                fuels = found.get((part, p))
                if summed is not None and (fuels is None or sum(fuels.energy.values(), ZERO) != summed.amount):
                    return {}
        return found

    def candidates(self) -> list[Candidate]:
        """The parts at both times."""
        if self.basis.by == "sectors":
            return self._sectors()
        found = []
        for part in self.parts:
            ends = [self._end(part, p) for p in self.ends]
            basket, why_not = self._basket(part)
            found.append(Candidate(part, ends[0], ends[1], basket, why_not))
        return found

    def _basket(self, part: str) -> tuple[str, str]:
        """What a part's activity adds up with, and why there is no such thing."""
        if self.basis.activity != "output":
            return "", ""
        made = [self.sums.of(part, "output", "", p) for p in self.ends]
        products = {name for m in made if m for name in m.parts}
        if len(products) > 1:
            return "", "several_products"
        return next(iter(products), ""), "" if products else "no_output"

    def _end(self, part: str, period: str) -> End:
        summed = self.sums.of(part, self.basis.energy, self.wish.method, period)
        state = self._standing(summed)
        parts = summed.parts if summed else {}
        energy: Mapping[str, Decimal] = {k: v for k, v in parts.items() if v is not None}
        carbon: Mapping[str, Decimal] = {}
        if self.carbon and summed:
            energy, carbon, state = self._carbon(part, period, energy, state)
        return End(self._activity(part, period), energy, carbon, state)

    def _standing(self, summed: Summed | None) -> str:
        """ok where a sum is whole, or lacks no more than the packs allow; else why it is not."""
        if summed is None:
            return "no_energy"
        near = summed.standing == "partial" and None not in summed.parts.values()
        return "ok" if near and summed.coverage >= self.books.least else summed.standing

    def nearly(self) -> tuple[str, ...]:
        """Parts that are compared although not all of their returns are there."""
        found = []
        for part in self.parts:
            ends = [self.sums.of(part, self.basis.energy, self.wish.method, p) for p in self.ends]
            if any(x and x.standing == "partial" for x in ends) and all(self._standing(x) == "ok" for x in ends):
                found.append(part)
        return tuple(found)

    def _carbon(
        self, part: str, period: str, energy: Mapping[str, Decimal], state: str
    ) -> tuple[Mapping[str, Decimal], Mapping[str, Decimal], str]:
        """Fuels with their CO2: by carrier where that was found, else by kind where all of it is known."""
        if self.fuels:
            found = self.fuels.get((part, period), Fuels({}, {}))
            return found.energy, found.carbon, state
        summed = self.sums.of(part, CARBON[self.basis.energy], self.wish.method, period)
        if self.basis.energy != "energy" or self._standing(summed) != "ok" or summed is None:
            # what is known of a kind may be of some of its carriers alone
            return energy, {}, state
        return energy, {k: v for k, v in summed.parts.items() if v is not None}, state

    def _activity(self, part: str, period: str) -> Decimal | None:
        found = self.sums.of(part, self.basis.activity, self.basis.price, period)
        if found is None or found.standing != "ok" or found.amount is None:
            return None
        return found.amount if self.basis.activity == "output" else found.amount / _YUAN

    def activity_unit(self) -> str:
        """The unit of output of the parts where it is one; empty for value."""
        if self.basis.activity != "output":
            return ""
        found = (self.sums.of(part, "output", "", p) for part in self.parts for p in self.ends)
        units = {x.unit for x in found if x}
        return units.pop() if len(units) == 1 else ""

    def _sectors(self) -> list[Candidate]:
        """Industry, and what of the whole is not industry; both at the same prices."""
        place, b = self.books.place.subject, self.basis
        industry = replace(b, energy="energy_industry", activity=industry_of(b.activity))
        own = Question(self.books, self.sums, replace(industry, by="self"), replace(self.wish, what="energy"))
        inner, outer = own.candidates()[0], [self._end(place, p) for p in self.ends]
        rest = [_less(w, i) for w, i in zip(outer, (inner.before, inner.after), strict=True)]
        return [
            Candidate(SECTORS[0], _merged(inner.before), _merged(inner.after)), Candidate(SECTORS[1], rest[0], rest[1])
        ]  # fmt: skip

    def whole(self) -> Whole:
        """The figure of the place itself, where it has one in both periods."""
        place, b = self.books.place.subject, self.basis
        own = [self.books.sums.of(place, b.energy, self.wish.method, p) for p in self.ends]
        if not all(x is not None and x.amount is not None for x in own):
            return Whole()
        state = "ok" if all(x is not None and x.standing == "ok" for x in own) else "partial"
        energy = (own[0].amount if own[0] else None, own[1].amount if own[1] else None)
        made = [self.books.sums.of(place, b.activity, b.price, p) for p in self.ends] if b.price else [None, None]
        activity = tuple(x.amount / _YUAN if x and x.standing == "ok" and x.amount is not None else None for x in made)
        return Whole(energy, self._whole_carbon(), (activity[0], activity[1]), state)

    def _whole_carbon(self) -> Known:
        """CO2 of the place itself; none where some of it is not known, then it is the sum of what is compared."""
        if not self.carbon or self.basis.energy != "energy":
            return (None, None)
        found = [self.books.sums.of(self.books.place.subject, "co2", self.wish.method, p) for p in self.ends]
        known = [x.amount if x and None not in x.parts.values() else None for x in found]
        return (known[0], known[1])

    def coverage(self) -> Known:
        """Coverage of the returns behind the whole at each time; of the parts where the whole has none: the least."""
        place, b, found = self.books.place.subject, self.basis, []
        for p in self.ends:
            own = self.books.sums.of(place, b.energy, self.wish.method, p)
            parts = [self.sums.of(s, b.energy, self.wish.method, p) for s in self.parts]
            found.append(own.coverage if own else min((x.coverage for x in parts if x), default=None))
        return (found[0], found[1])

    def confidence(self) -> str:
        """How sure the least sure figure is."""
        asked = [(b, self.wish.method) for b in (self.basis.energy, *([CARBON[self.basis.energy]] * self.carbon))]
        asked.append((self.basis.activity, self.basis.price))
        found: list[Summed | None] = [self.sums.of(s, m, w, p) for s in self.parts for m, w in asked for p in self.ends]
        return least_sure(*(x.confidence for x in found if x))


def _merged(end: End) -> End:
    """All fuels as one: which of them a sector used is not what is asked."""
    return replace(end, energy={"": end.used})


def _less(whole: End, part: End) -> End:
    """What of the whole is not the part."""
    activity = None if whole.activity is None or part.activity is None else whole.activity - part.activity
    state = next((s for s in (whole.state, part.state) if s != "ok"), "ok")
    return End(activity, {"": whole.used - part.used}, {}, state)
