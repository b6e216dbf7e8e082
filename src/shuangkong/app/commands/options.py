"""What the commands share: options, the day and the language of the terminal, JSON on stdout, files that are read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label, Language
from shuangkong.kernel.periods import china_day

if TYPE_CHECKING:
    from shuangkong.engine.api import Workspace
    from shuangkong.policy.api import PackSet
    from shuangkong.webkit.api import Who

DEFAULT_WORKSPACE = Path("shuangkong-workspace")


class Lang(StrEnum):
    """Languages of the terminal."""

    zh = "zh"
    en = "en"


WorkspaceOption = Annotated[
    Path,
    typer.Option("-w", "--workspace", envvar="SHUANGKONG_WORKSPACE", help="工作区文件夹 (folder of the workspace)"),
]
AsJson = Annotated[bool, typer.Option("--json", help="标准输出只有 JSON (JSON on stdout alone)")]
Speaks = Annotated[Lang, typer.Option("--lang", help="中文 zh 或英文 en (zh or en)")]
Known = Annotated[
    str,
    typer.Option("--known", help="按该日或该时刻所知，不填为现在 (as known on this day or instant; now if left out)"),
]
AsOf = Annotated[str, typer.Option("--as-of", help="判定日，不填为今天 (day on which it is judged; today if left out)")]
AsName = Annotated[
    str,
    typer.Option("--as", envvar="SHUANGKONG_AS", help="以某人的岗位和范围执行 (act as this person of the workspace)"),
]
Packs = Annotated[list[Path] | None, typer.Option("--packs", help="另加规则包文件夹 (further folders with packs)")]


def language_of(lang: Lang) -> Language:
    spoken: Literal["zh", "en"] = "en" if lang is Lang.en else "zh"
    return spoken


def today() -> date:
    return china_day(datetime.now(UTC))


def day_of(text: str, option: str) -> date:
    from shuangkong.kernel.periods import Period, PeriodKind

    if not text:
        return today()
    period = Period.parse(text)
    if period.kind is not PeriodKind.DAY:
        raise UserError(
            "PER-001", f"“{text}” is not a day.", where=option, remedy="Write 2025-12-31.", case="day",
            facts={"text": text},
        )  # fmt: skip
    return period.start


def past_day(text: str, option: str) -> date:
    """A day up to today; today if left out."""
    day = day_of(text, option)
    if day > today():
        raise ahead(text, option)
    return day


def put_json(data: object) -> None:
    typer.echo(json.dumps(data, ensure_ascii=False, indent=1, default=plain_value))


def told(as_json: bool, data: dict[str, Any], line: str) -> None:
    """What a command did: as JSON, or as a line."""
    if as_json:
        put_json(data)
    else:
        typer.echo(line)


def acting_in(workspace: Path, as_name: str, command: str) -> tuple[Workspace, Who]:
    """The workspace, opened, and who acts in it; RIGHT-002 where they may not do the command."""
    from shuangkong.app.acting import acting
    from shuangkong.engine.api import Workspace

    opened = Workspace.open(workspace)
    return opened, acting(opened, as_name, command)


def plain_value(value: object) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    raise TypeError(f"no JSON for {type(value).__name__}")


@contextmanager
def progress_bar(language: Language, *, quiet: bool) -> Iterator[Any]:
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


def packs_with(
    folders: list[Path] | None, workspace: Workspace | None = None, known: datetime | None = None
) -> PackSet:
    from shuangkong.app.catalogue import library

    return library(folders or [], workspace=workspace, known=known)


def bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as wrong:
        from shuangkong.policy.api import why_unread

        raise UserError(
            "IMP-001", f"{wrong.strerror}.", where=str(path), remedy="Check the name and that you may read it.",
            case="unreadable", facts={"why": why_unread(wrong)},
        ) from wrong  # fmt: skip


def text_of(path: Path) -> str:
    return bytes_of(path).decode("utf-8", "replace")


def past_instant(text: str, option: str, now: datetime) -> datetime:
    """An instant up to now; a bare day means its end in China, and today means now."""
    from shuangkong.kernel.periods import parse_instant

    if not text:
        return now
    instant = parse_instant(text)
    today = china_day(now).isoformat()
    if instant > now and text.strip() != today:
        raise ahead(text, option)
    return min(instant, now)


def ahead(text: str, option: str) -> UserError:
    problem = f"“{text}” lies ahead: what will be known then is not known yet."
    return UserError(
        "PER-001", problem, where=option, remedy="Write a day up to today, or leave it out.", case="ahead",
        facts={"text": text},
    )  # fmt: skip
