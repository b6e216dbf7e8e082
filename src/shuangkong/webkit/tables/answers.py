"""The answer that carries an export (下载): its head of notes, its name in both scripts, sent as it is made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from starlette.responses import StreamingResponse

from shuangkong.kernel.periods import CHINA
from shuangkong.webkit.messages import Speaker
from shuangkong.webkit.tables.choices import Choices, Condition, Given, filter_named
from shuangkong.webkit.tables.columns import Batch, Told
from shuangkong.webkit.tables.export import MEDIA, Export, Format, export_csv, in_chunks
from shuangkong.webkit.tables.source import Source
from shuangkong.webkit.tables.workbook import export_xlsx


@dataclass(frozen=True, slots=True)
class Exported:
    """An export that is made while its parts are read: its name in plain letters and in words, and its rows."""

    name: str
    label: str
    ending: Format
    total: int
    parts: Iterator[bytes]

    def answer(self) -> StreamingResponse:
        """The file as it goes out."""
        headers = download_headers(self.name, self.label)
        return StreamingResponse(self.parts, media_type=MEDIA[self.ending], headers=headers)


def download_headers(name: str, label: str) -> dict[str, str]:
    """What a download is sent under: a file to be saved, under its name in both scripts, kept by nobody in between."""
    return {
        "Content-Disposition": f"attachment; filename=\"{name}\"; filename*=UTF-8''{quote(label)}",
        "Cache-Control": "private, no-store",
    }


def exported(
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
    step: Callable[[int, int], None] | None = None,
) -> Exported:
    """Everything that fits, as a file. `about` are the page's own notes: run, as of, scope, source line.

    `principal` is who exports and `at` when; `word` names a value of a filter; `step` hears how many rows of how many
    are written. Raises FORM-001.
    """
    where = choices.conditions(given)
    total = source.count(where)
    notes = _notes(source, choices, speaker, where, total, word)
    notes += [*about, (speaker.say("table.exported_by"), principal)]
    notes.append((speaker.say("table.exported_at"), at.astimezone(CHINA).isoformat(sep=" ", timespec="seconds")))
    cells = speaker.say("table.cells_csv") if ending == "csv" else speaker.say("table.cells_xlsx")
    notes.append((speaker.say("table.cells"), cells))
    export = Export(choices.spec, speaker, tuple(notes), total, tuple(told))
    batches = source.columns(where, choices.spec.order(choices.order_name), export.needed)
    heard = _heard(batches, total, step) if step else batches
    body = export_csv(export, heard) if ending == "csv" else in_chunks(export_xlsx(export, heard))
    label = f"{choices.spec.label.in_(speaker.language)}-{file_name}.{ending}"
    return Exported(f"{file_name}.{ending}", label, ending, total, body)


def export_answer(source: Source, choices: Choices, ending: Format, speaker: Speaker, **more: Any) -> StreamingResponse:
    """The same as the answer to a request; takes what `exported` takes."""
    return exported(source, choices, ending, speaker, **more).answer()


def _heard(batches: Iterable[Batch], total: int, step: Callable[[int, int], None]) -> Iterator[Batch]:
    done = 0
    for batch in batches:
        yield batch
        done += len(batch)
        step(done, total)


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
