"""What the public may not be told: sums behind which too few units stand, and what would give such a sum away."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.made_up import made_up_uscc
from shuangkong.accounting.api import INDICATOR_VALUES, TOTALS, Origin, import_sheet, readable_subjects
from shuangkong.accounting.confidential import Group, Rule, rule, withheld_sums
from shuangkong.app.pipeline import run_pipeline
from shuangkong.engine.api import WITHHELD, Workspace, latest_run, read_result, reading, writing
from shuangkong.kernel.ids import SubjectId
from shuangkong.kernel.periods import china_day
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import PackSet, builtin_packs
from shuangkong.registry.api import directory, ensure_regions, import_units, publish

RULE = Rule(3, Decimal("0.85"))
EVERYTHING = Scope.all("test")


def group(*amounts: int) -> Group:
    """Units with these amounts."""
    return Group(len(amounts), Decimal(max(amounts, default=0)), Decimal(sum(amounts)))


def test_the_rule_is_data() -> None:
    """The rule that ships, with what marks it as nobody's but the program's."""
    assert rule() == Rule(3, Decimal("0.85"))


@pytest.mark.parametrize(
    ("amounts", "reason"),
    [((), None), ((5,), "few"), ((5, 5), "few"), ((5, 5, 5), None), ((85, 10, 5), None), ((86, 10, 4), "dominated")],
)
def test_a_sum_of_few_or_of_one_is_not_told(amounts: tuple[int, ...], reason: str | None) -> None:
    """Fewer than three units, or one with more than 85 %; without units it is somebody's own figure."""
    assert withheld_sums({"county": group(*amounts)}, {}, RULE).get("county") == reason


def test_a_difference_is_not_told_either() -> None:
    """The city less the two counties that are told would be the third: the smaller of the two is withheld too."""
    direct = {"a": group(7), "b": group(1, 2, 3), "c": group(4, 5, 6)}
    above = dict.fromkeys(direct, "city")
    assert withheld_sums(direct, above, RULE) == {"a": "few", "b": "complement"}


def test_two_withheld_counties_may_cover_each_other() -> None:
    """What is left of the city is then four units together, and no further county is withheld."""
    direct = {"a": group(7, 7), "b": group(6, 6), "c": group(4, 5, 6)}
    assert withheld_sums(direct, dict.fromkeys(direct, "city"), RULE) == {"a": "few", "b": "few"}


def test_a_remainder_over_two_levels_is_not_told() -> None:
    """The province less its city and its other counties is one unit, wherever between them it lies."""
    direct = {"province": group(9), "a": group(1, 2, 3), "b": group(4, 5, 6)}
    above = {"a": "city", "b": "city", "city": "province"}
    assert withheld_sums(direct, above, RULE) == {"city": "complement", "a": "complement"}


_PLACES = [f"r{i}" for i in range(7)]


@given(
    st.lists(st.lists(st.integers(1, 50), max_size=4), min_size=7, max_size=7),
    st.lists(st.integers(0, 6), min_size=6, max_size=6),
)
def test_no_difference_of_shown_sums_tells_a_unit(amounts: list[list[int]], parents: list[int]) -> None:
    """A shown sum less any shown sums within it that do not overlap is nothing, or within the rule."""
    above = {_PLACES[i + 1]: _PLACES[p % (i + 1)] for i, p in enumerate(parents)}
    units = {p: {(p, i): a for i, a in enumerate(amounts[n])} for n, p in enumerate(_PLACES)}
    hidden = withheld_sums({p: group(*u.values()) for p, u in units.items() if u}, above, RULE)
    inside: dict[str, dict[tuple[str, int], int]] = defaultdict(dict)
    for place in _PLACES:
        here: str | None = place
        while here is not None:
            inside[here] |= units[place]
            here = above.get(here)
    shown = [p for p in _PLACES if inside[p] and p not in hidden]
    for whole in shown:
        within = [p for p in shown if p != whole and inside[p].keys() <= inside[whole].keys()]
        for n in range(len(within) + 1):
            for some in combinations(within, n):
                keys = [k for p in some for k in inside[p]]
                if len(keys) != len(set(keys)):
                    continue
                left = [a for k, a in inside[whole].items() if k not in set(keys)]
                assert not left or group(*left).wrong(RULE) is None, (whole, some, left)


HEAD = "统一社会信用代码,单位名称,所在地区,行业代码,行业分类版本,单位类别,起始日期,报送周期\n"
#: Two units in one county, four in the next: the city's sum would give the first county's away.
LITTLE, LARGE, CITY = "130181", "130183", "130100"
PLACED = [LITTLE] * 2 + [LARGE] * 4


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace with two counties whose units handed in a year's coal, judged; everything is public."""
    workspace = Workspace.create(tmp_path_factory.mktemp("confidential") / "w")
    codes = [made_up_uscc(n) for n in range(1, 7)]
    sheet = HEAD + "".join(
        f"{code},第{n}水泥厂（合成）,{place},3011,2017,重点用能单位,2023-01-01,年报\n"
        for n, (code, place) in enumerate(zip(codes, PLACED, strict=True))
    )
    books = "统一社会信用代码,期间,能源品种,消费量,计量单位\n" + "".join(
        f"{code},{period},原煤,{100 + n},吨\n" for n, code in enumerate(codes) for period in ("2024", "2025-01")
    )
    now = workspace.clock()
    with writing(workspace.engine) as db:
        ensure_regions(db, now, [LITTLE, LARGE])
    import_units(workspace, sheet.encode(), name="名录.csv", scope=EVERYTHING)
    packs = PackSet(builtin_packs())
    origin = Origin("能源.csv", "", "", "", date(2026, 1, 5))
    report = import_sheet(workspace, packs, "energy", books.encode(), origin, scope=EVERYTHING)
    assert report.committed, report.refusals
    with writing(workspace.engine) as db:
        publish(db, list(place_ids(workspace).values()),
                now.date(), now, principal="test")  # fmt: skip
    run_pipeline(workspace, packs, known=workspace.clock(), as_of=date(2026, 6, 30), scope=Scope.system("test"))
    return workspace


def place_ids(workspace: Workspace) -> dict[str, SubjectId]:
    """The ids of the places by code."""
    with reading(workspace.engine) as db:
        known = directory(db, EVERYTHING, workspace.clock())
        return {code: known.region(code, date(2026, 1, 1)) for code in (LITTLE, LARGE, CITY)}


def told(workspace: Workspace, scope: Scope) -> dict[tuple[str, str], bool]:
    """By place and period whether the sum of energy is told."""
    run = latest_run(workspace, EVERYTHING, known=None)
    assert run is not None
    names = {v: k for k, v in place_ids(workspace).items()}
    seen = readable_subjects(workspace, run, scope)
    rows = read_result(run, TOTALS, scope, seen, where="measure = 'energy' AND level = 'subtree'").to_pylist()
    values = read_result(run, INDICATOR_VALUES, scope, seen, where="indicator_id = 'energy_total'").to_pylist()
    found: dict[tuple[str, str], set[bool]] = defaultdict(set)
    for r in rows:
        if r["subject_id"] in names:
            found[names[r["subject_id"]], r["period_key"]].add(r["amount"] is not None)
            assert (r["amount"] is None) == (r["state"] == "confidential"), r
    for v in values:
        if v["subject_id"] in names:
            found[names[v["subject_id"]], v["period_key"]].add(v["value"] is not None)
    assert all(len(answers) == 1 for answers in found.values()), found
    return {k: v.pop() for k, v in found.items()}


@pytest.mark.slow
def test_the_public_is_told_the_city_alone(judged: Workspace) -> None:
    """Two units are too few, the other county would give them away, and no month is told."""
    months = {(place, "2025-01"): False for place in (LITTLE, LARGE, CITY)}
    assert told(judged, Scope.published("public")) == {
        (LITTLE, "2024"): False, (LARGE, "2024"): False, (CITY, "2024"): True, **months,
        # the year that the month counts in
        (LITTLE, "2025"): False, (LARGE, "2025"): False, (CITY, "2025"): True,
    }  # fmt: skip


@pytest.mark.slow
def test_who_has_the_place_in_a_scope_is_told(judged: Workspace) -> None:
    """An officer sees the own county whole and the neighbour's as the public does; who may see all sees all."""
    ids = place_ids(judged)
    own = told(judged, Scope.region("officer", ids[LITTLE], china_day(judged.clock()), "supervision"))
    assert {k for k, shown in own.items() if shown} == {
        (LITTLE, "2024"), (LITTLE, "2025-01"), (LITTLE, "2025"), (CITY, "2024"), (CITY, "2025"),
    }  # fmt: skip
    assert all(told(judged, EVERYTHING).values())
    bank = told(judged, Scope.consented("bank", "合成银行", china_day(judged.clock()), "finance"))
    assert bank == told(judged, Scope.published("public"))


@pytest.mark.slow
def test_a_run_that_was_not_asked_tells_nothing_computed(judged: Workspace) -> None:
    """A run of an older version has no list of what is withheld: the public is told none of its sums."""
    run = latest_run(judged, EVERYTHING, known=None)
    assert run is not None
    path: Path = run.folder / f"{WITHHELD.name}.parquet"
    kept = path.read_bytes()
    path.unlink()
    try:
        assert not any(told(judged, Scope.published("public")).values())
        assert all(told(judged, EVERYTHING).values())
    finally:
        path.write_bytes(kept)
