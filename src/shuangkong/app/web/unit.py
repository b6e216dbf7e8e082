"""A unit's page (一企一档): who it is, its energy by month, its product against what the standard asks."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

from shuangkong.accounting.api import FLAW_LABELS
from shuangkong.app.web.cockpit import bullets
from shuangkong.app.web.energy import confidence_words, structure
from shuangkong.app.web.reading import RunView
from shuangkong.app.web.rows import Finding, Subject
from shuangkong.app.web.sentences import Teller
from shuangkong.app.web.unit_file import LISTED, MISSING, flaws, indicators, returns, sources
from shuangkong.app.web.units_list import industry_name
from shuangkong.webkit.api import (
    Axes,
    Chart,
    Column,
    Origin,
    Series,
    bar_chart,
    grouped,
    period_words,
    places_of,
    severity,
    share,
    unit_words,
)

INTENSITY = "product_energy_intensity"


def unit_page(view: RunView, subject: Subject, tell: Teller, method: str) -> dict[str, Any]:
    """Everything that the template shows."""
    found = view.by_subject.get(subject.id, ())
    seen = view._once(("flaws", subject.id), lambda: flaws(view, subject))
    return {
        "subject": subject,
        "above": view.path(subject.id)[:-1],
        "industry": industry_name(subject.industry, subject.industry_edition),
        "findings": found,
        "intensity": _intensity(view, found, tell),
        "structure": structure(view, subject, tell.speaker, "month", method),
        "outputs": _outputs(view, subject, tell),
        "indicators": view._once(
            ("indicators", subject.id, tell.speaker.language), lambda: indicators(view, subject, tell)
        ),
        "returns": returns(view, subject, seen),
        "flaws": [x for x in seen if x["code"] != MISSING][:LISTED],
        "sources": view._once(("sources", subject.id), lambda: sources(view, subject)),
        "flaw": lambda code, part: tell.speaker.label(FLAW_LABELS[code][part]),
        "digits": _digits,
        "bullets": bullets(view, view.latest_of.get(subject.id, ())),
        "next_finding": min(found, key=lambda f: (severity(f.status), -f.period_end.toordinal()), default=None),
    }


def _digits(value: Decimal, unit: str) -> str:
    """A value without its unit, with enough digits that a small one is not shown as nought."""
    return grouped(value, 4 if abs(value) < 1 else places_of(unit))


def _intensity(view: RunView, found: tuple[Finding, ...], tell: Teller) -> Chart | None:
    """Energy per unit of product by period against the threshold, where a clause asks for it."""
    rows = sorted((f for f in found if f.indicator_id == INTENSITY), key=lambda f: f.period_key)
    if not any(f.value is not None for f in rows):
        return None
    say, language = tell.speaker.say, tell.speaker.language
    axes = Axes(
        tuple(period_words(f.period_key, "en") for f in rows),
        say("chart.axis", what=say("chart.per_product"), unit=unit_words(tell.unit(rows[0]), language)),
        tell.indicator(INTENSITY), unit_words(tell.unit(rows[0]), language), places_of(tell.unit(rows[0])),
        say("findings.when"), _span([f.period_key for f in rows], tell),
    )  # fmt: skip
    links = tuple(f"/findings/{f.finding_key}" for f in rows)
    bars = Series(say("chart.value"), "yearly", tuple(f.value for f in rows), "disc",
                  tuple(tell.tell(f) for f in rows), links)  # fmt: skip
    limit = Series(say("chart.limit"), "limit", tuple(f.threshold for f in rows))
    columns = (
        Column(say("region.status"), statuses=tuple(f.status for f in rows), links=links),
        Column(say("frame.coverage"), tuple(share(f.coverage) for f in rows)),
    )
    sure = (say("frame.confidence"), confidence_words((f.confidence for f in rows), tell.speaker))
    origin = Origin(tell.clause(rows[-1]), Origin.covered(f.coverage for f in rows), (sure,))
    return bar_chart(axes, bars, limit, origin, columns=columns)


def _span(keys: list[str], tell: Teller) -> str:
    """The first and the last period in words."""
    first, last = (period_words(k, tell.speaker.language) for k in (min(keys), max(keys)))
    return first if first == last else f"{first}–{last}"


def _outputs(view: RunView, subject: Subject, tell: Teller) -> list[Chart]:
    """Output by month, one chart for each product: two scales never share a chart."""
    rows = [r for r in view.totals(subject, "output") if r["period_kind"] == "month"]
    charts = []
    for product, _ in Counter(r["part"] for r in rows).most_common(3):
        own = {r["period_key"]: r for r in rows if r["part"] == product}
        months = tuple(sorted(own))
        unit = own[months[0]]["unit"]
        name = _product(view, product, tell)
        note = tell.speaker.say("chart.no_output")
        values: tuple[Decimal | None, ...] = tuple(own[m]["amount"] for m in months)
        bars = Series(name, "output", values, notes=tuple("" if v is not None else note for v in values))
        words = unit_words(unit, tell.speaker.language)
        along = tell.speaker.say("chart.axis", what=tell.speaker.say("measure.output"), unit=words)
        axes = Axes(tuple(m[2:].replace("-", ".") for m in months), along, name, words, places_of(unit),
                    tell.speaker.say("findings.when"), _span(list(months), tell))  # fmt: skip
        origin = Origin(tell.speaker.say("chart.books"), Origin.covered(r["coverage"] for r in own.values()),
                        ((tell.speaker.say("frame.confidence"),
                          confidence_words((r["confidence"] for r in own.values()), tell.speaker)),))  # fmt: skip
        charts.append(bar_chart(axes, bars, None, origin))
    return charts


def _product(view: RunView, product: str, tell: Teller) -> str:
    found = view.packs.products.get(product)
    if found is None:
        return product
    return tell.speaker.label(found.label.label)
