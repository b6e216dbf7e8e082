"""Worked frames (worked.yaml): what goes over the line, and the readings that it comes to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from shuangkong.kernel.periods import CHINA
from shuangkong.metering.hj212.build import data_answer, data_answers, frame
from shuangkong.metering.hj212.framing import Frame, Splitter
from shuangkong.metering.hj212.readings import Gathering
from shuangkong.metering.hj212.segment import head_of, read, usual_head

CASES: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("worked.yaml").read_text("utf-8"))


def segment_of(case: dict[str, Any]) -> bytes:
    """The data segment of a case: its own, or that of its frame."""
    if "segment" in case:
        return case["segment"].encode()
    return case["frame"].encode()[6:-4]


@pytest.mark.parametrize("case", CASES, ids=[c["name"] for c in CASES])
def test_a_worked_frame_is_read_as_written(case: dict[str, Any]) -> None:
    """Head, edition, answer asked for and, where the case has it, every field."""
    message = read(segment_of(case))
    head, faults = head_of(segment_of(case))
    assert faults == []
    assert usual_head(segment_of(case)) == head
    for name, value in case.get("head", {}).items():
        assert getattr(message, name) == value
    assert (message.edition.year if message.edition else None, message.wants_answer) == (
        case["edition"], case["wants_answer"],
    )  # fmt: skip
    if "fields" in case:
        assert dict(message.items()) == case["fields"]


@pytest.mark.parametrize("case", CASES, ids=[c["name"] for c in CASES])
def test_a_worked_frame_comes_to_its_readings(case: dict[str, Any]) -> None:
    """Factor, statistic, time, value and mark of every reading, and every fault."""
    segment = segment_of(case)
    head, _ = head_of(segment)
    gathering = Gathering()
    faults = gathering.add(segment, head.area, station="S", command="C", system="Y", number=head.qn, received=0)
    if "refused" in case:
        assert ([f.code for f in faults], len(gathering)) == (case["refused"], 0)
        return
    readings, wrong = gathering.finish()
    rows = readings.table().to_pylist()
    assert [
        [r["factor"], r["statistic"], f"{r['at'].astimezone(CHINA):%Y-%m-%d %H:%M:%S}",
         None if r["value"] is None else str(r["value"]), r["flag"]]
        for r in rows
    ] == case["readings"]  # fmt: skip
    assert [f.code for f in (*faults, *(f for _, f in wrong))] == case.get("faults", [])


@pytest.mark.parametrize("case", [c for c in CASES if "frame" in c], ids=lambda c: c["name"])
def test_a_worked_frame_is_built_as_written(case: dict[str, Any]) -> None:
    """The frame around its segment, digit for digit, and out of a stream again."""
    line = case["frame"].encode() + b"\r\n"
    assert frame(segment_of(case)) == line
    assert Splitter().feed(line) == [Frame(0, segment_of(case), int(case["frame"][-4:], 16))]


@pytest.mark.parametrize("case", [c for c in CASES if "answer" in c or "answer_segment" in c], ids=lambda c: c["name"])
def test_a_worked_frame_is_answered_as_written(case: dict[str, Any]) -> None:
    """9014 with the QN of the upload, ST 91, the Flag of its edition and an empty data area."""
    head, _ = head_of(segment_of(case))
    answer = data_answer(head)
    if "answer" in case:
        assert frame(answer) == case["answer"].encode() + b"\r\n"
    else:
        assert answer == case["answer_segment"].encode()
    assert data_answers([head], [False]) == [frame(answer)]
