"""The shipped code lists: counts, keys and parenthood on every day."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from shuangkong.registry import codelists
from shuangkong.registry.api import NATION, find_region, industry_path, regions_on

SHARED = Path(__file__).parents[3] / "shared" / "data"
shared = pytest.mark.skipif(not SHARED.is_dir(), reason="../shared is not beside the checkout")

CHANGES = sorted({r.valid_from for r in codelists.regions()} | {r.valid_to for r in codelists.regions() if r.valid_to})


def test_there_are_31_provinces_and_hong_kong_macao_and_taiwan_on_every_day() -> None:
    """34 provinces lie in the nation from the first list to the last."""
    for day in CHANGES:
        assert len(regions_on(day, "province")) == 34, day
    outside = [r.name_zh for r in regions_on(CHANGES[-1], "province") if r.code[:2] in {"71", "81", "82"}]
    assert outside == ["台湾省", "香港特别行政区", "澳门特别行政区"]


def test_a_code_means_one_region_on_any_day() -> None:
    """The spells of a code never overlap, and none ends before it starts."""
    for code, spells in codelists.regions_by_code().items():
        for before, after in pairwise(spells):
            assert before.valid_to is not None, code
            assert before.valid_from < before.valid_to <= after.valid_from, code


def test_a_place_has_one_code_on_any_day() -> None:
    """The spells of a subject never overlap: it moved from code to code."""
    for subject, spells in codelists.regions_by_subject().items():
        for before, after in pairwise(spells):
            assert before.valid_to is not None, subject
            assert before.valid_to <= after.valid_from, subject


def test_every_parent_is_there_on_every_day_and_no_pseudo_level_is_one() -> None:
    """On each day something changed, each region's parent is listed, a real place and one level or two above."""
    above = {"province": {"nation"}, "prefecture": {"province"}, "county": {"province", "prefecture"}}
    for day in CHANGES:
        listed = {r.code: r for r in regions_on(day)}
        for region in listed.values():
            if region.code != NATION:
                assert listed[region.parent].level in above[region.level], (day, region)


def test_uncertain_days_are_told() -> None:
    """A start is known to the month only where two lists are that near; none is given before its list."""
    for region in codelists.regions():
        if region.change_known == "first_list":
            assert region.possible_from is None
        else:
            assert region.possible_from is not None
            assert region.possible_from <= region.valid_from
            near = (region.valid_from - region.possible_from).days <= 35
            assert region.change_known == ("month" if near else "between")
        if region.valid_to is not None:
            assert region.last_listed is not None
            assert region.last_listed <= region.valid_to


def test_directly_administered_places_have_no_level_between() -> None:
    """Counties under a province, districts of a municipality and cities without counties are as they are."""
    day = date(2023, 12, 31)
    found = {r.code: r for r in regions_on(day)}
    assert {found[c].parent for c in ("429004", "469005", "659001", "419001")} == {
        "420000",
        "460000",
        "650000",
        "410000",
    }
    assert found["110101"].parent == "110000"
    assert found["500229"].parent == "500000"
    cities = ("441900", "442000", "460400", "620200")
    assert [found[c].level for c in cities] == ["prefecture"] * 4
    assert not [r for r in found.values() if r.parent in cities]
    assert [found[c].name_zh for c in ("130682", "130181")] == ["定州市", "辛集市"]


def test_pseudo_levels_are_kept_apart() -> None:
    """市辖区 and its like are on the list, and no listing of places shows them."""
    assert codelists.regions_by_code()["110100"][0].kind == "pseudo"
    assert {r.kind for r in regions_on(date(2010, 12, 31))} == {"division"}
    assert {r.kind for r in regions_on(date(2023, 12, 31))} == {"division", "zone"}


def test_industries_have_the_official_counts() -> None:
    """20 sections; 96 and 97 divisions, 432 and 473 groups, 1094 and 1381 classes."""
    counts = Counter((i.edition, i.level) for i in codelists.industries().values())
    assert counts == {
        ("2011", "section"): 20,
        ("2011", "division"): 96,
        ("2011", "group"): 432,
        ("2011", "class"): 1094,
        ("2017", "section"): 20,
        ("2017", "division"): 97,
        ("2017", "group"): 473,
        ("2017", "class"): 1381,
    }


def test_industries_form_a_tree() -> None:
    """Every entry leads to a section of its edition, and a missing name says so."""
    for entry in codelists.industries().values():
        assert len(industry_path(entry)[0]) == 1
        assert bool(entry.name_zh) == (entry.name_status != "missing")


def test_the_map_of_editions_names_known_codes() -> None:
    """Each pair of the 2011 to 2017 map exists in its edition."""
    lists = codelists.industries()
    pairs = [(old, new) for old, later in codelists.industry_successors().items() for new in later]
    assert len(pairs) > 2000
    assert [p for p in pairs if ("2011", p[0]) not in lists or ("2017", p[1]) not in lists] == []


@pytest.mark.shared
@shared
def test_the_2023_list_is_as_published() -> None:
    """Every place of the 2023 list is here with its name, and nothing else but what lies outside it."""
    theirs = {}
    for name in ("provinces", "cities", "areas"):
        with (SHARED / "division-codes" / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
            theirs |= {r["code"].ljust(6, "0"): r["name"] for r in csv.DictReader(file)}
    ours = {r.code: r.name_zh for r in codelists.regions() if r.listed_on(date(2023, 12, 31))}
    extra = {c: n for c, n in ours.items() if c not in theirs}
    assert extra == {
        NATION: "全国",
        "710000": "台湾省",
        "810000": "香港特别行政区",
        "820000": "澳门特别行政区",
    }
    assert {c: n for c, n in theirs.items() if ours.get(c) != n} == {}
    assert len(theirs) > 3200


@pytest.mark.shared
@shared
def test_every_region_named_by_the_published_bulletins_is_found() -> None:
    """Each name leads to the code printed beside it, on the last day of 2015."""
    compared = 0
    for path in sorted((SHARED / "official-dual-control-bulletins").glob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                name = row.get("province") or row.get("region")
                if name and row.get("adcode"):
                    compared += 1
                    assert find_region(name, date(2015, 12, 31)).code == row["adcode"], (path.name, name)
    assert compared > 300
