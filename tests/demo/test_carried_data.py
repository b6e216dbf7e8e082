"""The carried real data: the bytes that were given, the rows that come of them, and what is never done to them."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from shuangkong.accounting.tables import BOOK_ENTRIES, REPORTED_VALUES
from shuangkong.app.demo.catalogue import CarriedFile, catalogue, unread_columns
from shuangkong.app.demo.real import Row, entry_rows, reported_rows, total_rows
from shuangkong.kernel.numbers import quantise
from source_tree import ROOT

SHARED = ROOT.parent / "shared" / "data"
DATA = ROOT / "src" / "shuangkong" / "app" / "demo" / "data"
NOW = datetime(2026, 11, 20, tzinfo=UTC)
#: Folders of what is made up for the demonstration: they have a page that says so, and nothing they were copied from.
INVENTED = {"documents"}
ORIGIN = {
    "official_bulletins": "official-dual-control-bulletins",
    "province_gdp_population": "province-gdp-population",
    "province_industry_energy": "province-industry-energy",
    "hebei_energy_balance_2014": "hebei-energy-balance-2014",
}


def by_code(code: str, day: date) -> str:
    """Subjects under their codes."""
    return code


def by_file(carried: CarriedFile) -> str:
    """Sources under their file names."""
    return carried.file


@pytest.fixture(scope="module")
def reported() -> list[Row]:
    """Every published value."""
    return list(reported_rows(catalogue(), by_code, by_file))


@pytest.fixture(scope="module")
def entries() -> list[Row]:
    """Every book entry."""
    return list(entry_rows(catalogue(), by_code, by_file))


def value(rows: list[Row], indicator: str, code: str, period: str) -> Row:
    """The one row of an indicator, region and period."""
    (row,) = [r for r in rows if (r["indicator_id"], r["subject_id"], r["period_key"]) == (indicator, code, period)]
    return row


@pytest.mark.shared
def test_files_are_as_given() -> None:
    """Each carried file has the bytes of the file it was taken from."""
    if not SHARED.is_dir():
        pytest.skip("no folder ../shared beside the checkout")
    for carried in catalogue().files:
        folder, name = carried.file.split("/")
        assert carried.bytes() == (SHARED / ORIGIN[folder] / name).read_bytes(), carried.file


def test_every_file_is_in_the_catalogue() -> None:
    """Nothing is carried without origin, and every set says where it comes from."""
    found = {str(p.relative_to(DATA)) for p in DATA.rglob("*.csv")}
    assert found == {c.file for c in catalogue().files}
    assert all((DATA / name / "SOURCE.md").is_file() for name in ORIGIN)


def test_no_source_page_names_a_place_on_a_machine() -> None:
    """Pages of origin speak of publishers, not of folders."""
    pages = [p.read_text("utf-8") for p in DATA.rglob("SOURCE.md")]
    assert len(pages) == len(ORIGIN) + len(INVENTED)
    assert [w for w in ("../shared", "/work", "/tmp", "/home") for p in pages if w in p] == []


def test_every_column_is_read_or_said_to_be_left() -> None:
    """The catalogue speaks of each column of each file, and of no other."""
    assert [(c.file, unread_columns(c)) for c in catalogue().files if unread_columns(c) != (set(), [])] == []


def test_rows_keep_the_contracts(reported: list[Row], entries: list[Row]) -> None:
    """All rows fit the two contracts: types, keys once, nothing null that must be filled."""
    assert REPORTED_VALUES.from_rows([{**r, "recorded_at": NOW} for r in reported]).num_rows == 2302
    assert BOOK_ENTRIES.from_rows([{**r, "recorded_at": NOW} for r in entries]).num_rows == 5796


def test_published_values_by_indicator(reported: list[Row]) -> None:
    """As many values of each indicator as the files hold cells."""
    counted = Counter(str(r["indicator_id"]) for r in reported)
    assert counted == {
        "population": 620,
        "gdp_growth": 496,
        "energy_total": 310,
        "energy_per_gdp_change": 303,
        "electricity_per_gdp_change": 236,
        "energy_total_growth": 124,
        "energy_per_gdp": 50,
        "energy_per_industrial_value_added_change": 50,
        "energy_per_gdp_warning_grade": 30,
        "energy_total_warning_grade": 30,
        "energy_per_industrial_value_added": 24,
        "electricity_per_gdp": 24,
        "energy_total_increment": 5,
    }


def test_a_known_figure_with_its_row(reported: list[Row]) -> None:
    """Hebei 2018 stands in row 4 of the bulletin as printed, negative for a fall."""
    row = value(reported, "energy_per_gdp_change", "130000", "2018")
    assert (row["value"], row["unit"], row["source_row"]) == (Decimal("-5.89"), "%", 4)
    assert (row["known_on"], row["confidence"]) == (date(2019, 9, 17), "confirmed")
    assert row["note"] == "GDP at 2015 prices"


def test_a_published_fall_is_turned(reported: list[Row]) -> None:
    """Qinghai published falls; the change is their negative, and the region has its code."""
    falls = {
        str(r["subject_id"]): r["value"]
        for r in reported
        if r["source_id"] == "official_bulletins/qinghai_2019_assessment.csv"
        and r["indicator_id"] == "energy_per_gdp_change"
    }
    assert falls == {
        "630100": Decimal("-7.5"),
        "630200": Decimal("-17.36"),
        "632800": Decimal("-4.27"),
        "632500": Decimal("-0.4"),
        "632200": Decimal("-5.17"),
    }


def test_tibet_is_missing_and_never_zero(reported: list[Row]) -> None:
    """Tibet has no value in any bulletin of energy, with the state not_published."""
    rows = [r for r in reported if r["subject_id"] == "540000" and str(r["indicator_id"]).startswith("e")]
    assert len(rows) == 28
    assert {(r["value"], r["note"]) for r in rows} == {(None, "not_published")}


def test_a_gap_of_the_copies_is_told_from_a_gap_of_the_bulletin(reported: list[Row]) -> None:
    """A province blank in 2014 was published but not found, which is another state."""
    assert value(reported, "energy_per_gdp_change", "110000", "2014")["note"] == "not_in_copy"
    assert not [r for r in reported if r["indicator_id"] == "energy_total_growth" and r["period_key"] == "2015"]


def test_the_series_break_travels_with_the_figures(reported: list[Row]) -> None:
    """Every unofficial energy total says on which side of the break of 2018 it stands."""
    rows = [r for r in reported if r["indicator_id"] == "energy_total" and r["value"] is not None]
    sides = {(int(str(r["period_key"])) >= 2018, str(r["note"]).split(":")[0]) for r in rows}
    assert sides == {(True, "series break"), (False, "series break after 2017")}
    assert {r["confidence"] for r in rows} == {"unofficial"}


def test_inferred_row_names_are_marked(reported: list[Row]) -> None:
    """Hebei's rows whose names were lost are inferred, those with a name are confirmed."""
    assert value(reported, "energy_per_gdp", "130200", "2015")["confidence"] == "inferred"
    assert value(reported, "energy_per_gdp", "130200", "2011")["confidence"] == "confirmed"


def test_the_nation_has_its_own_code(reported: list[Row]) -> None:
    """The row of the whole nation, printed without a code, is 000000."""
    assert value(reported, "energy_per_gdp_change", "000000", "2008")["value"] == Decimal("-4.59")


def test_quantities_are_exact_and_fit(entries: list[Row]) -> None:
    """No figure is rounded on the way in."""
    figures = [e["quantity"] for e in entries]
    assert all(isinstance(f, Decimal) and quantise(f) == f for f in figures)


def test_industry_is_not_the_province(entries: list[Row]) -> None:
    """No carried energy has the role that counts as the region's consumption; value is nominal."""
    assert {e["role"] for e in entries if e["book"] == "energy" and not str(e["role"]).startswith("balance:")} == {
        "industry_consumption"
    }
    assert {e["price_base"] for e in entries if e["book"] == "value"} == {"nominal"}
    assert {e["extent"] for e in entries} == {"whole"}


def test_totals_of_industry_are_their_fuels(entries: list[Row]) -> None:
    """The total row of each province and year is the sum of its seventeen fuels, to the last digit given."""
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for e in entries:
        if e["role"] == "industry_consumption" and isinstance(e["quantity"], Decimal):
            sums[str(e["subject_id"]), str(e["period_key"])] += e["quantity"]
    checked = 0
    for carried, _, cells, column, _ in total_rows(catalogue()):
        if carried.file.startswith("province_industry"):
            printed = Decimal(cells[column.column]) * 10000
            assert abs(sums[cells["adcode"], cells["year"]] - printed) <= Decimal("0.1")
            checked += 1
    assert checked == 270


def test_a_value_out_of_the_data_comes_out_once(entries: list[Row]) -> None:
    """Guangdong's product of 2024, beyond what yuan would leave room for, is whole in 10,000 yuan."""
    (row,) = [e for e in entries if (e["item"], e["subject_id"], e["period_key"]) == ("gdp", "440000", "2024")]
    path = Path(DATA / "province_gdp_population" / "province_gdp_population_2005_2024.csv")
    line = path.read_text("utf-8").splitlines()[int(str(row["source_row"])) - 1].split(",")
    assert (line[0], line[2], row["quantity"], row["unit"]) == (
        "440000",
        "2024",
        Decimal(line[3]) * 10000,
        "10k_CNY",
    )
