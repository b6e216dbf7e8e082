"""The door of the accounting slice."""

from shuangkong.accounting.changes import CHANGE, INCREMENT
from shuangkong.accounting.factors import (
    Factor,
    Given,
    carrier_named,
    check_method,
    co2_factor,
    editions,
    energy_factor,
    grid_editions,
    guides,
)
from shuangkong.accounting.methods import BASIS_LABELS, Method
from shuangkong.accounting.register import INDICATORS, Indicator
from shuangkong.accounting.snapshots import packs_of, region_paths, targets_of
from shuangkong.accounting.sourcing import value_key
from shuangkong.accounting.step import account, methods_of
from shuangkong.accounting.tables import (
    AMOUNTS,
    BOOK_ENTRIES,
    DEDUCTIONS,
    EDGES,
    INDICATOR_VALUES,
    REPORTED_VALUES,
    TOTALS,
)

__all__ = [
    "AMOUNTS",
    "BASIS_LABELS",
    "BOOK_ENTRIES",
    "CHANGE",
    "DEDUCTIONS",
    "EDGES",
    "INCREMENT",
    "INDICATORS",
    "INDICATOR_VALUES",
    "REPORTED_VALUES",
    "TOTALS",
    "Factor",
    "Given",
    "Indicator",
    "Method",
    "account",
    "carrier_named",
    "check_method",
    "co2_factor",
    "editions",
    "energy_factor",
    "grid_editions",
    "guides",
    "methods_of",
    "packs_of",
    "region_paths",
    "targets_of",
    "value_key",
]
