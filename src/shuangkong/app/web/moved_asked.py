"""Asking why a figure moved, from a view of a run (因素分解取数): the place with its parts, and the answer."""

from __future__ import annotations

from collections.abc import Mapping

from shuangkong.app.web.reading import RunView, all_within
from shuangkong.app.web.rows import Subject
from shuangkong.dualcontrol.api import (
    MOVED_WHATS,
    MovedAnswer,
    MovedBooks,
    MovedPlace,
    MovedWish,
    Mover,
    moved_answer,
    movers,
)


def place_of(view: RunView, subject: Subject) -> MovedPlace:
    """The place with the regions and units that lie in it on the run's day, as far as the reader may see them."""
    if subject.kind == "unit":
        return MovedPlace(subject.id, members={subject.id: view.within(subject.id)}, own=True)
    inside = view.within(subject.id)
    regions = tuple(r for r in view.children.get(subject.id, ()) if view.subjects[r].kind == "region")
    units = tuple(sorted(u for u in inside if view.subjects[u].kind == "unit"))
    parts = (*regions, *(u for u in units if u in view.children))
    members = {subject.id: inside, **{p: all_within(view.children, p) for p in parts}}
    return MovedPlace(subject.id, tuple(sorted(regions)), units, members)


def books_of(view: RunView, subject: Subject) -> MovedBooks:
    """The books of a place; read once for all who see the same."""

    def read() -> MovedBooks:
        return MovedBooks.read(
            view.workspace, view.run, view.scope, view.seen, place_of(view, subject), view.packs
        )  # fmt: skip

    return view._once(("moved", subject.id), read)


def wish_of(asked: Mapping[str, str]) -> MovedWish:
    """What an address asks for; a word that is none is as if it were not there."""
    what = next((w for w in MOVED_WHATS if w == asked.get("what")), MOVED_WHATS[0])
    start, end, basis, method = (asked.get(name, "")[:200] for name in ("from", "to", "basis", "method"))
    return MovedWish(what, start, end, basis, method, asked.get("partial") == "1")


def answer_of(view: RunView, subject: Subject, wish: MovedWish) -> MovedAnswer:
    """Why the figure moved; kept, because a page and its files ask the same."""
    key = ("moved", subject.id, *map(str, (wish.what, wish.start, wish.end, wish.basis, wish.method, wish.partial)))
    return view._once(key, lambda: moved_answer(books_of(view, subject), wish))


def movers_of(view: RunView, subject: Subject, wish: MovedWish) -> tuple[Mover, ...]:
    """Units by how much their energy moved between the periods of an answer."""
    key = ("movers", subject.id, wish.start, wish.end, wish.method, str(wish.partial))
    return view._once(key, lambda: movers(books_of(view, subject), wish))
