"""From a review to a proposed pack (提交规则包): what the pack says of itself, the check, faults at the entries."""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from shuangkong.app import document_store as store
from shuangkong.app.document_publishing import Facts, Prepared, parts_of, prepare, propose_document
from shuangkong.app.document_store import DocumentRow, Entry
from shuangkong.app.documents import regions_of, seen
from shuangkong.app.web.context import Asked, Asks
from shuangkong.app.web.documents_pages import entry_words
from shuangkong.app.web.sent import Sent
from shuangkong.engine.api import reading
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.policy.api import PackErrors, ReadDocument, told
from shuangkong.webkit.api import FieldError, Filled, FormField, FormSpec, business_day

router = APIRouter(include_in_schema=False)
Proposes = Annotated[Asked, Depends(Asks("packs.propose"))]
_ID = re.compile(r"[a-z][a-z0-9]*(?:[._-][a-z0-9]+)*")
_EDITION = re.compile(r"[0-9A-Za-z]+(?:[._-][0-9A-Za-z]+)*")


def _named(pattern: re.Pattern[str]) -> Any:
    return lambda text: None if pattern.fullmatch(text) else FieldError("field_error.name")


def publish_form(parts: tuple[ReadDocument, ...], *, left_out: bool) -> FormSpec:
    """What a pack says of itself; with `left_out` a box to go on without the entries that cannot be written."""
    own = tuple((str(d.number), Label(f"{d.number}. {d.title or '—'}", None)) for d in parts)
    fields = [
        FormField("part", Label("哪一份文件", "Which document"), "choice", required=True, choices=own),
        FormField(
            "pack_id",
            Label("规则包编号", "Id of the pack"),
            "code",
            required=True,
            length=80,
            validators=(_named(_ID),),
            hint=Label("小写字母和数字，用 - 连接，如 xinji-jienengjianpai", "small letters and digits joined by -"),
        ),
        FormField(
            "edition", Label("版本", "Edition"), "code", required=True, length=40, validators=(_named(_EDITION),)
        ),
        FormField("title", Label("文件名称", "Title"), required=True, length=200),
        FormField("doc_number", Label("文号", "Document number"), length=80),
        FormField("issuer", Label("发文机关", "Issued by"), required=True, length=120),
        FormField(
            "region",
            Label("适用地区代码", "Code of the region"),
            "code",
            required=True,
            length=6,
            validators=(_named(re.compile("[0-9]{6}")),),
        ),
        FormField("issued", Label("印发日期", "Issued on"), "date", required=True),
        FormField("because", Label("提交理由", "Reason"), "textarea", required=True, length=2000),
    ]
    if left_out:
        fields.append(
            FormField(
                "leave_out",
                Label("不含下面写不成的条目，其余照交", "go on without the entries named below"),
                "checkbox",
            )
        )
    return FormSpec(
        "publish",
        Label("提交规则包", "Propose the pack"),
        tuple(fields),
        submit=Label("检查并提交复核", "Check and propose"),
    )


@router.get("/documents/{document_id}/publish")
def publish_page(a: Proposes, document_id: str) -> HTMLResponse:
    """What would go into the pack, and what the pack says of itself, as the document says it."""
    row, entries, parts = _about(a, document_id)
    taken = [e for e in entries if e.taken]
    counts = {d.number: sum(e.part == d.number for e in taken) for d in parts}
    best = max(parts, key=lambda d: (counts[d.number], d.kind == "instrument", -d.number))
    return _page(a, row, entries, publish_form(parts, left_out=False).empty(**_first(a, row, best)))


def _about(a: Asked, document_id: str) -> tuple[DocumentRow, list[Entry], tuple[ReadDocument, ...]]:
    with reading(a.workspace.engine) as db:
        row = seen(db, a.scope, document_id, a.workspace.clock())
        return row, store.entries_of(db, row.document_id), parts_of(a.workspace, row)


def _first(a: Asked, row: DocumentRow, d: ReadDocument) -> dict[str, str]:
    day = d.issued or business_day(a.workspace.clock()).isoformat()
    digits = "-".join(re.findall(r"\d+", d.doc_number or ""))
    first = {
        "part": str(d.number), "pack_id": f"r{row.region}-{digits}" if digits else f"r{row.region}-plan",
        "edition": day[:4] if row.version == 1 else f"{day[:4]}-v{row.version}", "title": d.title or row.title,
        "doc_number": d.doc_number or "", "issuer": d.issuer or "", "region": row.region, "issued": d.issued or "",
    }  # fmt: skip
    return {k: v for k, v in first.items() if v}


@router.post("/documents/{document_id}/publish")
def publish(a: Proposes, document_id: str, sent: Sent) -> Response:
    """Draft and check the pack; propose it, or say what is wrong at each entry."""
    row, entries, parts = _about(a, document_id)
    asked_to_leave = any(k == "leave_out" for k, _ in sent)
    form = publish_form(parts, left_out=asked_to_leave).parse(sent)
    if not form.good:
        return _page(a, row, entries, form)
    v = form.values
    facts = Facts(
        int(v["part"]), v["pack_id"], v["edition"], v["title"], v["doc_number"], v["issuer"], v["region"], v["issued"]
    )
    prepared: Prepared | None = None
    try:
        prepared = prepare(a.workspace, a.scope, document_id, facts, a.language)
        if prepared.left_out and not v.get("leave_out"):
            again = publish_form(parts, left_out=True).empty(**{k: t[0] for k, t in form.typed.items()})
            return _page(a, row, entries, again, faults=prepared.left_out, status=400)
        made = propose_document(a.workspace, a.scope, document_id, prepared, v["because"])
    except PackErrors as errors:
        faults, rest = _faults(a, prepared, errors)
        return _page(a, row, entries, form, faults=faults, problems=rest, status=400)
    except UserError as error:
        if error.code not in ("PACK-007", "READ-006", "SCOPE-001"):
            raise
        return _page(a, row, entries, form, error=error, status=400)
    return RedirectResponse(f"/proposals/{made}", 303)


def _faults(a: Asked, prepared: Prepared | None, errors: PackErrors) -> tuple[dict[str, str], list[str]]:
    """Problems by the entry that they are about, and those of the pack as a whole."""
    faults: dict[str, str] = {}
    rest = []
    for problem in errors.problems:
        words = told(problem, a.language)
        about = prepared.entry_in(f"{problem.where} {words}") if prepared else None
        if about is None:
            rest.append(words)
        else:
            faults[about.entry_id] = words
    return faults, rest


def _page(
    a: Asked,
    row: DocumentRow,
    entries: list[Entry],
    form: Filled,
    *,
    faults: dict[str, str] | None = None,
    problems: list[str] | None = None,
    error: UserError | None = None,
    status: int = 0,
) -> HTMLResponse:
    taken = [e for e in entries if e.taken]
    return a.page(
        "document_publish.html", a.view(), status=status or (200 if form.good else 400), d=row, form=form, taken=taken,
        waiting=sum(e.state == "candidate" for e in entries), faults=faults or {}, problems=problems or [], error=error,
        places=regions_of(a.workspace, a.scope) if row.region else {}, **entry_words(a),
    )  # fmt: skip
