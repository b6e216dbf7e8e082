"""The made-up province as entries of the register (合成): its meters and stations, under the ids of its units."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from shuangkong.metering.hj212.journalling import SOURCE
from shuangkong.metering.simulating.design import FactorKind
from shuangkong.metering.simulating.province import HOURLY, Province, SimMeter, SimStation
from shuangkong.metering.simulating.wire import channel_of
from shuangkong.registry.api import MeterEntry, StationEntry

#: Monitoring systems whose rules the meters follow, as packs name them.
KEY_UNIT, FLUE_GAS, WATER = "key-unit", "hj212-flue-gas", "hj212-water"
_AIR = "31"
#: What is registered of a station's frames: minutes, of which hours and masses are made; its own hours stand beside.
_MINUTES, _HOURS = "2051", "2061"


def meter_entries(province: Province, subjects: Sequence[str], since: date) -> list[MeterEntry]:
    """Every meter and every factor of a station; `subjects` are the subject ids of the units in their order."""
    found = [_meter(province, m, subjects[m.unit], since) for m in province.meters]
    for s in province.stations:
        found += [_factor(s, f, subjects[s.unit], since) for f in s.kind.factors]
        if s.kind.minutes < HOURLY:
            found += [_hour(s, f, subjects[s.unit], since) for f in s.kind.factors]
    return found


def station_entries(province: Province, subjects: Sequence[str], since: date) -> list[StationEntry]:
    """Every station."""
    return [
        StationEntry(
            s.mn, since, subjects[s.unit], f"{s.kind.label.zh}（合成）", s.edition, s.password,
            "modbus" if s.modbus else "standard", (_outlet(s),), synthetic=True,
        )
        for s in province.stations
    ]  # fmt: skip


def _meter(province: Province, m: SimMeter, subject: str, since: date) -> MeterEntry:
    kind = m.kind
    main = province.meters[m.parent] if m.parent >= 0 else None
    which = "总表" if main is None else f"分表{m.channel.rpartition('-')[2]}"
    return MeterEntry(
        subject, m.channel, since, name=f"{kind.label.zh}{which}（合成）", item=kind.item, measures="amount",
        unit=kind.unit, kind=kind.kind, every=kind.every, modulus=kind.modulus,
        parents=(main.channel,) if main else None, system=KEY_UNIT,
        channel=channel_of(province, m.unit, m.channel), high=_most(m), low=Decimal(0), synthetic=True,
    )  # fmt: skip


def _most(m: SimMeter) -> Decimal | None:
    """A range that a reading has to lie in: ten times what an hour brings on the mean; a register has its modulus."""
    if m.kind.kind == "register":
        return m.kind.modulus
    hours = Decimal(m.kind.every) / 60 if m.kind.kind == "interval" else Decimal(1)
    return (Decimal(m.mean).scaleb(-6) * 10 * hours).quantize(Decimal(1)) + 1


def _outlet(s: SimStation) -> str:
    return f"{s.kind.label.zh}{s.place + 1:04d}"


def _factor(s: SimStation, f: FactorKind, subject: str, since: date) -> MeterEntry:
    return MeterEntry(
        subject, f"{s.mn}-{f.code}", since, name=f"{f.label.zh}（合成）", item=f.code,
        measures="flow" if f.total else "concentration", outlet=_outlet(s), unit=f.unit, kind="interval",
        every=s.kind.minutes, stamp="start", system=FLUE_GAS if s.kind.system == _AIR else WATER, source=SOURCE,
        channel=_channel(s, f, _MINUTES if s.kind.minutes < HOURLY else _HOURS), synthetic=True,
    )  # fmt: skip


def _hour(s: SimStation, f: FactorKind, subject: str, since: date) -> MeterEntry:
    return MeterEntry(
        subject, f"{s.mn}-{f.code}-h", since, name=f"{f.label.zh}小时值（合成）", item=f.code, measures="state",
        outlet=_outlet(s), unit=f.unit, kind="interval", every=60, stamp="start",
        system=FLUE_GAS if s.kind.system == _AIR else WATER, source=SOURCE, channel=_channel(s, f, _HOURS),
        synthetic=True,
    )  # fmt: skip


def _channel(s: SimStation, f: FactorKind, command: str) -> str:
    return f"{s.mn}/{f.code}-{'cou' if f.total else 'avg'}/{command}"
