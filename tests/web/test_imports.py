"""Imports on pages: four steps, refused rows mended in place, nothing half written, nobody else's rows."""

from __future__ import annotations

import hashlib
import io
import re
import shutil
import zipfile
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import xlsxwriter
from fastapi import FastAPI
from fastapi.testclient import TestClient

from serving import serving
from shuangkong.accounting.api import batches
from shuangkong.app import import_mending
from shuangkong.app.catalogue import library
from shuangkong.app.import_drafts import import_draft
from shuangkong.app.web import create_app, imports
from shuangkong.app.web.imports_pages import plain_name
from shuangkong.engine.api import Workspace, jobs, reading, verify
from shuangkong.engine.audit import audit_entry
from shuangkong.kernel.scope import Scope
from shuangkong.registry.api import meter_spells, source_table
from web.clients import signed_in
from web.counties import (
    ADMINISTRATOR,
    FOREIGN,
    HERE,
    MANAGER,
    NEXT_DOOR,
    OFFICER,
    OTHER,
    OWN,
    REGISTER,
    UNKNOWN,
    code_of,
    furnish,
    work,
)

HEAD = "单位代码,期间,能源名称,消费量,计量单位\n"
GOOD = f"{HEAD}{OWN},2026-01,原煤,100,吨\n{OTHER},2026-01,原煤,200,吨\n"
#: Three bad rows: a carrier that is none, a month that is none, a figure in words.
BAD = (
    f"{HEAD}{OWN},2026-01,原煤,100,吨\n{OWN},2026-02,木柴炭,10,吨\n{OWN},2026年13月,电力,3000,千瓦时\n"
    f"{OWN},2026-03,原煤,八百,吨\n"
)
FIXES = {"cell-3-C": "原煤", "cell-4-B": "2026-04", "cell-5-D": "800"}


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once; tests have copies."""
    root = tmp_path_factory.mktemp("imports") / "w"
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


def token(client: TestClient) -> str:
    """What forms of this session carry."""
    found = re.search(r'name="form_token" value="([^"]+)"', client.get("/imports/new").text)
    assert found
    return found[1]


def send(client: TestClient, address: str, **values: str) -> Any:
    """A form of this site; what comes is not followed."""
    return client.post(address, data={"form_token": token(client), **values}, follow_redirects=False)


def upload(client: TestClient, content: str | bytes, name: str = "月报.csv", **changes: str) -> Any:
    """The form of the first step."""
    data = {
        "form_token": token(client), "book": "energy", "publisher": "甲水泥厂（合成）", "document": "月报（合成）",
        "known_on": "2026-02-05", "synthetic": "1", **changes,
    }  # fmt: skip
    body = content.encode() if isinstance(content, str) else content
    return client.post("/imports/new", data=data, files={"file": (name, body)}, follow_redirects=False)


def begun(client: TestClient, content: str | bytes, name: str = "月报.csv", **changes: str) -> str:
    """The address of a new import."""
    answer = upload(client, content, name, **changes)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"].partition("?")[0])


def as_chosen(page: str) -> dict[str, str]:
    """The columns as the page has chosen them."""
    found: dict[str, str] = {}
    for name, options in re.findall(r'<select name="([cf]-[^"]+)".*?</option>(.*?)</select>', page, re.S):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        found[name] = chosen[1] if chosen else ""
    found |= dict(re.findall(r'<input name="([fu]-[^"]+)" value="([^"]*)"', page))
    return found


def checked(client: TestClient, address: str, **changes: str) -> str:
    """The page of the check, with the columns as they were proposed and changed here."""
    page = client.get(f"{address}?step=columns").text
    answer = send(client, f"{address}/columns", **{**as_chosen(page), **changes})
    assert answer.headers.get("location") == f"{address}?step=check", answer.text
    return client.get(f"{address}?step=check").text


def chosen(page: str) -> str:
    """What says which file and columns a page was made from."""
    found = re.search(r'name="chosen" value="([^"]+)"', page)
    assert found, page
    return found[1]


def tally(page: str) -> dict[str, int]:
    """The counts of a page, by their words."""
    return {words.strip(): int(n) for n, words in re.findall(r"<li[^>]*><b>(\d+)</b> ([^<]+)</li>", page)}


def committed(app: FastAPI, client: TestClient, address: str) -> str:
    """Commit, let the worker do it, and give the page of the job."""
    page = client.get(f"{address}?step=commit").text
    answer = send(client, f"{address}/commit", chosen=chosen(page))
    assert answer.status_code == 303, answer.text
    work(workspace_of(app))
    return client.get(answer.headers["location"]).text


def drafts(app: FastAPI) -> int:
    """How many imports are under way."""
    with reading(workspace_of(app).engine) as db:
        return int(db.execute(sa.select(sa.func.count()).select_from(import_draft)).scalar_one())


def test_columns_are_proposed_with_samples(app: FastAPI) -> None:
    """Each head stands with its first values and is taken for the field whose name it bears."""
    client = signed_in(app, OFFICER)
    page = client.get(begun(client, GOOD)).text
    assert as_chosen(page)["c-0"] == "subject"
    assert [as_chosen(page)[f"c-{i}"] for i in range(5)] == ["subject", "period", "item", "quantity", "unit"]
    for sample in (OWN, OTHER, "原煤", "100", "200"):
        assert f"<span>{sample}</span>" in page


@pytest.mark.parametrize("person", [OFFICER, MANAGER])
def test_three_bad_rows_are_mended_and_imported(app: FastAPI, person: str) -> None:
    """Refused cells are put right in a copy, the copy is imported, and its source names both files and the rows."""
    client = signed_in(app, person)
    address = begun(client, BAD)
    page = checked(client, address)
    assert tally(page)["拒绝"] == 3
    for cell in FIXES:
        assert f'name="{cell}"' in page
    assert send(client, f"{address}/mend", chosen=chosen(page), **FIXES).status_code == 303
    page = client.get(address).text
    assert tally(page) == {"行数据": 4, "新增": 4, "更正": 0, "不变": 0, "略过": 0, "拒绝": 0}
    job = committed(app, client, address)
    assert "已写入账册" in job
    assert tally(job)["新增"] == 4
    workspace = workspace_of(app)
    with reading(workspace.engine) as db:
        made = batches(db, Scope.all("test"))[0]
        source = db.execute(sa.select(source_table).where(source_table.c.source_id == made["source_id"])).one()
        mended = db.execute(sa.select(audit_entry).where(audit_entry.c.action == "import.mend")).all()
        verify(db)
    assert source.file_name == "月报（页面更正）.csv"
    assert "第 3、4、5 行" in source.document
    assert "原件 月报.csv" in source.document
    original = hashlib.sha256(BAD.encode()).hexdigest()
    assert f"SHA-256 {original[:12]}）" in source.document
    assert workspace.blobs.get(original) == BAD.encode()
    assert len(mended) == 1
    assert '[3, "C", "木柴炭", "原煤"]' in mended[0].detail
    assert source.synthetic


@pytest.mark.service
def test_the_same_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    """The four steps, the lists and the job are the same on PostgreSQL."""
    furnish(tmp_path / "w", postgres_url)
    workspace = Workspace.open(tmp_path / "w")
    made = create_app(workspace)
    client = signed_in(made, OFFICER)
    address = begun(client, BAD)
    page = checked(client, address)
    send(client, f"{address}/mend", chosen=chosen(page), **FIXES)
    assert tally(committed(made, client, address))["新增"] == 4
    for path in ("/imports", "/imports?sort=fresh&q=月报", "/jobs", "/jobs?state=done&sort=-started_at"):
        assert "月报（页面更正）.csv" in client.get(path).text, path
    workspace.engine.dispose()


def test_a_row_may_be_left_out(app: FastAPI) -> None:
    """A refused row can be left out; the others keep their numbers."""
    client = signed_in(app, OFFICER)
    address = begun(client, BAD)
    page = checked(client, address)
    send(client, f"{address}/mend", chosen=chosen(page), **{"out-3": "1", "out-4": "1", "cell-5-D": "八千"})
    page = client.get(address).text
    assert tally(page)["拒绝"] == 1
    assert 'name="cell-5-D" value="八千"' in page


def test_only_refused_cells_are_mended(app: FastAPI) -> None:
    """A cell that was not refused cannot be changed on the page, nor can one of a file that was changed meanwhile."""
    client = signed_in(app, OFFICER)
    address = begun(client, BAD)
    page = checked(client, address)
    send(client, f"{address}/mend", chosen=chosen(page), **{"cell-2-D": "999", "out-2": "1"})
    again = client.get(address).text
    assert chosen(again) == chosen(page)
    stale = send(client, f"{address}/mend", chosen="old", **FIXES)
    assert stale.status_code == 400
    assert "FORM-001" in stale.text


def test_a_link_brings_the_step_back(app: FastAPI) -> None:
    """Each step has its address; without one the first open step is shown, and no step is passed over."""
    client = signed_in(app, OFFICER)
    address = begun(client, GOOD)
    assert "文件里的列" in client.get(f"{address}?step=commit").text
    checked(client, address)
    assert "各行都合格" in client.get(address).text
    assert "文件里的列" in client.get(f"{address}?step=columns").text
    assert "写入 2 条" in client.get(f"{address}?step=commit").text


@pytest.mark.parametrize("path", ["", "/refusals.csv", "/mend", "/columns", "/sheet", "/commit", "/drop"])
def test_anothers_import_is_like_none(app: FastAPI, path: str) -> None:
    """Another's import is answered as one that does not exist, word for word, also for who sees everything."""
    address = begun(signed_in(app, OFFICER), GOOD)
    for person in (NEXT_DOOR, MANAGER, ADMINISTRATOR):
        client = signed_in(app, person)
        asked = [address, f"/imports/d_{'0' * 20}"]
        get = path in ("", "/refusals.csv")
        answers = [client.get(a + path) if get else send(client, a + path) for a in asked]
        texts = [re.sub(r"d_[0-9a-f]{20}|[0-9a-f]{32}", "…", r.text) for r in answers]
        assert [r.status_code for r in answers] == [404, 404]
        assert "IMP-004" in texts[0]
        assert texts[0] == texts[1]


@pytest.mark.parametrize("person", [OFFICER, MANAGER])
def test_a_neighbours_unit_is_like_an_unknown_one(app: FastAPI, person: str) -> None:
    """A registered unit outside the scope is refused in the words of one that nobody registered."""
    client = signed_in(app, person)
    pages = []
    for code in (FOREIGN, UNKNOWN):
        page = checked(client, begun(client, f"{HEAD}{code},2026-01,原煤,1,吨\n"))
        assert tally(page)["拒绝"] == 1
        table = page[page.index("<table") : page.index("</table>")]
        pages.append(table.replace(code, "…"))
    assert pages[0] == pages[1]


def bomb() -> bytes:
    """A workbook whose sheet unpacks to far more than it says."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("[Content_Types].xml", "<Types/>")
        package.writestr("xl/workbook.xml", "<workbook/>")
        package.writestr("xl/worksheets/sheet1.xml", b"\0" * 600_000_000)
    return out.getvalue()


REFUSED: dict[str, tuple[str, bytes, str]] = {
    "program": ("月报.exe", b"MZ\x90", ".xlsx, .csv"),
    "macros": ("月报.xlsm", b"PK\x03\x04", ".xlsx, .csv"),
    "no ending": ("月报", GOOD.encode(), ".xlsx, .csv"),
    "empty": ("月报.csv", b"", "IMP-001"),
    "blank": ("月报.csv", b"\r\n\r\n", "IMP-001"),
    "broken": ("月报.xlsx", b"PK\x03\x04" + b"\x00" * 400, "IMP-001"),
    "text as workbook": ("月报.xlsx", GOOD.encode(), "IMP-001"),
    "workbook as text": ("月报.csv", b"PK\x03\x04" + b"\x00" * 400, "IMP-001"),
    "web page": ("月报.csv", b"<html><script>alert(1)</script></html>", "IMP-001"),
    "drawing": ("月报.csv", b'<?xml version="1.0"?><svg onload="alert(1)"/>', "IMP-001"),
    "zeros": ("月报.csv", b"a,b\0,c\n", "IMP-001"),
    "neither code": ("月报.csv", HEAD.encode() + b"\xff\xff\x80,1,2,3,4\n", "IMP-001"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_bad_file_is_refused_on_the_form(app: FastAPI, what: str) -> None:
    """What is no sheet is refused with what to do; nothing is kept, and what was typed stays."""
    name, content, told = REFUSED[what]
    client = signed_in(app, OFFICER)
    before = sorted(workspace_of(app).blobs.root.glob("??/*"))
    answer = upload(client, content, name)
    assert answer.status_code == 400
    assert told in answer.text
    assert 'value="月报（合成）"' in answer.text
    assert "<script>alert" not in answer.text
    assert drafts(app) == 0
    assert sorted(workspace_of(app).blobs.root.glob("??/*")) == before


def test_a_workbook_that_unpacks_to_too_much_is_refused(app: FastAPI) -> None:
    """A zip bomb is refused by its size unpacked."""
    answer = upload(signed_in(app, OFFICER), bomb(), "月报.xlsx")
    assert answer.status_code == 400
    assert "IMP-001" in answer.text
    assert drafts(app) == 0


def test_a_file_over_twenty_megabytes_is_refused(app: FastAPI) -> None:
    """The form says how large a file may be."""
    answer = upload(signed_in(app, OFFICER), GOOD.encode() + b" " * 20_000_000)
    assert answer.status_code == 400
    assert "20 MB" in answer.text
    assert drafts(app) == 0


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/月报.csv", "月报.csv"),
        ("C:\\报表\\月报.csv", "月报.csv"),
        ("月报\r\nSet-Cookie: x.csv", "月报Set-Cookie: x.csv"),
        ("..csv", "file.csv"),
        ("长" * 400 + ".csv", "长" * 116 + ".csv"),
    ],
)
def test_names_of_files_name_no_folder(sent: str, kept: str) -> None:
    """Folders and marks that do not print are taken out of a name; its ending stays."""
    assert plain_name(sent) == kept


def test_gb18030_is_read(app: FastAPI) -> None:
    """A text in GB18030 is read as what it is, and the page says so."""
    client = signed_in(app, OFFICER)
    address = begun(client, GOOD.encode("gb18030"))
    assert "按 GB18030 解码" in client.get(address).text
    assert tally(checked(client, address))["新增"] == 2


def workbook(*tables: tuple[str, list[list[object]]]) -> bytes:
    """A workbook with these sheets; text that begins with = is a formula that nobody calculated."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        for name, rows in tables:
            sheet = book.add_worksheet(name)
            for i, row in enumerate(rows):
                for j, cell in enumerate(row):
                    if isinstance(cell, str) and cell.startswith("="):
                        sheet.write_formula(i, j, cell, value="")
                    else:
                        sheet.write(i, j, cell)
    return out.getvalue()


TITLES: list[object] = ["单位代码", "期间", "能源名称", "消费量", "计量单位"]


def test_another_sheet_of_a_workbook_is_chosen(app: FastAPI) -> None:
    """Of two sheets the first with content is taken, and the other by the page."""
    client = signed_in(app, OFFICER)
    content = workbook(("说明", [["本表由各县填报"]]), ("能源", [TITLES, [OWN, "2026-01", "原煤", 5, "吨"]]))
    address = begun(client, content, "月报.xlsx")
    assert '<option value="能源">' in client.get(address).text
    assert send(client, f"{address}/sheet", sheet="能源").status_code == 303
    assert tally(checked(client, address))["新增"] == 1


def test_a_formula_without_value_is_refused_as_text(app: FastAPI) -> None:
    """A formula is shown, never worked out; unless it is put right it stays refused in the corrected copy."""
    client = signed_in(app, OFFICER)
    rows = [TITLES, [OWN, "2026-01", "原煤", "=1+1", "吨"], [OWN, "2026-02", "木柴炭", 5, "吨"]]
    address = begun(client, workbook(("能源", rows)), "月报.xlsx")
    page = checked(client, address)
    assert tally(page)["拒绝"] == 2
    assert "=1+1" in page
    send(client, f"{address}/mend", chosen=chosen(page), **{"cell-3-C": "原煤"})
    page = client.get(address).text
    assert tally(page)["拒绝"] == 1
    assert "未更正" in page
    send(client, f"{address}/mend", chosen=chosen(page), **{"cell-2-D": "2"})
    assert tally(client.get(address).text) == {"行数据": 2, "新增": 2, "更正": 0, "不变": 0, "略过": 0, "拒绝": 0}


def test_a_wide_sheet_is_proposed_as_one(app: FastAPI) -> None:
    """Months across are proposed as periods, their year is written in, and a refused cell is mended where it stands."""
    client = signed_in(app, OFFICER)
    content = f"单位代码,能源名称,计量单位,1月,2月\n{OWN},原煤,吨,10,二十\n"
    address = begun(client, content)
    page = client.get(address).text
    assert [as_chosen(page)[f"c-{i}"] for i in (3, 4)] == ["=part", "=part"]
    assert "“1月”没有写明年份" in page
    page = checked(client, address, **{"f-period": "2026"})
    assert tally(page)["拒绝"] == 1
    send(client, f"{address}/mend", chosen=chosen(page), **{"cell-2-E": "20"})
    assert tally(client.get(address).text)["新增"] == 2


def test_what_is_missing_is_said_beside_its_field(app: FastAPI) -> None:
    """A needed column that is not there, and one chosen twice, are named; nothing is checked before."""
    client = signed_in(app, OFFICER)
    address = begun(client, f"单位代码,能源名称,消费量\n{OWN},原煤,10\n")
    page = client.get(address).text
    assert "缺少：选一列" in page
    assert "没有计量单位" in page
    told = send(client, f"{address}/columns", **as_chosen(page))
    assert told.status_code == 400
    assert "还有 2 处要补全" in told.text
    twice = send(client, f"{address}/columns", **{**as_chosen(page), "f-subject": "甲"})
    assert "选了不止一列：单位代码、甲" in twice.text
    page = checked(client, address, **{"f-period": "2026-01", "u-quantity": "吨"})
    assert tally(page)["新增"] == 1


def test_a_text_for_all_rows_is_not_proposed_to_others(app: FastAPI) -> None:
    """Columns chosen once are chosen again for the same head; a text for all rows stays its writer's."""
    content = "期间,能源名称,消费量,计量单位\n2026-01,原煤,100,吨\n"
    client = signed_in(app, MANAGER)
    address = begun(client, content)
    checked(client, address, **{"f-subject": OWN})
    committed(app, client, address)
    again = client.get(begun(client, content)).text
    assert "表头与以前导入过的相同" in again
    assert as_chosen(again)["f-subject"] == OWN
    others = signed_in(app, NEXT_DOOR)
    page = others.get(begun(others, content)).text
    assert OWN not in page
    assert as_chosen(page)["f-subject"] == ""


def test_a_correction_shows_what_was_there(app: FastAPI) -> None:
    """Before a figure is corrected the page shows it beside the new one; the same file twice has nothing to write."""
    client = signed_in(app, OFFICER)
    first = begun(client, GOOD)
    checked(client, first)
    committed(app, client, first)
    second = begun(client, GOOD.replace(",200,", ",250,"))
    assert tally(checked(client, second)) == {"行数据": 2, "新增": 0, "更正": 1, "不变": 1, "略过": 0, "拒绝": 0}
    page = client.get(f"{second}?step=commit").text
    assert re.search(r'data-h="现有">200 <span class="unit">吨</span>.*?data-h="写入后"><b>250</b>', page, re.S)
    assert 'name="reason" required' in page
    assert '<td data-h="主体">乙水泥厂（合成）</td>' in page
    unsaid = send(client, f"{second}/commit", chosen=chosen(page), reason=" ")
    assert unsaid.status_code == 400
    assert "有 1 个数与账册里的不同，会被更正，但没有写明原因。" in unsaid.text
    assert work(workspace_of(app)) == 0
    send(client, f"{second}/commit", chosen=chosen(page), reason="漏报一车（合成）")
    work(workspace_of(app))
    with reading(workspace_of(app).engine) as db:
        details = [d for d in db.execute(sa.select(audit_entry.c.detail)).scalars() if "漏报一车" in d]
    assert len(details) == 1
    assert "200" in details[0]
    assert "250" in details[0]
    third = begun(client, GOOD.replace(",200,", ",250,"))
    checked(client, third)
    page = client.get(f"{third}?step=commit").text
    assert "不用写入" in page
    assert 'name="chosen"' not in page


def test_committed_twice_is_once(app: FastAPI) -> None:
    """The button pressed twice is one job; then the import is closed, and is no longer among those under way."""
    client = signed_in(app, OFFICER)
    address = begun(client, GOOD)
    checked(client, address)
    said = chosen(client.get(f"{address}?step=commit").text)
    went = [send(client, f"{address}/commit", chosen=said).headers["location"] for _ in range(2)]
    assert went[0] == went[1]
    for path in ("drop", "columns", "sheet"):
        assert (
            send(client, f"{address}/{path}", **as_chosen(client.get(f"{address}?step=columns").text)).status_code
            == 400
        )
    assert address in client.get("/imports").text
    work(workspace_of(app))
    page = client.get("/imports").text
    assert address not in page
    assert "月报.csv" in page
    with reading(workspace_of(app).engine) as db:
        assert len(batches(db, Scope.all("test"))) == 1


def test_a_given_up_import_is_gone(app: FastAPI) -> None:
    """Giving up takes the import away, and the audit log has it."""
    client = signed_in(app, OFFICER)
    address = begun(client, GOOD)
    assert send(client, f"{address}/drop").status_code == 303
    assert client.get(address).status_code == 404
    with reading(workspace_of(app).engine) as db:
        actions = list(db.execute(sa.select(audit_entry.c.action)).scalars())
    assert {"import.upload", "import.drop"} <= set(actions)


def test_a_large_file_is_checked_by_a_job(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    """Above a number of rows the check is a job: the page asks again until it is done, and has a link."""
    monkeypatch.setattr(imports, "CHECKED_AT_ONCE", 1)
    monkeypatch.setattr(import_mending, "MOST_ROWS", 3)
    client = signed_in(app, OFFICER)
    address = begun(client, BAD)
    page = checked(client, address)
    assert 'hx-trigger="every 1s"' in page
    assert f'<a href="{address}?step=check">刷新进度</a>' in page
    assert tally(page) == {}
    work(workspace_of(app))
    page = client.get(address).text
    assert "every 1s" not in page
    assert tally(page)["拒绝"] == 3
    assert "超过 3 行的文件" in page
    assert 'name="cell-3-C"' not in page
    assert send(client, f"{address}/mend", chosen=chosen(page), **FIXES).status_code == 400
    assert client.get(f"{address}/refusals.csv").text.count("\r\n") == 4


def test_many_refusals_are_kept_as_a_file(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job keeps the first refusals in its result and all of them in a file."""
    monkeypatch.setattr(imports, "CHECKED_AT_ONCE", 1)
    client = signed_in(app, OFFICER)
    rows = "".join(f"{OWN},2026-{m:02},木柴炭{n},1,吨\n" for m in range(1, 11) for n in range(150))
    address = begun(client, HEAD + rows)
    checked(client, address)
    work(workspace_of(app))
    page = client.get(address).text
    assert tally(page)["拒绝"] == 1500
    assert "另有 1450 处" in page
    assert client.get(f"{address}/refusals.csv").text.count("\r\n") == 1501


@pytest.mark.slow
def test_a_hundred_thousand_rows(app: FastAPI) -> None:
    """A hundred thousand rows are checked by a job, and written by one: row for row, the last one mended elsewhere."""
    client = signed_in(app, OFFICER)
    carriers = [c.label.zh for c in library().carriers.values()]
    days = [date(2023, 1, 1) + timedelta(days=n) for n in range(1_100)]
    every = ((code, d, c) for d in days for c in carriers for code in (OWN, OTHER))
    rows = [f"{code},{d},{c},{n},吨标准煤" for n, (code, d, c) in enumerate(islice(every, 100_000))]
    assert len(rows) == 100_000
    for last, told in ((rows[0], "拒绝"), (rows[-1], "新增")):
        address = begun(client, HEAD + "\n".join([*rows[:-1], last]) + "\n")
        page = checked(client, address)
        assert "every 1s" in page
        work(workspace_of(app))
        page = client.get(address).text
        assert tally(page)[told] == (1 if told == "拒绝" else 100_000)
    assert tally(committed(app, client, address))["新增"] == 100_000


def test_registers_of_units_need_their_right(app: FastAPI) -> None:
    """An officer registers units of the own county by a sheet; a unit's manager is neither offered nor let do so."""
    code = code_of(f"91{HERE}000000004")
    sheet = f"{REGISTER}{code},丁水泥厂（合成）,{HERE},3011,2017,重点用能单位,2023-01-01,月报\n"
    officer, manager = signed_in(app, OFFICER), signed_in(app, MANAGER)
    assert 'value="units"' in officer.get("/imports/new").text
    assert 'value="units"' not in manager.get("/imports/new").text
    assert upload(manager, sheet, book="units").status_code == 400
    address = begun(officer, sheet, book="units")
    assert tally(checked(officer, address))["新增"] == 1
    assert tally(committed(app, officer, address))["新增"] == 1


def test_a_neighbours_unit_is_not_registered_again(app: FastAPI) -> None:
    """A code that is registered in another county is refused, and nothing of that unit is told."""
    client = signed_in(app, OFFICER)
    sheet = f"{REGISTER}{FOREIGN},丁水泥厂（合成）,{HERE},3011,2017,重点用能单位,2023-01-01,月报\n"
    page = checked(client, begun(client, sheet, book="units"))
    assert tally(page)["拒绝"] == 1
    assert "该代码已登记，且不在您可登记的范围内" in page
    assert "丙水泥厂" not in page


def test_a_form_from_elsewhere_is_refused(app: FastAPI) -> None:
    """Without the token of the session nothing is taken in."""
    client = signed_in(app, OFFICER)
    answer = client.post("/imports/new", data={"book": "energy"}, files={"file": ("月报.csv", GOOD.encode())})
    assert answer.status_code == 403
    assert drafts(app) == 0


def test_templates_are_read_back(app: FastAPI) -> None:
    """The empty sheet of each book is a workbook; its columns are proposed. A book that is none is refused."""
    client = signed_in(app, OFFICER)
    for book in ("energy", "output", "value", "carbon", "units"):
        answer = client.get(f"/imports/template/{book}.xlsx")
        assert answer.status_code == 200
        page = client.get(begun(client, answer.content, f"{book}.xlsx", book=book)).text
        assert "缺少：选一列" not in page, book
    assert client.get("/imports/template/none.xlsx").status_code == 400


def test_the_list_holds_ones_own(app: FastAPI) -> None:
    """An officer sees the own imports, not the neighbour's; who sees everything sees both. The export is the same."""
    client, neighbour, everyone = (signed_in(app, p) for p in (OFFICER, NEXT_DOOR, ADMINISTRATOR))
    for who, code, name in ((client, OWN, "甲.csv"), (neighbour, FOREIGN, "丙.csv")):
        address = begun(who, f"{HEAD}{code},2026-01,原煤,100,吨\n", name)
        checked(who, address)
        committed(app, who, address)
    for who, seen in ((client, {"甲"}), (neighbour, {"丙"}), (everyone, {"甲", "丙"})):
        for path in ("/imports", "/imports.csv", "/imports?sort=fresh", "/imports?q=.csv"):
            text = who.get(path).text
            assert {n for n in ("甲", "丙") if f"{n}.csv" in text} == seen, path
    assert "共 0" in client.get("/imports?q=丙.csv").text or "没有" in client.get("/imports?q=丙.csv").text


def test_a_register_of_units_is_an_import_like_others(app: FastAPI) -> None:
    """A register is checked, its refused row mended and committed; it stands in the list and its export with origin."""
    client = signed_in(app, OFFICER)
    code, bad = (code_of(f"91{HERE}00000000{n}") for n in (5, 6))
    line = "{},戊水泥厂（合成）,{},3011,2017,重点用能单位,2023-01-01,月报\n"
    address = begun(client, REGISTER + line.format(code, HERE) + line.format(bad, "999999"), "名录.csv", book="units")
    page = checked(client, address)
    assert tally(page)["拒绝"] == 1
    send(client, f"{address}/mend", chosen=chosen(page), **{"out-3": "1"})
    committed(app, client, address)
    for path in ("/imports", "/imports.csv", "/imports?book=units"):
        text = client.get(path).text
        assert "名录（页面更正）.csv" in text, path
        assert "甲水泥厂（合成）" in text
    with reading(workspace_of(app).engine) as db:
        made = batches(db, Scope.all("test"))[0]
        verify(db)
    assert (made["book"], made["fresh"], made["unchanged"], made["commit_sequence"]) == ("units", 1, 0, 0)
    again = begun(client, REGISTER + line.format(code, HERE), "名录.csv", book="units")
    assert tally(checked(client, again))["不变"] == 1


def test_a_neighbours_register_is_not_listed(app: FastAPI) -> None:
    """A register that another officer imported is not among one's own imports."""
    neighbour = signed_in(app, NEXT_DOOR)
    code = code_of("91130183000000007")
    line = f"{code},庚水泥厂（合成）,130183,3011,2017,重点用能单位,2023-01-01,月报\n"
    address = begun(neighbour, REGISTER + line, "名录.csv", book="units")
    checked(neighbour, address)
    committed(app, neighbour, address)
    assert "名录.csv" in neighbour.get("/imports.csv").text
    assert "名录.csv" not in signed_in(app, OFFICER).get("/imports.csv").text


@pytest.fixture
def address(app: FastAPI) -> Iterator[str]:
    """The pages served on a free port of this machine."""
    with serving(app) as address:
        yield address


WORDS = {"zh": ("后台任务", "已写入账册"), "en": ("Jobs", "It was written into the book")}


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize(("lang", "width"), [("zh", 1280), ("en", 390)])
@pytest.mark.parametrize("person", [OFFICER, MANAGER])
def test_journey_of_three_bad_rows(
    app: FastAPI, browser: Any, address: str, tmp_path: Path, person: str, lang: str, width: int
) -> None:
    """Import a sheet with three bad rows, mend it, import it: no page is wider than its window, none fails."""
    file = tmp_path / "月报.csv"
    file.write_text(BAD, "utf-8")
    page = browser.new_page(viewport={"width": width, "height": 800})
    wrong: list[str] = []
    page.on("console", lambda m: wrong.append(m.text))
    page.on("pageerror", lambda e: wrong.append(str(e)))

    def look(name: str) -> None:
        page.wait_for_load_state()
        page.screenshot(path=tmp_path / f"{name}-{lang}-{width}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name

    page.goto(f"{address}/sign-in?lang={lang}")
    page.locator(f'form:has(input[value="{person}"]) button, button[value="{person}"]').first.click()
    page.goto(f"{address}/imports")
    look("1-imports")
    page.locator('main a[href="/imports/new"]').first.click()
    page.select_option("#f-book", "energy")
    page.set_input_files("#f-file", str(file))
    page.fill("#f-publisher", "甲水泥厂（合成）")
    page.fill("#f-document", "月报（合成）")
    look("2-file")
    page.locator("#form-import .send button").click()
    look("3-columns")
    page.locator("#columns .send button").click()
    look("4-refused")
    assert page.locator(".refusals tbody tr").count() == 3
    for cell, text in FIXES.items():
        page.fill(f'input[name="{cell}"]', text)
    page.locator("#mend .send button").click()
    look("5-mended")
    page.locator(".next .go").first.click()
    look("6-changes")
    page.locator('form[action$="/commit"] button').click()
    look("7-waiting")
    work(workspace_of(app))
    page.wait_for_selector(".j-done")
    look("8-written")
    jobs_called, written = WORDS[lang]
    assert written in page.inner_text("main")
    page.goto(f"{address}/jobs")
    assert jobs_called in page.inner_text("h1")
    look("9-jobs")
    assert wrong == []
    page.close()
    with reading(workspace_of(app).engine) as db:
        assert [b["fresh"] for b in batches(db, Scope.all("test"))] == [4]
        assert len(jobs.jobs_seen(db, Scope.all("test"), states=["done"])) == 1


METERS = "单位代码,表号,能源品种,计量单位,读数类型,倍率,启用日期\n"


def test_a_units_manager_imports_a_register_of_its_own_meters(app: FastAPI) -> None:
    """A refused row is mended, the import is a job, the meters are registered; no judgement follows of them."""
    client = signed_in(app, MANAGER)
    sheet = f"{METERS}{OWN},E01,电力,千瓦时,表底,40,2026-01-01\n{OWN},E02,蒸汽机,千瓦时,表底,40,2026-01-01\n"
    address = begun(client, sheet, "计量器具.csv", book="meters")
    page = checked(client, address)
    assert tally(page)["拒绝"] == 1
    assert send(client, f"{address}/mend", chosen=chosen(page), **{"cell-3-C": "电力"}).status_code == 303
    job = committed(app, client, address)
    assert tally(job)["新增"] == 2
    workspace = workspace_of(app)
    with reading(workspace.engine) as db:
        found = meter_spells(db, Scope.all("test"), workspace.clock())
        made = batches(db, Scope.all("test"))[0]
        waiting = db.execute(sa.text("SELECT count(*) FROM job WHERE kind = 'judge'")).scalar_one()
    assert [(s.code, s.factor, s.unit, s.synthetic) for s in found] == [
        ("E01", 40, "kWh", True),
        ("E02", 40, "kWh", True),
    ]
    assert (made["book"], made["fresh"], waiting) == ("meters", 2, 0)


def test_a_corrected_factor_wants_a_reason_on_its_page(app: FastAPI) -> None:
    """Without one the page says so and no job is asked for; with it the factor is put right."""
    client = signed_in(app, OFFICER)
    row = f"{METERS}{OTHER},E01,电力,千瓦时,表底,{{}},2026-01-01\n"
    for factor, effect in (("40", "新增"), ("400", "更正")):
        address = begun(client, row.format(factor), "计量器具.csv", book="meters")
        assert tally(checked(client, address))[effect] == 1
        page = client.get(f"{address}?step=commit").text
        if effect == "更正":
            refused = send(client, f"{address}/commit", chosen=chosen(page))
            assert (refused.status_code, "IMP-005" in refused.text) == (400, True)
        assert send(client, f"{address}/commit", chosen=chosen(page), reason="变比抄错").status_code == 303
        work(workspace_of(app))
    workspace = workspace_of(app)
    with reading(workspace.engine) as db:
        assert [s.factor for s in meter_spells(db, Scope.all("test"), workspace.clock())] == [400]


def test_a_neighbours_meter_is_refused_as_one_of_no_unit(app: FastAPI) -> None:
    """The page says the same of a unit next door and of one that nobody registered."""
    client = signed_in(app, MANAGER)
    told = []
    for code in (OTHER, UNKNOWN):
        sheet = f"{METERS}{code},E01,电力,千瓦时,表底,40,2026-01-01\n"
        page = checked(client, begun(client, sheet, "计量器具.csv", book="meters"))
        assert tally(page)["拒绝"] == 1
        told.append(re.findall(r"没有登记这个用能单位[^<]*", page))
    assert told[0] == told[1] != []
