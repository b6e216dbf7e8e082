"""Drafts are kept for who typed them, without secrets, until they are submitted or thirty days old."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from shuangkong.engine.api import connect, migrate, reading, writing
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.webkit.api import (
    FormField,
    FormSpec,
    Speaker,
    drop_draft,
    expire_drafts,
    keep_typing,
    load_draft,
    read_messages,
    save_draft,
)
from shuangkong.webkit.drafts import MOST, form_draft

AT = datetime(2026, 11, 20, 8, tzinfo=UTC)
FORM = FormSpec(
    "unit",
    Label("单位（合成）", "unit (synthetic)"),
    (
        FormField("name", Label("名称", "Name"), required=True),
        FormField("amount", Label("数量", "Amount"), "number"),
        FormField("secret", Label("口令", "Password"), "password"),
        FormField("sheet", Label("文件", "File"), "file"),
        FormField("note", Label("备注", "Note"), "textarea", length=100_000),
    ),
)
TYPED = {"name": ["甲"], "amount": ["not yet"], "secret": ["hunter2"], "sheet": ["x.csv"], "other": ["z"]}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.service)])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A migrated database of either kind."""
    url = f"sqlite:///{tmp_path}/r.sqlite" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    made = connect(url)
    migrate(made)
    yield made
    made.dispose()


def test_a_draft_comes_back_as_it_was_typed(engine: Engine) -> None:
    """What was typed comes back, right or wrong, but no password, no file and no unknown name."""
    with writing(engine) as db:
        assert save_draft(db, "p1", FORM, "u1", TYPED, at=AT)
    with reading(engine) as db:
        draft = load_draft(db, "p1", FORM, "u1", at=AT)
        raw = db.execute(sa.select(form_draft.c.typed)).scalar_one()
    assert draft is not None
    assert draft.saved_at == AT
    assert dict(draft.filled.typed) == {"name": ("甲",), "amount": ("not yet",)}
    assert "hunter2" not in raw
    assert "x.csv" not in raw


def test_a_draft_is_its_owners_alone(engine: Engine) -> None:
    """Another person, another form and another key have no draft of this one."""
    other = FormSpec("other", FORM.label, FORM.fields)
    with writing(engine) as db:
        save_draft(db, "p1", FORM, "u1", TYPED, at=AT)
        save_draft(db, "p2", FORM, "u1", {"name": ["乙"]}, at=AT)
        drop_draft(db, "p2", "unit", "u1")
    with reading(engine) as db:
        assert load_draft(db, "p2", FORM, "u1", at=AT) is None
        assert load_draft(db, "p1", FORM, "u2", at=AT) is None
        assert load_draft(db, "p1", other, "u1", at=AT) is None
        assert load_draft(db, "p1", FORM, "u1", at=AT) is not None


def test_saving_again_replaces_and_emptying_removes(engine: Engine) -> None:
    """The newest text is the draft; a form emptied has none."""
    with writing(engine) as db:
        save_draft(db, "p1", FORM, "", {"name": ["一"]}, at=AT)
        save_draft(db, "p1", FORM, "", {"name": ["二"]}, at=AT + timedelta(minutes=1))
        draft = load_draft(db, "p1", FORM, "", at=AT)
        assert draft is not None
        assert draft.filled.text("name") == "二"
        assert not save_draft(db, "p1", FORM, "", {"name": [""], "secret": ["x"]}, at=AT)
        assert load_draft(db, "p1", FORM, "", at=AT) is None


def test_a_draft_is_gone_after_thirty_days(engine: Engine) -> None:
    """An old draft is not offered, and is deleted when the rest is tidied."""
    later = AT + timedelta(days=30)
    with writing(engine) as db:
        save_draft(db, "p1", FORM, "old", TYPED, at=AT)
        save_draft(db, "p1", FORM, "new", TYPED, at=AT + timedelta(seconds=1))
        assert load_draft(db, "p1", FORM, "old", at=later) is None
        assert load_draft(db, "p1", FORM, "new", at=later) is not None
        assert expire_drafts(db, at=later) == 1
        assert db.execute(sa.select(form_draft.c.key)).scalars().all() == ["new"]


def test_a_draft_that_is_too_large_is_refused(engine: Engine) -> None:
    """Over 64 KiB nothing is kept, and the draft before it stays."""
    with writing(engine) as db:
        save_draft(db, "p1", FORM, "", {"name": ["一"]}, at=AT)
        with pytest.raises(UserError, match="FORM-001"):
            save_draft(db, "p1", FORM, "", {"note": ["长" * 30_000]}, at=AT)
        assert load_draft(db, "p1", FORM, "", at=AT) is not None


def test_one_person_keeps_a_hundred_drafts(engine: Engine) -> None:
    """The oldest drafts of a person make room; another person's stay."""
    with writing(engine) as db:
        save_draft(db, "p2", FORM, "k", TYPED, at=AT)
        for i in range(MOST + 2):
            save_draft(db, "p1", FORM, f"k{i}", TYPED, at=AT + timedelta(seconds=i))
        keys = db.execute(sa.select(form_draft.c.key).where(form_draft.c.principal == "p1")).scalars().all()
        assert len(keys) == MOST
        assert {"k0", "k1"}.isdisjoint(keys)
        assert load_draft(db, "p2", FORM, "k", at=AT) is not None


def test_typing_is_saved_and_dropped_by_one_answer(engine: Engine) -> None:
    """The form's own saving says when it saved, in China's time, and forgets the draft when asked to."""
    speaker = Speaker("zh", read_messages(("shuangkong.webkit", "messages_tables.yaml")))
    assert keep_typing(engine, "p1", FORM, "", [("name", "甲")], speaker, AT) == "草稿已保存 16:00"
    with reading(engine) as db:
        assert load_draft(db, "p1", FORM, "", at=AT) is not None
    assert keep_typing(engine, "p1", FORM, "", [("draft", "drop"), ("name", "甲")], speaker, AT) == ""
    with reading(engine) as db:
        assert load_draft(db, "p1", FORM, "", at=AT) is None
