"""The page that describes the interface (接口说明), made from its OpenAPI document, without a script."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse

from shuangkong.app.web.context import Asked, Asks

router = APIRouter(include_in_schema=False)
_METHODS = ("get", "post", "put", "patch", "delete")
#: Limits that a JSON schema may set, and how they are written.
_LIMITS = (
    ("minimum", "≥ {}"),
    ("maximum", "≤ {}"),
    ("maxLength", "maxLength {}"),
    ("format", "{}"),
    ("pattern", "/{}/"),
)


@dataclass(frozen=True)
class Given:
    """A parameter or a field of a body: its name, where it goes, its type with limits, and its default."""

    name: str
    place: str
    type: str
    required: bool
    default: str
    about: str


@dataclass(frozen=True)
class Operation:
    """One operation of the interface; `link` opens it where nothing needs to be given."""

    anchor: str
    method: str
    path: str
    about: str
    given: tuple[Given, ...]
    answers: tuple[tuple[str, str], ...]
    link: str


def operations(document: Mapping[str, Any]) -> list[Operation]:
    """Every operation of an OpenAPI document, by path."""
    return [
        _operation(path, method, item[method], document)
        for path, item in sorted(document.get("paths", {}).items())
        for method in _METHODS
        if method in item
    ]


def _operation(path: str, method: str, told: Mapping[str, Any], document: Mapping[str, Any]) -> Operation:
    given = (*_parameters(told, document), *_body(told, document))
    opens = method == "get" and not any(g.required for g in given)
    answers = tuple((code, str(a.get("description", ""))) for code, a in sorted(told.get("responses", {}).items()))
    anchor = f"{method}-{path.strip('/').replace('/', '-').replace('{', '').replace('}', '')}"
    about = str(told.get("description") or told.get("summary") or "")
    return Operation(anchor, method.upper(), path, about, given, answers, path if opens else "")


def _parameters(told: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[Given]:
    for p in told.get("parameters", ()):
        p = _resolved(p, document)
        schema = _resolved(p.get("schema", {}), document)
        yield Given(
            str(p["name"]), str(p["in"]), _type(schema, document), bool(p.get("required")), _default(schema),
            str(p.get("description") or schema.get("description") or ""),
        )  # fmt: skip


def _body(told: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[Given]:
    """The fields of a body, one line each; a body that is no object is one line."""
    for media, content in told.get("requestBody", {}).get("content", {}).items():
        schema = _resolved(content.get("schema", {}), document)
        needed = set(schema.get("required", ()))
        for name, field in schema.get("properties", {}).items():
            field = _resolved(field, document)
            about = str(field.get("description", ""))
            yield Given(name, media, _type(field, document), name in needed, _default(field), about)
        if "properties" not in schema:
            yield Given("", media, _type(schema, document), bool(told["requestBody"].get("required")), "", "")


def _resolved(schema: Mapping[str, Any], document: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a local reference names; anything else as it is."""
    reference = schema.get("$ref", "")
    if not reference.startswith("#/"):
        return schema
    found: Any = document
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found if isinstance(found, Mapping) else {}


def _type(schema: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    """A type with its limits in a line: integer ≥ 1, or the values that may be chosen."""
    schema = _resolved(schema, document)
    if "enum" in schema:
        return " | ".join(str(v) for v in schema["enum"])
    either = schema.get("anyOf") or schema.get("oneOf")
    if either:
        return " | ".join(_type(s, document) for s in either)
    words = [str(schema.get("type", "any"))]
    if "items" in schema:
        words.append(f"[{_type(schema['items'], document)}]")
    words += [form.format(schema[name]) for name, form in _LIMITS if name in schema]
    return " ".join(words)


def _default(schema: Mapping[str, Any]) -> str:
    default = schema.get("default")
    return "" if default is None else str(default)


@router.get("/api/docs")
def docs(a: Annotated[Asked, Depends(Asks("api.read"))]) -> HTMLResponse:
    """Every operation that programs may call, with what each takes and answers."""
    app = a.request.app
    return a.page("api.html", a.view(), operations=operations(app.openapi()), document=app.openapi_url)
