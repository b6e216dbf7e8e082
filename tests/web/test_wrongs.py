"""Mistakes in words for people: pages speak the reader's language, programs get the words of the error."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import shuangkong
from shuangkong.app.web.factory import MESSAGES
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.webkit.api import Speaker, read_messages, wrong
from shuangkong.webkit.passwords import check_password

TEXTS = read_messages(*MESSAGES)
SOURCES = Path(shuangkong.__file__).parent


def key_of(code: str, case: str) -> str:
    """The key under which the catalogue has the words of a case."""
    return f"{code.lower().replace('-', '_')}_{case}"


def named_cases() -> set[str]:
    """Each code and case that is written out in a `UserError(…, case="…")`."""
    found = set()
    for path in SOURCES.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "UserError":
                case = next((k.value for k in node.keywords if k.arg == "case"), None)
                if isinstance(case, ast.Constant) and isinstance(node.args[0], ast.Constant):
                    found.add(key_of(str(node.args[0].value), str(case.value)))
    return found


def test_every_case_has_words_and_a_next_step() -> None:
    """A case that an error names is in the catalogue, with what to do; what happened and what to do are paired."""
    said = {k.removeprefix("error_case.") for k in TEXTS if k.startswith("error_case.")}
    done = {k.removeprefix("error_do.") for k in TEXTS if k.startswith("error_do.")}
    assert named_cases() - said == set()
    assert said == done


@pytest.mark.parametrize(
    ("password", "case"),
    [("kurz", "short"), ("x" * 300, "long"), ("mein.name ist lang", "holds_name"), ("aaaabbbbaaaabbbb", "repeats")],
)
def test_a_weak_password_is_told_in_both_languages(password: str, case: str) -> None:
    """The rule that a password breaks is named in the language of the page, with the figures of the rule."""
    with pytest.raises(UserError) as caught:
        check_password(password, "mein.name")
    zh, en = (wrong(caught.value, Speaker(language, TEXTS)) for language in ("zh", "en"))
    assert caught.value.case == case
    assert zh.own
    assert zh.message == TEXTS[f"error_case.right_005_{case}"].in_("zh").format(has=len(password), least=12, most=256)
    assert en.message == TEXTS[f"error_case.right_005_{case}"].in_("en").format(has=len(password), least=12, most=256)


def test_facts_are_filled_in_and_an_error_without_a_case_keeps_its_words() -> None:
    """A label among the facts is said in the language of the page; no case, or an unknown one, is not translated."""
    facts = {"role": Label("银行", "bank"), "action": Label("导入账目", "import books")}
    refused = UserError("RIGHT-002", "a bank may not.", remedy="Ask.", case="role", facts=facts)
    assert wrong(refused, Speaker("zh", TEXTS)).message == "“银行”这一岗位不能“导入账目”。"
    assert wrong(refused, Speaker("en", TEXTS)).message == "The role “bank” may not “import books”."
    for case in ("", "nowhere"):
        plain = wrong(UserError("RIGHT-002", "a bank may not.", remedy="Ask.", case=case), Speaker("zh", TEXTS))
        assert (plain.message, plain.remedy, plain.own) == ("a bank may not.", "Ask.", False)
