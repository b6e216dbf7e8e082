"""Posts and frames of the made-up province as bytes on the wire (合成): JSON for HTTP, HJ 212 for TCP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from shuangkong.metering.columns import CHINA
from shuangkong.metering.hj212.api import frame, segment
from shuangkong.metering.model import NO_VALUE, SCALE
from shuangkong.metering.simulating.province import Province, SimStation
from shuangkong.metering.simulating.trouble import FrameSending, Sending

_FLAGS = {2005: 1, 2017: 5, 2025: 9}
_JSON = msgspec.json.Encoder()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def as_json(post: Sending, *, token: str = "") -> bytes:
    """A post as columnar JSON (docs/design/metering.md). Six places of a double say each value exactly up to 10⁹.

    A message of MQTT carries the unit's token with it.
    """
    return _JSON.encode({
        **({"token": token} if token else {}), "batch": post.id,
        "meters": post.channels, "meter": post.channel.tolist(),
        "at_ms": (post.at // 1000).tolist(),
        "value": [None if v == NO_VALUE else v / SCALE for v in post.value.tolist()],
    })  # fmt: skip


def as_upload(post: Sending) -> bytes:
    """A post in the format of key units' uploads (data/key_unit_readings.schema.json)."""
    times = {at: (_EPOCH + timedelta(microseconds=at)).astimezone(CHINA).isoformat() for at in set(post.at.tolist())}
    rows = zip(post.channel.tolist(), post.at.tolist(), post.value.tolist(), strict=True)
    return _JSON.encode({
        "schema": "shuangkong/key-unit-readings/1", "batch": post.id, "device": "合成 synthetic",
        "data": [{"code": post.channels[c], "time": times[at], "value": _text(value)} for c, at, value in rows],
    })  # fmt: skip


def channel_of(province: Province, unit: int, name: str) -> str:
    """The channel under which a collector has what a unit calls a meter: uploads of key units name their grain."""
    return f"{name}/realtime" if province.units[unit].way == "key_units" else name


def _text(value: int) -> str | None:
    """Millionths as a decimal."""
    if value == NO_VALUE:
        return None
    whole, part = divmod(abs(value), SCALE)
    return f"{'-' if value < 0 else ''}{whole}.{part:06d}"


def as_frame(sent: FrameSending, station: SimStation, number: datetime) -> bytes:
    """A frame with its answer asked for; `number` (aware) gives its QN."""
    data = segment(
        qn=_written(number) + f"{number.microsecond // 1000:03d}", st=station.kind.system, cn=sent.cn,
        pw=station.password, mn=station.mn, flag=_FLAGS[station.edition],
        groups=[[("DataTime", _written(_EPOCH + timedelta(microseconds=sent.time)))], *_groups(sent)],
    )  # fmt: skip
    return frame(data, modbus=station.modbus)


def spoilt(whole: bytes, how: str) -> bytes:
    """A frame as it should not come: with another check sum, or its first half."""
    if how == "cut":
        return whole[: len(whole) // 2]
    wrong = b"0000" if whole[-6:-2] != b"0000" else b"FFFF"
    return whole[:-6] + wrong + whole[-2:]


def channels_of(sent: FrameSending, station: SimStation) -> list[tuple[str, int]]:
    """The channel and value (millionths) of each reading of a frame, as the journal names them."""
    found = []
    for name, text in sent.items:
        factor, _, suffix = name.partition("-")
        if suffix != "Flag":
            whole, _, places = text.partition(".")
            found.append((f"{station.mn}/{factor}-{suffix.lower()}/{sent.cn}", int(whole + places.ljust(6, "0"))))
    return found


def _groups(sent: FrameSending) -> list[list[tuple[str, str]]]:
    """A value and its Flag stand together."""
    return [list(sent.items[n : n + 2]) for n in range(0, len(sent.items), 2)]


def _written(instant: datetime) -> str:
    return instant.astimezone(CHINA).strftime("%Y%m%d%H%M%S")
