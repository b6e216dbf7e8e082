"""What the audit log and the runs keep by code (日志用词): actions, objects, fields, values and who acted, in words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shuangkong.app.jobs import KINDS
from shuangkong.app.web.imports import BOOK_NAMES
from shuangkong.kernel.labels import Label
from shuangkong.kernel.scope import USE_LABELS
from shuangkong.webkit.api import CONFIDENCE_LABELS, Speaker, moment, period_words, rights

_SUBJECT = re.compile(r"\bs_[a-z2-7]{12,}")
_PERSON = re.compile(r"\bp_[0-9a-f]{12,}")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
_HASHES = frozenset({"sha256", "content_hash"})
#: Values of a list, and signs of a line, that a list of entries shows.
_NAMED, _LONGEST = 3, 180


def subjects_in(texts: Iterable[str]) -> set[str]:
    """Ids of regions and units that texts of the log name."""
    return {found for text in texts for found in _SUBJECT.findall(text)}


def people_in(texts: Iterable[str]) -> set[str]:
    """Ids of people that texts of the log name."""
    return {found for text in texts for found in _PERSON.findall(text)}


def action_words(speaker: Speaker, action: str) -> str:
    """What people call an action; its code where no words are kept."""
    key = f"audit_action.{action.replace('.', '_')}"
    return speaker.say(key) if speaker.has(key) else action


def principal_words(speaker: Speaker, principal: str) -> str:
    """Who acted where it was no person: the program, the demo, somebody at a terminal; else the text itself."""
    kind, _, name = principal.partition(":")
    key = f"audit_principal.{kind}"
    return speaker.say(key, name=name) if speaker.has(key) and (name or kind != "terminal") else principal


@dataclass(frozen=True)
class LogWords:
    """The words for some entries: `names` of the subjects in the reader's scope, `people` by id."""

    speaker: Speaker
    names: Mapping[str, Label]
    people: Mapping[str, str]

    def field(self, name: str) -> str:
        """What a field of the detail is called."""
        key = f"audit_field.{name}"
        return self.speaker.say(key) if self.speaker.has(key) else name

    def object(self, written: str) -> str:
        """What an entry is about: a name, or what kind of thing it is with its id."""
        if written in self.names:
            return self.speaker.label(self.names[written])
        if written in self.people:
            return self.people[written]
        count, _, what = written.partition(" ")
        if what == "subjects" and count.isdigit():
            return self.speaker.say("audit_object.subjects", n=count)
        if self.speaker.has(f"audit_object.{written}"):
            return self.speaker.say(f"audit_object.{written}")
        kind = f"audit_object.{written.partition('_')[0]}"
        return f"{self.speaker.say(kind)} {written}" if "_" in written and self.speaker.has(kind) else written

    def value(self, field: str, value: Any) -> str:
        """A value as people read it."""
        if value is None or value == "" or value == [] or value == {}:
            return "—"
        if isinstance(value, bool):
            return self.speaker.say("table.is_so" if value else "table.not_so")
        if isinstance(value, list):
            return self._list(field, value)
        if isinstance(value, Mapping):
            return self._mapping(value)
        return self._text(field, str(value))

    def line(self, detail: str) -> str:
        """The detail of an entry as a line: fields and values, cut where it is long."""
        said = json.loads(detail).items()
        parts = [self.pair(k, v) for k, v in said if v not in ("", None, [], {}) and k not in _HASHES]
        line = self.speaker.say("punctuation.semicolon").join(parts)
        return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"

    def pair(self, field: str, value: Any) -> str:
        """A field with its value."""
        return self.speaker.say("punctuation.pair", name=self.field(field), value=self.value(field, value))

    def _list(self, field: str, values: list[Any]) -> str:
        if isinstance(values[0], (dict, list)):
            return self.speaker.say("audit_value.count", n=len(values))
        some = self.speaker.say("punctuation.list").join(self.value(field, v) for v in values[:_NAMED])
        return some if len(values) <= _NAMED else self.speaker.say("audit_value.many", some=some, n=len(values))

    def _mapping(self, values: Mapping[str, Any]) -> str:
        return self.speaker.say("punctuation.list").join(
            f"{self.field(k)} {self.value(k, v)}" for k, v in values.items()
        )

    def _text(self, field: str, text: str) -> str:
        label = self._label(field, text)
        if label is not None:
            return self.speaker.label(label)
        if text in self.people:
            return self.people[text]
        if field in _HASHES:
            return f"{text[:12]}…"
        if field == "period_key":
            return period_words(text, self.speaker.language)
        if field in ("scope_kind", "codes", "extent") and self.speaker.has(f"audit_value.{text}"):
            return self.speaker.say(f"audit_value.{text}")
        if field == "for":
            return principal_words(self.speaker, text)
        if _INSTANT.match(text):
            return moment(datetime.fromisoformat(text))
        return text

    def _label(self, field: str, text: str) -> Label | None:
        """The label that comes with the data, where the field holds a code of it."""
        granted = rights()
        if field == "role" and text in granted.roles:
            return granted.roles[text].label
        if field == "actions" and text in granted.actions:
            return granted.actions[text].label
        known: dict[str, Mapping[str, Label]] = {
            "use": USE_LABELS, "book": BOOK_NAMES, "confidence": CONFIDENCE_LABELS,
            "kind": {k: v.label for k, v in KINDS.items()},
        }  # fmt: skip
        return self.names.get(text) or known.get(field, {}).get(text)
