"""Who does what by when (任务分解): the duties of a document as a list of tasks, and by department and clause."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

import yaml

from shuangkong.kernel.labels import Label, Language
from shuangkong.policy.clauses import Duty
from shuangkong.policy.model import Pack
from shuangkong.policy.sheets import Page, workbook

#: How a body takes part: it leads, it supports, or it answers with others where nobody leads.
ROLES = ("lead", "support", "answer")


@dataclass(frozen=True, slots=True)
class Task:
    """A duty as a row of the table: its number, what is to be done, who leads and who supports, until when, and where.

    `candidate`: the program read it and nobody has reviewed it.
    """

    number: int
    slug: str
    clause: str
    clause_title: str
    task: str
    lead: tuple[str, ...]
    support: tuple[str, ...]
    due: date | None
    every: str | None
    note: str | None
    candidate: bool


@dataclass(frozen=True, slots=True)
class Share:
    """What one department does under one clause: its role (`lead`, `support`, `answer`), the task, and until when."""

    department: str
    clause: str
    role: str
    task: str
    due: date | None
    every: str | None


def tasks_of(pack: Pack) -> tuple[Task, ...]:
    """The duties of a pack in the order of its clauses."""
    order = {c.id: n for n, c in enumerate(pack.clauses)}
    titles = {c.id: c.title.zh for c in pack.clauses}
    duties = sorted(pack.duties, key=lambda d: order.get(d.clause, len(order)))
    return tuple(_task(n, d, titles.get(d.clause, ""), pack) for n, d in enumerate(duties, start=1))


def _task(number: int, duty: Duty, title: str, pack: Pack) -> Task:
    every = f"{duty.every.value}{duty.every.unit}" if duty.every else None
    sure = duty.confidence or pack.instrument.confidence
    return Task(
        number, duty.slug, duty.clause, title, duty.label.zh, duty.lead, duty.support, duty.due, every, duty.note,
        sure == "candidate",
    )  # fmt: skip


def shares_of(tasks: tuple[Task, ...]) -> tuple[Share, ...]:
    """One row for each department and task, by department in the order in which the document first names them."""
    found: dict[str, list[Share]] = {}
    for task in tasks:
        for department, role in _roles(task):
            found.setdefault(department, []).append(
                Share(department, task.clause, role, task.task, task.due, task.every)
            )
    return tuple(s for rows in found.values() for s in rows)


def _roles(task: Task) -> Iterator[tuple[str, str]]:
    yield from ((d, "lead") for d in task.lead)
    yield from ((d, "support" if task.lead else "answer") for d in task.support)


def tasks_json(pack: Pack) -> dict[str, Any]:
    """The JSON shape: document, tasks, departments (a row for each department and task), nobody (tasks of no one)."""
    tasks = tasks_of(pack)
    return {
        "document": {"pack": pack.key, "title": pack.instrument.title.zh, "issuer": pack.instrument.issuer},
        "tasks": [_plain(asdict(t)) for t in tasks],
        "departments": [_plain(asdict(s)) for s in shares_of(tasks)],
        "nobody": [t.slug for t in tasks if not t.lead and not t.support],
    }


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {k: v.isoformat() if isinstance(v, date) else list(v) if isinstance(v, tuple) else v for k, v in row.items()}


def tasks_lines(pack: Pack, language: Language) -> Iterator[str]:
    """The tasks for people at the terminal, one line each."""
    tasks = tasks_of(pack)
    yield say("title", language, title=pack.instrument.title.zh)
    for t in tasks:
        yield f"{t.number:>3}. {t.clause}  {t.task}  {_who(t, language)}  {when(t.due, t.every, language)}"
    if not tasks:
        yield say("none", language)


def _who(task: Task, language: Language) -> str:
    parts = [(r, [d for d, role in _roles(task) if role == r]) for r in ROLES]
    told = [f"{say(r, language)} {'、'.join(names)}" for r, names in parts if names]
    return "；".join(told) or say("nobody", language)


def when(due: date | None, every: str | None, language: Language) -> str:
    """Until when, in words; what the document does not say is said to be missing."""
    if due is not None:
        return say("by", language, year=due.year, month=due.month, day=due.day, iso=due.isoformat())
    if every is not None:
        value, unit = (every[:-5], "month") if every.endswith("month") else (every[:-1], every[-1])
        return say(f"every_{unit}", language, n=value)
    return say("no_date", language)


def tasks_workbook(pack: Pack, language: Language) -> bytes:
    """The workbook: the table of tasks (任务分解表), department by department, and departments against clauses."""
    tasks = tasks_of(pack)
    shares = shares_of(tasks)
    title = say("title", language, title=pack.instrument.title.zh)
    notes = _notes(pack, tasks, language)
    return workbook(
        title, (_table(tasks, notes, language), _departments(shares, notes, language), _matrix(tasks, notes, language))
    )


def _notes(pack: Pack, tasks: tuple[Task, ...], language: Language) -> tuple[str, ...]:
    i = pack.instrument
    found = [say("source", language, doc=i.doc_number or i.title.zh, issuer=i.issuer, issued=i.issued.isoformat())]
    if i.synthetic:
        found.append(say("synthetic", language))
    if waiting := sum(t.candidate for t in tasks):
        found.append(say("candidates", language, n=waiting, all=len(tasks)))
    return tuple(found)


def _table(tasks: tuple[Task, ...], notes: tuple[str, ...], language: Language) -> Page:
    rows = tuple(
        (
            str(t.number), t.task, "、".join(t.lead), _supporting(t, language), when(t.due, t.every, language),
            f"{t.clause} {t.clause_title}".strip(), t.note or "",
        )
        for t in tasks
    )  # fmt: skip
    heads = tuple(say(h, language) for h in ("number", "task", "lead_body", "support_body", "due", "clause", "note"))
    return Page(say("sheet_tasks", language), notes, heads, rows, (6, 36, 24, 40, 18, 24, 30))


def _supporting(task: Task, language: Language) -> str:
    """Those who support; where nobody leads, those who answer together, and said so."""
    names = "、".join(task.support)
    return names if task.lead or not names else say("together", language, names=names)


def _departments(shares: tuple[Share, ...], notes: tuple[str, ...], language: Language) -> Page:
    rows = tuple(
        (s.department, s.clause, say(s.role, language), s.task, when(s.due, s.every, language)) for s in shares
    )
    heads = tuple(say(h, language) for h in ("department", "clause", "role", "task", "due"))
    return Page(say("sheet_departments", language), notes, heads, rows, (28, 16, 12, 40, 18))


def _matrix(tasks: tuple[Task, ...], notes: tuple[str, ...], language: Language) -> Page:
    clauses = tuple(dict.fromkeys(t.clause for t in tasks if t.lead or t.support))
    found: dict[str, dict[str, set[str]]] = {}
    for task in tasks:
        for department, role in _roles(task):
            found.setdefault(department, {}).setdefault(task.clause, set()).add(role)
    rows = tuple(
        (
            department,
            *("、".join(say(f"short_{r}", language) for r in ROLES if r in by.get(c, set())) for c in clauses),
        )
        for department, by in found.items()
    )
    legend = (*notes, say("legend", language))
    return Page(say("sheet_matrix", language), legend, (say("department", language), *clauses), rows, (28,))


def say(key: str, language: Language, **facts: object) -> str:
    """A text of the tables of tasks with its facts filled in."""
    return _texts()[key].in_(language).format(**facts)


@cache
def _texts() -> dict[str, Label]:
    data = yaml.safe_load(resources.files("shuangkong.policy").joinpath("tasks.yaml").read_text("utf-8"))
    return {k: Label(t["zh"], t["en"]) for k, t in data.items()}
