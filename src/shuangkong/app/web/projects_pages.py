"""Pages of projects (项目): the list, and one project with its data, its decisions with reasons, and the next step."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, Response
from markupsafe import Markup

from shuangkong.app.web import tables_reading as r
from shuangkong.app.web.choice import chooser, sent_on
from shuangkong.app.web.context import Asked, Asks
from shuangkong.app.web.listings import list_routes
from shuangkong.app.web.projects_list import LISTING, projects_table, shown_value
from shuangkong.app.web.reading import Row, RunView
from shuangkong.app.web.tables_drawn import output_words
from shuangkong.app.web.tables_pages import words
from shuangkong.app.web.units_list import industry_name
from shuangkong.kernel.labels import Label
from shuangkong.policy.api import TableEntry
from shuangkong.registry.api import ProjectField, project_fields, project_groups
from shuangkong.webkit.api import parse_choices

router = APIRouter(include_in_schema=False)
ReadsUnits = Annotated[Asked, Depends(Asks("units.read"))]


@dataclass(frozen=True)
class Fact:
    """One fact of a project for its page; `waiting` is how many decisions wait for it where it is not registered."""

    field: ProjectField
    value: str
    waiting: int = 0


def projects(a: Asked) -> Response:
    """The list of projects, filtered, sorted and paged on the server."""
    run = a.needed()
    if (elsewhere := sent_on(a, run)) is not None:
        return elsewhere
    choices = parse_choices(LISTING.spec, a.request.query_params.multi_items())
    answer = a.page(
        "projects.html", run, table=projects_table(run, choices, a.speaker), chooser=chooser(a, run, stays=True),
        **words(a, run),
    )  # fmt: skip
    answer.headers["HX-Push-Url"] = choices.address("/projects")
    return answer


list_routes(router, LISTING, projects)


@router.get("/projects/{subject_id}")
def project(a: ReadsUnits, subject_id: str) -> HTMLResponse:
    """One project: what the register says, what the rules say and why, and what is missing for the rest."""
    run = a.needed()
    subject = run.subject(subject_id, "project")
    said = words(a, run)
    rows = sorted(r.of_subject(run, subject), key=_attention)
    waiting = _waiting(run, rows, said["rule_table"])
    facts = run.projects().get(subject.id, {})
    owner = run.subjects.get(str(facts.get("owner_id") or ""))
    return a.page(
        "project.html", run, subject=subject, above=run.path(subject.id)[:-1], owner=owner, rows=rows,
        industry=industry_name(subject.industry, subject.industry_edition), groups=_groups(a, facts, waiting),
        worst=next((x for x in rows if x["signal"] in ("bad", "warn")), None),
        missing=_missing(waiting), names_of=lambda some: _named(a, some), withheld=r.withheld(run, subject=subject.id),
        chooser=chooser(a, run),
        **said,
    )  # fmt: skip


_ORDER = ("bad", "warn", "good")


def _attention(row: Row) -> tuple[int, int, str]:
    signal = _ORDER.index(row["signal"]) if row["signal"] in _ORDER else len(_ORDER)
    return signal, ("hit", "undetermined", "no_row").index(row["status"]), row["clause"]


def _waiting(run: RunView, rows: list[Row], table_of: Any) -> Counter[str]:
    """How many decisions wait for each field of the register: inputs that are needed, by their field."""
    found: Counter[str] = Counter()
    for row in rows:
        if row["status"] != "undetermined" or not row["needs"]:
            continue
        entry: TableEntry | None = table_of(row)
        if entry is None:
            continue
        pack = run.packs.pack(f"{row['pack_id']}@{row['pack_edition']}")
        bound = {i.name: i.field for t in pack.tables for i in t.inputs if i.field}
        bound |= {i.name: i.field for i in entry.inputs if i.field}
        found.update({bound[n] for n in row["needs"].split(", ") if n in bound})
    return found


def _missing(waiting: Counter[str]) -> list[tuple[Label, int]]:
    """What is missing, by how many decisions wait for it; what follows from others is named by those."""
    fields = project_fields()
    found: Counter[str] = Counter()
    for name, n in waiting.items():
        one = fields.get(name)
        if one is not None:
            for source in one.made[1] if one.made else (name,):
                found[source] += n
    return [(fields[name].label, n) for name, n in found.most_common()]


def _named(a: Asked, some: list[tuple[Label, int]]) -> str:
    return a.speaker.say("punctuation.list").join(a.speaker.label(label) for label, _ in some)


def _groups(a: Asked, facts: Row, waiting: Counter[str]) -> list[tuple[Label, list[Fact]]]:
    """The facts by group: what is registered, and what is not though decisions wait for it."""
    found = []
    for group, label in project_groups().items():
        lines = [
            Fact(one, _said(a, name, facts.get(name)), waiting.get(name, 0))
            for name, one in project_fields().items()
            if one.group == group and (facts.get(name) is not None or waiting.get(name, 0))
        ]
        if lines:
            found.append((label, lines))
    return found


def _said(a: Asked, name: str, value: Any) -> str:
    """A fact in words: a figure with its unit, yes or no, a day."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return a.speaker.say("table.is_so") if value else a.speaker.say("table.not_so")
    if isinstance(value, Decimal):
        return output_words(shown_value(name, value), project_fields()[name].unit, a.speaker)
    return str(value)


def of_owner(about: Any) -> Markup | None:
    """The projects of a unit, for its page."""
    a, view, subject = about["asked"], about["view"], about["subject"]
    if view is None or subject is None or not a.may("units.read"):
        return None
    facts = view.projects()
    mine = [view.subjects[s] for s, f in facts.items() if f.get("owner_id") == subject.id and s in view.subjects]
    if not mine:
        return None
    html = a.site.frame.render("project_section.html", a.language, projects=mine, facts=facts, view=view)
    return Markup(html)
