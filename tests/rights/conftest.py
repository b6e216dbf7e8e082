"""The world in which rights are tried."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from rights.demo import World
from shuangkong.app.demo.city import make_city, region, unit_subject
from shuangkong.app.demo.run import Loaded
from shuangkong.app.web import create_app
from shuangkong.engine.api import Workspace, read_result
from shuangkong.judgement.api import FINDINGS
from shuangkong.kernel.scope import Scope


@pytest.fixture(scope="session")
def world(demo_once: tuple[Path, Loaded], tmp_path_factory: pytest.TempPathFactory) -> World:
    """A copy of the demo: 东丘区 (合成) is one's own county, 西川县 (合成) the neighbour."""
    root = tmp_path_factory.mktemp("rights") / "w"
    shutil.copytree(demo_once[0], root)
    workspace = Workspace.open(root)
    city = make_city()
    own, other = (c.code for c in city.design.counties[:2])
    units = {
        code: next(unit_subject(u) for u in city.units if u.county == code and not u.moved_on) for code in (own, other)
    }
    findings = read_result(demo_once[1].run, FINDINGS, Scope.all("test")).to_pylist()
    keys = {
        s: next(f["finding_key"] for f in findings if f["subject_id"] == s)
        for s in (*units.values(), region(own), region(other))
    }
    ids = {
        "subject_id": region(own), "key": keys[region(own)], "name": "demo-shifanshi@2022",
        "run_id": str(demo_once[1].run.run_id),
        "own_region": region(own), "other_region": region(other), "own_unit": units[own], "other_unit": units[other],
        "own_unit_finding": keys[units[own]], "other_unit_finding": keys[units[other]],
        "other_region_finding": keys[region(other)], "managed_unit": unit_subject(city.units[0]),
        "consented_unit": unit_subject(city.units[1]),
    }  # fmt: skip
    return World(create_app(workspace), workspace, {k: str(v) for k, v in ids.items()})
