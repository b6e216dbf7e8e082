"""Values of the registry database as JSON and back, the same from either store."""

from __future__ import annotations

import base64
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from shuangkong.engine.database import ScaledDecimal, UtcInstant

#: Name of a type, with places and precision where they belong to it: `decimal:6:18`.
Kind = str

_PLAIN: dict[Kind, type[TypeEngine[Any]]] = {
    "boolean": sa.Boolean,
    "integer": sa.BigInteger,
    "text": sa.Text,
    "bytes": sa.LargeBinary,
    "date": sa.Date,
    "instant": UtcInstant,
    "float": sa.Float,
    "json": sa.JSON,
}


def column_kind(of: TypeEngine[Any]) -> Kind:
    """The kind of a declared column; a type that has none is a bug of its store, found by the test of back-ups."""
    if isinstance(of, ScaledDecimal):
        return f"decimal:{of.places}:{of.precision}"
    kinds: tuple[tuple[Kind, Any], ...] = (
        ("instant", UtcInstant), ("boolean", sa.Boolean), ("integer", sa.Integer), ("bytes", sa.LargeBinary),
        ("date", sa.Date), ("json", sa.JSON), ("text", sa.String), ("float", sa.Float),
    )  # fmt: skip
    for kind, declared in kinds:
        if isinstance(of, declared):
            return kind
    raise TypeError(f"a back-up has no way to write {of!r}")


def column_type(kind: Kind) -> TypeEngine[Any]:
    """The type that a kind is written to a database with; KeyError for a kind there is not."""
    name, _, rest = kind.partition(":")
    if name == "decimal":
        places, precision = rest.split(":")
        return ScaledDecimal(int(places), int(precision))
    return _PLAIN[kind]()


def encode(value: Any) -> Any:
    """A value as JSON can hold it without losing a digit."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    return value


def decode(value: Any, kind: Kind) -> Any:
    """The value again; ValueError or TypeError for what does not fit its kind."""
    if value is None:
        return None
    if kind.startswith("decimal:"):
        return Decimal(value)
    if kind == "date":
        return date.fromisoformat(value)
    if kind == "instant":
        return datetime.fromisoformat(value)
    if kind == "bytes":
        return base64.b64decode(value, validate=True)
    return value
