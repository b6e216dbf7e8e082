"""A pack is proposed by one person and put in force by another; what was known before stays as it was."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from app.test_audited import assert_audited, watched
from policy.builders import pack
from shuangkong.app.catalogue import library
from shuangkong.app.publishing import decide_on, proposal_seen, proposals_seen, propose_pack
from shuangkong.engine.api import Workspace, reading, writing
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import PackErrors, unpacked
from shuangkong.policy.publishing import packed
from shuangkong.registry.api import ensure_regions, resolve

ANN, BEN = Scope.all("p_ann"), Scope.all("p_ben")
START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
TARGET = """
- {slug: fall, indicator: energy_per_gdp, clause: 一, subject: {region: "330300"}, comparator: decrease_by, value: %s,
   unit: "%%", base_year: 2020, year: 2025, horizon: year}
"""
CLAUSES = "- {id: 一, title: {zh: 目标}, kind: target}\n"


class Clock:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """An empty workspace with the regions of the nation."""
    opened = Workspace.create(tmp_path / "w", clock=Clock())
    with writing(opened.engine) as db:
        ensure_regions(db, START, ["330300", "440000"], principal="t")
    return opened


def plan(value: str = "15", name: str = "test.local@2026", region: str = "330300") -> dict[str, bytes]:
    """The files of an invented plan (合成) with one target."""
    level = "nation" if region == "000000" else "province" if region.endswith("0000") else "city"
    text = TARGET.replace("330300", region) % value
    return dict(pack(name, level=level, region=region, files={"targets.yaml": text, "clauses.yaml": CLAUSES}).files)


def offer(workspace: Workspace, scope: Scope, files: dict[str, bytes], because: str = "年度分解") -> str:
    """A proposal."""
    return propose_pack(workspace, scope, files, because, origin="plan.zip")


def value(workspace: Workspace, known: datetime | None = None) -> str | None:
    """The value of the plan's target as the library has it."""
    for found in library(workspace=workspace, known=known).packs:
        if found.id == "test.local":
            return str(found.targets[0].value)
    return None


def test_nothing_is_in_force_before_a_second_person_published_it(workspace: Workspace) -> None:
    """Neither the proposal nor its own author puts it in force; a second person does, and earlier knowledge stays."""
    with watched() as done:
        made = offer(workspace, ANN, plan())
        assert value(workspace) is None
        with pytest.raises(UserError, match="PACK-008"):
            decide_on(workspace, ANN, made, "published", "")
        before = workspace.clock()
        assert decide_on(workspace, BEN, made, "published", "").state == "published"
    assert value(workspace) == "15"
    assert value(workspace, before) is None
    assert assert_audited(done) == {"pack_proposal", "audit_entry"}


def test_a_later_pack_takes_the_place_of_the_one_before(workspace: Workspace) -> None:
    """Of one id and edition the one published last counts; what it changes is shown by path."""
    decide_on(workspace, BEN, offer(workspace, ANN, plan("15")), "published", "")
    between = workspace.clock()
    second = offer(workspace, BEN, plan("16"), "按省里调整")
    _, _, changed = proposal_seen(workspace, ANN, second)
    assert [(d.kind, d.name, d.change, d.fields) for d in changed] == [
        ("targets", "fall", "changed", (("value", "15", "16"),))
    ]
    decide_on(workspace, ANN, second, "published", "核对无误")
    assert (value(workspace), value(workspace, between)) == ("16", "15")
    _, _, changed = proposal_seen(workspace, ANN, second)
    assert changed[0].fields == (("value", "15", "16"),)


def test_a_proposal_is_decided_once(workspace: Workspace) -> None:
    """Sent back or withdrawn it changes nothing, and neither can be undone; a reason is asked for."""
    made = offer(workspace, ANN, plan())
    with pytest.raises(UserError, match="PACK-007"):
        decide_on(workspace, BEN, made, "rejected", " ")
    with pytest.raises(UserError, match="PACK-008"):
        decide_on(workspace, BEN, made, "withdrawn", "不要了")
    decide_on(workspace, BEN, made, "rejected", "条款号不对")
    for scope, decision in ((BEN, "published"), (ANN, "withdrawn")):
        with pytest.raises(UserError, match="PACK-007"):
            decide_on(workspace, scope, made, decision, "再来")  # type: ignore[arg-type]
    again = offer(workspace, ANN, plan())
    decide_on(workspace, ANN, again, "withdrawn", "写错了")
    assert value(workspace) is None


def test_the_same_pack_is_not_proposed_twice(workspace: Workspace) -> None:
    """While it waits, and while it stands."""
    made = offer(workspace, ANN, plan())
    for scope in (ANN, BEN):
        with pytest.raises(UserError, match="PACK-007"):
            offer(workspace, scope, plan())
    decide_on(workspace, BEN, made, "published", "")
    with pytest.raises(UserError, match="PACK-007"):
        offer(workspace, ANN, plan())
    with pytest.raises(UserError, match="PACK-007"):
        offer(workspace, ANN, plan("17"), " ")


def test_a_pack_lies_in_the_scope_of_who_acts(workspace: Workspace) -> None:
    """An officer of a city neither proposes nor publishes nor sees a pack of another place or of the nation."""
    with reading(workspace.engine) as db:
        city = resolve(db, Scope.all("t"), "gbt2260", "330300", date(2026, 3, 1), workspace.clock())
    officer = Scope.region("p_city", city, date(2026, 3, 1))
    own = offer(workspace, officer, plan())
    for region in ("330000", "440000", "000000"):
        with pytest.raises(UserError, match="SCOPE-001"):
            offer(workspace, officer, plan(name="test.other@2026", region=region))
    other = offer(workspace, ANN, plan(name="test.other@2026", region="440000"))
    with pytest.raises(UserError, match="SCOPE-001"):
        decide_on(workspace, officer, other, "published", "")
    with pytest.raises(UserError, match="PACK-006"):
        proposal_seen(workspace, officer, other)
    with reading(workspace.engine) as db:
        assert [p.proposal_id for p in proposals_seen(db, officer, workspace.clock())] == [own]
        assert len(proposals_seen(db, ANN, workspace.clock())) == 2


def test_a_broken_or_contradicting_pack_is_never_kept(workspace: Workspace) -> None:
    """What `policy check` would refuse is refused, also where only the packs together are wrong."""
    broken = plan() | {"targets.yaml": b"- {slug: fall}\n"}
    with pytest.raises(PackErrors):
        offer(workspace, ANN, broken)
    twice = plan() | {"indicators.yaml": b"- {id: energy_per_gdp, label: {zh: x}, unit: tce, nature: ratio}\n"}
    with pytest.raises(PackErrors):
        offer(workspace, ANN, twice)
    with reading(workspace.engine) as db:
        assert proposals_seen(db, ANN, workspace.clock()) == []


def zipped(files: dict[str, bytes]) -> bytes:
    """An archive as anybody's program makes it."""
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return kept.getvalue()


def test_archives_are_read_as_folders() -> None:
    """With or without the folder around the files; what is no archive, or unpacks to too much, is refused."""
    assert unpacked(zipped(plan()), origin="x") == plan()
    assert unpacked(zipped({f"plan/{n}": d for n, d in plan().items()}), origin="x") == plan()
    assert dict(unpacked(packed(plan().items()), origin="x")) == plan()
    assert packed(plan().items()) == packed(reversed(list(plan().items())))
    for bad in (b"", b"PK\x03\x04", zipped(plan())[:-30], zipped({f"{n}.yaml": b"" for n in range(300)})):
        with pytest.raises(UserError, match="PACK-001"):
            unpacked(bad, origin="x")
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        for n in range(100):
            archive.writestr(f"{n}.yaml", b" " * 2_000_000)
    with pytest.raises(UserError, match="PACK-001"):
        unpacked(bomb.getvalue(), origin="x")


def test_a_name_that_leads_outside_is_refused(workspace: Workspace) -> None:
    """The loader knows every file that a pack can have."""
    files = unpacked(zipped(plan() | {"../../evil.yaml": b"x"}), origin="x")
    with pytest.raises(PackErrors):
        offer(workspace, ANN, dict(files))


def test_two_proposals_that_contradict_each_other_are_not_both_published(workspace: Workspace) -> None:
    """Each is fine beside what stands; the second to be published is not, and still waits."""
    other = "- {id: test.heads, label: {zh: 人数}, unit: %s, nature: stock}\n"
    first = offer(workspace, ANN, plan() | {"indicators.yaml": (other % "item").encode()})
    later = plan(name="test.second@2026") | {"indicators.yaml": (other % "tce").encode()}
    second = offer(workspace, ANN, later)
    decide_on(workspace, BEN, first, "published", "")
    with pytest.raises(PackErrors):
        decide_on(workspace, BEN, second, "published", "")
    with reading(workspace.engine) as db:
        assert {p.proposal_id: p.state for p in proposals_seen(db, ANN, workspace.clock())}[second] == "open"
    assert "test.second" not in {p.id for p in library(workspace=workspace).packs}
