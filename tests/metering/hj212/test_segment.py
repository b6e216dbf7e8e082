"""Data segments and areas: the quick way and the careful one agree, and any bytes are read without an error."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shuangkong.metering.hj212 import area as areas
from shuangkong.metering.hj212 import shapes
from shuangkong.metering.hj212.build import segment
from shuangkong.metering.hj212.faults import Fault
from shuangkong.metering.hj212.readings import Gathering
from shuangkong.metering.hj212.segment import head_of, read, usual_head
from shuangkong.metering.hj212.standard import standard

PIECES = (
    b"QN=20261120083000123", b"QN=1", b"ST=32", b"CN=2011", b"PW=123456", b"MN=HC000001", b"Flag=5", b"Flag=7",
    b"Flag=999", b"PNUM=2", b"PNO=1", b"PNO=3", b";", b"CP=&&", b"&&", b"=", b",", b"DataTime=20261120083000",
    b"a21026-Rtd=1.5", b"a21026-Flag=N", b"a21026-Avg=", b"//", b"x", b"\xff", "中".encode(),
    b"-Rtd=1", b"a-SampleTime=2",
)  # fmt: skip
ANY = st.one_of(st.binary(max_size=80), st.lists(st.sampled_from(PIECES), max_size=24).map(b"".join))
AREAS = st.lists(
    st.sampled_from((b"a1-Rtd=1", b"a1-Flag=N", b"a1-Avg=2.5", b"b-Rtd=", b"DataTime=20261120083000", b"x=1", b"y",
                     b"c=d=e", b"z-Rtd=//1,2;3//", b"=5", b"", b"a1-Flag=D", b"b-SampleTime=20261120082000"))
).flatmap(lambda items: st.lists(st.sampled_from((b",", b";")), min_size=len(items), max_size=len(items)).map(
    lambda signs: b"".join(i + s for i, s in zip(items, signs, strict=True))
))  # fmt: skip


@given(ANY)
@settings(max_examples=400)
def test_any_bytes_are_read(data: bytes) -> None:
    """Never an error; where the quick reader reads a head, the careful one reads the same and finds nothing wrong."""
    message = read(data)
    quick = usual_head(data)
    head, faults = head_of(data)
    if quick is not None:
        assert (head, [f for f in faults if f.code != "parts_absent"]) == (quick, [])
    assert message.mn == head.mn.decode()
    gathering = Gathering()
    if not any(f.blocks for f in faults):
        gathering.add(data, head.area, station="S", command="", system="", number=head.qn, received=0)
    readings, _ = gathering.finish()
    assert len(readings.table()) == len(readings) == sum(map(len, readings.shapes))


@given(AREAS)
@settings(max_examples=300)
def test_a_regular_area_is_what_the_careful_reader_reads(area: bytes) -> None:
    """The same names, values and readings, whether the shape was known, is new, or is worked out item by item."""
    shapes._SHAPES.clear()
    areas._SEEN.clear()
    first, second = shapes.taken_apart(area), shapes.taken_apart(area)
    found, faults = areas.groups(area)
    careful = shapes.shape_of([[i.name for i in g] for g in found])
    for shape, values, wrong in (first, second):
        assert values == [*(i.value for g in found for i in g), b""]
        assert (shape.time, shape.factors, shape.statistic.tolist()) == (
            careful.time, careful.factors, careful.statistic.tolist(),
        )  # fmt: skip
        assert (shape.value, shape.mark, shape.sampled, shape.faults) == (
            careful.value, careful.mark, careful.sampled, careful.faults,
        )  # fmt: skip
        assert wrong == faults


WORDS = st.text(alphabet="ABCxyz019_", min_size=1, max_size=8)


ITEMS = st.tuples(WORDS, st.text(alphabet="0123456789.中-", max_size=6))
GROUPS = st.lists(st.lists(ITEMS, min_size=1, max_size=4), max_size=5)


@given(GROUPS, st.sampled_from([None, 0, 1, 4, 5, 8, 9]), WORDS, WORDS)
def test_what_was_built_is_read(groups: list[list[tuple[str, str]]], flag: int | None, pw: str, mn: str) -> None:
    """Every field and item of a segment that was built comes back as it was."""
    built = segment(qn="20261120083000123", st="32", cn="2011", pw=pw, mn=mn, flag=flag, groups=groups)
    message = read(built)
    assert (message.qn, message.st, message.cn, message.pw, message.mn, message.flag) == (
        "20261120083000123", "32", "2011", pw, mn, flag,
    )  # fmt: skip
    assert [list(g) for g in message.groups] == groups
    assert message.faults == ()


@pytest.mark.parametrize("text", ["a;b", "a=b", "a&&b", "a\r\nb", "##", "//a\r\n//", "//a//;b//"])
def test_a_value_that_would_end_itself_is_not_built(text: str) -> None:
    """A sign that separates fields has no place in a value; log text alone may hold it, and no end of line."""
    with pytest.raises(ValueError):
        segment(st="32", cn="3020", pw="1", mn="1", flag=4, groups=[[("i11001-Info", text)]])


@pytest.mark.parametrize(
    ("data", "codes"),
    [
        (b"", ["area", "head_missing", "head_missing", "head_missing", "head_missing"]),
        (b"ST=32;CN=2011;PW=1;MN=1", ["area"]),
        (b"ST=32;CN=2011;PW=1;MN=1;CP=&&", ["area"]),
        (b"ST=32;CN=2011;PW=1;MN=1;CP=&&a=1", ["area"]),
        (b"ST=32;CN=2011;PW=1;MN=1;CP=&&&&", []),
        (b"ST=32;CN=2011;PW=1;MN=1;ST=31;CP=&&&&", ["head_repeated"]),
        (b"ST=32;CN=2011;PW=1;MN=1;XX=1;CP=&&&&", ["head_unknown"]),
        (b"ST=32;CN=2011;PW=1;MN=1;nonsense;CP=&&&&", ["head"]),
        (b"QN=1=2;ST=32;CN=2011;PW=1;MN=1;CP=&&&&", ["head"]),
        (b"QN=a,b;ST=32;CN=2011;PW=1;MN=1;CP=&&&&", ["head"]),
        (b"QN=a##b;ST=32;CN=2011;PW=1;MN=1;CP=&&&&", ["head"]),
        (b"QN=%b;ST=32;CN=2011;PW=1;MN=1;CP=&&&&" % (b"1" * 65), ["head"]),
        (b"ST=32;CN=2011;PW=1;MN=1;Flag=256;CP=&&&&", ["flag"]),
        (b"ST=32;CN=2011;PW=1;MN=1;Flag=6;CP=&&&&", ["parts_absent"]),
        (b"ST=32;CN=2011;PW=1;MN=1;Flag=6;PNUM=2;PNO=3;CP=&&&&", ["parts"]),
        (b"ST=32;CN=2011;PW=1;MN=1;Flag=6;PNUM=9999;PNO=1;CP=&&&&", ["parts"]),
        (b"ST=32;CN=2011;PW=1;MN=1;Flag=4;PNUM=2;PNO=1;CP=&&&&", ["parts_given"]),
        (b"ST=32;CN=2011;PW=1;MN=1;Flag=12;CP=&&&&", ["edition"]),
        (b"ST=32;CN=8888;PW=1;MN=1;CP=&&&&", ["command"]),
        (b"ST=32;CN=9015;PW=1;MN=1;Flag=5;CP=&&&&", ["command_early"]),
        (b"ST=32;CN=9015;PW=1;MN=1;Flag=9;CP=&&&&", []),
        (b"ST=99;CN=2011;PW=1;MN=1;CP=&&&&", ["system"]),
        (b"QN=20261340000000000;ST=32;CN=2011;PW=1;MN=1;CP=&&&&", ["number"]),
        (b"ST=32;CN=2011;PW=1;MN=1;CP=&&a&&", ["item"]),
        (b"ST=32;CN=2011;PW=1;MN=1;CP=&&a=b=c&&", ["item"]),
        (b"ST=32;CN=2011;PW=1;MN=1;CP=&&a=\xff&&", ["text"]),
    ],
)  # fmt: skip
def test_each_fault_of_a_segment_is_named(data: bytes, codes: list[str]) -> None:
    """One fault, one code; what blocks and what does not is in hj212.yaml."""
    assert [f.code for f in read(data).faults] == codes


def test_a_fault_has_its_place_and_words_in_both_languages() -> None:
    """Where in the segment, what was found, and a sentence for people; as a flaw of the house it keeps them."""
    fault = read(b"ST=32;CN=2011;PW=1;MN=1;CP=&&a=1;nonsense&&").faults[0]
    assert fault == Fault("item", 33, "nonsense")
    assert (fault.told("zh"), fault.told("en")) == (
        "不是“名称=值”的项：nonsense",
        "an item that is no name and value: nonsense",
    )
    flaw = fault.flaw("HC000001")
    assert (flaw.code, flaw.severity, flaw.subject) == ("HJ212-item", "warn", "HC000001")


def test_a_segment_longer_than_its_edition_allows_is_said() -> None:
    """1024 bytes in 2017; the limit of 2025 is not known to us, and nothing is said."""
    area = b";".join(b"a%05d-Rtd=1" % n for n in range(90))
    old, new = (b"ST=32;CN=2011;PW=1;MN=1;Flag=%d;CP=&&%b&&" % (flag, area) for flag in (4, 8))
    assert [f.code for f in read(old).faults] == ["over_long"]
    assert read(new).faults == ()


def test_an_area_with_too_many_items_is_refused() -> None:
    """Whoever sends two thousand and one items is not listened to any longer."""
    area = b";".join(b"a=1" for _ in range(standard().limits.items + 1))
    found = read(b"ST=32;CN=2011;PW=1;MN=1;Flag=8;CP=&&%b&&" % area)
    assert [f.code for f in found.faults] == ["items_many"]
    gathering = Gathering()
    faults = gathering.add(b"CP=&&%b&&" % area, 5, station="", command="", system="", number=b"", received=0)
    assert ([f.code for f in faults], len(gathering)) == (["items_many"], 0)


def test_what_is_remembered_of_frames_is_bounded() -> None:
    """Names that are new in every frame do not fill the memory."""
    for n in range(5000):
        shapes.taken_apart(b"a%d-Rtd=1" % n)
    assert len(shapes._SHAPES) <= 4096
