"""Packs as lines of text for the terminal, in Chinese or English."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from shuangkong.kernel.labels import Label, Language
from shuangkong.policy.coverage import ClauseCoverage
from shuangkong.policy.service import CheckReport, Json

_WORDS: dict[str, Label] = {
    "packs": Label("规则包", "packs"),
    "clauses": Label("条款", "clauses"),
    "targets": Label("目标", "targets"),
    "duties": Label("任务", "duties"),
    "tables": Label("决策表", "decision tables"),
    "parameters": Label("参数", "parameters"),
    "clause": Label("条款", "clause"),
    "figures": Label("数字", "figures"),
    "faults": Label("未对照", "not mapped"),
    "all mapped": Label("全部对照", "all mapped"),
    "rows": Label("参数取值", "parameter rows"),
    "table rows": Label("行", "rows"),
    "indicators": Label("指标", "indicators"),
    "carriers": Label("能源品种", "carriers"),
    "products": Label("产品", "products"),
    "cases": Label("算例", "worked cases"),
    "not proved": Label("未能完全证明无空缺、无重叠", "not wholly proved free of gaps and overlaps"),
    "fine": Label("检查通过", "fine"),
    "problems": Label("处问题", "problems"),
    "warnings": Label("处提醒", "warnings"),
    "as known": Label("按该日已公布信息", "as known on"),
    "nothing": Label("没有适用的文件", "no document reaches this region"),
    "synthetic": Label("合成", "synthetic"),
    "open": Label("长期", "open"),
    "decrease_by": Label("下降", "down by"),
    "increase_by": Label("提高", "up by"),
    "at_most": Label("不超过", "at most"),
    "at_least": Label("不低于", "at least"),
    "less_than": Label("低于", "below"),
    "more_than": Label("超过", "above"),
    "reach": Label("达到", "reaches"),
    "about": Label("约", "about"),
    "between": Label("介于", "between"),
}


def word(key: str, language: Language) -> str:
    """A fixed word in a language."""
    return _WORDS[key].in_(language)


def check_lines(report: CheckReport, language: Language) -> Iterator[str]:
    """What was checked and how it went; then the tables whose rows could not be proved free of gaps and overlaps."""
    counted = "，" if language == "zh" else ", "
    counts = counted.join(
        f"{word(k, language)} {n}" if language == "zh" else f"{n} {word(k, language)}" for k, n in report.counts.items()
    )
    verdict = word("fine", language) if report.fine else f"{len(report.problems)} {word('problems', language)}"
    warned = f"{counted}{len(report.flaws)} {word('warnings', language)}" if report.flaws else ""
    yield f"{verdict}{warned}{'：' if language == 'zh' else ': '}{counts}"
    for pack, table, why in report.unproved:
        yield f"  {word('not proved', language)} {pack}:{table}{'：' if language == 'zh' else ': '}{why.in_(language)}"


def document_line(row: Json, language: Language) -> str:
    """One document on one line."""
    number = f" {row['doc_number']}" if "doc_number" in row else ""
    span = f"{row['in_force_from']} – {row.get('in_force_to', word('open', language))}"
    mark = f" [{word('synthetic', language)}]" if row["synthetic"] else ""
    stand = f"{row['standing_' + language]}  " if "standing" in row else ""
    return f"{stand}{row['pack']}  {_label(row['title'], language)}{number}  {row['region']}  {span}{mark}"


def tree_lines(document: Json, language: Language) -> Iterator[str]:
    """A pack as an indented tree of clauses with what stands on each."""
    yield document_line(document, language)
    for clause in document["clauses"]:
        yield from _clause_lines(clause, language, 1)
    for parameter in document.get("parameters", []):
        yield _parameter_line(parameter, language, 1)


def coverage_lines(rows: Sequence[ClauseCoverage], language: Language) -> Iterator[str]:
    """One line per clause with what stands on it, a line below it per fault, and a line of counts at the end."""
    pack = None
    for row in rows:
        if row.pack != pack:
            pack = row.pack
            yield pack
        named = [f"{word(k, language)} {', '.join(ids)}" for k, ids in row.standing.items() if ids]
        because = [f"— {row.clause.none_because.label.in_(language)}"] if row.clause.none_because else []
        yield f"  {row.clause.id} {row.clause.title.label.in_(language)}  {'  '.join([*named, *because])}".rstrip()
        yield from (f"    ! {fault.in_(language)}" for fault in row.faults)
    faults = sum(len(r.faults) for r in rows)
    figures = sum(len(r.clause.figures) for r in rows)
    end = f"{word('faults', language)} {faults}" if faults else word("all mapped", language)
    yield f"{word('clauses', language)} {len(rows)}  {word('figures', language)} {figures}  {end}"


def _clause_lines(clause: Json, language: Language, depth: int) -> Iterator[str]:
    because = f"  — {_label(clause['none_because'], language)}" if "none_because" in clause else ""
    yield f"{'  ' * depth}{clause['id']} {_label(clause['title'], language)}{because}"
    for target in clause["targets"]:
        yield _target_line(target, language, depth + 1)
    for parameter in clause["parameters"]:
        yield _parameter_line(parameter, language, depth + 1)
    for table in clause["tables"]:
        rows = f"{len(table['rows'])} {word('table rows', language)}"
        yield f"{'  ' * (depth + 1)}▦ {table['id']}: {_label(table['label'], language)}  {rows}"
    for duty in clause["duties"]:
        yield f"{'  ' * (depth + 1)}☐ {duty['slug']}: {_label(duty['label'], language)}"
    for below in clause["clauses"]:
        yield from _clause_lines(below, language, depth + 1)


def _target_line(target: Json, language: Language, depth: int) -> str:
    high = f"–{target['value_high']}" if "value_high" in target else ""
    unit = "" if target["unit"] == "1" else (target["unit"] if target["unit"] == "%" else f" {target['unit']}")
    due = target.get("year") or target.get("period") or ""
    base = f" / {target['base_year']}" if "base_year" in target else ""
    figure = f"{word(target['comparator'], language)} {target['value']}{high}{unit}"
    return f"{'  ' * depth}◎ {target['slug']}: {target['indicator']} {figure}  {due}{base}  ({target['confidence']})"


def _parameter_line(parameter: Json, language: Language, depth: int) -> str:
    key = f"[{', '.join(parameter['key'])}]" if parameter["key"] else ""
    rows = f"{len(parameter['values'])} {word('rows', language)}"
    name = f"{parameter['id']}{key}: {_label(parameter['label'], language)}"
    return f"{'  ' * depth}· {name}  {parameter['unit']}  {rows}"


def _label(label: dict[str, Any], language: Language) -> str:
    return Label(label["zh"], label.get("en")).in_(language)
