"""Reasons of watching and flexing (缘由): the chain of a grade, nowcast, measure, estimate or flexed total by key."""

from __future__ import annotations

from shuangkong.dualcontrol.why_flexed import flexed
from shuangkong.dualcontrol.why_reading import PREFIXES, Reads, Reason, found
from shuangkong.dualcontrol.why_watched import estimate, measure, month, year
from shuangkong.engine.api import RunRecord, Workspace
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import PackSet

_FILL = {"month": month, "year": year, "measure": measure, "estimate": estimate, "flex": flexed}


def has_reason(key: str) -> bool:
    """Whether a key is of a kind that `reason` answers, rather than that of a finding."""
    return key.startswith(PREFIXES)


def reason(workspace: Workspace, run: RunRecord, packs: PackSet, key: str, scope: Scope) -> Reason:
    """The chain behind a row of watching or flexing in a run; RUN-002 where there is none that the reader may see.

    `key` is that of the row, or an unambiguous beginning; of a step of a flexed total, its key with `_` and the step.
    `packs` are those of the run. No grade, sum or step is worked out anew: each is read by the key that the run
    stored it under.
    """
    reads = Reads(workspace, run, packs, scope)
    made = found(reads, key)
    _FILL[made.kind](reads, made)
    return made
