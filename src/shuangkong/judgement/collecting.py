"""Tables that collect (汇总): every row that hits counts; which ones did is kept in numbers of 62 bits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import ibis

from shuangkong.engine.api import amount
from shuangkong.judgement.columns import balanced, value
from shuangkong.policy.api import CheckedTable, Constant, divides, names_in

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from shuangkong.judgement.rules import Bound

BITS = 62
_NO = ibis.literal(False)


def rows_hit(table: CheckedTable, answer: Mapping[str, Any]) -> list[str] | None:
    """The ids of the rows that hit, from the hits_0, hits_1, … of an answer; None where that could not be told."""
    masks = [answer[f"hits_{n}"] for n in range((len(table.rows) + BITS - 1) // BITS)]
    if any(m is None for m in masks):
        return None
    return [r.id for n, r in enumerate(table.ordered) if masks[n // BITS] >> (n % BITS) & 1]


def collected(bound: Bound, inputs: ir.Table) -> ir.Table:
    """Policies under which several rows answer together."""
    from shuangkong.judgement.rules import columns_of, unknown_needs

    columns = columns_of(bound, inputs)
    flagged = inputs.mutate(**{f"rule__{n}": value(c, columns) for n, c in enumerate(bound.conditions)})
    columns = columns_of(bound, flagged)
    conditions = [flagged[f"rule__{n}"] for n in range(len(bound.conditions))]
    hits = [ibis.coalesce(c, _NO) for c in conditions] if _unsure(bound) else conditions
    told = balanced(lambda a, b: a & b, [c.notnull() for c in conditions])
    lost = _lost(bound, hits, columns)
    decided = told & ~lost[0] & ibis.literal(bound.table.open_because is None)
    nothing = ibis.null("string")
    missing = ibis.ifelse(told, lost[1], unknown_needs(bound, conditions, columns)).nullif("")
    missing = ibis.ifelse(decided, nothing, missing)
    closed = bound.table.open_because is None
    why = ibis.cases(
        (decided, nothing), (missing.notnull(), ibis.literal("missing")),
        else_=ibis.literal("no_value" if closed else "open"),
    )  # fmt: skip
    masks = {
        f"hits_{n // BITS}": ibis.ifelse(told, _mask(hits[n : n + BITS]), ibis.null("int64"))
        for n in range(0, len(hits), BITS)
    }
    answers = _answers(bound, hits, columns, decided)
    out = flagged.mutate(row_hit=nothing, missing=missing, decided=decided, undecided=why, **masks, **answers)
    return out.drop(*(f"rule__{n}" for n in range(len(conditions))))


def _unsure(bound: Bound) -> bool:
    return bool(names_in(*bound.conditions)) or divides(*bound.conditions)


def _mask(hits: list[Any]) -> Any:
    bits = [
        ibis.ifelse(h, ibis.literal(1 << n, type="int64"), ibis.literal(0, type="int64")) for n, h in enumerate(hits)
    ]
    return balanced(lambda a, b: a + b, bits)


def _lost(bound: Bound, hits: list[Any], columns: Mapping[str, Any]) -> tuple[Any, Any]:
    """Whether a row that hit has an output that cannot be told, and what it needs."""
    from shuangkong.judgement.rules import listed

    lost: list[Any] = []
    asking: dict[str, list[Any]] = {}
    for hit, then in zip(hits, bound.outputs, strict=True):
        for node in (t for t in then if not isinstance(t, Constant)):
            empty = hit & value(node, columns).isnull()
            lost.append(empty)
            for name in names_in(node):
                asking.setdefault(name, []).append(empty)
    if not lost:
        return _NO, ibis.literal("")
    parts = [
        ibis.ifelse(columns[n].isnull() & balanced(lambda a, b: a | b, asking[n]), ibis.literal(f"{n}, "), "")
        for n in bound.table.asked
        if n in asking
    ]
    return balanced(lambda a, b: a | b, lost), listed(parts)


def _answers(bound: Bound, hits: list[Any], columns: Mapping[str, Any], decided: Any) -> dict[str, Any]:
    found = {}
    for n, output in enumerate(bound.table.outputs):
        nodes = [then[n] for then in bound.outputs]
        answer = _list(nodes, hits) if bound.table.hit == "collect" else _number(bound, nodes, hits, columns)
        found[output.name] = ibis.ifelse(decided, answer, ibis.null(answer.type()))
    return found


def _list(nodes: list[Any], hits: list[Any]) -> Any:
    """Written values in the order of the rows."""
    parts = [ibis.ifelse(h, ibis.literal(f"{_plain(n.value)}, "), "") for h, n in zip(hits, nodes, strict=True)]
    return balanced(lambda a, b: a + b, parts).re_replace(", $", "").nullif("")


def _plain(given: object) -> str:
    return ("true" if given else "false") if isinstance(given, bool) else str(given)


def _number(bound: Bound, nodes: list[Any], hits: list[Any], columns: Mapping[str, Any]) -> Any:
    policy = bound.table.hit
    if policy in ("collect_min", "collect_max"):
        wide = "decimal(38, 6)"
        there = [
            ibis.ifelse(h, value(n, columns).cast(wide), ibis.null(wide)) for h, n in zip(hits, nodes, strict=True)
        ]
        join = ibis.least if policy == "collect_min" else ibis.greatest
        return join(*there)
    parts = [ibis.ifelse(h, value(n, columns), amount(0)) for h, n in zip(hits, nodes, strict=True)]
    total = balanced(lambda a, b: a + b, parts).cast("decimal(38, 6)")
    if policy == "collect_count":
        return total
    some = balanced(lambda a, b: a | b, hits)
    return ibis.ifelse(some, total, ibis.null("decimal(38, 6)"))
