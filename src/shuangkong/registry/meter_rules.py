"""What makes a meter impossible (计量器具核对): values that do not go together, circles, two meters on one channel."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from graphlib import CycleError, TopologicalSorter
from typing import Any, get_args

from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.kernel.units import unit
from shuangkong.registry.meter_model import NEEDED, Measures, MeterKind, Standing
from shuangkong.registry.sheets.reasons import Reason

#: Units of concentrations, which are no amounts and so no unit of the kernel; the first of each is how it is written.
CONCENTRATIONS = (("mg/m3", "mg/m³", "毫克/立方米"), ("ug/m3", "μg/m3", "µg/m³", "微克/立方米"), ("mg/L", "毫克/升"))
LONGEST_EVERY = 1_440
_MOST = Decimal("1e12")
_PLACES = 6
_NUMBERS = ("factor", "low", "high", "modulus")
_LENGTHS = {"name": 200, "site": 200, "item": 60, "outlet": 120, "unit": 40, "system": 80, "source": 120,
            "channel": 300}  # fmt: skip


def reason(code: str, zh: str, en: str, do_zh: str, do_en: str) -> Reason:
    """A reason in both languages."""
    return Reason(code, Label(zh, en), Label(do_zh, do_en))


_CHECK = ("核对后重新填写", "check it and write it again")


def wrong_facts(facts: Mapping[str, Any]) -> Iterator[tuple[str, Reason]]:
    """(field, reason) of each value that cannot be, or does not go with another."""
    missing = [k for k in NEEDED if not facts[k]]
    for name in missing:
        yield name, reason("missing", "新登记的计量器具必须填写此项", "a new meter needs it", *_CHECK)
    choices: tuple[tuple[str, tuple[str, ...]], ...] = (
        ("kind", get_args(MeterKind)), ("measures", get_args(Measures)), ("stamp", ("start", "end")),
    )  # fmt: skip
    for name, allowed in choices:
        if name not in missing and facts[name] not in allowed:
            which = ", ".join(allowed)
            yield name, reason("unknown_choice", f"只能是 {which}", f"is none of {which}", *_CHECK)
    for name, longest in _LENGTHS.items():
        if len(facts[name] or "") > longest:
            yield name, reason("too_long", f"超过 {longest} 个字", f"has more than {longest} characters", *_CHECK)
    if not facts["channel"] or not facts["source"]:
        yield "channel", reason("missing", "缺少通道", "has no channel", *_CHECK)
    yield from _wrong_numbers(facts)
    if "unit" not in missing and unit_of_meter(facts["unit"], facts["measures"]) is None:
        yield "unit", reason(
            "unknown_unit", "不是已知的计量单位", "is no known unit",
            "写 kWh、m3、t、GJ 等；浓度写 mg/m3、ug/m3 或 mg/L",
            "write kWh, m3, t, GJ; of a concentration mg/m3 or mg/L",
        )  # fmt: skip


def _wrong_numbers(facts: Mapping[str, Any]) -> Iterator[tuple[str, Reason]]:
    for name in _NUMBERS:
        value = facts[name]
        if value is not None and not fits(value):
            yield name, reason(
                "too_precise", "整数部分超过 12 位或小数超过 6 位", "has more than 12 digits or more than 6 places",
                *_CHECK,
            )  # fmt: skip
    if facts["factor"] <= 0:
        yield "factor", reason("not_positive", "倍率必须大于零", "a factor is more than nought", *_CHECK)
    low, high, modulus = facts["low"], facts["high"], facts["modulus"]
    if low is not None and high is not None and low >= high:
        yield "low", reason("low_high", "量程下限不小于上限", "the lower bound is not below the upper", *_CHECK)
    if modulus is not None and (modulus <= 0 or facts["kind"] != "register"):
        yield "modulus", reason(
            "modulus", "满度值只用于表底，且必须大于零", "only a register has a modulus, which is more than nought",
            "表底写满度值（如 1000000），其他类型留空",
            "give it for a register (e.g. 1000000), for others leave it out",
        )  # fmt: skip
    if not 1 <= facts["every"] <= LONGEST_EVERY:
        yield "every", reason(
            "out_of_range", f"采集间隔须为 1 至 {LONGEST_EVERY} 分钟", f"is not between 1 and {LONGEST_EVERY} minutes",
            *_CHECK,
        )  # fmt: skip


def fits(value: Decimal) -> bool:
    """Whether the store keeps it to the last digit."""
    scaled = value.scaleb(_PLACES)
    return value.is_finite() and abs(value) < _MOST and scaled == scaled.to_integral_value()


def unit_of_meter(text: str, measures: str) -> str | None:
    """How the unit of a meter is written, or None: an amount's is one of the kernel's, that of a state is free."""
    for first, *others in CONCENTRATIONS:
        if measures in ("concentration", "state") and text.replace(" ", "") in (first, *others):
            return first
    try:
        return unit(text).id
    except UserError:
        return text if measures == "state" else None


def clashes(spells: Iterable[Standing]) -> Iterator[tuple[Standing, Standing]]:
    """Pairs of different meters that are on one channel on the same day; the one that was there first comes first."""
    held: dict[tuple[str, str], list[Standing]] = defaultdict(list)
    for spell in spells:
        held[spell.facts["source"], spell.facts["channel"]].append(spell)
    for on in held.values():
        if len(on) == 1:
            continue
        on.sort(key=lambda s: (s.start, s.end, s.number))
        last = on[0]
        for spell in on[1:]:
            if spell.start < last.end and spell.number != last.number:
                yield (last, spell) if spell.changed else (spell, last)
            if spell.end > last.end:
                last = spell


def circle(spells: Iterable[Standing]) -> tuple[date, list[int]] | None:
    """A day and the way round on which parents lead back to a meter, or None."""
    known = [s for s in spells if s.facts["parents"]]
    if _way_round(known) is None:
        return None
    # a circle of edges that never stood together is none: it is looked for on each day that begins a spell
    for day in sorted({s.start for s in known}):
        way = _way_round(s for s in known if s.start <= day < s.end)
        if way is not None:
            return day, way
    return None


def _way_round(spells: Iterable[Standing]) -> list[int] | None:
    graph: dict[int, set[int]] = defaultdict(set)
    for spell in spells:
        graph[spell.number].update(spell.facts["parents"])
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as wrong:
        way: list[int] = wrong.args[1]
        return way
    return None
