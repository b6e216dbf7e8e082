"""The registry database keeps decimals and instants exactly, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from shuangkong.engine.api import ScaledDecimal, UtcInstant, connect, reading, writing

_META = sa.MetaData()
_TABLE = sa.Table(
    "kept",
    _META,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("amount", ScaledDecimal(6, 18)),
    sa.Column("at", UtcInstant),
)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.service)])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty database of either kind with one table."""
    url = f"sqlite:///{tmp_path}/r.sqlite" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    made = connect(url)
    with writing(made) as db:
        _META.create_all(db)
    yield made
    made.dispose()


def back(engine: Engine, **values: object) -> sa.Row[tuple[object, ...]]:
    """Store one row and read it again."""
    with writing(engine) as db:
        db.execute(_TABLE.delete())
        db.execute(_TABLE.insert().values(id=1, **values))
    with reading(engine) as db:
        return db.execute(sa.select(_TABLE.c.amount, _TABLE.c.at)).one()


@pytest.mark.parametrize("text", ["0.1", "-0.000001", "999999999999.999999", "0", "123456789012.345678"])
def test_decimals_come_back_as_they_went(engine: Engine, text: str) -> None:
    """No digit is lost, no float is met on the way."""
    assert back(engine, amount=Decimal(text))[0] == Decimal(text)


def test_decimals_are_never_rounded(engine: Engine) -> None:
    """A seventh place is refused: rounding is a named step."""
    with pytest.raises(sa.exc.StatementError, match=r"0\.1234567 has more than 6 places"):
        back(engine, amount=Decimal("0.1234567"))


def test_sums_and_order_are_those_of_numbers(engine: Engine) -> None:
    """The database adds and sorts what it keeps."""
    with writing(engine) as db:
        db.execute(_TABLE.insert(), [{"id": i, "amount": Decimal(a)} for i, a in enumerate(("10", "9.5", "-1"))])
    with reading(engine) as db:
        assert db.execute(sa.select(sa.func.sum(_TABLE.c.amount))).scalar_one() == Decimal("18.5")
        order = db.execute(sa.select(_TABLE.c.id).order_by(_TABLE.c.amount)).scalars().all()
    assert list(order) == [2, 1, 0]


def test_instants_come_back_in_utc(engine: Engine) -> None:
    """An instant of any zone is the same moment afterwards, and aware."""
    at = datetime(2025, 3, 1, 8, 0, 0, 123456, tzinfo=timezone(timedelta(hours=8)))
    found = back(engine, at=at)[1]
    assert found == at
    assert isinstance(found, datetime)
    assert found.utcoffset() == timedelta(0)


def test_naive_instants_are_refused(engine: Engine) -> None:
    """Without a zone an instant means another moment on another machine."""
    with pytest.raises(sa.exc.StatementError, match="a naive instant"):
        back(engine, at=datetime(2025, 3, 1))  # noqa: DTZ001 (what is refused)


def test_instants_sort_by_time(engine: Engine) -> None:
    """Text on SQLite sorts as time does, before and after a change of year."""
    instants = [datetime(2024, 12, 31, 23, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)]
    with writing(engine) as db:
        db.execute(_TABLE.insert(), [{"id": i, "at": a} for i, a in enumerate(reversed(instants))])
    with reading(engine) as db:
        found = db.execute(sa.select(_TABLE.c.at).order_by(_TABLE.c.at)).scalars().all()
    assert list(found) == instants


def test_nothing_is_kept_as_nothing(engine: Engine) -> None:
    """Null is null, not nought."""
    assert tuple(back(engine)) == (None, None)
