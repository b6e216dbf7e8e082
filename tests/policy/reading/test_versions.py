"""Two versions of an invented plan (合成) side by side: clause by clause, words marked, targets and duties first."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from shuangkong.app.cli import app
from shuangkong.policy.reading.model import Duty, Target
from shuangkong.policy.reading.versions import Version, VersionDifference, difference

PARTS = (
    "一、总体要求\n以节能提高效益为中心，把节约放在首位，健全制度，压实责任，推动全市绿色低碳转型。",
    "二、主要目标\n到2025年，全市单位地区生产总值能源消耗比2020年下降14%，全市能源消费总量控制在800万吨标准煤以内。",
    "三、重点任务\n（一）实施重点行业绿色升级工程。推进钢铁、水泥企业节能改造，淘汰落后设备。（市工业和信息化局牵头，市发展改革委配合）",
    "（二）推进园区循环化改造。支持具备条件的园区建设集中供热设施，回收利用余热余压。（市发展改革委牵头，各县区人民政府负责）",
    "（三）完善城镇绿色节能改造。新建民用建筑全面执行节能标准，推广可再生能源建筑应用。（市住房城乡建设局负责）",
    "四、保障措施\n加强组织领导，定期调度进展，对工作不力的县区及时提醒。",
)
TITLE = "示范市“十四五”节能减排方案（合成）\n示政发〔2022〕1号\n"


def text(*parts: str) -> str:
    """The plan with these parts."""
    return TITLE + "\n".join(parts) + "\n"


def compared(old: str, new: str) -> VersionDifference:
    """The difference of two texts."""
    return difference(Version.of(old), Version.of(new))


def kinds(found: VersionDifference) -> dict[str, list[str]]:
    """Clauses by what happened to them, under their newest number."""
    told: dict[str, list[str]] = {}
    for c in found.clauses:
        named = c.new or c.old
        assert named
        told.setdefault(c.kind, []).append(named.id)
    return told


def test_the_same_text_differs_in_nothing() -> None:
    """Also where lines are wrapped otherwise: no clause, target or duty is named, and all clauses are counted."""
    found = compared(text(*PARTS), text(*PARTS))
    assert found.empty
    assert found.same == len(Version.of(text(*PARTS)).clauses) > 6
    assert compared(text(*PARTS), text(*PARTS).replace("健全制度，", "健全制度，\n")).empty


def test_a_figure_that_changed_is_marked_and_its_target_comes_first() -> None:
    """14 % becomes 14.5 %: one clause with the two figures marked, one target with its old and new value."""
    found = compared(text(*PARTS), text(*PARTS).replace("下降14%", "下降14.5%"))
    assert kinds(found) == {"changed": ["二"]}
    marked = [(w.state, w.text) for w in found.clauses[0].words if w.state != "same"]
    assert marked == [("gone", "14%"), ("new", "14.5%")]
    (changed,) = found.targets
    assert (changed.kind, changed.fields) == ("changed", ("value",))
    assert isinstance(changed.old, Target)
    assert isinstance(changed.new, Target)
    assert (changed.old.value, changed.new.value) == (Decimal(14), Decimal("14.5"))
    assert found.duties == ()


def test_renumbered_clauses_are_moved_and_nothing_else() -> None:
    """A new clause before others: it alone is added, those behind it bear other numbers, their duties are the same."""
    new = text(
        *PARTS[:2], PARTS[2].split("（一）")[0] + "（一）编制节能诊断名单。对年耗能五千吨标准煤以上企业开展诊断。",
        "（二）" + PARTS[2].split("（一）")[1], PARTS[3].replace("（二）", "（三）", 1),
        PARTS[4].replace("（三）", "（四）", 1), PARTS[5],
    )  # fmt: skip
    found = compared(text(*PARTS), new)
    assert kinds(found) == {"added": ["三（一）"], "moved": ["三（二）", "三（三）", "三（四）"]}
    assert all(c.moved and not c.words for c in found.clauses if c.kind == "moved")
    assert found.duties == ()
    back = compared(new, text(*PARTS))
    assert kinds(back) == {"removed": ["三（一）"], "moved": ["三（一）", "三（二）", "三（三）"]}


def test_a_clause_that_was_rewritten_and_moved_is_known_by_its_likeness() -> None:
    """Another number and some other words: changed, moved, and told with both numbers."""
    parts = list(PARTS)
    parts[2], parts[4] = (
        PARTS[2].split("（一）")[0] + PARTS[4].replace("（三）", "（一）").replace("全面执行", "严格执行"),
        "（三）" + PARTS[2].split("（一）")[1],
    )
    found = compared(text(*PARTS), text(*parts))
    assert kinds(found) == {"changed": ["三（一）"], "moved": ["三（三）"]}
    changed = next(c for c in found.clauses if c.kind == "changed")
    assert changed.moved
    assert [(w.state, w.text) for w in changed.words if w.state != "same"][-2:] == [("gone", "全面"), ("new", "严格")]


def test_who_answers_for_a_clause_changes() -> None:
    """Another lead office is a changed duty with its field named; a duty that goes is removed."""
    new = text(*PARTS).replace("市工业和信息化局牵头", "市经济发展局牵头").replace("（市住房城乡建设局负责）", "")
    found = compared(text(*PARTS), new)
    changed, removed = sorted(found.duties, key=lambda e: e.kind)
    assert (changed.kind, changed.fields) == ("changed", ("lead",))
    assert isinstance(changed.new, Duty)
    assert changed.new.lead == ("市经济发展局",)
    assert removed.kind == "removed"
    assert isinstance(removed.old, Duty)
    assert removed.old.support == ("市住房城乡建设局",)


@given(st.permutations(range(len(PARTS))), st.sets(st.integers(0, len(PARTS) - 1)))
def test_every_clause_of_both_versions_is_told_once(order: list[int], left_out: set[int]) -> None:
    """In whatever order and with whatever is left out, each clause is unchanged or in one difference."""
    old = Version.of(text(*PARTS))
    new = Version.of(text(*(PARTS[i] for i in order if i not in left_out)))
    found = difference(old, new)
    olds = [c.old for c in found.clauses if c.old]
    news = [c.new for c in found.clauses if c.new]
    assert len(set(olds)) == len(olds)
    assert len(set(news)) == len(news)
    assert len(olds) + found.same == len(old.clauses)
    assert len(news) + found.same == len(new.clauses)


@given(st.permutations(range(len(PARTS))))
def test_marked_words_are_the_two_texts(order: list[int]) -> None:
    """The words that are the same or gone make up the old clause, those the same or new the new one."""
    found = compared(text(*PARTS), text(*(PARTS[i].replace("节能", "节电") for i in order)))
    for c in found.clauses:
        if c.kind == "changed" and c.old and c.new:
            for side, clause in (("gone", c.old), ("new", c.new)):
                told = "".join(w.text for w in c.words if w.state in ("same", side))
                assert told.replace("\n", "").endswith(clause.body)


def test_a_very_long_clause_is_compared_by_its_parts() -> None:
    """A clause of forty thousand signs takes no time that grows with their square, and one part is marked."""
    long = "二、任务\n" + "".join(f"第{n}项工作按期完成，材料归档。" for n in range(2500))
    found = compared(text(PARTS[0], long), text(PARTS[0], long.replace("第1200项", "第一千二百零一项")))
    (changed,) = found.clauses
    assert {w.state for w in changed.words} == {"same", "gone", "new"}
    assert sum(len(w.text) for w in changed.words if w.state != "same") < 60


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_command_tells_what_differs(tmp_path: Path, language: str) -> None:
    """`policy versions OLD NEW`: lines for people, JSON for programs, and nothing where nothing differs."""
    old, new = tmp_path / "a.txt", tmp_path / "b.md"
    old.write_text(text(*PARTS), "utf-8")
    new.write_text(text(*PARTS).replace("下降14%", "下降14.5%"), "utf-8")
    told = CliRunner().invoke(app, ["policy", "versions", str(old), str(new), "--lang", language])
    assert told.exit_code == 0, told.output
    assert "[-14%-]{+14.5%+}" in told.output
    assert {"zh": "修改", "en": "changed"}[language] in told.output
    data = json.loads(CliRunner().invoke(app, ["policy", "versions", str(old), str(new), "--json"]).stdout)
    assert data["targets"][0]["fields"] == ["value"]
    assert (data["targets"][0]["old"]["value"], data["targets"][0]["new"]["value"]) == ("14", "14.5")
    assert data["clauses"][0]["new"] == {"document": 1, "clause": "二", "title": "主要目标"}
    same = CliRunner().invoke(app, ["policy", "versions", str(old), str(old), "--lang", language])
    assert {"zh": "没有差别", "en": "Nothing differs"}[language] in same.output
