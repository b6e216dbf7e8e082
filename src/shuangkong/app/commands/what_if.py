"""`what-if` tries a change of packs on all units, projects and regions of a workspace; the books stay as they are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

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
    put_json,
)
from shuangkong.kernel.errors import UserError

_EFFECTS = {
    "red": ("转红", "become red"), "loses": ("变差", "lose"), "gains": ("变好", "gain"),
    "no_longer_red": ("不再为红", "are no longer red"), "changed": ("有变化", "change"),
}  # fmt: skip

_KINDS = {"unit": ("用能单位", "units"), "region": ("地区", "regions"), "project": ("项目", "projects")}
_BALANCE = (
    "{kind}：多得或少付 {gained} 元，少得或多付 {lost} 元，资料不足 {n} 个",
    "{kind}: gained {gained} yuan, lost {lost} yuan, {n} cannot be told",
)


def add(app: typer.Typer) -> None:
    """Hang the command on the program."""
    app.command("what-if")(what_if_command)


def what_if_command(
    change: Annotated[
        list[Path],
        typer.Option("--change", help="变更文件；给两个则并列 (change file; two of them stand side by side)"),
    ],
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    propose: Annotated[
        Path | None, typer.Option("--proposal", help="写出可转交的签名变更 (write the change to hand on, signed)")
    ] = None,
    as_json: AsJson = False,
    lang: Speaks = Lang.zh,
    as_name: AsName = "",
) -> None:
    """试算：改参数、规则行或目标，看谁受益、谁受损、谁转红、花多少省多少 (try out a change; the books stay)."""
    from shuangkong.app.acting import acting
    from shuangkong.app.explaining import packs_of_run
    from shuangkong.app.whatif import proposal, read_change, signed_so, try_out
    from shuangkong.app.whatif_effects import effects
    from shuangkong.engine.api import Workspace

    if len(change) > 2 or (propose is not None and len(change) > 1):
        remedy = "Give one, or two to compare; a proposal is written of one."
        raise UserError("CLI-001", "there are too many change files.", where="--change", remedy=remedy)
    opened = Workspace.open(workspace)
    who = acting(opened, as_name, "what-if")
    answers: list[dict[str, Any]] = []
    for path in change:
        overlay = read_change(bytes_of(path), str(path))
        one = try_out(opened, overlay, principal=who.principal, scope=who.scope)
        packs = packs_of_run(opened, one.run)
        found = effects(opened, one, packs, who.scope)
        answers.append({
            "scenario": one.run.run_id, "base": one.base.run_id, "name": overlay.name, "because": overlay.because,
            "signature": signed_so(opened, overlay, packs_of_run(opened, one.base)) if overlay.proposal else None,
            "replaced": [vars_of(r) for r in one.replaced], **found.as_dict(),
        })  # fmt: skip
        if propose is not None:
            propose.write_bytes(proposal(opened, one, who.name))
    if as_json:
        put_json(answers[0] if len(answers) == 1 else {"scenarios": answers})
        return
    for answer in answers:
        for line in lines(answer, language_of(lang)):
            typer.echo(line)


def vars_of(replacement: Any) -> dict[str, Any]:
    """What was replaced, as plain data."""
    return {n: getattr(replacement, n) for n in ("pack", "entry", "field", "was", "becomes", "because")}


def lines(answer: dict[str, Any], language: str) -> list[str]:
    """The scenario on one screen."""
    i = 0 if language == "zh" else 1
    out = [f"{answer['name']}  {answer['scenario']}  {answer['because']}"]
    out += [f"  {r['pack']} {r['entry']} {r['field']}: {r['was']} → {r['becomes']}" for r in answer["replaced"]]
    head = ("主体", "subjects")[i]
    out.append(f"{head}: " + "  ".join(f"{_EFFECTS[e][i]} {answer['subjects'][e]}" for e in _EFFECTS))
    for kind, n in answer["kinds"].items():
        named = _KINDS.get(kind, (kind, kind))[i]
        out.append(f"  {named}: " + "  ".join(f"{_EFFECTS[e][i]} {n[e]}" for e in _EFFECTS))
    for b in answer["balance"]:
        named = _KINDS.get(b["kind"], (b["kind"], b["kind"]))[i]
        out.append("  " + _BALANCE[i].format(kind=named, gained=b["gained_yuan"], lost=b["lost_yuan"], n=b["untold"]))
    for m in answer["money"]:
        sign = "+" if m["difference"] > 0 else ""
        moved = f"{m['was']} → {m['now']} {m['unit']} ({sign}{m['difference']})"
        out.append(f"  {m['entry']} {m['output']} {m['period']}: {moved}")
    for g in answer["energy"]:
        out.append(f"  {g['indicator']} {g['period']}: {g['was']} → {g['now']} {g['unit']}")
    return out
