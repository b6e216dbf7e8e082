"""Why a figure moved: worked cases by hand, exact sums, what is not broken down, noughts, and a second opinion."""

from __future__ import annotations

import csv
import math
from decimal import Decimal as D
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shuangkong.dualcontrol.moved import factors_of, moved
from shuangkong.dualcontrol.moved_model import WHATS, Candidate, End, Whole
from shuangkong.dualcontrol.moved_sums import grouped_parts, shown_effects

_DATA = Path(__file__).parents[2] / "src/shuangkong/app/demo/data/province_industry_energy"
_SIZE = st.decimals("0.1", "100000", places=3)


def end(activity: str | None, energy: dict[str, str], carbon: dict[str, str] | None = None, state: str = "ok") -> End:
    """A part at one time from texts."""
    return End(
        None if activity is None else D(activity), {k: D(v) for k, v in energy.items()},
        {k: D(v) for k, v in (carbon or {}).items()}, state,
    )  # fmt: skip


STEEL = Candidate("steel", end("60", {"coal": "120"}), end("90", {"coal": "144"}))
MACHINES = Candidate("machines", end("40", {"coal": "20"}), end("60", {"coal": "24"}))


def test_growth_and_efficiency_by_hand() -> None:
    """Value added 100 → 150, structure kept, intensity down a fifth: growth adds, intensity takes."""
    found = moved("energy", Whole(), [STEEL, MACHINES])
    weight = 28 / math.log(1.2)
    assert (found.before, found.after, found.change, found.state) == (140, 168, 28, "ok")
    assert found.factors == ("activity", "structure", "intensity")
    assert [float(e) for e in found.effects] == pytest.approx([weight * math.log(1.5), 0, weight * math.log(0.8)])
    assert found.ratios == (D("1.500000"), D("1.000000"), D("0.800000"))
    assert found.ratio == D("1.200000")
    assert [p.id for p in found.parts] == ["steel", "machines"]


def test_an_intensity_is_structure_and_efficiency() -> None:
    """Steel 2.0 → 1.8 tce and services 0.5 → 0.5, shares 50:50 → 40:60: energy per value added falls 1.25 → 1.02."""
    parts = [
        Candidate("steel", end("50", {"coal": "100"}), end("48", {"coal": "86.4"})),
        Candidate("services", end("50", {"coal": "25"}), end("72", {"coal": "36"})),
    ]
    found = moved("energy_intensity", Whole(), parts)
    assert (found.before, found.after, found.change) == (D("1.25"), D("1.02"), D("-0.23"))
    steel, rest = (0.72 - 1.0) / math.log(0.72), (0.30 - 0.25) / math.log(1.2)
    assert [float(e) for e in found.effects] == pytest.approx(
        [steel * math.log(0.8) + rest * math.log(1.2), steel * math.log(0.9)], abs=1e-6
    )
    assert sum(found.effects) == found.change


def test_co2_moves_by_fuel_mix_and_emission_factor_too() -> None:
    """Output and intensity kept, half the coal replaced by gas, cleaner gas: the change is the mix and the factor."""
    part = Candidate(
        "works", end("10", {"coal": "100", "gas": "100"}, {"coal": "266", "gas": "160"}),
        end("10", {"coal": "50", "gas": "150"}, {"coal": "133", "gas": "225"}),
    )  # fmt: skip
    found = moved("co2", Whole(carbon=(D(426), D(358))), [part])
    effects = dict(zip(found.factors, found.effects, strict=True))
    assert (effects["activity"], effects["structure"], effects["intensity"]) == (0, 0, 0)
    gas = (225 - 160) / math.log(225 / 160)
    coal = (133 - 266) / math.log(0.5)
    assert float(effects["mix"]) == pytest.approx(coal * math.log(0.5) + gas * math.log(1.5), abs=1e-6)
    assert float(effects["factor"]) == pytest.approx(gas * math.log(1.5 / 1.6), abs=1e-6)
    assert sum(found.effects) == found.change == -68


def test_what_the_parts_do_not_hold_is_a_part_of_its_own() -> None:
    """A region of 200 → 260 of which the parts are 140 → 168: 32 is not broken down, and the share held is said."""
    found = moved("energy", Whole(energy=(D(200), D(260))), [STEEL, MACHINES])
    assert (found.rest_ends, found.rest, found.state) == ((60, 92), 32, "partial")
    assert sum(found.effects) + found.rest == found.change == 60
    assert found.covered == (D("0.700000"), D("0.646154"))
    product = D(1)
    for ratio in (*found.ratios, found.rest_ratio):
        assert ratio is not None
        product *= ratio
    assert abs(product - D("1.3")) < D("0.00001")


def test_parts_that_lack_something_are_named_and_go_to_the_rest() -> None:
    """No activity, no energy, a return missing, energy without activity, a negative amount: each is named."""
    others = [
        Candidate("a", end(None, {"coal": "1"}), end("1", {"coal": "1"})),
        Candidate("b", end("1", {}, state="no_energy"), end("1", {"coal": "1"})),
        Candidate("c", end("1", {"coal": "1"}), end("1", {"coal": "1"}, state="partial")),
        Candidate("d", end("0", {"coal": "1"}), end("1", {"coal": "1"})),
        Candidate("e", end("1", {"coal": "-1"}), end("1", {"coal": "1"})),
        Candidate("f", end("1", {"coal": "1"}), end("1", {"coal": "1"}), why_not="several_products"),
    ]
    whole = Whole(energy=(D(145), D(176)))
    found = moved("energy", whole, [STEEL, MACHINES, *others])
    assert {x.id: x.reason for x in found.left_out} == {
        "a": "no_activity", "b": "no_energy", "c": "partial", "d": "no_intensity", "e": "negative",
        "f": "several_products",
    }  # fmt: skip
    assert found.rest_ends == (5, 8)
    assert moved("energy", whole, others).needs == (
        "no_activity", "no_energy", "partial", "no_intensity", "negative", "several_products",
    )  # fmt: skip
    assert [p.id for p in moved("energy", whole, others, partial=True).parts] == ["c"]


def test_a_fuel_without_co2_is_named_and_never_counts_as_nought() -> None:
    """Electricity has no factor: it is left out by name, and the share of energy whose CO2 is known is said."""
    part = Candidate(
        "works", end("10", {"coal": "60", "electricity": "40"}, {"coal": "160"}),
        end("10", {"coal": "50", "electricity": "50"}, {"coal": "133"}),
    )  # fmt: skip
    found = moved("co2", Whole(), [part])
    assert [(x.id, x.fuel, x.reason) for x in found.left_out] == [("works", "electricity", "no_carbon")]
    assert (found.before, found.after, found.state) == (160, 133, "partial")
    assert found.fuelled == (D("0.600000"), D("0.500000"))


def test_what_appears_or_vanishes_is_borne_by_the_factor_that_was_nought() -> None:
    """A new industry is structure, a new fuel is mix: its intensity and factor are taken as at the other end."""
    new = Candidate("new", end("0", {}), end("50", {"coal": "30"}))
    found = moved("energy", Whole(), [STEEL, new])
    row = next(p for p in found.parts if p.id == "new")
    assert (row.effects, row.zeros) == ((0, 30, 0), ("structure",))
    fuel = Candidate("works", end("10", {"coal": "100"}, {"coal": "266"}),
                     end("10", {"coal": "100", "gas": "20"}, {"coal": "266", "gas": "32"}))  # fmt: skip
    found = moved("co2", Whole(), [fuel])
    assert found.parts[0].zeros == ("mix",)
    assert sum(found.effects) == 32
    product = Candidate("works", end("0", {}), end("5", {"coal": "7"}), basket="clinker")
    found = moved("energy", Whole(), [STEEL, product])
    assert next(p for p in found.parts if p.id == "works").effects == (7, 0, 0)


def test_what_cannot_be_said_is_insufficient() -> None:
    """Parts above their whole, intensities of unlike products, no activity at all: refused with what is needed."""
    assert moved("energy", Whole(energy=(D(1), D(1))), [STEEL]).needs == ("parts_exceed_whole",)
    tonnes = [Candidate(x, end("1", {"c": "1"}), end("1", {"c": "1"}), basket=x) for x in ("steel", "glass")]
    assert moved("energy_intensity", Whole(), tonnes).needs == ("common_activity",)
    idle = Candidate("idle", end("0", {}), end("5", {"c": "1"}))
    assert moved("energy_intensity", Whole(), [idle]).needs == ("no_activity",)
    assert moved("energy", Whole(), []).needs == ("parts",)


@settings(max_examples=1000, deadline=None)
@given(
    st.lists(st.tuples(*[_SIZE] * 10), min_size=1, max_size=5), st.sampled_from(WHATS),
    st.tuples(_SIZE, _SIZE), st.integers(0, 4),
)  # fmt: skip
def test_every_figure_sums_to_the_last_digit(
    rows: list[tuple[D, ...]], what: str, more: tuple[D, D], places: int
) -> None:
    """Effects and the rest sum to the change, those of a part to its change, groups to all, and rounded ones too."""
    parts = [
        Candidate(str(n), End(r[0], {"a": r[2], "b": r[3]}, {"a": r[6], "b": r[7]}),
                  End(r[1], {"a": r[4], "b": r[5]}, {"a": r[8], "b": r[9]})) for n, r in enumerate(rows)
    ]  # fmt: skip
    sums = [sum((sum(r[i] for i in c) for r in rows), D(0)) + m for c, m in (((2, 3), more[0]), ((4, 5), more[1]))]
    carbon = [sum((sum(r[i] for i in c) for r in rows), D(0)) + m for c, m in (((6, 7), more[0]), ((8, 9), more[1]))]
    found = moved(what, Whole((sums[0], sums[1]), (carbon[0], carbon[1])), parts)  # type: ignore[arg-type]
    assert found.factors == factors_of(what)  # type: ignore[arg-type]
    assert sum(found.effects) + found.rest == found.change
    assert sum(p.change for p in found.parts) + found.rest == found.change
    if not what.endswith("intensity"):
        assert all(p.change == p.after - p.before for p in found.parts)
    groups = grouped_parts(found, {str(n): str(n % 2) for n in range(len(rows))})
    assert tuple(sum(g.effects[n] for g in groups) for n in range(len(found.factors))) == found.effects
    before, after, shown = shown_effects(found, places)
    assert before + sum(shown) == after


@given(st.permutations(["a", "b", "c"]))
def test_names_and_order_change_no_figure(names: list[str]) -> None:
    """The same parts under other names and in another order give the same effects."""
    ends = [(end("7", {"c": "3.1"}), end("9", {"c": "4.7"})), (end("2", {"c": "8"}), end("3", {"c": "1"})),
            (end("5", {"c": "2"}), end("5", {"c": "2.5"}))]  # fmt: skip
    first = moved("energy", Whole(), [Candidate(n, *e) for n, e in zip("abc", ends, strict=True)])
    other = moved("energy", Whole(), [Candidate(n, *e) for n, e in zip(names, reversed(ends), strict=True)])
    assert other.effects == first.effects


def _provinces(year: int) -> tuple[dict[str, float], dict[str, float]]:
    """Energy in 10⁴ tce and value added in 10⁸ yuan by province, as the carried files have them."""
    energy: dict[str, float] = {}
    with (_DATA / "province_industry_energy_2006_2014.csv").open(encoding="utf-8-sig") as file:
        for r in csv.DictReader(file):
            if int(r["year"]) == year and r["fuel"] != "总量":
                energy[r["adcode"]] = energy.get(r["adcode"], 0.0) + float(r["energy_10k_tce"])
    with (_DATA / "province_industry_value_added_2006_2014.csv").open(encoding="utf-8-sig") as file:
        rows = [r for r in csv.DictReader(file) if int(r["year"]) == year]
    return energy, {r["adcode"]: float(r["industry_value_added_100m_cny"]) for r in rows}


def test_provincial_industry_of_2006_to_2014_by_a_second_way_of_computing() -> None:
    """Thirty provinces as parts of the nation: effects in plain doubles, by the formula as printed, agree."""
    (e0, y0), (e1, y1) = _provinces(2006), _provinces(2014)
    assert len(e0) == len(y0) == len(e1) == 30
    parts = [Candidate(c, end(str(y0[c]), {"": f"{e0[c]:.6f}"}), end(str(y1[c]), {"": f"{e1[c]:.6f}"})) for c in e0]
    found = moved("energy", Whole(), parts)
    total0, total1 = math.fsum(y0.values()), math.fsum(y1.values())
    weight = {c: (e1[c] - e0[c]) / math.log(e1[c] / e0[c]) for c in e0}
    plain = (
        math.fsum(weight[c] * math.log(total1 / total0) for c in e0),
        math.fsum(weight[c] * math.log((y1[c] / total1) / (y0[c] / total0)) for c in e0),
        math.fsum(weight[c] * math.log((e1[c] / y1[c]) / (e0[c] / y0[c])) for c in e0),
    )
    assert [float(e) for e in found.effects] == pytest.approx(plain, abs=1e-5)
    # 10⁴ tce: nominal growth adds 15.9 亿吨, intensity at current prices takes 9.7 亿吨
    assert [round(float(e)) for e in found.effects] == [159424, 5459, -96826]
    assert (round(float(found.before)), round(float(found.after))) == (129296, 197353)
