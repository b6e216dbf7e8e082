"""Lower bounds as inputs of rules: what is decided on them holds for every number from the bound on."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import yaml
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from shuangkong.judgement.api import decided_rows
from shuangkong.policy.api import AtLeast, Known, PackErrors, PackSet, load_files
from shuangkong.testkit.oracle import plainly

DAY = date(2024, 6, 30)
INSTRUMENT = """
id: test.bounds
edition: "2024"
title: {zh: 测试（合成）}
issuer: 合成
level: city
region: "990100"
issued: 2024-01-01
in_force_from: 2024-01-01
synthetic: true
source: {doc: 合成, place: all, known: 2024-01-01}
confidence: synthetic
"""
NAMES = st.sampled_from(["m", "k"])
FIGURES = st.integers(0, 5).map(str)
OPS = st.sampled_from([">=", ">", "<", "<=", "==", "!="])


@st.composite
def atoms(draw: st.DrawFn) -> str:
    """A comparison: of a name with a figure, either way round, of the two names, of a sum, or membership."""
    one, op, figure = draw(NAMES), draw(OPS), draw(FIGURES)
    shape = draw(
        st.sampled_from(["{n} {o} {f}", "{f} {o} {n}", "m {o} k", "m + k {o} {f}", "{n} in [{f}, 4]", "!({n} {o} {f})"])
    )
    return shape.format(n=one, o=op, f=f'q("{figure}", "month")').replace(", 4]", ', q("4", "month")]')


CONDITIONS = st.lists(atoms(), min_size=1, max_size=3).flatmap(
    lambda parts: st.sampled_from([" && ", " || "]).map(lambda word: word.join(f"({p})" for p in parts))
)
#: A known number, a lower bound, or nothing.
CELLS = st.one_of(
    st.integers(0, 6).map(Decimal), st.integers(0, 6).map(lambda n: AtLeast(Decimal(n))), st.none()
)  # fmt: skip


def packed(conditions: list[str], hit: str) -> PackSet:
    """A pack of one table: a row for each condition and, where the order counts, one for all else."""
    rows: list[dict[str, Any]] = [{"id": f"r{n}", "if": c, "then": {"said": f"s{n}"}} for n, c in enumerate(conditions)]
    table: dict[str, Any] = {
        "id": "t", "clause": "一", "label": {"zh": "合成"}, "hit": hit,
        "inputs": [{"name": n, "label": {"zh": n}, "unit": "month", "at_least": 0} for n in ("m", "k")],
        "outputs": [{"name": "said", "label": {"zh": "合成"}}], "rows": rows,
        "no_row_because": {"zh": "合成"},
    }  # fmt: skip
    files = {
        "instrument.yaml": INSTRUMENT, "clauses.yaml": "- {id: 一, title: {zh: 合成}, kind: rule}\n",
        "tables/t.yaml": yaml.safe_dump([table], allow_unicode=True, sort_keys=False),
    }  # fmt: skip
    return PackSet([load_files({n: t.encode() for n, t in files.items()}, origin="test")])


def cell(value: Known) -> str:
    """A value as a file gives it."""
    return "" if value is None else f"≥ {value.value}" if isinstance(value, AtLeast) else str(value)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(
    st.lists(CONDITIONS, min_size=1, max_size=3), st.sampled_from(["first", "collect"]),
    st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=8),
)  # fmt: skip
def test_what_is_decided_on_a_bound_holds_for_every_number_from_there_on(
    conditions: list[str], hit: str, rows: list[tuple[Known, Known]]
) -> None:
    """Columns and plain reading agree on bounds, and no number from the bound on gives another answer."""
    try:
        packs = packed(conditions, hit)
    except PackErrors:
        reject()  # a row that never hits is refused at load
    table = packs.chain("test.bounds", "t")[-1]
    asked = [{"m": cell(x), "k": cell(y)} for x, y in rows]
    told = decided_rows(packs, "test.bounds", "t", asked, day=DAY, known=DAY, where="test")
    for (x, y), answer in zip(rows, told, strict=True):
        plain = plainly(table, {"m": x, "k": y}, {}, DAY)
        assert (answer["decided"], answer["said"]) == (plain.decided, plain.outputs["said"])
        if not plain.decided:
            continue
        for a in _from(x):
            for b in _from(y):
                if a is not None and b is not None:
                    sure = plainly(table, {"m": a, "k": b}, {}, DAY)
                    assert (sure.decided, sure.outputs["said"]) == (True, plain.outputs["said"])


def _from(value: Known) -> list[Decimal | None]:
    """What a value can be: itself, or the numbers from a bound on, some far above every figure of the table."""
    if isinstance(value, AtLeast):
        return [value.value + n for n in range(9)] + [Decimal(1000)]
    return [value] if isinstance(value, Decimal) else [None]


def test_a_bound_is_enough_for_what_it_reaches() -> None:
    """Three at least is three and more; two at least may be three."""
    packs = packed(['m >= q("3", "month")', 'm < q("2", "month")'], "first")
    rows = [{"m": "≥ 3", "k": ""}, {"m": "≥ 2", "k": ""}, {"m": ">=3", "k": ""}]
    told = decided_rows(packs, "test.bounds", "t", rows, day=DAY, known=DAY, where="test")
    assert [(t["said"], t["decided"], t["missing"]) for t in told] == [
        ("s0", True, None), (None, False, "m"), ("s0", True, None),
    ]  # fmt: skip
