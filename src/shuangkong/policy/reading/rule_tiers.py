"""Tiers of rules (分档): several lower bounds in one sentence, and tiers that are open at the top."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from shuangkong.policy.reading.rule_parts import Bound, Rule

_OPEN, _BELOW = (">=", ">"), ("<=", "<")


def tiers(rules: Sequence[Rule]) -> list[Rule]:
    """The rules of one table, each of one tier; one that is open at the top ends where the next of them begins.

    1000吨以上奖励10万元，3000吨以上奖励30万元: who saves 4000 t gets one of the two. That the lower one is meant to end
    there is not said, so it is unsure (`tops_closed`). Warnings, of which several may hold, stay open.
    """
    each = [one for rule in rules for one in _apart(rule)]
    return [_closed(rule, each) for rule in each]


def _apart(rule: Rule) -> Iterator[Rule]:
    """1000吨以上、3000吨以上的企业，分别奖励10万元、30万元: as many bounds as sums are as many rules."""
    first = rule.bounds[0] if rule.bounds else None
    like = first is not None and all(
        b.unit == first.unit and (b.guessed or b.what in ("", first.what)) for b in rule.bounds
    )
    if first is None or not like or "list_unlike" not in rule.unsure or len(rule.bounds) != len(rule.gives):
        yield rule
        return
    unsure = [u for u in rule.unsure if u != "list_unlike"]
    for bound, gives in zip(rule.bounds, rule.gives, strict=True):
        yield replace(rule, bounds=[replace(bound, what=first.what)], gives=[gives], unsure=list(unsure))


def _closed(rule: Rule, every: Sequence[Rule]) -> Rule:
    own = _only(rule)
    if own is not None and own.op in _BELOW:
        return _closed_below(rule, own, every)
    if own is None or own.op not in _OPEN:
        return rule
    above = [b for other in every if (b := _only(other)) and _goes_on(rule, own, other, b)]
    if not above:
        return rule
    following = min(above, key=lambda b: b.value)
    begins_in = following.op == ">=" or (following.op == "band" and following.low_in is not False)
    bound = replace(
        own, op="band", high=following.value, low_in=None if own.op == ">=" else False, high_in=not begins_in
    )
    return replace(rule, bounds=[bound], unsure=[*rule.unsure, "tops_closed"])


def _closed_below(rule: Rule, own: Bound, every: Sequence[Rule]) -> Rule:
    """降到1.3以下奖励30万元，降到1.2以下奖励50万元: the higher of the two ends where the lower begins."""
    under = [b for r in every if (b := _only(r)) and _like(rule, own, r, b) and b.op in _BELOW and b.value < own.value]
    if not under:
        return rule
    following = max(under, key=lambda b: b.value)
    bound = replace(
        own, op="band", value=following.value, high=own.value, low_in=following.op == "<", high_in=own.op == "<="
    )
    return replace(rule, bounds=[bound], unsure=[*rule.unsure, "tops_closed"])


def _only(rule: Rule) -> Bound | None:
    """The one bound of a rule that gives something."""
    return rule.bounds[0] if rule.gives and rule.limit is None and len(rule.bounds) == 1 else None


def _goes_on(rule: Rule, own: Bound, other: Rule, bound: Bound) -> bool:
    return _like(rule, own, other, bound) and bound.op in (*_OPEN, "band") and bound.value > own.value


def _like(rule: Rule, own: Bound, other: Rule, bound: Bound) -> bool:
    same = bound.what == own.what and bound.unit == own.unit and other.choice == rule.choice
    return same and other.flags == rule.flags
