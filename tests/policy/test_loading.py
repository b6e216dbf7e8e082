"""What a good pack becomes: digits as printed, inheritance, order and hash."""

from __future__ import annotations

import sys
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.builders import day, manual_files, pack
from shuangkong.kernel.periods import Period
from shuangkong.policy.api import Pack, PackErrors, builtin_packs, content_hash, load_files, parse_yaml
from shuangkong.policy.loading import load_cases


def example() -> Pack:
    """The complete pack of the manual."""
    return load_files({name: body.encode() for name, body in manual_files().items()}, origin="manual")


def test_the_example_of_the_manual_loads() -> None:
    """The complete pack in docs/design/packs.md is a good pack."""
    found = example()
    assert found.key == "demo.shifan.plan14@2022"
    assert [c.id for c in found.clauses] == ["二", "二（一）", "三", "三（二）", "四"]
    assert [t.slug for t in found.targets] == ["energy_per_gdp_2025", "clinker_energy"]


def test_entries_inherit_what_they_do_not_say() -> None:
    """Targets and rows take source, confidence, period and dates from above; what they say wins."""
    found = example()
    target = found.targets[0]
    assert (target.source.place, target.source.known) == ("二（一）", day("2022-06-10"))
    assert target.period == Period.plan(2021, 2025)
    assert target.confidence == "synthetic"
    assert found.targets[1].period is None
    low, eliminated, raised, other = found.parameters[0].values
    assert (low.edition, low.start, low.end) == ("2022", day("2022-06-01"), day("2026-01-01"))
    assert (eliminated.end, raised.start) == (day("2024-01-01"), day("2024-01-01"))
    assert (low.known, raised.known) == (day("2022-06-10"), day("2023-11-20"))
    assert (other.value, other.state) == (None, "bound_unknown")
    assert found.parameters[1].values[0].source.doc == "DEMO-STD-1"


@given(st.decimals(allow_nan=False, allow_infinity=False, places=9, min_value=-(10**12), max_value=10**12))
def test_numbers_keep_their_digits(number: Decimal) -> None:
    """A number comes out of a file with exactly the digits that stand in it."""
    text = f"{number:f}"
    parsed = parse_yaml("f.yaml", f"- {text}\n- '{text}'\n".encode())
    assert parsed.problems == []
    assert parsed.root == [Decimal(text), text]
    assert f"{parsed.root[0]:f}" == text


def test_trailing_zeros_are_kept() -> None:
    """1.10 stays 1.10 and never becomes 1.1."""
    files = {
        "clauses.yaml": "- {id: 一, title: {zh: 甲}, kind: rule}",
        "parameters/a.yaml": "- {id: a.b, label: {zh: 甲}, unit: '1', values: [{value: 1.10}]}",
    }
    value = pack(files=files).parameters[0].values[0].value
    assert str(value) == "1.10"


@pytest.mark.parametrize("text", ["no", "Yes", "on", "OFF", "y", "N", "~", "True", "NULL"])
def test_words_that_readers_take_for_truth_are_refused(text: str) -> None:
    """Words that YAML 1.1 turns into truth values or nothing are refused, not guessed at."""
    parsed = parse_yaml("f.yaml", f"a: {text}\n".encode())
    assert [str(p) for p in parsed.problems] == [
        f"PACK-003 f.yaml:1 a: {text} is read as a truth value or as nothing by some readers. "
        f'Write true, false or null, or quote it: "{text}".'
    ]


@pytest.mark.parametrize(
    "text",
    ["0130000", "0x1F", "0o17", "1_000", "1,000", "1e3", "1.5E-3", "12:30:00", "+5", ".5", "5.", ".inf", "-.NaN"],
)
def test_numbers_that_readers_read_differently_are_refused(text: str) -> None:
    """Octal, hexadecimal, grouped, sexagesimal and exponent notations are refused."""
    parsed = parse_yaml("f.yaml", f"a: {text}\n".encode())
    assert [str(p) for p in parsed.problems] == [
        f"PACK-003 f.yaml:1 a: {text} is read as different numbers by different readers. "
        f'Quote it if it is a code: "{text}"; write a number in plain digits, e.g. 1250.5.'
    ]


@pytest.mark.parametrize(
    "text", ["2021-12-28", "P2021-2025", "GB/T 2589-2020", "发改环资〔2022〕803号", "a.b", "1.2.3a", "-"]
)
def test_text_stays_text(text: str) -> None:
    """Days, document numbers and names are text until a field asks for more."""
    parsed = parse_yaml("f.yaml", f"a: {text}\n".encode()) if text != "-" else parse_yaml("f.yaml", b"a: '-'\n")
    assert (parsed.root, parsed.problems) == ({"a": text}, [])


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """Whatever a file holds, reading it ends with content or a problem, never with a crash."""
    parsed = parse_yaml("f.yaml", data)
    assert parsed.root is None or isinstance(parsed.root, dict | list)


def test_depth_is_a_limit_and_not_a_crash() -> None:
    """A file nested deeper than Python's stack is refused."""
    depth = sys.getrecursionlimit() * 5
    parsed = parse_yaml("f.yaml", b"[" * depth + b"]" * depth)
    assert [p.message for p in parsed.problems] == ["entries are nested deeper than 12."]


def test_a_byte_order_mark_is_no_content() -> None:
    """A file saved with a byte order mark reads like one without."""
    assert parse_yaml("f.yaml", b"\xef\xbb\xbfa: 1\r\nb: 2\r\n").root == {"a": 1, "b": 2}


@given(st.permutations([("a.yaml", b"1"), ("b.yaml", b"2"), ("cases/x.yaml", b"3")]))
def test_the_hash_does_not_depend_on_the_order_of_files(files: list[tuple[str, bytes]]) -> None:
    """The content hash is that of the sorted names; worked cases do not count."""
    assert content_hash(files) == content_hash([("a.yaml", b"1"), ("b.yaml", b"2")])


def test_the_hash_sees_every_byte_and_name() -> None:
    """Another byte, another name, or a byte moved between the two gives another hash."""
    hashes = [content_hash([f]) for f in (("a", b"bc"), ("ab", b"c"), ("a", b"bd"), ("b", b"bc"))]
    assert len(set(hashes)) == 4


def test_a_very_long_number_is_no_crash() -> None:
    """A number of thousands of digits is read exactly, and refused by the field."""
    parsed = parse_yaml("f.yaml", b"a: " + b"9" * 5000)
    assert (parsed.root, parsed.problems) == ({"a": Decimal("9" * 5000)}, [])


def test_a_float_is_never_taken() -> None:
    """A float that reaches a model from Python is refused like any other inexact number."""
    from policy.builders import parameter

    with pytest.raises(ValueError) as caught:
        parameter({"carrier": "coal", "from": "2020-01-01", "value": 0.7143})
    assert "0.7143 is not an exact decimal." in str(caught.value)


def test_cases_are_read_with_their_lines() -> None:
    """Worked cases keep file, line and digits, and may use notations that packs may not."""
    found = pack(files={"cases/a.yaml": "# two\n- name: 甲\n  within: 1e-9\n- name: 乙\n  expect: 0.10\n"})
    assert [(f, line, dict(c)) for f, line, c in load_cases(found)] == [
        ("test.plan@2022/cases/a.yaml", 2, {"name": "甲", "within": "1e-9"}),
        ("test.plan@2022/cases/a.yaml", 4, {"name": "乙", "expect": Decimal("0.10")}),
    ]


def test_a_case_file_without_cases_is_refused() -> None:
    """A case file that is no list of cases is named with its remedy."""
    with pytest.raises(PackErrors) as caught:
        load_cases(pack(files={"cases/a.yaml": "name: 甲\n"}))
    assert str(caught.value) == (
        "PACK-003 test.plan@2022/cases/a.yaml:1: the file does not hold a list of cases. "
        "Start each case with “- name: ”."
    )


def test_the_built_in_packs_load() -> None:
    """Whatever ships with the program is free of problems."""
    assert all(p.content_hash for p in builtin_packs())
