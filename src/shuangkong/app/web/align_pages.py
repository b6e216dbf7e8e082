"""Routes of targets side by side (目标对照), and of the table of tasks of a document (任务分解表)."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, Response

from shuangkong.app.aligning import REVIEWED, Choice, choices, chosen_pack, linked, rows_under_review
from shuangkong.app.catalogue import library
from shuangkong.app.document_store import not_there
from shuangkong.app.web.context import Asked, Asks
from shuangkong.policy.api import (
    ALIGN_ATTENTION,
    Alignment,
    AlignRow,
    align,
    align_cell,
    align_marks,
    align_name,
    align_verdict,
    align_word,
    alignment_workbook,
    tasks_workbook,
)

router = APIRouter(include_in_schema=False)
#: Levels at which a document is chosen, with those of instruments that are offered there.
LEVELS = {"nation": ("nation",), "province": ("province",), "city": ("city",), "county": ("county", "unit")}
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@router.get("/align")
def align_page(a: Annotated[Asked, Depends(Asks("findings.read"))]) -> HTMLResponse:
    """Documents of several levels side by side by indicator, with what is missing, weaker or not to be weighed."""
    found, offered, taken = _asked(a)
    only = a.request.query_params.get("only") == "attention"
    rows = [r for r in found.rows if not only or _attention(r)] if found else []
    words: dict[str, Any] = {
        "cell_words": lambda c: align_cell(c, a.language), "cell_marks": lambda c: align_marks(c, a.language),
        "verdict_words": lambda c: align_verdict(c, a.language), "row_name": lambda r: align_name(r, a.language),
        "verdict": lambda v: align_word(v, a.language), "attention": ALIGN_ATTENTION,
    }  # fmt: skip
    said = {n: {c.below: c for c in row.comparisons} for n, row in enumerate(rows)}
    view = a.view()
    reachable = {p.key for p in view.packs.packs} if view else set()
    return a.page(
        "align.html", view, reachable=reachable, found=found, rows=rows, said=said, offered=offered, taken=taken,
        only=only, query=urlencode(taken), **words,
    )  # fmt: skip


@router.get("/align.xlsx")
def align_file(a: Annotated[Asked, Depends(Asks("export"))]) -> Response:
    """The same as a workbook."""
    found, _, _ = _asked(a)
    content = alignment_workbook(found or align(()), a.language)
    return _file(content, align_word("title", a.language))


@router.get("/packs/{name}/tasks.xlsx")
def tasks_file(a: Annotated[Asked, Depends(Asks("export"))], name: str) -> Response:
    """The duties of a document as a table of tasks, and department by clause."""
    pack = a.needed().packs.pack(name)
    return _file(tasks_workbook(pack, a.language), pack.instrument.title.zh)


def _attention(row: AlignRow) -> bool:
    return any(v in ALIGN_ATTENTION for c in row.comparisons for v in c.verdicts)


def _asked(a: Asked) -> tuple[Alignment | None, dict[str, list[Choice]], dict[str, str]]:
    """The alignment of what is chosen, what is offered at each level, and the choice."""
    packs = library(workspace=a.workspace)
    rows = rows_under_review(a.workspace, a.scope) if a.may("documents.read") else []
    every = choices(packs, rows)
    offered = {level: [c for c in every if c.level in own] for level, own in LEVELS.items()}
    asked = {level: a.request.query_params.get(level, "") for level in LEVELS}
    taken = {k: v for k, v in asked.items() if v}
    if not any(k in a.request.query_params for k in LEVELS):
        taken = linked(packs, every)
    if not a.may("documents.read") and any(n.startswith(REVIEWED) for n in taken.values()):
        raise not_there(next(n for n in taken.values() if n.startswith(REVIEWED)))
    chosen = [chosen_pack(a.workspace, a.scope, name, packs) for name in taken.values()]
    return (align(chosen, packs) if len(chosen) > 1 else None), offered, taken


def _file(content: bytes, title: str) -> Response:
    named = f"attachment; filename=\"shuangkong.xlsx\"; filename*=UTF-8''{quote(title)}.xlsx"
    return Response(content, media_type=_XLSX, headers={"Content-Disposition": named})
