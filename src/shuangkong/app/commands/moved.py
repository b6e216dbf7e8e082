"""`moved` says why a region's or unit's energy, CO2 or intensity moved between two periods (因素分解)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from shuangkong.app.commands.options import (
    DEFAULT_WORKSPACE,
    AsJson,
    AsName,
    Lang,
    Speaks,
    WorkspaceOption,
    language_of,
    put_json,
)
from shuangkong.kernel.errors import UserError

if TYPE_CHECKING:
    from shuangkong.app.web.moved_shown import Line, Shown
    from shuangkong.app.web.reading import RunView
    from shuangkong.app.web.rows import Subject

_PARTS = 10


def add(app: typer.Typer) -> None:
    """Hang the command on the program."""
    app.command("moved")(moved_command)


def moved_command(
    who: Annotated[
        str, typer.Argument(help="地区代码、统一社会信用代码或主体号 (code of a region or unit, or its id)")
    ],
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    start: Annotated[str, typer.Option("--from", help="从哪一期 (the first period: 2024, 2024-06)")] = "",
    end: Annotated[str, typer.Option("--to", help="到哪一期 (the second period)")] = "",
    what: Annotated[
        str, typer.Option("--what", help="energy, co2, energy_intensity 或 co2_intensity (what moved)")
    ] = "energy",
    basis: Annotated[str, typer.Option("--basis", help="怎样分，见 --json 的 bases (what it is broken down by)")] = "",
    method: Annotated[str, typer.Option("--method", help="核算方法，见 --json 的 methods (accounting method)")] = "",
    partial: Annotated[
        bool, typer.Option("--partial", help="报送不全的也比较 (compare parts with returns missing too)")
    ] = False,
    as_json: AsJson = False,
    lang: Speaks = Lang.zh,
    as_name: AsName = "",
) -> None:
    """为什么变动：把两期之差分给规模、结构、强度等 (why a figure moved: growth, structure, intensity and so on)."""
    from shuangkong.app.acting import acting
    from shuangkong.app.web.factory import MESSAGES
    from shuangkong.app.web.moved_asked import answer_of, movers_of
    from shuangkong.app.web.moved_data import data_of
    from shuangkong.app.web.moved_shown import shown
    from shuangkong.app.web.reading import Reader
    from shuangkong.dualcontrol.api import MOVED_WHATS, MovedWish
    from shuangkong.engine.api import Workspace
    from shuangkong.webkit.api import Speaker, decide, read_messages

    opened = Workspace.open(workspace)
    reader = acting(opened, as_name, "moved")
    asked = next((w for w in MOVED_WHATS if w == what), None)
    if asked is None:
        raise UserError(
            "CLI-001", f"“{what[:60]}” is nothing that can be taken apart.", where="--what",
            remedy=f"Choose among {', '.join(MOVED_WHATS)}.", case="moved_what", facts={"text": what[:60]},
        )  # fmt: skip
    view = Reader(opened).current(reader.scope)
    if view is None:
        raise UserError("RUN-001", "nothing was judged yet in this workspace.", remedy="Run `shuangkong judge` first.",
                        case="nothing_judged")  # fmt: skip
    subject = _subject(view, who)
    answer = answer_of(view, subject, MovedWish(asked, start, end, basis, method, partial))
    if (start and answer.wish.start != start) or (end and answer.wish.end != end):
        raise UserError(
            "PER-001", f"there are no figures of {start or '…'} and {end or '…'} to compare.", where="--from, --to",
            remedy=f"Choose two of a kind among {', '.join(answer.periods) or '—'}.", case="not_compared",
            facts={"periods": ", ".join(answer.periods) or "—"},
        )  # fmt: skip
    if as_json:
        seen = subject.kind != "unit" and decide(reader, "units.read").allowed
        put_json(data_of(view, subject, answer, movers_of(view, subject, answer.wish) if seen else ()))
        return
    speaker = Speaker(language_of(lang), read_messages(*MESSAGES))
    for line in _lines(shown(view, subject, answer, speaker)):
        typer.echo(line)


def _subject(view: RunView, who: str) -> Subject:
    """A region or unit by the code that people know, or by id; REG-001."""
    found = view.by_code.get(who)
    subject = found.id if found is not None else who
    kind = view.subjects[subject].kind if subject in view.subjects else "region"
    return view.subject(subject, "unit" if kind == "unit" else "region")


def _lines(made: Shown) -> Iterator[str]:
    """Sentence, factors with their ratios, the largest parts, what could not be compared, and what to know."""
    yield made.sentence
    if made.chart is not None:
        yield f"  [{made.unit}]"
        yield from (f"  {f.name}  {f.amount}  {f.ratio}  {f.means}" for f in made.factors)
        yield from (_line(made, line) for line in made.parts[:_PARTS])
        if len(made.parts) > _PARTS:
            yield f"  … {len(made.parts) - _PARTS}"
    yield from (made.words.say("moved.left", names=x.names, reason=x.reason) for x in made.left)
    yield from (f"* {note}" for note in made.notes)


def _line(made: Shown, line: Line) -> str:
    effects = "  ".join(f"{h} {e}" for h, e in zip(made.heads, line.effects, strict=True) if e)
    return f"  {line.name}: {line.before} → {line.after} ({line.change})  {effects}".rstrip()
