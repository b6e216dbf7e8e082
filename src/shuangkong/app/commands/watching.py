"""`watch` prints the warning board of a run: months with grade and interval, the year's end, what follows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

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
from shuangkong.kernel.labels import Label

if TYPE_CHECKING:
    from shuangkong.kernel.labels import Language
    from shuangkong.policy.api import Pack

_HEADS = (
    Label("地区", "region"), Label("月份", "month"), Label("事项", "what"), Label("累计", "year to date"),
    Label("应达到", "required"), Label("等级", "grade"), Label("状态", "state"), Label("连续红色", "red in a row"),
)  # fmt: skip


def add(app: typer.Typer) -> None:
    """Hang the command on the program."""
    app.command("watch")(watch_command)


def watch_command(
    region: Annotated[
        str, typer.Argument(help="行政区划代码或地区名称，不填为全部 (code or name of a region; all if left out)")
    ] = "",
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    month: Annotated[
        str, typer.Option("--month", help="月份，如 2025-06；不填为各地区最新一月 (a month; each region's newest)")
    ] = "",
    history: Annotated[
        bool, typer.Option("--history", help="另列以前各次运算的说法 (also what earlier runs said of these months)")
    ] = False,
    as_json: AsJson = False,
    lang: Speaks = Lang.zh,
    as_name: AsName = "",
) -> None:
    """晴雨表：各月强度与总量、等级和后果，全年预测见 --json (the warning board: months, grades, what follows)."""
    from shuangkong.app.acting import acting
    from shuangkong.app.explaining import packs_of_run
    from shuangkong.app.watching import following, months, nowcasts, said_before
    from shuangkong.engine.api import Workspace, latest_run, reading
    from shuangkong.registry.api import directory, subjects_seen

    opened = Workspace.open(workspace)
    who = acting(opened, as_name, "watch")
    run = latest_run(opened, who.scope, known=None)
    if run is None:
        raise UserError("RUN-001", "nothing was judged yet in this workspace.", remedy="Run `shuangkong judge` first.",
                        case="nothing_judged")  # fmt: skip
    key = _month(month)
    with reading(opened.engine) as db:
        names = directory(db, who.scope, run.known)
        wanted = [str(names.region(region, run.as_of))] if region else []
        seen = {r["subject_id"]: r for r in subjects_seen(db, who.scope, run.known, day=run.as_of).to_pylist()}
    rows = months(opened, run, who.scope, wanted, key)
    told: dict[str, Any] = {
        "run": run.run_id, "known": run.known, "as_of": run.as_of, "months": rows,
        "years": nowcasts(opened, run, who.scope, wanted, key),
        "measures": following(opened, run, who.scope, wanted, key),
    }  # fmt: skip
    if history:
        told["history"] = {r["watch_key"]: said_before(opened, who.scope, r["watch_key"]) for r in rows}
    if as_json:
        put_json(told)
        return
    packs = packs_of_run(opened, run).packs if told["measures"] else ()
    for line in _lines(told, {s: str(r["name_zh"] or s) for s, r in seen.items()}, language_of(lang), packs):
        typer.echo(line)


def _month(text: str) -> str:
    from shuangkong.kernel.periods import Period, PeriodKind

    if not text:
        return ""
    period = Period.parse(text)
    if period.kind is not PeriodKind.MONTH:
        raise UserError("PER-001", f"“{text}” is not a month.", where="--month", remedy="Write 2025-06.",
                        case="month", facts={"text": text[:40]})  # fmt: skip
    return period.key


def _lines(told: dict[str, Any], names: dict[str, str], language: Language, packs: tuple[Pack, ...]) -> Iterator[str]:
    from shuangkong.app.watching import grade_word
    from shuangkong.casework.api import called
    from shuangkong.dualcontrol.api import STATES, TESTS, WHATS

    if not told["months"]:
        yield Label("没有可列的月份", "no month to show").in_(language)
        return
    yield "\t".join(h.in_(language) for h in _HEADS)
    for r in sorted(told["months"], key=lambda r: (names.get(r["subject_id"], ""), r["period_key"], r["what"])):
        what = f"{WHATS[r['what']].in_(language)}·{TESTS[r['test']].in_(language)}"
        figure = "—" if r["value"] is None else f"{r['value']:f} {r['unit']} [{r['low']:f}, {r['high']:f}]"
        required = "—" if r["required"] is None else f"{r['required']:f}"
        red = "—" if r["red_months"] is None else ("≥ " if r["red_state"] == "at_least" else "") + str(r["red_months"])
        yield "\t".join((
            names.get(r["subject_id"], r["subject_id"]), r["period_key"], what, figure, required,
            grade_word(r["grade"], language), STATES[r["state"]].in_(language), red,
        ))  # fmt: skip
        if r["needs"]:
            yield f"\t{Label('尚缺', 'needs').in_(language)}: {r['needs']}"
        for h in told.get("history", {}).get(r["watch_key"], ()):
            value = "—" if h["value"] is None else f"{h['value']:f}"
            yield f"\t{h['known']}  {value}  {grade_word(h['grade'], language)}  {STATES[h['state']].in_(language)}"
    for r in told["measures"]:
        basis = Label("计算的等级", "computed grades") if r["basis"] == "computed" else Label("公布的等级", "published")
        said = called(packs, r["pack_key"], r["table_id"], r["consequence"]).in_(language)
        yield "\t".join((
            names.get(r["subject_id"], r["subject_id"]), r["period_key"], said or "—", r["clause"], basis.in_(language),
        ))  # fmt: skip
