"""`cases list`, `show`, `propose`, `open`, `join`, `by-hand`, `step`, `evidence`, `letter`, `close`: the measures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shuangkong.app.commands.cases_joining import join_command
from shuangkong.app.commands.options import (
    DEFAULT_WORKSPACE,
    AsJson,
    AsName,
    Lang,
    Speaks,
    WorkspaceOption,
    acting_in,
    bytes_of,
    day_of,
    language_of,
    put_json,
)
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label

if TYPE_CHECKING:
    from shuangkong.casework.api import Case, Ground, Proposed
    from shuangkong.engine.api import Workspace

Id = Annotated[str, typer.Argument(metavar="CASE", help="督办编号 (number of the case)")]
Why = Annotated[str, typer.Option("--why", help="理由 (the reason)")]
_STEPS = "办理哪一步 (step): serve, answer, accept, submit, adjust, keep, assign, extend, note"
_REVIEWS = "复核的步骤 (step of the review): close, send_back, withdraw, reopen, publish, unpublish"
_LETTERS = "文书，不填为该措施的文书 (letter): reminder, talk, stop, suspension, rectify, lift"
StepName = Annotated[str, typer.Argument(metavar="STEP", help=_STEPS)]
ReviewName = Annotated[str, typer.Option("--step", help=_REVIEWS)]
LetterName = Annotated[str, typer.Option("--kind", help=_LETTERS)]
_NONE = Label(
    "没有督办事项。下一步：shuangkong cases propose 查看待立案的后果。",
    "There are no cases. Next: `shuangkong cases propose` shows what may be opened.",
)
_NOTHING = Label("最近一次运算没有待立案的后果。", "The newest run brings nothing to open a case upon.")
_OPEN_NEXT = Label("下一步：shuangkong cases open 编号 --responsible 责任人 --why 理由",
                   "Next: `shuangkong cases open KEY --responsible WHO --why REASON`")  # fmt: skip
_HAND_NEXT = Label(
    "下一步：加 --upon 条款 --file 材料 --ground 事实 --on 日期 --responsible 责任人 --why 理由",
    "Next: add --upon CLAUSE --file RECORD --ground WORDS --on DAY --responsible WHO --why REASON",
)
_BY_HAND = Label("人工立案", "opened by hand")
_BESIDE = Label("已有人工立案第 {n} 号，见 cases join", "opened by hand: no. {n}, see `cases join`")
_HAND_NONE = Label("没有列出可据以人工立案的条款。", "No clause is listed upon which a case may be opened by hand.")
_STEP_NEXT = Label("下一步可办：{steps}", "Steps that may follow: {steps}")


def add(app: typer.Typer) -> None:
    """Hang the commands on the program."""
    cases = typer.Typer(help="督办事项 (cases: measures being carried out)", no_args_is_help=True)
    cases.command("list")(list_command)
    cases.command("show")(show_command)
    cases.command("propose")(propose_command)
    cases.command("open")(open_command)
    cases.command("join")(join_command)
    cases.command("by-hand")(by_hand_command)
    cases.command("step")(step_command)
    cases.command("evidence")(evidence_command)
    cases.command("letter")(letter_command)
    cases.command("close")(close_command)
    app.add_typer(cases, name="cases")


def list_command(
    overdue: Annotated[bool, typer.Option("--overdue", help="只列逾期的 (overdue ones alone)")] = False,
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    as_json: AsJson = False,
    lang: Speaks = Lang.zh,
    as_name: AsName = "",
) -> None:
    """列出督办事项 (list cases)."""
    from shuangkong.app.web.cases_list import case_json
    from shuangkong.casework.api import cases_seen
    from shuangkong.engine.api import reading
    from shuangkong.webkit.api import business_day

    opened, who = acting_in(workspace, as_name, "cases list")
    now = opened.clock()
    today = business_day(now)
    with reading(opened.engine) as db:
        found = [c for c in cases_seen(db, who.scope, now) if not overdue or c.overdue(today)]
    if as_json:
        put_json([case_json(c, today, inner=True) for c in found])
        return
    for case in found:
        typer.echo(_line(case, lang))
    if not found:
        typer.echo(_NONE.in_(language_of(lang)))


def show_command(
    name: Id,
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    as_json: AsJson = False,
    lang: Speaks = Lang.zh,
    as_name: AsName = "",
) -> None:
    """查看一件事项及其办理经过 (one case with its history)."""
    from shuangkong.app.web.cases_list import case_json
    from shuangkong.casework.api import STEPS, case_seen, evidence_of, steps_of
    from shuangkong.engine.api import reading
    from shuangkong.webkit.api import business_day

    opened, who = acting_in(workspace, as_name, "cases show")
    now, scope = opened.clock(), who.scope.for_writing()
    with reading(opened.engine) as db:
        case = case_seen(db, scope, now, name)
        history = steps_of(db, scope, now, case.case_id)
        files = evidence_of(db, scope, now, case.case_id)
    if as_json:
        told = case_json(case, business_day(now), inner=True)
        told["history"] = [
            {"number": s.number, "at": s.at, "principal": s.principal, "step": s.step, "why": s.why,
             "detail": dict(s.detail)} for s in history
        ]  # fmt: skip
        told["evidence"] = [{"item": f.item, "name": f.name, "sha256": f.sha256, "bytes": f.bytes} for f in files]
        put_json(told)
        return
    language = language_of(lang)
    typer.echo(_line(case, lang))
    for s in history:
        typer.echo(f"  {s.at:%Y-%m-%d %H:%M} {STEPS[s.step].in_(language)} {s.principal} {s.why}")
    for f in files:
        typer.echo(f"  {f.item} {f.name} {f.sha256[:12]}")
    typer.echo(_next(case, lang))


def propose_command(
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    as_json: AsJson = False,
    lang: Speaks = Lang.zh,
    as_name: AsName = "",
) -> None:
    """列出最近一次运算得出、还没有立案的后果 (consequences of the newest run upon which there is no case)."""
    from shuangkong.app.casework import hand_cases, newest, packs_for, waiting

    opened, who = acting_in(workspace, as_name, "cases propose")
    run = newest(opened, who.scope)
    found = waiting(opened, run, packs_for(opened, run), who.scope)
    by_hand = {k: [c.number for c in some] for k, some in hand_cases(opened, who.scope, found).items()}
    if as_json:
        put_json([_proposal_json(p) | {"cases_by_hand": by_hand.get(p.key, [])} for p in found])
        return
    names = _names(opened, found, lang)
    for p in found:
        assert p.measure.kind is not None
        kind = _kinds()[p.measure.kind].in_(language_of(lang))
        g = p.ground
        name, said = names.get(g.subject_id, g.subject_id), _answer(g, language_of(lang))
        beside = "".join(f"  ! {_BESIDE.in_(language_of(lang)).format(n=n)}" for n in by_hand.get(p.key, ()))
        typer.echo(f"{p.key}  {kind}  {name}  {g.since}–{g.period}  {said}{beside}")
    typer.echo((_OPEN_NEXT if found else _NOTHING).in_(language_of(lang)))


def open_command(
    key: Annotated[str, typer.Argument(metavar="KEY", help="编号，见 cases propose (key shown by cases propose)")],
    why: Why,
    responsible: Annotated[str, typer.Option("--responsible", help="责任部门或责任人 (who is responsible)")] = "",
    decline: Annotated[bool, typer.Option("--decline", help="不予立案 (keep that it is not opened)")] = False,
    apart: Annotated[bool, typer.Option("--apart", help="与人工立案不是同一件事 (not the case by hand)")] = False,
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    as_json: AsJson = False,
    lang: Speaks = Lang.zh,
    as_name: AsName = "",
) -> None:
    """立案 (open a case upon a consequence of the newest run)."""
    from shuangkong.app.casework import open_proposed

    opened, who = acting_in(workspace, as_name, "cases open")
    case = open_proposed(opened, who.scope, key, responsible=responsible, why=why, decline=decline, apart=apart)
    _told(opened, case, as_json=as_json, lang=lang)


def by_hand_command(
    subject: Annotated[str, typer.Argument(metavar="SUBJECT", help="对象的代码或全称 (code or whole name)")],
    file: Annotated[Path | None, typer.Option("--file", help="立案依据材料 (the record; none: list clauses)")] = None,
    upon: Annotated[str, typer.Option("--upon", help="依据的条款，见不带 --file 的列表 (clause, as listed)")] = "",
    ground: Annotated[str, typer.Option("--ground", help="事实 (what happened)")] = "",
    on_day: Annotated[str, typer.Option("--on", help="事实发生或被告知的日期 (day of it)")] = "",
    responsible: Annotated[str, typer.Option("--responsible", help="责任部门或责任人 (who is responsible)")] = "",
    why: Annotated[str, typer.Option("--why", help="立案理由 (the reason)")] = "",
    item: Annotated[str, typer.Option("--item", help="材料种类 (kind of record)")] = "立案依据材料",
    days: Annotated[int | None, typer.Option("--days", help="首个期限的工作日数 (working days to serve)")] = None,
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    as_json: AsJson = False,
    lang: Speaks = Lang.zh,
    as_name: AsName = "",
) -> None:
    """人工立案；不带 --file 时列出可依据的条款 (open a case by hand; without --file, list the clauses)."""
    from shuangkong.app.casework import hand_choices, opened_by_hand, subject_named
    from shuangkong.app.catalogue import library
    from shuangkong.casework.api import ByHand, occasions

    opened, who = acting_in(workspace, as_name, "cases by-hand")
    about = subject_named(opened, who.scope, subject)
    if file is None:
        packs = library(workspace=opened)
        found = occasions(hand_choices(opened, who.scope, about, None, packs), packs)
        if as_json:
            put_json([{"upon": key, "zh": words.zh, "en": words.en} for key, words in found.items()])
            return
        for key, words in found.items():
            typer.echo(f"{key}  {words.in_(language_of(lang))}")
        typer.echo((_HAND_NEXT if found else _HAND_NONE).in_(language_of(lang)))
        return
    content = bytes_of(file)
    given = ByHand(
        about, upon, ground, day_of(on_day, "--on"), responsible, why, item, file.name, content, days
    )  # fmt: skip
    _told(opened, opened_by_hand(opened, who.scope, given), as_json=as_json, lang=lang)


def step_command(
    name: Id,
    step: StepName,
    why: Why,
    responsible: Annotated[str, typer.Option("--responsible", help="改派给谁 (assign: to whom)")] = "",
    until: Annotated[str, typer.Option("--until", help="新的期限 (extend: a working day)")] = "",
    number: Annotated[str, typer.Option("--number", help="发文字号 (serve: number of the letter)")] = "",
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    as_json: AsJson = False,
    lang: Speaks = Lang.zh,
    as_name: AsName = "",
) -> None:
    """办理一步 (take a step that carries a case on)."""
    from shuangkong.app.casework import step_on
    from shuangkong.app.web.cases_forms import ACT
    from shuangkong.casework.api import Taken

    opened, who = acting_in(workspace, as_name, "cases step")
    day = day_of(until, "--until") if until else None
    given = Taken(responsible=responsible, deadline=day, doc_number=number)
    case = step_on(opened, who.scope, name, _one_of(step, ACT), why=why, given=given)
    _told(opened, case, as_json=as_json, lang=lang)


def evidence_command(
    name: Id,
    file: Annotated[Path, typer.Argument(help="材料文件 (the file)")],
    item: Annotated[str, typer.Option("--item", help="材料名称，如 书面回复 (item of the case)")],
    why: Why,
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    as_json: AsJson = False,
    lang: Speaks = Lang.zh,
    as_name: AsName = "",
) -> None:
    """提交材料 (hand in evidence)."""
    from shuangkong.casework.api import case_seen, hand_in
    from shuangkong.engine.api import reading

    opened, who = acting_in(workspace, as_name, "cases evidence")
    content = bytes_of(file)
    with reading(opened.engine) as db:
        case = case_seen(db, who.scope.for_writing(), opened.clock(), name)
    made = hand_in(opened, who.scope, case.case_id, item=item, name=file.name, content=content, why=why)
    if as_json:
        put_json({"evidence": made.evidence_id, "case": case.number, "item": made.item, "sha256": made.sha256})
    else:
        typer.echo(f"{made.item} {made.name} {made.sha256}")


def letter_command(
    name: Id,
    to: Annotated[Path | None, typer.Option("--to", help="写到哪个文件夹 (folder to write into)")] = None,
    kind: LetterName = "",
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    as_json: AsJson = False,
    lang: Speaks = Lang.zh,
    as_name: AsName = "",
) -> None:
    """起草文书（Word） (draft the letter of a case as Word)."""
    from shuangkong.app.casework import drafted
    from shuangkong.casework.api import LETTERS

    opened, who = acting_in(workspace, as_name, "cases letter")
    wanted = None if not kind else _one_of(kind, tuple(LETTERS))
    file_name, content = drafted(opened, who.scope.for_writing(), name, wanted)
    path = (to or Path()) / file_name
    try:
        path.write_bytes(content)
    except OSError as wrong:
        remedy = "Name a folder that is there."
        raise UserError("CLI-001", f"{wrong.strerror}.", where=str(path), remedy=remedy) from wrong
    if as_json:
        put_json({"file": str(path), "bytes": len(content)})
    else:
        typer.echo(str(path))


def close_command(
    name: Id,
    why: Why,
    step: ReviewName = "close",
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    as_json: AsJson = False,
    lang: Speaks = Lang.zh,
    as_name: AsName = "",
) -> None:
    """复核：办结、退回、撤销、重新办理或公开 (review: close, send back, withdraw, reopen or publish)."""
    from shuangkong.app.casework import step_on
    from shuangkong.app.web.cases_forms import CLOSE

    opened, who = acting_in(workspace, as_name, "cases close")
    case = step_on(opened, who.scope, name, _one_of(step, CLOSE), why=why)
    _told(opened, case, as_json=as_json, lang=lang)


def _one_of(given: str, known: tuple[Any, ...]) -> Any:
    if given not in known:
        raise UserError("CLI-001", f"“{given}” is none of {', '.join(known)}.", where="cases",
                        remedy="Name one of them.")  # fmt: skip
    return given


def _kinds() -> Any:
    from shuangkong.casework.api import KINDS

    return KINDS


def _line(case: Case, lang: Lang) -> str:
    from shuangkong.casework.api import GROUND_STATES, KINDS, STATES

    language = language_of(lang)
    due = f"{case.deadline}" if case.deadline else "—"
    parts = (
        f"{case.number:4d}", KINDS[case.kind].in_(language), case.subject_en if language == "en" else case.subject_zh,
        STATES[case.state].in_(language), due, f"{case.since}–{case.period}", _answer(case, language),
    )  # fmt: skip
    marked = "" if case.ground_state == "stands" else f"  ! {GROUND_STATES[case.ground_state].in_(language)}"
    return "  ".join(parts) + (f"  {_BY_HAND.in_(language)}" if case.by_hand else "") + marked


def _answer(case: Case | Ground, language: Any) -> str:
    """The consequence, or the occasion of a case opened by hand, in the words of the pack."""
    from shuangkong.casework.api import called
    from shuangkong.policy.api import builtin_packs

    return called(builtin_packs(), f"{case.pack_id}@{case.pack_edition}", case.slug, case.answer).in_(language)


def _next(case: Case, lang: Lang) -> str:
    from shuangkong.casework.api import STEPS, allowed

    language = language_of(lang)
    steps = [f"{s}（{STEPS[s].zh}）" if language == "zh" else f"{s} ({STEPS[s].en})" for s in allowed(case)]
    return _STEP_NEXT.in_(language).format(steps=", ".join(steps))


def _told(opened: Workspace, case: Case, *, as_json: bool, lang: Lang) -> None:
    from shuangkong.app.web.cases_list import case_json
    from shuangkong.webkit.api import business_day

    if as_json:
        put_json(case_json(case, business_day(opened.clock()), inner=True))
        return
    typer.echo(_line(case, lang))
    typer.echo(_next(case, lang))


def _proposal_json(p: Proposed) -> dict[str, Any]:
    g = p.ground
    return {
        "key": p.key, "kind": p.measure.kind, "subject_id": g.subject_id, "pack": f"{g.pack_id}@{g.pack_edition}",
        "table": g.slug, "clause": g.clause, "answer": g.answer, "since": g.since, "period": g.period,
        "basis": g.basis, "confidence": g.confidence, "synthetic": g.synthetic, "finding_key": g.finding_key,
        "run_id": g.run_id, "evidence_needed": list(p.measure.evidence), "excepted": p.measure.excepted,
    }  # fmt: skip


def _names(opened: Workspace, found: list[Proposed], lang: Lang) -> dict[str, str]:
    from shuangkong.engine.api import reading
    from shuangkong.kernel.scope import Scope
    from shuangkong.registry.api import names_of

    with reading(opened.engine) as db:
        ids = {p.ground.subject_id for p in found}
        named = names_of(db, ids, Scope.system("name what is proposed"), opened.clock())
    return {k: label.in_(language_of(lang)) for k, label in named.items()}
