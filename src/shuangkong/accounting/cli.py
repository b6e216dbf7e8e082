"""`shuangkong account FILE`: parse, call the service, write. JSON alone goes to stdout, complaints to stderr."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from shuangkong.accounting.account_choices import Wanted, choices
from shuangkong.accounting.account_output import as_json, as_lines
from shuangkong.accounting.files import account_file
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.periods import Period, PeriodKind, china_day
from shuangkong.policy.api import PackSet, builtin_packs, load_all


class Lang(StrEnum):
    """Languages of the terminal."""

    zh = "zh"
    en = "en"


def account_command(
    file: Annotated[
        Path, typer.Argument(help="csv or xlsx with carrier_code, quantity, unit (能源品种、数量、计量单位)")
    ],
    edition: Annotated[
        str, typer.Option("--edition", help="折标标准，如 gbt2589-2020 (conversion standard, e.g. gbt2589-2020)")
    ] = "",
    basis: Annotated[str, typer.Option("--basis", help="calorific (当量值) or primary (等价值)")] = "",
    carbon_guide: Annotated[
        str, typer.Option("--carbon-guide", help="燃料碳排放因子所用指南 (guide with fuel carbon factors)")
    ] = "",
    grid_factor: Annotated[str, typer.Option("--grid-factor", help="年份，或 年份@地区 (YEAR, or YEAR@REGION)")] = "",
    period: Annotated[
        str,
        typer.Option(
            "--period", help="数字所属期间，如 2024 或 2024-03 (what the figures are of, e.g. 2024 or 2024-03)"
        ),
    ] = "",
    electricity: Annotated[
        str,
        typer.Option(
            "--electricity-coefficient",
            help="千克标准煤/千瓦时，用于等价值 --basis primary (kgce per kWh, for --basis primary)",
        ),
    ] = "",
    heat: Annotated[
        str,
        typer.Option(
            "--heat-coefficient", help="千克标准煤/兆焦，用于等价值 --basis primary (kgce per MJ, for --basis primary)"
        ),
    ] = "",
    known: Annotated[
        str,
        typer.Option("--known", help="按该日所知的规则包，不填为今天 (packs as known on this day; today if left out)"),
    ] = "",
    packs: Annotated[
        list[Path] | None, typer.Option("--packs", help="另加规则包文件夹 (further folders with packs)")
    ] = None,
    as_json_: Annotated[bool, typer.Option("--json", help="标准输出只有 JSON (JSON on stdout alone)")] = False,
    lang: Annotated[Lang, typer.Option("--lang", help="中文 zh 或英文 en (zh or en)")] = Lang.zh,
) -> None:
    """核算一个文件：逐行与合计的标准煤、二氧化碳 (tce and CO2 of each row of a file, and in total)."""
    library = PackSet([*builtin_packs(), *(p for folder in packs or [] for p in load_all(folder, origin=str(folder)))])
    wanted = Wanted(edition, basis, carbon_guide, grid_factor, period, electricity, heat)
    done = account_file(file, library, choices(library, wanted, _day(known)))
    if as_json_:
        typer.echo(json.dumps(as_json(done), ensure_ascii=False, indent=2))
        return
    for line in as_lines(done, "en" if lang is Lang.en else "zh"):
        typer.echo(line)


def _day(text: str) -> date:
    if not text:
        return china_day(datetime.now(UTC))
    period = Period.parse(text)
    if period.kind is not PeriodKind.DAY:
        raise UserError("PER-001", f"“{text}” is not a day.", where="--known", remedy="Write 2024-06-30.")
    return period.start
