"""`why` at the terminal: the chain of one finding in a few lines, the same that the page shows as cards."""

from __future__ import annotations

import io
import zipfile
from functools import lru_cache
from typing import Any

from shuangkong.app.explaining_reasons import reason_lines, short
from shuangkong.app.explaining_rules import rule_lines
from shuangkong.dualcontrol.api import Reason, has_reason, reason
from shuangkong.engine.api import RunRecord, Workspace, latest_run, run_record
from shuangkong.judgement.api import Why, why
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.findings import STATUS_LABELS, Status
from shuangkong.kernel.labels import Language
from shuangkong.kernel.periods import Period
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import PackSet

COMPARATORS = {
    "decrease_by": ("下降", "fall by"),
    "increase_by": ("提高", "rise by"),
    "at_most": ("不超过", "at most"),
    "at_least": ("不低于", "at least"),
    "less_than": ("低于", "below"),
    "more_than": ("超过", "above"),
    "reach": ("达到", "reach"),
    "about": ("约", "about"),
    "between": ("介于", "between"),
}
SHOWN = 12


def explain(workspace: Workspace, key: str, scope: Scope, *, run_id: str | None = None) -> Why | Reason:
    """The chain of a finding, of a row of watching or of a flexed total, in a run or the newest; RUN-001 without one.

    `key`: of a finding f_…, a grade or nowcast w_…, a measure x_…, an estimate l_…, a flexed total t_….
    """
    run = run_record(workspace, scope, run_id) if run_id else latest_run(workspace, scope, known=None)
    if run is None:
        raise UserError(
            "RUN-001",
            "nothing was judged yet in this workspace.",
            remedy="Run `shuangkong judge` first.",
            case="nothing_judged",
        )
    packs = packs_of_run(workspace, run)
    if has_reason(key):
        return reason(workspace, run, packs, key, scope)
    return why(workspace, run, packs, key, scope)


@lru_cache(maxsize=4)
def _packs(content: bytes) -> PackSet:
    kept: dict[str, list[tuple[str, bytes]]] = {}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for info in archive.infolist():
            name, _, file = info.filename.partition("/")
            kept.setdefault(name, []).append((file, archive.read(info)))
    return PackSet.from_bytes(tuple((name, tuple(files)) for name, files in kept.items()))


def packs_of_run(workspace: Workspace, run: RunRecord) -> PackSet:
    """The packs with which a run was made, from the bytes it kept."""
    return _packs(workspace.blobs.get(str(run.manifest["packs_blob"])))


def why_lines(found: Why | Reason, language: Language) -> list[str]:
    """Clause, target, indicator, rates or entries, sources, what would change it; of a rule its row and inputs."""
    if isinstance(found, Reason):
        return reason_lines(found, language)
    if "decided_for" in found.finding:
        return rule_lines(found, language)
    zh = language == "zh"
    f, c, t = found.finding, found.clause, found.target
    status = STATUS_LABELS[Status(f["status"])].in_(language)
    period = Period.parse(f["period_key"])
    subject = f.get("subject_zh") or f["subject_id"]
    out = [f"{subject} · {period.zh() if zh else period.key} · {status}"]
    out.append(_asks(c, t, zh))
    out.append(_answer(f, found.indicator, zh))
    for r in found.rates[:SHOWN]:
        place = f"[{r.get('source_id', '')} #{r.get('source_row', '')}]"
        out.append(f"    {r['period_key']}: {short(r['value'])} {r['unit']}  {place}")
    for d in found.deductions[:SHOWN]:
        out.append(f"    {d['period_key']} {d['step']}: −{short(d['amount'])} → {short(d['after'])} tce")
    for e in found.entries[:SHOWN]:
        was, became = f"{short(e['quantity'])} {e['unit']}", f"{short(e['amount'])} {e['amount_unit']}"
        out.append(f"    {e['period_key']} {e['item']} {was} → {became}  [{e['source_id']} #{e['source_row']}]")
    if found.entries_total > SHOWN:
        out.append(f"    … {'共' if zh else 'in all'} {found.entries_total} {'条账目' if zh else 'entries'}")
        out += [_rest(r, zh) for r in found.beyond(SHOWN)]
    for m in found.meters[:SHOWN]:
        words = "    计量器具 {} {}，{} 至 {}：有数 {} 天" if zh else "    meter {} {}, {} to {}: {} days with figures"
        out.append(words.format(m["code"], m["name"], m["first_day"], m["last_day"], len(m["days"])))
    for s in found.sources:
        mark = "（合成）" if s.get("synthetic") else ""
        rows = ", ".join(map(str, s["rows"][:8])) + (" …" if len(s["rows"]) > 8 else "")
        head, row = ("来源", "行") if zh else ("source", "rows")
        where = f"{s.get('file_name')}{mark} {row} {rows}"
        out.append(f"{head} {s['source_id']}: {where} — {s.get('publisher')} {s.get('document')}")
    if found.change and found.change.get("turns_to"):
        turns = STATUS_LABELS[Status(found.change["turns_to"])].in_(language)
        words = "再变动 {} {} 即变为“{}”" if zh else "a change of {} {} would make it “{}”"
        out.append(words.format(short(found.change["gap"]), found.change["unit"], turns))
        if found.change["within_rounding"] is not None:
            near = (
                "注意：差额在公布值四舍五入的误差之内（±{} 个百分点）"
                if zh
                else "the gap is within the rounding of the rates (±{})"
            )
            out.append(near.format(short(found.change["within_rounding"])))
    return out


def _asks(c: dict[str, Any], t: dict[str, Any], zh: bool) -> str:
    word = COMPARATORS[t["comparator"]][0 if zh else 1]
    title = c["title_zh"] if zh else c["title_en"] or c["title_zh"]
    number = f"（{c['doc_number']}）" if c["doc_number"] else ""
    mark = "" if t["confidence"] == "confirmed" else f" [{t['confidence']}]"
    return f"  {'条款' if zh else 'clause'} {title}{number} {c['id']}: {word} {t['value']} {t['unit']}{mark}"


def _rest(r: dict[str, Any], zh: bool) -> str:
    """What is not listed of one measure and year, so that the lines add up."""
    words = "其余 {} 条账目，{} 年 {} 合计 {} {}" if zh else "rest: {} entries, {} {} in sum {} {}"
    return "    " + words.format(r["entries"], r["year"], r["measure"], short(r["amount"]), r["unit"])


def _answer(f: dict[str, Any], indicator: dict[str, Any] | None, zh: bool) -> str:
    if f["value"] is None:
        return f"  {'没有数值' if zh else 'no value'}: {f['reason']}; {'尚缺' if zh else 'needs'} {f['needs']}"
    method = (indicator or {}).get("method_zh") or (indicator or {}).get("origin", "")
    words = ("数值", "阈值", "覆盖率") if zh else ("value", "threshold", "coverage")
    figures = (f"{short(f['value'])} {f['unit']}", short(f["threshold"]), short(f["coverage"]))
    told = ", ".join(f"{w} {x}" for w, x in zip(words, figures, strict=True))
    missing = "，部分报表缺失" if zh else ", partial: returns are missing"
    mark = missing if f["value_state"] == "partial" else ""
    return f"  {told}{mark}, {method} [{f['confidence']}]"
