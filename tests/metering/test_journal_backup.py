"""A back-up takes along what was acknowledged and not stored: readings found again are exactly those, none twice."""

from __future__ import annotations

import zipfile
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

import shuangkong.engine.backup as backup_module
from registry.made_up import made_up_unit
from shuangkong.engine.api import Workspace, back_up, reading, restore, writing
from shuangkong.kernel.scope import Scope
from shuangkong.metering.collecting import journal_folder
from shuangkong.metering.columns import CHINA
from shuangkong.metering.journal import Journal, segments
from shuangkong.metering.model import SCALE, Batch, packed
from shuangkong.metering.register import meters_known
from shuangkong.metering.storing import store
from shuangkong.metering.tables import READINGS
from shuangkong.registry.api import MeterEntry, ensure_regions, register_meters, register_unit

BEGIN = datetime(2026, 1, 1, tzinfo=CHINA)


@pytest.fixture(name="made")
def the_workspace(tmp_path: Path) -> tuple[Workspace, str]:
    """A workspace with one meter of one unit."""
    workspace = Workspace.create(tmp_path / "w")
    with writing(workspace.engine) as db:
        ensure_regions(db, workspace.clock(), ["130102"])
        unit = register_unit(db, made_up_unit(1), workspace.clock(), principal="test")
        entry = MeterEntry(unit, "E01", date(2026, 1, 1), item="electricity", unit="kWh", kind="interval")
        register_meters(db, [entry], workspace.clock(), principal="test")
    return workspace, str(unit)


def post(unit: str, hour: int, value: int | None = None) -> bytes:
    """The reading of an hour, as the journal has it."""
    at = int((BEGIN + timedelta(hours=hour)).timestamp()) * SCALE
    return packed(Batch(
        unit, f"b{hour}-{value}", at + SCALE, ("E01",), np.zeros(1, dtype=np.uint32), np.array([at], dtype=np.int64),
        np.array([(hour if value is None else value) * SCALE], dtype=np.int64), np.zeros(1, dtype=np.uint8),
    ))  # fmt: skip


def stored(workspace: Workspace) -> None:
    """Store every segment but the one that is being written."""
    with reading(workspace.engine) as db:
        meters = meters_known(db, Scope.system("test"), workspace.clock())
    store(workspace.lake, segments(journal_folder(workspace))[:-1], meters)


def held(workspace: Workspace) -> list[Decimal]:
    """The values of all readings, by moment and the order in which they were taken."""
    rows = workspace.lake.read(READINGS, workspace.clock()).to_pylist()
    return [r["value"] for r in sorted(rows, key=lambda r: (r["at"], r["place"]))]


def test_what_is_acknowledged_and_not_stored_is_in_the_back_up(made: tuple[Workspace, str], tmp_path: Path) -> None:
    """Hours 1 and 2 are stored, 3 is in a whole segment, 4 in the one being written: all four are found again, once."""
    workspace, unit = made
    with Journal(journal_folder(workspace)) as journal:
        journal.append([post(unit, 1), post(unit, 2)])
        journal.roll()
        stored(workspace)
        journal.append([post(unit, 3)])
        journal.roll()
        journal.append([post(unit, 4)])
        back_up(workspace, tmp_path / "b.zip", principal="test")
    again = restore(tmp_path / "b.zip", tmp_path / "r", principal="test")
    assert held(again) == [1, 2]
    with Journal(journal_folder(again)) as journal:
        journal.roll()
        stored(again)
        stored(again)
    assert held(again) == [1, 2, 3, 4]
    assert all((p.stat().st_mode & 0o077) == 0 for p in journal_folder(again).iterdir())


def test_a_segment_that_is_stored_meanwhile_counts_once(
    made: tuple[Workspace, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stored between the copy of the journal and that of the tables, its readings are in both, and count once."""
    workspace, unit = made
    tables = backup_module._tables
    with Journal(journal_folder(workspace)) as journal:
        journal.append([post(unit, 1)])
        journal.roll()

        def after_storing(*given: object) -> object:
            stored(workspace)
            return tables(*given)  # type: ignore[arg-type]

        monkeypatch.setattr(backup_module, "_tables", after_storing)
        back_up(workspace, tmp_path / "b.zip", principal="test")
    assert held(workspace) == [1]
    again = restore(tmp_path / "b.zip", tmp_path / "r", principal="test")
    with Journal(journal_folder(again)):
        stored(again)
    assert held(again) == [1]


def test_a_correction_after_restoring_wins(made: tuple[Workspace, str], tmp_path: Path) -> None:
    """Places go on behind those of the original, though no segment was left: what comes later is the newer."""
    workspace, unit = made
    for _ in range(3):
        with Journal(journal_folder(workspace)) as journal:
            journal.append([post(unit, 1, 10)])
            journal.roll()
            stored(workspace)
    back_up(workspace, tmp_path / "b.zip", principal="test")
    again = restore(tmp_path / "b.zip", tmp_path / "r", principal="test")
    with Journal(journal_folder(again)) as journal:
        journal.append([post(unit, 1, 11)])
        journal.roll()
        stored(again)
    assert held(again)[-1] == 11


def test_a_workspace_without_readings_has_no_journal_in_its_back_up(tmp_path: Path) -> None:
    """Nothing is made up: neither segments nor a last number."""
    workspace = Workspace.create(tmp_path / "w")
    back_up(workspace, tmp_path / "b.zip", principal="test")
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        assert [n for n in archive.namelist() if n.startswith("readings/")] == []
