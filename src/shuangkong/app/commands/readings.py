"""`readings take`, `readings waiting`, `readings status`, `readings compact`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from shuangkong.app.commands.metering import readings_app
from shuangkong.app.commands.options import DEFAULT_WORKSPACE, AsJson, AsName, WorkspaceOption, day_of, put_json


def add() -> None:
    """Hang the commands on the group of readings."""
    readings_app.command("take")(take_command)
    readings_app.command("waiting")(waiting_command)
    readings_app.command("status")(status_command)
    readings_app.command("compact")(compact_command)


def take_command(
    file: Annotated[Path, typer.Argument(help="读数文件：xlsx、CSV、Parquet (file of readings)")],
    mapping: Annotated[Path, typer.Option("--mapping", help="列对应文件 YAML (which column is what)")],
    unit: Annotated[
        str, typer.Option("--unit", help="用能单位：统一社会信用代码、代码或名称 (unit: USCC, code or name)")
    ],
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    as_json: AsJson = False,
    as_name: AsName = "",
) -> None:
    """接收一个读数文件；重复提交不重复计入 (take a file of readings in; handed in again it changes nothing)."""
    from shuangkong.app.acting import acting
    from shuangkong.app.metering_register import unit_for
    from shuangkong.app.readings import take_file
    from shuangkong.engine.api import Workspace, reading

    opened = Workspace.open(workspace)
    who = acting(opened, as_name, "readings take")
    with reading(opened.engine) as db:
        owner = unit_for(db, opened, who.scope, unit, day_of("", ""))
    done = take_file(opened, owner, file, mapping, principal=who.principal)
    if as_json:
        put_json(done.as_dict())
        return
    typer.echo(f"{done.readings} 个读数，拒收 {done.refused} 行 (readings taken, rows refused)")
    for r in done.refusals:
        typer.echo(f"  {r.row}: {r.why} “{r.said}”")


def waiting_command(
    workspace: WorkspaceOption = DEFAULT_WORKSPACE, as_json: AsJson = False, as_name: AsName = ""
) -> None:
    """列出等待登记计量器具的读数 (readings that wait for their meter to be registered)."""
    from shuangkong.app.acting import acting
    from shuangkong.app.readings import waiting_in
    from shuangkong.engine.api import Workspace

    opened = Workspace.open(workspace)
    found = waiting_in(opened, acting(opened, as_name, "readings waiting").scope)
    if as_json:
        put_json([asdict(w) for w in found])
        return
    for w in found:
        typer.echo(f"{w.source} {w.channel}  {w.readings}  {w.first.isoformat()} – {w.last.isoformat()}")


def status_command(
    workspace: WorkspaceOption = DEFAULT_WORKSPACE, as_json: AsJson = False, as_name: AsName = ""
) -> None:
    """接收状况：日志积压、速率、拒收、最近入湖 (how the collector fares: backlog, rates, refusals, last storing)."""
    from shuangkong.app.acting import acting
    from shuangkong.app.readings import state
    from shuangkong.engine.api import Workspace

    opened = Workspace.open(workspace)
    acting(opened, as_name, "readings status")
    found = state(opened)
    if as_json:
        put_json(found)
        return
    for name, value in found.items():
        typer.echo(f"{name}: {value}")


def compact_command(
    workspace: WorkspaceOption = DEFAULT_WORKSPACE, as_json: AsJson = False, as_name: AsName = ""
) -> None:
    """整理读数文件，并按设置清理过期数据 (compact files of readings, and let go of what is older than is kept)."""
    from shuangkong.app.acting import acting
    from shuangkong.app.readings import tidy_readings
    from shuangkong.engine.api import Workspace

    opened = Workspace.open(workspace)
    found = tidy_readings(opened, principal=acting(opened, as_name, "readings compact").principal)
    if as_json:
        put_json(found)
        return
    typer.echo(
        f"{found['files']} 个文件合为 {found['days']} 个，去除重复 {found['repeats']} 行，"
        f"清理 {found['removed']} 个文件 (files made one a day, repeats left out, files removed)"
    )
    for term in found["retention"]:
        days = "一直保留 (for good)" if term["days"] is None else f"{term['days']} 天 (days)"
        by = f"环境变量 {term['said_by']} (a setting of this machine)" if term["setting"] else term["said_by"]
        typer.echo(f"{term['parameter']}: {days} ← {by}")
