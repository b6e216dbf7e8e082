"""Leads for checking (核查线索): patterns that honest meters seldom show. A reason to look, never a finding. Pure.

Nothing follows from a lead: it bars no reading, lowers no score and is counted in no judgement. Each comes with its
statistic, the threshold it passed, and a sentence that says what else may explain it. Thresholds are those of a pack.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from math import log10

import numpy as np

from shuangkong.kernel.labels import Label
from shuangkong.kernel.numbers import quantise
from shuangkong.metering.meter_days import day_number, points
from shuangkong.metering.meters import Meter
from shuangkong.metering.model import NO_VALUE
from shuangkong.metering.monitoring import Used, in_force
from shuangkong.metering.spells import CHINA, DAY, HOUR, MINUTE, Ints
from shuangkong.metering.tiles import Columns, newest
from shuangkong.policy.api import PackSet

_ONLY = Label("仅为核查理由，不作结论。", "A reason to look, no finding.")
#: Kind of lead → what was seen, and what else may explain it.
LEADS: Mapping[str, tuple[Label, Label]] = {
    "last_digit": (
        Label("末位数字分布不自然", "last digits are not as chance gives them"),
        Label("也可能是表计分辨率或换算所致。", "The instrument's resolution or a conversion may do this too."),
    ),
    "first_digit": (
        Label("首位数字偏离本福特分布", "first digits are far from Benford's law"),
        Label("负荷变化范围有限时常见。", "Common where a load has few levels."),
    ),
    "repeat": (
        Label("一段数值重复出现", "a sequence of values comes again"),
        Label("程序控制的设备也会重复。", "Machines that run by a programme repeat themselves."),
    ),
    "copy": (
        Label("一日数据与另一日雷同", "a day's values are those of another day"),
        Label("采集器重发旧文件也会如此。", "A collector that sends an old file again does this too."),
    ),
    "night_load": (
        Label("停工日夜间负荷高", "high load in the night of a closed day"),
        Label("可能有保温、冷库或调休生产。", "Heating, cold stores or work in lieu may explain it."),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class LeadRules:
    """Thresholds of leads by the name of their parameter, as `lead.…` of a pack; `used` are the rows they came from."""

    values: Mapping[str, Decimal]
    used: tuple[Used, ...] = ()

    def __getitem__(self, name: str) -> Decimal:
        return self.values[name]

    def has(self, *names: str) -> bool:
        """Whether all of some thresholds are there; else the test is not made."""
        return all(n in self.values for n in names)


@dataclass(frozen=True, slots=True)
class Lead:
    """One pattern at one meter, from `start` to `end` (microseconds). `statistic` passed `threshold`.

    `evidence` are the figures it rests on, by name.
    """

    kind: str
    meter: int
    start: int
    end: int
    statistic: Decimal
    threshold: Decimal
    evidence: Mapping[str, object]

    @property
    def label(self) -> Label:
        """What was seen."""
        return LEADS[self.kind][0]

    @property
    def caution(self) -> Label:
        """That it is only a reason to look, and what else may explain it."""
        other = LEADS[self.kind][1]
        return Label(_ONLY.zh + other.zh, f"{_ONLY.en} {other.en}")


@dataclass(frozen=True, slots=True)
class Series:
    """What a meter gave from time to time: intervals and rates as they are, of a register its steps."""

    meter: Meter
    at: Ints
    value: Ints


def lead_rules(packs: PackSet, day: date, known: date) -> LeadRules:
    """The thresholds in force on `day` as known on `known`: `lead.name` as `name`, with a key as `name.key`."""
    used = {}
    for name in packs.parameter_ids():
        if name.startswith("lead."):
            parameter = packs.parameters(name)
            for row in in_force(parameter, day, known):
                used[".".join((name.removeprefix("lead."), *row.key))] = Used(
                    name, Label(parameter.label.zh, parameter.label.en), parameter.unit, row
                )
    return LeadRules({k: u.row.value for k, u in used.items() if u.row.value is not None}, tuple(used.values()))


def series_of(rows: Columns, meter: Meter) -> Series:
    """The values of one meter in order of time; of two of one moment the last taken. Steps over a gap are left out."""
    held = newest(rows)
    keep = (held.meter == meter.number) & (held.value != NO_VALUE)
    at, value = held.at[keep], held.value[keep]
    if meter.kind != "register":
        return Series(meter, at, value)
    step, usual = np.diff(value), np.diff(at) == meter.every * MINUTE
    good = usual & (step >= 0)
    return Series(meter, at[1:][good], step[good])


def leads(series: Series, rules: LeadRules, closed: Collection[date] = ()) -> list[Lead]:
    """Every lead of one meter's values; `closed` are days on which its unit says that it does not work."""
    if not len(series.at):
        return []
    return [
        *_last_digits(series, rules), *_first_digits(series, rules), *_repeats(series, rules), *_copies(series, rules),
        *_nights(series, rules, closed),
    ]  # fmt: skip


def _lead(kind: str, s: Series, statistic: Decimal, threshold: Decimal, **evidence: object) -> Lead:
    return Lead(kind, s.meter.number, int(s.at[0]), int(s.at[-1]), statistic, threshold, evidence)


def chi_square(counts: list[int]) -> Decimal:
    """The distance of counts from equal ones: the sum of (seen − expected)² ÷ expected."""
    total = sum(counts)
    return quantise(Decimal(len(counts) * sum(c * c for c in counts)) / total - total)


def _last_digits(s: Series, rules: LeadRules) -> Iterator[Lead]:
    """Last digits at the resolution of the values; each is as likely where values spread over many tens of it."""
    names = ("least-values.last_digit", "last-digit-high", "last-digit-low", "last-digit-share", "last-digit-spread")
    if not rules.has(*names):
        return
    value = np.abs(s.value)
    value = value[np.append(True, value[1:] != value[:-1])]
    if len(value) < rules["least-values.last_digit"]:
        return
    step = 1
    while step < 10**12 and not (value % (step * 10)).any():
        step *= 10
    low, high = (int(np.sort(value)[len(value) * k // 4]) for k in (1, 3))
    if high - low < rules["last-digit-spread"] * step:
        return
    counts = np.bincount(value // step % 10, minlength=10).tolist()
    chi, share = chi_square(counts), quantise(Decimal(100 * max(counts)) / len(value))
    figures = {"counts": tuple(counts), "values": len(value), "resolution": Decimal(step).scaleb(-6)}
    if chi > rules["last-digit-high"] and share >= rules["last-digit-share"]:
        yield _lead("last_digit", s, chi, rules["last-digit-high"], share=share, **figures)
    elif chi < rules["last-digit-low"]:
        yield _lead("last_digit", s, chi, rules["last-digit-low"], share=share, **figures)


def _first_digits(s: Series, rules: LeadRules) -> Iterator[Lead]:
    """The mean distance of the shares of first digits from Benford's law, where values span orders of magnitude."""
    if not rules.has("least-values.first_digit", "first-digit-span", "first-digit-distance"):
        return
    value = [int(v) for v in s.value if v > 0]
    if len(value) < rules["least-values.first_digit"]:
        return
    if max(value) < min(value) * 10 ** float(rules["first-digit-span"]):
        return
    counts = [0] * 9
    for v in value:
        counts[int(str(v)[0]) - 1] += 1
    apart = sum(abs(c / len(value) - log10(1 + 1 / d)) for d, c in enumerate(counts, start=1)) / 9
    statistic = quantise(Decimal(apart))
    if statistic > rules["first-digit-distance"]:
        yield _lead(
            "first_digit", s, statistic, rules["first-digit-distance"], counts=tuple(counts), values=len(value)
        )  # fmt: skip


def _repeats(s: Series, rules: LeadRules) -> Iterator[Lead]:
    """The longest sequence of unbroken values that comes again later, without overlap.

    A sequence is held against the first time that its beginning was seen.
    """
    if not rules.has("repeat-points", "distinct-values") or len(s.at) < rules["repeat-points"]:
        return
    least, every = int(rules["repeat-points"]), s.meter.every * MINUTE
    windows = np.lib.stride_tricks.sliding_window_view(s.value, least)
    ordered = np.sort(windows, axis=1)
    varied = (ordered[:, 1:] != ordered[:, :-1]).sum(axis=1) + 1 >= int(rules["distinct-values"])
    unbroken = s.at[least - 1 :] - s.at[: len(windows)] == (least - 1) * every
    seen: dict[bytes, int] = {}
    length, first, later = 0, 0, 0
    for n in np.flatnonzero(varied & unbroken).tolist():
        earlier = seen.setdefault(windows[n].tobytes(), n)
        if earlier + least <= n and (found := _alike(s, earlier, n, least, every)) > length:
            length, first, later = found, earlier, n
    if length:
        yield Lead(
            "repeat", s.meter.number, int(s.at[later]), int(s.at[later + length - 1]), Decimal(length),
            rules["repeat-points"],
            {"first_seen": int(s.at[first]), "different_values": len(np.unique(s.value[later : later + length]))},
        )  # fmt: skip


def _alike(s: Series, a: int, b: int, least: int, every: int) -> int:
    """How many values from two places on are equal, up to a gap or to where the first meets the second."""
    length = least
    while (
        b + length < len(s.at) and a + length < b and s.value[a + length] == s.value[b + length]
        and s.at[a + length] - s.at[a + length - 1] == every and s.at[b + length] - s.at[b + length - 1] == every
    ):  # fmt: skip
        length += 1
    return length


def _copies(s: Series, rules: LeadRules) -> Iterator[Lead]:
    """Days nearly all of whose points are those of an earlier day."""
    if not rules.has("copy-share", "copy-points", "distinct-values"):
        return
    every = np.full(len(s.at), s.meter.every * MINUTE)
    day_of, point = points(s.at, every, np.full(len(s.at), s.meter.stamp == "start"))
    by_day: dict[int, dict[int, int]] = {}
    for day, place, value in zip(day_of.tolist(), point.tolist(), s.value.tolist(), strict=True):
        by_day.setdefault(day, {})[place] = value
    days = sorted(by_day)
    for n, later in enumerate(days):
        for earlier in days[:n]:
            a, b = by_day[earlier], by_day[later]
            common = a.keys() & b.keys()
            equal = [t for t in common if a[t] == b[t]]
            if len(common) < rules["copy-points"] or len({b[t] for t in equal}) < rules["distinct-values"]:
                continue
            share = quantise(Decimal(100 * len(equal)) / len(common))
            if share >= rules["copy-share"]:
                yield Lead(
                    "copy", s.meter.number, later * DAY - CHINA, (later + 1) * DAY - CHINA, share, rules["copy-share"],
                    {"copied_from": earlier * DAY - CHINA, "points": len(common), "equal": len(equal)},
                )  # fmt: skip
                break


def _nights(s: Series, rules: LeadRules, closed: Collection[date]) -> Iterator[Lead]:
    """Nights of closed days against the days of the others, as means of what the meter gave in a point."""
    names = ("night-hours.night_from", "night-hours.night_to", "night-hours.day_from", "night-hours.day_to")
    if not closed or not rules.has("night-share", "least-values.night_load", *names):
        return
    # a point is of the moment in its middle
    half = s.meter.every * MINUTE // 2
    local = s.at + CHINA + (half if s.meter.stamp == "start" else -half)
    day, hour = local // DAY, local % DAY // HOUR
    shut = np.isin(day, [day_number(d) for d in closed])
    night_from, night_to, day_from, day_to = (int(rules[n]) for n in names)
    working = ~shut & (hour >= day_from) & (hour < day_to)
    least = rules["least-values.night_load"]
    if working.sum() < least or not s.value[working].sum():
        return
    usual = Decimal(int(s.value[working].sum())) / int(working.sum())
    for one in np.unique(day[shut]).tolist():
        night = (day == one) & ((hour >= night_from) | (hour < night_to))
        if night.sum() < least:
            continue
        share = quantise(100 * Decimal(int(s.value[night].sum())) / int(night.sum()) / usual)
        if share >= rules["night-share"]:
            yield Lead(
                "night_load", s.meter.number, one * DAY - CHINA, (one + 1) * DAY - CHINA, share, rules["night-share"],
                {"points": int(night.sum()), "working_points": int(working.sum())},
            )  # fmt: skip
