"""Write routes.yaml anew from the routes and the matrix; read the difference before it is committed."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import yaml

from rights.demo import World
from rights.test_routes import OPEN, action_of, routes
from shuangkong.app.web import create_app
from shuangkong.engine.api import Workspace
from shuangkong.webkit.api import rights


def table() -> dict[str, dict[str, object]]:
    """Each route with its action and the roles that have it."""
    with tempfile.TemporaryDirectory() as folder:
        world = World(create_app(Workspace.create(Path(folder) / "w")), None, {})  # type: ignore[arg-type]
        asked = {name: action_of(route) for name, route in routes(world) if name not in OPEN}
    return {
        name: {"action": action, "roles": [r.id for r in rights().roles.values() if action in r.actions]}
        for name, action in sorted(asked.items())
    }


if __name__ == "__main__":
    rows = [f"{n}: {{action: {r['action']}, roles: [{', '.join(r['roles'])}]}}" for n, r in table().items()]  # type: ignore[arg-type]
    assert yaml.safe_load("\n".join(rows)) is not None
    sys.stdout.write("# Who may ask each route. `PYTHONPATH=tests python tests/rights/write_table.py` writes it.\n")
    sys.stdout.write("\n".join(rows) + "\n")
