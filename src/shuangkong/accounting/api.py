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
from shuangkong.accounting.importing import Origin, Report, import_sheet
from shuangkong.accounting.methods import BASIS_LABELS, Method
from shuangkong.accounting.register import INDICATORS, Indicator
from shuangkong.accounting.sheets import BOOKS, schema_of
from shuangkong.accounting.snapshots import packs_of, region_paths, targets_of
from shuangkong.accounting.sourcing import value_key
from shuangkong.accounting.step import account, methods_of
from shuangkong.accounting.store import batches
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
    "BOOKS",
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
    "Origin",
    "Report",
    "account",
    "batches",
    "carrier_named",
    "check_method",
    "co2_factor",
    "editions",
    "energy_factor",
    "grid_editions",
    "guides",
    "import_sheet",
    "methods_of",
    "packs_of",
    "region_paths",
    "schema_of",
    "targets_of",
    "value_key",
]
