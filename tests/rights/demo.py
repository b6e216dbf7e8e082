"""A small world of invented places with a person of every role, for trying rights."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from fastapi import FastAPI
from fastapi.testclient import TestClient

from shuangkong.app.web.context import SESSION
from shuangkong.engine.api import Workspace
from shuangkong.webkit.sessions import form_token, secret_hash
from web.clients import signed_in, visitor

#: Roles and the demo's person of each.
PEOPLE = {
    "administrator": "demo.administrator",
    "officer": "demo.officer.990101",
    "reviewer": "demo.reviewer",
    "unit_manager": "demo.unit",
    "service_company": "demo.service",
    "bank": "demo.bank",
    "auditor": "demo.auditor",
    "public": "",
}
ROLES = tuple(PEOPLE)


@dataclass
class World:
    """The demo's workspace behind its pages, and ids to fill addresses with."""

    app: FastAPI
    workspace: Workspace
    ids: dict[str, str]
    _clients: dict[str, TestClient] = field(default_factory=dict)

    def client(self, role: str) -> TestClient:
        """A client that entered as the role; the public's has no session."""
        if role not in self._clients:
            person = PEOPLE[role]
            self._clients[role] = signed_in(self.app, person) if person else visitor(self.app)
        return self._clients[role]

    def leave(self, role: str) -> None:
        """Forget a client whose session ended."""
        self._clients.pop(role, None)

    def token(self, role: str) -> str:
        """What the forms of the role's session carry."""
        secret = self.client(role).cookies.get(SESSION)
        return form_token(self.app.state.site.workspace.secret, secret_hash(secret)) if secret else ""


def filled(world: World, path: str) -> str:
    """An address with its places filled; a name that is not known here gets one that is nothing."""
    return re.sub(r"{(\w+)(?::\w+)?}", lambda m: world.ids.get(m.group(1), "x_nothing"), path)
