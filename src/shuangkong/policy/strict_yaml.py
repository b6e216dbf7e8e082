"""YAML for packs: the small part that means one thing to every reader, with the line of every key.

Parsed from libyaml's events, so nothing is constructed, and anchors, tags and a second document are seen.
Plain scalars: true, false, null, decimals (kept as printed: int or Decimal), and text. What YAML 1.1 and 1.2
read differently (`no`, `0130000`, `1_000`, `12:30`, `1e3`) is refused with the remedy.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import yaml

from shuangkong.kernel.errors import UserError
from shuangkong.policy.fields import is_plain_number
from shuangkong.policy.words import Words, notation, said

MAX_BYTES = 4 * 1024 * 1024
MAX_DEPTH = 12
_Loader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_LONGEST_INT = 18
_WORDS = {"true": True, "false": False, "null": None}
_TRAPS = frozenset(("yes", "no", "on", "off", "y", "n", "true", "false", "null", "~"))
_NUMERIC = re.compile(
    r"[-+]?(?:\.?[0-9][0-9_,]*(?:[.:][0-9_:]*)*(?:[eE][-+]?[0-9]+)?|0[xXoObB][0-9A-Fa-f_]+)|[-+]?\.(?:inf|nan)", re.I
)
_DAY_LIKE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

Scalar = str | int | Decimal | bool | None
Path = tuple[str | int, ...]
#: An event of libyaml; its stubs make every mark optional, and a parsed event always has one.
Event = Any


class Map(dict[str, object]):
    """A mapping that knows the line of itself and of each key."""

    __slots__ = ("line", "lines")

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
        self.lines: dict[str, int] = {}


class Seq(list[object]):
    """A list that knows the line of itself and of each item."""

    __slots__ = ("line", "lines")

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
        self.lines: list[int] = []


@dataclass(slots=True)
class Parsed:
    """A file's content (None when it could not be read) and everything found wrong on the way."""

    name: str
    root: Map | Seq | None = None
    problems: list[UserError] = field(default_factory=list)
    trapped: set[Path] = field(default_factory=set)

    def where(self, path: Path) -> str:
        """File, line and key path of an entry, or of the nearest entry around it."""
        return f"{self.name}:{line_of(self.root, path)}" + (f" {spell(path)}" if path else "")

    def in_order(self) -> list[UserError]:
        """The problems from the first line of the file to the last."""
        start = len(self.name) + 1
        return sorted(self.problems, key=lambda p: int(p.where[start:].partition(" ")[0]))

    def add(self, line: int, path: Path, words: Words) -> None:
        """Note a problem at a line."""
        self.problems.append(words.at(f"{self.name}:{line}" + (f" {spell(path)}" if path else "")))


def spell(path: Path) -> str:
    """A key path as people write it: [3].subject.regions[0]."""
    return "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path).removeprefix(".")


def line_of(root: object, path: Path) -> int:
    """The line (first = 1) of the entry at `path`, or of the nearest one around it."""
    line = root.line if isinstance(root, Map | Seq) else 1
    for part in path:
        if isinstance(root, Map) and isinstance(part, str) and part in root:
            line, root = root.lines.get(part, line), root[part]
            continue
        if not isinstance(root, Seq) or not isinstance(part, int) or part >= len(root):
            break
        line, root = root.lines[part], root[part]
    return line


def parse_yaml(name: str, data: bytes, *, loose: bool = False) -> Parsed:
    """Read one file of a pack; whatever is wrong is collected in the result with its line.

    `loose` (worked cases) lets plain scalars through that mean different things to different readers, as text.
    """
    parsed = Parsed(name)
    text = _text(parsed, data)
    if text is not None:
        reader = _Reader(parsed, loose)
        try:
            reader.read(yaml.parse(text, Loader=_Loader))
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            what = getattr(error, "problem", None) or getattr(error, "reason", None) or "it is not YAML"
            parsed.add(mark.line + 1 if mark else 1, (), said("PACK-001", "notation", what=notation(str(what))))
            parsed.root = None
    return parsed


def _text(parsed: Parsed, data: bytes) -> str | None:
    if len(data) > MAX_BYTES:
        parsed.add(1, (), said("PACK-001", "large", size=len(data), most=MAX_BYTES))
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        parsed.add(line, (), said("PACK-001", "encoding"))
        return None
    tab = text.find("\t")
    if tab >= 0:
        parsed.add(text.count("\n", 0, tab) + 1, (), said("PACK-001", "tab"))
        return None
    return text


class _Stop(Exception):
    """The rest of the file cannot be read."""


class _Reader:
    """Builds Map and Seq from events; a stack instead of recursion, so depth is a limit and not a crash."""

    def __init__(self, parsed: Parsed, loose: bool) -> None:
        self.parsed = parsed
        self.loose = loose
        self.stack: list[Map | Seq] = []
        self.keys: list[str | None] = []
        self.path: list[str | int] = []
        self.documents = 0

    def read(self, events: Iterator[Event]) -> None:
        try:
            for event in events:
                self._event(event)
        except _Stop:
            self.parsed.root = None

    def _stop(self, event: Event, words: Words) -> _Stop:
        self.parsed.add(event.start_mark.line + 1, tuple(self.path), words)
        return _Stop()

    def _event(self, event: Event) -> None:
        kind = type(event)
        if kind is yaml.ScalarEvent:
            self._refuse_magic(event)
            self._scalar(event)
        elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            self._refuse_magic(event)
            self._open(event, Map if kind is yaml.MappingStartEvent else Seq)
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            self.stack.pop()
            self.keys.pop()
            if self.stack:
                self._done()
        elif kind is yaml.AliasEvent:
            raise self._stop(event, said("PACK-001", "alias", name=event.anchor))
        elif kind is yaml.DocumentStartEvent:
            self.documents += 1
            if self.documents > 1:
                raise self._stop(event, said("PACK-001", "second"))
            if event.version or event.tags:
                raise self._stop(event, said("PACK-001", "directive"))

    def _refuse_magic(self, event: Event) -> None:
        if event.anchor:
            raise self._stop(event, said("PACK-001", "anchor", name=event.anchor))
        if event.tag is not None:
            raise self._stop(event, said("PACK-001", "tag", tag=event.tag))

    def _open(self, event: Event, kind: type[Map] | type[Seq]) -> None:
        line = event.start_mark.line + 1
        node = kind(line)
        if len(self.stack) >= MAX_DEPTH:
            raise self._stop(event, said("PACK-001", "deep", most=MAX_DEPTH))
        if not self.stack:
            self.parsed.root = node
        else:
            self._begin(event)
            self._put(node, line)
        self.stack.append(node)
        self.keys.append(None)

    def _scalar(self, event: Event) -> None:
        if not self.stack:
            raise self._stop(event, said("PACK-001", "single"))
        top, line = self.stack[-1], event.start_mark.line + 1
        if isinstance(top, Map) and self.keys[-1] is None:
            self._key(event, top, line)
            return
        self._begin(event)
        self._put(self._resolve(event, line) if event.implicit[0] else event.value, line)
        self._done()

    def _key(self, event: Event, top: Map, line: int) -> None:
        key = event.value
        if key == "<<" and event.implicit[0]:
            raise self._stop(event, said("PACK-001", "merge"))
        if key in top.lines:
            self.path.append(key)
            self.parsed.add(line, tuple(self.path), said("PACK-002", "key", key=key, line=top.lines[key]))
            self.path.pop()
        top.lines[key] = line
        self.keys[-1] = key
        self.path.append(key)

    def _begin(self, event: Event) -> None:
        top = self.stack[-1]
        if isinstance(top, Seq):
            self.path.append(len(top))
        elif self.keys[-1] is None:
            raise self._stop(event, said("PACK-001", "key"))

    def _put(self, value: object, line: int) -> None:
        top = self.stack[-1]
        if isinstance(top, Seq):
            top.append(value)
            top.lines.append(line)
        else:
            top[str(self.keys[-1])] = value

    def _done(self) -> None:
        self.path.pop()
        if isinstance(self.stack[-1], Map):
            self.keys[-1] = None

    def _resolve(self, event: Event, line: int) -> Scalar:
        raw: str = event.value
        if raw in _WORDS:
            return _WORDS[raw]
        first = raw[:1]
        if (first.isdigit() or first == "-") and is_plain_number(raw):
            return int(raw) if raw.lstrip("-").isdigit() and len(raw) <= _LONGEST_INT else Decimal(raw)
        problem = None if self.loose else _trap(raw)
        if problem:
            self.parsed.add(line, tuple(self.path), problem)
            self.parsed.trapped.add(tuple(self.path))
        return raw


def _trap(raw: str) -> Words | None:
    if not raw:
        return said("PACK-003", "empty")
    if raw.casefold() in _TRAPS:
        return said("PACK-003", "magic_word", raw=raw)
    if raw[0] in "0123456789+-." and _NUMERIC.fullmatch(raw) and not _DAY_LIKE.fullmatch(raw):
        return said("PACK-003", "magic_number", raw=raw)
    return None
