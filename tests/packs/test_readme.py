"""The page of packs says what the packs are."""

from __future__ import annotations

from packs.readme_table import PAGE, page


def test_the_table_of_packs_is_up_to_date() -> None:
    """docs/packs/README.md lists every pack with its counts; `python tests/packs/readme_table.py` mends it."""
    text = PAGE.read_text("utf-8")
    assert text == page(text)
