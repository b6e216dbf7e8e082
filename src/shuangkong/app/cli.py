"""The command line. JSON on stdout alone, diagnostics on stderr; exit 0 fine, 2 the user's mistake, 1 a bug."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import typer

from shuangkong import __version__
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label, Language

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="双控：让节能减排方案落到数字上。每个数字有条款，每个条款有数字。\n\nShuangkong: plans for saving energy and"
    " cutting emissions, made to run. Every number has a clause, and every clause has a number.",
)
DEFAULT_WORKSPACE = Path("shuangkong-workspace")


class Lang(StrEnum):
    """Languages of the terminal."""

    zh = "zh"
    en = "en"


WorkspaceOption = Annotated[
    Path,
    typer.Option("-w", "--workspace", envvar="SHUANGKONG_WORKSPACE", help="工作区文件夹 (folder of the workspace)"),
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout alone")]
Speaks = Annotated[Lang, typer.Option("--lang", help="zh or en")]
Known = Annotated[str, typer.Option("--known", help="as known on this day or instant; now if left out")]
AsOf = Annotated[str, typer.Option("--as-of", help="day on which it is judged; today if left out")]


def _language(lang: Lang) -> Language:
    spoken: Literal["zh", "en"] = "en" if lang is Lang.en else "zh"
    return spoken


def _today() -> date:
    return datetime.now(ZoneInfo("Asia/Shanghai")).date()


def _day(text: str, option: str) -> date:
    from shuangkong.kernel.periods import Period, PeriodKind

    if not text:
        return _today()
    period = Period.parse(text)
    if period.kind is not PeriodKind.DAY:
        raise UserError("PER-001", f"“{text}” is not a day.", where=option, remedy="Write 2025-12-31.")
    return period.start


def _past_day(text: str, option: str) -> date:
    """A day up to today; today if left out."""
    day = _day(text, option)
    if day > _today():
        raise _ahead(text, option)
    return day


def _past_instant(text: str, option: str, now: datetime) -> datetime:
    """An instant up to now; a bare day means its end in China, and today means now."""
    from shuangkong.kernel.periods import parse_instant

    if not text:
        return now
    instant = parse_instant(text)
    today = now.astimezone(ZoneInfo("Asia/Shanghai")).date().isoformat()
    if instant > now and text.strip() != today:
        raise _ahead(text, option)
    return min(instant, now)


def _ahead(text: str, option: str) -> UserError:
    problem = f"“{text}” lies ahead: what will be known then is not known yet."
    return UserError("PER-001", problem, where=option, remedy="Write a day up to today, or leave it out.")


def _json(data: object) -> None:
    typer.echo(json.dumps(data, ensure_ascii=False, indent=1, default=_plain))


def _plain(value: object) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    raise TypeError(f"no JSON for {type(value).__name__}")


@contextmanager
def _progress(language: Language, *, quiet: bool) -> Iterator[Any]:
    """A progress bar on stderr, so that stdout stays clean."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True, quiet=quiet)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"))
    with Progress(*columns, TimeElapsedColumn(), console=console) as bar:
        task = bar.add_task("", total=None)

        def at(label: Label, done: int, total: int) -> None:
            bar.update(task, description=label.in_(language), completed=done, total=total)

        yield at


@app.command("demo")
def demo_command(
    workspace: WorkspaceOption = Path("shuangkong-demo"),
    scale: Annotated[int, typer.Option("--scale", min=1, max=100, help="multiplies the synthetic units")] = 1,
    no_serve: Annotated[bool, typer.Option("--no-serve", help="stop after the summary")] = False,
    port: Annotated[int, typer.Option("--port", help="port on 127.0.0.1")] = 8000,
    as_json: AsJson = False,
    lang: Speaks = Lang.zh,
    as_of: AsOf = "",
) -> None:
    """演示：载入真实公报与合成示范市，核算、判定，然后打开页面 (load, account, judge, and serve the demo)."""
    from shuangkong.app.demo.run import PRINCIPAL, load_demo
    from shuangkong.app.summary import lines, summarise
    from shuangkong.engine.api import Workspace
    from shuangkong.kernel.scope import Scope
    from shuangkong.policy.api import PackSet, builtin_packs

    language = _language(lang)
    opened = Workspace.create(workspace, demo=True)
    packs = PackSet(builtin_packs())
    with _progress(language, quiet=as_json) as at:
        loaded = load_demo(opened, packs, scale=scale, as_of=_day(as_of, "--as-of"), progress=at)
    summary = summarise(opened, loaded.run, packs, Scope.all(PRINCIPAL))
    summary["imports"] = [
        {"file": r.file_name, "book": r.book, "new": r.fresh, "corrected": r.corrected, "unchanged": r.unchanged}
        for r in loaded.reports
    ]
    if as_json:
        _json(summary)
    else:
        for line in lines(summary, language):
            typer.echo(line)
    if not no_serve and not as_json:
        from shuangkong.app.commands.serve import Listening, serve

        serve(opened, Listening(port=port))


@app.command("init")
def init_command(
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    database: Annotated[str, typer.Option("--database", help="URL of PostgreSQL; SQLite if left out")] = "",
    as_json: AsJson = False,
) -> None:
    """新建工作区，登记行政区划 (make a workspace with the regions of GB/T 2260)."""
    from shuangkong.app.acting import terminal
    from shuangkong.engine.api import Workspace, writing
    from shuangkong.registry.api import ensure_regions

    opened = Workspace.create(workspace, url=database or None)
    with writing(opened.engine) as db:
        added = ensure_regions(db, opened.clock(), principal=terminal().principal)
    if as_json:
        _json({"workspace": str(workspace.resolve()), "id": opened.id, "regions": added})
    else:
        typer.echo(f"工作区已就绪 (ready): {workspace.resolve()}")


@app.command("import")
def import_command(
    file: Annotated[Path, typer.Argument(help="xlsx or csv (UTF-8 or GB18030)")],
    book: Annotated[str, typer.Option("--book", help="energy, output, value, carbon; or units: the register of units")],
    known_on: Annotated[str, typer.Option("--known-on", help="day on which the figures were handed in")] = "",
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    sheet: Annotated[str, typer.Option("--sheet", help="name of the sheet")] = "",
    mapping: Annotated[Path | None, typer.Option("--mapping", help="JSON file with the column mapping")] = None,
    save_mapping: Annotated[Path | None, typer.Option("--write-mapping", help="write the mapping used here")] = None,
    publisher: Annotated[str, typer.Option("--publisher", help="who handed it in")] = "",
    document: Annotated[str, typer.Option("--document", help="what it is")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="show what would happen, write nothing")] = False,
    packs: Annotated[list[Path] | None, typer.Option("--packs", help="further folders with packs")] = None,
    as_json: AsJson = False,
    lang: Speaks = Lang.zh,
) -> None:
    """导入报表到账：列对应、检查、试运行；有一行被拒，整个文件不写入 (import a sheet into a book)."""
    from shuangkong.accounting.api import Origin, import_sheet
    from shuangkong.app.importing import as_dict, report_lines
    from shuangkong.engine.api import Workspace
    from shuangkong.kernel.scope import Scope
    from shuangkong.registry.api import sheets

    opened = Workspace.open(workspace)
    given = sheets.Mapping.from_json(_text(mapping)) if mapping else None
    if book == "units":
        _import_units(opened, file, sheet or None, given, dry_run=dry_run, as_json=as_json, language=_language(lang))
        return
    origin = Origin(file.name, publisher, document, "", _past_day(known_on, "--known-on"))
    report = import_sheet(
        opened, _packs(packs), book, _bytes(file), origin, scope=Scope.all("cli"), sheet=sheet or None, mapping=given,
        dry_run=dry_run,
    )  # fmt: skip
    if save_mapping:
        save_mapping.write_text(report.mapping.to_json(), "utf-8")
    if as_json:
        _json(as_dict(report))
    else:
        for line in report_lines(report, _language(lang), dry_run=dry_run):
            typer.echo(line)
    if report.refusals:
        raise typer.Exit(2)


def _import_units(
    workspace: Any, file: Path, sheet: str | None, mapping: Any, *, dry_run: bool, as_json: bool, language: Language
) -> None:
    from shuangkong.app.importing import unit_lines, units_as_dict
    from shuangkong.kernel.scope import Scope
    from shuangkong.registry.api import import_units

    done = import_units(
        workspace, _bytes(file), name=file.name, scope=Scope.all("cli"), sheet=sheet, mapping=mapping, dry_run=dry_run
    )
    if as_json:
        _json(units_as_dict(done))
    else:
        for line in unit_lines(done, language):
            typer.echo(line)
    if done.refusals:
        raise typer.Exit(2)


@app.command("template")
def template_command(
    book: Annotated[str, typer.Argument(help="energy, output, value, carbon or units")],
    file: Annotated[Path, typer.Argument(help="xlsx to write")],
    lang: Speaks = Lang.zh,
) -> None:
    """生成填报模板 (write an empty sheet with the right heads for a book)."""
    from shuangkong.accounting.api import schema_of
    from shuangkong.registry.api import sheets, unit_schema

    schema = unit_schema() if book == "units" else schema_of(book, _packs(None))
    try:
        file.write_bytes(sheets.template(schema, _language(lang)))
    except OSError as wrong:
        raise UserError("WS-004", f"{wrong.strerror}.", where=str(file), remedy="Name a file you may write.") from wrong
    typer.echo(str(file))


@app.command("judge")
def judge_command(
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    known: Known = "",
    as_of: AsOf = "",
    packs: Annotated[list[Path] | None, typer.Option("--packs", help="further folders with packs")] = None,
    overlay: Annotated[list[Path] | None, typer.Option("--overlay", help="change file: a scenario, books stay")] = None,
    as_json: AsJson = False,
    lang: Speaks = Lang.zh,
) -> None:
    """核算并判定，给出全部结论 (account and judge everything; findings with --json)."""
    from shuangkong.app.pipeline import run_pipeline
    from shuangkong.app.summary import lines, summarise
    from shuangkong.engine.api import Workspace, read_result
    from shuangkong.judgement.api import FINDINGS
    from shuangkong.kernel.scope import Scope
    from shuangkong.policy.api import load_overlay

    opened = Workspace.open(workspace)
    library = _packs(packs)
    changes = [load_overlay(_bytes(p), origin=str(p)) for p in overlay or []]
    instant = _past_instant(known, "--known", opened.clock())
    run = run_pipeline(
        opened, library, known=instant, as_of=_day(as_of, "--as-of"), scope=Scope.system("judge at the terminal"),
        overlays=changes,
    )  # fmt: skip
    reader = Scope.all("cli")
    summary = summarise(opened, run, library, reader)
    if as_json:
        _json({**summary, "kind": run.kind, "list": read_result(run, FINDINGS, reader).to_pylist()})
    else:
        for line in lines(summary, _language(lang)):
            typer.echo(line)


@app.command("why")
def why_command(
    finding: Annotated[str, typer.Argument(help="key of a finding, f_…")],
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    run_id: Annotated[str, typer.Option("--run", help="a run; the newest if left out")] = "",
    as_json: AsJson = False,
    lang: Speaks = Lang.zh,
) -> None:
    """一条结论的来龙去脉：条款、指标、系数、账目、文件与行 (from a finding to clause, readings, file and row)."""
    from shuangkong.app.explaining import explain, why_lines
    from shuangkong.engine.api import Workspace
    from shuangkong.kernel.scope import Scope

    opened = Workspace.open(workspace)
    found = explain(opened, finding, Scope.all("cli"), run_id=run_id or None)
    if as_json:
        _json(found.as_dict())
    else:
        for line in why_lines(found, _language(lang)):
            typer.echo(line)


@app.command("runs")
def runs_command(workspace: WorkspaceOption = DEFAULT_WORKSPACE, as_json: AsJson = False) -> None:
    """列出已完成的运算 (list the complete runs, newest first)."""
    from shuangkong.engine.api import Workspace, runs_list
    from shuangkong.kernel.scope import Scope

    rows = [
        {"run": r.run_id, "number": r.number, "as_of": r.as_of, "known": r.known, "packs": len(r.manifest["packs"])}  # type: ignore[arg-type]
        for r in runs_list(Workspace.open(workspace), Scope.all("cli"))
    ]
    if as_json:
        _json(rows)
        return
    for row in rows:
        typer.echo(
            f"{row['number']:>4}  {row['run']}  as of {row['as_of']}  known {row['known']}  packs {row['packs']}"
        )


@app.command("boundary")
def boundary_command(
    file: Annotated[Path, typer.Argument(help="GeoJSON with province areas (adcode)")],
    approval: Annotated[str, typer.Option("--approval", help="审图号, e.g. GS(2024)0650号")],
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
) -> None:
    """登记有审图号的底图，首页即可用地图显示 (register an approved boundary file for the map view)."""
    from shuangkong.app.boundary import register_boundary
    from shuangkong.engine.api import Workspace

    sha256 = register_boundary(Workspace.open(workspace), file, approval, "cli")
    typer.echo(f"{sha256}  {approval}")


def _packs(folders: list[Path] | None) -> Any:
    from shuangkong.policy.api import PackSet, builtin_packs, load_all

    return PackSet([*builtin_packs(), *(p for folder in folders or [] for p in load_all(folder, origin=str(folder)))])


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as wrong:
        raise UserError(
            "IMP-001", f"{wrong.strerror}.", where=str(path), remedy="Check the name and that you may read it."
        ) from wrong


def _text(path: Path) -> str:
    return _bytes(path).decode("utf-8", "replace")


@app.callback(invoke_without_command=True)
def _root(version: Annotated[bool, typer.Option("--version", help="print the version")] = False) -> None:
    if version:
        typer.echo(__version__)
        raise typer.Exit


def _mount() -> None:
    from shuangkong.accounting.cli import account_command
    from shuangkong.app.commands import backup, serve, worker
    from shuangkong.policy.cli import policy_app

    app.command("account")(account_command)
    app.add_typer(policy_app, name="policy")
    worker.add(app)
    serve.add(app)
    backup.add(app)


_mount()


def main() -> None:
    """Run a command; a user's mistake goes to stderr with its code, and to stdout as nothing."""
    try:
        app()
    except UserError as wrong:
        typer.echo(str(wrong), err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
