"""The answer that carries an export (下载): its head of notes, its name in both scripts, sent as it is made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from urllib.parse import quote

from starlette.responses import StreamingResponse

from shuangkong.webkit.messages import Speaker
from shuangkong.webkit.tables.choices import Choices, Condition, Given, filter_named
from shuangkong.webkit.tables.columns import Told
from shuangkong.webkit.tables.export import MEDIA, Export, Format, export_csv, in_chunks
from shuangkong.webkit.tables.source import Source
from shuangkong.webkit.tables.workbook import export_xlsx


def export_answer(
    source: Source,
    choices: Choices,
    ending: Format,
    speaker: Speaker,
    *,
    file_name: str,
    principal: str,
    at: datetime,
    about: Sequence[tuple[str, str]] = (),
    told: Sequence[Told] = (),
    given: Given | None = None,
    word: Callable[[str, str], str] = lambda _, value: value,
) -> StreamingResponse:
    """Everything that fits, as a file. `about` are the page's own notes: run, as of, scope, source line.

    `principal` is who exports and `at` when; `word` names a value of a filter. Raises FORM-001.
    """
    where = choices.conditions(given)
    total = source.count(where)
    notes = _notes(source, choices, speaker, where, total, word)
    notes += [*about, (speaker.say("table.exported_by"), principal)]
    notes.append((speaker.say("table.exported_at"), at.isoformat(sep=" ", timespec="seconds")))
    cells = speaker.say("table.cells_csv") if ending == "csv" else speaker.say("table.cells_xlsx")
    notes.append((speaker.say("table.cells"), cells))
    export = Export(choices.spec, speaker, tuple(notes), total, tuple(told))
    batches = source.columns(where, choices.spec.order(choices.order_name), export.needed)
    body = export_csv(export, batches) if ending == "csv" else in_chunks(export_xlsx(export, batches))
    label = quote(f"{choices.spec.label.in_(speaker.language)}-{file_name}.{ending}")
    headers = {
        "Content-Disposition": f"attachment; filename=\"{file_name}.{ending}\"; filename*=UTF-8''{label}",
        "Cache-Control": "private, no-store",
    }
    return StreamingResponse(body, media_type=MEDIA[ending], headers=headers)


def _notes(
    source: Source,
    choices: Choices,
    speaker: Speaker,
    where: tuple[Condition, ...],
    total: int,
    word: Callable[[str, str], str],
) -> list[tuple[str, str]]:
    spec, say, language = choices.spec, speaker.say, speaker.language
    chosen = [f"{say('table.search')}={choices.q}"] if choices.q else []
    for key, value in choices.filters:
        column, end = filter_named(spec, key)
        sign = {"_min": "≥", "_max": "≤"}.get(end, "=")
        chosen.append(f"{column.label.in_(language)}{sign}{word(key, value)}")
    notes = [
        (say("table.what"), spec.label.in_(language)),
        (say("table.filter"), "; ".join(chosen) or say("table.no_filter")),
        (say("table.order"), word("sort", choices.order_name)),
        (say("table.count"), str(total)),
    ]
    if spec.synthetic:
        invented = source.count((*where, Condition((spec.synthetic,), "is", (True,))))
        notes.append((say("table.synthetic"), say("table.synthetic_rows", n=invented) if invented else "0"))
    return notes
