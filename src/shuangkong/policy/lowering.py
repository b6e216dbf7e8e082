"""Targets as one-row decision tables, and the pace that a plan's total asks for in each of its years."""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import Literal

from shuangkong.kernel.numbers import PLACES, quantise
from shuangkong.policy.model import Target
from shuangkong.policy.tables import Column, Condition, DecisionTable, Operator, Row

Method = Literal["compound", "linear"]
_DIGITS = 50
_OPERATORS: dict[str, Operator] = {
    "decrease_by": "ge",
    "increase_by": "ge",
    "at_least": "ge",
    "reach": "ge",
    "at_most": "le",
    "more_than": "gt",
    "less_than": "lt",
}


def lower_target(target: Target) -> DecisionTable:
    """The table that decides a target: output `answer` = met when its one row hits, not met otherwise.

    Inputs, all in the target's unit: `value` (the level; for decrease_by and increase_by the change achieved,
    positive in the direction asked for), `threshold`, and for a band `threshold_high`. Both ends are included,
    as are 以上, 以下 and 不少于; 超过 and 低于 (more_than, less_than) leave the figure out. A target that says
    左右 (about) without a tolerance is lowered to a table that stays open.
    """
    low, high = target.bounds
    names = ("value", "threshold") if high is None else ("value", "threshold", "threshold_high")
    operator = _OPERATORS.get(target.comparator)
    conditions: tuple[Condition, ...]
    if operator is not None:
        conditions = (Condition(input="value", op=operator, operand="threshold"),)
    elif high is not None:
        conditions = (
            Condition(input="value", op="ge", operand="threshold"),
            Condition(input="value", op="le", operand="threshold_high"),
        )
    else:
        conditions = ()
    open_because = None if conditions else f"the document says about {low} and no tolerance is given"
    rows = (Row(id=target.slug, when=conditions, then=("met",)),) if conditions else ()
    return DecisionTable(
        id=target.slug,
        inputs=tuple(Column(name=n, unit=target.unit) for n in names),
        rows=rows,
        outputs=(Column(name="answer"),),
        open_because=open_because,
    )


def yearly_pace(total: Decimal, years: int, method: Method, *, places: int = PLACES) -> Decimal:
    """The yearly change that adds up to `total` (a share: 0.17 for 17 %) over `years`, to `places`.

    compound: 1 − (1 − R)^(1/n); linear: R/n. An increase is a negative total.
    """
    return schedule(total, 1, years, method, places=places)


def schedule(total: Decimal, elapsed: int, years: int, method: Method, *, places: int = PLACES) -> Decimal:
    """The change due after `elapsed` of `years` on the way to `total`, to `places`.

    compound: 1 − (1 − R)^(t/n); linear: R·t/n. `total` is a share below 1; an increase is negative.
    """
    if years < 1 or not 0 <= elapsed <= years:
        raise ValueError(f"{elapsed} of {years} years is not a point of a plan")
    if total > 1:
        raise ValueError(f"a fall by {total} would leave less than nothing")
    if elapsed == 0:
        return quantise(Decimal(0), places)
    with localcontext() as context:
        context.prec = _DIGITS
        if method == "linear":
            return quantise(total * elapsed / years, places)
        if elapsed == years:
            return quantise(total, places)
        return quantise(1 - (1 - total) ** (Decimal(elapsed) / Decimal(years)), places)
