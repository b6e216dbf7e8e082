"""Ids never change: a case opened on a finding must find it again in ten years."""

from __future__ import annotations

import pytest

from shuangkong.kernel.errors import CODES, UserError
from shuangkong.kernel.findings import least_sure
from shuangkong.kernel.ids import digest, finding_key, subject_id
from shuangkong.kernel.scope import Scope


def test_ids_are_what_they_were() -> None:
    """Literal values: whoever changes the way ids are made breaks every stored link."""
    assert subject_id("region", "gbt2260", "130000") == "s_fsh5rfl3xbokikak"
    assert finding_key("s_1", "demo", "energy", "2025") == "f_22pk7lpxykolsitskjrn"
    assert finding_key("s_1", "demo", "energy", "2025", "primary") == "f_i3xepm3gfyyyyxyubsgp"


def test_a_digest_of_any_length_begins_alike() -> None:
    """A longer digest goes on where a shorter one ends, up to all 52 characters of it."""
    whole = digest("subject", "unit", length=52)
    assert whole == "mabmwnwudskleyxsrjuavu7j26oj7wcepl6eusr73otslfs7i27q"
    assert [digest("subject", "unit", length=n) for n in range(1, 53)] == [whole[:n] for n in range(1, 53)]


def test_a_part_never_runs_into_the_next() -> None:
    """Moving a letter from one part to the next gives another id."""
    assert digest("ab", "c") != digest("a", "bc") != digest("abc")
    assert (
        len(
            {finding_key("a", "b", "c", "2025"), finding_key("a", "b", "c2025", ""), finding_key("a", "bc", "", "2025")}
        )
        == 3
    )


def test_an_unknown_error_code_is_a_bug() -> None:
    """An error can only be raised under a code of the list, and no code stands twice."""
    with pytest.raises(KeyError):
        UserError("XX-999", "x")
    assert len({c.code for c in CODES}) == len(CODES)


def test_the_least_sure_input_marks_the_result() -> None:
    """A result is as sure as its weakest input; without inputs it is confirmed."""
    assert least_sure("confirmed", "recalled", "inferred") == "recalled"
    assert least_sure() == "confirmed"


def test_the_bypass_gives_a_reason() -> None:
    """A system scope without a reason is refused."""
    with pytest.raises(ValueError, match="a system scope needs a reason"):
        Scope.system("")
    assert Scope.system("nightly run").unrestricted
    assert not Scope.none("stranger").unrestricted
