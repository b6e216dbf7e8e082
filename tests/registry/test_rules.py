"""The closure of dated parenthood."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuangkong.registry.rules import ALWAYS, FOREVER, Cycle, Descent, Edge, closure, in_charge, without

D = [date(2020, 1, 1) + timedelta(days=i) for i in range(10)]


def test_depth_and_days_come_from_every_step() -> None:
    """A step that ends ends what lies above it; a subject is always itself."""
    edges = [Edge("u", "k", D[0], D[5]), Edge("k", "p", D[2], FOREVER)]
    assert closure(["u"], edges) == [
        Descent("u", "u", ALWAYS, FOREVER, 0),
        Descent("k", "u", D[0], D[5], 1),
        Descent("p", "u", D[2], D[5], 2),
    ]


def test_two_ways_up_count_once() -> None:
    """Where two ways lead to one ancestor on one day there is one row, at the smaller depth."""
    edges = [Edge("u", "k", D[0], D[5]), Edge("k", "p", D[0], D[9]), Edge("u", "p", D[3], D[8])]
    rows = [r for r in closure(["u"], edges) if r.ancestor == "p"]
    assert rows == [Descent("p", "u", D[0], D[3], 2), Descent("p", "u", D[3], D[8], 1)]


def test_lying_in_each_other_in_turn_is_no_cycle_but_at_once_it_is() -> None:
    """Only a day on which a subject lies in itself is refused."""
    turns = [Edge("a", "b", D[0], D[5]), Edge("b", "a", D[5], D[9])]
    assert len(closure(["a", "b"], turns)) == 4
    with pytest.raises(Cycle, match="a < b < a from 2020-01-05"):
        closure(["a"], [Edge("a", "b", D[0], D[5]), Edge("b", "a", D[4], D[9])])


def test_a_jurisdiction_takes_the_place_of_the_place_only_while_it_lasts() -> None:
    """Outside its days the zone is led by the county it lies in."""
    found = in_charge([Edge("z", "k", D[0], D[9])], [Edge("z", "c", D[3], D[5])])
    assert set(found) == {Edge("z", "k", D[0], D[3]), Edge("z", "c", D[3], D[5]), Edge("z", "k", D[5], D[9])}


days = st.sampled_from(D)
spans = st.tuples(days, days)


@given(spans, st.lists(spans, max_size=4))
def test_what_is_left_of_a_span_is_what_no_hole_has(span: tuple[date, date], holes: list[tuple[date, date]]) -> None:
    """Day by day, a hole takes its days and nothing else."""
    left = without(*span, holes)
    for day in D:
        inside = span[0] <= day < span[1] and not any(a <= day < b for a, b in holes)
        assert inside == any(a <= day < b for a, b in left)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 3), days, days), max_size=9))
def test_the_closure_is_the_climb_of_each_day(raw: list[tuple[int, int, date, date]]) -> None:
    """On any day the closure holds what climbing that day's edges finds, once, at the least depth."""
    edges = [Edge(str(a), str(a + b), start, end) for a, b, start, end in raw]
    subjects = [str(n) for n in range(9)]
    rows = closure(subjects, edges)
    for day in D:
        for subject in subjects:
            level, depth, expected = {subject}, 0, {}
            while level:
                expected |= {s: depth for s in level if s not in expected}
                level = {e.parent for e in edges if e.child in level and e.start <= day < e.end}
                depth += 1
            found = [(r.ancestor, r.depth) for r in rows if r.subject == subject and r.start <= day < r.end]
            assert sorted(found) == sorted(expected.items())
