"""Two versions of a document (两版对照): what was added, removed, changed or moved, clause by clause; pure.

Clauses are the same where their words are, whatever their number; else where number and words are alike, or words.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache, cached_property
from typing import Literal

from pydantic import TypeAdapter

from shuangkong.policy.reading.clean import Clean, clean
from shuangkong.policy.reading.model import Duty, Reading, Target
from shuangkong.policy.reading.printed import as_printed
from shuangkong.policy.reading.service import read_text
from shuangkong.policy.reading.tree import number_at

Kind = Literal["added", "removed", "changed", "moved"]
#: As alike as a clause of the same number has to be, and one of another number, to be the same clause rewritten.
ALIKE_SAME_NUMBER, ALIKE_ELSEWHERE = 0.35, 0.6
_TOKEN = re.compile(r"[0-9]+(?:\.[0-9]+)?%?|[A-Za-z]+|.", re.DOTALL)
_WHOLE = re.compile(r"[0-9A-Za-z.%]")
_PART = re.compile(r"[^，。；：、]*[，。；：、]?")
#: Longer clauses are compared by parts of sentences, those of more parts as wholes: comparing grows with the square.
_BY_SIGN, _BY_PART = 1500, 2000
_NEAREST = 6


@dataclass(frozen=True, slots=True)
class ClauseText:
    """A clause of a version: its document's number in the file, its id and title, and its cleaned signs."""

    document: int
    id: str
    title: str
    start: int
    end: int
    body: str


@dataclass(frozen=True, slots=True)
class Marked:
    """Words that both versions have (`same`), the old alone (`gone`) or the new alone (`new`)."""

    state: Literal["same", "gone", "new"]
    text: str


@dataclass(frozen=True, slots=True)
class ClauseChange:
    """One clause that differs. `words` are empty where only its number does; a rewritten one may have `moved` too."""

    kind: Kind
    old: ClauseText | None
    new: ClauseText | None
    words: tuple[Marked, ...] = ()

    @property
    def moved(self) -> bool:
        """Whether it bears another number now."""
        return self.old is not None and self.new is not None and self.old.id != self.new.id


@dataclass(frozen=True, slots=True)
class EntryChange:
    """A target or duty that differs; `fields` are those that changed."""

    kind: Literal["added", "removed", "changed"]
    old: Target | Duty | None
    new: Target | Duty | None
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VersionDifference:
    """All that differs; `same` counts the clauses that do not."""

    targets: tuple[EntryChange, ...]
    duties: tuple[EntryChange, ...]
    clauses: tuple[ClauseChange, ...]
    same: int

    @property
    def empty(self) -> bool:
        """Whether nothing differs."""
        return not (self.targets or self.duties or self.clauses)

    def as_json(self) -> bytes:
        """All of it, to be kept or handed to another process."""
        return _shapes()[1].dump_json(self)

    @classmethod
    def from_json(cls, kept: bytes) -> VersionDifference:
        """What `as_json` gave; ValueError for what another edition of the program kept in another shape."""
        return _shapes()[1].validate_json(kept)


@cache
def _shapes() -> tuple[TypeAdapter[tuple[Clean, Reading]], TypeAdapter[VersionDifference]]:
    return TypeAdapter(tuple[Clean, Reading]), TypeAdapter(VersionDifference)


@dataclass(frozen=True)
class Version:
    """One version: its text put in order, and what was read of it."""

    cleaned: Clean
    reading: Reading

    @classmethod
    def of(cls, text: str, name: str = "", number: int | None = None) -> Version:
        """Read a text; of its documents the one with this number, or all. READ-004 where there is none."""
        return cls(clean(text), read_text(text, number, name))

    def as_json(self) -> bytes:
        """All of it, to be kept or handed to another process."""
        return _shapes()[0].dump_json((self.cleaned, self.reading))

    @classmethod
    def from_json(cls, kept: bytes) -> Version:
        """What `as_json` gave; ValueError for what another edition of the program kept in another shape."""
        return cls(*_shapes()[0].validate_json(kept))

    @cached_property
    def clauses(self) -> tuple[ClauseText, ...]:
        """Its clauses in order; those without a word but their number are left out."""
        text = self.cleaned.text
        made = []
        for d in self.reading.documents:
            for c in d.clauses:
                head = number_at(text, c.start) if c.rank or c.title else None
                body = text[head[3] if head else c.start : c.end].replace("\n", "")
                if body:
                    made.append(ClauseText(d.number, c.id, c.title, c.start, c.end, body))
        return tuple(made)


def difference(old: Version, new: Version) -> VersionDifference:
    """What the new version has other than the old one."""
    a, b = old.clauses, new.clauses
    pairs = _pairs(a, b)
    back = {i: j for j, i in pairs.items()}
    changes: list[ClauseChange] = []
    same = 0
    gone = [i for i in range(len(a)) if i not in back]
    for j, clause in enumerate(b):
        while gone and pairs.get(j, -1) > gone[0]:
            changes.append(_removed(old, a[gone.pop(0)]))
        i = pairs.get(j)
        if i is None:
            marked = (Marked("new", as_printed(new.cleaned, clause.start, clause.end).strip()),)
            changes.append(ClauseChange("added", None, clause, marked))
        elif a[i].body != clause.body:
            changes.append(ClauseChange("changed", a[i], clause, tuple(_marked(old, a[i], new, clause))))
        elif a[i].id != clause.id:
            changes.append(ClauseChange("moved", a[i], clause))
        else:
            same += 1
    changes += [_removed(old, a[i]) for i in gone]
    at = {(a[i].document, a[i].id): (b[j].document, b[j].id) for j, i in pairs.items()}
    targets = _entries(old.reading.targets, new.reading.targets, _TARGET, _TARGET_ID, at)
    duties = _entries(old.reading.duties, new.reading.duties, _DUTY, (), at)
    return VersionDifference(tuple(targets), tuple(duties), tuple(changes), same)


def _removed(old: Version, clause: ClauseText) -> ClauseChange:
    marked = (Marked("gone", as_printed(old.cleaned, clause.start, clause.end).strip()),)
    return ClauseChange("removed", clause, None, marked)


def _pairs(a: Sequence[ClauseText], b: Sequence[ClauseText]) -> dict[int, int]:
    """For each new clause that was there before, its place in `b`, and in `a`."""
    pairs: dict[int, int] = {}
    left, right = set(range(len(a))), set(range(len(b)))

    def pair(i: int, j: int) -> None:
        pairs[j] = i
        left.discard(i)
        right.discard(j)

    for key in (lambda c: (c.document, c.id, c.body), lambda c: c.body):
        places: dict[object, list[int]] = defaultdict(list)
        for i in sorted(left):
            places[key(a[i])].append(i)
        for j in sorted(right):
            if places[key(b[j])]:
                pair(places[key(b[j])].pop(0), j)
    for alike, i, j in sorted(_alike([*left], [*right], a, b), key=lambda x: (-x[0], x[1], x[2])):
        numbered = (a[i].document, a[i].id) == (b[j].document, b[j].id)
        if i in left and j in right and alike >= (ALIKE_SAME_NUMBER if numbered else ALIKE_ELSEWHERE):
            pair(i, j)
    for j in sorted(right):
        # a short clause that was rewritten whole is still the one of its number and title
        found = next((i for i in left if (a[i].document, a[i].id, a[i].title[:12]) == _named(b[j])), None)
        if found is not None:
            pair(found, j)
    return pairs


def _named(c: ClauseText) -> tuple[int, str, str]:
    return c.document, c.id, c.title[:12]


def _alike(
    left: list[int], right: list[int], a: Sequence[ClauseText], b: Sequence[ClauseText]
) -> Iterator[tuple[float, int, int]]:
    """(likeness from 0 to 1, place in `a`, place in `b`) of clauses that may be the same."""
    grams = {j: _grams(b[j].body) for j in right}
    holders: dict[str, list[int]] = defaultdict(list)
    for j, found in grams.items():
        for gram in found:
            holders[gram].append(j)
    # what stands in most clauses tells none of them
    common = max(40, len(right) // 4)
    for i in left:
        own = _grams(a[i].body)
        shared = Counter(j for gram in own for j in holders.get(gram, ()) if len(holders[gram]) <= common)
        near = {j for j, _ in sorted(shared.items(), key=lambda x: (-x[1], x[0]))[:_NEAREST]}
        near |= {j for j in right if (b[j].document, b[j].id) == (a[i].document, a[i].id)}
        for j in near:
            both = sum((own & grams[j]).values())
            yield 2 * both / max(1, own.total() + grams[j].total()), i, j


def _grams(text: str) -> Counter[str]:
    return Counter(text[i : i + 2] for i in range(max(1, len(text) - 1)))


def _marked(old: Version, before: ClauseText, new: Version, after: ClauseText) -> Iterator[Marked]:
    """The words of both, as printed, in the order of reading."""
    ta, tb = old.cleaned.text[before.start : before.end], new.cleaned.text[after.start : after.end]
    # what both begin and end with needs no comparing
    head = _alike_from(ta, tb)
    tail = _alike_from(ta[head:][::-1], tb[head:][::-1])
    a, b = _tokens(ta[head : len(ta) - tail]), _tokens(tb[head : len(tb) - tail])
    if head:
        yield Marked("same", as_printed(new.cleaned, after.start, after.start + head))
    ends_a, ends_b = _ends(a, before.start + head), _ends(b, after.start + head)
    for kind, a1, a2, b1, b2 in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if kind == "equal":
            yield Marked("same", as_printed(new.cleaned, ends_b[b1], ends_b[b2]))
            continue
        if a2 > a1:
            yield Marked("gone", as_printed(old.cleaned, ends_a[a1], ends_a[a2]))
        if b2 > b1:
            yield Marked("new", as_printed(new.cleaned, ends_b[b1], ends_b[b2]))
    if tail:
        yield Marked("same", as_printed(new.cleaned, after.end - tail, after.end))


def _alike_from(a: str, b: str) -> int:
    """How many signs two texts have in common from their beginning; a number or a word is not cut."""
    n = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    while 0 < n < max(len(a), len(b)) and _WHOLE.match(a[n - 1]):
        n -= 1
    return n


def _tokens(text: str) -> list[str]:
    """Numbers and words whole, else sign by sign; parts of sentences where it is long; one where it is far too long."""
    if len(text) <= _BY_SIGN:
        return _TOKEN.findall(text)
    parts = [p for p in _PART.findall(text) if p]
    return parts if len(parts) <= _BY_PART else [text]


def _ends(tokens: list[str], start: int) -> list[int]:
    made = [start]
    for token in tokens:
        made.append(made[-1] + len(token))
    return made


_TARGET = ("indicator", "scope", "comparator", "value", "value_high", "unit", "base_year", "target_year")
_TARGET_ID = ("indicator", "scope")
_DUTY = ("lead", "support", "deadlines")


def _entries(
    old: Sequence[Target | Duty],
    new: Sequence[Target | Duty],
    fields: tuple[str, ...],
    named: tuple[str, ...],
    at: dict[tuple[int, str], tuple[int, str]],
) -> Iterator[EntryChange]:
    """Entries that differ: the same clause with the same name first, then the same name anywhere, then the clause."""
    left, right = list(range(len(old))), list(range(len(new)))
    pairs: dict[int, int] = {}

    def place(i: int) -> tuple[int, str]:
        found = (old[i].document, old[i].clause)
        return at.get(found, (0, f"{found}"))

    for key in (_whole, _anywhere, _in_place, _by_name, _by_words):
        keys_old = [key(e, place(i), fields, named) for i, e in enumerate(old)]
        keys_new = [key(e, (e.document, e.clause), fields, named) for e in new]
        waiting: dict[object, list[int]] = defaultdict(list)
        for i in left:
            if keys_old[i] is not None:
                waiting[keys_old[i]].append(i)
        for j in list(right):
            if waiting[keys_new[j]]:
                i = waiting[keys_new[j]].pop(0)
                pairs[j] = i
                left.remove(i)
                right.remove(j)
    for j in range(len(new)):
        if j not in pairs:
            yield EntryChange("added", None, new[j])
            continue
        before = old[pairs[j]]
        changed = tuple(f for f in fields if getattr(before, f) != getattr(new[j], f))
        if changed:
            yield EntryChange("changed", before, new[j], changed)
    for i in left:
        yield EntryChange("removed", old[i], None)


_Place = tuple[int, str]
_Names = tuple[str, ...]


def _values(e: Target | Duty, names: _Names) -> tuple[object, ...]:
    return tuple(getattr(e, n) for n in names)


def _whole(e: Target | Duty, place: _Place, fields: _Names, named: _Names) -> object:
    return place, _values(e, fields)


def _anywhere(e: Target | Duty, place: _Place, fields: _Names, named: _Names) -> object:
    # the same office answers in many clauses: only what has a name of its own is known elsewhere
    return _values(e, fields) if named else None


def _in_place(e: Target | Duty, place: _Place, fields: _Names, named: _Names) -> object:
    return place, _values(e, named)


def _by_name(e: Target | Duty, place: _Place, fields: _Names, named: _Names) -> object:
    return _values(e, named) if named else None


def _by_words(e: Target | Duty, place: _Place, fields: _Names, named: _Names) -> object:
    return place, e.quote
