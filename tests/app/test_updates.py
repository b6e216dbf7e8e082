"""Runs that update an earlier one: they give what a full run gives at the same instant, and say what they are."""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.same_runs import CHANGES, RESULTS, differences
from registry.made_up import made_up_uscc
from shuangkong.accounting.api import BOOK_ENTRIES, TOTALS, Origin, import_sheet
from shuangkong.app.demo.run import Loaded
from shuangkong.app.explaining import explain
from shuangkong.app.pipeline import run_pipeline
from shuangkong.engine.api import (
    Asked,
    RunRecord,
    Workspace,
    back_up,
    latest_run,
    layer_of,
    read_result,
    reading,
    run_record,
    writing,
)
from shuangkong.judgement.api import FINDINGS
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import PackSet, builtin_packs
from shuangkong.registry.api import ensure_regions, import_units, snapshot

Row = dict[str, Any]
DAY = date(2026, 6, 30)
ALL = Scope.system("test")
READER = Scope.all("test")
HEAD = "统一社会信用代码,单位名称,所在地区,行业代码,行业分类版本,单位类别,起始日期,报送周期\n"
#: Two counties beside each other, in one of which the public is told nothing, and one in another city.
PLACES = ["130181"] * 2 + ["130183"] * 4 + ["130281"] * 3
#: Packs of the factors and targets that the units of this test meet; rules of many more would only cost time.
ISSUERS = ("gbt", "ghg", "grid", "demo", "shuangkong", "guofa", "carbon-peak", "dual-control", "feedstock", "two-high")


@pytest.fixture(scope="module")
def few_packs() -> PackSet:
    """Some of the packs that ship."""
    return PackSet(p for p in builtin_packs() if p.id.startswith(ISSUERS))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, few_packs: PackSet) -> Workspace:
    """A workspace with nine units that hand in months of coal and power, judged."""
    workspace = Workspace.create(tmp_path_factory.mktemp("updates") / "w")
    codes = [made_up_uscc(n) for n in range(1, len(PLACES) + 1)]
    with writing(workspace.engine) as db:
        ensure_regions(db, workspace.clock(), sorted(set(PLACES)))
    units = HEAD + "".join(
        f"{code},第{n}水泥厂（合成）,{place},3011,2017,重点用能单位,2024-01-01,月报\n"
        for n, (code, place) in enumerate(zip(codes, PLACES, strict=True))
    )
    import_units(workspace, units.encode(), name="名录.csv", scope=READER)
    energy = "统一社会信用代码,期间,能源品种,消费量,计量单位\n" + "".join(
        f"{code},{year}-{month:02},{item},{(n + 1) * 100 + month},{unit}\n"
        for n, code in enumerate(codes) for year in (2024, 2025) for month in range(1, 13)
        for item, unit in (("原煤", "吨"), ("电力", "千瓦时")) if (n + month) % 7
    )  # fmt: skip
    origin = Origin("能源.csv", "", "", "", date(2026, 1, 5))
    report = import_sheet(workspace, few_packs, "energy", energy.encode(), origin, scope=READER)
    assert report.committed, report.refusals
    run_pipeline(workspace, few_packs, known=workspace.clock(), as_of=DAY, scope=ALL)
    return workspace


@pytest.fixture
def copied(made: Workspace, tmp_path: Path) -> Iterator[Workspace]:
    """A copy that a test may write to."""
    shutil.copytree(made.root, tmp_path / "copy")
    workspace = Workspace.open(tmp_path / "copy")
    yield workspace
    workspace.engine.dispose()


def standing(workspace: Workspace) -> list[Row]:
    """The entries that no later one puts right."""
    rows = workspace.lake.read(BOOK_ENTRIES, workspace.clock()).to_pylist()
    gone = {r["corrects"] for r in rows}
    return [r for r in rows if r["entry_id"] not in gone]


def commit(workspace: Workspace, rows: list[Row], now: datetime) -> None:
    """Entries as an import would commit them."""
    table = BOOK_ENTRIES.from_rows([{**r, "recorded_at": now} for r in rows])
    with workspace.lake.lease(BOOK_ENTRIES.name) as lease:
        workspace.lake.commit(
            BOOK_ENTRIES, table, lease, token=now.isoformat(), principal="test", note="", recorded_at=now
        )


def altered(rows: list[Row], subjects: list[str], rng: random.Random, mark: str) -> list[Row]:
    """For each subject a figure put right, one taken back, and months that nobody handed in, or a whole year."""
    found = []
    for subject in subjects:
        mine = sorted((r for r in rows if r["subject_id"] == subject), key=lambda r: r["entry_id"])
        right, blank, like = rng.choice(mine), rng.choice(mine), rng.choice(mine)
        found.append({**right, "corrects": right["entry_id"], "quantity": Decimal(rng.randint(1, 10**6))})
        if blank["entry_id"] != right["entry_id"]:
            found.append({**blank, "corrects": blank["entry_id"], "quantity": None, "state": "no_quantity"})
        year = rng.choice((2024, 2025))
        late = {"period_key": f"{year}", "period_kind": "year", "period_start": date(year, 1, 1),
                "period_end": date(year + 1, 1, 1)}  # fmt: skip
        if rng.random() < 0.6:
            month = rng.randint(1, 11)
            late = {"period_key": f"{year}-{month:02}", "period_kind": "month", "period_start": date(year, month, 1),
                    "period_end": date(year, month + 1, 1)}  # fmt: skip
        found.append({**like, **late, "corrects": None, "quantity": Decimal(rng.randint(1, 10**6)), "state": "ok"})
    return [{**r, "entry_id": f"e_{mark}_{n}"} for n, r in enumerate(found)]


def updated(workspace: Workspace, packs: PackSet, of: RunRecord, known: datetime | None = None) -> RunRecord:
    """An update as known now."""
    at = known or workspace.clock()
    return run_pipeline(workspace, packs, known=at, as_of=of.as_of, scope=ALL, update=Asked(of))


@pytest.mark.slow
@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sets(st.integers(0, 8), min_size=1, max_size=3), min_size=1, max_size=2), st.integers(0, 10**6))
def test_updates_in_a_row_give_what_a_full_run_gives(
    made: Workspace, few_packs: PackSet, tmp_path_factory: pytest.TempPathFactory, rounds: list[set[int]], seed: int
) -> None:
    """Whoever's figures are changed, taken back or handed in late, and however often: equal to the last row."""
    folder = tmp_path_factory.mktemp("round") / "w"
    shutil.copytree(made.root, folder)
    workspace = Workspace.open(folder)
    rng = random.Random(seed)
    run = latest_run(workspace, ALL, known=None)
    assert run is not None
    units = sorted({r["subject_id"] for r in standing(workspace)})
    with reading(workspace.engine) as db:
        everybody = snapshot(db, ALL, workspace.clock())["subjects"].num_rows
    for n, who in enumerate(rounds):
        commit(workspace, altered(standing(workspace), [units[w] for w in sorted(who)], rng, f"{n}"), workspace.clock())
        run = updated(workspace, few_packs, run)
        told = run.manifest.get("not_updated")
        # a full run only where more than half are touched, and then always
        if told is None:
            assert 2 * run.manifest["update"]["replaced"] <= everybody
        else:
            said = re.fullmatch(r"(\d+) of (\d+) subjects are not as in the full run beneath", told["because"])
            assert said is not None, told
            assert int(said[2]) == everybody < 2 * int(said[1])
        assert (layer_of(run.folder) is None) == (told is not None)
    full = run_pipeline(workspace, few_packs, known=run.known, as_of=DAY, scope=ALL)
    assert layer_of(full.folder) is None
    workspace.engine.dispose()
    assert differences(run, full) == {}


def test_an_update_says_of_whom_and_over_what(copied: Workspace, few_packs: PackSet) -> None:
    """The manifest names the run, the unit, and the regions above it alone; nothing new computes nothing."""
    first = latest_run(copied, ALL, known=None)
    assert first is not None
    none = updated(copied, few_packs, first)
    assert none.manifest["update"] == {
        "of": first.run_id, "over": first.run_id, "touched": [], "subjects": [], "replaced": 0
    }  # fmt: skip
    assert differences(first, none) == {}
    unit = standing(copied)[0]["subject_id"]
    commit(copied, altered(standing(copied), [unit], random.Random(1), "u"), copied.clock())
    run = updated(copied, few_packs, none)
    assert run.manifest.get("not_updated") is None
    told = run.manifest["update"]
    assert isinstance(told, dict)
    assert (told["of"], told["over"], told["touched"]) == (none.run_id, first.run_id, [unit])
    assert unit in told["subjects"]
    assert len(told["subjects"]) in (4, 5)  # with county, city and province, and the nation
    again = run_pipeline(copied, few_packs, known=run.known, as_of=DAY, scope=ALL)
    assert differences(run, again, RESULTS) == {}


def test_what_an_update_cannot_be_is_a_full_run_that_says_why(copied: Workspace, few_packs: PackSet) -> None:
    """Another day, other packs, nothing kept: all is computed, and the manifest has the reason."""
    first = latest_run(copied, ALL, known=None)
    assert first is not None

    def why(run: RunRecord) -> object:
        told = run.manifest["not_updated"]
        assert isinstance(told, dict)
        assert "update" not in run.manifest
        return told["because"]

    def asked(packs: PackSet, day: date) -> RunRecord:
        return run_pipeline(copied, packs, known=copied.clock(), as_of=day, scope=ALL, update=Asked(first))

    assert why(asked(few_packs, DAY + timedelta(days=1))) == "another day than in the earlier run"
    fewer = PackSet(p for p in few_packs.packs if not p.id.startswith("two-high"))
    assert why(asked(fewer, DAY)) == "another packs than in the earlier run"
    shutil.rmtree(first.folder / "kept")
    assert why(asked(few_packs, DAY)) == "the earlier run kept nothing that an update could start from"


def test_a_full_run_at_the_instant_of_an_update_gives_the_same_later(copied: Workspace, few_packs: PackSet) -> None:
    """What is recorded after an update changes nothing of what it is asked again as known then."""
    first = latest_run(copied, ALL, known=None)
    assert first is not None
    units = sorted({r["subject_id"] for r in standing(copied)})
    commit(copied, altered(standing(copied), units[:2], random.Random(2), "a"), copied.clock())
    run = updated(copied, few_packs, first)
    commit(copied, altered(standing(copied), units[3:5], random.Random(3), "b"), copied.clock())
    assert differences(run, updated(copied, few_packs, first, run.known)) == {}


@pytest.mark.slow
def test_the_demo_updated_is_the_demo_judged_anew(
    demo: tuple[Workspace, Loaded], packs: PackSet, tmp_path: Path
) -> None:
    """On the demo's data: every table, what became of the findings too; readers, why and back-ups find it whole."""
    first = demo[1].run
    rows = [r for r in standing(demo[0]) if r["quantity"] and r["confidence"] == "synthetic"]
    rng = random.Random(4)
    units = rng.sample(sorted({r["subject_id"] for r in rows}), 3)
    new, now = altered(rows, units, rng, "demo"), demo[0].clock()
    copies = {}
    for name in ("full", "update"):
        shutil.copytree(demo[0].root, tmp_path / name)
        copies[name] = Workspace.open(tmp_path / name)
        commit(copies[name], new, now)
    known = demo[0].clock()
    a = run_pipeline(copies["full"], packs, known=known, as_of=first.as_of, scope=ALL)
    b = updated(copies["update"], packs, run_record(copies["update"], ALL, first.run_id), known)
    back_up(copies["update"], tmp_path / "backup.tar.gz", principal="test")
    assert "not_updated" not in b.manifest
    assert differences(a, b, RESULTS + CHANGES) == {}
    found = read_result(b, FINDINGS, READER).to_pylist()
    # not every unit is asked anything, but the regions above the three are
    moved = set(b.manifest["update"]["subjects"])
    finding = next(r for r in found if r["subject_id"] in moved)
    assert explain(copies["update"], finding["finding_key"], READER).entries_total
    assert read_result(b, TOTALS, READER).num_rows == read_result(a, TOTALS, READER).num_rows
