"""The table of docs/packs/README.md, made from the packs; `python tests/packs/readme_table.py` writes it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from shuangkong.policy.api import Pack, builtin_packs

PAGE = Path(__file__).parents[2] / "docs" / "packs" / "README.md"
START, END = "<!-- table of packs: made by tests/packs/readme_table.py -->\n", "<!-- end of table -->\n"


def table() -> str:
    """One line per pack, in the order of their folders."""
    packs = sorted((p for p in builtin_packs() if not p.origin.startswith("packs/demo")), key=lambda p: p.origin)
    head = "| folder | pack | document | holds | taken over as |\n|---|---|---|---|---|\n"
    return head + "".join(f"| {' | '.join(_cells(p))} |\n" for p in packs)


def _cells(pack: Pack) -> Iterator[str]:
    yield f"`{pack.origin.removeprefix('packs/')}`"
    yield f"`{pack.key}`"
    yield pack.instrument.title.zh
    counts = {
        "clauses": len(pack.clauses),
        "targets": len(pack.targets),
        "tables": len(pack.tables),
        "rows": sum(len(q.values) for q in pack.parameters),
        "carriers": len(pack.carriers),
        "indicators": len(pack.indicators),
    }
    yield ", ".join(f"{n} {what if n > 1 else what[:-1]}" for what, n in counts.items() if n)
    marks = Counter(r.confidence for q in pack.parameters for r in q.values)
    marks.update(t.confidence for t in pack.targets)
    yield ", ".join(f"{n} {mark}" for mark, n in sorted(marks.items())) or pack.instrument.confidence


def page(text: str) -> str:
    """The page with its table as it should be."""
    before, _, rest = text.partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}{table()}{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")
