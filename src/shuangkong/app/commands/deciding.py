"""`decide` puts a decision table of a pack to the rows of a file; it needs no workspace."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shuangkong.app.commands.options import (
    AsJson,
    Lang,
    Packs,
    Speaks,
    bytes_of,
    day_of,
    language_of,
    packs_with,
    past_day,
    plain_value,
    put_json,
)
from shuangkong.kernel.errors import UserError

if TYPE_CHECKING:
    from shuangkong.policy.api import CheckedTable, PackSet, TableEntry

MAX_ROWS = 100_000


def add(app: typer.Typer) -> None:
    """Hang the command on the program."""
    app.command("decide")(decide_command)


def decide_command(
    table: Annotated[
        str,
        typer.Argument(
            help="规则包:规则表，如 wenzhou-retrofit-2021:grant (PACK:TABLE, e.g. wenzhou-retrofit-2021:grant)"
        ),
    ],
    file: Annotated[
        Path,
        typer.Option(
            "--input", help="CSV：每个输入一列，不知道的留空 (CSV: a column for each input, empty where not known)"
        ),
    ],
    on: Annotated[
        str, typer.Option("--date", help="判定所据之日，不填为今天 (the day decided for; today if left out)")
    ] = "",
    known: Annotated[
        str, typer.Option("--known", help="按该日所知，不填为今天 (as known on this day; today if left out)")
    ] = "",
    packs: Packs = None,
    as_json: AsJson = False,
    lang: Speaks = Lang.zh,
) -> None:
    """判定：把规则表用于文件中的各行，给出命中行与所缺输入 (decide the rows of a file by a table of a pack)."""
    from shuangkong.judgement.api import decided_rows, set_aside
    from shuangkong.policy.api import STANDING_LABELS, Standing

    pack, colon, name = table.rpartition(":")
    if not colon:
        raise UserError(
            "CLI-001", f"“{table}” names no table.", where="decide", remedy="Write PACK:TABLE.",
            case="table", facts={"text": table},
        )  # fmt: skip
    library = packs_with(packs)
    entry: TableEntry = library.table(pack, name)
    day, as_known = day_of(on, "--date"), past_day(known, "--known")
    standing = entry.standing_on(day)
    rows = decided_rows(library, pack, name, rows_of(file), day=day, known=as_known, where=str(file))
    if standing != "in_force":
        rows = [set_aside(entry, r, standing) for r in rows]
    answer = {
        "pack": library.pack(pack).key, "table": name, "label": entry.label.model_dump(), "clause": entry.clause,
        "date": day, "known": as_known, "standing": standing, "in_force": [entry.start, entry.end],
        "assumptions": [a.model_dump() for a in entry.assumptions], "confidence": entry.confidence,
        "inputs": [i for t in library.chain(pack, name) for i in _inputs(library, pack, t)],
        "outputs": [{"name": o.name, "label": o.label.model_dump(), "unit": o.unit} for o in entry.outputs],
        "rows": rows,
    }  # fmt: skip
    if as_json:
        put_json(answer)
        return
    stands = STANDING_LABELS[Standing(standing)].in_(language_of(lang))
    typer.echo(f"{answer['pack']} {name} {entry.label.label.in_(language_of(lang))} {day} {stands}")
    for row in rows:
        typer.echo("  ".join(f"{k}={plain(v)}" for k, v in row.items() if v is not None and k != "used"))


def plain(value: object) -> str:
    """A cell of an answer as text."""
    return str(value) if isinstance(value, bool | int | str | list) else str(plain_value(value))


def _inputs(library: PackSet, pack: str, table: CheckedTable) -> list[dict[str, Any]]:
    """The inputs of a table by their keys: what each is called, its unit, and where a run takes it from."""
    from shuangkong.policy.api import shown

    kinds = {i.name: i.kind for i in table.inputs}
    sources = {"name", "label", "choices", "indicator", "field", "sum", "output"}
    return [
        {
            **entry.model_dump(mode="json", include=sources, exclude_none=True), "table": table.id,
            "type": kinds[entry.name].name, "unit": shown(kinds[entry.name].unit),
        }
        for entry in library.table(pack, table.id).inputs
    ]  # fmt: skip


def rows_of(path: Path) -> list[dict[str, object]]:
    """The rows of a CSV file by its head; raises IMP-001 and RULE-007."""
    from shuangkong.policy.api import said

    try:
        text = bytes_of(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UserError(
            "IMP-001", "the file is not UTF-8.", where=str(path), remedy="Save it as CSV UTF-8.", case="not_utf8"
        ) from None
    lines = [line for line in csv.reader(io.StringIO(text)) if any(cell.strip() for cell in line)]
    if len(lines) < 2:
        raise said("RULE-007", "no_rows").at(str(path))
    head = [h.strip() for h in lines[0]]
    uneven = next((n for n, line in enumerate(lines[1:], start=1) if len(line) != len(head)), None)
    if uneven is not None:
        raise said("RULE-007", "uneven", row=uneven).at(str(path))
    if len(set(head)) < len(head):
        raise said("RULE-007", "head").at(str(path))
    if len(lines) > MAX_ROWS + 1:
        raise said("RULE-007", "many", most=MAX_ROWS).at(str(path))
    return [{h: cell.strip() or None for h, cell in zip(head, line, strict=True)} for line in lines[1:]]
