"""`closed-days`: the days on which a unit or site says that it is closed; leads and filling ask for them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shuangkong.app.commands.metering import register_told
from shuangkong.app.commands.options import (
    DEFAULT_WORKSPACE,
    AsJson,
    AsName,
    Lang,
    Speaks,
    WorkspaceOption,
    acting_in,
    bytes_of,
    day_of,
    put_json,
    told,
)

closed_app = typer.Typer(no_args_is_help=True, help="停产日、休息日：登记、导入、列表、撤回 (closed days of units)")


def add(app: typer.Typer) -> None:
    """Hang the commands on the program."""
    app.add_typer(closed_app, name="closed-days")


@closed_app.command("add")
def add_command(
    unit: Annotated[str, typer.Argument(help="用能单位：统一社会信用代码、代码或名称 (unit: USCC, code or name)")],
    first: Annotated[str, typer.Option("--from", help="起日，不填为今天 (first day; today if left out)")] = "",
    last: Annotated[str, typer.Option("--to", help="止日，含当日，不填为一天 (last day, included)")] = "",
    kind: Annotated[
        str, typer.Option("--kind", help="shutdown 停产、rest 休息日、maintenance 检修 (why it is closed)")
    ] = "shutdown",
    weekdays: Annotated[
        str, typer.Option("--weekdays", help="每周哪几天，如 67 为周六日，不填为每天 (67: weekends; every day)")
    ] = "",
    note: Annotated[str, typer.Option("--note", help="说明 (a note)")] = "",
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    as_json: AsJson = False,
    as_name: AsName = "",
) -> None:
    """登记一个单位或厂区的停产日、休息日 (say that a unit or site is closed on days)."""
    from shuangkong.app.metering_register import add_closed_days

    opened, who = acting_in(workspace, as_name, "closed-days add")
    begin = day_of(first, "--from")
    end = day_of(last, "--to") if last else begin
    done = add_closed_days(opened, who.scope, unit, begin, end, kind=kind, weekdays=weekdays, note=note)
    told(as_json, dict(done), "  ".join(f"{k} {n}" for k, n in done.items() if n))


@closed_app.command("import")
def import_command(
    file: Annotated[Path, typer.Argument(help="停产日名录，xlsx 或 csv (register of closed days)")],
    sheet: Annotated[str, typer.Option("--sheet", help="工作表名 (name of the sheet)")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只检查，不写入 (check only, write nothing)")] = False,
    synthetic: Annotated[bool, typer.Option("--synthetic", help="合成数据 (invented data)")] = False,
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    as_json: AsJson = False,
    lang: Speaks = Lang.zh,
    as_name: AsName = "",
) -> None:
    """导入停产日名录：有一行被拒，整个文件不写入 (take in closed days of many units, whole or not at all)."""
    from shuangkong.registry.api import import_closed_days

    opened, who = acting_in(workspace, as_name, "closed-days import")
    done = import_closed_days(
        opened, bytes_of(file), name=file.name, scope=who.scope, sheet=sheet or None, dry_run=dry_run,
        synthetic=synthetic,
    )  # fmt: skip
    register_told(done, lang, as_json=as_json)


@closed_app.command("list")
def list_command(
    unit: Annotated[str, typer.Option("--unit", help="用能单位 (unit: USCC, code or name)")] = "",
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    as_json: AsJson = False,
    as_name: AsName = "",
) -> None:
    """列出停产日、休息日，新的在前 (closed days that stand, the latest first)."""
    from shuangkong.app.metering_register import closed_as_dict, unit_for
    from shuangkong.engine.api import reading
    from shuangkong.registry.api import closed_spells

    opened, who = acting_in(workspace, as_name, "closed-days list")
    with reading(opened.engine) as db:
        of = [unit_for(db, opened, who.scope, unit, day_of("", ""))] if unit else None
        found = closed_spells(db, who.scope, opened.clock(), of)
    if as_json:
        put_json([closed_as_dict(s) for s in found])
        return
    for s in found:
        days = f" ({s.weekdays})" if s.weekdays else ""
        typer.echo(f"{s.row_id}  {s.subject_id}  {s.valid_from} – {s.last}{days}  {s.kind}  {s.note}".rstrip())


@closed_app.command("withdraw")
def withdraw_command(
    row: Annotated[str, typer.Argument(help="编号 g_…，见 closed-days list (id g_…, of closed-days list)")],
    reason: Annotated[str, typer.Option("--reason", help="为什么撤回 (why it is taken back)")] = "",
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    as_json: AsJson = False,
    as_name: AsName = "",
) -> None:
    """撤回登记：那几天照常生产 (take closed days back: the unit worked on them after all)."""
    from shuangkong.app.metering_register import closed_as_dict, withdraw_closed_days

    opened, who = acting_in(workspace, as_name, "closed-days withdraw")
    done = withdraw_closed_days(opened, who.scope, row, reason)
    told(as_json, closed_as_dict(done), done.row_id)
