"""Leads for checking: each statistic against a plain count; made-up patterns are seen, honest ones are not."""

from __future__ import annotations

import math
import random
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readings_made import START
from shuangkong.kernel.numbers import quantise
from shuangkong.metering.leads import LEADS, Lead, LeadRules, Series, chi_square, lead_rules, leads, series_of
from shuangkong.metering.meters import Meter
from shuangkong.metering.model import NO_VALUE
from shuangkong.metering.spells import DAY, HOUR, MINUTE
from shuangkong.metering.tiles import Columns
from shuangkong.policy.api import PackSet, builtin_packs

QUARTER = 15 * MINUTE
METER = Meter(1, "u", "u", "E1", "electricity", "kWh", "interval", date(2020, 1, 1))
RULES = lead_rules(PackSet(builtin_packs()), date(2026, 1, 1), date(2026, 11, 22))
NEW_YEAR = date(2026, 1, 1)


def series(values: list[int], meter: Meter = METER) -> Series:
    """Quarter-hours from 00:15 of 1 January on, in thousandths of a unit."""
    at = START + (1 + np.arange(len(values), dtype=np.int64)) * QUARTER
    return Series(meter, at, np.array(values, dtype=np.int64) * 1000)


def honest(count: int, seed: int = 1) -> list[int]:
    """A synthetic load of about 50 kWh, with a day's course and noise, to the thousandth."""
    chance = random.Random(seed)
    return [round(50_000 + 20_000 * math.sin(n / 96 * 2 * math.pi) + chance.gauss(0, 3000)) for n in range(count)]


def kinds(found: list[Lead]) -> set[str]:
    """The kinds of some leads."""
    return {x.kind for x in found}


@pytest.mark.parametrize("seed", range(5))
def test_an_honest_month_gives_no_lead(seed: int) -> None:
    """A month of a meter with noise and a daily course, New Year's Day closed at a tenth of the load."""
    values = honest(30 * 96, seed)
    values[:96] = [v // 10 for v in values[:96]]
    assert leads(series(values), RULES, [NEW_YEAR]) == []


def test_rounded_figures_are_seen_by_their_last_digits() -> None:
    """Half of the values end in 0 or 5: chi-square far above its bound, the share of the commonest digit beside it."""
    chance = random.Random(3)
    values = [v // 5 * 5 if chance.random() < 0.5 else v for v in honest(960)]
    (lead,) = leads(series(values), RULES)
    changed = [v for n, v in enumerate(values) if not n or v != values[n - 1]]
    counts, fair = Counter(v % 10 for v in changed), Fraction(len(changed), 10)
    expected = sum((counts[d] - fair) ** 2 / fair for d in range(10))
    assert lead.kind == "last_digit"
    assert lead.statistic == quantise(Decimal(expected.numerator) / Decimal(expected.denominator))
    assert lead.evidence["counts"] == tuple(counts[d] for d in range(10))
    assert (lead.statistic > lead.threshold, lead.threshold) == (True, Decimal(52))
    assert lead.evidence["resolution"] == Decimal("0.001")


def test_digits_that_are_too_even_are_seen() -> None:
    """Each digit exactly as often as any other: no chance gives that."""
    values = [(v // 10) * 10 + n % 10 for n, v in enumerate(honest(1000))]
    (lead,) = leads(series(values), RULES)
    assert (lead.kind, lead.statistic) == ("last_digit", Decimal(0))
    assert lead.threshold == Decimal("0.1")


@given(st.lists(st.integers(0, 500), min_size=10, max_size=10).filter(any))
def test_chi_square_is_the_sum_over_digits(counts: list[int]) -> None:
    """The short form gives what the definition gives."""
    fair = Fraction(sum(counts), 10)
    plain = sum((c - fair) ** 2 / fair for c in counts)
    assert chi_square(counts) == quantise(Decimal(plain.numerator) / Decimal(plain.denominator))


def test_first_digits_of_made_up_figures() -> None:
    """Figures over four orders of magnitude by Benford's law pass; with first digits drawn evenly they do not."""
    chance = random.Random(5)
    benford = [int(10 ** chance.uniform(1, 5)) for _ in range(2000)]
    even = [int(chance.uniform(1, 10) * 10 ** chance.randrange(1, 5)) for _ in range(2000)]
    assert "first_digit" not in kinds(leads(series(benford), RULES))
    (lead,) = [x for x in leads(series(even), RULES) if x.kind == "first_digit"]
    seen = Counter(int(str(v)[0]) for v in even)
    apart = sum(abs(seen[d] / 2000 - math.log10(1 + 1 / d)) for d in range(1, 10)) / 9
    assert lead.statistic == quantise(Decimal(apart))


def test_a_sequence_that_comes_again() -> None:
    """Twenty values of Tuesday at 03:00 stand on Thursday at 17:00 once more."""
    values = honest(5 * 96)
    values[3 * 96 + 68 : 3 * 96 + 88] = values[96 + 12 : 96 + 32]
    (lead,) = leads(series(values), RULES)
    assert (lead.kind, lead.statistic) == ("repeat", Decimal(20))
    assert lead.start == START + (3 * 96 + 69) * QUARTER
    assert lead.evidence == {"first_seen": START + (96 + 13) * QUARTER, "different_values": 20}


@given(st.lists(st.integers(0, 5), min_size=0, max_size=60), st.integers(3, 5))
@settings(max_examples=200)
def test_a_repeat_is_told_exactly_where_there_is_one(values: list[int], least: int) -> None:
    """By looking at all pairs: a lead where two stretches agree without overlap, and what it tells is true."""
    rules = LeadRules({"repeat-points": Decimal(least), "distinct-values": Decimal(2)})
    found = leads(series(values), rules)
    pairs = [
        (a, b) for b in range(len(values) - least + 1) for a in range(b - least + 1)
        if values[a : a + least] == values[b : b + least] and len(set(values[b : b + least])) >= 2
    ]  # fmt: skip
    assert bool(found) == bool(pairs)
    for lead in found:
        n, first = int(lead.statistic), (int(lead.evidence["first_seen"]) - START) // QUARTER - 1  # type: ignore[call-overload]
        later = (lead.start - START) // QUARTER - 1
        assert values[first : first + n] == values[later : later + n]
        assert first + n <= later


def test_a_copied_day_with_touches() -> None:
    """Wednesday is Monday with three values changed: 93 of 96 points, 96.875 %."""
    values = honest(4 * 96)
    values[2 * 96 : 3 * 96] = values[:96]
    for n in (10, 40, 70):
        values[2 * 96 + n] += 111
    found = {x.kind: x for x in leads(series(values), RULES)}
    assert set(found) == {"copy", "repeat"}
    lead = found["copy"]
    assert (lead.statistic, lead.evidence["equal"], lead.evidence["points"]) == (Decimal("96.875"), 93, 96)
    assert (lead.start - START, lead.evidence["copied_from"]) == (2 * DAY, START)


def test_a_machine_that_is_off_copies_nobody() -> None:
    """Days of zeros, or of one or two steps, are alike and no lead."""
    assert leads(series([0] * 960), RULES) == []
    assert leads(series([0, 0, 5000, 5000] * 240), RULES) == []


@pytest.mark.parametrize(("night", "told"), [(Decimal("0.4"), False), (Decimal("0.6"), True)])
def test_night_load_on_a_closed_day(night: Decimal, told: bool) -> None:
    """100 a quarter on working days; on New Year's Day closed, its night at 40 % is no lead, at 60 % it is one."""
    values = []
    for n in range(5 * 96):
        hour = n % 96 // 4
        load = 100_000 if n >= 96 else int(100_000 * night) if hour >= 22 or hour < 6 else 0
        values.append(load + n)
    found = [x for x in leads(series(values), RULES, [NEW_YEAR]) if x.kind == "night_load"]
    assert bool(found) is told
    if told:
        working = [v for n, v in enumerate(values) if n >= 96 and 8 <= n % 96 // 4 < 18]
        dark = [v for n, v in enumerate(values) if n < 96 and (n // 4 >= 22 or n // 4 < 6)]
        share = Decimal(100) * sum(dark) / len(dark) / (Decimal(sum(working)) / len(working))
        assert found[0].statistic == quantise(share)
        assert (found[0].start, found[0].end) == (START, START + 24 * HOUR)
    assert leads(series(values), RULES, [NEW_YEAR + timedelta(days=9)]) == leads(series(values), RULES)


def test_too_few_values_give_no_lead() -> None:
    """Below the least number of values a test is not made; without its thresholds neither."""
    assert leads(series([5 * n for n in range(200)]), RULES) == []
    values = honest(4 * 96)
    values[96:192] = values[:96]
    assert leads(series(values), LeadRules({})) == []
    assert leads(series([]), RULES, [NEW_YEAR]) == []


def test_a_register_is_judged_by_its_steps() -> None:
    """Of two values of one moment the last; steps over a gap, and after a reset, are left out."""
    register = Meter(1, "u", "u", "E1", "electricity", "kWh", "register", date(2020, 1, 1))
    at = START + np.array([0, 1, 1, 2, 4, 5, 6], dtype=np.int64) * QUARTER
    value = np.array([10, 99, 12, NO_VALUE, 20, 5, 9], dtype=np.int64)
    order = np.arange(7, dtype=np.int64)
    found = series_of(Columns(np.full(7, 1), at, value, order, order), register)
    assert found.value.tolist() == [2, 4]
    assert found.at.tolist() == [at[1], at[6]]


@pytest.mark.parametrize("kind", sorted(LEADS))
def test_every_lead_says_that_it_is_only_a_reason_to_look(kind: str) -> None:
    """In both languages, with what else may explain it."""
    lead = Lead(kind, 1, 0, 1, Decimal(1), Decimal(1), {})
    assert lead.label.zh
    assert lead.label.en
    assert lead.caution.zh.startswith("仅为核查理由，不作结论。")
    assert (lead.caution.en or "").startswith("A reason to look, no finding.")


def test_thresholds_of_leads_are_marked_as_assumed() -> None:
    """None of them is a document's; each says why it is what it is."""
    assert RULES.used
    assert all(u.assumed for u in RULES.used)
