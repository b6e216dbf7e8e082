"""`shuangkong backup` and `shuangkong restore`: a copy of everything in one file, and a workspace made from it."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shuangkong.app.commands.options import DEFAULT_WORKSPACE, AsJson, WorkspaceOption
from shuangkong.kernel.errors import UserError

if TYPE_CHECKING:
    from shuangkong.engine.api import Head


def add(app: typer.Typer) -> None:
    """Put both commands under the program."""
    app.command("backup")(backup_command)
    app.command("restore")(restore_command)


def backup_command(
    file: Annotated[Path, typer.Argument(help="要写的 zip，不得已存在 (zip to write; it must not be there yet)")],
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    as_json: AsJson = False,
) -> None:
    """备份：数据库、账目文件、原件、运算结果，打印审计链末端 (copy everything into one zip while others go on)."""
    from shuangkong.app.acting import terminal
    from shuangkong.engine.api import Workspace, back_up

    # every module that declares a table has to be there: what the program does not know is left out
    importlib.import_module("shuangkong.app.web")
    opened = Workspace.open(workspace)
    made = back_up(opened, file, principal=terminal().principal)
    head = f"{made.head.sequence}:{made.head.hash}"
    if as_json:
        told = {"file": str(file.resolve()), "head": head, "revision": made.revision, "entries": len(made.entries)}
        typer.echo(json.dumps({**told, "left_out": made.left_out}, ensure_ascii=False, indent=1))
    else:
        typer.echo(f"{file.resolve()}\n审计链末端 (head of the audit log): {head}")
    for table in made.left_out:
        typer.echo(f"不属于本程序的表，未备份 (not a table of this program, left out): {table}", err=True)


def restore_command(
    file: Annotated[Path, typer.Argument(help="`shuangkong backup` 写的 zip (zip that `shuangkong backup` wrote)")],
    workspace: Annotated[Path, typer.Option("-w", "--workspace", help="新的或空的文件夹 (a new or empty folder)")],
    database: Annotated[
        str,
        typer.Option(
            "--database", help="空的 PostgreSQL 网址，不填用 SQLite (URL of an empty PostgreSQL; SQLite if left out)"
        ),
    ] = "",
    head: Annotated[
        str, typer.Option("--head", help="打印过的末端：序号:哈希 (the head that was printed: NUMBER:HASH)")
    ] = "",
    check_only: Annotated[
        bool, typer.Option("--check", help="只读取核对，不写入 (read and compare everything, write nothing)")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """恢复：先核对全部内容，再建立新工作区并核对审计链 (check a back-up whole, then make a workspace from it)."""
    from shuangkong.app.acting import terminal
    from shuangkong.engine.api import check, restore

    expected = _head(head) if head else None
    if check_only:
        manifest = check(file, expected)
        told = {"file": str(file.resolve()), "version": manifest.version, "entries": len(manifest.entries)}
    else:
        opened = restore(file, workspace, url=database or None, expected=expected, principal=terminal().principal)
        told = {"workspace": str(workspace.resolve()), "id": opened.id, "demo": opened.demo}
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False, indent=1))
    elif check_only:
        typer.echo(f"备份完好 (the back-up is whole): {file.resolve()}")
    else:
        typer.echo(f"已恢复 (restored): {workspace.resolve()}")


def _head(text: str) -> Head:
    from shuangkong.engine.api import Head

    sequence, _, digest = text.partition(":")
    if not sequence.isdigit() or len(digest) != 64:
        raise UserError(
            "CLI-001", f"“{text}” is no head.", where="--head", remedy="Write it as it was printed: 7:9ed8…"
        )
    return Head(int(sequence), digest)
