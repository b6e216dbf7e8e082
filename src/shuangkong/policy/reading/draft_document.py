"""The facts of a document as a pack states them (文件信息): issuer, level, region and days."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from shuangkong.kernel.errors import UserError
from shuangkong.policy.model import NATION
from shuangkong.policy.packset import PackSet
from shuangkong.policy.reading.draft_words import Words, drafting_data, short_title
from shuangkong.policy.reading.model import Document
from shuangkong.policy.reading.tree import FRONT
from shuangkong.registry import api as registry

#: A place that the document leaves open: no place has this code, see docs/design/packs.md.
NOWHERE = "009900"
_LEVELS = {"nation": "nation", "province": "province", "prefecture": "city", "county": "county"}
_MARKS = re.compile(r"[《》“”\"\s（）()]")
_SENT = re.compile(r"^.*关于印发|的通知$")


@dataclass(frozen=True, slots=True)
class Place:
    """A region code of GB/T 2260, with its level as instruments have it; NOWHERE where it could not be made out."""

    code: str
    level: str

    @property
    def known(self) -> bool:
        """Whether a place was found."""
        return self.code != NOWHERE


def place_of(document: Document, day: date) -> Place:
    """The place that a document is for: by its name in title or issuer, or the nation by who issues."""
    if document.region:
        found = region_called(document.region, day)
        return found or Place(NOWHERE, "city")
    if re.search(drafting_data()["national"], f"{document.title or ''} {document.issuer or ''}"):
        return Place(NATION, "nation")
    return Place(NOWHERE, "city")


def region_called(name: str, day: date) -> Place | None:
    """The one region of GB/T 2260 that has this name or code on the day; None where there is none, or several."""
    nation = drafting_data()["nation"]
    if name in (NATION, *nation.values()):
        return Place(NATION, "nation")
    try:
        found = registry.find_region(name, day)
    except UserError:
        return None
    return Place(found.code, _LEVELS[found.level]) if found.level in _LEVELS else None


def instrument_entry(
    document: Document, place: Place, words: Words, *, pack_id: str, edition: str | None, known: date,
    confidence: str, synthetic: bool, packs: PackSet | None,
) -> dict[str, Any]:  # fmt: skip
    """The instrument; what the document does not say is noted, and the day of reading stands where it gives none."""
    issued = document.issued or known.isoformat()
    notes = [words.say("notes", "draft")] if confidence == "candidate" else []
    notes += [words.say("notes", k) for k, v in (("no_title", document.title), ("no_issuer", document.issuer)) if not v]
    if not document.issued:
        notes.append(words.say("notes", "no_day", day=known.isoformat()))
    if not place.known:
        notes.append(words.say("notes", "no_region"))
    higher, missing = _higher(document, packs)
    if missing:
        notes.append(words.say("notes", "carries_out", titles="、".join(missing)))
    title = document.title or words.say("notes", "no_title")
    entry: dict[str, Any] = {"id": pack_id, "edition": edition or issued[:4], "title": {"zh": title}}
    if document.doc_number:
        entry["doc_number"] = document.doc_number
    entry |= {
        "issuer": document.issuer or words.say("notes", "no_issuer"), "level": place.level, "region": place.code,
        "issued": issued, "in_force_from": issued,
    }  # fmt: skip
    if document.period and document.period[0] < document.period[1]:
        entry["period"] = f"P{document.period[0]}-{document.period[1]}"
    if higher:
        entry["carries_out"] = higher
    if synthetic:
        entry["synthetic"] = True
    entry["source"] = {"doc": document.doc_number or title, "place": FRONT, "known": issued}
    entry["confidence"] = "synthetic" if synthetic else confidence
    if note := words.joined(notes):
        entry["note"] = note
    return entry


def _higher(document: Document, packs: PackSet | None) -> tuple[list[str], list[str]]:
    """Ids of packs that bear a title which the document says it carries out, and the titles that none bears."""
    by_title: dict[str, set[str]] = {}
    for pack in packs.packs if packs else ():
        by_title.setdefault(plain_title(pack.instrument.title.zh), set()).add(pack.id)
    found: list[str] = []
    missing: list[str] = []
    for title in document.carries_out:
        ids = by_title.get(plain_title(title), set())
        (found if len(ids) == 1 else missing).extend(ids if len(ids) == 1 else (title,))
    return list(dict.fromkeys(found)), missing


def plain_title(title: str) -> str:
    """A title as titles are compared: without marks, and without the notice that it is sent under."""
    return _SENT.sub("", _MARKS.sub("", title))


def clause_entries(document: Document, kinds: Mapping[str, str], mark: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The clause tree in order, each number once; `kinds` says what stands on a clause, `mark` is put on each."""
    made: dict[str, dict[str, Any]] = {}
    path: list[tuple[int, str]] = []
    for one in document.clauses:
        path = [p for p in path if p[0] < one.rank]
        if one.id and one.id not in made:
            above = next((p[1] for p in reversed(path) if p[1] in made and p[1] != one.id), None)
            entry: dict[str, Any] = {"id": one.id}
            if above and one.id.startswith(above):
                entry["parent"] = above
            entry |= {"title": {"zh": short_title(one.title) or one.id}, "kind": kinds.get(one.id, "other")}
            made[one.id] = entry
        if one.id:
            path.append((one.rank, one.id))
    parents = {e.get("parent") for e in made.values()}
    for name, entry in made.items():
        if name in parents and name not in kinds:
            entry["kind"] = "section"
        entry.update(mark)
    return list(made.values())
