"""Pollutants by online monitoring (在线监测排放量): what the outlets with flow and concentration let out.

These are no statistics of emissions: what no monitored outlet lets out is not in them. So they have names of their
own and answer no target of total emissions (排放总量). Result columns as in `indicators`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shuangkong.accounting.emitted import MEASURE
from shuangkong.accounting.register import Books, indicator, level
from shuangkong.kernel.periods import Nature

if TYPE_CHECKING:
    import ibis.expr.types as ir

_NEEDS = "flow and concentration at the outlets 排口流量与浓度"
_CLAUSE = "HJ 212 污染物在线监控（监测）系统数据传输标准"


@indicator(
    "cod_monitored", "化学需氧量排放量（在线监测）", "COD let out, by online monitoring", unit="t", nature=Nature.FLOW,
    better="lower", inputs=((MEASURE + "cod", "sum over outlets"),), clause=_CLAUSE,
)  # fmt: skip
def cod_monitored(books: Books) -> ir.Table:
    """M = Σ hours (mean concentration × flow) of the outlets monitored online, of the hours that count.

    Unit: t. The subject's outlets and those of all that lay in it on the last day of the period. An hour counts if the
    rule of its monitoring system is met; none is filled. States: ok when every month that is due is known from the
    packs' share on; partial when less is known, with its share; no value where nothing is. Source: HJ 212.
    """
    return _monitored(books, "cod")


@indicator(
    "ammonia_nitrogen_monitored", "氨氮排放量（在线监测）", "ammonia nitrogen let out, by online monitoring", unit="t",
    nature=Nature.FLOW, better="lower", inputs=((MEASURE + "ammonia_nitrogen", "sum over outlets"),), clause=_CLAUSE,
)  # fmt: skip
def ammonia_nitrogen_monitored(books: Books) -> ir.Table:
    """As cod_monitored, of ammonia nitrogen (氨氮).

    Unit: t. States and coverage: as cod_monitored. Source: HJ 212.
    """
    return _monitored(books, "ammonia_nitrogen")


@indicator(
    "nox_monitored", "氮氧化物排放量（在线监测）", "nitrogen oxides let out, by online monitoring", unit="t",
    nature=Nature.FLOW, better="lower", inputs=((MEASURE + "nox", "sum over outlets"),), clause=_CLAUSE,
)  # fmt: skip
def nox_monitored(books: Books) -> ir.Table:
    """As cod_monitored, of nitrogen oxides (氮氧化物), told as NO2.

    Unit: t. States and coverage: as cod_monitored. Source: HJ 212.
    """
    return _monitored(books, "nox")


@indicator(
    "so2_monitored", "二氧化硫排放量（在线监测）", "sulphur dioxide let out, by online monitoring", unit="t",
    nature=Nature.FLOW, better="lower", inputs=((MEASURE + "so2", "sum over outlets"),), clause=_CLAUSE,
)  # fmt: skip
def so2_monitored(books: Books) -> ir.Table:
    """As cod_monitored, of sulphur dioxide (二氧化硫).

    Unit: t. States and coverage: as cod_monitored. Source: HJ 212.
    """
    return _monitored(books, "so2")


@indicator(
    "particulates_monitored", "颗粒物排放量（在线监测）", "particulate matter let out, by online monitoring", unit="t",
    nature=Nature.FLOW, better="lower", inputs=((MEASURE + "particulates", "sum over outlets"),), clause=_CLAUSE,
)  # fmt: skip
def particulates_monitored(books: Books) -> ir.Table:
    """As cod_monitored, of particulate matter (颗粒物: 烟尘).

    Unit: t. States and coverage: as cod_monitored. Source: HJ 212.
    """
    return _monitored(books, "particulates")


@indicator(
    "voc_monitored", "挥发性有机物排放量（在线监测，以非甲烷总烃计）",
    "volatile organic compounds let out, by online monitoring, as non-methane hydrocarbons", unit="t",
    nature=Nature.FLOW, better="lower", inputs=((MEASURE + "voc", "sum over outlets"),), clause=_CLAUSE,
)  # fmt: skip
def voc_monitored(books: Books) -> ir.Table:
    """As cod_monitored, of volatile organic compounds (挥发性有机物) as non-methane hydrocarbons (非甲烷总烃).

    Unit: t. What is let out without an outlet (无组织) is not in it. States and coverage: as cod_monitored.
    Source: HJ 212.
    """
    return _monitored(books, "voc")


def _monitored(books: Books, pollutant: str) -> ir.Table:
    return level(books.sum(MEASURE + pollutant), needs=_NEEDS)
