"""The made-up province: the same in every run, and what it sends adds up to what went through (合成)."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal

import numpy as np

from shuangkong.metering.meters import Meter, Meters
from shuangkong.metering.model import NO_VALUE
from shuangkong.metering.simulating.course import MINUTE, start_of
from shuangkong.metering.simulating.design import design
from shuangkong.metering.simulating.province import Province, make_province
from shuangkong.metering.simulating.trouble import Round, Sending, Trouble
from shuangkong.metering.tiles import HOUR, Columns, hours, newest

DAY = 288
START = start_of("2026-03-01")


def _run(units: int, faults: dict[str, float], ticks: int = DAY) -> tuple[Trouble, list[Round]]:
    trouble = Trouble(make_province(units), START, faults)
    return trouble, list(trouble.rounds(ticks))


def _rows(post: Sending) -> list[tuple[int, int, int]]:
    """Channel, instant and value of each row."""
    return list(zip(post.channel.tolist(), post.at.tolist(), post.value.tolist(), strict=True))


def _columns(province: Province, rounds: list[Round]) -> Columns:
    """All rows that were sent, in the order of sending."""
    number = {m.channel: m.place for m in province.meters}
    rows = [
        (number[post.channels[c]], at, value, place, row)
        for place, post in enumerate(p for r in rounds for p in r.posts)
        for row, (c, at, value) in enumerate(_rows(post))
        if post.channels[c] in number
    ]  # fmt: skip
    columns = np.array(rows, dtype=np.int64).T
    return Columns(*(np.ascontiguousarray(c) for c in columns))


def _meters(province: Province) -> Meters:
    return Meters(
        Meter(
            m.place, str(m.unit), str(m.unit), m.channel, m.kind.item, m.kind.unit, m.kind.kind, date(2026, 1, 1),
            modulus=m.kind.modulus, every=m.kind.every,
        )
        for m in province.meters
    )  # fmt: skip


def _day_sums(province: Province, rounds: list[Round]) -> dict[int, int]:
    """What a roll-up finds of the first day, by meter; a register's first reading has nothing before it."""
    found, _ = hours(newest(_columns(province, rounds)), _meters(province))
    sums: Counter[int] = Counter()
    for meter, hour, quantity in zip(found.meter.tolist(), found.hour.tolist(), found.quantity.tolist(), strict=True):
        if START <= hour < START + 24 * HOUR:
            sums[meter] += quantity
    return sums


def test_a_province_is_the_same_in_every_run_and_grows_at_its_end() -> None:
    """The first units of a larger province are those of a smaller one."""
    small, large = make_province(20), make_province(30)
    assert large.units[:20] == small.units
    assert large.meters[: len(small.meters)] == small.meters
    a, b = _run(5, {"late": 1.0, "spike": 1.0}, 60), _run(5, {"late": 1.0, "spike": 1.0}, 60)
    assert [[(p.id, p.value.tolist()) for p in r.posts] for r in a[1]] == [
        [(p.id, p.value.tolist()) for p in r.posts] for r in b[1]
    ]
    assert a[0].happened == b[0].happened


def test_without_faults_a_roll_up_finds_exactly_what_went_through() -> None:
    """Intervals, rates and registers that run over: the sums of a day are the truth, to the last digit."""
    trouble, rounds = _run(40, {})
    truth = trouble.course.days[int(START // (24 * HOUR)) + 1]
    found = _day_sums(trouble.province, rounds)
    first = {m.place: 0 for m in trouble.province.meters if m.kind.kind == "register"}
    whole = [m.place for m in trouble.province.meters if m.place not in first]
    assert whole
    for place in whole:
        assert found[place] == int(truth[place])
    # a register tells of the day but for the stretch before its first reading
    again = Trouble(make_province(40), START, {})
    step = again.rounds(12)
    shown: dict[int, int] = {}
    for r in step:
        for post in r.posts:
            for c, value in zip(post.channel.tolist(), post.value.tolist(), strict=True):
                shown.setdefault(trouble.channels.index(post.channels[c]), value)
    for place in first:
        m = trouble.province.meters[place]
        before = (shown[place] - m.first) % int((m.kind.modulus or 0) * 1_000_000)
        assert found[place] == int(truth[place]) - before


def test_late_shuffled_and_repeated_posts_change_no_sum() -> None:
    """What only moves posts about leaves every figure where it was."""
    quiet, rounds = _run(30, {})
    moved, others = _run(30, {"late": 2.0, "again": 2.0, "shuffled": 2.0})
    assert {h.fault for h in moved.happened} == {"late", "again", "shuffled"}
    assert _day_sums(moved.province, others) == _day_sums(quiet.province, rounds)


def test_each_fault_is_made_and_written_down() -> None:
    """Every fault of the design happens at a high rate, and each has a name in both languages."""
    faults = dict.fromkeys(design().faults, 4.0)
    trouble, rounds = _run(30, faults)
    assert {h.fault for h in trouble.happened} == set(faults)
    assert all(f.label.zh and f.label.en for f in design().faults.values())
    assert any(f.wrong == "crc" for r in rounds for f in r.frames)
    values = np.concatenate([p.value for r in rounds for p in r.posts])
    assert (values == NO_VALUE).any()
    assert any(c.endswith("-new") for r in rounds for p in r.posts for c in p.channels)


def test_an_offline_meter_sends_nothing_and_never_a_zero() -> None:
    """While a meter is offline it is in no post."""
    trouble, rounds = _run(20, {"offline": 3.0})
    spells = [h for h in trouble.happened if h.fault == "offline"]
    assert spells
    sent = {(post.channels[c], at) for r in rounds for post in r.posts for c, at, _ in _rows(post)}
    for spell in spells:
        assert not [at for name, at in sent if name == spell.whose and spell.start <= at < spell.end]


def test_parts_of_a_main_meter_are_a_little_less_than_it() -> None:
    """Children add up to their parent but for losses of some hundredths."""
    trouble, _ = _run(10, {})
    truth = trouble.course.days[int(START // (24 * HOUR)) + 1]
    for main in (m for m in trouble.province.meters if m.parent < 0):
        parts = [m.place for m in trouble.province.meters if m.parent == main.place]
        if parts:
            share = Decimal(int(truth[parts].sum())) / int(truth[main.place])
            assert Decimal("0.95") < share <= 1


def test_stations_send_minutes_and_hours() -> None:
    """Each station sends its minutes and, at the full hour, the hour before."""
    trouble, rounds = _run(20, {}, 24)
    assert trouble.province.stations
    frames = [f for r in rounds for f in r.frames]
    assert {f.cn for f in frames} == {"2051", "2061"}
    for f in frames:
        assert f.time % MINUTE == 0
