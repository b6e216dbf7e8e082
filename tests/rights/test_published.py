"""A region whose page is public: its figures, and nothing that names a unit in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from shuangkong.app.demo.city import make_city, region, unit_subject
from shuangkong.app.demo.run import Loaded
from shuangkong.engine.api import read_result, writing
from shuangkong.judgement.api import FINDINGS
from shuangkong.kernel.scope import Scope
from shuangkong.registry.api import publish
from web.clients import visitor
from web.own import own_demo


def test_the_chain_of_a_public_region_names_no_unit(
    demo_once: tuple[Path, Loaded], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Neither the entries nor the keys of the edges behind its findings tell the public which units lie in it."""
    own = own_demo(demo_once, tmp_path_factory)
    county = region(make_city().design.counties[0].code)
    now = own.workspace.clock()
    with writing(own.workspace.engine) as db:
        publish(db, [county], now.date(), now, principal="test")
    findings = read_result(demo_once[1].run, FINDINGS, Scope.all("test"), where=f"subject_id = '{county}'").to_pylist()
    units = {str(unit_subject(u)) for u in make_city().units}
    public = visitor(own.app)
    for key in sorted({f["indicator_id"]: f["finding_key"] for f in findings}.values())[:4]:
        answer = public.get(f"/api/findings/{key}")
        assert answer.status_code == 200
        assert answer.json()["edges"]
        assert not units & set(re.findall(r"s_[a-z2-7]{16}", answer.text))
