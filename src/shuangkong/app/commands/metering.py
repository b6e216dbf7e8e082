"""`meters`, `stations` and `readings token`: the register of meters, of stations that send HJ 212, and of tokens."""

from __future__ import annotations

from decimal import Decimal
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
    acting_in,
    bytes_of,
    day_of,
    language_of,
    put_json,
    told,
)
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.numbers import parse_decimal

if TYPE_CHECKING:
    from shuangkong.registry.api import ClosedReport, MeterPlan, StationReport

meters_app = typer.Typer(no_args_is_help=True, help="计量器具：列表、变更、停用 (meters)")
stations_app = typer.Typer(no_args_is_help=True, help="HJ 212 站点：登记、列表、停用 (stations that send HJ 212)")
#: Commands on readings hang here; a file of readings is taken by another.
readings_app = typer.Typer(no_args_is_help=True, help="读数与读数令牌 (readings, and tokens for them)")
token_app = typer.Typer(no_args_is_help=True, help="读数令牌：发放、列表、收回 (tokens for readings)")

OfUnit = Annotated[
    str, typer.Option("--unit", help="用能单位：统一社会信用代码、代码或名称 (unit: USCC, code or name)")
]
Code = Annotated[str, typer.Argument(help="器具编号 (the unit's code of the meter)")]
Mn = Annotated[str, typer.Argument(help="站点 MN (MN of the station)")]
Reason = Annotated[str, typer.Option("--reason", help="为什么更正已登记的内容 (why what stands is corrected)")]
FromDay = Annotated[str, typer.Option("--from", help="从哪天起，不填为今天 (from which day on; today if left out)")]


def add(app: typer.Typer) -> None:
    """Hang the commands on the program."""
    app.add_typer(meters_app, name="meters")
    app.add_typer(stations_app, name="stations")
    readings_app.add_typer(token_app, name="token")
    app.add_typer(readings_app, name="readings")


@meters_app.command("list")
def meters_command(
    unit: OfUnit = "",
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    as_json: AsJson = False,
    as_name: AsName = "",
) -> None:
    """列出计量器具及各段登记 (meters with all their spells)."""
    from shuangkong.app.metering_register import spell_as_dict, unit_for
    from shuangkong.engine.api import reading
    from shuangkong.registry.api import FOREVER, meter_spells

    opened, who = acting_in(workspace, as_name, "meters list")
    with reading(opened.engine) as db:
        of = [unit_for(db, opened, who.scope, unit, day_of("", ""))] if unit else None
        found = meter_spells(db, who.scope, opened.clock(), of)
    if as_json:
        put_json([spell_as_dict(s) for s in found])
        return
    for s in found:
        end = "…" if s.valid_to == FOREVER else s.valid_to.isoformat()
        typer.echo(
            f"{s.number}  {s.subject_id}  {s.code}  {s.item}  {s.kind}  ×{s.factor.normalize():f} {s.unit}  "
            f"{s.source}:{s.channel}  {s.valid_from.isoformat()} – {end}"
        )


@meters_app.command("change")
def change_command(
    code: Code,
    unit: OfUnit,
    start: FromDay = "",
    factor: Annotated[str, typer.Option("--factor", help="倍率 (factor)")] = "",
    first: Annotated[str, typer.Option("--first-reading", help="换表：新表起度 (what the new register shows)")] = "",
    closing: Annotated[
        str, typer.Option("--closing-reading", help="换表：原表止度 (what the old register showed last)")
    ] = "",
    modulus: Annotated[str, typer.Option("--modulus", help="表底满度 (where the register begins anew)")] = "",
    channel: Annotated[str, typer.Option("--channel", help="通道 (what its readings come under)")] = "",
    reason: Reason = "",
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    as_json: AsJson = False,
    as_name: AsName = "",
) -> None:
    """从某天起变更计量器具：换表、改倍率等；同一起始日为更正，须写原因 (change a meter from a day on)."""
    from shuangkong.app.metering_register import change_meter

    opened, who = acting_in(workspace, as_name, "meters change")
    said = {
        "factor": _figure(factor, "--factor"), "first_reading": _figure(first, "--first-reading"),
        "closing_reading": _figure(closing, "--closing-reading"), "modulus": _figure(modulus, "--modulus"),
        "channel": channel or None,
    }  # fmt: skip
    done = change_meter(opened, who.scope, unit, code, day_of(start, "--from"), reason=reason, **said)
    told(as_json, _plan(done), f"{done.number}  {code}  {done.effect}")


@meters_app.command("end")
def end_command(
    code: Code,
    unit: OfUnit,
    on: Annotated[
        str, typer.Option("--on", help="从哪天起停用，不填为今天 (first day without it; today if left out)")
    ] = "",
    last: Annotated[str, typer.Option("--last-reading", help="止度 (what its register showed last)")] = "",
    reason: Reason = "",
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    as_json: AsJson = False,
    as_name: AsName = "",
) -> None:
    """停用计量器具 (end a meter)."""
    from shuangkong.app.metering_register import end_meter

    opened, who = acting_in(workspace, as_name, "meters end")
    done = end_meter(
        opened, who.scope, unit, code, day_of(on, "--on"), last_reading=_figure(last, "--last-reading"), reason=reason
    )
    told(as_json, _plan(done), f"{done.number}  {code}  {done.effect}")


@stations_app.command("put")
def station_command(
    mn: Mn,
    unit: OfUnit = "",
    password: Annotated[
        str, typer.Option("--password", envvar="SHUANGKONG_STATION_PASSWORD", help="站点口令 (password of the station)")
    ] = "",
    edition: Annotated[
        int | None, typer.Option("--edition", help="2005、2017 或 2025 (edition of the standard)")
    ] = None,
    crc: Annotated[str, typer.Option("--crc", help="校验：standard 或 modbus (check sum)")] = "",
    outlets: Annotated[
        list[str] | None, typer.Option("--outlet", help="排口，可多次 (outlet; may be repeated)")
    ] = None,
    name: Annotated[str, typer.Option("--name", help="站点名称 (name)")] = "",
    start: FromDay = "",
    reason: Reason = "",
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    as_json: AsJson = False,
    as_name: AsName = "",
) -> None:
    """登记站点，或从某天起变更；口令不再显示 (register or change a station; its password is never shown)."""
    from shuangkong.app.metering_register import put_station
    from shuangkong.registry.api import StationEntry

    opened, who = acting_in(workspace, as_name, "stations put")
    entry = StationEntry(
        mn, day_of(start, "--from"), name=name or None, edition=edition, password=password or None,
        crc=crc or None,  # type: ignore[arg-type] # what is none of the two is refused by name
        outlets=tuple(outlets) if outlets else None,
    )  # fmt: skip
    done = put_station(opened, who.scope, entry, unit, reason=reason)
    told(as_json, {"mn": mn, **done}, f"{mn}  {next((k for k, n in done.items() if n), 'unchanged')}")


@stations_app.command("import")
def stations_import_command(
    file: Annotated[
        Path, typer.Argument(help="站点名录，xlsx 或 csv，含口令，不保存文件 (register of stations; not kept)")
    ],
    sheet: Annotated[str, typer.Option("--sheet", help="工作表名 (name of the sheet)")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只检查，不写入 (check only, write nothing)")] = False,
    reason: Reason = "",
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    as_json: AsJson = False,
    lang: Speaks = Lang.zh,
    as_name: AsName = "",
) -> None:
    """登记站点名录：有一行被拒，整个文件不写入 (register the stations of a sheet, whole or not at all)."""
    from shuangkong.registry.api import import_stations

    opened, who = acting_in(workspace, as_name, "stations import")
    done = import_stations(
        opened, bytes_of(file), name=file.name, scope=who.scope, sheet=sheet or None, dry_run=dry_run, reason=reason
    )
    register_told(done, lang, as_json=as_json)


def register_told(done: StationReport | ClosedReport, lang: Lang, *, as_json: bool) -> None:
    """What the sheet of a register did: counts and refusals; exit code 2 where a row was refused."""
    from shuangkong.registry.api import sheets

    if as_json:
        put_json({"committed": done.committed, "rows": done.rows, **done.counts,
                  "refusals": [r.as_dict() for r in done.refusals]})  # fmt: skip
    else:
        heads, rows = sheets.refusals_table(done.refusals, language_of(lang), 30)
        lines = [" | ".join(heads), *(" | ".join(r) for r in rows)] if rows else []
        counts = "  ".join(f"{k} {n}" for k, n in done.counts.items() if n)
        typer.echo("\n".join([*lines, counts or ("—" if not done.committed else "unchanged")]))
    if done.refusals:
        raise typer.Exit(2)


@stations_app.command("list")
def stations_command(
    workspace: WorkspaceOption = DEFAULT_WORKSPACE, as_json: AsJson = False, as_name: AsName = ""
) -> None:
    """列出站点，不含口令 (stations, without their passwords)."""
    from shuangkong.app.metering_register import station_as_dict
    from shuangkong.engine.api import reading
    from shuangkong.registry.api import FOREVER, station_spells

    opened, who = acting_in(workspace, as_name, "stations list")
    with reading(opened.engine) as db:
        found = station_spells(db, who.scope, opened.clock())
    if as_json:
        put_json([station_as_dict(s) for s in found])
        return
    for s in found:
        end = "…" if s.valid_to == FOREVER else s.valid_to.isoformat()
        typer.echo(
            f"{s.mn}  {s.subject_id}  HJ 212-{s.edition}  {s.crc}  {'、'.join(s.outlets)}  "
            f"{s.valid_from.isoformat()} – {end}"
        )


@stations_app.command("end")
def station_end_command(
    mn: Mn,
    on: Annotated[
        str, typer.Option("--on", help="从哪天起停用，不填为今天 (first day without it; today if left out)")
    ] = "",
    reason: Reason = "",
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    as_json: AsJson = False,
    as_name: AsName = "",
) -> None:
    """停用站点 (end a station)."""
    from shuangkong.app.metering_register import end_station

    opened, who = acting_in(workspace, as_name, "stations end")
    done = end_station(opened, who.scope, mn, day_of(on, "--on"), reason=reason)
    told(as_json, {"mn": mn, **done}, mn)


@token_app.command("issue")
def issue_command(
    unit: Annotated[str, typer.Argument(help="用能单位：统一社会信用代码、代码或名称 (unit: USCC, code or name)")],
    label: Annotated[str, typer.Option("--label", help="用途，如 能管系统 (what it is for)")],
    days: Annotated[int | None, typer.Option("--days", help="有效天数，不填为长期 (how long it stands)")] = None,
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    as_json: AsJson = False,
    as_name: AsName = "",
) -> None:
    """发放读数令牌，只打印一次 (issue a token for a unit's readings; it is printed once)."""
    from shuangkong.app.metering_register import issue_token

    opened, who = acting_in(workspace, as_name, "readings token issue")
    token, secret = issue_token(opened, who.scope, unit, label, day_of("", ""), days)
    told(
        as_json, {"token": token, "secret": secret},
        f"{token}\n令牌 (token): {secret}\n只显示这一次 (shown this once).",
    )  # fmt: skip


@token_app.command("list")
def tokens_command(
    unit: OfUnit = "",
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    as_json: AsJson = False,
    as_name: AsName = "",
) -> None:
    """列出读数令牌，新的在前，不含令牌本身 (tokens for readings, newest first, without their secrets)."""
    from dataclasses import asdict

    from shuangkong.app.metering_register import unit_for
    from shuangkong.engine.api import reading
    from shuangkong.registry.api import reading_tokens

    opened, who = acting_in(workspace, as_name, "readings token list")
    now = opened.clock()
    with reading(opened.engine) as db:
        of = unit_for(db, opened, who.scope, unit, day_of("", "")) if unit else None
        found = reading_tokens(db, who.scope, now, of)
    if as_json:
        put_json([{**asdict(t), "stands": t.stands_at(now)} for t in found])
        return
    for t in found:
        state = "" if t.stands_at(now) else "  (已收回 revoked)" if t.revoked_at else "  (已过期 expired)"
        typer.echo(f"{t.token_id}  {t.prefix}…  {t.subject_id}  {t.label}  {t.issued_at:%Y-%m-%d}{state}")


@token_app.command("revoke")
def revoke_command(
    token: Annotated[str, typer.Argument(help="令牌编号 r_…，或令牌开头 (id r_…, or how the token begins)")],
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    as_name: AsName = "",
) -> None:
    """收回读数令牌，两秒内停止接收 (revoke a token; nothing is taken under it after two seconds)."""
    from shuangkong.app.metering_register import revoke_token

    opened, who = acting_in(workspace, as_name, "readings token revoke")
    typer.echo(revoke_token(opened, who.scope, token).token_id)


def _figure(text: str, option: str) -> Decimal | None:
    """A figure of an option, exact; None where it was left out."""
    if not text:
        return None
    found = parse_decimal(text)
    if found is None:
        raise UserError("CLI-001", f"“{text[:40]}” is no number.", where=option, remedy="Write digits.")
    return found


def _plan(done: MeterPlan) -> dict[str, Any]:
    return {"meter": done.number, "effect": done.effect, "old": dict(done.old), "new": dict(done.new)}
