"""What changes in a scenario (试算变化), row by row: filtered, sorted and paged, and as a file; two side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa

from shuangkong.app.web.listings import Eyes, Listing
from shuangkong.app.web.reading import RunView
from shuangkong.app.web.sentences import Teller
from shuangkong.app.web.tables_drawn import answered
from shuangkong.judgement.api import RULE_FINDINGS, SIGNAL_LABELS
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.policy.api import PackSet
from shuangkong.webkit.api import (
    STATUS_MARKS,
    Condition,
    FileSource,
    Speaker,
    TableColumn,
    TableSpec,
    Told,
    period_words,
)

EFFECTS = {
    "red": Label("转红", "becomes red"), "loses": Label("变差", "loses"), "gains": Label("变好", "gains"),
    "no_longer_red": Label("不再为红", "is no longer red"), "changed": Label("有变化", "changes"),
}  # fmt: skip
ABOUT = {"target": Label("目标", "target"), "rule": Label("规则", "rule")}
_ORDER = {name: place for place, name in enumerate(EFFECTS)}

SPEC = TableSpec(
    "whatif-changes",
    Label("试算变化", "Changes of a scenario"),
    (
        TableColumn("effect", Label("影响", "Effect"), filter="choice", sortable=True, by="rank"),
        TableColumn("subject", Label("主体", "Subject"), sortable=True, by="place", wrap=True, exported=False),
        TableColumn("what", Label("事项", "What"), wrap=True, exported=False),
        TableColumn("period", Label("期间", "Period"), sortable=True, filter="choice"),
        TableColumn("was", Label("原为", "Was"), wrap=True, exported=False),
        TableColumn("becomes", Label("变为", "Becomes"), wrap=True, exported=False),
        TableColumn("becomes_other", Label("另一情景", "In the other scenario"), wrap=True, exported=False),
        TableColumn("clause", Label("条款", "Clause"), filter="contains"),
        TableColumn("kind", Label("主体类别", "Kind of subject"), filter="choice", shown=False),
        TableColumn("about", Label("目标或规则", "Target or rule"), filter="choice", shown=False),
        TableColumn("with", Label("并列情景", "Beside"), filter="given", shown=False, exported=False),
        TableColumn("effect_other", Label("另一情景的影响", "effect in the other scenario"), shown=False),
        TableColumn("subject_id", Label("主体号", "subject"), shown=False),
        TableColumn("finding_key", Label("结论号", "finding"), shown=False),
        TableColumn("pack", Label("规则包", "pack"), shown=False),
        TableColumn("entry", Label("条目", "entry"), shown=False),
        TableColumn("amount_was", Label("原金额或数值", "amount before"), "number", "column:unit", shown=False),
        TableColumn("amount_now", Label("变为的金额或数值", "amount"), "number", "column:unit", shown=False),
        TableColumn("amount_other", Label("另一情景的金额或数值", "amount in the other"), "number", "column:unit",
                    shown=False),
        TableColumn("unit", Label("单位", "unit"), shown=False),
    ),
    key=("finding_key",),
    orders={"attention": ("rank", "place", "-period"), "subject": ("place", "-period"), "period": ("-period", "place")},
    default="attention",
    search=("subject_zh", "subject_en", "place", "entry", "clause"),
    codes=True,
)  # fmt: skip
_TEXT = (
    "finding_key", "subject_id", "subject_zh", "subject_en", "place", "kind", "about", "pack", "edition", "entry",
    "indicator", "period", "clause", "unit", "effect", "effect_other", "with",
    "was", "signal_was", "now", "signal_now", "other", "signal_other",
)  # fmt: skip
_AMOUNT = pa.decimal128(38, 6)
_FIGURES = ("asked_was", "asked_now", "asked_other", "amount_was", "amount_now", "amount_other")


def merged(shown: Sequence[dict[str, Any]], other: str) -> list[dict[str, Any]]:
    """What changes in any of the scenarios, one row for each finding, with what it becomes in each."""
    rows: dict[str, dict[str, Any]] = {}
    for place, one in enumerate(shown):
        for r in one["effects"].changed:
            at = rows.setdefault(r["finding_key"], {
                "finding_key": r["finding_key"], "subject_id": r["subject_id"], "subject_zh": r["name_zh"],
                "subject_en": r["name_en"], "place": r["code"] or r["subject_id"], "kind": r["kind"],
                "about": r["about"], "pack": r["pack"], "edition": r.get("edition"), "entry": r["entry"],
                "indicator": r.get("indicator"), "period": r["period"], "clause": r["clause"], "unit": r["unit"],
                "was": r["was"], "signal_was": r.get("signal_was"), "asked_was": r.get("asked_was"), "with": other,
                "amount_was": r["amount_was"],
            })  # fmt: skip
            side = "now" if place == 0 else "other"
            at |= {
                side: r["now"], f"signal_{side}": r.get("signal_now"), f"asked_{side}": r.get("asked_now"),
                f"amount_{side}": r["amount_now"], "effect" if place == 0 else "effect_other": r["effect"],
            }  # fmt: skip
    return list(rows.values())


def changes_source(view: RunView, rows: Sequence[dict[str, Any]]) -> FileSource:
    """The rows as a source of tables: nothing of a neighbour is among them."""
    columns = {name: pa.array([r.get(name) for r in rows], pa.string()) for name in _TEXT}
    columns |= {name: pa.array([r.get(name) for r in rows], _AMOUNT) for name in _FIGURES}
    ranks = [min(_ORDER.get(r.get(e) or "", 9) for e in ("effect", "effect_other")) for r in rows]
    columns["rank"] = pa.array(ranks, pa.int64())
    listing = (
        "SELECT *, subject_id AS subject, entry AS what, now AS becomes, other AS becomes_other FROM whatif_changes"
    )
    return FileSource(
        view.run.folder, RULE_FINDINGS, view.scope, view.seen, names={"whatif_changes": pa.table(columns)},
        listing=listing, key=("finding_key",), kept=True, search=SPEC.search,
    )  # fmt: skip


def words(view: RunView, speaker: Speaker) -> dict[str, Callable[[str], str]]:
    """What people call the values of the filters."""

    def coded(group: str) -> Callable[[str], str]:
        return lambda value: speaker.say(f"{group}.{value}") if speaker.has(f"{group}.{value}") else value

    return {
        "effect": lambda v: speaker.label(EFFECTS[v]) if v in EFFECTS else v,
        "effect_other": lambda v: speaker.label(EFFECTS[v]) if v in EFFECTS else v,
        "about": lambda v: speaker.label(ABOUT[v]) if v in ABOUT else v,
        "kind": coded("subject_kind"), "sort": coded("sort"),
        "period": lambda v: period_words(v, speaker.language),
    }  # fmt: skip


def name_of(view: RunView, packs: PackSet, speaker: Speaker, row: Any) -> str:
    """What a row is about: the indicator of a target, or the table of a rule."""
    if row["about"] == "target":
        return Teller(view, speaker).indicator(row["indicator"])
    try:
        return speaker.label(packs.table(f"{row['pack']}@{row['edition']}", row["entry"]).label.label)
    except UserError:
        return str(row["entry"])


def said(packs: PackSet, speaker: Speaker, row: Any, side: str) -> str:
    """One side of a row (was, now, other) in words: a status, or the answer of a rule with what it means."""
    value = row[side]
    if row["about"] == "target":
        return speaker.label(STATUS_MARKS[value].label) if value in STATUS_MARKS else "—"
    try:
        told = answered(packs.table(f"{row['pack']}@{row['edition']}", row["entry"]), value, speaker)
    except UserError:
        told = value or ""
    meant = row[f"signal_{side}"]
    told = told or speaker.say("whatif.nothing")
    return f"{told} · {speaker.label(SIGNAL_LABELS[meant])}" if meant else told


def listing(view: RunView, shown: Sequence[dict[str, Any]], run_id: str, other: str, speaker: Speaker) -> Listing:
    """The list of one scenario, or of two side by side, at its own address."""
    packs: PackSet = shown[0]["packs"]
    rows = merged(shown, other)
    tell = Teller(view, speaker)
    named = words(view, speaker)
    columns = tuple(c for c in SPEC.columns if other or not c.name.endswith("_other"))
    spec = TableSpec(
        SPEC.name, SPEC.label, columns, key=SPEC.key, orders=SPEC.orders, default=SPEC.default, search=SPEC.search,
        codes=True,
    )  # fmt: skip

    def told(_: Eyes) -> Sequence[Told]:
        both = (
            Told(speaker.label(SPEC["becomes_other"].label), lambda row: said(packs, speaker, row, "other")),
        ) if other else ()  # fmt: skip
        return (
            Told(speaker.say("csv.subject"), lambda row: tell.who(row["subject_id"]), ("subject_id",)),
            Told(speaker.label(SPEC["what"].label), lambda row: name_of(view, packs, speaker, row)),
            Told(speaker.label(SPEC["effect"].label), lambda row: row["effect"] and named["effect"](row["effect"])),
            Told(speaker.label(SPEC["was"].label), lambda row: said(packs, speaker, row, "was")),
            Told(speaker.label(SPEC["becomes"].label), lambda row: said(packs, speaker, row, "now")),
            *both,
        )

    return Listing(
        spec, "scenario.run", lambda _, __: changes_source(view, rows), lambda eyes: words(view, eyes.speaker),
        told=told, given=lambda _: {"with": lambda value: Condition(("with",), "is", (value,))},
        at=f"/whatif/{run_id}",
    )  # fmt: skip
