"""Documents are handed up, read and reviewed; decisions are remembered, undone, audited, and end in a proposed pack."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from app.document_texts import NEWER, PLAN
from app.test_audited import assert_audited, watched
from shuangkong.app import document_review as review
from shuangkong.app.cli import app
from shuangkong.app.document_comparing import ask_compare, compared
from shuangkong.app.document_kept import forget
from shuangkong.app.document_publishing import Facts, prepare, propose_document
from shuangkong.app.document_store import Entry, drop_document, entries_of
from shuangkong.app.documents import Handed, before, documents_seen, hand_up, read_again, regions_of, seen, version_of
from shuangkong.app.jobs import KINDS
from shuangkong.app.publishing import decide_on, propose_pack
from shuangkong.app.upkeep import discard
from shuangkong.engine.api import Workspace, audit_entry, jobs, reading, writing
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import proposal, proposals, proposed_pack, version_in
from shuangkong.registry.api import ensure_regions, region_id

DAY = date(2026, 1, 1)
CITY = Scope.region("p_city", region_id("130200"), DAY)
COUNTY = Scope.region("p_county", region_id("130202"), DAY)
OTHER = Scope.region("p_other", region_id("130203"), DAY)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A workspace with a city and two of its districts, whose clock moves on with each look."""
    at = [datetime.fromisoformat("2026-11-20T02:00:00+00:00")]

    def clock() -> datetime:
        at[0] += timedelta(seconds=1)
        return at[0]

    made = Workspace.create(tmp_path / "w", clock=clock)
    with writing(made.engine) as db:
        ensure_regions(db, made.clock(), ["130200", "130202", "130203"], principal="t")
    return made


def up(workspace: Workspace, text: str = PLAN, scope: Scope = CITY, **given: Any) -> str:
    """Hand an invented text up."""
    handed = Handed(text.encode(), "plan.txt", synthetic=True, **{"region": "130200" if scope == CITY else "", **given})
    return hand_up(workspace, scope, handed)


def entries(workspace: Workspace, document_id: str) -> list[Entry]:
    """The entries of a document."""
    with reading(workspace.engine) as db:
        return entries_of(db, document_id)


def named(workspace: Workspace, document_id: str, words: str, kind: str = "") -> Entry:
    """The entry whose words contain these."""
    return next(e for e in entries(workspace, document_id) if words in e.words and kind in ("", e.kind))


def refused(case: str, act: Any) -> None:
    """The step cannot be taken, for this reason."""
    with pytest.raises(UserError) as caught:
        act()
    assert (caught.value.code, caught.value.case) == ("READ-006", case)


def test_a_document_is_kept_with_its_text_and_what_was_read(workspace: Workspace) -> None:
    """Title, number and region of it, the bytes as handed up, the text, and every entry waiting for a person."""
    made = up(workspace)
    with reading(workspace.engine) as db:
        row = seen(db, CITY, made, workspace.clock())
    assert (row.title, row.doc_number, row.region) == (
        "示范市节能降碳工作方案（合成）",
        "示府办发〔2026〕9号",
        "130200",
    )
    assert workspace.blobs.get(row.original) == PLAN.encode()
    assert version_of(workspace, row).cleaned.original == PLAN
    found = entries(workspace, made)
    assert {e.kind for e in found} >= {"target", "duty", "list"}
    assert {e.state for e in found} == {"candidate"}
    assert all(PLAN[e.start_at : e.end_at] == e.quote for e in found)
    fall = named(workspace, made, "下降3%")
    assert fall.read is not None
    assert (fall.read["value"], fall.read["unit"], fall.read["base_year"]) == ("3", "%", 2025)


def test_the_region_is_that_of_who_hands_up_unless_it_is_said(workspace: Workspace) -> None:
    """An officer's own region stands in; another's is refused, and who may see everything has to say one."""
    made = up(workspace, scope=COUNTY)
    with reading(workspace.engine) as db:
        assert seen(db, COUNTY, made, workspace.clock()).region == "130202"
    with pytest.raises(UserError, match="SCOPE-001"):
        up(workspace, scope=COUNTY, region="130203")
    refused("region", lambda: up(workspace, scope=Scope.all("t")))
    assert list(regions_of(workspace, COUNTY)) == ["130202"]
    assert "000000" in regions_of(workspace, Scope.all("t"))


def test_a_neighbour_sees_nothing_of_it(workspace: Workspace) -> None:
    """A document of one district is, for another, like one that is not there; its city sees it."""
    made = up(workspace, scope=COUNTY)
    at = workspace.clock()
    with reading(workspace.engine) as db:
        assert [d.document_id for d in documents_seen(db, CITY, at)] == [made]
        assert documents_seen(db, OTHER, at) == []
        with pytest.raises(UserError, match="READ-005"):
            seen(db, OTHER, made, at)
    first = entries(workspace, made)[0].entry_id
    for act in (
        lambda: review.accept(workspace, OTHER, made, first),
        lambda: review.reject(workspace, OTHER, made, first, "x"),
        lambda: review.undo(workspace, OTHER, made),
        lambda: up(workspace, NEWER, scope=OTHER, version_of=made),
    ):
        with pytest.raises(UserError, match="READ-005"):
            act()


def test_the_same_file_twice_is_refused(workspace: Workspace) -> None:
    """The same bytes for the same region are there already; for another region they are another document."""
    up(workspace)
    refused("same", lambda: up(workspace))
    assert up(workspace, scope=COUNTY)


def test_a_correction_keeps_what_the_reader_had_said(workspace: Workspace) -> None:
    """What holds and what was read stand side by side, with who decided and when."""
    made = up(workspace)
    fall = named(workspace, made, "下降3%")
    review.correct(workspace, CITY, made, fall.entry_id, {**(fall.read or {}), "value": "3.1"})
    now = named(workspace, made, "下降3%")
    assert (now.state, now.values["value"], (now.read or {})["value"]) == ("corrected", "3.1", "3")
    assert (now.decided_by, now.decided_at is not None) == ("p_city", True)
    review.accept(workspace, CITY, made, fall.entry_id)
    assert named(workspace, made, "下降3%").values["value"] == "3"


def test_a_rejection_takes_a_reason_and_can_be_taken_back(workspace: Workspace) -> None:
    """Without a reason nothing is kept; with one it stands, until somebody thinks again."""
    made = up(workspace)
    one = named(workspace, made, "清单", "list")
    refused("no_reason", lambda: review.reject(workspace, CITY, made, one.entry_id, "  "))
    review.reject(workspace, CITY, made, one.entry_id, "不是任务")
    now = named(workspace, made, "清单", "list")
    assert (now.state, now.reason, now.taken) == ("rejected", "不是任务", False)
    review.reopen(workspace, CITY, made, one.entry_id)
    now = named(workspace, made, "清单", "list")
    assert (now.state, now.reason) == ("candidate", None)


def test_words_are_added_where_they_stand_and_nowhere_else(workspace: Workspace) -> None:
    """Words of a clause become an entry there; words that do not stand in it are refused."""
    made = up(workspace)
    values = {"words": "定期调度进展"}
    refused("words", lambda: review.add(workspace, CITY, made, "list", (1, "四"), "不在文中的话", values))
    refused("words", lambda: review.add(workspace, CITY, made, "list", (1, "二"), "定期调度进展", values))
    new = review.add(workspace, CITY, made, "list", (1, "四"), "定期 调度\n进展", values)
    e = next(e for e in entries(workspace, made) if e.entry_id == new)
    assert (e.state, e.read, e.quote, e.clause) == ("added", None, "定期调度进展", "四")
    refused("added", lambda: review.accept(workspace, CITY, made, new))
    review.reopen(workspace, CITY, made, new)
    assert new not in {e.entry_id for e in entries(workspace, made)}
    review.undo(workspace, CITY, made)
    assert new in {e.entry_id for e in entries(workspace, made)}


def test_everything_sure_is_accepted_in_one_step_and_taken_back_in_one(workspace: Workspace) -> None:
    """Entries without a doubt are accepted together; undoing leaves all as they were, and no step is left then."""
    made = up(workspace)
    before = entries(workspace, made)
    n = review.accept_sure(workspace, CITY, made)
    after = entries(workspace, made)
    assert n == sum(review.is_sure(e) for e in before) > 2
    assert {e.entry_id for e in after if e.state == "accepted"} == {e.entry_id for e in before if review.is_sure(e)}
    refused("none_sure", lambda: review.accept_sure(workspace, CITY, made))
    review.undo(workspace, CITY, made)
    assert entries(workspace, made) == before
    refused("no_step", lambda: review.undo(workspace, CITY, made))


def test_a_step_of_another_is_not_undone_nor_what_was_decided_since(workspace: Workspace) -> None:
    """Each takes back their own steps, and only while nobody has decided otherwise since."""
    made = up(workspace)
    boss = replace(CITY, principal="p_boss")
    fall = named(workspace, made, "下降3%")
    review.accept(workspace, CITY, made, fall.entry_id)
    refused("no_step", lambda: review.undo(workspace, boss, made))
    review.reject(workspace, boss, made, fall.entry_id, "重复")
    refused("since", lambda: review.undo(workspace, CITY, made))
    assert named(workspace, made, "下降3%").state == "rejected"


def test_nobody_decides_on_another_state_than_the_one_they_looked_at(workspace: Workspace) -> None:
    """A page that was opened before somebody else decided cannot overwrite that decision; a fresh one can."""
    made = up(workspace)
    old = named(workspace, made, "下降3%")
    review.correct(workspace, CITY, made, old.entry_id, {**(old.read or {}), "value": "3.1"}, review.stamp(old))
    for act in (
        lambda: review.accept(workspace, CITY, made, old.entry_id, review.stamp(old)),
        lambda: review.reject(workspace, CITY, made, old.entry_id, "x", review.stamp(old)),
        lambda: review.reopen(workspace, CITY, made, old.entry_id, review.stamp(old)),
        lambda: review.correct(workspace, CITY, made, old.entry_id, {}, review.stamp(old)),
    ):
        refused("meanwhile", act)
    assert named(workspace, made, "下降3%").values["value"] == "3.1"
    review.accept(workspace, CITY, made, old.entry_id, review.stamp(named(workspace, made, "下降3%")))
    assert named(workspace, made, "下降3%").state == "accepted"


def test_reading_again_forgets_no_decision(workspace: Workspace) -> None:
    """Accepted, corrected, rejected and added entries stay with their ids; nothing is there twice."""
    made = up(workspace)
    fall, cap, tail = (named(workspace, made, w) for w in ("下降3%", "800万吨", "市交通运输局负责"))
    review.accept(workspace, CITY, made, cap.entry_id)
    review.correct(workspace, CITY, made, fall.entry_id, {**(fall.read or {}), "value": "3.1"})
    review.reject(workspace, CITY, made, tail.entry_id, "重复")
    review.add(workspace, CITY, made, "list", (1, "四"), "定期调度进展", {"words": "调度"})
    before = entries(workspace, made)
    read_again(workspace, CITY, made)
    assert entries(workspace, made) == before
    read_again(workspace, CITY, made)
    assert entries(workspace, made) == before


def test_what_the_reader_finds_anew_waits_and_what_it_finds_no_more_goes(workspace: Workspace) -> None:
    """Read again by a reader that says something else: open entries follow it, decided ones keep what holds."""
    made = up(workspace)
    fall, cap = (named(workspace, made, w) for w in ("下降3%", "800万吨"))
    review.accept(workspace, CITY, made, fall.entry_id)
    t = sa.Table("document_entry", sa.MetaData(), autoload_with=workspace.engine)
    with writing(workspace.engine) as db:
        # as an earlier reader left it: one entry more, another one missing, a value that was read otherwise
        row = dict(db.execute(sa.select(t).where(t.c.entry_id == cap.entry_id)).mappings().one())
        db.execute(t.insert().values(**row | {"entry_id": "de_x", "words": "早先多读的一条"}))
        db.execute(t.delete().where(t.c.entry_id == cap.entry_id))
        other = json.dumps({**(fall.read or {}), "value": "9"}, ensure_ascii=False)
        db.execute(t.update().where(t.c.entry_id == fall.entry_id).values(read=other, held=other))
    read_again(workspace, CITY, made)
    assert "de_x" not in {e.entry_id for e in entries(workspace, made)}
    assert named(workspace, made, "800万吨").state == "candidate"
    now = named(workspace, made, "下降3%")
    assert (now.state, now.values["value"], (now.read or {})["value"]) == ("accepted", "9", "3")


def test_a_new_version_carries_decisions_and_asks_again_where_it_reads_otherwise(workspace: Workspace) -> None:
    """The same number is the next version: decisions are carried, what changed waits, rejections are remembered."""
    made = up(workspace)
    for words in ("下降3%", "800万吨", "市工业和信息化局牵头", "市住房城乡建设局负责"):
        review.accept(workspace, CITY, made, named(workspace, made, words).entry_id)
    review.reject(workspace, CITY, made, named(workspace, made, "市交通运输局负责").entry_id, "重复")
    review.add(workspace, CITY, made, "list", (1, "四"), "定期调度进展", {"words": "调度"})
    newer = up(workspace, NEWER)
    with reading(workspace.engine) as db:
        old, new = (seen(db, CITY, d, workspace.clock()) for d in (made, newer))
    assert (old.series, old.version, new.series, new.version) == (made, 1, made, 2)
    state = {w: named(workspace, newer, w) for w in ("800万吨", "市工业和信息化局牵头", "市交通运输局负责")}
    state["added"] = named(workspace, newer, "定期调度进展", "list")
    assert [e.state for e in state.values()] == ["accepted", "accepted", "rejected", "added"]
    assert all(e.carried_from for e in state.values())
    assert state["市交通运输局负责"].clause == "三（四）"
    assert state["市交通运输局负责"].reason == "重复"
    assert named(workspace, newer, "3.2%").state == "candidate"
    assert named(workspace, newer, "市住房城乡建设局牵头").state == "candidate"
    review.reopen(workspace, CITY, newer, state["市交通运输局负责"].entry_id)
    assert named(workspace, newer, "市交通运输局负责").state == "candidate"


def test_an_accepted_entry_that_reads_otherwise_in_a_new_version_waits(workspace: Workspace) -> None:
    """The same words under another year are looked at again, and are not accepted with all that is sure."""
    made = up(workspace, PLAN.replace("方案（合成）\n一、", "方案（2026年）（合成）\n一、"))
    cap = named(workspace, made, "800万吨")
    review.accept(workspace, CITY, made, cap.entry_id)
    newer = up(workspace, PLAN.replace("到2026年，", "到2027年，"))
    now = named(workspace, newer, "800万吨")
    assert now.words == cap.words
    assert now.read != cap.read
    assert (now.state, now.carried_from) == ("candidate", cap.entry_id)
    assert not review.is_sure(now)


def test_what_a_colleague_took_away_does_not_come_back(workspace: Workspace) -> None:
    """Undoing one's own step brings back what that step took away, never what somebody took away since."""
    made = up(workspace)
    boss = replace(CITY, principal="p_boss")
    new = review.add(workspace, CITY, made, "list", (1, "四"), "定期调度进展", {"words": "定期调度进展"})
    review.correct(workspace, CITY, made, new, {"words": "定期 调度进展"})
    review.reopen(workspace, boss, made, new)
    refused("since", lambda: review.undo(workspace, CITY, made))
    assert new not in {e.entry_id for e in entries(workspace, made)}


def test_another_regions_version_is_not_the_one_before(workspace: Workspace) -> None:
    """A city may continue its document for a district; the district sees and takes over nothing of the city's."""
    made = up(workspace)
    review.accept(workspace, CITY, made, named(workspace, made, "下降3%").entry_id)
    for_county = up(workspace, NEWER, region="130202", version_of=made)
    with reading(workspace.engine) as db:
        row = seen(db, COUNTY, for_county, workspace.clock())
        assert before(db, row) is None
    assert {e.state for e in entries(workspace, for_county)} == {"candidate"}


def test_a_version_can_be_named_where_the_number_is_another(workspace: Workspace) -> None:
    """A text of another number joins the series that is chosen; without a choice it is a document of its own."""
    made = up(workspace)
    other, joined = (
        up(workspace, NEWER.replace("9号", "10号")),
        up(workspace, NEWER.replace("9号", "11号"), version_of=made),
    )
    with reading(workspace.engine) as db:
        own, chosen = (seen(db, CITY, d, workspace.clock()) for d in (other, joined))
    assert (own.series, own.version) == (own.document_id, 1)
    assert (chosen.series, chosen.version) == (made, 2)


def test_a_large_document_is_read_by_a_worker(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits with its job, cannot be reviewed before, and then has its entries and its series."""
    monkeypatch.setenv("SHUANGKONG_READ_AT_ONCE_SIGNS", "100")
    made = up(workspace)
    with reading(workspace.engine) as db:
        row = seen(db, CITY, made, workspace.clock())
    assert (row.content, entries(workspace, made)) == (None, [])
    refused("waiting", lambda: read_again(workspace, CITY, made))
    with watched() as done:
        assert (
            jobs.work(workspace, {"read": replace(KINDS["read"], may=None)}, stopping=threading.Event(), once=True) == 1
        )
    assert {"document", "document_entry"} <= assert_audited(done)
    with reading(workspace.engine) as db:
        assert seen(db, CITY, made, workspace.clock()).doc_number == "示府办发〔2026〕9号"
    assert len(entries(workspace, made)) > 5


def test_a_hostile_document_is_refused_and_leaves_nothing(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One that takes more than the bounds of the platform is READ-002, on the page and on the command line alike."""
    monkeypatch.setenv("SHUANGKONG_READ_SECONDS", "1")
    hostile = b"<html>" + b"<a " * 100_000
    with pytest.raises(UserError, match=r"READ-002 plan\.html"):
        hand_up(workspace, CITY, Handed(hostile, "plan.html", "130200"))
    with reading(workspace.engine) as db:
        assert documents_seen(db, CITY, workspace.clock()) == []
    assert [p for p in workspace.root.rglob("*") if p.is_file() and p.parent.parent.name == "blobs"] == []
    file = tmp_path / "plan.html"
    file.write_bytes(hostile)
    with pytest.raises(UserError, match=r"READ-002 plan\.html"):
        CliRunner().invoke(app, ["policy", "read", str(file)], catch_exceptions=False)


@pytest.mark.parametrize("apart", [True, False])
def test_a_strangers_file_is_read_apart(workspace: Workspace, monkeypatch: pytest.MonkeyPatch, apart: bool) -> None:
    """A file is read within bounds by another process; one that ships with the program is read at once."""
    seen: list[bool] = []

    def noted(content: bytes, asked: Any, bounds: Any) -> Any:
        seen.append(bounds is not None)
        return version_in(content, asked, None)

    monkeypatch.setattr("shuangkong.app.documents.version_in", noted)
    up(workspace, apart=apart)
    assert seen == [apart]
    assert Handed(b"", "x").apart


def test_what_was_read_is_not_read_again_to_be_looked_at(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages take what was kept, also in another process; a workspace of an earlier edition reads once, then keeps."""
    made = up(workspace)
    with reading(workspace.engine) as db:
        row = seen(db, CITY, made, workspace.clock())
    file = workspace.root / "documents" / f"{row.content}.json"
    first = version_of(workspace, row)
    file.write_bytes(b"[]")
    assert version_of(workspace, row) == first

    def refuse(*_: object) -> None:
        raise AssertionError("read again")

    monkeypatch.setattr("shuangkong.app.documents.version_in", refuse)
    assert version_of(workspace, row) == first
    with writing(workspace.engine) as db:
        drop_document(db, made)
        discard(db, workspace, {row.original, row.content or ""})
    assert not file.exists()


def test_long_versions_are_compared_by_a_worker(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Above the limit nothing is compared at once; a job does it, pages find it kept, and reading again forgets it."""
    old, new = up(workspace), up(workspace, NEWER)
    with reading(workspace.engine) as db:
        a, b = (seen(db, CITY, d, workspace.clock()) for d in (old, new))
    at_once = compared(workspace, a, b)
    assert at_once is not None
    assert at_once.targets
    forget(workspace.root, b.content or "")
    monkeypatch.setenv("SHUANGKONG_READ_AT_ONCE_SIGNS", "100")
    assert compared(workspace, a, b) is None
    with writing(workspace.engine) as db:
        ask_compare(db, workspace, CITY, a, b)
    kinds = {"compare": replace(KINDS["compare"], may=None)}
    assert jobs.work(workspace, kinds, stopping=threading.Event(), once=True) == 1
    assert compared(workspace, a, b) == at_once
    read_again(workspace, CITY, new)
    assert compared(workspace, a, b) is None


def test_a_worker_compares_nothing_outside_the_scope(workspace: Workspace) -> None:
    """A job that names a neighbour's document ends with what a page would say: there is none."""
    old, new = up(workspace), up(workspace, NEWER)
    with reading(workspace.engine) as db:
        a, b = (seen(db, CITY, d, workspace.clock()) for d in (old, new))
    with writing(workspace.engine) as db:
        job = ask_compare(db, workspace, OTHER, a, b)
    jobs.work(workspace, {"compare": replace(KINDS["compare"], may=None)}, stopping=threading.Event(), once=True)
    with reading(workspace.engine) as db:
        ended = jobs.job_seen(db, OTHER, job.job_id)
    assert ended.state == "failed"
    assert ended.error
    assert jobs.error_of(ended.error).code == "READ-005"


def test_every_step_is_in_the_audit_log(workspace: Workspace) -> None:
    """Each step writes who did what to which words, old and new, in the transaction of the change."""
    with watched() as done:
        made = up(workspace)
        fall, cap, tail = (named(workspace, made, w) for w in ("下降3%", "800万吨", "市交通运输局负责"))
        review.accept(workspace, CITY, made, cap.entry_id)
        review.correct(workspace, CITY, made, fall.entry_id, {**(fall.read or {}), "value": "3.1"})
        review.reject(workspace, CITY, made, tail.entry_id, "重复")
        review.reopen(workspace, CITY, made, tail.entry_id)
        review.add(workspace, CITY, made, "list", (1, "四"), "定期调度进展", {"words": "调度"})
        review.undo(workspace, CITY, made)
        review.accept_sure(workspace, CITY, made)
        read_again(workspace, CITY, made)
    assert {"document", "document_entry", "document_step"} <= assert_audited(done)
    with reading(workspace.engine) as db:
        rows = db.execute(sa.select(audit_entry).where(audit_entry.c.action.like("document.%"))).mappings().all()
    assert [r["action"].removeprefix("document.") for r in rows] == [
        "upload", "read", "accept", "correct", "reject", "reopen", "add", "undo", "accept_sure", "read",
    ]  # fmt: skip
    told = json.loads(next(r["detail"] for r in rows if r["action"] == "document.correct"))["changes"][0]
    assert (told["old"], told["new"], told["values"]["value"]) == ("candidate", "corrected", "3.1")
    assert "下降3%" in told["quote"]
    assert {r["principal"] for r in rows} == {"p_city"}


FACTS = Facts(1, "r130200-2026-9", "2026", "节能降碳工作方案（合成）", "示府办发〔2026〕9号", "示范市政府办", "130200",
              date(2026, 3, 2))  # fmt: skip


def test_what_was_taken_becomes_a_proposed_pack(workspace: Workspace) -> None:
    """Accepted, corrected and added entries are in the pack, with what holds; the rest is not; a second one decides."""
    made = up(workspace)
    refused("nothing", lambda: prepare(workspace, CITY, made, FACTS, "zh"))
    fall, cap = (named(workspace, made, w) for w in ("下降3%", "800万吨"))
    review.accept(workspace, CITY, made, cap.entry_id)
    review.correct(workspace, CITY, made, fall.entry_id, {**(fall.read or {}), "value": "3.1"})
    review.accept(workspace, CITY, made, named(workspace, made, "市工业和信息化局牵头").entry_id)
    review.reject(workspace, CITY, made, named(workspace, made, "市交通运输局负责").entry_id, "重复")
    ready = prepare(workspace, CITY, made, FACTS, "zh")
    assert (len(ready.entries), ready.left_out) == (3, {})
    with watched() as done:
        name = propose_document(workspace, CITY, made, ready, "任务分解")
    assert "document" in assert_audited(done)
    with reading(workspace.engine) as db:
        assert seen(db, CITY, made, workspace.clock()).proposal_id == name
        pack = proposed_pack(workspace.blobs, proposal(db, name))
    assert {str(t.value) for t in pack.targets} == {"3.1", "800"}
    assert [d.lead for d in pack.duties] == [("市工业和信息化局",)]
    assert {t.confidence for t in pack.targets} == {"synthetic"}
    problem = "targets.yaml: " + next(t.slug for t in pack.targets if str(t.value) == "800") + ": wrong"
    found = ready.entry_in(problem)
    assert found is not None
    assert found.entry_id == cap.entry_id


def test_who_decided_on_an_entry_does_not_publish_it(workspace: Workspace) -> None:
    """Nor does who proposed it: a third person does. Deciding otherwise later, or undoing it, changes nothing."""
    ann, ben, cid = (Scope.region(f"p_{n}", region_id("130200"), DAY) for n in ("ann", "ben", "cid"))
    made = up(workspace)
    fall, cap = (named(workspace, made, w) for w in ("下降3%", "800万吨"))
    review.accept(workspace, ann, made, cap.entry_id)
    review.correct(workspace, cid, made, fall.entry_id, {**(fall.read or {}), "value": "3.1"})
    name = propose_document(workspace, ben, made, prepare(workspace, ben, made, FACTS, "zh"), "任务分解")
    review.reject(workspace, ben, made, cap.entry_id, "重复")
    for person, told in (
        (ann, "you accepted, corrected or added"),
        (cid, "you accepted"),
        (ben, "one person proposes"),
    ):
        with pytest.raises(UserError, match=told) as wrong:
            decide_on(workspace, person, name, "published", "")
        assert wrong.value.code == "PACK-008"
        assert person is ben or "neither proposed it nor accepted" in wrong.value.remedy
    dee = Scope.region("p_dee", region_id("130200"), DAY)
    assert decide_on(workspace, dee, name, "published", "").state == "published"


def test_the_same_pack_by_another_way_is_not_published_by_who_decided(workspace: Workspace) -> None:
    """Handing the pack of a withdrawn proposal in again as an archive lets nobody publish their own decisions."""
    ben = Scope.region("p_ben", region_id("130200"), DAY)
    made = up(workspace)
    review.accept(workspace, CITY, made, named(workspace, made, "800万吨").entry_id)
    ready = prepare(workspace, ben, made, FACTS, "zh")
    first = propose_document(workspace, ben, made, ready, "任务分解")
    decide_on(workspace, ben, first, "withdrawn", "改用压缩包")
    files = {n: t.encode() for n, t in ready.made.files.items()}
    again = propose_pack(workspace, ben, files, "任务分解", origin="pack.zip")
    with pytest.raises(UserError, match="PACK-008"):
        decide_on(workspace, CITY, again, "published", "")


def test_who_decided_on_an_entry_may_send_the_pack_back(workspace: Workspace) -> None:
    """To publish takes other eyes; to send back takes none."""
    made = up(workspace)
    review.accept(workspace, CITY, made, named(workspace, made, "800万吨").entry_id)
    other = Scope.region("p_ben", region_id("130200"), DAY)
    name = propose_document(workspace, other, made, prepare(workspace, other, made, FACTS, "zh"), "任务分解")
    assert decide_on(workspace, CITY, name, "rejected", "重做").state == "rejected"


def test_a_pack_is_not_proposed_of_what_was_decided_since(workspace: Workspace) -> None:
    """Neither the proposal nor its document's step is there where somebody decided on an entry in between."""
    made = up(workspace)
    cap = named(workspace, made, "800万吨")
    review.accept(workspace, CITY, made, cap.entry_id)
    ready = prepare(workspace, CITY, made, FACTS, "zh")
    review.correct(workspace, CITY, made, cap.entry_id, {**(cap.read or {}), "value": "790"})
    refused("meanwhile", lambda: propose_document(workspace, CITY, made, ready, "任务分解"))
    with reading(workspace.engine) as db:
        assert proposals(db) == []
        assert seen(db, CITY, made, workspace.clock()).proposal_id is None
        done = set(db.execute(sa.select(audit_entry.c.action)).scalars())
    assert {"pack.propose", "document.propose"}.isdisjoint(done)


def test_an_entry_that_cannot_be_written_is_told(workspace: Workspace) -> None:
    """An entry without what a pack needs is named with the reason, and the others go on."""
    made = up(workspace)
    fall, cap = (named(workspace, made, w) for w in ("下降3%", "800万吨"))
    review.accept(workspace, CITY, made, cap.entry_id)
    review.correct(workspace, CITY, made, fall.entry_id, {**(fall.read or {}), "indicator": " "})
    ready = prepare(workspace, CITY, made, FACTS, "zh")
    assert list(ready.left_out) == [fall.entry_id]
    assert ready.left_out[fall.entry_id]


def test_files_of_a_document_are_kept_while_it_is_there(workspace: Workspace) -> None:
    """Tidying leaves the original and the text of a document alone."""
    made = up(workspace)
    with reading(workspace.engine) as db:
        row = seen(db, CITY, made, workspace.clock())
    assert row.content
    with writing(workspace.engine) as db:
        discard(db, workspace, {row.original, row.content})
    assert workspace.blobs.path(row.original).exists()
    assert workspace.blobs.path(row.content).exists()


@pytest.mark.service
def test_the_same_holds_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    """Handing up, deciding, a new version and undoing, on the other store."""
    made = Workspace.create(tmp_path / "w", url=postgres_url)
    with writing(made.engine) as db:
        ensure_regions(db, made.clock(), ["130200"], principal="t")
    first = up(made)
    review.reject(made, CITY, first, named(made, first, "市交通运输局负责").entry_id, "重复")
    n = review.accept_sure(made, CITY, first)
    review.undo(made, CITY, first)
    assert n > 2
    assert {e.state for e in entries(made, first)} == {"candidate", "rejected"}
    assert named(made, up(made, NEWER), "市交通运输局负责").state == "rejected"
    made.engine.dispose()
