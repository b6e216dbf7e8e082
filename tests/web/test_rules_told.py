"""What a page of rules leaves out is told: answers that are not published, and those whom the register leaves open."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shuangkong.app.demo.run import Loaded
from shuangkong.engine.api import PUBLIC_ONLY, WITHHELD, count_withheld, read_result, writing
from shuangkong.judgement.api import RULE_FINDINGS, RULE_LEFT_OUT, RULE_READINGS
from shuangkong.kernel.ids import SubjectId
from shuangkong.kernel.scope import Scope
from shuangkong.registry.api import publish
from web.clients import visitor
from web.own import Own, own_demo

pytestmark = pytest.mark.slow
ALL = Scope.all("test")
RULE = "/rules/demo-shifanshi-rules@2023/surcharge"


@pytest.fixture(scope="module")
def own(demo_once: tuple[Path, Loaded], tmp_path_factory: pytest.TempPathFactory) -> Own:
    """A copy of the demo for this module, with one unit whose register leaves open whether a rule is about it."""
    made = own_demo(demo_once, tmp_path_factory)
    file = next(made.workspace.root.glob("runs/*/rule_left_out.parquet"))
    there = pq.read_table(file)
    assert set(there["slug"].to_pylist()).isdisjoint({"surcharge"})
    unit = left_open(demo_once[1].run)
    row = {"subject_id": unit, "pack_id": "demo-shifanshi-rules", "pack_edition": "2023", "slug": "surcharge",
           "fields": "industry_code, unit_class"}  # fmt: skip
    pq.write_table(pa.concat_tables([there, pa.Table.from_pylist([row], schema=there.schema)]), file)
    return made


def left_open(run: Any) -> str:
    """A unit of the demo for which the rule was decided."""
    rows = read_result(run, RULE_FINDINGS, ALL, where="slug = 'surcharge' AND pack_id = 'demo-shifanshi-rules'")
    return str(sorted(r["subject_id"] for r in rows.to_pylist())[0])


def test_whom_the_register_leaves_open_is_told_on_the_rules_page_and_in_its_why(
    own: Own, demo_once: tuple[Path, Loaded]
) -> None:
    """Number, name, what is missing and the next step, in both languages; another county's officer does not see it."""
    administrator = own.as_("demo.administrator")
    page = administrator.get(f"{RULE}?lang=zh").text
    assert "因登记不全未能判定的主体（1）" in page
    assert "缺行业代码，或代码不够细、缺单位类别" in page
    assert f"/units/{left_open(demo_once[1].run)}" in page
    assert "在登记中补全后重新核算与判定" in page
    assert "Not decided because the register is incomplete (1)" in administrator.get(f"{RULE}?lang=en").text
    left = read_result(demo_once[1].run, RULE_LEFT_OUT, ALL).to_pylist()
    assert {f for r in left for f in r["fields"].split(", ")} >= {"two_high", "review_state"}
    at = f"/rules/{left[0]['pack_id']}@{left[0]['pack_edition']}/{left[0]['slug']}?lang=zh"
    n = sum(r["slug"] == left[0]["slug"] for r in left)
    assert f"因登记不全未能判定的主体（{n}）" in administrator.get(at).text
    other = read_result(demo_once[1].run, RULE_FINDINGS, ALL, where="slug = 'surcharge'").to_pylist()[-1]
    assert "因登记不全未能判定的主体（1）" in administrator.get(f"/rules/findings/{other['finding_key']}?lang=zh").text
    seen = {who: "因登记不全" in own.as_(who).get(f"{RULE}?lang=zh").text
            for who in ("demo.officer.990101", "demo.officer.990102")}  # fmt: skip
    assert sum(seen.values()) <= 1


def test_how_many_answers_are_not_published_is_told(own: Own, demo_once: tuple[Path, Loaded]) -> None:
    """A visitor reads on the region's page and on the list how many are withheld, and why; others are told all."""
    run = demo_once[1].run
    secret = {r["key"] for r in read_result(run, WITHHELD, ALL).to_pylist()}
    readings = read_result(run, RULE_READINGS, ALL).to_pylist()
    place = next(r["subject_id"] for r in readings if r["source_key"] in secret and r["value"] is not None)
    now = own.workspace.clock()
    with writing(own.workspace.engine) as db:
        publish(db, [SubjectId(place)], now.date(), now, principal="test")
    n = read_result(run, RULE_FINDINGS, ALL, where=f"subject_id = '{place}'").num_rows
    seen = pa.table({"subject_id": [place], PUBLIC_ONLY: [True]})
    assert [r["n"] for r in count_withheld(run.folder, RULE_FINDINGS, seen, ("subject_id",))] == [n]
    told = f"另有 {n} 条规则结论不对外公布"
    public, administrator = visitor(own.app), own.as_("demo.administrator")
    for address in (f"/regions/{place}?lang=zh", "/rules/findings?lang=zh"):
        assert told in public.get(address).text, address
        assert "不对外公布" not in administrator.get(address).text
    assert f"未公布,{told}" in public.get("/rules/findings.csv?lang=zh").text
    assert "不对外公布" not in administrator.get("/rules/findings.csv?lang=zh").text
    assert count_withheld(run.folder, RULE_FINDINGS, None, ("subject_id",)) == []
