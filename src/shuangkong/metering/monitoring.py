"""Rules of monitoring systems (在线监测规则): what a system asks of its readings, from the dated parameters of packs.

A meter follows one system. What a document says of that system holds; where it says nothing the program's own pack does
(system `default`, confidence `inferred`); where neither has a figure the check is not made, and nobody is told it was.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from shuangkong.kernel.labels import Label
from shuangkong.metering.checks import Rules
from shuangkong.metering.model import SCALE
from shuangkong.policy.api import Dated, PackSet, Parameter

#: The rows for every system that has none of its own.
DEFAULT = "default"
KEY_UNIT = "key-unit"
FLUE_GAS = "hj212-flue-gas"
WATER = "hj212-water"
#: The monitoring systems that the shipped packs know.
LABELS: Mapping[str, Label] = {
    KEY_UNIT: Label("重点用能单位能耗在线监测", "online monitoring of key energy users"),
    FLUE_GAS: Label("废气污染源自动监测（HJ 212）", "flue gas by HJ 212"),
    WATER: Label("废水污染源自动监测（HJ 212）", "waste water by HJ 212"),
    DEFAULT: Label("未指定监测系统", "no monitoring system named"),
}
PARTS: Mapping[str, Label] = {
    "completeness": Label("完整率", "completeness"),
    "validity": Label("有效率", "validity"),
    "timeliness": Label("及时率", "timeliness"),
    "steadiness": Label("未更正率", "share not corrected"),
}
#: How a parameter that is kept by system begins its key.
_BY_SYSTEM = ("system",)
_SECOND = SCALE
_MINUTE = 60 * SCALE


@dataclass(frozen=True, slots=True)
class Used:
    """A row of a parameter that a system's rules were taken from: what a page shows beside them."""

    parameter: str
    label: Label
    unit: str
    row: Dated

    @property
    def assumed(self) -> bool:
        """Whether no document stands behind the figure."""
        return self.row.confidence == "inferred"


@dataclass(frozen=True, slots=True)
class System:
    """What one monitoring system asks. Shares are in %; what is None is not asked.

    `completeness`: of a day's points. `hour_share`: of an hour's points, valid ones, for it to count. `day_hours`:
    so many such hours for the day to count. `normal`: marks of the source (their number in ASCII) and whether they are
    normal; a mark that is not there says nothing. `repair_days`: working days. `drift`, `late`: microseconds. `balance`
    by span (hour, day).
    """

    name: str
    rules: Rules
    completeness: Decimal | None = None
    hour_share: Decimal | None = None
    day_hours: int | None = None
    normal: Mapping[int, bool] = field(default_factory=dict)
    repair_days: int | None = None
    drift: int | None = None
    late: int | None = None
    balance: Mapping[str, Decimal] = field(default_factory=dict)
    balance_least: Decimal = Decimal(0)
    connection_hours: Decimal | None = None
    weights: Mapping[str, Decimal] = field(default_factory=dict)
    filling: tuple[tuple[str, Decimal], ...] = ()
    used: tuple[Used, ...] = ()

    @property
    def judges(self) -> bool:
        """Whether a day can meet or miss anything."""
        return self.completeness is not None or (self.hour_share is not None and self.day_hours is not None)


class Systems(Mapping[str, System]):
    """Systems by name; any other name gets the rules of `default` under its own name."""

    def __init__(self, found: Mapping[str, System]) -> None:
        self._found = dict(found)

    def __getitem__(self, name: str) -> System:
        return self._found[name] if name in self._found else self._found[DEFAULT]

    def __iter__(self):  # type: ignore[no-untyped-def]  # as Mapping has it
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def rules(self) -> Mapping[str, Rules]:
        """The thresholds of checks, as `checks.checked` takes them."""
        return _Checks(self)


class _Checks(dict[str, Rules]):
    """Rules by system, where a name that is not known gets those of `default`."""

    def __init__(self, systems: Systems) -> None:
        super().__init__({n: systems[n].rules for n in systems})

    def get(self, key: str, default: Rules | None = None) -> Rules:  # type: ignore[override]  # always finds one
        return self[key] if key in self else self[DEFAULT]


#: The systems in force on a day.
Monitoring = Callable[[date], Systems]


def monitoring(packs: PackSet, known: date) -> Monitoring:
    """The systems of any day, as known on `known`; days between which no row begins or ends are looked up once."""
    bounds = _bounds(packs, known)
    kept: dict[int, Systems] = {}

    def on(day: date) -> Systems:
        span = bisect_right(bounds, day)
        if span not in kept:
            kept[span] = systems_on(packs, day, known)
        return kept[span]

    return on


def _bounds(packs: PackSet, known: date) -> list[date]:
    """The days on which a row of a parameter that is kept by system begins, or no longer holds."""
    every = (packs.parameters(name) for name in packs.parameter_ids())
    rows = [row for p in every if p.key[:1] == _BY_SYSTEM for row in p.rows(known)]
    return sorted({row.start for row in rows} | {row.end for row in rows if row.end is not None})


def systems_on(packs: PackSet, day: date, known: date) -> Systems:
    """Every monitoring system that a pack has a row for in force on `day`, and `default`."""
    found = _Found(packs, day, known)
    return Systems({name: found.system(name) for name in sorted(found.names | {DEFAULT})})


class _Found:
    """Rows in force of the parameters that are kept by system."""

    def __init__(self, packs: PackSet, day: date, known: date) -> None:
        self.rows: dict[str, dict[tuple[str, ...], Used]] = {}
        self.names: set[str] = set()
        for name in packs.parameter_ids():
            parameter = packs.parameters(name)
            if parameter.key[:1] != _BY_SYSTEM:
                continue
            rows = self.rows.setdefault(name, {})
            for row in in_force(parameter, day, known):
                rows[row.key] = Used(name, Label(parameter.label.zh, parameter.label.en), parameter.unit, row)
            self.names |= {key[0] for key in rows}

    def one(self, parameter: str, system: str, *rest: str) -> Used | None:
        """The row of a system, else that of `default`."""
        rows = self.rows.get(parameter, {})
        return rows.get((system, *rest)) or rows.get((DEFAULT, *rest))

    def several(self, parameter: str, system: str) -> dict[str, Used]:
        """The rows of a system by their second key; those of `default` only where the system has none at all."""
        rows = self.rows.get(parameter, {})
        own = {key[1]: used for key, used in rows.items() if key[0] == system}
        return own or {key[1]: used for key, used in rows.items() if key[0] == DEFAULT}

    def system(self, name: str) -> System:
        """All that one system asks."""
        taken: list[Used] = []

        def value(parameter: str) -> Decimal | None:
            used = self.one(f"monitoring.{parameter}", name)
            if used is None or used.row.value is None:
                return None
            taken.append(used)
            return used.row.value

        def values(parameter: str) -> dict[str, Decimal]:
            rows = {k: u for k, u in self.several(parameter, name).items() if u.row.value is not None}
            taken.extend(rows.values())
            return {k: u.row.value for k, u in rows.items() if u.row.value is not None}

        order = values("filling.order")
        longest = values("filling.longest-hours")
        least = value("spike-least")
        return System(
            name,
            Rules(
                spike=value("spike"), spike_least=Decimal(0) if least is None else least,
                spike_longest=_whole(value("spike-longest")), flat=_whole(value("flat")),
                gap=value("gap"), ahead=_times(value("ahead-seconds"), _SECOND),
                off_beat=_times(value("off-beat-seconds"), _SECOND),
                clock_jump=_times(value("clock-jump-seconds"), _SECOND),
            ),
            completeness=value("completeness"), hour_share=value("hour-share"), day_hours=_whole(value("day-hours")),
            normal={ord(mark): normal == 1 for mark, normal in values("monitoring.normal-mark").items()},
            repair_days=_whole(value("repair-days")), drift=_times(value("clock-drift-seconds"), _SECOND),
            late=_times(value("late-minutes"), _MINUTE), balance=values("monitoring.balance"),
            balance_least=value("balance-least") or Decimal(0), connection_hours=value("connection-hours"),
            weights=values("monitoring.score-weight"),
            filling=tuple((m, longest[m]) for m in sorted(order, key=lambda m: order[m]) if m in longest),
            used=tuple(taken),
        )  # fmt: skip


def in_force(parameter: Parameter, day: date, known: date) -> list[Dated]:
    """The rows of a parameter on `day` as known on `known`, one for each key: of several editions the last known."""
    found: dict[tuple[str, ...], Dated] = {}
    for row in parameter.rows(known):
        if row.covers(day) and (row.key not in found or found[row.key].known <= row.known):
            found[row.key] = row
    return list(found.values())


def _whole(value: Decimal | None) -> int | None:
    return None if value is None else int(value)


def _times(value: Decimal | None, unit: int) -> int | None:
    return None if value is None else int(value * unit)
