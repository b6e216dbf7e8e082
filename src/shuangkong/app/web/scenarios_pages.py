"""Pages of scenarios of the path to the peak (达峰情景): a list, a form that works out as it is moved, one, two."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

import pyarrow as pa
from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from shuangkong.app.scenarios import INSTEAD, Place, Read, assumed, begun, place_of, read_again, saved
from shuangkong.app.web.context import Asked, Asks
from shuangkong.app.web.documents_pages import names_of
from shuangkong.app.web.json_api import TROUBLES, as_json
from shuangkong.app.web.listings import Eyes, Listing
from shuangkong.app.web.reading import RunView
from shuangkong.app.web.scenarios_shown import UNITS, ScenarioTeller, beside
from shuangkong.app.web.sent import Sent
from shuangkong.dualcontrol.api import (
    FLEX_TOTALS,
    LEVERS,
    QUANTILES,
    Scenario,
    Worked,
    canonical,
    scenario_data,
    scenarios_seen,
    share_scenario,
    withdraw_scenario,
    work_out,
)
from shuangkong.engine.api import reading, writing
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.kernel.numbers import parse_decimal
from shuangkong.webkit.api import FileSource, Format, TableColumn, TableSpec, parse_choices, require

router = APIRouter(include_in_schema=False)
api = APIRouter(prefix="/api", tags=["api"], responses=TROUBLES)
Reads = Annotated[Asked, Depends(Asks("flex.read"))]
Tries = Annotated[Asked, Depends(Asks("scenario.run"))]
LISTED = 100
_AMOUNTS = (
    ("value_added", Label("地区生产总值", "GDP"), "CNY"), ("energy", Label("能耗", "energy"), "tce"),
    ("co2", Label("二氧化碳", "CO2"), "tCO2"),
    ("energy_per_gdp", Label("单位地区生产总值能耗", "energy per GDP"), "tce/10k_CNY"),
    ("co2_per_gdp", Label("单位地区生产总值二氧化碳排放", "CO2 per GDP"), "tCO2/10k_CNY"),
    ("nonfossil_share", Label("非化石能源占比", "non-fossil share"), "1"),
    ("industry_share", Label("工业占比", "share of industry"), "1"),
    ("coal_share", Label("煤炭占其余能源", "share of coal in the rest"), "1"),
)  # fmt: skip
_BANDS = tuple(
    (f"{what}_p{int(q * 100)}", Label(f"{zh} {int(q * 100)}% 分位", f"{en}, {int(q * 100)} % quantile"), unit)
    for what, zh, en, unit in (("co2", "二氧化碳", "CO2", "tCO2"), ("energy", "能耗", "energy", "tce"))
    for q in QUANTILES
)
SPEC = TableSpec(
    "scenario",
    Label("达峰情景", "Scenario of the peak"),
    (
        TableColumn("year", Label("年", "year"), "number", "a"),
        *(TableColumn(n, label, "number", unit) for n, label, unit in (*_AMOUNTS, *_BANDS)),
    ),
    key=("year",),
    orders={"year": ("year",)},
    default="year",
    codes=True,
)


@router.get("/scenarios")
def listed(a: Reads) -> HTMLResponse:
    """Scenarios that one saved or that were shared, newest first."""
    view = a.view()
    with reading(a.workspace.engine) as db:
        found = scenarios_seen(db, a.scope, a.workspace.clock())[:LISTED]
    return a.page(
        "scenarios.html", view, rows=found, people=names_of(a), own=a.scope.principal,
        places=_regions(view) if view else [],
    )  # fmt: skip


def _regions(view: RunView) -> list[Any]:
    """Regions of which there are totals, by code."""
    path = view.run.folder / f"{FLEX_TOTALS.name}.parquet"
    rows = view._once(("flex-regions",), lambda: view._rows(FLEX_TOTALS, "control = 'carbon'")) if path.exists() else []
    ids = {r["subject_id"] for r in rows if r["gross"] is not None}
    return sorted((view.subjects[s] for s in ids if s in view.subjects), key=lambda s: s.code or "")


@router.get("/scenarios/new")
def new(a: Tries, region: Annotated[str, Query(max_length=60)] = "") -> HTMLResponse:
    """The form; each choice in its address is worked out at once and nothing is saved."""
    return _form(a, region, dict(a.request.query_params), None)


def _form(a: Asked, region: str, given: dict[str, str], refused: UserError | None) -> HTMLResponse:
    view = a.needed()
    places = _regions(view)
    code = region or (places[0].id if places else "")
    place = start = scenario = None
    if code:
        try:
            place = place_of(a.workspace, a.scope, code)
            start = begun(place, _whole(given, "year"))
            scenario = _chosen(place, start, given)
        except UserError as wrong:
            if wrong.code not in ("FORM-001", "RUN-001", "REG-001"):
                raise
            refused = refused or wrong
            scenario = start
    told = _told(a, place, scenario) if place and scenario else {}
    return a.page(
        "scenario_new.html", view, status=400 if refused and refused.code == "FORM-001" else 200, places=places,
        place=place, start=start, scenario=scenario, refused=refused, given=given, levers=LEVERS, units=UNITS,
        instead=INSTEAD, plain=lambda v: f"{v:f}",
        subject=view.subjects.get(place.subject_id) if place else None, **told,
    )  # fmt: skip


def _whole(given: dict[str, str], name: str) -> int | None:
    text = given.get(name, "").strip()
    if not text:
        return None
    value = parse_decimal(text)
    if value is None or value != value.to_integral_value() or abs(value) > 10**12:
        raise _number(name, text)
    return int(value)


def _number(name: str, text: str) -> UserError:
    return UserError("FORM-001", f"“{text[:20]}” is not a number.", where=name, remedy="Write 5 or 1.5.",
                     case="scenario_number", facts={"text": text[:20]})  # fmt: skip


def _chosen(place: Place, start: Scenario, given: dict[str, str]) -> Scenario:
    """The scenario of a form; what is not given is as the form begins it."""
    moves: dict[str, Decimal] = {}
    for lever in start.ranges:
        text = given.get(lever, "").strip()
        if text:
            value = parse_decimal(text)
            if value is None:
                raise _number(lever, text)
            moves[lever] = value
    horizon, seed = _whole(given, "horizon"), _whole(given, "seed")
    return assumed(
        start, place, moves, horizon=start.assumed.horizon if horizon is None else horizon,
        instead=given.get("instead") or start.assumed.instead, seed=start.seed if seed is None else seed,
    )  # fmt: skip


def _told(a: Asked, place: Place, scenario: Scenario) -> dict[str, Any]:
    worked = work_out(scenario)
    teller = ScenarioTeller(scenario, worked, place.packs, a.speaker)
    return {"teller": teller, "worked": worked, "fans": [teller.fan("co2"), teller.fan("energy")],
            "goals": teller.goals()}  # fmt: skip


@router.post("/scenarios")
def save(a: Tries, sent: Sent) -> Response:
    """Save what the form holds; the answer is the page of the scenario."""
    given = {k: v for k, v in sent if isinstance(v, str)}
    region = given.get("region", "")
    try:
        place = place_of(a.workspace, a.scope, region)
        scenario = _chosen(place, begun(place, _whole(given, "year")), given)
        made = saved(
            a.workspace, a.scope, place, scenario, given.get("title", ""), given.get("because", ""),
            principal=a.who.principal, follows=_follows(a, given.get("follows", "")),
        )  # fmt: skip
    except UserError as wrong:
        if wrong.code != "FORM-001":
            raise
        return _form(a, region, given, wrong)
    return RedirectResponse(f"/scenarios/{made}", status_code=303)


def _follows(a: Asked, scenario_id: str) -> str | None:
    """The scenario that another was made from, if the reader may see it."""
    return read_again(a.workspace, a.scope, scenario_id).saved.scenario_id if scenario_id else None


@router.get("/scenarios/{scenario_id}.csv")
@router.get("/scenarios/{scenario_id}.xlsx")
def exported(a: Reads, scenario_id: str) -> Response:
    """The path and its fan year by year, as a file."""
    require(a.who, "export")
    view, read = a.needed(), read_again(a.workspace, a.scope, scenario_id)
    found = _listing(a, view, read)
    ending: Format = "xlsx" if a.request.url.path.endswith(".xlsx") else "csv"
    return found.file(Eyes(a.workspace, a.scope, a.speaker), parse_choices(SPEC, []), ending).answer()


def _listing(a: Asked, view: RunView, read: Read) -> Listing:
    rows = [_row(read.worked, n) for n in range(len(read.worked.points))]
    columns = {"year": pa.array([r["year"] for r in rows], pa.int64())}
    columns |= {n: pa.array([r[n] for r in rows], pa.decimal128(38, 6)) for n, _, _ in (*_AMOUNTS, *_BANDS)}
    source = FileSource(
        view.run.folder, FLEX_TOTALS, view.scope, view.seen, names={"scenario_rows": pa.table(columns)},
        listing="SELECT * FROM scenario_rows", key=SPEC.key, kept=True,
    )  # fmt: skip
    teller = ScenarioTeller(read.scenario, read.worked, view.packs, a.speaker)
    remarks = (
        (a.speaker.say("scenarios.title_field"), read.saved.title),
        (a.speaker.say("scenarios.no_book"), a.speaker.say("scenarios.no_book_why")),
        *teller.assumptions(),
        (a.speaker.say("scenarios.seed"), str(read.scenario.seed)),
    )
    return Listing(
        SPEC, "flex.read", lambda _, __: source, lambda _: {}, at=f"/scenarios/{read.saved.scenario_id}",
        remarks=lambda _: remarks,
    )  # fmt: skip


def _row(worked: Worked, n: int) -> dict[str, Any]:
    p, b = worked.points[n], worked.fan.bands[n]
    row: dict[str, Any] = {name: getattr(p, name) for name, _, _ in _AMOUNTS} | {"year": p.year}
    for what in ("co2", "energy"):
        for q, value in zip(QUANTILES, getattr(b, what), strict=True):
            row[f"{what}_p{int(q * 100)}"] = value
    return row


@router.get("/scenarios/{scenario_id}")
def one(a: Reads, scenario_id: str, other: Annotated[str, Query(alias="with", max_length=60)] = "") -> HTMLResponse:
    """One scenario; with another, both side by side."""
    view, shown = a.needed(), _both(a, scenario_id, other)
    with reading(a.workspace.engine) as db:
        rest = scenarios_seen(db, a.scope, a.workspace.clock())[:LISTED]
    read, teller = shown[0]
    mine = read.saved.made_by == a.scope.principal or a.scope.unrestricted
    return a.page(
        "scenario_one.html", view, shown=shown, read=read, teller=teller, goals=[t.goals() for _, t in shown],
        fans=[teller.fan("co2"), teller.fan("energy")] if len(shown) == 1 else [beside(shown, a.speaker)],
        rest=[s for s in rest if s.scenario_id not in (scenario_id, other)], people=names_of(a), other=other,
        subject=view.subjects.get(read.saved.subject_id), mine=mine and a.may("scenario.run"), again=_again(read),
    )  # fmt: skip


def _both(a: Asked, scenario_id: str, other: str) -> list[tuple[Read, ScenarioTeller]]:
    packs = a.needed().packs
    found = [read_again(a.workspace, a.scope, i) for i in (scenario_id, other) if i]
    return [(r, ScenarioTeller(r.scenario, r.worked, packs, a.speaker)) for r in found]


def _again(read: Read) -> str:
    """The choices of a scenario as the address of a form."""
    s = read.scenario
    moves = "&".join(f"{n}={s.assumed.moves.of(n)}" for n in LEVERS)
    return (f"/scenarios/new?region={read.saved.subject_id}&year={s.base.year}&{moves}&horizon={s.assumed.horizon}"
            f"&instead={s.assumed.instead}&seed={s.seed}&follows={read.saved.scenario_id}")  # fmt: skip


@router.post("/scenarios/{scenario_id}/share")
def share(a: Tries, scenario_id: str, sent: Sent) -> Response:
    """Open one's own scenario to who may see its region, or close it again."""
    shared = dict(sent).get("shared") == "1"
    with writing(a.workspace.engine) as db:
        share_scenario(db, a.scope, scenario_id, shared=shared, at=a.workspace.clock(), principal=a.who.principal)
    return RedirectResponse(f"/scenarios/{scenario_id}", status_code=303)


@router.post("/scenarios/{scenario_id}/withdraw")
def withdraw(a: Tries, scenario_id: str) -> Response:
    """Take one's own scenario back."""
    with writing(a.workspace.engine) as db:
        withdraw_scenario(db, a.scope, scenario_id, at=a.workspace.clock(), principal=a.who.principal)
    return RedirectResponse("/scenarios", status_code=303)


@api.get("/scenarios")
def as_list(a: Reads) -> Response:
    """Scenarios that the reader may see, newest first."""
    with reading(a.workspace.engine) as db:
        found = scenarios_seen(db, a.scope, a.workspace.clock())[:LISTED]
    names = ("scenario_id", "subject_id", "title", "because", "shared", "synthetic", "made_at", "follows")
    return as_json({"scenarios": [{n: getattr(s, n) for n in names} for s in found]})


@api.get("/scenarios/{scenario_id}")
def as_data(a: Reads, scenario_id: str) -> Response:
    """One scenario: its inputs, and what is worked out from them."""
    read = read_again(a.workspace, a.scope, scenario_id)
    return as_json({
        "scenario_id": scenario_id, "subject_id": read.saved.subject_id, "title": read.saved.title,
        "is_a_book": False, "same_as_saved": read.same, "synthetic": read.saved.synthetic,
        "inputs": canonical(read.scenario), **scenario_data(read.worked),
    })  # fmt: skip
