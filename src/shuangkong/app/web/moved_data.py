"""A change taken apart as plain data and as rows of a file (因素分解的导出): exact figures with six places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from shuangkong.accounting.api import TOTALS
from shuangkong.app.web.listings import Eyes, Listing
from shuangkong.app.web.moved_words import MovedWords
from shuangkong.app.web.reading import RunView
from shuangkong.app.web.rows import Subject
from shuangkong.dualcontrol.api import MovedAnswer, Mover, PartMoved
from shuangkong.kernel.labels import Label
from shuangkong.webkit.api import FileSource, Speaker, TableColumn, TableSpec, Told

_FACTORS = {
    "activity": Label("规模", "growth"), "structure": Label("结构", "structure"),
    "intensity": Label("强度", "intensity"), "mix": Label("能源品种", "fuel mix"),
    "factor": Label("排放系数", "emission factor"),
}  # fmt: skip
_KINDS = {
    "whole": Label("全部", "the whole"), "part": Label("部分", "part"), "rest": Label("未分解", "not broken down"),
    "left_out": Label("未能比较", "not compared"),
}  # fmt: skip


def data_of(view: RunView, subject: Subject, answer: MovedAnswer, movers: Sequence[Mover]) -> dict[str, Any]:
    """The answer as plain data; decimals stay decimals. Figures are in `unit`, effects by factor."""
    found, wish, basis = answer.moved, answer.wish, answer.basis
    return {
        "subject_id": subject.id, "name_zh": subject.label.zh, "name_en": subject.label.en, "what": wish.what,
        "from": wish.start, "to": wish.end, "state": found.state, "needs": list(found.needs), "unit": unit_of(answer),
        "basis": basis.key if basis else None, "method": wish.method or None, "run": view.run.run_id,
        "before": found.before, "after": found.after, "change": found.change, "ratio": found.ratio,
        "effects": dict(zip(found.factors, found.effects, strict=True)),
        "ratios": dict(zip(found.factors, found.ratios, strict=True)),
        "not_broken_down": {"before": found.rest_ends[0], "after": found.rest_ends[1], "effect": found.rest,
                            "ratio": found.rest_ratio},
        "whole_is_own": found.own, "covered": list(found.covered), "fuelled": list(found.fuelled),
        "coverage": list(answer.coverage), "confidence": answer.confidence, "fuels": answer.fuels or None,
        "parts": [_part(view, found.factors, p) for p in found.parts],
        "left_out": [{"id": x.id, "reason": x.reason, "fuel": x.fuel or None} for x in found.left_out],
        "periods": list(answer.periods), "bases": [b.key for b in answer.bases], "methods": list(answer.methods),
        "movers": [{"unit_id": m.unit, "before_tce": m.before, "after_tce": m.after, "change_tce": m.change,
                    "state": m.state} for m in movers],
    }  # fmt: skip


def _part(view: RunView, factors: Sequence[str], p: PartMoved) -> dict[str, Any]:
    found = view.subjects.get(p.id)
    return {
        "id": p.id, "code": found.code if found else None, "name_zh": found.label.zh if found else p.id,
        "name_en": found.label.en if found else p.id, "before": p.before, "after": p.after, "change": p.change,
        "effects": dict(zip(factors, p.effects, strict=True)), "zeros": list(p.zeros),
    }  # fmt: skip


def unit_of(answer: MovedAnswer) -> str:
    """The unit of the figures of an answer."""
    carbon = answer.wish.what.startswith("co2")
    if not answer.wish.what.endswith("intensity"):
        return "tCO2" if carbon else "tce"
    per = answer.activity_unit or "10k_CNY"
    return f"{'tCO2' if carbon else 'tce'}/{per}"


SPEC = TableSpec(
    "moved",
    Label("因素分解", "Why it moved"),
    (
        TableColumn("row", Label("序号", "no."), "number", "item"),
        TableColumn("kind", Label("行别", "kind of row"), filter="choice"),
        TableColumn("part_id", Label("部分号", "part")),
        TableColumn("code", Label("代码", "code")),
        TableColumn("industry", Label("行业代码", "industry")),
        TableColumn("fuel", Label("能源品种代码", "carrier")),
        TableColumn("reason", Label("未能比较的原因", "why not compared")),
        TableColumn("before", Label("变化前", "before"), "number", "column:unit"),
        TableColumn("after", Label("变化后", "after"), "number", "column:unit"),
        TableColumn("change", Label("变化", "change"), "number", "column:unit"),
        *(TableColumn(name, label, "number", "column:unit") for name, label in _FACTORS.items()),
        TableColumn("unit", Label("单位", "unit")),
    ),
    key=("row",),
    orders={"row": ("row",)},
    default="row",
    codes=True,
)
_TEXT = ("kind", "part_id", "code", "industry", "fuel", "reason", "unit")
_FIGURES = ("before", "after", "change", *_FACTORS)


def rows_of(view: RunView, answer: MovedAnswer) -> list[dict[str, Any]]:
    """Rows of the file: the whole, each part, what is not broken down, and what could not be compared and why."""
    found, unit = answer.moved, unit_of(answer)
    rows: list[dict[str, Any]] = []
    if found.state != "insufficient":
        whole = dict(zip(found.factors, found.effects, strict=True))
        rows.append({"kind": "whole", "before": found.before, "after": found.after, "change": found.change, **whole})
        for p in found.parts:
            effects = dict(zip(found.factors, p.effects, strict=True))
            rows.append({"kind": "part", "part_id": p.id, "before": p.before, "after": p.after, "change": p.change,
                         **effects})  # fmt: skip
        ends = found.rest_ends
        rows.append({"kind": "rest", "before": ends[0], "after": ends[1], "change": found.rest})
    for x in found.left_out:
        rows.append({"kind": "left_out", "part_id": x.id, "fuel": x.fuel, "reason": x.reason})
    for n, r in enumerate(rows):
        subject = view.subjects.get(r.get("part_id", ""))
        r |= {"row": n + 1, "unit": unit, "code": subject.code if subject else None,
              "industry": subject.industry if subject else None}  # fmt: skip
    return rows


def listing(view: RunView, subject: Subject, words: MovedWords, speaker: Speaker, at: str) -> Listing:
    """The rows as a file at the address of the page."""
    rows = rows_of(view, words.answer)
    columns = {"row": pa.array([r["row"] for r in rows], pa.int64())}
    columns |= {name: pa.array([r.get(name) or None for r in rows], pa.string()) for name in _TEXT}
    columns |= {name: pa.array([r.get(name) for r in rows], pa.decimal128(38, 6)) for name in _FIGURES}
    source = FileSource(
        view.run.folder, TOTALS, view.scope, view.seen, names={"moved_rows": pa.table(columns)},
        listing="SELECT * FROM moved_rows", key=SPEC.key, kept=True,
    )  # fmt: skip

    def told(_: Eyes) -> Sequence[Told]:
        return (
            Told(speaker.label(SPEC["kind"].label), lambda r: speaker.label(_KINDS[r["kind"]]), ("kind",)),
            Told(speaker.say("moved.part"), lambda r: words.name(r["part_id"]) if r["part_id"] else "", ("part_id",)),
            Told(speaker.label(SPEC["reason"].label), lambda r: words.reason(r["reason"]) if r["reason"] else "",
                 ("reason",)),
        )  # fmt: skip

    wish, basis = words.answer.wish, words.answer.basis
    remarks = (
        (speaker.say("moved.what"), f"{speaker.label(subject.label)} {words.what} {wish.start} → {wish.end}"),
        (speaker.say("moved.basis"), words.basis(basis) if basis else "—"),
        (speaker.say("moved.method"), wish.method or "—"),
        *((speaker.say("moved.note"), note) for note in words.notes()),
    )
    return Listing(
        SPEC, "findings.read", lambda _, __: source, lambda _: {"kind": lambda v: speaker.label(_KINDS[v])},
        told=told, of_run=True, at=at, remarks=lambda _: remarks,
    )  # fmt: skip
