"""`sharing`: decompositions at the terminal: work one out, keep it, list, show, propose, write its notice."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
    put_json,
)
from shuangkong.kernel.labels import Label, Language

if TYPE_CHECKING:
    from shuangkong.app.sharing_store import Kept, Version
    from shuangkong.dualcontrol.api import Outcome, Plan
    from shuangkong.engine.api import Workspace

Id = Annotated[str, typer.Argument(metavar="DECOMPOSITION", help="编号，见 sharing list (id of the decomposition)")]
Because = Annotated[str, typer.Option("--because", help="理由 (the reason)")]
Number = Annotated[int, typer.Option("--version", help="版本，不填为最新 (version; the newest if left out)")]
_SHOWN = 40
_NEXT = Label(
    "下一步：shuangkong sharing propose {id} --issuer 发文机关 --because 理由，再由另一人 policy publish。",
    "Next: `shuangkong sharing propose {id} --issuer WHO --because WHY`; a second person then runs `policy publish`.",
)
_CLASH = Label("能源不能闭合，还差 {missing} 吨标准煤", "the energy does not close: {missing} tce are missing")
_CLOSES = Label(
    "上级允许 {upper} = 加码 {margin} + 各对象 {parts} + 单列 {apart} + 预留 {reserve}（吨标准煤）",
    "allowed {upper} = margin {margin} + parts {parts} + listed {apart} + reserve {reserve} (tce)",
)
_YEAR = Label(
    "{year}：{upper} = 加码 {margin} + 各对象 {parts} + 单列 {apart} + 预留 {reserve}",
    "{year}: {upper} = margin {margin} + parts {parts} + listed {apart} + reserve {reserve}",
)
_NONE = Label("没有分解方案", "there is no decomposition")


def add(app: typer.Typer) -> None:
    """Hang the commands on the program."""
    group = typer.Typer(help="目标分解 (share a target out)", no_args_is_help=True)
    group.command("draft")(draft)
    group.command("list")(listed)
    group.command("show")(show)
    group.command("propose")(propose)
    group.command("notice")(notice)
    app.add_typer(group, name="sharing")


def draft(
    file: Annotated[Path, typer.Argument(help="方案 YAML，未写的参数取程序默认值 (plan as YAML; defaults fill in)")],
    parts: Annotated[
        Path | None, typer.Option("--parts", help="分解对象表 xlsx 或 csv (sheet of the parts, xlsx or csv)")
    ] = None,
    because: Because = "",
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    keep: Annotated[bool, typer.Option("--keep", help="存入工作区，须写理由 (keep it; needs a reason)")] = False,
    as_json: AsJson = False,
    lang: Speaks = Lang.zh,
    as_name: AsName = "",
) -> None:
    """按文件试算分解方案，加 --keep 则保存 (work a decomposition out from a file; --keep keeps it)."""
    from shuangkong.app import sharing, sharing_sheet
    from shuangkong.app.acting import acting
    from shuangkong.dualcontrol.api import outcome, outcome_data, plan_from
    from shuangkong.engine.api import Workspace
    from shuangkong.policy.api import PackSet, builtin_packs
    from shuangkong.webkit.api import business_day

    opened = Workspace.open(workspace)
    who = acting(opened, as_name, "sharing draft")
    given = sharing_sheet.plan_file(bytes_of(file), file.name)
    held = sharing.defaults(PackSet(builtin_packs()), business_day(opened.clock()))
    for name in ("weights", "directions"):
        given[name] = {**held[name], **given.get(name, {})}
    if parts is not None:
        given["parts"] = sharing_sheet.rows_of(bytes_of(parts), parts.name)
        sharing_sheet.needed(given["parts"])
    plan = plan_from({**held, **given})
    kept = sharing.save(opened, who.scope, plan, because) if keep else None
    found = outcome(plan)
    if as_json:
        put_json({
            "decomposition": kept.decomposition_id if kept else None, "plan": plan.data(),
            "sha256": plan.content_hash, "outcome": outcome_data(found, plan),
        })  # fmt: skip
        return
    _told(plan, found, language_of(lang))
    if kept:
        typer.echo(f"{kept.decomposition_id}\n{_NEXT.in_(language_of(lang)).format(id=kept.decomposition_id)}")


def listed(
    workspace: WorkspaceOption = DEFAULT_WORKSPACE, as_json: AsJson = False, lang: Speaks = Lang.zh,
    as_name: AsName = "",
) -> None:  # fmt: skip
    """列出分解方案 (decompositions of regions in scope, the last changed first)."""
    from shuangkong.app import sharing
    from shuangkong.app.acting import acting
    from shuangkong.engine.api import Workspace

    opened = Workspace.open(workspace)
    who = acting(opened, as_name, "sharing list")
    rows = sharing.every_seen(opened, who.scope)
    if as_json:
        put_json([_as_json(k) for k in rows])
        return
    for k in rows:
        typer.echo(f"{k.decomposition_id}  {k.region}  v{k.version}  {k.title}")
    if not rows:
        typer.echo(_NONE.in_(language_of(lang)))


def show(
    name: Id, number: Number = 0, workspace: WorkspaceOption = DEFAULT_WORKSPACE, as_json: AsJson = False,
    lang: Speaks = Lang.zh, as_name: AsName = "",
) -> None:  # fmt: skip
    """查看一份分解方案的结果 (what a decomposition gives)."""
    from shuangkong.dualcontrol.api import outcome_data

    _, kept, version, found = _opened(workspace, as_name, "sharing show", name, number)
    if as_json:
        put_json({
            **_as_json(kept), "plan": version.plan.data(), "sha256": version.plan_hash,
            "outcomes": [outcome_data(o, version.plan) for o in found],
        })  # fmt: skip
        return
    _told(version.plan, found[0], language_of(lang))


def propose(
    name: Id,
    because: Because,
    issuer: Annotated[str, typer.Option("--issuer", help="发文机关 (who issues it)")],
    doc_number: Annotated[str, typer.Option("--doc-number", help="文号 (number of the document)")] = "",
    price_base: Annotated[str, typer.Option("--price-base", help="不变价基期年 (year of constant prices)")] = "",
    min_coverage: Annotated[str, typer.Option("--min-coverage", help="判定所需覆盖率 (coverage to judge by)")] = "1",
    per_output: Annotated[
        bool,
        typer.Option(help="另按单位产品或单位增加值能耗考核 (also by energy per product or value added)"),
    ] = True,
    listed_counted: Annotated[
        bool,
        typer.Option(help="地区的单列项目计入总量和强度 (listed projects of regions count in total and intensity)"),
    ] = False,
    number: Number = 0,
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    as_json: AsJson = False,
    lang: Speaks = Lang.zh,
    as_name: AsName = "",
) -> None:
    """把一版分解方案提交为本地规则包，由另一人发布 (propose it as a local pack; a second person publishes it)."""
    from shuangkong.app import sharing
    from shuangkong.app.acting import acting
    from shuangkong.dualcontrol.api import closed_years
    from shuangkong.engine.api import Workspace

    opened = Workspace.open(workspace)
    who = acting(opened, as_name, "sharing propose")
    _, version = sharing.version_seen(opened, who.scope, name, number)
    typed = {
        "issuer": issuer, "doc_number": doc_number, "min_coverage": min_coverage, "per_output": str(int(per_output)),
        "listed": "counted" if listed_counted else "deducted",
    }  # fmt: skip
    given = {**typed, **({"price_base": price_base} if price_base else {})}
    facts = sharing.facts_of(opened, version.plan, given)
    made = sharing.propose(opened, who.scope, name, version.version, facts, because)
    found = sharing.outcomes(opened, version, version.plan)
    if as_json:
        years = closed_years(version.plan, found[0].base) if found else ()
        put_json({"proposal": made, "years_not_closed": [y.data() for y in years if y.missing is not None]})
        return
    typer.echo(made)
    if found:
        _clashes(version.plan, found[0], language_of(lang), err=True)


def notice(
    name: Id,
    out: Annotated[Path, typer.Argument(help="写到的文件 .docx 或 .xlsx (file to write, .docx or .xlsx)")],
    issuer: Annotated[str, typer.Option("--issuer", help="发文机关 (who issues it)")] = "（发文机关）",
    number: Number = 0,
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    lang: Speaks = Lang.zh,
    as_name: AsName = "",
) -> None:
    """写出分解通知（.docx）或附表（.xlsx） (write the notice or its annex)."""
    from shuangkong.app.sharing import closes
    from shuangkong.app.web.energy import method_words
    from shuangkong.app.web.factory import MESSAGES
    from shuangkong.app.web.sharing_notice import annex
    from shuangkong.app.web.sharing_notice import notice as letter
    from shuangkong.engine.api import head, reading
    from shuangkong.webkit.api import Speaker, business_day, read_messages

    opened, _, version, found = _opened(workspace, as_name, "sharing notice", name, number)
    speaker = Speaker(language_of(lang), read_messages(*MESSAGES))
    with reading(opened.engine) as db:
        end = str(head(db))
    if out.suffix.lower() == ".xlsx":
        out.write_bytes(annex(version.plan, found, end, speaker))
        return
    closes(found[0])
    plan, day = version.plan, business_day(opened.clock())
    basis = method_words(plan.basis, speaker, packs_with(None, opened), full=True) if plan.basis else ""
    out.write_bytes(letter(plan, found[0], issuer, day, end, speaker, basis))


def _opened(
    workspace: Path, as_name: str, command: str, name: str, number: int
) -> tuple[Workspace, Kept, Version, tuple[Outcome, ...]]:  # fmt: skip
    from shuangkong.app import sharing
    from shuangkong.app.acting import acting
    from shuangkong.engine.api import Workspace
    from shuangkong.kernel.errors import UserError

    opened = Workspace.open(workspace)
    who = acting(opened, as_name, command)
    kept, version = sharing.version_seen(opened, who.scope, name, number)
    found = sharing.outcomes(opened, version, version.plan)
    if found is None:
        raise UserError("SHARE-003", "it is still being worked out.", case="running", remedy="Wait for its job.")
    return opened, kept, version, found


def _as_json(k: Kept) -> dict[str, Any]:
    return {
        "decomposition": k.decomposition_id, "region": k.region, "title": k.title, "version": k.version,
        "proposal": k.proposal_id, "synthetic": k.synthetic, "made_by": k.made_by, "made_at": k.made_at.isoformat(),
        "changed_at": k.changed_at.isoformat(),
    }  # fmt: skip


def _told(plan: Plan, found: Outcome, language: Language) -> None:
    """Rates of the parts and how the energy closes, on one screen."""
    from shuangkong.dualcontrol.api import Clash, closed_years

    typer.echo(f"{plan.title}  {found.method}  {plan.base_year}–{plan.end_year}  {plan.rate}%")
    if isinstance(found.base, Clash) or found.closing is None:
        missing = found.base.missing if isinstance(found.base, Clash) else 0
        typer.echo(_CLASH.in_(language).format(missing=missing))
        return
    more = {} if found.incentive is None or isinstance(found.incentive, Clash) else {
        s.id: s.rate for s in found.incentive.shares
    }  # fmt: skip
    for p, s in list(zip(plan.parts, found.base.shares, strict=True))[:_SHOWN]:
        typer.echo(f"{p.code}  {p.name}  {s.rate}%  {more.get(s.id, '—')}  {s.allowed} tce")
    if len(plan.parts) > _SHOWN:
        typer.echo(f"… {len(plan.parts)}")
    c = found.closing
    typer.echo(_CLOSES.in_(language).format(
        upper=c.upper, margin=c.margin, parts=c.parts, apart=c.apart, reserve=c.reserve
    ))  # fmt: skip
    for y in closed_years(plan, found.base):
        typer.echo(_YEAR.in_(language).format(
            year=y.year, upper=y.upper, margin=y.margin, parts=y.parts, apart=y.apart,
            reserve="—" if y.reserve is None else y.reserve,
        ))  # fmt: skip
    _clashes(plan, found, language)


def _clashes(plan: Plan, found: Outcome, language: Language, *, err: bool = False) -> None:
    """The years that do not close, each with the tonnes missing and what closes it."""
    from shuangkong.app.web.factory import MESSAGES
    from shuangkong.app.web.sharing_shown import year_told
    from shuangkong.dualcontrol.api import closed_years
    from shuangkong.webkit.api import Speaker, read_messages

    short = [y for y in closed_years(plan, found.base) if y.missing is not None]
    if short:
        speaker = Speaker(language, read_messages(*MESSAGES))
        for y in short:
            typer.echo(year_told(plan, y, speaker), err=err)
