"""Drafts (草稿): what was typed into a form is kept for who typed it, until it is submitted or thirty days old."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from shuangkong.engine.api import METADATA, UtcInstant, writing
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.periods import CHINA
from shuangkong.webkit.forms import Filled, FormSpec
from shuangkong.webkit.messages import Speaker

LARGEST = 64 * 1024
KEPT = timedelta(days=30)
#: Of one person; the oldest makes room for the newest.
MOST = 100

form_draft = sa.Table(
    "form_draft",
    METADATA,
    sa.Column("principal", sa.String(120), primary_key=True),
    sa.Column("form", sa.String(60), primary_key=True),
    sa.Column("key", sa.String(120), primary_key=True),
    sa.Column("typed", sa.Text, nullable=False),
    sa.Column("saved_at", UtcInstant, nullable=False, index=True),
)


@dataclass(frozen=True, slots=True)
class Draft:
    """What was typed, and when it was saved."""

    filled: Filled
    saved_at: datetime


def save_draft(
    connection: sa.Connection,
    principal: str,
    form: FormSpec,
    key: str,
    sent: Mapping[str, Sequence[Any]],
    *,
    at: datetime,
) -> bool:
    """Keep what was typed, without passwords and files; nothing typed is no draft, and the old one goes.

    `key` says which of several like forms it is: the unit that is edited. Raises FORM-001 over 64 KiB.
    """
    typed = form.typed(sent)
    text = json.dumps(typed, ensure_ascii=False, sort_keys=True)
    if len(text.encode("utf-8", "surrogatepass")) > LARGEST:
        raise UserError(
            "FORM-001",
            f"what was typed is over {LARGEST // 1024} KiB and was not saved as a draft.",
            where=form.name,
            remedy="Submit the form, or shorten the text.",
            case="draft",
            facts={"most": LARGEST // 1024},
        )
    drop_draft(connection, principal, form.name, key)
    if not typed:
        return False
    row = {"principal": principal, "form": form.name, "key": key, "typed": text, "saved_at": at}
    connection.execute(form_draft.insert().values(**row))
    _make_room(connection, principal)
    return True


def keep_typing(
    engine: Engine,
    principal: str,
    form: FormSpec,
    key: str,
    pairs: Iterable[tuple[str, Any]],
    speaker: Speaker,
    at: datetime,
) -> str:
    """What a route answers to the form's own saving while somebody types: the words that stand beside the button.

    `pairs` are those of the form; `draft=drop` among them forgets the draft. The route asks for the right, for this
    person's session and for the form's token, as it does at submit.
    """
    sent: dict[str, list[Any]] = {}
    for name, value in pairs:
        sent.setdefault(name, []).append(value)
    with writing(engine) as db:
        if sent.get("draft") == ["drop"]:
            drop_draft(db, principal, form.name, key)
            return ""
        saved = save_draft(db, principal, form, key, sent, at=at)
    return speaker.say("form.draft_saved", at=f"{at.astimezone(CHINA):%H:%M}") if saved else ""


def _make_room(connection: sa.Connection, principal: str) -> None:
    mine = sa.select(form_draft.c.form, form_draft.c.key).where(form_draft.c.principal == principal)
    for form, key in connection.execute(mine.order_by(form_draft.c.saved_at.desc()).offset(MOST).limit(MOST)).all():
        drop_draft(connection, principal, form, key)


def load_draft(connection: sa.Connection, principal: str, form: FormSpec, key: str, *, at: datetime) -> Draft | None:
    """The draft of this person for this form and key; None where there is none, or it is too old.

    A field that the form no longer has is left out.
    """
    query = sa.select(form_draft.c.typed, form_draft.c.saved_at).where(*_one(principal, form.name, key))
    row = connection.execute(query.where(form_draft.c.saved_at > at - KEPT)).first()
    if row is None:
        return None
    typed: dict[str, list[str]] = json.loads(row.typed)
    return Draft(Filled(form, form.typed(typed), {}, {}), row.saved_at)


def drop_draft(connection: sa.Connection, principal: str, form: str, key: str) -> None:
    """Forget a draft: at submit, in the same transaction, or because it is not wanted."""
    connection.execute(form_draft.delete().where(*_one(principal, form, key)))


def expire_drafts(connection: sa.Connection, *, at: datetime) -> int:
    """Delete what is older than thirty days, and say how many it was."""
    return int(connection.execute(form_draft.delete().where(form_draft.c.saved_at <= at - KEPT)).rowcount)


def _one(principal: str, form: str, key: str) -> tuple[sa.ColumnElement[bool], ...]:
    return form_draft.c.principal == principal, form_draft.c.form == form, form_draft.c.key == key
