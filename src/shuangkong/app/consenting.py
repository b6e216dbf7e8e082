"""Consents in scope (授权查阅): whose a reader may see, at this moment."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from shuangkong.kernel.scope import Scope
from shuangkong.registry.api import Consent, consent_rows, consents, scope_subjects


def consents_of(db: sa.Connection, scope: Scope, known: datetime) -> list[Consent]:
    """The consents of the units in scope, or to the own organisation."""
    return consents(db, scope.for_writing(), _subjects(db, scope, known))


def consents_table(db: sa.Connection, scope: Scope, known: datetime) -> sa.Select[Any]:
    """The same as a select with names, for a page."""
    return consent_rows(db, scope.for_writing(), _subjects(db, scope, known))


def _subjects(db: sa.Connection, scope: Scope, known: datetime) -> frozenset[str] | None:
    """What lies in scope without what is merely published: a published region opens no unit's consent."""
    if scope.kind == "consented":
        return None
    seen = scope_subjects(db, scope.for_writing(), known)
    return None if seen is None else frozenset(seen["subject_id"].to_pylist())
