"""Shares of units: proposed by one person, published by another, judged of each unit, and shown to who may see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_FLOOR
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from policy.builders import pack
from registry.made_up import made_up_uscc
from shuangkong.accounting.api import INDICATOR_VALUES, readable_subjects
from shuangkong.app import sharing
from shuangkong.app.catalogue import library
from shuangkong.app.pipeline import run_pipeline
from shuangkong.app.publishing import propose_pack
from shuangkong.app.sharing_books import Place, from_books, product_units
from shuangkong.app.unit_targets import named_units, seen_packs
from shuangkong.app.whatif import fits, read_change
from shuangkong.dualcontrol.api import Plan, SharedOut, outcome, plan_from, rate_with_listed
from shuangkong.engine.api import RunRecord, Workspace, latest_run, read_result, reading
from shuangkong.judgement.api import FINDINGS
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import Pack, PackErrors, PackSet, builtin_packs
from shuangkong.registry.api import resolve, subjects_seen
from web.clients import visitor
from web.own import Own, own_demo, post

pytestmark = pytest.mark.slow
DAY = date(2026, 11, 20)
ALL = Scope.all("p_test")
HERE, NEXT = "990101", "990102"
OFFICER, NEIGHBOUR, ADMINISTRATOR = "demo.officer.990101", "demo.officer.990102", "demo.administrator"
#: Energy of the demo's units is accounted by this edition at primary value.
ACCOUNTED = "gbt2589-2020/primary"
ENGLISH = {"Accept-Language": "en"}
GHOST = """
- {slug: cap.ghost, clause: 一, indicator: energy_total, subject: {uscc: "CODE"}, comparator: at_most, value: 9000,
   unit: tce, year: 2025, horizon: year}
"""


@pytest.fixture(scope="module")
def own(demo_once: tuple[Path, object], tmp_path_factory: pytest.TempPathFactory) -> Own:
    """A copy of the demo for this module."""
    return own_demo(demo_once, tmp_path_factory)


def place(workspace: Workspace, code: str) -> str:
    """The subject of an invented region."""
    with reading(workspace.engine) as db:
        return resolve(db, ALL, "local", code, DAY, workspace.clock())


def units(workspace: Workspace, region: str) -> list[Place]:
    """The units of a county by their codes."""
    with reading(workspace.engine) as db:
        rows = subjects_seen(db, ALL, workspace.clock(), day=DAY, kind="unit").to_pylist()
    found = [Place(r["subject_id"], r["code"], r["name_zh"]) for r in rows if r["region_code"] == region]
    return sorted(found, key=lambda p: p.code)


def newest(workspace: Workspace) -> RunRecord:
    """The newest run."""
    found = latest_run(workspace, ALL, known=None)
    assert found is not None
    return found


def plan(workspace: Workspace, parts: list[Place], **changes: object) -> Plan:
    """Eight per cent of the energy per output of some units of a county, by 2025 from their books of 2024."""
    found = from_books(newest(workspace), ALL, None, Place(place(workspace, HERE), HERE, "东丘区"), parts, 2024)
    rows = [{**r, "growth": "3", "apart": "12.5" if n == 0 else "0"} for n, r in enumerate(found.rows)]
    given = {"title": "东丘区2025年用能单位分解方案（合成）", "region": HERE, "kind": "units", "base_year": "2024",
             "end_year": "2025", "rate": "3", "incentive": "4", "growth": "3", "basis": found.method,
             "energy": str(sum(D(r["energy"]) for r in rows)), "parts": rows, "synthetic": True}  # fmt: skip
    held = sharing.defaults(PackSet(builtin_packs()), date(2026, 11, 21))
    return plan_from({**held, **given, **changes})


@dataclass(frozen=True)
class Done:
    """What was published and judged."""

    made: str
    pack: str
    run: RunRecord
    plan: Plan
    parts: tuple[Place, ...]


@pytest.fixture(scope="module")
def done(own: Own) -> Done:
    """Five units of a county: the officer proposes, the administrator publishes, and a run judges by it.

    Beside it the run has a document that names a unit which nobody registered.
    """
    workspace = own.workspace
    parts = units(workspace, HERE)[:5]
    made = plan(workspace, parts)
    kept = sharing.save(workspace, ALL, made, "首次测算")
    page, client = f"/sharing/{kept.decomposition_id}", own.as_(OFFICER)
    answer = post(client, f"{page}/propose", page, version="1", issuer="东丘区（合成）", because="请复核",
                  min_coverage="0.9")  # fmt: skip
    assert answer.status_code == 303, answer.text[-1500:]
    review = answer.headers["location"]
    shown = client.get(review, headers=ENGLISH).text
    assert parts[0].code in shown
    assert "one unit (unified social credit code)" in shown
    assert post(own.as_(ADMINISTRATOR), f"{review}/publish", review, reason="已核对").status_code == 303
    packs = PackSet([*library(workspace=workspace).packs, ghost(HERE, made_up_uscc(7))])
    run = run_pipeline(workspace, packs, known=workspace.clock(), as_of=DAY, scope=ALL)
    return Done(page, "local.sharing-990101-2025", run, made, tuple(parts))


def ghost(region: str, code: str) -> Pack:
    """An invented document of a county with the cap of one unit."""
    files = {"clauses.yaml": "- {id: 一, title: {zh: 目标}, kind: target}\n",
             "targets.yaml": GHOST.replace("CODE", code)}  # fmt: skip
    return pack(f"test.cap{region}@2026", level="county", region=region, files=files)


def rows_of(done: Done, **wanted: str) -> dict[str, dict[str, Any]]:
    """The findings of the published pack by subject."""
    where = " AND ".join([f"pack_id = '{done.pack}'", *(f"{k} = '{v}'" for k, v in wanted.items())])
    rows = read_result(done.run, FINDINGS, ALL, where=where).to_pylist()
    assert len(rows) == len({r["subject_id"] for r in rows})
    return {r["subject_id"]: r for r in rows}


def level_of(done: Done, indicator: str, year: int) -> dict[str, D]:
    """A level of each unit as the run has it."""
    where = f"indicator_id = '{indicator}' AND period_key = '{year}' AND base = ''"
    rows = read_result(done.run, INDICATOR_VALUES, ALL, where=where).to_pylist()
    return {r["subject_id"]: r["value"] for r in rows if r["method_id"].startswith(ACCOUNTED)}


def test_each_unit_is_judged_by_what_it_may_use(done: Done) -> None:
    """The cap of each unit is its share with its listed projects in whole tce; the finding goes by its own total."""
    for level in ("base", "incentive"):
        found = getattr(outcome(done.plan), level)
        assert isinstance(found, SharedOut)
        rows = rows_of(done, indicator_id="energy_total", level=level)
        assert set(rows) == {p.subject_id for p in done.parts}
        used = level_of(done, "energy_total", 2025)
        for p, share in zip(done.parts, found.shares, strict=True):
            row, most = rows[p.subject_id], (share.allowed + share.apart).to_integral_value(ROUND_FLOOR)
            assert (row["threshold"], row["value"], row["synthetic"]) == (most, used[p.subject_id], True)
            assert row["status"] == ("met" if used[p.subject_id] <= most else "missed")
            assert row["method_id"].startswith(ACCOUNTED)


def test_units_of_one_product_are_asked_for_its_energy_too(done: Done) -> None:
    """The rate is the fall of energy per product from 2024 to 2025, worked out here a second time from both levels."""
    rows = rows_of(done, indicator_id="product_energy_intensity_change", level="base", variant="plan")
    shared = outcome(done.plan).base
    assert isinstance(shared, SharedOut)
    assert set(rows) == {p.subject_id for p in done.parts}
    then, now = (level_of(done, "product_energy_intensity", year) for year in (2024, 2025))
    for p, share in zip(done.parts, shared.shares, strict=True):
        row, fall = rows[p.subject_id], (1 - now[p.subject_id] / then[p.subject_id]) * 100
        # of the unit with a listed project the rate is that of all it may use: nothing takes the project off
        assert row["threshold"] == rate_with_listed(done.plan, share) <= share.rate
        assert abs(row["value"] - fall) < D("0.0001")
        assert row["status"] == ("met" if row["value"] >= row["threshold"] else "missed")


def test_the_books_say_of_whom_they_have_the_energy_per_product(own: Own, done: Done) -> None:
    """By another basis, in a year without books or without a basis nobody is asked for it."""
    given = {p.code: p.subject_id for p in done.parts}
    assert product_units(done.run, ALL, None, given, 2024, ACCOUNTED) == set(given)
    for year, accounted in ((2009, ACCOUNTED), (2024, "gbt2589-2008/primary"), (2024, "/"), (2024, "gbt2589-2020/")):
        assert product_units(done.run, ALL, None, given, year, accounted) == frozenset()
    assert product_units(done.run, ALL, None, {}, 2024, ACCOUNTED) == frozenset()


def shown(client: TestClient, key: str, **headers: str) -> str:
    """The page of a document with all regions chosen."""
    answer = client.get(f"/packs/{key}?region=", headers=headers)
    return str(answer.text) if answer.status_code == 200 else ""


def test_a_neighbour_sees_no_target_of_the_unit(own: Own, done: Done) -> None:
    """The county's officer sees each unit's name and cap on the page of the document, a neighbour none of them."""
    key = next(p.key for p in library(workspace=own.workspace).packs if p.id == done.pack)
    here, there = shown(own.as_(OFFICER), key), shown(own.as_(NEIGHBOUR), key)
    most = {r["threshold"] for r in rows_of(done, indicator_id="energy_total", level="base").values()}
    assert all(p.name in here for p in done.parts)
    assert here
    assert there
    assert len(most) == 5
    for p in done.parts:
        for text in (p.name, p.code, p.code.lower(), p.subject_id):
            assert text not in there
    assert here.count("能源消费总量") > there.count("能源消费总量")
    assert all(p.subject_id not in visitor(own.app).get(f"/packs/{key}").text for p in done.parts)
    finding = rows_of(done, indicator_id="energy_total", level="base")[done.parts[0].subject_id]["finding_key"]
    assert own.as_(OFFICER).get(f"/findings/{finding}").status_code == 200
    assert own.as_(NEIGHBOUR).get(f"/findings/{finding}").status_code == 404
    assert own.as_(NEIGHBOUR).get(done.made).status_code == 404


def test_packs_are_cut_to_what_a_reader_sees(own: Own, done: Done) -> None:
    """A unit's own people keep its targets alone; a county its units'; who sees everything keeps the unregistered."""
    workspace, first = own.workspace, done.parts[0]
    packs = PackSet([*library(workspace=workspace).packs, ghost(HERE, made_up_uscc(7))])

    def kept(scope: Scope) -> frozenset[str]:
        seen = readable_subjects(workspace, done.run, scope)
        return named_units(seen_packs(workspace, packs, done.run.known, seen).packs)

    every = {p.code for p in done.parts}
    assert kept(ALL) == {*every, made_up_uscc(7)}
    assert kept(Scope.region("c", place(workspace, HERE), DAY)) == every
    assert kept(Scope.unit("u", first.subject_id)) == {first.code}
    assert kept(Scope.region("n", place(workspace, NEXT), DAY)) == frozenset()
    assert kept(Scope.none("x")) == frozenset()


def test_nobody_tries_a_change_of_a_hidden_target(own: Own, done: Done) -> None:
    """A scenario would tell what the target is now: for who may not see the unit it is not there."""
    slug = f"energy-total.{done.parts[0].code.lower()}"
    change = f"name: t\nbecause: t\nchanges:\n- {{pack: {done.pack}, target: {slug}, set: {{value: 1}}, because: t}}\n"
    overlay = read_change(change.encode(), "t.yaml")
    fits(own.workspace, Scope.region("c", place(own.workspace, HERE), DAY), done.run, overlay)
    with pytest.raises(UserError, match="RUN-003"):
        fits(own.workspace, Scope.region("n", place(own.workspace, NEXT), DAY), done.run, overlay)


def test_a_unit_that_nobody_registered_is_marked(own: Own, done: Done) -> None:
    """The target binds nobody, the run counts a flaw, and the page of the document says so in both languages."""
    assert read_result(done.run, FINDINGS, ALL, where=f"pack_id = 'test.cap{HERE}'").num_rows == 0
    assert done.run.manifest["flaws"] == 1
    client = own.as_(ADMINISTRATOR)
    assert "没有登记，不约束任何人" in shown(client, f"test.cap{HERE}@2026")
    assert "not registered: binds nobody" in shown(client, f"test.cap{HERE}@2026", **ENGLISH)


def test_who_is_no_unit_of_the_region_is_named(own: Own) -> None:
    """A code that nobody has, a neighbour's unit, and a part without a code of a unit are refused by name."""
    workspace = own.workspace
    own_units, theirs = units(workspace, HERE)[5:7], units(workspace, NEXT)[0]
    good = plan(workspace, own_units)
    rows = [dict(r) for r in good.data()["parts"]]
    for code, name in ((made_up_uscc(8), "没有登记的厂"), (theirs.code, theirs.name), ("x001", "内部编号的厂")):
        changed = plan_from({**good.data(), "parts": [rows[0], {**rows[1], "code": code, "name": name}]})
        kept = sharing.save(workspace, ALL, changed, "试算")
        facts = sharing.facts_of(workspace, changed, {"issuer": "合成"})
        with pytest.raises(UserError) as caught:
            sharing.propose(workspace, ALL, kept.decomposition_id, 1, facts, "请复核")
        assert (caught.value.code, caught.value.case) == ("SHARE-003", "units")
        assert caught.value.facts == {"n": 1, "names": name}
        page = f"/sharing/{kept.decomposition_id}"
        for language, words in (("zh", f"有 1 个对象不是登记在本地区、您范围内的用能单位：{name}"),
                                ("en", f"1 parts are no units registered in this region and your scope: {name}"),
                                ):  # fmt: skip
            client = own.as_(OFFICER)
            client.headers["Accept-Language"] = language
            answer = post(client, f"{page}/propose", page, version="1", issuer="合成", because="请复核")
            assert answer.status_code == 400
            assert words in answer.text


def test_a_pack_names_registered_units_of_its_region_alone(own: Own) -> None:
    """Handed up by hand, too: unregistered, out of one's scope, or outside the document's region is refused."""
    workspace = own.workspace
    county = Scope.region("p_county", place(workspace, HERE), DAY)
    mine, theirs = units(workspace, HERE)[9].code, units(workspace, NEXT)[9].code
    for scope, code, case in ((ALL, made_up_uscc(9), "no_unit"), (county, theirs, "no_unit"),
                              (ALL, theirs, "unit_elsewhere")):  # fmt: skip
        with pytest.raises(PackErrors) as caught:
            propose_pack(workspace, scope, dict(ghost(HERE, code).files), "试", origin="t")
        assert [(p.code, p.case, p.facts["name"]) for p in caught.value.problems] == [("PACK-005", case, code)]
    assert propose_pack(workspace, county, dict(ghost(HERE, mine).files), "试", origin="t")


def test_the_studio_says_what_is_published_of_units_and_of_industries(own: Own) -> None:
    """In both languages: a unit's cap and its energy per product; of an industry what published figures judge."""
    workspace = own.workspace
    parts = units(workspace, HERE)[7:9]
    for kind, zh, en in (
        (
            "units",
            ("按统一社会信用代码各列一项", "增速是产量增速"),
            ("unified social credit code", "growth is that of output"),
        ),
        (
            "industries",
            ("按 GB/T 4754-2017 代码各列一项", "增速是增加值增速", "判定用统计部门公布的数"),
            ("code of GB/T 4754-2017", "growth is that of value added", "published figures judge it"),
        ),
    ):
        kept = sharing.save(workspace, ALL, plan(workspace, parts, kind=kind), f"试算{kind}")
        client = own.as_(OFFICER)
        page = f"/sharing/{kept.decomposition_id}"
        for words, text in ((zh, client.get(page).text), (en, client.get(page, headers=ENGLISH).text)):
            assert all(w in text for w in words)
            assert 'name="per_output"' in text
            assert 'name="price_base"' not in text


def test_totals_alone_may_be_asked(own: Own) -> None:
    """Without the energy per product only totals are asked, and the clause of rates says why it asks nothing."""
    workspace = own.workspace
    made = plan(workspace, units(workspace, HERE)[3:5])
    kept = sharing.save(workspace, ALL, made, "只管总量")
    facts = sharing.facts_of(
        workspace, made, {"issuer": "合成", "per_output": "0", "pack_id": "local.totals-alone"}
    )  # fmt: skip
    review = sharing.propose(workspace, ALL, kept.decomposition_id, 1, facts, "请复核")
    text = own.as_(ADMINISTRATOR).get(f"/proposals/{review}").text
    assert "energy-total." in text
    assert "product-energy." not in text
    assert "基期账册没有单位产品能耗，或不作此项要求" in text
