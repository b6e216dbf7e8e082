"""Published levels on a region's page (公布水平的变化): from the first to the last year, and years unknown."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from shuangkong.accounting.api import CHANGE, REPORTED_VALUES
from shuangkong.app.web.reading import Row, RunView
from shuangkong.app.web.rows import Subject
from shuangkong.app.web.sentences import Teller
from shuangkong.dualcontrol.api import LevelChange, PublishedLevel, YearOnTheWay, widest_change, years_on_the_way
from shuangkong.engine.api import DuckDB
from shuangkong.webkit.api import figure

_PRICES = re.compile(r"GDP at (\d{4}) prices")
#: Levels of which a change is told; a bulletin prints each beside its yearly change.
LEVELS = ("energy_per_gdp", "co2_per_gdp")


@dataclass(frozen=True, slots=True)
class Moved:
    """How far a published level moved, and each year on the way."""

    indicator_id: str
    change: LevelChange
    years: tuple[YearOnTheWay, ...]

    @property
    def prices(self) -> str:
        """The year of whose prices GDP is, where both rows say the same; else empty."""
        said = [_PRICES.findall(x.note) for x in (self.change.first, self.change.last)]
        return str(said[0][0]) if said[0] and said[0] == said[1] else ""

    @property
    def missing(self) -> tuple[int, ...]:
        """The years of which no change was published."""
        return tuple(y.year for y in self.years if y.value is None)


def moved_levels(view: RunView, subject: Subject) -> tuple[Moved, ...]:
    """The changes between the first and the last published level of a region that lie more than a year apart."""

    def read() -> tuple[Moved, ...]:
        rows = view.values(subject)
        found = []
        for name in LEVELS:
            levels = [r for r in rows if _printed(r, name) and r["base"] == ""]
            if len(levels) < 2:
                continue
            notes = _notes(view, subject, name)
            made = [_level(r, notes.get(r["period_key"], "")) for r in levels]
            change = widest_change(made)
            if change is None or change.last.year - change.first.year < 2:
                continue
            rates = {int(r["period_key"]): r["value"] for r in rows if _printed(r, name + CHANGE) and _yearly(r)}
            found.append(Moved(name, change, tuple(years_on_the_way(change, rates))))
        return tuple(found)

    return view._once(("moved_levels", subject.id), read)


def _printed(row: Row, indicator: str) -> bool:
    """Whether a row is a published yearly figure of an indicator."""
    known = row["value"] is not None and row["origin"] == "reported"
    return known and row["indicator_id"] == indicator and row["period_kind"] == "year"


def _yearly(row: Row) -> bool:
    return not row["base"] or int(row["base"]) == int(row["period_key"]) - 1


def _level(row: Row, note: str) -> PublishedLevel:
    return PublishedLevel(int(row["period_key"]), row["value"], row["unit"], row["confidence"], note)


def _notes(view: RunView, subject: Subject, indicator: str) -> dict[str, str]:
    """What the rows of the published levels say of themselves, by year, as far as the run knew them.

    The subject is one that the reader may see, and what an office published of it is public by nature.
    """
    files = view.workspace.lake.files(REPORTED_VALUES, view.run.known)
    with DuckDB(threads=1) as executor:
        executor.bind_files(REPORTED_VALUES.name, files, REPORTED_VALUES.arrow_schema)
        rows = executor.run(
            f"SELECT period_key, note FROM {REPORTED_VALUES.name} WHERE subject_id = '{subject.id}'"
            f" AND indicator_id = '{indicator}' AND value IS NOT NULL AND note IS NOT NULL ORDER BY known_on"
        ).to_pylist()
    return {r["period_key"]: r["note"] for r in rows}


def of_region(about: Any) -> Markup | None:
    """The changes of published levels of a region, for its page."""
    a, view, subject = about["asked"], about["view"], about["subject"]
    if view is None or subject is None:
        return None
    found = moved_levels(view, subject)
    if not found:
        return None
    tell = Teller(view, a.speaker)

    def moved(value: Decimal) -> str:
        size = str(figure(abs(value), "%", a.language))
        return str(a.speaker.say("sentence.fell" if value < 0 else "sentence.rose", value=size))

    def extent(words: str) -> str:
        chinese, _, english = words.partition(" / ")
        return chinese if a.language == "zh" or not english else english

    return Markup(a.site.frame.render(
        "levels_section.html", a.language, found=found, tell=tell, moved=moved, extent=extent, subject=subject,
    ))  # fmt: skip
