"""Scope (数据范围): whose rows a reader may see. Every read takes one, without a default.

The engine applies it as a semi-join, so that rows outside are never counted, filtered on or named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, get_args

from shuangkong.kernel.ids import SubjectId
from shuangkong.kernel.labels import Label

#: What figures are used for (用途): 统计, 考核, 监察, 金融, 服务, 公开; and any, for who runs the platform.
Use = Literal["any", "statistics", "assessment", "supervision", "finance", "service", "public"]
USES: tuple[Use, ...] = get_args(Use)
USE_LABELS: Mapping[str, Label] = {
    "any": Label("不限", "any"),
    "statistics": Label("统计", "statistics"),
    "assessment": Label("考核", "assessment"),
    "supervision": Label("监察", "supervision"),
    "finance": Label("金融", "finance"),
    "service": Label("节能服务", "energy services"),
    "public": Label("公开", "publication"),
}


@dataclass(frozen=True, slots=True)
class Scope:
    """A region's subtree on a day, one unit, units that consented, what is published, everything, or nothing.

    `principal` is who asks, `use` what for: figures whose use the law limits (统计法) are hidden from another use.
    Readers also see what is published; who writes does so in their own scope alone (`for_writing`).
    """

    kind: Literal["all", "region", "unit", "consented", "published", "none", "system"]
    principal: str
    subject: SubjectId | None = None
    on: date | None = None
    reason: str = ""
    use: Use = "any"
    grantee: str = ""
    published_too: bool = True

    @classmethod
    def all(cls, principal: str, use: Use = "any") -> Scope:
        """Everything, for a principal whose right says so."""
        return cls("all", principal, use=use)

    @classmethod
    def region(cls, principal: str, region: SubjectId, on: date, use: Use = "any") -> Scope:
        """A region and all that lay in it on a day."""
        return cls("region", principal, region, on, use=use)

    @classmethod
    def unit(cls, principal: str, subject: SubjectId, use: Use = "any") -> Scope:
        """One unit's own rows."""
        return cls("unit", principal, subject, use=use)

    @classmethod
    def consented(cls, principal: str, grantee: str, on: date, use: Use) -> Scope:
        """The units whose consent (授权) to the organisation for this use stands on the day."""
        return cls("consented", principal, None, on, use=use, grantee=grantee)

    @classmethod
    def published(cls, principal: str) -> Scope:
        """The regions whose pages are public, and no unit."""
        return cls("published", principal, use="public")

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

    def for_writing(self) -> Scope:
        """The same without what is merely published."""
        return replace(self, published_too=False)

    @property
    def unrestricted(self) -> bool:
        """Whether no row is hidden for its subject; its use may still hide it."""
        return self.kind in ("all", "system")
