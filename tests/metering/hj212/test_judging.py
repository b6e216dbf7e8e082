"""`hj212 check`: a file of frames judged line by line, real frames as they were labelled among them."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from shuangkong.app.cli import app
from shuangkong.kernel.errors import UserError
from shuangkong.metering.hj212.build import frame
from shuangkong.metering.hj212.judging import LONGEST, as_json, judge_line
from source_tree import ROOT

FRAMES = ROOT.parent / "shared" / "data" / "hj212-frames" / "frames.tsv"
SEGMENT = (
    b"QN=20261120083000123;ST=32;CN=2011;PW=123456;MN=HC000001;Flag=5;CP=&&DataTime=20261120083000;w01001-Rtd=7.1&&"
)


def checked(file: Path, *words: str) -> str:
    """What the command prints."""
    done = CliRunner().invoke(app, ["hj212", "check", str(file), *words])
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.shared
@pytest.mark.skipif(not FRAMES.is_file(), reason="the folder ../shared is not beside the checkout")
def test_real_frames_are_judged_as_labelled(tmp_path: Path) -> None:
    """Thirty frames of stations and programs: check sum, length, ST, CN and Flag of each as it was labelled."""
    with FRAMES.open(encoding="utf-8", newline="") as file:
        labelled = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    (tmp_path / "frames.txt").write_text("".join(f"{r['frame']}\n" for r in labelled), "utf-8")
    judged = json.loads(checked(tmp_path / "frames.txt", "--json"))
    assert len(judged) == len(labelled) >= 30
    sums = {"other:modbus": "modbus"}
    for line, label in zip(judged, labelled, strict=True):
        assert line["crc"] == sums.get(label["crc_result"], label["crc_result"]), label["id"]
        assert line["length_ok"] == (label["length_result"] == "ok"), label["id"]
        assert (line["crc_given"], line["crc_computed"]) == (label["crc_given"], label["crc_computed"]), label["id"]
        assert (line["ST"], line["CN"]) == (label["st"], label["cn"]), label["id"]
        assert str(line["Flag"] if line["Flag"] is not None else "") == label["flag"], label["id"]
        assert f"MN={line['MN']};" in label["frame"], label["id"]
        for name, value in line["fields"].items():
            assert f"{name}={value}" in label["frame"], label["id"]


def test_a_frame_is_judged_whole(tmp_path: Path) -> None:
    """Every key of a line, and the file's order; a blank line is none, and the password is not repeated."""
    file = tmp_path / "合成.txt"
    file.write_bytes(frame(SEGMENT) + b"\r\n" + frame(SEGMENT, modbus=True)[:-2] + b"\nno frame\n")
    first, second, third = json.loads(checked(file, "--json"))
    given = frame(SEGMENT)[-6:-2].decode()
    assert first == {
        "line": 1, "crc": "ok", "crc_given": given, "crc_computed": given, "length_ok": True,
        "length_declared": len(SEGMENT), "length_actual": len(SEGMENT), "ST": "32", "CN": "2011",
        "QN": "20261120083000123", "MN": "HC000001", "Flag": 5, "PNUM": None, "PNO": None, "edition": 2017,
        "fields": {"DataTime": "20261120083000", "w01001-Rtd": "7.1"}, "flaws": [],
    }  # fmt: skip
    assert (second["line"], second["crc"], second["crc_computed"]) == (3, "modbus", given)
    assert [f["code"] for f in second["flaws"]] == ["HJ212-crc_modbus"]
    assert (third["line"], third["crc"], third["length_ok"], third["CN"], third["fields"]) == (
        4,
        "bad",
        False,
        None,
        {},
    )
    assert "123456" not in json.dumps(first["fields"])


def test_no_frame_no_list(tmp_path: Path) -> None:
    """An empty file is an empty list."""
    (tmp_path / "empty").write_bytes(b"\n\n")
    assert json.loads(checked(tmp_path / "empty", "--json")) == []


def test_people_read_a_table_in_either_language(tmp_path: Path) -> None:
    """A row a frame, what is wrong below it, and the sum last."""
    bad = frame(SEGMENT.replace(b"7.1", b"seven"))[:-6] + b"0000"
    (tmp_path / "f").write_bytes(frame(SEGMENT) + bad + b"\n")
    zh, en = checked(tmp_path / "f").splitlines(), checked(tmp_path / "f", "--lang", "en").splitlines()
    assert zh[0].split()[:3] == ["行", "CRC", "长度"]
    assert zh[1].split() == [
        "1",
        "相符",
        "相符",
        "2017",
        "32",
        "地表水污染源",
        "2011",
        "污染物实时数据",
        "HC000001",
        "20261120083000123",
        "2",
    ]
    assert zh[3:5] == ["      · CRC 不符：帧中为 0000", "      · w01001 rtd：不是数字，按缺失处理：seven"]
    assert zh[-1] == "共 2 帧：CRC 相符 1，为 MODBUS 算法 0，不符 1；长度不符 0；可以接收 1。"
    assert en[-1] == "2 frames: CRC ok 1, that of MODBUS 0, bad 1; wrong length 0; fit to be taken in 1."
    assert len(zh) == len(en) == 6


def test_a_file_that_is_not_there_is_a_user_error(tmp_path: Path) -> None:
    """IMP-001, with nothing on stdout."""
    done = CliRunner().invoke(app, ["hj212", "check", str(tmp_path / "none"), "--json"])
    assert isinstance(done.exception, UserError)
    assert (done.exception.code, done.stdout) == ("IMP-001", "")


def test_a_line_without_an_end_is_not_read_whole(tmp_path: Path) -> None:
    """A file that is one long line does not fill the memory, and the next line is judged as ever."""
    (tmp_path / "f").write_bytes(b"#" * (LONGEST * 5) + b"\n" + frame(SEGMENT))
    first, second = json.loads(checked(tmp_path / "f", "--json"))
    assert ([f["code"] for f in first["flaws"]], second["line"], second["crc"]) == (["HJ212-line_long"], 2, "ok")


@given(st.one_of(st.binary(max_size=200), st.binary(max_size=60).map(lambda b: b"##0012" + b)))
def test_any_line_is_judged(line: bytes) -> None:
    """Whatever the bytes, there is a judgement that JSON can hold."""
    judged = as_json(judge_line(line))
    assert json.loads(json.dumps(judged)) == judged
    assert judged["crc"] in ("ok", "modbus", "bad")
