"""`policy propose`, `proposals`, `publish`, `reject`, `withdraw`: two people put a pack in force in a workspace."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shuangkong.app.commands.options import (
    DEFAULT_WORKSPACE,
    AsJson,
    AsName,
    Lang,
    Speaks,
    WorkspaceOption,
    language_of,
    put_json,
)
from shuangkong.kernel.labels import Label

if TYPE_CHECKING:
    from shuangkong.app.publishing import Decision
    from shuangkong.policy.api import Proposal

Id = Annotated[str, typer.Argument(metavar="PROPOSAL", help="编号，见 policy proposals (id of the proposal)")]
_NONE = Label("没有提交过规则包", "no pack was proposed")
#: The next step by what became of a proposal; {id} is its id.
_NEXT = {
    "open": Label(
        "下一步：请另一位有发布权限的人执行 shuangkong policy publish {id} --as 姓名，或在页面“规则包复核”发布。",
        "Next: a second person who may publish runs `shuangkong policy publish {id} --as NAME`, or uses the page “Packs"
        " under review”.",
    ),
    "published": Label(
        "下一步：运行 shuangkong judge，新发布的规则包从这次判定起采用。",
        "Next: run `shuangkong judge`; judgements take the pack from now on.",
    ),
    "rejected": Label(
        "下一步：提交人按退回理由改正后，用 shuangkong policy propose 重新提交。",
        "Next: who proposed it mends it by the reason given, and proposes it again with `shuangkong policy propose`.",
    ),
    "withdrawn": Label(
        "下一步：改好后用 shuangkong policy propose 重新提交。",
        "Next: propose it again with `shuangkong policy propose` when it is ready.",
    ),
}
Because = Annotated[str, typer.Option("--because", help="理由 (the reason)")]


def add(policy_app: typer.Typer) -> None:
    """Hang the commands on `policy`."""
    policy_app.command("propose")(propose_command)
    policy_app.command("proposals")(proposals_command)
    policy_app.command("publish")(publish_command)
    policy_app.command("reject")(reject_command)
    policy_app.command("withdraw")(withdraw_command)


def propose_command(
    folder: Annotated[Path, typer.Argument(help="规则包文件夹或 zip (folder or zip archive of a pack)")],
    because: Because,
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    as_json: AsJson = False,
    lang: Speaks = Lang.zh,
    as_name: AsName = "",
) -> None:
    """提交规则包待复核 (propose a pack; a second person publishes it)."""
    from shuangkong.app.acting import acting
    from shuangkong.app.commands.options import bytes_of
    from shuangkong.app.publishing import propose_pack
    from shuangkong.engine.api import Workspace
    from shuangkong.policy.api import load_pack, unpacked

    opened = Workspace.open(workspace)
    who = acting(opened, as_name, "policy propose")
    if folder.is_file():
        files = unpacked(bytes_of(folder), origin=folder.name)
    else:
        files = dict(load_pack(folder).files)
    made = propose_pack(opened, who.scope, files, because, origin=folder.name)
    if as_json:
        put_json({"proposal": made, "next": _NEXT["open"].in_("en").format(id=made)})
    else:
        typer.echo(f"{made}\n{_NEXT['open'].in_(language_of(lang)).format(id=made)}")


def proposals_command(
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    as_json: AsJson = False,
    lang: Speaks = Lang.zh,
    as_name: AsName = "",
) -> None:
    """列出提交过的规则包 (packs that were proposed, and what became of them)."""
    from shuangkong.app.acting import acting
    from shuangkong.app.publishing import proposals_seen
    from shuangkong.engine.api import Workspace, reading
    from shuangkong.policy.api import STATES

    opened = Workspace.open(workspace)
    who = acting(opened, as_name, "policy proposals")
    with reading(opened.engine) as db:
        rows = proposals_seen(db, who.scope, opened.clock())
    if as_json:
        put_json([_as_json(p) for p in rows])
        return
    for p in rows:
        typer.echo(f"{p.proposal_id}  {STATES[p.state].in_(language_of(lang))}  {p.key}  {p.title}  {p.because}")
    if not rows:
        typer.echo(_NONE.in_(language_of(lang)))


def publish_command(
    name: Id,
    because: Because = "",
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    as_json: AsJson = False,
    lang: Speaks = Lang.zh,
    as_name: AsName = "",
) -> None:
    """复核并发布他人提交的规则包 (publish a pack that somebody else proposed)."""
    _told(_decided(workspace, as_name, "policy publish", name, "published", because), as_json=as_json, lang=lang)


def reject_command(
    name: Id,
    because: Because,
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    as_json: AsJson = False,
    lang: Speaks = Lang.zh,
    as_name: AsName = "",
) -> None:
    """退回他人提交的规则包 (send back a pack that somebody else proposed)."""
    _told(_decided(workspace, as_name, "policy reject", name, "rejected", because), as_json=as_json, lang=lang)


def withdraw_command(
    name: Id,
    because: Because,
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    as_json: AsJson = False,
    lang: Speaks = Lang.zh,
    as_name: AsName = "",
) -> None:
    """撤回自己提交的规则包 (withdraw the own proposal)."""
    _told(_decided(workspace, as_name, "policy withdraw", name, "withdrawn", because), as_json=as_json, lang=lang)


def _decided(workspace: Path, as_name: str, command: str, name: str, decision: Decision, because: str) -> Proposal:
    from shuangkong.app.acting import acting
    from shuangkong.app.publishing import decide_on
    from shuangkong.engine.api import Workspace

    opened = Workspace.open(workspace)
    who = acting(opened, as_name, command)
    return decide_on(opened, who.scope, name, decision, because)


def _told(done: Proposal, *, as_json: bool, lang: Lang) -> None:
    """What became of a proposal, and the next step."""
    from shuangkong.policy.api import STATES

    if as_json:
        put_json({**_as_json(done), "next": _NEXT[done.state].in_("en").format(id=done.proposal_id)})
        return
    language = language_of(lang)
    colon = "：" if language == "zh" else ": "
    typer.echo(f"{done.key}{colon}{STATES[done.state].in_(language)}")
    typer.echo(_NEXT[done.state].in_(language).format(id=done.proposal_id))


def _as_json(p: Proposal) -> dict[str, Any]:
    return {
        "proposal": p.proposal_id, "pack": p.key, "title": p.title, "region": p.region, "state": p.state,
        "content_hash": p.content_hash, "because": p.because, "proposed_by": p.proposed_by,
        "proposed_at": p.proposed_at.isoformat(), "decided_by": p.decided_by,
        "decided_at": p.decided_at.isoformat() if p.decided_at else None, "decision": p.decision,
    }  # fmt: skip
