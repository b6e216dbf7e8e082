"""Pollutant mass: mean concentration × flow of each hour, rounded once; what is missing is missing."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from readings_made import START
from readings_stored import a_lake, put
from rolled_plainly import Row, rounded
from shuangkong.engine.api import Lake
from shuangkong.metering.masses import PER_KILOGRAM, mass, outlet_hours
from shuangkong.metering.meters import Meter, Meters
from shuangkong.metering.rolling import roll_up
from shuangkong.metering.spells import HOUR, MINUTE

EVER, DAY = date(2020, 1, 1), date(2026, 1, 1)


def a_meter(number: int, item: str, unit: str, measures: Any, **other: Any) -> Meter:
    """A meter at the chimney (合成)."""
    return Meter(
        number,
        "u",
        "hj212",
        f"{number}",
        item,
        unit,
        "rate",
        EVER,
        every=10,
        measures=measures,
        outlet="DA001",
        **other,
    )


FLOW = a_meter(11, "flow", "m3", "flow")
NOX = a_meter(12, "nox", "mg/m3", "concentration")
MERCURY = a_meter(13, "hg", "ug/m3", "concentration")


def hours_of(folder: Path, meters: list[Meter], rows: list[Row]) -> list[dict[str, Any]]:
    """The outlet's hours of the first of January after these readings."""
    lake: Lake = a_lake(folder)
    touched = put(lake, rows)
    roll_up(lake, Meters(meters), touched, lake.clock())
    return outlet_hours(lake, Meters(meters), DAY, DAY, lake.clock()).to_pylist()


def tens(number: int, hour: int, values: list[float]) -> list[Row]:
    """Readings each ten minutes of an hour, their times at the end."""
    return [(number, START + hour * HOUR + (n + 1) * 10 * MINUTE, round(v * 1_000_000)) for n, v in enumerate(values)]


def test_an_hour_s_mass_is_mean_concentration_times_flow(tmp_path: Path) -> None:
    """36 000 m³ at 45 mg/m³ on average are 1.62 kg; a trace of mercury is there too."""
    rows = tens(11, 0, [36_000] * 6) + tens(12, 0, [30, 40, 50, 60, 45, 45]) + tens(13, 0, [2.5] * 6)
    found = hours_of(tmp_path, [FLOW, NOX, MERCURY], rows)
    assert [(r["item"], r["quantity"], r["unit"], r["flow"], r["state"]) for r in found] == [
        ("nox", Decimal("1.620000"), "kg", Decimal(36_000), "ok"),
        ("hg", Decimal("0.000090"), "kg", Decimal(36_000), "ok"),
    ]  # fmt: skip
    assert found[0]["measured"] == HOUR


def test_half_an_hour_of_concentration_is_the_mean_of_what_was_measured(tmp_path: Path) -> None:
    """The mean is that of the three readings; how much was measured is told, and judged by the monitoring's rules."""
    rows = tens(11, 0, [36_000] * 6) + tens(12, 0, [30, 40, 50])
    (found,) = hours_of(tmp_path, [FLOW, NOX], rows)
    assert (found["quantity"], found["measured"]) == (Decimal("1.440000"), HOUR // 2)


def test_where_either_is_missing_the_hour_has_no_mass_and_says_why(tmp_path: Path) -> None:
    """Never zero: the first hour lacks flow, the second concentration."""
    found = hours_of(tmp_path, [FLOW, NOX], tens(12, 0, [30] * 6) + tens(11, 1, [100] * 6))
    assert [(r["quantity"], r["state"]) for r in found] == [(None, "no_flow"), (None, "no_concentration")]


def test_two_flows_of_an_outlet_add_up_and_both_must_be_known(tmp_path: Path) -> None:
    """A second duct that says nothing leaves the hour without mass."""
    second = a_meter(14, "flow", "10k_m3", "flow")
    rows = tens(11, 0, [120] * 6) + tens(14, 0, [0.06] * 6) + tens(12, 0, [10] * 6)
    rows += tens(11, 1, [120] * 6) + tens(12, 1, [10] * 6)
    found = hours_of(tmp_path, [FLOW, second, NOX], rows)
    assert [(r["quantity"], r["flow"], r["state"]) for r in found] == [
        (Decimal("0.007200"), Decimal(720), "ok"), (None, None, "no_flow"),
    ]  # fmt: skip


@given(
    st.integers(-(10**12), 10**15), st.integers(1, HOUR), st.integers(-(10**12), 10**15),
    st.sampled_from(sorted(PER_KILOGRAM.values())),
)  # fmt: skip
def test_the_product_is_rounded_once(concentration: int, covered: int, flow: int, per_kilogram: int) -> None:
    """Against fractions: no digit is lost before the one rounding, half away from zero."""
    given_ = (np.array([x], dtype=object) for x in (concentration, covered, flow))
    exact = Fraction(concentration, 10**6) * HOUR / covered * Fraction(flow, 10**6) / per_kilogram
    wanted = rounded(exact * 10**6)
    (found,) = mass(*given_, HOUR, per_kilogram)
    assert int(found) == wanted or abs(wanted) > 10**18 - 1
