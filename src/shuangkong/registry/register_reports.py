"""What the import of a register did, or would do (登记结果), whatever is registered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from shuangkong.registry.sheets import api as sheets


class Effected(Protocol):
    """A plan of one entry: new, changed, corrected or unchanged."""

    @property
    def effect(self) -> str:
        """What becomes of it."""


P = TypeVar("P", bound=Effected, covariant=True)


@dataclass(frozen=True)  # no slots: an alias with its parameter cannot make an instance of one that is frozen, too
class RegisterReport(Generic[P]):
    """Rows of a sheet by what happens to what they register, and what was refused; `sheet` is its name in the file."""

    rows: int
    plans: tuple[P, ...]
    refusals: tuple[sheets.Refusal, ...]
    mapping: sheets.Mapping
    committed: bool
    sheet: str = ""

    def count(self, effect: str) -> int:
        """How many are new, changed, corrected or unchanged."""
        return sum(p.effect == effect for p in self.plans)

    @property
    def writes(self) -> int:
        """How many are written."""
        return sum(p.effect != "unchanged" for p in self.plans)
