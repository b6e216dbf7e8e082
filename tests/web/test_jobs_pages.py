"""Jobs on pages: one's own and no others', progress while they run, what came of them, cancel and retry."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from shuangkong.accounting.api import Origin
from shuangkong.app.jobs import KINDS, ask_import
from shuangkong.app.web import create_app
from shuangkong.app.web.jobs_pages import took
from shuangkong.engine.api import Workspace, jobs, reading, writing
from shuangkong.kernel.labels import Label
from shuangkong.kernel.scope import Scope
from shuangkong.webkit.api import acting_in, business_day, make_token, person_named, standing
from web.clients import signed_in, visitor
from web.counties import ADMINISTRATOR, MANAGER, NEXT_DOOR, OFFICER, OWN, furnish, work

GOOD = f"单位代码,期间,能源名称,消费量,计量单位\n{OWN},2026-01,原煤,100,吨\n"
LEASE = timedelta(seconds=60)


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once; tests have copies."""
    root = tmp_path_factory.mktemp("jobs-pages") / "w"
    furnish(root)
    return root


@pytest.fixture
def app(furnished: Path, tmp_path: Path) -> Iterator[FastAPI]:
    """The pages over a workspace of this test's own."""
    shutil.copytree(furnished, tmp_path / "w")
    workspace = Workspace.open(tmp_path / "w")
    yield create_app(workspace)
    workspace.engine.dispose()


def workspace_of(app: FastAPI) -> Workspace:
    """What the pages are made from."""
    found: Workspace = app.state.site.workspace
    return found


def asked(app: FastAPI, person: str, content: str = GOOD, name: str = "月报.csv") -> str:
    """An import that a person of the workspace asked for; the id of its job."""
    workspace = workspace_of(app)
    origin = Origin(name, "合成", "月报（合成）", "", date(2026, 2, 5), synthetic=True)
    with writing(workspace.engine) as db:
        who = person_named(db, person)
        assert who is not None
        blob = workspace.blobs.put(content.encode())
        day = business_day(workspace.clock())
        scope = acting_in(who, standing(db, who, day)[0], "session", day).scope
        return ask_import(db, "energy", blob, origin, scope=scope, clock=workspace.clock).job_id


def send(client: TestClient, address: str) -> Any:
    """A button of this site; what comes is not followed."""
    found = re.search(r'name="form_token" value="([^"]+)"', client.get("/account").text)
    assert found
    return client.post(address, data={"form_token": found[1]}, follow_redirects=False)


def state(app: FastAPI, job_id: str) -> str:
    """The state of a job."""
    with reading(workspace_of(app).engine) as db:
        return jobs.job_seen(db, Scope.all("test"), job_id).state


def test_the_list_holds_ones_own_jobs(app: FastAPI) -> None:
    """Everybody sees their own jobs by every order and filter; who may see everything sees all, with names."""
    for person, name in ((OFFICER, "甲.csv"), (NEXT_DOOR, "丙.csv")):
        asked(app, person, name=name)
    seen = {OFFICER: {"甲"}, NEXT_DOOR: {"丙"}, MANAGER: set(), ADMINISTRATOR: {"甲", "丙"}}
    for person, names in seen.items():
        client = signed_in(app, person)
        for path in ("/jobs", "/jobs?sort=-kind", "/jobs?state=queued", "/jobs?kind=import"):
            text = client.get(path).text
            assert {n for n in ("甲", "丙") if f"{n}.csv" in text} == names, (person, path)
    everyone = signed_in(app, ADMINISTRATOR).get("/jobs").text
    assert f"{OFFICER}（合成）" in everyone


@pytest.mark.parametrize("path", ["", "/cancel", "/retry"])
def test_anothers_job_is_like_none(app: FastAPI, path: str) -> None:
    """Another's job is answered as one that does not exist, and nothing happens to it."""
    job = asked(app, OFFICER)
    for person in (NEXT_DOOR, MANAGER):
        client = signed_in(app, person)
        answers = []
        for one in (job, "j_" + "0" * 20):
            answers.append(send(client, f"/jobs/{one}{path}") if path else client.get(f"/jobs/{one}"))
        texts = [re.sub(r"j_[0-9a-f]{20}|[0-9a-f]{32}", "…", r.text) for r in answers]
        assert [r.status_code for r in answers] == [404, 404]
        assert "JOB-001" in texts[0]
        assert texts[0] == texts[1]
    assert state(app, job) == "queued"


def test_progress_is_asked_for_until_the_end(app: FastAPI) -> None:
    """While a job waits or runs its page asks again each second and links for who has no script; then no more."""
    client, workspace = signed_in(app, OFFICER), workspace_of(app)
    job = asked(app, OFFICER)
    page = client.get(f"/jobs/{job}").text
    assert 'hx-trigger="every 1s"' in page
    assert "排队中" in page
    with writing(workspace.engine) as db:
        held = jobs.claim(db, KINDS, holder="test", at=workspace.clock(), lease=LEASE)
        assert held is not None
        jobs.progress(db, held, Label("读取", "read"), 3, 7)
    page = client.get(f"/jobs/{job}").text
    assert '<progress max="7" value="3"' in page
    assert f'<a href="/jobs/{job}">刷新进度</a>' in page
    assert "读取 3/7" in re.sub(r"\s+", " ", client.get("/jobs").text)
    with writing(workspace.engine) as db:
        jobs.give_back(db, held)
    work(workspace)
    page = client.get(f"/jobs/{job}").text
    assert "every 1s" not in page
    assert "已写入账册" in page


def test_an_import_leads_to_its_judgement(app: FastAPI) -> None:
    """The page of an import that changed something links the run that it asked for."""
    client = signed_in(app, OFFICER)
    job = asked(app, OFFICER)
    work(workspace_of(app))
    page = client.get(f"/jobs/{job}").text
    followed = re.search(r'class="go" href="(/jobs/j_[0-9a-f]+)"', page)
    assert followed
    assert "核算与判定" in client.get(followed[1]).text


def test_a_failed_job_says_why_and_is_done_again(app: FastAPI) -> None:
    """A job that failed shows code, words and next step, and is asked for anew by a button, once."""
    client = signed_in(app, OFFICER)
    job = asked(app, OFFICER, content="没有表头\n", name="坏<b>表.csv")
    work(workspace_of(app))
    assert state(app, job) == "failed"
    page = client.get(f"/jobs/{job}").text
    assert "IMP-002" in page
    assert "<b>表" not in page
    assert f'action="/jobs/{job}/retry"' in page
    again = [send(client, f"/jobs/{job}/retry").headers["location"] for _ in range(2)]
    assert again[0] == again[1] != f"/jobs/{job}"
    assert job in client.get(again[0]).text


def test_a_waiting_job_is_cancelled(app: FastAPI) -> None:
    """A job that waits is cancelled at once by its button, and is not done."""
    client = signed_in(app, OFFICER)
    job = asked(app, OFFICER)
    assert f'action="/jobs/{job}/cancel"' in client.get(f"/jobs/{job}").text
    assert send(client, f"/jobs/{job}/cancel").status_code == 303
    assert work(workspace_of(app)) == 0
    page = client.get(f"/jobs/{job}").text
    assert "已取消" in page
    assert "/cancel" not in page
    assert "/retry" in page


def test_a_run_is_asked_for_by_who_may(app: FastAPI) -> None:
    """An officer starts a run by a button, twice is one while it waits; a unit's manager may not."""
    officer, manager = signed_in(app, OFFICER), signed_in(app, MANAGER)
    assert 'action="/jobs/judge"' in officer.get("/jobs").text
    assert 'action="/jobs/judge"' not in manager.get("/jobs").text
    assert send(manager, "/jobs/judge").status_code == 403
    went = [send(officer, "/jobs/judge").headers["location"] for _ in range(2)]
    assert went[0] == went[1]
    neighbour = signed_in(app, NEXT_DOOR)
    other = send(neighbour, "/jobs/judge").headers["location"]
    assert neighbour.get(other).status_code == 200


@pytest.mark.slow
def test_a_run_that_was_asked_for_is_named(app: FastAPI) -> None:
    """The page of a judgement names the run that it made, and an import then names the units that it touched."""
    client, workspace = signed_in(app, OFFICER), workspace_of(app)
    job = asked(app, OFFICER)
    assert jobs.work(workspace, KINDS, stopping=threading.Event(), once=True) == 2
    page = client.get(f"/jobs/{job}").text
    followed = re.search(r'class="go" href="(/jobs/j_[0-9a-f]+)"', page)
    assert followed
    assert "第 1 次运算已完成" in client.get(followed[1]).text
    assert re.search(r'<a href="/units/[^"]+">甲水泥厂（合成）</a>', page)


def test_an_unknown_filter_is_refused(app: FastAPI) -> None:
    """A filter or order that the table does not have is FORM-001, never a fault of the program."""
    client = signed_in(app, OFFICER)
    for query in ("scope=x", "sort=scope", "sort=holder", "page=0"):
        answer = client.get(f"/jobs?{query}")
        assert answer.status_code == 400
        assert "FORM-001" in answer.text


def test_how_long_it_took() -> None:
    """Minutes and seconds, hours where there are any; nothing before it began; never below zero."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    assert took(None, None, start) == ""
    assert took(start, None, start + timedelta(seconds=65)) == "1:05"
    assert took(start, start + timedelta(hours=2, seconds=5), start) == "2:00:05"
    assert took(start, None, start - timedelta(seconds=5)) == "< 0:01"


def test_a_token_for_steering_jobs_does_not_do_what_they_do(app: FastAPI) -> None:
    """Asking again for an import takes the right to import: a token that was made for steering alone is refused."""
    workspace = workspace_of(app)
    job = asked(app, OFFICER)
    now = workspace.clock()
    with writing(workspace.engine) as db:
        who = person_named(db, OFFICER)
        assert who is not None
        officer = acting_in(who, standing(db, who, business_day(now))[0], "session", business_day(now))
        jobs.cancel(db, officer.scope, job, at=now)
        narrow = make_token(db, officer, "steering", frozenset({"jobs.read", "jobs.control"}), 1, at=now)
        wide = make_token(db, officer, "both", frozenset({"jobs.control", "import.write"}), 1, at=now)
    client = visitor(app)
    answers = [
        client.post(f"/jobs/{job}/retry", headers={"Authorization": f"Bearer {secret}"}, follow_redirects=False)
        for secret in (narrow, wide)
    ]
    assert [a.status_code for a in answers] == [403, 303]
