"""From a reading to a draft pack (草稿包): what a document sets, as files that the loader accepts, all candidates.

Nothing of it is decided on before a person has reviewed it: every entry carries the confidence it is drafted with,
`candidate` unless somebody says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from shuangkong.kernel.labels import Language
from shuangkong.policy.complaints import PackErrors
from shuangkong.policy.fields import Confidence
from shuangkong.policy.figures import figures_in, number_of
from shuangkong.policy.loading import load_files
from shuangkong.policy.packset import PackSet
from shuangkong.policy.reading.draft_document import Place, clause_entries, instrument_entry, place_of, region_called
from shuangkong.policy.reading.draft_duties import candidate_duty, duty_entry
from shuangkong.policy.reading.draft_targets import RELATIVE, Asked, Declared, target_entry
from shuangkong.policy.reading.draft_words import Words, drafting_data, said, short_title
from shuangkong.policy.reading.model import Candidate, Document, Duty, Target
from shuangkong.policy.reading.naming import names_of
from shuangkong.policy.reading.rule_tables import plainly_written
from shuangkong.policy.words import PolicyError
from shuangkong.policy.writing_yaml import as_yaml

_INSTRUMENT, _CLAUSES, _TARGETS, _DUTIES = "instrument.yaml", "clauses.yaml", "targets.yaml", "duties.yaml"
_INDICATORS, _TABLES = "indicators.yaml", "tables/candidates.yaml"
Entry = dict[str, Any]
Read = TypeVar("Read", Target, Duty, Candidate)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something read that the draft does not hold, and why; `place` counts from 0 in the sequence it was given in."""

    kind: str
    place: int
    clause: str
    quote: str
    because: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft pack: its files by name, what became of each entry that was given, and what is left out.

    became: slug or id (of a range: its clause) by kind (target, duty, candidate) and place, counted from 0 in the
    sequence in which the entry was given.
    """

    files: dict[str, str]
    became: dict[tuple[str, int], str]
    left_out: tuple[LeftOut, ...]


def draft(
    document: Document,
    targets: Sequence[Target],
    duties: Sequence[Duty],
    candidates: Sequence[Candidate] = (),
    *,
    pack_id: str,
    known: date,
    edition: str | None = None,
    packs: PackSet | None = None,
    region: str | None = None,
    text: str | None = None,
    confidence: Confidence = "candidate",
    synthetic: bool = False,
    language: Language = "zh",
) -> Draft:
    """A draft pack of a document, of the entries of it that are given: as read, or as a person has edited them.

    pack_id: the pack's name (small letters, digits, `.`, `_`, `-`).  known: the day of reading, which stands where the
    document gives no day.  packs: those whose indicators names are bound to, and whose titles `carries_out` is looked
    up among; read with a catalogue it knows what the program computes too.  region: GB/T 2260 code, where the
    document's own words do not say it.  text: the cleaned text; with it clauses list the figures that they print.
    confidence: of every entry; an invented document is `synthetic` besides.  Entries of other documents of the file
    are not taken.

    Raises PackErrors where the facts given do not make an instrument (a wrong pack id). A single entry that cannot be
    written is left out and told.
    """
    words = Words(language)
    day = date.fromisoformat(document.issued) if document.issued else known
    place = (region_called(region, day) or Place(region, "city")) if region else place_of(document, day)
    instrument = instrument_entry(
        document, place, words, pack_id=pack_id, edition=edition, known=known, confidence=confidence,
        synthetic=synthetic, packs=packs,
    )  # fmt: skip
    asked = Asked(document, place, day, names_of(packs), Declared(pack_id), words, confidence)
    maker = _Maker(asked, instrument)
    # levels first, so that a change of the same name finds the unit of its level
    for n, target in sorted(_own(document, targets), key=lambda t: t[1].comparator in RELATIVE):
        maker.target(n, target)
    for n, duty in _own(document, duties):
        maker.duty(n, duty)
    for n, candidate in _own(document, candidates):
        maker.candidate(n, candidate)
    return maker.draft(text)


def _own(document: Document, entries: Iterable[Read]) -> Iterator[tuple[int, Read]]:
    return ((n, e) for n, e in enumerate(entries) if e.document == document.number)


class _Maker:
    """The entries of a draft as they are made; one that the loader would refuse is left out and told."""

    def __init__(self, asked: Asked, instrument: Entry) -> None:
        self.asked, self.instrument = asked, instrument
        self.clauses = {c.id: c for c in asked.document.clauses if c.id}
        self.entries: dict[str, list[tuple[int, Entry]]] = {_TARGETS: [], _DUTIES: [], _TABLES: []}
        self.became: dict[tuple[str, int], str] = {}
        self.left_out: list[LeftOut] = []
        self.taken: set[str] = set()
        self.ranges: set[str] = set()
        self.values: dict[tuple[str, Decimal], list[str]] = {}
        load_files({_INSTRUMENT: as_yaml(instrument).encode()}, origin=asked.declared.pack_id)

    def target(self, place: int, read: Target) -> None:
        try:
            entry = target_entry(read, self.asked)
        except ValueError as error:
            self._leave("target", place, read, str(error))
            return
        if self._put(_TARGETS, "target", place, read, entry):
            for value in (read.value, read.value_high):
                if value is not None:
                    self.values.setdefault((read.clause, value), []).append(str(entry["slug"]))

    def duty(self, place: int, read: Duty) -> None:
        if not read.lead and not read.support:
            self._leave("duty", place, read, self.asked.words.say("left_out", "no_body"))
            return
        self._put(_DUTIES, "duty", place, read, duty_entry(read, self._title(read.clause), self.asked))

    def candidate(self, place: int, read: Candidate) -> None:
        if read.kind == "range":
            self.ranges.add(read.clause)
            self.became["candidate", place] = read.clause
            return
        if read.kind != "rule":
            self._put(_DUTIES, "candidate", place, read, candidate_duty(read, self._title(read.clause), self.asked))
            return
        table = read.fields.get("table")
        if not isinstance(table, Mapping):
            why = str(read.fields.get("no_table")).partition(":")[0]
            label = said("no_table", why if why in drafting_data()["no_table"] else "other")
            self._leave(
                "candidate", place, read, self.asked.words.say("left_out", "not_a_table", why=label.in_(self._language))
            )
            return
        entry = {
            "id": table["id"],
            "clause": read.clause,
            **{k: v for k, v in plainly_written(table).items() if k != "id"},
        }
        self._put(_TABLES, "candidate", place, read, entry | {"confidence": self.asked.confidence})

    @property
    def _language(self) -> Language:
        return self.asked.words.language

    @property
    def _mark(self) -> Entry:
        """What marks an entry that is as sure as the document unless it says so: nobody has reviewed a candidate."""
        return {"confidence": "candidate"} if self.asked.confidence == "candidate" else {}

    def _title(self, clause: str) -> str:
        found = self.clauses.get(clause)
        return short_title(found.title) if found and found.title else clause

    def _put(self, file: str, kind: str, place: int, read: Target | Duty | Candidate, entry: Entry) -> bool:
        name = "id" if file == _TABLES else "slug"
        entry[name] = self._free(str(entry[name]))
        problem = self._refused(file, entry)
        if problem:
            self.taken.discard(str(entry[name]))
            self._leave(kind, place, read, self.asked.words.say("left_out", "unfit", why=problem))
            return False
        self.entries[file].append((read.start, entry))
        self.became[kind, place] = str(entry[name])
        return True

    def _free(self, name: str) -> str:
        found, n = name, 1
        while found in self.taken:
            n += 1
            found = f"{name}-{n}"
        self.taken.add(found)
        return found

    def _refused(self, file: str, entry: Entry) -> str | None:
        """Why the loader would not take an entry on its clause, or None."""
        clause = entry["clause"]
        there = [{"id": clause, "title": {"zh": clause}, "kind": "other"}] if clause in self.clauses else []
        files = {_INSTRUMENT: self.instrument, _CLAUSES: there, file: [entry]}
        try:
            load_files({n: as_yaml(d).encode() for n, d in files.items()}, origin=self.asked.declared.pack_id)
        except PackErrors as errors:
            found = errors.problems[0]
            words = found.words.message if isinstance(found, PolicyError) else None
            return words.in_(self._language) if words else found.message
        return None

    def _leave(self, kind: str, place: int, read: Target | Duty | Candidate, why: str) -> None:
        self.left_out.append(LeftOut(kind, place, read.clause, read.quote, why))

    def draft(self, text: str | None) -> Draft:
        """The files, in the order in which people read a pack."""
        entries = {name: [e for _, e in sorted(found, key=lambda f: f[0])] for name, found in self.entries.items()}
        kinds = dict.fromkeys(self.ranges, "definition")
        for file, kind in ((_DUTIES, "duty"), (_TABLES, "rule"), (_TARGETS, "target")):
            kinds |= dict.fromkeys((e["clause"] for e in entries[file]), kind)
        clauses = clause_entries(self.asked.document, kinds, self._mark)
        if text is not None:
            figures = self._figures(text)
            clauses = [c | ({"figures": f} if (f := figures.get(c["id"])) else {}) for c in clauses]
        used = {e["indicator"] for e in entries[_TARGETS]}
        named = [e | self._mark for e in self.asked.declared.entries.values() if e["id"] in used]
        parts = {_INSTRUMENT: self.instrument, _CLAUSES: clauses, **entries, _INDICATORS: named}
        files = {name: as_yaml(data) for name, data in parts.items() if data}
        return Draft(files, self.became, tuple(self.left_out))

    def _figures(self, text: str) -> dict[str, list[Any]]:
        """The figures that each clause prints, each with the target whose value it is."""
        own_years = range(*(p + i for i, p in enumerate(self.asked.document.period or (0, 0))))
        found: dict[str, list[Any]] = {}
        for clause in self.asked.document.clauses:
            for printed, _ in figures_in(text[clause.start : clause.end]):
                number = number_of(printed)
                if not clause.id or number is None or (printed.isdigit() and int(printed) in own_years):
                    continue
                ids = self.values.get((clause.id, number), [])
                found.setdefault(clause.id, []).append({"printed": printed, "ids": ids} if ids else printed)
        return found
