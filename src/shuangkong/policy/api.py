"""The door of the policy slice: packs, what is in force, parameters, and the tables that targets become."""

from __future__ import annotations

from shuangkong.policy.checks import unanswered
from shuangkong.policy.complaints import PackErrors
from shuangkong.policy.fields import Frozen, LabelModel
from shuangkong.policy.loading import builtin_packs, load_all, load_cases, load_files, load_pack
from shuangkong.policy.lowering import lower_target, schedule, yearly_pace
from shuangkong.policy.model import (
    NATION,
    Accounting,
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
from shuangkong.policy.strict_yaml import Parsed, parse_yaml
from shuangkong.policy.tables import Column, Condition, DecisionTable, Row

__all__ = [
    "NATION",
    "STANDING_LABELS",
    "Accounting",
    "Carrier",
    "Change",
    "Clause",
    "Column",
    "Condition",
    "Confidence",
    "Correction",
    "Dated",
    "DecisionTable",
    "Frozen",
    "IndicatorDeclaration",
    "Instrument",
    "LabelModel",
    "Overlay",
    "Pack",
    "PackErrors",
    "PackSet",
    "Parameter",
    "Parsed",
    "Product",
    "Replacement",
    "Row",
    "Source",
    "Standing",
    "StandingPack",
    "Subject",
    "Target",
    "UnitSelection",
    "builtin_packs",
    "content_hash",
    "load_all",
    "load_cases",
    "load_files",
    "load_overlay",
    "load_pack",
    "lower_target",
    "parse_yaml",
    "schedule",
    "unanswered",
    "yearly_pace",
]
