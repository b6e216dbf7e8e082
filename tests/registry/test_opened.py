"""What is public is kept between requests and holds only as long as the audit log's end: in every process at once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine

from shuangkong.engine.api import connect, migrate, reading, writing
from shuangkong.kernel.ids import SubjectId
from shuangkong.kernel.scope import Scope
from shuangkong.registry import snapshots
from shuangkong.registry.api import ensure_regions, opened, publish, region_id, unpublish

NOW = datetime(2026, 1, 5, tzinfo=UTC)
PUBLIC = Scope.published("public")
ONE, TWO = SubjectId(region_id("130100")), SubjectId(region_id("130200"))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.service)])
def engines(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Engine, Engine]]:
    """Two ways into one database, as two processes have them."""
    url = f"sqlite:///{tmp_path}/r.sqlite" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    made = connect(url), connect(url)
    migrate(made[0])
    with writing(made[0]) as db:
        ensure_regions(db, NOW, ["130100", "130200"])
    yield made
    for one in made:
        one.dispose()


def seen(engine: Engine) -> frozenset[str]:
    """What the public may see."""
    with reading(engine) as db:
        return opened(db, PUBLIC)


def test_what_another_process_publishes_is_seen_at_once(engines: tuple[Engine, Engine]) -> None:
    """Opening and closing a page elsewhere shows with the next question."""
    here, there = engines
    assert seen(here) == frozenset()
    for region, expected in ((ONE, {ONE}), (TWO, {ONE, TWO})):
        with writing(there) as db:
            publish(db, [region], date(2026, 1, 1), NOW, principal="t")
        assert seen(here) == seen(there) == expected
    with writing(there) as db:
        unpublish(db, ONE, date(2026, 1, 2), NOW + timedelta(days=1), principal="t")
    with reading(here) as db:
        assert opened(db, Scope("published", "public", on=date(2026, 1, 3), use="public")) == {TWO}
        assert opened(db, Scope("published", "public", on=date(2026, 1, 1), use="public")) == {ONE, TWO}


def test_what_is_not_committed_is_seen_by_nobody_else(engines: tuple[Engine, Engine]) -> None:
    """A transaction sees its own change; taken back, it leaves no answer behind."""
    here, there = engines
    with there.connect() as db, db.begin() as transaction:
        publish(db, [ONE], date(2026, 1, 1), NOW, principal="t")
        assert opened(db, PUBLIC) == {ONE}
        transaction.rollback()
    assert seen(here) == seen(there) == frozenset()


def test_the_regions_are_read_once_while_nothing_changes(
    engines: tuple[Engine, Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next request costs a look at the end of the log and no reading of what is published."""
    here, _ = engines
    with writing(here) as db:
        publish(db, [ONE], date(2026, 1, 1), NOW, principal="t")
    assert seen(here) == {ONE}
    monkeypatch.setattr(snapshots, "_published", lambda *_: pytest.fail("read again"))
    assert seen(here) == {ONE}
