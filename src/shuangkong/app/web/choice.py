"""Region and period (地区与期间): chosen once in the head of a page, kept in a cookie, and always said in the address.

Where an address says neither, the reader is sent on to the one that says what was kept, so that every address shows
the same to whoever may see it. What lies outside the reader's scope is dropped like what does not exist.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlencode

from fastapi.responses import RedirectResponse, Response

from shuangkong.app.web.context import Asked
from shuangkong.app.web.reading import RunView
from shuangkong.app.web.rows import Subject

COOKIE = "shuangkong_choice"
#: Regions that the select offers at most; all others are found by name or code (`region_search`).
OFFERED = 400
_YEAR = 31_536_000
_WRITTEN = re.compile(r"([\w-]{0,60})\|([\w-]{0,20})")


@dataclass(frozen=True, slots=True)
class Chosen:
    """A region by subject id and a period by key; empty where none is chosen."""

    region: str = ""
    period: str = ""

    def __bool__(self) -> bool:
        return bool(self.region or self.period)


@dataclass(frozen=True)
class Chooser:
    """What the form in the head offers. `carried` are the other choices of the page, kept when it is sent."""

    chosen: Chosen
    action: str
    carried: tuple[tuple[str, str], ...]
    regions: tuple[tuple[Subject, int], ...]
    periods: tuple[str, ...]

    @property
    def back(self) -> str:
        """Where a region that was searched for leads to: this page with its other choices."""
        kept = [*self.carried, *([("period", self.chosen.period)] if self.chosen.period else [])]
        return f"{self.action}?{urlencode(kept)}" if kept else self.action


def seen(view: RunView, region: str, period: str) -> Chosen:
    """The choice as far as it is there for this reader."""
    found = view.subjects.get(region)
    known = found is not None and found.kind == "region"
    return Chosen(region if known else "", period if period in periods(view) else "")


def chosen(a: Asked, view: RunView) -> Chosen:
    """What the address says."""
    asked = a.request.query_params
    return seen(view, asked.get("region", ""), asked.get("period", ""))


def own_region(view: RunView) -> str:
    """The region that the reader is appointed to; empty for who has none."""
    own = view.scope.subject if view.scope.kind == "region" else None
    return own if own is not None and own in view.subjects else ""


def region_of(view: RunView, subject: Subject) -> str:
    """The region to which a page about `subject` belongs: itself, or the one in which a unit lies; empty if unseen.

    The select in the head lists regions; a unit among them would stand under a wrong name and lead nowhere.
    """
    return next((s.id for s in reversed(view.path(subject.id)) if s.kind == "region"), "")


def sent_on(a: Asked, view: RunView) -> Response | None:
    """Where to go instead: to the full address after choosing, or with what was kept; None to stay."""
    asked = a.request.query_params
    if "keep" in asked:
        return _keeping(a, seen(view, asked.get("region", ""), asked.get("period", "")))
    if "region" in asked or "period" in asked:
        return None
    kept = _kept(a, view)
    return _to(a, kept) if kept else None


def chooser(a: Asked, view: RunView, *, stays: bool = False, shown: Chosen | None = None) -> Chooser:
    """The form for this page; `stays` where the page itself shows what is chosen, else it leads home.

    `shown` is what the page shows where its address does not say it.
    """
    asked = a.request.query_params.multi_items()
    left_out = ("region", "period", "keep", "page", "lang", "view")
    carried = tuple((k, v) for k, v in asked if k not in left_out and v) if stays else ()
    return Chooser(shown or chosen(a, view), a.request.url.path if stays else "/", carried,
                   regions(view), periods(view))  # fmt: skip


def regions(view: RunView) -> tuple[tuple[Subject, int], ...]:
    """Regions of which a clause asks something, and those above them, by code, each with its depth."""
    return view._once(("regions",), lambda: _regions(view))


def _regions(view: RunView) -> tuple[tuple[Subject, int], ...]:
    shown: dict[str, tuple[Subject, int]] = {}
    for subject in view.latest_of:
        if (found := view.subjects.get(subject)) is not None and found.kind == "region":
            shown.update({s.id: (s, depth) for depth, s in enumerate(view.path(subject))})
    return tuple(sorted(shown.values(), key=lambda x: x[0].code))[:OFFERED]


def periods(view: RunView) -> tuple[str, ...]:
    """Periods that have findings, the newest first; of two that end together the longer one first."""
    return view._once(("periods",), lambda: _periods(view))


def _periods(view: RunView) -> tuple[str, ...]:
    found = {f.period_key: (f.period_end, -f.period_start.toordinal()) for f in view.findings}
    return tuple(sorted(found, key=lambda k: found[k], reverse=True))


def _keeping(a: Asked, choice: Chosen) -> Response:
    answer = _to(a, choice)
    if choice:
        answer.set_cookie(COOKIE, f"{choice.region}|{choice.period}", max_age=_YEAR, httponly=True, samesite="lax")
    else:
        answer.delete_cookie(COOKIE, httponly=True, samesite="lax")
    return answer


def _kept(a: Asked, view: RunView) -> Chosen:
    written = _WRITTEN.fullmatch(a.request.cookies.get(COOKIE, "").strip('"'))
    return seen(view, *written.groups()) if written else Chosen()


def _to(a: Asked, choice: Chosen) -> Response:
    """On to the same page with the choice in its address; one that is empty is said too, so that it stands."""
    query = [(k, v) for k, v in a.request.query_params.multi_items() if k not in ("region", "period", "keep") and v]
    query += [(k, v) for k, v in (("region", choice.region), ("period", choice.period)) if v or not choice]
    answer = RedirectResponse(f"{a.request.url.path}?{urlencode(query)}", status_code=303)
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
