"""Confidence marks in expressions: a number while summing, so that a result carries its weakest input's mark."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shuangkong.kernel.findings import CONFIDENCES

if TYPE_CHECKING:
    import ibis.expr.types as ir


def confidence_rank(mark: ir.StringValue) -> ir.IntegerValue:
    """0 for the surest mark; an unknown mark counts as the surest, because contracts admit none."""
    import ibis

    return ibis.cases(*((mark == name, i) for i, name in enumerate(CONFIDENCES)), else_=0)


def confidence_mark(rank: ir.IntegerValue) -> ir.StringValue:
    """The mark of a rank."""
    import ibis

    return ibis.cases(*((rank == i, name) for i, name in enumerate(CONFIDENCES)), else_=CONFIDENCES[0])
