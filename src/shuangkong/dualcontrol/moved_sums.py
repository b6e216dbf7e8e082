"""A change taken apart, as it is shown (分解结果的汇总): few digits that still add up, and parts summed by groups."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from shuangkong.dualcontrol.moved import to_largest
from shuangkong.dualcontrol.moved_model import CONTEXT, ZERO, Moved, PartMoved


def shown_effects(found: Moved, places: int) -> tuple[Decimal, Decimal, tuple[Decimal, ...]]:
    """Levels and effects (the rest last) with so few places, such that they still sum to the change that is shown.

    Each is rounded by itself; what that leaves goes to the largest effect.
    """
    step = Decimal(1).scaleb(-places)
    before, after = (CONTEXT.quantize(x, step) for x in (found.before, found.after))
    return (
        before,
        after,
        to_largest([CONTEXT.quantize(x, step) for x in (*found.effects, found.rest)], after - before),
    )


def grouped_parts(found: Moved, group: Mapping[str, str]) -> tuple[PartMoved, ...]:
    """Parts summed by what they belong to (industry, region), the largest change first; exact, as effects add up."""
    of: dict[str, list[PartMoved]] = {}
    for p in found.parts:
        of.setdefault(group.get(p.id, ""), []).append(p)
    rows = [
        PartMoved(
            name, sum((p.before for p in mine), ZERO), sum((p.after for p in mine), ZERO),
            tuple(sum(cells, ZERO) for cells in zip(*(p.effects for p in mine), strict=True)),
            tuple(dict.fromkeys(z for p in mine for z in p.zeros)),
        )
        for name, mine in of.items()
    ]  # fmt: skip
    return tuple(sorted(rows, key=lambda p: (-abs(p.change), p.id)))
