"""The revisions make the tables that the stores declare, on SQLite and on PostgreSQL, and take them away again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.engine import Engine

from engine.sample import START
from engine.schema import ADVICE, differences
from shuangkong.engine.api import connect, migrate, reading, record, writing


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.service)])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty database of either kind."""
    url = f"sqlite:///{tmp_path}/r.sqlite" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    made = connect(url)
    yield made
    made.dispose()


def go(engine: Engine, where: str) -> None:
    """Up to head or down to base."""
    config = Config()
    config.set_main_option("script_location", "shuangkong.engine:migrations")
    with writing(engine) as db:
        config.attributes["connection"] = db
        (command.downgrade if where == "base" else command.upgrade)(config, where)


def test_the_revisions_make_what_the_stores_declare(engine: Engine) -> None:
    """Autogenerate finds nothing to do, before and after a way down and up again."""
    migrate(engine)
    assert differences(engine) == [], ADVICE
    go(engine, "base")
    with reading(engine) as db:
        assert set(sa.inspect(db).get_table_names()) <= {"alembic_version"}
    go(engine, "head")
    assert differences(engine) == [], ADVICE


def test_a_missing_column_would_be_seen(engine: Engine) -> None:
    """The comparison is not blind: a column taken away is named."""
    migrate(engine)
    with writing(engine) as db:
        db.execute(sa.text("ALTER TABLE lake_commit DROP COLUMN note"))
    assert [d[0] for d in differences(engine)] == ["add_column"]


def test_migrating_twice_changes_nothing(engine: Engine) -> None:
    """A database that is up to date is left alone."""
    migrate(engine)
    with writing(engine) as db:
        record(
            db, at=START, principal="p", action="a", obj="o", detail={}
        )  # fmt: skip
    migrate(engine)
    with reading(engine) as db:
        assert db.execute(sa.text("SELECT count(*) FROM audit_entry")).scalar_one() == 1
