"""Pages of metering: board, list, one meter, stations, channels without a meter, the intake, tokens; who sees what."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from shuangkong.app.collecting import followers
from shuangkong.app.demo.city import make_city
from shuangkong.app.demo.metering import metered_city
from shuangkong.app.web import metering_state
from shuangkong.app.web.factory import MESSAGES
from shuangkong.app.web.metering_live import LIVE
from shuangkong.app.web.metering_one import quality_of, readings_of
from shuangkong.app.web.metering_state import metering_of
from shuangkong.engine.api import Workspace, reading, writing
from shuangkong.kernel.scope import Scope
from shuangkong.metering.collecting import STATION_FAULTS
from shuangkong.metering.columns import CHINA
from shuangkong.metering.health import Tally
from shuangkong.metering.hj212.api import Fault, FaultLog
from shuangkong.metering.register import TokenBook
from shuangkong.metering.rolled import meter_days, meter_hours, meter_months
from shuangkong.metering.unit_days import summed
from shuangkong.registry.api import set_consumer_mark
from shuangkong.webkit.api import grouped, read_messages, share
from web.clients import signed_in, visitor
from web.conftest import Pages
from web.metered import MN, RIGHT, WRONG, Metered, holed, metered, registered_now
from web.own import Own, own_demo, post

ALL = Scope.all("test")


@pytest.fixture(scope="module")
def own(demo_once: tuple[Path, object], tmp_path_factory: pytest.TempPathFactory) -> tuple[Own, Metered]:
    """A copy of the demo in which two units have meters with three days of readings."""
    made = own_demo(demo_once, tmp_path_factory)
    return made, metered(made.workspace)


def text_of(page: str) -> str:
    """The words of a page."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.partition("<main")[2]))


def main_of(own: tuple[Own, Metered], person: str, address: str) -> str:
    """The words of a page as somebody sees it, which must be there."""
    answer = own[0].as_(person).get(address)
    assert answer.status_code == 200, (address, answer.text[:300])
    return text_of(answer.text)


def workspace_of(own: tuple[Own, Metered]) -> Workspace:
    """The workspace behind the pages."""
    workspace: Workspace = own[0].app.state.site.workspace
    return workspace


def due_on(own: tuple[Own, Metered], day: date) -> tuple[int, int, int, int]:
    """Of a day: meters that should send, those of which something came, points due, points that came."""
    metering = metering_of(workspace_of(own))
    register = metering.moment().register
    received = {r["meter"]: r["received"] for r in metering.quality(day).to_pylist()}
    here = [m for s in register.spells.values() for m in s if m.valid_from <= day < m.valid_to and m.every <= 1440]
    return (
        len(here), sum(received.get(m.number, 0) > 0 for m in here), sum(1440 // m.every for m in here),
        sum(received.get(m.number, 0) for m in here),
    )  # fmt: skip


def test_the_board_says_who_is_connected_how_good_it_is_and_what_to_repair_first(own: tuple[Own, Metered]) -> None:
    """Its figures are those of the day's quality, a silent meter counted as due and never as nought."""
    made, metering = own[1], metering_of(workspace_of(own))
    day = metering.unit_day(made.days[-1])
    found = summed(day, range(len(day.units)))
    assert (found.meters, found.connected, found.expected, found.received) == due_on(own, made.days[-1])
    two = [day.units.index(u) for u in (made.own, made.other)]
    assert summed(day, two).silent >= 1
    page = main_of(own, "demo.administrator", "/metering")
    assert f"{share(found.connection)} {found.connected} / {found.meters}" in page
    assert share(found.completeness) in page
    mine = main_of(own, "demo.unit", "/metering")
    own_day = summed(day, two[:1])
    assert f"{share(own_day.connection)} {own_day.connected} / {own_day.meters}" in mine
    assert f"恢复 {own_day.silent} 只无数据的表" in mine
    assert metering.calendar.after(made.days[-1], 3).day.isoformat() in mine
    english = main_of(own, "demo.unit", "/metering?lang=en&show=score")
    assert f"bring {own_day.silent} silent meters back" in english


def test_the_board_goes_down_to_the_units_of_a_county(own: tuple[Own, Metered]) -> None:
    """A line of the city leads to its county, where the units stand with their own quality."""
    client = own[0].as_("demo.administrator")
    page = client.get("/metering").text
    links = re.findall(r'<th scope="row"><a href="(/metering\?region=s_\w+[^"]*)"', page)
    assert len(links) >= 2
    lower = [client.get(link.replace("&amp;", "&")).text for link in links]
    assert sum(f"/meters?unit={own[1].own}" in x for x in lower) == 1
    assert sum(f"/meters?unit={own[1].other}" in x for x in lower) == 1


def test_a_day_without_readings_has_no_figures_and_says_so(own: tuple[Own, Metered]) -> None:
    """Before the meters were there nothing is drawn, and the page says why and what to do."""
    page = main_of(own, "demo.administrator", "/metering?day=2001-01-01")
    assert "2001-01-01 没有应上报的表" in page
    assert "0%" not in page


def test_the_list_has_each_meter_with_its_state_and_last_reading(own: tuple[Own, Metered]) -> None:
    """Live states follow from the last reading; filters, search and exports leave the rows that fit."""
    client = own[0].as_("demo.administrator")
    rows = list(csv.DictReader(io.StringIO(_table(client.get("/meters.csv?lang=en&q=T-").text))))
    by = {r["code"]: r for r in rows if r["code"].startswith("T-")}
    assert set(by) == set(own[1].numbers)
    assert by["T-SILENT"]["live"] == "never"
    assert by["T-SILENT"]["last_value"] == ""
    assert by["T-MAIN"]["live"] in ("online", "late", "offline")
    assert Decimal(by["T-MAIN"]["last_value"]) == 25
    never = text_of(client.get("/meters?live=never&q=T-").text)
    assert "T-SILENT" in never
    assert "T-MAIN" not in never
    of_unit = text_of(client.get(f"/meters?unit={own[1].other}").text)
    assert "T-OTHER" in of_unit
    assert "T-MAIN" not in of_unit
    assert client.get("/meters.xlsx").content[:2] == b"PK"


def _table(text: str) -> str:
    """The rows of an exported file under a head of column names, without the notes before them."""
    lines = text.lstrip("\ufeff").splitlines()
    at = next(n for n, line in enumerate(lines) if "code code" in line)
    head = ",".join(name.rsplit(" ", 1)[-1] for name in lines[at].split(","))
    return "\n".join([head, *lines[at + 1 :]])


def test_one_meter_shows_its_hours_with_gap_and_flaws(own: tuple[Own, Metered]) -> None:
    """The chart's figures are those of the roll-up; missing hours are gaps with their reason, not noughts."""
    made, workspace = own[1], workspace_of(own)
    number, day = made.numbers["T-MAIN"], made.days[0]
    client = own[0].as_("demo.officer.990101")
    page = client.get(f"/meters/{number}?day={day.isoformat()}").text
    chart = json.loads(re.search(r'<script type="application/json">(.*?)</script>', page)[1])  # type: ignore[index]
    hours = meter_hours(workspace, ALL, workspace.clock(), made.own, number, day, day)
    drawn = [v for v in chart["series"][0]["values"] if v is not None]
    assert drawn == [float(h.quantity) for h in hours if h.quantity is not None]
    assert chart["series"][0]["values"][8:12] == [None] * 4
    assert all(chart["gaps"][8:12])
    assert not any(chart["gaps"][:8])
    words = text_of(page)
    assert "缺数" in words
    assert "千瓦时" in words
    assert "T-PART" in words


def test_a_corrected_reading_and_a_late_one_are_told(own: tuple[Own, Metered]) -> None:
    """Of one moment the last reading counts, the older ones stay and are marked; what came late says how late."""
    made, workspace = own[1], workspace_of(own)
    number, day = made.numbers["T-MAIN"], made.days[-1]
    state = metering_of(workspace).moment()
    meter = state.register.spells[number][0]
    taken = readings_of(workspace.lake, workspace.clock(), meter, day, day, 3_600_000_000)
    same = [t for t in taken if t.at == made.corrected]
    assert [(int(t.value or 0), t.holds) for t in same] == [(25, False), (WRONG, False), (RIGHT, True)]
    assert len(taken) == 96 + 2
    client = own[0].as_("demo.unit")
    page = text_of(client.get(f"/meters/{number}?day={day.isoformat()}").text)
    assert page.count("已被更正") >= 2
    part = text_of(client.get(f"/meters/{made.numbers['T-PART']}?day={day.isoformat()}").text)
    assert "晚到" in part
    listed = client.get(f"/meter-readings?meter={number}&at_min={day}&at_max={day}&holds=false")
    assert listed.status_code == 200
    assert "共 2 条" in text_of(listed.text)
    exported = client.get(f"/meter-readings.csv?meter={number}&at_min={day}&at_max={day}").text
    assert exported.count(f"\n{day.isoformat()}") == 97


def test_the_month_of_a_meter_sums_what_is_known_and_says_how_much_that_is(own: tuple[Own, Metered]) -> None:
    """The sum by month is that of its days; the share of hours that is known stands beside it."""
    made, workspace = own[1], workspace_of(own)
    number, last = made.numbers["T-MAIN"], made.days[-1]
    days = meter_days(workspace, ALL, workspace.clock(), made.own, number, last.replace(day=1), last)
    total = sum((d.quantity for d in days if d.quantity is not None), Decimal(0))
    page = main_of(own, "demo.unit", f"/meters/{number}?month={last:%Y-%m}")
    assert grouped(total, 3, fixed=True) in page
    assert "仅提示可能需要核查，不是结论" in page
    quality = quality_of(workspace.lake, workspace.clock(), number, made.days)
    assert [quality[d]["received"] for d in made.days] == [80, 96, 96]
    assert "80 / 96" in main_of(own, "demo.unit", f"/meters/{number}?month={made.days[0]:%Y-%m}")


def test_concentrations_are_drawn_as_readings(own: tuple[Own, Metered]) -> None:
    """What is no amount is not summed: its readings are a line, and its month says so."""
    number, day = own[1].numbers["T-COD"], own[1].days[-1]
    client = own[0].as_("demo.administrator")
    page = client.get(f"/meters/{number}?day={day.isoformat()}").text
    chart = json.loads(re.search(r'<script type="application/json">(.*?)</script>', page)[1])  # type: ignore[index]
    assert chart["kind"] == "line"
    assert chart["series"][0]["values"] == [40.0] * 24
    assert "不按日加总" in text_of(client.get(f"/meters/{number}?month={day:%Y-%m}").text)


def test_a_silent_meter_is_never_shown_as_nought(own: tuple[Own, Metered]) -> None:
    """It says that nothing came, why the chart is empty, and what to do."""
    page = main_of(own, "demo.unit", f"/meters/{own[1].numbers['T-SILENT']}?day={own[1].days[-1].isoformat()}")
    assert "从未上报" in page
    assert "没有收到读数" in page
    assert "未登记通道" in page


def test_stations_and_channels_without_a_meter(own: tuple[Own, Metered]) -> None:
    """A station stands with its meters and its newest data; a channel nobody registered with its fields filled in."""
    assert MN in main_of(own, "demo.officer.990101", "/stations")
    assert MN not in main_of(own, "demo.officer.990102", "/stations")
    one = main_of(own, "demo.unit", f"/stations/{MN}")
    assert "化学需氧量" in one
    waits = main_of(own, "demo.unit", "/meters/unmapped")
    assert "T-NEW" in waits
    assert "T-NEW" not in main_of(own, "demo.officer.990102", "/meters/unmapped")


def test_the_intake_says_how_it_fares_and_what_to_do(own: tuple[Own, Metered]) -> None:
    """Before a collector ran it says so; then by way, with refusals in words; silent after two minutes."""
    workspace = workspace_of(own)
    assert "未启动过" in main_of(own, "demo.administrator", "/metering/health")
    tally = Tally()
    tally.taken("http", 1200, rows_refused=3, posts=2)
    tally.refused("http", "ING-004", 5)
    tally.refused("hj212", "crc", 7)
    now = workspace.clock()
    said = {"state": "running", "at": now.isoformat(), "began_at": now.isoformat(), "ways": tally.as_dict(),
            "journal_bytes": 4096, "posts_a_second": 1.5, "readings_a_second": 60.0, "broken": []}  # fmt: skip
    with writing(workspace.engine) as db:
        set_consumer_mark(db, "collector", json.dumps(said), at=now)
        set_consumer_mark(db, "follows/quality", "0", at=now)
    page = main_of(own, "demo.administrator", "/metering/health")
    assert "运行正常" in page
    assert "读数令牌无效 5" in page
    assert "CRC 不符 7" in page
    assert re.search(r"质量检查 \d", page)
    assert "只给主管人员看" in main_of(own, "demo.unit", "/metering/health")
    with writing(workspace.engine) as db:
        old = {**said, "at": (now - timedelta(minutes=5)).isoformat()}
        set_consumer_mark(db, "collector", json.dumps(old), at=now)
    assert "没有消息" in main_of(own, "demo.administrator", "/metering/health")


def test_where_nothing_comes_any_more_what_is_offline_is_the_next_step(pages: Pages) -> None:
    """The demo's readings end in 2025: its last day met every rule, and still the first thing is to have them back."""
    text = signed_in(pages.app, "demo.unit").get("/metering").text
    step = re.search(r'<aside class="next">.*?</aside>', text, re.DOTALL)
    assert step is not None
    assert "只表离线" in step[0]
    assert 'href="/meters?live=offline' in step[0]


def test_pages_of_meters_light_metering_in_the_head_and_show_no_ids(pages: Pages) -> None:
    """Lists of meters, stations and channels belong to metering; senders and flows have names."""
    client = signed_in(pages.app, "demo.administrator")
    for path in ("/meters", "/stations", "/meters/unmapped", "/metering/health"):
        assert '<a href="/metering" aria-current="page">' in client.get(path).text, path
    waits = text_of(client.get("/meters/unmapped").text)
    assert "单位上报" in waits
    assert not re.search(r"\bs_[a-z0-9]{10}", waits)
    station = re.search(r'href="(/stations/[^"?]+)"', client.get("/stations").text)
    assert station is not None
    assert not re.search(r"\ba00000 ", text_of(client.get(station[1]).text))


def test_every_follower_of_readings_has_words(own: tuple[Own, Metered]) -> None:
    """Who works on what is stored is called by words on the page of the intake."""
    texts = read_messages(*MESSAGES)
    assert [f.name for f in followers(workspace_of(own)) if f"intake.follows_{f.name}" not in texts] == []


def test_each_sees_the_meters_of_their_scope_alone(own: tuple[Own, Metered]) -> None:
    """A unit its own, an officer the county's, the public none; another's meter is told like one that is not there."""
    made = own[1]
    mine, other = made.numbers["T-MAIN"], made.numbers["T-OTHER"]
    unit, neighbour = own[0].as_("demo.unit"), own[0].as_("demo.officer.990102")
    assert unit.get(f"/meters/{mine}").status_code == 200
    there, never = unit.get(f"/meters/{other}"), unit.get("/meters/987654")
    assert there.status_code == never.status_code == 404
    pairs = ((there, str(other)), (never, "987654"))
    told = [text_of(x.text).replace(n, "N").partition("请求编号")[0] for x, n in pairs]
    assert told[0] == told[1]
    assert neighbour.get(f"/meters/{mine}").status_code == 404
    assert neighbour.get(f"/meter-readings?meter={mine}").status_code == 404
    assert "T-MAIN" not in neighbour.get("/meters?q=T-").text
    assert "T-MAIN" not in neighbour.get("/meters.csv").text
    assert neighbour.get(f"/metering?region={made.own}").status_code == 404
    for address in ("/metering", "/meters", f"/meters/{mine}", "/stations", "/metering/health", "/meters/unmapped"):
        assert own[0].as_("demo.bank").get(address, follow_redirects=False).status_code == 403, address


def test_a_meter_registered_a_moment_ago_is_found(own: tuple[Own, Metered], monkeypatch: pytest.MonkeyPatch) -> None:
    """Its page, its month and its readings are there though the register was looked at just before."""
    made, workspace = own[1], workspace_of(own)
    monkeypatch.setattr(metering_state, "ASKED", 3600.0)
    metering_of(workspace).moment()
    for prefix in ("/meters/", "/meter-readings?meter="):
        number = registered_now(workspace, made, "N-" + prefix.strip("/")[:9])
        answer = own[0].as_("demo.administrator").get(f"{prefix}{number}")
        assert answer.status_code == 200, prefix


def test_filled_hours_are_drawn_beside_what_is_known(own: tuple[Own, Metered]) -> None:
    """Two missing hours get a line between their neighbours, marked with method and share; else they stay gaps."""
    made, workspace = own[1], workspace_of(own)
    day = made.days[1]
    number = holed(workspace, made, day)
    client = own[0].as_("demo.administrator")
    plain = client.get(f"/meters/{number}?day={day.isoformat()}").text
    assert [s["css"] for s in _chart_of(plain)["series"]] == ["measured"]
    page = client.get(f"/meters/{number}?day={day.isoformat()}&fill=yes").text
    measured, filled = _chart_of(page)["series"]
    assert (filled["css"], measured["values"][10:12], measured["values"][9]) == ("filled", [None, None], 40.0)
    assert [n for n, v in enumerate(filled["values"]) if v is not None] == [10, 11]
    assert filled["values"][10:12] == [56.0, 72.0]
    words = text_of(page)
    assert "占 8.3%（前后两点线性内插 2 小时）" in words
    assert "不存为读数" in words
    english = text_of(client.get(f"/meters/{number}?month={day:%Y-%m}&fill=yes&lang=en").text)
    assert "a line between the hours on both sides, 2 h" in english
    hours = meter_hours(workspace, ALL, workspace.clock(), made.other, number, day, day)
    assert all(h.quantity is None for h in hours if h.start.astimezone(CHINA).hour in (10, 11))


def _chart_of(page: str) -> Any:
    found = re.search(r'<script type="application/json">(.*?)</script>', page)
    return json.loads(found[1]) if found else None


def test_a_unit_says_on_which_days_it_is_closed(own: tuple[Own, Metered]) -> None:
    """It stands with who said it, is taken back with a reason, and another unit's page is not there."""
    made = own[1]
    client, page = own[0].as_("demo.unit"), f"/units/{own[1].own}/closed-days"
    assert "没有登记停产日" in text_of(client.get(page).text)
    wrong = post(client, page, page, first="2026-02-14", last="2026-02-01")
    assert wrong.status_code == 400
    assert "止日早于起日" in text_of(wrong.text)
    assert 'value="2026-02-14"' in wrong.text
    assert post(client, page, page, first="", kind="rest").status_code == 400
    day = made.days[-1].isoformat()
    assert post(client, page, page, first=day, kind="maintenance", note="年度检修（合成）").status_code == 303
    listed = client.get(page).text
    assert "年度检修（合成）" in text_of(listed)
    month = main_of(own, "demo.unit", f"/meters/{made.numbers['T-MAIN']}?month={made.days[-1]:%Y-%m}")
    assert "登记的停产、休息日 1 天" in month
    row = re.search(r'name="row" value="(g_\w+)"', listed)[1]  # type: ignore[index]
    assert post(client, f"{page}/withdraw", page, row=row, reason="").status_code == 400
    auditor = own[0].as_("demo.auditor").get(page)
    assert auditor.status_code == 200
    assert row not in auditor.text
    assert own[0].as_("demo.officer.990102").get(page).status_code == 404
    assert post(client, f"{page}/withdraw", page, row=row, reason="照常生产").status_code == 303
    assert "没有登记停产日" in text_of(client.get(page).text)


def test_a_token_is_shown_once_and_revoked(own: tuple[Own, Metered]) -> None:
    """The secret stands on the answer that made it and nowhere after; a revoked one takes no readings."""
    made, workspace = own[1], workspace_of(own)
    client, page = own[0].as_("demo.unit"), f"/units/{own[1].own}/tokens"
    answer = post(client, page, page, label="能管系统（合成）", days="30")
    secret = re.search(r"skr_[\w-]{20,}", answer.text)[0]  # type: ignore[index]
    assert answer.headers["cache-control"] == "no-store"
    book = TokenBook(workspace)
    book.refresh()
    assert book.known(secret) == made.own
    listed = client.get(page).text
    assert secret not in listed
    assert secret[:10] in listed
    token = re.search(r'name="token" value="(r_\w+)"', listed)[1]  # type: ignore[index]
    foreign = own[0].as_("demo.officer.990102")
    assert foreign.get(page).status_code == 404
    assert post(client, f"{page}/revoke", page, token=token).status_code == 303
    assert "收回" in text_of(client.get(page).text)
    assert f'value="{token}"' not in client.get(page).text
    wrong = post(client, page, page, label="", days="0")
    assert wrong.status_code == 400
    assert "skr_" not in wrong.text.partition("<main")[2].replace(secret[:10], "")
    book.refresh()
    assert book.known(secret) is None
    assert own[0].as_("demo.auditor").get(page).status_code == 403


def test_other_pages_say_what_meters_say(own: tuple[Own, Metered]) -> None:
    """A unit's file has its meters in short, a region's page and the home page a line; the public neither."""
    made = own[1]
    unit = main_of(own, "demo.unit", f"/units/{made.own}")
    state = metering_of(workspace_of(own)).moment()
    assert f"全部 {sum(m.subject_id == made.own for m in state.register.current)} 只表" in unit
    assert "电力" in unit
    home = main_of(own, "demo.administrator", "/")
    assert "表计联网率" in home
    path = metering_of(workspace_of(own)).places().path(made.own, None)
    county = path[-2]
    assert "表计联网率" in main_of(own, "demo.officer.990101", f"/regions/{county.id}")
    assert "表计联网率" not in visitor(own[0].app).get(f"/regions/{county.id}").text


def test_the_month_that_runs_is_told_up_to_its_last_whole_day(own: tuple[Own, Metered]) -> None:
    """The sum of the days that are over beside the share of their hours: what is still to come is not missing."""
    made = own[1]
    last = made.days[-1]
    now = workspace_of(own).clock()
    found = meter_months(workspace_of(own), ALL, now, last, last, [made.other], until=last)
    month = next(m for m in found if m.item == "electricity")
    for language, words in (("zh", f"累计，截至 {last}"), ("en", f", up to {last}")):
        page = main_of(own, "demo.administrator", f"/units/{made.other}?lang={language}")
        assert words in page
        assert share(month.measured + month.spread) in page.partition(words)[2]


def test_every_live_state_has_words_and_a_mark() -> None:
    """No state is told by colour alone."""
    assert all(w.label.zh and w.label.in_("en") and w.why.zh for w in LIVE.values())
    assert len({w.status for w in LIVE.values()}) == len(LIVE)


def test_without_meters_each_page_says_what_to_do(empty: Any) -> None:
    """In a workspace where nothing is registered or judged the pages open and lead on."""
    for address in ("/metering", "/meters", "/stations", "/meters/unmapped", "/metering/health"):
        answer = empty.get(address)
        assert answer.status_code == 200, address
        assert "下一步" in answer.text, address


def test_faults_of_a_station_are_on_its_page_and_unknown_senders_are_told_to_who_oversees(
    own: tuple[Own, Metered],
) -> None:
    """Counts, reasons and the last time of this station alone; an MN of nobody is shown to no unit."""
    workspace = workspace_of(own)
    log = FaultLog(workspace.clock)
    for _ in range(3):
        log.add(MN, Fault("password"), "10.0.0.5:50112")
    log.add("88OTHER", Fault("crc", 0, "0A1B"), "10.0.0.6:50113")
    log.add("", Fault("station", 0, "88NEW0000000000000001"), "10.0.0.9:50001")
    with writing(workspace.engine) as db:
        set_consumer_mark(db, STATION_FAULTS, json.dumps(log.as_dict()), at=workspace.clock())
    mine = main_of(own, "demo.unit", f"/stations/{MN}")
    assert "站点密码不符 password 拒收，不应答 3" in mine
    assert "10.0.0.5:50112" in mine
    assert "CRC 不符" not in mine
    assert "88NEW0000000000000001" in main_of(own, "demo.officer.990100", "/stations")
    assert "88NEW0000000000000001" not in main_of(own, "demo.unit", "/stations")


def test_pollutants_are_on_the_pages_of_units_and_regions(own: tuple[Own, Metered]) -> None:
    """What the demo's outlets let out in their month: the unit with its outlet and hours, the city with its sums."""
    made = metered_city(make_city())
    station = made.province.stations[0]
    unit = main_of(own, "demo.officer.990100", f"/units/{made.subjects[station.unit]}")
    assert "在线监测排放量" in unit
    assert "744 / 744" in unit
    with reading(workspace_of(own).engine) as db:
        (city,) = db.execute(sa.text("SELECT DISTINCT subject_id FROM subject_alias WHERE value = '990100'")).scalars()
    region = main_of(own, "demo.officer.990100", f"/regions/{city}")
    assert "在线监测排放量" in region
    assert "744 / 744" not in region
