"""JSON twins of the pages (接口): the same figures, decimals as text, one error shape."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from pydantic import BaseModel

from shuangkong.app.explaining import packs_of_run
from shuangkong.app.web import home as h
from shuangkong.app.web.choice import own_region, seen
from shuangkong.app.web.cockpit import Cockpit, of_region
from shuangkong.app.web.context import Asked, Asks
from shuangkong.app.web.findings_list import SPEC, findings_source, given
from shuangkong.app.web.projects_list import LISTING as PROJECTS
from shuangkong.app.web.projects_list import given as projects_given
from shuangkong.app.web.projects_list import projects_source
from shuangkong.app.web.reason_page import reason_json
from shuangkong.app.web.rows import Finding, finding_of
from shuangkong.app.web.rule_changes_list import LISTING as CHANGES
from shuangkong.app.web.rule_changes_list import changes_source
from shuangkong.app.web.rule_changes_list import given as changes_given
from shuangkong.app.web.sentences import Teller
from shuangkong.app.web.tables_list import LISTING as RULES
from shuangkong.app.web.tables_list import given as rules_given
from shuangkong.app.web.tables_list import rules_source
from shuangkong.app.web.units_list import SPEC as UNITS_SPEC
from shuangkong.app.web.units_list import given as units_given
from shuangkong.app.web.units_list import method_of, units_source
from shuangkong.app.whatif import tried
from shuangkong.app.whatif_effects import effects
from shuangkong.dualcontrol.api import has_reason
from shuangkong.webkit.api import Choices, Part, TableSpec, parse_choices, query_parameters, read_part


class Trouble(BaseModel):
    """What every error of the interface looks like, see app/web/errors.py."""

    code: str
    title: str
    message: str
    remedy: str
    where: str
    request_id: str


#: What else may be answered, and when.
TROUBLES: dict[int | str, dict[str, Any]] = {
    400: {"model": Trouble, "description": "参数无效 / a parameter is not in range"},
    401: {"model": Trouble, "description": "未登录，或令牌无效 / not signed in, or the token does not stand"},
    403: {"model": Trouble, "description": "无此权限 / not allowed"},
    404: {"model": Trouble, "description": "没有，或看不到 / not there, or not to be seen"},
    422: {"model": Trouble, "description": "参数类型不符 / a parameter is not of its type"},
}
router = APIRouter(prefix="/api", tags=["api"], responses=TROUBLES)
MOST = 1000
Reads = Annotated[Asked, Depends(Asks("findings.read"))]
Tries = Annotated[Asked, Depends(Asks("scenario.run"))]
ReadsUnits = Annotated[Asked, Depends(Asks("units.read"))]


def as_json(data: object) -> Response:
    """Any plain data; decimals keep their digits as text, days and instants are ISO."""
    text = json.dumps(data, ensure_ascii=False, default=_plain)
    return Response(text, media_type="application/json")


def _plain(value: object) -> Any:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)
    return str(value)


def finding_json(f: Finding, tell: Teller) -> dict[str, Any]:
    """A finding with its names, sentence and address."""
    row = {name: getattr(f, name) for name in Finding.__dataclass_fields__}
    return row | {
        "subject": tell.who(f.subject_id), "indicator": tell.indicator(f.indicator_id), "sentence": tell.tell(f),
        "cites": tell.clause(f), "next_step": tell.next_step(f), "href": f"/findings/{f.finding_key}",
    }  # fmt: skip


@router.get("/home")
def home(a: Reads, view: str = "", region: str = "", period: str = "") -> Response:
    """The home page: counts by status, what needs attention, and the parts of a region or what can be chosen."""
    run = a.needed()
    asked = seen(run, region, period)
    own = "" if view else asked.region or own_region(run)
    if own and run.subjects[own].level != "nation":
        return as_json(_cockpit(of_region(run, run.subjects[own], asked.period), Teller(run, a.speaker)))
    offered = h.choices(run)
    choice = h.chosen(offered, view)
    tell = Teller(run, a.speaker)
    return as_json({
        "run": run.run.run_id, "number": run.run.number, "known": run.run.known, "as_of": run.run.as_of,
        "view": choice.key if choice else None, "views": [c.key for c in offered],
        "counts": dict(choice.counts) if choice else {},
        "attention": [finding_json(f, tell) for f in h.attention(run, choice)],
        "changes": h.changed(run)["counts"], "honesty": h.honesty(run),
    })  # fmt: skip


def _cockpit(c: Cockpit, tell: Teller) -> dict[str, Any]:
    """A region's cockpit; without a period of how each target stands now."""
    run = tell.view.run
    return {
        "run": run.run_id, "number": run.number, "known": run.known, "as_of": run.as_of,
        "region": c.subject.id if c.subject else None, "period": c.period or None, "counts": dict(c.counts),
        "attention": [finding_json(f, tell) for f in c.attention],
        "targets": [finding_json(b.finding, tell) for b in c.bullets],
        "parts": [{"subject_id": p.subject.id, "name": tell.who(p.subject.id), "counts": dict(p.counts),
                   "worst": p.worst.status if p.worst else None, "href": p.subject.href} for p in c.parts],
        "units": {"registered": c.units_total, "judged": c.units_judged, "counts": dict(c.units)},
    }  # fmt: skip


def _choices(a: Asked, spec: TableSpec) -> Choices:
    """What is asked of a list, filtered and sorted as on its page, up to `MOST` rows at a time."""
    return parse_choices(spec, a.request.query_params.multi_items(), sizes=range(1, MOST + 1))


def _linked(part: Part, path: str, key: str) -> list[dict[str, Any]]:
    """The rows of a part, each with the address of its own page."""
    return [{**r, "href": f"{path}/{r[key]}"} for r in part.rows]


def _page(part: Part, **more: Any) -> Response:
    """A part of a list with how much there is of it."""
    return as_json({"total": part.total, "page": part.number, "pages": part.pages, **more})


@router.get("/findings", openapi_extra={"parameters": query_parameters(SPEC, MOST)})
def findings(a: Reads) -> Response:
    """Findings of the newest run, filtered and sorted as on the page; up to a thousand at a time."""
    run = a.needed()
    choices = _choices(a, SPEC)
    part = read_part(findings_source(run), choices, given(run))
    tell = Teller(run, a.speaker)
    return _page(part, findings=[finding_json(finding_of(r), tell) for r in part.rows])


@router.get("/units", openapi_extra={"parameters": query_parameters(UNITS_SPEC, MOST)})
def units(a: ReadsUnits) -> Response:
    """Units of the newest run, filtered and sorted as on the page; up to a thousand at a time."""
    run = a.needed()
    choices = _choices(a, UNITS_SPEC)
    part = read_part(units_source(run, choices.value("period")), choices, units_given(run))
    return _page(part, method=method_of(run), units=_linked(part, "/units", "subject_id"))


@router.get("/projects", openapi_extra={"parameters": query_parameters(PROJECTS.spec, MOST)})
def projects(a: ReadsUnits) -> Response:
    """Projects of the newest run with what the register says of them, filtered and sorted as on the page."""
    run = a.needed()
    choices = _choices(a, PROJECTS.spec)
    part = read_part(projects_source(run), choices, projects_given(run))
    return _page(part, projects=_linked(part, "/projects", "subject_id"))


@router.get("/rule-findings", openapi_extra={"parameters": query_parameters(RULES.spec, MOST)})
def rule_findings(a: Reads) -> Response:
    """What rules say in the newest run, filtered and sorted as on the page; `signal` is good, warn or bad."""
    run = a.needed()
    choices = _choices(a, RULES.spec)
    part = read_part(rules_source(run), choices, rules_given(run))
    return _page(part, findings=_linked(part, "/rules/findings", "finding_key"))


@router.get("/rule-changes", openapi_extra={"parameters": query_parameters(CHANGES.spec, MOST)})
def rule_changes(a: Reads) -> Response:
    """What opened, changed and closed of the findings of rules since the run before."""
    run = a.needed()
    choices = _choices(a, CHANGES.spec)
    part = read_part(changes_source(run), choices, changes_given(run))
    return _page(part, changes=part.rows)


@router.get("/whatif/{run_id}")
def scenario(a: Tries, run_id: str) -> Response:
    """What a scenario would mean: who gains, loses and becomes red, what it costs, and every change."""
    found = tried(a.workspace, run_id, a.scope, a.who.principal)
    packs = packs_of_run(a.workspace, found.run)
    told = effects(a.workspace, found, packs, a.scope).as_dict()
    return as_json({"scenario": run_id, "base": found.base.run_id, "name": found.overlay.name, **told})


@router.get("/findings/{key}")
def finding(a: Reads, key: str) -> Response:
    """One finding, grade, nowcast, consequence, estimate or flexed total with the chain that it rests on."""
    run = a.needed()
    if has_reason(key):
        return as_json(reason_json(run, key, a.speaker))
    chain = run.why(key).as_dict()
    return as_json({"run": run.run.run_id, **chain, "told": finding_json(run.finding(key), Teller(run, a.speaker))})
