"""What a reason of watching or flexing is made of: keys, packs, intervals; nothing missing becomes nought."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from shuangkong.app.catalogue import catalogue
from shuangkong.dualcontrol.api import flex_key, has_reason, late_key
from shuangkong.dualcontrol.why_packs import figures, stated, table_of
from shuangkong.dualcontrol.why_watched import _by_month, _sums, interval
from shuangkong.policy.api import PackSet, builtin_packs

Row = dict[str, Any]
DAY, AS_OF, KNOWN = date(2025, 12, 31), date(2026, 11, 21), date(2026, 11, 21)
ISSUERS = ("shuangkong", "guofa", "nonfossil", "demo")


@pytest.fixture(scope="module")
def packs() -> PackSet:
    """The packs of watching and flexing, documents that steps name, and the demo's."""
    return PackSet([p for p in builtin_packs() if p.id.startswith(ISSUERS)], catalogue=catalogue())


def total(period: str, amount: str | None, known: int = 1, part: str = "coal") -> Row:
    """A total of a month."""
    value = None if amount is None else Decimal(amount)
    return {"period_key": period, "measure": "energy", "part": part, "unit": "tce", "amount": value, "known": known,
            "expected": 2}  # fmt: skip


@pytest.mark.parametrize("key", ["w_a", "x_a", "l_a", "t_a_certificate"])
def test_keys_of_reasons_are_known_by_how_they_begin(key: str) -> None:
    """Each of the four kinds is told from a finding by its first letters."""
    assert has_reason(key)


@pytest.mark.parametrize("key", ["f_a", "", "w", "wa", "s_a", "energy_total|s_a|2025||m"])
def test_other_keys_are_left_to_findings(key: str) -> None:
    """A key of anything else is not taken for one of these."""
    assert not has_reason(key)


def test_a_key_changes_with_what_it_names() -> None:
    """Two regions, years, controls or methods never share a key, and the same one always has the same."""
    row = {"control": "energy", "subject_id": "s_a", "period_key": "2025", "method_id": "m"}
    assert flex_key(row) == flex_key({**row})
    assert len({flex_key(row), *(flex_key({**row, k: "other"}) for k in row)}) == 5
    late = {"method_id": "m", "measure": "energy", "subject_id": "s_a", "period_key": "2025-01"}
    assert len({late_key(late), *(late_key({**late, k: "other"}) for k in late)}) == 5


def test_a_parameter_is_told_with_its_clause_and_owner(packs: PackSet) -> None:
    """Every figure of the nowcast stands in a pack, under a clause whose title says whose it is."""
    told = figures(packs, "watching.nowcast", AS_OF, KNOWN)
    assert {p["pack"] for p in told} == {"shuangkong.watching@2026"}
    assert all(p["value"] is not None and p["clause"] and p["owner_zh"] and p["source"] for p in told)
    assert figures(packs, "watching.nowhere", AS_OF, KNOWN) == []


def test_what_a_step_names_is_found_in_its_pack(packs: PackSet) -> None:
    """A parameter with keys, one without, a target by its slug; what is in no pack is none, and never made up."""
    found = stated(packs, "guofa-2021-33@2021#flex.follows_growth[energy]", DAY, KNOWN)
    assert found is not None
    assert (found["id"], found["keys"], found["clause"]) == ("flex.follows_growth", ["energy"], "四（一）")
    assert stated(packs, "guofa-2021-33@2021#flex.follows_growth[nothing]", DAY, KNOWN) is None
    assert stated(packs, "guofa-2021-33@2021#nothing", DAY, KNOWN) is None
    assert stated(packs, "nothing@2021#flex.follows_growth[energy]", DAY, KNOWN) is None
    assert stated(packs, None, DAY, KNOWN) is None
    pack = packs.pack("demo-shifanshi@2022")
    target = stated(packs, f"{pack.key}#{pack.targets[0].slug}", DAY, KNOWN)
    assert target is not None
    assert (target["clause"], target["value"]) == (pack.targets[0].clause, pack.targets[0].value)


def test_cut_offs_are_told_with_the_row_that_hit(packs: PackSet) -> None:
    """The table has its owner, its parameters of the day and what it was asked; an unknown one is none."""
    told = table_of(packs, "shuangkong.watching@2026#table:total-grade:red", DAY, KNOWN, {"used": Decimal("1.2")})
    assert told is not None
    assert "责任人" in told["owner_zh"]
    assert [r["id"] for r in told["rows"] if r["hit"]] == ["red"]
    assert [i["value"] for i in told["inputs"]] == [Decimal("1.2")]
    assert {p["id"] for p in told["parameters"]} == {"watching.total"}
    assert table_of(packs, None, DAY, KNOWN, {}) is None
    assert table_of(packs, "shuangkong.watching@2026#table:nothing:red", DAY, KNOWN, {}) is None


def test_an_estimate_lies_amid_its_interval(packs: PackSet) -> None:
    """The wider its spread and the fewer it is learned from, the wider; what is not estimated has none."""
    priors = figures(packs, "watching.estimate", AS_OF, KNOWN)
    row = {"amount": Decimal(1000), "spread": Decimal("0.1"), "responders": 20}
    found = interval(row, priors)
    assert found["low"] + found["high"] == 2000
    assert found["low"] < 1000
    fewer, wider = interval({**row, "responders": 1}, priors), interval({**row, "spread": Decimal("0.2")}, priors)
    assert fewer["low"] < found["low"]
    assert wider["low"] < found["low"]
    for hole in ({"amount": None}, {"spread": None}):
        assert (interval({**row, **hole}, priors)["low"], interval({**row, **hole}, priors)["high"]) == (None, None)
    assert interval(row, [])["low"] is None


def test_months_keep_known_and_estimated_apart() -> None:
    """Parts of a month are summed; a month of which nothing is known stays unknown; late returns are counted."""
    rows = [total("2025-01", "1.5"), total("2025-01", "2.5", part="oil"), total("2025-02", None, 0)]
    late = [{"period_key": "2025-02", "amount": Decimal(3)}, {"period_key": "2025-02", "amount": None}]
    first, second = _by_month(rows, {"2025-01": "now", "2025-02": "now"}, late)
    assert (first["amount"], first["estimated"], first["late"]) == (Decimal(4), Decimal(0), 0)
    assert (second["amount"], second["estimated"], second["late"]) == (None, Decimal(3), 2)


def test_what_the_list_does_not_give_is_said() -> None:
    """What a figure holds beyond the listed months and estimates is told as a rest, not left out."""
    months = _by_month([total("2025-01", "4")], {"2025-01": "now"}, [])
    (told,) = _sums(months, {"now": Decimal(7)})
    assert (told["known"], told["estimated"], told["rest"]) == (Decimal(4), Decimal(0), Decimal(3))
    (without,) = _sums(months, {})
    assert (without["figure"], without["rest"]) == (None, None)
