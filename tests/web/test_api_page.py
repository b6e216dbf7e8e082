"""The description of the interface: every operation with what it takes, made from the OpenAPI document."""

from __future__ import annotations

from typing import Any

from shuangkong.app.web.api_page import operations

DOCUMENT: dict[str, Any] = {
    "paths": {
        "/api/things": {
            "get": {"description": "All things.", "responses": {"200": {"description": "things"}}, "parameters": [
                {"name": "size", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 9,
                                                            "default": 5}},
                {"name": "sort", "in": "query", "schema": {"$ref": "#/components/schemas/Sort"}},
            ]},
            "post": {"summary": "Add", "requestBody": {"content": {"application/json": {"schema": {
                "$ref": "#/components/schemas/Thing"}}}}, "responses": {}},
        },
        "/api/things/{key}": {
            "get": {"parameters": [{"name": "key", "in": "path", "required": True, "schema": {"type": "string"}}]}
        },
    },
    "components": {"schemas": {
        "Sort": {"enum": ["a", "-a"]},
        "Thing": {"required": ["name"], "properties": {
            "name": {"type": "string", "maxLength": 20}, "tags": {"type": "array", "items": {"type": "string"}},
            "day": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]},
        }},
    }},
}  # fmt: skip


def test_every_operation_is_told_with_what_it_takes() -> None:
    """Parameters, fields of a body, limits, choices and defaults are read, also through references."""
    found = operations(DOCUMENT)
    assert [(o.method, o.path, o.link) for o in found] == [
        ("GET", "/api/things", "/api/things"), ("POST", "/api/things", ""), ("GET", "/api/things/{key}", ""),
    ]  # fmt: skip
    assert [(g.name, g.place, g.type, g.required, g.default) for o in found for g in o.given] == [
        ("size", "query", "integer ≥ 1 ≤ 9", False, "5"),
        ("sort", "query", "a | -a", False, ""),
        ("name", "application/json", "string maxLength 20", True, ""),
        ("tags", "application/json", "array [string]", False, ""),
        ("day", "application/json", "string date | null", False, ""),
        ("key", "path", "string", True, ""),
    ]
    assert [o.anchor for o in found] == ["get-api-things", "post-api-things", "get-api-things-key"]


def test_the_page_lists_what_the_document_lists(pages: Any) -> None:
    """Each operation of the interface has its section, in both languages, and nothing is loaded from elsewhere."""
    document = pages.client.get("/api/openapi.json").json()
    for lang in ("zh", "en"):
        text = pages.get("/api/docs", lang)
        for operation in operations(document):
            assert f'id="{operation.anchor}"' in text
        assert "http:" not in text
        assert "https:" not in text
