"""What is wrong in packs, rules and documents is said in Chinese and English; the words are data, none is missing."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, Field, ValidationError

import shuangkong
from shuangkong.app.spoken import language_asked, spoken
from shuangkong.app.web.factory import MESSAGES
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.policy.api import Kind, PackErrors, PolicyError, load_pack, parse, said, told, typed, unit_of
from shuangkong.policy.complaints import words_of
from shuangkong.policy.reading.files import text_of
from shuangkong.policy.words import FILE, notation, texts, why_unread
from shuangkong.webkit.api import Speaker, read_messages, wrong

SOURCES = Path(shuangkong.__file__).parent
BROKEN = Path(__file__).parent / "broken"
HAN = re.compile(r"[\u4e00-\u9fff]")
#: Cases that wrap another complaint; `Words` makes them for the codes that it finds.
WRAPPED = {"rule_001_inside", "rule_002_inside", "rule_003_inside", "pack_005_because", "run_003_because"}


@cache
def every_call() -> tuple[tuple[str, str, ast.Call], ...]:
    """Name, place and node of each call of a plain name in the program."""
    return tuple(
        (node.func.id, f"{path.relative_to(SOURCES).as_posix()}:{node.lineno}", node)
        for path in SOURCES.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    )


def calls(name: str) -> Iterator[tuple[str, ast.Call]]:
    """Each call of a name in the program with its place."""
    yield from ((place, node) for called, place, node in every_call() if called == name)


def cases() -> dict[str, set[str]]:
    """The key of each case that the program names, with the facts that it hands over."""
    found: dict[str, set[str]] = {}
    for place, node in calls("said"):
        if len(node.args) < 2:
            continue  # the words of drafts, which have another `said`
        code, case = node.args[:2]
        if not (isinstance(code, ast.Constant) and re.fullmatch(r"[A-Z]+-\d{3}", str(code.value))):
            continue
        assert isinstance(case, ast.Constant), place
        key = f"{str(code.value).lower().replace('-', '_')}_{case.value}"
        named = {k.arg for k in node.keywords if k.arg}
        found.setdefault(key, set()).update(named)
    return found


def test_no_error_of_the_slice_is_written_out_in_one_language() -> None:
    """Modules of the policy slice name a case; none makes an error of a sentence."""
    assert [place for place, _ in calls("UserError") if place.startswith("policy/")] == []
    assert [p for p, c in calls("wrong") if p.startswith("policy/") and isinstance(c.args[0], ast.Constant)] == []


def test_every_case_has_words_and_no_words_are_left_over() -> None:
    """Each case that the program names has what happened and what to do; nothing else is in the file."""
    named = cases()
    assert len(named) > 150
    for group in ("error_case", "error_do"):
        there = {k.removeprefix(f"{group}.") for k in texts() if k.startswith(f"{group}.")}
        assert there == set(named) | WRAPPED


def test_every_place_in_a_text_is_filled() -> None:
    """No text asks for a fact that its error does not hand over."""
    facts = {k: v | ({"day"} if k.startswith("rule_005_") else set()) for k, v in cases().items()}
    spread = {p for p, c in calls("said") if any(k.arg is None for k in c.keywords)}
    for key, text in texts().items():
        group, _, case = key.partition(".")
        if group == "notation" or case in WRAPPED or case in _spread(spread):
            continue
        asked = set(re.findall(r"\{(\w+)\}", text.zh)) | set(re.findall(r"\{(\w+)\}", text.in_("en")))
        assert asked <= facts[case], key


def _spread(places: set[str]) -> set[str]:
    """Cases whose facts come as a mapping: they are told by the tests of what they say."""
    return {
        f"{str(c.args[0].value).lower().replace('-', '_')}_{c.args[1].value}"
        for p, c in calls("said")
        if p in places and isinstance(c.args[0], ast.Constant) and isinstance(c.args[1], ast.Constant)
    }


def test_the_words_are_among_those_of_pages() -> None:
    """A page finds the words of the slice in its own catalogue."""
    assert ("shuangkong.policy", FILE) in MESSAGES


@pytest.mark.parametrize("case", sorted(p.name for p in BROKEN.iterdir()))
def test_a_broken_pack_is_told_in_chinese(case: str) -> None:
    """Each broken pack gives exactly the Chinese lines written beside it."""
    with pytest.raises(PackErrors) as caught:
        load_pack(BROKEN / case / "pack", origin="pack")
    assert caught.value.in_("zh") + "\n" == (BROKEN / case / "expected.zh.txt").read_text("utf-8")
    assert all(HAN.search(p["message_zh"]) and HAN.search(p["remedy_zh"]) for p in caught.value.as_dicts())


def test_a_page_says_what_the_terminal_says() -> None:
    """The page's catalogue and the slice make the same words of an error, in both languages."""
    error = said("PACK-004", "editions", n=2, day=date(2024, 1, 1), editions=Label("甲、乙", "a, b")).at("x")
    catalogue = read_messages(*MESSAGES)
    for language in ("zh", "en"):
        page = wrong(error, Speaker(language, catalogue))
        colon, space = ("：", "") if language == "zh" else (": ", " ")
        line = f"PACK-004 x{colon}{page.message}{space}{page.remedy}"
        assert line == told(error, language) == spoken(error, language)


@pytest.mark.parametrize(
    ("expression", "zh"),
    [
        ("x +", "RULE-001 第 4 个字符：写到这里没有写完。表达式的写法见 docs/design/rules.md。"),
        ("y > 1", "RULE-003 第 1 个字符：“y”既不是本表的输入，也不是参数。现有的：x。"),
        ('x > q("5", "kWh")', "RULE-002 第 3 个字符：数（tce）与数（kWh）放在一起比较。请化为同一单位："
         'to(x, "kgce") 换算，q("5000", "tce") 是带单位的量。'),
        ('to(x, "尺")', "RULE-002 第 7 个字符：“尺”不是已知的计量单位。写 t、10kt、MWh、GJ 或 tce 之类。"),
    ],
)  # fmt: skip
def test_an_expression_is_told_in_chinese(expression: str, zh: str) -> None:
    """What is wrong in an expression is said with its place, types and units in words."""
    with pytest.raises(PolicyError) as caught:
        typed(parse(expression), {"x": Kind("number", unit_of("tce"))})
    assert told(caught.value, "zh") == zh


class Bounded(BaseModel):
    """A model with every bound that fields of packs have."""

    above: int = Field(1, gt=0, lt=9)
    within: int = Field(1, ge=1, le=8)
    text: str = Field("x", min_length=1)
    some: tuple[int, ...] = Field((1,), min_length=1, max_length=2)


@pytest.mark.parametrize(
    ("given", "zh"),
    [({"above": 0}, "0 应大于 0。"), ({"above": 9}, "9 应小于 9。"), ({"within": 0}, "0 应不小于 1。"),
     ({"within": 9}, "9 应不大于 8。"), ({"text": ""}, "这里写的是空文字。"),
     ({"some": ()}, "这里至少要有 1 项，现有 0 项。"),
     ({"some": (1, 2, 3)}, "这里至多 2 项，现有 3 项。"), ({"above": {}}, "一组键值 不是整数。")],
)  # fmt: skip
def test_a_bound_that_is_not_kept_is_told_in_chinese(given: dict[str, Any], zh: str) -> None:
    """No bound of a field is told in the words of the library that checks it."""
    with pytest.raises(ValidationError) as caught:
        Bounded.model_validate(given)
    assert words_of(caught.value.errors()[0], Bounded).message.zh == zh


def test_why_a_file_cannot_be_read_is_told_in_chinese(tmp_path: Path) -> None:
    """A file that is not there is said so in Chinese; a reason that nobody foresaw is quoted as the system says it."""
    with pytest.raises(PolicyError) as caught:
        text_of(tmp_path / "nowhere.txt")
    assert caught.value.words.message.zh == "文件读不出来（没有这个文件）。"
    assert why_unread(OSError(5, "Input/output error")) == Label("Input/output error", "Input/output error")


def test_what_the_reader_of_yaml_says_is_told_in_chinese() -> None:
    """The usual mistakes of notation have Chinese words; what is not known is quoted as it is."""
    assert notation("mapping values are not allowed in this context").zh.startswith("这里不能有“: ”")
    assert notation("did not find expected ',' or '}'") == Label("少了逗号或右括号", "did not find expected ',' or '}'")
    assert notation("something new").zh == "something new"


def test_the_terminal_speaks_the_language_asked_for() -> None:
    """Chinese without a word, English with --lang en; an error without words in both keeps its own."""
    assert [language_asked(w) for w in (["x"], ["x", "--lang", "en"], ["x", "--lang=en"], ["x", "--lang", "zh"])] == [
        "zh", "en", "en", "zh",
    ]  # fmt: skip
    elsewhere = UserError("PER-001", "x is no day.", where="--date", remedy="Write one.", case="instant",
                          facts={"text": "x"})  # fmt: skip
    assert spoken(elsewhere, "zh") == "PER-001 --date：“x”不是日期或时刻。写作 2025-03-01。"
    assert spoken(elsewhere, "en") == "PER-001 --date: x is no day. Write one."
    assert spoken(UserError("WS-003", "busy.", remedy="Wait."), "zh") == "WS-003 busy. Wait."
