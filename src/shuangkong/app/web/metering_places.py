"""Regions and units as pages of metering name them (地区与单位): names and tree of today, cut to the reader's part."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

from shuangkong.app.web.reading import Names, all_within
from shuangkong.app.web.rows import Subject
from shuangkong.kernel.labels import Label

Shown = frozenset[str] | None


@dataclass(frozen=True)
class Places:
    """Everybody's names and who lies in whom; what a reader is told of it goes through `shown`."""

    names: Names

    @cached_property
    def parent(self) -> dict[str, str]:
        """What each subject lies in."""
        return {below: above for above, below in self.names.links}

    @cached_property
    def children(self) -> dict[str, tuple[str, ...]]:
        """What lies directly in each subject."""
        found: dict[str, list[str]] = defaultdict(list)
        for above, below in self.names.links:
            found[above].append(below)
        return {k: tuple(v) for k, v in found.items()}

    def subject(self, subject: str) -> Subject | None:
        """A subject by id."""
        return self.names.subjects.get(subject)

    def label(self, subject: str) -> Label:
        """The name of a subject; its id where it has none."""
        found = self.names.subjects.get(subject)
        return found.label if found else Label(subject, subject)

    def within(self, subject: str) -> frozenset[str]:
        """A subject and all that lies in it."""
        return all_within(self.children, subject)

    def path(self, subject: str, shown: Shown) -> list[Subject]:
        """From the top down to a subject, leaving out what the reader may not see."""
        found: list[Subject] = []
        here, passed = subject, set[str]()
        while here and here not in passed:
            passed.add(here)
            one = self.names.subjects.get(here)
            if one is not None and (shown is None or here in shown):
                found.append(one)
            here = self.parent.get(here, "")
        return found[::-1]

    def region_of(self, subject: str) -> Subject | None:
        """The region that a unit lies in."""
        here = self.parent.get(subject, "")
        while here:
            one = self.names.subjects.get(here)
            if one is not None and one.kind == "region":
                return one
            here = self.parent.get(here, "")
        return None

    def regions_with(self, units: Collection[str]) -> frozenset[str]:
        """The regions above any of the units, and the units themselves."""
        found: set[str] = set()
        for unit in units:
            here = unit
            while here and here not in found:
                found.add(here)
                here = self.parent.get(here, "")
        return frozenset(found)

    def top(self, units: Collection[str], shown: Shown) -> str:
        """The lowest region that holds all of the units, as far as the reader sees it; empty without one."""
        paths = [[s.id for s in self.path(u, shown)] for u in units]
        common = ""
        for steps in zip(*paths, strict=False):
            if len(set(steps)) > 1:
                break
            one = self.names.subjects.get(steps[0])
            if one is not None and one.kind == "region":
                common = steps[0]
        return common
