"""A small workspace for pages that write: two counties, three invented works, an officer and a manager."""

from __future__ import annotations

import threading
from datetime import date
from pathlib import Path

from stdnum.cn import uscc

from shuangkong.app.jobs import KINDS
from shuangkong.engine.api import Workspace, jobs, reading, writing
from shuangkong.kernel.ids import SubjectId
from shuangkong.kernel.scope import Scope
from shuangkong.registry.api import directory, ensure_regions, import_units
from shuangkong.webkit.api import Wanted, add_person, appoint

HERE, NEIGHBOUR = "130181", "130183"
ADMINISTRATOR, OFFICER, NEXT_DOOR, MANAGER = "demo.administrator", "demo.officer", "demo.next", "demo.unit"


def code_of(stem: str) -> str:
    """A USCC with its check digit."""
    return stem + str(uscc.calc_check_digit(stem))


OWN, OTHER = code_of(f"91{HERE}000000001"), code_of(f"91{HERE}000000002")
FOREIGN, UNKNOWN = code_of(f"91{NEIGHBOUR}000000003"), code_of(f"91{NEIGHBOUR}000000009")
REGISTER = "统一社会信用代码,单位名称,所在地区,行业代码,行业分类版本,单位类别,起始日期,报送周期\n"
UNITS = REGISTER + "".join(
    f"{code},{name}水泥厂（合成）,{place},3011,2017,重点用能单位,2023-01-01,月报\n"
    for code, name, place in ((OWN, "甲", HERE), (OTHER, "乙", HERE), (FOREIGN, "丙", NEIGHBOUR))
)


def furnish(root: Path, url: str | None = None) -> None:
    """Make the workspace; its people sign in with one click."""
    workspace = Workspace.create(root, url=url, demo=True)
    now = workspace.clock()
    with writing(workspace.engine) as db:
        ensure_regions(db, now, [HERE, NEIGHBOUR])
    import_units(workspace, UNITS.encode(), name="名录.csv", scope=Scope.all("test"))
    with reading(workspace.engine) as db:
        known, day = directory(db, Scope.all("test"), workspace.clock()), date(2026, 1, 1)
        unit, own, next_door = known.resolve("uscc", OWN, day), known.region(HERE, day), known.region(NEIGHBOUR, day)
    people: tuple[tuple[str, str, SubjectId | None], ...] = (
        (ADMINISTRATOR, "administrator", None),
        (OFFICER, "officer", own),
        (NEXT_DOOR, "officer", next_door),
        (MANAGER, "unit_manager", unit),
    )
    with writing(workspace.engine) as db:
        for name, role, subject in people:
            person = add_person(db, name, f"{name}（合成）", at=now, principal="test")
            appoint(db, person, Wanted(role, date(2026, 1, 1), subject), at=now, principal="test")
    workspace.engine.dispose()


def work(workspace: Workspace, *kinds: str) -> int:
    """Do the jobs that wait, in this process."""
    wanted = {k: KINDS[k] for k in kinds or ("import",)}
    return jobs.work(workspace, wanted, stopping=threading.Event(), once=True)
