"""What the code lists say: rows of GB/T 2260 and GB/T 4754."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

Level = Literal["nation", "province", "prefecture", "county", "pseudo"]

NATION = "000000"


@dataclass(frozen=True, slots=True)
class Region:
    """One spell of a region's code (行政区划代码, GB/T 2260): the same name and parent from list to list.

    `valid_from` and `valid_to` (not included) are days of lists; the change itself happened from
    `possible_from` to `valid_from`. `subject` is shared by the spells of one place; `parent` is a code and
    skips levels that are no places (市辖区, 省直辖县级行政区划).
    """

    code: str
    name_zh: str
    short_zh: str
    name_en: str
    level: Level
    kind: Literal["division", "zone", "pseudo"]
    parent: str
    valid_from: date
    valid_to: date | None
    possible_from: date | None
    last_listed: date | None
    change_known: Literal["first_list", "month", "between"]
    subject: str
    source: str

    def listed_on(self, day: date) -> bool:
        """Whether the lists show the code on that day."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)

    def possible_on(self, day: date) -> bool:
        """Whether the code may already have been valid though no list shows it yet."""
        return self.possible_from is not None and self.possible_from <= day < self.valid_from

    @property
    def spell_zh(self) -> str:
        """Code, name and days, as messages show it."""
        end = self.valid_to.isoformat() if self.valid_to else "今"
        return f"{self.code} {self.name_zh} ({self.valid_from.isoformat()} – {end})"


@dataclass(frozen=True, slots=True)
class Industry:
    """An entry of the industrial classification (国民经济行业分类, GB/T 4754); the key is edition and code.

    `level` is section (门类), division (大类), group (中类) or class (小类); `name_status` says how sure the
    name is (see data/SOURCE.md).
    """

    edition: str
    code: str
    name_zh: str
    level: Literal["section", "division", "group", "class"]
    parent: str
    name_status: str
