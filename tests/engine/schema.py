"""What the stores declare, compared with what a database has."""

from __future__ import annotations

import importlib
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.engine import Engine

from shuangkong.engine.api import METADATA, reading
from source_tree import modules

STORES = [m.name for m in modules() if "sa.Table(" in m.text]
ADVICE = "a store declares what no revision makes: add one under engine/migrations/versions (docs/design/engine.md)"


def differences(engine: Engine) -> list[Any]:
    """What autogenerate would change, with the tables of every store known."""
    assert len(STORES) >= 4
    for name in STORES:
        importlib.import_module(name)
    with reading(engine) as db:
        return compare_metadata(MigrationContext.configure(db, opts={"compare_type": True}), METADATA)
