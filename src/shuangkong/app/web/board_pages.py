"""Pages of the board (晴雨表): the field of months, why a square is as it is, and the list of nowcasts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, Response

from shuangkong.app.web import board_reading as r
from shuangkong.app.web.board import RED, SHOWN, SPANS, THIRD, asked_period, published_lamp
from shuangkong.app.web.board_list import LISTING, NOWCASTS, given, months_source, years_source, years_table
from shuangkong.app.web.board_told import BoardTeller
from shuangkong.app.web.choice import Chosen, chooser, chosen, sent_on
from shuangkong.app.web.context import Asked, Asks
from shuangkong.app.web.flexed_beside import FlexedTeller, lit
from shuangkong.app.web.json_api import MOST, TROUBLES, _choices, _page
from shuangkong.app.web.listings import list_routes
from shuangkong.app.web.reading import Row, RunView
from shuangkong.app.web.rows import Subject
from shuangkong.dualcontrol.api import has_reason
from shuangkong.kernel.errors import UserError
from shuangkong.webkit.api import parse_choices, query_parameters, read_part, rights

router = APIRouter(include_in_schema=False)
api = APIRouter(prefix="/api", tags=["api"], responses=TROUBLES)
Reads = Annotated[Asked, Depends(Asks("findings.read"))]


def has_page(a: Asked, path: str, action: str = "findings.read") -> bool:
    """Whether there is a page at an address and the reader may open it: a part of the program may not be there."""
    return action in rights().actions and a.may(action) and path in _paths(a.request.app.routes)


def _paths(found: Sequence[Any]) -> Iterator[str]:
    """Addresses of routes, and of those below included routers."""
    for route in found:
        if path := getattr(route, "path", ""):
            yield path
        elif below := getattr(route, "original_router", None):
            yield from _paths(below.routes)


def board(a: Asked) -> Response:
    """Months across, regions down: a region and its parts, with what is red now and what follows by the plans."""
    run = a.needed()
    if (elsewhere := sent_on(a, run)) is not None:
        return elsewhere
    asked = a.request.query_params
    picked = chosen(a, run)
    region = r.first_region(run, picked.region)
    if region is None:
        return a.page("board_none.html", run, chooser=chooser(a, run, stays=True))
    third = asked.get("third", "") if asked.get("third", "") in THIRD else THIRD[0]
    span = next((n for n in SPANS if str(n) == asked.get("span", "")), SHOWN)
    until = asked_period(asked.get("until", "")) or asked_period(picked.period)
    method = asked.get("method", "")[:200]
    made = r.board(run, region, third=third, until=until, span=span, method=method)
    subjects = r.regions_of(run, region)
    return a.page(
        "board.html", run, board=made, say=BoardTeller(run, a.speaker), above=run.path(region.id)[:-1],
        chooser=chooser(a, run, stays=True, shown=Chosen(region.id, picked.period)), thirds=THIRD, spans=SPANS,
        methods=r.methods(r.watched(run, subjects)), method=method,
        follows=[m for m in r.measures(run, subjects) if m["signal"] in ("bad", "warn") or m["needs"]],
        cases=has_page(a, "/cases", "cases.read"), exported=_exported(region),
    )  # fmt: skip


def _exported(region: Subject) -> str:
    return urlencode({"region": region.id})


list_routes(router, LISTING, board)


def years(a: Asked) -> Response:
    """Where each year will end, as seen from each of its months: filtered, sorted and paged on the server."""
    run = a.needed()
    if (elsewhere := sent_on(a, run)) is not None:
        return elsewhere
    choices = parse_choices(NOWCASTS.spec, a.request.query_params.multi_items())
    answer = a.page(
        "board_years.html", run, table=years_table(run, choices, a.speaker), say=BoardTeller(run, a.speaker),
        chooser=chooser(a, run, stays=True),
    )  # fmt: skip
    answer.headers["HX-Push-Url"] = choices.address(NOWCASTS.path)
    return answer


list_routes(router, NOWCASTS, years)


@router.get("/board/{subject_id}/{period}")
def why(a: Reads, subject_id: str, period: str) -> HTMLResponse:
    """Why a square of the board is as it is: each lamp with its figures, target, cut-offs, estimates and revisions."""
    run = a.needed()
    subject = run.subject(subject_id, "region")
    key = asked_period(period)
    watched = r.watched(run, (subject,), key) if key else []
    published = r.published_grades(run, (subject,), key) if key else []
    if not watched and not published:
        raise UserError(
            "RUN-002", f"nothing is said of {subject_id[:60]} in {period[:40]}.", case="not_seen",
            facts={"id": f"{subject_id[:60]} {period[:40]}"}, remedy="Choose a square of the board.",
        )  # fmt: skip
    flexed = FlexedTeller(run, a.speaker, (subject,))
    return a.page(
        "board_why.html", run, **reasons(run, subject, key, watched, published, flexed),
        say=BoardTeller(run, a.speaker), chooser=chooser(a, run, shown=Chosen(subject.id)),
        cases=has_page(a, "/cases", "cases.read"),
    )  # fmt: skip


def reasons(
    run: RunView, subject: Subject, key: str, watched: list[Row], published: list[Row], flexed: FlexedTeller
) -> dict[str, Any]:  # fmt: skip
    """Everything that the page of a square shows: a part for each row, the published grades, what follows.

    `red` are the parts that are red and of which no flexed total says that nothing has to be cut; `let_be` the others.
    """
    said = r.said_before(run, subject, key)
    printed = {x.what: x for x in (published_lamp(p) for p in published if p["value"] is not None)}
    order = {row["what"]: n for n, row in enumerate(watched)}
    parts: list[dict[str, Any]] = [
        {"row": row, "lamp": lit(flexed.rows, row, row["what"]), "printed": printed.get(row["what"]),
         "flexed": flexed.watched(row), "grounds": r.grounds(run, row["watch_key"]),
         "said": said.get((row["what"], row["method_id"], row["test"]), [])}
        for row in sorted(watched, key=lambda w: (w["grade"] or 9, order[w["what"]], w["test"]))
    ]  # fmt: skip
    red = [p for p in parts if p["lamp"].grade == RED]
    alone = [lamp for what, lamp in printed.items() if what not in order]
    return {
        "subject": subject, "above": run.path(subject.id), "key": key, "parts": parts, "alone": alone,
        "follows": r.measures_of(run, subject, key), "synthetic": subject.synthetic,
        "red": [p for p in red if not p["lamp"].let_be], "let_be": [p for p in red if p["lamp"].let_be],
    }  # fmt: skip


@api.get("/board", openapi_extra={"parameters": query_parameters(LISTING.spec, MOST)})
def board_json(a: Reads) -> Response:
    """The rows behind the board with the published grade beside each; up to a thousand at a time."""
    run = a.needed()
    part = read_part(months_source(run), _choices(a, LISTING.spec), given(run))
    return _page(
        part, months=[{**x, "href": f"/board/{x['subject_id']}/{x['period_key']}", "why": _why(x)} for x in part.rows]
    )


@api.get("/board/years", openapi_extra={"parameters": query_parameters(NOWCASTS.spec, MOST)})
def years_json(a: Reads) -> Response:
    """Nowcasts of the year's end; up to a thousand at a time."""
    run = a.needed()
    part = read_part(years_source(run), _choices(a, NOWCASTS.spec), given(run))
    return _page(
        part, years=[{**x, "href": f"/regions/{x['subject_id']}/dual-control", "why": _why(x)} for x in part.rows]
    )


def _why(row: Mapping[str, Any]) -> str | None:
    """The page of the whole chain behind a row; none where an office alone published a grade."""
    return f"/findings/{row['watch_key']}" if has_reason(row["watch_key"]) else None
