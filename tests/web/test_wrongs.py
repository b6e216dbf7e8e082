"""Mistakes in words for people: pages speak the reader's language, programs get the words of the error."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import shuangkong
from shuangkong.app.web.factory import MESSAGES
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.registry.sheets import tally
from shuangkong.registry.uscc import check_uscc
from shuangkong.webkit.api import Speaker, TableColumn, TableSpec, parse_choices, read_messages, wrong
from shuangkong.webkit.passwords import check_password

TEXTS = read_messages(*MESSAGES)
SOURCES = Path(shuangkong.__file__).parent
LIST = TableSpec(
    "list",
    Label("列表", "List"),
    (
        TableColumn("kind", Label("种类", "Kind"), filter="choice"),
        TableColumn("at", Label("日期", "Day"), "date", filter="range"),
        TableColumn("n", Label("数", "Number"), "number", filter="range"),
        TableColumn("many", Label("多", "Many"), "flag", filter="choice"),
    ),
    key=("kind",),
    orders={"kind": ("kind",)},
    default="kind",
)


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


#: Modules whose errors nobody meets on a page: what a terminal or an author of packs is told.
TERMINAL = (
    "app/commands/", "app/demo/", "app/simulating.py", "metering/simulating/", "metering/mqtt.py",
    "metering/collecting.py", "app/boundary.py", "accounting/account_choices.py", "accounting/account_rows.py",
    "accounting/cli.py", "accounting/factors.py", "engine/backup.py", "engine/restoring.py", "engine/workspace.py",
    "testkit/",
)  # fmt: skip


def errors_made() -> list[tuple[str, ast.Call]]:
    """Each `UserError(…)` that is written out in a module behind the pages, with its place."""
    found = []
    for path in SOURCES.rglob("*.py"):
        name = path.relative_to(SOURCES).as_posix()
        if name.startswith(TERMINAL):
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "UserError":
                found.append((f"{name}:{node.lineno}", node))
    return found


def test_every_error_behind_a_page_names_its_case() -> None:
    """An error without a case would be shown in its English words on a Chinese page."""
    made = errors_made()
    assert len(made) > 90
    assert [place for place, call in made if not {"case", None} & {k.arg for k in call.keywords}] == []


@pytest.mark.parametrize("module", TERMINAL)
def test_each_module_that_is_left_out_is_there(module: str) -> None:
    """A module that moved would be left out in vain."""
    assert (SOURCES / module).exists()


@pytest.mark.parametrize(
    ("text", "case"),
    [("91130100", "length"), ("9113010A000000000X", "region"), ("91130100O00000000X", "letter"),
     ("91130100#00000000X", "character"), ("911301000000000001", "check")],
)  # fmt: skip
def test_a_wrong_credit_code_is_told_in_both_languages(text: str, case: str) -> None:
    """What is wrong with a code, and where, is said in the language of the page."""
    with pytest.raises(UserError) as caught:
        check_uscc(text)
    zh, en = (wrong(caught.value, Speaker(language, TEXTS)) for language in ("zh", "en"))
    assert caught.value.case == f"uscc_{case}"
    assert (zh.own, en.own) == (True, True)
    assert text in zh.message
    assert text in en.message


@pytest.mark.parametrize(
    ("query", "case"),
    [({"nothing": "x"}, "filter"), ({"q": "x" * 300}, "text"), ({"sort": "nothing"}, "order"), ({"page": "-1"}, "page"),
     ({"at_min": "gestern"}, "day"), ({"many": "ja"}, "flag"), ({"n_min": "viel"}, "number")],
)  # fmt: skip
def test_a_wrong_condition_of_a_list_is_told_in_both_languages(query: dict[str, str], case: str) -> None:
    """A list whose address holds something it does not know says so in words of the page."""
    with pytest.raises(UserError) as caught:
        parse_choices(LIST, query.items())
    assert caught.value.case == f"table_{case}"
    assert wrong(caught.value, Speaker("zh", TEXTS)).own


def test_too_many_conditions_of_a_list_are_told() -> None:
    """More filters than a list takes are refused in words of the page."""
    with pytest.raises(UserError) as caught:
        parse_choices(LIST, [("kind", str(n)) for n in range(500)])
    assert caught.value.case == "table_filters"
    assert wrong(caught.value, Speaker("zh", TEXTS)).own


def flaws_of_sheets() -> set[str]:
    """Each code of a flaw that reading, checking and importing a sheet can notice."""
    found = set(tally._KINDS)
    for slice_ in ("registry", "accounting"):
        for path in (SOURCES / slice_).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Flaw":
                    code = node.args[0]
                    found |= {str(code.value)} if isinstance(code, ast.Constant) else set()
    return found


def test_every_flaw_of_a_sheet_has_words_and_what_to_do() -> None:
    """What an import notices in a sheet is said in both languages, with a next step; no words are left over."""
    codes = flaws_of_sheets()
    assert len(codes) > 12
    for group in ("flaw", "flaw_do"):
        assert {k.removeprefix(f"{group}.") for k in TEXTS if k.startswith(f"{group}.")} == codes


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
