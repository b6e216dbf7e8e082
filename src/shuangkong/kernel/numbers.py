"""Exact decimals and the one named rounding step.

A quantity is DECIMAL(18,6) at the grain of an entry and DECIMAL(38,6) above it; a product is rounded once,
at its finest stored grain, by `ROUNDING`; every sum above is exact. Half goes away from zero (四舍五入), which
is what DuckDB, PostgreSQL and Spark do when they cast a decimal to fewer places.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation

QUANTITY = "decimal(18, 6)"
AMOUNT = "decimal(38, 6)"
MONEY = "decimal(18, 2)"
FACTOR = "decimal(20, 14)"
PLACES = 6
ROUNDING = "half_up_6"
MAX_QUANTITY = Decimal("999999999999.999999")
# one context for all roundings: opening one for each costs more than the rounding
_WIDE = Context(prec=60, rounding=ROUND_HALF_UP)
# blanks between digits, and where they stand before groups of three alone
_APART = re.compile(r"[0-9] +[0-9]")
_GROUPED = re.compile(r"[+-]? *[0-9]{1,3}(?: +[0-9]{3})+(?: ?\. ?[0-9]*)?")
_STEPS = tuple(Decimal(1).scaleb(-places) for places in range(31))


def quantise(value: Decimal, places: int = PLACES) -> Decimal:
    """Round half away from zero to `places`: the only rounding that a published figure goes through."""
    step = _STEPS[places] if 0 <= places <= 30 else Decimal(1).scaleb(-places)
    kept = value.quantize(step, context=_WIDE)
    return kept or kept.copy_abs()  # no −0


def parse_decimal(text: str) -> Decimal | None:
    """A number as people type it, or None: full-width digits, thousands separators, 正负号, trailing blanks.

    A comma is read as a separator only where it stands before groups of three digits, and so is a blank between
    digits: "1 2" is two numbers, or a slip, and no 12. Percent signs, units and words are not numbers, and neither is
    1_000, which programs read and people do not write, nor 5², which is no 52. −0 is 0.
    """
    if not text.isascii() and any(unicodedata.category(c) == "No" for c in text):
        return None
    raw = unicodedata.normalize("NFKC", text).strip().replace("\u2212", "-")
    if " " in raw:
        if _APART.search(raw) and not _GROUPED.fullmatch(raw):
            return None
        raw = raw.replace(" ", "")
    head, *groups = raw.split(",")
    if groups:
        body = groups[-1].split(".")[0]
        if len(body) != 3 or any(len(g) != 3 for g in groups[:-1]) or not 1 <= len(head.lstrip("+-")) <= 3:
            return None
        raw = "".join([head, *groups])
    if "_" in raw:
        return None
    try:
        value = Decimal(raw)
    except InvalidOperation:
        return None
    return (value or abs(value)) if value.is_finite() else None
