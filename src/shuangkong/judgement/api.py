"""The door of the judgement slice."""

from shuangkong.judgement.bindings import standing_editions
from shuangkong.judgement.collecting import rows_hit
from shuangkong.judgement.given import asked_inputs, decided_rows, set_aside
from shuangkong.judgement.reaching import Bindings, bindings_of, decided_kind, why_not
from shuangkong.judgement.readings import DECIDED_FOR, FIELDS, SUMS, indicator_inputs
from shuangkong.judgement.rule_scope import RULE_LEFT_OUT
from shuangkong.judgement.rule_step import judge_rules, rule_methods
from shuangkong.judgement.rule_tables import (
    RULE_CHANGES,
    RULE_FINDINGS,
    RULE_OUTPUTS,
    RULE_READINGS,
    RULE_STATUS_LABELS,
    SIGNAL_LABELS,
    RuleStatus,
)
from shuangkong.judgement.rules import decide, decide_all, decide_chain, slugged
from shuangkong.judgement.step import finding_changes, findings, judge
from shuangkong.judgement.subject_readings import Given, subject_readings
from shuangkong.judgement.tables import FINDING_CHANGES, FINDINGS
from shuangkong.judgement.why import LISTED, Why, named, not_one, why
from shuangkong.judgement.why_asked import about_document, asked_by_rule, asked_by_target, parameters_of
from shuangkong.judgement.why_grounds import grounds

__all__ = [
    "DECIDED_FOR",
    "FIELDS",
    "FINDINGS",
    "FINDING_CHANGES",
    "LISTED",
    "RULE_CHANGES",
    "RULE_FINDINGS",
    "RULE_LEFT_OUT",
    "RULE_OUTPUTS",
    "RULE_READINGS",
    "RULE_STATUS_LABELS",
    "SIGNAL_LABELS",
    "SUMS",
    "Bindings",
    "Given",
    "RuleStatus",
    "Why",
    "about_document",
    "asked_by_rule",
    "asked_by_target",
    "asked_inputs",
    "bindings_of",
    "decide",
    "decide_all",
    "decide_chain",
    "decided_kind",
    "decided_rows",
    "finding_changes",
    "findings",
    "grounds",
    "indicator_inputs",
    "judge",
    "judge_rules",
    "named",
    "not_one",
    "parameters_of",
    "rows_hit",
    "rule_methods",
    "set_aside",
    "slugged",
    "standing_editions",
    "subject_readings",
    "why",
    "why_not",
]
