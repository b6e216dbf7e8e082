"""The door of the judgement slice."""

from shuangkong.judgement.collecting import rows_hit
from shuangkong.judgement.given import asked_inputs, decided_rows
from shuangkong.judgement.readings import FIELDS, SUMS, indicator_inputs
from shuangkong.judgement.rules import decide, decide_chain, slugged
from shuangkong.judgement.step import finding_changes, findings, judge
from shuangkong.judgement.tables import FINDING_CHANGES, FINDINGS
from shuangkong.judgement.why import Why, why

__all__ = [
    "FIELDS",
    "FINDINGS",
    "FINDING_CHANGES",
    "SUMS",
    "Why",
    "asked_inputs",
    "decide",
    "decide_chain",
    "decided_rows",
    "finding_changes",
    "findings",
    "indicator_inputs",
    "judge",
    "rows_hit",
    "slugged",
    "why",
]
