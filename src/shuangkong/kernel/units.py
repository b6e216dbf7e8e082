"""Units of measurement (计量单位): names people write, dimensions, and exact factors to the base unit."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from importlib import resources

import yaml

from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit: `factor` base units of its dimension."""

    id: str
    dimension: str
    factor: Decimal
    label: Label


@lru_cache(maxsize=1)
def _catalogue() -> tuple[dict[str, Unit], dict[str, str]]:
    text = resources.files("shuangkong.kernel").joinpath("units.yaml").read_text("utf-8")
    data = yaml.safe_load(text)
    by_name: dict[str, Unit] = {}
    for row in data["units"]:
        unit = Unit(row["id"], row["dimension"], Decimal(row["factor"]), Label(row["zh"], row["en"]))
        for name in (row["id"], row["zh"], row["en"], *row["aliases"]):
            by_name.setdefault(_fold(name), unit)
    return by_name, {d: v["base"] for d, v in data["dimensions"].items()}


def _fold(name: str) -> str:
    return unicodedata.normalize("NFKC", name).replace(" ", "").casefold()


@lru_cache(maxsize=4096)
def unit(name: str) -> Unit:
    """The unit that people call `name` (id, Chinese or English name); raises UNIT-001."""
    found = _catalogue()[0].get(_fold(name))
    if found is None:
        raise UserError(
            "UNIT-001",
            f"“{name}” is not a known unit.",
            remedy="Write a unit such as 吨, 万吨, 万立方米, 万千瓦时, 吉焦, tce or 亿元.",
            case="unknown",
            facts={"name": name[:40]},
        )
    return found


def base_of(dimension: str) -> Unit:
    """The unit in which amounts of a dimension are stored."""
    return unit(_catalogue()[1][dimension])


def all_units() -> tuple[Unit, ...]:
    """Every unit once, in the order of the catalogue."""
    return tuple(dict.fromkeys(_catalogue()[0].values()))


def convert(value: Decimal, source: str, target: str) -> Decimal:
    """`value` in `source` as an exact number of `target`; raises UNIT-001 across dimensions."""
    a, b = unit(source), unit(target)
    if a.dimension != b.dimension:
        raise UserError(
            "UNIT-001",
            f"{a.label.zh} ({a.dimension}) cannot be expressed in {b.label.zh} ({b.dimension}).",
            remedy="Check that the unit stands in the column of its own quantity.",
            case="other",
            facts={"a": a.label, "b": b.label},
        )
    return value * a.factor / b.factor
