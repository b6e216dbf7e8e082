"""The frame of every page (页面框架): templates, assets named by their hash, and the headers of each answer."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

import jinja2
from markupsafe import Markup, escape

from shuangkong.kernel.labels import Label, Language
from shuangkong.kernel.periods import CHINA
from shuangkong.webkit import figures, marks
from shuangkong.webkit.messages import LANGUAGES, Speaker
from shuangkong.webkit.wrongs import wrong

#: No inline code or style, nothing from elsewhere: every byte of a page comes from this server.
HEADERS: dict[str, str] = {
    "Content-Security-Policy": "default-src 'self'; script-src 'self'; style-src 'self'; base-uri 'none'; "
    "object-src 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    # what a reader sees is that reader's: no cache in between keeps it, and the browser asks before it shows it again
    "Cache-Control": "private, no-cache",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that pages load: bytes, their type, and the name that changes with them."""

    content: bytes
    packed: bytes
    media_type: str
    name: str


class Assets:
    """Static files of packages, by plain name (`vendor/x.js` in a folder) and by the name with the hash."""

    def __init__(self, packages: Sequence[str]) -> None:
        self.by_name: dict[str, Asset] = {}
        for package in packages:
            folder = resources.files(package).joinpath("static")
            for name, content in _files(folder, "") if folder.is_dir() else ():
                self.by_name[name] = _asset(name, content)
        self.by_hash = {a.name: a for a in self.by_name.values()}

    def url(self, name: str) -> str:
        """The address of a file, good for ever."""
        return f"/static/{self.by_name[name].name}"


def _files(folder: Traversable, above: str) -> Iterator[tuple[str, bytes]]:
    """Every file below a folder with its path from there."""
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _files(entry, f"{above}{entry.name}/")
        else:
            yield above + entry.name, entry.read_bytes()


def _asset(name: str, content: bytes) -> Asset:
    """The file under one flat name: a folder becomes a part of it."""
    stem, _, ending = name.replace("/", "-").rpartition(".")
    digest = hashlib.sha256(content).hexdigest()[:12]
    media = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Asset(content, gzip.compress(content, mtime=0), media, f"{stem}.{digest}.{ending}")


class Frame:
    """Templates of the kit and of the pages, filled in one language."""

    def __init__(
        self,
        packages: Sequence[str],
        texts: Mapping[str, Label],
        *,
        pages: Sequence[tuple[str, str, str]] = (),
        more: Sequence[tuple[str, str, str]] = (),
        beneath: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        # `beneath`: addresses that belong to a page of the head and do not begin with its own
        self.texts = texts
        self.assets = Assets(packages)
        self.environment = jinja2.Environment(
            loader=jinja2.ChoiceLoader([jinja2.PackageLoader(p) for p in packages]),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.environment.globals.update(
            asset=self.assets.url, mark=marks.status_mark, languages=LANGUAGES, pages=pages, more_pages=more,
            beneath=beneath or {},
        )  # fmt: skip

    def render(self, template: str, language: Language, **values: Any) -> str:
        """The page of a template; `values` are what the page shows."""
        speaker = Speaker(language, self.texts)
        return self.environment.get_template(template).render(**{**words(speaker), **values})


def words(speaker: Speaker) -> dict[str, Any]:
    """What a template says and writes figures with, in one language."""
    language = speaker.language

    def fig(value: Decimal | None, unit: str, *, fixed: bool = False, signed: bool = False) -> Markup:
        shown = figures.figure(value, unit, language, fixed=fixed, signed=signed)
        unit_part = Markup('<span class="unit">{}</span>').format(shown.unit) if shown.unit else Markup("")
        return Markup('<span class="num">{}</span>').format(shown.digits) + unit_part

    def plain(value: Decimal | None, unit: str) -> str:
        return str(figures.figure(value, unit, language))

    def num(value: Decimal | None, places: int = 2, *, signed: bool = False) -> str:
        return figures.NONE if value is None else figures.grouped(value, places, fixed=True, signed=signed)

    def confidence(name: str) -> str:
        label = marks.CONFIDENCE_LABELS.get(name)
        return label.in_(language) if label else name

    by_language: dict[str, Callable[..., Any]] = {
        "t": speaker.say,
        "has_text": speaker.has,
        "label": lambda label: label.in_(language) if label else figures.NONE,
        "fig": fig,
        "num": num,
        "plain": plain,
        "share": figures.share,
        "unit_words": lambda name: figures.unit_words(name, language),
        "period": lambda key: figures.period_words(key, language),
        "confidence": confidence,
        "rich": _rich,
        "moment": moment,
        "wrong": lambda error: wrong(error, speaker),
        "eve": lambda day: (day - timedelta(days=1)).isoformat(),
    }
    return {"lang": language, "speaker": speaker, **by_language}


def moment(instant: datetime) -> str:
    """An instant as a clock in China shows it, to the minute; the same in both languages."""
    return instant.astimezone(CHINA).strftime("%Y-%m-%d %H:%M")


def _rich(text: str) -> Markup:
    """A text in which `backquotes` mark what is typed at a terminal."""
    parts = str(text).split("`")
    return Markup("").join(Markup("<code>{}</code>").format(p) if i % 2 else escape(p) for i, p in enumerate(parts))
