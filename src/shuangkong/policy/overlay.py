"""Overlays (情景): changed targets and parameters on top of packs, saying what they replace and why."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from typing import Any

from pydantic import Field, ValidationError, model_validator

from shuangkong.kernel.errors import UserError
from shuangkong.policy.complaints import PackErrors, complain
from shuangkong.policy.fields import EditionName, Frozen, Slug, Text, wrong
from shuangkong.policy.model import Pack, Parameter, Target
from shuangkong.policy.parameters import Dated
from shuangkong.policy.strict_yaml import parse_yaml


class Change(Frozen):
    """One changed entry: a target by slug, or the rows of a parameter with these keys (and edition)."""

    pack: Text
    target: Slug | None = None
    parameter: Slug | None = None
    keys: dict[str, str] = Field(default_factory=dict)
    edition: EditionName | None = None
    set: dict[str, Any]
    because: Text

    @model_validator(mode="after")
    def _one_entry(self) -> Change:
        if (self.target is None) == (self.parameter is None):
            raise wrong("a change names a target or a parameter.", "Give one of the two.")
        if not self.set:
            raise wrong("the change sets nothing.", "Give the fields to change under set.")
        return self


class Overlay(Frozen):
    """A named set of changes, in order."""

    name: Slug
    because: Text
    changes: tuple[Change, ...]

    @model_validator(mode="after")
    def _something(self) -> Overlay:
        if not self.changes:
            raise wrong("the overlay changes nothing.", "Give at least one change.")
        return self

    def canonical(self) -> bytes:
        """The overlay as JSON bytes: the same for the same content; `load_overlay` reads them back."""
        data = self.model_dump(exclude_none=True)
        return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ": "), default=_plainly).encode()

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


def _plainly(value: object) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


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
        parsed.add("PACK-001", 1, (), "the file is empty.", "Give name, because and changes.")
    if parsed.problems or overlay is None:
        raise PackErrors(parsed.problems)
    return overlay


def apply_change(pack: Pack, change: Change) -> tuple[Pack, list[Replacement]]:
    """A copy of the pack with one entry changed and marked synthetic; raises RUN-003 when it does not fit."""
    if change.target is not None:
        return _change_target(pack, change, change.target)
    return _change_parameter(pack, change, str(change.parameter))


def _change_target(pack: Pack, change: Change, slug: str) -> tuple[Pack, list[Replacement]]:
    old = next((t for t in pack.targets if t.slug == slug), None)
    if old is None:
        raise _unfit(change, f"pack {pack.key} has no target {slug}.", _choices([t.slug for t in pack.targets]))
    new = Target.model_validate(_merged(old, change, slug))
    targets = tuple(new if t is old else t for t in pack.targets)
    return pack.model_copy(update={"targets": targets}), _differences(pack, slug, old, new, change)


def _change_parameter(pack: Pack, change: Change, name: str) -> tuple[Pack, list[Replacement]]:
    old = next((p for p in pack.parameters if p.id == name), None)
    if old is None:
        raise _unfit(change, f"pack {pack.key} has no parameter {name}.", _choices([p.id for p in pack.parameters]))
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
        raise _unfit(change, f"{entry} has no such row.", "Name every key, and an edition that the parameter has.")
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
        raise _unfit(change, f"{entry} has no field “{bad}” to change.", _choices(sorted(by_name)))
    merged = {**by_name, **change.set, "confidence": "synthetic"}
    if isinstance(old, Dated) and "value" in change.set:
        merged |= {"low": None, "high": None, "state": None}
    model = type(old)
    try:
        model.model_validate(merged)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(p) for p in first["loc"])
        raise _unfit(
            change, f"{entry} would not hold: {where + ': ' if where else ''}{first['msg']}", "Change the overlay."
        ) from None
    return merged


def _differences(pack: Pack, entry: str, old: Target | Dated, new: Target | Dated, change: Change) -> list[Replacement]:
    names = [n for n in type(old).model_fields if getattr(old, n) != getattr(new, n) and n != "confidence"]
    return [
        Replacement(pack.key, entry, n, _text(getattr(old, n)), _text(getattr(new, n)), change.because)
        for n in names or list(change.set)[:1]
    ]


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _choices(names: list[str]) -> str:
    return f"It has: {', '.join(names[:12])}{' …' if len(names) > 12 else ''}." if names else "It has none."


def _unfit(change: Change, message: str, remedy: str) -> UserError:
    where = f"{change.pack}:{change.target or change.parameter}"
    return UserError("RUN-003", message, where=where, remedy=remedy)
