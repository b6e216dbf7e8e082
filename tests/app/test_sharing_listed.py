"""Listed projects in a published decomposition: in cap and rate, or in neither; whoever uses all it may meets both."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_FLOOR
from decimal import Decimal as D
from typing import Any

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from shuangkong.app.sharing_pack import Facts, Listed, pack_files
from shuangkong.dualcontrol.api import Plan, SharedOut, outcome, plan_from, rate_with_listed

BASE: dict[str, Any] = {
    "title": "分解（合成）", "region": "990100", "base_year": "2025", "end_year": "2030", "rate": "14", "growth": "5",
    "method": "equal", "synthetic": True, "spread": "3", "most": "1", "below": "6", "above": "40", "step": "0.1",
    "weights": {}, "directions": {},
}  # fmt: skip


def plan(*listed: str, kind: str = "regions", codes: tuple[str, ...] = ("990101", "990102")) -> Plan:
    """Two parts of 100 000 tce that grow by 5 % a year, with these listed projects."""
    rows = [
        {"code": c, "name": c, "energy": "100000", "growth": "5", "apart": a}
        for c, a in zip(codes, listed, strict=True)
    ]
    return plan_from({**BASE, "kind": kind, "energy": "200000", "parts": rows})


def targets(made: Plan, listed: Listed = "deducted") -> dict[str, dict[str, Any]]:
    """The targets of the pack by slug."""
    facts = Facts("local.t", "2026", "分解（合成）", "合成", "city", date(2026, 1, 1), listed=listed)
    files = pack_files(made, outcome(made), facts, date(2026, 1, 1), "0" * 64)
    return {t["slug"]: t for t in yaml.safe_load(files["targets.yaml"])}


def test_national_projects_are_in_neither_and_local_ones_in_both() -> None:
    """5 000 tce listed: without them the cap is what may be used and the rate the share's; with them both move."""
    made = plan("5000", "0")
    found = outcome(made).base
    assert isinstance(found, SharedOut)
    first, second = found.shares
    off, in_ = targets(made), targets(made, "counted")
    floor = {"rounding": ROUND_FLOOR}
    assert D(str(off["energy-total.990101"]["value"])) == first.allowed.to_integral_value(**floor)
    assert D(str(off["energy-per-gdp.990101"]["value"])) == first.rate
    assert D(str(in_["energy-total.990101"]["value"])) == (first.allowed + 5000).to_integral_value(**floor)
    # 100 000 × 1.05⁵ = 127 628.16 without effort; 5 000 of it are 3.917… points less of a fall
    by_hand = (1 - (first.allowed + 5000) / D("127628.15625")) * 100
    assert D(str(in_["energy-per-gdp.990101"]["value"])) == by_hand.quantize(D("0.1"), rounding=ROUND_FLOOR)
    assert "5000 tce" in in_["energy-per-gdp.990101"]["note"]
    for name in ("energy-total.990102", "energy-per-gdp.990102"):
        assert off[name] == in_[name]
    assert D(str(off["energy-per-gdp.990102"]["value"])) == second.rate


def test_no_fall_is_asked_of_whom_listed_projects_let_rise() -> None:
    """Listed projects larger than what is saved: the cap stands, and no rate contradicts it."""
    made = plan("40000", "0")
    assert "energy-per-gdp.990101" not in targets(made, "counted")
    assert "energy-total.990101" in targets(made, "counted")
    assert "energy-per-gdp.990101" in targets(made)


@pytest.mark.parametrize("listed", ["deducted", "counted"])
def test_of_industries_nothing_is_taken_off(listed: Listed) -> None:
    """Published energy of an industry has its listed projects in it, whatever is said of regions."""
    made = plan("5000", "0", kind="industries", codes=("31", "30"))
    found = outcome(made).base
    assert isinstance(found, SharedOut)
    asked = targets(made, listed)
    cap = (found.shares[0].allowed + 5000).to_integral_value(rounding=ROUND_FLOOR)
    assert D(str(asked["industry-energy.31"]["value"])) == cap
    assert D(str(asked["industry-intensity.31"]["value"])) == rate_with_listed(made, found.shares[0])
    assert D(str(asked["industry-intensity.30"]["value"])) == found.shares[1].rate


@given(st.integers(0, 60_000), st.integers(0, 60_000))
def test_who_uses_all_that_it_may_has_met_the_rate(one: int, other: int) -> None:
    """For any listed energy: allowed and listed together fall by at least the rate, and by less than a step more."""
    made = plan(str(one), str(other))
    found = outcome(made).base
    assume(isinstance(found, SharedOut))
    assert isinstance(found, SharedOut)
    for share in found.shares:
        rate = rate_with_listed(made, share)
        fall = (1 - (share.allowed + share.apart) / D("127628.15625")) * 100
        if rate is None:
            assert fall < 0
        elif share.apart:
            assert rate <= fall < rate + made.step
        else:
            assert rate == share.rate
