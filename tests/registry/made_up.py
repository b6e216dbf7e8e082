"""Synthetic units, and the instants of three days on which things are recorded."""

from __future__ import annotations

from datetime import UTC, date, datetime

from stdnum.cn import uscc

from shuangkong.registry.api import UnitEntry

MONDAY = datetime(2026, 1, 5, 8, tzinfo=UTC)
TUESDAY = datetime(2026, 1, 6, 8, tzinfo=UTC)
WEDNESDAY = datetime(2026, 1, 7, 8, tzinfo=UTC)


def made_up_uscc(number: int) -> str:
    """A synthetic USCC with its check digit, of a region that does not exist."""
    stem = f"91990000{number:09d}"
    return stem + str(uscc.calc_check_digit(stem))


def made_up_unit(number: int, lies_in: str = "130102", **more: object) -> UnitEntry:
    """A synthetic unit from 2024 on."""
    values: dict[str, object] = {
        "name_zh": f"合成单位{number}",
        "lies_in": lies_in,
        "valid_from": date(2024, 1, 1),
        "uscc": made_up_uscc(number),
        "industry_code": "3011",
        "industry_edition": "2017",
        "unit_class": "key_unit",
        "synthetic": True,
    }
    return UnitEntry(**(values | more))  # type: ignore[arg-type]
