"""The audit log: whatever is done to it afterwards shows."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from engine.sample import START
from shuangkong.engine.api import Head, audit_entry, connect, head, migrate, reading, record, verify, writing


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.service)])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A migrated registry database of either kind."""
    url = f"sqlite:///{tmp_path}/r.sqlite" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    made = connect(url)
    migrate(made)
    yield made
    made.dispose()


def write(engine: Engine, name: str) -> Head:
    """One entry."""
    with writing(engine) as db:
        return record(db, at=START, principal=name, action="test", obj="o", detail={"量": "1"})


def wrong(engine: Engine, upto: Head | None = None) -> list[str]:
    """What `verify` says."""
    with reading(engine) as db:
        return verify(db, upto)


def change(engine: Engine, sql: str) -> None:
    """Tamper."""
    with writing(engine) as db:
        db.execute(sa.text(sql))


def test_an_untouched_log_is_right(engine: Engine) -> None:
    """Entries follow each other from the first, and the head names the last."""
    assert wrong(engine, Head(0, "0" * 64)) == []
    last = [write(engine, n) for n in "abc"][-1]
    assert wrong(engine, last) == []
    with reading(engine) as db:
        assert head(db) == last
    assert last.sequence == 3


def test_a_changed_entry_shows(engine: Engine) -> None:
    """A word changed in an entry is named."""
    for n in "abc":
        write(engine, n)
    change(engine, "UPDATE audit_entry SET principal = 'x' WHERE sequence = 2")
    assert wrong(engine) == ["entry 2 was changed"]


def test_a_removed_entry_shows(engine: Engine) -> None:
    """An entry taken out leaves a hole in the numbers and a break in the chain."""
    for n in "abcd":
        write(engine, n)
    change(engine, "DELETE FROM audit_entry WHERE sequence IN (2, 3)")
    assert wrong(engine) == ["entries 2 to 3 are missing", "entry 4 does not follow the one before it"]


def test_reordered_entries_show(engine: Engine) -> None:
    """Two entries that changed places no longer fit their hashes."""
    for n in "abc":
        write(engine, n)
    for a, b in ((2, 9), (3, 2), (9, 3)):
        change(engine, f"UPDATE audit_entry SET sequence = {b} WHERE sequence = {a}")
    assert wrong(engine)[:2] == ["entry 2 was changed", "entry 3 was changed"]


def test_a_cut_tail_shows_against_a_printed_head(engine: Engine) -> None:
    """A log cut short is whole in itself; the head that was printed tells."""
    last = [write(engine, n) for n in "abc"][-1]
    change(engine, "DELETE FROM audit_entry WHERE sequence = 3")
    assert wrong(engine) == []
    assert wrong(engine, last) == [f"the head 3:{last.hash[:12]} is not in the log"]
    write(engine, "d")
    assert wrong(engine, last) == [f"the head 3:{last.hash[:12]} is not in the log"]


def test_an_entry_falls_with_its_change(engine: Engine) -> None:
    """When the transaction of the change fails, the entry is gone with it."""
    write(engine, "a")

    def fails() -> None:
        with writing(engine) as db:
            record(db, at=START, principal="b", action="test", obj="o", detail={})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    with reading(engine) as db:
        assert db.execute(sa.select(sa.func.count()).select_from(audit_entry)).scalar_one() == 1


def test_two_writers_make_one_chain(engine: Engine) -> None:
    """Writers at the same time queue up; no entry is lost and the chain holds."""
    trouble: list[BaseException] = []

    def many(name: str) -> None:
        try:
            for _ in range(15):
                write(engine, name)
        except BaseException as error:  # noqa: BLE001 (the assertion below shows it)
            trouble.append(error)

    threads = [threading.Thread(target=many, args=(n,)) for n in ("a", "b")]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert trouble == []
    assert wrong(engine) == []
    with reading(engine) as db:
        assert head(db).sequence == 30
