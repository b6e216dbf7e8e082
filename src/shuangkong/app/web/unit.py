"""A unit's page (一企一档): who it is, its energy by month, its product against what the standard asks."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from shuangkong.app.web.energy import structure
from shuangkong.app.web.reading import RunView
from shuangkong.app.web.rows import Finding, Subject
from shuangkong.app.web.sentences import Teller
from shuangkong.kernel.errors import UserError
from shuangkong.registry.api import industry
from shuangkong.webkit.api import Axes, Series, bar_chart, period_words, severity, unit_words

INTENSITY = "product_energy_intensity"


def unit_page(view: RunView, subject: Subject, tell: Teller, method: str) -> dict[str, Any]:
    """Everything that the template shows."""
    found = view.by_subject.get(subject.id, ())
    return {
        "subject": subject,
        "above": view.path(subject.id)[:-1],
        "industry": _industry(subject),
        "findings": found,
        "intensity": _intensity(view, found, tell),
        "structure": structure(view, subject, tell.speaker, "month", method),
        "outputs": _outputs(view, subject, tell),
        "next_finding": min(found, key=lambda f: (severity(f.status), -f.period_end.toordinal()), default=None),
    }


def _industry(subject: Subject) -> str:
    if not subject.industry:
        return ""
    try:
        return industry(subject.industry, subject.industry_edition).name_zh
    except UserError:
        return ""


def _intensity(view: RunView, found: tuple[Finding, ...], tell: Teller) -> Markup | None:
    """Energy per unit of product by period against the threshold, where a clause asks for it."""
    rows = sorted((f for f in found if f.indicator_id == INTENSITY), key=lambda f: f.period_key)
    if not any(f.value is not None for f in rows):
        return None
    say, language = tell.speaker.say, tell.speaker.language
    axes = Axes(
        tuple(period_words(f.period_key, "en") for f in rows), unit_words(tell.unit(rows[0]), language),
        tell.indicator(INTENSITY),
    )  # fmt: skip
    links = tuple(f"/findings/{f.finding_key}" for f in rows)
    bars = Series(say("chart.value"), "yearly", tuple(f.value for f in rows), "disc",
                  tuple(tell.tell(f) for f in rows), links)  # fmt: skip
    return bar_chart(axes, bars, Series(say("chart.limit"), "limit", tuple(f.threshold for f in rows)))


def _outputs(view: RunView, subject: Subject, tell: Teller) -> list[tuple[str, str, Markup]]:
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
        axes = Axes(tuple(m[2:].replace("-", ".") for m in months), unit_words(unit, tell.speaker.language), name)
        charts.append((name, unit, bar_chart(axes, bars)))
    return charts


def _product(view: RunView, product: str, tell: Teller) -> str:
    found = view.packs.products.get(product)
    if found is None:
        return product
    return tell.speaker.label(found.label.label)
