"""The audit log: whatever is done to it afterwards shows."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from engine.sample import START
from shuangkong.engine.api import Head, audit_entry, connect, head, migrate, reading, record, verified, verify, writing
from shuangkong.engine.audit import _link
from shuangkong.kernel.errors import UserError


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


def again(engine: Engine, sequence: int, principal: str) -> None:
    """Make an entry anew as a forger would: other words, on the hash of the one before it, with a hash that fits."""
    t = audit_entry
    with writing(engine) as db:
        old = db.execute(sa.select(t).where(t.c.sequence == sequence)).one()
        before = db.execute(sa.select(t.c.hash).where(t.c.sequence == sequence - 1)).scalar_one()
        link = _link(before, sequence, old.at, principal, old.action, old.object, old.detail)
        forged = {"principal": principal, "previous": before, "hash": link}
        db.execute(t.update().where(t.c.sequence == sequence).values(**forged))


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
    assert wrong(engine) == ["entries 2 to 3 are missing"]


def test_a_removed_entry_shows_though_the_rest_was_numbered_anew(engine: Engine) -> None:
    """Where the entries after a hole move up, each is named with the place that it had."""
    for n in "abcd":
        write(engine, n)
    change(engine, "DELETE FROM audit_entry WHERE sequence = 2")
    for n in (3, 4):
        change(engine, f"UPDATE audit_entry SET sequence = {n - 1} WHERE sequence = {n}")
    assert wrong(engine) == [
        "entry 2 stood at 3 when it was recorded",
        "entry 3 stood at 4 when it was recorded",
    ]


def test_an_inserted_entry_shows(engine: Engine) -> None:
    """An entry put in between moves those after it, and fits nowhere itself; one before the first is foreign."""
    for n in "abc":
        write(engine, n)
    for n in (3, 2):
        change(engine, f"UPDATE audit_entry SET sequence = {n + 1} WHERE sequence = {n}")
    insert = "INSERT INTO audit_entry SELECT {}, at, 'x', action, object, detail, previous, '{}' FROM audit_entry"
    change(engine, insert.format(2, "e" * 64) + " WHERE sequence = 1")
    change(engine, insert.format(0, "f" * 64) + " WHERE sequence = 1")
    assert wrong(engine) == [
        "entry 0 does not belong to the log",
        "entry 2 was changed",
        "entry 3 stood at 2 when it was recorded",
        "entry 4 stood at 3 when it was recorded",
    ]


def test_an_entry_made_anew_shows_by_the_one_after_it(engine: Engine) -> None:
    """Who changes an entry and its hash breaks the link to the next one."""
    for n in "abc":
        write(engine, n)
    again(engine, 2, "x")
    assert wrong(engine) == ["entry 3 does not follow the one before it"]


def test_a_changed_hash_accuses_its_own_entry_alone(engine: Engine) -> None:
    """Where only the hash of an entry was changed, the one after it is not named."""
    for n in "abc":
        write(engine, n)
    change(engine, f"UPDATE audit_entry SET hash = '{'e' * 64}' WHERE sequence = 2")
    assert wrong(engine) == ["entry 2 was changed"]


def test_a_chain_made_anew_from_some_entry_on_shows_against_an_exported_head(engine: Engine) -> None:
    """A rewritten log is whole in itself; the head that was exported, and each one after the change, tells."""
    heads = [write(engine, n) for n in "abcd"]
    for sequence in (2, 3, 4):
        again(engine, sequence, "x")
    assert wrong(engine) == []
    assert wrong(engine, heads[0]) == []
    for kept in heads[1:]:
        told = f"the head {kept.sequence}:{kept.hash[:12]} is not in the log"
        assert wrong(engine, kept) == [f"{told}: entry {kept.sequence} or one before it was replaced"]


def test_reordered_entries_show(engine: Engine) -> None:
    """Two entries that changed places no longer fit their hashes."""
    for n in "abc":
        write(engine, n)
    for a, b in ((2, 9), (3, 2), (9, 3)):
        change(engine, f"UPDATE audit_entry SET sequence = {b} WHERE sequence = {a}")
    assert wrong(engine) == [
        "entry 2 stood at 3 when it was recorded",
        "entry 3 stood at 2 when it was recorded",
    ]


def test_a_cut_tail_shows_against_a_printed_head(engine: Engine) -> None:
    """A log cut short is whole in itself; the head that was printed tells."""
    last = [write(engine, n) for n in "abc"][-1]
    change(engine, "DELETE FROM audit_entry WHERE sequence = 3")
    assert wrong(engine) == []
    gone = f"the head 3:{last.hash[:12]} is not in the log"
    assert wrong(engine, last) == [f"{gone}: it ends at entry 2"]
    write(engine, "d")
    assert wrong(engine, last) == [f"{gone}: entry 3 or one before it was replaced"]
    change(engine, "DELETE FROM audit_entry")
    assert wrong(engine, last) == [f"{gone}: it ends at entry 0"]


def test_a_log_is_read_in_parts(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is wrong is found across the borders of the parts that are read at once, and progress is told."""
    for n in "abcdefg":
        write(engine, n)
    change(engine, "DELETE FROM audit_entry WHERE sequence IN (3, 4)")
    change(engine, "UPDATE audit_entry SET detail = '{}' WHERE sequence = 5")
    monkeypatch.setattr("shuangkong.engine.audit.CHUNK", 2)
    told: list[tuple[int, int]] = []
    with reading(engine) as db:
        found = verified(db, told=lambda done, total: told.append((done, total)))
    assert [str(f) for f in found.faults] == ["entries 3 to 4 are missing", "entry 5 was changed"]
    assert (found.entries, found.head.sequence, told) == (5, 7, [(2, 7), (4, 7), (5, 7)])


def test_a_log_that_is_wrong_everywhere_is_told_by_its_first_faults(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of very many faults the first are named and the others counted; a head that is gone stands before them."""
    last = [write(engine, n) for n in "abcdef"][-1]
    change(engine, "UPDATE audit_entry SET principal = 'x'")
    change(engine, "DELETE FROM audit_entry WHERE sequence = 6")
    monkeypatch.setattr("shuangkong.engine.audit.MOST_FAULTS", 3)
    with reading(engine) as db:
        found = verified(db, last)
    assert [f.kind for f in found.faults] == ["cut", "changed", "changed"]
    assert found.more == 3


def test_an_instant_of_another_zone_is_linked_as_it_is_read(engine: Engine) -> None:
    """The hash is over the instant in UTC: an entry recorded with China's clock is not taken for a changed one."""
    with writing(engine) as db:
        at = START.astimezone(ZoneInfo("Asia/Shanghai"))
        record(db, at=at, principal="a", action="test", obj="o", detail={})
    assert wrong(engine) == []


def test_a_head_is_read_as_it_was_printed() -> None:
    """A printed head comes back whole, and what cannot be one is a user error."""
    kept = Head(12, "ab" * 32)
    assert Head.parse(f" {kept} ") == kept
    for text in ("", "12", "12:ab", "x:" + "ab" * 32, "12:" + "zz" * 32, "-1:" + "ab" * 32):
        with pytest.raises(UserError) as error:
            Head.parse(text)
        assert error.value.code == "AUDIT-001"


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
