"""A copy of the demo of one's own, for tests that change it."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from shuangkong.app.web import create_app
from shuangkong.engine.api import Workspace
from web.clients import signed_in

_TOKEN = re.compile(r'name="form_token" value="([0-9a-f]{64})"')


@dataclass(frozen=True)
class Own:
    """The application over a copy of the demo."""

    app: FastAPI
    workspace: Workspace

    def as_(self, person: str) -> TestClient:
        """A client signed in as a person of the demo."""
        return signed_in(self.app, person)


def own_demo(made: tuple[Path, object], tmp_path_factory: pytest.TempPathFactory) -> Own:
    """Copy the demo that was loaded once."""
    root = tmp_path_factory.mktemp("own") / "w"
    shutil.copytree(made[0], root)
    workspace = Workspace.open(root)
    return Own(create_app(workspace), workspace)


def post(client: TestClient, url: str, page: str, **fields: str) -> Any:
    """Submit a form of a page with its token."""
    token = _TOKEN.search(client.get(page).text)
    assert token, page
    return client.post(url, data={"form_token": token.group(1), **fields}, follow_redirects=False)
