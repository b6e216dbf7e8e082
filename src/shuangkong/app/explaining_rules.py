"""`why` of a rule's finding at the terminal: subject, clause, row, answer, inputs, and who was left out and why."""

from __future__ import annotations

from typing import Any

from shuangkong.app.catalogue import catalogue
from shuangkong.judgement.api import RULE_STATUS_LABELS, RuleStatus, Why
from shuangkong.kernel.labels import Label, Language
from shuangkong.kernel.periods import Period

SHOWN = 20
_INDUSTRY = Label("缺行业代码，或代码不够细", "no industry code, or one that is not exact enough")


def lacks(field: str) -> Label:
    """What a register lacks where it leaves open whether a rule is about somebody: a field by its name."""
    known = catalogue().get(("field", field))
    if field == "industry_code" or known is None:
        return _INDUSTRY if field == "industry_code" else Label(f"缺 {field}", f"no {field}")
    return Label(f"缺{known.label.zh}", f"no {known.label.in_('en')}")


def rule_lines(found: Why, language: Language) -> list[str]:
    """The chain of a rule's finding in a few lines, in a language."""
    zh = language == "zh"
    f, c, t = found.finding, found.clause, found.target
    period = Period.parse(f["period_key"])
    status = RULE_STATUS_LABELS[RuleStatus(f["status"])].in_(language)
    name = (f.get("subject_zh") if zh else f.get("subject_en") or f.get("subject_zh")) or f["subject_id"]
    title = t["label_zh"] if zh else t["label_en"] or t["label_zh"]
    out = [f"{name} · {period.zh() if zh else period.key} · {title} · {status}"]
    out.append(f"{c['title_zh'] if zh else c['title_en'] or c['title_zh']} {c['id']}")
    if f["row_hit"]:
        out.append(f"{'命中行' if zh else 'row'} {f['row_hit']}")
    if f["needs"]:
        out.append(f"{'尚缺' if zh else 'needs'} {f['needs']}")
    out += [f"    → {o['output']} = {_amount(o)}" for o in found.outputs]
    out += [
        f"    {r['input']} = {_amount(r)}{'' if r['state'] == 'ok' else '  [' + r['state'] + ']'}"
        for r in found.readings
    ]
    if found.left_out:
        n = len(found.left_out)
        out.append(
            f"因登记不全未能判定的主体 {n} 个，请在登记中补全后重新判定："
            if zh
            else f"not decided for {n} because the register is incomplete; complete it and judge again:"
        )
        out += [
            f"    {one.get('subject_zh') or one['subject_id']}  {_lacks(one['fields'], language)}"
            for one in found.left_out[:SHOWN]
        ]
        out += [f"    … {'共' if zh else 'in all'} {n}"] if n > SHOWN else []
    return out


def _lacks(fields: str, language: Language) -> str:
    return ("、" if language == "zh" else ", ").join(lacks(f).in_(language) for f in fields.split(", "))


def _amount(row: dict[str, Any]) -> str:
    if row["value"] is None:
        return row["words"] or "—"
    unit = "" if row["unit"] in ("", "1") else f" {row['unit']}"
    return f"{row['value'].normalize():f}{unit}"
