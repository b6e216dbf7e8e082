"""Slots (插槽): places of a page that later slices fill, without the page knowing them.

A filler is given what the page is about and returns markup, or None where it has nothing to say. Fillers of one slot
stand in the order of their priority, the lowest first, then by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

About = Mapping[str, Any]
Filler = Callable[[About], Markup | None]
#: The slots that pages have, and where each stands.
SLOTS: dict[str, str] = {
    "unit.head": "under the name of a unit",
    "unit.sections": "after the sections of a unit's file",
    "region.head": "under the name of a region",
    "region.tabs": "after the sections of a region's page",
    "home.attention": "after the things that need attention",
    "home.side": "at the end of the right column of the home page",
}


@dataclass(frozen=True, slots=True)
class _Filling:
    slot: str
    priority: int
    name: str
    filler: Filler


class Slots:
    """What fills the slots of one application."""

    def __init__(self) -> None:
        self._fillings: list[_Filling] = []

    def register(self, slot: str, filler: Filler, *, name: str, priority: int = 100) -> None:
        """Let `filler` speak in a slot; ValueError for a slot that no page has, or a name that is taken in it."""
        if slot not in SLOTS:
            raise ValueError(f"no page has a slot {slot}; there are {', '.join(SLOTS)}")
        if any((f.slot, f.name) == (slot, name) for f in self._fillings):
            raise ValueError(f"{name} fills {slot} already")
        self._fillings.append(_Filling(slot, priority, name, filler))
        self._fillings.sort(key=lambda f: (f.priority, f.name))

    def fill(self, slot: str, **about: Any) -> Markup:
        """What stands in a slot; TypeError for a filler that returns a plain text, which nobody has escaped."""
        if slot not in SLOTS:
            raise ValueError(f"no page has a slot {slot}")
        made = [(f.name, f.filler(about)) for f in self._fillings if f.slot == slot]
        for name, part in made:
            if part is not None and not isinstance(part, Markup):
                raise TypeError(f"{name} must return Markup or None")
        return Markup("").join(part for _, part in made if part is not None)
