"""Every word on a page has a key, and every key has Chinese and English."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

import shuangkong
from shuangkong.app.web.factory import MESSAGES
from shuangkong.policy.api import builtin_packs
from shuangkong.webkit.api import (
    LANGUAGES,
    Speaker,
    UntranslatedText,
    chosen_language,
    read_messages,
    unit_words,
)
from shuangkong.webkit.messages import _label

ROOT = Path(shuangkong.__file__).parent
TEXTS = read_messages(*MESSAGES)
PLACES = (ROOT / "app/web", ROOT / "webkit")
FILES = [p for d in PLACES for e in ("*.py", "*.html") for p in sorted(d.rglob(e))]
#: Groups whose keys are codes that come from data.
CODED = {"reason", "confidence_why", "variant", "level", "region_level", "part", "basis", "method", "origin", "ask",
         "next", "next_why", "sort", "progress", "input", "op", "measure", "deduction", "formula", "csv", "error",
         "chart", "unit", "subject_kind", "flag", "api_place", "field_error", "may",
         "audit_action", "audit_field", "audit_object", "audit_principal", "audit_value", "run_table", "run_step",
         "run_rounding", "audit_fault", "audit_job", "correction_field", "nav", "demo_role", "sign_ended",
         "watch_basis", "watch_need", "watch_profile", "watch_role",
         "error_case", "error_do", "flaw", "flaw_do", "export_table", "rhythm", "proposal_change",
         "pack_field", "pack_value", "notation",
         "document_change", "case_due", "case_count",
         "sharing_kind", "sharing_method", "sharing_criterion", "sharing_unit", "sharing_field", "sharing_closing",
         "sharing_column", "sharing_sheet", "sharing_notice", "chain_role"}  # fmt: skip
_CALLED = re.compile(r"""(?:\bt|\bsay|\bwords|speaker\.say)\(\s*['"]([a-z_]+\.[a-z_]*[a-z])['"]""")
_NAMED = re.compile(r"""['"]((?:sentence|why)\.(?!html)[a-z_]+)['"]""")
#: The beginning of keys whose end is a code: `t('rules.state_' ~ state)`.
_BEGUN = re.compile(r"""['"]([a-z]+\.[a-z_]*_)['"]\s*[~+]|f['"]([a-z]+\.[a-z_]*_)\{""")


def asked_for() -> set[str]:
    """Keys that templates and modules name."""
    found: set[str] = set()
    for path in FILES:
        text = path.read_text("utf-8")
        found |= {*_CALLED.findall(text), *_NAMED.findall(text)}
    return found


def begun() -> tuple[str, ...]:
    """Beginnings of keys that are ended by a code."""
    texts = (path.read_text("utf-8") for path in FILES)
    return tuple({a or b for text in texts for a, b in _BEGUN.findall(text)})


def test_every_text_that_is_asked_for_is_there() -> None:
    """A page that asks for a text without a translation fails here."""
    keys = asked_for()
    assert len(keys) > 150
    assert sorted(k for k in keys if k not in TEXTS) == []


def test_no_text_is_left_over() -> None:
    """A text that no page asks for is taken out."""
    plain = {k for k in TEXTS if k.split(".")[0] not in CODED and k.split(".")[0] != "frame"}
    begins = begun()
    assert len(begins) > 3
    assert sorted(k for k in plain - asked_for() if not k.startswith(begins)) == []


@pytest.mark.parametrize("key", sorted(TEXTS))
def test_both_languages_have_the_same_places(key: str) -> None:
    """Each text is there in both languages with the same places to fill; English has no Chinese in it."""
    label = TEXTS[key]
    places = [{name for _, name, _, _ in Formatter().parse(label.in_(language)) if name} for language in LANGUAGES]
    assert places[0] == places[1]
    if key != "frame.other_language":
        assert not re.search(r"[\u4e00-\u9fff]", label.in_("en"))


def test_templates_hold_no_words() -> None:
    """No template has a Chinese character or an English word of its own between tags."""
    for path in FILES:
        if path.suffix == ".html":
            text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<[^>]*>", " ", path.read_text("utf-8"), flags=re.S)
            words = set(re.findall(r"[\u4e00-\u9fff]+|[A-Za-z]{3,}", text)) - {"SHA", "JSON"}
            assert words == set(), path.name


def test_a_text_without_english_is_refused() -> None:
    """A hole in the catalogue is seen when it is read."""
    with pytest.raises(UntranslatedText):
        _label("a.b", {"zh": "有"})
    with pytest.raises(UntranslatedText):
        Speaker("zh", TEXTS).say("no.such")


def test_chinese_comes_first() -> None:
    """The address decides, then the cookie, then Chinese."""
    assert chosen_language("en", "zh") == "en"
    assert chosen_language(None, "en") == "en"
    assert chosen_language("fr", None) == "zh"


def test_reasons_and_marks_of_the_demo_have_words(pages: Any) -> None:
    """No code shows on a page in place of a word: every reason, aspect, level and mark of the demo is told."""
    findings = pages.view.findings
    codes = {f"reason.{f.reason}" for f in findings if f.reason}
    codes |= {f"variant.{f.variant}" for f in findings} | {f"level.{f.level}" for f in findings}
    codes |= {f"confidence_why.{f.confidence}" for f in findings} | {f"ask.{f.comparator}" for f in findings}
    codes |= {f"next.{f.status}" for f in findings}
    assert sorted(codes - set(TEXTS)) == []


def test_every_unit_of_a_pack_is_said_in_chinese() -> None:
    """No unit of a target or parameter shows by its code on a Chinese page."""
    packs = builtin_packs()
    units = {t.unit for p in packs for t in p.targets} | {q.unit for p in packs for q in p.parameters}
    assert len(units) > 30
    assert sorted(u for u in units if re.search(r"_|[A-Za-z]{3,}", unit_words(u, "zh"))) == []
