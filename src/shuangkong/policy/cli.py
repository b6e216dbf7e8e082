"""`shuangkong policy …`: parse, call the service, write. JSON alone goes to stdout, complaints to stderr."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from shuangkong.kernel.labels import Language
from shuangkong.kernel.periods import china_day
from shuangkong.policy import service
from shuangkong.policy.checks import words_of_flaw
from shuangkong.policy.fields import parse_day
from shuangkong.policy.places import region_path
from shuangkong.policy.reading import service as reading
from shuangkong.policy.reading.apart import Bounds, version_of_file
from shuangkong.policy.reading.versions import difference
from shuangkong.policy.reading.versions_told import versions_json, versions_lines
from shuangkong.policy.rendering import check_lines, coverage_lines, document_line, tree_lines, word
from shuangkong.policy.words import said, told

policy_app = typer.Typer(no_args_is_help=True, help="规则包：检查、查看、在某地某日有效的文件 (packs)")


#: Where the program that holds these commands puts what gives the bounds of reading.
READ_BOUNDS = "shuangkong.read_bounds"


class Lang(StrEnum):
    """Languages of the terminal."""

    zh = "zh"
    en = "en"


AsJson = Annotated[bool, typer.Option("--json", help="标准输出只有 JSON (JSON on stdout alone)")]
Speaks = Annotated[Lang, typer.Option("--lang", help="中文 zh 或英文 en (zh or en)")]
Also = Annotated[list[Path] | None, typer.Option("--packs", help="另加规则包文件夹 (further folders with packs)")]


def bounds_of(context: typer.Context) -> Bounds | None:
    """What reading a stranger's file may take, as the program that holds these commands sets it; none without one."""
    ask: Callable[[], Bounds] | None = context.meta.get(READ_BOUNDS)
    return ask() if ask is not None else None


@policy_app.command("check")
def check_command(
    context: typer.Context,
    paths: Annotated[
        list[Path] | None, typer.Argument(help="含有规则包的文件夹 (folders with packs in or below them)")
    ] = None,
    builtin: Annotated[
        bool, typer.Option("--builtin", help="随程序提供的规则包 (the packs that ship with the program)")
    ] = False,
    workspace: Annotated[
        Path | None,
        typer.Option(
            "-w", "--workspace", help="另查目标所指的用能单位是否已登记 (also whether named units are registered)"
        ),
    ] = None,
    as_json: AsJson = False,
    lang: Speaks = Lang.zh,
) -> None:
    """检查规则包：一次列出全部问题，写明位置和改法；有问题时退出码为 2 (check packs; every problem in one pass)."""
    catalogue = context.obj() if context.obj is not None else None
    report = service.check(paths or [], builtin=builtin, catalogue=catalogue, workspace=workspace)
    if as_json:
        _json(report.as_json())
    else:
        for problem in report.problems:
            typer.echo(told(problem, _language(lang)), err=True)
        for flaw in report.flaws:
            typer.echo(told(words_of_flaw(flaw).at(flaw.subject), _language(lang)), err=True)
        for line in check_lines(report, _language(lang)):
            typer.echo(line, err=not report.fine)
    if not report.fine:
        raise typer.Exit(2)


@policy_app.command("list")
def list_command(packs: Also = None, as_json: AsJson = False, lang: Speaks = Lang.zh) -> None:
    """列出规则包 (list the packs there are)."""
    rows = service.listed(service.packs_of(packs or []))
    if as_json:
        _json(rows)
        return
    for row in rows:
        typer.echo(document_line(row, _language(lang)))


@policy_app.command("show")
def show_command(
    pack: Annotated[
        str, typer.Argument(help="编号、编号@版本，或规则包文件夹 (id, id@edition, or the folder of a pack)")
    ],
    clause: Annotated[
        str | None, typer.Option("--clause", help="只看该条及其下级 (only this clause and what lies below it)")
    ] = None,
    packs: Also = None,
    as_json: AsJson = False,
    lang: Speaks = Lang.zh,
) -> None:
    """查看规则包：逐条款列出目标、参数、规则表和任务 (show a pack clause by clause)."""
    document = service.shown(service.named(pack, packs or []), clause)
    if as_json:
        _json(document)
        return
    for line in tree_lines(document, _language(lang)):
        typer.echo(line)


@policy_app.command("clauses")
def clauses_command(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PACK]...",
            help="编号或编号@版本，不填为所有列有数字的 (id or id@edition; all that list their figures if left out)",
        ),
    ] = None,
    faults: Annotated[
        bool, typer.Option("--faults", help="只看尚未对应完的条款 (only clauses with something unmapped)")
    ] = False,
    packs: Also = None,
    as_json: AsJson = False,
    lang: Speaks = Lang.zh,
) -> None:
    """条款对照：每条条款、每个数字落到了哪里；有未对照的，退出码为 2 (what became of each clause and figure)."""
    rows = service.clauses(service.packs_of(packs or []), names or [])
    wrong = any(r.faults for r in rows)
    if faults:
        rows = [r for r in rows if r.faults]
    if as_json:
        _json([r.as_json() for r in rows])
    else:
        for line in coverage_lines(rows, _language(lang)):
            typer.echo(line)
    if wrong:
        raise typer.Exit(2)


@policy_app.command("read")
def read_command(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="文件：txt、md、docx、有文字层的 pdf、html (a document)")],
    document: Annotated[
        int | None, typer.Option("--document", help="只读其中第几份文件 (only the document of this number in the file)")
    ] = None,
    as_json: AsJson = False,
    lang: Speaks = Lang.zh,
) -> None:
    """读文件：列出候选目标和任务，附条款号和原文 (read a document: targets and duties as candidates)."""
    found = version_of_file(file, bounds_of(context), document).reading
    if as_json:
        _json(reading.as_json(found, document))
        return
    for line in reading.lines(found, _language(lang)):
        typer.echo(line)


@policy_app.command("versions")
def versions_command(
    context: typer.Context,
    old: Annotated[Path, typer.Argument(help="旧版文件 (the older version)")],
    new: Annotated[Path, typer.Argument(help="新版文件 (the newer version)")],
    as_json: AsJson = False,
    lang: Speaks = Lang.zh,
) -> None:
    """比较同一文件的两个版本，先列改动的目标和任务 (compare two versions of a document clause by clause)."""
    found = difference(*(version_of_file(path, bounds_of(context)) for path in (old, new)))
    if as_json:
        _json(versions_json(found))
        return
    for line in versions_lines(found, _language(lang)):
        typer.echo(line)


@policy_app.command("in-force")
def in_force_command(
    region: Annotated[
        str,
        typer.Option(
            "--region", help="行政区划代码或名称，000000 为全国 (code of GB/T 2260 or name; 000000 is the nation)"
        ),
    ],
    on: Annotated[str, typer.Option("--date", help="所问之日，如 2024-06-30 (the day asked about, e.g. 2024-06-30)")],
    known: Annotated[
        str | None, typer.Option("--known", help="按该日所知，不填为今天 (as known on this day; today if left out)")
    ] = None,
    workspace: Annotated[
        Path | None,
        typer.Option("-w", "--workspace", help="用于工作区内登记的地区 (for regions registered in a workspace)"),
    ] = None,
    packs: Also = None,
    as_json: AsJson = False,
    lang: Speaks = Lang.zh,
) -> None:
    """某地某日适用哪些文件，自上而下列出，已失效的标明 (documents that reach a region on a day)."""
    day = _day(on, "--date")
    as_known = _day(known, "--known") if known is not None else china_day(datetime.now(UTC))
    path = region_path(region, day, workspace)
    rows = service.in_force(service.packs_of(packs or []), path, day, as_known)
    if as_json:
        _json({"region": path[-1], "path": path, "date": str(day), "known": str(as_known), "instruments": rows})
        return
    language = _language(lang)
    typer.echo(f"{' > '.join(path)}  {day}  {word('as known', language)} {as_known}")
    for row in rows:
        typer.echo(f"{'  ' * (row['depth'] + 1)}{document_line(row, language)}")
    if not rows:
        typer.echo(f"  {word('nothing', language)}")


def _day(text: str, option: str) -> date:
    day = parse_day(text)
    if day is None:
        raise said("PER-001", "day", text=text).at(option)
    return day


def _language(lang: Lang) -> Language:
    return "en" if lang is Lang.en else "zh"


def _json(data: object) -> None:
    typer.echo(json.dumps(data, ensure_ascii=False, indent=2))
