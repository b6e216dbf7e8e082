"""Targets as a pack states them (目标条目): indicator, subject, comparator, unit and time of what the reader found."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from shuangkong.policy.reading.draft_document import Place, region_called
from shuangkong.policy.reading.draft_words import Words, drafting_data, said, tag
from shuangkong.policy.reading.model import Document, Target
from shuangkong.policy.reading.naming import Known, Names, goes_with, plain_name
from shuangkong.policy.reading.printed_units import PrintedUnit, printed_unit

RELATIVE = ("decrease_by", "increase_by")
_ASIDE = re.compile(r"（(力争|年均|每年)）$")
_WHOLE = re.compile(r"(?:全[国省市区县州]|[我本][省市区县州])(?:的)?")


@dataclass(slots=True)
class Declared:
    """Indicators that the draft has to declare because no catalogue has them: by name and dimension."""

    pack_id: str
    entries: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)

    def named(self, name: str, label: dict[str, str], unit: PrintedUnit | None, words: Words) -> str:
        """The id of a named indicator that no catalogue has; `unit` is None where only a change is said."""
        dimension = (unit.dimension or unit.unit) if unit else ""
        if not unit:
            level = [key for key in self.entries if key[0] == name and key[1]]
            dimension = level[0][1] if len(level) == 1 else ""
        key = (name, dimension)
        if key not in self.entries:
            notes = [words.say("notes", "unbound"), words.say("notes", "nature_guessed")]
            if not unit:
                notes.append(words.say("notes", "unit_unknown"))
            self.entries[key] = {
                "id": f"{self.pack_id}.{tag(*key)}", "label": label,
                "unit": unit.unit if unit else said("labels", "unit_unknown").zh, "nature": _nature(dimension),
                "note": words.joined(notes),
            }  # fmt: skip
        found: str = self.entries[key]["id"]
        return found


@dataclass(frozen=True, slots=True)
class Asked:
    """What target entries are made under."""

    document: Document
    place: Place
    day: date
    names: Names
    declared: Declared
    words: Words
    confidence: str


def target_entry(read: Target, asked: Asked) -> dict[str, Any]:
    """The entry of a target; raises ValueError with the reason in words where there is nothing to write."""
    aside = _ASIDE.search(read.indicator)
    name = _ASIDE.sub("", read.indicator).strip()
    if not name and not read.indicator_id:
        raise ValueError(asked.words.say("left_out", "no_name"))
    one = replace(read, indicator=name)
    notes: list[str] = []
    unit = printed_unit(one.unit)
    region, scope = _subject(one, asked, notes)
    base, year = _years(one, asked, notes)
    comparator, label, relative = _kind(one, aside[1] if aside else "", base, year, asked, notes)
    indicator, scope = _indicator(one, label, unit, scope, relative, asked, notes)
    entry: dict[str, Any] = {
        "slug": _slug(indicator, asked.declared.pack_id, year, region, aside), "clause": one.clause,
        "indicator": indicator, "subject": {"regions": [region]},
    }  # fmt: skip
    if scope:
        entry["scope"] = {"zh": scope}
    entry |= {"comparator": comparator, "value": _plain(one.value * unit.factor)}
    if one.value_high is not None:
        entry["value_high"] = _plain(one.value_high * unit.factor)
    entry["unit"] = unit.unit
    if unit.unit != one.unit and unit.factor != 1:
        notes.append(asked.words.say("notes", "printed", printed=f"{one.value}{one.unit}"))
    if not unit.known:
        notes.append(asked.words.say("notes", "unit_printed"))
    entry |= _time(asked.document, base if relative else None, year, relative)
    if aside and aside[1] == "力争":
        entry["level"] = "aspiration"
    if one.unsure:
        notes.append(asked.words.say("notes", "unsure", doubts=asked.words.doubts(one.unsure)))
    entry["confidence"] = asked.confidence
    if note := asked.words.joined(notes):
        entry["note"] = note
    return entry


def _subject(read: Target, asked: Asked, notes: list[str]) -> tuple[str, str | None]:
    """The region that is bound, and what narrows the target inside it."""
    if read.region:
        return read.region, read.scope
    scope = read.scope
    if not scope or _WHOLE.fullmatch(scope):
        return asked.place.code, None
    if re.search("[省市县区州盟旗]$", scope) and (found := region_called(scope, asked.day)):
        return found.code, None
    return asked.place.code, scope


def _years(read: Target, asked: Asked, notes: list[str]) -> tuple[int | None, int | None]:
    base, year = read.base_year, read.target_year
    if base is not None and year is not None and base >= year:
        notes.append(asked.words.say("notes", "years_wrong", base=base, year=year))
        base = None
    return base, year


def _kind(
    read: Target, aside: str, base: int | None, year: int | None, asked: Asked, notes: list[str]
) -> tuple[str, dict[str, str], bool]:
    """Comparator, label of the indicator, and whether it is a change against a base year.

    A mean yearly change, a change of which the document does not say against what, and a change in a band are
    quantities of their own: to write the first two as a change against the year before would say more than the
    document does, and a change has no upper end in a pack.
    """
    plain = {"zh": read.indicator}
    band = "between" if read.value_high is not None else "reach"
    if read.comparator not in RELATIVE:
        return band if read.value_high is not None else _beyond(read), plain, False
    way = "rise" if read.comparator == "increase_by" else "fall"
    if aside in ("年均", "每年"):
        notes.append(asked.words.say("notes", "yearly"))
        return band, _label(f"mean_{way}", name=read.indicator), False
    if base is None:
        notes.append(asked.words.say("notes", "no_base"))
        return band, _label(way, name=read.indicator), False
    if read.value_high is not None:
        return band, _label(f"{way}_on", name=read.indicator, base=base), False
    return read.comparator, plain, True


def _label(key: str, **facts: object) -> dict[str, str]:
    return {"zh": said("labels", key, **facts).zh}


def _beyond(read: Target) -> str:
    """more_than and less_than where the words before the number leave it out."""
    printed = re.escape(format(read.value, "f"))
    for comparator, words in drafting_data()["beyond"].items():
        if read.comparator in ("at_most", "at_least") and re.search(f"{words}{printed}(?![0-9.])", read.quote):
            return str(comparator)
    return read.comparator


def _indicator(
    read: Target, label: dict[str, str], unit: PrintedUnit, scope: str | None, relative: bool, asked: Asked,
    notes: list[str],
) -> tuple[str, str | None]:  # fmt: skip
    """The indicator's id, and the scope that is left: 规模以上工业 is part of what 规模以上工业单位增加值能耗 is."""
    if read.indicator_id:
        return read.indicator_id, scope
    whole = label["zh"] if scope is None else f"{scope}{label['zh']}"
    found = _bound(whole, unit, relative, asked, notes)
    if found:
        return found.id, None
    notes.append(asked.words.say("notes", "unbound"))
    own = {"zh": whole} if scope is None else {"zh": said("labels", "of_scope", scope=scope, name=label["zh"]).zh}
    change = relative and unit.dimension in ("share", "points")
    return asked.declared.named(plain_name(whole), own, None if change else unit, asked.words), scope


def _bound(name: str, unit: PrintedUnit, relative: bool, asked: Asked, notes: list[str]) -> Known | None:
    found = asked.names.called(name, asked.document.region)
    if found is None or goes_with(found.unit, unit.dimension, relative):
        return found
    notes.append(asked.words.say("notes", "unit_apart", label=found.label.in_(asked.words.language)))
    return None


def _time(document: Document, base: int | None, year: int | None, relative: bool) -> dict[str, Any]:
    """base_year, horizon, and the years that the horizon needs."""
    entry: dict[str, Any] = {"base_year": base} if base is not None else {}
    if year is None:
        return entry | {"horizon": "standing"}
    first, last = document.period or (year, year)
    if relative and base is not None and year - base > 1:
        if document.period and base == first - 1 and year <= last:
            return entry | {"horizon": "plan", **({"year": year} if year < last else {}), **_plan(first, last)}
        return entry | {"horizon": "plan", **_plan(base + 1, year)}
    if year == last and first < last:
        return entry | {"horizon": "plan", **_plan(first, last)}
    return entry | {"horizon": "year", "year": year}


def _plan(first: int, last: int) -> dict[str, str]:
    return {"period": f"P{first}-{last}"}


def _slug(indicator: str, pack_id: str, year: int | None, region: str, aside: re.Match[str] | None) -> str:
    own = indicator.removeprefix(f"{pack_id}.")
    return f"{own}.{year or 'standing'}" + ("-aspiration" if aside and aside[1] == "力争" else "")


def _plain(value: Decimal) -> Decimal:
    """The number in plain digits, as printed: 13.50 stays, 1E+4 becomes 10000."""
    return Decimal(format(value, "f"))


def _nature(dimension: str) -> str:
    for nature, dimensions in drafting_data()["natures"].items():
        if dimension in dimensions:
            return str(nature)
    return "ratio"
