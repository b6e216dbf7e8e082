"""The pages of cases: opened by one person, answered by the region, closed by another, published or not."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
import sqlalchemy as sa
from docx import Document
from fastapi.testclient import TestClient

from shuangkong.casework.store import case_table, step_table
from shuangkong.engine.api import writing
from shuangkong.kernel.periods import china_day
from web.clients import visitor
from web.own import Own, own_demo

pytestmark = pytest.mark.slow
TOKEN = re.compile(r'name="form_token" value="([0-9a-f]{64})"')
OFFICER, REVIEWER = "demo.officer.990100", "demo.reviewer"
PDF = b"%PDF-1.7 synthetic"


@pytest.fixture
def own(demo_once: tuple[Path, object], tmp_path_factory: pytest.TempPathFactory) -> Own:
    """A copy of the demo for each test: they open, answer and close its cases, in whatever order they come."""
    return own_demo(demo_once, tmp_path_factory)


def press(client: TestClient, url: str, **fields: str) -> tuple[int, str]:
    """Press a button, whether or not a page shows it; status and text, or where it leads."""
    token = TOKEN.search(client.get("/account").text)
    assert token
    answer = client.post(url, data={"form_token": token.group(1), **fields}, follow_redirects=False)
    return answer.status_code, answer.headers.get("location", answer.text)


def number_of(client: TestClient, kind: str) -> int:
    """The number of the demo's case of a kind."""
    rows = client.get("/api/cases").json()["rows"]
    return next(int(r["number"]) for r in rows if r["kind"] == kind)


def test_the_list_shows_what_is_due_and_exports_the_same_rows(own: Own) -> None:
    """The city's officer sees both cases of the demo, marked synthetic, with days left; CSV and JSON have as many."""
    client = own.as_(OFFICER)
    text = client.get("/cases?lang=zh").text
    assert text.count("个工作日") >= 2
    assert "合成" in text
    rows = client.get("/api/cases").json()
    assert rows["total"] == 2
    assert {r["kind"] for r in rows["rows"]} == {"stop", "reminder"}
    assert all(r["synthetic"] and r["deadline"] and r["finding_key"] for r in rows["rows"])
    lines = client.get("/cases.csv").text.splitlines()
    assert sum("区域限批（合成）" in line or "提醒（合成）" in line for line in lines) == 2
    assert client.get("/cases.xlsx").content.startswith(b"PK")
    assert client.get("/cases?overdue=yes&lang=zh").text.count('/cases/1"') == 0


@pytest.mark.parametrize("who", ["demo.unit", "demo.officer.990101"])
def test_a_neighbour_sees_no_case(own: Own, who: str) -> None:
    """A unit and the officer of another county find an empty list, and the address answers like an unknown one."""
    client = own.as_(who)
    assert client.get("/api/cases").json()["total"] == 0
    assert client.get("/cases/1").status_code == 404
    assert client.get("/cases/1/letters/stop.docx").status_code == 404
    status, _ = press(client, "/cases/1/act/note", note_why="看看")
    assert status in (403, 404)


def test_the_public_sees_none(own: Own) -> None:
    """Nobody who has not signed in sees a case that was not published, nor its papers."""
    client = visitor(own.app)
    assert client.get("/api/cases").json()["total"] == 0
    assert client.get("/cases/1").status_code == 404
    assert client.get("/api/cases/1").status_code == 404


def test_the_letter_is_a_word_file_about_the_case(own: Own) -> None:
    """The draft of the stop names the county, its red months and that it is invented."""
    client = own.as_(OFFICER)
    answer = client.get(f"/cases/{number_of(client, 'stop')}/letters/stop.docx")
    assert answer.status_code == 200
    words = "\n".join(p.text for p in Document(io.BytesIO(answer.content)).paragraphs)
    assert "南湾县" in words
    assert "2026年10月红色" in words
    assert "不具效力" in Document(io.BytesIO(answer.content)).sections[0].header.paragraphs[0].text
    assert client.get("/cases/1/letters/nothing.docx").status_code == 400


def test_a_case_goes_from_its_answer_to_its_end_by_two_people(own: Own) -> None:
    """Answer, plan, evidence and review by the officer; the officer cannot close it, the reviewer can."""
    officer, reviewer = own.as_(OFFICER), own.as_(REVIEWER)
    page = f"/cases/{number_of(officer, 'stop')}"
    status, text = press(officer, f"{page}/act/answer")
    assert (status, "理由" in text) == (400, True)
    assert press(officer, f"{page}/act/close", close_why="不是这个按钮")[0] == 404
    for step in ("answer", "accept", "submit"):
        assert press(officer, f"{page}/act/{step}", **{f"{step}_why": "办理（合成）"})[0] == 303
    assert press(officer, f"{page}/review/close", close_why="自己办结")[0] == 403
    status, text = press(reviewer, f"{page}/review/close", close_why="材料不全")
    assert status == 400
    assert "缺少办结所需材料" in text
    token = TOKEN.search(officer.get(page).text)
    assert token
    for item in ("书面回复", "整改报告", "退出红色预警的月度等级"):
        sent = officer.post(
            f"{page}/evidence", data={"form_token": token.group(1), "item": item, "evidence_why": "原件（合成）"},
            files={"file": ("材料.pdf", PDF, "application/pdf")}, follow_redirects=False,
        )  # fmt: skip
        assert sent.status_code == 303, sent.text[:200]
    refused = officer.post(
        f"{page}/evidence", data={"form_token": token.group(1), "item": "其他", "evidence_why": "不是 PDF"},
        files={"file": ("程序.pdf", b"MZ", "application/pdf")}, follow_redirects=False,
    )  # fmt: skip
    assert (refused.status_code, "内容与其扩展名不符" in refused.text) == (400, True)
    assert "lift.docx" in reviewer.get(page).text
    assert press(reviewer, f"{page}/review/close", close_why="已退出红色（合成）")[0] == 303
    told = officer.get(f"/api{page}").json()
    assert told["state"] == "closed"
    assert [s["step"] for s in told["history"]][-4:] == ["evidence", "evidence", "evidence", "close"]
    kept = re.search(rf'href="({page}/evidence/e_\w+/original)"', reviewer.get(page).text)
    assert kept
    assert reviewer.get(kept.group(1)).content == PDF


def test_a_consequence_is_looked_at_and_opened_once(own: Own) -> None:
    """With nobody's case upon it, the reminder is offered; its page shows the ground; pressing twice opens one."""
    with writing(own.workspace.engine) as db:
        ids = [r.case_id for r in db.execute(sa.select(case_table).where(case_table.c.kind == "reminder"))]
        db.execute(step_table.delete().where(step_table.c.case_id.in_(ids)))
        db.execute(case_table.delete().where(case_table.c.case_id.in_(ids)))
    client = own.as_(OFFICER)
    found = re.search(r'href="(/cases/open/c_\w+)"', client.get("/cases?lang=zh").text)
    assert found
    page = client.get(found.group(1) + "?lang=zh")
    assert page.status_code == 200
    assert "西川县" in page.text
    assert "红色" in page.text
    assert press(client, found.group(1), why="没有责任人")[0] == 400
    first = press(client, found.group(1), responsible="监察部门（合成）", why="连续红色（合成）")
    again = press(client, found.group(1), responsible="另一部门（合成）", why="再按一次")
    assert first[0] == again[0] == 303
    assert first[1] == again[1]
    assert client.get(found.group(1), follow_redirects=False).status_code == 303
    assert own.as_(REVIEWER).get(found.group(1)).status_code == 403


def by_hand(
    client: TestClient, *, file: tuple[str, bytes, str] = ("检查.pdf", PDF, "application/pdf"), **changes: str
) -> tuple[int, str]:
    """Hand in the form of a case opened by hand about 南湾县; status and text, or where it leads."""
    token = TOKEN.search(client.get("/account").text)
    assert token
    fields = {
        "form_token": token.group(1), "subject": "990101", "kind": "talk",
        "upon": "demo-shifanshi-rules@2023|七|talk", "words": "现场检查发现台账缺失（合成）", "day": "2024-05-15",
        "item": "立案依据材料", "responsible": "监察部门（合成）", "days": "", "why": "检查记录在案（合成）", **changes,
    }  # fmt: skip
    answer = client.post("/cases/by-hand", data=fields, files={"file": file}, follow_redirects=False)
    return answer.status_code, answer.headers.get("location", answer.text)


def test_a_case_is_opened_by_hand_upon_a_record_and_says_so(own: Own) -> None:
    """The clauses of the measure are offered; once opened it is marked in list, page, letter, CSV and JSON."""
    officer = own.as_(OFFICER)
    offer = officer.get("/cases/by-hand?subject=990101&kind=talk&lang=zh").text
    assert "现场检查发现问题（合成）：《" in offer
    assert "found by an inspection (synthetic): " in officer.get("/cases/by-hand?subject=990101&kind=talk&lang=en").text
    assert "没有列出对该对象可据以“限批”的条款" in officer.get("/cases/by-hand?subject=990101&kind=stop&lang=zh").text
    assert by_hand(officer, words="")[0] == 400
    assert by_hand(officer, file=("检查.exe", b"MZ", "application/pdf"))[0] == 400
    assert by_hand(officer, upon="carbon-assessment-2026@2026|不合格|rectify")[0] == 400
    status, page = by_hand(officer)
    assert (status, by_hand(officer)[1]) == (303, page)
    zh, en = officer.get(f"{page}?lang=zh").text, officer.get(f"{page}?lang=en").text
    assert "人工立案" in zh
    assert "现场检查发现台账缺失（合成）" in zh
    assert "/rules/findings/" not in zh
    assert "opened by hand" in en
    assert "found by an inspection (synthetic)" in en
    told = officer.get(f"/api{page}").json()
    assert (told["by_hand"], told["answer_en"]) == (True, "found by an inspection (synthetic)")
    assert officer.get("/cases?by_hand=yes&lang=zh").text.count(f'href="{page}"') >= 1
    lines = [line for line in officer.get("/cases.csv?by_hand=yes").text.splitlines() if "demo-shifanshi-rules" in line]
    assert len(lines) == 1
    letter = Document(io.BytesIO(officer.get(f"{page}/letters/talk.docx").content))
    assert any("立案方式：人工立案" in p.text for p in letter.paragraphs)
    assert press(officer, f"{page}/review/withdraw", withdraw_why="自己撤销")[0] == 403


def test_a_run_and_a_case_by_hand_upon_one_clause_are_told_on_both_and_joined(own: Own) -> None:
    """List, region, form and both pages name the other; opening asks whether it stands apart; joined it is one case."""
    with writing(own.workspace.engine) as db:
        (case,) = db.execute(sa.select(case_table).where(case_table.c.kind == "reminder"))
        db.execute(step_table.delete().where(step_table.c.case_id == case.case_id))
        db.execute(case_table.delete().where(case_table.c.case_id == case.case_id))
    officer = own.as_(OFFICER)
    asked = f"/cases/by-hand?subject={case.subject_code}&kind=talk"
    assert f"/cases/open/{case.case_id}" in officer.get(asked).text
    day = china_day(own.workspace.clock()).isoformat()
    status, page = by_hand(officer, subject=case.subject_code, day=day)
    assert status == 303, page
    number, opening = page.rpartition("/")[2], f"/cases/open/{case.case_id}"
    mark = f'href="{page}">已有人工立案第 {number} 号'
    assert mark in officer.get("/cases?lang=zh").text
    assert mark in officer.get(f"/regions/{case.subject_id}?lang=zh").text
    assert f"opened by hand: no. {number}" in officer.get("/cases?lang=en").text
    assert f"{opening}?with={number}#join" in officer.get(f"{page}?lang=zh").text
    offer = officer.get(f"{opening}?lang=zh").text
    assert "同一对象、同一条款已有人工立案" in offer
    assert f'action="{page}/join/{case.case_id}"' in offer
    assert press(officer, opening, responsible="监察部门（合成）", why="连续红色（合成）")[0] == 400
    assert officer.get("/api/cases").json()["total"] == 2
    assert press(officer, f"{page}/join/{case.case_id}", join_why="")[0] == 400
    assert own.as_(REVIEWER).post(f"{page}/join/{case.case_id}").status_code == 403
    for _ in range(2):
        assert press(officer, f"{page}/join/{case.case_id}", join_why="同一件事（合成）") == (303, page)
    assert officer.get(opening, follow_redirects=False).headers["location"] == page
    zh, en = officer.get(f"{page}?lang=zh").text, officer.get(f"{page}?lang=en").text
    assert "并入的运算依据" in zh
    assert "同一件事（合成）" in zh
    assert "reminder (synthetic)" in en[en.index('id="joined"') :]
    assert "提醒（合成）" not in en
    told = officer.get(f"/api{page}").json()
    assert (told["by_hand"], told["joined"]["answer_en"]) == (True, "reminder (synthetic)")
    assert mark not in officer.get("/cases?lang=zh").text


def test_who_may_not_act_opens_nothing_by_hand(own: Own) -> None:
    """A reviewer and a unit do not reach the form; the county's own office cannot open a case about itself."""
    for who in (REVIEWER, "demo.unit"):
        assert own.as_(who).get("/cases/by-hand").status_code == 403
    county = own.as_("demo.officer.990101")
    assert "上级" in county.get("/cases/by-hand?subject=990101&kind=talk&lang=zh").text
    assert by_hand(county)[0] in (400, 403)
    assert by_hand(county, subject="990102")[0] == 404
    assert own.as_(OFFICER).get("/api/cases").json()["total"] == 2


def test_consequences_are_said_in_english(own: Own) -> None:
    """No page of cases shows a consequence in Chinese to who reads English."""
    officer = own.as_(OFFICER)
    page = f"/cases/{number_of(officer, 'stop')}"
    for url in ("/cases", page):
        text = officer.get(f"{url}?lang=en").text
        assert "stop of the region (synthetic)" in text
        assert "区域限批" not in text
    assert "区域限批（合成）" in officer.get(f"{page}?lang=zh").text


def test_an_export_has_a_consequence_in_words_beside_the_text_of_the_rule(own: Own) -> None:
    """The file in English says the consequence in English, and keeps it as the rule writes it, as a code."""
    lines = own.as_(OFFICER).get("/cases.csv?lang=en").text.splitlines()
    (stop,) = [line for line in lines if "区域限批（合成）" in line]
    assert "stop of the region (synthetic)" in stop
