"""Routes of packs (规则包): the list with how each stands, and one document as a tree of clauses."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from shuangkong.app.unit_targets import named_units
from shuangkong.app.web.choice import Chosen, chooser, chosen, sent_on
from shuangkong.app.web.cockpit import Counts, counted
from shuangkong.app.web.context import Asked, Asks
from shuangkong.app.web.reading import RunView
from shuangkong.app.web.rows import Finding, Subject
from shuangkong.app.web.sentences import anchor
from shuangkong.app.web.tables_reading import counts
from shuangkong.app.web.why_page import item_label, standing
from shuangkong.engine.api import reading
from shuangkong.judgement.api import RULE_STATUS_LABELS, RuleStatus
from shuangkong.policy.api import NATION, Clause, Duty, Pack, Parameter, TableEntry, Target
from shuangkong.registry.api import units_of

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class Asking:
    """A target with what was found under it, and whether its time is over."""

    target: Target
    counts: Counts
    listed: str
    over: bool


@dataclass(frozen=True)
class Branch:
    """A clause with its depth in the document, what it asks, and how that stands."""

    clause: Clause
    depth: int
    anchor: str
    targets: tuple[Asking, ...]
    parameters: tuple[Parameter, ...]
    duties: tuple[Duty, ...]
    tables: tuple[tuple[TableEntry, Mapping[str, int]], ...] = ()


def within(view: RunView, choice: Chosen) -> list[Finding]:
    """Findings of the region and period chosen, of all levels and aspects."""
    inside = view.within(choice.region) if choice.region else None
    return [
        f
        for f in view.findings
        if (inside is None or f.subject_id in inside) and choice.period in ("", f.period_key)
    ]  # fmt: skip


def listed(choice: Chosen, **more: str) -> str:
    """The address of the list with the findings that are counted."""
    query = {**more, "region": choice.region, "period": choice.period}
    return f"/findings?{urlencode({k: v for k, v in query.items() if v or k == 'region'})}"


def tree(view: RunView, pack: Pack, choice: Chosen) -> list[Branch]:
    """The clauses in the order of the document, each below the one that it belongs to."""
    by_slug: dict[str, list[Finding]] = defaultdict(list)
    for f in within(view, choice):
        if f.pack_key == pack.key:
            by_slug[f.slug].append(f)
    below: dict[str | None, list[Clause]] = defaultdict(list)
    for clause in pack.clauses:
        below[clause.parent].append(clause)
    rows: list[Branch] = []
    ruled = counts(view)
    none: Counter[str] = Counter()

    def asking(t: Target) -> Asking:
        over = t.due is not None and t.due.end <= view.run.as_of
        return Asking(t, counted(by_slug[t.slug]), listed(choice, pack=pack.key, target=t.slug), over)

    def add(clause: Clause, depth: int) -> None:
        targets = tuple(asking(t) for t in pack.targets if t.clause == clause.id)
        parameters = tuple(p for p in pack.parameters if p.clause == clause.id)
        duties = tuple(d for d in pack.duties if d.clause == clause.id)
        tables = tuple((t, ruled.get((pack.key, t.id), none)) for t in pack.tables if t.clause == clause.id)
        rows.append(Branch(clause, depth, anchor(clause.id), targets, parameters, duties, tables))
        for inner in below[clause.id]:
            add(inner, depth + 1)

    for top in below[None]:
        add(top, 0)
    return rows


def named(view: RunView, pack: Pack) -> dict[str, Subject]:
    """The units that its targets name, by the code that names each; one that was not registered is not there."""
    with reading(view.workspace.engine) as db:
        found = units_of(db, view.scope, named_units([pack]), view.run.known)
    return {code: view.subjects[unit] for code, unit in found.items() if unit in view.subjects}


@router.get("/packs")
def packs(a: Annotated[Asked, Depends(Asks("findings.read"))]) -> Response:
    """All documents, newest first, with how each stands and what was found under it."""
    view = a.needed()
    if (elsewhere := sent_on(a, view)) is not None:
        return elsewhere
    choice = chosen(a, view)
    by_pack: dict[str, list[Finding]] = defaultdict(list)
    for f in within(view, choice):
        by_pack[f.pack_key].append(f)
    shown = sorted(view.packs.packs, key=lambda p: p.instrument.issued, reverse=True)
    rows = [(p, standing(view, p.key), counted(by_pack[p.key]), listed(choice, pack=p.key)) for p in shown]
    return a.page(
        "packs.html", view, plans=[r for r in rows if r[0].targets], others=[r for r in rows if not r[0].targets],
        choice=choice, chooser=chooser(a, view, stays=True),
    )  # fmt: skip


@router.get("/packs/{name}")
def pack(a: Annotated[Asked, Depends(Asks("findings.read"))], name: str) -> Response:
    """One document: what it is, how it stands, its clauses and what each asks."""
    view = a.needed()
    found = view.packs.pack(name)
    if (elsewhere := sent_on(a, view)) is not None:
        return elsewhere
    choice = chosen(a, view)
    place = found.instrument.region
    return a.page(
        "pack.html", view, pack=found, named=named(view, found),
        standing=standing(view, found.key), branches=tree(view, found, choice),
        item_label=lambda item: item_label(view, item),
        rule_status=lambda s: RULE_STATUS_LABELS[RuleStatus(s)], choice=choice, chooser=chooser(a, view, stays=True),
        neighbour=place != NATION and place not in view.by_code, listed=listed(choice, pack=found.key),
    )  # fmt: skip
