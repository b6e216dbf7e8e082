"""The page of deductions and the flexed total of a region (扣减与弹性), its files, and evidence that is handed in."""

from __future__ import annotations

from typing import Annotated, Any

import pyarrow as pa
from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from markupsafe import Markup

from shuangkong.app.web.choice import Chosen, chooser
from shuangkong.app.web.context import Asked, Asks
from shuangkong.app.web.deductions_shown import MARKS, PROVED, chosen, rows_of, shown, steps_of, years
from shuangkong.app.web.documents_pages import names_of
from shuangkong.app.web.energy import method_words
from shuangkong.app.web.json_api import TROUBLES, as_json
from shuangkong.app.web.listings import Eyes, Listing
from shuangkong.app.web.reading import Row, RunView
from shuangkong.app.web.rows import Subject
from shuangkong.app.web.sent import Sent
from shuangkong.dualcontrol.api import (
    CONTROLS,
    FLEX_STEP_LABELS,
    FLEX_STEPS,
    STANDINGS,
    Evidence,
    evidence_of,
    evidence_seen,
    flex_key,
    hand_in_evidence,
    withdraw_evidence,
)
from shuangkong.engine.api import reading, writing
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.webkit.api import (
    FileSource,
    Format,
    TableColumn,
    TableSpec,
    Told,
    download_headers,
    parse_choices,
)

router = APIRouter(include_in_schema=False)
api = APIRouter(prefix="/api", tags=["api"], responses=TROUBLES)
Reads = Annotated[Asked, Depends(Asks("findings.read"))]
Exports = Annotated[Asked, Depends(Asks("export"))]
ReadsFiles = Annotated[Asked, Depends(Asks("flex.read"))]
HandsIn = Annotated[Asked, Depends(Asks("import.write"))]
KINDS = (".pdf", ".jpg", ".jpeg", ".png", ".xlsx", ".xls", ".csv", ".docx", ".doc", ".ofd", ".zip")
MOST_MB = 20

SPEC = TableSpec(
    "deductions",
    Label("扣减与弹性", "Deductions and the flexed total"),
    (
        TableColumn("row", Label("序号", "no."), "number", "item"),
        TableColumn("year", Label("年", "year")),
        TableColumn("step", Label("步骤", "step")),
        TableColumn("state", Label("状态", "state")),
        TableColumn("amount", Label("数量", "amount"), "number", "column:unit"),
        TableColumn("claimed", Label("申报量", "claimed"), "number", "column:unit"),
        TableColumn("cap", Label("上限", "cap"), "number", "column:unit"),
        TableColumn("unit", Label("单位", "unit")),
        TableColumn("returns", Label("已有报表", "returns behind it"), "number", "item"),
        TableColumn("due", Label("应有报表", "returns due"), "number", "item"),
        TableColumn("parameter", Label("依据", "parameter")),
        TableColumn("clause", Label("条款", "clause")),
        TableColumn("needs", Label("尚缺", "missing")),
        TableColumn("confidence", Label("可信度", "confidence")),
    ),
    key=("row",),
    orders={"row": ("row",)},
    default="row",
    codes=True,
)
_TEXT = ("year", "step", "state", "unit", "parameter", "clause", "needs", "confidence")
_AMOUNTS = ("amount", "claimed", "cap")


@router.get("/regions/{subject_id}/deductions")
def page(a: Reads, subject_id: str) -> HTMLResponse:
    """From a region's total to what is assessed and what is allowed, step by step, with what is missing."""
    return _page(a, subject_id, None)


def _page(a: Asked, subject_id: str, refused: UserError | None) -> HTMLResponse:
    view = a.needed()
    subject = view.subject(subject_id, "region")
    rows = rows_of(view, subject)
    row = chosen(rows, a.request.query_params)
    files = _files(a, subject)
    made = shown(view, subject, row, a.speaker, files) if row else None
    return a.page(
        "deductions.html", view, status=400 if refused else 200, subject=subject, above=view.path(subject.id)[:-1],
        row=row, made=made, rows=rows, files=files, refused=refused, kinds=KINDS, most=MOST_MB,
        mark_of=MARKS.get(row["standing"]) if row else None, controls=_controls(a, rows), proved=_proved(a, view, row),
        methods=_methods(a, view, rows, row), years=years(rows, row, a.speaker) if row else [],
        standing=STANDINGS[row["standing"]] if row else None, people=names_of(a) if files else {},
        step_words=lambda s: a.speaker.label(FLEX_STEP_LABELS[s]) if s in FLEX_STEP_LABELS else s,
        why_key=flex_key(row) if row else "", query=a.here().partition("?")[2],
        chooser=chooser(a, view, shown=Chosen(subject.id)),
    )  # fmt: skip


def _files(a: Asked, subject: Subject) -> list[Evidence]:
    if not a.may("flex.read"):
        return []
    with reading(a.workspace.engine) as db:
        return evidence_of(db, a.scope, subject.id, a.workspace.clock())


def _controls(a: Asked, rows: list[Row]) -> list[tuple[str, str]]:
    there = {r["control"] for r in rows}
    return [(c, a.speaker.label(label)) for c, label in CONTROLS.items() if c in there]


def _methods(a: Asked, view: RunView, rows: list[Row], row: Row | None) -> list[tuple[str, str]]:
    mine = sorted({r["method_id"] for r in rows if row and r["control"] == row["control"]})
    return [(m, method_words(m, a.speaker, view.packs, full=True)) for m in mine]


def _proved(a: Asked, view: RunView, row: Row | None) -> list[tuple[str, str]]:
    """Steps of this row that evidence can be handed in for."""
    if row is None:
        return []
    there = [s["step"] for s in steps_of(view, row)]
    return [(s, a.speaker.label(FLEX_STEP_LABELS[s])) for s in there if s in PROVED]


@router.get("/regions/{subject_id}/deductions.csv")
@router.get("/regions/{subject_id}/deductions.xlsx")
def file(a: Exports, subject_id: str) -> Response:
    """All steps of all years of the control and method that the address names, as a file."""
    view = a.needed()
    subject = view.subject(subject_id, "region")
    path = a.request.url.path
    found = _listing(a, view, subject, path.rpartition(".")[0])
    ending: Format = "xlsx" if path.endswith(".xlsx") else "csv"
    return found.file(Eyes(a.workspace, a.scope, a.speaker, view), parse_choices(SPEC, []), ending).answer()


def _steps(a: Asked, view: RunView, subject: Subject) -> list[Row]:
    """The steps of every year of what the address chooses, oldest first."""
    rows = rows_of(view, subject)
    row = chosen(rows, a.request.query_params)
    mine = [r for r in rows if row and (r["control"], r["method_id"]) == (row["control"], row["method_id"])]
    return [{**s, "year": r["period_key"]} for r in reversed(mine) for s in steps_of(view, r)]


def _listing(a: Asked, view: RunView, subject: Subject, at: str) -> Listing:
    rows = _steps(a, view, subject)
    speaker = a.speaker
    columns = {"row": pa.array(range(1, len(rows) + 1), pa.int64())}
    columns |= {name: pa.array([r[name] for r in rows], pa.string()) for name in _TEXT}
    columns |= {name: pa.array([r[name] for r in rows], pa.decimal128(38, 6)) for name in _AMOUNTS}
    columns |= {name: pa.array([r[name] for r in rows], pa.int64()) for name in ("returns", "due")}
    source = FileSource(
        view.run.folder, FLEX_STEPS, view.scope, view.seen, names={"deduction_rows": pa.table(columns)},
        listing="SELECT * FROM deduction_rows", key=SPEC.key, kept=True,
    )  # fmt: skip
    row = chosen(rows_of(view, subject), a.request.query_params)
    remarks = (
        (speaker.say("flex.region"), speaker.label(subject.label)),
        (speaker.say("flex.control"), speaker.label(CONTROLS[row["control"]]) if row else "—"),
        (speaker.say("energy.method"), row["method_id"] if row else "—"),
    )

    def told(_: Eyes) -> tuple[Told, ...]:
        return (
            Told(speaker.say("flex.step"), lambda r: speaker.label(FLEX_STEP_LABELS[r["step"]]), ("step",)),
            Told(speaker.say("flex.state"), lambda r: speaker.say(f"flex.state_{r['state']}"), ("state",)),
        )

    return Listing(
        SPEC, "findings.read", lambda _, __: source, lambda _: {}, told=told, of_run=True, at=at,
        remarks=lambda _: remarks,
    )  # fmt: skip


@api.get("/regions/{subject_id}/deductions")
def as_data(a: Reads, subject_id: str) -> Response:
    """Flexed totals of a region with their steps: `control`, `method` and `year` as on the page; else all."""
    view = a.needed()
    subject = view.subject(subject_id, "region")
    asked = a.request.query_params
    kept = [
        r for r in rows_of(view, subject)
        if all(not asked.get(n) or r[k] == asked[n]
               for n, k in (("control", "control"), ("method", "method_id"), ("year", "period_key")))
    ]  # fmt: skip
    hidden = ("period_kind", "period_start", "period_end")
    totals = [
        {**{k: v for k, v in r.items() if k not in hidden},
         "why": f"/findings/{flex_key(r)}",
         "steps": [{k: s[k] for k in ("position", "step", "state", "amount", "claimed", "cap", "unit", "returns", "due",
                                      "parameter", "clause", "needs", "confidence")} for s in steps_of(view, r)]}
        for r in kept
    ]  # fmt: skip
    about = {"subject_id": subject.id, "name_zh": subject.label.zh, "name_en": subject.label.en,
             "run": view.run.run_id}  # fmt: skip
    return as_json(about | {"totals": totals})


@router.post("/regions/{subject_id}/deductions/evidence")
def hand_in(a: HandsIn, sent: Sent, subject_id: str) -> Response:
    """Keep a file as evidence of a step; it changes no figure. The page says what is wrong with it."""
    uploads = [v for _, v in sent if not isinstance(v, str)]
    try:
        subject = a.needed().subject(subject_id, "region")
        year = _keep(a, subject, sent, next((u for u in uploads if u.filename), None))
    except UserError as wrong:
        if wrong.code != "FORM-001":
            raise
        return _page(a, subject_id, wrong)
    finally:
        for one in uploads:
            one.file.close()
    return RedirectResponse(f"/regions/{subject.id}/deductions?year={year}#evidence", status_code=303)


def _keep(a: Asked, subject: Subject, sent: list[tuple[str, Any]], upload: Any) -> int:
    given = {k: v for k, v in sent if isinstance(v, str)}
    content = upload.file.read(MOST_MB * 1_000_000 + 1) if upload is not None else b""
    there = {r["period_key"] for r in rows_of(a.needed(), subject)}
    step, year = given.get("step", ""), given.get("year", "")
    if step not in PROVED or year not in there:
        raise UserError("FORM-001", f"{step[:20]} of {year[:8]} is no step of this region.", where="step",
                        remedy="Choose a step of the page.", case="evidence_step")  # fmt: skip
    name = str(upload.filename)[:200] if upload is not None else ""
    if not content or len(content) > MOST_MB * 1_000_000 or not name.lower().endswith(KINDS):
        raise UserError("FORM-001", "evidence is one file of a known kind.", where="file",
                        remedy=f"Attach one of {', '.join(KINDS)}, at most {MOST_MB} MB.", case="evidence_file",
                        facts={"kinds": ", ".join(KINDS), "most": MOST_MB})  # fmt: skip
    blob = a.workspace.blobs.put(content)
    with writing(a.workspace.engine) as db:
        hand_in_evidence(
            db, a.scope, subject.id, int(year), step, file_name=name, blob=blob, size=len(content),
            note=given.get("note", ""), at=a.workspace.clock(), principal=a.who.principal,
        )  # fmt: skip
    return int(year)


@router.get("/regions/{subject_id}/deductions/evidence/{evidence_id}/original")
def original(a: ReadsFiles, subject_id: str, evidence_id: str) -> Response:
    """The file of a piece of evidence, always as a download."""
    with reading(a.workspace.engine) as db:
        found = evidence_seen(db, a.scope, evidence_id, a.workspace.clock())
    ending = found.file_name.rpartition(".")[2].lower()
    headers = download_headers(f"{found.evidence_id}.{ending}", found.file_name)
    return Response(a.workspace.blobs.get(found.blob), media_type="application/octet-stream", headers=headers)


@router.post("/regions/{subject_id}/deductions/evidence/{evidence_id}/withdraw")
def withdraw(a: HandsIn, subject_id: str, evidence_id: str) -> Response:
    """Take a piece of evidence back; the log keeps it."""
    with writing(a.workspace.engine) as db:
        found = withdraw_evidence(db, a.scope, evidence_id, at=a.workspace.clock(), principal=a.who.principal)
    return RedirectResponse(f"/regions/{found.subject_id}/deductions?year={found.year}#evidence", status_code=303)


def of_region(about: Any) -> Markup | None:
    """The link to the page of deductions, with how the newest year stands, for the page of a region."""
    a, view, subject = about["asked"], about["view"], about["subject"]
    if view is None or subject is None:
        return None
    row = chosen(rows_of(view, subject), {})
    if row is None:
        return None
    made = shown(view, subject, row, a.speaker, [])
    return Markup(a.site.frame.render("deductions_section.html", a.language, subject=subject, made=made, row=row,
                                      mark_of=MARKS[row["standing"]]))  # fmt: skip
