"""Checks across packs: references that no pack here answers. Pure; packs in, flaws out."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator

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
    return tuple(flaw for pack in packs.packs for flaw in (*_documents(pack, ids, keys), *_entries(pack, packs, names)))


def _documents(pack: Pack, ids: set[str], keys: set[str]) -> Iterator[Flaw]:
    doc = pack.instrument
    higher = [(name, "carries_out") for name in doc.carries_out]
    earlier = [(name, "supersedes") for name in doc.supersedes]
    yield from _missing(pack, higher, ids, "no pack here has this id")
    yield from _missing(pack, earlier, keys, "no pack here has this id and edition")


def _entries(pack: Pack, packs: PackSet, names: set[str]) -> Iterator[Flaw]:
    indicators = [(t.indicator, t.slug) for t in pack.targets]
    products = [(u.product, t.slug) for t in pack.targets if (u := t.subject.units) and u.product]
    carriers = [
        (row.key[p.key.index("carrier")], p.id) for p in pack.parameters if "carrier" in p.key for row in p.values
    ]
    yield from _missing(pack, indicators, names, "the indicator is declared nowhere")
    yield from _missing(pack, products, packs.products, "the product is declared nowhere")
    yield from _missing(pack, carriers, packs.carriers, "the carrier is declared nowhere")


def _missing(pack: Pack, asked: Iterable[tuple[str, str]], there: Container[str], what: str) -> Iterator[Flaw]:
    """One flaw per name that is not there, naming the first entry that asks for it and how many do."""
    wanted: dict[str, dict[str, None]] = {}
    for name, entry in asked:
        if name not in there:
            wanted.setdefault(name, {})[entry] = None
    for name, entries in wanted.items():
        more = f" ({len(entries)} entries)" if len(entries) > 1 else ""
        yield Flaw(
            code="PACK-005",
            severity="warn",
            subject=f"{pack.key}:{next(iter(entries))}",
            message=f"“{name}”: {what}{more}.",
            evidence={"name": name, "entries": list(entries)},
            remedy="Add the pack that declares it, or correct the name.",
        )
