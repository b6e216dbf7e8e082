"""Worked cases: those of packs hold too, no rule goes without one, and the collector can fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from shuangkong.accounting.api import INDICATORS
from shuangkong.kernel.errors import UserError
from shuangkong.testkit.api import Case, case_from, compared, differences, folder_cases, named_by, pack_cases, runners
from shuangkong.testkit.model import table

HERE = Path(__file__).parent
PACK_CASES = pack_cases()


def without_a_case(rules: set[str], cases: tuple[Case, ...]) -> list[str]:
    """Rules that no case names."""
    return sorted(rules - named_by(cases))


@pytest.mark.parametrize("case", PACK_CASES, ids=[c.name for c in PACK_CASES])
def test_the_cases_of_packs_hold(case: Case) -> None:
    """Each worked case that stands in a pack comes out as it says."""
    assert differences(case) == []


def test_every_rule_has_a_worked_case() -> None:
    """An indicator or rule without a case in the folder or in a pack does not ship."""
    cases = (*folder_cases(HERE), *PACK_CASES)
    assert set(INDICATORS) < set(runners())
    # the queries between entries and totals are tried through the indicators and by properties
    between = {"amounts", "returns", "totals"}
    assert without_a_case(set(runners()) - between, cases) == []


def test_an_indicator_without_a_case_is_seen() -> None:
    """A made-up indicator is reported."""
    assert without_a_case({"energy_total", "made_up"}, folder_cases(HERE)) == ["made_up"]


def case(expect: object, **more: object) -> Case:
    """A case on one entry: 1000 t of raw coal."""
    given = {"entries": [["主体", "期间", "品种", "数量", "单位"], ["甲县", "2020", "原煤", 1000, "吨"]]}
    data = {"name": "n", "because": "b", "indicators": ["energy_total"], "given": given}
    expected = expect if isinstance(expect, dict) else {"energy_total": expect}
    return case_from({**data, "expect": expected, **more}, "f.yaml:1")


def test_a_case_that_holds_has_no_difference() -> None:
    """Chinese and English heads name the same columns; a year may be a number."""
    assert differences(case([["主体", "期间", "数值"], ["甲县", 2020, 714]], within="0.3")) == []
    assert differences(case([["subject", "period", "state"], ["甲县", "2020", "ok"]])) == []


@pytest.mark.parametrize(
    ("expect", "said"),
    [
        (
            [["主体", "期间", "数值"], ["甲县", 2020, 714]],
            "f.yaml:1 energy_total: {subject_id: 甲县, period_key: 2020}: value is 714.300000, expected 714",
        ),
        (
            [["主体", "期间", "数值"], ["乙县", 2020, 1]],
            "f.yaml:1 energy_total: expected {subject_id: 乙县, period_key: 2020, value: 1}, and there is no such row",
        ),
        (
            [["主体", "期间"]],
            "f.yaml:1 energy_total: not expected: {subject_id: 甲县, period_key: 2020}",
        ),
        (
            [["主体", "期间", "数值"], ["甲县", 2020, None]],
            "f.yaml:1 energy_total: {subject_id: 甲县, period_key: 2020}: value is 714.300000, expected null",
        ),
    ],
)
def test_a_difference_is_named(expect: list[object], said: str) -> None:
    """A wrong figure, a missing row, a row too many and a null that is none are each said in one line."""
    assert differences(case(expect)) == [said]


def test_an_outcome_without_rows_is_a_difference() -> None:
    """A comparison with nothing does not pass."""
    wanted = table([["主体", "数值"], ["甲县", 1]], "f")
    assert compared(wanted, [], case([["主体"]]).within) == [
        "expected {subject_id: 甲县, value: 1}, and there is no such row"
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"expct": {}}, "unknown key expct."),
        ({"because": ""}, "name or because is missing."),
        ({"indicators": ["coal_total"]}, "what is tried and what is expected differ."),
        ({"expect": {}}, "nothing is tried or nothing expected."),
        ({"expect": {"energy_total": [["a", "b"], [1]]}}, "row 1 does not fit the head."),
        ({"within": "near"}, "within 'near' is no number."),
    ],
)
def test_a_case_that_cannot_be_read_says_why(change: dict[str, object], message: str) -> None:
    """Keys, names and tables are checked, and the place is in the message."""
    with pytest.raises(UserError) as caught:
        case(**{"expect": [["主体"]], **change})
    assert (caught.value.code, caught.value.message) == ("PACK-003", message)
    assert caught.value.where.startswith("f.yaml:1")


def test_a_given_that_nobody_reads_is_refused() -> None:
    """A misspelt table or column is not passed over."""
    for given in ({"entrys": [["主体"]]}, {"entries": [["主体", "颜色"], ["甲县", "红"]]}):
        with pytest.raises(UserError):
            differences(case([["主体"]], given=given))


def test_the_collector_makes_a_test_of_each_case(pytester: pytest.Pytester) -> None:
    """A case that holds passes, one that does not fails with the difference, a broken file is an error."""
    body = (HERE / "decide.yaml").read_text("utf-8")
    folder = pytester.mkdir("cases")
    (folder / "good.yaml").write_text(body, "utf-8")
    (folder / "bad.yaml").write_text(body.replace("[甲省, missed, true, null]", "[甲省, met, true, null]"), "utf-8")
    (folder / "broken.yaml").write_text("- name: x\n  name: y\n", "utf-8")
    result = pytester.runpytest("-p", "shuangkong.testkit.plugin", "-p", "no:randomly", "cases")
    result.assert_outcomes(passed=0, failed=0, errors=1)
    (folder / "broken.yaml").unlink()
    result = pytester.runpytest("-p", "shuangkong.testkit.plugin", "-p", "no:randomly", "cases")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*cases/bad.yaml:1 decide: *row_hit is missed, expected met"])
