"""What was made of readings follows the register: a factor put right reaches back, and no more than it must."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path

import pytest

from readings_made import batch
from registry.made_up import made_up_unit
from shuangkong.engine.api import Workspace, writing
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.scope import Scope
from shuangkong.metering.committing import Committer
from shuangkong.metering.journal import Journal
from shuangkong.metering.rolled import meter_months
from shuangkong.metering.rolling import roll_up
from shuangkong.metering.rounds import Follower, Rounds, Touched
from shuangkong.registry.api import MeterEntry, ensure_regions, register_meters, register_unit

NEW_YEAR, SECOND, LATER = date(2026, 1, 1), date(2026, 1, 2), date(2026, 6, 1)


class Made:
    """A workspace with one synthetic unit, and rounds with a roll-up that tells what it was given."""

    def __init__(self, root: Path) -> None:
        ticks = count(1)
        self.workspace = Workspace.create(
            root / "w", clock=lambda: datetime(2026, 3, 1, tzinfo=UTC) + timedelta(seconds=next(ticks))
        )
        self.folder = root / "journal"
        self.given: list[Touched] = []
        with writing(self.workspace.engine) as db:
            ensure_regions(db, self.workspace.clock(), ["130102"])
            self.unit = register_unit(db, made_up_unit(1), self.workspace.clock(), principal="test")

    def rounds(self) -> Rounds:
        """As a process that was just started has them."""
        return Rounds(self.workspace, self.folder, (Follower("rollup", self.roll),))

    def roll(self, touched: Touched) -> None:
        """The roll-up itself."""
        self.given.append(touched)
        roll_up(self.workspace.lake, touched.meters, touched.keys, touched.known)

    def register(self, day: date, code: str = "E01", reason: str = "", **said: object) -> None:
        """Say something of a meter of electricity."""
        new = {"item": "electricity", "unit": "kWh", "kind": "interval"}
        entry = MeterEntry(self.unit, code, day, **(new | said))  # type: ignore[arg-type]
        with writing(self.workspace.engine) as db:
            register_meters(db, [entry], self.workspace.clock(), principal="test", reason=reason)

    def post(self, name: str, values: list[float | None]) -> None:
        """Quarter-hours from New Year on."""
        with Journal(self.folder) as journal, Committer(journal, count(1).__next__) as committer:
            committer.take(batch(name, values, source=self.unit)).result()

    def january(self) -> Decimal | None:
        """The unit's January."""
        (month,) = meter_months(
            self.workspace, Scope.all("test"), self.workspace.clock(), NEW_YEAR, NEW_YEAR, [self.unit]
        )
        return month.quantity

    def days(self) -> list[date]:
        """The days that were given last."""
        return sorted(d for _, d in self.given[-1].keys)


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Made]:
    """A workspace with a meter of factor 1 and two days of readings, rolled up."""
    found = Made(tmp_path)
    found.register(NEW_YEAR)
    found.post("b1", [1.0] * 192)
    rounds = found.rounds()
    assert rounds.round().trouble == ""
    assert found.january() == Decimal(191)  # the interval that ends as the year begins is December's
    yield found
    found.workspace.engine.dispose()


def test_a_month_up_to_a_day_is_of_the_hours_up_to_it(made: Made) -> None:
    """Of January up to its first day every hour is known; of the whole month two days, less a quarter of an hour."""
    told = (made.workspace, Scope.all("test"), made.workspace.clock(), NEW_YEAR, NEW_YEAR, [made.unit])
    (one,) = meter_months(*told, until=NEW_YEAR)
    assert (one.quantity, one.expected_hours, one.measured) == (96, 24, 1)
    (whole,) = meter_months(*told)
    assert (whole.quantity, whole.expected_hours) == (191, 744)
    assert whole.measured == (Decimal(191) / 4 / 744).quantize(Decimal("0.000001"))


def test_a_factor_put_right_is_rolled_up_again(made: Made) -> None:
    """Forty times as much, by the next round and without a new reading; the round after that does nothing."""
    rounds = made.rounds()
    rounds.round()
    made.register(NEW_YEAR, factor=Decimal(40), reason="变比抄错")
    rounds.round()
    assert made.january() == Decimal(191 * 40)
    told = len(made.given)
    assert rounds.round().followed == {}
    assert made.rounds().round().followed == {}
    assert len(made.given) == told


def test_a_change_from_a_day_on_moves_the_days_after_it_alone(made: Made) -> None:
    """From the second of January on the factor is 2; only days with readings are looked at."""
    made.register(SECOND, factor=Decimal(2))
    made.rounds().round()
    assert made.days() == [SECOND]
    assert made.january() == Decimal(96 + 95 * 2)


def test_what_was_not_done_for_a_failure_is_done_in_the_next_round(made: Made) -> None:
    """A follower that fails keeps its mark where it was, also over a new start."""
    made.register(NEW_YEAR, factor=Decimal(3), reason="变比抄错")
    roll, made.given = made.roll, []

    def fails(touched: Touched) -> None:
        raise UserError("WS-003", "busy.", remedy="Wait.", case="busy")

    broken = Rounds(made.workspace, made.folder, (Follower("rollup", fails),))
    assert "WS-003" in broken.round().trouble
    assert made.january() == Decimal(191)
    Rounds(made.workspace, made.folder, (Follower("rollup", roll),)).round()
    assert made.january() == Decimal(191 * 3)


def test_a_new_meter_is_told_though_it_has_no_reading(made: Made) -> None:
    """Nothing is rolled up for it; who counts what a unit should have is told of the change."""
    made.register(LATER, "E02")
    made.rounds().round()
    (change,) = made.given[-1].register
    assert (change.number, change.subject_id, change.first, change.fresh) == (2, made.unit, LATER, True)
    assert made.given[-1].keys == frozenset()


def test_a_meter_registered_and_put_right_between_two_rounds_is_rolled_up(made: Made) -> None:
    """What was adopted by its first factor is counted by its second."""
    made.register(NEW_YEAR, "E02", channel="E09")
    made.register(NEW_YEAR, "E02", factor=Decimal(5), reason="变比抄错")
    made.rounds().round()
    assert {c.fresh for c in made.given[-1].register} == {False}


def test_a_day_that_is_over_is_closed_once(tmp_path: Path) -> None:
    """After each midnight of China a follower is asked which keys were worked on too early, and is given these."""
    now = [datetime(2026, 3, 1, 3, tzinfo=UTC)]
    workspace = Workspace.create(tmp_path / "w", clock=lambda: now[0])
    asked: list[list[date]] = []
    given: list[Touched] = []

    def closing(known: datetime, days: Sequence[date]) -> frozenset[tuple[int, date]]:
        asked.append(list(days))
        return frozenset((1, d) for d in days)

    def rounds() -> Rounds:
        return Rounds(workspace, tmp_path / "journal", (Follower("quality", given.append, closing),))

    one = rounds()
    one.round()
    one.round()
    assert (asked, given) == ([], [])  # nothing was worked on before the first round
    now[0] += timedelta(days=2)
    one.round()
    one.round()
    rounds().round()
    assert asked == [[date(2026, 3, 1), date(2026, 3, 2)]]
    assert given[0].keys == {(1, date(2026, 3, 1)), (1, date(2026, 3, 2))}
    assert len(given) == 1
    workspace.engine.dispose()
