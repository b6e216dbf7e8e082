"""Confidentiality of published sums (统计保密): which sums of units' returns would tell a single unit's figure. Pure.

A sum is withheld where fewer units stand behind it than the rule asks, or where one of them makes up more of it than
the rule allows; and where it could be had as the difference of sums that are shown, one of those is withheld too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Literal

import yaml

Reason = Literal["few", "dominated", "complement"]


@dataclass(frozen=True, slots=True)
class Rule:
    """The least number of units behind a published sum, and the most that one of them may make up of it."""

    least_units: int
    most_share: Decimal


@cache
def rule() -> Rule:
    """The rule as `confidentiality.yaml` has it, with its source."""
    text = resources.files("shuangkong.accounting").joinpath("confidentiality.yaml").read_text("utf-8")
    data = yaml.safe_load(text)
    return Rule(int(data["least_units"]), Decimal(data["most_share"]))


@dataclass(frozen=True, slots=True)
class Group:
    """Units that hand in for themselves: how many, the largest amount without its sign, and the sum of all such."""

    units: int = 0
    largest: Decimal = Decimal(0)
    sum: Decimal = Decimal(0)

    def __add__(self, other: Group) -> Group:
        """Both together; no unit is in two groups."""
        return Group(self.units + other.units, max(self.largest, other.largest), self.sum + other.sum)

    def wrong(self, rule: Rule) -> Reason | None:
        """Why its sum may not be told; None where it may, or where there is no unit in it."""
        if self.units == 0:
            return None
        if self.units < rule.least_units:
            return "few"
        return "dominated" if self.largest > rule.most_share * self.sum else None


@dataclass
class _Tree:
    """Regions with units in them, from the lowest up, and what is known of each."""

    direct: Mapping[str, Group]
    below: Mapping[str, list[str]]
    rule: Rule
    #: All units of the region, and those in no lower region that is shown.
    whole: dict[str, Group] = field(default_factory=dict)
    loose: dict[str, Group] = field(default_factory=dict)
    shown: dict[str, list[str]] = field(default_factory=dict)
    hidden: dict[str, Reason] = field(default_factory=dict)

    def settle(self, region: str) -> None:
        """Decide a region whose lower ones are decided.

        What a reader can have by taking shown sums from each other is a union of loose groups. Each is empty or within
        the rule, and so is a union of such: more units, and the share of the largest is no greater.
        """
        whole = loose = self.direct.get(region, Group())
        shown: list[str] = []
        for child in self.below.get(region, ()):
            whole += self.whole[child]
            if child in self.hidden:
                loose += self.loose[child]
                shown += self.shown[child]
            else:
                shown.append(child)
        reason = whole.wrong(self.rule)
        if reason is not None:
            self.hidden[region] = reason
        while reason is None and loose.wrong(self.rule) is not None:
            least = min(shown, key=lambda r: (self.whole[r].sum, r))
            shown.remove(least)
            shown += self.shown[least]
            loose += self.loose[least]
            self.hidden[least] = "complement"
        self.whole[region], self.loose[region], self.shown[region] = whole, loose, shown


def withheld_sums(direct: Mapping[str, Group], above: Mapping[str, str], rule: Rule) -> dict[str, Reason]:
    """Regions whose sum is not told, with the reason.

    direct: the units that lie in each region and in none below it.  above: the region over each region, a tree.
    """
    needed = _with_those_above(direct, above)
    below: dict[str, list[str]] = defaultdict(list)
    for region in sorted(needed):
        if region in above:
            below[above[region]].append(region)
    tree = _Tree(direct, below, rule)
    todo = [(r, False) for r in sorted(needed) if r not in above]
    while todo:
        region, ready = todo.pop()
        if ready:
            tree.settle(region)
        else:
            todo.append((region, True))
            todo += [(child, False) for child in below.get(region, ())]
    return tree.hidden


def _with_those_above(regions: Iterable[str], above: Mapping[str, str]) -> set[str]:
    found: set[str] = set()
    for region in regions:
        here: str | None = region
        while here is not None and here not in found:
            found.add(here)
            here = above.get(here)
    return found
