"""The revisions make the tables that the stores declare, on SQLite and on PostgreSQL, and take them away again."""

from __future__ import annotations

import subprocess
import sys
import time
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


#: Brings a database up to date and says how many tables it made; the first process stops at its first table until told.
MIGRATING = """
import sys
import sqlalchemy as sa
from shuangkong.engine.api import connect, head_revision, migrate, database_revision, reading

engine, first, made = connect(sys.argv[1]), sys.argv[2] == "first", []

@sa.event.listens_for(engine, "before_cursor_execute")
def look(connection, cursor, statement, parameters, context, executemany):
    if "CREATE TABLE" in statement and "alembic_version" not in statement:
        if first and not made:
            print("inside", flush=True)
            sys.stdin.readline()
        made.append(statement)

print("begins", flush=True)
migrate(engine)
with reading(engine) as db:
    assert database_revision(db) == head_revision()
print("made", len(made), flush=True)
"""


def _process(engine: Engine, which: str) -> subprocess.Popen[str]:
    url = engine.url.render_as_string(hide_password=False)
    made = subprocess.Popen(
        [sys.executable, "-c", MIGRATING, url, which], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert made.stdout is not None
    assert made.stdout.readline() == "begins\n"
    return made


def _waits(engine: Engine) -> bool:
    """Whether a process waits for the turn to migrate; SQLite does not tell who waits for a lock."""
    if engine.dialect.name == "sqlite":
        return True
    with reading(engine) as db:
        asked = sa.text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 7217 AND NOT granted")
        return bool(db.execute(asked).scalar_one())


@pytest.mark.slow
def test_two_processes_upgrade_one_after_the_other(engine: Engine) -> None:
    """Started at once on an empty database, one makes every table while the other waits, and that one makes none."""
    first = _process(engine, "first")
    assert first.stdout is not None
    assert first.stdout.readline() == "inside\n"
    second = _process(engine, "second")
    until = time.monotonic() + 60
    while not _waits(engine):
        assert second.poll() is None, second.communicate()
        assert time.monotonic() < until
        time.sleep(0.05)
    assert second.poll() is None
    told, wrong = first.communicate("go\n", timeout=120)
    assert first.returncode == 0, wrong
    assert int(told.split()[-1]) > 20
    told, wrong = second.communicate(timeout=120)
    assert (second.returncode, told) == (0, "made 0\n"), wrong
    assert differences(engine) == [], ADVICE
