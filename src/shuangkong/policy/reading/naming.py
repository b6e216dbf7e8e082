"""Which indicator of the catalogue a printed name means (指标对照), where that is certain."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from shuangkong.kernel.labels import Label
from shuangkong.policy.packset import PackSet
from shuangkong.policy.reading.printed_units import dimension_of
from shuangkong.policy.strict_yaml import parse_yaml

_ASIDE = re.compile(r"（(?:力争|年均|每年)）$")
_SIGNS = re.compile(r"[“”\"'‘’《》\s、，·]|的(?=[一-鿿])")
_WHOLE = re.compile(r"^(?:全省|全市|全国|全区|全县|全州|我省|我市|我区|我县|本省|本市|本区)")


@dataclass(frozen=True, slots=True)
class Known:
    """An indicator of the catalogue: its id, its label and its unit."""

    id: str
    label: Label
    unit: str


@dataclass(frozen=True, slots=True)
class Names:
    """Indicators by the names that documents may print; a name of two indicators is none of either."""

    by_name: Mapping[str, tuple[Known, ...]] = field(default_factory=dict)
    by_id: Mapping[str, Known] = field(default_factory=dict)

    def called(self, printed: str, place: str | None = None) -> Known | None:
        """The one indicator that a printed name means; `place` is the document's own region, which may lead it."""
        found = self.by_name.get(plain_name(printed, place), ())
        return found[0] if len(found) == 1 else None


def names_of(packs: PackSet | None) -> Names:
    """The names of what packs declare and, where they were read with a catalogue, of what the program computes."""
    if packs is None:
        return Names()
    return indexed(known_indicators(packs))


def known_indicators(packs: PackSet) -> Iterable[Known]:
    """Every indicator that targets can name, with its label and unit; what is computed comes first."""
    computed = {n: b for (source, n), b in (packs.catalogue or {}).items() if source == "indicator"}
    yield from (Known(n, b.label, b.unit) for n, b in computed.items())
    yield from (Known(n, d.label.label, d.unit) for n, d in packs.indicators.items() if n not in computed)


def indexed(known: Iterable[Known]) -> Names:
    """The names of these indicators: their labels, and the aliases of the data file."""
    by_id = {k.id: k for k in known}
    found: dict[str, dict[str, Known]] = {}
    aliases: Mapping[str, list[str]] = _data()["aliases"]
    for one in by_id.values():
        for name in (one.label.zh, *aliases.get(one.id, ())):
            found.setdefault(plain_name(name), {})[one.id] = one
    return Names({n: tuple(ks.values()) for n, ks in found.items()}, by_id)


def plain_name(printed: str, place: str | None = None) -> str:
    """A name as names are compared: without quotes, asides and the words for the whole region."""
    name = _ASIDE.sub("", unicodedata.normalize("NFKC", printed).replace("(", "（").replace(")", "）"))
    name = _SIGNS.sub("", name)
    if place:
        for lead in (place, re.sub("[省市县区]$", "", place)):
            name = name.removeprefix(lead) if len(name) > len(lead) + 2 else name
    name = _WHOLE.sub("", name)
    for first, *others in _data()["same"]:
        for other in sorted(others, key=len, reverse=True):
            name = name.replace(other, first)
    return name


def goes_with(unit: str, dimension: str | None, relative: bool) -> bool:
    """Whether a target in a unit of this dimension can be about an indicator in `unit`; what is not known may be."""
    own = dimension_of(unit)
    if relative and dimension in ("share", "points"):
        return dimension == "share" or own in ("share", None)
    return own is None or dimension is None or own == dimension


@cache
def _data() -> dict[str, Any]:
    """The data file: `same` (words for one thing) and `aliases` (names by id)."""
    name = "indicator_names.yaml"
    parsed = parse_yaml(name, resources.files("shuangkong.policy.reading").joinpath(name).read_bytes(), loose=True)
    data: dict[str, Any] = parsed.root  # type: ignore[assignment]
    return data
