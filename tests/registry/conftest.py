"""Registry databases to test on: SQLite always, PostgreSQL where one is named."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from stdnum.cn import uscc

from shuangkong.engine.api import METADATA, connect, writing
from shuangkong.registry.api import UnitEntry, ensure_regions

MONDAY = datetime(2026, 1, 5, 8, tzinfo=UTC)
TUESDAY = datetime(2026, 1, 6, 8, tzinfo=UTC)
WEDNESDAY = datetime(2026, 1, 7, 8, tzinfo=UTC)

#: Haidong before and after 2013, a county moved between districts, directly administered places, two neighbours.
SOME = ("630200", "630203", "500110", "500222", "429004", "110105", "130102", "130181", "130200", "130202", "130203")


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


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.service)])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    """An empty registry database, once of each kind."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'registry.sqlite'}"
    else:
        url = request.getfixturevalue("postgres_url")
    found = connect(url)
    METADATA.create_all(found)
    yield found
    found.dispose()


@pytest.fixture
def db(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction on it in which some regions were registered on Monday."""
    with writing(engine) as connection:
        ensure_regions(connection, MONDAY, SOME)
        yield connection
