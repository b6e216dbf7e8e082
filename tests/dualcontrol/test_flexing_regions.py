"""A region that its documents name stands by them: energy and carbon change places there on a day of its own."""

from __future__ import annotations

from datetime import date

import pytest

from shuangkong.dualcontrol.flexing_rules import rank, regions_ranked, rules_of
from shuangkong.policy.api import PackSet, builtin_packs

KNOWN = date(2026, 11, 21)
#: The city of the demo (合成), whose carbon is assessed a year before the nation's.
CITY, OTHER = "990100", "410100"
PAIRS = (("energy", "intensity"), ("energy", "total"), ("carbon", "intensity"), ("carbon", "total"))


@pytest.fixture(scope="module")
def packs() -> PackSet:
    """The packs that ship."""
    return PackSet(builtin_packs())


@pytest.mark.parametrize(
    ("day", "ranks"),
    [
        (date(2024, 12, 31), (1, 2, 0, 0)),
        (date(2025, 12, 31), (1, 2, 2, 2)),
        (date(2026, 12, 31), (2, 0, 1, 2)),
    ],
)
def test_a_region_goes_ahead_on_its_own_day(packs: PackSet, day: date, ranks: tuple[int, ...]) -> None:
    """Carbon stands beside energy in the year of the trial (合成); before and after it the nation's documents hold."""
    assert tuple(rank(packs, c, m, day, KNOWN, CITY)[0] for c, m in PAIRS) == ranks


def test_other_regions_wait_for_the_nation(packs: PackSet) -> None:
    """What is said of one region by name is said of no other, and of nobody where none is meant."""
    day = date(2025, 12, 31)
    for region in (OTHER, ""):
        assert [rank(packs, c, m, day, KNOWN, region)[0] for c, m in PAIRS] == [1, 2, 0, 0]
    assert OTHER not in regions_ranked(packs, KNOWN)
    assert CITY in regions_ranked(packs, KNOWN)


def test_the_row_of_a_region_is_named(packs: PackSet) -> None:
    """The rules of a year say which document ranks the total there, so that a page can lead to it."""
    ranked = rules_of(packs, "carbon", 2025, KNOWN, CITY).ranked
    assert ranked.parameter == f"demo-shifanshi-carbon@2024#control.rank_of_region[{CITY},carbon,total]"
    assert ranked.clause == "一"
    assert rules_of(packs, "carbon", 2025, KNOWN).ranked.parameter.startswith("guobanfa-2024-39@2024#control.rank[")


def test_a_region_is_not_ahead_of_what_was_known(packs: PackSet) -> None:
    """As known before the region's document, nothing of it holds."""
    assert rank(packs, "carbon", "total", date(2025, 12, 31), date(2024, 12, 1), CITY)[0] == 0
    assert regions_ranked(packs, date(2024, 12, 1)) == frozenset()
