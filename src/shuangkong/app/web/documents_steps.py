"""Steps of a review (复核操作): one form each; after a step the page goes on with the next entry that waits."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from shuangkong.app import document_review as review_of
from shuangkong.app import document_store as store
from shuangkong.app.catalogue import library
from shuangkong.app.document_publishing import indicators_of
from shuangkong.app.document_store import KINDS, DocumentRow, Entry
from shuangkong.app.documents import read_again, seen, version_of
from shuangkong.app.upkeep import discard
from shuangkong.app.web.context import Asked, Asks
from shuangkong.app.web.documents_forms import entry_values, filled, form_for, guessed
from shuangkong.app.web.documents_pages import entry_words, names_of, review
from shuangkong.app.web.documents_shown import Choice, after, on_page
from shuangkong.app.web.sent import Sent
from shuangkong.engine.api import reading, record, writing
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.policy.api import Lit, cleaned_span, pieces
from shuangkong.webkit.api import FieldError, Filled, FormField, FormSpec, unit_words

router = APIRouter(include_in_schema=False)
Reviews = Annotated[Asked, Depends(Asks("documents.review"))]
_CLAUSE = Label("条款", "Clause")
_WORDS = FormField("quote", Label("原文文字", "Words of the text"), "textarea", required=True, length=2000,
                   hint=Label("须是该条款中的原话", "as they stand in the clause"))  # fmt: skip


@router.post("/documents/{document_id}/entries/{entry_id}/accept")
def accept(a: Reviews, document_id: str, entry_id: str, sent: Sent) -> Response:
    """Take an entry as it was read."""
    return _stepped(
        a,
        document_id,
        sent,
        entry_id,
        lambda: review_of.accept(a.workspace, a.scope, document_id, entry_id, _looked(sent)),
    )


@router.post("/documents/{document_id}/entries/{entry_id}/reject")
def reject(a: Reviews, document_id: str, entry_id: str, sent: Sent) -> Response:
    """Say that it is none, and why."""
    reason = _text(sent, "reason")
    return _stepped(
        a, document_id, sent, entry_id,
        lambda: review_of.reject(a.workspace, a.scope, document_id, entry_id, reason[:400], _looked(sent)),
    )  # fmt: skip


@router.post("/documents/{document_id}/entries/{entry_id}/reopen")
def reopen(a: Reviews, document_id: str, entry_id: str, sent: Sent) -> Response:
    """Take a decision back; the entry itself is looked at next."""
    return _stepped(
        a, document_id, sent, entry_id,
        lambda: review_of.reopen(a.workspace, a.scope, document_id, entry_id, _looked(sent)), stay=True,
    )  # fmt: skip


@router.post("/documents/{document_id}/accept-sure")
def accept_sure(a: Reviews, document_id: str, sent: Sent) -> Response:
    """Accept every entry of high confidence in one step."""
    return _stepped(a, document_id, sent, "", lambda: review_of.accept_sure(a.workspace, a.scope, document_id))


@router.post("/documents/{document_id}/undo")
def undo(a: Reviews, document_id: str, sent: Sent) -> Response:
    """Take one's own last step back."""
    return _stepped(a, document_id, sent, "", lambda: review_of.undo(a.workspace, a.scope, document_id))


@router.post("/documents/{document_id}/reread")
def reread(a: Reviews, document_id: str, sent: Sent) -> Response:
    """Read the text again; decisions stay."""
    return _stepped(a, document_id, sent, "", lambda: read_again(a.workspace, a.scope, document_id))


@router.post("/documents/{document_id}/drop")
def drop(a: Reviews, document_id: str) -> Response:
    """Delete a document that was handed up by mistake, with its entries and files; not one that a pack came from."""
    with writing(a.workspace.engine) as db:
        at = a.workspace.clock()
        row = seen(db, a.scope, document_id, at)
        if row.proposal_id:
            raise UserError(
                "READ-006", "a pack of this document was proposed.", where=row.file_name, case="published",
                remedy="Keep it: the pack comes from it.",
            )  # fmt: skip
        store.drop_document(db, row.document_id)
        record(
            db, at=at, principal=a.scope.principal, action="document.drop", obj=row.document_id,
            detail={"file": row.file_name, "sha256": row.original},
        )  # fmt: skip
        discard(db, a.workspace, {s for s in (row.original, row.content) if s})
    return RedirectResponse("/documents", 303)


def _text(sent: list[tuple[str, Any]], name: str) -> str:
    return next((v for k, v in sent if k == name and isinstance(v, str)), "")


def _looked(sent: list[tuple[str, Any]]) -> str | None:
    """The stamp of the entry as the page showed it, where the form has one."""
    return _text(sent, "looked") or None


def _stepped(
    a: Asked, document_id: str, sent: list[tuple[str, Any]], entry_id: str, act: Any, *, stay: bool = False
) -> Response:  # fmt: skip
    """Take a step, then show where to go on; what could not be done is told on the page."""
    try:
        act()
    except UserError as error:
        if error.code != "READ-006":
            raise
        return review(a, document_id, error)
    return going_on(a, document_id, _text(sent, "back"), entry_id, stay=stay)


def going_on(a: Asked, document_id: str, back: str, entry_id: str, *, stay: bool = False) -> Response:
    """To the next entry that waits, under the filters that were chosen; with `stay` to the entry itself."""
    with reading(a.workspace.engine) as db:
        row = seen(db, a.scope, document_id, a.workspace.clock())
        entries = store.entries_of(db, row.document_id)
    choice = Choice.of(dict(parse_qsl(back[:400])))
    wanted = [e for e in entries if choice.wants(e) or e.entry_id == entry_id]
    target = next((e for e in entries if stay and e.entry_id == entry_id), None) or after(wanted, entry_id)
    if not entry_id or target is None:
        return RedirectResponse(f"/documents/{document_id}{choice.query()}#review", 303)
    page = on_page(version_of(a.workspace, row), entries, choice).page_of[target.entry_id]
    return RedirectResponse(f"/documents/{document_id}{choice.query(page=page)}#e-{target.entry_id}", 303)


def _indicators(a: Asked) -> list[tuple[str, Label]]:
    """Indicators of the catalogue with their units, to choose from."""
    return [
        (name, Label(_with_unit(label.zh, unit_words(unit, "zh")), _with_unit(label.in_("en"), unit_words(unit, "en"))))
        for name, label, unit in indicators_of(library(workspace=a.workspace))
    ]


def _with_unit(name: str, unit: str) -> str:
    return f"{name}（{unit}）" if unit else name


@router.get("/documents/{document_id}/entries/{entry_id}")
def entry_page(
    a: Reviews, document_id: str, entry_id: str, back: Annotated[str, Query(max_length=400)] = ""
) -> HTMLResponse:  # fmt: skip
    """The form to correct an entry, beside the words and what the reader had said."""
    row, e = _entry(a, document_id, entry_id)
    spec = form_for(e.kind, _indicators(a) if e.kind == "target" else ())
    return _form(a, row, e, filled(spec, e.values), back)


@router.post("/documents/{document_id}/entries/{entry_id}")
def correct(a: Reviews, document_id: str, entry_id: str, sent: Sent) -> Response:
    """Put an entry right; what was read stays beside it."""
    row, e = _entry(a, document_id, entry_id)
    spec = form_for(e.kind, _indicators(a) if e.kind == "target" else ())
    form = spec.parse(sent)
    back = _text(sent, "back")
    if not form.good:
        return _form(a, row, e, form, back, _looked(sent))
    values = entry_values(form, e.values)
    return _stepped(
        a, document_id, sent, entry_id,
        lambda: review_of.correct(a.workspace, a.scope, document_id, entry_id, values, _looked(sent)),
    )  # fmt: skip


def _entry(a: Asked, document_id: str, entry_id: str) -> tuple[DocumentRow, Entry]:
    with reading(a.workspace.engine) as db:
        row = seen(db, a.scope, document_id, a.workspace.clock())
        return row, store.entry_of(db, row.document_id, entry_id)


def _form(
    a: Asked, row: DocumentRow, e: Entry, form: Filled, back: str, looked: str | None = None
) -> HTMLResponse:  # fmt: skip
    return a.page(
        "document_entry.html", a.view(), status=200 if form.good else 400, d=row, e=e, form=form, back=back[:400],
        looked=looked, paragraphs=_clause_text(a, row, e.part, e.clause, e), names=names_of(a), **entry_words(a),
    )  # fmt: skip


def _clause_text(a: Asked, row: DocumentRow, part: int, clause: str, e: Entry | None = None) -> Any:
    """The paragraphs of a clause, with the words of the entry lit up."""
    version = version_of(a.workspace, row)
    lit = [Lit(e.entry_id, *cleaned_span(version.cleaned, e.start_at, e.end_at))] if e else []
    found = [c for d in version.reading.documents if d.number == part for c in d.clauses if c.id == clause]
    return [p for c in found for p in pieces(version.cleaned, c.start, c.end, lit)]


@router.get("/documents/{document_id}/add")
def add_page(
    a: Reviews,
    document_id: str,
    part: Annotated[int, Query(ge=1, le=10_000)] = 1,
    clause: Annotated[str, Query(max_length=60)] = "",
    quote: Annotated[str, Query(max_length=2000)] = "",
    kind: Annotated[str, Query(max_length=12)] = "target",
    near: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    back: Annotated[str, Query(max_length=400)] = "",
) -> HTMLResponse:
    """The form to add what the reader missed: words of a clause, selected or typed, and what they say."""
    with reading(a.workspace.engine) as db:
        row = seen(db, a.scope, document_id, a.workspace.clock())
    kind = kind if kind in KINDS else "target"
    spec = _add_form(a, row, kind)
    values = guessed(kind, quote)
    first = filled(spec, {**values, "quote": quote, "place": f"{part}:{clause}"})
    return _adding(a, row, kind, first, near, back)


def _add_form(a: Asked, row: DocumentRow, kind: str) -> FormSpec:
    of_kind = form_for(kind, _indicators(a) if kind == "target" else ())
    several = len(version_of(a.workspace, row).reading.documents) > 1
    places = [
        (f"{d.number}:{c.id}", Label(f"{f'{d.number}. ' if several else ''}{c.id} {c.title}".strip(), None))
        for d in version_of(a.workspace, row).reading.documents for c in d.clauses
    ]  # fmt: skip
    place = FormField("place", _CLAUSE, "choice", required=True, choices=tuple(dict(places).items()))
    return FormSpec(
        "add", Label("补录", "Add an entry"), (place, _WORDS, *of_kind.fields), checks=of_kind.checks,
        submit=Label("补录", "Add"),
    )  # fmt: skip


def _adding(a: Asked, row: DocumentRow, kind: str, form: Filled, near: int, back: str) -> HTMLResponse:
    part, _, clause = form.text("place").partition(":")
    return a.page(
        "document_add.html", a.view(), status=200 if form.good else 400, d=row, kind=kind, form=form, near=near,
        back=back[:400], paragraphs=_clause_text(a, row, int(part), clause) if part.isdecimal() else [], clause=clause,
        again=lambda k: urlencode(
            {"part": part, "clause": clause, "quote": form.text("quote"), "near": near, "back": back, "kind": k}
        ),
        **entry_words(a),
    )  # fmt: skip


@router.post("/documents/{document_id}/add")
def add(a: Reviews, document_id: str, sent: Sent) -> Response:
    """Add an entry; words that do not stand in the clause are told at their field."""
    with reading(a.workspace.engine) as db:
        row = seen(db, a.scope, document_id, a.workspace.clock())
    kind = _text(sent, "kind") if _text(sent, "kind") in KINDS else "target"
    near = _text(sent, "near")
    near_at = int(near) if near.isascii() and near.isdecimal() and len(near) < 8 else 0
    form = _add_form(a, row, kind).parse(sent)
    back = _text(sent, "back")
    if not form.good:
        return _adding(a, row, kind, form, near_at, back)
    part, _, clause = form.values["place"].partition(":")
    values = {k: v for k, v in entry_values(form).items() if k not in ("place", "quote")}
    try:
        made = review_of.add(
            a.workspace, a.scope, document_id, kind, (int(part), clause), form.values["quote"], values, near_at
        )
    except UserError as error:
        if error.code != "READ-006":
            raise
        return _adding(a, row, kind, form.refused(quote=FieldError("field_error.not_in_clause")), near_at, back)
    return going_on(a, document_id, "", made, stay=True)
