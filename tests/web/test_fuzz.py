"""The interface under fire: whatever its description allows, and what it does not, is answered and never broken."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from serving import serving
from shuangkong.engine.api import reading, writing
from shuangkong.webkit.api import acting_in, business_day, make_token, person_named, rights, standing

pytestmark = pytest.mark.slow
EXAMPLES = 40
PEOPLE = ("demo.administrator", "demo.bank")
CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance, status_code_conformance]
SHAPE = {"code", "title", "message", "remedy", "where", "request_id"}


@pytest.fixture(scope="module")
def address(pages: Any) -> Iterator[str]:
    """The pages behind a real server, so that odd bytes come as they would."""
    with serving(pages.app, "critical") as address:
        yield address


def token(pages: Any, name: str) -> str:
    """An API token of a person of the demo for everything that may be read."""
    now = pages.workspace.clock()
    with reading(pages.workspace.engine) as db:
        person = person_named(db, name)
        held = standing(db, person, business_day(now))[0]
        who = acting_in(person, held, "session", business_day(now))
    actions = frozenset(a for a in rights().roles[who.role].actions if not rights().actions[a].changes)
    with writing(pages.workspace.engine) as db:
        return str(make_token(db, who, "合成", actions, 1, at=now - timedelta(seconds=1)))


def described(pages: Any, address: str) -> Any:
    """The description of the interface, with cases that fit it and cases that do not."""
    found = schemathesis.openapi.from_dict(pages.app.openapi())
    found.config.update(base_url=address)
    found.config.generation.update(modes=[GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
    return found


@pytest.mark.parametrize("name", PEOPLE)
def test_no_request_breaks_the_interface(pages: Any, address: str, name: str) -> None:
    """Each operation with cases made from its description: no 5xx, and only answers that the description names."""
    headers = {"Authorization": f"Bearer {token(pages, name)}"}
    tried = 0
    for found in described(pages, address).get_all_operations():
        operation = found.ok()
        assert operation.method.upper() == "GET", f"{operation.label}: say how it is to be tried"

        @settings(
            max_examples=EXAMPLES, derandomize=True, database=None, deadline=None,
            phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy())
        def attack(case: Any) -> None:
            nonlocal tried
            tried += 1
            case.call_and_validate(headers=headers, checks=CHECKS)

        attack()
    assert tried > EXAMPLES


def status_of(address: str, path: bytes, authorization: str) -> int:
    """The status of the answer to bytes that no client would send as they are."""
    place = urlsplit(address)
    head = f"Host: {place.netloc}\r\nAuthorization: {authorization}\r\nConnection: close\r\n\r\n"
    with socket.create_connection((str(place.hostname), place.port), timeout=60) as line:
        line.sendall(b"GET " + path + b" HTTP/1.1\r\n" + head.encode())
        answer = line.makefile("rb").readline()
    return int(answer.split()[1])


ODD = (
    "\x00", "\ufffd", "'; DROP TABLE person; --", "%", "%%", "\\", "..", "𠮷" * 60, "９９", "1e400", "NaN", "-0", " ",
    "a" * 3000, "[]", "{}", "null",
)  # fmt: skip
WHERE = (
    "/findings?q={}", "/findings?page={}", "/findings?size={}", "/findings?sort={}", "/findings?status={}",
    "/findings?period={}", "/findings?margin_min={}", "/units?q={}", "/units?region={}", "/?view={}", "/?region={}",
    "/?period={}", "/regions/{}", "/units/{}", "/findings/{}", "/packs/{}", "/jobs/{}", "/imports?recorded_at_min={}",
    "/sign-in?to={}", "/api/findings?page={}", "/api/units?size={}", "/api/findings/{}",
)  # fmt: skip
BYTES = (b"/findings?q=\xff\xfe", b"/findings?q=%ff%fe", b"/\xff", b"/units?q=%C0%AF", b"/api/home?view=%ED%A0%80")


def test_no_odd_parameter_breaks_a_page(pages: Any) -> None:
    """Each parameter with each odd text is answered below 500."""
    wrong = {}
    for where in WHERE:
        for odd in ODD:
            answer = pages.client.get(where.format(quote(odd, safe="")), follow_redirects=False)
            if answer.status_code >= 500:
                wrong[where.format(odd[:20])] = answer.status_code
    assert wrong == {}


#: Steps upwards as no client sends them: a client of ours would take them away before it asks.
UPWARDS = (b"/static/../../../../../etc/passwd", b"/static/..\\..\\workspace.json", b"/packs/../../workspace.json",
           b"/static//etc/passwd", b"/static/./../x", b"/imports/../../workspace.json")  # fmt: skip


@pytest.mark.parametrize("path", UPWARDS)
def test_steps_upwards_lead_nowhere(pages: Any, address: str, path: bytes) -> None:
    """A path with plain steps upwards is no address of this site, also for an administrator."""
    assert status_of(address, path, f"Bearer {token(pages, PEOPLE[0])}") == 404


@pytest.mark.parametrize("path", BYTES)
def test_bytes_that_are_no_text_break_nothing(pages: Any, address: str, path: bytes) -> None:
    """An address that is no UTF-8, plain or encoded, is answered below 500."""
    assert status_of(address, path, f"Bearer {token(pages, PEOPLE[0])}") < 500


def test_every_error_has_the_shape_that_is_described(pages: Any) -> None:
    """The description names the shape of each error, and it is the shape that comes."""
    document = pages.app.openapi()
    for path, item in document["paths"].items():
        for operation in item.values():
            for status in ("400", "401", "403", "404", "422"):
                told = operation["responses"][status]["content"]["application/json"]["schema"]
                assert told == {"$ref": "#/components/schemas/Trouble"}, path
    assert set(document["components"]["schemas"]["Trouble"]["required"]) == SHAPE
    assert "HTTPValidationError" not in document["components"]["schemas"]
    for answer in (pages.client.get("/api/findings/f_none"), pages.client.get("/api/findings?page=0")):
        assert set(answer.json()) == SHAPE
