"""Priors of watching (先验) as the packs write them: of estimates, of revisions, of the nowcast. None stands in Python.

A run, the back-test and the benchmarks read them here, so that what is held against made-up years is what a run takes.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from shuangkong.dualcontrol.watch_estimating import Priors
from shuangkong.dualcontrol.watch_nowcast import Drift
from shuangkong.dualcontrol.watch_sums import Revising
from shuangkong.policy.api import PackSet

ESTIMATE, REVISION, NOWCAST = "watching.estimate", "watching.revision", "watching.nowcast"
#: The figure of a parameter: (parameter, figure) → value.
Figures = Callable[[str, str], Decimal]


def figures_of(packs: PackSet, day: date, known: date) -> Figures:
    """Figures in force on a day as known on another; raises PACK-004 where none is, PACK-006 without the parameter."""

    def figure(parameter: str, name: str) -> Decimal:
        value = packs.parameter(parameter, day=day, known=known, figure=name).value
        if value is None:
            raise ValueError(f"{parameter} {name} is a range where one figure is asked for")
        return value

    return figure


def estimating(of: Figures) -> Priors:
    """The priors of estimates of late returns."""

    def given(name: str) -> float:
        return float(of(ESTIMATE, name))

    return Priors(
        spread=given("spread"), between=given("between"), weight=given("weight"), persistence=given("persistence"),
        persistence_most=given("persistence_most"), common=given("common"), least=int(given("least")),
        outlier=given("outlier"), look_back=int(given("look_back")),
    )  # fmt: skip


def revising(of: Figures) -> Revising:
    """The priors of how returns are put right later."""

    def given(name: str) -> float:
        return float(of(REVISION, name))

    return Revising(
        share=given("share"), spread=given("spread"), weight=given("weight"), months=int(given("months")),
        bound=given("bound"),
    )  # fmt: skip


def drifting(of: Figures) -> Drift:
    """The priors of the nowcast of the year's end."""

    def given(name: str) -> float:
        return float(of(NOWCAST, name))

    return Drift(
        spread=given("spread"), drift=given("drift"), weight=given("weight"), years=int(given("years"))
    )  # fmt: skip
