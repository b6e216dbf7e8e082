"""Why a figure moved (为什么变动): the change of a region's or unit's energy or CO2 between two periods, part by part.

Energy is activity × structure × intensity of each part; CO2 is that × fuel mix × emission factor; an intensity is
structure × intensity (× mix × factor). What the parts do not hold is a part of its own, not broken down (未分解); a
part that lacks something, or has it only in part, is named and goes there. LMDI-I, see `lmdi`.

Rounding (尾差): every effect of every part is rounded to `STEP`; what that leaves of a part's change goes to its
largest effect, and what is left of the whole to the largest effect of all. So the effects of a part sum to its change,
and those of all parts, with what is not broken down, to the change of the whole, to the last digit.

Noughts: a part without activity has no intensity of its own, an unused fuel no factor. What is so undefined at one end
is taken as at the other, so that the factor that is nought bears the part's whole change, and it is named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from shuangkong.dualcontrol.lmdi import Part, decompose, mean
from shuangkong.dualcontrol.moved_model import (
    CONTEXT,
    STEP,
    ZERO,
    Candidate,
    End,
    Known,
    LeftOut,
    Moved,
    Pair,
    PartMoved,
    What,
    Whole,
)


def factors_of(what: What) -> tuple[str, ...]:
    """The factors that a change is shared among, the first first."""
    first = () if what.endswith("intensity") else ("activity",)
    more = ("mix", "factor") if what.startswith("co2") else ()
    return (*first, "structure", "intensity", *more)


def moved(what: What, whole: Whole, candidates: Sequence[Candidate], *, partial: bool = False) -> Moved:
    """Why a figure moved. With `partial`, parts whose returns are not complete are compared all the same.

    Never raises for data: what cannot be said is insufficient and names what it needs.
    """
    taken, left = _taken(what, candidates, partial=partial)
    if not taken:
        return Moved(what, "insufficient", _needs(left) or ("parts",), left_out=tuple(left))
    if what.endswith("intensity") and len({c.basket for c in taken}) > 1:
        return Moved(what, "insufficient", ("common_activity",), left_out=tuple(left))
    leaves, more = _leaves(what, taken)
    left += more
    if not leaves:
        return Moved(what, "insufficient", _needs(left), left_out=tuple(left))
    return _decomposed(what, whole, taken, leaves, tuple(left))


def _needs(left: Sequence[LeftOut]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(x.reason for x in left))


def _taken(what: What, candidates: Sequence[Candidate], *, partial: bool) -> tuple[list[Candidate], list[LeftOut]]:
    """Parts that can be compared, and the others with the reason."""
    taken, left = [], []
    for c in candidates:
        reason = next((r for r in (c.why_not, _end(c.before, partial), _end(c.after, partial)) if r), "")
        if reason:
            left.append(LeftOut(c.id, reason))
        else:
            taken.append(c)
    return taken, left


def _end(end: End, partial: bool) -> str:
    """Why one end of a part cannot be compared; empty where it can."""
    if end.state != "ok" and not (partial and end.state == "partial"):
        return end.state
    if end.activity is None:
        return "no_activity"
    if end.activity < 0 or any(x < 0 for x in end.energy.values()):
        return "negative"
    return "no_intensity" if end.used and not end.activity else ""


@dataclass(frozen=True, slots=True)
class _Leaf:
    """What is decomposed at the finest: a part, or one fuel of it."""

    part: Candidate
    fuel: str
    amounts: Pair


def _leaves(what: What, taken: Sequence[Candidate]) -> tuple[list[_Leaf], list[LeftOut]]:
    """Parts for energy, their fuels for CO2; a fuel without its figure of CO2 at one end is left out and named."""
    if not what.startswith("co2"):
        return [_Leaf(c, "", (c.before.used, c.after.used)) for c in taken], []
    found, left = [], []
    for c in taken:
        for fuel in sorted({*c.before.energy, *c.after.energy, *c.before.carbon, *c.after.carbon}):
            reason = _fuel(c.before, fuel) or _fuel(c.after, fuel)
            if reason:
                left.append(LeftOut(c.id, reason, fuel))
            else:
                found.append(_Leaf(c, fuel, (c.before.carbon.get(fuel, ZERO), c.after.carbon.get(fuel, ZERO))))
    return found, left


def _fuel(end: End, fuel: str) -> str:
    used, made = end.energy.get(fuel, ZERO), end.carbon.get(fuel)
    if made is None:
        return "no_carbon" if used else ""
    if made < 0:
        return "negative"
    return "no_intensity" if made and not used else ""


def _decomposed(
    what: What, whole: Whole, taken: Sequence[Candidate], leaves: Sequence[_Leaf], left: tuple[LeftOut, ...]
) -> Moved:  # fmt: skip
    factors = factors_of(what)
    given = whole.carbon if what.startswith("co2") else whole.energy
    held: Pair = (sum((x.amounts[0] for x in leaves), ZERO), sum((x.amounts[1] for x in leaves), ZERO))
    ends: Pair = held if given[0] is None or given[1] is None else (given[0], given[1])
    if ends[0] < held[0] or ends[1] < held[1]:
        return Moved(what, "insufficient", ("parts_exceed_whole",), left_out=left)
    activity = _activities(whole, taken, priced=what.endswith("intensity"))
    scale = activity[""] if what.endswith("intensity") else (Decimal(1), Decimal(1))
    if not all(scale):
        return Moved(what, "insufficient", ("no_activity",), left_out=left)
    levels, inside = (tuple(CONTEXT.divide(p[n], scale[n]) for n in (0, 1)) for p in (ends, held))
    found = decompose(factors, [_part(what, x, activity) for x in leaves])
    raw = {f: e.by_part for f, e in zip(factors, found.effects, strict=True)}
    before, after = _quantised(levels[0]), _quantised(levels[1])
    rest_ends = (before - _quantised(inside[0]), after - _quantised(inside[1]))
    rest = rest_ends[1] - rest_ends[0]
    parts = _parts(factors, leaves, raw, scale, found.zero_factors)
    parts = _closed(parts, after - before - rest)
    weight = mean(levels[1], levels[0])
    effects = tuple(sum((p.effects[n] for p in parts), ZERO) for n in range(len(factors)))
    entire = not left and rest_ends == (ZERO, ZERO) and whole.state == "ok"
    return Moved(
        what, "ok" if entire else "partial", (), before, after, factors, effects,
        tuple(_ratio(sum(raw[f].values(), ZERO), weight) for f in factors), rest, rest_ends,
        _ratio((levels[1] - inside[1]) - (levels[0] - inside[0]), weight),
        tuple(sorted(parts, key=lambda p: (-abs(p.change), p.id))), left, None not in given,
        (_share(held[0], ends[0]), _share(held[1], ends[1])), _fuelled(what, taken, leaves),
    )  # fmt: skip


def _fuelled(what: What, taken: Sequence[Candidate], leaves: Sequence[_Leaf]) -> Known:
    """The share of the energy of the parts that is of fuels with a figure of CO2, at each time."""
    if not what.startswith("co2"):
        return (None, None)
    own = [(x.part.before.energy.get(x.fuel, ZERO), x.part.after.energy.get(x.fuel, ZERO)) for x in leaves]
    every = [(c.before.used, c.after.used) for c in taken]
    first, last = (_share(sum((x[n] for x in own), ZERO), sum((x[n] for x in every), ZERO)) for n in (0, 1))
    return first, last


def _activities(whole: Whole, taken: Sequence[Candidate], *, priced: bool) -> dict[str, Pair]:
    """Activity of each basket at both times: the whole's own where there is one basket and it has one, else the sum."""
    sums: dict[str, Pair] = {}
    for c in taken:
        a, b = sums.get(c.basket, (ZERO, ZERO))
        sums[c.basket] = (a + (c.before.activity or ZERO), b + (c.after.activity or ZERO))
    if len(sums) == 1:
        basket, (a, b) = next(iter(sums.items()))
        own_a, own_b = whole.activity
        if own_a is not None and own_b is not None and own_a >= a and own_b >= b:
            sums[basket] = (own_a, own_b)
        if priced:
            sums[""] = sums[basket]
    return sums


def _part(what: What, leaf: _Leaf, activity: Mapping[str, Pair]) -> Part:
    """The factors of a leaf at both times; their product is its amount, over the activity for an intensity."""
    c = leaf.part
    before, after = (
        tuple(_chain(what, leaf, end, activity[c.basket][n], n)) for n, end in enumerate((c.before, c.after))
    )
    both = list(zip(before, after, strict=True))
    return Part(f"{c.id}|{leaf.fuel}", tuple(_first(a, b) for a, b in both), tuple(_first(b, a) for a, b in both))


def _first(own: Decimal | None, other: Decimal | None) -> Decimal:
    """A factor at one end; what is undefined there is as at the other."""
    return own if own is not None else other if other is not None else ZERO


def _chain(what: What, leaf: _Leaf, end: End, whole: Decimal, n: int) -> Iterator[Decimal | None]:
    """Activity, share, intensity, fuel's share and emission factor, as far as the question has them."""
    if not what.endswith("intensity"):
        yield whole
    made, used = end.activity or ZERO, end.used
    yield _over(made, whole)
    yield _over(used, made)
    if what.startswith("co2"):
        fuel = end.energy.get(leaf.fuel, ZERO)
        yield _over(fuel, used)
        yield _over(leaf.amounts[n], fuel)


def _parts(
    factors: Sequence[str], leaves: Sequence[_Leaf], raw: Mapping[str, Mapping[str, Decimal]], scale: Pair,
    zeros: Mapping[str, tuple[str, ...]],
) -> list[PartMoved]:  # fmt: skip
    """Effects of each part, its fuels summed, rounded so that they sum to its change."""
    of: dict[str, list[_Leaf]] = {}
    for leaf in leaves:
        of.setdefault(leaf.part.id, []).append(leaf)
    found = []
    for part, mine in of.items():
        ends = [_quantised(CONTEXT.divide(sum((x.amounts[n] for x in mine), ZERO), scale[n])) for n in (0, 1)]
        cells = [_quantised(sum((raw[f][f"{part}|{x.fuel}"] for x in mine), ZERO)) for f in factors]
        borne = dict.fromkeys(z for x in mine for z in zeros.get(f"{part}|{x.fuel}", ()))
        found.append(PartMoved(part, ends[0], ends[1], to_largest(cells, ends[1] - ends[0]), tuple(borne)))
    return found


def to_largest(cells: Sequence[Decimal], change: Decimal) -> tuple[Decimal, ...]:
    """Cells that sum to the change: what rounding left goes to the largest, the first of equals."""
    left = change - sum(cells, ZERO)
    largest = max(range(len(cells)), key=lambda n: (abs(cells[n]), -n))
    return tuple(c + left if n == largest else c for n, c in enumerate(cells))


def _closed(parts: list[PartMoved], change: Decimal) -> list[PartMoved]:
    """Parts whose effects sum to the change; only quotients, whose parts are rounded one by one, leave anything."""
    left = change - sum((p.change for p in parts), ZERO)
    if not left:
        return parts
    place = max(range(len(parts)), key=lambda n: (max(map(abs, parts[n].effects)), parts[n].after))
    p = parts[place]
    own = PartMoved(p.id, p.before, p.after, to_largest(p.effects, p.change + left), p.zeros)
    return [*parts[:place], own, *parts[place + 1 :]]


def _ratio(effect: Decimal, weight: Decimal) -> Decimal | None:
    return _quantised(CONTEXT.exp(CONTEXT.divide(effect, weight))) if weight else None


def _share(part: Decimal, whole: Decimal) -> Decimal | None:
    found = _over(part, whole)
    return None if found is None else _quantised(found)


def _over(a: Decimal, b: Decimal) -> Decimal | None:
    """A quotient; None over nought."""
    return CONTEXT.divide(a, b) if b else None


def _quantised(value: Decimal) -> Decimal:
    return CONTEXT.quantize(value, STEP)
