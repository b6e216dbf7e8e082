"""A long export is a job of who asked for it: the same file, for them alone, while they may see it, for seven days."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from shuangkong.app.exporting import FOLDER, KEPT, expire_exports, exported_file
from shuangkong.app.web.retelling import STATED, Retelling
from shuangkong.app.web.sentences import Teller
from shuangkong.engine.api import jobs, reading
from shuangkong.webkit.api import Speaker
from web.clients import signed_in, visitor
from web.conftest import Pages
from web.counties import work

ASKED = "status=missed&sort=-gap"


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch, pages: Pages) -> Iterator[None]:
    """Ten rows are long here, and nothing is left behind."""
    for ending in ("CSV", "XLSX"):
        monkeypatch.setenv(f"SHUANGKONG_EXPORT_ROWS_{ending}", "10")
    yield
    expire_exports(pages.workspace, pages.workspace.clock() + 2 * KEPT)


def rows(text: str) -> list[list[str]]:
    """The rows of an export without its notes, which say when it was made."""
    found = list(csv.reader(io.StringIO(text.lstrip("\ufeff"))))
    return found[found.index([]) + 1 :]


def ask(client: TestClient, address: str) -> str:
    """Ask for a long export; the address of its job."""
    answer = client.get(address, follow_redirects=False)
    assert answer.status_code == 303, answer.text[:200]
    return str(answer.headers["location"])


def job_at(pages: Pages, address: str) -> jobs.Job:
    """The job of an address."""
    with reading(pages.workspace.engine) as db:
        return jobs.job_seen(db, pages.view.scope, address.rsplit("/", 1)[1])


def test_a_long_export_is_a_job_with_the_same_file(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer is the page of a job; its file has the rows that the export would have had, under the same headers."""
    job = ask(pages.client, f"/findings.csv?{ASKED}")
    assert ask(pages.client, f"/findings.csv?{ASKED}&page=2") == job
    assert pages.client.get(f"{job}/result").status_code == 404
    work(pages.workspace, "export")
    assert f'href="{job}/result"' in pages.get(job)
    found = pages.client.get(f"{job}/result")
    monkeypatch.setenv("SHUANGKONG_EXPORT_ROWS_CSV", "1000000")
    at_once = pages.client.get(f"/findings.csv?{ASKED}")
    assert rows(found.text) == rows(at_once.text)
    assert len(rows(found.text)) > 10
    for header in ("content-type", "content-disposition", "cache-control", "x-content-type-options"):
        assert found.headers[header] == at_once.headers[header]


@pytest.mark.parametrize("table", ["units", "audit", "consents", "imports", "people"])
def test_every_table_is_exported_alike(pages: Pages, monkeypatch: pytest.MonkeyPatch, table: str) -> None:
    """Long ones become a job, short ones a file; both begin with what, known when, whose, and the log's head."""
    client = signed_in(pages.app, "demo.administrator")
    monkeypatch.setenv("SHUANGKONG_EXPORT_ROWS_CSV", "1")
    job = ask(client, f"/{table}.csv")
    work(pages.workspace, "export")
    made = client.get(f"{job}/result")
    assert made.status_code == 200, made.text[:300]
    assert made.content.startswith(b"\xef\xbb\xbf")
    found = list(csv.reader(io.StringIO(made.text.lstrip("\ufeff"))))
    notes = dict(found[: found.index([])])
    assert {"内容", "筛选条件", "排序", "行数", "数据已知至", "数据范围", "来源", "审计链末端", "导出人"} <= set(notes)
    assert notes["数据范围"] == "全部"
    assert notes["数据已知至"].endswith("+08:00")
    assert int(notes["行数"]) == len(rows(made.text)) - 1 > 1
    monkeypatch.delenv("SHUANGKONG_EXPORT_ROWS_CSV")
    at_once = client.get(f"/{table}.csv", follow_redirects=False)
    assert at_once.status_code == 200
    assert rows(at_once.text)[0] == rows(made.text)[0]


def test_codes_of_an_export_are_told_in_words(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    """Books, actions and roles stand in words before their codes, and invented rows are marked in a column."""
    monkeypatch.delenv("SHUANGKONG_EXPORT_ROWS_CSV")
    client = signed_in(pages.app, "demo.administrator")
    for table, word, code in (
        ("imports", "能源消费账", "energy"),
        ("audit", "完成核算与判定", "run.complete"),
        ("people", "平台管理员", "administrator"),
    ):
        head, *below = rows(client.get(f"/{table}.csv").text)
        lines = [dict(zip(head, line, strict=True)) for line in below]
        assert any(word in line.values() and code in line.values() for line in lines), table
    head, *below = rows(client.get("/imports.csv").text)
    assert {line[head.index("合成 synthetic")] for line in below} == {"是"}


def test_a_workbook_of_a_job_can_be_opened(pages: Pages) -> None:
    """The file of a workbook is a workbook, in the language of who asked."""
    job = ask(pages.client, "/findings.xlsx?lang=en")
    work(pages.workspace, "export")
    body = pages.client.get(f"{job}/result").content
    assert body.startswith(b"PK")
    assert "List of findings" in pages.get(job, "en")


def test_an_export_holds_the_scope_of_who_asked(pages: Pages) -> None:
    """An officer's file holds their own region and no other; another person finds no job and no file."""
    officer = signed_in(pages.app, "demo.officer.990100")
    job = ask(officer, "/findings.csv?region=&period=")
    work(pages.workspace, "export")
    file = officer.get(f"{job}/result")
    asked = job_at(pages, job)
    assert file.status_code == 200
    scope = asked.scope
    seen = {s.id for s in pages.app.state.site.reader.current(scope).subjects.values()}
    head, *below = rows(file.text)
    place = next(i for i, h in enumerate(head) if h.endswith(" subject_id"))
    assert {r[place] for r in below} <= seen
    assert len(seen) < len(pages.view.subjects)
    neighbour = signed_in(pages.app, "demo.auditor")
    refused, missing = neighbour.get(f"{job}/result"), neighbour.get("/jobs/nothing/result")
    assert refused.status_code == missing.status_code == 404
    assert asked.result is not None
    assert asked.result["name"] not in refused.text
    nobody = visitor(pages.app).get(f"{job}/result", follow_redirects=False)
    assert nobody.status_code in (303, 401, 403)
    assert asked.result["name"] not in nobody.text
    # another's export is for nobody else, whatever they may see
    assert pages.client.get(f"{job}/result").status_code == 404


def test_a_file_goes_when_what_may_be_seen_changes(pages: Pages) -> None:
    """Another appointment, another set of consents, or seven days: the file is not to be had any more."""
    job = ask(pages.client, f"/findings.csv?{ASKED}&q=a")
    work(pages.workspace, "export")
    done = job_at(pages, job)
    asker = done.scope
    assert exported_file(pages.workspace, done, asker) is not None
    assert exported_file(pages.workspace, done, replace(asker, use="finance")) is None
    assert exported_file(pages.workspace, done, replace(asker, principal="p_other")) is None
    assert done.result is not None
    changed = replace(done, result={**done.result, "opened": ["s_gone"]})
    assert exported_file(pages.workspace, changed, asker) is None
    later = pages.workspace.clock() + KEPT + timedelta(seconds=1)
    assert exported_file(replace(pages.workspace, clock=lambda: later), done, asker) is None


def test_files_are_removed_after_seven_days(pages: Pages) -> None:
    """A file stays for seven days and is deleted then; its job says that it is gone."""
    job = ask(pages.client, f"/findings.csv?{ASKED}&q=b")
    work(pages.workspace, "export")
    now = pages.workspace.clock()
    assert expire_exports(pages.workspace, now + KEPT - timedelta(hours=1)) == 0
    assert files(pages.workspace.root) == 1
    assert expire_exports(pages.workspace, now + KEPT + timedelta(seconds=5)) == 1
    assert files(pages.workspace.root) == 0
    assert pages.client.get(f"{job}/result").status_code == 404
    assert "文件已不能下载" in pages.get(job)


def files(root: Path) -> int:
    """How many files of exports wait."""
    return sum(1 for p in (root / FOLDER).glob("*/*") if p.is_file())


def test_who_sees_no_jobs_gets_the_file_at_once(pages: Pages) -> None:
    """A bank may export and has no page of jobs: the file comes as it is made."""
    answer = signed_in(pages.app, "demo.bank").get("/findings.csv?region=&period=", follow_redirects=False)
    assert answer.status_code == 200


def test_the_sentences_of_an_export_are_those_of_the_pages(pages: Pages) -> None:
    """Told by the batch, each finding has the sentence that its own page says, in both languages."""
    found = pages.view.findings
    columns = [[getattr(f, name) for f in found] for name in STATED]
    texts = pages.app.state.site.frame.texts
    for speaker in (Speaker("zh", texts), Speaker("en", texts)):
        tell = Teller(pages.view, speaker)
        assert Retelling(pages.view, speaker).sentences(*columns) == [tell.tell(f) for f in found]
    assert len(found) > 100
