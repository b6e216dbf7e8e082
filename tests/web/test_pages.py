"""Every route in both languages, in a full and in an empty workspace, with good, unknown and hostile addresses."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest

LANGUAGES = ("zh", "en")
HOSTILE = ("x", "%27%20OR%201=1--", "..%2F..%2Fetc%2Fpasswd", "f_" + "a" * 500, "%00", "<script>alert(1)</script>", "𝟘")


def addresses(pages: Any) -> Iterator[str]:
    """At least one address of every route that answers 200."""
    yield from ("/", "/findings", "/findings?status=missed&sort=margin&page=2", "/packs", "/runs", "/healthz")
    yield from ("/units", "/units?status=missed&sort=excess", "/units.csv", "/api/units?size=5", "/?period=2025")
    yield from ("/api/home", "/api/findings?size=5", "/api/openapi.json", "/findings.csv", "/findings.xlsx")
    yield from (f"/?region={pages.view.by_code[code].id}" for code in ("630000", "990100", "990103"))
    for code in ("000000", "210000", "520000", "630000", "710000", "990100", "990102"):
        yield pages.region(code)
    for pack in pages.view.packs.packs:
        yield f"/packs/{pack.key}"
    seen = set()
    for f in pages.view.findings:
        kind = (f.pack_id, f.variant, f.status, f.comparator)
        if kind not in seen:
            seen.add(kind)
            yield f"/findings/{f.finding_key}"
    yield f"/api/findings/{f.finding_key}"
    missed = pages.first(indicator_id="product_energy_intensity", status="missed")
    yield f"/units/{missed.subject_id}"


class Links(HTMLParser):
    """Addresses that a page names, and code or style written into it."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.inline: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep what loads or leads somewhere, and what a strict policy would refuse."""
        sends = ("method", "post") in attrs
        for name, value in attrs:
            if name in ("href", "src", "srcset") or (name == "action" and not sends):
                self.links.append(value or "")
            if name == "style" or name.startswith("on"):
                self.inline.append(f"{tag} {name}={value}")
        known = dict(attrs)
        if tag == "style" or (tag == "script" and "src" not in known and known.get("type") != "application/json"):
            self.inline.append(tag)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_route_answers_and_loads_nothing_from_elsewhere(pages: Any, lang: str) -> None:
    """Each page is there in each language, its links answer from here, and nothing inline is in it."""
    checked = 0
    for url in addresses(pages):
        text = pages.get(url, lang)
        if not text.startswith("<!doctype"):
            continue
        found = Links()
        found.feed(text)
        assert found.inline == [], url
        assert [x for x in found.links if not x.startswith(("/", "#"))] == [], url
        assert not re.search(r"(?:https?:)?//[\w.]+", text.replace("http://www.w3.org", "")), url
        assert "None" not in re.sub(r"<[^>]*>", "", text), url
        checked += 1
    assert checked > 60


def test_a_pack_says_how_it_stands_and_what_its_bodies_are(pages: Any) -> None:
    """A document past its last day has ended; bodies support only where one leads, else they are responsible."""
    text = re.sub(r"<[^>]*>", "", pages.get("/packs/henan-two-high-2021@2021"))
    assert "责任单位：省发展改革委、工业和信息化厅、生态环境厅" in text
    assert re.search("牵头：省发展改革委 +配合：省地方金融监管局", text)
    assert "牵头：省发展改革委、" not in text
    ended = pages.get("/packs/wenzhou-retrofit-2021@2021")
    assert re.search('class="stand-expired">[^<]*失效', ended)
    assert "2023-12-31" in ended


def test_links_of_the_main_pages_lead_somewhere(pages: Any) -> None:
    """No link on home, a region, a finding, a unit or a pack is dead."""
    missed = pages.first(pack_id="guofa-2016-74", variant="plan", status="missed")
    start = ("/", pages.region("210000"), f"/findings/{missed.finding_key}", "/packs/guofa-2016-74", "/findings")
    found: set[str] = set()
    for url in start:
        reader = Links()
        reader.feed(pages.get(url))
        found |= {x for x in reader.links if x.startswith("/")}
    sample = sorted(found)[:: max(1, len(found) // 60)]
    assert len(sample) > 20
    assert [x for x in sample if pages.client.get(x).status_code != 200] == []


def test_english_pages_have_no_chinese_interface(pages: Any) -> None:
    """The frame of an English page is English: Chinese stands only in names and in what documents call themselves."""
    text = pages.get("/", "en")
    heads = re.findall(r"<h2>(.*?)</h2>|<nav[^>]*>(.*?)</nav>", text, re.S)
    words = re.sub(r"<[^>]*>", "", " ".join(a or b for a, b in heads))
    assert not re.search(r"[\u4e00-\u9fff]", words.replace("中文", ""))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_an_empty_workspace_says_what_to_do(empty: Any, lang: str) -> None:
    """Without a run the home page names the commands, and other pages answer with the same remedy."""
    home = empty.get(f"/?lang={lang}")
    assert home.status_code == 200
    assert "shuangkong judge" in home.text
    for url in ("/findings", "/packs", "/regions/x", "/api/home", "/findings.csv"):
        answer = empty.get(f"{url}?lang={lang}")
        assert answer.status_code == 404
        assert "RUN-001" in answer.text
        assert "shuangkong judge" in answer.text
    assert empty.get("/runs").status_code == 200


@pytest.mark.parametrize("route", ["/regions/", "/units/", "/findings/", "/packs/", "/api/findings/", "/static/"])
@pytest.mark.parametrize("name", HOSTILE)
def test_unknown_and_hostile_names_are_refused_kindly(pages: Any, route: str, name: str) -> None:
    """A name that is not known is a 404 with a code and a remedy; nothing of it is run or shown raw."""
    answer = pages.client.get(route + name)
    assert answer.status_code == 404
    assert "<script>alert" not in answer.text
    if route == "/api/findings/":
        assert set(answer.json()) == {"code", "title", "message", "remedy", "where", "request_id"}


def test_a_region_is_not_a_unit_and_the_other_way_round(pages: Any) -> None:
    """The page of a unit refuses a region's id, and that of a region a unit's."""
    unit = pages.first(indicator_id="product_energy_intensity").subject_id
    assert pages.client.get(f"/regions/{unit}").status_code == 404
    assert pages.client.get(pages.region("210000").replace("regions", "units")).status_code == 404


@pytest.mark.parametrize("query", ["page=0", "page=x", "page=-1", "size=100000", "status=" + "x" * 500])
def test_bad_parameters_are_refused(pages: Any, query: str) -> None:
    """A parameter that is not in range is a 400 that names it."""
    answer = pages.client.get(f"/api/findings?{query}")
    assert answer.status_code == 400
    assert query.split("=")[0] in answer.json()["where"]


def test_every_answer_has_the_headers(pages: Any) -> None:
    """The policy allows nothing inline and nothing from elsewhere, on pages, files, JSON and errors alike."""
    for url in ("/", "/nope", "/api/home", "/healthz", "/findings.csv"):
        headers = pages.client.get(url).headers
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"


def test_assets_are_named_by_their_hash(pages: Any) -> None:
    """A page names its style sheet by hash; it may be kept for ever, and another name is not found."""
    url = re.findall(r'href="(/static/house\.[0-9a-f]{12}\.css)"', pages.get("/"))[0]
    answer = pages.client.get(url)
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-type"].startswith("text/css")
    assert pages.client.get("/static/house.css").status_code == 404


def test_the_language_is_kept(pages: Any) -> None:
    """A choice in the address is kept in a cookie that scripts cannot read; an unknown one is not."""
    answer = pages.client.get("/?lang=en")
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert '<html lang="en">' in answer.text
    assert '<html lang="zh-CN">' in pages.client.get("/?lang=xx", headers={"Cookie": "shuangkong_lang=yy"}).text
    pages.client.cookies.delete("shuangkong_lang")


def test_pages_are_packed(pages: Any) -> None:
    """A reader that takes gzip gets it."""
    assert pages.client.get("/").headers["content-encoding"] == "gzip"


def test_the_csv_holds_all_and_runs_nothing(pages: Any) -> None:
    """The export has every finding that fits, exact figures, and no cell that a spreadsheet would run."""
    text = pages.client.get("/findings.csv?status=missed").text
    found = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    rows = found[found.index([]) + 1 :]
    missed = [f for f in pages.view.findings if f.status == "missed"]
    assert len(rows) == len(missed) + 1
    key = next(i for i, h in enumerate(rows[0]) if h.endswith(" finding_key"))
    value = next(i for i, h in enumerate(rows[0]) if h.endswith(" value"))
    assert {r[key]: r[value] for r in rows[1:]} == {f.finding_key: f"{f.value:f}" for f in missed}
    risky = re.compile(r"^[=@＝＠]|^[+\-](?![\d.]+$)")
    assert [c for r in found for c in r if risky.match(c)] == []


def test_filters_narrow_and_pages_add_up(pages: Any) -> None:
    """The pages of a list hold every finding once; a region's list holds what lies in it as well."""
    client = pages.client
    first = client.get("/api/findings?size=400").json()
    keys = [f["finding_key"] for n in range(1, first["pages"] + 1)
            for f in client.get(f"/api/findings?size=400&page={n}").json()["findings"]]  # fmt: skip
    assert sorted(keys) == sorted(f.finding_key for f in pages.view.findings)
    city = pages.view.by_code["990100"].id
    within = client.get(f"/api/findings?region={city}&size=1000").json()
    assert within["total"] > 300
    assert all(f["synthetic"] for f in within["findings"])
    assert client.get("/api/findings?q=辽宁&variant=plan&pack=guofa-2016-74").json()["total"] == 2
