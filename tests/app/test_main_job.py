"""The main job on real figures: who is decided, who is not, and why; nothing of it moves unnoticed."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow.parquet as pq
import pytest

from shuangkong.accounting.api import BOOK_ENTRIES, INDICATOR_VALUES, REPORTED_VALUES, TOTALS
from shuangkong.app.demo.run import Loaded
from shuangkong.app.explaining import explain, packs_of_run, why_lines
from shuangkong.app.pipeline import run_pipeline
from shuangkong.engine.api import DuckDB, RunRecord, Workspace, latest_run, read_result, reading, runs_list, verify
from shuangkong.judgement.api import FINDING_CHANGES, FINDINGS
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import PackSet, load_overlay
from shuangkong.registry.api import directory, scope_subjects, subjects_seen

AS_OF = date(2026, 11, 20)

Row = dict[str, Any]
Demo = tuple[Workspace, Loaded]
#: Everything here works on the whole demo.
pytestmark = pytest.mark.slow
READER = Scope.all("test")


def found(run: RunRecord) -> list[Row]:
    """All findings of a run."""
    rows: list[Row] = read_result(run, FINDINGS, READER).to_pylist()
    return rows


def counted(rows: list[Row], pack: str, variant: str, indicator: str, period: str) -> dict[str, int]:
    """Findings by status, with the reason of the undecided."""
    wanted = [
        r for r in rows
        if (r["pack_id"], r["variant"], r["indicator_id"], r["period_key"]) == (pack, variant, indicator, period)
    ]  # fmt: skip
    return dict(Counter(r["status"] if r["reason"] is None else f"{r['status']}: {r['reason']}" for r in wanted))


FIXED: list[tuple[str, str, str, str, dict[str, int]]] = [
    ("qinghai-dual-control-2019", "year", "energy_per_gdp_change", "2019", {"met": 5}),
    ("qinghai-dual-control-2019", "year", "energy_total_increment", "2019", {"met": 5}),
    ("guofa-2016-74", "pace", "energy_per_gdp_change", "2018",
     {"on_track": 19, "behind": 11, "insufficient: not_published": 1}),
    ("guofa-2016-74", "pace", "energy_per_gdp_change", "2020",
     {"on_track": 5, "behind": 25, "insufficient: not_published": 1}),
    ("guofa-2016-74", "plan", "energy_per_gdp_change", "P2016-2020",
     {"met": 12, "missed": 5, "insufficient: missing_years": 13, "insufficient: no_value": 1}),
    ("guofa-2016-74", "plan", "energy_total_increment", "P2016-2020", {"insufficient: no_value": 30}),
    ("guofa-2011-26", "pace", "energy_per_gdp_change", "2011",
     {"on_track": 18, "behind": 12, "insufficient: not_published": 1}),
    ("guofa-2011-26", "pace", "energy_per_gdp_change", "2015",
     {"on_track": 25, "behind": 5, "insufficient: not_published": 1}),
    ("guofa-2011-26", "plan", "energy_per_gdp_change", "P2011-2015",
     {"insufficient: missing_years": 30, "insufficient: no_value": 1}),
]  # fmt: skip


@pytest.mark.parametrize(("pack", "variant", "indicator", "period", "expected"), FIXED)
def test_real_subjects_are_decided_as_counted_here(
    demo: Demo, pack: str, variant: str, indicator: str, period: str, expected: dict[str, int]
) -> None:
    """How many real regions are decided, by status, and how many are not, by reason."""
    assert counted(found(demo[1].run), pack, variant, indicator, period) == expected


def test_every_undecided_finding_says_what_is_missing(demo: Demo) -> None:
    """No finding is insufficient or undetermined without a reason and what is needed."""
    open_ = [r for r in found(demo[1].run) if r["status"] in ("insufficient", "undetermined")]
    assert open_
    assert [r["finding_key"] for r in open_ if not r["reason"] or not r["needs"]] == []


def test_a_decided_finding_has_value_threshold_and_coverage(demo: Demo) -> None:
    """A status without figures behind it does not exist."""
    decided = [r for r in found(demo[1].run) if r["status"] not in ("insufficient", "undetermined")]
    assert len(decided) > 700
    wrong = [r for r in decided if r["value"] is None or r["threshold"] is None or r["coverage"] <= 0]
    assert wrong == []


def test_hebei_misses_no_year_of_the_thirteenth_plan(demo: Demo) -> None:
    """Hebei 2016-2020: 1 − 0.9495 × 0.9558 × 0.9411 × 0.9472 × 0.9699 = 21.5367 %, asked 17 %."""
    with reading(demo[0].engine) as db:
        hebei = directory(db, READER, demo[0].clock()).region("河北", AS_OF)
    rows = [
        r for r in found(demo[1].run)
        if (r["pack_id"], r["variant"], r["subject_id"], r["indicator_id"])
        == ("guofa-2016-74", "plan", hebei, "energy_per_gdp_change")
    ]  # fmt: skip
    product = Decimal("0.9495") * Decimal("0.9558") * Decimal("0.9411") * Decimal("0.9472") * Decimal("0.9699")
    expected = ((1 - product) * 100).quantize(Decimal("0.000001"))
    assert [(r["value"], r["threshold"], r["status"], r["confidence"]) for r in rows] == [
        (expected, Decimal(17), "met", "recalled")
    ]


def test_why_leads_to_file_and_row(demo: Demo) -> None:
    """Every decided real finding is walked down to rows of a file that the program keeps."""
    workspace, loaded = demo
    rows = [r for r in found(loaded.run) if not r["synthetic"] and r["value"] is not None][:25]
    for row in rows:
        chain = explain(workspace, row["finding_key"], READER)
        assert chain.sources, row["finding_key"]
        assert all(s["rows"] and s["file_name"] for s in chain.sources), row["finding_key"]
        assert all(workspace.blobs.get(s["sha256"]) for s in chain.sources)
        assert chain.clause["title_zh"]
        assert chain.target["table"]["rows"]


def test_why_of_the_city_reaches_units_and_their_sheets(demo: Demo) -> None:
    """The city's intensity leads to returns of single units, each with sheet row, factor and mark."""
    workspace, loaded = demo
    row = next(r for r in found(loaded.run) if r["slug"] == "energy-per-gdp.city" and r["variant"] == "plan")
    chain = explain(workspace, row["finding_key"], READER)
    assert chain.entries_total > 5000
    assert all(e["confidence"] == "synthetic" for e in chain.entries)
    assert {s["synthetic"] for s in chain.sources} == {True}
    assert chain.deductions
    assert any("合成" in line for line in why_lines(chain, "zh"))


def test_an_unknown_finding_is_a_user_error(demo: Demo) -> None:
    """A key that is not there says so, and how keys are found."""
    with pytest.raises(UserError) as error:
        explain(demo[0], "f_nothing", READER)
    assert str(error.value) == (
        "RUN-002 f_nothing: no finding with this key in this run and scope."
        " `shuangkong judge --json` lists the keys of all findings."
    )


def test_a_scenario_changes_findings_and_never_the_book(demo_copy: Workspace, packs: PackSet) -> None:
    """A changed target goes through the whole pipeline; commits, runs of the book and the log stay as they were."""
    change = {
        "name": "stricter-hebei",
        "because": "what if",
        "changes": [
            {"pack": "guofa-2016-74", "target": "energy-per-gdp.130000", "set": {"value": "25"}, "because": "what if"}
        ],
    }
    import json

    overlay = load_overlay(json.dumps(change).encode(), origin="test")
    book = latest_run(demo_copy, READER, known=None)
    assert book is not None
    before = {c.name: demo_copy.lake.commits(c.name, demo_copy.clock()) for c in (BOOK_ENTRIES, REPORTED_VALUES)}
    scenario = run_pipeline(
        demo_copy, packs, known=book.known, as_of=AS_OF, scope=Scope.system("test"), overlays=[overlay]
    )
    assert scenario.kind == "scenario"
    assert "scenarios" in scenario.folder.parts
    then, now = ({r["finding_key"]: r for r in found(run)} for run in (book, scenario))
    differ = {k for k in then if (then[k]["status"], then[k]["threshold"]) != (now[k]["status"], now[k]["threshold"])}
    assert set(then) == set(now)
    assert {(then[k]["slug"], then[k]["variant"]) for k in differ} >= {("energy-per-gdp.130000", "plan")}
    assert {then[k]["slug"] for k in differ} == {"energy-per-gdp.130000"}
    latest = latest_run(demo_copy, READER, known=None)
    assert latest is not None
    assert latest.run_id == book.run_id
    assert len(runs_list(demo_copy, READER)) == 1
    after = {c.name: demo_copy.lake.commits(c.name, demo_copy.clock()) for c in (BOOK_ENTRIES, REPORTED_VALUES)}
    assert before == after
    assert packs.target("guofa-2016-74", "energy-per-gdp.130000").value == 17
    assert packs_of_run(demo_copy, scenario).target("guofa-2016-74", "energy-per-gdp.130000").value == 25


def test_the_same_books_give_the_same_digits(demo_copy: Workspace, packs: PackSet) -> None:
    """A second run as known at the same instant writes the same bytes, and every finding stayed."""
    first = latest_run(demo_copy, READER, known=None)
    assert first is not None
    second = run_pipeline(demo_copy, packs, known=first.known, as_of=AS_OF, scope=Scope.system("test"))
    for contract in (TOTALS, INDICATOR_VALUES, FINDINGS):
        a, b = (pq.read_table(r.folder / f"{contract.name}.parquet") for r in (first, second))
        assert a.equals(b), contract.name
    changes = Counter(r["change"] for r in read_result(second, FINDING_CHANGES, READER).to_pylist())
    assert set(changes) == {"stayed"}


def test_a_later_correction_never_changes_an_earlier_answer(demo_copy: Workspace, packs: PackSet) -> None:
    """A correction recorded now changes the newest run; as known before it, every figure is as it was."""
    first = latest_run(demo_copy, READER, known=None)
    assert first is not None
    table = demo_copy.lake.read(BOOK_ENTRIES, demo_copy.clock())
    gone = set(table.column("corrects").to_pylist())
    old = next(
        r for r in table.to_pylist()
        if r["period_key"] == "2025" or (r["book"] == "energy" and r["period_key"] == "2025-06")
        if r["entry_id"] not in gone and r["quantity"] and r["role"] == "consumption"
    )  # fmt: skip
    now = demo_copy.clock() + timedelta(seconds=1)
    new = {**old, "entry_id": "e_corrected", "corrects": old["entry_id"], "quantity": old["quantity"] * 2}
    new["recorded_at"] = now
    with demo_copy.lake.lease(BOOK_ENTRIES.name) as lease:
        demo_copy.lake.commit(
            BOOK_ENTRIES, BOOK_ENTRIES.from_rows([new]), lease, token="c", principal="test", note="", recorded_at=now
        )

    def energy(known: datetime) -> dict[str, Decimal | None]:
        run = run_pipeline(demo_copy, packs, known=known, as_of=AS_OF, scope=Scope.system("test"))
        rows = read_result(run, INDICATOR_VALUES, READER, where="indicator_id = 'energy_total'").to_pylist()
        return {r["value_key"]: r["value"] for r in rows}

    before, after = energy(first.known), energy(now)
    published = {
        r["value_key"]: r["value"]
        for r in read_result(first, INDICATOR_VALUES, READER, where="indicator_id = 'energy_total'").to_pylist()
    }
    assert before == published
    moved = {k for k in before if before[k] != after[k]}
    assert any(old["subject_id"] in k for k in moved)


def test_a_reader_sees_the_own_subtree_alone(demo: Demo) -> None:
    """A scope of one county shows that county and its units; a neighbour's finding cannot be asked for by key."""
    workspace, loaded = demo
    with reading(workspace.engine) as db:
        here = directory(db, READER, workspace.clock()).region("990101", AS_OF)
        scope = Scope.region("officer", here, AS_OF)
        seen = scope_subjects(db, scope, loaded.run.known)
    assert seen is not None
    mine = read_result(loaded.run, FINDINGS, scope, seen).to_pylist()
    allowed = set(seen.column("subject_id").to_pylist())
    assert mine
    assert {r["subject_id"] for r in mine} <= allowed
    other = next(r for r in found(loaded.run) if r["subject_id"] not in allowed)
    with pytest.raises(UserError, match="RUN-002"):
        explain(workspace, other["finding_key"], scope)
    assert read_result(loaded.run, FINDINGS, Scope.none("nobody")).num_rows == 0


def test_invented_energy_never_enters_a_real_total(demo: Demo) -> None:
    """No total of the nation or a province carries the synthetic mark, and no synthetic subject lies in one."""
    with reading(demo[0].engine) as db:
        nation = directory(db, READER, demo[0].clock()).region("000000", AS_OF)
    rows = read_result(demo[1].run, TOTALS, READER, where=f"subject_id = '{nation}'").to_pylist()
    assert [r for r in rows if r["confidence"] == "synthetic"] == []


def test_the_city_is_the_sum_of_its_counties(demo: Demo) -> None:
    """To the last digit, for every measure, part, month and year."""
    workspace, loaded = demo
    with reading(workspace.engine) as db:
        places = directory(db, READER, workspace.clock())
        city = places.region("990100", AS_OF)
        counties = {places.region(f"99010{n}", AS_OF) for n in (1, 2, 3, 4)}
    rows = read_result(loaded.run, TOTALS, READER, where="level = 'subtree'").to_pylist()
    sums: dict[tuple[str, ...], Decimal] = {}
    whole: dict[tuple[str, ...], Decimal] = {}
    for r in rows:
        key = (r["method_id"], r["measure"], r["part"], r["period_key"])
        if r["amount"] is None:
            continue
        if r["subject_id"] == city:
            whole[key] = r["amount"]
        elif r["subject_id"] in counties:
            sums[key] = sums.get(key, Decimal(0)) + r["amount"]
    assert len(whole) > 1000
    assert whole == sums


def test_the_audit_log_holds(demo: Demo) -> None:
    """Every import, commit and run of the demo is in the chain, and the chain is whole."""
    with reading(demo[0].engine) as db:
        assert verify(db) == []


def test_every_years_entries_add_up_to_its_total(demo: Demo) -> None:
    """The edges of a region's year reach exactly the entries that were summed, moved and closed units too."""
    workspace, loaded = demo
    with reading(workspace.engine) as db:
        places = directory(db, READER, workspace.clock())
        regions = [places.region(code, AS_OF) for code in ("990100", "990101", "990102", "990103", "990104")]
    listed = ", ".join(f"'{r}'" for r in regions)
    folder = loaded.run.folder
    with DuckDB(threads=1) as engine:
        rows = engine.run(
            f"""WITH RECURSIVE e AS (
                SELECT from_key, to_kind, to_key FROM '{folder}/edges.parquet' WHERE from_kind = 'total'
            ), start AS (
                SELECT total_key, measure, method_id, amount, total_key AS node, 'total' AS kind
                FROM '{folder}/totals.parquet' WHERE level = 'subtree' AND period_kind = 'year'
                AND subject_id IN ({listed}) AND measure IN ('energy', 'co2', 'gdp', 'energy_feedstock')
            ), walk AS (
                SELECT * FROM start UNION
                SELECT w.total_key, w.measure, w.method_id, w.amount, e.to_key, e.to_kind
                FROM walk w JOIN e ON e.from_key = w.node AND w.kind = 'total'
            ), reached AS (
                SELECT w.total_key, any_value(w.amount) AS whole, sum(a.amount) AS parts FROM walk w
                JOIN '{folder}/amounts.parquet' a ON w.kind = 'entry' AND a.entry_id = w.node
                AND a.measure = w.measure AND a.method_id = w.method_id AND a.state = 'ok' GROUP BY ALL
            ) SELECT total_key, whole, parts FROM reached"""
        ).to_pylist()
    assert len(rows) > 200
    assert [r["total_key"] for r in rows if r["whole"] != r["parts"]] == []


def test_a_missing_gdp_or_output_is_seen_and_decides_nothing(demo_copy: Workspace, packs: PackSet) -> None:
    """Without one county's GDP nobody knows what the city's certificates may take away, and without half of a unit's
    output its ratio is partial: both findings are insufficient, with the coverage.
    """
    table = demo_copy.lake.read(BOOK_ENTRIES, demo_copy.clock()).to_pylist()
    gdp = next(r for r in table if r["item"] == "gdp" and r["period_key"] == "2025" and r["confidence"] == "synthetic")
    gone = {r["corrects"] for r in table}
    unit = next(r["subject_id"] for r in table if r["book"] == "output" and r["period_key"] == "2025-01")
    half = [
        r for r in table
        if (r["subject_id"], r["book"]) == (unit, "output") and "2025-01" <= r["period_key"] <= "2025-06"
        if r["entry_id"] not in gone
    ]  # fmt: skip
    now = demo_copy.clock()
    blank = [
        {**r, "entry_id": f"e_blank_{n}", "corrects": r["entry_id"], "quantity": None, "state": "no_quantity"}
        for n, r in enumerate([gdp, *half])
    ]
    rows = BOOK_ENTRIES.from_rows([{**r, "recorded_at": now} for r in blank])
    with demo_copy.lake.lease(BOOK_ENTRIES.name) as lease:
        demo_copy.lake.commit(BOOK_ENTRIES, rows, lease, token="b", principal="t", note="", recorded_at=now)
    run = run_pipeline(demo_copy, packs, known=demo_copy.clock(), as_of=AS_OF, scope=Scope.system("test"))
    after = {(r["slug"], r["subject_id"], r["variant"], r["period_key"]): r for r in found(run)}
    city = next(r for k, r in after.items() if k[0] == "energy-per-gdp.city" and k[2] == "plan")
    assert (city["status"], city["reason"], city["coverage"]) == ("insufficient", "deduction_open", Decimal("0.75"))
    made = [r for k, r in after.items() if k[1] == unit and k[3] == "2025" and k[2] == "standing"]
    assert [(r["status"], r["coverage"]) for r in made] == [("insufficient", Decimal("0.5"))] * len(made)


def test_a_gap_inside_the_rounding_of_the_bulletins_says_so(demo: Demo) -> None:
    """Anhui's 15.985240 % of 16 % lies inside what five rates of two decimals can hide; Hebei's 21.5 of 17 does not."""
    rows = {r["slug"]: r for r in found(demo[1].run) if (r["pack_id"], r["variant"]) == ("guofa-2016-74", "plan")}
    near = explain(demo[0], rows["energy-per-gdp.340000"]["finding_key"], READER).change
    far = explain(demo[0], rows["energy-per-gdp.130000"]["finding_key"], READER).change
    assert near is not None
    assert far is not None
    assert near["gap"] == Decimal("0.014760")
    # by hand: Σ 0.005 ÷ (1 + r) × Π(1 + r), each rate near −3.4 %, is about five times 0.005 × 0.87
    assert Decimal("0.020") < near["within_rounding"] < Decimal("0.023")
    assert far["within_rounding"] is None


def test_an_unknown_certificate_return_opens_the_deduction(demo_copy: Workspace, packs: PackSet) -> None:
    """A blank amount of certificates is unknown, not as much as the cap allows: the intensity is not decided."""
    table = demo_copy.lake.read(BOOK_ENTRIES, demo_copy.clock()).to_pylist()
    old = next(r for r in table if r["role"] == "certificate" and r["period_key"].startswith("2025"))
    now = demo_copy.clock()
    blank = {**old, "entry_id": "e_blank", "corrects": old["entry_id"], "quantity": None, "state": "no_quantity"}
    with demo_copy.lake.lease(BOOK_ENTRIES.name) as lease:
        rows = BOOK_ENTRIES.from_rows([{**blank, "recorded_at": now}])
        demo_copy.lake.commit(BOOK_ENTRIES, rows, lease, token="b", principal="t", note="", recorded_at=now)
    run = run_pipeline(demo_copy, packs, known=demo_copy.clock(), as_of=AS_OF, scope=Scope.system("test"))
    city = next(r for r in found(run) if r["slug"] == "energy-per-gdp.city" and r["variant"] == "plan")
    assert (city["status"], city["reason"], city["value"]) == ("insufficient", "deduction_open", None)


def test_a_unit_that_closed_keeps_its_record(demo: Demo) -> None:
    """The unit that closed on 2024-07-01 is judged for the years it ran, in the county where it lay."""
    with reading(demo[0].engine) as db:
        rows = subjects_seen(db, READER, demo[0].clock(), kind="unit").to_pylist()
    closed = next(r["subject_id"] for r in rows if r["name_zh"] == "合成示范水泥厂05号")
    years = {r["period_key"] for r in found(demo[1].run) if r["subject_id"] == closed}
    assert years >= {"2023", "2024"}


def test_a_figure_printed_twice_leads_to_the_document_that_stands(demo: Demo) -> None:
    """Hebei 2015 stands in the national bulletin (row 4); the provincial table, inferred, is not what why shows."""
    with reading(demo[0].engine) as db:
        hebei = directory(db, READER, demo[0].clock()).region("河北", AS_OF)
    row = next(
        r for r in found(demo[1].run)
        if (r["pack_id"], r["variant"], r["subject_id"], r["period_key"]) == ("guofa-2011-26", "pace", hebei, "2015")
    )  # fmt: skip
    chain = explain(demo[0], row["finding_key"], READER)
    assert [(s["file_name"], s["rows"]) for s in chain.sources] == [("official_bulletins/national_2015.csv", [4])]
