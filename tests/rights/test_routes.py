"""The table of rights: every route and command × every role, tried; and the neighbour, tried from every side.

`routes.yaml` and `commands.yaml` are written out on purpose, although they could be computed from the matrix: whoever
gives a right away has to write it down here as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import yaml
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from starlette.routing import Route

from rights.demo import ROLES, World, filled
from shuangkong.app.web.context import Asks
from shuangkong.webkit.api import rights
from source_tree import ROOT

FILE = ROOT / "tests/rights/routes.yaml"
TABLE: dict[str, dict[str, Any]] = yaml.safe_load(FILE.read_text("utf-8")) if FILE.exists() else {}
#: Routes that anybody may ask, and why.
OPEN = {
    "GET /static/{name}": "files that every page needs",
    "GET /healthz": "whether the process answers",
    "GET /readyz": "whether it can serve",
    "GET /metrics": "asked by a monitor, from this machine or with a token of its own",
    "GET /api/openapi.json": "the description of the interface: it names no data",
    "GET /sign-in": "the way in",
    "POST /sign-in": "the way in",
    "POST /sign-in/demo": "the way in of a demo workspace, from this machine",
}


def routes(world: World) -> Iterator[tuple[str, Route]]:
    """Every route by method and path; HEAD goes with GET."""
    for route in leaves(world.app.routes):
        for method in sorted((route.methods or set()) - {"HEAD"}):
            yield f"{method} {route.path}", route


def leaves(found: Sequence[object]) -> Iterator[Route]:
    """Routes below included routers; anything of another kind would go untried, and is refused."""
    for route in found:
        if isinstance(route, Route):
            yield route
        else:
            yield from leaves(route.original_router.routes)  # type: ignore[attr-defined]


def action_of(route: Route) -> str | None:
    """The action that the route asks for, found in its dependencies."""
    if not isinstance(route, APIRoute):
        return None
    found = [d.call.action for d in route.dependant.dependencies if isinstance(d.call, Asks)]
    return found[0] if len(found) == 1 else None


def test_every_route_asks_for_one_right_and_stands_in_the_table(world: World) -> None:
    """A route without a right, or one that is missing in the table, fails here."""
    asked = {name: action_of(route) for name, route in routes(world) if name not in OPEN}
    assert {n for n, a in asked.items() if a is None} == set()
    assert asked == {n: row["action"] for n, row in TABLE.items()}


def test_the_table_says_what_the_matrix_says() -> None:
    """The roles of each row are those that have its action, and nobody else."""
    for name, row in TABLE.items():
        assert set(row["roles"]) == {r.id for r in rights().roles.values() if row["action"] in r.actions}, name


@pytest.mark.parametrize("role", ROLES)
def test_every_route_is_open_to_who_may_and_shut_to_who_may_not(world: World, role: str) -> None:
    """Each route is asked as each role: 401, 403 or the sign-in for who may not, anything else for who may.

    An answer that complains about what was sent is past the door.
    """
    client = world.client(role)
    wrong = {}
    for name, row in TABLE.items():
        method, path = name.split(" ", 1)
        answer = ask(client, method, filled(world, path), world.token(role))
        shut = answer.status_code in (401, 403) or answer.headers.get("location", "").startswith("/sign-in?to=")
        if shut == (role in row["roles"]) or answer.status_code >= 500:
            wrong[name] = answer.status_code
        if name == "POST /sign-out":
            world.leave(role)
            client = world.client(role)
    assert wrong == {}


def ask(client: TestClient, method: str, path: str, token: str) -> Any:
    """One request without following; a POST comes from a form of the site that holds nothing."""
    data = {"form_token": token} if method == "POST" else None
    return client.request(method, path, data=data, follow_redirects=False)


@pytest.mark.parametrize("role", [r for r in ROLES if r != "public"])
def test_an_unsafe_request_without_the_token_of_the_form_is_refused(world: World, role: str) -> None:
    """Every POST is refused with RIGHT-006 or for lack of the right; from another site's page also with the token."""
    client = world.client(role)
    for name in TABLE:
        method, path = name.split(" ", 1)
        if method == "GET":
            continue
        plain = ask(client, method, filled(world, path), "")
        foreign = client.request(
            method, filled(world, path), data={"form_token": world.token(role)}, follow_redirects=False,
            headers={"Origin": "https://elsewhere.example"},
        )  # fmt: skip
        assert (plain.status_code, foreign.status_code) == (403, 403), name
