"""`shuangkong hj212 …`: parse, call the service, write. JSON alone goes to stdout, complaints to stderr."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from shuangkong.metering.hj212.judging import as_json, judge_file
from shuangkong.metering.hj212.telling import told_lines

hj212_app = typer.Typer(no_args_is_help=True, help="HJ 212 报文：逐帧检查 (frames of HJ 212: check them one by one)")


class Lang(StrEnum):
    """Languages of the terminal."""

    zh = "zh"
    en = "en"


@hj212_app.callback()
def _group() -> None:
    """HJ 212 报文：逐帧检查 (frames of HJ 212: check them one by one)."""


@hj212_app.command("check")
def check_command(
    file: Annotated[Path, typer.Argument(help="每行一帧的文件 (a file with one frame a line)")],
    as_json_: Annotated[bool, typer.Option("--json", help="标准输出只有 JSON (JSON on stdout alone)")] = False,
    lang: Annotated[Lang, typer.Option("--lang", help="中文 zh 或英文 en (zh or en)")] = Lang.zh,
) -> None:
    """检查一个文件的报文：每帧的 CRC、长度、字段和问题 (judge each frame of a file: CRC, length, fields, faults)."""
    judged = judge_file(file)
    if not as_json_:
        for line in told_lines(judged, "en" if lang is Lang.en else "zh"):
            typer.echo(line)
        return
    before = "["
    for one in judged:
        typer.echo(f"{before}\n{json.dumps(as_json(one), ensure_ascii=False)}", nl=False)
        before = ","
    typer.echo("[]" if before == "[" else "\n]")
