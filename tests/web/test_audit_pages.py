"""The audit log on its pages: who sees which entries, verifying, the head, and corrections old → new."""

from __future__ import annotations

import csv
import re
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from shuangkong.app import auditing
from shuangkong.app.cli import app
from shuangkong.app.jobs import KINDS
from shuangkong.engine.api import audit_entry, head, jobs, lake_commit, reading, seal, writing
from shuangkong.kernel.scope import Scope
from web.own import Own, own_demo, post

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def own(demo_once: tuple[Path, object], tmp_path_factory: pytest.TempPathFactory) -> Own:
    """A copy of the demo for this module."""
    return own_demo(demo_once, tmp_path_factory)


def last(own: Own) -> str:
    """The head of the log as it is printed."""
    with reading(own.workspace.engine) as db:
        return str(head(db))


def corrected(own: Own) -> tuple[int, str]:
    """An entry about a corrected figure, and the unit whose it is."""
    with reading(own.workspace.engine) as db:
        t = audit_entry.c
        row = db.execute(sa.select(t.sequence, t.object).where(t.action == "figure.correct")).first()
    assert row
    return row.sequence, row.object


def test_the_log_is_filtered_and_exported_with_its_head(own: Own) -> None:
    """By action, person, object and day; the export's notes carry the head."""
    client = own.as_("demo.administrator")
    _, unit = corrected(own)
    text = client.get("/audit?action=consent.give").text
    assert "单位授权" in text
    assert "导入能源消费</td>" not in text
    assert unit in client.get(f"/audit.csv?object={unit}&action=figure.correct").text
    assert client.get("/audit?at_max=2020-01-01").text.count("/audit/1") == 0
    before = last(own)
    assert before in client.get("/audit.csv").text
    assert before in client.get("/findings.csv").text
    assert before in client.get("/findings").text
    assert client.get("/audit?who=demo").status_code == 200


def test_an_auditor_of_a_region_sees_what_lies_in_it(own: Own) -> None:
    """Entries about subjects and people of the region, and nothing of the platform's own; others see no log at all."""
    sequence, unit = corrected(own)
    auditor = own.as_("demo.auditor")
    seen = auditor.get("/audit.csv").text
    assert unit in seen
    assert "session.open" in seen
    assert "registry.regions" in _actions(own.as_("demo.administrator").get("/audit.csv").text)
    assert {"registry.regions", "lake.commit", "run.complete"}.isdisjoint(_actions(seen))
    assert {"consent.give", "appointment.give", "figure.correct"} <= _actions(seen)
    assert auditor.get(f"/audit/{sequence}").status_code == 200
    hidden, none = auditor.get("/audit/1"), auditor.get("/audit/999999")
    assert (hidden.status_code, none.status_code) == (404, 404)
    assert _plain(hidden.text, "1") == _plain(none.text, "999999")
    for person in ("demo.bank", "demo.unit", "demo.officer.990100"):
        assert own.as_(person).get("/audit").status_code == 403
        assert own.as_(person).get("/audit/1").status_code == 403


def _plain(text: str, number: str) -> str:
    """An error page without what every request has for itself, and without the number that was asked for."""
    text = re.sub(r"[0-9a-f]{32}|\d+:[0-9a-f]{64}", "", text)
    return text.replace(f"/audit/{number}", "/audit/").replace(f"entry {number} ", "entry ")


def _actions(text: str) -> set[str]:
    """The actions of an exported log, by the column that is headed so."""
    rows = [row for row in csv.reader(text.splitlines()) if len(row) > 5]
    column = next(i for i, head in enumerate(rows[0]) if head.endswith(" action"))
    return {row[column] for row in rows}


def test_verifying_tells_whether_the_log_holds(own: Own) -> None:
    """The whole log, and up to a head that was kept; one that is not in it is told as cut or rewritten."""
    client = own.as_("demo.auditor")
    kept = last(own)
    assert "核验通过" in post(client, "/audit/verify", "/audit").text
    assert "核验通过" in post(client, "/audit/verify", "/audit", head=kept).text
    number, _, digest = kept.partition(":")
    ahead = post(client, "/audit/verify", "/audit", head=f"{int(number) + 500}:{digest}").text
    assert "日志被截短" in ahead
    forged = post(client, "/audit/verify", "/audit", head=f"{number}:{'0' * 64}").text
    assert "日志被重写" in forged
    wrong = post(client, "/audit/verify", "/audit", head="7:abc")
    assert (wrong.status_code, "AUDIT-001" in wrong.text) == (400, True)
    assert client.post("/audit/verify", data={"head": kept}).status_code == 403


def test_a_broken_seal_is_named_by_page_job_and_command(
    demo_once: tuple[Path, object], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The chain itself holds; what the lake holds is no longer what an entry sealed, and that entry is named."""
    own = own_demo(demo_once, tmp_path_factory)
    with writing(own.workspace.engine) as db:
        sealed = seal(db, at=own.workspace.clock(), principal="upkeep")
    assert sealed is not None
    client = own.as_("demo.administrator")
    assert "核验通过" in post(client, "/audit/verify", "/audit").text
    with writing(own.workspace.engine) as db:
        db.execute(lake_commit.update().where(lake_commit.c.sequence == sealed.upto).values(sha256="0" * 64))
    page = post(client, "/audit/verify", "/audit").text
    assert "核验通过" not in page
    assert f"第 {sealed.entry} 条封存的数据湖提交已不是封存时的样子" in page
    with writing(own.workspace.engine) as db:
        job = jobs.enqueue(db, auditing.VERIFY, {"head": ""}, scope=Scope.all("test"), at=own.workspace.clock())
    jobs.work(own.workspace, KINDS, stopping=threading.Event(), once=True)
    with reading(own.workspace.engine) as db:
        result = jobs.job_seen(db, Scope.all("test"), job.job_id).result
    assert result is not None
    assert (result["whole"], result["seals"], result["faults"]) == (False, [sealed.entry], [])
    told = CliRunner().invoke(app, ["audit", "verify", "-w", str(own.workspace.root)])
    assert told.exit_code != 0
    assert str(sealed.entry) in str(told.exception)


def test_a_changed_entry_is_named_on_the_page(
    demo_once: tuple[Path, object], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Changed, removed and swapped entries are each named with their number."""
    own = own_demo(demo_once, tmp_path_factory)
    client = own.as_("demo.administrator")
    for sql in (
        "UPDATE audit_entry SET detail = '{}' WHERE sequence = 5",
        "DELETE FROM audit_entry WHERE sequence = 9",
        "UPDATE audit_entry SET sequence = 900 WHERE sequence = 12",
        "UPDATE audit_entry SET sequence = 12 WHERE sequence = 13",
        "UPDATE audit_entry SET sequence = 13 WHERE sequence = 900",
    ):
        with writing(own.workspace.engine) as db:
            db.execute(sa.text(sql))
    text = post(client, "/audit/verify", "/audit").text
    for words in ("第 5 条被改动", "第 9 条缺失", "第 12 条原来是第 13 条", "第 13 条原来是第 12 条"):
        assert words in text
    english = client.post(
        "/audit/verify?lang=en",
        data={"form_token": re.findall(r'form_token" value="(\w+)"', client.get("/audit").text)[0]},
    ).text
    assert "entry 5 was changed" in english


def test_a_long_log_is_verified_by_a_worker(own: Own, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over the limit a job is asked for; its result stands on the page of who asked."""
    monkeypatch.setattr(auditing, "AT_ONCE", 10)
    client = own.as_("demo.auditor")
    assert post(client, "/audit/verify", "/audit", head=last(own)).status_code == 303
    assert "等待后台程序" in client.get("/audit").text
    jobs.work(own.workspace, KINDS, stopping=threading.Event(), once=True)
    assert "核验通过" in client.get("/audit").text
    assert client.get("/jobs").status_code == 200


def test_corrections_show_old_and_new(own: Own) -> None:
    """What was put right, both figures with their unit, who, when and why; a neighbour's is like no unit's."""
    _, unit = corrected(own)
    page = own.as_("demo.administrator").get(f"/corrections/{unit}")
    old, new = re.findall(r"<(?:del|ins)>(.*?)</(?:del|ins)>", page.text)[:2]
    assert old != new
    assert "数量" in old
    assert "数量" in new
    assert "复核后更正（合成）" in page.text
    outside = own.as_("demo.unit").get(f"/corrections/{unit}")
    nothing = own.as_("demo.unit").get("/corrections/s_0000000000000000")
    assert (outside.status_code, nothing.status_code) == (404, 404)
    client = own.as_("demo.unit")
    plain = re.compile(r"s_\w{16}|[0-9a-f]{32}|\d+:[0-9a-f]{64}")
    one, other = (client.get(f"/corrections/{s}").text for s in (unit, "s_0000000000000000"))
    assert plain.sub("", one) == plain.sub("", other)
