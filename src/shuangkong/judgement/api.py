"""The door of the judgement slice."""

from shuangkong.judgement.rules import decide
from shuangkong.judgement.step import finding_changes, findings, judge
from shuangkong.judgement.tables import FINDING_CHANGES, FINDINGS
from shuangkong.judgement.why import Why, why

__all__ = ["FINDINGS", "FINDING_CHANGES", "Why", "decide", "finding_changes", "findings", "judge", "why"]
