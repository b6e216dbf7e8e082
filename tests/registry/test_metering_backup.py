"""A back-up takes meters, tokens, stations and marks along, to either store."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from registry.made_up import made_up_unit
from shuangkong.engine.api import Workspace, back_up, reading, restore, writing
from shuangkong.kernel.scope import Scope
from shuangkong.registry.api import (
    MeterEntry,
    StationEntry,
    consumer_marks,
    ensure_regions,
    issue_reading_token,
    meter_spells,
    reading_tokens,
    register_meters,
    register_stations,
    register_unit,
    set_consumer_mark,
    standing_digests,
    station_spells,
)

EVERYTHING = Scope.all("test")
START, JUNE = date(2026, 1, 1), date(2026, 6, 1)


def register(workspace: Workspace) -> str:
    """Meters in two spells and one put right, a token, a station in two spells, a mark; gives the secret."""
    with writing(workspace.engine) as db:
        ensure_regions(db, workspace.clock(), ["130102"])
        unit = register_unit(db, made_up_unit(1), workspace.clock(), principal="test")
        first = MeterEntry(
            unit, "E01", START, item="electricity", unit="kWh", kind="register", high=Decimal("9.000001")
        )
        for entries in ([first], [MeterEntry(unit, "E01", JUNE, factor=Decimal(40), first_reading=Decimal("0.5"))],
                        [MeterEntry(unit, "E01", JUNE, factor=Decimal(60))]):  # fmt: skip
            register_meters(db, entries, workspace.clock(), principal="test", reason="变比抄错")
        for entry in (StationEntry("HC1", START, unit, password="1", outlets=("排口一",)),
                      StationEntry("HC1", JUNE, crc="modbus")):  # fmt: skip
            register_stations(db, [entry], workspace.clock(), principal="test")
        set_consumer_mark(db, "rollup", "7", at=workspace.clock())
        return issue_reading_token(db, unit, "接入", at=workspace.clock(), principal="test", days=9)[1]


def everything(workspace: Workspace) -> list[object]:
    """What the register of metering says."""
    known = workspace.clock()
    with reading(workspace.engine) as db:
        return [
            meter_spells(db, EVERYTHING, known), reading_tokens(db, EVERYTHING, known), dict(consumer_marks(db)),
            standing_digests(db, EVERYTHING), station_spells(db, EVERYTHING, known),
            [s.password for s in station_spells(db, EVERYTHING, known)],
        ]  # fmt: skip


@pytest.mark.parametrize("store", ["sqlite", pytest.param("postgresql", marks=pytest.mark.service)])
def test_the_register_of_metering_comes_back_whole(request: pytest.FixtureRequest, tmp_path: Path, store: str) -> None:
    """To the digit and the day, with what was put right; the secret itself is in no back-up."""
    made = Workspace.create(tmp_path / "w")
    secret = register(made)
    before = everything(made)
    assert len(before[0]) == 2  # type: ignore[arg-type] # spells
    back_up(made, tmp_path / "b.tar", principal="test")
    assert secret.encode() not in (tmp_path / "b.tar").read_bytes()
    url = request.getfixturevalue("postgres_url") if store == "postgresql" else None
    again = restore(tmp_path / "b.tar", tmp_path / "r", url=url, principal="test")
    assert everything(again) == before
    again.engine.dispose()
