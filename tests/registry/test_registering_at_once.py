"""Two offices that register the same code at the same moment: one does, and the other is told that it is taken."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa

from registry.made_up import MONDAY, made_up_uscc
from shuangkong.engine.api import METADATA, Workspace, reading, writing
from shuangkong.kernel.scope import Scope
from shuangkong.registry import project_sheets, unit_sheets
from shuangkong.registry.api import ensure_regions, import_projects, import_units, resolve

START = date(2025, 1, 1)
PLACES = ("130102", "130202")
#: As long as the first waits for the second between looking up and writing; where only one may look, it goes on alone.
_WAIT = 0.5


def sheet(*rows: tuple[object, ...]) -> bytes:
    """A workbook of rows."""
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    for row in rows:
        page.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def project(place: str) -> bytes:
    """A synthetic project in a place; the code is the same everywhere."""
    return sheet(
        ("项目代码", "项目名称", "建设地点（行政区）", "行业代码", "行业分类版本", "情况起始日期", "阶段"),
        ("HC-2025-77", "合成项目", place, "3011", "2017", "2025-01-01", "拟建" if place == PLACES[0] else "在建"),
    )


def unit(place: str) -> bytes:
    """A synthetic unit in a place; the code is the same everywhere."""
    return sheet(
        ("统一社会信用代码", "单位名称", "所在地区", "行业代码", "行业分类版本", "单位类别", "起始日期"),
        (made_up_uscc(77), "合成单位", place, "3011", "2017", "重点用能单位", "2025-01-01"),
    )


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.service)])
def workspace(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Workspace]:
    """A workspace with two districts, on each kind of database."""
    url = None if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    made = Workspace.create(tmp_path / "w", url=url)
    with writing(made.engine) as db:
        ensure_regions(db, MONDAY, PLACES)
    yield made
    made.engine.dispose()


@pytest.mark.parametrize(
    ("module", "take_in", "made"),
    [(project_sheets, import_projects, project), (unit_sheets, import_units, unit)],
    ids=["projects", "units"],
)
def test_one_registers_and_the_other_is_told(
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    module: Any,
    take_in: Callable[..., Any],
    made: Callable[[str], bytes],
) -> None:
    """Both have looked before either has written, if they can: still one code has one place."""
    both = threading.Barrier(2)
    look = module._elsewhere

    def together(*given: Any) -> Any:
        found = look(*given)
        with suppress(threading.BrokenBarrierError):
            both.wait(_WAIT)
        return found

    monkeypatch.setattr(module, "_elsewhere", together)
    with reading(workspace.engine) as db:
        at = workspace.clock()
        scopes = [
            Scope.region(f"test.{p}", resolve(db, Scope.all("test"), "gbt2260", p, START, at), START) for p in PLACES
        ]

    def register(n: int) -> Any:
        return take_in(workspace, made(PLACES[n]), name=f"{n}.xlsx", scope=scopes[n])

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(register, range(2)))
    assert sorted(d.committed for d in done) == [False, True]
    assert [r.code for d in done for r in d.refusals] == ["registered_elsewhere"]
    edge = METADATA.tables["subject_parent"]
    with reading(workspace.engine) as db:
        of = sa.select(edge.c.parent_id).where(edge.c.relation == "lies_in", edge.c.recorded_at > MONDAY)
        assert len(list(db.execute(of))) == 1
