"""Registers of meters from sheets: heads as people write them, refusals by cell, whole or not at all, in scope."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from registry.made_up import made_up_unit, made_up_uscc
from shuangkong.engine.api import Workspace, reading, writing
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.kernel.scope import Scope
from shuangkong.registry.api import (
    MeterReport,
    MeterSpell,
    StationEntry,
    ensure_regions,
    import_meters,
    meter_schema,
    meter_spells,
    register_stations,
    register_unit,
    sheets,
)

EVERYTHING = Scope.all("test")
ITEMS = {"电力": "electricity", "天然气": "natural_gas", "COD": "w01018"}
HEADS = (
    "统一社会信用代码",
    "表号",
    "计量介质",
    "计量单位",
    "采集类型",
    "综合倍率",
    "最大示数",
    "采集周期",
    "上级表号",
    "启用日期",
)
ROWS = (
    (made_up_uscc(1), "E01", "电力", "千瓦时", "示数", "4000", "1000000", "15分钟", "", "2026-01-01"),
    (made_up_uscc(1), "E02", "电力", "度", "表底", "40", "1000000", "15", "E01", "2026年1月1日"),
    ("合成单位2", "G01", "天然气", "立方米", "区间值", "", "", "60", "", "2026/1/1"),
)  # fmt: skip


def item(text: str) -> object:
    """A carrier or a reason."""
    return ITEMS.get(text) or sheets.Reason("unknown_item", Label("不认识", "is not known"), Label("改正", "mend it"))


def csv_of(rows: tuple[tuple[str, ...], ...] = ROWS, heads: tuple[str, ...] = HEADS) -> bytes:
    """A file as a meter's register is handed in."""
    out = io.StringIO()
    csv.writer(out).writerows([heads, *rows])
    return out.getvalue().encode("gb18030")


def put(
    workspace: Workspace, content: bytes, scope: Scope = EVERYTHING, *, name: str = "计量器具.csv", reason: str = "",
    dry_run: bool = False,
) -> MeterReport:  # fmt: skip
    """Import it."""
    return import_meters(
        workspace, content, meter_schema(item), name=name, scope=scope, reason=reason, synthetic=True, dry_run=dry_run
    )


def standing(workspace: Workspace) -> tuple[MeterSpell, ...]:
    """What is registered."""
    with reading(workspace.engine) as db:
        return meter_spells(db, EVERYTHING, workspace.clock())


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A workspace with two units in two districts."""
    made = Workspace.create(tmp_path / "w")
    with writing(made.engine) as db:
        ensure_regions(db, made.clock(), ["130102", "130202"])
        for n, region in ((1, "130102"), (2, "130202")):
            register_unit(db, made_up_unit(n, region), made.clock(), principal="test")
    return made


def test_a_register_as_it_is_handed_in_is_taken(workspace: Workspace) -> None:
    """Its own heads, words, units and dates are understood; a second time it changes nothing; it is in the log."""
    done = put(workspace, csv_of())
    assert done.refusals == ()
    assert (done.committed, done.rows, done.count("new")) == (True, 3, 3)
    first, second, gas = standing(workspace)
    assert (first.code, first.item, first.unit, first.kind) == ("E01", "electricity", "kWh", "register")
    assert (first.factor, first.modulus, first.every, first.valid_from) == (4000, 1_000_000, 15, date(2026, 1, 1))
    assert (second.parents, second.unit, second.synthetic) == ((first.number,), "kWh", True)
    assert (gas.kind, gas.every, gas.factor, gas.unit, gas.modulus) == ("interval", 60, 1, "m3", None)
    assert gas.subject_id != first.subject_id
    again = put(workspace, csv_of())
    assert (again.count("unchanged"), again.writes) == (3, 0)


def test_the_template_takes_what_is_filled_in_with_full_width_and_merged_cells(workspace: Workspace) -> None:
    """Of an xlsx the unit may stand in one merged cell for its meters, and digits may be full width."""
    book = openpyxl.load_workbook(io.BytesIO(sheets.template(meter_schema(item))))
    page = book.worksheets[0]
    heads = [str(c.value).split("（")[0].strip("* ") for c in page[1]]
    rows = (("Ｅ０１", "４０"), ("E02", "1"))
    for n, (code, factor) in enumerate(rows, start=3):
        given = {"用能单位": made_up_uscc(1) if n == 3 else None, "器具编号": code, "能源品种或污染物": "电力",
                 "计量单位": "kWh", "读数类型": "表底", "倍率": factor, "起始日期": "2026-01-01"}  # fmt: skip
        for head, value in given.items():
            page.cell(n, heads.index(head) + 1, value)
    owner = heads.index("用能单位") + 1
    page.merge_cells(start_row=3, end_row=4, start_column=owner, end_column=owner)
    out = io.BytesIO()
    book.save(out)
    done = put(workspace, out.getvalue(), name="m.xlsx")
    assert done.refusals == ()
    assert [(s.code, s.factor) for s in standing(workspace)] == [("E01", 40), ("E02", 1)]


@pytest.mark.parametrize(
    ("row", "field", "code"),
    [
        (("火星厂", "E09", "电力", "kWh", "表底", "1", "", "15", "", "2026-01-01"), "owner", "unknown_unit"),
        ((made_up_uscc(1), "E09", "蒸汽机", "kWh", "表底", "1", "", "15", "", "2026-01-01"), "item", "unknown_item"),
        ((made_up_uscc(1), "E09", "电力", "桶", "表底", "1", "", "15", "", "2026-01-01"), "unit", "unknown_unit"),
        ((made_up_uscc(1), "E09", "电力", "kWh", "大概", "1", "", "15", "", "2026-01-01"), "kind", "unknown_choice"),
        ((made_up_uscc(1), "E09", "电力", "kWh", "", "1", "", "15", "", "2026-01-01"), "kind", "missing"),
        ((made_up_uscc(1), "E09", "电力", "kWh", "表底", "0", "", "15", "", "2026-01-01"), "factor", "not_positive"),
        ((made_up_uscc(1), "E09", "电力", "kWh", "区间值", "1", "99", "15", "", "2026-01-01"), "modulus", "modulus"),
        ((made_up_uscc(1), "E09", "电力", "kWh", "表底", "1", "", "常常", "", "2026-01-01"), "every", "not_minutes"),
        ((made_up_uscc(1), "E9", "电力", "kWh", "表底", "1", "", "15", "X", "2026-01-01"), "parents", "unknown_parent"),
        ((made_up_uscc(1), "E09", "电力", "kWh", "表底", "1", "", "15", "E09", "2026-01-01"), "parents", "circle"),
        (ROWS[0], "code", "duplicate"),
    ],
)  # fmt: skip
def test_a_wrong_cell_is_refused_with_its_row_and_nothing_is_written(
    workspace: Workspace, row: tuple[str, ...], field: str, code: str
) -> None:
    """Each is named with row, column, reason and remedy in both languages; of the file nothing is registered."""
    done = put(workspace, csv_of((*ROWS, row)))
    assert not done.committed
    (refusal,) = done.refusals[-1:]
    assert (refusal.row, refusal.code) == (5, code)
    assert refusal.field in (field, "owner")
    assert refusal.reason("zh") != refusal.reason("en")
    assert refusal.remedy("zh")
    assert standing(workspace) == ()


def test_a_dry_run_says_what_would_happen_and_writes_nothing(workspace: Workspace) -> None:
    """The counts are those of the import itself."""
    assert put(workspace, csv_of(), dry_run=True).count("new") == 3
    assert standing(workspace) == ()


def test_a_corrected_factor_wants_a_reason(workspace: Workspace) -> None:
    """IMP-005 without one; with it the row is corrected."""
    put(workspace, csv_of())
    right = csv_of(((*ROWS[0][:5], "400", *ROWS[0][6:]),))
    with pytest.raises(UserError, match="IMP-005"):
        put(workspace, right)
    assert put(workspace, right, reason="变比抄错").count("corrected") == 1
    assert standing(workspace)[0].factor == 400


def test_an_exchange_of_registers_comes_as_a_row(workspace: Workspace) -> None:
    """换表: the day, what the new register began with, and what the old one showed."""
    put(workspace, csv_of())
    heads = ("单位代码", "表号", "换表日期", "起度", "旧表止度")
    done = put(workspace, csv_of(((made_up_uscc(1), "E01", "2026-06-01", "0", "9321.5"),), heads))
    assert done.refusals == ()
    assert done.count("changed") == 1
    old, new = (s for s in standing(workspace) if s.code == "E01")
    assert (old.valid_to, old.last_reading, new.first_reading) == (date(2026, 6, 1), Decimal("9321.5"), 0)
    assert new.factor == 4000


def test_who_writes_for_one_unit_registers_no_meter_of_another(workspace: Workspace) -> None:
    """Another's unit is refused in the words of one that is not registered."""
    own = put(workspace, csv_of(ROWS[:1]))
    unit = standing(workspace)[0].subject_id
    assert own.committed
    done = put(workspace, csv_of(ROWS[2:]), Scope.unit("u", unit))
    assert [r.code for r in done.refusals] == ["unknown_unit"]


def test_a_channel_of_a_station_is_its_units_alone(workspace: Workspace) -> None:
    """Where an MN is registered, only its own unit's meters may be on its channels."""
    put(workspace, csv_of(ROWS[:1]))
    unit = standing(workspace)[0].subject_id
    with writing(workspace.engine) as db:
        mine = StationEntry("MN1", date(2026, 1, 1), unit, password="123456")
        register_stations(db, [mine], workspace.clock(), principal="test")
    heads = ("单位代码", "表号", "污染物", "计量对象", "排放口", "计量单位", "采集类型", "接入方式", "通道", "启用日期")
    row = ("P01", "COD", "浓度", "DW001", "mg/L", "瞬时", "HJ212", "MN1/w01018-Avg/2061", "2026-01-01")
    assert [r.code for r in put(workspace, csv_of((("合成单位2", *row),), heads)).refusals] == ["not_its_station"]
    done = put(workspace, csv_of(((made_up_uscc(1), *row),), heads))
    assert done.refusals == ()
    meter = standing(workspace)[-1]
    assert (meter.source, meter.channel, meter.unit) == ("hj212", "MN1/w01018-Avg/2061", "mg/L")
    assert (meter.measures, meter.outlet, meter.item) == ("concentration", "DW001", "w01018")
