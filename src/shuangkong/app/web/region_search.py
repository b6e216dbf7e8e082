"""Finding a region (查找地区) by name or code among all that the reader may see: a plain form, live with scripts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import parse_qsl, urlencode, urlsplit

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse

from shuangkong.app.web.context import Asked, Asks
from shuangkong.app.web.reading import RunView
from shuangkong.app.web.rows import Subject
from shuangkong.registry.api import plain

router = APIRouter(include_in_schema=False)
Reads = Annotated[Asked, Depends(Asks("findings.read"))]
#: Regions that an answer lists; how many there are in all is said.
LISTED = 30
#: Pages that a choice may lead back to: those that show what is chosen.
_LEADS_TO = ("/findings", "/units", "/packs")
_TOPS = ("nation", "province")
_NOT_CARRIED = frozenset({"region", "keep", "page", "lang", "view"})


@dataclass(frozen=True, slots=True)
class Found:
    """A region that answers to what was typed, those above it, and the address that chooses it."""

    subject: Subject
    above: tuple[Subject, ...]
    href: str


@dataclass(frozen=True, slots=True)
class _Written:
    """A region as it is looked for: its names in the spelling that is compared, its code, and the names above."""

    subject: Subject
    names: tuple[str, ...]
    above: str
    depth: int


@router.get("/regions")
def regions(
    a: Reads, q: Annotated[str, Query(max_length=120)] = "", to: Annotated[str, Query(max_length=2000)] = ""
) -> HTMLResponse:
    """The regions that answer to a name or code; each is a link that chooses it and leads back."""
    run = a.needed()
    every = find(run, q)
    shown = [Found(s, tuple(run.path(s.id)[:-1]), chosen_at(to, s.id)) for s in every[:LISTED]]
    return a.page("regions.html", run, q=q, to=to, found=shown, total=len(every), searched=bool(plain(q)), limit=LISTED)


def chosen_at(to: str, region: str) -> str:
    """The address of a page of this site with the region chosen; home where `to` is no page that shows the choice."""
    parts = urlsplit(to)
    inside = not parts.scheme and not parts.netloc and parts.path.startswith(_LEADS_TO)
    kept = [(k, v) for k, v in parse_qsl(parts.query) if k not in _NOT_CARRIED] if inside else []
    return f"{parts.path if inside else '/'}?{urlencode([*kept, ('region', region), ('keep', '1')])}"


def find(view: RunView, text: str) -> list[Subject]:
    """Regions in the reader's scope of which each word is part of the name, the code, or a name above them.

    What is called so comes before what begins so, that before what holds it, and the higher region before the lower.
    """
    words = [plain(w) for w in text.split()]
    words = [w for w in words if w]
    if not words:
        return []
    rows: tuple[_Written, ...] = view._once(("region_names",), lambda: _written(view))
    ranked = [(rank, r.depth, r.subject.code, r.subject) for r in rows if (rank := _rank(r, words)) is not None]
    return [subject for *_, subject in sorted(ranked, key=lambda x: x[:3])]


def _written(view: RunView) -> tuple[_Written, ...]:
    found = []
    for s in view.subjects.values():
        if s.kind == "region":
            above = view.path(s.id)[:-1]
            if not above and s.level not in _TOPS and s.id != view.scope.subject:
                continue  # a place of other days: it lies in nothing on the day of the run
            names = tuple(plain(n) for n in (s.label.zh, s.label.en or "") if n)
            found.append(_Written(s, names, "".join(_spelt(up) for up in above), len(above)))
    return tuple(found)


def _spelt(subject: Subject) -> str:
    return plain(f"{subject.label.zh} {subject.label.en or ''}")


def _rank(region: _Written, words: list[str]) -> int | None:
    """0 for the name or code itself, 1 for its beginning, 2 for a part; None where it is not what was typed."""
    code, names, last = region.subject.code, region.names, words[-1]
    own = "".join(names)
    somewhere = all(w in own or code.startswith(w) or w in region.above for w in words)
    if somewhere and (last in names or (last.isdigit() and last.ljust(6, "0") == code)):
        return 0
    if somewhere and any(n.startswith(last) for n in (*names, code)):
        return 1
    if somewhere and last in own:
        return 2
    return 2 if len(words) == 1 and _in_one_word(region, last) else None


def _in_one_word(region: _Written, word: str) -> bool:
    """Whether a name above stands in front of the region's own: 河北石家庄, 河北省石家庄市."""
    cuts = range(2, len(word) - 1)
    return any(word[:cut] in region.above and n.startswith(word[cut:]) for cut in cuts for n in region.names)
