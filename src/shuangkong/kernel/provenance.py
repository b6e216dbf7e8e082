"""Provenance edges (出处链): who follows from what, stored as rows and walked by `why`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class NodeKind(StrEnum):
    """What an end of an edge may be."""

    FINDING = "finding"
    RULE_FINDING = "rule_finding"
    RULE = "rule"
    TARGET = "target"
    CLAUSE = "clause"
    PARAMETER = "parameter"
    INDICATOR = "indicator"
    TOTAL = "total"
    ENTRY = "entry"
    REPORTED = "reported"
    METER_DAYS = "meter_days"
    SOURCE = "source"


@dataclass(frozen=True, slots=True)
class Edge:
    """`from_key` follows from `to_key` in the given role, within one run."""

    from_kind: NodeKind
    from_key: str
    to_kind: NodeKind
    to_key: str
    role: str
