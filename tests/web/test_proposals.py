"""The pages on which a pack is proposed by one person and published by another."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from policy.builders import pack
from shuangkong.app.catalogue import library
from web.own import Own, own_demo

pytestmark = pytest.mark.slow
TOKEN = re.compile(r'name="form_token" value="([0-9a-f]{64})"')
CLAUSES = "- {id: 一, title: {zh: 目标}, kind: target}\n"
TARGET = """
- {slug: fall, indicator: energy_per_gdp, clause: 一, subject: {region: "990101"}, comparator: decrease_by, value: 3,
   unit: "%", base_year: 2024, year: 2025, horizon: year}
"""


@pytest.fixture(scope="module")
def own(demo_once: tuple[Path, object], tmp_path_factory: pytest.TempPathFactory) -> Own:
    """A copy of the demo for this module."""
    return own_demo(demo_once, tmp_path_factory)


def archive(name: str = "test.county@2026", region: str = "990101", **files: str) -> bytes:
    """A zip of an invented county's plan (合成)."""
    made = pack(
        name, level="county", region=region,
        files={"targets.yaml": TARGET.replace("990101", region), "clauses.yaml": CLAUSES},
    )  # fmt: skip
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as zipped:
        for file, data in (dict(made.files) | {f: t.encode() for f, t in files.items()}).items():
            zipped.writestr(f"plan/{file}", data)
    return kept.getvalue()


def send(client: TestClient, content: bytes, because: str = "年度分解") -> tuple[int, str, str]:
    """Propose an archive; status, text, and where it leads."""
    token = TOKEN.search(client.get("/proposals").text)
    assert token
    answer = client.post(
        "/proposals", data={"form_token": token.group(1), "because": because},
        files={"file": ("plan.zip", content, "application/zip")}, follow_redirects=False,
    )  # fmt: skip
    return answer.status_code, answer.text, answer.headers.get("location", "")


def press(client: TestClient, page: str, verb: str, **fields: str) -> tuple[int, str]:
    """Press a button of a proposal's page, whether or not the page has it."""
    token = TOKEN.search(client.get("/account").text)
    assert token
    answer = client.post(f"{page}/{verb}", data={"form_token": token.group(1), **fields}, follow_redirects=False)
    return answer.status_code, answer.text


def test_two_people_put_a_pack_in_force(own: Own) -> None:
    """The officer proposes and cannot publish; the administrator sees what changes and publishes."""
    officer, administrator = own.as_("demo.officer.990101"), own.as_("demo.administrator")
    status, _, page = send(officer, archive())
    assert (status, page.startswith("/proposals/")) == (303, True)
    text = officer.get(page).text
    assert "须由另一人发布" in text
    assert f"{page}/publish" not in text
    assert press(officer, page, "publish")[0] == 400
    shown = administrator.get(page, headers={"Accept-Language": "en"}).text
    assert "No pack of this id and edition is in use" in shown
    assert "energy_per_gdp" in shown
    assert press(administrator, page, "publish", reason="核对无误")[0] == 303
    assert "test.county" in {p.id for p in library(workspace=own.workspace).packs}
    assert "/jobs" in administrator.get(page).text
    kept = administrator.get(f"{page}/pack.zip")
    assert "targets.yaml" in zipfile.ZipFile(io.BytesIO(kept.content)).namelist()


def test_what_is_wrong_is_shown_and_nothing_is_kept(own: Own) -> None:
    """No archive, a broken pack, a foreign county, no reason: the list is as long as before."""
    officer = own.as_("demo.officer.990101")
    before = officer.get("/proposals").text.count("<tr>")
    for content, because, told in (
        (b"not a zip", "试", "不是规则包的 zip"),
        (archive(**{"targets.yaml": "- {slug: fall}\n"}), "试", "targets.yaml:1"),
        (archive("test.other@2026", "990102"), "试", "不在您的范围内"),
        (archive("test.third@2026"), "", "提交理由"),
    ):
        status, text, _ = send(officer, content, because)
        assert status == 400
        assert told in text
    assert officer.get("/proposals").text.count("<tr>") == before


def test_a_countys_pack_moves_nobody_elses(own: Own) -> None:
    """Neither by a target or parameter of others, nor in the place of a document of others, nor by ending it."""
    officer, administrator = own.as_("demo.officer.990101"), own.as_("demo.administrator")
    national = next(p for p in library().packs if p.instrument.level == "nation" and p.parameters)
    instrument = dict(pack("test.sixth@2026", level="county", region="990101").files)["instrument.yaml"].decode()
    ending = re.sub("supersedes: .*", f'supersedes: ["{national.key}"]', instrument)
    for content, told in (
        (archive("test.sixth@2026", **{"targets.yaml": TARGET.replace("990101", "990102")}), "990102"),
        (archive("test.sixth@2026", **{"targets.yaml": TARGET.replace("990101", "000000")}), "000000"),
        (archive(national.key), national.key),
        (archive("test.sixth@2026", **{"instrument.yaml": ending}), national.key),
    ):
        status, text, _ = send(officer, content)
        assert status in (400, 403)
        assert "您范围以外的地区" in text
        assert told in text
    # who proposed it may be allowed to: the one who publishes is asked again
    _, _, page = send(administrator, archive("test.sixth@2026", **{"targets.yaml": TARGET.replace("990101", "990102")}))
    status, text = press(officer, page, "publish")
    assert (status, "990102" in text) == (403, True)


def test_a_broken_archive_is_told_as_one(own: Own) -> None:
    """Names in no encoding, and contents that their method cannot read."""
    officer = own.as_("demo.officer.990101")
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as zipped:
        zipped.writestr("计.yaml", "x")
    names = kept.getvalue().replace("计".encode(), b"\xff\xff\xff")
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_LZMA) as zipped:
        zipped.writestr("instrument.yaml", "a" * 3000)
    packed = bytearray(kept.getvalue())
    for n in range(48, 70):
        packed[n] ^= 0xFF
    for content in (names, bytes(packed)):
        status, text, _ = send(officer, content)
        assert status == 400
        assert "不是规则包的 zip" in text


def test_sending_back_takes_a_reason(own: Own) -> None:
    """Without one the form says so; with one the proposal is closed, and its reason is shown."""
    officer, administrator = own.as_("demo.officer.990101"), own.as_("demo.administrator")
    _, _, page = send(officer, archive("test.fourth@2026"))
    assert press(administrator, page, "reject")[0] == 400
    assert press(administrator, page, "reject", reason="条款号不对")[0] == 303
    assert "条款号不对" in officer.get(page).text
    assert press(administrator, page, "publish")[0] == 400


def test_another_countys_proposal_is_like_one_that_is_not_there(own: Own) -> None:
    """By its address, its file and its buttons."""
    officer = own.as_("demo.officer.990101")
    _, _, page = send(own.as_("demo.administrator"), archive("test.fifth@2026", "990102"))
    told = {officer.get(url).status_code for url in (page, f"{page}/pack.zip", "/proposals/nothing")}
    assert told == {404}
    assert press(officer, page, "publish")[0] == 404
    assert page.rsplit("/", 1)[1] not in officer.get("/proposals").text
