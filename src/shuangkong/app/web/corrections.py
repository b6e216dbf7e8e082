"""Corrections (更正): what was put right about a region or unit, old → new, by whom, when and why."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse

from shuangkong.app.auditing import Correction, corrections
from shuangkong.app.web.context import Asked, Asks
from shuangkong.app.web.imports import BOOK_NAMES
from shuangkong.app.web.log_words import action_words, principal_words
from shuangkong.app.web.reading import RunView
from shuangkong.engine.api import reading
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.ids import SubjectId
from shuangkong.registry.api import describe, names_of, scope_subjects
from shuangkong.webkit.api import period_words, person_table, unit_words

router = APIRouter(include_in_schema=False)
Reads = Annotated[Asked, Depends(Asks("units.read"))]


@router.get("/corrections/{subject_id}")
def corrections_page(a: Reads, subject_id: str) -> HTMLResponse:
    """Each correction of a subject; who made it is shown to authorities and to the unit itself, in their own scope."""
    now = a.workspace.clock()
    with reading(a.workspace.engine) as db:
        kind = _seen(a, db, subject_id)
        found = corrections(db, subject_id, a.scope)
        places = {v for c in found for v in (*c.old.values(), *c.new.values()) if v and v.startswith("s_")}
        names = names_of(db, {subject_id, *places}, a.scope, now)
        named = a.scope.kind != "consented" and _own(a, db, subject_id)
        people = _people(db, found) if named else {}
    view = a.view()
    return a.page(
        "corrections.html", view, subject_id=subject_id, kind=kind, found=found, names=names, people=people,
        may_audit=a.may("audit.read"), field_words=lambda key: _field(a, key),
        action_words=lambda action: action_words(a.speaker, action), shown=lambda value: _shown(a, value, names),
        which=lambda c: _which(a, c, view), named=named,
        actor=lambda principal: people.get(principal) or principal_words(a.speaker, principal),
    )  # fmt: skip


def _seen(a: Asked, db: sa.Connection, subject_id: str) -> str:
    """The kind of a subject in scope; REG-001 alike for one outside and one that is not there."""
    try:
        return describe(db, SubjectId(subject_id), a.scope, a.workspace.clock()).kind
    except UserError:
        raise UserError(
            "REG-001", f"no region or unit with the id “{subject_id[:60]}” is known.",
            remedy="Choose one from the lists; /rights tells why something is not to be seen.",
            case="not_seen", facts={"id": subject_id[:60]},
        ) from None  # fmt: skip


def _own(a: Asked, db: sa.Connection, subject_id: str) -> bool:
    """Whether the subject is in the reader's scope by more than being published."""
    seen = scope_subjects(db, a.scope.for_writing(), a.workspace.clock())
    return seen is None or subject_id in set(seen["subject_id"].to_pylist())


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
    number, _, unit = value.partition(" ")
    if unit and _NUMBER.fullmatch(number):
        # as it was recorded: no digit is rounded away
        return f"{number} {unit_words(unit, a.language)}"
    label = names.get(value)
    return a.speaker.label(label) if label is not None else value  # type: ignore[arg-type]


_NUMBER = re.compile(r"-?\d+(\.\d+)?")
#: What most figures are; said only where it is otherwise.
_USUAL = {
    ("role", "consumption"),
    ("role", "output"),
    ("role", "value"),
    ("role", "carbon"),
    ("role", "grades"),
    ("role", "growth"),
    ("role", "figures"),
    ("extent", "own"),
}


def _which(a: Asked, c: Correction, view: RunView | None) -> str:
    """Which figure or fact was put right, with the item's name where the packs know it."""
    said = []
    for key, value in c.what.items():
        if (key, value) in _USUAL:
            continue
        if key == "item" and view is not None:
            value = _item(a, value, view)
        elif key == "book" and value in BOOK_NAMES:
            value = a.speaker.label(BOOK_NAMES[value])
        said.append(f"{_field(a, key)} {period_words(value, a.language) if key == 'period_key' else value}")
    return " · ".join(said)


def _item(a: Asked, item: str, view: RunView) -> str:
    """The name of a carrier, product or indicator, where the packs know it."""
    known = next(
        (d[item].label for d in (view.packs.carriers, view.packs.products, view.packs.indicators) if item in d), None
    )
    return a.speaker.label(known.label) if known else item
