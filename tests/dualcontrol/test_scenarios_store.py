"""Saved scenarios and evidence: kept with their audit entries, seen in scope alone, changed by who made them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from dualcontrol.test_peaking import BASE, GOALS, LIKELY, RANGES, WIDE
from shuangkong.dualcontrol.api import (
    Assumed,
    Fan,
    Moves,
    Scenario,
    canonical,
    evidence_of,
    evidence_seen,
    hand_in_evidence,
    result_hash,
    save_scenario,
    scenario_from,
    scenario_seen,
    scenarios_seen,
    share_scenario,
    withdraw_evidence,
    withdraw_scenario,
    work_out,
)
from shuangkong.engine.api import METADATA, Workspace, reading, writing
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.scope import Scope
from shuangkong.registry.api import ensure_regions, region_id

DAY = date(2026, 6, 30)
HERE, THERE = region_id("130200"), region_id("130300")
MADE = Scenario(BASE, Assumed(LIKELY, 2035), GOALS, RANGES, WIDE, 200, 3, 1, {"method": "m", "confidence": "synthetic"})


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A workspace with two cities."""
    made = Workspace.create(tmp_path / "w")
    with writing(made.engine) as db:
        ensure_regions(db, made.clock(), ["130200", "130300"], principal="t")
    return made


def officer(name: str, region: str = HERE) -> Scope:
    """Somebody who answers for a city."""
    return Scope.region(name, region, DAY, "assessment")


def save(workspace: Workspace, who: str, title: str = "甲（合成）") -> str:
    """A scenario of the first city."""
    with writing(workspace.engine) as db:
        return save_scenario(
            db, HERE, title, "试", inputs=canonical(MADE), result_hash=result_hash(work_out(MADE)), run_id="r_1",
            synthetic=True, at=workspace.clock(), principal=who,
        )  # fmt: skip


def seen(workspace: Workspace, scope: Scope) -> list[str]:
    """Titles that a reader sees."""
    with reading(workspace.engine) as db:
        return [s.title for s in scenarios_seen(db, scope, workspace.clock())]


def actions(workspace: Workspace) -> list[str]:
    """What the audit log says of scenarios and evidence, in order."""
    entry = METADATA.tables["audit_entry"]
    with reading(workspace.engine) as db:
        found = db.execute(entry.select().order_by(entry.c.sequence)).mappings()
        return [r["action"] for r in found if r["action"].startswith(("scenarios.", "evidence."))]


def test_a_scenario_is_seen_by_its_maker_and_where_it_is_shared(workspace: Workspace) -> None:
    """Own only, then shared with who has the region in scope, never with a neighbour; closed again, taken back."""
    made = save(workspace, "maker")
    maker, colleague, neighbour = officer("maker"), officer("colleague"), officer("neighbour", THERE)
    assert [seen(workspace, s) for s in (maker, colleague, neighbour)] == [["甲（合成）"], [], []]
    with writing(workspace.engine) as db:
        share_scenario(db, maker, made, shared=True, at=workspace.clock(), principal="maker")
    assert [seen(workspace, s) for s in (maker, colleague, neighbour)] == [["甲（合成）"], ["甲（合成）"], []]
    for scope, code in ((colleague, "RIGHT-002"), (neighbour, "RUN-001")):
        with writing(workspace.engine) as db, pytest.raises(UserError, match=code):
            withdraw_scenario(db, scope, made, at=workspace.clock(), principal=scope.principal)
    with writing(workspace.engine) as db:
        share_scenario(db, maker, made, shared=False, at=workspace.clock(), principal="maker")
        withdraw_scenario(db, maker, made, at=workspace.clock(), principal="maker")
    assert seen(workspace, maker) == []
    with reading(workspace.engine) as db, pytest.raises(UserError, match="RUN-001"):
        scenario_seen(db, maker, made, workspace.clock())
    assert actions(workspace) == ["scenarios.save", "scenarios.share", "scenarios.unshare", "scenarios.withdraw"]


def test_what_is_published_opens_no_scenario(workspace: Workspace) -> None:
    """A shared scenario is for who may see the region by right, not for the public, and nobody sees one of no scope."""
    made = save(workspace, "maker")
    with writing(workspace.engine) as db:
        share_scenario(db, officer("maker"), made, shared=True, at=workspace.clock(), principal="maker")
    assert seen(workspace, Scope.published("public")) == []
    assert seen(workspace, Scope.none("x")) == []
    assert seen(workspace, Scope.all("boss")) == ["甲（合成）"]


def test_a_saved_scenario_gives_the_same_figures_again(workspace: Workspace) -> None:
    """Read from its JSON it is the same scenario to the last digit, and works out to the same hash."""
    made = save(workspace, "maker")
    with reading(workspace.engine) as db:
        kept = scenario_seen(db, officer("maker"), made, workspace.clock())
    again = scenario_from(kept.inputs)
    assert again == MADE
    worked = work_out(again)
    assert result_hash(worked) == kept.result_hash
    assert isinstance(worked.fan, Fan)
    other = MADE.moved(nonfossil=LIKELY.nonfossil + 1)
    assert result_hash(work_out(other)) != kept.result_hash
    assert other.assumed.moves == Moves(**{**{n: LIKELY.of(n) for n in (
        "growth", "structure", "efficiency", "fuel", "grid")}, "nonfossil": LIKELY.nonfossil + 1})  # fmt: skip


def test_a_scenario_needs_a_title(workspace: Workspace) -> None:
    """Blanks are none; nothing is kept and nothing logged."""
    with pytest.raises(UserError, match="FORM-001"):
        save(workspace, "maker", title="  ")
    assert actions(workspace) == []


def test_another_version_of_a_scenario_is_refused() -> None:
    """What another version of the program wrote is not guessed at."""
    with pytest.raises(ValueError, match="version 2"):
        scenario_from(canonical(MADE).replace('"version":1', '"version":2'))


def test_evidence_stays_in_its_region(workspace: Workspace) -> None:
    """Handed in within the scope alone, seen there alone, taken back and still in the log."""
    maker, neighbour = officer("maker"), officer("neighbour", THERE)
    blob = workspace.blobs.put(b"proof")

    def hand_in(scope: Scope) -> str:
        with writing(workspace.engine) as db:
            return hand_in_evidence(
                db, scope, HERE, 2025, "feedstock", file_name="表.pdf", blob=blob, size=5, note="",
                at=workspace.clock(), principal=scope.principal,
            )  # fmt: skip

    with pytest.raises(UserError, match="SCOPE-001"):
        hand_in(neighbour)
    made = hand_in(maker)
    with reading(workspace.engine) as db:
        assert [e.evidence_id for e in evidence_of(db, maker, HERE, workspace.clock())] == [made]
        assert evidence_of(db, neighbour, HERE, workspace.clock()) == []
        assert evidence_of(db, Scope.published("public"), HERE, workspace.clock()) == []
        with pytest.raises(UserError, match="RUN-001"):
            evidence_seen(db, neighbour, made, workspace.clock())
    with writing(workspace.engine) as db:
        withdraw_evidence(db, maker, made, at=workspace.clock(), principal="maker")
    with reading(workspace.engine) as db:
        assert evidence_of(db, maker, HERE, workspace.clock()) == []
    assert actions(workspace) == ["evidence.hand_in", "evidence.withdraw"]
