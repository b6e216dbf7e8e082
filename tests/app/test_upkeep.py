"""What was begun and left alone goes when it is old enough, with its files; what anything rests on stays."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from policy.builders import pack
from shuangkong.accounting.api import Origin
from shuangkong.app.import_drafts import add_draft, change_draft, draft_of, import_draft
from shuangkong.app.jobs import ask_import
from shuangkong.app.limits import limit, limits
from shuangkong.app.upkeep import give_up, tidy, upkeep_beside
from shuangkong.engine.api import Workspace, audit_entry, jobs, reading, verify, writing
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import propose
from shuangkong.policy.publishing import packed
from source_tree import ROOT
from web.counties import HERE, REGISTER, code_of, furnish, work

DAYS = timedelta(days=30)
SHEET = "单位\n".encode()


@pytest.fixture
def workspace(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Workspace]:
    """Two counties and their works, on SQLite, or on PostgreSQL where a test asks for it."""
    url = request.getfixturevalue("postgres_url") if getattr(request, "param", "") == "postgresql" else None
    furnish(tmp_path / "w", url)
    opened = Workspace.open(tmp_path / "w")
    yield opened
    opened.engine.dispose()


def begun(workspace: Workspace, content: bytes = SHEET, **given: Any) -> str:
    """An import that somebody began."""
    sha256 = workspace.blobs.put(content)
    values = {
        "book": "energy", "file_name": "月报.csv", "original": sha256, "sheet": "", "header_row": None, "rows": 1,
        "publisher": "合成", "document": "合成", "known_on": date(2026, 1, 1), "synthetic": True, "use": None,
        "mapping": None, "check_job": None, "commit_job": None, **given,
    }  # fmt: skip
    with writing(workspace.engine) as db:
        return add_draft(db, "p_somebody", workspace.clock(), **values)


def later(workspace: Workspace, by: timedelta) -> Workspace:
    """The same workspace with its clock moved."""
    now = workspace.clock() + by
    return replace(workspace, clock=lambda: now)


def there(workspace: Workspace) -> set[str]:
    """The imports under way."""
    with reading(workspace.engine) as db:
        return set(db.execute(sa.select(import_draft.c.draft_id)).scalars())


def kept(workspace: Workspace, content: bytes = SHEET) -> bool:
    """Whether the file is still among the originals."""
    return workspace.blobs.path(hashlib.sha256(content).hexdigest()).exists()


def test_a_file_that_a_proposed_pack_rests_on_stays(workspace: Workspace) -> None:
    """Whoever hands a proposed pack's own bytes up as an import cannot have them deleted by leaving it alone."""
    proposed = pack("test.kept@2026", level="county", region="990101")
    with writing(workspace.engine) as db:
        at, reason = workspace.clock(), "试"
        propose(db, workspace.blobs, proposed, reason, standing=(), at=at, principal="p_one")
    begun(workspace, packed(proposed.files))
    assert tidy(later(workspace, DAYS + timedelta(minutes=5)))["imports"] == 1
    assert kept(workspace, packed(proposed.files))


@pytest.mark.parametrize("workspace", ["", pytest.param("postgresql", marks=pytest.mark.service)], indirect=True)
def test_an_abandoned_import_goes_with_its_file(workspace: Workspace) -> None:
    """Thirty days after its last change an import and its upload are gone, and the log says whose and since when."""
    old = begun(workspace)
    assert tidy(later(workspace, DAYS - timedelta(minutes=5)))["imports"] == 0
    assert (there(workspace), kept(workspace)) == ({old}, True)
    assert tidy(later(workspace, DAYS + timedelta(minutes=5)))["imports"] == 1
    assert (there(workspace), kept(workspace)) == (set(), False)
    with reading(workspace.engine) as db:
        query = sa.select(audit_entry).where(audit_entry.c.action == "import.expire")
        told = db.execute(query).mappings().one()
        verify(db)
    assert (told["object"], told["principal"]) == (old, "system")
    for word in ("p_somebody", "月报.csv", '"days": 30'):
        assert word in told["detail"]


def test_a_change_keeps_an_import(workspace: Workspace) -> None:
    """The days are counted from the last change."""
    draft = begun(workspace)
    with writing(workspace.engine) as db:
        change_draft(db, draft_of(db, "p_somebody", draft), workspace.clock() + timedelta(days=20), sheet="二")
    assert tidy(later(workspace, timedelta(days=45)))["imports"] == 0
    assert tidy(later(workspace, timedelta(days=51)))["imports"] == 1


def test_the_age_is_a_setting(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable sets the age; what is no number of days is refused, and nothing is deleted."""
    begun(workspace)
    monkeypatch.setenv("SHUANGKONG_IMPORT_DRAFT_DAYS", "0")
    with pytest.raises(UserError, match="CLI-001 SHUANGKONG_IMPORT_DRAFT_DAYS"):
        tidy(later(workspace, 2 * DAYS))
    monkeypatch.setenv("SHUANGKONG_IMPORT_DRAFT_DAYS", "7")
    assert tidy(later(workspace, timedelta(days=6)))["imports"] == 0
    assert tidy(later(workspace, timedelta(days=8)))["imports"] == 1


def test_a_file_on_which_something_rests_stays(workspace: Workspace) -> None:
    """Another import of the same file, a job that waits for it, or figures that came from it keep it."""
    begun(workspace)
    moved = later(workspace, timedelta(days=20))
    begun(moved)
    assert tidy(later(workspace, DAYS + timedelta(days=1)))["imports"] == 1
    assert kept(workspace)
    assert tidy(later(moved, DAYS + timedelta(days=1)))["imports"] == 1
    assert not kept(workspace)


def test_a_committed_import_stays_and_so_does_its_file(workspace: Workspace) -> None:
    """What a job has committed or is asked to commit is not abandoned; one that it refused is."""
    line = "{},己水泥厂（合成）,{},3011,2017,重点用能单位,2023-01-01,月报\n"
    good = (REGISTER + line.format(code_of(f"91{HERE}000000008"), HERE)).encode()
    bad = (REGISTER + line.format(code_of(f"91{HERE}000000008"), "999999")).encode()
    drafts = [begun(workspace, content, book="units", file_name="名录.csv") for content in (good, bad)]
    origin = Origin("名录.csv", "合成", "合成", "", date(2026, 1, 1), synthetic=True)
    asked = []
    with writing(workspace.engine) as db:
        for content, draft in zip((good, bad), drafts, strict=True):
            blob = workspace.blobs.put(content)
            job = ask_import(db, "units", blob, origin, scope=Scope.all("t"), clock=workspace.clock)
            change_draft(db, draft_of(db, "p_somebody", draft), workspace.clock(), commit_job=job.job_id)
            asked.append(job)
    assert tidy(later(workspace, 2 * DAYS))["imports"] == 0
    assert work(workspace, "import") == 2
    assert tidy(later(workspace, 2 * DAYS))["imports"] == 1
    assert there(workspace) == {drafts[0]}
    assert (kept(workspace, good), kept(workspace, bad)) == (True, False)


def test_a_job_whose_file_is_gone_says_so(workspace: Workspace) -> None:
    """An import that is asked for again after its file was deleted fails with what to do, not with a fault."""
    origin = Origin("月报.csv", "合成", "合成", "", date(2026, 1, 1), synthetic=True)
    draft = begun(workspace)
    with writing(workspace.engine) as db:
        give_up(workspace, db, draft_of(db, "p_somebody", draft))
        job = ask_import(db, "energy", "0" * 64, origin, scope=Scope.all("t"), clock=workspace.clock)
    assert not kept(workspace)
    work(workspace, "import")
    with reading(workspace.engine) as db:
        failed = jobs.job_seen(db, Scope.all("t"), job.job_id)
    assert failed.error is not None
    assert (failed.state, failed.error["code"]) == ("failed", "IMP-004")


def test_a_worker_tidies_beside_its_jobs(workspace: Workspace) -> None:
    """The first round comes at once, in a thread that ends with the worker."""
    begun(workspace)
    moved = later(workspace, 2 * DAYS)
    with upkeep_beside(moved):
        for _ in range(1200):  # a minute, on a busy machine
            if not there(workspace):
                break
            time.sleep(0.05)
    assert there(workspace) == set()


def test_every_limit_is_in_the_manual() -> None:
    """Each setting stands in the manual of operations with its value."""
    text = (ROOT / "docs/operations.md").read_text("utf-8")
    for name, found in limits().items():
        assert f"`{found.variable}`" in text, name
        assert str(found.value) in text
        assert limit(name) == found.value
