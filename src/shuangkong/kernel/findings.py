"""Findings (结论): subject × clause × period → status, value, threshold, evidence, coverage."""

from __future__ import annotations

from enum import StrEnum

from shuangkong.kernel.labels import Label


class Status(StrEnum):
    """What a finding says.

    `met` and `missed` are said of a closed period, `on_track` and `behind` of a plan under way;
    `insufficient` (数据不足) means that readings are wanting, `undetermined` (待定) that the clause itself
    leaves something open (a bound not known, a method not named).
    """

    MET = "met"
    ON_TRACK = "on_track"
    BEHIND = "behind"
    MISSED = "missed"
    INSUFFICIENT = "insufficient"
    UNDETERMINED = "undetermined"

    @property
    def decided(self) -> bool:
        """Whether the clause could be answered at all."""
        return self not in (Status.INSUFFICIENT, Status.UNDETERMINED)


STATUS_LABELS: dict[Status, Label] = {
    Status.MET: Label("达标", "met"),
    Status.ON_TRACK: Label("进度正常", "on track"),
    Status.BEHIND: Label("滞后", "behind"),
    Status.MISSED: Label("未完成", "missed"),
    Status.INSUFFICIENT: Label("数据不足", "insufficient"),
    Status.UNDETERMINED: Label("待定", "undetermined"),
}


class Change(StrEnum):
    """How a finding stands against the last run of the same kind."""

    OPENED = "opened"
    STAYED = "stayed"
    CHANGED = "changed"
    CLOSED = "closed"


#: The mark of what a program read and nobody has reviewed: nothing is decided on it.
CANDIDATE = "candidate"
#: How sure a pack row or a published figure is, surest first.
CONFIDENCES: tuple[str, ...] = ("confirmed", "inferred", "unofficial", "recalled", "synthetic", CANDIDATE)


def least_sure(*marks: str) -> str:
    """The mark that a result carries when its inputs carry `marks`."""
    return max(marks, key=CONFIDENCES.index, default="confirmed")
