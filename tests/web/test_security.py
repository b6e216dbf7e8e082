"""What an attacker would try at the pages: headers, cookies, sessions, redirects, uploads, names that are code.

CSRF is tried for every route in tests/rights/test_routes.py, bodies and names of hosts in test_operations.py.
"""

from __future__ import annotations

import io
import re
import shutil
import zipfile
from collections.abc import Iterator
from datetime import date, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.testclient import TestClient

from shuangkong.app.demo.run import Loaded
from shuangkong.app.web import create_app
from shuangkong.app.web.context import COOKIE, SESSION
from shuangkong.app.web.serving import Serving
from shuangkong.engine.api import Workspace, writing
from shuangkong.webkit.api import Wanted, add_person, appoint, person_named
from shuangkong.webkit.sessions import form_token, secret_hash
from web.clients import HERE, signed_in, visitor

pytestmark = pytest.mark.slow

#: Text that would end a script, a title, an attribute or a comment, and then begin an element or a template.
PROBE = "</script></title></textarea></option>--><xss-probe onload=x>\"'`><xss-probe>{{7*7}}"
CODE = "javascript:alert(1)"
ADMINISTRATOR, OFFICER = "demo.administrator", "demo.officer.990100"
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def workspace(demo_once: tuple[Path, Loaded], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A copy of the demo in which every name that somebody can give is code."""
    root = tmp_path_factory.mktemp("security") / "w"
    shutil.copytree(demo_once[0], root)
    opened = Workspace.open(root)
    _poison(opened)
    yield opened
    opened.engine.dispose()


def _poison(workspace: Workspace) -> None:
    names = "UPDATE subject_alias SET value = value || :probe WHERE scheme IN ('name_zh', 'name_en')"
    texts = "UPDATE source SET file_name = file_name || :probe, publisher = :code, document = :probe, url = :code"
    with writing(workspace.engine) as db:
        db.execute(sa.text(names), {"probe": PROBE})
        db.execute(sa.text(texts), {"probe": PROBE, "code": CODE})
        db.execute(sa.text("UPDATE import_batch SET file_name = :probe"), {"probe": PROBE})
        now = workspace.clock()
        someone = add_person(db, "demo.hostile", PROBE[:80], at=now, principal="test")
        appoint(db, someone, Wanted("administrator", date(2026, 1, 1)), at=now, principal="test")


@pytest.fixture(scope="module")
def app(workspace: Workspace) -> FastAPI:
    """The pages."""
    return create_app(workspace)


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    """The administrator whose own name is code."""
    return signed_in(app, "demo.hostile")


class Elements(HTMLParser):
    """The elements of a page with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep an element."""
        self.found.append((tag, {k: v or "" for k, v in attrs}))


def dangers(text: str) -> list[str]:
    """Whatever on a page came from data and would run or be loaded."""
    found = []
    for tag, given in Elements(text).found:
        handlers = [a for a in given if a.startswith("on") or a in ("style", "srcdoc", "xss-probe")]
        code = [a for a in ("href", "src", "action", "formaction", "hx-get") if _leads_out(given.get(a, ""))]
        plain = tag == "script" and "src" not in given and given.get("type") != "application/json"
        if tag == "xss-probe" or handlers or code or plain:
            found.append(f"{tag} {given}")
    return found


def _leads_out(address: str) -> bool:
    parts = urlsplit(address.strip())
    return address.strip().casefold().startswith(("javascript:", "data:", "vbscript:")) or (
        bool(parts.netloc) and parts.scheme != "https"
    )


def token_of(app: FastAPI, client: TestClient) -> str:
    """What the forms of the client's session carry."""
    return form_token(app.state.site.workspace.secret, secret_hash(client.cookies[SESSION]))


# names that are code


def test_the_probe_is_seen_where_it_is_not_escaped() -> None:
    """The tests below would find an element, a handler, an inline script or an address that is code."""
    assert len(dangers(f"<p>{PROBE}</p>")) == 2
    assert len(dangers(f'<script type="application/json">{{"a": "{PROBE}"}}</script>')) == 2
    for text in ('<a href=" JavaScript:x">', "<p onclick=x>", "<script>x</script>", '<a href="//evil.example">'):
        assert len(dangers(text)) == 1
    assert dangers('<a href="/a?to=//b">x</a><script src="/static/a.js"></script>') == []


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_name_runs_on_any_page(client: TestClient, lang: str) -> None:
    """Names of people, regions, units, files and documents that are code stay text wherever a link leads."""
    done: dict[str, str] = {}
    todo = ["/", "/units", "/findings", "/people", "/audit", "/consents", "/rights", "/account", "/imports/new"]
    kinds: dict[str, int] = {}
    while todo:
        path = todo.pop(0)
        first, *rest = path.partition("?")[0].strip("/").split("/")
        kind = f"{first}{'/*' * len(rest)}"
        kinds[kind] = kinds.get(kind, 0) + 1
        if path in done or kinds[kind] > 2:
            continue
        answer = client.get(path, params=None, headers={"Accept-Language": lang})
        if not answer.headers["content-type"].startswith("text/html"):
            continue
        assert answer.status_code in (200, 404), (path, answer.text[:200])
        done[path] = answer.text
        assert dangers(answer.text) == [], path
        links = (a["href"] for t, a in Elements(answer.text).found if t == "a" and "href" in a)
        todo += [x for x in links if x.startswith("/") and not re.search(r"lang=|\.csv|\.xlsx|^/static", x)]
    assert len(done) > 20
    assert sum("&lt;xss-probe" in text for text in done.values()) > 10
    assert not any("49" in re.findall(r"xss-probe&gt;(\d*)", text) for text in done.values())


@pytest.mark.parametrize(
    "address",
    [
        "/regions/{}", "/units/{}", "/findings/{}", "/packs/{}", "/jobs/{}", "/imports/{}", "/{}", "/findings?q={}",
        "/findings?sort={}", "/findings?{}=1", "/findings?status={}", "/units?q={}", "/?view={}", "/?region={}",
        "/?period={}", "/sign-in?to={}", "/sign-in?to=/&ended={}", "/?lang={}", "/imports/new?book={}",
        "/imports?file_name={}", "/rights?about={}", "/api/findings/{}", "/api/home?view={}",
    ],
)  # fmt: skip
def test_what_is_asked_for_is_not_run(client: TestClient, address: str) -> None:
    """Whatever part of an address is code, the answer holds it as text or not at all."""
    for text in (PROBE, CODE, "{{7*7}}", "\r\nSet-Cookie: a=b", "\u202ereversed\u0000"):
        answer = client.get(address.format(quote(text, safe="")), follow_redirects=False)
        assert answer.status_code < 500
        assert "a" not in answer.cookies
        if answer.headers.get("content-type", "").startswith("text/html"):
            assert dangers(answer.text) == []
        else:
            assert "<xss" not in answer.text or answer.headers["content-type"] == "application/json"


def test_an_address_that_looks_like_another_site_leads_nowhere_else(client: TestClient) -> None:
    """The links of an error page stay here, also where its own address begins with two strokes."""
    for path in ("//evil.example/x", "//evil.example/findings", "/%5Cevil.example/x", "///evil.example"):
        answer = client.get(f"{HERE}{path}", follow_redirects=False)
        assert answer.status_code in (303, 307, 404)
        assert dangers(answer.text) == []
        assert urlsplit(answer.headers.get("location", "/")).netloc in ("", "127.0.0.1")


# sessions, cookies, redirects


def flags(answer: Any, name: str) -> set[str]:
    """The flags of a cookie that an answer sets."""
    line = next(c for c in answer.headers.get_list("set-cookie") if c.startswith(f"{name}="))
    return {p.strip().casefold() for p in line.split(";")[1:]}


@pytest.mark.parametrize(("scheme", "secure"), [("http", False), ("https", True)])
def test_cookies_are_not_for_scripts_nor_for_other_sites(app: FastAPI, scheme: str, secure: bool) -> None:
    """Both cookies are HttpOnly and SameSite=Lax, for the whole site, and Secure where the reader came by https."""
    here = f"{scheme}://127.0.0.1"
    browser = TestClient(app, base_url=here, client=("127.0.0.1", 50000), headers={"Origin": here})
    entered = browser.post("/sign-in/demo", data={"person": OFFICER}, follow_redirects=False)
    for found in (flags(entered, SESSION), flags(browser.get("/sign-in?lang=en"), COOKIE)):
        assert {"httponly", "samesite=lax", "path=/"} <= found
        assert ("secure" in found) is secure
        assert not any(f.startswith("domain") for f in found)


def test_signing_in_makes_a_fresh_session(app: FastAPI) -> None:
    """A session that was there before, or one that was planted, is never the one that is signed in."""
    browser = visitor(app)
    browser.cookies.set(SESSION, "planted-by-somebody-else")
    first = browser.post("/sign-in/demo", data={"person": OFFICER}, follow_redirects=False).cookies[SESSION]
    second = browser.post("/sign-in/demo", data={"person": OFFICER}, follow_redirects=False).cookies[SESSION]
    assert "planted-by-somebody-else" not in (first, second)
    assert first != second
    assert min(len(first), len(second)) >= 43


def test_a_session_that_was_left_opens_nothing(app: FastAPI) -> None:
    """After signing out the same cookie is worth nothing, on pages and on the interface."""
    browser = signed_in(app, OFFICER)
    kept, token = browser.cookies[SESSION], token_of(app, browser)
    assert browser.post("/sign-out", data={"form_token": token}, follow_redirects=False).status_code == 303
    browser.cookies.set(SESSION, kept)
    assert browser.get("/", follow_redirects=False).headers["location"].startswith("/sign-in?to=%2F&ended=session")
    assert browser.get("/api/home").status_code == 401


@pytest.mark.parametrize(
    "to",
    [
        "https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example", " //evil",
        "javascript:alert(1)", "///evil.example", "http:evil.example", "/\r\nLocation: https://evil.example",
        "/sign-in?to=//evil.example", "evil.example", "/%0d%0aSet-Cookie:a=b", "/.//evil.example",
        "/a/..//evil.example",
    ],
)  # fmt: skip
def test_one_is_sent_back_to_this_site_alone(app: FastAPI, to: str) -> None:
    """Whatever `to` says, after signing in the browser stays here, and the form carries nothing else."""
    browser = visitor(app)
    answer = browser.post("/sign-in/demo", data={"person": OFFICER, "to": to}, follow_redirects=False)
    location = answer.headers["location"]
    assert location.startswith("/")
    assert not re.match(r"/[/\\\s]", location)
    assert "evil" not in urlsplit(f"{HERE}{location}").netloc
    assert "set-cookie:" not in {k.casefold() for k in answer.headers}
    kept = [a["value"] for t, a in Elements(browser.get("/sign-in", params={"to": to}).text).found
            if t == "input" and a.get("name") == "to"]  # fmt: skip
    assert all(k.startswith("/") and not re.match(r"/[/\\\s]", k) for k in kept)


def test_the_way_back_does_not_trust_the_name_of_the_host(workspace: Workspace) -> None:
    """A server with names refuses others also at sign-in, and no answer repeats a name that it does not have."""
    served = create_app(workspace, Serving(("energy.example.gov.cn",)))
    browser = TestClient(served, base_url="http://localhost", client=("127.0.0.1", 50000), follow_redirects=False)
    for path in ("/", "/sign-in", "/findings/", "/api/home"):
        told = browser.get(path, headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
        assert told.status_code == 421
        forwarded = browser.get(path, headers={"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"})
        assert "evil.example" not in forwarded.text + str(forwarded.headers)


# headers


def answers(app: FastAPI, workspace: Workspace) -> dict[str, Any]:
    """An answer of every kind."""
    page = signed_in(app, OFFICER)
    asset = re.findall(r'href="(/static/[^"]+\.css)"', page.get("/").text)[0]
    limited = TestClient(create_app(workspace, Serving((), body_limit=10)), base_url=HERE)
    return {
        "page": page.get("/"), "region list": page.get("/units"), "table part": page.get(
            "/findings", headers={"HX-Request": "true"}), "csv": page.get("/findings.csv"),
        "xlsx": page.get("/findings.xlsx?status=missed"), "template": page.get("/imports/template/energy.xlsx"),
        "json": page.get("/api/home"), "json error": page.get("/api/findings/f_nothing"), "static": page.get(asset),
        "no static": page.get("/static/nothing.css"), "not found": page.get("/nothing/at/all"),
        "refused": page.get("/imports/nothing"), "redirect": visitor(app).get("/jobs", follow_redirects=False),
        "slash": page.get("/findings/", follow_redirects=False), "method": page.delete("/findings"),
        "forbidden": page.post("/jobs/judge", headers={"Origin": "http://evil.example"}),
        "sign-in": visitor(app).get("/sign-in"), "health": page.get("/healthz"), "ready": page.get("/readyz"),
        "openapi": page.get("/api/openapi.json"), "too large": limited.post("/sign-in", content=b"x" * 100),
        "misdirected": limited.get("/", headers={"Host": "evil.example"}), "own account": page.get("/account"),
        "head": page.head("/healthz"),
    }  # fmt: skip


def test_every_kind_of_answer_keeps_to_itself(app: FastAPI, workspace: Workspace) -> None:
    """Nothing inline, nothing from elsewhere, no frame, no guessing of types, no address told to others; and what a
    signed-in reader is given is kept by no shared cache."""
    wrong = {}
    for name, answer in answers(app, workspace).items():
        head = answer.headers
        policy = dict(p.strip().partition(" ")[::2] for p in head.get("content-security-policy", "").split(";"))
        good = {
            "nothing inline": "unsafe" not in str(policy) and policy.get("default-src") == "'self'",
            "scripts": policy.get("script-src") == "'self'", "no plugins": policy.get("object-src") == "'none'",
            "no base": policy.get("base-uri") == "'none'", "forms": policy.get("form-action") == "'self'",
            "no frames": policy.get("frame-ancestors") == "'none'" and head.get("x-frame-options") == "DENY",
            "types": head.get("x-content-type-options") == "nosniff",
            "referrer": head.get("referrer-policy") == "same-origin",
            "opener": head.get("cross-origin-opener-policy") == "same-origin",
            "no server": "server" not in head and "x-powered-by" not in head,
            "no sharing": "access-control-allow-origin" not in head,
            "cache": name == "static" or re.search("private|no-store", head.get("cache-control", "")) is not None,
        }  # fmt: skip
        wrong |= {f"{name}: {k}": dict(head) for k, ok in good.items() if not ok}
    assert wrong == {}


# files that come in and go out


def plain_form(app: FastAPI, client: TestClient, **more: str) -> dict[str, str]:
    """The first step of an import, filled in."""
    return {
        "form_token": token_of(app, client), "book": "energy", "publisher": "合成", "document": "合成月报",
        "known_on": "2026-11-01", "synthetic": "1", **more,
    }  # fmt: skip


def sent(app: FastAPI, client: TestClient, name: str, content: bytes, media: str = "text/csv") -> Any:
    """The answer to an upload."""
    return client.post(
        "/imports/new", data=plain_form(app, client), files={"file": (name, content, media)}, follow_redirects=False
    )


SHEET = "统一社会信用代码,期间,能源品种,消费量（吨）\n91990101000000001X,2026-10,原煤,1\n".encode()


def bomb() -> bytes:
    """A workbook whose one part would be a gigabyte."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("[Content_Types].xml", "<Types/>")
        packed.writestr("xl/workbook.xml", "<workbook/>")
        with packed.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            for _ in range(1000):
                part.write(b"0" * 1_000_000)
    return out.getvalue()


XXE = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><workbook>&e;</workbook>'


def outward() -> bytes:
    """A workbook with a part that asks for a file of the server."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for name in ("[Content_Types].xml", "xl/workbook.xml", "xl/worksheets/sheet1.xml", "../../../evil.txt"):
            packed.writestr(name, XXE)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("page.html", b"<script>alert(1)</script>"),
        ("picture.svg", b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'),
        ("sheet.csv.svg", SHEET), ("sheet.csv.exe", SHEET), ("sheet", SHEET), ("", SHEET), (".csv/", SHEET),
        ("picture.xlsx", b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'),
        ("page.xlsx", b"<html><script>alert(1)</script></html>"), ("empty.csv", b""), ("nought.csv", b"\x00" * 5000),
        ("archive.xlsx", b"PK\x03\x04" + b"\xff" * 200), ("macro.xlsm", SHEET),
    ],
)  # fmt: skip
def test_what_is_no_sheet_is_refused_at_the_door(app: FastAPI, client: TestClient, name: str, content: bytes) -> None:
    """Pages, pictures, programs, broken archives and empty files are a 400 beside the form, and no draft is made."""
    before = client.get("/imports").text.count("/imports/")
    answer = sent(app, client, name, content, "image/svg+xml")
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("text/html")
    assert dangers(answer.text) == []
    assert "alert(1)" not in answer.text
    assert client.get("/imports").text.count("/imports/") == before


def test_an_archive_that_swells_or_reads_files_is_refused(app: FastAPI, client: TestClient) -> None:
    """A megabyte that would become a gigabyte, and a part that asks for a file of the server, go no further."""
    for name, content in (("bomb.xlsx", bomb()), ("outward.xlsx", outward())):
        answer = sent(app, client, name, content)
        assert answer.status_code == 400, name
        assert "root:" not in answer.text


def test_a_large_upload_is_refused_by_the_form_and_a_larger_one_unread(app: FastAPI, workspace: Workspace) -> None:
    """More than the form takes is told beside the field; more than the server takes is a 413 in the one shape."""
    client = signed_in(app, ADMINISTRATOR)
    answer = sent(app, client, "large.csv", SHEET + b"x" * 20_000_001)
    assert answer.status_code == 400
    assert "20 MB" in answer.text
    strict = create_app(workspace, Serving((), body_limit=100_000))
    refused = sent(strict, signed_in(strict, ADMINISTRATOR), "large.csv", b"x" * 200_000)
    assert refused.status_code == 413
    assert "HTTP-413" in refused.text


@pytest.mark.parametrize(
    "name",
    [
        "../../../etc/passwd.csv", "..\\..\\windows\\evil.csv", "/etc/passwd.csv", "C:\\x\\a.csv", "a\r\nX-Evil: 1.csv",
        'a"; filename="evil.html.csv', f"{PROBE[:100]}.csv", "月报\u202ecsv.exe.csv", "a" * 900 + ".csv", "$(id).csv",
        "=cmd|'/c calc'!A1.csv", "\u0000a.csv",
    ],
)  # fmt: skip
def test_the_name_of_a_file_is_only_a_name(app: FastAPI, client: TestClient, workspace: Workspace, name: str) -> None:
    """It writes nothing outside, breaks no header, is text on every page, and the file is kept under its hash."""
    outside = set(workspace.root.parent.iterdir())
    answer = sent(app, client, name, SHEET)
    assert answer.status_code == 303, answer.text[:300]
    step = answer.headers["location"]
    assert re.fullmatch(r"/imports/[\w-]+\?step=columns", step)
    listed = client.get("/imports")
    for page in (client.get(step), listed, client.get(step.partition("?")[0] + "?step=check")):
        assert page.status_code in (200, 400)
        assert dangers(page.text) == []
    shown = [a for t, a in Elements(listed.text).found if t == "a" and a.get("href", "").startswith(step[:20])]
    assert shown
    assert "../" not in listed.text
    assert set(workspace.root.parent.iterdir()) == outside
    kept = [p.name for p in workspace.blobs.root.rglob("*") if p.is_file()]
    assert all(re.fullmatch(r"[0-9a-f]{64}(\.\w+)?", n) for n in kept)
    refusals = client.get(step.partition("?")[0] + "/refusals.csv", follow_redirects=False)
    assert refusals.status_code < 500
    if refusals.status_code == 200:
        assert re.fullmatch(r'attachment; filename="refusals-[\w-]+\.csv"', refusals.headers["content-disposition"])
        assert refusals.headers["x-content-type-options"] == "nosniff"
    assert "x-evil" not in refusals.headers


def test_what_goes_out_is_a_download_with_a_harmless_name(client: TestClient) -> None:
    """Exports and templates are attachments of their own type, whatever was asked for; names are plain or encoded."""
    asked = urlencode({"q": '"; filename=evil.html'})
    paths = (f"/findings.csv?{asked}", f"/units.csv?{asked}", f"/imports.csv?{asked}", "/findings.xlsx?status=missed",
             "/imports/template/energy.xlsx")  # fmt: skip
    for path in paths:
        answer = client.get(path)
        told = answer.headers["content-disposition"]
        assert answer.status_code == 200, path
        assert re.fullmatch(r"attachment; filename=\"[\w.-]+\"; filename\*=UTF-8''[\w%.-]+", told), told
        assert answer.headers["content-type"].startswith(("text/csv", "application/vnd.openxmlformats"))
        assert "x-evil" not in answer.headers


@pytest.mark.parametrize(
    "path",
    [
        "/static/%2e%2e%2f%2e%2e%2fetc%2fpasswd", "/static/..%5c..%5cworkspace.json",
        "/static//etc/passwd", "/static/%00", "/static/house.css%00.js", "/static/vendor/vendor.json", "/static/",
        "/packs/..%2f..%2fetc%2fpasswd", "/packs/%2e%2e",
        "/packs/state-council", "/imports/template/..%2f..%2fx.xlsx", "/imports/template/%2e%2e.xlsx",
        "/imports/..%2f..%2fworkspace.json", "/jobs/..%2f..%2fworkspace.json", "/findings/..%2f..%2fetc%2fpasswd",
        "/api/findings/..%2f..%2fetc%2fpasswd", "/imports/..%2f..%2f/refusals.csv", "/workspace.json",
    ],
)  # fmt: skip
def test_no_name_leads_out_of_its_folder(client: TestClient, path: str) -> None:
    """Steps upwards in any spelling are names that are nothing: 404 (or the form's 400), and no file of the server."""
    request = client.build_request("GET", HERE + "/")
    request.url = request.url.copy_with(raw_path=path.encode())
    answer = client.send(request, follow_redirects=False)
    assert answer.status_code in (400, 404, 303, 307)
    assert "root:" not in answer.text
    assert '"secret"' not in answer.text


def test_the_secret_of_the_workspace_is_told_nowhere(client: TestClient, workspace: Workspace) -> None:
    """No page, error or file holds the server's secret or the secret of a session."""
    for path in (
        "/",
        "/account",
        "/audit",
        "/people",
        "/jobs",
        "/api/home",
        "/api/openapi.json",
        "/readyz",
        "/metrics",
    ):
        text = client.get(path).text
        assert workspace.with_secret().secret not in text
        assert client.cookies[SESSION] not in text


def test_a_closed_account_is_out_at_once(app: FastAPI, workspace: Workspace) -> None:
    """A session of somebody whose account is closed opens nothing from the next request on."""
    browser = signed_in(app, "demo.reviewer")
    assert browser.get("/account").status_code == 200
    with writing(workspace.engine) as db:
        found = person_named(db, "demo.reviewer")
        assert found is not None
        db.execute(sa.text("UPDATE person SET active = :no WHERE person_id = :p"), {"no": False, "p": found.person_id})
    assert browser.get("/api/home").status_code == 401
    assert browser.get("/account", follow_redirects=False).headers["location"].startswith("/sign-in")
