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


@dataclass(frozen=True, slots=True)
class RegionEntry:
    """A region that the shipped list does not have: a development zone (开发区), or one of a demonstration.

    `code` is its code in `scheme`; `lies_in` and `jurisdiction` are subject ids or GB/T 2260 codes.
    """

    code: str
    name_zh: str
    lies_in: str
    valid_from: date
    level: str = "zone"
    scheme: str = "local"
    name_en: str = ""
    jurisdiction: str = ""
    valid_to: date | None = None
    synthetic: bool = False
    where: str = ""


@dataclass(frozen=True, slots=True)
class UnitEntry:
    """A unit (用能单位), site or project to be registered; `where` is its file and row, for messages.

    Either `uscc` or `local_code` names it. `lies_in` and `jurisdiction` are subject ids or GB/T 2260 codes valid on
    `valid_from`. `attributes` are further dated facts (name to value).
    """

    name_zh: str
    lies_in: str
    valid_from: date
    uscc: str = ""
    local_code: str = ""
    name_en: str = ""
    industry_code: str = ""
    industry_edition: str = ""
    unit_class: str = ""
    jurisdiction: str = ""
    attributes: tuple[tuple[str, str], ...] = ()
    kind: str = "unit"
    valid_to: date | None = None
    synthetic: bool = False
    where: str = ""


@dataclass(frozen=True, slots=True)
class PlanEntry:
    """Who must report which book in which rhythm (报送计划), from a day on."""

    subject_id: str
    book: str
    period_kind: str
    valid_from: date
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """Where figures came from: the file and its hash, the sheet, who published it in which document."""

    file_name: str
    sha256: str
    sheet: str = ""
    publisher: str = ""
    document: str = ""
    licence: str = ""
    url: str = ""
    synthetic: bool = False
