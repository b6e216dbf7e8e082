"""What the tests of cases share: a clock that can be set, a province of published grades (合成), and its officers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from shuangkong.accounting.api import Origin, import_sheet
from shuangkong.app.catalogue import catalogue
from shuangkong.app.pipeline import run_pipeline
from shuangkong.engine.api import RunRecord, Workspace, reading, writing
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import PackSet, builtin_packs
from shuangkong.registry.api import directory, ensure_regions

ALL = Scope.all("test")
HEAD = "地区代码,期间,等级名称,等级\n"
ENERGY, COAL = "能耗双控预警等级", "煤炭消费总量预警等级"
MONTHS = ("2023-10", "2023-11", "2023-12", "2024-01", "2024-02", "2024-03", "2024-04")
WORDS = {"g": "绿", "a": "黄色", "r": "红色"}
PROVINCE = "410000"


#: What the rules of red months rest on; a run over all packs takes many times as long.
PACKS = ("henan-two-high-2021", "shuangkong.casework", "shuangkong.indicators", "shuangkong.books", "gbt2589-2020")


def few_packs() -> PackSet:
    """The packs that these runs need, bound as the program binds them."""
    return PackSet([p for p in builtin_packs() if p.id in PACKS], catalogue=catalogue())


@dataclass
class Clock:
    """Instants that go on by a second each time they are asked for, from wherever they were set."""

    at: datetime = field(default_factory=lambda: datetime(2024, 4, 10, 1, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at

    def set(self, day: str) -> None:
        """Nine o'clock in China on a day."""
        self.at = datetime.fromisoformat(f"{day}T01:00:00+00:00")


@dataclass
class World:
    """A workspace, its clock and packs."""

    workspace: Workspace
    clock: Clock
    packs: PackSet

    def region(self, code: str) -> str:
        """The subject of a code of GB/T 2260."""
        with reading(self.workspace.engine) as db:
            return str(directory(db, ALL, self.workspace.clock()).region(code, date(2024, 3, 31)))

    def officer(self, name: str, code: str = PROVINCE) -> Scope:
        """Somebody appointed for a region."""
        return Scope.region(name, self.region(code), date(2024, 3, 31), "supervision")  # type: ignore[arg-type]

    def grades(self, series: Mapping[str, str], *, item: str = ENERGY, reason: str = "") -> None:
        """Take in the grades of regions from October 2023 on, a letter a month, a hyphen for none."""
        text = "".join(
            f"{code},{month},{item},{WORDS[mark]}\n"
            for code, marks in series.items() for month, mark in zip(MONTHS, marks, strict=False) if mark != "-"
        )  # fmt: skip
        self.file(text, reason=reason)

    def file(self, text: str, *, reason: str = "") -> None:
        """A file of grades, taken in whole."""
        origin = Origin("等级.csv", "合成", "合成通报", "", date(2024, 4, 5), synthetic=True, reason=reason)
        done = import_sheet(self.workspace, self.packs, "grades", (HEAD + text).encode(), origin, scope=ALL)
        assert (done.committed, done.refusals) == (True, ())

    def judged(self, as_of: date = date(2024, 4, 10)) -> RunRecord:
        """A run over what is known now."""
        return run_pipeline(self.workspace, self.packs, known=self.workspace.clock(), as_of=as_of, scope=ALL)


def world(root: Path, packs: PackSet) -> Iterator[World]:
    """A workspace with the regions of GB/T 2260 on 10 April 2024."""
    clock = Clock()
    opened = Workspace.create(root / "w", clock=clock)
    with writing(opened.engine) as db:
        ensure_regions(db, opened.clock())
    yield World(opened, clock, packs)
    opened.engine.dispose()
