"""Registry databases to test on: SQLite always, PostgreSQL where one is named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from registry.made_up import MONDAY
from shuangkong.engine.api import METADATA, connect, writing
from shuangkong.registry.api import ensure_regions

#: Haidong before and after 2013, a county moved between districts, directly administered places, two neighbours.
SOME = ("630200", "630203", "500110", "500222", "429004", "110105", "130102", "130181", "130200", "130202", "130203")


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
