"""The manual lists every error code (house rules H7, H13)."""

from __future__ import annotations

import re

from shuangkong.kernel.errors import CODES
from source_tree import ROOT


def headings(text: str) -> list[str]:
    """The codes that a page has a heading for."""
    return re.findall(r"^## ([A-Z]+-\d{3})\b", text, re.MULTILINE)


def test_every_error_code_has_a_heading() -> None:
    """docs/errors.md and the code list the same codes, in the same order."""
    page = (ROOT / "docs" / "errors.md").read_text("utf-8")
    assert headings(page) == [kind.code for kind in CODES]


def test_every_heading_bears_the_names_of_its_code() -> None:
    """A heading gives the code's name in both languages, as the program shows it."""
    page = (ROOT / "docs" / "errors.md").read_text("utf-8")
    assert re.findall(r"^## (.*)$", page, re.MULTILINE) == [f"{k.code} {k.zh} · {k.en}" for k in CODES]


def test_a_missing_heading_is_seen() -> None:
    """A code that stands in the text only has no heading."""
    assert headings("## WS-001 x\n\nsee WS-002\n### WS-003\n## PACK-001 y\n") == ["WS-001", "PACK-001"]
