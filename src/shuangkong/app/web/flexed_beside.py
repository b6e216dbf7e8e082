"""The flexed total beside a lamp, a nowcast or a finding (弹性总量对照): whether the law asks for a cut at all.

A month's grade, a nowcast and the finding of a total are held against the number that the document itself names. That
number may rise with growth, or the total may be let off; what the run worked out of it (FLEX_TOTALS) stands beside
them, so that no page advises against what another one allows. Nothing is computed here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from shuangkong.app.web.board import SETTLED, Lamp, lamp_of
from shuangkong.app.web.deductions_shown import MARKS, FlexTeller, steps_of
from shuangkong.app.web.reading import Row, RunView
from shuangkong.app.web.rows import Finding, Subject
from shuangkong.app.web.sentences import anchor
from shuangkong.dualcontrol.api import FLEX_TOTALS, STANDINGS, flex_key
from shuangkong.webkit.api import Speaker

Key = tuple[str, str, str, str]
#: What is watched, and the indicators of findings, that there is a flexed total of.
CONTROL_OF = {"energy_total": "energy", "energy_total_assessed": "energy", "co2_total": "carbon"}


@dataclass(frozen=True, slots=True)
class Beside:
    """A flexed total as another page tells it: one sentence, the rule and clause it rests on, and what is missing."""

    row: Row
    mark: str
    name: str
    told: str
    rule: str
    clause: str
    clause_href: str
    href: str
    why: str

    @property
    def standing(self) -> str:
        """How the assessed total stands to the allowed one."""
        return str(self.row["standing"])

    @property
    def settled(self) -> bool:
        """Whether no cut is asked for: within what is allowed, let off, or not assessed in that year."""
        return self.standing in SETTLED


def flexed_rows(view: RunView, subjects: Collection[Subject]) -> dict[Key, Row]:
    """Flexed totals of some regions by region, control, year and method; none of a run made before there were any."""
    if not subjects or not (view.run.folder / f"{FLEX_TOTALS.name}.parquet").exists():
        return {}
    ids = sorted(s.id for s in subjects)
    where = f"subject_id IN ({', '.join(repr(i) for i in ids)})"
    found = view._once(("flexed", *ids), lambda: view._rows(FLEX_TOTALS, where))
    return {(r["subject_id"], r["control"], r["period_key"], r["method_id"]): r for r in found}


def key_of_watched(row: Mapping[str, Any]) -> Key | None:
    """Which flexed total stands beside a row of watching: of its region, year and method; None for what has none."""
    control = CONTROL_OF.get(row["what"]) if row.get("test") == "total" else None
    return (row["subject_id"], control, str(row["period_start"].year), row["method_id"]) if control else None


def key_of_finding(f: Finding) -> Key | None:
    """Which flexed total stands beside a finding of a total: that of the year that its value is of."""
    control = CONTROL_OF.get(f.indicator_id)
    parts = (f.value_key or "").split("|")
    year = f.period_key if f.period_key.isdigit() else parts[2] if len(parts) > 2 else ""
    return (f.subject_id, control, year, f.method_id) if control else None


def lit(rows: Mapping[Key, Row], row: Mapping[str, Any] | None, what: str) -> Lamp:
    """The lamp of a row of watching, with how the flexed total of its year stands."""
    key = key_of_watched(row) if row is not None else None
    found = rows.get(key) if key else None
    return lamp_of(what, row, found["standing"] if found else "")


def is_over(view: RunView, row: Row) -> bool:
    """Whether the period of a row was over on the day that the run judged."""
    return bool(row["period_end"] <= view.run.as_of + timedelta(days=1))


class FlexedTeller:
    """Flexed totals of some regions in the words of one language, as what stands beside something else."""

    def __init__(self, view: RunView, speaker: Speaker, subjects: Collection[Subject]) -> None:
        self.view, self.speaker = view, speaker
        self.rows = flexed_rows(view, subjects)

    def watched(self, row: Mapping[str, Any]) -> Beside | None:
        """Beside a row of WATCH_MONTHS or WATCH_YEARS; None where none was worked out."""
        return self._told(key_of_watched(row))

    def finding(self, f: Finding) -> Beside | None:
        """Beside the finding of a total; None where none was worked out."""
        return self._told(key_of_finding(f))

    def _told(self, key: Key | None) -> Beside | None:
        row = self.rows.get(key) if key else None
        return self._beside(row) if row is not None else None

    def _beside(self, row: Row) -> Beside:
        words = FlexTeller(self.view, self.speaker, row, ())
        rule, parameter, clause = self._rule(row)
        pack = parameter.partition("#")[0]
        query = f"control={row['control']}&year={row['period_key']}&method={quote(row['method_id'], safe='')}"
        return Beside(
            row, MARKS[row["standing"]], self.speaker.label(STANDINGS[row["standing"]]), self._sentence(row, words),
            self.speaker.say(f"flex.rule_{rule}") if parameter else "",
            f"{words.document(parameter)} {clause}".strip(),
            f"/packs/{pack}" + (f"#{quote(anchor(clause))}" if clause else "") if pack else "",
            f"/regions/{row['subject_id']}/deductions?{query}", f"/findings/{flex_key(row)}",
        )  # fmt: skip

    def _sentence(self, row: Row, words: FlexTeller) -> str:
        """The year, what is assessed and allowed, and what is missing, in one sentence."""
        standing = row["standing"]
        if standing == "within" and row["allowed"] is None:
            standing = "at_least"
        facts = {
            "year": words.year(), "assessed": words.amount(row["assessed"]), "allowed": words.amount(row["allowed"]),
            "planned": words.amount(row["planned"]),
            "margin": words.amount(abs(row["margin"])) if row["margin"] is not None else "—",
            "missing": self.speaker.say("punctuation.list").join(what for what, _ in words.missing()),
        }  # fmt: skip
        return self.speaker.say(f"flex.beside_{standing}", **facts)

    def _rule(self, row: Row) -> tuple[str, str, str]:
        """(which rule decides, its parameter or target, its clause); no parameter where no document says."""
        if row["standing"] == "not_assessed":
            return "rank", row["rank_parameter"] or "", ""
        steps = {s["step"]: s for s in steps_of(self.view, row)}
        name, step = ("stated" if row["total_finding"] else "made"), "planned"
        if row["standing"] == "exempt":
            name, step = "exempt", "incentive"
        elif row["raised"]:
            name, step = "raised", "growth"
        found = steps.get(step, {})
        return name, found.get("parameter") or "", found.get("clause") or ""
