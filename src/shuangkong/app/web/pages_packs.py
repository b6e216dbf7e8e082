"""Routes of packs (规则包): the list with how each stands, and one document as a tree of clauses."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse

from shuangkong.app.web.choice import chooser, chosen
from shuangkong.app.web.context import Asked, Asks
from shuangkong.app.web.reading import RunView
from shuangkong.app.web.rows import Finding
from shuangkong.app.web.why_page import item_label, standing
from shuangkong.policy.api import Clause, Pack, Parameter, Target
from shuangkong.webkit.api import severity

router = APIRouter(include_in_schema=False)
Counts = tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Branch:
    """A clause with its depth in the document, what it asks, and how that stands."""

    clause: Clause
    depth: int
    targets: tuple[tuple[Target, Counts], ...]
    parameters: tuple[Parameter, ...]


def counted(found: list[Finding]) -> Counts:
    """How many findings have each status, what needs attention first."""
    counts = Counter(f.status for f in found)
    return tuple(sorted(counts.items(), key=lambda c: severity(c[0])))


def tree(view: RunView, pack: Pack) -> list[Branch]:
    """The clauses in the order of the document, each below the one that it belongs to."""
    by_slug: dict[str, list[Finding]] = defaultdict(list)
    for f in view.findings:
        if f.pack_id == pack.id:
            by_slug[f.slug].append(f)
    below: dict[str | None, list[Clause]] = defaultdict(list)
    for clause in pack.clauses:
        below[clause.parent].append(clause)
    rows: list[Branch] = []

    def add(clause: Clause, depth: int) -> None:
        targets = tuple((t, counted(by_slug[t.slug])) for t in pack.targets if t.clause == clause.id)
        parameters = tuple(p for p in pack.parameters if p.clause == clause.id)
        rows.append(Branch(clause, depth, targets, parameters))
        for inner in below[clause.id]:
            add(inner, depth + 1)

    for top in below[None]:
        add(top, 0)
    return rows


@router.get("/packs")
def packs(a: Annotated[Asked, Depends(Asks("findings.read"))]) -> HTMLResponse:
    """All documents, newest first, with how each stands and what was found under it."""
    view = a.needed()
    by_pack: dict[str, list[Finding]] = defaultdict(list)
    for f in view.findings:
        by_pack[f.pack_key].append(f)
    shown = sorted(view.packs.packs, key=lambda p: p.instrument.issued, reverse=True)
    rows = [(p, standing(view, p.key), counted(by_pack[p.key])) for p in shown]
    plans = [r for r in rows if r[0].targets]
    return a.page("packs.html", view, plans=plans, others=[r for r in rows if not r[0].targets],
                  chooser=chooser(a, view, stays=True), choice=chosen(a, view))  # fmt: skip


@router.get("/packs/{name}")
def pack(a: Annotated[Asked, Depends(Asks("findings.read"))], name: str) -> HTMLResponse:
    """One document: what it is, how it stands, its clauses and what each asks."""
    view = a.needed()
    found = view.packs.pack(name)
    loose = tuple(p for p in found.parameters if p.clause is None)
    return a.page(
        "pack.html",
        view,
        pack=found,
        standing=standing(view, found.key),
        branches=tree(view, found),
        loose=loose,
        item_label=lambda item: item_label(view, item),
        chooser=chooser(a, view, stays=True),
        choice=chosen(a, view),
    )
