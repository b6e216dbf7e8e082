"""What entries of packs are made of is said in words of both languages, for every field and code that they can have."""

from __future__ import annotations

import typing
from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from shuangkong.app.web.factory import MESSAGES
from shuangkong.app.web.pack_words import field_words, value_words
from shuangkong.kernel.labels import Label
from shuangkong.policy.api import NONE_BECAUSE, Pack
from shuangkong.webkit.api import CONFIDENCE_LABELS, Speaker, read_messages

TEXTS = read_messages(*MESSAGES)
ZH, EN = Speaker("zh", TEXTS), Speaker("en", TEXTS)
#: Fields of `Pack` that hold no entries of a file.
MADE = {"decided", "unchecked", "files", "content_hash", "origin"}


def models(annotation: object) -> Iterator[type[BaseModel]]:
    """The models in an annotation."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for below in typing.get_args(annotation):
        yield from models(below)


def literals(annotation: object) -> Iterator[str]:
    """The texts that an annotation lists."""
    if typing.get_origin(annotation) is typing.Literal:
        yield from (v for v in typing.get_args(annotation) if isinstance(v, str))
        return
    for below in typing.get_args(annotation):
        yield from literals(below)


def fields() -> Iterator[tuple[str, object]]:
    """Each field of each model that an entry of a pack is made of."""
    left = [m for name, f in Pack.model_fields.items() if name not in MADE for m in models(f.annotation)]
    seen: set[type[BaseModel]] = set()
    while left:
        model = left.pop()
        if model not in seen:
            seen.add(model)
            for name, field in model.model_fields.items():
                yield field.alias or name, field.annotation
                left += models(field.annotation)


def test_every_field_of_a_pack_has_words() -> None:
    """No difference between packs shows the name of a field in place of a word."""
    names = {name for name, _ in fields()}
    assert len(names) > 100
    assert sorted(n for n in names if f"pack_field.{n}" not in TEXTS) == []


def test_every_code_of_a_pack_has_words() -> None:
    """No code that a field can hold shows in place of a word."""
    codes = {(name, code) for name, annotation in fields() for code in literals(annotation) if name != "unit"}
    assert len(codes) > 70
    known = {("confidence", c) for c in CONFIDENCE_LABELS} | {("none_because", c) for c in NONE_BECAUSE}
    # the keys of a mapping (signals) are parts of the path
    asked = {c: {f"pack_value.{c[0]}_{c[1]}", f"pack_field.{c[1]}"} for c in codes - known}
    assert sorted(c for c, keys in asked.items() if not keys & set(TEXTS)) == []


@pytest.mark.parametrize(
    ("path", "zh", "en"),
    [("subject.regions[0]", "约束对象 › 地区 第1项", "subject › region 1"),
     ("rows[large].then.price", "行 large › 结果 › price", "row large › then › price"),
     ("title.zh", "标题 › 中文", "title › Chinese")],
)  # fmt: skip
def test_a_path_is_told_in_words(path: str, zh: str, en: str) -> None:
    """Fields and places are words; names that an author gave stay as they are."""
    assert (field_words(path, ZH), field_words(path, EN)) == (zh, en)


@pytest.mark.parametrize(
    ("path", "text", "zh", "en"),
    [("comparator", "decrease_by", "下降", "falls by"), ("synthetic", "True", "是", "yes"),
     ("unit", "1", "无量纲", "no unit"), ("confidence", "confirmed", "已核对", "confirmed"),
     ("figures[0].none_because", "citation", "引用的文件、条款或标准号", "number of a document, clause or standard"),
     ("value", "0.10", "0.10", "0.10"), ("title.zh", "year", "year", "year")],
)  # fmt: skip
def test_a_value_is_told_in_words(path: str, text: str, zh: str, en: str) -> None:
    """Codes, units and truth values are words; figures keep their digits, and text is text."""
    assert (value_words(path, text, ZH), value_words(path, text, EN)) == (zh, en)


def test_an_id_is_told_with_the_name_of_what_it_is() -> None:
    """An indicator or a region is called by its name, with its id beside it."""
    names = {("indicator", "energy_per_gdp"): Label("单位GDP能耗", "energy per GDP")}
    told = [value_words("indicator", "energy_per_gdp", s, lambda f, t: names.get((f, t))) for s in (ZH, EN)]
    assert told == ["单位GDP能耗（energy_per_gdp）", "energy per GDP (energy_per_gdp)"]
