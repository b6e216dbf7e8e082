"""How an import's report is shown at the terminal and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from shuangkong.accounting.api import Report
from shuangkong.kernel.flaws import Flaw
from shuangkong.kernel.labels import Language
from shuangkong.registry.api import MeterReport, ProjectReport, UnitReport, project_fields, sheets

SHOWN = 30


def as_dict(report: Report) -> dict[str, Any]:
    """The JSON shape: counts, every refusal, flaws, and the mapping that was used."""
    return {
        "book": report.book,
        "file": report.file_name,
        "committed": report.committed,
        "commit": report.commit,
        "source_id": report.source_id,
        "rows": report.rows,
        "new": report.fresh,
        "corrected": report.corrected,
        "unchanged": report.unchanged,
        "skipped": report.skipped,
        "refused_rows": report.refused_rows,
        "refusals": [r.as_dict() for r in report.refusals],
        "flaws": [_flaw(f) for f in report.flaws],
        "mapping": json.loads(report.mapping.to_json()),
        "guesses": [
            {"field": g.field, "column": g.column, "confidence": g.confidence, "samples": list(g.samples)}
            for g in report.guesses
        ],
        "examples": list(report.examples),
    }


def _flaw(flaw: Flaw) -> dict[str, Any]:
    """The JSON shape of a flaw; from its code and facts a page makes its own words."""
    seen = flaw.evidence
    places: list[str] = seen.get("places", [])  # type: ignore[assignment] # a sheet's flaws list cells as texts
    facts = {
        "n": seen.get("count", 0), "column": seen.get("column", ""),
        "places": ", ".join(places[:5]) + (" …" if len(places) > 5 else ""),
    }  # fmt: skip
    return {
        "code": flaw.code, "severity": flaw.severity, "message": flaw.message, "remedy": flaw.remedy, "facts": facts,
    }  # fmt: skip


def report_lines(report: Report, language: Language, *, dry_run: bool) -> list[str]:
    """What was done, or would be; every refusal with row, column, value, reason and remedy."""
    zh = language == "zh"
    out = ["列对应：" if zh else "columns:"]
    for g in report.guesses:
        column = g.column or ("—" if zh else "-")
        out.append(f"  {g.field} ← {column}  ({', '.join(g.samples) or '…'})")
    counts = (
        (report.rows, "行", "rows"), (report.fresh, "新增", "new"), (report.corrected, "更正", "corrected"),
        (report.unchanged, "不变", "unchanged"), (report.skipped, "略过", "skipped"),
        (report.refused_rows, "拒绝", "refused"),
    )  # fmt: skip
    out.append("  ".join(f"{a if zh else b} {n}" for n, a, b in counts))
    out += [f"! {f.message}  {f.remedy}" for f in report.flaws]
    out += [_corrected(e, zh=zh) for e in report.examples if e.get("corrects")]
    if report.refusals:
        heads, rows = sheets.refusals_table(report.refusals, language, SHOWN)
        out += [" | ".join(heads), *(" | ".join(r) for r in rows)]
        if len(report.refusals) > SHOWN:
            out.append(f"… {len(report.refusals) - SHOWN}")
        out.append("有行被拒绝，文件没有写入。改好后再导入一次。" if zh else "Rows were refused: nothing was written.")
    elif dry_run:
        out.append("试运行：没有写入任何数据。" if zh else "Dry run: nothing was written.")
    else:
        out.append("已写入。" if zh else "Written.")
    return out


def _corrected(entry: Mapping[str, Any], *, zh: bool) -> str:
    """A figure that is put right: its row, what it is, the old and the new."""
    old = entry["before"]
    row = f"第 {entry['source_row']} 行" if zh else f"row {entry['source_row']}"
    was, now = (f"{_plain(v['quantity'])} {v['unit']}" for v in (old, entry))
    known = f"{old['known_on']} 报送" if zh else f"handed in {old['known_on']}"
    return f"~ {row} {entry['period_key']} {entry['item']}: {was} ({known}) → {now}"


def _plain(value: Decimal | None) -> str:
    return "—" if value is None else f"{value.normalize():f}"


def correction_line(who: str, at: datetime, reason: str, language: Language) -> str:
    """By whom, when and why figures were put right."""
    when = at.isoformat(sep=" ", timespec="seconds")
    return f"更正人 {who}，{when}，原因：{reason}" if language == "zh" else f"corrected by {who}, {when}: {reason}"


def _ending(done: UnitReport | ProjectReport | MeterReport, language: Language) -> list[str]:
    """The refusals of a register, and whether it was written."""
    out = []
    if done.refusals:
        heads, rows = sheets.refusals_table(done.refusals, language, SHOWN)
        out += [" | ".join(heads), *(" | ".join(r) for r in rows)]
    if language == "zh":
        return [*out, "已登记。" if done.committed else "没有写入任何数据。"]
    return [*out, "Registered." if done.committed else "Nothing was written."]


def _register_as_dict(
    book: str, done: ProjectReport | MeterReport, corrections: Iterable[dict[str, Any]]
) -> dict[str, Any]:  # fmt: skip
    return {
        "book": book,
        "committed": done.committed,
        "rows": done.rows,
        "new": done.count("new") + done.count("changed"),
        "registered": done.count("new"),
        "changed": done.count("changed"),
        "corrected": done.count("corrected"),
        "unchanged": done.count("unchanged"),
        "refusals": [r.as_dict() for r in done.refusals],
        "mapping": json.loads(done.mapping.to_json()),
        "corrections": list(islice(corrections, SHOWN)),
    }


def units_as_dict(done: UnitReport) -> dict[str, Any]:
    """The JSON shape of a register of units that was taken in, or refused."""
    return {
        "book": "units",
        "committed": done.committed,
        "rows": done.rows,
        "new": done.registered,
        "unchanged": done.known,
        "refusals": [r.as_dict() for r in done.refusals],
        "mapping": json.loads(done.mapping.to_json()),
    }


def unit_lines(done: UnitReport, language: Language) -> list[str]:
    """Counts and refusals of a register of units."""
    zh = language == "zh"
    words = ("行", "新登记", "已有") if zh else ("rows", "new", "there already")
    counts = zip(words, (done.rows, done.registered, done.known), strict=True)
    out = ["  ".join(f"{w} {n}" for w, n in counts)]
    return [*out, *_ending(done, language)]


def projects_as_dict(done: ProjectReport) -> dict[str, Any]:
    """The JSON shape of a register of projects that was taken in, or refused; `corrections` are what is put right."""
    return _register_as_dict("projects", done, (
        {"code": p.entry.code, "name": p.entry.name_zh, "fact": s.name, "old": s.old, "new": s.new}
        for p in done.plans for s in p.corrections
    ))  # fmt: skip


def project_lines(done: ProjectReport, language: Language) -> list[str]:
    """Counts, corrections old → new, and refusals of a register of projects."""
    zh = language == "zh"
    words = ("行", "新登记", "情况变化", "更正", "不变") if zh else ("rows", "new", "changed", "corrected", "unchanged")
    counts = (done.rows, *(done.count(e) for e in ("new", "changed", "corrected", "unchanged")))
    out = ["  ".join(f"{w} {n}" for w, n in zip(words, counts, strict=True))]
    for plan in done.plans:
        for step in plan.corrections:
            field = project_fields().get(step.name)
            name = field.label.in_(language) if field else step.name
            out.append(f"~ {plan.entry.code} {name}: {step.old} → {step.new}")
    return [*out, *_ending(done, language)]


def meters_as_dict(done: MeterReport) -> dict[str, Any]:
    """The JSON shape of a register of meters that was taken in, or refused; `corrections` are what is put right."""
    return _register_as_dict("meters", done, (
        {"code": p.entry.code, "name": p.entry.name or "", "fact": k, "old": _told(p.old.get(k)), "new": _told(v)}
        for p in done.plans if p.effect == "corrected" for k, v in p.new.items()
    ))  # fmt: skip


def _told(value: object) -> str | None:
    if isinstance(value, Decimal):
        return _plain(value)
    return None if value is None else str(value)


def meter_lines(done: MeterReport, language: Language) -> list[str]:
    """Counts, corrections old → new, and refusals of a register of meters."""
    zh = language == "zh"
    words = ("行", "新登记", "情况变化", "更正", "不变") if zh else ("rows", "new", "changed", "corrected", "unchanged")
    counts = (done.rows, *(done.count(e) for e in ("new", "changed", "corrected", "unchanged")))
    out = ["  ".join(f"{w} {n}" for w, n in zip(words, counts, strict=True))]
    corrections: list[dict[str, Any]] = meters_as_dict(done)["corrections"]
    out += [f"~ {c['code']} {c['fact']}: {c['old'] or '—'} → {c['new'] or '—'}" for c in corrections]
    return [*out, *_ending(done, language)]
