"""The one-screen summary of a run: who is decided, who is not and why, in words and as data."""

from __future__ import annotations

from collections import Counter
from typing import Any

from shuangkong.accounting.api import FLAW_LABELS, FLAWS, readable_subjects
from shuangkong.engine.api import RunRecord, Workspace, read_result
from shuangkong.judgement.api import FINDING_CHANGES, FINDINGS
from shuangkong.kernel.findings import STATUS_LABELS, Status
from shuangkong.kernel.labels import Language
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import PackSet

Row = dict[str, Any]
VARIANTS = {
    "plan": ("全期", "whole plan"),
    "to_date": ("进度", "schedule to date"),
    "pace": ("当年进度", "the year's share"),
    "year": ("年度", "yearly target"),
    "standing": ("常设", "standing"),
}
REASONS = {
    "no_value": ("没有数据", "no figure"),
    "not_published": ("未公布", "not published"),
    "not_in_copy": ("公布过但手头公报缺失", "published, but not in the copies at hand"),
    "missing_years": ("缺年份", "years are missing"),
    "no_full_year_yet": ("尚无完整年度", "no full year yet"),
    "no_progress_method": ("文件未规定进度算法", "the document names no progress method"),
    "change_in_points": ("百分点变化尚无数据", "a change in points without figures"),
    "unit_mismatch": ("单位不相容", "units do not match"),
    "coverage": ("覆盖率不足", "too little coverage"),
    "no_denominator": ("缺不变价分母", "no denominator at constant prices"),
    "no_base": ("缺基期", "no base year"),
    "no_tolerance": ("“左右”未给出幅度", "“about” without a tolerance"),
    "no_guide": ("文件未指明碳核算指南", "the document names no carbon guide"),
    "candidate": ("候选条目，未经复核", "a candidate that nobody has reviewed"),
    "confidential": ("为单个单位保密", "withheld for a single unit"),
    "no_nonfossil_return": ("缺非化石能源其中项", "no non-fossil return"),
}


def summarise(workspace: Workspace, run: RunRecord, packs: PackSet, scope: Scope) -> Row:
    """Counts by document, what was asked, and status; reasons of what is not decided; changes since the last run."""
    seen = readable_subjects(workspace, run, scope)
    findings = read_result(run, FINDINGS, scope, seen).to_pylist()
    changes = read_result(run, FINDING_CHANGES, scope, seen).to_pylist()
    groups: dict[tuple[str, bool, str, str], Counter[str]] = {}
    for f in findings:
        key = (f["pack_id"], f["synthetic"], f["variant"], f["period_key"] if f["variant"] == "pace" else "")
        groups.setdefault(key, Counter())[f["status"]] += 1
    titles = {p.id: p.instrument.title for p in packs.packs}
    rows = [
        {
            "pack": pack, "title_zh": titles[pack].zh, "title_en": titles[pack].en, "synthetic": synthetic,
            "variant": variant, "period": period, "counts": dict(sorted(counts.items())),
        }
        for (pack, synthetic, variant, period), counts in sorted(groups.items())
    ]  # fmt: skip
    flaws = read_result(run, FLAWS, scope, seen).column("code").to_pylist()
    open_ = Counter(f["reason"] for f in findings if f["reason"])
    return {
        "run": run.run_id,
        "number": run.number,
        "known": run.known.isoformat(),
        "as_of": run.as_of.isoformat(),
        "findings": len(findings),
        "decided": sum(Status(f["status"]).decided for f in findings),
        "by_status": dict(sorted(Counter(f["status"] for f in findings).items())),
        "reasons": dict(open_.most_common()),
        "flaws": dict(sorted(Counter(flaws).items())),
        "partial": sum(f["value_state"] == "partial" and Status(f["status"]).decided for f in findings),
        "recalled": sum(f["confidence"] == "recalled" for f in findings),
        "changes": dict(sorted(Counter(c["change"] for c in changes).items())),
        "groups": rows,
        "cpu_seconds": run.manifest["cpu_seconds"],
        "tables": {name: t["rows"] for name, t in run.manifest["tables"].items()},  # type: ignore[attr-defined]
    }


def lines(summary: Row, language: Language) -> list[str]:
    """The summary as it is printed on one screen."""
    zh = language == "zh"
    index = 0 if zh else 1
    head = "第 {} 次运算：{} 条结论，{} 条有定论" if zh else "run {}: {} findings, {} decided"
    out = [head.format(summary["number"], summary["findings"], summary["decided"])]
    order = [s.value for s in Status]
    widest = max((_width(_title(g, zh)) for g in summary["groups"]), default=0)
    open_only = 0
    for g in summary["groups"]:
        if not any(Status(s).decided for s in g["counts"]):
            open_only += sum(g["counts"].values())
            continue
        counts = "  ".join(
            f"{STATUS_LABELS[Status(s)].in_(language)} {g['counts'][s]}" for s in order if s in g["counts"]
        )
        name = _title(g, zh)
        out.append(
            f"  {name}{' ' * (widest - _width(name))}  {VARIANTS[g['variant']][index]} {g['period']:4}  {counts}"
        )
    rest = "  其余文件尚无一条有定论：{} 条" if zh else "  documents with nothing decided yet: {} findings"
    out.append(rest.format(open_only))
    sep = "；" if zh else "; "
    why = sep.join(f"{REASONS.get(r, (r, r))[index]} {n}" for r, n in summary["reasons"].items())
    out.append(("未定原因：" if zh else "not decided because: ") + (why or "—"))
    flaws = sep.join(f"{FLAW_LABELS[c][0].in_(language)} {n}" for c, n in summary["flaws"].items())
    out.append(("数据瑕疵：" if zh else "flaws: ") + (flaws or "—"))
    marked = (
        "凭记忆录入、待核对的条目涉及 {} 条结论" if zh else "{} findings rest on rows marked recalled, to be verified"
    )
    out.append(marked.format(summary["recalled"]))
    if summary["partial"]:
        rest = "{} 条定论所依据的报表不全" if zh else "{} decided findings rest on part of the returns"
        out.append(rest.format(summary["partial"]))
    return out


def _title(group: Row, zh: bool) -> str:
    title = group["title_zh"] if zh else group["title_en"] or group["title_zh"]
    title = title if len(title) <= 34 else title[:33] + "…"
    return str(title)


def _width(text: str) -> int:
    """Columns on a terminal: a Chinese character takes two."""
    return sum(2 if ord(c) > 0x2E7F else 1 for c in text)
