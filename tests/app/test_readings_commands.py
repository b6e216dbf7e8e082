"""Files of readings, what waits for a meter, compaction and the state of the collector, as somebody asks for them."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from importlib import resources
from pathlib import Path
from shutil import copytree

import pytest
from typer.testing import CliRunner

from collector_made import MN, Made, made_workspace
from readings_made import batch
from shuangkong.app.cli import app
from shuangkong.app.readings import take_file, waiting_in
from shuangkong.app.retention import retention
from shuangkong.engine.api import Workspace, audit_entry, reading
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.ids import SubjectId
from shuangkong.kernel.scope import Scope
from shuangkong.metering.collecting import INBOX, journal_folder
from shuangkong.metering.committing import Committer
from shuangkong.metering.journal import Journal, segments
from shuangkong.metering.meters import Meters
from shuangkong.metering.model import unpacked
from shuangkong.metering.storing import store
from shuangkong.metering.tables import READINGS
from shuangkong.policy.api import PackSet, load_pack
from shuangkong.registry.api import names_of

MAPPING = "at: {column: 时间}\nmeter: {column: 表号}\nvalues: [{column: 读数}]\n"
SHEET = "表号,时间,读数\nE01,2026-01-01 00:15,3.25\nE09,2026-01-01 00:15,7\nE01,soon,1\n"


@pytest.fixture(name="made")
def a_made_workspace(tmp_path: Path) -> Made:
    """One unit with meters."""
    return made_workspace(tmp_path / "ws")


@pytest.fixture(name="workspace")
def an_opened_workspace(made: Made) -> Iterator[Workspace]:
    """The workspace, open."""
    opened = Workspace.open(made.root)
    yield opened
    opened.engine.dispose()


@pytest.fixture(name="files")
def some_files(tmp_path: Path) -> tuple[Path, Path]:
    """A sheet and its mapping."""
    file, mapping = tmp_path / "合成.csv", tmp_path / "mapping.yaml"
    file.write_text(SHEET, "utf-8")
    mapping.write_text(MAPPING, "utf-8")
    return file, mapping


def test_a_file_is_taken_once_and_what_has_no_meter_waits(
    made: Made, workspace: Workspace, files: tuple[Path, Path]
) -> None:
    """With no collector running it is stored at once; a row that cannot be is told; again it changes nothing."""
    file, mapping = files
    with reading(workspace.engine) as db:
        name = names_of(db, [made.unit], Scope.all("test"), workspace.clock())[made.unit].zh
    command = ["readings", "take", str(file), "--mapping", str(mapping), "--unit", name, "-w", str(made.root), "--json"]
    for _ in range(2):
        done = CliRunner().invoke(app, command)
        assert done.exit_code == 0, done.output
        told = json.loads(done.stdout)
        assert (told["readings"], told["refused"]) == (2, 1)
        assert told["refusals"] == [{"row": 3, "why": "time_unreadable", "said": "soon"}]
    rows = workspace.lake.read(READINGS, workspace.clock()).to_pylist()
    assert [r["value"] for r in rows] == [Decimal("3.25")]
    shown = CliRunner().invoke(app, ["readings", "waiting", "-w", str(made.root), "--json"])
    assert [(w["channel"], w["readings"]) for w in json.loads(shown.stdout)] == [("E09", 1)]
    with reading(workspace.engine) as db:
        entries = db.execute(audit_entry.select().where(audit_entry.c.action == "readings.take")).all()
    assert len(entries) == 2


def _taken(post: Path, before: Path) -> None:
    """Take a post as a collector does, once it is not the file any more that lay there before."""
    while post.samefile(before):
        time.sleep(0.02)
    post.unlink()


def test_a_running_collector_is_handed_the_file(
    made: Made, workspace: Workspace, files: tuple[Path, Path], tmp_path: Path
) -> None:
    """The command waits until the collector has it; one that does not come is told, and the file stays for it."""
    file, mapping = files
    inbox = journal_folder(workspace) / INBOX
    with Journal(journal_folder(workspace)):
        with pytest.raises(UserError, match="ING-002"):
            take_file(workspace, SubjectId(made.unit), file, mapping, principal="test", patience=0.2)
        (left,) = inbox.glob("*.post")
        assert len(unpacked(left.read_bytes())) == 2
        handed = left.with_suffix(".before")
        os.link(left, handed)  # what was left the first time keeps its number: the next file has another
        taking = threading.Thread(target=_taken, args=(left, handed))
        taking.start()
        assert take_file(workspace, SubjectId(made.unit), file, mapping, principal="test", patience=60).readings == 2
        taking.join()
    assert segments(journal_folder(workspace))


def test_what_waits_is_seen_within_the_scope(made: Made, workspace: Workspace) -> None:
    """A unit sees its own channels and its stations', another unit and the public none of them."""
    with Journal(journal_folder(workspace)) as journal, Committer(journal, lambda: 1) as committer:
        committer.take(batch("a", [1], source=made.unit, meters=("X",))).result()
        committer.take(batch("b", [1], source="hj212", meters=(f"{MN}/w1-rtd/2011",))).result()
        committer.take(batch("c", [1], source="hj212", meters=("elsewhere/w1-rtd/2011",))).result()
    store(workspace.lake, segments(journal_folder(workspace)), Meters([]))
    seen = {
        name: [w.channel for w in waiting_in(workspace, scope)]
        for name, scope in {
            "all": Scope.all("test"), "own": Scope.unit("test", SubjectId(made.unit)),
            "other": Scope.unit("test", SubjectId("s_aaaaaaaaaaaaaaaa")), "none": Scope.none("test"),
        }.items()
    }  # fmt: skip
    assert {n: len(c) for n, c in seen.items()} == {"all": 3, "own": 2, "other": 0, "none": 0}
    assert "elsewhere/w1-rtd/2011" not in seen["own"]


def test_compaction_and_state_are_told(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    """As JSON; what is older than a setting keeps is let go of, with an entry of the log; who says the term is told."""
    monkeypatch.setenv("SHUANGKONG_READINGS_DAYS", "1900")
    opened = Workspace.open(made.root)
    old = batch("a", [1], source=made.unit)
    old = replace(old, at=old.at - 6 * 365 * 86_400_000_000)
    with Journal(journal_folder(opened)) as journal, Committer(journal, lambda: 1) as committer:
        committer.take(old).result()
    state = CliRunner().invoke(app, ["readings", "status", "-w", str(made.root), "--json"])
    assert json.loads(state.stdout)["journal_bytes"] > 0
    store(opened.lake, segments(journal_folder(opened)), Meters([]))
    done = CliRunner().invoke(app, ["readings", "compact", "-w", str(made.root), "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    terms = {t["parameter"]: (t["days"], t["setting"], t["said_by"]) for t in told.pop("retention")}
    assert told == {"days": 0, "files": 0, "repeats": 0, "dropped": 2, "removed": 0}
    assert terms == {
        "retention.readings-days": (1900, True, "SHUANGKONG_READINGS_DAYS"),
        "retention.replaced-days": (None, False, "shuangkong.retention@2026"),
        "retention.readings-least-days": (1827, False, "shuangkong.retention@2026"),
    }
    with reading(opened.engine) as db:
        assert db.execute(audit_entry.select().where(audit_entry.c.action == "readings.drop")).first() is not None
    opened.engine.dispose()


def test_no_term_is_shorter_than_the_least(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting of thirty days is refused with the document's least; nothing goes."""
    monkeypatch.setenv("SHUANGKONG_READINGS_DAYS", "30")
    done = CliRunner().invoke(app, ["readings", "compact", "-w", str(made.root)])
    assert isinstance(done.exception, UserError)
    assert (done.exception.case, done.exception.facts["least"]) == ("retention", 1827)


def test_terms_come_from_packs_unless_a_setting_says_otherwise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pack that ships keeps for good; one of another mind is followed; nought as a setting keeps for good."""
    day = date(2026, 11, 21)
    shipped = resources.files("shuangkong").joinpath("packs", "shuangkong", "retention")
    assert retention(PackSet([load_pack(Path(str(shipped)))]), day, day).readings.days is None
    copytree(str(shipped), tmp_path / "retention")
    terms = tmp_path / "retention" / "parameters" / "retention.yaml"
    terms.write_text(terms.read_text("utf-8").replace("{state: kept_for_good}", "{value: 4000}", 1), "utf-8")
    other = PackSet([load_pack(tmp_path / "retention")])
    assert (retention(other, day, day).readings.days, retention(other, day, day).readings.setting) == (4000, False)
    monkeypatch.setenv("SHUANGKONG_READINGS_DAYS", "0")
    assert (retention(other, day, day).readings.days, retention(other, day, day).readings.setting) == (None, True)
    assert retention(PackSet([]), day, day).readings.days is None
