"""docs/packs/clauses/<pack>.md: every clause of a document, the figures it prints and what became of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from shuangkong.policy.api import NONE_BECAUSE, ClauseCoverage, Figure, LabelModel, PackSet, builtin_packs, coverage

CLAUSES = Path("docs/packs/clauses")
KINDS = {"targets": "目标 target", "tables": "规则 rule", "duties": "任务 duty", "parameters": "参数 parameter"}


def clause_pages(head: str) -> dict[Path, str]:
    """One page for each document whose pack lists its figures, and an index of them with counts."""
    packs = PackSet(builtin_packs())
    listed = [p for p in packs.packs if any(c.figures for c in p.clauses)]
    covered = {p.key: coverage(packs, p) for p in listed}
    titles = {p.key: p.instrument.title.zh for p in listed}
    found = {CLAUSES / f"{key}.md": _page(head, titles[key], key, rows) for key, rows in covered.items()}
    return found | {CLAUSES / "README.md": _index(head, titles, covered)}


def _index(head: str, titles: dict[str, str], covered: dict[str, tuple[ClauseCoverage, ...]]) -> str:
    lines = [
        f"{head}# 条款对照 Clauses and what became of them",
        "每件文件一页：逐条列出目标、规则、任务、参数，或没有的原因；印出的每个数字都有去处（计划期内的年份除外）。 "
        "One page per document: its clauses with targets, rules, duties and parameters, or the reason for none; every "
        "printed figure has become something (years of the plan itself are not listed).",
        "| 文件 document | 条款 clauses | 数字 figures | 目标 targets | 规则 rules | 任务 duties | 参数 parameters "
        "| 未对照 unmapped |\n|---|--:|--:|--:|--:|--:|--:|--:|\n"
        + "\n".join(_counts(key, titles[key], rows) for key, rows in covered.items()),
    ]
    return "\n\n".join(lines) + "\n"


def _counts(key: str, title: str, rows: tuple[ClauseCoverage, ...]) -> str:
    counts: list[int] = [len(rows), sum(len(r.clause.figures) for r in rows)]
    counts += [len({i for r in rows for i in r.standing[kind]}) for kind in KINDS]
    counts.append(sum(len(r.faults) for r in rows))
    return f"| [{title}]({key}.md) | " + " | ".join(str(n) for n in counts) + " |"


def _page(head: str, title: str, key: str, rows: tuple[ClauseCoverage, ...]) -> str:
    lines = "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in _cells(row)) + " |" for row in rows)
    table = "| 条款 clause | 内容 about | 去处 what became of it | 数字 figures |\n|---|---|---|---|\n" + lines
    return f"{head}# {title}\n\n`{key}`\n\n{table}\n"


def _cells(row: ClauseCoverage) -> Iterator[str]:
    clause = row.clause
    yield clause.id
    yield clause.title.zh + (f"<br>{clause.title.en}" if clause.title.en else "")
    standing = [f"{KINDS[kind]}: {', '.join(f'`{i}`' for i in ids)}" for kind, ids in row.standing.items() if ids]
    because = [f"无 none: {_both(clause.none_because)}"] if clause.none_because else []
    yield "<br>".join([*standing, *because, *(f"**未对照 unmapped: {f}**" for f in row.faults)]) or "—"
    yield "<br>".join(_figure(f) for f in clause.figures) or "—"


def _both(words: LabelModel) -> str:
    return words.zh + (f" {words.en}" if words.en else "")


def _figure(figure: Figure) -> str:
    if figure.none_because is not None:
        zh, en = NONE_BECAUSE[figure.none_because]
        of = f" {figure.of}" if figure.of else ""
        note = f" ({figure.note})" if figure.note else ""
        return f"{figure.printed} — {zh} {en}{of}{note}"
    return figure.printed + (f" → {', '.join(f'`{i}`' for i in figure.ids)}" if figure.ids else "")
