"""Packs under review (规则包复核): proposed by one person, published by a second, with what would change."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response

from shuangkong.app.catalogue import catalogue
from shuangkong.app.publishing import Decision, decide_on, proposal_seen, proposals_seen, propose_pack, took_part
from shuangkong.app.web.context import Asked, Asks
from shuangkong.app.web.documents_pages import names_of
from shuangkong.app.web.imports_pages import plain_name
from shuangkong.app.web.pack_words import Named, field_words, value_words
from shuangkong.app.web.reading import RunView
from shuangkong.app.web.sent import Sent
from shuangkong.engine.api import reading
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.policy.api import ENTRY_KINDS, STATES, Difference, Pack, PackErrors, unpacked
from shuangkong.webkit.api import Filled, FormField, FormSpec

router = APIRouter(include_in_schema=False)
Reads = Annotated[Asked, Depends(Asks("proposals.read"))]
Proposes = Annotated[Asked, Depends(Asks("packs.propose"))]
Publishes = Annotated[Asked, Depends(Asks("packs.publish"))]
#: Differences and fields shown on the page; the rest is told by number, the whole is in the file.
SHOWN, FIELDS = 200, 12

PROPOSE = FormSpec(
    "proposal",
    Label("提交规则包", "Propose a pack"),
    (
        FormField(
            "file", Label("规则包（zip）", "Pack (zip)"), "file", required=True, kinds=(".zip",),
            hint=Label(
                "把含 instrument.yaml 的文件夹压缩成 zip；先逐项检查，有问题不会保存",
                "zip the folder with instrument.yaml; it is checked first, and nothing is kept if something is wrong",
            ),
        ),
        FormField("because", Label("提交理由", "Reason"), "textarea", required=True, length=2000),
    ),
    submit=Label("检查并提交", "Check and propose"),
)  # fmt: skip
_REMARK = FormField("reason", Label("复核意见", "Remark"), "textarea", length=2000)
_WHY = FormField("reason", Label("理由", "Reason"), "textarea", required=True, length=2000)
FORMS: dict[Decision, FormSpec] = {
    "published": FormSpec("publish", Label("发布", "Publish"), (_REMARK,), submit=Label("发布", "Publish")),
    "rejected": FormSpec("reject", Label("退回", "Send back"), (_WHY,), submit=Label("退回", "Send back")),
    "withdrawn": FormSpec("withdraw", Label("撤回", "Withdraw"), (_WHY,), submit=Label("撤回", "Withdraw")),
}
#: Where each form goes.
VERBS: dict[Decision, str] = {"published": "publish", "rejected": "reject", "withdrawn": "withdraw"}


@router.get("/proposals")
def proposals_page(a: Reads) -> Response:
    """The packs proposed in scope, newest first, and the form to propose one."""
    return _listing(a)


@router.post("/proposals")
async def propose_post(a: Proposes) -> Response:
    """Check an archive and keep it as a proposal; what is wrong is shown at the form."""
    async with a.request.form() as sent:
        form = PROPOSE.parse(sent.multi_items())
        content = await form.values["file"].read() if form.good else b""
    return await run_in_threadpool(_propose, a, form, content)


def _propose(a: Asked, form: Filled, content: bytes) -> Response:
    if not form.good:
        return _listing(a, form=form)
    name = plain_name(form.values["file"].filename or "")
    try:
        files = unpacked(content, origin=name)
        made = propose_pack(a.workspace, a.scope, files, form.values["because"], origin=name)
    except PackErrors as errors:
        return _listing(a, form=form, problems=errors.problems)
    except UserError as error:
        return _listing(a, form=form, error=error)
    return RedirectResponse(f"/proposals/{made}", 303)


@router.get("/proposals/{proposal}")
def proposal_page(a: Reads, proposal: str) -> Response:
    """One proposal: what it is, what it would change, and what became of it."""
    return _one(a, proposal)


@router.get("/proposals/{proposal}/pack.zip")
def proposal_file(a: Reads, proposal: str) -> Response:
    """The proposed pack as it was handed in."""
    found, _, _ = proposal_seen(a.workspace, a.scope, proposal)
    name = f"{found.pack_id}-{found.edition}.zip"
    return Response(
        a.workspace.blobs.get(found.blob), media_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )  # fmt: skip


@router.post("/proposals/{proposal}/publish")
def publish_post(a: Publishes, proposal: str, sent: Sent) -> Response:
    """Put somebody else's proposal in force."""
    return _decided(a, proposal, "published", sent)


@router.post("/proposals/{proposal}/reject")
def reject_post(a: Publishes, proposal: str, sent: Sent) -> Response:
    """Send somebody else's proposal back."""
    return _decided(a, proposal, "rejected", sent)


@router.post("/proposals/{proposal}/withdraw")
def withdraw_post(a: Proposes, proposal: str, sent: Sent) -> Response:
    """Take the own proposal back."""
    return _decided(a, proposal, "withdrawn", sent)


def _decided(a: Asked, proposal: str, decision: Decision, sent: Sent) -> Response:
    form = FORMS[decision].parse(sent)
    if not form.good:
        return _one(a, proposal, forms={decision: form})
    try:
        proposal_seen(a.workspace, a.scope, proposal)
        decide_on(a.workspace, a.scope, proposal, decision, form.values["reason"] or "")
    except PackErrors as errors:
        return _one(a, proposal, problems=errors.problems)
    except UserError as error:
        if error.code not in ("PACK-007", "PACK-008"):
            raise
        return _one(a, proposal, error=error)
    return RedirectResponse(f"/proposals/{proposal}", 303)


def _listing(
    a: Asked, *, form: Filled | None = None, error: UserError | None = None, problems: tuple[UserError, ...] = ()
) -> Response:
    with reading(a.workspace.engine) as db:
        rows = proposals_seen(db, a.scope, a.workspace.clock())
    wrong = error is not None or bool(problems) or (form is not None and not form.good)
    return a.page(
        "proposals.html", a.view(), status=400 if wrong else 200, rows=rows, states=STATES, error=error,
        problems=problems, names=names_of(a), form=(form or PROPOSE.empty()) if a.may("packs.propose") else None,
    )  # fmt: skip


def _one(
    a: Asked,
    proposal: str,
    *,
    forms: dict[Decision, Filled] | None = None,
    error: UserError | None = None,
    problems: tuple[UserError, ...] = (),
) -> Response:
    found, pack, changed = proposal_seen(a.workspace, a.scope, proposal)
    own = found.proposed_by == a.scope.principal
    with reading(a.workspace.engine) as db:
        deciders = took_part(db, found)
    decided = a.scope.principal in deciders
    decisions: tuple[Decision, ...] = ("withdrawn",) if own else ("rejected",) if decided else ("published", "rejected")
    if found.state != "open" or not a.may("packs.propose" if own else "packs.publish"):
        decisions = ()
    named = _named(a.view(), pack)
    offered = [((forms or {}).get(d) or FORMS[d].empty(), f"/proposals/{proposal}/{VERBS[d]}") for d in decisions]
    return a.page(
        "proposal.html", a.view(), status=400 if forms or error or problems else 200, p=found, pack=pack, own=own,
        decided=decided, deciders=sorted(deciders),
        states=STATES, changed=changed[:SHOWN], left_off=max(0, len(changed) - SHOWN), n=len(changed), shown=FIELDS,
        first=bool(changed) and changed[0].kind == "instrument" and changed[0].change == "added", kind=_kind,
        left=lambda one: max(0, len(one.fields) - FIELDS), error=error, problems=problems, names=names_of(a),
        offered=offered, field_words=lambda path: field_words(path, a.speaker),
        value_words=lambda path, text: value_words(path, text, a.speaker, named),
    )  # fmt: skip


def _named(view: RunView | None, pack: Pack) -> Named:
    """What indicators and regions are called that a pack names by their ids."""
    declared = {i.id: i.label.label for i in pack.indicators}

    def named(field: str, text: str) -> Label | None:
        if field == "indicator":
            known = catalogue().get(("indicator", text))
            reported = view.packs.indicators.get(text) if view else None
            return declared.get(text) or (known.label if known else reported.label.label if reported else None)
        place = view.by_code.get(text) if view and field in ("region", "regions") else None
        return place.label if place else None

    return named


def _kind(one: Difference) -> Label:
    return ENTRY_KINDS[one.kind][1] if one.kind in ENTRY_KINDS else Label("文件信息", "the document")
