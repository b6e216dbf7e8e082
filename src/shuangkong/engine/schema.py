"""The revision of a database: which one it has, which one this program works with, and how it gets there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "shuangkong.engine:migrations")
    return config


def head_revision() -> str:
    """The revision that this program works with."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def known_revisions() -> frozenset[str]:
    """Every revision of the history."""
    return frozenset(r.revision for r in ScriptDirectory.from_config(_config()).walk_revisions())


def database_revision(connection: sa.Connection) -> str:
    """The revision of a database; empty where it was never migrated."""
    return MigrationContext.configure(connection).get_current_revision() or ""


def upgrade(connection: sa.Connection, revision: str = "head") -> None:
    """Bring the database to a revision, in the caller's transaction."""
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
