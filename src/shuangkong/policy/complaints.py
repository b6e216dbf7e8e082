"""What pydantic found, said the way a pack author needs it: file, line, key path, message, remedy."""

from __future__ import annotations

import difflib
import typing
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label, Language
from shuangkong.policy.strict_yaml import Map, Parsed, Path, Seq
from shuangkong.policy.words import Words, listed, plainly, said, told

_PLAINER = {"bool_type": Label("true 或 false", "true or false"), "int_type": Label("整数", "a whole number")}


class PackErrors(UserError):
    """Everything wrong in the packs that were read, in one pass; `problems` holds each with its place."""

    def __init__(self, problems: Iterable[UserError]) -> None:
        self.problems = tuple(problems)
        first = self.problems[0]
        super().__init__(
            first.code, first.message, where=first.where, remedy=first.remedy, case=first.case, facts=first.facts
        )

    def in_(self, language: Language) -> str:
        """Every problem on a line of its own, in a language."""
        return "\n".join(told(p, language) for p in self.problems)

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
        words = words_of(detail, model)
        if len(path) - len(base) != len(detail["loc"]) and detail["input"] is None:
            words = said("PACK-003", "no_key_value", name=path[-1])
        parsed.problems.append(words.at(parsed.where(path)))


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


def words_of(detail: ErrorDetails, model: type[BaseModel]) -> Words:
    """What pydantic found wrong with an entry of a model, in our words (PACK-003)."""
    kind, loc, given = detail["type"], detail["loc"], detail["input"]
    context = detail.get("ctx", {})
    name = str(loc[-1]) if loc else "entry"
    if kind == "pack" and isinstance(context.get("words"), Words):
        found: Words = context["words"]
        return found
    if kind == "missing":
        return said("PACK-003", "missing", name=name)
    if kind == "extra_forbidden":
        return _unknown_key(name, fields_at(model, loc[:-1]))
    if kind == "string_type":
        return _not_text(given)
    if kind == "literal_error" or kind == "enum":
        choices = str(context["expected"])
        return said("PACK-003", "choice", given=given, choices=Label(_plain_list(choices), choices))
    if kind in ("model_type", "dict_type", "model_attributes_type"):
        return said("PACK-003", "no_mapping", given=plainly(given))
    if kind in ("tuple_type", "list_type"):
        return said("PACK-003", "no_list", given=plainly(given))
    if kind in _PLAINER:
        if isinstance(given, str):
            return said("PACK-003", "quoted", given=given, wanted=_PLAINER[kind])
        return said("PACK-003", "other_kind", given=plainly(given), wanted=_PLAINER[kind])
    return _out_of_bounds(kind, given, context) or said(
        "PACK-003", "unfit", given=plainly(given), what=f"{detail['msg'][0].lower()}{detail['msg'][1:]}"
    )


def _plain_list(choices: str) -> str:
    """'a', 'b' or 'c' as Chinese lists it."""
    return choices.replace(" or ", ", ").replace("'", "").replace(", ", "、")


def _out_of_bounds(kind: str, given: object, context: Mapping[str, Any]) -> Words | None:
    """Words for a bound of a field that is not kept."""
    if kind == "greater_than":
        return said("PACK-003", "above", given=given, bound=context["gt"])
    if kind == "greater_than_equal":
        return said("PACK-003", "from", given=given, bound=context["ge"])
    if kind == "less_than":
        return said("PACK-003", "below", given=given, bound=context["lt"])
    if kind == "less_than_equal":
        return said("PACK-003", "up_to", given=given, bound=context["le"])
    if kind == "string_too_short":
        return said("PACK-003", "empty_text")
    if kind == "too_short":
        return said("PACK-003", "few", bound=context["min_length"], has=context["actual_length"])
    if kind == "too_long":
        return said("PACK-003", "many", bound=context["max_length"], has=context["actual_length"])
    return None


def _not_text(given: object) -> Words:
    if isinstance(given, bool):
        return said("PACK-003", "truth_as_text", given=str(given).lower())
    if isinstance(given, int | Decimal):
        return said("PACK-003", "number_as_text", given=given)
    if given is None:
        return said("PACK-003", "no_text")
    return said("PACK-003", "not_text", given=plainly(given))


def _unknown_key(name: str, known: tuple[str, ...]) -> Words:
    near = difflib.get_close_matches(name, known, n=1)
    if near:
        return said("PACK-003", "near_key", name=name, near=near[0])
    return said("PACK-003", "unknown_key", name=name, known=listed(known, 40))


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
