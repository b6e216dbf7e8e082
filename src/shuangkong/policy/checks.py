"""Checks across packs: references that no pack here answers. Pure; packs in, flaws out."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from typing import Literal

from shuangkong.kernel.flaws import Flaw
from shuangkong.kernel.labels import Label
from shuangkong.policy.model import Pack
from shuangkong.policy.packset import PackSet
from shuangkong.policy.words import Words, said

#: What it is that no pack declares.
Missing = Literal["document", "edition", "indicator", "product", "carrier", "unit"]


def unanswered(packs: PackSet, indicators: Iterable[str] = ()) -> tuple[Flaw, ...]:
    """Documents, indicators, products and carriers that a pack names and no pack here declares.

    `indicators` are ids that the program itself computes. Each flaw is a warning: the pack may be meant to
    be read together with others.
    """
    ids = {p.id for p in packs.packs}
    keys = {p.key for p in packs.packs}
    names = {*packs.indicators, *indicators}
    return tuple(flaw for pack in packs.packs for flaw in (*_documents(pack, ids, keys), *_entries(pack, packs, names)))


def unregistered(packs: Iterable[Pack], registered: Container[str]) -> tuple[Flaw, ...]:
    """Single units that targets name by a unified social credit code with which no unit is registered.

    `registered` holds the codes that are. Such a target binds nobody until the unit is registered.
    """
    return tuple(
        flaw
        for pack in packs
        for flaw in _missing(
            pack, ((t.subject.uscc, t.slug) for t in pack.targets if t.subject.uscc), registered, "unit"
        )
    )


def _documents(pack: Pack, ids: set[str], keys: set[str]) -> Iterator[Flaw]:
    doc = pack.instrument
    higher = [(name, "carries_out") for name in doc.carries_out]
    earlier = [(name, "supersedes") for name in doc.supersedes]
    yield from _missing(pack, higher, ids, "document")
    yield from _missing(pack, earlier, keys, "edition")


def _entries(pack: Pack, packs: PackSet, names: set[str]) -> Iterator[Flaw]:
    indicators = [(t.indicator, t.slug) for t in pack.targets]
    products = [(u.product, t.slug) for t in pack.targets if (u := t.subject.units) and u.product]
    carriers = [
        (row.key[p.key.index("carrier")], p.id) for p in pack.parameters if "carrier" in p.key for row in p.values
    ]
    yield from _missing(pack, indicators, names, "indicator")
    yield from _missing(pack, products, packs.products, "product")
    yield from _missing(pack, carriers, packs.carriers, "carrier")


def _missing(pack: Pack, asked: Iterable[tuple[str, str]], there: Container[str], what: Missing) -> Iterator[Flaw]:
    """One flaw per name that is not there, naming the first entry that asks for it and how many do."""
    wanted: dict[str, dict[str, None]] = {}
    for name, entry in asked:
        if name not in there:
            wanted.setdefault(name, {})[entry] = None
    for name, entries in wanted.items():
        words = _words(what, name, len(entries))
        yield Flaw(
            code=words.code,
            severity="warn",
            subject=f"{pack.key}:{next(iter(entries))}",
            message=words.message.in_("en"),
            evidence={"name": name, "entries": list(entries), "missing": what},
            remedy=words.remedy.in_("en"),
        )


def words_of_flaw(flaw: Flaw) -> Words:
    """The words of a flaw of `unanswered` or `unregistered`."""
    entries = flaw.evidence["entries"]
    return _words(
        str(flaw.evidence["missing"]), str(flaw.evidence["name"]), len(entries if isinstance(entries, list) else [])
    )


def _words(what: str, name: str, entries: int) -> Words:
    more = Label(f"（{entries} 处）", f" ({entries} entries)") if entries > 1 else ""
    if what == "document":
        return said("PACK-005", "no_document", name=name, more=more)
    if what == "edition":
        return said("PACK-005", "no_edition", name=name, more=more)
    if what == "product":
        return said("PACK-005", "no_product", name=name, more=more)
    if what == "carrier":
        return said("PACK-005", "no_carrier", name=name, more=more)
    if what == "unit":
        return said("PACK-005", "no_unit", name=name, more=more)
    return said("PACK-005", "no_indicator", name=name, more=more)
