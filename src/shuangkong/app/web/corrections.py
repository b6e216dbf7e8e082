"""Corrections (更正): what was put right about a region or unit, old → new, by whom, when and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse

from shuangkong.app.auditing import Correction, corrections
from shuangkong.app.web.audit_pages import action_words
from shuangkong.app.web.context import Asked, Asks
from shuangkong.engine.api import reading
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.ids import SubjectId
from shuangkong.registry.api import describe, names_of
from shuangkong.webkit.api import person_table

router = APIRouter(include_in_schema=False)
Reads = Annotated[Asked, Depends(Asks("units.read"))]


@router.get("/corrections/{subject_id}")
def corrections_page(a: Reads, subject_id: str) -> HTMLResponse:
    """Each correction of a subject in one's own scope; who made it is shown to authorities and to the unit itself."""
    now = a.workspace.clock()
    own = a.scope.for_writing()
    with reading(a.workspace.engine) as db:
        kind = _seen(a, db, subject_id)
        found = corrections(db, subject_id, own)
        places = {v for c in found for v in (*c.old.values(), *c.new.values()) if v and v.startswith("s_")}
        names = names_of(db, {subject_id, *places}, own, now)
        people = _people(db, found) if a.scope.kind != "consented" else {}
    return a.page(
        "corrections.html", a.view(), subject_id=subject_id, kind=kind, found=found, names=names, people=people,
        may_audit=a.may("audit.read"), field_words=lambda key: _field(a, key),
        action_words=lambda action: action_words(a, action), shown=lambda value: _shown(a, value, names),
        which=lambda c: _which(a, c), named=a.scope.kind != "consented",
    )  # fmt: skip


def _seen(a: Asked, db: sa.Connection, subject_id: str) -> str:
    """The kind of a subject in scope; REG-001 alike for one outside and one that is not there."""
    try:
        return describe(db, SubjectId(subject_id), a.scope.for_writing(), a.workspace.clock()).kind
    except UserError:
        raise UserError(
            "REG-001", f"no region or unit with the id “{subject_id[:60]}” is known.",
            remedy="Choose one from the lists; /rights tells why something is not to be seen.",
        ) from None  # fmt: skip


def _people(db: sa.Connection, found: list[Correction]) -> dict[str, str]:
    t = person_table.c
    ids = sorted({c.principal for c in found})
    return {r.person_id: r.display for r in db.execute(sa.select(t.person_id, t.display).where(t.person_id.in_(ids)))}


def _field(a: Asked, name: str) -> str:
    key = f"correction_field.{name}"
    return a.speaker.say(key) if a.speaker.has(key) else name


def _shown(a: Asked, value: str | None, names: Mapping[str, object]) -> str:
    """A value as people read it: the name of a place, a dash for nothing."""
    if value is None:
        return "—"
    label = names.get(value)
    return a.speaker.label(label) if label is not None else value  # type: ignore[arg-type]


def _which(a: Asked, c: Correction) -> str:
    """Which figure or fact was put right."""
    return " · ".join(f"{_field(a, k)} {v}" for k, v in c.what.items())
