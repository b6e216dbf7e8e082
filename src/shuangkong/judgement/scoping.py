"""Whom a decision table is about (适用范围), told of one subject by its codes: inside, outside, or not known."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from shuangkong.kernel.errors import UserError
from shuangkong.policy.api import NATION, Pack, TableEntry, said
from shuangkong.registry import api as registry

#: Columns of a file that say where a subject lies and what it is; each may be left out.
SCOPE_COLUMNS = ("region_code", "industry_code", "unit_class")
OUT_OF_SCOPE = "out_of_scope"
_SECTIONS = "ABCDEFGHIJKLMNOPQRST"
_EDITIONS = ("2017", "2011")


def in_scope(pack: Pack, table: TableEntry, subject: Mapping[str, object], day: date, where: str) -> bool | None:
    """Whether the table is about a subject; null where a column that would tell is not given. Raises RULE-007.

    Regions hold all that lies in them on the day; an industry holds every code of GB/T 4754 that begins with it. A
    table without regions of its own is about those of its document. A field of the register that the scope names is
    told by the column of that name.
    """
    scope = table.scope
    region, industry, class_ = (str(v) if (v := subject.get(c)) else "" for c in SCOPE_COLUMNS)
    places = (scope.regions if scope else ()) or (pack.instrument.region,)
    told = [True if NATION in places else bool({*places} & _above(region, day, where)) if region else None]
    if scope is not None and scope.levels:
        told.append(_level(region, day) in scope.levels if region else None)
    if scope is not None and scope.industry:
        told.append(any(_within(industry, wanted) for wanted in scope.industry) if industry else None)
    for name, wanted in (scope.fields if scope is not None else {}).items():
        value = subject.get(name)
        told.append(None if value in (None, "") else str(value).lower() in wanted or str(value) in wanted)
    if scope is not None and scope.class_ != "all":
        told.append(class_ == scope.class_ if class_ else None)
    return False if False in told else None if None in told else True


def _above(code: str, day: date, where: str) -> set[str]:
    """The region and those it lies in; codes that GB/T 2260 does not have on the day are read by their digits."""
    if len(code) != 6 or not (code.isascii() and code.isdigit()):
        raise said("RULE-007", "region", text=code[:20]).at(where)
    try:
        return set(registry.region_path(code, day))
    except UserError:
        return {code, f"{code[:4]}00", f"{code[:2]}0000", NATION}


def _level(code: str, day: date) -> str:
    try:
        return registry.find_region(code, day).level
    except UserError:
        return ""


def _within(code: str, wanted: str) -> bool:
    """Whether a code of GB/T 4754 lies in a wanted one; the letter of the section may stand in front of either."""
    digits = code.lstrip(_SECTIONS)
    if wanted.lstrip(_SECTIONS):
        return digits.startswith(wanted.lstrip(_SECTIONS))
    return wanted in (code[:1], _section(digits))


def _section(digits: str) -> str:
    for edition in _EDITIONS:
        try:
            return registry.industry_path(registry.industry(digits, edition))[0]
        except UserError:
            continue
    return ""
