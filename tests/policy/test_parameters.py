"""Dated parameters: in force, known, edition, corrections."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.builders import day, parameter
from shuangkong.kernel.errors import UserError
from shuangkong.policy.api import Dated, Parameter

COAL = {"carrier": "coal", "from": "2021-01-01", "value": "0.7143"}


def ask(p: Parameter, on: str, known: str, edition: str | None = None, **keys: str) -> Dated:
    """The row on a day as known on another."""
    return p.at(day(on), known=day(known), edition=edition, **(keys or {"carrier": "coal"}))


def refused(p: Parameter, on: str, known: str, edition: str | None = None, **keys: str) -> str:
    """The message of a question that has no answer."""
    with pytest.raises(UserError) as caught:
        ask(p, on, known, edition, **keys)
    return str(caught.value)


def test_the_row_in_force_is_found() -> None:
    """A row covers its first day and not the day it ends on."""
    p = parameter({**COAL, "to": "2022-01-01"}, {**COAL, "from": "2022-01-01", "value": "0.7"})
    assert str(ask(p, "2021-01-01", "2023-01-01").value) == "0.7143"
    assert str(ask(p, "2021-12-31", "2023-01-01").value) == "0.7143"
    assert str(ask(p, "2022-01-01", "2023-01-01").value) == "0.7"


def test_too_early_a_day_says_when_the_first_row_starts() -> None:
    """The message of house rule H7, whole."""
    assert refused(parameter(COAL), "2019-01-01", "2025-01-01") == (
        "PACK-004 test.factor[carrier=coal]: no value in force on 2019-01-01 as known on 2025-01-01; "
        "the first starts 2021-01-01. Ask for a later day, or add the earlier row with its document."
    )


def test_too_early_a_knowledge_says_when_it_was_published() -> None:
    """Before its publication a row is not there, and the message says so."""
    assert refused(parameter(COAL), "2022-01-01", "2019-12-31") == (
        "PACK-004 test.factor[carrier=coal]: no value in force on 2022-01-01 as known on 2019-12-31; "
        "the first row was published on 2020-01-01. Ask as known on a later day."
    )


def test_a_gap_says_what_is_covered() -> None:
    """After the last row has ended the covered days are named."""
    assert refused(parameter({**COAL, "to": "2022-01-01"}), "2023-01-01", "2025-01-01") == (
        "PACK-004 test.factor[carrier=coal]: no value in force on 2023-01-01 as known on 2025-01-01; "
        "rows cover 2021-01-01 to 2022-01-01. Ask for a covered day, or add the row with its document."
    )


def test_an_unknown_key_says_which_there_are() -> None:
    """A carrier without a row is named with those that have one."""
    assert refused(parameter(COAL), "2023-01-01", "2025-01-01", carrier="peat") == (
        "PACK-004 test.factor[carrier=peat]: no row has this key. Keys with a row: coal."
    )


def test_a_wrong_key_says_how_it_is_keyed() -> None:
    """Every key dimension is named, and no other."""
    assert refused(parameter(COAL), "2023-01-01", "2025-01-01", fuel="coal") == (
        "PACK-004 test.factor: asked by fuel, but it is keyed by carrier. Name each key once."
    )


def test_two_editions_are_never_chosen_between() -> None:
    """Where two editions are in force the caller names one."""
    p = parameter(COAL, {**COAL, "edition": "2008", "value": "0.7"})
    assert refused(p, "2023-01-01", "2025-01-01") == (
        "PACK-004 test.factor[carrier=coal]: 2 editions are in force on 2023-01-01: 2008, 2020. Name the edition."
    )
    assert str(ask(p, "2023-01-01", "2025-01-01", "2008").value) == "0.7"
    assert refused(p, "2023-01-01", "2025-01-01", "1999") == (
        "PACK-004 test.factor[carrier=coal]@1999: this edition has no row. Editions with a row: 2008, 2020."
    )


def test_of_two_rows_for_a_day_the_one_known_last_wins() -> None:
    """A later publication for the same days wins from the day it was known, and not before."""
    p = parameter(COAL, {**COAL, "from": "2023-01-01", "value": "0.8", "known": "2022-06-01"})
    assert str(ask(p, "2023-01-01", "2022-05-31").value) == "0.7143"
    assert str(ask(p, "2023-01-01", "2022-06-01").value) == "0.8"
    assert str(ask(p, "2022-12-31", "2022-06-01").value) == "0.7143"


def test_a_correction_hides_what_it_corrects_from_the_day_it_was_known() -> None:
    """As known before the correction the old figure stands; afterwards even days that only it covered are empty."""
    corrects = {"from": "2021-01-01", "known": "2020-01-01"}
    p = parameter(COAL, {**COAL, "to": "2022-01-01", "value": "0.8", "known": "2021-06-01", "corrects": corrects})
    assert str(ask(p, "2021-03-01", "2021-05-31").value) == "0.7143"
    assert str(ask(p, "2021-03-01", "2021-06-01").value) == "0.8"
    assert str(ask(p, "2023-01-01", "2021-05-31").value) == "0.7143"
    assert refused(p, "2023-01-01", "2021-06-01").startswith("PACK-004")
    assert [str(r.value) for r in p.rows(day("2021-06-01"))] == ["0.8"]


def test_a_range_and_a_state_are_answers() -> None:
    """A range keeps both ends and no value; a row without a figure says why."""
    p = parameter(
        {"carrier": "slime", "from": "2021-01-01", "low": "0.2857", "high": "0.4286"},
        {"carrier": "peat", "from": "2021-01-01", "state": "not_published"},
    )
    slime = ask(p, "2022-01-01", "2022-01-01", carrier="slime")
    assert (slime.value, str(slime.low), str(slime.high)) == (None, "0.2857", "0.4286")
    assert ask(p, "2022-01-01", "2022-01-01", carrier="peat").state == "not_published"


EPOCH = date(2020, 1, 1)
days = st.integers(0, 40).map(lambda n: EPOCH + timedelta(days=n))
published = st.tuples(days, st.integers(1, 20), days, st.sampled_from(["2008", "2020"]))


def build(rows: list[tuple[date, int, date, str]]) -> Parameter | None:
    """A parameter of these (start, length, known, edition) rows, or None where two contradict."""
    try:
        return parameter(
            *(
                {"carrier": "coal", "from": s, "to": s + timedelta(days=n), "known": k, "edition": e, "value": i}
                for i, (s, n, k, e) in enumerate(rows)
            )
        )
    except ValueError:
        return None


def answer(p: Parameter, on: date, known: date) -> tuple[object, ...]:
    """Value and edition, or the code of the refusal."""
    try:
        row = p.at(on, known=known, carrier="coal")
    except UserError as error:
        return (error.code,)
    return (row.value, row.edition)


@given(st.lists(published, min_size=1, max_size=5), st.lists(published, max_size=5), days, days)
def test_rows_known_later_never_change_an_answer_as_known_earlier(
    first: list[tuple[date, int, date, str]], later: list[tuple[date, int, date, str]], on: date, known: date
) -> None:
    """Adding rows published after `known` leaves every answer as known then as it was."""
    later = [(s, n, known + timedelta(days=1 + (k - EPOCH).days), e) for s, n, k, e in later]
    before, after = build(first), build([*first, *later])
    if before is not None and after is not None:
        assert answer(before, on, known) == answer(after, on, known)
