"""The demo's one scenario of the peak (合成): house assumptions over the demo city's books, shared; made once."""

from __future__ import annotations

from shuangkong.app.scenarios import begun, place_of, saved
from shuangkong.dualcontrol.api import scenarios_seen, share_scenario
from shuangkong.engine.api import Workspace, reading, writing
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.scope import Scope

TITLE = "基准情景（合成）"
BECAUSE = "示范市账册与程序自定的默认假设，仅供演示"


def save_demo_scenario(workspace: Workspace, code: str, principal: str) -> str | None:
    """Save and share it; gives its id, None where it is there already or the books give no base."""
    scope = Scope.all(principal)
    with reading(workspace.engine) as db:
        if any(s.title == TITLE for s in scenarios_seen(db, scope, workspace.clock())):
            return None
    try:
        place = place_of(workspace, scope, code)
        scenario = begun(place)
    except UserError:
        return None
    made = saved(workspace, scope, place, scenario, TITLE, BECAUSE, principal=principal)
    with writing(workspace.engine) as db:
        share_scenario(db, scope, made, shared=True, at=workspace.clock(), principal=principal)
    return made
