"""Units as documents print them (文件中的单位), as units of the kernel: 亿吨 is 10000 of 10k_t, 家 is an item."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from shuangkong.kernel.errors import UserError
from shuangkong.kernel.units import unit
from shuangkong.policy.reading.values import COUNTED

_GREAT = (("万亿", 12), ("亿", 8), ("千万", 7), ("百万", 6), ("万", 4), ("千", 3), ("百", 2), ("", 0))
#: Multiples that units of the kernel have of their own, greatest first.
_STEPS = (("亿", 8), ("万", 4), ("", 0))
#: Units that are no combination of known names: how many of which unit one of them is, and its dimension.
_OTHERS = {
    "倍": ("1", Decimal(1), "share"), "‰": ("%", Decimal("0.1"), "share"),
    "蒸吨/小时": ("t/h", Decimal(1), "mass/hours"), "蒸吨": ("t/h", Decimal(1), "mass/hours"),
}  # fmt: skip
_PER = re.compile(r"/|每(?=[一-鿿a-zA-Z])")


@dataclass(frozen=True, slots=True)
class PrintedUnit:
    """The unit of the kernel, how many of it one of the printed is, and whether the kernel knows it."""

    unit: str
    factor: Decimal = Decimal(1)
    known: bool = True
    dimension: str | None = None


def printed_unit(printed: str) -> PrintedUnit:
    """The unit that a document prints; one that the kernel has not stays as printed, `known` is false then."""
    if not printed:
        return PrintedUnit("1", dimension="share")
    if printed in _OTHERS:
        unit_, factor, dimension = _OTHERS[printed]
        return PrintedUnit(unit_, factor, dimension=dimension)
    above, *below = _PER.split(printed.removesuffix("·年"))
    top = _atom(above)
    parts = [_atom(b) for b in below]
    if top is None or any(p is None or p.factor != 1 for p in parts):
        return PrintedUnit(printed, known=False)
    atoms = [p for p in parts if p is not None]
    dimension = "/".join([top.dimension or "", *(a.dimension or "" for a in atoms)])
    return PrintedUnit("/".join([top.unit, *(a.unit for a in atoms)]), top.factor, True, dimension)


def dimension_of(unit_text: str) -> str | None:
    """The dimension of a pack's unit such as kgce/t, or None where a part of it is not known."""
    try:
        return "/".join(unit(part).dimension for part in unit_text.split("/"))
    except UserError:
        return None


def _atom(text: str) -> PrintedUnit | None:
    found = _known(text)
    if found:
        return found
    for word, power in _GREAT:
        rest = text.removeprefix(word)
        if not text.startswith(word) or not rest:
            continue
        for step, less in _STEPS:
            if less > power or (word == step and not power):
                continue
            known = _known(step + rest) or (_known(f"{step}个") if COUNTED.fullmatch(rest) else None)
            if known:
                return PrintedUnit(known.unit, Decimal(10) ** (power - less), True, known.dimension)
    # 吨级 is a size, not a count
    return _known("个") if COUNTED.fullmatch(text) and not text.endswith("级") else None


def _known(text: str) -> PrintedUnit | None:
    try:
        found = unit(text)
    except UserError:
        return None
    return PrintedUnit(found.id, dimension=found.dimension)
