"""What-if: a change is tried beside the books; who gains, loses and pays is told, and nothing leaks into the stores."""

from __future__ import annotations

import hashlib
import json
import shutil
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from shuangkong.app.cli import app
from shuangkong.app.demo.run import Loaded
from shuangkong.app.explaining import packs_of_run
from shuangkong.app.whatif import Tried, change_of, proposal, read_change, scenarios, signed_so, tried, try_out
from shuangkong.app.whatif_effects import Effects, effects
from shuangkong.engine.api import METADATA, Workspace, latest_run, reading
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.ids import SubjectId
from shuangkong.kernel.scope import Scope

ALL = Scope.all("p_officer")
CHANGE = """
name: dearer
because: large works are to pay more
changes:
  - pack: demo-shifanshi-rules
    parameter: demo-rules.surcharge
    keys: {class: large}
    set: {value: 0.06}
    because: trial
  - pack: demo-shifanshi
    target: energy-per-gdp.dongqiu
    set: {value: 40}
    because: trial
  - {pack: demo-shifanshi-rules, table: class, row: key, set: {when: {energy: ">= 20000"}}, because: trial}
"""
#: What a scenario may add to: its own row, its audit entry, and what those count up.
MAY_GROW = {"run", "audit_entry"}


@pytest.fixture(scope="module")
def workspace(demo_once: tuple[Path, Loaded], tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A copy of the demo."""
    root = tmp_path_factory.mktemp("whatif") / "w"
    shutil.copytree(demo_once[0], root)
    return Workspace.open(root)


def stored(workspace: Workspace) -> dict[str, str]:
    """Hashes of every file of the books and runs, and of every table of the registry."""
    found = {}
    for folder in ("lake", "runs"):
        for path in sorted((workspace.root / folder).rglob("*")):
            if path.is_file():
                found[str(path.relative_to(workspace.root))] = hashlib.sha256(path.read_bytes()).hexdigest()
    with reading(workspace.engine) as db:
        for table in METADATA.sorted_tables:
            rows = db.execute(sa.select(table)).all()
            found[f"table {table.name}"] = hashlib.sha256(repr(sorted(map(repr, rows))).encode()).hexdigest()
    return found


@pytest.fixture(scope="module")
def done(workspace: Workspace) -> tuple[Tried, Effects, dict[str, str], dict[str, str]]:
    """The change tried once: what it means, and the stores before and after."""
    before = stored(workspace)
    one = try_out(workspace, read_change(CHANGE.encode(), "change.yaml"), principal="p_officer", scope=ALL)
    found = effects(workspace, one, packs_of_run(workspace, one.run), ALL)
    return one, found, before, stored(workspace)


def test_nothing_leaks_into_the_books_and_the_log_says_who_tried_what(
    workspace: Workspace, done: tuple[Tried, Effects, dict[str, str], dict[str, str]]
) -> None:
    """Nothing leaks into the books and the log says who tried what."""
    one, _, before, after = done
    assert len(before) > 50
    differs = {k for k in after if before.get(k) != after[k]} | {k for k in before if k not in after}
    assert differs == {f"table {t}" for t in MAY_GROW}
    current = latest_run(workspace, ALL, known=None)
    assert current is not None
    assert current.run_id == one.base.run_id
    with reading(workspace.engine) as db:
        entry = METADATA.tables["audit_entry"]
        last = db.execute(sa.select(entry).where(entry.c.object == one.run.run_id)).mappings().one()
    assert (last["action"], last["principal"]) == ("scenario.run", "p_officer")
    detail = json.loads(last["detail"])
    assert detail["sha256"] == one.overlay.content_hash
    assert detail["base"] == one.base.run_id


def test_money_gains_losses_and_red_are_told(done: tuple[Tried, Effects, dict[str, str], dict[str, str]]) -> None:
    """Money gains losses and red are told."""
    _, found, _, _ = done
    money = {(m["entry"], m["period"]): m for m in found.money}
    paid = money["surcharge", "2025"]
    assert paid["now"] > paid["was"] > 0
    assert paid["difference"] == paid["now"] - paid["was"]
    assert paid["more"] > 0
    assert paid["less"] > 0
    large = [r for r in found.changed if r["entry"] == "surcharge" and r["row_was"] == r["row_now"] == "large"]
    assert {r["effect"] for r in large} == {"loses"}
    for r in large:
        rate = Decimal("0.03") if r["period"] == "2025" else Decimal("0.02")
        assert r["amount_now"] / r["amount_was"] == Decimal("0.06") / rate
    spared = [r for r in found.changed if r["entry"] == "surcharge" and r["row_was"] == "key" and not r["row_now"]]
    assert spared
    assert {r["effect"] for r in spared} == {"gains"}
    assert found.targets["red"] > 0
    red = [r for r in found.changed if r["about"] == "target" and r["effect"] == "red"]
    assert {r["entry"] for r in red} == {"energy-per-gdp.dongqiu"}
    assert found.subjects["changed"] == len({r["subject_id"] for r in found.changed})


def test_only_what_the_reader_may_see_is_told(
    workspace: Workspace, done: tuple[Tried, Effects, dict[str, str], dict[str, str]]
) -> None:
    """Only what the reader may see is told."""
    one, found, _, _ = done
    unit = next(r["subject_id"] for r in found.changed if r["kind"] == "unit")
    own = effects(workspace, one, packs_of_run(workspace, one.run), Scope.unit("p_unit", SubjectId(unit)))
    assert {r["subject_id"] for r in own.changed} == {unit}
    assert own.money
    assert sum(m["now"] for m in own.money) < sum(m["now"] for m in found.money)


def test_a_scenario_is_its_owners(
    workspace: Workspace, done: tuple[Tried, Effects, dict[str, str], dict[str, str]]
) -> None:
    """A scenario is its owners."""
    one = done[0]
    region = Scope.region("p_other", SubjectId("s_x"), date(2026, 11, 20))
    assert one.run.run_id in {r.run_id for r in scenarios(workspace, ALL, "p_officer")}
    assert scenarios(workspace, region, "p_other") == []
    with pytest.raises(UserError):
        tried(workspace, one.run.run_id, region, "p_other")
    with pytest.raises(UserError):
        tried(workspace, str(one.base.run_id), ALL, "p_officer")
    again = tried(workspace, one.run.run_id, region, "p_officer")
    assert (again.overlay, again.base.run_id) == (one.overlay, one.base.run_id)
    assert change_of(workspace, one.run) == one.overlay


def test_a_change_is_handed_on_and_its_signature_is_held_against_the_workspace(
    workspace: Workspace, done: tuple[Tried, Effects, dict[str, str], dict[str, str]]
) -> None:
    """A change is handed on and its signature is held against the workspace."""
    one = done[0]
    packs = packs_of_run(workspace, one.base)
    data = proposal(workspace, one, "officer")
    again = read_change(data, "proposal.yaml")
    assert again.content_hash == one.overlay.content_hash
    assert again.proposal is not None
    assert ("value", "0.03", "0.06") in {(r["field"], r["was"], r["becomes"]) for r in again.proposal.replaces}
    assert signed_so(workspace, again, packs) == []
    touched = read_change(data.replace(b"0.06", b"0.07"), "touched.yaml")
    assert signed_so(workspace, touched, packs) == ["sha256"]
    head = again.proposal.audit_head
    elsewhere = read_change(data.replace(head.encode(), b"3:" + b"0" * 64), "elsewhere.yaml")
    assert signed_so(workspace, elsewhere, packs) == ["audit_head"]


def test_the_command_gives_two_scenarios_side_by_side(workspace: Workspace, tmp_path: Path) -> None:
    """The command gives two scenarios side by side."""
    first, second = tmp_path / "a.yaml", tmp_path / "b.yaml"
    first.write_text(CHANGE, "utf-8")
    second.write_text(CHANGE.replace("0.06", "0.09").replace("dearer", "dearest"), "utf-8")
    asked = ["what-if", "-w", str(workspace.root), "--change", str(first), "--change", str(second), "--json"]
    answer = CliRunner().invoke(app, asked, catch_exceptions=False)
    assert answer.exit_code == 0
    a, b = json.loads(answer.stdout)["scenarios"]
    assert (a["name"], b["name"], a["base"]) == ("dearer", "dearest", b["base"])

    def paid(one: dict[str, list[dict[str, str]]]) -> Decimal:
        return next(Decimal(m["now"]) for m in one["money"] if (m["entry"], m["period"]) == ("surcharge", "2025"))

    assert paid(b) > paid(a) > 0
    assert [r["field"] for r in a["replaced"]][:1] == ["value"]


def test_a_change_that_does_not_fit_makes_no_scenario(workspace: Workspace) -> None:
    """A change that does not fit makes no scenario."""
    before = len(scenarios(workspace, ALL, "p_officer"))
    bad = read_change(CHANGE.replace("row: key", "row: gone").encode(), "bad.yaml")
    with pytest.raises(UserError) as caught:
        try_out(workspace, bad, principal="p_officer", scope=ALL)
    assert caught.value.code == "RUN-003"
    assert len(scenarios(workspace, ALL, "p_officer")) == before


def test_answers_that_turn_adverse_are_red_and_kinds_and_yuan_stand_apart(workspace: Workspace) -> None:
    """A stricter entry turns projects red by the pack's signals; dearer energy costs projects what the table says."""
    change = """name: stricter
because: 收紧准入并上调指标费（合成）
changes:
  - {pack: demo-shifanshi-rules@2023, parameter: demo-rules.project-above, set: {value: 1}, because: 收紧}
  - {pack: demo-shifanshi-rules@2023, parameter: demo-rules.energy-price, keys: {class: two-high}, set: {value: 300},
     because: 上调}
"""
    one = try_out(workspace, read_change(change.encode(), "t"), principal="t", scope=ALL)
    found = effects(workspace, one, packs_of_run(workspace, one.run), ALL)
    red = [r for r in found.changed if r["effect"] == "red"]
    assert red
    assert {(r["about"], r["kind"], r["entry"], r["signal_now"]) for r in red} == {
        ("rule", "project", "project-entry", "bad")
    }
    assert all(r["signal_was"] != "bad" for r in red)
    assert found.rules["red"] == len(red)
    assert found.kinds["project"]["red"] == found.subjects["red"] == len({r["subject_id"] for r in red})
    assert set(found.kinds) == {"project"}
    cost = next(m for m in found.money if m["entry"] == "project-energy-cost")
    two_high = sum(r["amount_now"] - r["amount_was"] for r in found.changed if r["entry"] == "project-energy-cost")
    assert cost["difference"] == two_high == cost["lost_yuan"]
    assert cost["gained_yuan"] == 0
    # projects of which nobody registered whether they are two-high stand in no sum, and are counted
    assert cost["untold"] == 4
    balance = next(b for b in found.balance if b["kind"] == "project")
    assert (balance["lost_yuan"], balance["net_yuan"], balance["untold"]) == (two_high, -two_high, 4)
