"""A region whose page is public: its figures, nothing that names a unit in it, and no figure that tells of one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from shuangkong.app.demo.city import make_city, region, unit_subject
from shuangkong.app.demo.run import Loaded
from shuangkong.engine.api import WITHHELD, read_result, writing
from shuangkong.judgement.api import FINDINGS, RULE_FINDINGS, RULE_READINGS
from shuangkong.kernel.ids import SubjectId
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


def test_what_tells_of_few_units_is_withheld_from_the_public(
    demo_once: tuple[Path, Loaded], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The city's energy after deductions tells its one major project: page, list, file, interface and chain say so."""
    own = own_demo(demo_once, tmp_path_factory)
    city = region(make_city().design.city.code)
    now = own.workspace.clock()
    with writing(own.workspace.engine) as db:
        publish(db, [city], now.date(), now, principal="test")
    run = demo_once[1].run
    hidden = {r["key"] for r in read_result(run, WITHHELD, Scope.all("test")).to_pylist() if r["subject_id"] == city}
    rows = read_result(run, FINDINGS, Scope.all("test"), where=f"subject_id = '{city}'").to_pylist()
    secret = {r["finding_key"]: r["value"] for r in rows if r["value_key"] in hidden and r["value"] is not None}
    told = {r["finding_key"]: r["value"] for r in rows if r["value_key"] not in hidden and r["value"] is not None}
    assert secret
    public, officer = visitor(own.app), own.as_("demo.administrator")
    code = make_city().design.city.code
    for client, shown in ((public, False), (officer, True)):
        listed = client.get(f"/api/findings?region={city}&size=1000").json()["findings"]
        answers = {f["finding_key"]: f for f in listed if f["finding_key"] in secret}
        assert set(answers) == set(secret), code
        assert {f["value"] is not None for f in answers.values()} == {shown}
        assert {f["reason"] == "confidential" for f in answers.values()} == {not shown}
        for key, value in secret.items():
            exact, chain = format(value.normalize(), "f"), client.get(f"/api/findings/{key}")
            assert chain.status_code == 200
            assert (exact in chain.text) == shown, key
            for step in chain.json()["deductions"]:
                assert (step["after"] is not None) == (shown or f"{city}|{step['period_key']}" not in hidden)
            page = client.get(f"/findings/{key}")
            assert ("为单个单位保密" in page.text) != shown
        place = client.get(f"/regions/{city}")
        assert place.status_code == 200
        sheet = client.get(f"/findings.csv?region={city}")
        assert sheet.status_code == 200
        assert all((format(v.normalize(), "f") in sheet.text) == shown for v in secret.values())
    assert {f["value"] is not None for f in public.get(f"/api/findings?region={city}&size=1000").json()["findings"]
            if f["finding_key"] in told} <= {True}  # fmt: skip


def test_rules_do_not_tell_what_is_withheld(
    demo_once: tuple[Path, Loaded], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Inputs of rules are such figures, and the row that hit tells of them: page, list, chain and counts are silent."""
    own, run = own_demo(demo_once, tmp_path_factory), demo_once[1].run
    withheld = {r["key"] for r in read_result(run, WITHHELD, Scope.all("test")).to_pylist()}
    readings = read_result(run, RULE_READINGS, Scope.all("test")).to_pylist()
    telling = [r for r in readings if r["source_key"] in withheld and r["value"] is not None]
    assert telling
    place = telling[0]["subject_id"]
    now = own.workspace.clock()
    with writing(own.workspace.engine) as db:
        publish(db, [SubjectId(place)], now.date(), now, principal="test")
    rules = read_result(run, RULE_FINDINGS, Scope.all("test"), where=f"subject_id = '{place}'").to_pylist()
    public, administrator = visitor(own.app), own.as_("demo.administrator")
    for key in {r["finding_key"] for r in rules}:
        assert public.get(f"/rules/findings/{key}").status_code == 404
    assert administrator.get(f"/rules/findings/{telling[0]['finding_key']}").status_code == 200
    listed = public.get("/rules/findings")
    assert listed.status_code == 200
    assert not [r for r in rules if r["finding_key"] in listed.text]
