"""Pages of projects and of what rules say: list, one project, exports, the interface, and who sees what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shuangkong.app.web import create_app
from shuangkong.engine.api import Workspace
from shuangkong.registry.api import project_id
from web.clients import signed_in, visitor

GLASS, OPEN = project_id("HC-990101-02"), project_id("HC-990101-06")


@pytest.fixture(scope="module")
def app(demo_once: tuple[Path, object]) -> Any:
    """The application over the demo."""
    return create_app(Workspace.open(demo_once[0]))


def test_the_list_tells_the_worst_answer_first_and_can_be_narrowed(app: Any) -> None:
    """What is adverse comes first; a stage and a region leave those alone that fit."""
    client = signed_in(app, "demo.administrator")
    page = client.get("/projects").text
    assert page.index("不利") < page.index("需注意")
    assert "合成东丘区平板玻璃窑炉扩建项目" in page
    data = client.get("/api/projects?size=100").json()
    assert data["total"] == 24
    ranks = [r["rank"] for r in data["projects"]]
    assert ranks == sorted(ranks)
    planned = client.get("/api/projects?stage=拟建").json()
    assert {r["stage"] for r in planned["projects"]} == {"拟建"}
    assert 0 < planned["total"] < 24


def test_one_project_shows_decisions_reasons_what_is_missing_and_the_next_step(app: Any) -> None:
    """The page leads with the worst answer and its reason, and names what an open one waits for."""
    client = signed_in(app, "demo.officer.990101")
    bad = client.get(f"/projects/{GLASS}").text
    assert "下一步" in bad
    assert "的结论不利" in bad
    assert "/rules/findings/" in bad
    assert "年综合能源消费量（等价值）" in bad
    missing = client.get(f"/projects/{OPEN}").text
    assert "尚缺的资料" in missing
    assert "已认定为“两高”项目" in missing
    english = client.get(f"/projects/{OPEN}?lang=en").text
    assert "What is missing" in english
    assert client.get("/projects/s_none").status_code == 404


def test_who_sees_which_projects_follows_units(app: Any) -> None:
    """Another county's officer, a bank without consent and the public see none of it; the owner sees its own."""
    other = signed_in(app, "demo.officer.990102")
    assert other.get(f"/projects/{GLASS}").status_code == 404
    assert "HC-990101" not in other.get("/projects").text
    assert signed_in(app, "demo.bank").get(f"/projects/{GLASS}").status_code == 404
    assert visitor(app).get("/projects", follow_redirects=False).status_code in (303, 401, 403)
    public = visitor(app).get("/rules/findings?kind=project&region=").text
    assert "合成东丘区平板玻璃" not in public


def test_projects_and_findings_of_rules_are_exported_with_words_and_codes(app: Any) -> None:
    """CSV and xlsx of projects and of rules hold the rows of the page, with the marks of synthetic rows."""
    client = signed_in(app, "demo.officer.990101")
    listed = client.get("/projects.csv").text
    assert listed.count("HC-990101-") == 6
    assert "合成" in listed
    assert client.get("/projects.xlsx").content[:2] == b"PK"
    rules = client.get("/rules/findings.csv?region=&kind=project&signal=bad").text
    assert "不利" in rules
    assert "project-entry" in rules
    assert client.get("/rules/findings.xlsx?region=&kind=project").content[:2] == b"PK"
    found = client.get("/api/rule-findings?kind=project&signal=bad&size=100").json()
    assert found["total"] == rules.count("demo-shifanshi-rules") + rules.count("energy-review") + rules.count(
        "carbon-p"
    )
    assert {r["signal"] for r in found["findings"]} == {"bad"}


def test_what_changed_of_rules_is_listed_and_exported(app: Any) -> None:
    """The first run opens everything; the page says that there is nothing to compare with."""
    client = signed_in(app, "demo.administrator")
    page = client.get("/rules/changes").text
    assert "新增" in page
    data = client.get("/api/rule-changes?kind=project&size=1000").json()
    assert {r["change"] for r in data["changes"]} == {"opened"}
    assert {r["turn"] for r in data["changes"]} <= {"red", "same"}
    assert client.get("/rules/changes.csv?kind=project").text.count("s_") >= data["total"]
