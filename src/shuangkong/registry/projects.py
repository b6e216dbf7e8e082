"""The register of projects (项目库): what may be said of a project, and how it is registered, moved on and put right.

A project is a subject of kind `project`. Its facts are dated attributes: what is said from a later day on ends what
stood until then; what is said of a day from which something else stands corrects it, and wants a reason.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import sqlalchemy as sa
import yaml

from shuangkong.kernel.errors import UserError
from shuangkong.kernel.ids import SubjectId, subject_id
from shuangkong.kernel.labels import Label
from shuangkong.kernel.units import base_of, unit
from shuangkong.registry import codes, store
from shuangkong.registry.rules import FOREVER, OWNER
from shuangkong.registry.service import FACTS, Fact, audited, correct, put_right

KIND = "project"
FieldType = Literal["text", "number", "flag", "day"]
YES, NO = "true", "false"


@dataclass(frozen=True, slots=True)
class ProjectField:
    """One thing that the register says of a project; `made` are fields that it follows from, and how.

    `unit` is the one that people write; `stored` the one that the register keeps and rules read.
    """

    name: str
    group: str
    type: FieldType
    label: Label
    unit: str = ""
    choices: tuple[str, ...] = ()
    synonyms: tuple[str, ...] = ()
    negative: bool = False
    made: tuple[str, tuple[str, ...]] | None = None

    @property
    def dimension(self) -> str | None:
        """The dimension of its unit; None where it is made of two units, or a percentage as people write it."""
        simple = self.unit and "/" not in self.unit and self.unit != "%"
        return unit(self.unit).dimension if simple else None

    @property
    def stored(self) -> str:
        """The unit of its figures in the register; empty for what is no number."""
        return base_of(self.dimension).id if self.dimension else self.unit


@cache
def project_fields() -> dict[str, ProjectField]:
    """Every field by name, in the order in which people fill them in."""
    found = (_field(row) for row in _read()["fields"])
    return {f.name: f for f in found}


@cache
def project_groups() -> dict[str, Label]:
    """The groups of fields, in the order of pages and sheets."""
    return {name: Label(g["zh"], g["en"]) for name, g in _read()["groups"].items()}


@cache
def _read() -> dict[str, Any]:
    text = (files("shuangkong.registry") / "data" / "project_fields.yaml").read_text("utf-8")
    data: dict[str, Any] = yaml.safe_load(text)
    return data


def _field(row: Mapping[str, Any]) -> ProjectField:
    made = row.get("made")
    how: tuple[str, tuple[str, ...]] | None = None
    if made and "larger_of" in made:
        how = ("larger_of", tuple(made["larger_of"]))
    elif made:
        how = (made["in"], (made["since"],))
    return ProjectField(
        row["name"], row["group"], row["type"], Label(row["label"]["zh"], row["label"]["en"]), row.get("unit", ""),
        tuple(row.get("choices", ())), tuple(row.get("synonyms", ())), bool(row.get("negative")), how,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class ProjectEntry:
    """A project as it is said to be from `valid_from` on; `facts` are fields and their values as `written` has them.

    `lies_in` is a region's subject id or code, `owner` the subject id of a unit; `where` is file and row, for messages.
    """

    code: str
    name_zh: str
    lies_in: str
    valid_from: date
    owner: str = ""
    industry_code: str = ""
    industry_edition: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    synthetic: bool = False
    where: str = ""


Effect = Literal["new", "changed", "corrected", "unchanged"]


@dataclass(frozen=True, slots=True)
class Step:
    """One fact of a project that an entry changes: what stands now, and what would stand."""

    effect: Effect
    fact: Fact
    name: str
    old: str | None
    new: str
    row: Mapping[str, Any] = field(repr=False)
    row_id: str = ""


@dataclass(frozen=True, slots=True)
class Planned:
    """What an entry would do: to be new, to change from a day on, to correct what stands, or nothing."""

    subject_id: SubjectId
    entry: ProjectEntry
    known: bool
    steps: tuple[Step, ...]

    @property
    def effect(self) -> Effect:
        """The weightiest thing that the entry does."""
        if not self.known:
            return "new"
        effects = {s.effect for s in self.steps}
        return "corrected" if "corrected" in effects else "changed" if effects else "unchanged"

    @property
    def corrections(self) -> tuple[Step, ...]:
        """Facts that stand on the same days and would be put right."""
        return tuple(s for s in self.steps if s.effect == "corrected")


def written(value: object) -> str:
    """A value as the register keeps it: digits without zeros that nobody wrote, ISO days, true and false."""
    if isinstance(value, bool):
        return YES if value else NO
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return value.isoformat() if isinstance(value, date) else str(value)


def project_id(code: str) -> SubjectId:
    """The subject of a project with that code."""
    return subject_id(KIND, "local", code)


def planned(connection: sa.Connection, entries: Sequence[ProjectEntry], known: datetime) -> tuple[Planned, ...]:
    """What each entry would do to what stands at `known`; writes nothing. REG-001 and REG-002 for an industry."""
    ids = [project_id(e.code) for e in entries]
    standing = _standing(connection, set(ids), known)
    there = set(
        connection.execute(sa.select(store.subject.c.subject_id).where(store.subject.c.subject_id.in_(ids))).scalars()
    )
    return tuple(
        Planned(subject, entry, subject in there, tuple(_steps(subject, entry, standing)))
        for subject, entry in zip(ids, entries, strict=True)
    )


def register_projects(
    connection: sa.Connection,
    entries: Iterable[ProjectEntry],
    recorded_at: datetime,
    *,
    principal: str,
    reason: str = "",
) -> tuple[Planned, ...]:
    """Register projects, move them on from a day, or put right what stands; regions must be there.

    Raises IMP-005 where something is put right and no reason is given, REG-001 and REG-002 for an industry.
    """
    plans = planned(connection, list(entries), recorded_at)
    corrections = sum(len(p.corrections) for p in plans)
    if corrections and not reason:
        raise UserError(
            "IMP-005", f"{corrections} facts of projects would be corrected and no reason is given.",
            remedy="Say why they are corrected, then import again.", case="reason", facts={"n": corrections},
        )  # fmt: skip
    new = [p for p in plans if not p.known]
    store.add(connection, store.subject, [
        {"subject_id": p.subject_id, "kind": KIND, "level": None, "synthetic": p.entry.synthetic,
         "recorded_at": recorded_at} for p in new
    ])  # fmt: skip
    rows: dict[Fact, list[dict[str, Any]]] = defaultdict(list)
    for plan in plans:
        for step in plan.steps:
            if step.effect == "corrected":
                correct(connection, step.fact, step.row_id, recorded_at, principal=principal, reason=reason,
                        **{FACTS[step.fact][2]: step.new})  # fmt: skip
                continue
            if step.row_id:
                put_right(connection, step.fact, step.row_id, recorded_at, {"valid_to": plan.entry.valid_from})
            rows[step.fact].append({**step.row, "recorded_at": recorded_at, "corrects": None})
    for fact, found in rows.items():
        store.add(connection, FACTS[fact][0], found)
    _written_down(connection, plans, recorded_at, principal)
    return plans


def _written_down(connection: sa.Connection, plans: Sequence[Planned], at: datetime, principal: str) -> None:
    """One entry for new projects, and one for each that moved on, with old and new."""
    new = [p for p in plans if not p.known]
    if new:
        rows = sum(len(p.steps) for p in new)
        audited(connection, at, principal, "registry.projects", [p.subject_id for p in new],
                {"new": len(new), "rows": rows})  # fmt: skip
    for plan in plans:
        moved = [s for s in plan.steps if s.effect == "changed"]
        if plan.known and moved:
            detail = {
                "from": plan.entry.valid_from,
                "old": {s.name: s.old for s in moved}, "new": {s.name: s.new for s in moved},
            }  # fmt: skip
            audited(connection, at, principal, "registry.project_change", [plan.subject_id], detail)


Standing = Mapping[tuple[str, Fact, str], list[Mapping[str, Any]]]


def _standing(connection: sa.Connection, subjects: set[SubjectId], known: datetime) -> Standing:
    """Standing rows by subject, kind of fact and name, oldest first."""
    found: dict[tuple[str, Fact, str], list[Mapping[str, Any]]] = defaultdict(list)
    facts: tuple[Fact, ...] = ("alias", "parent", "attribute")
    for fact in facts:
        table, (owner, name), _ = FACTS[fact]
        query = sa.select(table).where(store.standing(table, known), table.c[owner].in_(subjects))
        for row in connection.execute(query.order_by(table.c.valid_from)).mappings():
            if row["valid_to"] is None or row["valid_to"] > row["valid_from"]:
                found[row[owner], fact, row[name]].append(dict(row))
    return found


def _steps(subject: SubjectId, entry: ProjectEntry, standing: Standing) -> Iterable[Step]:
    for fact, name, value in _facts(entry):
        _, (owner, named), valued = FACTS[fact]
        spans = standing.get((subject, fact, name), [])
        here = next((r for r in spans if r["valid_from"] <= entry.valid_from < (r["valid_to"] or FOREVER)), None)
        if here is not None and here[valued] == value:
            continue
        later = next((r for r in spans if r["valid_from"] > entry.valid_from), None)
        end = here["valid_to"] if here is not None else later["valid_from"] if later is not None else None
        row = {owner: subject, named: name, valued: value, "valid_from": entry.valid_from, "valid_to": end}
        if fact == "attribute":
            row["synthetic"] = entry.synthetic
        if here is None:
            yield Step("changed" if spans else "new", fact, name, None, value, row)
        elif here["valid_from"] == entry.valid_from:
            yield Step("corrected", fact, name, here[valued], value, row, here["row_id"])
        else:
            yield Step("changed", fact, name, here[valued], value, row, here["row_id"])


def _facts(entry: ProjectEntry) -> Iterable[tuple[Fact, str, str]]:
    """What an entry says: kind of fact, name, value. What it leaves empty it does not say."""
    yield "alias", "local", entry.code
    yield "alias", "name_zh", entry.name_zh
    yield "parent", "lies_in", entry.lies_in
    if entry.owner:
        yield "parent", OWNER, entry.owner
    if entry.industry_code:
        found = codes.industry(entry.industry_code, entry.industry_edition)
        yield "attribute", "industry_code", found.code
        yield "attribute", "industry_edition", found.edition
    for name, value in entry.facts:
        if name not in project_fields() or project_fields()[name].made is not None:
            raise ValueError(f"{name} is no field that is written of a project")
        yield "attribute", name, value
