"""`scenarios`: paths of a region's energy and CO2 to the peak, worked out, saved and listed. No book changes."""

from __future__ import annotations

from decimal import Decimal
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

if TYPE_CHECKING:
    from shuangkong.app.scenarios import Place
    from shuangkong.dualcontrol.api import Scenario

_WORDS = {
    "energy_per_gdp": ("单位地区生产总值能耗降幅", "fall of energy per GDP"),
    "co2_per_gdp": ("单位地区生产总值二氧化碳排放降幅", "fall of CO2 per GDP"),
    "nonfossil_share": ("非化石能源占比", "non-fossil share"), "peak": ("碳达峰年份", "year of the peak"),
    "met": ("达到", "met"), "short": ("有差距", "short"), "unknown": ("无法判断", "cannot be told"),
}  # fmt: skip
_SET = "改一项假设，如 growth=5（growth, structure, efficiency, fuel, nonfossil, grid） (move a lever: growth=5)"
scenarios_app = typer.Typer(
    no_args_is_help=True, help="达峰情景：推算、保存、列出 (paths to the peak: work out, save, list)."
)


def add(app: typer.Typer) -> None:
    """Hang the commands on the program."""
    app.add_typer(scenarios_app, name="scenarios")


Region = Annotated[str, typer.Argument(help="地区代码 (code of the region)")]
Moves = Annotated[list[str] | None, typer.Option("--set", help=_SET)]
Year = Annotated[int, typer.Option("--base", help="基年，0 为最近可用年 (base year, 0: the newest)")]
Horizon = Annotated[int, typer.Option("--to", help="推算到哪一年，0 为默认 (last year, 0: as the packs have it)")]
Instead = Annotated[str, typer.Option("--instead", help="代替煤炭：gas 或 electricity (what replaces coal)")]
Seed = Annotated[int, typer.Option("--seed", help="随机种子 (seed of the fan)")]


@scenarios_app.command("try")
def try_command(
    region: Region,
    moves: Moves = None,
    base: Year = 0,
    horizon: Horizon = 0,
    instead: Instead = "gas",
    seed: Seed = 1,
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    as_json: AsJson = False,
    lang: Speaks = Lang.zh,
    as_name: AsName = "",
) -> None:
    """推算一条路径，不保存 (work a path out; nothing is saved)."""
    from shuangkong.app.acting import acting
    from shuangkong.app.scenarios import place_of
    from shuangkong.dualcontrol.api import work_out
    from shuangkong.engine.api import Workspace

    opened = Workspace.open(workspace)
    who = acting(opened, as_name, "scenarios try")
    place = place_of(opened, who.scope, region)
    scenario = _asked(place, moves, base, horizon, instead, seed)
    _put(scenario, work_out(scenario), as_json, lang, {"region": place.code, "synthetic": place.synthetic})


@scenarios_app.command("save")
def save_command(
    region: Region,
    title: Annotated[str, typer.Option("--title", help="名称 (title)")],
    because: Annotated[str, typer.Option("--because", help="理由 (reason)")] = "",
    moves: Moves = None,
    base: Year = 0,
    horizon: Horizon = 0,
    instead: Instead = "gas",
    seed: Seed = 1,
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    as_json: AsJson = False,
    lang: Speaks = Lang.zh,
    as_name: AsName = "",
) -> None:
    """推算并保存 (work a path out and save it)."""
    from shuangkong.app.acting import acting
    from shuangkong.app.scenarios import place_of, saved
    from shuangkong.engine.api import Workspace

    opened = Workspace.open(workspace)
    who = acting(opened, as_name, "scenarios save")
    place = place_of(opened, who.scope, region)
    scenario = _asked(place, moves, base, horizon, instead, seed)
    made = saved(opened, who.scope, place, scenario, title, because, principal=who.principal)
    if as_json:
        put_json({"scenario_id": made})
    else:
        typer.echo(made)


@scenarios_app.command("list")
def list_command(
    workspace: WorkspaceOption = DEFAULT_WORKSPACE, as_json: AsJson = False, as_name: AsName = ""
) -> None:  # fmt: skip
    """列出可见的情景 (scenarios that one may see)."""
    from shuangkong.app.acting import acting
    from shuangkong.dualcontrol.api import scenarios_seen
    from shuangkong.engine.api import Workspace, reading

    opened = Workspace.open(workspace)
    who = acting(opened, as_name, "scenarios list")
    with reading(opened.engine) as db:
        found = scenarios_seen(db, who.scope, opened.clock())
    if as_json:
        put_json({"scenarios": [
            {"scenario_id": s.scenario_id, "subject_id": s.subject_id, "title": s.title, "because": s.because,
             "shared": s.shared, "synthetic": s.synthetic, "made_at": s.made_at.isoformat()} for s in found
        ]})  # fmt: skip
        return
    for s in found:
        typer.echo(f"{s.scenario_id}  {s.made_at:%Y-%m-%d}  {s.title}{'  (合成)' if s.synthetic else ''}")


@scenarios_app.command("show")
def show_command(
    scenario: Annotated[str, typer.Argument(help="情景编号 (id of a scenario)")],
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    as_json: AsJson = False,
    lang: Speaks = Lang.zh,
    as_name: AsName = "",
) -> None:
    """查看一个情景，按现在的程序重新推算 (one scenario, worked out again)."""
    from shuangkong.app.acting import acting
    from shuangkong.app.scenarios import read_again
    from shuangkong.engine.api import Workspace

    opened = Workspace.open(workspace)
    who = acting(opened, as_name, "scenarios show")
    read = read_again(opened, who.scope, scenario)
    about = {"scenario_id": scenario, "title": read.saved.title, "synthetic": read.saved.synthetic,
             "same_as_saved": read.same}  # fmt: skip
    _put(read.scenario, read.worked, as_json, lang, about)


def _asked(
    place: Place, moves: list[str] | None, base: int, horizon: int, instead: str, seed: int
) -> Scenario:  # fmt: skip
    from shuangkong.app.scenarios import assumed, begun

    start = begun(place, base or None)
    given = dict(_move(m) for m in moves or [])
    unknown = sorted(set(given) - set(start.ranges))
    if unknown:
        raise UserError("CLI-001", f"{', '.join(unknown)} cannot be moved here.", where="--set",
                        remedy=f"There are {', '.join(start.ranges)}.")  # fmt: skip
    last = horizon or start.assumed.horizon
    return assumed(start, place, given, horizon=last, instead=instead, seed=seed)


def _move(text: str) -> tuple[str, Decimal]:
    from shuangkong.kernel.numbers import parse_decimal

    name, _, figure = text.partition("=")
    value = parse_decimal(figure)
    if value is None:
        raise UserError("CLI-001", f"“{text[:40]}” sets no lever.", where="--set", remedy="Write growth=5.")
    return name.strip(), value


def _put(scenario: Scenario, worked: Any, as_json: bool, lang: Lang, about: dict[str, Any]) -> None:
    import json

    from shuangkong.dualcontrol.api import canonical, scenario_data

    data = scenario_data(worked)
    if as_json:
        put_json({**about, "is_a_book": False, "inputs": json.loads(canonical(scenario)), **data})
        return
    for line in lines(about, scenario, data, language_of(lang)):
        typer.echo(line)


def lines(about: dict[str, Any], scenario: Scenario, data: dict[str, Any], language: str) -> list[str]:
    """A path on one screen: the peak, the goals, and the lever that closes each with the least of its range."""
    i = 0 if language == "zh" else 1
    name = about.get("title") or about.get("region")
    made = (" (合成)", " (synthetic)")[i] if about["synthetic"] else ""
    out = [f"{name}{made}  {scenario.base.year}–{scenario.assumed.horizon}"]
    peak = data["peak_year"]
    out.append((f"碳达峰：{peak or '推算期内未达峰'}", f"peak: {peak or 'not within the path'}")[i])
    for g in data["goals"]:
        asked = g["value"] if g["kind"] != "peak" else ("", "by ")[i] + str(g["year"]) + ("年前", "")[i]
        unit = "" if g["kind"] == "peak" else "%"
        reached = g["reached"] if g["reached"] is not None else "—"
        out.append(f"  {_WORDS[g['kind']][i]} {g['year']}: {reached}{unit} / {asked}{unit}  {_WORDS[g['state']][i]}")
        best = next((x for x in g["levers"] if x["reach"] == "closes"), None)
        if best is not None:
            out.append(f"    {best['lever']} {best['now']} → {best['needed']}")
    for p in data["path"]:
        out.append(f"  {p['year']}  {p['energy_tce']} tce  {p['co2_tco2']} tCO2")
    return out
