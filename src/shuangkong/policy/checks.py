"""Checks across packs: references that no pack here answers. Pure; packs in, flaws out."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from shuangkong.kernel.flaws import Flaw
from shuangkong.policy.model import Pack
from shuangkong.policy.packset import PackSet


def unanswered(packs: PackSet, indicators: Iterable[str] = ()) -> tuple[Flaw, ...]:
    """Documents, indicators, products and carriers that a pack names and no pack here declares.

    `indicators` are ids that the program itself computes. Each flaw is a warning: the pack may be meant to
    be read together with others.
    """
    ids = {p.id for p in packs.packs}
    keys = {p.key for p in packs.packs}
    names = {*packs.indicators, *indicators}
    flaws: list[Flaw] = []
    for pack in packs.packs:
        doc = pack.instrument
        flaws += _missing(pack, "carries_out", doc.carries_out, ids.__contains__, "no pack here has this id")
        flaws += _missing(pack, "supersedes", doc.supersedes, keys.__contains__, "no pack here has this id and edition")
        for target in pack.targets:
            asked = (target.indicator,)
            flaws += _missing(pack, target.slug, asked, names.__contains__, "the indicator is declared nowhere")
            units = target.subject.units
            product = (units.product,) if units and units.product else ()
            flaws += _missing(
                pack, target.slug, product, packs.products.__contains__, "the product is declared nowhere"
            )
        flaws += _carriers(pack, packs)
    return tuple(flaws)


def _carriers(pack: Pack, packs: PackSet) -> list[Flaw]:
    flaws: list[Flaw] = []
    for parameter in pack.parameters:
        if "carrier" not in parameter.key:
            continue
        place = parameter.key.index("carrier")
        asked = dict.fromkeys(row.key[place] for row in parameter.values)
        flaws += _missing(pack, parameter.id, asked, packs.carriers.__contains__, "the carrier is declared nowhere")
    return flaws


def _missing(pack: Pack, entry: str, asked: Iterable[str], there: Callable[[str], bool], what: str) -> list[Flaw]:
    return [
        Flaw(
            code="PACK-005",
            severity="warn",
            subject=f"{pack.key}:{entry}",
            message=f"“{name}”: {what}.",
            evidence={"name": name},
            remedy="Add the pack that declares it, or correct the name.",
        )
        for name in asked
        if not there(name)
    ]
