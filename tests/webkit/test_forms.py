"""Forms read what was typed into values or errors by field, and show it again beside the errors."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuangkong.kernel.labels import Label, Language
from shuangkong.webkit.api import FieldError, Filled, FormField, FormSpec, Frame, read_messages


def even(value: Any) -> FieldError | None:
    """A check of our own: the number is even."""
    return None if value % 2 == 0 else FieldError("field_error.number")


def later(values: Any) -> dict[str, FieldError]:
    """A check of two fields: the end is not before the start."""
    wrong = values["start"] and values["end"] and values["end"] < values["start"]
    return {"end": FieldError("field_error.least", {"least": values["start"]})} if wrong else {}


SPEC = FormSpec(
    "sample",
    Label("样表（合成）", "sample (synthetic)"),
    (
        FormField("name", Label("名称", "Name"), required=True, hint=Label("全称", "in full"), length=10),
        FormField("code", Label("代码", "Code"), "code", shortest=3),
        FormField("secret", Label("口令", "Password"), "password"),
        FormField(
            "amount", Label("数量", "Amount"), "number", unit="tce", places=2, least=Decimal(0), most=Decimal(100)
        ),
        FormField("pairs", Label("双数", "Even"), "number", validators=(even,)),
        FormField("start", Label("自", "From"), "date"),
        FormField("end", Label("至", "To"), "date", most=date(2100, 1, 1)),
        FormField("kind", Label("种类", "Kind"), "choice", choices=(("a", Label("甲", "A")), ("b", Label("乙", "B")))),
        FormField("uses", Label("用途", "Uses"), "multi", choices=(("x", Label("子", "X")), ("y", Label("丑", "Y")))),
        FormField("why", Label("理由", "Why"), "textarea", length=20),
        FormField("sheet", Label("文件", "File"), "file", kinds=(".csv", ".xlsx"), bytes_=2_000_000),
        FormField("sure", Label("确认", "Sure"), "checkbox", required=True),
    ),
    checks=(later,),
)
GOOD = [("name", "甲"), ("sure", "1")]


@dataclass
class File:
    """A file as the framework hands it over."""

    filename: str
    size: int


def filled(**changes: Any) -> Filled:
    """The good form with other values."""
    return SPEC.parse([*((k, v) for k, v in GOOD if k not in changes), *changes.items()])


@pytest.mark.parametrize(
    ("name", "typed", "value"),
    [
        ("name", "  甲 乙 ", "甲 乙"),
        ("code", "ＡＢ１２\u200b", "AB12"),
        ("secret", " a b ", " a b "),
        ("amount", "１２．５０", Decimal("12.50")),
        ("amount", "1,2.5", Decimal("12.5")),
        ("amount", " 3\u3000", Decimal("3")),
        ("amount", "", None),
        ("pairs", "−２", Decimal("-2")),
        ("start", "２０２６－１１－２０", date(2026, 11, 20)),
        ("start", "2026/1/5", date(2026, 1, 5)),
        ("start", "2026年1月5日", date(2026, 1, 5)),
        ("kind", "b", "b"),
        ("why", "一\r\n二", "一\n二"),
        ("sure", "on", True),
    ],
)
def test_what_is_typed_is_read(name: str, typed: str, value: object) -> None:
    """Full-width digits, blanks around and Chinese dates are read as what they mean; nothing typed is None."""
    got = filled(**{name: typed})
    assert dict(got.errors) == {}
    assert got.values[name] == value


@pytest.mark.parametrize(
    ("name", "typed", "key"),
    [
        ("name", "", "required"),
        ("name", " \u3000 ", "required"),
        ("name", "长" * 11, "too_long"),
        ("name", "a\x00b", "control"),
        ("name", "a\nb", "control"),
        ("code", "ab", "too_short"),
        ("amount", "1e5", "number"),
        ("amount", "NaN", "number"),
        ("amount", "1_0", "number"),
        ("amount", "9" * 30, "number"),
        ("amount", "1.234", "places"),
        ("amount", "-0.01", "least"),
        ("amount", "100.01", "most"),
        ("pairs", "3", "number"),
        ("start", "2026-02-30", "date"),
        ("start", "tomorrow", "date"),
        ("end", "2100-01-02", "most"),
        ("kind", "c", "choice"),
        ("uses", "z", "choice"),
        ("sheet", File("a.exe", 1), "file_kind"),
        ("sheet", File("a.csv", 2_000_001), "file_large"),
        ("sheet", "text", "file"),
        ("sure", "", "required"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(name: str, typed: object, key: str) -> None:
    """A bad value is an error of that field alone, and the form has no values at all."""
    got = filled(**{name: typed})
    assert {k: e.key for k, e in got.errors.items()} == {name: f"field_error.{key}"}
    assert not got.good
    assert got.values == {}


def test_fields_are_looked_at_together() -> None:
    """A check of the whole form names the field that it is about."""
    assert set(filled(start="2026-02-01", end="2026-01-31").errors) == {"end"}
    assert filled(start="2026-02-01", end="2026-02-01").good


def test_several_values_are_for_several_choices_only() -> None:
    """A field that is given twice is an error, unless it takes several; names that the form lacks are not looked at."""
    assert set(SPEC.parse([*GOOD, ("kind", "a"), ("kind", "b")]).errors) == {"kind"}
    got = SPEC.parse([*GOOD, ("uses", "x"), ("uses", "y"), ("role", "administrator")])
    assert got.values["uses"] == ("x", "y")
    assert "role" not in got.values


@given(st.lists(st.tuples(st.sampled_from([f.name for f in SPEC.fields]), st.text(max_size=30)), max_size=8))
def test_no_text_breaks_a_form(pairs: list[tuple[str, str]]) -> None:
    """Whatever is sent: values or errors, never an exception, and each error has its words."""
    got = SPEC.parse(pairs)
    assert got.good == bool(got.values)
    assert all(e.key.startswith("field_error.") for e in got.errors.values())


def page(got: Filled, lang: Language = "zh", **more: Any) -> str:
    """The form as HTML."""
    texts = read_messages(("shuangkong.webkit", "messages.yaml"), ("shuangkong.webkit", "messages_tables.yaml"))
    frame = Frame(("shuangkong.webkit",), texts)
    frame.environment.globals["form"] = got
    more = {"draft": None, "draft_url": None, **more}
    source = '{% import "form.html" as forms with context %}{{ forms.whole(form, "/do", draft, draft_url) }}'
    from shuangkong.webkit.frame import words
    from shuangkong.webkit.messages import Speaker

    return frame.environment.from_string(source).render(**words(Speaker(lang, texts)), csrf="tok<en", **more)


def test_errors_are_told_beside_and_above() -> None:
    """Each error is beside its field, named by it, and linked from the summary; what was typed is kept, secrets not."""
    text = page(SPEC.parse([("name", ""), ("amount", "<x>"), ("secret", "hunter2"), ("kind", "b"), ("sure", "1")]))
    assert 'href="#f-name"' in text
    assert 'href="#f-amount"' in text
    amount = re.search(r'<input id="f-amount"[^>]*>', text)
    assert amount is not None
    assert 'value="&lt;x&gt;"' in amount[0]
    assert 'aria-invalid="true"' in amount[0]
    assert 'aria-describedby="amount-error"' in amount[0]
    assert 'id="amount-error"' in text
    assert '<option value="b" selected>' in text
    assert "hunter2" not in text
    assert 'name="form_token" value="tok&lt;en"' in text
    assert 'role="alert"' in text


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_field_has_a_label_in_each_language(lang: Language) -> None:
    """Each control has its label, no id is there twice, and the English form has no Chinese words."""
    text = page(SPEC.empty(name="x"), lang)
    ids = re.findall(r'id="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    for f in SPEC.fields:
        assert f'for="f-{f.name}"' in text or f.kind in ("checkbox", "multi"), f.name
    if lang == "en":
        assert not re.search("[\u4e00-\u9fff]", text)
    assert 'enctype="multipart/form-data"' in text
    assert "style=" not in text


def test_typing_that_is_saved_leaves_secrets_in_the_browser() -> None:
    """The form's own saving sends neither passwords nor files; a form without them names nothing to leave out."""
    saving = re.search(r"<form[^>]*>", page(SPEC.empty(), draft_url="/draft"))
    assert saving is not None
    assert 'hx-post="/draft"' in saving[0]
    assert 'hx-params="not secret,sheet"' in saving[0]
    plain = replace(SPEC, fields=SPEC.fields[:2], checks=())
    assert "hx-params" not in page(plain.empty(), draft_url="/draft")
    assert "hx-params" not in page(SPEC.empty())


def test_a_service_may_refuse_what_the_form_took() -> None:
    """An error that only the service sees stands beside its field like the others."""
    got = filled().refused(name=FieldError("field_error.choice"))
    assert not got.good
    assert 'id="name-error"' in page(got)
