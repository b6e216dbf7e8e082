"""Pages that say why a figure moved (为什么变动), of a region and of a unit, with their files and their JSON."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, Response
from markupsafe import Markup

from shuangkong.app.web.choice import Chosen, chooser, region_of
from shuangkong.app.web.context import Asked, Asks
from shuangkong.app.web.json_api import TROUBLES, as_json
from shuangkong.app.web.listings import Eyes
from shuangkong.app.web.moved_asked import answer_of, movers_of, wish_of
from shuangkong.app.web.moved_data import SPEC, data_of, listing
from shuangkong.app.web.moved_shown import movers_shown, shown
from shuangkong.app.web.moved_words import MovedWords
from shuangkong.app.web.rows import Subject
from shuangkong.dualcontrol.api import MOVED_WHATS
from shuangkong.kernel.periods import Period
from shuangkong.webkit.api import Format, parse_choices

router = APIRouter(include_in_schema=False)
api = APIRouter(prefix="/api", tags=["api"], responses=TROUBLES)
Reads = Annotated[Asked, Depends(Asks("findings.read"))]
ReadsUnits = Annotated[Asked, Depends(Asks("units.read"))]
Exports = Annotated[Asked, Depends(Asks("export"))]
ExportsUnits = Annotated[Asked, Depends(Asks("units.export"))]


@router.get("/regions/{subject_id}/moved")
def region(a: Reads, subject_id: str) -> HTMLResponse:
    """Why a region's energy, CO2 or intensity moved between two periods."""
    return _page(a, a.needed().subject(subject_id, "region"))


@router.get("/units/{subject_id}/moved")
def unit(a: ReadsUnits, subject_id: str) -> HTMLResponse:
    """The same of a unit whose output is known."""
    return _page(a, a.needed().subject(subject_id, "unit"))


@router.get("/regions/{subject_id}/moved.csv")
@router.get("/regions/{subject_id}/moved.xlsx")
def region_file(a: Exports, subject_id: str) -> Response:
    """The parts of a region's change as a file."""
    return _file(a, a.needed().subject(subject_id, "region"))


@router.get("/units/{subject_id}/moved.csv")
@router.get("/units/{subject_id}/moved.xlsx")
def unit_file(a: ExportsUnits, subject_id: str) -> Response:
    """The same of a unit."""
    return _file(a, a.needed().subject(subject_id, "unit"))


@api.get("/regions/{subject_id}/moved")
def region_json(a: Reads, subject_id: str) -> Response:
    """Why a region's figure moved: `what`, `from`, `to`, `basis`, `method`, `partial` as on the page."""
    return _json(a, a.needed().subject(subject_id, "region"))


@api.get("/units/{subject_id}/moved")
def unit_json(a: ReadsUnits, subject_id: str) -> Response:
    """The same of a unit."""
    return _json(a, a.needed().subject(subject_id, "unit"))


def _page(a: Asked, subject: Subject) -> HTMLResponse:
    view = a.needed()
    wish = wish_of(a.request.query_params)
    answer = answer_of(view, subject, wish)
    other = bool(wish.start or wish.end) and (wish.start, wish.end) != (answer.wish.start, answer.wish.end)
    made = shown(view, subject, answer, a.speaker)
    moving = None
    if subject.kind != "unit" and a.may("units.read") and answer.wish.what.startswith("energy"):
        moving = movers_shown(made.words, movers_of(view, subject, answer.wish), view.subjects)
    return a.page(
        "moved.html", view, subject=subject, above=view.path(subject.id)[:-1], made=made, answer=answer,
        wish=answer.wish, whats=MOVED_WHATS, moving=moving, spans=_spans(answer.periods), words=made.words,
        query=_query(a), other=other, chooser=chooser(a, view, shown=Chosen(region_of(view, subject))),
    )  # fmt: skip


def _query(a: Asked) -> str:
    """The choices of this page, for its files."""
    return a.here().partition("?")[2]


def _spans(periods: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Pairs of years that are offered at a click: the last one, and all there are."""
    years = [p for p in periods if Period.parse(p).kind.value == "year"]
    if len(years) < 2:
        return ()
    return tuple(dict.fromkeys(((years[-2], years[-1]), (years[0], years[-1]))))


def _file(a: Asked, subject: Subject) -> Response:
    view = a.needed()
    answer = answer_of(view, subject, wish_of(a.request.query_params))
    path = a.request.url.path
    words = MovedWords(view, subject, answer, a.speaker)
    found = listing(view, subject, words, a.speaker, path.rpartition(".")[0])
    ending: Format = "xlsx" if path.endswith(".xlsx") else "csv"
    return found.file(Eyes(a.workspace, a.scope, a.speaker, view), parse_choices(SPEC, []), ending).answer()


def _json(a: Asked, subject: Subject) -> Response:
    view = a.needed()
    answer = answer_of(view, subject, wish_of(a.request.query_params))
    moving = movers_of(view, subject, answer.wish) if subject.kind != "unit" and a.may("units.read") else ()
    return as_json(data_of(view, subject, answer, moving))


def of_subject(about: Any) -> Markup | None:
    """The link to why its energy moved, for the page of a region or unit."""
    a, view, subject = about["asked"], about["view"], about["subject"]
    if view is None or subject is None:
        return None
    return Markup(a.site.frame.render("moved_section.html", a.language, subject=subject))
