"""Write the generated pages of the manual: `python -m shuangkong.app.docs [--check] [--root FOLDER]`.

docs/methods/<rule>.md from the docstring, the register and the worked cases; docs/data/columns.md from the table
contracts; docs/packs/clauses/<pack>.md from the packs' clauses, docs/packs/cases/<pack>.md from their cases;
tests/golden/sql/<query>.sql from the compiled expressions. `--check` writes nothing and ends with 1 when a page is
stale.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import pkgutil
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path

import shuangkong
from shuangkong.accounting import changes, deducting, factors, rollup, streaks
from shuangkong.accounting.api import INDICATORS, Indicator, compiled
from shuangkong.app.catalogue import catalogue
from shuangkong.app.docs_clauses import CLAUSES, clause_pages
from shuangkong.engine.api import Column, TableContract
from shuangkong.judgement.api import decide
from shuangkong.kernel.labels import Label
from shuangkong.policy.api import Catalogue
from shuangkong.testkit.api import Case, Table, folder_cases, pack_cases, table

METHODS, DATA, GOLDEN = Path("docs/methods"), Path("docs/data"), Path("tests/golden/sql")
CASES = Path("docs/packs/cases")
HEAD = "<!-- Written by `./run docs`; change the docstring, the contract or the case instead. -->\n"
NATURES = {"flow": Label("流量", "flow"), "stock": Label("存量", "stock"), "ratio": Label("比率", "ratio")}
BETTER = {
    "lower": Label("越低越好", "lower is better"),
    "higher": Label("越高越好", "higher is better"),
    "neither": Label("无优劣", "neither"),
}
#: Rules that are no indicator: what people call them, and the function that is documented.
RULES: dict[str, tuple[Label, object]] = {
    "energy_factor": (Label("折标准煤系数", "energy factors"), factors.energy_factor),
    "co2_factor": (Label("二氧化碳排放因子", "CO2 factors"), factors.co2_factor),
    "totals": (Label("汇总与覆盖率", "totals and coverage"), rollup.totals),
    "deductions": (Label("扣减", "deductions"), deducting.deductions),
    "level_changes": (Label("升降率", "changes"), changes.level_changes),
    "increments": (Label("增量", "increments"), changes.increments),
    "chained": (Label("公布值连乘", "chained published changes"), changes.chained),
    "streak": (Label("连续期数", "streaks"), streaks.count_streaks),
    "decide": (Label("判定", "judgement by decision table"), decide),
}

DECIDE = "decide"
_CASES_OF_PACKS = "各规则包的算例 worked cases of the packs: [docs/packs/cases](../packs/cases)."


def pages(root: Path) -> dict[Path, str]:
    """Every generated page by its place below the root."""
    cases = (*folder_cases(root / "tests" / "cases"), *pack_cases())
    found = {METHODS / f"{i.id}.md": _indicator(i, cases) for i in INDICATORS.values()}
    found |= {METHODS / f"{name}.md": _rule(name, label, of, cases) for name, (label, of) in RULES.items()}
    found |= _pack_cases(cases)
    found[METHODS / "README.md"] = _index(root, found)
    found |= clause_pages(HEAD)
    found[DATA / "columns.md"] = columns_page(contracts())
    found[DATA / "inputs.md"] = inputs_page(catalogue())
    found |= {GOLDEN / f"{name}.sql": sql.rstrip() + "\n" for name, sql in compiled()}
    return found


def inputs_page(known: Catalogue) -> str:
    """What inputs of decision tables can be bound to."""
    heads = ("name", "名称", "label", "type", "unit", "of", "choices")
    parts = [
        f"{HEAD}# 规则表输入目录 What inputs of decision tables can be bound to",
        "Under `indicator`, `field` or `sum` of an input. A unit of the same dimension may be written and is converted."
        " Besides: every indicator that a pack declares (published values of regions), and `sum: output.<product>` for"
        " every product that a pack declares.",
    ]
    for source in ("indicator", "field", "sum"):
        rows = [
            (f"`{b.name}`", b.label.zh, b.label.in_("en"), b.kind.name, b.unit, ", ".join(sorted(b.subjects)),
             ", ".join(b.choices))
            for (s, _), b in sorted(known.items()) if s == source
        ]  # fmt: skip
        parts += [f"## {source}", _markdown(heads, rows)]
    return "\n\n".join(parts) + "\n"


def stale(root: Path) -> list[str]:
    """Generated pages that are missing, differ from what would be written, or belong to nothing any more."""
    made = pages(root)
    wrong = [p for p, text in made.items() if not (root / p).is_file() or (root / p).read_text("utf-8") != text]
    left = [p.relative_to(root) for p in _generated(root) if p.relative_to(root) not in made]
    return sorted(str(p) for p in (*wrong, *left))


def write(root: Path) -> list[str]:
    """Write every page that is stale and remove those that belong to nothing; says which."""
    made = pages(root)
    changed = stale(root)
    for name in changed:
        path = root / name
        if Path(name) in made:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(made[Path(name)], "utf-8")
        else:
            path.unlink()
    return changed


def _generated(root: Path) -> Iterator[Path]:
    for folder in (METHODS, DATA, CLAUSES, CASES):
        yield from (p for p in (root / folder).glob("*.md") if p.read_text("utf-8").startswith(HEAD))
    yield from (root / GOLDEN).glob("*.sql")


def _indicator(one: Indicator, cases: Sequence[Case]) -> str:
    facts = [
        ("编号 id", f"`{one.id}`"),
        ("单位 unit", one.unit),
        ("性质 nature", _both(NATURES[one.nature.value])),
        ("方向 direction", _both(BETTER[one.better])),
        ("条款 clause", one.clause),
    ]
    inputs = _markdown(("量 measure", "作用 role"), one.inputs)
    parts = [
        f"{HEAD}# {_both(one.label)}",
        _markdown(("", ""), facts),
        "## 公式与状态 Formula and states",
        _prose(one.doc),
        "## 输入 Inputs",
        inputs,
        f"编译后的查询 compiled query: [`{GOLDEN / one.id}.sql`](../../{GOLDEN / one.id}.sql)",
        *_cases(one.id, cases),
    ]
    return "\n\n".join(parts) + "\n"


def _rule(name: str, label: Label, of: object, cases: Sequence[Case]) -> str:
    parts = [
        f"{HEAD}# {_both(label)}",
        f"`{name}`",
        "## 规则 Rule",
        _prose(inspect.getdoc(of) or ""),
        *([_CASES_OF_PACKS] if name == DECIDE else []),
        *_cases(name, [c for c in cases if name != DECIDE or _pack_of(c) is None]),
    ]
    return "\n\n".join(parts) + "\n"


def _pack_of(case: Case) -> str | None:
    """The folder of the pack that a case came with, as one word; None for a case of the tests."""
    found = re.fullmatch(r"packs/(.+)/cases/[a-z0-9_]+\.yaml:[0-9]+", case.place)
    return found[1].replace("/", "-") if found else None


def _pack_cases(cases: Sequence[Case]) -> dict[Path, str]:
    """The decisions that packs bring as worked cases: one page for each pack, for there are hundreds."""
    names = sorted({n for c in cases if DECIDE in c.tries and (n := _pack_of(c))})
    found = {}
    for name in names:
        mine = [c for c in cases if _pack_of(c) == name]
        found[CASES / f"{name}.md"] = "\n\n".join([f"{HEAD}# {name}", *_cases(DECIDE, mine)]) + "\n"
    return found


def _prose(doc: str) -> str:
    """A docstring as paragraphs, without the indent of the code."""
    lines = inspect.cleandoc(doc).splitlines()
    # a line that opens with a table's name stands by itself: totals: …
    return "\n".join(f"{line}  " if re.match(r"[a-z_]+: ", line) else line.strip() for line in lines)


def _cases(name: str, cases: Sequence[Case]) -> Iterator[str]:
    mine = [c for c in cases if name in c.tries]
    if mine:
        yield "## 算例 Worked cases"
    for case in mine:
        yield f"### {case.name}\n\n依据 because: {case.because} (`{case.place.rpartition(':')[0]}`)"
        for given, data in case.given.items():
            yield f"给定 given `{given}`"
            yield _given(data, case.place)
        yield f"得出 expected `{name}`" + (f"，容差 within {case.within}" if case.within else "")
        yield _case_table(case.expect[name])


def _given(data: object, place: str) -> str:
    if isinstance(data, list):
        return _case_table(table(data, place))
    return "```\n" + _lines(data) + "\n```"


def _lines(data: object, indent: str = "") -> str:
    if isinstance(data, Mapping):
        return "\n".join(f"{indent}{k}: {_inline(v)}" for k, v in data.items())
    return indent + _inline(data)


def _inline(data: object) -> str:
    if isinstance(data, Mapping):
        return "{" + ", ".join(f"{k}: {_inline(v)}" for k, v in data.items()) + "}"
    if isinstance(data, list):
        return "[" + ", ".join(_inline(v) for v in data) + "]"
    return _cell(data)


def _case_table(of: Table) -> str:
    return _markdown(of.head, [[_cell(c) for c in row] for row in of.rows])


def _cell(value: object) -> str:
    if value is None:
        return "—"
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [" | ".join(("", *head, "")).strip(), "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(str(c).replace("|", "\\|") for c in row) + " |" for row in rows]
    return "\n".join(lines)


def _both(label: Label) -> str:
    return f"{label.zh} {label.en}" if label.en else label.zh


def _index(root: Path, made: Mapping[Path, str]) -> str:
    def entry(path: Path, text: str) -> str:
        title = next((line[2:] for line in text.splitlines() if line.startswith("# ")), path.stem)
        return f"- [{title}]({path.name})"

    notes = [p for p in sorted((root / METHODS).glob("*.md")) if not p.read_text("utf-8").startswith(HEAD)]
    indicators = [entry(p, t) for p, t in made.items() if p.stem in INDICATORS]
    rules = [entry(p, t) for p, t in made.items() if p.stem in RULES]
    parts = [
        f"{HEAD}# 方法 Methods",
        "每项指标一页：公式、单位、状态、条款、算例。One page per indicator: formula, unit, states, clause and cases.",
        "## 指标 Indicators\n\n" + "\n".join(indicators),
        "## 规则 Rules\n\n" + "\n".join(rules),
        "## 说明 Notes\n\n" + "\n".join(entry(p, p.read_text("utf-8")) for p in notes),
    ]
    return "\n\n".join(parts) + "\n"


def contracts() -> list[tuple[str, TableContract]]:
    """(slice, contract) of every stored or bound table of the program, each once, in the order of names."""
    found: dict[str, tuple[str, TableContract]] = {}
    for module in pkgutil.walk_packages(shuangkong.__path__, "shuangkong."):
        part = module.name.split(".")[1]
        if part in ("app", "testkit", "kernel") or "migrations" in module.name:
            continue
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, TableContract) and (value.name not in found or _owner(module.name)):
                found[value.name] = found.get(value.name, (part, value))
    return sorted(found.values(), key=lambda f: f[1].name)


def _owner(module: str) -> bool:
    return module.endswith((".tables", ".feeding", ".snapshots"))


def columns_page(every: Sequence[tuple[str, TableContract]]) -> str:
    """The column dictionary."""
    parts = [
        f"{HEAD}# 列字典 Columns",
        "每张表的列、类型、单位与含义。`column:x` 表示单位写在该行的 x 列。Every column with type, unit and meaning; "
        "`column:x` says that the unit stands in column x of the row.",
    ]
    for _, c in every:
        about = f"{c.doc} " if c.doc else ""
        parts.append(f"## {c.name}: {_both(c.label)}\n\n{about}Key: {', '.join(f'`{k}`' for k in c.key)}.")
        parts.append(_markdown(("column", "名称", "name", "type", "unit", "null", "doc"), map(_column, c.columns)))
    return "\n\n".join(parts) + "\n"


def _column(c: Column) -> tuple[str, ...]:
    return (f"`{c.name}`", c.label.zh, c.label.en or "", c.kind, c.unit, "yes" if c.nullable else "", c.doc)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check the pages; returns the status to end with."""
    parser = argparse.ArgumentParser(prog="python -m shuangkong.app.docs", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; end with 1 when a page is stale")
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[3], help="the checkout")
    given = parser.parse_args(arguments)
    if not (given.root / "pyproject.toml").is_file():
        sys.stderr.write(f"{given.root} is no checkout of Shuangkong; name one with --root.\n")
        return 2
    found = stale(given.root) if given.check else write(given.root)
    for name in found:
        sys.stderr.write(f"{'stale' if given.check else 'written'}: {name}\n")
    return 1 if given.check and found else 0


if __name__ == "__main__":
    sys.exit(main())
