"""The choices that an account depends on (核算选项): read from what a person wrote, or refused with what there is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from shuangkong.accounting.factors import GRID, NATION, Given, editions, grid_editions, guides
from shuangkong.accounting.methods import Method
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.numbers import parse_decimal
from shuangkong.kernel.periods import Period
from shuangkong.policy.api import Pack, PackSet
from shuangkong.registry.api import region_path

_NATION_NAMES = ("", NATION, "全国", "nation")


@dataclass(frozen=True, slots=True)
class Choices:
    """Method, place (region codes from the nation down), period, the user's own coefficients, and as known when."""

    method: Method
    known: date
    path: tuple[str, ...] = (NATION,)
    period: Period | None = None
    given: Given = field(default_factory=Given)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was written for each option; empty where the option was left out."""

    edition: str = ""
    basis: str = ""
    guide: str = ""
    grid: str = ""
    period: str = ""
    electricity: str = ""
    heat: str = ""


def choices(packs: PackSet, wanted: Wanted, known: date) -> Choices:
    """The choices that were written, checked against the packs; raises ACC-001, PER-001 or REG-001.

    Edition and basis have no default: a default would hide that another choice gives another figure.
    """
    edition = _named("--edition", wanted.edition, editions(packs))
    if wanted.basis not in ("calorific", "primary"):
        problem = f"“{wanted.basis}” is no basis." if wanted.basis else "the basis of power and heat is not named."
        remedy = "Name calorific (当量值) or primary (等价值); the two give different figures."
        raise UserError("ACC-001", problem, where="--basis", remedy=remedy)
    _only_primary(wanted)
    guide = _named("--carbon-guide", wanted.guide, guides(packs)) if wanted.guide else ""
    period = Period.parse(wanted.period) if wanted.period else None
    grid, path = _grid(packs, wanted.grid, period.last_day if period else known)
    method = Method(edition, "primary" if wanted.basis == "primary" else "calorific", guide, grid)
    given = Given(
        _coefficient("--electricity-coefficient", wanted.electricity, "0.3 kgce/kWh"),
        _coefficient("--heat-coefficient", wanted.heat, "0.0341 kgce/MJ"),
    )
    return Choices(method, known, path, period, given)


def _only_primary(wanted: Wanted) -> None:
    """Refuse a coefficient of primary value beside the calorific basis, which has no use for it."""
    coefficients = {"--electricity-coefficient": wanted.electricity, "--heat-coefficient": wanted.heat}
    for option, text in coefficients.items():
        if text and wanted.basis != "primary":
            problem = f"it converts by primary value (等价值), and the basis is {wanted.basis}."
            raise UserError("ACC-001", problem, where=option, remedy="Leave it out, or write --basis primary.")


def _named(option: str, text: str, there: Mapping[str, Pack]) -> str:
    """The key of the pack that is called `text`: id, id-edition, id@edition or the name of its folder."""
    found = []
    for key, pack in there.items():
        names = (key, pack.key, f"{pack.id}-{pack.edition}", pack.origin.rsplit("/", 1)[-1])
        if text in names:
            return key
        if text == pack.id:
            found.append(key)
    if len(found) == 1:
        return found[0]
    problem = f"there is no “{text}”." if text else "it is not named."
    if found:
        problem = f"“{text}” has {len(found)} editions."
    raise UserError("ACC-001", problem, where=option, remedy=f"Known: {', '.join(sorted(there)) or 'none'}.")


def _grid(packs: PackSet, text: str, day: date) -> tuple[str, tuple[str, ...]]:
    if not text:
        return "", (NATION,)
    year, at, place = text.partition("@")
    if year not in grid_editions(packs):
        years = ", ".join(grid_editions(packs)) or "none"
        remedy = f"Data years: {years}; write YEAR for the national average or YEAR@REGION."
        raise UserError("ACC-001", f"there is no grid factor of “{year}”.", where="--grid-factor", remedy=remedy)
    if at and not place.strip():
        remedy = f"Write {year} for the national average, or {year}@REGION."
        raise UserError("ACC-001", f"“{text}” names no region after @.", where="--grid-factor", remedy=remedy)
    if place in _NATION_NAMES:
        return year, (NATION,)
    if any(row.key == (place,) for row in packs.parameters(GRID).values):
        return year, region_path(place, day) if place.isdigit() else (NATION, place)
    return year, region_path(place, day)


def _coefficient(option: str, text: str, example: str) -> Decimal | None:
    if not text:
        return None
    value = parse_decimal(text)
    if value is None or value <= 0:
        raise UserError("ACC-001", f"“{text}” is no coefficient.", where=option, remedy=f"Write it as in {example}.")
    return value
