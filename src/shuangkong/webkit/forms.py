"""Forms (表单): fields described once, read with an error beside each field, and shown again as they were typed."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, Protocol, runtime_checkable

from markupsafe import Markup

from shuangkong.kernel.labels import Label, Language
from shuangkong.webkit.messages import Speaker

FieldKind = Literal[
    "text", "code", "password", "number", "date", "choice", "multi", "file", "textarea", "checkbox", "hidden"
]
#: Never kept and never shown again.
SECRET = ("password", "file")
_PLAIN = ("code", "number", "date")
_DIGITS = 18


@runtime_checkable
class Upload(Protocol):
    """A file as the framework hands it over."""

    filename: str | None
    size: int | None


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with a field: the key of a message, and what fills its places."""

    key: str
    facts: Mapping[str, object] = field(default_factory=dict)

    def say(self, speaker: Speaker) -> str:
        """The words of it."""
        return speaker.say(self.key, **self.facts)


#: A check of a value that has its type already: None, or what is wrong with it.
Validator = Callable[[Any], FieldError | None]


@dataclass(frozen=True, slots=True)
class FormField:
    """One field. `choices` are (code, label); `places` digits after the point; `least` and `most` bound numbers and
    dates; `length` bounds text, `kinds` are the endings of files that are taken, `bytes_` their largest size."""

    name: str
    label: Label
    kind: FieldKind = "text"
    required: bool = False
    hint: Label | None = None
    choices: tuple[tuple[str, Label], ...] = ()
    validators: tuple[Validator, ...] = ()
    unit: str = ""
    places: int = 6
    least: Decimal | date | None = None
    most: Decimal | date | None = None
    length: int = 200
    shortest: int = 0
    kinds: tuple[str, ...] = ()
    bytes_: int = 20_000_000
    autocomplete: str = "off"

    @property
    def secret(self) -> bool:
        """Whether what is typed is never kept nor shown again."""
        return self.kind in SECRET

    def words(self, language: Language) -> list[tuple[str, str]]:
        """The choices in a language."""
        return [(code, label.in_(language)) for code, label in self.choices]


@dataclass(frozen=True)
class FormSpec:
    """A form; `checks` look at the values together and name the field that each error stands beside."""

    name: str
    label: Label
    fields: tuple[FormField, ...]
    checks: tuple[Callable[[Mapping[str, Any]], Mapping[str, FieldError]], ...] = ()
    submit: Label | None = None

    def __post_init__(self) -> None:
        names = [f.name for f in self.fields]
        if len(set(names)) != len(names) or {"form_token", "draft"} & set(names):
            raise ValueError(f"the form {self.name} names a field twice, or one that the frame needs")

    def __getitem__(self, name: str) -> FormField:
        return next(f for f in self.fields if f.name == name)

    @property
    def uploads(self) -> bool:
        """Whether a file can be sent with it."""
        return any(f.kind == "file" for f in self.fields)

    def empty(self, **typed: str | Sequence[str]) -> Filled:
        """The form before anything was sent; `typed` are first values."""
        first = {k: (v,) if isinstance(v, str) else tuple(v) for k, v in typed.items()}
        return Filled(self, first, {}, {})

    def parse(self, pairs: Iterable[tuple[str, Any]]) -> Filled:
        """What was sent, as values or as errors by field. Names that the form does not have are not looked at."""
        sent: dict[str, list[Any]] = {}
        for name, value in pairs:
            sent.setdefault(name, []).append(value)
        values: dict[str, Any] = {}
        errors: dict[str, FieldError] = {}
        for one in self.fields:
            answer = _read(one, sent.get(one.name, []))
            if isinstance(answer, FieldError):
                errors[one.name] = answer
            else:
                values[one.name] = answer
        if not errors:
            for check in self.checks:
                errors |= {k: v for k, v in check(values).items() if k not in errors}
        return Filled(self, self.typed(sent), values if not errors else {}, errors)

    def typed(self, sent: Mapping[str, Sequence[Any]]) -> dict[str, tuple[str, ...]]:
        """What may be shown and kept again: no passwords, no files."""
        kept = {f.name: tuple(v for v in sent.get(f.name, ()) if isinstance(v, str)) for f in self.fields}
        return {f.name: kept[f.name] for f in self.fields if not f.secret and any(kept[f.name])}


@dataclass(frozen=True)
class Filled:
    """A form with what was typed: `values` by field when it is `good`, else `errors` by field."""

    spec: FormSpec
    typed: Mapping[str, tuple[str, ...]]
    values: Mapping[str, Any]
    errors: Mapping[str, FieldError]

    @property
    def good(self) -> bool:
        """Whether there is nothing to put right."""
        return not self.errors

    def text(self, name: str) -> str:
        """What was typed into a field; nothing for a secret one."""
        return "" if self.spec[name].secret else next(iter(self.typed.get(name, ())), "")

    def holds(self, name: str, code: str) -> bool:
        """Whether a choice was made."""
        return code in self.typed.get(name, ())

    def attributes(self, one: FormField) -> Markup:
        """What tells a screen reader of a control: its hint and error, whether it is wrong, whether it is needed."""
        wrong = one.name in self.errors
        ids = [f"{one.name}-hint"] if one.hint or one.kind == "date" else []
        ids += [f"{one.name}-error"] if wrong else []
        told = Markup(' aria-describedby="{}"').format(" ".join(ids)) if ids else Markup("")
        told += Markup(' aria-invalid="true"') if wrong else Markup("")
        return told + (Markup(' aria-required="true"') if one.required else Markup(""))

    def refused(self, **errors: FieldError) -> Filled:
        """The same with errors that only the service could see: a name that is taken."""
        return Filled(self.spec, self.typed, {}, {**self.errors, **errors})


def _read(one: FormField, sent: list[Any]) -> Any:
    if one.kind == "multi":
        return _several(one, sent)
    if len(sent) > 1:
        return FieldError("field_error.several")
    raw = sent[0] if sent else ""
    if one.kind == "file":
        return _upload(one, raw)
    if not isinstance(raw, str):
        return FieldError("field_error.several")
    if one.kind == "checkbox":
        return _checkbox(one, raw)
    text = _plain_text(one, raw)
    if not text:
        return FieldError("field_error.required") if one.required else None
    value = _typed_value(one, text)
    return value if isinstance(value, FieldError) else _validated(one, value)


def _plain_text(one: FormField, raw: str) -> str:
    """What was typed without blanks around it; digits, codes and days also in their narrow form (NFKC)."""
    if one.kind == "password":
        return raw
    if one.kind in _PLAIN:
        raw = "".join(c for c in unicodedata.normalize("NFKC", raw) if unicodedata.category(c) != "Cf")
    return raw.replace("\r\n", "\n").strip()


def _checkbox(one: FormField, raw: str) -> Any:
    ticked = raw not in ("", "0", "false", "off")
    return FieldError("field_error.required") if one.required and not ticked else ticked


def _several(one: FormField, sent: list[Any]) -> Any:
    codes = tuple(dict.fromkeys(v for v in sent if isinstance(v, str) and v))
    if set(codes) - {code for code, _ in one.choices}:
        return FieldError("field_error.choice")
    if one.required and not codes:
        return FieldError("field_error.required")
    return _validated(one, codes)


def _upload(one: FormField, raw: Any) -> Any:
    if not isinstance(raw, Upload) or not raw.filename:
        if one.required:
            return FieldError("field_error.required")
        return FieldError("field_error.file") if isinstance(raw, str) and raw else None
    if one.kinds and not raw.filename.lower().endswith(one.kinds):
        return FieldError("field_error.file_kind", {"kinds": ", ".join(one.kinds)})
    if raw.size is not None and raw.size > one.bytes_:
        return FieldError("field_error.file_large", {"size": f"{one.bytes_ // 1_000_000} MB"})
    return _validated(one, raw)


def _typed_value(one: FormField, text: str) -> Any:
    if one.kind == "number":
        return _number(one, text)
    if one.kind == "date":
        return _day(one, text)
    if one.kind == "choice":
        return text if text in {code for code, _ in one.choices} else FieldError("field_error.choice")
    allowed = "\n\t" if one.kind == "textarea" else ""
    if any(unicodedata.category(c) in ("Cc", "Cs") and c not in allowed for c in text):
        return FieldError("field_error.control")
    if len(text) > one.length:
        return FieldError("field_error.too_long", {"length": one.length})
    if len(text) < one.shortest:
        return FieldError("field_error.too_short", {"shortest": one.shortest})
    return text


def _number(one: FormField, text: str) -> Any:
    plain = text.replace("\u2212", "-").replace(",", "").replace(" ", "")
    try:
        value = Decimal(plain)
    except InvalidOperation:
        return FieldError("field_error.number")
    if not value.is_finite() or "e" in plain.lower() or "_" in plain or value.adjusted() >= _DIGITS:
        return FieldError("field_error.number")
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and -exponent > one.places and value != round(value, one.places):
        return FieldError("field_error.places", {"places": one.places})
    return _bounded(one, value)


def _day(one: FormField, text: str) -> Any:
    plain = text.replace("/", "-").replace(".", "-").replace("年", "-").replace("月", "-").removesuffix("日")
    parts = plain.split("-")
    if len(parts) != 3 or not all(p.strip().isdecimal() and len(p.strip()) <= 4 for p in parts):
        return FieldError("field_error.date")
    try:
        return _bounded(one, date(*(int(p) for p in parts)))
    except ValueError:
        return FieldError("field_error.date")


def _bounded(one: FormField, value: Any) -> Any:
    if one.least is not None and value < one.least:
        return FieldError("field_error.least", {"least": one.least})
    if one.most is not None and value > one.most:
        return FieldError("field_error.most", {"most": one.most})
    return value


def _validated(one: FormField, value: Any) -> Any:
    wrong = next((w for v in one.validators if (w := v(value)) is not None), None)
    return value if wrong is None else wrong
