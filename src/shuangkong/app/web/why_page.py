"""The why page (为什么): the chain behind a finding as cards."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from shuangkong.accounting.api import CHANGE, INCREMENT, INDICATORS, pollutant_label
from shuangkong.app.web.energy import document_words, method_words
from shuangkong.app.web.flexed_beside import FlexedTeller
from shuangkong.app.web.reading import Row, RunView
from shuangkong.app.web.rows import Finding
from shuangkong.kernel.labels import Label
from shuangkong.kernel.units import convert
from shuangkong.policy.api import NATION, STANDING_LABELS, PackSet, Standing
from shuangkong.webkit.api import (
    Axes,
    Chart,
    Origin,
    Speaker,
    Step,
    period_words,
    places_of,
    shown_unit,
    unit_words,
    waterfall,
)

LISTED_ENTRIES = 12


_FACTOR = re.compile(r"([^#]+)#([^\[@]+)(?:\[([^\]]*)\])?@([^/]+)/(\d{4}-\d{2}-\d{2})")


@dataclass(frozen=True)
class Used:
    """A factor that an entry was converted with, as printed in its document."""

    pack_key: str
    value: Decimal | None
    unit: str
    edition: str
    confidence: str
    document: str


@dataclass(frozen=True)
class Group:
    """Book entries of one item: how many, and what they come to; none where one of them is not known."""

    year: int
    item: str
    unit: str
    amount: Decimal | None
    amount_unit: str
    count: int
    first: Row


def groups(entries: list[Row]) -> list[Group]:
    """Entries by year, item and unit: the newest year first, and in it the largest amount."""
    found: dict[tuple[int, str, str, str], list[Row]] = defaultdict(list)
    for e in entries:
        found[e["period_start"].year, e["item"], e["unit"], e["amount_unit"]].append(e)
    made = []
    for (year, item, unit, amount_unit), rows in found.items():
        amounts = [r["amount"] for r in rows]
        known = [a for a in amounts if a is not None]
        total = sum(known, Decimal(0)) if len(known) == len(amounts) else None
        made.append(Group(year, item, unit, total, amount_unit, len(rows), rows[0]))
    return sorted(made, key=lambda g: (-g.year, -abs(g.amount or Decimal(0))))


def why_page(view: RunView, f: Finding, speaker: Speaker) -> dict[str, Any]:
    """Everything that the template shows."""
    chain = view.why(f.finding_key)
    entries = chain.entries
    sources = {s["source_id"]: s for s in chain.sources}
    method = (chain.indicator or {}).get("method_id", "")
    pack = view.packs.pack(f.pack_key)
    shown = _largest_periods([t for t in chain.totals if t["subject_id"] == f.subject_id and t["level"] == "subtree"])
    subject = view.subjects.get(f.subject_id)
    return {
        "f": f,
        "beside": FlexedTeller(view, speaker, (subject,)).finding(f) if subject else None,
        "why": chain,
        "pack": pack,
        "standing": standing(view, f.pack_key),
        "formula": _formula(f.indicator_id, speaker),
        "method_words": method_words(method, speaker, view.packs, full="co2" in f.indicator_id),
        "groups": groups(entries),
        "entries": entries[:LISTED_ENTRIES],
        "sources": sources,
        "source_list": sorted(chain.sources, key=lambda s: (s.get("publisher") or "", s.get("file_name") or "")),
        "totals": _totals(shown),
        "deducted": deduction_chart(
            chain.deductions, (chain.indicator or {}).get("coverage"), speaker, view.packs
        ),
        "rates": sorted(chain.rates, key=lambda r: r["period_key"]),
        "sisters": [s for s in view.by_subject.get(f.subject_id, ()) if s.pack_key == f.pack_key
                    and s.indicator_id == f.indicator_id and s.finding_key != f.finding_key][:12],
        "item_label": lambda item: item_label(view, item),
        "factor": lambda key: factor_used(view, key, speaker),
    }  # fmt: skip


def deduction_chart(rows: list[Row], coverage: Decimal | None, speaker: Speaker, packs: PackSet) -> Chart | None:
    """The last period's way from the total to what is assessed; None where nothing is deducted."""
    last = max((r["period_key"] for r in rows), default="")
    steps = [r for r in rows if r["period_key"] == last]
    if len(steps) < 2 or len({r["method_id"] for r in steps}) > 1:
        return None
    say, language = speaker.say, speaker.language
    unit = shown_unit(max((r["after"] for r in steps if r["after"] is not None), default=Decimal(0)), "tce")

    def scaled(value: Decimal | None) -> Decimal | None:
        return None if value is None else convert(value, "tce", unit)

    def step(r: Row) -> Step:
        name = say(f"deduction.{r['step']}") if speaker.has(f"deduction.{r['step']}") else r["step"]
        amount = scaled(r["amount"])
        return Step(name, None if amount is None else -amount, note=r["parameter"] or "")

    first = Step(say("deduction.gross"), scaled(steps[0]["after"]), level=True)
    end = Step(say("chart.assessed"), scaled(steps[-1]["after"]), level=True)
    words = unit_words(unit, language)
    axes = Axes(
        (), words, say("chart.deductions"), words, places_of(unit), say("why.step"), period_words(last, language)
    )
    facts = ((say("energy.method"), method_words(steps[0]["method_id"], speaker, packs)),)
    origin = Origin(say("chart.books"), Origin.covered([coverage]), facts)
    heads = (say("why.deducted"), say("why.after"))
    return waterfall(axes, [first, *(step(r) for r in steps[1:]), end], heads, origin)


def _largest_periods(rows: list[Row]) -> list[Row]:
    """Without what a longer period of the same measure holds: months say no more than their year."""
    kept = []
    for r in rows:
        same = [o for o in rows if o["measure"] == r["measure"] and o["period_key"] != r["period_key"]]
        if not any(o["period_start"] <= r["period_start"] and r["period_end"] <= o["period_end"] for o in same):
            kept.append(r)
    return kept


def _totals(rows: list[Row]) -> list[Row]:
    """Sums by measure and period of the subject itself, largest first; a price base keeps its own line."""
    found: dict[tuple[str, str, str, str], list[Row]] = defaultdict(list)
    for r in rows:
        found[r["measure"], r["period_key"], r["unit"], r["method_id"]].append(r)
    made = []
    for (measure, period, unit, method), parts in sorted(found.items()):
        amounts = [p["amount"] for p in parts]
        known = [a for a in amounts if a is not None]
        made.append({
            "measure": measure, "period_key": period, "unit": unit, "method_id": method,
            "amount": sum(known, Decimal(0)) if len(known) == len(amounts) else None,
            "parts": len(parts), "coverage": min(p["coverage"] for p in parts),
        })  # fmt: skip
    return made


def _formula(indicator: str, speaker: Speaker) -> list[str]:
    """How the indicator is computed, in the language of the page."""
    base = indicator.removesuffix(CHANGE).removesuffix(INCREMENT)
    known = INDICATORS.get(base)
    words = [speaker.say(f"formula.{base}")] if speaker.has(f"formula.{base}") else []
    if known is None:
        return words
    return words or [" ".join(p.split()) for p in known.doc.split("\n\n")]


def factor_used(view: RunView, key: str | None, speaker: Speaker) -> Used | None:
    """The row of a parameter that a factor key names; None where it is not one row of one parameter."""
    match = _FACTOR.fullmatch(key or "")
    if match is None:
        return None
    pack, name, keys, edition, start = match.groups()
    if name not in view.packs.parameter_ids():
        return None
    parameter = view.packs.parameters(name)
    for row in parameter.values:
        if (",".join(row.key), row.edition, row.start.isoformat()) == (keys or "", edition, start):
            document = document_words(view.packs.pack(pack), speaker)
            return Used(pack, row.value, parameter.unit, edition, row.confidence, document)
    return None


def item_label(view: RunView, item: str) -> Label:
    """The name of an energy carrier, a product or a value item."""
    carrier, product = view.packs.carriers.get(item), view.packs.products.get(item)
    named = carrier or product
    if named is not None:
        return named.label.label
    fixed = {"gdp": Label("地区生产总值", "GDP"), "industry_value_added": Label("工业增加值", "industrial value added")}
    return fixed.get(item) or pollutant_label(view.packs, item) or Label(item, item)


def standing(view: RunView, pack_key: str) -> tuple[str, Label]:
    """How a document stands on the day of the run."""
    pack = view.packs.pack(pack_key)
    region = pack.instrument.region
    path = (NATION,) if region == NATION else (NATION, region)
    for s in view.packs.in_force(path, view.run.as_of, view.run.known_day):
        if s.pack.key == pack.key:
            return s.standing.value, STANDING_LABELS[s.standing]
    return Standing.NOT_YET.value, STANDING_LABELS[Standing.NOT_YET]
