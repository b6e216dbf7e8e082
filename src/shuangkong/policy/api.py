"""The door of the policy slice: packs, what is in force, parameters, and the tables that targets become."""

from __future__ import annotations

from shuangkong.policy.checks import unanswered
from shuangkong.policy.clauses import NONE_BECAUSE, Duty, Figure
from shuangkong.policy.complaints import PackErrors
from shuangkong.policy.coverage import ClauseCoverage, coverage, years_of
from shuangkong.policy.fields import Accounting, Frozen, LabelModel
from shuangkong.policy.figures import figures_in, number_of, tidy
from shuangkong.policy.loading import builtin_packs, load_all, load_cases, load_files, load_pack
from shuangkong.policy.lowering import lower_target, schedule, yearly_pace
from shuangkong.policy.model import (
    NATION,
    Carrier,
    Clause,
    Confidence,
    IndicatorDeclaration,
    Instrument,
    Pack,
    Parameter,
    Product,
    Source,
    Subject,
    Target,
    UnitSelection,
    content_hash,
)
from shuangkong.policy.overlay import Change, Overlay, Replacement, load_overlay
from shuangkong.policy.packset import STANDING_LABELS, PackSet, Standing, StandingPack
from shuangkong.policy.parameters import Correction, Dated
from shuangkong.policy.rules.catalogue import Bindable, Catalogue, SubjectKind, source_of, with_declared
from shuangkong.policy.rules.cells import cell
from shuangkong.policy.rules.checked import (
    CheckedInput,
    CheckedOutput,
    CheckedRow,
    CheckedTable,
    ParameterValue,
    UsedParameter,
)
from shuangkong.policy.rules.evaluating import Known, holds, nearest, value_of
from shuangkong.policy.rules.expressions import parse
from shuangkong.policy.rules.model import InputEntry, RowEntry, TableEntry
from shuangkong.policy.rules.nodes import (
    TRUE,
    Binary,
    Call,
    Choice,
    Constant,
    Member,
    Name,
    Node,
    Unary,
    divides,
    names_in,
    walk,
    with_values,
)
from shuangkong.policy.rules.types import DAY, FLAG, TEXT, Kind, conversion, shown, typed, unit_of
from shuangkong.policy.strict_yaml import Parsed, parse_yaml
from shuangkong.policy.tables import Column, Condition, DecisionTable, Row, as_checked

__all__ = [
    "DAY",
    "FLAG",
    "NATION",
    "NONE_BECAUSE",
    "STANDING_LABELS",
    "TEXT",
    "TRUE",
    "Accounting",
    "Binary",
    "Bindable",
    "Call",
    "Carrier",
    "Catalogue",
    "Change",
    "CheckedInput",
    "CheckedOutput",
    "CheckedRow",
    "CheckedTable",
    "Choice",
    "Clause",
    "ClauseCoverage",
    "Column",
    "Condition",
    "Confidence",
    "Constant",
    "Correction",
    "Dated",
    "DecisionTable",
    "Duty",
    "Figure",
    "Frozen",
    "IndicatorDeclaration",
    "InputEntry",
    "Instrument",
    "Kind",
    "Known",
    "LabelModel",
    "Member",
    "Name",
    "Node",
    "Overlay",
    "Pack",
    "PackErrors",
    "PackSet",
    "Parameter",
    "ParameterValue",
    "Parsed",
    "Product",
    "Replacement",
    "Row",
    "RowEntry",
    "Source",
    "Standing",
    "StandingPack",
    "Subject",
    "SubjectKind",
    "TableEntry",
    "Target",
    "Unary",
    "UnitSelection",
    "UsedParameter",
    "as_checked",
    "builtin_packs",
    "cell",
    "content_hash",
    "conversion",
    "coverage",
    "divides",
    "figures_in",
    "holds",
    "load_all",
    "load_cases",
    "load_files",
    "load_overlay",
    "load_pack",
    "lower_target",
    "names_in",
    "nearest",
    "number_of",
    "parse",
    "parse_yaml",
    "schedule",
    "shown",
    "source_of",
    "tidy",
    "typed",
    "unanswered",
    "unit_of",
    "value_of",
    "walk",
    "with_declared",
    "with_values",
    "yearly_pace",
    "years_of",
]
