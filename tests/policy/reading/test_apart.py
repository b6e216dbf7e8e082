"""A stranger's file is read by a process of its own, which is ended at its bounds; what is harmless reads the same."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from policy.reading.made_files import pdf_sharing
from shuangkong.kernel.errors import UserError
from shuangkong.policy.reading import apart
from shuangkong.policy.reading.apart import Asked, Bounds, version_in
from shuangkong.policy.reading.versions import Version

PLAN = (
    "合成市节能方案\n一、目标\n到2025年，单位地区生产总值能耗比2020年下降14.5%。\n（一）建成绿色工厂10家。"
    "（市甲局牵头，市乙局配合）\n对年综合能耗5000吨标准煤及以上的企业，按投资额的14%给予补助，最高不超过500万元。\n"
    "指标\t2020年\t2025年\n合成指标（吨）\t10\t8\n"
)
WIDE = Bounds(seconds=30, memory_mb=1000, answer_mb=40)
#: Says to the cases of both ways that their process has one thread.
ALONE = "SHUANGKONG_TEST_APART_ALONE"
#: Bounds that a hostile file reaches in a test.
NARROW = Bounds(seconds=1, memory_mb=400, answer_mb=5)


@contextmanager
def another_thread() -> Iterator[None]:
    """Another thread of this process, as a server has: what it holds would stay held in a fork."""
    over = threading.Event()
    other = threading.Thread(target=over.wait)
    other.start()
    try:
        yield
    finally:
        over.set()
        other.join()


@pytest.fixture
def way(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A program of one thread, which forks, and one of several, which starts a fresh interpreter.

    Threads of other tests run on in this process, so the first is tried in a process of its own (ALONE): see the end.
    """
    if os.environ.get(ALONE) == "1":
        monkeypatch.setattr(apart, "_started", None)
        assert threading.active_count() == 1, "a process of its own has one thread"
        yield
    else:
        monkeypatch.setattr(apart, "_forked", None)
        with another_thread():
            yield


def test_a_harmless_document_reads_the_same_in_every_way(way: None) -> None:
    """Text, places, tables, clauses, targets, duties and rules come back as they are read in this process."""
    found = version_in(PLAN.encode(), Asked("plan.txt"), WIDE)
    assert found == Version.of(PLAN, "plan.txt")
    assert found is not None
    assert all((found.reading.targets, found.reading.duties, found.reading.candidates, found.cleaned.tables))


def test_what_cannot_be_read_is_told_as_ever(way: None) -> None:
    """The words of a user error come back with their facts and their place, in both languages."""
    for content, asked, told in (
        (b"", Asked("empty.txt"), "READ-003 empty.txt"),
        (bytes(range(256)) * 50, Asked("x.bin"), "READ-001 x.bin"),
        (PLAN.encode(), Asked("plan.txt", number=9), "READ-004 plan.txt: There is no document 9: the file holds 1"),
    ):
        with pytest.raises(UserError) as wrong:
            version_in(content, asked, WIDE)
        assert str(wrong.value).startswith(told)


def test_a_longer_text_than_asked_for_is_not_read(way: None) -> None:
    """Who reads at once is told that it is long, and hands it to a worker."""
    assert version_in(PLAN.encode(), Asked("plan.txt", signs=20), WIDE) is None


def test_a_text_that_was_read_before_is_text_whatever_it_begins_with() -> None:
    """The kept text of a document is never taken for another kind of file."""
    text = f"%PDF-1.5\n{PLAN}"
    assert version_in(text.encode(), Asked("plan.txt", text=True), WIDE) == Version.of(text, "plan.txt")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.pdf", pdf_sharing(1500, b"BT /F1 12 Tf () Tj ET 0 0 m 1 1 l S\n" * 5000)),
        ("a.html", b"<html>" + b"<a " * 100_000),
        ("a.html", b"<html>" + b"<!--" * 100_000),
        ("a.txt", "到2025年，全市单位地区生产总值能耗比2020年下降14.5%，".encode() * 24_000),
    ],
    ids=["pages that share a stream", "tags without an end", "comments without an end", "one line"],
)
def test_a_hostile_file_is_ended_at_its_bounds(name: str, content: bytes) -> None:
    """A small file that would be read for minutes is stopped, and the message says where, what and what to do."""
    with pytest.raises(UserError) as wrong:
        version_in(content, Asked(name), NARROW)
    assert str(wrong.value).startswith(f"READ-002 {name}: Reading it took 1 s of a processor or 400 MB of memory")
    assert "Save it as .txt" in wrong.value.remedy


@pytest.mark.parametrize(
    "content",
    [
        b"<html><table>" + b"<tr><td rowspan=999999 colspan=999999>x" * 3000 + b"</table>",
        b"<html>" + b"<table><tr><td>" * 20_000 + b"x",
        b"<html>x" + b"<![" * 100_000,
        "一\n".encode() * 100_000,
    ],
    ids=["spans", "tables in tables", "declarations", "lines of one sign"],
)
def test_what_is_odd_and_small_stays_within_bounds(content: bytes) -> None:
    """It reads as little, or is refused as no text; it does not blow up."""
    told = ""
    try:
        version_in(content, Asked("a.html"), WIDE)
    except UserError as wrong:
        told = wrong.code
    assert told in ("", "READ-001", "READ-002")


@pytest.mark.parametrize("bounds", [Bounds(30, 1, 40), Bounds(30, 1000, 0)], ids=["memory", "answer"])
def test_memory_and_what_is_read_have_bounds_too(way: None, bounds: Bounds) -> None:
    """Where memory or the answer runs out the reading ends as it does where time does."""
    with pytest.raises(UserError, match="READ-002"):
        version_in((PLAN * 3000).encode(), Asked("plan.txt"), bounds)


def test_nothing_of_a_reading_stays(way: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No file is left behind, where it ends well and where it is ended."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    version_in(PLAN.encode(), Asked("plan.txt"), WIDE)
    with pytest.raises(UserError):
        version_in((PLAN * 3000).encode(), Asked("plan.txt"), Bounds(30, 1, 40))
    assert list(tmp_path.iterdir()) == []


def test_a_program_of_one_thread_reads_the_same() -> None:
    """Every case that asks for a way holds in a process without other threads too, where none of them is left out."""
    names = [n for n, f in globals().items() if n.startswith("test_") and "way" in inspect.signature(f).parameters]
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:xdist"]
    # what steers this run (processes, order) says nothing to that one
    env = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    done = subprocess.run(
        [*command, *(f"{__file__}::{name}" for name in names)], env={**env, ALONE: "1"},
        cwd=Path(__file__).parents[3], capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    told = re.search(r"=+ (\d+) passed in", done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert told is not None, done.stdout
    assert int(told[1]) >= len(names) > 0
