"""Pages of scenarios: a form or a file becomes a job, its result tells who is touched, and the change is handed on."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import pytest

from shuangkong.app.jobs import KINDS
from shuangkong.app.web.whatif_forms import all_fields, overlay_of, shown, slug
from shuangkong.engine.api import jobs
from shuangkong.kernel.errors import UserError
from shuangkong.policy.api import PackSet, builtin_packs
from web.clients import visitor
from web.own import Own, own_demo, post

PACK = "demo-shifanshi-rules@2023"
TABLE = {"pack": PACK, "table": "surcharge", "target": ""}


@pytest.fixture(scope="module")
def own(demo_once: tuple[Path, object], tmp_path_factory: pytest.TempPathFactory) -> Own:
    """A copy of the demo."""
    return own_demo(demo_once, tmp_path_factory)


@pytest.fixture(scope="module")
def fields() -> tuple[PackSet, list[str]]:
    """The packs, and the names of the form's fields."""
    packs = PackSet(builtin_packs())
    return packs, [f.name for f in all_fields(packs, PACK, "surcharge", "")]


def test_the_journey_from_the_form_to_the_file_that_is_handed_on(own: Own) -> None:
    """The journey from the form to the file that is handed on."""
    client = own.as_("demo.administrator")
    form = client.get(f"/whatif/new?pack={PACK}&table=surcharge").text
    assert 'name="p-demo-rules.surcharge-large" value="0.03"' in form
    said = {**TABLE, "p-demo-rules.surcharge-large": "0.06", "name": "dearer", "because": "加价翻番"}
    answer = post(client, "/whatif", "/whatif", **said)
    assert answer.status_code == 303
    waiting = answer.headers["location"]
    assert 'hx-trigger="every 1s"' in client.get(waiting).text
    jobs.work(own.workspace, KINDS, stopping=threading.Event(), once=True)
    made = re.search(r'href="(/whatif/r_\w+)"', client.get(waiting).text)
    assert made is not None
    result = client.get(made.group(1)).text
    assert "加价翻番" in result
    assert "变差" in result
    assert "0.06" in result
    assert "万元" in result
    file = client.get(f"{made.group(1)}/change.yaml")
    assert "attachment" in file.headers["content-disposition"]
    assert "audit_head" in file.text
    again = post(client, "/whatif", "/whatif", text=file.text)
    assert again.headers["location"].endswith("&signed=1")
    touched = post(client, "/whatif", "/whatif", text=file.text.replace("0.06", "0.09"))
    assert touched.headers["location"].endswith("&differs=sha256")
    jobs.work(own.workspace, KINDS, stopping=threading.Event(), once=True)
    second = re.search(r'href="(/whatif/r_\w+)"', client.get(touched.headers["location"]).text)
    assert second is not None
    both = client.get(f"{made.group(1)}?with={second.group(1).rpartition('/')[2]}").text
    assert both.count("<h3>资金</h3>") == 2
    assert client.get(made.group(1), headers={"Accept-Language": "en"}).text.count("loses") > 0
    assert own.as_("demo.reviewer").get(made.group(1)).status_code == 404
    assert own.as_("demo.bank").get(made.group(1)).status_code == 403


def test_what_does_not_fit_is_told_where_it_was_typed(own: Own) -> None:
    """What does not fit is told where it was typed."""
    client = own.as_("demo.administrator")
    unchanged = post(client, "/whatif", "/whatif", **TABLE, name="x", because="y")
    assert unchanged.status_code == 400
    assert "RUN-003" in unchanged.text
    bad = post(client, "/whatif", "/whatif", **TABLE, name="x", because="y", **{"r-large-then-surcharge": "大"})
    assert bad.status_code == 400
    assert 'value="大"' in bad.text
    assert post(client, "/whatif", "/whatif", text="name: [").status_code == 400


def test_the_public_may_not_try(own: Own) -> None:
    """The public may not try."""
    public = visitor(own.app)
    assert public.get("/whatif", follow_redirects=False).status_code in (303, 401, 403)
    assert public.post("/whatif", data={"text": "x"}, follow_redirects=False).status_code in (303, 401, 403)


def test_a_form_becomes_the_change_file_that_a_person_would_write(fields: tuple[PackSet, list[str]]) -> None:
    """A form becomes the change file that a person would write."""
    packs, names = fields
    assert {"p-demo-rules.surcharge-large", "r-large-when-division", "r-key-then-surcharge"} <= set(names)
    sent = {
        "r-large-when-division": '["30"]',
        "r-key-then-surcharge": "{calc: 2 * key_rate * electricity}", "p-demo-rules.surcharge-key": "0.015",
    }  # fmt: skip
    made = overlay_of(all_fields(packs, PACK, "surcharge", ""), sent, "Nur Zement", "试“一试”")
    assert (made.name, made.because) == ("nur-zement", "试“一试”")
    by_entry = {c.row or c.parameter: c.set for c in made.changes}
    assert by_entry["large"] == {"when": {"division": ["30"]}}
    assert str(by_entry["demo-rules.surcharge"]["value"]) == "0.015"
    table = packs.overlay(made).table(PACK, "surcharge")
    assert table.rows[0].when == {"class": "大型", "division": ["30"]}
    emptied = overlay_of(all_fields(packs, PACK, "surcharge", ""), {"r-large-when-class": ""}, "x", "y")
    assert emptied.changes[0].set == {"when": {"class": None}}
    assert table.rows[1].then["surcharge"] == {"calc": "2 * key_rate * electricity"}


def test_nothing_changed_is_no_change_file(fields: tuple[PackSet, list[str]]) -> None:
    """Nothing changed is no change file."""
    packs, _ = fields
    every = all_fields(packs, PACK, "surcharge", "")
    with pytest.raises(UserError):
        overlay_of(every, {f.name: f.text for f in every}, "x", "y")


def test_cells_and_names_as_typed() -> None:
    """Cells and names as typed."""
    assert shown(["a", "b"]) == '["a", "b"]'
    assert shown(True) == "true"
    assert [slug(n) for n in ("A b", "第一", "1x")] == ["a-b", "scenario", "scenario-1x"]


def test_documents_that_ended_are_marked_where_one_is_chosen(own: Own) -> None:
    """A change of what ended touches nobody today: the list says so before one is chosen."""
    rows = own.as_("demo.administrator").get("/whatif/new").text.split("<tr>")
    marked = {key for row in rows for key in re.findall(r"pack=([^\"]+)", row) if "已失效" in row}
    assert "data-centre-plan-2021%402021" in marked
    assert PACK.replace("@", "%40") not in marked
