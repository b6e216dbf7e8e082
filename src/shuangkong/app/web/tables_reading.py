"""Reading for the pages of rules: findings of rules in a run, and what the inputs of a table are for a subject."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from shuangkong.accounting.api import INDICATOR_VALUES, TOTALS, fewest, methods_of
from shuangkong.app.web.reading import RunView
from shuangkong.app.web.rows import Subject
from shuangkong.engine.api import DuckDB, count_withheld, read_result
from shuangkong.judgement.api import (
    DECIDED_FOR,
    RULE_FINDINGS,
    RULE_LEFT_OUT,
    Bindings,
    Given,
    Why,
    rule_methods,
    subject_readings,
)
from shuangkong.judgement.api import why as walked
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.periods import Period
from shuangkong.policy.api import Pack, TableEntry
from shuangkong.registry.api import industry, industry_path

Row = dict[str, Any]
_LEVELS = {"province": "province_code", "prefecture": "city_code", "county": "county_code"}
FOUND_AT_MOST = 20
_COUNTS = """
    SELECT pack, slug, status, count(*) AS n FROM (
        SELECT pack_id || '@' || pack_edition AS pack, slug, arg_max(status, period_end) AS status
        FROM found GROUP BY pack_id, pack_edition, slug, subject_id)
    GROUP BY ALL ORDER BY pack, slug, status
"""


def rule_findings(view: RunView, where: str) -> list[Row]:
    """Findings of rules that the reader may see; `where` is SQL over the contract's columns, from code only."""
    rows: list[Row] = read_result(view.run, RULE_FINDINGS, view.scope, view.seen, where=where).to_pylist()
    return rows


def of_subject(view: RunView, subject: Subject) -> list[Row]:
    """The newest answer of each table about a subject; what hit first, then what cannot be told."""

    def read() -> list[Row]:
        newest: dict[tuple[str, str], Row] = {}
        for row in rule_findings(view, f"subject_id = '{subject.id}'"):
            at = (row["pack_id"], row["slug"])
            if at not in newest or row["period_end"] > newest[at]["period_end"]:
                newest[at] = row
        order = ("hit", "undetermined", "no_row")
        return sorted(newest.values(), key=lambda r: (order.index(r["status"]), r["pack_id"], r["clause"], r["slug"]))

    return view._once(("rules_of", subject.id), read)


def counts(view: RunView) -> dict[tuple[str, str], Counter[str]]:
    """How many subjects each table's newest year has, by status: those that the reader may see."""

    def read() -> dict[tuple[str, str], Counter[str]]:
        rows = read_result(view.run, RULE_FINDINGS, view.scope, view.seen)
        with DuckDB(threads=2) as engine:
            engine.bind("found", rows)
            told = engine.run(_COUNTS).to_pylist()
        found: dict[tuple[str, str], Counter[str]] = {}
        for row in told:
            found.setdefault((row["pack"], row["slug"]), Counter())[row["status"]] = row["n"]
        return found

    return view._once(("rule_counts",), read)


def withheld(view: RunView, *, subject: str = "", pack: str = "", slug: str = "") -> int:
    """How many findings of rules the reader is not told because a single unit's figures could be told from them.

    Of a subject, or of a table of a pack (id@edition); of all where none is named.
    """

    def read() -> list[Row]:
        by = ("subject_id", "pack_id || '@' || pack_edition AS pack", "slug")
        return count_withheld(view.run.folder, RULE_FINDINGS, view.seen, by)

    rows: list[Row] = view._once(("rules_withheld",), read)
    wanted = {"subject_id": subject, "pack": pack, "slug": slug}
    return sum(r["n"] for r in rows if all(v in ("", r[k]) for k, v in wanted.items()))


@dataclass(frozen=True)
class LeftOut:
    """Somebody of whom the register does not say whether a rule is about them, and the fields that it lacks."""

    subject: Subject
    fields: tuple[str, ...]


def left_out(view: RunView, pack: str, slug: str) -> list[LeftOut]:
    """Those whom a table (of a pack, id@edition) was not held to because the register is open; the reader's alone."""

    def read() -> dict[tuple[str, str], list[LeftOut]]:
        found: dict[tuple[str, str], list[LeftOut]] = {}
        for row in read_result(view.run, RULE_LEFT_OUT, view.scope, view.seen).to_pylist():
            one = view.subjects.get(row["subject_id"])
            if one is not None:
                key = (f"{row['pack_id']}@{row['pack_edition']}", row["slug"])
                found.setdefault(key, []).append(LeftOut(one, tuple(row["fields"].split(", "))))
        return {k: sorted(v, key=lambda x: (x.subject.code, x.subject.id)) for k, v in found.items()}

    by_table: dict[tuple[str, str], list[LeftOut]] = view._once(("rules_left_out",), read)
    return by_table.get((pack, slug), [])


def _keyed(view: RunView, key: str) -> list[Row]:
    # a key holds letters, digits and _ alone: anything else is none, and is not asked for in SQL
    fits = key.isascii() and all(c.isalnum() or c == "_" for c in key)
    return rule_findings(view, f"finding_key = '{key}'") if fits else []


def has_rule_finding(view: RunView, key: str) -> bool:
    """Whether a key is that of a rule's finding which the reader may see."""
    return bool(_keyed(view, key))


def rule_finding(view: RunView, key: str) -> Row:
    """A finding of a rule by its full key; raises RUN-002."""
    found = _keyed(view, key)
    if not found:
        raise UserError(
            "RUN-002", f"no finding “{key[:60]}” in this run.", case="not_seen", facts={"id": key[:60]},
            remedy="Choose one from the list of findings; a key is the same in every run.",
        )  # fmt: skip
    return found[0]


def why(view: RunView, key: str) -> Why:
    """The chain of a finding of a rule."""
    return view._once(("rule_why", key), lambda: walked(view.workspace, view.run, view.packs, key, view.scope))


@dataclass(frozen=True)
class Looked:
    """What a search for a subject gave: one, or those to choose from."""

    subject: Subject | None
    several: tuple[Subject, ...] = ()


def looked_up(view: RunView, kind: str | None, words: str) -> Looked:
    """The unit, region or project of an id, a code, or a part of a name; among those that the reader may see."""
    words = words.strip()
    if not words:
        return Looked(None)
    one = view.subjects.get(words) or view.by_code.get(words)
    if one is not None:
        return Looked(one)
    low = words.casefold()
    found = [
        s for s in view.subjects.values()
        if kind in (None, s.kind) and (low in s.label.zh.casefold() or low in s.label.in_("en").casefold())
    ]  # fmt: skip
    found.sort(key=lambda s: s.code)
    return Looked(found[0]) if len(found) == 1 else Looked(None, tuple(found[:FOUND_AT_MOST]))


def readings_of(
    view: RunView, subject: Subject, pack: Pack, table: TableEntry, inputs: Bindings, period: Period, day: date
) -> Mapping[str, Given]:
    """What the inputs of a table are for a subject in a year or month, as the reader may see it; decided for `day`."""

    def read() -> Mapping[str, Given]:
        where = f"subject_id = '{subject.id}'"
        values = read_result(view.run, INDICATOR_VALUES, view.scope, view.seen, where=where)
        totals = read_result(view.run, TOTALS, view.scope, view.seen, where=where)
        methods = fewest((*methods_of(view.packs), *rule_methods(view.packs)))
        fields = fields_of(view, subject) | {DECIDED_FOR: day}
        return subject_readings(inputs, values, totals, fields, methods, period)

    return view._once(("rule_readings", subject.id, pack.key, table.id, period.key), read)


def fields_of(view: RunView, subject: Subject) -> dict[str, object]:
    """What the register says of a subject, by the names that tables ask for."""
    found: dict[str, object] = {"unit_class": subject.unit_class or None}
    if subject.kind == "project":
        found |= view.projects().get(subject.id, {})
    if subject.kind == "region":
        found |= {"region_level": subject.level, "region_code": subject.code or None}
    elif subject.region_id in view.subjects:
        found["region_code"] = view.subjects[subject.region_id].code or None
    for above in view.path(subject.id):
        if above.level in _LEVELS:
            found[_LEVELS[above.level]] = above.code
    if subject.industry:
        found["industry_code"] = subject.industry
        try:
            path = industry_path(industry(subject.industry, subject.industry_edition or "2017"))
        except UserError:
            return found
        names = ("industry_section", "industry_division", "industry_group", "industry_code")
        found |= dict(zip(names, path, strict=False))
    return found
