"""The list of units: twenty thousand of them from the run's files, and the demo's in the reader's scope."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shuangkong.accounting.api import TOTALS
from shuangkong.app.web.units_list import SPEC, listed
from shuangkong.judgement.api import FINDINGS
from shuangkong.kernel.scope import Scope
from shuangkong.webkit.api import STATUS_ORDER, FileSource, parse_choices, read_part
from web.clients import signed_in, visitor

MANY = 20_000
METHOD = "gbt2589-2020/primary/-/-"


def rows_of(contract: Any, rows: int, **columns: Sequence[object]) -> pa.Table:
    """A table of a contract in which columns that are not named are empty or nought."""
    made = []
    for field in contract.arrow_schema:
        values: Sequence[object] | None = columns.get(field.name)
        if values is None:
            values = [None if field.nullable else _nothing(field.type)] * rows
        made.append(pa.array(values, field.type))
    return pa.Table.from_arrays(made, schema=contract.arrow_schema)


def _nothing(kind: pa.DataType) -> object:
    if pa.types.is_string(kind):
        return ""
    if pa.types.is_boolean(kind):
        return False
    if pa.types.is_date(kind):
        return date(2025, 1, 1)
    return Decimal(0) if pa.types.is_decimal(kind) else 0


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> FileSource:
    """Twenty thousand units; every hundredth missed its limit, every tenth has no energy, unit 7 is out of scope."""
    folder = tmp_path_factory.mktemp("run")
    ids = [f"u{i:05d}" for i in range(MANY)]
    status = ["missed" if i % 100 == 0 else "met" for i in range(MANY)]
    findings = rows_of(
        FINDINGS, MANY, finding_key=[f"f_{i}" for i in ids], subject_id=ids, status=status,
        indicator_id=["product_energy_intensity"] * MANY, value=[Decimal(i + 1) for i in range(MANY)],
        threshold=[Decimal(100)] * MANY, margin=[Decimal(99 - i) for i in range(MANY)], unit=["kgce/t"] * MANY,
    )  # fmt: skip
    pq.write_table(findings, folder / "findings.parquet")
    known = [i for i in range(MANY) if i % 10]
    parts = [(i, part) for i in known for part in ("coal", "electricity")]
    totals = rows_of(
        TOTALS, len(parts), total_key=[f"{i}{part}" for i, part in parts], subject_id=[ids[i] for i, _ in parts],
        method_id=[METHOD] * len(parts), measure=["energy"] * len(parts), level=["subtree"] * len(parts),
        period_kind=["year"] * len(parts), period_key=["2025"] * len(parts), part=[part for _, part in parts],
        amount=[Decimal(i) for i, _ in parts], coverage=[Decimal("0.5") if part == "coal" else Decimal(1)
                                                        for _, part in parts],
    )  # fmt: skip
    pq.write_table(totals, folder / "totals.parquet")
    seen = pa.table({"subject_id": [x for x in ids if x != "u00007"]})
    units = {
        name: pa.array([None] * (MANY - 1), pa.string())
        for name in ("name_en", "place", "region_code", "industry", "industry_code", "industry_zh", "unit_class")
    }
    shown = [x for x in ids if x != "u00007"]
    table = pa.table({
        "subject_id": shown, "code": shown, "name_zh": [f"单位{x}" for x in shown], **units,
        "period": [""] * len(shown), "synthetic": [True] * len(shown),
    })  # fmt: skip
    names = {
        "units": table, "shown": pa.table({"id": findings["finding_key"]}),
        "statuses": pa.table({"id": [s.value for s in STATUS_ORDER], "severity": list(range(len(STATUS_ORDER)))}),
        "one_method": pa.table({"id": [METHOD], "year": ["2025"]}),
    }  # fmt: skip
    return listed(folder, Scope.region("test", "r", None, "any"), seen, names)  # type: ignore[arg-type]


def page(source: FileSource, query: str) -> Any:
    """A page of the list by its address."""
    pairs = [tuple(p.split("=")) for p in query.split("&")] if query else []
    return read_part(source, parse_choices(SPEC, pairs), {})  # type: ignore[arg-type]


def test_all_of_many_units_are_paged(many: FileSource) -> None:
    """The pages hold each unit of the scope once, and what is out of scope is not counted."""
    first = page(many, "size=200")
    assert (first.total, first.pages) == (MANY - 1, 100)
    last = page(many, "size=200&page=100")
    assert len(last.rows) == 199
    assert many.count(()) == MANY - 1
    assert page(many, "q=u00007").total == 0


def test_many_units_are_filtered_and_sorted(many: FileSource) -> None:
    """What missed comes first; a filter, a range and an order answer as plain Python would."""
    assert [r["status"] for r in page(many, "").rows] == ["missed"] * 50
    assert page(many, "status=missed").total == MANY // 100
    assert page(many, "energy_min=39000").total == sum(1 for i in range(MANY) if i % 10 and 2 * i >= 39000)
    assert [r["subject_id"] for r in page(many, "sort=energy").rows[:2]] == ["u19999", "u19998"]
    assert page(many, "sort=excess").rows[0]["subject_id"] == "u19999"
    assert page(many, "q=单位u0012").total == 10


def test_energy_says_how_far_it_is_covered(many: FileSource) -> None:
    """The energy is the sum of its parts with the least coverage of them; without a return it is empty, not nought."""
    one, none = page(many, "q=u00123").rows[0], page(many, "q=u00130").rows[0]
    assert (one["energy"], one["coverage"], one["energy_year"]) == (Decimal(246), Decimal("0.5"), "2025")
    assert (none["energy"], none["coverage"]) == (None, None)


def test_the_demo_lists_every_unit_of_the_scope(pages: Any) -> None:
    """The list of a county is that of the city in that county, and the JSON twin says the same."""
    county = pages.view.by_code["990103"].id
    city = signed_in(pages.app, "demo.officer.990100").get(f"/api/units?region={county}&size=1000").json()
    units = {s.id for s in pages.view.subjects.values() if s.kind == "unit"} & pages.view.within(county)
    assert 0 < city["total"] <= len(units)
    assert {u["subject_id"] for u in city["units"]} <= units
    text = signed_in(pages.app, "demo.officer.990100").get(f"/units?region={county}&status=missed").text
    missed = {u["subject_id"] for u in city["units"] if u["status"] == "missed"}
    assert missed
    assert all(f'href="/units/{u}"' in text for u in missed)


def test_a_neighbours_unit_is_in_no_list(pages: Any) -> None:
    """A county's officer meets no unit of the next county: not by region, search, filter, sort, export or count."""
    client = signed_in(pages.app, "demo.officer.990101")
    view, here, there = pages.view, pages.view.by_code["990101"].id, pages.view.by_code["990102"].id
    own = {s.id for s in view.subjects.values() if s.kind == "unit"} & view.within(here)
    other = next(s for s in view.subjects.values() if s.kind == "unit" and s.id in view.within(there))
    everything = client.get("/api/units?size=1000").json()
    assert {u["subject_id"] for u in everything["units"]} <= own
    for query in (f"region={there}", f"q={other.code}", f"code={other.code}", f"q={other.label.zh}"):
        assert client.get(f"/api/units?{query}").json()["total"] == 0
        assert other.id not in client.get(f"/units?{query}").text
    assert other.id not in client.get("/units.csv").text


def test_the_export_is_the_list(pages: Any) -> None:
    """The file has the same units as the page with exact figures, and the public gets neither."""
    client = signed_in(pages.app, "demo.officer.990100")
    shown = {u["subject_id"]: u for u in client.get("/api/units?size=1000&status=missed").json()["units"]}
    text = client.get("/units.csv?status=missed").text.removeprefix("\ufeff")
    rows = list(csv.reader(io.StringIO(text)))
    head = next(r for r in rows if any(c.endswith(" subject_id") for c in r))
    at = {name: next(i for i, c in enumerate(head) if c.endswith(f" {name}")) for name in ("subject_id", "energy")}
    found = {r[at["subject_id"]]: r[at["energy"]] for r in rows[rows.index(head) + 1 :]}
    assert found == {k: u["energy"] for k, u in shown.items()}
    assert client.get("/units.xlsx?status=missed").content.startswith(b"PK")


@pytest.mark.parametrize("path", ["/units", "/units.csv", "/units.xlsx", "/api/units"])
def test_units_are_not_for_the_public(pages: Any, path: str) -> None:
    """Who may not see files of units sees no list of them either."""
    answer = visitor(pages.app).get(path, follow_redirects=False)
    assert answer.status_code in (303, 401, 403)
    assert answer.status_code != 303 or answer.headers["location"].startswith("/sign-in")


def test_a_period_changes_what_is_listed(pages: Any) -> None:
    """With a period chosen the list says how units stood then, and the year's energy."""
    client = signed_in(pages.app, "demo.officer.990100")
    then = client.get("/api/units?period=2023&size=1000").json()["units"]
    expected = {f.subject_id for f in pages.view.findings if f.period_key == "2023" and f.status == "missed"}
    assert {u["subject_id"] for u in then if u["status"] == "missed"} <= expected
    assert {u["energy_year"] for u in then if u["energy"]} == {"2023"}
