"""`audit` verifies and lists the log in which every change stands, and prints its head."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated

import typer

from shuangkong.app.commands.options import DEFAULT_WORKSPACE, AsJson, AsName, WorkspaceOption, put_json
from shuangkong.kernel.errors import UserError

audit_app = typer.Typer(no_args_is_help=True, help="审计日志：核验、链末端、列表 (audit log: verify, head, list)")


def add(app: typer.Typer) -> None:
    """Hang the commands on the program."""
    app.add_typer(audit_app, name="audit")


@audit_app.command("verify")
def verify_command(
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    head: Annotated[
        str,
        typer.Option("--head", help="打印或导出过的末端，序号:哈希 (a head that was printed or exported, NUMBER:HASH)"),
    ] = "",
    as_json: AsJson = False,
    as_name: AsName = "",
) -> None:
    """核验审计链：指出被改、被删、被调换或被重写的记录 (name every changed, removed, moved or rewritten entry).

    不给 --head 时，整条链被重写或截尾无从发现 (without --head a cut or wholly rewritten log looks whole).
    """
    from shuangkong.app.acting import acting
    from shuangkong.app.auditing import as_dict, checked
    from shuangkong.engine.api import Head, Workspace, reading

    opened = Workspace.open(workspace)
    acting(opened, as_name, "audit verify")
    upto = Head.parse(head, "--head") if head else None
    with reading(opened.engine) as db:
        result = checked(db, upto)
    found = result.chain
    if as_json:
        put_json(as_dict(result, upto))
    else:
        typer.echo(f"{found.entries} 条 (entries)  链末端 (head) {found.head}")
        for fault in found.faults:
            typer.echo(f"  {fault}")
    if not found.whole:
        more = f", and {found.more} more" if found.more else ""
        raise UserError(
            "AUDIT-001", f"{len(found.faults)} faults{more}: {found.faults[0]}.",
            remedy="Keep this workspace as it is, compare it with a back-up, and find out who could write to it.",
        )  # fmt: skip
    if result.broken:
        named = ", ".join(str(s.entry) for s in result.broken[:10])
        raise UserError(
            "AUDIT-001", f"what the lake holds is not what entries {named} sealed.",
            remedy="Keep this workspace as it is, compare it with a back-up, and find out who could write to it.",
        )  # fmt: skip


@audit_app.command("head")
def head_command(workspace: WorkspaceOption = DEFAULT_WORKSPACE, as_json: AsJson = False, as_name: AsName = "") -> None:
    """打印审计链末端，另行保存，供日后核验 (print the head; keep it elsewhere, for `audit verify --head`)."""
    from shuangkong.app.acting import acting
    from shuangkong.engine.api import Workspace, head, reading

    opened = Workspace.open(workspace)
    acting(opened, as_name, "audit head")
    with reading(opened.engine) as db:
        found = head(db)
    if as_json:
        put_json({"head": str(found), "sequence": found.sequence, "hash": found.hash})
    else:
        typer.echo(str(found))


@audit_app.command("list")
def list_command(
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    action: Annotated[str, typer.Option("--action", help="操作，如 import.energy (such as import.energy)")] = "",
    principal: Annotated[str, typer.Option("--principal", help="操作人编号 (id of who acted)")] = "",
    obj: Annotated[str, typer.Option("--object", help="对象编号 (id of what was changed)")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, help="条数 (how many)")] = 50,
    as_json: AsJson = False,
    as_name: AsName = "",
) -> None:
    """列出审计记录，新的在前 (entries within one's scope, newest first)."""
    from shuangkong.app.acting import acting
    from shuangkong.app.auditing import entries_seen
    from shuangkong.engine.api import Workspace, reading

    opened = Workspace.open(workspace)
    who = acting(opened, as_name, "audit list")
    with reading(opened.engine) as db:
        listed = entries_seen(db, who.scope, opened.clock()).subquery()
        query = listed.select().order_by(listed.c.sequence.desc()).limit(limit)
        for column, value in (("action", action), ("principal", principal), ("object", obj)):
            if value:
                query = query.where(listed.c[column] == value)
        rows = [dict(r) for r in db.execute(query).mappings()]
    if as_json:
        put_json([{**r, "detail": json.loads(r["detail"])} for r in rows])
        return
    for r in rows:
        typer.echo("  ".join((str(r["sequence"]), _instant(r["at"]), r["principal"], r["action"], r["object"])))


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
