"""What a released version left behind is opened, migrated and gone on with, on both stores."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from engine.schema import ADVICE, differences
from shuangkong.accounting.api import BOOK_ENTRIES, Origin, import_sheet
from shuangkong.app.pipeline import run_pipeline
from shuangkong.engine.api import Head, Workspace, read_result, reading, run_record, verify
from shuangkong.judgement.api import FINDINGS
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import PackSet, builtin_packs, load_all
from stored.make_workspace import UNITS, told

HERE = Path(__file__).parent
READER = Scope.all("reader")
VERSIONS = sorted(p.name for p in HERE.glob("v*"))


@dataclass(frozen=True)
class Stored:
    """A workspace as the released version left it, unpacked and opened by this one."""

    workspace: Workspace
    expected: dict[str, Any]

    def findings(self) -> list[dict[str, Any]]:
        """What the run of the released version says when this version reads it."""
        run = run_record(self.workspace, READER, self.expected["run"])
        return read_result(run, FINDINGS, READER).to_pylist()


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    """Each released version."""
    return str(request.param)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.service)])
def stored(request: pytest.FixtureRequest, version: str, tmp_path: Path) -> Iterator[Stored]:
    """A stored workspace on either store."""
    with tarfile.open(HERE / version / f"{request.param}.tar.xz") as archive:
        archive.extractall(tmp_path, filter="data")
    if request.param == "postgresql":
        load(tmp_path, request.getfixturevalue("postgres_url"))
    expected = json.loads((HERE / version / "expected.json").read_text("utf-8"))[request.param]
    workspace = Workspace.open(tmp_path / "workspace")
    yield Stored(workspace, expected)
    workspace.engine.dispose()


def load(folder: Path, url: str) -> None:
    """Fill an empty database from the plain dump, and let the settings name it."""
    import psycopg

    dump = (folder / "registry.sql").read_text("utf-8").splitlines()
    with psycopg.connect(url.replace("+psycopg", "", 1)) as connection:
        # lines that start with a backslash are psql's own and no SQL
        connection.execute("\n".join(line for line in dump if not line.startswith("\\")).encode())
    settings = folder / "workspace" / "workspace.json"
    settings.write_text(json.dumps(json.loads(settings.read_text("utf-8")) | {"database": url}), "utf-8")


def test_every_stored_version_is_complete() -> None:
    """Each stored version has both stores and what is expected of them; there is at least one."""
    assert "v0.1.0" in VERSIONS
    for name in VERSIONS:
        expected = json.loads((HERE / name / "expected.json").read_text("utf-8"))
        assert sorted(expected) == sorted(p.name.removesuffix(".tar.xz") for p in (HERE / name).glob("*.tar.xz"))
        assert sorted(expected) == ["postgresql", "sqlite"]


def test_it_gets_the_present_schema(stored: Stored) -> None:
    """The migrated database is the one that the stores declare."""
    assert differences(stored.workspace.engine) == [], ADVICE


def test_its_run_says_what_it_said(stored: Stored) -> None:
    """The findings of the old run read the same, to the digit."""
    assert told(stored.findings()) == stored.expected["told"]


def test_its_audit_log_still_holds(stored: Stored) -> None:
    """The chain is whole up to the head that the released version wrote."""
    with reading(stored.workspace.engine) as db:
        assert verify(db, Head(*stored.expected["head"])) == []


@pytest.mark.slow
def test_work_goes_on(stored: Stored) -> None:
    """A new sheet is taken in, and judging again as of the same day gives the same four answers of the small pack."""
    workspace = stored.workspace
    packs = PackSet([*builtin_packs(), *load_all(HERE / "packs", origin="packs")])
    before = workspace.lake.read(BOOK_ENTRIES, workspace.clock()).num_rows
    sheet = f"统一社会信用代码,期间,能源品种,消费量,计量单位\n{UNITS[4]},2025-01,洗精煤,900,吨\n"
    origin = Origin("新表.csv", "", "合成", "", date(2025, 2, 20))
    report = import_sheet(workspace, packs, "energy", sheet.encode(), origin, scope=Scope.all("cli"))
    assert (report.fresh, report.refusals) == (1, ())
    assert workspace.lake.read(BOOK_ENTRIES, workspace.clock()).num_rows == before + 1
    run = run_pipeline(
        workspace, packs, known=workspace.clock(), as_of=date(2025, 6, 30), scope=Scope.system("judge again")
    )
    assert told(read_result(run, FINDINGS, READER).to_pylist())["clinker"] == stored.expected["told"]["clinker"]
    assert told(stored.findings()) == stored.expected["told"]
