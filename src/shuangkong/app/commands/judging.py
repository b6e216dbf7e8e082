"""`judge`, `why`, `runs`: accounts and judges, explains a finding, lists what was done; `boundary` registers a map."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shuangkong.app.commands.options import (
    DEFAULT_WORKSPACE,
    AsJson,
    AsName,
    AsOf,
    Known,
    Lang,
    Speaks,
    WorkspaceOption,
    bytes_of,
    day_of,
    language_of,
    packs_with,
    past_instant,
    put_json,
)

if TYPE_CHECKING:
    from shuangkong.engine.api import RunRecord, Workspace
    from shuangkong.kernel.scope import Scope


def add(app: typer.Typer) -> None:
    """Hang the commands on the program."""
    app.command("judge")(judge_command)
    app.command("why")(why_command)
    app.command("runs")(runs_command)
    app.command("boundary")(boundary_command)


def judge_command(
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    known: Known = "",
    as_of: AsOf = "",
    packs: Annotated[
        list[Path] | None, typer.Option("--packs", help="另加规则包文件夹 (further folders with packs)")
    ] = None,
    overlay: Annotated[
        list[Path] | None,
        typer.Option("--overlay", help="情景变更文件，账目不动 (change file: a scenario, books stay)"),
    ] = None,
    as_json: AsJson = False,
    lang: Speaks = Lang.zh,
    as_name: AsName = "",
) -> None:
    """核算并判定，给出全部结论 (account and judge everything; findings with --json)."""
    from shuangkong.app.acting import acting
    from shuangkong.app.pipeline import run_pipeline
    from shuangkong.app.summary import lines, summarise
    from shuangkong.app.whatif import audited
    from shuangkong.engine.api import Workspace
    from shuangkong.kernel.scope import Scope
    from shuangkong.policy.api import load_overlay

    opened = Workspace.open(workspace)
    who = acting(opened, as_name, "judge --overlay" if overlay else "judge")
    instant = past_instant(known, "--known", opened.clock())
    library = packs_with(packs, opened, instant)
    changes = [load_overlay(bytes_of(p), origin=str(p)) for p in overlay or []]
    run = run_pipeline(
        opened, library, known=instant, as_of=day_of(as_of, "--as-of"),
        scope=Scope.system(f"judge for {who.principal}"), overlays=changes,
        also=audited(opened, changes, who.principal) if changes else None,
    )  # fmt: skip
    summary = summarise(opened, run, library, who.scope)
    if as_json:
        put_json({**summary, "kind": run.kind, "list": _findings(opened, run, who.scope)})
    else:
        for line in lines(summary, language_of(lang)):
            typer.echo(line)


def _findings(workspace: Workspace, run: RunRecord, scope: Scope) -> list[dict[str, Any]]:
    """All findings of the run that the reader may see."""
    from shuangkong.accounting.api import readable_subjects
    from shuangkong.engine.api import read_result
    from shuangkong.judgement.api import FINDINGS

    rows: list[dict[str, Any]] = read_result(run, FINDINGS, scope, readable_subjects(workspace, run, scope)).to_pylist()
    return rows


def why_command(
    finding: Annotated[
        str,
        typer.Argument(
            help="结论号 f_…，预警或预测号 w_…，后果号 x_…，估计号 l_…，弹性总量号 t_…"
            " (key of a finding f_…, a grade or nowcast w_…, a measure x_…, an estimate l_…, a flexed total t_…)"
        ),
    ],
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    run_id: Annotated[str, typer.Option("--run", help="运算号，不填为最近一次 (a run; the newest if left out)")] = "",
    as_json: AsJson = False,
    lang: Speaks = Lang.zh,
    as_name: AsName = "",
) -> None:
    """结论、预警、预测、弹性总量的来龙去脉：条款、指标、账目、文件与行 (from a number to clause, readings, file)."""
    from shuangkong.app.acting import acting
    from shuangkong.app.explaining import explain, why_lines
    from shuangkong.engine.api import Workspace

    opened = Workspace.open(workspace)
    who = acting(opened, as_name, "why")
    found = explain(opened, finding, who.scope, run_id=run_id or None)
    if as_json:
        put_json(found.as_dict())
    else:
        for line in why_lines(found, language_of(lang)):
            typer.echo(line)


def runs_command(workspace: WorkspaceOption = DEFAULT_WORKSPACE, as_json: AsJson = False, as_name: AsName = "") -> None:
    """列出已完成的运算 (list the complete runs, newest first)."""
    from shuangkong.app.acting import acting
    from shuangkong.engine.api import Workspace, runs_list

    opened = Workspace.open(workspace)
    who = acting(opened, as_name, "runs")
    rows = [
        {"run": r.run_id, "number": r.number, "as_of": r.as_of, "known": r.known, "packs": len(r.manifest["packs"])}  # type: ignore[arg-type]
        for r in runs_list(opened, who.scope)
    ]
    if as_json:
        put_json(rows)
        return
    if not rows:
        typer.echo("尚无运算，先运行 shuangkong judge (no run yet: run shuangkong judge)")
    for row in rows:
        typer.echo(
            f"{row['number']:>4}  {row['run']}  as of {row['as_of']}  known {row['known']}  packs {row['packs']}"
        )


def boundary_command(
    file: Annotated[Path, typer.Argument(help="含省级区域（adcode）的 GeoJSON (GeoJSON with province areas (adcode))")],
    approval: Annotated[str, typer.Option("--approval", help="审图号, e.g. GS(2024)0650号")],
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    as_name: AsName = "",
) -> None:
    """登记有审图号的底图，首页即可用地图显示 (register an approved boundary file for the map view)."""
    from shuangkong.app.acting import acting
    from shuangkong.app.boundary import register_boundary
    from shuangkong.engine.api import Workspace

    opened = Workspace.open(workspace)
    sha256 = register_boundary(opened, file, approval, acting(opened, as_name, "boundary").principal)
    typer.echo(f"{sha256}  {approval}")
