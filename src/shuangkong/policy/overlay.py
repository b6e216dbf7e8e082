"""Overlays (情景): changed targets and parameters on top of packs, saying what they replace and why."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from typing import Any

from pydantic import BaseModel, Field, ValidationError, model_validator

from shuangkong.kernel.labels import Label
from shuangkong.policy.complaints import PackErrors, complain, words_of
from shuangkong.policy.fields import EditionName, Flag, Frozen, Slug, Text, wrong
from shuangkong.policy.model import Pack, Parameter, Target
from shuangkong.policy.parameters import Dated
from shuangkong.policy.strict_yaml import parse_yaml
from shuangkong.policy.words import PolicyError, Words, listed, said


class Change(Frozen):
    """One changed entry: a target by slug, the rows of a parameter with these keys (and edition), or a decision table.

    Of a table `set` changes its own fields, or those of `row`: cells and outputs that are not named stay. `remove`
    takes the row out, `add` is a new row, which stands before `row` or at the end.
    """

    pack: Text
    target: Slug | None = None
    parameter: Slug | None = None
    table: Slug | None = None
    row: Slug | None = None
    keys: dict[str, str] = Field(default_factory=dict)
    edition: EditionName | None = None
    set: dict[str, Any] = Field(default_factory=dict)
    add: dict[str, Any] | None = None
    remove: Flag = False
    because: Text

    @model_validator(mode="after")
    def _one_entry(self) -> Change:
        if sum(e is not None for e in (self.target, self.parameter, self.table)) != 1:
            raise wrong(said("PACK-003", "change_of"))
        if self.table is None and (self.row is not None or self.add is not None or self.remove):
            raise wrong(said("PACK-003", "change_row"))
        if self.remove and self.row is None:
            raise wrong(said("PACK-003", "change_remove"))
        if sum((bool(self.set), self.add is not None, self.remove)) != 1:
            raise wrong(said("PACK-003", "change_one"))
        return self


class Proposal(Frozen):
    """Who made a change file, on which packs, what it replaces, and where the audit log stood then."""

    by: Text
    at: Text
    packs: dict[str, str]
    replaces: tuple[dict[str, str | None], ...]
    audit_head: Text
    sha256: Text


class Overlay(Frozen):
    """A named set of changes, in order."""

    name: Slug
    because: Text
    changes: tuple[Change, ...]
    proposal: Proposal | None = None

    @model_validator(mode="after")
    def _something(self) -> Overlay:
        if not self.changes:
            raise wrong(said("PACK-003", "no_change"))
        return self

    def canonical(self) -> bytes:
        """The changes as JSON bytes, whoever proposes them; `load_overlay` reads them back with every digit."""
        data = self.model_dump(exclude={"proposal"}, exclude_none=True)
        for change in data["changes"]:
            for name in ("set", "remove"):
                if not change[name]:
                    del change[name]
        text = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ": "), default=_plainly)
        return _QUOTED.sub(r"\1", text).encode()

    @property
    def content_hash(self) -> str:
        """SHA-256 of the canonical bytes."""
        return sha256(self.canonical()).hexdigest()


@dataclass(frozen=True, slots=True)
class Replacement:
    """What an overlay replaced in an entry, and why."""

    pack: str
    entry: str
    field: str
    was: str | None
    becomes: str | None
    because: str


#: JSON has no decimals: a number is written as a marked text first, and bare afterwards.
_MARK = "\ue000"
_QUOTED = re.compile(f'"{_MARK}([^"]*){_MARK}"')


def _plainly(value: object) -> str:
    return f"{_MARK}{value:f}{_MARK}" if isinstance(value, Decimal) else str(value)


def load_overlay(data: bytes, *, origin: str) -> Overlay:
    """Read an overlay from strict YAML (or its canonical JSON); raises PackErrors with all that is wrong."""
    parsed = parse_yaml(origin, data)
    overlay = None
    if parsed.root is not None:
        try:
            overlay = Overlay.model_validate(parsed.root)
        except ValidationError as error:
            complain(parsed, (), error, Overlay)
    elif not parsed.problems:
        parsed.add(1, (), said("PACK-001", "empty"))
    if parsed.problems or overlay is None:
        raise PackErrors(parsed.problems)
    return overlay


def apply_change(pack: Pack, change: Change) -> tuple[Pack, list[Replacement]]:
    """A copy of the pack with one entry changed and marked synthetic; raises RUN-003 when it does not fit."""
    if change.target is not None:
        return _change_target(pack, change, change.target)
    if change.table is not None:
        from shuangkong.policy.overlay_tables import change_table

        return change_table(pack, change, change.table)
    return _change_parameter(pack, change, str(change.parameter))


def _change_target(pack: Pack, change: Change, slug: str) -> tuple[Pack, list[Replacement]]:
    old = next((t for t in pack.targets if t.slug == slug), None)
    if old is None:
        there = listed(t.slug for t in pack.targets)
        raise unfit(change, said("RUN-003", "no_target", pack=pack.key, name=slug, there=there))
    new = Target.model_validate(_merged(old, change, slug))
    targets = tuple(new if t is old else t for t in pack.targets)
    return pack.model_copy(update={"targets": targets}), _differences(pack, slug, old, new, change)


def _change_parameter(pack: Pack, change: Change, name: str) -> tuple[Pack, list[Replacement]]:
    old = next((p for p in pack.parameters if p.id == name), None)
    if old is None:
        there = listed(p.id for p in pack.parameters)
        raise unfit(change, said("RUN-003", "no_parameter", pack=pack.key, name=name, there=there))
    entry = old.name(change.keys, change.edition)
    done: list[Replacement] = []
    rows: list[Dated] = []
    for row in old.values:
        hit = change.edition in (None, row.edition) and change.keys == dict(zip(old.key, row.key, strict=True))
        new = Dated.model_validate(_merged(row, change, entry)) if hit else row
        if hit:
            done += _differences(pack, entry, row, new, change)
        rows.append(new)
    if not done:
        raise unfit(change, said("RUN-003", "no_row", entry=entry))
    fields = {n: getattr(old, n) for n in type(old).model_fields}
    changed = Parameter(**{**fields, "values": tuple(rows)})
    parameters = tuple(changed if p is old else p for p in pack.parameters)
    return pack.model_copy(update={"parameters": parameters}), done


def _merged(old: Target | Dated, change: Change, entry: str) -> dict[str, Any]:
    """The entry's fields under the names that packs use, with the change laid over them."""
    by_name = {f.alias or n: getattr(old, n) for n, f in type(old).model_fields.items()}
    unknown = sorted(set(change.set) - set(by_name) - {"slug", "key"})
    if unknown or {"slug", "key"} & set(change.set):
        bad = (unknown or sorted({"slug", "key"} & set(change.set)))[0]
        raise unfit(change, said("RUN-003", "no_field", entry=entry, field=bad, there=listed(sorted(by_name))))
    merged = {**by_name, **change.set, "confidence": "synthetic"}
    if isinstance(old, Dated) and "value" in change.set:
        merged |= {"low": None, "high": None, "state": None}
    model = type(old)
    try:
        model.model_validate(merged)
    except ValidationError as error:
        raise no_longer(change, entry, error, model) from None
    return merged


def _differences(pack: Pack, entry: str, old: Target | Dated, new: Target | Dated, change: Change) -> list[Replacement]:
    names = [n for n in type(old).model_fields if getattr(old, n) != getattr(new, n) and n != "confidence"]
    return [
        Replacement(pack.key, entry, n, plain_text(getattr(old, n)), plain_text(getattr(new, n)), change.because)
        for n in names or list(change.set)[:1]
    ]


def plain_text(value: object) -> str | None:
    return None if value is None else str(value)


def unfit(change: Change, words: Words) -> PolicyError:
    return words.at(f"{change.pack}:{change.target or change.parameter or change.table}")


def no_longer(change: Change, entry: str | Label, error: ValidationError, model: type[BaseModel]) -> PolicyError:
    """RUN-003 for an entry that the change leaves in a state that a pack may not hold."""
    first = error.errors(include_url=False)[0]
    place = ".".join(str(p) for p in first["loc"])
    what = words_of(first, model).message
    return unfit(change, said("RUN-003", "unfit", entry=entry, place=f"{place}: " if place else "", what=what))
