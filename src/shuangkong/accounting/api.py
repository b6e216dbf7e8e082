"""The door of the accounting slice."""

from shuangkong.accounting.account_choices import Choices, Wanted, choices
from shuangkong.accounting.changes import CHANGE, INCREMENT, Chained, Rate, chained
from shuangkong.accounting.checks import FLAW_LABELS, FLAWS
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
from shuangkong.accounting.files import FileAccount, account_file
from shuangkong.accounting.import_rows import Origin
from shuangkong.accounting.importing import Report, import_sheet
from shuangkong.accounting.methods import BASIS_LABELS, Method, fewest
from shuangkong.accounting.register import INDICATORS, Indicator
from shuangkong.accounting.register_import import (
    PROJECTS,
    REGISTERS,
    UNITS,
    import_project_register,
    import_register,
)
from shuangkong.accounting.sheets import BOOKS, schema_of
from shuangkong.accounting.snapshots import packs_of, targets_of
from shuangkong.accounting.sourcing import value_key
from shuangkong.accounting.step import account, methods_of
from shuangkong.accounting.store import batches
from shuangkong.accounting.streaks import (
    AT_LEAST,
    MISSING,
    STREAK_GRID,
    index_of,
    last_full,
    named_period,
    period_at,
    streak_cells,
    streak_counts,
    streak_links,
    streak_values,
)
from shuangkong.accounting.tables import (
    AMOUNTS,
    BOOK_ENTRIES,
    DEDUCTIONS,
    EDGES,
    INDICATOR_VALUES,
    REPORTED_VALUES,
    TOTALS,
)
from shuangkong.accounting.uses import LIMITABLE, USE_LIMITS, allowed_uses, readable_subjects
from shuangkong.accounting.workings import INPUTS, compiled, factors_for, queries, work_out

__all__ = [
    "AMOUNTS",
    "AT_LEAST",
    "BASIS_LABELS",
    "BOOKS",
    "BOOK_ENTRIES",
    "CHANGE",
    "DEDUCTIONS",
    "EDGES",
    "FLAWS",
    "FLAW_LABELS",
    "INCREMENT",
    "INDICATORS",
    "INDICATOR_VALUES",
    "INPUTS",
    "LIMITABLE",
    "MISSING",
    "PROJECTS",
    "REGISTERS",
    "REPORTED_VALUES",
    "STREAK_GRID",
    "TOTALS",
    "UNITS",
    "USE_LIMITS",
    "Chained",
    "Choices",
    "Factor",
    "FileAccount",
    "Given",
    "Indicator",
    "Method",
    "Origin",
    "Rate",
    "Report",
    "Wanted",
    "account",
    "account_file",
    "allowed_uses",
    "batches",
    "carrier_named",
    "chained",
    "check_method",
    "choices",
    "co2_factor",
    "compiled",
    "editions",
    "energy_factor",
    "factors_for",
    "fewest",
    "grid_editions",
    "guides",
    "import_project_register",
    "import_register",
    "import_sheet",
    "index_of",
    "last_full",
    "methods_of",
    "named_period",
    "packs_of",
    "period_at",
    "queries",
    "readable_subjects",
    "schema_of",
    "streak_cells",
    "streak_counts",
    "streak_links",
    "streak_values",
    "targets_of",
    "value_key",
    "work_out",
]
