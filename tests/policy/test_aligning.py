"""Targets of invented documents (合成) side by side: what is equal, stricter, weaker, missing, or cannot be weighed."""

from __future__ import annotations

import io
import json
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from policy.builders import pack
from shuangkong.app.cli import app
from shuangkong.policy.aligning import VERDICTS, Alignment, Comparison, align
from shuangkong.policy.aligning_told import alignment_json, alignment_lines, alignment_workbook, texts, verdict_words
from shuangkong.policy.api import Pack

INDICATORS = """
- {id: demo.rate, label: {zh: 合成率}, unit: "%", nature: ratio}
- {id: demo.amount, label: {zh: 合成量}, unit: 10k_t, nature: flow}
- {id: demo.use, label: {zh: 合成用能}, unit: tce/10k_CNY, nature: ratio}
"""


def document(level: str, region: str, *targets: str) -> Pack:
    """A document of a level with these targets, each a line without slug, clause and subject."""
    lines = []
    for n, line in enumerate(targets):
        subject = "" if "subject:" in line else f', subject: {{region: "{region}"}}'
        lines.append(f"- {{slug: t{n}, clause: 一{subject}, {line}}}\n")
    files = {"clauses.yaml": "- {id: 一, title: {zh: 目标}, kind: target}\n", "targets.yaml": "".join(lines)}
    return pack(f"test.{level}{region}@2022", level=level, region=region, files=files | {"indicators.yaml": INDICATORS})


def nation(*targets: str) -> Pack:
    """The upper document."""
    return document("nation", "000000", *targets)


def province(*targets: str) -> Pack:
    """The lower document."""
    return document("province", "990000", *targets)


def verdicts(upper: str, lower: str) -> tuple[str, ...]:
    """What is said of a lower target against an upper one."""
    (row,) = align([nation(upper), province(lower)]).rows
    return row.comparisons[0].verdicts


FALL = (
    'indicator: demo.use, comparator: decrease_by, value: {}, unit: "%", base_year: 2020, horizon: plan, '
    "period: P2021-2025"
)
RATE = 'indicator: demo.rate, comparator: {}, value: {}, unit: "%", horizon: year, year: 2025'


@pytest.mark.parametrize(
    ("upper", "lower", "said"),
    [
        (FALL.format("13.5"), FALL.format("14"), ("stricter",)),
        (FALL.format("14"), FALL.format("14.0"), ("equal",)),
        (FALL.format("14"), FALL.format("13.5"), ("weaker",)),
        (FALL.format("14"), FALL.format("14").replace("2020", "2019"), ("other_base",)),
        (FALL.format("14"), FALL.format("14").replace("P2021-2025", "P2021-2030"), ("other_horizon",)),
        (RATE.format("at_least", 50), RATE.format("at_least", 60), ("stricter",)),
        (RATE.format("at_most", 50), RATE.format("at_most", 60), ("weaker",)),
        (RATE.format("at_least", 50), RATE.format("more_than", 50), ("stricter",)),
        (RATE.format("more_than", 50), RATE.format("at_least", 50), ("weaker",)),
        (RATE.format("about", 50), RATE.format("at_least", 50), ("other_wording",)),
        (RATE.format("reach", 50), RATE.format("reach", 45), ("weaker",)),
        (RATE.format("at_least", 50), RATE.format("at_least", "0.5").replace('"%"', '"1"'), ("equal",)),
        (RATE.format("at_least", 50), RATE.format("at_least", 5).replace('"%"', "pp"), ("other_unit",)),
        (FALL.format("14"), 'indicator: demo.use, comparator: at_most, value: 0.5, unit: tce/10k_CNY, horizon: year, '
         "year: 2025", ("other_indicator_basis", "other_unit")),
        ("indicator: demo.amount, comparator: at_least, value: 300, unit: 10k_t, horizon: year, year: 2025",
         "indicator: demo.amount, comparator: at_least, value: 2, unit: 10k_t, horizon: year, year: 2025",
         ("totals_apart",)),
        (FALL.format("14"), FALL.format("14") + ", accounting: {basis: primary}", ("equal",)),
        (FALL.format("14") + ", accounting: {basis: calorific}", FALL.format("14") + ", accounting: {basis: primary}",
         ("other_indicator_basis",)),
        (FALL.format("14") + ", scope: {zh: 规模以上合成企业}", FALL.format("14"), ("other_scope",)),
    ],
)  # fmt: skip
def test_a_lower_target_against_an_upper_one(upper: str, lower: str, said: tuple[str, ...]) -> None:
    """Each way in which two targets stand to each other is told, and where they cannot be weighed, why."""
    assert verdicts(upper, lower) == said


def test_what_is_missing_is_said() -> None:
    """A target that the lower document leaves out is missing there; one of its own has nothing above."""
    found = align([nation(FALL.format("14")), province(RATE.format("at_least", 50))])
    assert [r.comparisons[0].verdicts for r in found.rows] == [("missing_below",), ("only_below",)]
    assert found.counts(1) == {"missing_below": 1, "only_below": 1}


def test_what_is_given_to_a_region_counts_before_what_holds_for_all() -> None:
    """A figure that the upper document gives the lower region is what the lower one is held against."""
    given_ = FALL.format("15") + ', subject: {regions: ["990000"]}'
    elsewhere = FALL.format("19") + ', subject: {regions: ["980000"]}'
    (row,) = align([nation(FALL.format("13.5"), given_, elsewhere), province(FALL.format("14"))]).rows
    comparison = row.comparisons[0]
    assert (comparison.verdicts, comparison.difference) == (("weaker",), Decimal(-1))
    assert "下达" in verdict_words(comparison, "zh")


def test_a_city_is_held_against_its_province_and_else_against_the_nation() -> None:
    """The nearest document above that speaks is taken, of the region that the city lies in."""
    city = document("city", "990100", FALL.format("14"), RATE.format("at_least", 60))
    other = document("province", "980000", RATE.format("at_least", 90))
    found = align([city, other, province(FALL.format("14.5")), nation(RATE.format("at_least", 50))])
    assert [p.instrument.level for p in found.packs] == ["nation", "province", "province", "city"]
    said = {r.name_zh: next(c for c in r.comparisons if c.below == 3) for r in found.rows}
    assert (said["合成用能"].above, said["合成用能"].verdicts) == (2, ("weaker",))
    assert (said["合成率"].above, said["合成率"].verdicts) == (0, ("stricter",))


def test_every_target_has_a_place() -> None:
    """Two targets of one indicator and year, and those of other years, all stand in some row."""
    plans = [
        RATE.format("at_least", 50),
        RATE.format("at_least", 55),
        RATE.format("at_least", 70).replace("2025", "2030"),
    ]
    found = align([nation(*plans), province(RATE.format("at_least", 52))])
    shown = {c.target.slug for r in found.rows if (c := r.cells[0])}
    assert shown == {"t0", "t1", "t2"}


def test_a_target_of_one_unit_stands_beside_nothing() -> None:
    """What one unit is given is neither a region's own figure nor one given to it."""
    one = 'subject: {uscc: "919900000000000018"}, ' + RATE.format("at_least", 50)
    assert align([nation(one), province(one, RATE.format("at_least", 60))]).rows[0].comparisons[0].verdicts == (
        "only_below",
    )


def test_a_candidate_is_marked() -> None:
    """A target that nobody has reviewed says so beside its figure."""
    found = align([nation(FALL.format("13.5")), province(FALL.format("14") + ", confidence: candidate")])
    assert any("候选" in line for line in alignment_lines(found, "zh"))


@given(upper=st.decimals(1, 99, places=1), lower=st.decimals(1, 99, places=1))
@settings(deadline=None, max_examples=40)
def test_stricter_and_weaker_change_places(upper: Decimal, lower: Decimal) -> None:
    """What is stricter one way is weaker the other way, and equal both ways."""
    forth = verdicts(FALL.format(upper), FALL.format(lower))[0]
    back = verdicts(FALL.format(lower), FALL.format(upper))[0]
    assert {"stricter": "weaker", "weaker": "stricter", "equal": "equal"}[forth] == back


def found_() -> Alignment:
    """An alignment with a verdict of several kinds."""
    own = "indicator: demo.amount, comparator: reach, value: 3, unit: 10k_t, horizon: standing"
    return align([nation(FALL.format("13.5"), RATE.format("at_least", 50)), province(FALL.format("13"), own)])


def test_every_verdict_has_words_in_both_languages() -> None:
    """No verdict is shown by its code."""
    assert set(VERDICTS) <= set(texts())
    words = {v: verdict_words(Comparison(1, 0, (v,)), "en") for v in VERDICTS}
    assert all(w and w != v for v, w in words.items())


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_workbook_holds_each_row_with_its_verdict(language: str) -> None:
    """The workbook has a line for each row, the figures of both documents, and what is said of the lower one."""
    found = found_()
    book = openpyxl.load_workbook(io.BytesIO(alignment_workbook(found, language)))  # type: ignore[arg-type]
    cells = [[str(c.value or "") for c in row] for row in book.worksheets[0].iter_rows()]
    body = [row for row in cells if row[0] in {r.name_zh for r in found.rows}]
    assert len(body) == len(found.rows)
    weak = {"zh": "低于上级要求（少0.5个百分点）", "en": "weaker than above (0.5 percentage points less)"}[language]
    assert any(weak in row for row in body)


def test_json_is_whole() -> None:
    """The JSON has the documents, the rows with exact figures, and counts."""
    data = json.loads(json.dumps(alignment_json(found_())))
    assert [d["level"] for d in data["documents"]] == ["nation", "province"]
    assert data["rows"][0]["cells"][0]["value"] == "13.5"
    assert data["counts"][1]["missing_below"] == 1


def test_the_command_takes_packs_and_files(tmp_path: Path) -> None:
    """`policy align` lays a pack beside a file that is read, and writes the workbook."""
    plan = tmp_path / "plan.txt"
    plan.write_text(
        "广东省“十四五”节能减排方案（合成）\n一、主要目标\n到2025年，全省单位地区生产总值能耗比2020年下降13%。\n"
        "二、任务\n（一）做好合成工作。\n", "utf-8",
    )  # fmt: skip
    out = tmp_path / "a.xlsx"
    from shuangkong.app.cli import _catalogue

    args = ["policy", "align", "guofa-2021-33", str(plan), "-o", str(out), "--known", "2022-06-01", "--json"]
    result = CliRunner().invoke(app, args, obj=_catalogue)
    data = json.loads(result.stdout)
    row = next(r for r in data["rows"] if r["indicator"] == "energy_per_gdp")
    assert row["comparisons"][0]["verdicts"] == ["weaker"]
    assert row["cells"][1]["confidence"] == "candidate"
    assert out.read_bytes()[:2] == b"PK"


def test_one_document_is_too_few() -> None:
    """With one document there is nothing to compare, and the message says what to do."""
    result = CliRunner().invoke(app, ["policy", "align", "guofa-2021-33"])
    assert getattr(result.exception, "code", None) == "PACK-006"
