"""What would change a finding (怎样才会改变结论), and how much of that the rounding of published rates may hide."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from shuangkong.kernel.numbers import quantise

Row = dict[str, Any]


def what_would_change(finding: Row, indicator: Row | None, rates: Iterable[Row]) -> Row | None:
    """The smallest change of the value that would turn the status, and what it means for the newest rate.

    finding, indicator and rates as in `Why`.
    """
    value, threshold = finding["value"], finding["threshold"]
    if value is None or threshold is None or finding["comparator"] in ("about", "between"):
        needs = finding["needs"]
        return {"needs": needs, "gap": None, "turns_to": None} if needs else None
    gap = abs(finding["margin"])
    hit = finding["row_hit"] is not None
    turns = {"met": "missed", "on_track": "behind", "missed": "met", "behind": "on_track"}.get(finding["status"])
    rounding = published_rounding(rates) if indicator and indicator["origin"] == "chained" else None
    within = rounding if rounding is not None and gap <= rounding else None
    return {
        "within_rounding": within,
        "gap": gap,
        "unit": finding["unit"],
        "spare": hit,
        "turns_to": turns,
        "needs": finding["needs"],
    }


def published_rounding(published: Iterable[Row]) -> Decimal:
    """How far a chained change may be off, because each published rate is rounded: points of %, to six places.

    Half a unit of the last digit that any of the rates bears, carried through the product.
    """
    rates = [r["value"] for r in published if r["value"] is not None]
    half = min((_half_a_unit(r) for r in rates), default=Decimal(0))
    product, slack = Decimal(1), Decimal(0)
    for r in rates:
        product *= 1 + r / 100
        slack += half / (1 + r / 100)
    return quantise(abs(product) * slack)


def _half_a_unit(value: Decimal) -> Decimal:
    exponent = value.normalize().as_tuple().exponent
    places = max(0, -exponent) if isinstance(exponent, int) else 0
    return Decimal(1).scaleb(-places) / 2
