"""What pydantic found, said the way a pack author needs it: file, line, key path, message, remedy."""

from __future__ import annotations

import difflib
import typing
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from shuangkong.kernel.errors import UserError
from shuangkong.policy.strict_yaml import Map, Parsed, Path, Seq

MANUAL = "See docs/design/packs.md for this entry."
_PLAINER = {"bool_type": "true or false", "int_type": "a whole number"}


class PackErrors(UserError):
    """Everything wrong in the packs that were read, in one pass; `problems` holds each with its place."""

    def __init__(self, problems: Iterable[UserError]) -> None:
        self.problems = tuple(problems)
        first = self.problems[0]
        super().__init__(first.code, first.message, where=first.where, remedy=first.remedy)

    def __str__(self) -> str:
        return "\n".join(str(p) for p in self.problems) if hasattr(self, "problems") else ""

    def as_dicts(self) -> list[dict[str, str]]:
        """The JSON shape of every problem."""
        return [p.as_dict() for p in self.problems]


def complain(parsed: Parsed, base: Path, error: ValidationError, model: type[BaseModel]) -> None:
    """Add each validation error of the entry at `base` to the file's problems."""
    for detail in error.errors(include_url=False, include_context=True):
        path = (*base, *_name_keys(parsed, base, detail["loc"]))
        if any(path[: len(t)] == t for t in parsed.trapped):
            continue
        message, remedy = _say(detail, model)
        if len(path) - len(base) != len(detail["loc"]) and detail["input"] is None:
            message, remedy = f"the row has no {path[-1]}.", "Give every key dimension of the parameter."
        parsed.problems.append(UserError("PACK-003", message, where=parsed.where(path), remedy=remedy))


def _name_keys(parsed: Parsed, base: Path, loc: Path) -> Path:
    """values[3].key[0] is what the model sees; the author wrote values[3].carrier."""
    if len(loc) < 4 or loc[0] != "values" or loc[2] != "key" or not isinstance(loc[3], int):
        return loc
    entry: Any = parsed.root
    for part in base:
        entry = entry[part]
    names = entry.get("key") if isinstance(entry, Map) else None
    name = names[loc[3]] if isinstance(names, Seq) and loc[3] < len(names) else None
    return (*loc[:2], name) if isinstance(name, str) else loc


def _say(detail: ErrorDetails, model: type[BaseModel]) -> tuple[str, str]:
    kind, loc, given = detail["type"], detail["loc"], detail["input"]
    context = detail.get("ctx", {})
    name = str(loc[-1]) if loc else "entry"
    if kind == "pack":
        return str(context["text"]), str(context["remedy"])
    if kind == "missing":
        return f"{name} is not given.", f"Add {name}. {MANUAL}"
    if kind == "extra_forbidden":
        return f"“{name}” is not a key here.", _known_keys(name, fields_at(model, loc[:-1]))
    if kind == "string_type":
        return _not_text(given)
    if kind == "literal_error" or kind == "enum":
        return f"“{given}” is not one of {context['expected']}.", "Write one of these."
    if kind in ("model_type", "dict_type", "model_attributes_type"):
        return f"{_shown(given)} stands where key: value entries are wanted.", MANUAL
    if kind in ("tuple_type", "list_type"):
        return f"{_shown(given)} stands where a list is wanted.", "Write a list, e.g. [a, b]."
    if kind in _PLAINER:
        if isinstance(given, str):
            return f"“{given}” is text where {_PLAINER[kind]} is wanted.", "Leave the quotes out."
        return f"{_shown(given)} is not {_PLAINER[kind]}.", f"Write {_PLAINER[kind]}."
    return f"{_shown(given)}: {detail['msg'][0].lower()}{detail['msg'][1:]}.", MANUAL


def _not_text(given: object) -> tuple[str, str]:
    if isinstance(given, bool):
        return f"{str(given).lower()} is a truth value where text is wanted.", f'Quote it: "{str(given).lower()}".'
    if isinstance(given, int | Decimal):
        return f"{given} is a number where text is wanted.", f'Quote it: "{given}".'
    if given is None:
        return "nothing is given where text is wanted.", "Write the text, or leave the key out if it may be left out."
    return f"{_shown(given)} stands where text is wanted.", MANUAL


def _shown(given: object) -> str:
    if isinstance(given, dict):
        return "a mapping"
    if isinstance(given, list | tuple):
        return "a list"
    if given is None:
        return "null"
    return str(given).lower() if isinstance(given, bool) else str(given)


def _known_keys(name: str, known: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    if near:
        return f"Did you mean “{near[0]}”?"
    return f"Keys known here: {', '.join(known)}." if known else MANUAL


def fields_at(model: type[BaseModel], loc: Path) -> tuple[str, ...]:
    """The keys that the model at a location knows."""
    current: type[BaseModel] | None = model
    for part in loc:
        if isinstance(part, int) or current is None:
            continue
        found = next((f for n, f in current.model_fields.items() if part in (n, f.alias)), None)
        current = _model_in(found.annotation) if found else None
    if current is None:
        return ()
    return tuple(f.alias or n for n, f in current.model_fields.items())


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type):
        return annotation if issubclass(annotation, BaseModel) else None
    return next((m for a in typing.get_args(annotation) if (m := _model_in(a)) is not None), None)
