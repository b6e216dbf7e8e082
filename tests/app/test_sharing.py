"""Decompositions as they are kept, proposed by one person, published by another, and judged by ever after."""

from __future__ import annotations

import shutil
import threading
from datetime import date
from decimal import Decimal as D
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.test_audited import assert_audited, watched
from shuangkong.app import sharing
from shuangkong.app.catalogue import library
from shuangkong.app.cli import app
from shuangkong.app.demo.run import Loaded
from shuangkong.app.jobs import KINDS
from shuangkong.app.pipeline import run_pipeline
from shuangkong.app.publishing import decide_on
from shuangkong.app.sharing_books import Place, from_books
from shuangkong.dualcontrol.api import Plan, SharedOut, closed_years, outcome, plan_from
from shuangkong.engine.api import Workspace, jobs, latest_run, read_result, reading
from shuangkong.judgement.api import FINDINGS
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import PackSet, builtin_packs, proposal
from shuangkong.registry.api import resolve

pytestmark = pytest.mark.slow
ANN, BEN = Scope.all("p_ann"), Scope.all("p_ben")
COUNTIES = ("990101", "990102", "990103", "990104")
DAY = date(2026, 11, 20)


@pytest.fixture(scope="module")
def workspace(demo_once: tuple[Path, Loaded], tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A copy of the demo."""
    root = tmp_path_factory.mktemp("sharing") / "w"
    shutil.copytree(demo_once[0], root)
    return Workspace.open(root)


def place(workspace: Workspace, code: str) -> Place:
    """An invented place of the demo by its code."""
    with reading(workspace.engine) as db:
        found = resolve(db, ANN, "local", code, DAY, workspace.clock())
    return Place(found, code, f"合成{code}")


def plan(workspace: Workspace, **changes: object) -> Plan:
    """The city's counties from its books of 2020, 14 % asked by 2025."""
    run = latest_run(workspace, ANN, known=None)
    assert run is not None
    found = from_books(run, ANN, None, place(workspace, "990100"), [place(workspace, c) for c in COUNTIES], 2020)
    held = sharing.defaults(PackSet(builtin_packs()), date(2026, 11, 21))
    rows = [{**r, "growth": "5.5"} for r in found.rows]
    return plan_from({
        **held, "title": "示范市2021—2025年分解方案（合成）", "region": "990100",
        "base_year": "2020", "end_year": "2025", "rate": "14", "incentive": "14.5", "growth": "5.5",
        "energy": found.energy, "parts": rows,
        "basis": found.method, "synthetic": found.synthetic, **changes,
    })  # fmt: skip


def test_the_books_give_what_they_hold_and_no_more(workspace: Workspace) -> None:
    """Energy, output and structure come from the books with their coverage; potential stands in none and is missing."""
    made = plan(workspace)
    assert made.synthetic
    assert made.basis.endswith("constant:2020")
    assert [p.source for p in made.parts] == ["books"] * 4
    # 东丘区: 62 billion yuan at 0.620 tce per 10⁴ yuan in the design of the demo, of which 20.5 are industry
    first = made.parts[0]
    assert first.output == D("6200000")
    assert abs(first.energy - D("3844000")) < 1
    assert first.figures == {"structure": D("33.0645")}
    assert sum((p.energy for p in made.parts), D(0)) == made.energy


def test_a_year_without_books_is_said(workspace: Workspace) -> None:
    """Nothing is filled in where the books have nothing: the year and the region are named."""
    run = latest_run(workspace, ANN, known=None)
    assert run is not None
    with pytest.raises(UserError) as caught:
        from_books(run, ANN, None, place(workspace, "990100"), [place(workspace, "990101")], 2009)
    assert (caught.value.code, caught.value.case) == ("SHARE-003", "books")


def test_two_people_publish_and_the_run_judges_by_it(workspace: Workspace) -> None:
    """Propose, be refused alone, publish by another, judge: each county's finding asks what it was given."""
    made = plan(workspace)
    with watched() as done:
        kept = sharing.save(workspace, ANN, made, "首次测算")
        facts = sharing.facts_of(workspace, made, {"issuer": "示范市（合成）", "min_coverage": "0.9"})
        proposed = sharing.propose(workspace, ANN, kept.decomposition_id, 1, facts, "请复核")
        with pytest.raises(UserError, match="PACK-008"):
            decide_on(workspace, ANN, proposed, "published", "")
        with pytest.raises(UserError) as caught:
            sharing.propose(workspace, ANN, kept.decomposition_id, 1, facts, "再交")
        assert caught.value.case == "waiting"
        decide_on(workspace, BEN, proposed, "published", "已核对")
    assert {"decomposition", "decomposition_version", "pack_proposal"} <= assert_audited(done)
    run = run_pipeline(workspace, library(workspace=workspace), known=workspace.clock(), as_of=DAY, scope=ANN)
    where = f"pack_id = '{facts.pack_id}' AND variant = 'plan' AND slug LIKE 'energy-per-gdp%'"
    rows = read_result(run, FINDINGS, ANN, where=where).to_pylist()
    base = {r["slug"].rpartition(".")[2]: r for r in rows if r["level"] == "base"}
    found = outcome(made).base
    assert isinstance(found, SharedOut)
    assert set(base) == set(COUNTIES)
    for share in found.shares:
        assert base[share.id]["threshold"] == share.rate
        # the design of the demo: intensities fell by 15.2, 14.6, 10.1 and 14.6 % to 2025
        assert base[share.id]["status"] == ("met" if base[share.id]["value"] >= share.rate else "missed")
        assert base[share.id]["synthetic"]
    assert len(rows) == 8


def test_a_plan_with_a_year_that_does_not_close_is_proposed_and_says_so(workspace: Workspace) -> None:
    """The law asks for the last year, so it goes to a second person; the terminal names the year."""
    rows = [{**p, "apart": "300000", "apart_from": "2021"} for p in plan(workspace).data()["parts"]]
    made = plan(workspace, parts=rows, end_year="2024", above="20")
    years = [y for y in closed_years(made, outcome(made).base) if y.missing is not None]
    assert years
    assert years[-1].year < 2024
    kept = sharing.save(workspace, ANN, made, "测算")
    words = ["sharing", "propose", kept.decomposition_id, "--issuer", "示范市（合成）", "--because", "请复核"]
    done = CliRunner().invoke(app, [*words, "--no-per-output", "-w", str(workspace.root)])
    assert done.exit_code == 0, done.output
    with reading(workspace.engine) as db:
        assert proposal(db, done.stdout.strip()).state == "open"
    assert f"{years[0].year} 年不能闭合" in done.stderr


def test_versions_stay_and_what_is_the_same_is_not_kept(workspace: Workspace) -> None:
    """A change is a further version with its reason; the one before stands; no reason and no change are refused."""
    kept = sharing.save(workspace, ANN, plan(workspace), "第一版")
    for because, changed, case in (("", {"margin": "1"}, "reason"), ("同样", {}, "same")):
        with pytest.raises(UserError) as caught:
            sharing.save(workspace, ANN, plan(workspace, **changed), because, kept.decomposition_id)
        assert (caught.value.code, caught.value.case) == ("SHARE-003", case)
    again = sharing.save(workspace, BEN, plan(workspace, margin="1"), "加码一个百分点", kept.decomposition_id)
    assert again.version == 2
    found = sharing.versions_seen(workspace, ANN, kept.decomposition_id)
    assert [(v.version, v.because, v.saved_by) for v in found] == [
        (2, "加码一个百分点", "p_ben"),
        (1, "第一版", "p_ann"),
    ]
    assert found[1].plan == plan(workspace)


def test_a_neighbour_sees_nothing(workspace: Workspace) -> None:
    """A county's officer neither sees nor keeps the city's decomposition; for them it is not there."""
    kept = sharing.save(workspace, ANN, plan(workspace), "市级方案")
    county = Scope.region("p_county", place(workspace, "990101").subject_id, DAY)
    assert sharing.every_seen(workspace, county) == []
    with pytest.raises(UserError, match="SHARE-002"):
        sharing.version_seen(workspace, county, kept.decomposition_id)
    with pytest.raises(UserError, match="SCOPE-001"):
        sharing.save(workspace, county, plan(workspace), "越权")


def test_what_does_not_close_or_names_no_region_is_not_proposed(workspace: Workspace) -> None:
    """A clash, and parts that are no industries, are refused with what to do instead."""
    for changed, case in (({"above": "0.1", "reserve": "0.2"}, "clash"), ({"kind": "industries"}, "industries")):
        made = plan(workspace, **changed)
        kept = sharing.save(workspace, ANN, made, "试算")
        facts = sharing.facts_of(workspace, made, {"issuer": "合成"})
        with pytest.raises(UserError) as caught:
            sharing.propose(workspace, ANN, kept.decomposition_id, 1, facts, "请复核")
        assert (caught.value.code, caught.value.case) == ("SHARE-003", case)


def test_a_large_plan_is_a_job(workspace: Workspace) -> None:
    """More parts than a page works out wait for a job; what it gives is what the page would have worked out."""
    rows = [{"code": f"x{n:03d}", "name": f"合成{n}", "energy": str(1000 + n), "growth": "5"} for n in range(201)]
    made = plan(workspace, parts=rows, energy=str(sum(1000 + n for n in range(201))), kind="units", method="equal")
    kept = sharing.save(workspace, ANN, made, "大方案")
    _, version = sharing.version_seen(workspace, ANN, kept.decomposition_id)
    assert version.job_id is not None
    assert sharing.outcomes(workspace, version, made) is None
    with watched() as done:
        jobs.work(workspace, KINDS, stopping=threading.Event(), once=True)
    assert_audited(done)
    _, version = sharing.version_seen(workspace, ANN, kept.decomposition_id)
    assert sharing.outcomes(workspace, version, made) == sharing.worked_out(made)
