"""Letters without their price (公文入口): what makes Word files is loaded when the first letter is written."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shuangkong.webkit.letters import Letter


def letter(title: str, *, invented: bool = False) -> Letter:
    """A letter to be filled from top to bottom; one with made-up figures says so at its head."""
    from shuangkong.webkit.letters import Letter

    return Letter(title, invented=invented)


def day_words(day: date) -> str:
    """A day as the foot of a letter has it (成文日期): 2026年11月21日, in Arabic digits as GB/T 9704-2012 asks."""
    return f"{day.year}年{day.month}月{day.day}日"
