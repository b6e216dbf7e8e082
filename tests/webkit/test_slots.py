"""Slots: what a later slice registers stands in the page, in order, and nothing unescaped comes through."""

from __future__ import annotations

import pytest
from markupsafe import Markup

from shuangkong.webkit.api import SLOTS, Slots


def test_fillers_stand_in_order_and_may_be_silent() -> None:
    """The lowest priority comes first, then the name; one that has nothing to say leaves nothing."""
    slots = Slots()
    slots.register("unit.head", lambda about: Markup("<b>{}</b>").format(about["subject"]), name="b")
    slots.register("unit.head", lambda _: Markup("first "), name="z", priority=1)
    slots.register("unit.head", lambda _: None, name="a")
    assert slots.fill("unit.head", subject="<x>") == "first <b>&lt;x&gt;</b>"
    assert slots.fill("region.tabs") == ""


def test_only_slots_of_the_pages_can_be_filled() -> None:
    """A slot that no page has, and a name that is taken, are refused when they are registered."""
    slots = Slots()
    with pytest.raises(ValueError, match="no page has"):
        slots.register("unit.nowhere", lambda _: None, name="a")
    with pytest.raises(ValueError, match="no page has"):
        slots.fill("unit.nowhere")
    slots.register("home.side", lambda _: None, name="a")
    with pytest.raises(ValueError, match="already"):
        slots.register("home.side", lambda _: None, name="a")


def test_plain_text_is_refused() -> None:
    """A filler that returns a text which nobody escaped breaks the page instead of opening it."""
    slots = Slots()
    slots.register("home.side", lambda about: about["name"], name="a")
    with pytest.raises(TypeError, match="Markup"):
        slots.fill("home.side", name="<script>")


def test_every_slot_says_where_it_stands() -> None:
    """Each slot has a sentence for who fills it."""
    assert sorted(SLOTS) == [
        "home.attention", "home.side", "region.head", "region.tabs", "unit.head", "unit.sections",
    ]  # fmt: skip
    assert all(SLOTS.values())
