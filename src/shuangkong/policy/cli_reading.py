"""`shuangkong policy draft`, `align` and `duties`: from documents to packs, comparisons and tables of tasks."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from shuangkong.kernel.labels import Language
from shuangkong.kernel.periods import china_day
from shuangkong.policy import service
from shuangkong.policy.aligning import align
from shuangkong.policy.aligning_told import alignment_json, alignment_lines, alignment_workbook
from shuangkong.policy.cli import Also, AsJson, Lang, Speaks, bounds_of
from shuangkong.policy.fields import parse_day
from shuangkong.policy.packset import PackSet
from shuangkong.policy.reading.draft_words import said as words_said
from shuangkong.policy.taking import Drafted, draft_file, packs_known, taken, write_draft
from shuangkong.policy.tasks import tasks_json, tasks_lines, tasks_workbook
from shuangkong.policy.words import said, told

Known = Annotated[
    str | None,
    typer.Option(
        "--known", help="读取之日，文件未写印发日期时以此代替，不填为今天 (day of reading; today if left out)"
    ),
]
Number = Annotated[
    int | None, typer.Option("--document", help="取文件中第几份 (the document of this number in the file)")
]


def add(policy_app: typer.Typer) -> None:
    """Put the commands beside the others."""
    policy_app.command("draft")(draft_command)
    policy_app.command("align")(align_command)
    policy_app.command("duties")(duties_command)


def draft_command(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="文件：txt、md、docx、有文字层的 pdf、html (a document)")],
    out: Annotated[Path, typer.Option("-o", "--out", help="写到这个新文件夹 (a new folder to write to)")],
    document: Number = None,
    pack_id: Annotated[str | None, typer.Option("--id", help="规则包编号 (id of the pack)")] = None,
    region: Annotated[
        str | None,
        typer.Option("--region", help="行政区划代码，文件未写明时用 (code of GB/T 2260, where it is not said)"),
    ] = None,
    synthetic: Annotated[bool, typer.Option("--synthetic", help="合成的文件 (an invented document)")] = False,
    known: Known = None,
    packs: Also = None,
    as_json: AsJson = False,
    lang: Speaks = Lang.zh,
) -> None:
    """起草规则包：由文件写出草稿，条目都是候选，须逐条复核 (write a draft pack of a document)."""
    language = _language(lang)
    made = draft_file(
        file, document, packs=_packs(context, packs), known=_day(known), pack_id=pack_id, region=region,
        synthetic=synthetic, language=language, bounds=bounds_of(context),
    )  # fmt: skip
    files = write_draft(made, out)
    report = service.check([out], builtin=True, catalogue=context.obj() if context.obj is not None else None)
    if as_json:
        _json(_draft_json(made, out, files, report.fine))
    else:
        for line in _draft_lines(made, files, language):
            typer.echo(line)
    if not report.fine:
        for problem in report.problems:
            typer.echo(told(problem, language), err=True)
        raise typer.Exit(2)


def _draft_json(made: Drafted, out: Path, files: list[str], fine: bool) -> dict[str, object]:
    left = [{"kind": x.kind, "clause": x.clause, "quote": x.quote, "because": x.because} for x in made.draft.left_out]
    return {
        "pack": made.pack_id, "folder": str(out), "files": files, "entries": len(made.draft.became), "checked": fine,
        "left_out": left,
    }  # fmt: skip


def _draft_lines(made: Drafted, files: list[str], language: Language) -> list[str]:
    title = made.document.title or made.pack_id
    lines = [words_said("told", "wrote", pack=made.pack_id, title=title).in_(language), f"   {'  '.join(files)}"]
    lines.append(words_said("told", "entries", n=len(made.draft.became)).in_(language))
    if made.draft.left_out:
        lines.append(words_said("told", "left", n=len(made.draft.left_out)).in_(language))
        lines += [f"   {x.clause}  {x.quote[:40].strip()}  {x.because}" for x in made.draft.left_out]
    return lines


def align_command(
    context: typer.Context,
    documents: Annotated[
        list[str],
        typer.Argument(
            metavar="UPPER LOWER...",
            help="规则包编号、文件夹或文件，上级在前 (ids or folders of packs, or files; the upper one first)",
        ),
    ],
    out: Annotated[Path | None, typer.Option("-o", "--out", help="另存为 .xlsx (also as a workbook)")] = None,
    known: Known = None,
    packs: Also = None,
    as_json: AsJson = False,
    lang: Speaks = Lang.zh,
) -> None:
    """上下级目标对照：一致、更严、更松、缺少，或基年、目标年、单位不同 (targets of several levels side by side)."""
    language = _language(lang)
    if len(documents) < 2:
        raise said("PACK-006", "few", n=len(documents)).at("UPPER LOWER...")
    together = _packs(context, packs)
    found = align(
        [taken(d, None, packs=together, known=_day(known), bounds=bounds_of(context)) for d in documents], together
    )
    if out is not None:
        out.write_bytes(alignment_workbook(found, language))
    if as_json:
        _json(alignment_json(found))
        return
    for line in alignment_lines(found, language):
        typer.echo(line)


def duties_command(
    context: typer.Context,
    name: Annotated[
        str, typer.Argument(metavar="PACK-OR-FILE", help="规则包编号、文件夹或文件 (id or folder of a pack, or a file)")
    ],
    out: Annotated[Path | None, typer.Option("-o", "--out", help="另存为 .xlsx (also as a workbook)")] = None,
    document: Number = None,
    known: Known = None,
    packs: Also = None,
    as_json: AsJson = False,
    lang: Speaks = Lang.zh,
) -> None:
    """任务分工表：牵头、配合、时限，以及部门与条款对照 (the duties of a document as a table of tasks)."""
    language = _language(lang)
    pack = taken(name, document, packs=_packs(context, packs), known=_day(known), bounds=bounds_of(context))
    if out is not None:
        out.write_bytes(tasks_workbook(pack, language))
    if as_json:
        _json(tasks_json(pack))
        return
    for line in tasks_lines(pack, language):
        typer.echo(line)


def _packs(context: typer.Context, folders: list[Path] | None) -> PackSet:
    return packs_known(folders or [], context.obj() if context.obj is not None else None)


def _day(text: str | None) -> date:
    if text is None:
        return china_day(datetime.now(UTC))
    day = parse_day(text)
    if day is None:
        raise said("PER-001", "day", text=text).at("--known")
    return day


def _language(lang: Lang) -> Language:
    return "en" if lang is Lang.en else "zh"


def _json(data: object) -> None:
    typer.echo(json.dumps(data, ensure_ascii=False, indent=2))
