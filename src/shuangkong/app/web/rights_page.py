"""Why may I, or may I not, see this (为何能看、为何不能看): each rule that decides, named in a sentence.

What lies outside the reader's scope is answered in the same words as what does not exist: nothing here tells whether
it does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlsplit

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Match, Route

from shuangkong.accounting.api import readable_subjects
from shuangkong.app.consenting import consents_of
from shuangkong.app.web.context import Asked, Asks
from shuangkong.app.web.places import subject_name
from shuangkong.engine.api import reading
from shuangkong.kernel.ids import SubjectId
from shuangkong.kernel.scope import USE_LABELS
from shuangkong.registry.api import PUBLISHED, ancestors, describe, names_of, subjects_seen, subtree
from shuangkong.webkit.api import business_day, decide, rights

router = APIRouter(include_in_schema=False)
Explains = Annotated[Asked, Depends(Asks("rights.explain"))]
MOST = 8


@dataclass(frozen=True)
class Rule:
    """One rule: whether it lets the reader pass (None: it only informs), and the sentence that says so."""

    passes: bool | None
    key: str
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """What was asked about, under which name and address, the rules, and the end of it."""

    about: str
    rules: tuple[Rule, ...]
    href: str = ""

    @property
    def allowed(self) -> bool:
        """Whether no rule stands in the way."""
        return all(rule.passes is not False for rule in self.rules)


class _Place(NamedTuple):
    """A page of this site: the right that it asks for (None: open to all), and what its address names."""

    action: str | None
    path: str
    names: dict[str, Any]


@router.get("/rights")
def rights_page(a: Explains, about: Annotated[str, Query(max_length=400)] = "") -> HTMLResponse:
    """One's own appointment, scope and actions; and the answer about an address, a subject or a finding."""
    answers = explain(a, about.strip()) if about.strip() else []
    known = rights()
    role = known.roles[a.who.role]
    return a.page(
        "rights.html", a.view(), about=about.strip(), answers=answers, scope_words=scope_words(a), who_role=role,
        may=[x for x in known.actions.values() if decide(a.who, x.id).allowed],
        may_not=[x for x in known.actions.values() if not decide(a.who, x.id).allowed],
        roles_with={x: [r.label for r in known.roles.values() if x in r.actions] for x in known.actions},
        use=USE_LABELS[a.scope.use],
    )  # fmt: skip


def scope_words(a: Asked) -> str:
    """The reader's scope as a sentence."""
    s, say = a.scope, a.speaker.say
    day = (s.on or business_day(a.workspace.clock())).isoformat()
    if s.subject is not None:
        with reading(a.workspace.engine) as db:
            name = subject_name(db, a.workspace, s.subject, a.language)
        return (
            say("rights.scope_unit", name=name) if s.kind == "unit" else say("rights.scope_region", name=name, day=day)
        )
    if s.kind == "consented":
        return say("rights.scope_consented", name=s.grantee, use=a.speaker.label(USE_LABELS[s.use]), day=day)
    return say("rights.scope_all") if s.unrestricted else say("rights.scope_published")


def explain(a: Asked, about: str) -> list[Answer]:
    """The answers about what was typed: several where a name is that of several subjects in scope."""
    mine = tuple(_who(a))
    place = _place(a, about)
    if place is not None:
        return [_about_place(a, about, place, mine)]
    if about.startswith("f_"):
        asked = (*mine, *_action(a, "findings.read"))
        return [Answer(about, (*asked, *_finding(a, about, asked)), f"/findings/{about}")]
    found = _subjects(a, about)
    if not found:
        return [Answer(about, (*mine, Rule(False, "may.not_found")))]
    return [_about_subject(a, s, mine) for s in found[:MOST]]


def _who(a: Asked) -> Iterator[Rule]:
    role = a.speaker.label(rights().roles[a.who.role].label)
    if a.who.signed_in:
        yield Rule(True, "may.signed_in", {"name": a.who.name, "role": role})
    else:
        yield Rule(None, "may.public")
    if a.who.limited_to is not None:
        yield Rule(None, "may.by_token", {"n": len(a.who.limited_to)})


def _action(a: Asked, action: str) -> Iterator[Rule]:
    """Whether role, token and password let the reader do this at all."""
    known = rights()
    label = a.speaker.label(known.actions[action].label)
    role = known.roles[a.who.role]
    facts = {"action": label, "role": a.speaker.label(role.label)}
    if action not in role.actions:
        who = "、" if a.language == "zh" else ", "
        others = who.join(a.speaker.label(r.label) for r in known.roles.values() if action in r.actions)
        yield Rule(False, "may.role_no" if a.who.signed_in else "may.sign_in_first", facts | {"others": others})
        return
    yield Rule(True, "may.role_yes", facts)
    answer = decide(a.who, action)
    if answer.rule == "token":
        yield Rule(False, "may.token_no", facts)
    elif answer.rule == "password" and not answer.allowed:
        yield Rule(False, "may.password_no")


def _place(a: Asked, about: str) -> _Place | None:
    """The page that an address of this site names; None for what is no address."""
    parts = urlsplit(about)
    if not (about.startswith("/") or parts.scheme in ("http", "https")):
        return None
    path = parts.path or "/"
    if parts.netloc and parts.netloc != a.request.headers.get("host", ""):
        return _Place(None, "", {})
    for route in _leaves(a.request.app.routes):
        for method in sorted(route.methods or ()):
            match, found = route.matches({"type": "http", "path": path, "method": method, "root_path": ""})
            if match is Match.FULL:
                return _Place(_right_of(route), route.path, dict(found.get("path_params", {})))
    return _Place(None, "", {})


def _leaves(routes: Iterable[BaseRoute]) -> Iterator[Route]:
    """Every route, those of included routers too."""
    for route in routes:
        if isinstance(route, Route):
            yield route
        elif isinstance(below := getattr(route, "original_router", None), APIRouter):
            yield from _leaves(below.routes)


def _right_of(route: Route) -> str | None:
    """The action that a route asks for; None where it is open to all."""
    if not isinstance(route, APIRoute):
        return None
    return next((d.call.action for d in route.dependant.dependencies if isinstance(d.call, Asks)), None)


def _about_place(a: Asked, about: str, place: _Place, mine: tuple[Rule, ...]) -> Answer:
    if not place.path:
        return Answer(about, (*mine, Rule(False, "may.no_page")))
    if place.action is None:
        return Answer(about, (Rule(True, "may.open_to_all"),), urlsplit(about).path)
    asked = (*mine, *_action(a, place.action))
    more: tuple[Rule, ...] = ()
    if "subject_id" in place.names:
        more = tuple(_subject_rules(a, place.names["subject_id"]))
    elif place.path.startswith("/findings/") or place.path.startswith("/api/findings/"):
        more = tuple(_finding(a, place.names["key"], asked))
    return Answer(about, (*asked, *more), about if about.startswith("/") else "")


def _finding(a: Asked, key: str, asked: tuple[Rule, ...]) -> Iterator[Rule]:
    """The finding of the newest run, and its subject; what one may not read is like what is not there."""
    view = a.view() if all(r.passes is not False for r in asked) else None
    found = view.by_key.get(key) if view else None
    if view is None or found is None:
        yield Rule(False, "may.not_found")
        return
    yield Rule(True, "may.finding", {"n": view.run.number})
    yield from _subject_rules(a, found.subject_id)


def _subjects(a: Asked, about: str) -> list[dict[str, Any]]:
    """Subjects in scope that have this id, code or name."""
    now = a.workspace.clock()
    with reading(a.workspace.engine) as db:
        rows = subjects_seen(db, a.scope, now, day=business_day(now)).to_pylist()
    return [r for r in rows if about in (r["subject_id"], r["code"], r["name_zh"], r["name_en"])]


def _about_subject(a: Asked, row: dict[str, Any], mine: tuple[Rule, ...]) -> Answer:
    name = (row["name_en"] if a.language == "en" else None) or row["name_zh"] or row["subject_id"]
    unit = row["kind"] != "region"
    asked = _action(a, "units.read" if unit else "findings.read")
    href = f"/{'units' if unit else 'regions'}/{row['subject_id']}"
    return Answer(name, (*mine, *asked, *_subject_rules(a, row["subject_id"])), href)


def _subject_rules(a: Asked, subject: str) -> Iterator[Rule]:
    """Whether the scope covers a subject, through what, and whether its use is limited."""
    now = a.workspace.clock()
    day = a.scope.on or business_day(now)
    with reading(a.workspace.engine) as db:
        rows = subjects_seen(db, a.scope, now, day=day).to_pylist()
        row = next((r for r in rows if r["subject_id"] == subject), None)
        if row is None:
            yield Rule(False, "may.not_found")
            return
        yield _covering(a, db, SubjectId(subject), day, now)
    yield from _use(a, subject, row["kind"])


def _covering(a: Asked, db: sa.Connection, subject: SubjectId, day: date, now: datetime) -> Rule:
    """The rule by which a subject in scope is in it."""
    s = a.scope
    if s.unrestricted:
        return Rule(True, "may.scope_all")
    if s.subject is not None and subject in subtree(db, s.for_writing(), s.subject, day, now):
        path = _path(a, db, subject, day, now)
        return Rule(True, f"may.scope_{s.kind}", {"path": path, "day": day.isoformat()})
    if s.kind == "consented":
        above = set(ancestors(db, s.for_writing(), subject, day, now))
        for c in consents_of(db, s, now):
            if c.subject_id in above and c.use == s.use and c.stands_on(day):
                use = a.speaker.label(USE_LABELS[c.use])
                facts = {"name": c.grantee, "use": use, "start": c.valid_from.isoformat(), "consent": c.row_id}
                until = c.valid_to.isoformat() if c.valid_to else ""
                return Rule(True, "may.consent_until" if until else "may.consent", facts | {"end": until})
    card = describe(db, subject, s, now)
    since = next((f.valid_from for f in card.attributes if f.name == PUBLISHED and f.value == "yes"), day)
    return Rule(True, "may.published", {"day": since.isoformat()})


def _path(a: Asked, db: sa.Connection, subject: SubjectId, day: date, now: datetime) -> str:
    """From the place of the appointment down to the subject, as the tree stood on the day."""
    line = ancestors(db, a.scope.for_writing(), subject, day, now)
    names = names_of(db, line, a.scope, now)
    return " › ".join(a.speaker.label(names[s]) if s in names else s for s in line)


def _use(a: Asked, subject: str, kind: str) -> Iterator[Rule]:
    """Whether figures are hidden for their lawful use: a unit's returns may name the uses that they allow."""
    if a.scope.use == "any":
        yield Rule(None, "may.use_any")
        return
    use = a.speaker.label(USE_LABELS[a.scope.use])
    view = a.view()
    if kind != "region" and view is not None:
        shown = readable_subjects(a.workspace, view.run, a.scope)
        if shown is not None and subject not in set(shown["subject_id"].to_pylist()):
            yield Rule(False, "may.use_no", {"use": use})
            return
    yield Rule(None, "may.use_yes", {"use": use})
