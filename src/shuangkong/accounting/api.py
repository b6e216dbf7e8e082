"""The door of the accounting slice."""

from shuangkong.accounting.account_choices import Choices, Wanted, choices
from shuangkong.accounting.changes import CHANGE, INCREMENT, Chained, Rate, chained
from shuangkong.accounting.checks import FLAW_LABELS, FLAWS
from shuangkong.accounting.emitted import BOOKED, MEASURE, SUMMED, counted_as, is_mass, pollutant_label
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
from shuangkong.accounting.metered import SOURCE as METERED
from shuangkong.accounting.methods import BASIS_LABELS, Method, fewest
from shuangkong.accounting.register import INDICATORS, Indicator
from shuangkong.accounting.register_import import (
    METERS,
    PROJECTS,
    REGISTERS,
    UNITS,
    import_meter_register,
    import_project_register,
    import_register,
    meters_schema,
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
    METER_ENTRIES,
    METER_LINKS,
    METER_MONTHS,
    OUTLET_MONTHS,
    REPORTED_VALUES,
    TOTALS,
)
from shuangkong.accounting.uses import LIMITABLE, USE_LIMITS, allowed_uses, readable_subjects
from shuangkong.accounting.withholding import AGAIN
from shuangkong.accounting.workings import INPUTS, compiled, factors_for, queries, work_out

__all__ = [
    "AGAIN",
    "AMOUNTS",
    "AT_LEAST",
    "BASIS_LABELS",
    "BOOKED",
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
    "MEASURE",
    "METERED",
    "METERS",
    "METER_ENTRIES",
    "METER_LINKS",
    "METER_MONTHS",
    "MISSING",
    "OUTLET_MONTHS",
    "PROJECTS",
    "REGISTERS",
    "REPORTED_VALUES",
    "STREAK_GRID",
    "SUMMED",
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
    "counted_as",
    "editions",
    "energy_factor",
    "factors_for",
    "fewest",
    "grid_editions",
    "guides",
    "import_meter_register",
    "import_project_register",
    "import_register",
    "import_sheet",
    "index_of",
    "is_mass",
    "last_full",
    "meters_schema",
    "methods_of",
    "named_period",
    "packs_of",
    "period_at",
    "pollutant_label",
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
