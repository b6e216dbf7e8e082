"""The pages on which a document is handed up, reviewed clause by clause, compared with an older one, and proposed."""

from __future__ import annotations

import io
import re
import threading
import zipfile
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.document_texts import NEWER, PLAN
from shuangkong.app.catalogue import library
from shuangkong.app.jobs import KINDS
from shuangkong.engine.api import jobs
from web.own import Own, own_demo

pytestmark = pytest.mark.slow
TOKEN = re.compile(r'name="form_token" value="([0-9a-f]{64})"')
CITY, COUNTY, OTHER = "demo.officer.990100", "demo.officer.990101", "demo.officer.990102"
EN = {"Accept-Language": "en"}
HOSTILE = PLAN.replace("9号", "77号").replace(
    "开展节能诊断", "开展<script>alert(1)</script>节能诊断，<img src=x onerror=alert(2)>&lt;b&gt;"
)


@pytest.fixture(scope="module")
def own(demo_once: tuple[Path, object], tmp_path_factory: pytest.TempPathFactory) -> Own:
    """A copy of the demo for this module."""
    return own_demo(demo_once, tmp_path_factory)


def token(client: TestClient) -> str:
    """What forms of the session carry."""
    found = TOKEN.search(client.get("/account").text)
    assert found
    return found.group(1)


def up(client: TestClient, content: bytes, name: str = "plan.txt", **fields: str) -> Any:
    """Hand a file up."""
    return client.post(
        "/documents", data={"form_token": token(client), "synthetic": "1", **fields},
        files={"file": (name, content, "application/octet-stream")}, follow_redirects=False,
    )  # fmt: skip


def press(client: TestClient, address: str, **fields: str) -> Any:
    """Press a button of a page, whether or not the page has it."""
    return client.post(address, data={"form_token": token(client), **fields}, follow_redirects=False)


def handed(client: TestClient, text: str, **fields: str) -> str:
    """The address of a document that was handed up."""
    answer = up(client, text.encode(), **fields)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def entry(text: str, words: str) -> str:
    """The id of the card whose text contains these words."""
    cards = re.findall(r'<article class="entry[^>]* id="e-(de_\w+)".*?</article>', text, re.S)
    bodies = re.findall(r'<article class="entry.*?</article>', text, re.S)
    return next(i for i, body in zip(cards, bodies, strict=True) if words in re.sub(r"<[^>]+>", "", body))


def test_the_demo_has_documents_to_look_at(own: Own) -> None:
    """The list shows two versions of an invented plan, marked as such, with how far their review is."""
    text = own.as_(CITY).get("/documents").text
    assert text.count("示范市2026年节能降碳工作方案（合成）") >= 2
    assert "第 2 版" in text
    assert "合成" in text
    assert re.search(r'<progress value="\d+" max="\d+"', text)


@pytest.mark.parametrize(
    ("language", "words"), [("zh", ("待复核", "采纳", "疑点")), ("en", ("to review", "Accept", "In doubt"))]
)
def test_text_and_entries_stand_side_by_side(own: Own, language: str, words: tuple[str, ...]) -> None:
    """Each entry stands beside its clause, is linked to its words, and they to it."""
    client = own.as_(CITY)
    page = re.findall(r'href="(/documents/doc_\w+)">示范市2026年', client.get("/documents").text)[0]
    text = client.get(page, headers={"Accept-Language": language}).text
    for word in words:
        assert word in text
    cards = set(re.findall(r'id="e-(de_\w+)"', text))
    assert len(cards) > 20
    assert cards <= set(re.findall(r'href="#q-(de_\w+)"', text))
    lit = set(re.findall(r'id="q-(de_\w+)"', text))
    assert lit == cards
    assert {i for group in re.findall(r'data-entries="([^"]+)"', text) for i in group.split()} == lit


def test_a_document_is_reviewed_without_a_script(own: Own) -> None:
    """Accept, correct, reject, add, undo and read again are forms; each leads on to the next that waits."""
    client = own.as_(COUNTY)
    page = handed(client, PLAN)
    text = client.get(page).text
    fall, cap, tail = (entry(text, w) for w in ("下降 3%", "800", "市交通运输局"))
    done = press(client, f"{page}/entries/{fall}/accept", back="kind=target")
    assert done.headers["location"] == f"{page}?kind=target#e-{cap}"
    wrong = press(
        client, f"{page}/entries/{cap}", indicator="能源消费总量", comparator="between", value="800", unit="万吨标准煤"
    )
    assert wrong.status_code == 400
    assert "要填上限" in wrong.text
    sent = {
        "indicator": "能源消费总量",
        "comparator": "at_most",
        "value": "810",
        "unit": "万吨标准煤",
        "target_year": "2026",
    }
    assert press(client, f"{page}/entries/{cap}", **sent, indicator_id="energy_total").status_code == 303
    text = client.get(page).text
    assert "程序读作" in text
    assert "810" in text
    assert press(client, f"{page}/entries/{tail}/reject", reason="").status_code == 400
    assert press(client, f"{page}/entries/{tail}/reject", reason="与总则重复").status_code == 303
    assert "与总则重复" in client.get(f"{page}?state=rejected").text
    add = client.get(f"{page}/add", params={"part": 1, "clause": "四", "kind": "list", "quote": "定期调度进展"}).text
    assert "定期调度进展" in add
    bad = press(client, f"{page}/add", kind="list", place="1:二", quote="定期调度进展", words="调度")
    assert (bad.status_code, "不在所选条款中" in bad.text) == (400, True)
    assert (
        press(client, f"{page}/add", kind="list", place="1:四", quote="定期调度进展", words="按季调度").status_code
        == 303
    )
    assert "按季调度" in client.get(f"{page}?state=added").text
    assert press(client, f"{page}/undo").status_code == 303
    assert "按季调度" not in client.get(page).text
    assert press(client, f"{page}/accept-sure").status_code == 303
    assert press(client, f"{page}/reread").status_code == 303
    assert "与总则重复" in client.get(page).text


def test_a_target_that_is_selected_is_read_for_the_form(own: Own) -> None:
    """Words that the reader understands fill the form's fields; a person still decides."""
    client = own.as_(COUNTY)
    page = handed(client, PLAN.replace("9号", "21号"))
    form = client.get(f"{page}/add", params={"part": 1, "clause": "二", "quote": "能耗比2025年下降3%"}).text
    assert re.search(r'name="value" value="3"', form)
    assert '<option value="decrease_by" selected>' in form


def test_what_cannot_be_read_is_told_and_not_kept(own: Own) -> None:
    """Another kind of file, a broken one, an empty one: said in Chinese with its code, and the list stays as it was."""
    client = own.as_(COUNTY)
    before = client.get("/documents").text.count("<tr>")
    for name, content, told in (
        ("plan.exe", b"MZ", ".pdf"),
        ("plan.docx", b"PK\x03\x04 broken", "READ-001"),
        ("plan.txt", b"\x00\x01\x02" * 99, "READ-00"),
        ("plan.txt", b"   \n", "READ-003"),
    ):
        answer = up(client, content, name)
        assert (answer.status_code, told in answer.text) == (400, True), name
        alerts = re.findall(r'<p class="notice bad"[^>]*>(.*?)</p>', answer.text, re.S)
        assert not alerts or re.search("[一-鿿]", alerts[0]), name
    assert client.get("/documents").text.count("<tr>") == before


def test_a_hostile_document_is_text_and_nothing_else(own: Own) -> None:
    """Markup in words and in the name is shown and not run; the original is handed out as a file."""
    client = own.as_(COUNTY)
    answer = up(client, HOSTILE.encode(), "../../etc/<script>alert(3)</script>\r\nX: y.txt")
    page = answer.headers["location"]
    for address in (page, "/documents", f"{page}/add?part=1&clause=%3Cscript%3E&quote=%3Cscript%3E"):
        text = client.get(address).text
        assert "<script>alert" not in text
        assert "<img src=x" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in client.get(page).text
    kept = client.get(f"{page}/original")
    assert kept.content == HOSTILE.encode()
    assert kept.headers["content-disposition"].startswith("attachment")
    assert kept.headers["content-type"] == "application/octet-stream"
    assert kept.headers["x-content-type-options"] == "nosniff"
    assert "etc/" not in kept.headers["content-disposition"]


def test_a_word_file_is_read(own: Own) -> None:
    """A .docx gives the same entries as its text."""
    body = "".join(f"<w:p><w:r><w:t>{line}</w:t></w:r></w:p>" for line in PLAN.replace("9号", "31号").splitlines())
    word = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as zipped:
        zipped.writestr("word/document.xml", f'<w:document xmlns:w="{word}"><w:body>{body}</w:body></w:document>')
    client = own.as_(COUNTY)
    page = up(client, kept.getvalue(), "方案.docx").headers["location"]
    assert "下降 3%" in re.sub(r"<[^>]+>", "", client.get(page).text)


def test_who_may_see_and_who_may_review(own: Own) -> None:
    """A reviewer of the city reads and has no button; a neighbour, a unit and the public get nothing."""
    page = handed(own.as_(COUNTY), PLAN.replace("9号", "41号"))
    reviewer = own.as_("demo.reviewer")
    text = reviewer.get(page).text
    assert "下降" in text
    assert "/accept" not in text
    assert f"{page}/add" not in text
    first = entry(text, "下降 3%")
    assert press(reviewer, f"{page}/entries/{first}/accept").status_code == 403
    neighbour = own.as_(OTHER)
    assert neighbour.get(page).status_code == 404
    assert neighbour.get(f"{page}/original").status_code == 404
    assert neighbour.get(f"{page}/versions").status_code == 404
    assert press(neighbour, f"{page}/entries/{first}/accept").status_code == 404
    assert page not in neighbour.get("/documents").text
    assert own.as_("demo.unit").get(page).status_code == 403
    assert own.as_("demo.bank").get("/documents").status_code == 403


def test_two_versions_are_compared(own: Own) -> None:
    """Targets and duties that changed come first, then clauses with their words marked; moved ones are folded."""
    client = own.as_(COUNTY)
    old = handed(client, PLAN.replace("9号", "51号"))
    assert "只有一版" in client.get(f"{old}/versions").text
    new = handed(client, NEWER.replace("9号", "51号"))
    text = client.get(f"{new}/versions").text
    assert text.index("变动的目标") < text.index("变动的责任") < text.index("变动的条款")
    assert "<del>3%</del><ins>3.2%</ins>" in text
    assert "只有条号变动的条款（1）" in text
    english = client.get(f"{new}/versions", headers=EN).text
    assert "Targets that changed" in english
    other = re.findall(r'href="(/documents/doc_\w+)"', own.as_(CITY).get("/documents").text)
    foreign = next(d for d in other if d not in (old, new)).rpartition("/")[2]
    assert client.get(f"{new}/versions", params={"with": foreign}).status_code in (400, 404)


def test_long_versions_are_compared_by_a_job(own: Own, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page offers it, the job's page leads back, and what it found then stands there; a neighbour cannot ask."""
    client = own.as_(COUNTY)
    old = handed(client, PLAN.replace("9号", "52号"))
    new = handed(client, NEWER.replace("9号", "52号"))
    monkeypatch.setenv("SHUANGKONG_READ_AT_ONCE_SIGNS", "10")
    assert "两版很长" in client.get(f"{new}/versions").text
    with_old = {"with": old.rpartition("/")[2]}
    assert press(own.as_(OTHER), f"{new}/versions", **with_old).status_code == 404
    assert press(client, f"{old}/versions", **with_old).status_code == 400
    job = press(client, f"{new}/versions", **with_old).headers["location"]
    jobs.work(own.workspace, KINDS, stopping=threading.Event(), once=True)
    assert f"{new}/versions?with={with_old['with']}" in client.get(job).text
    assert "<del>3%</del><ins>3.2%</ins>" in client.get(f"{new}/versions").text


def test_a_long_document_comes_in_pages(own: Own) -> None:
    """Clauses are parted over pages; a filter leads to the page that has what it asks for."""
    more = "".join(
        f"（{n}）推进第{n}项工作。各有关部门按照职责分工抓好落实，{'健全工作机制，' * 24}确保完成任务。\n"
        for n in "一二三四五六七八九十"
    )
    body = "".join(f"{t}、任务{t}\n{more}" for t in "五六七八九十")
    client = own.as_(COUNTY)
    page = handed(
        client, PLAN.replace("9号", "61号") + body + "十一、评估\n到2028年，全市能源消费总量控制在790万吨标准煤以内。\n"
    )
    first = client.get(page).text
    assert re.search(r"第 1 / [2-9] 页", first)
    assert "790万吨" not in first
    last = re.findall(r"第 1 / (\d) 页", first)[0]
    assert "790万吨" in client.get(f"{page}?page={last}").text
    assert client.get(f"{page}?page=99").text.count("790万吨") >= 1


def test_a_reviewed_document_becomes_a_pack_by_two_people(own: Own) -> None:
    """Faults are told at their entries; what goes out waits for a second person, who puts it in force."""
    client = own.as_(COUNTY)
    page = handed(client, PLAN.replace("9号", "71号"))
    assert press(client, f"{page}/publish").status_code == 400
    assert press(client, f"{page}/accept-sure").status_code == 303
    form = client.get(f"{page}/publish").text
    first = {k: v for k, v in re.findall(r'name="(\w+)" value="([^"]*)"', form) if k != "form_token"}
    sent = first | {"part": "1", "because": "任务分解（合成）", "pack_id": "test.reviewed", "region": "990101"}
    assert "县" in form or "990101" in form
    fault = entry(client.get(page).text, "下降 3%")
    wrong = {"indicator": "能耗", "comparator": "decrease_by", "value": "3", "unit": "%", "base_year": "2025"}
    assert press(client, f"{page}/entries/{fault}", **wrong, indicator_id="coal_total").status_code == 303
    answer = press(client, f"{page}/publish", **sent)
    if answer.status_code == 400:
        assert "写不成" in answer.text
        assert f'id="f-{fault}"' in answer.text
        answer = press(client, f"{page}/publish", **sent, leave_out="1")
    assert answer.status_code == 303, re.sub(r"<[^>]+>", " ", answer.text)
    proposal = answer.headers["location"]
    assert press(client, f"{proposal}/publish").status_code == 400
    assert "已提交规则包" in client.get(page).text
    assert press(client, f"{page}/drop").status_code == 400
    boss = own.as_("demo.administrator")
    assert "test.reviewed" in boss.get(proposal).text
    assert press(boss, f"{proposal}/publish", reason="核对无误").status_code == 303
    assert "test.reviewed" in {p.id for p in library(workspace=own.workspace).packs}


def test_a_document_that_was_a_mistake_is_deleted(own: Own) -> None:
    """It goes with its entries; its address is then one that is not there."""
    client = own.as_(COUNTY)
    page = handed(client, PLAN.replace("9号", "81号"))
    assert press(client, f"{page}/drop").headers["location"] == "/documents"
    assert client.get(page).status_code == 404
