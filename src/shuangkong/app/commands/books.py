"""`import` takes a sheet into a book or the register, `template` writes an empty one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shuangkong.app.commands.options import (
    DEFAULT_WORKSPACE,
    AsJson,
    AsName,
    Lang,
    Speaks,
    WorkspaceOption,
    bytes_of,
    language_of,
    packs_with,
    past_day,
    put_json,
    text_of,
)
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Language

if TYPE_CHECKING:
    from shuangkong.registry.api import MeterReport, ProjectReport, UnitReport


def add(app: typer.Typer) -> None:
    """Hang the commands on the program."""
    app.command("import")(import_command)
    app.command("template")(template_command)


def import_command(
    file: Annotated[Path, typer.Argument(help="xlsx 或 csv（UTF-8 或 GB18030） (xlsx or csv (UTF-8 or GB18030))")],
    book: Annotated[
        str,
        typer.Option(
            "--book",
            help="账册、等级 grades，或名录 units、projects、meters (energy, output, value, carbon; grades, …)",
        ),
    ],
    known_on: Annotated[str, typer.Option("--known-on", help="报出日 (day on which the figures were handed in)")] = "",
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    sheet: Annotated[str, typer.Option("--sheet", help="工作表名 (name of the sheet)")] = "",
    mapping: Annotated[
        Path | None, typer.Option("--mapping", help="列对应的 JSON 文件 (JSON file with the column mapping)")
    ] = None,
    save_mapping: Annotated[
        Path | None, typer.Option("--write-mapping", help="把所用列对应写到此文件 (write the mapping used here)")
    ] = None,
    publisher: Annotated[str, typer.Option("--publisher", help="提供者 (who handed it in)")] = "",
    document: Annotated[str, typer.Option("--document", help="文件名称 (what it is)")] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="只看会怎样，不写入 (show what would happen, write nothing)")
    ] = False,
    packs: Annotated[
        list[Path] | None, typer.Option("--packs", help="另加规则包文件夹 (further folders with packs)")
    ] = None,
    use: Annotated[
        str,
        typer.Option(
            "--use",
            help="允许的用途，不填不限 (lawful uses: statistics,assessment,…; no limit if left out)",
        ),
    ] = "",
    reason: Annotated[
        str, typer.Option("--reason", help="为什么更正已有数字 (why figures that stand are corrected)")
    ] = "",
    as_json: AsJson = False,
    lang: Speaks = Lang.zh,
    as_name: AsName = "",
) -> None:
    """导入报表到账：列对应、检查、试运行；有一行被拒，整个文件不写入 (import a sheet into a book)."""
    from shuangkong.accounting.api import (
        METERS,
        PROJECTS,
        REGISTERS,
        UNITS,
        Origin,
        allowed_uses,
        import_meter_register,
        import_project_register,
        import_register,
        import_sheet,
    )
    from shuangkong.app.acting import acting
    from shuangkong.app.importing import as_dict, correction_line, report_lines
    from shuangkong.engine.api import Workspace
    from shuangkong.registry.api import sheets

    opened = Workspace.open(workspace)
    who = acting(opened, as_name, f"import {book}" if book in REGISTERS else "import")
    given = sheets.Mapping.from_json(text_of(mapping)) if mapping else None
    origin = Origin(
        file.name, publisher, document, "", past_day(known_on, "--known-on"), use=allowed_uses(use), reason=reason
    )
    if book == UNITS:
        units = import_register(
            opened, bytes_of(file), origin, scope=who.scope, sheet=sheet or None, mapping=given, dry_run=dry_run
        )
        _show_units(units, as_json=as_json, language=language_of(lang))
        return
    if book == PROJECTS:
        projects = import_project_register(
            opened, bytes_of(file), origin, scope=who.scope, sheet=sheet or None, mapping=given, dry_run=dry_run
        )
        _show_projects(projects, as_json=as_json, language=language_of(lang))
        return
    if book == METERS:
        meters = import_meter_register(
            opened, packs_with(packs, opened), bytes_of(file), origin, scope=who.scope, sheet=sheet or None,
            mapping=given, dry_run=dry_run,
        )  # fmt: skip
        _show_meters(meters, as_json=as_json, language=language_of(lang))
        return
    report = import_sheet(
        opened, packs_with(packs, opened), book, bytes_of(file), origin, scope=who.scope, sheet=sheet or None,
        mapping=given, dry_run=dry_run,
    )  # fmt: skip
    if save_mapping:
        save_mapping.write_text(report.mapping.to_json(), "utf-8")
    if as_json:
        put_json(as_dict(report))
    else:
        for line in report_lines(report, language_of(lang), dry_run=dry_run):
            typer.echo(line)
        if report.committed and report.corrected:
            typer.echo(correction_line(who.name or who.principal, opened.clock(), reason, language_of(lang)))
    if report.refusals:
        raise typer.Exit(2)


def _show_units(done: UnitReport, *, as_json: bool, language: Language) -> None:
    from shuangkong.app.importing import unit_lines, units_as_dict

    if as_json:
        put_json(units_as_dict(done))
    else:
        for line in unit_lines(done, language):
            typer.echo(line)
    if done.refusals:
        raise typer.Exit(2)


def _show_projects(done: ProjectReport, *, as_json: bool, language: Language) -> None:
    from shuangkong.app.importing import project_lines, projects_as_dict

    if as_json:
        put_json(projects_as_dict(done))
    else:
        for line in project_lines(done, language):
            typer.echo(line)
    if done.refusals:
        raise typer.Exit(2)


def _show_meters(done: MeterReport, *, as_json: bool, language: Language) -> None:
    from shuangkong.app.importing import meter_lines, meters_as_dict

    if as_json:
        put_json(meters_as_dict(done))
    else:
        for line in meter_lines(done, language):
            typer.echo(line)
    if done.refusals:
        raise typer.Exit(2)


def template_command(
    book: Annotated[
        str,
        typer.Argument(
            help="账册 energy、output、value、carbon，公布的等级 grades，"
            "或 units、projects、meters (a book, published grades, or a register)"
        ),
    ],
    file: Annotated[Path, typer.Argument(help="要写的 xlsx (xlsx to write)")],
    lang: Speaks = Lang.zh,
) -> None:
    """生成填报模板 (write an empty sheet with the right heads for a book)."""
    from shuangkong.accounting.api import meters_schema, schema_of
    from shuangkong.registry.api import project_schema, sheets, unit_schema

    if book == "meters":
        schema = meters_schema(packs_with(None))
    else:
        registers = {"units": unit_schema, "projects": project_schema}
        schema = registers[book]() if book in registers else schema_of(book, packs_with(None))
    try:
        file.write_bytes(sheets.template(schema, language_of(lang)))
    except OSError as wrong:
        raise UserError("WS-004", f"{wrong.strerror}.", where=str(file), remedy="Name a file you may write.") from wrong
    typer.echo(str(file))
