"""`cases join`: what the newest run found, joined to a case that was opened by hand upon the same matter."""

from __future__ import annotations

from typing import Annotated

import typer

from shuangkong.app.commands.options import (
    DEFAULT_WORKSPACE,
    AsJson,
    AsName,
    Lang,
    Speaks,
    WorkspaceOption,
    acting_in,
    language_of,
    put_json,
)
from shuangkong.kernel.labels import Label

_DONE = Label("第 {n} 号已并入运算依据：{since}–{period}", "no. {n}: the ground of a run was joined, {since}–{period}")


def join_command(
    name: Annotated[str, typer.Argument(metavar="CASE", help="人工立案的编号 (number of the case opened by hand)")],
    key: Annotated[str, typer.Argument(metavar="KEY", help="编号，见 cases propose (key shown by cases propose)")],
    why: Annotated[str, typer.Option("--why", help="理由 (the reason)")],
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    as_json: AsJson = False,
    lang: Speaks = Lang.zh,
    as_name: AsName = "",
) -> None:
    """把运算依据并入已有人工立案 (join what the newest run found to a case opened by hand)."""
    from shuangkong.app.casework import join_proposed
    from shuangkong.app.web.cases_list import case_json
    from shuangkong.webkit.api import business_day

    opened, who = acting_in(workspace, as_name, "cases join")
    case = join_proposed(opened, who.scope, name, key, why=why)
    if as_json:
        put_json(case_json(case, business_day(opened.clock()), inner=True))
        return
    found = case.ground.of_run
    typer.echo(_DONE.in_(language_of(lang)).format(n=case.number, since=found.since, period=found.period))
