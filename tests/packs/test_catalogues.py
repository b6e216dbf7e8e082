"""Carriers and indicators of the shipped packs: one catalogue each, without a name that means two things."""

from __future__ import annotations

import unicodedata
from collections import Counter

from shuangkong.kernel.units import unit
from shuangkong.policy.api import PackSet, unanswered

NBS_CODES = {f"{n:02d}" for n in range(1, 41)}


def folded(name: str) -> str:
    """A name without differences of width and case."""
    return unicodedata.normalize("NFKC", name).replace(" ", "").casefold()


def test_every_reference_between_packs_is_answered(packs: PackSet) -> None:
    """Every document, indicator and carrier that a pack names is declared by some pack."""
    assert [f.message for f in unanswered(packs)] == []


def test_each_carrier_and_indicator_stands_in_one_pack(packs: PackSet) -> None:
    """No carrier and no indicator is listed twice."""
    carriers = Counter(c.id for p in packs.packs for c in p.carriers)
    indicators = Counter(i.id for p in packs.packs for i in p.indicators)
    assert len(carriers) == 73
    assert set(carriers.values()) == {1}
    assert len(indicators) > 90
    assert set(indicators.values()) == {1}


def test_no_carrier_name_means_two_carriers(packs: PackSet) -> None:
    """A code, label or alias belongs to one carrier, whatever the width of its characters."""
    owners: dict[str, set[str]] = {}
    for c in packs.carriers.values():
        for name in (c.id, c.nbs_code, c.label.zh, c.label.en, *c.aliases):
            if name:
                owners.setdefault(folded(name), set()).add(c.id)
    assert {n: o for n, o in owners.items() if len(o) > 1} == {}
    assert {c.nbs_code for c in packs.carriers.values() if c.nbs_code} == NBS_CODES


def test_the_unit_of_a_carrier_is_known(packs: PackSet) -> None:
    """Every carrier is counted in a unit that amounts can be converted from."""
    assert {unit(c.unit).id for c in packs.carriers.values()} == {"kg", "m3", "kWh", "MJ", "t", "kgce"}


def test_every_declared_indicator_is_used_or_computed(packs: PackSet) -> None:
    """An indicator that is only reported is declared because a target speaks of it."""
    catalogue = packs.pack("shuangkong.indicators").indicators
    last = [i.id for i in catalogue].index("energy_total_warning_grade")
    used = {t.indicator for p in packs.packs for t in p.targets}
    assert [i.id for i in catalogue[last + 1 :] if i.id not in used] == []


def test_targets_are_in_the_unit_of_their_indicator_or_relative(packs: PackSet) -> None:
    """A level is compared in the indicator's unit, or in one of the same dimension; changes may be relative."""
    same = {"10k_km": "km", "10k_t/d": "10k_m3/d", "10k_t": "t", "item": "item"}
    odd = []
    for p in packs.packs:
        for t in p.targets:
            own = packs.indicators[t.indicator].unit
            relative = t.comparator in ("decrease_by", "increase_by") and t.unit in ("%", "pp")
            if not relative and own not in (t.unit, same.get(t.unit)):
                odd.append((p.key, t.slug, t.unit, own))
    assert odd == []
