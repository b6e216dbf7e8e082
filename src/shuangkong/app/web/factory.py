"""The application (应用): routes, assets, headers, errors. Made by `create_app`; nothing runs on import."""

from __future__ import annotations

import os
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.responses import PlainTextResponse
from starlette.middleware.gzip import GZipMiddleware

from shuangkong import __version__
from shuangkong.app.web import (
    align_pages,
    api_page,
    audit_pages,
    board_pages,
    board_slots,
    cases_by_hand,
    cases_pages,
    cases_sections,
    consent_pages,
    corrections,
    deductions_pages,
    documents_pages,
    documents_publish,
    documents_steps,
    dual_control,
    emitted_section,
    errors,
    grades_section,
    health,
    imports_list,
    imports_pages,
    jobs_pages,
    json_api,
    levels_section,
    metering_board,
    metering_closed,
    metering_intake,
    metering_list,
    metering_meter,
    metering_readings,
    metering_sections,
    metering_stations,
    metering_tokens,
    metering_unmapped,
    moved_pages,
    pages,
    pages_packs,
    people_pages,
    projects_pages,
    proposals_pages,
    region_search,
    rights_page,
    scenarios_pages,
    sharing_pages,
    signing,
    tables_pages,
    whatif_pages,
)
from shuangkong.app.web.context import Site
from shuangkong.app.web.limits import BodyLimit, HostCheck, SafeHeaders
from shuangkong.app.web.logging import RequestLog, structured_log
from shuangkong.app.web.metrics import Metrics
from shuangkong.app.web.reading import Reader
from shuangkong.app.web.serving import Serving
from shuangkong.app.web.warming import warmed
from shuangkong.engine.api import Workspace
from shuangkong.webkit.api import HEADERS, Frame, Slots, read_messages

PACKAGES = ("shuangkong.app.web", "shuangkong.webkit")
MESSAGES = (
    ("shuangkong.webkit", "messages.yaml"),
    ("shuangkong.webkit", "messages_tables.yaml"),
    ("shuangkong.policy", "messages_policy.yaml"),
    ("shuangkong.app.web", "messages.yaml"),
    ("shuangkong.app.web", "messages_pages.yaml"),
    ("shuangkong.app.web", "messages_why.yaml"),
    ("shuangkong.app.web", "messages_people.yaml"),
    ("shuangkong.app.web", "messages_audit.yaml"),
    ("shuangkong.app.web", "messages_errors.yaml"),
    ("shuangkong.app.web", "messages_imports.yaml"),
    ("shuangkong.app.web", "messages_jobs.yaml"),
    ("shuangkong.app.web", "messages_rules.yaml"),
    ("shuangkong.app.web", "messages_projects.yaml"),
    ("shuangkong.app.web", "messages_whatif.yaml"),
    ("shuangkong.app.web", "messages_metering.yaml"),
    ("shuangkong.app.web", "messages_log.yaml"),
    ("shuangkong.app.web", "messages_proposals.yaml"),
    ("shuangkong.app.web", "messages_documents.yaml"),
    ("shuangkong.app.web", "messages_align.yaml"),
    ("shuangkong.app.web", "messages_cases.yaml"),
    ("shuangkong.app.web", "messages_moved.yaml"),
    ("shuangkong.app.web", "messages_scenarios.yaml"),
    ("shuangkong.app.web", "messages_sharing.yaml"),
    ("shuangkong.app.web", "messages_watching.yaml"),
)
#: Address, name and right of each page in the head, in the order in which they are read.
PAGES = (
    ("/", "frame.home", "findings.read"),
    ("/board", "board.title", "findings.read"),
    ("/findings", "frame.findings", "findings.read"),
    ("/units", "units.title", "units.read"),
    ("/projects", "projects.title", "units.read"),
    ("/metering", "metering.title", "meters.read"),
    ("/rules", "rules.title", "findings.read"),
    ("/cases", "cases.title", "cases.read"),
    ("/documents", "documents.title", "documents.read"),
    ("/imports", "imports.title", "import.write"),
)
#: Addresses that belong to a page of the head and do not begin with its own.
BENEATH = {"/metering": ("/meters", "/stations")}
#: The same for the pages that fewer people need, under “more”.
MORE = (
    ("/packs", "frame.packs", "findings.read"),
    ("/sharing", "sharing.title", "sharing.read"),
    ("/scenarios", "scenarios.title", "flex.read"),
    ("/whatif", "whatif.title", "scenario.run"),
    ("/runs", "frame.runs", "findings.read"),
    ("/jobs", "jobs.title", "jobs.read"),
    ("/consents", "nav.consents", "consent.read"),
    ("/people", "nav.people", "people.manage"),
    ("/audit", "nav.audit", "audit.read"),
    ("/rights", "nav.rights", "rights.explain"),
)


def create_app(workspace: Workspace, serving: Serving | None = None, slots: Slots | None = None) -> FastAPI:
    """The pages and the JSON interface over a workspace; without `serving`, names of hosts are not checked.

    `slots` hold what slices above put into the pages.
    """
    app = FastAPI(
        title="Shuangkong 双控", version=__version__, docs_url=None, redoc_url=None, openapi_url="/api/openapi.json",
        lifespan=warmed,
    )  # fmt: skip
    frame = Frame(PACKAGES, read_messages(*MESSAGES), pages=PAGES, more=MORE, beneath=BENEATH)
    slots = slots or Slots()
    slots.register("unit.sections", projects_pages.of_owner, name="projects", priority=20)
    for slot in ("unit.sections", "region.tabs"):
        slots.register(slot, tables_pages.of_subject, name="rules", priority=10)
    for slot in ("unit.sections", "region.tabs"):
        slots.register(slot, moved_pages.of_subject, name="moved", priority=4)
        slots.register(slot, emitted_section.of_subject, name="emitted", priority=6)
    slots.register("region.tabs", deductions_pages.of_region, name="deductions", priority=3)
    slots.register("region.tabs", grades_section.of_region, name="grades", priority=20)
    slots.register("unit.sections", metering_sections.of_unit, name="meters", priority=5)
    slots.register("region.tabs", metering_sections.of_region, name="meters", priority=5)
    slots.register("home.side", metering_sections.of_home, name="meters", priority=5)
    slots.register("region.head", board_slots.of_region, name="board", priority=10)
    slots.register("home.attention", board_slots.of_home, name="board", priority=10)
    slots.register("region.tabs", levels_section.of_region, name="levels", priority=3)
    slots.register("region.tabs", cases_sections.of_region, name="cases", priority=15)
    slots.register("home.attention", cases_sections.of_home, name="cases", priority=10)
    frame.environment.globals["slot"] = slots.fill
    app.state.site = Site(Reader(workspace.with_secret()), frame)
    _wrap(app, serving or Serving())
    errors.register(app)
    app.include_router(pages.router)
    app.include_router(align_pages.router)
    app.include_router(pages_packs.router)
    app.include_router(region_search.router)
    app.include_router(projects_pages.router)
    app.include_router(tables_pages.router)
    # the channels without a meter have an address that a number of a meter could be taken for
    for own in (metering_board, metering_intake, metering_unmapped, metering_list, metering_meter, metering_readings,
                metering_stations, metering_tokens, metering_closed):  # fmt: skip
        app.include_router(own.router)
    app.include_router(whatif_pages.router)
    app.include_router(sharing_pages.router)
    app.include_router(imports_list.router)
    app.include_router(imports_pages.router)
    app.include_router(jobs_pages.router)
    app.include_router(proposals_pages.router)
    for own in (documents_pages, documents_steps, documents_publish):
        app.include_router(own.router)
    # its address stands before that of a case
    app.include_router(cases_by_hand.router)
    app.include_router(cases_pages.router)
    app.include_router(cases_pages.api)
    app.include_router(signing.router)
    for own in (people_pages, consent_pages, audit_pages, corrections, rights_page):
        app.include_router(own.router)
    app.include_router(board_pages.router)
    app.include_router(board_pages.api)
    app.include_router(dual_control.router)
    app.include_router(deductions_pages.router)
    app.include_router(deductions_pages.api)
    app.include_router(scenarios_pages.router)
    app.include_router(scenarios_pages.api)
    app.include_router(moved_pages.router)
    app.include_router(moved_pages.api)
    app.include_router(json_api.router)
    app.include_router(api_page.router)
    app.add_api_route("/static/{name}", static, methods=["GET", "HEAD"], include_in_schema=False)
    app.include_router(health.router)
    return app


def from_environment() -> FastAPI:
    """The application of one of several processes: the first one names the workspace and how it is served."""
    return create_app(Workspace.open(Path(os.environ["SHUANGKONG_WORKSPACE"])), Serving.from_environment())


def _wrap(app: FastAPI, serving: Serving) -> None:
    """What stands around every route; the last one added is the outermost."""
    app.state.serving, app.state.metrics = serving, Metrics()
    app.add_middleware(GZipMiddleware, minimum_size=1024)
    app.add_middleware(BodyLimit, most=serving.body_limit, refuse=errors.refusal)
    if serving.hosts is not None:
        app.add_middleware(HostCheck, hosts=serving.hosts, refuse=errors.refusal)
    app.add_middleware(
        RequestLog, log=structured_log(serving.log_file), metrics=app.state.metrics,
        broken=lambda request: errors.refusal(request, 500),
    )  # fmt: skip
    app.add_middleware(SafeHeaders, headers=HEADERS)


def static(request: Request, name: str) -> Response:
    """A static file by the name with its hash; it never changes under that name."""
    asset = request.app.state.site.frame.assets.by_hash.get(name)
    if asset is None:
        return PlainTextResponse("not found", status_code=404)
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(asset.packed, media_type=asset.media_type, headers=headers | {"Content-Encoding": "gzip"})
    return Response(asset.content, media_type=asset.media_type, headers=headers)
