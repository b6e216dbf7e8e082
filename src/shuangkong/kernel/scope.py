"""Scope (数据范围): whose rows a reader may see. Every read takes one, without a default.

The engine applies it as a semi-join, so that rows outside are never counted, filtered on or named.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from shuangkong.kernel.ids import SubjectId


@dataclass(frozen=True, slots=True)
class Scope:
    """A region's subtree on a day, one unit, everything, or nothing; `principal` is who asks."""

    kind: Literal["all", "region", "unit", "none", "system"]
    principal: str
    subject: SubjectId | None = None
    on: date | None = None
    reason: str = ""

    @classmethod
    def all(cls, principal: str) -> Scope:
        """Everything, for a principal whose right says so."""
        return cls("all", principal)

    @classmethod
    def region(cls, principal: str, region: SubjectId, on: date) -> Scope:
        """A region and all that lay in it on a day."""
        return cls("region", principal, region, on)

    @classmethod
    def unit(cls, principal: str, subject: SubjectId) -> Scope:
        """One unit's own rows."""
        return cls("unit", principal, subject)

    @classmethod
    def none(cls, principal: str) -> Scope:
        """Nothing at all."""
        return cls("none", principal)

    @classmethod
    def system(cls, reason: str) -> Scope:
        """The one bypass, for the program's own steps; each use is written to the audit log."""
        if not reason:
            raise ValueError("a system scope needs a reason")
        return cls("system", "system", reason=reason)

    @property
    def unrestricted(self) -> bool:
        """Whether no row is hidden."""
        return self.kind in ("all", "system")
