"""`simulate`: a made-up province (合成) sends readings to a collector, with chosen faults; then they are compared."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from shuangkong.app.commands.options import (
    AsJson,
    AsName,
    Lang,
    Speaks,
    WorkspaceOption,
    day_of,
    language_of,
    progress_bar,
    put_json,
)

simulate_app = typer.Typer(
    no_args_is_help=True,
    help="模拟一个省的读数报送，全部为合成数据，只用于演示工作区 (a made-up province sends readings; synthetic)",
)
_DEMO = Path("shuangkong-demo")


def add(app: typer.Typer) -> None:
    """Hang the commands on the program."""
    app.add_typer(simulate_app, name="simulate")


@simulate_app.command("prepare")
def prepare_command(
    workspace: WorkspaceOption = _DEMO,
    units: Annotated[int, typer.Option("--units", min=1, max=20_000, help="合成用能单位数 (how many units)")] = 100,
    seed: Annotated[
        int, typer.Option("--seed", help="随机种子：相同则结果相同 (the same seed, the same province)")
    ] = 212,
    share: Annotated[
        float, typer.Option("--stations", min=0, max=1, help="有污染源站点的单位占比 (share of units with a station)")
    ] = 0.5,
    since: Annotated[str, typer.Option("--since", help="登记生效日 (day on which all is registered)")] = "2026-01-01",
    as_json: AsJson = False,
    as_name: AsName = "",
) -> None:
    """登记合成单位、计量器具、站点和令牌 (register made-up units, meters, stations and tokens)."""
    from shuangkong.app.acting import acting
    from shuangkong.app.simulating import prepare
    from shuangkong.engine.api import Workspace

    opened = Workspace.open(workspace)
    who = acting(opened, as_name, "simulate prepare")
    day = day_of(since, "--since")
    made = prepare(opened, units, seed=seed, share=share, since=day, principal=who.principal)
    province = made.province()
    told = {
        "units": len(province.units), "meters": len(province.meters), "stations": len(province.stations), "seed": seed,
    }  # fmt: skip
    if as_json:
        put_json(told)
        return
    typer.echo(
        f"已登记（合成） (registered, synthetic): {told['units']} 单位 (units), {told['meters']} 计量器具 (meters),"
        f" {told['stations']} 站点 (stations)"
    )
    typer.echo("下一步 (next):")
    typer.echo(f"  shuangkong collect -w {workspace}")
    typer.echo(f"  shuangkong simulate send -w {workspace} --http http://127.0.0.1:8100 --hours 24 --faults all")


@simulate_app.command("send")
def send_command(
    workspace: WorkspaceOption = _DEMO,
    http: Annotated[str, typer.Option("--http", help="读数接口，如 http://127.0.0.1:8100 (where posts go)")] = "",
    hj212: Annotated[str, typer.Option("--hj212", help="HJ 212 接收地址 HOST:PORT (where frames go)")] = "",
    mqtt: Annotated[str, typer.Option("--mqtt", help="MQTT 代理 mqtt://HOST:PORT (broker that messages go to)")] = "",
    prefix: Annotated[
        str, typer.Option("--mqtt-prefix", help="MQTT 主题前缀 (what topics of MQTT begin with)")
    ] = "shuangkong",
    start: Annotated[
        str, typer.Option("--start", help="从哪一刻起，如 2026-03-01 或 2026-03-01T08:00 (from when on)")
    ] = "2026-03-01",
    hours: Annotated[float, typer.Option("--hours", min=0.25, help="模拟多少小时 (how many hours)")] = 24,
    faults: Annotated[
        list[str] | None,
        typer.Option("--faults", help="故障：all、none 或 late=0.5（每日次数），可重复 (faults and how often a day)"),
    ] = None,
    speed: Annotated[
        float, typer.Option("--speed", min=0, help="几倍于真实时间，0 为最快 (times real time; 0: as fast as it goes)")
    ] = 0,
    as_json: AsJson = False,
    lang: Speaks = Lang.zh,
    as_name: AsName = "",
) -> None:
    """报送合成读数，丢失回执的会重发 (send made-up readings, again where no answer came)."""
    from shuangkong.app.acting import acting
    from shuangkong.app.simulating import faults_of, prepared, send
    from shuangkong.engine.api import Workspace
    from shuangkong.kernel.errors import UserError
    from shuangkong.metering.mqtt import Broker
    from shuangkong.metering.simulating.course import TICK, start_of

    opened = Workspace.open(workspace)
    acting(opened, as_name, "simulate send")
    made = prepared(opened)
    if not (http or hj212 or mqtt):
        raise UserError(
            "CLI-001", "nowhere to send to.", where="--http, --hj212, --mqtt",
            remedy="Name where `shuangkong collect` listens: --http http://127.0.0.1:8100, --hj212 127.0.0.1:7212.",
        )  # fmt: skip
    try:
        begin = start_of(start)
    except ValueError as wrong:
        raise UserError(
            "CLI-001", f"“{start}” is no day or time.", where="--start", remedy="Write 2026-03-01T08:00."
        ) from wrong
    place = _place(hj212) if hj212 else None
    begun = time.monotonic()

    def pace(at: int) -> None:
        if speed:
            time.sleep(max(0.0, (at - begin) / 1e6 / speed - (time.monotonic() - begun)))

    with progress_bar(language_of(lang), quiet=as_json) as bar:
        from shuangkong.kernel.labels import Label

        doing = Label("报送（合成）", "sending (synthetic)")
        told = send(
            opened, made, start=begin, ticks=round(hours * 60 / TICK), faults=faults_of(faults or []), http=http,
            hj212=place, mqtt=Broker.at(mqtt) if mqtt else None, prefix=prefix, pace=pace,
            progress=lambda n, total: bar(doing, n, total),
        )  # fmt: skip
    data = told.as_dict() | {"seconds": round(time.monotonic() - begun, 1)}
    if as_json:
        put_json(data)
        return
    typer.echo(f"读数 (readings) {told.readings}，报文 (posts) {told.posts}，HJ 212 帧 (frames) {told.frames}")
    for name, way in told.ways.items():
        typer.echo(
            f"  {name}: 已确认 (acknowledged) {way.acknowledged}，重发 (again) {way.again}，"
            f"拒收 (refused) {sum(way.refused.values())}，放弃 (given up) {way.given_up}"
        )
    for name, n in told.faults.items():
        typer.echo(f"  {name}: {n}")


@simulate_app.command("compare")
def compare_command(workspace: WorkspaceOption = _DEMO, as_json: AsJson = False, as_name: AsName = "") -> None:
    """核对：已确认的是否都在，有没有多出来的 (is all that was acknowledged there, and nothing else)."""
    from shuangkong.app.acting import acting
    from shuangkong.app.simulating import compare, prepared
    from shuangkong.engine.api import Workspace

    opened = Workspace.open(workspace)
    acting(opened, as_name, "simulate compare")
    found = compare(opened, prepared(opened))
    if as_json:
        put_json(found.as_dict())
    else:
        typer.echo(
            f"已确认 (acknowledged) {found.acknowledged}，入库 (stored) {found.stored}，丢失 (lost) {found.lost}，"
            f"多出 (invented) {found.invented}"
        )
        for row in found.named:
            typer.echo(f"  {row['what']}: {row['source']} {row['channel']} {row['at'].isoformat()} {row['value']}")
    if not found.agrees:
        raise typer.Exit(1)


def _place(text: str) -> tuple[str, int]:
    from shuangkong.kernel.errors import UserError

    host, _, port = text.rpartition(":")
    if not host or not port.isdigit():
        raise UserError(
            "CLI-001", f"“{text}” is no address.", where="--hj212", remedy="Write HOST:PORT, e.g. 127.0.0.1:7212."
        )
    return host, int(port)
