"""The registry database (登记库): SQLite (WAL) out of the box, PostgreSQL by URL, one schema for both."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect, Engine
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeDecorator

from shuangkong.kernel.errors import UserError

METADATA = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcInstant(TypeDecorator[datetime]):
    """An aware UTC instant; SQLite keeps ISO text, because it would lose the zone."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """Text on SQLite, timestamptz elsewhere."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(sa.String(32))
        return dialect.type_descriptor(sa.DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Refuse a naive instant: it would mean another moment on another machine."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive instant")
        value = value.astimezone(UTC)
        return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Always aware UTC."""
        if value is None:
            return None
        if isinstance(value, str):
            return datetime.fromisoformat(value)
        if isinstance(value, datetime):
            return value.astimezone(UTC)
        raise TypeError(f"not an instant: {value!r}")


class ScaledDecimal(TypeDecorator[Decimal]):
    """An exact decimal with fixed places; a scaled integer on SQLite, which knows only floats."""

    impl = sa.Numeric
    cache_ok = True

    def __init__(self, places: int = 6, precision: int = 18) -> None:
        super().__init__(precision=precision, scale=places)
        self.places = places
        self.precision = precision

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """BIGINT on SQLite, NUMERIC elsewhere."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(sa.BigInteger())
        return dialect.type_descriptor(sa.Numeric(self.precision, self.places))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        """Refuse what would have to be rounded: rounding is a named step, not a side effect."""
        if value is None:
            return None
        scaled = Decimal(value).scaleb(self.places)
        if scaled != scaled.to_integral_value():
            raise ValueError(f"{value} has more than {self.places} places")
        return int(scaled) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """The decimal with its places."""
        if value is None:
            return None
        if dialect.name == "sqlite":
            return Decimal(int(value)).scaleb(-self.places)
        return Decimal(value)


def connect(url: str) -> Engine:
    """An engine for `sqlite:///…` or `postgresql+psycopg://…`, set up for durability and exactness."""
    if url.startswith("sqlite"):
        engine = sa.create_engine(url, connect_args={"timeout": 30})
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", _begin)
        return engine
    return sa.create_engine(url, pool_pre_ping=True)


def _prepare_sqlite(connection: Any, _record: ConnectionPoolEntry) -> None:
    # pysqlite's own transaction control commits behind one's back; SQLAlchemy's BEGIN is used instead
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: sa.Connection) -> None:
    # a write lock taken at the start cannot fail half-way with "database is locked"; readers take none
    write = connection.get_execution_options().get("shuangkong_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


@contextmanager
def writing(engine: Engine) -> Iterator[sa.Connection]:
    """One transaction that changes something: committed whole on leaving, or not at all.

    WS-004 where the disk of the database is full or cannot be written; nothing of the transaction is there then.
    """
    try:
        with engine.connect().execution_options(shuangkong_write=True) as connection, connection.begin():
            yield connection
    except sa.exc.OperationalError as wrong:
        if not _no_room(wrong.orig):
            raise
        raise UserError(
            "WS-004", f"{wrong.orig}.", where=engine.url.database or "", case="disk",
            remedy="Make room or mend the permissions, then start again; nothing was lost.",
        ) from wrong  # fmt: skip


def _no_room(wrong: BaseException | None) -> bool:
    """Whether the store says that its disk is full or that a write failed; not that somebody else holds a lock."""
    if isinstance(wrong, sqlite3.Error):
        # the low byte is the kind, the rest says what of it: FULL, or an input/output error of the disk
        return wrong.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
    return getattr(wrong, "sqlstate", None) == "53100"


def among(connection: sa.Connection, values: Iterable[str]) -> sa.Select[Any]:
    """Values as rows of one parameter: thousands of them are too many parameters for some databases."""
    if connection.dialect.name == "postgresql":
        given = sa.literal(sorted(values), sa.JSON())
        return sa.select(sa.func.json_array_elements_text(given).table_valued("value").c.value)
    return sa.select(sa.func.json_each(json.dumps(sorted(values))).table_valued("value").c.value)


def one_at_a_time(connection: sa.Connection) -> None:
    """Wait until no other transaction stamps an instant: on SQLite a writer is alone already.

    Whatever asks for it before it takes the time can rely on it that a commit seen later is stamped later.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(7219)"))


@contextmanager
def reading(engine: Engine) -> Iterator[sa.Connection]:
    """One consistent view of the database; nothing is written."""
    with engine.connect() as connection, connection.begin() as transaction:
        yield connection
        transaction.rollback()


def migrate(engine: Engine) -> None:
    """Bring the database to the newest revision; does nothing where it already is."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "shuangkong.engine:migrations")
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
