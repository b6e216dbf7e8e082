"""Draft packs: what a reading becomes as files, and that the loader takes every one of them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from shuangkong.app.catalogue import catalogue
from shuangkong.policy import service
from shuangkong.policy.api import PackErrors, PackSet, builtin_packs, draft, load_files
from shuangkong.policy.reading.clean import clean
from shuangkong.policy.reading.files import text_of
from shuangkong.policy.reading.model import Reading, Target
from shuangkong.policy.reading.printed_units import printed_unit
from shuangkong.policy.reading.service import as_json, read_text
from shuangkong.policy.writing_yaml import as_yaml

KNOWN = date(2026, 1, 1)
SHARED = Path(__file__).parents[4] / "shared" / "policies"
TEXTS = sorted(SHARED.glob("source/*.txt")) + sorted(SHARED.glob("more/*.txt"))
CORPUS = yaml.safe_load((Path(__file__).parent / "corpus.yaml").read_text("utf-8"))
TAILS = yaml.safe_load((Path(__file__).parent / "tails.yaml").read_text("utf-8"))
PLAN = "石家庄市“十四五”节能减排方案（合成）\n一、主要目标\n{}\n二、重点任务\n（一）合成工程。{}\n"


def packs() -> PackSet:
    """The packs of the program with what it computes."""
    return PackSet(builtin_packs(), catalogue=catalogue())


def read(goal: str = "", task: str = "") -> Reading:
    """The reading of an invented plan with these sentences."""
    return read_text(PLAN.format(goal, task))


def entries(files: dict[str, str], name: str) -> list[dict[str, Any]]:
    """The entries of a file of a draft, none where it is not there."""
    found: list[dict[str, Any]] = yaml.safe_load(files.get(name, "[]"))
    return found


def made(reading: Reading, **given: Any) -> dict[str, str]:
    """The files of the draft of a reading's first document."""
    facts: dict[str, Any] = {"pack_id": "demo.draft", "known": KNOWN, "packs": packs()} | given
    return draft(reading.documents[0], reading.targets, reading.duties, reading.candidates, **facts).files


@pytest.mark.shared
@pytest.mark.skipif(not TEXTS, reason="the documents are not on this machine")
@pytest.mark.parametrize("path", TEXTS, ids=lambda p: p.stem)
def test_the_loader_takes_the_draft_of_every_document(path: Path, tmp_path: Path) -> None:
    """`policy check` finds nothing wrong in the draft of any document, and every target and duty read is in it."""
    text = text_of(path)
    reading, cleaned = read_text(text), clean(text).text
    assert json.loads(json.dumps(as_json(reading)))["documents"]
    for d in (d for d in reading.documents if d.kind in ("instrument", "summary")):
        found = draft(
            d, reading.targets, reading.duties, reading.candidates, pack_id=f"demo.d{d.number}", known=KNOWN,
            packs=packs(), text=cleaned,
        )  # fmt: skip
        folder = tmp_path / str(d.number)
        for name, content in found.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(content, "utf-8")
        report = service.check([folder], builtin=True, catalogue=catalogue())
        assert report.problems == ()
        assert [x for x in found.left_out if x.kind in ("target", "duty")] == []
        assert len(entries(found.files, "targets.yaml")) == sum(t.document == d.number for t in reading.targets)


@pytest.mark.parametrize("case", CORPUS, ids=lambda c: str(c["what"]))
def test_the_loader_takes_every_sentence_of_the_corpus(case: dict[str, Any]) -> None:
    """Each invented sentence becomes entries that the loader takes, all of them candidates."""
    reading = read(case["text"])
    files = made(reading)
    pack = load_files({n: t.encode() for n, t in files.items()}, origin="draft")
    assert len(pack.targets) == len(reading.targets)
    marked = (pack.instrument, *pack.targets, *pack.duties, *pack.tables, *pack.clauses, *pack.indicators)
    assert {one.confidence for one in marked} == {"candidate"}


def test_what_was_reviewed_is_marked_by_its_document() -> None:
    """A clause and a declared indicator of a reviewed pack are as sure as the document and say nothing of their own."""
    files = made(read("一、目标\n到2025年，合成材料利用率达到52%以上。"), confidence="confirmed")
    for name in ("clauses.yaml", "indicators.yaml"):
        assert [e for e in entries(files, name) if "confidence" in e] == []


def test_what_is_certain_is_bound_and_what_is_not_is_named() -> None:
    """A name of the catalogue is bound to it; another is declared under its printed name, and says so."""
    files = made(read("到2025年，全市单位地区生产总值能耗比2020年下降14%，合成材料利用率达到52%以上。"))
    bound, named = entries(files, "targets.yaml")
    assert (bound["indicator"], bound["comparator"], bound["value"], bound["base_year"]) == (
        "energy_per_gdp", "decrease_by", 14, 2020,
    )  # fmt: skip
    assert bound["period"] == "P2021-2025"
    assert bound["subject"] == {"regions": ["130100"]}
    declared = entries(files, "indicators.yaml")
    assert [d["label"]["zh"] for d in declared] == ["合成材料利用率"]
    assert named["indicator"] == declared[0]["id"]
    assert "未与指标目录对上" in named["note"]


def test_units_are_those_of_the_kernel() -> None:
    """1.5亿吨 is 15000 of 万吨 and says how it is printed; 家 is counted in items."""
    found = entries(made(read("到2025年，合成材料利用量达到1.5亿吨，建成绿色工厂20家。")), "targets.yaml")
    assert [(str(t["value"]), t["unit"]) for t in found] == [("15000.0", "10k_t"), ("20", "item")]
    assert "1.5亿吨" in found[0]["note"]


@pytest.mark.parametrize(
    ("printed", "unit", "factor", "known"),
    [
        ("吨标准煤/万元", "tce/10k_CNY", "1", True), ("万立方米/日", "10k_m3/d", "1", True),
        ("万亿元", "100m_CNY", "10000", True),
        ("万辆", "10k_item", "1", True), ("蒸吨/小时", "t/h", "1", True), ("标准车", "标准车", "1", False),
        ("", "1", "1", True), ("倍", "1", "1", True),
        ("‰", "%", "0.1", True), ("吨级", "吨级", "1", False),
    ],
)  # fmt: skip
def test_a_printed_unit(printed: str, unit: str, factor: str, known: bool) -> None:
    """A unit that the kernel can say is said in it with its multiple; another stays as printed."""
    found = printed_unit(printed)
    assert (found.unit, found.factor, found.known) == (unit, Decimal(factor), known)


def test_a_change_without_a_base_is_no_change_against_the_year_before() -> None:
    """Where the document does not say against what something falls, the draft does not say it either."""
    found = entries(made(read("到2025年，合成材料使用量下降9%。")), "targets.yaml")
    assert [t["comparator"] for t in found] == ["reach"]
    assert "与哪一年相比" in found[0]["note"]


def test_an_aspiration_and_a_bound_that_leaves_its_number_out() -> None:
    """力争 is a level of its own; 超过 leaves the number out."""
    files = made(read("到2025年，全市单位地区生产总值能耗比2020年下降14%，力争下降14.5%；合成车辆占比超过31%。"))
    found = entries(files, "targets.yaml")
    assert [t.get("level") for t in found] == [None, "aspiration", None]
    assert [t["comparator"] for t in found] == ["decrease_by", "decrease_by", "more_than"]


def test_duties_deadlines_lists_and_platforms() -> None:
    """A tail, a deadline without a number, a list and a platform are duties, under their clause, with their day."""
    task = "2023年底前，全部园区完成改造。建立示范项目清单。搭建合成监测平台。（市甲局牵头，市乙局配合）"
    duties = entries(made(read(task=task)), "duties.yaml")
    assert [(d["slug"].split(".")[0], d.get("due")) for d in duties] == [
        ("deadline", "2023-12-31"), ("list", None), ("platform", None), ("duty", None),
    ]  # fmt: skip
    assert duties[-1]["lead"] == ["市甲局"]
    assert {d["clause"] for d in duties} == {"二（一）"}


def test_what_the_document_does_not_say_is_said_to_be_missing() -> None:
    """Without issuer, day and place the draft notes each, and stands for no place."""
    reading = read_text("一、目标\n到2025年，合成率达到52%。\n二、任务\n做好合成工作。\n")
    instrument = yaml.safe_load(made(reading)["instrument.yaml"])
    assert (instrument["region"], instrument["issued"]) == ("009900", "2026-01-01")
    assert all(w in instrument["note"] for w in ("未写题目", "未写发文机关", "未写印发日期", "未能确定文件适用的地区"))


def test_a_person_decides_indicator_and_region() -> None:
    """What a person chose in review counts before what the name says, and the confidence is the one given."""
    reading = read("到2025年，合成率达到52%。")
    chosen = [replace(t, indicator_id="forest_coverage", region="130102") for t in reading.targets]
    files = made(replace(reading, targets=tuple(chosen)), confidence="confirmed")
    target = entries(files, "targets.yaml")[0]
    assert (target["indicator"], target["subject"], target["confidence"]) == (
        "forest_coverage", {"regions": ["130102"]}, "confirmed",
    )  # fmt: skip


def test_an_entry_that_does_not_fit_is_left_out_and_told() -> None:
    """An entry on a clause that the document has not is not written, and its reason is given with its place."""
    reading = read("到2025年，合成率达到52%。")
    lost = replace(reading.targets[0], clause="九十九")
    found = draft(reading.documents[0], [lost, *reading.targets], (), pack_id="demo.draft", known=KNOWN)
    assert [(x.kind, x.place) for x in found.left_out] == [("target", 0)]
    assert "九十九" in found.left_out[0].because
    assert set(found.became) == {("target", 1)}


def test_a_wrong_pack_id_is_an_error() -> None:
    """The loader's own words say what is wrong with the name of a pack."""
    with pytest.raises(PackErrors, match="stable name"):
        made(read(), pack_id="合成")


def test_clauses_list_the_figures_that_they_print() -> None:
    """With the text each clause lists its figures, and names the target that a figure became."""
    text = PLAN.format("到2025年，合成率达到52%以上。", "对3家企业开展合成。")
    reading = read_text(text)
    clauses = {c["id"]: c for c in entries(made(reading, text=clean(text).text), "clauses.yaml")}
    slug = entries(made(reading), "targets.yaml")[0]["slug"]
    assert clauses["一"]["figures"] == [{"printed": "52", "ids": [slug]}]
    assert "3" in [f if isinstance(f, str) else f["printed"] for f in clauses["二（一）"]["figures"]]


def test_no_sentence_of_the_document_is_copied() -> None:
    """Titles are the first words up to a comma or stop, and never longer than a few signs."""
    sentence = "持续深入推进各类合成工程建设并且不断完善有关配套政策措施和工作机制" * 2
    titles = [c["title"]["zh"] for c in entries(made(read(task=sentence)), "clauses.yaml")]
    assert all(len(t) <= 25 for t in titles)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12)
    | st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9), max_value=10**9)
    | st.text(min_size=1, max_size=20).filter(str.isprintable),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "zh"]), below, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(value=st.text(min_size=1, max_size=24).filter(lambda s: s.isprintable() and s.strip()))
@settings(deadline=None, max_examples=60)
def test_any_text_of_a_document_comes_through(value: str) -> None:
    """Whatever a document is called, the strict loader reads back the same words."""
    reading = read("到2025年，合成率达到52%。")
    document = replace(reading.documents[0], title=value, issuer=value)
    files = draft(document, reading.targets, (), pack_id="demo.draft", known=KNOWN).files
    pack = load_files({n: t.encode() for n, t in files.items()}, origin="draft")
    assert (pack.instrument.title.zh, pack.instrument.issuer) == (value, value)


@pytest.mark.parametrize(
    "word", ["N", "no", "On", "null", "~", "1.10", "0012", "2022-01-01", "true", "1e5", "- a", "a: b"]
)
def test_a_word_that_readers_take_for_something_else_is_quoted(word: str) -> None:
    """A document called so is still called so, to the strict loader and to others."""
    reading = read("到2025年，合成率达到52%。")
    document = replace(reading.documents[0], title=word, issuer=word)
    files = draft(document, reading.targets, (), pack_id="demo.draft", known=KNOWN).files
    assert load_files({n: t.encode() for n, t in files.items()}, origin="draft").instrument.title.zh == word
    assert yaml.safe_load(files["instrument.yaml"])["issuer"] == word


@given(data=VALUES)
@settings(deadline=None, max_examples=100)
def test_yaml_is_read_back_as_it_was(data: Any) -> None:
    """Texts stay texts and numbers keep their value in the YAML that is written."""
    back = yaml.safe_load(as_yaml([data]))[0]
    assert _plain(back) == _plain(data)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return value
    return round(float(value), 3)


def test_drafting_twice_gives_the_same_names() -> None:
    """Slugs depend on what is said and not on what else is drafted, so that findings stay with their targets."""
    reading = read("到2025年，合成甲率达到52%，合成乙率达到61%。")
    both = {t["indicator"]: t["slug"] for t in entries(made(reading), "targets.yaml")}
    last: tuple[Target, ...] = reading.targets[1:]
    alone = {t["indicator"]: t["slug"] for t in entries(made(replace(reading, targets=last)), "targets.yaml")}
    assert alone.items() <= both.items()
    assert len(alone) == 1
