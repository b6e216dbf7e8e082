"""Shares of industries: proposed, published by another, judged by published figures alone; what is refused."""

from __future__ import annotations

import shutil
from datetime import date
from decimal import ROUND_FLOOR
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest

from shuangkong.accounting.api import Origin, import_sheet
from shuangkong.app import sharing
from shuangkong.app.catalogue import library
from shuangkong.app.demo.run import Loaded
from shuangkong.app.pipeline import run_pipeline
from shuangkong.app.publishing import decide_on
from shuangkong.app.sharing_industries import declarations, industries_of
from shuangkong.dualcontrol.api import Plan, SharedOut, outcome, plan_from
from shuangkong.engine.api import Workspace, read_result
from shuangkong.judgement.api import FINDINGS
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import PackSet, builtin_packs

pytestmark = pytest.mark.slow
ANN, BEN = Scope.all("p_ann"), Scope.all("p_ben")
CITY = "990100"
#: Invented: steel, cement and glass, power, by divisions of GB/T 4754-2017.
PARTS = (("31", "黑色金属（合成）", "4000000"), ("C30", "非金属（合成）", "2500000"), ("44", "电力（合成）", "3000000"))
ORIGIN = Origin("公报.csv", "统计局（合成）", "分行业公报（合成）", "synthetic", date(2026, 3, 1), synthetic=True)


@pytest.fixture
def workspace(demo_once: tuple[Path, Loaded], tmp_path: Path) -> Workspace:
    """A copy of the demo."""
    root = tmp_path / "w"
    shutil.copytree(demo_once[0], root)
    return Workspace.open(root)


def plan(parts: tuple[tuple[str, str, str], ...] = PARTS, **changes: object) -> Plan:
    """Three industries of the city from 2020 to 2025; 14 % asked, 14.5 % to be set free."""
    held = sharing.defaults(PackSet(builtin_packs()), date(2026, 11, 21))
    rows = [{"code": c, "name": n, "energy": e, "growth": "5.5"} for c, n, e in parts]
    return plan_from({
        **held, "title": "示范市行业分解方案（合成）", "region": CITY, "kind": "industries", "synthetic": True,
        "base_year": "2020", "end_year": "2025", "rate": "14", "incentive": "14.5", "growth": "5.5",
        "energy": str(sum(D(e) for *_, e in parts)), "parts": rows, **changes,
    })  # fmt: skip


def proposed(workspace: Workspace, made: Plan, **given: str) -> tuple[str, str]:
    """The plan kept and proposed by one person: the proposal, and the id of the pack."""
    kept = sharing.save(workspace, ANN, made, "按行业下达")
    facts = sharing.facts_of(workspace, made, {"issuer": "示范市（合成）", **given})
    return sharing.propose(workspace, ANN, kept.decomposition_id, 1, facts, "请复核"), facts.pack_id


def findings(workspace: Workspace, pack: str) -> dict[tuple[str, str], dict[str, Any]]:
    """What the pack's targets came to, by slug and variant, in a new run."""
    run = run_pipeline(workspace, library(workspace=workspace), known=workspace.clock(), as_of=date(2026, 11, 20),
                       scope=ANN)  # fmt: skip
    rows = read_result(run, FINDINGS, ANN, where=f"pack_id = '{pack}'").to_pylist()
    return {(r["slug"], r["variant"]): r for r in rows}


def test_published_figures_judge_each_industry(workspace: Workspace) -> None:
    """Nothing is known first; then an industry is within, one over its cap, and rates chain as worked out by hand."""
    made = plan()
    proposal, pack = proposed(workspace, made)
    decide_on(workspace, BEN, proposal, "published", "已核对")
    shared = outcome(made)
    assert isinstance(shared.base, SharedOut)
    assert isinstance(shared.incentive, SharedOut)
    base, incentive = ({s.id: s for s in x.shares} for x in (shared.base, shared.incentive))
    caps = {c: (s.allowed + s.apart).to_integral_value(ROUND_FLOOR) for c, s in base.items()}
    before = findings(workspace, pack)
    assert {r["status"] for r in before.values()} == {"insufficient"}
    rates = {2021: "-3.1", 2022: "-2.8", 2023: "-3.4", 2024: "-2.9", 2025: "-3.3"}
    rows = [
        f"{CITY},2025年,industry_31_energy,{caps['31'] / 10000},万吨标准煤",
        f"{CITY},2025年,industry_30_energy,{caps['C30'] + 1},吨标准煤",
        *(f"{CITY},{y}年,industry_31_energy_per_value_added_change,{r},%" for y, r in rates.items()),
        *(f"{CITY},{y}年,industry_30_energy_per_value_added_change,{r},%" for y, r in rates.items() if y != 2023),
    ]
    text = "行政区划代码,期间,指标,数值,计量单位\n" + "\n".join(rows) + "\n"
    report = import_sheet(workspace, library(workspace=workspace), "figures", text.encode(), ORIGIN, scope=ANN)
    assert report.committed, report.refusals
    found = findings(workspace, pack)
    assert len(found) == len(before)
    energy = {c: found[f"industry-energy.{c}", "year"] for c in ("31", "30", "44")}
    assert [energy[c]["status"] for c in ("31", "30", "44")] == ["met", "missed", "insufficient"]
    assert [energy[c]["threshold"] for c in ("31", "30", "44")] == [caps["31"], caps["C30"], caps["44"]]
    stays = D(1)
    for rate in rates.values():
        stays *= 1 + D(rate) / 100
    fall = (1 - stays) * 100
    for ending, asked in (("", base["31"]), (".incentive", incentive["31"])):
        row = found[f"industry-intensity.31{ending}", "plan"]
        assert abs(row["value"] - fall) < D("0.000001")
        assert (row["threshold"], row["method_id"], row["synthetic"]) == (asked.rate, "chained", True)
        assert row["status"] == ("met" if fall >= asked.rate else "missed")
    lacking = found["industry-intensity.30", "plan"]
    assert (lacking["status"], lacking["value"]) == ("insufficient", None)
    assert lacking["needs"] == "2023"


def test_totals_alone_may_be_asked_and_two_plans_name_the_same_industries(workspace: Workspace) -> None:
    """Without a growth of value added no rate is asked; a second document may name an industry that one named."""
    for name in ("local.first", "local.second"):
        proposal, pack = proposed(workspace, plan(title=f"{name}（合成）"), per_output="0", pack_id=name)
        decide_on(workspace, BEN, proposal, "published", "已核对")
        packs = library(workspace=workspace)
        there = next(p for p in packs.packs if p.id == pack)
        assert {t.indicator for t in there.targets} == {f"industry_{c}_energy" for c in ("31", "30", "44")}
        assert {t.level for t in there.targets} == {"base", "incentive"}
        assert next(c for c in there.clauses if c.id == "一").none_because
        assert packs.indicators["industry_31_energy"].label.zh == "黑色金属冶炼和压延加工业能源消费量（31）"


@pytest.mark.parametrize(
    ("parts", "case", "facts"),
    [
        ((*PARTS, ("钢铁", "钢铁", "1000")), "industries", {"n": 1, "names": "钢铁 钢铁", "edition": "2017"}),
        ((*PARTS, ("3110", "炼铁（合成）", "1000")), "inside", {"code": "3110", "other": "31"}),
        ((*PARTS, ("C31", "黑色（合成）", "1000")), "inside", {"code": "C31", "other": "31"}),
    ],
)
def test_what_is_no_industry_or_lies_in_another_is_refused(
    workspace: Workspace, parts: tuple[tuple[str, str, str], ...], case: str, facts: dict[str, object]
) -> None:
    """A name for a code, a class inside a division that has its share, one division under two spellings."""
    with pytest.raises(UserError) as caught:
        proposed(workspace, plan(parts))
    assert (caught.value.code, caught.value.case, caught.value.facts) == ("SHARE-003", case, facts)


def test_indicators_are_named_by_the_standard() -> None:
    """Whatever a plan calls its parts, ids and labels are those of GB/T 4754; rates bring level and yearly change."""
    industries = [*industries_of(plan()).values()]
    assert [i.name_zh for i in industries][:2] == ["黑色金属冶炼和压延加工业", "非金属矿物制品业"]
    assert len(declarations(industries, per_output=False)) == 3
    every = declarations(industries, per_output=True)
    assert [e["id"] for e in every[:3]] == [
        "industry_31_energy",
        "industry_31_energy_per_value_added",
        "industry_31_energy_per_value_added_change",
    ]
    assert [e["unit"] for e in every[:3]] == ["tce", "tce/10k_CNY", "%"]
