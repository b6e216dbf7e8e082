"""How far whoever works on readings has come (处理进度): a mark for each consumer, written with what it marks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from shuangkong.registry.metering_store import reading_consumer


def consumer_marks(connection: sa.Connection) -> Mapping[str, str]:
    """The mark of each consumer; whose is not there has not begun."""
    rows = connection.execute(sa.select(reading_consumer.c.consumer, reading_consumer.c.value))
    return {name: value for name, value in rows}  # noqa: C416 (rows are no pairs to the type checker)


def consumer_mark(connection: sa.Connection, consumer: str) -> str | None:
    """One consumer's mark, or None where it has not begun."""
    t = reading_consumer
    return connection.execute(sa.select(t.c.value).where(t.c.consumer == consumer)).scalar()


def set_consumer_mark(connection: sa.Connection, consumer: str, value: str, *, at: datetime) -> None:
    """Write a consumer's mark, in the transaction of what it marks where that is in this database."""
    t = reading_consumer
    done = connection.execute(t.update().where(t.c.consumer == consumer).values(value=value, updated_at=at))
    if not done.rowcount:
        connection.execute(t.insert().values(consumer=consumer, value=value, updated_at=at))
