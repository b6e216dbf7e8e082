"""Marks (标记): a status by colour, shape and word; how sure a figure is, in words. Readable in black and white."""

from __future__ import annotations

from dataclasses import dataclass

from shuangkong.kernel.findings import STATUS_LABELS, Status
from shuangkong.kernel.labels import Label

#: The order in which statuses are counted and sorted: what needs attention first.
STATUS_ORDER: tuple[Status, ...] = (
    Status.MISSED,
    Status.BEHIND,
    Status.ON_TRACK,
    Status.MET,
    Status.UNDETERMINED,
    Status.INSUFFICIENT,
)
CONFIDENCE_LABELS: dict[str, Label] = {
    "confirmed": Label("已核对", "confirmed"),
    "inferred": Label("推断", "inferred"),
    "unofficial": Label("非官方", "unofficial"),
    "recalled": Label("凭记忆", "recalled"),
    "synthetic": Label("合成", "synthetic"),
    "candidate": Label("候选，未经复核", "candidate, not reviewed"),
}


@dataclass(frozen=True, slots=True)
class Mark:
    """How a status looks: its CSS class, the shape that carries it without colour, the word, and a short one."""

    css: str
    shape: str
    label: Label
    short: Label


STATUS_MARKS: dict[str, Mark] = {
    Status.MET.value: Mark("met", "disc", STATUS_LABELS[Status.MET], Label("达标", "met")),
    Status.ON_TRACK.value: Mark("on-track", "half", STATUS_LABELS[Status.ON_TRACK], Label("正常", "fine")),
    Status.BEHIND.value: Mark("behind", "triangle", STATUS_LABELS[Status.BEHIND], Label("滞后", "behind")),
    Status.MISSED.value: Mark("missed", "square", STATUS_LABELS[Status.MISSED], Label("未成", "missed")),
    Status.INSUFFICIENT.value: Mark("insufficient", "ring", STATUS_LABELS[Status.INSUFFICIENT], Label("缺数", "n/a")),
    Status.UNDETERMINED.value: Mark(
        "undetermined", "question", STATUS_LABELS[Status.UNDETERMINED], Label("待定", "open")
    ),
}
NO_FINDING = Mark("none", "dash", Label("未列目标", "no target"), Label("未列", "none"))


def status_mark(status: str | None) -> Mark:
    """The mark of a status; None where no clause asks anything."""
    return STATUS_MARKS[status] if status else NO_FINDING


def severity(status: str) -> int:
    """Place of a status in the order of attention."""
    return STATUS_ORDER.index(Status(status))
