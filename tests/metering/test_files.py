"""Files of readings: mappings, wrong columns, and a real year of a steel works with its documented slips."""

from __future__ import annotations

import csv
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shuangkong.kernel.errors import UserError
from shuangkong.metering.checks import Rules, Sign, checked
from shuangkong.metering.files import batches, read_map
from shuangkong.metering.meters import Meter, Meters
from shuangkong.metering.model import Batch
from shuangkong.metering.tiles import Columns, hours, newest

STEEL = Path(__file__).parents[3] / "shared" / "data" / "uci-steel-15min" / "Steel_industry_data.csv"
LONG = "meter: {column: 表号}\nat: {column: 时间}\nvalues: [{column: 读数}]\nmark: {column: 标记}\n"
ROWS = [["E01", "2026/1/1 0:15", "1.5", "N"], ["E02", "2026/1/1 24:00", "--", ""], ["E01", "昨天", "2", ""]]


def made_map(folder: Path, text: str) -> Path:
    """A mapping file."""
    path = folder / "map.yaml"
    path.write_text(text, "utf-8")
    return path


def columns_of(found: list[Batch]) -> Columns:
    """All batches as columns of meter 1."""
    at, value = (np.concatenate([getattr(b, name) for b in found]) for name in ("at", "value"))
    n = len(at)
    return Columns(np.ones(n, np.int64), at, value, np.arange(n, dtype=np.int64), np.zeros(n, np.int64))


@pytest.mark.parametrize("form", ["csv", "gb18030", "xlsx", "parquet"])
def test_forms_say_the_same(tmp_path: Path, form: str) -> None:
    """A sheet with a title above its head, CSV in both encodings, Parquet: the same readings and the same refusal."""
    heads = ["表号", "时间", "读数", "标记"]
    path = tmp_path / f"readings.{'csv' if form == 'gb18030' else form}"
    if form == "xlsx":
        book = openpyxl.Workbook()
        sheet = book.active
        assert sheet is not None
        for row in (["抄表记录（合成）"], heads, *ROWS):
            sheet.append(row)
        book.save(path)
    elif form == "parquet":
        pq.write_table(pa.table({h: [r[n] for r in ROWS] for n, h in enumerate(heads)}), path)
    else:
        text = "\n".join(",".join(r) for r in [heads, *ROWS])
        path.write_text(text, "gb18030" if form == "gb18030" else "utf-8-sig")
    (found,) = batches(path, read_map(made_map(tmp_path, LONG)), "u1")
    rows = zip(found.channel, found.value, found.mark, strict=True)
    told = [(found.channels[c], int(v), int(m)) for c, v, m in rows]
    assert told == [("E01", 1_500_000, ord("N")), ("E02", -(2**63), 0)]
    assert int(found.at[1] - found.at[0]) == (24 * 60 - 15) * 60_000_000
    assert [(r.row, r.why, r.said) for r in found.refused] == [(3, "time_unreadable", "昨天")]


def test_the_same_file_has_the_same_ids(tmp_path: Path) -> None:
    """Handed in twice it changes nothing; with another content its posts are others."""
    path = tmp_path / "a.csv"
    mapping = read_map(made_map(tmp_path, LONG))
    path.write_text("表号,时间,读数,标记\nE01,2026-01-01 00:15,1,\n", "utf-8")
    one = [b.batch for b in batches(path, mapping, "u")]
    assert one == [b.batch for b in batches(path, mapping, "u")]
    path.write_text("表号,时间,读数,标记\nE01,2026-01-01 00:15,2,\n", "utf-8")
    assert not set(one) & {b.batch for b in batches(path, mapping, "u")}


def test_a_mapping_put_right_hands_the_file_in_anew(tmp_path: Path) -> None:
    """Read by another mapping it is another post: the id of the first is not used for other readings."""
    path = tmp_path / "a.csv"
    path.write_text("时间,读数\n2026-01-01 00:00,1\n", "utf-8")
    text = "at: {column: 时间, midnight: %s}\nvalues: [{column: 读数, channel: E01}]"
    (wrong,) = batches(path, read_map(made_map(tmp_path, text % "day_start")), "u")
    (right,) = batches(path, read_map(made_map(tmp_path, text % "day_end")), "u")
    assert wrong.batch != right.batch
    assert int(right.at[0] - wrong.at[0]) == 24 * 3_600_000_000


def test_narrow_floats_keep_their_digits(tmp_path: Path) -> None:
    """A column of 32 bits says 123.456, not the digits that 64 bits need for it; NaN is no value."""
    path = tmp_path / "a.parquet"
    heads: dict[str, Any] = {"表号": ["E01"] * 3, "时间": ["2026-01-01 00:15"] * 3, "标记": ["N"] * 3}
    pq.write_table(pa.table(heads | {"读数": pa.array([123.456, None, 0.1], pa.float32())}), path)
    (found,) = batches(path, read_map(made_map(tmp_path, LONG)), "u")
    assert found.value.tolist() == [123_456_000, -(2**63), 100_000]


def test_a_row_with_more_cells_than_heads_is_refused(tmp_path: Path) -> None:
    """1,234.5 without quotes is no reading of 1; blank cells at the end of a row do no harm."""
    path = tmp_path / "a.csv"
    path.write_text("表号,时间,标记,读数\nE01,2026-01-01 00:15,N,1,234.5\nE01,2026-01-01 00:30,N,2,\n", "utf-8")
    (found,) = batches(path, read_map(made_map(tmp_path, LONG)), "u")
    assert found.value.tolist() == [2_000_000]
    assert [(r.row, r.why) for r in found.refused] == [(1, "columns_too_many")]


@pytest.mark.parametrize(
    "text",
    [
        "", "- 1", "at: {column: a}", "at: {column: a}\nvalues: [{column: b}]", "at: {columm: a}\nvalues: []",
        "at: {column: a, midnight: noon}\nvalues: [{column: b, channel: c}]", "at: [",
        "at: {column: a}\nmeter: {column: m}\nvalues: [{column: b, channel: c}]",
    ],
)  # fmt: skip
def test_a_mapping_that_is_not_whole_is_refused(tmp_path: Path, text: str) -> None:
    """With its name and what is wrong."""
    with pytest.raises(UserError, match="ING-005") as wrong:
        read_map(made_map(tmp_path, text))
    assert wrong.value.where == "map.yaml"


def test_a_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    """And the columns that are."""
    path = tmp_path / "a.csv"
    path.write_text("表号,时刻\nE01,2026-01-01\n", "utf-8")
    with pytest.raises(UserError, match="ING-005") as wrong:
        list(batches(path, read_map(made_map(tmp_path, LONG)), "u"))
    assert all(name in str(wrong.value) for name in ("时间", "读数", "标记", "时刻"))


@pytest.mark.skipif(not STEEL.exists(), reason="the public sample is not beside the checkout")
def test_a_real_year_of_a_steel_works_is_exact(tmp_path: Path) -> None:
    """35 040 quarter-hours of 2018, 24:00 written as 00:00: every hour measured, the year's sum to the last digit.

    Taken as written, no gap would show: each midnight's reading would stand at the beginning of its day, not its end,
    and the first in the year before.
    """
    text = (
        'at: {column: date, format: "%d/%m/%Y %H:%M", midnight: day_end}\nvalues: [{column: Usage_kWh, channel: E01}]\n'
    )
    found = list(batches(STEEL, read_map(made_map(tmp_path, text)), "public sample"))
    with STEEL.open(encoding="utf-8-sig", newline="") as file:
        printed = [Decimal(r["Usage_kWh"]) for r in csv.DictReader(file)]
    meters = Meters([Meter(1, "m", "u", "E01", "electricity", "kWh", "interval", date(2018, 1, 1), system="s")])
    rows = newest(columns_of(found))
    year, _ = hours(rows, meters)
    assert len(rows.at) == len(printed) == 35_040
    assert len(year.hour) == 8_760
    assert set(year.measured.tolist()) == {3_600_000_000}
    assert Decimal(int(year.quantity.sum())).scaleb(-6) == sum(printed)
    signs = checked(rows, meters, {"s": Rules(gap=Decimal("1.5"))})
    assert signs.count(Sign.GAP) == 0
    as_written = read_map(made_map(tmp_path, text.replace("day_end", "day_start")))
    misread, _ = hours(newest(columns_of(list(batches(STEEL, as_written, "p")))), meters)
    assert misread.hour[0] == year.hour[0] - 3_600_000_000
