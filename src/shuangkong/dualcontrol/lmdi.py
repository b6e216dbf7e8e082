"""Why a figure moved (因素分解): LMDI-I of a change into its factors, additive and multiplicative, without residual.

An amount is a sum over parts (industries, fuels), each a product of factors: energy = activity × structure × intensity,
CO2 = … × fuel mix × emission factor. B. W. Ang, Energy Policy 33 (2005) 867-871: a part's change is shared among its
factors by the logarithmic mean of its amounts.

Where a factor is zero at one end it is replaced by a small amount (Ang, Zhang & Choi 1998), which is the limit of the
method; the limit is taken here in closed form, and parts that appeared or vanished are named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal

#: Doubles would give fifteen digits; shares of a nation's energy are published with more sums than that bears.
_CONTEXT = Context(prec=34)
_ZERO = Decimal(0)
#: Below this a quotient of two small figures has lost too many digits.
_NEAR = Decimal("1e-12")


@dataclass(frozen=True, slots=True)
class Part:
    """One part at two times: its factors in the order of their names. Their product is its amount; none is negative."""

    name: str
    before: tuple[Decimal, ...]
    after: tuple[Decimal, ...]


@dataclass(frozen=True, slots=True)
class Effect:
    """What one factor did: `amount` in the unit of the whole, `ratio` of the multiplicative form, and by part."""

    factor: str
    amount: Decimal
    ratio: Decimal | None
    by_part: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Decomposition:
    """A change taken apart. `effects` sum to `after - before`; their ratios multiply to `after ÷ before`.

    `appeared` and `vanished` are parts with nothing at one end; `zero_factors` of them are the factors (by part) whose
    zero made it so, and which therefore bear the whole change of the part.
    """

    before: Decimal
    after: Decimal
    effects: tuple[Effect, ...]
    appeared: tuple[str, ...]
    vanished: tuple[str, ...]
    zero_factors: Mapping[str, tuple[str, ...]]

    @property
    def change(self) -> Decimal:
        """After less before."""
        return self.after - self.before


def decompose(factors: Sequence[str], parts: Sequence[Part], *, step: Decimal = Decimal("0.000001")) -> Decomposition:
    """The change of the sum over parts, by factor; amounts are quantised to `step` so that they add up exactly.

    The rounding difference goes to the largest effect: it is below `step` times the number of factors. Raises
    ValueError for a negative factor or a part with another number of factors.
    """
    for part in parts:
        if not len(part.before) == len(part.after) == len(factors):
            raise ValueError(f"part {part.name} has not {len(factors)} factors")
        if any(x < 0 for x in (*part.before, *part.after)):
            raise ValueError(f"part {part.name} has a factor below nought")
    start = {p.name: _product(p.before) for p in parts}
    end = {p.name: _product(p.after) for p in parts}
    if len(start) != len(parts):
        raise ValueError("two parts have one name")
    before, after = sum(start.values(), _ZERO), sum(end.values(), _ZERO)
    zeros: dict[str, tuple[str, ...]] = {}
    raw: list[dict[str, Decimal]] = [{} for _ in factors]
    # parts share their first factor: its logarithm, the dearest step, is taken once
    known: dict[tuple[Decimal, Decimal], Decimal] = {}
    for part in parts:
        shares, zero = _shares(part, start[part.name], end[part.name], known)
        if zero:
            zeros[part.name] = tuple(factors[n] for n in zero)
        for n, share in enumerate(shares):
            raw[n][part.name] = share
    sums = [sum(r.values(), _ZERO) for r in raw]
    whole = mean(before, after)
    ratios = [
        None if not whole else _CONTEXT.exp(_CONTEXT.divide(s, whole)) for s in sums
    ] if before and after else [None] * len(factors)  # fmt: skip
    amounts = _closing([_CONTEXT.quantize(s, step) for s in sums], _CONTEXT.quantize(after - before, step))
    return Decomposition(
        before, after,
        tuple(Effect(f, a, r, by) for f, a, r, by in zip(factors, amounts, ratios, raw, strict=True)),
        tuple(n for n in start if not start[n] and end[n]), tuple(n for n in start if start[n] and not end[n]), zeros,
    )  # fmt: skip


def mean(a: Decimal, b: Decimal) -> Decimal:
    """The logarithmic mean: (a − b) ÷ ln(a ÷ b), a where both are equal, nought where one of them is."""
    if not a or not b:
        return _ZERO
    if a == b:
        return a
    ratio = _CONTEXT.divide(a, b)
    far = abs(ratio - 1)
    # near one the quotient loses digits: its series does not
    if far < _NEAR:
        return _CONTEXT.multiply(b, 1 + (ratio - 1) / 2 - (ratio - 1) ** 2 / 12)
    return _CONTEXT.divide(_CONTEXT.subtract(a, b), _CONTEXT.ln(ratio))


def _shares(
    part: Part, start: Decimal, end: Decimal, known: dict[tuple[Decimal, Decimal], Decimal]
) -> tuple[list[Decimal], list[int]]:
    """What each factor did to one part, and which factors were zero at one end. known: logarithms of quotients."""
    count = len(part.before)
    if not start and not end:
        return [_ZERO] * count, []
    if start and end:
        logs = []
        for pair in zip(part.after, part.before, strict=True):
            if pair not in known:
                known[pair] = _log(*pair)
            logs.append(known[pair])
        # the logarithm of the amounts' quotient is the sum of those of the factors; near nought it has too few digits
        whole = _ZERO
        for x in logs:
            whole = _CONTEXT.add(whole, x)
        weight = _CONTEXT.divide(end - start, whole) if abs(whole) > _NEAR else mean(end, start)
        return [_CONTEXT.multiply(weight, x) for x in logs], []
    # one end is nought: as the small amount in place of the zeros goes to nought, ln(0 → x) outgrows every other
    # factor, so the zeros share the part's change by how many they are
    low = part.before if not start else part.after
    zero = [n for n, x in enumerate(low) if not x]
    high = part.after if not start else part.before
    moved = [n for n in zero if high[n]]
    change = _CONTEXT.divide(end - start, Decimal(len(moved)))
    return [change if n in moved else _ZERO for n in range(count)], moved


def _log(after: Decimal, before: Decimal) -> Decimal:
    return _ZERO if after == before else _CONTEXT.ln(_CONTEXT.divide(after, before))


def _product(factors: Sequence[Decimal]) -> Decimal:
    found = Decimal(1)
    for f in factors:
        found = _CONTEXT.multiply(found, f)
    return found


def _closing(amounts: list[Decimal], change: Decimal) -> list[Decimal]:
    """Amounts that sum to the change: what rounding left goes to the largest of them."""
    if not amounts:
        return amounts
    left = change - sum(amounts, _ZERO)
    largest = max(range(len(amounts)), key=lambda n: (abs(amounts[n]), -n))
    return [a + left if n == largest else a for n, a in enumerate(amounts)]


def intensity_parts(
    names: Sequence[str], activity: tuple[Mapping[str, Decimal], Mapping[str, Decimal]],
    amount: tuple[Mapping[str, Decimal], Mapping[str, Decimal]],
) -> tuple[tuple[str, ...], tuple[Part, ...]]:  # fmt: skip
    """Factors and parts of activity × structure × intensity from activity (value added) and amount (energy) by part.

    A part with amount and no activity has no intensity: ValueError names it.
    """
    sums = [sum((a[n] for n in names), _ZERO) for a in activity]
    parts = []
    for name in names:
        ends = []
        for time in (0, 1):
            made, used = activity[time][name], amount[time][name]
            if used and not made:
                raise ValueError(f"{name} used {used} and made nothing: it has no intensity")
            ends.append((
                sums[time], _CONTEXT.divide(made, sums[time]) if sums[time] else _ZERO,
                _CONTEXT.divide(used, made) if made else _ZERO,
            ))  # fmt: skip
        parts.append(Part(name, *ends))
    return ("activity", "structure", "intensity"), tuple(parts)
