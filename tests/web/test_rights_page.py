"""Why may I, or may I not, see this: each rule is named, and nothing tells of what lies outside one's scope."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from shuangkong.app.consenting import consents_of
from shuangkong.engine.api import reading, writing
from shuangkong.kernel.scope import Scope
from shuangkong.registry.api import withdraw_consent
from web.clients import visitor
from web.own import Own, own_demo

pytestmark = pytest.mark.slow
NOT_FOUND = "不在您的范围内，或者没有登记。"


@pytest.fixture(scope="module")
def own(demo_once: tuple[Path, object], tmp_path_factory: pytest.TempPathFactory) -> Own:
    """A copy of the demo for this module."""
    return own_demo(demo_once, tmp_path_factory)


def rules(client: TestClient, about: str, lang: str = "zh") -> list[str]:
    """The sentences of the answer, with yes, no or note before each."""
    answer = client.get("/rights", params={"about": about}, headers={"Accept-Language": lang})
    assert answer.status_code == 200, answer.text[:300]
    lines = re.findall(r"<li class=\"rule-(yes|no|note)\"><b>[^<]*</b> (.*?)</li>", answer.text)
    return [f"{kind} {text}" for kind, text in lines]


def test_an_officer_is_told_the_path_through_the_regions(own: Own) -> None:
    """Signed in, the role has the right, and the region lies in scope through its place on the day."""
    officer = own.as_("demo.officer.990100")
    told = rules(officer, "990101")
    assert told[0] == "yes 您以“示范市（合成）主管人员”登录，当前岗位是区域主管人员。"
    assert told[1] == "yes 岗位“区域主管人员”有“查看文件、目标与结论”的权限。"
    assert re.fullmatch(r"yes 在您的范围内：示范市（合成） › 东丘区（合成）（按 \d{4}-\d\d-\d\d 的属地）。", told[2])
    assert told[3].startswith("note 您的用途是监察")
    assert rules(officer, "东丘区（合成）") == told


def test_a_neighbour_is_answered_like_what_does_not_exist(own: Own) -> None:
    """By code, name, id, address and finding key: the officer of one county learns nothing of the other."""
    officer, city = own.as_("demo.officer.990101"), own.as_("demo.officer.990100")
    page = city.get("/rights", params={"about": "990102"}).text
    neighbour = re.search(r'href="/regions/(s_\w+)">打开', page)
    assert neighbour
    key = re.search(r"/findings/(f_\w+)", city.get(f"/regions/{neighbour.group(1)}").text)
    assert key
    for there, not_there in (
        ("990102", "999999"),
        ("西川县（合成）", "没有的县"),
        (neighbour.group(1), "s_0000000000000000"),
        (f"/regions/{neighbour.group(1)}", "/regions/s_0000000000000000"),
        (key.group(1), "f_" + "0" * (len(key.group(1)) - 2)),
        (f"/findings/{key.group(1)}", "/findings/f_" + "0" * 10),
    ):
        assert rules(officer, there)[-1] == f"no {NOT_FOUND}"
        assert rules(officer, there) == rules(officer, not_there)
        assert rules(officer, there, "en") == rules(officer, not_there, "en")


def test_a_bank_is_told_of_the_consent_and_of_its_end(own: Own) -> None:
    """The consent is named with its organisation, use and first day; once withdrawn the unit is like no unit."""
    bank = own.as_("demo.bank")
    with reading(own.workspace.engine) as db:
        every = consents_of(db, Scope.all("t"), own.workspace.clock())
    mine = next(c for c in every if c.grantee == "合成银行")
    told = rules(bank, mine.subject_id)
    assert f"起授权合成银行用于金融，未设期限（授权编号 {mine.row_id}）" in told[2]
    with writing(own.workspace.engine) as db:
        withdraw_consent(db, mine.row_id, at=own.workspace.clock(), principal="t")
    assert rules(bank, mine.subject_id) == rules(bank, "s_0000000000000000")


def test_an_address_is_answered_by_the_right_that_it_asks_for(own: Own) -> None:
    """A page that the role may not open names the right and who has it; one that is open, or no page, says so."""
    bank = own.as_("demo.bank")
    assert rules(bank, "/people")[-1] == (
        "no 岗位“银行”没有“管理用户与任命”的权限；有此权限的岗位：平台管理员。"
    )  # fmt: skip
    assert rules(bank, "http://127.0.0.1/people") == rules(bank, "/people")
    assert rules(bank, "/sign-in") == ["yes 此页对所有人开放，不需要权限。"]
    assert rules(bank, "/no/such/page")[-1] == "no 本站没有这个地址。"
    assert rules(bank, "https://elsewhere.example/people")[-1] == "no 本站没有这个地址。"
    assert rules(own.as_("demo.administrator"), "/people")[-1].startswith("yes 岗位")


def test_the_public_asks_too(own: Own) -> None:
    """Without a sign-in: published regions and since when, and what needs a sign-in."""
    public = visitor(own.app)
    told = rules(public, "630000")
    assert told[0] == "note 您没有登录，按公众处理。"
    assert re.fullmatch(r"yes 该地区的页面自 \d{4}-\d\d-\d\d 起公开。", told[2])
    assert rules(public, "990101")[-1] == f"no {NOT_FOUND}"
    assert rules(public, "/audit")[-1].startswith("no “查看并核验审计日志”须先登录")


def test_the_page_says_who_one_is(own: Own) -> None:
    """Appointment, scope in words and actions; the error page of a refusal leads here."""
    text = own.as_("demo.officer.990101").get("/rights").text
    assert "东丘区（合成）及其下级地区和单位" in text
    assert "导入账目" in text
    refused = own.as_("demo.bank").get("/people")
    assert refused.status_code == 403
    assert 'href="/rights?about=/people"' in refused.text


def test_anything_may_be_typed(own: Own) -> None:
    """What is no address, code or key is answered, and never run or shown as markup."""
    client = own.as_("demo.bank")
    for about in (
        "<script>alert(1)</script>",
        "'; DROP TABLE person; --",
        "//evil.example",
        "/findings/%00",
        "f_",
        "😀",
    ):
        answer = client.get("/rights", params={"about": about})
        assert answer.status_code == 200, about
        assert "<script>alert" not in answer.text
    assert client.get("/rights", params={"about": "x" * 500}).status_code == 400
