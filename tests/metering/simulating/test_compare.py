"""Sent against stored: what is lost and what is invented is counted and named (合成)."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from shuangkong.metering.model import NO_VALUE
from shuangkong.metering.simulating.compare import SENT, SentLog, compared
from shuangkong.metering.simulating.design import design
from shuangkong.metering.simulating.province import make_province
from shuangkong.metering.simulating.trouble import Sending
from shuangkong.metering.simulating.wire import as_json, as_upload, channel_of, spoilt

_COLUMNS = ["source", "channel", "at", "value"]


def _log(folder: Path) -> SentLog:
    log = SentLog(folder)
    log.add("u1", ["a", "b"], [1_000_000, 1_000_000], [5_000_000, NO_VALUE], taken=True)
    log.add("u1", ["a"], [2_000_000], [7_000_000], taken=False)
    log.flush()
    return log


def _sent(folder: Path) -> pa.Table:
    import pyarrow.parquet as pq

    return pa.concat_tables([pq.read_table(p) for p in sorted(folder.glob("sent-*.parquet"))])


def test_what_was_acknowledged_and_stored_agrees(tmp_path: Path) -> None:
    """A post that was never answered may be there or not: neither is a fault; a value that is none is compared too."""
    _log(tmp_path)
    sent = _sent(tmp_path)
    files = sorted(tmp_path.glob("sent-*.parquet"))
    assert compared(files, sent.select(_COLUMNS)).agrees
    found = compared(files, sent.filter(sent["acknowledged"]).select(_COLUMNS))
    assert (found.agrees, found.sent, found.acknowledged, found.stored) == (True, 3, 2, 2)


def test_a_lost_reading_and_an_invented_one_are_named(tmp_path: Path) -> None:
    """What was acknowledged and is not there is lost; what is there and was never sent is invented."""
    _log(tmp_path)
    other = SentLog(tmp_path / "other")
    other.add("u1", ["a"], [1_000_000], [5_000_001], taken=True)
    other.flush()
    found = compared(sorted(tmp_path.glob("sent-*.parquet")), _sent(tmp_path / "other").select(_COLUMNS))
    assert (found.lost, found.invented, found.agrees) == (2, 1, False)
    assert {row["what"] for row in found.named} == {"lost", "invented"}
    assert found.as_dict()["lost"] == 2


def test_nothing_sent_and_nothing_stored_agrees() -> None:
    """Without files everything that is stored would be invented."""
    assert compared([], SENT.empty_table().select(_COLUMNS)).agrees


def test_a_second_run_writes_further_files(tmp_path: Path) -> None:
    """What an earlier run sent is kept."""
    _log(tmp_path)
    _log(tmp_path)
    assert [p.name for p in sorted(tmp_path.iterdir())] == ["sent-0000.parquet", "sent-0001.parquet"]


def test_every_way_says_the_same_readings() -> None:
    """Columnar JSON and key units' uploads are read to the same channels, instants and values."""
    from shuangkong.metering import decoding, key_units

    province = make_province(30)
    unit = next(n for n, u in enumerate(province.units) if u.way == "key_units")
    import numpy as np

    at = np.array([1_767_197_700_000_000] * 3, dtype=np.int64)
    value = np.array([12_345_600, NO_VALUE, -5], dtype=np.int64)
    post = Sending(unit, "p1", ("x", "y", "z"), np.arange(3, dtype=np.uint32), at, value)
    plain = decoding.decoded(as_json(post), decoding.JSON, "u", 0)
    upload = key_units.decoded(as_upload(post), decoding.JSON, "u", 0)
    assert plain.value.tolist() == upload.value.tolist() == value.tolist()
    assert plain.at.tolist() == upload.at.tolist() == at.tolist()
    assert [channel_of(province, unit, c) for c in plain.channels] == list(upload.channels)


def test_spoilt_frames_are_spoilt() -> None:
    """A wrong check sum differs from the right one, and a cut frame is half of it."""
    whole = b"##0004QN=1F141\r\n"
    assert spoilt(whole, "crc")[:-6] == whole[:-6]
    assert spoilt(whole, "crc") != whole
    assert whole.startswith(spoilt(whole, "cut"))
    assert design().faults["bad_frame"].of == "station"


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """A file in the way of the folder is an error at once, not at the end of an hour of sending."""
    (tmp_path / "x").write_text("")
    with pytest.raises(FileExistsError):
        SentLog(tmp_path / "x")
