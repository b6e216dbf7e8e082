"""Tables that collect (汇总): every row that hits counts; which ones did is kept in numbers of 56 bits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import ibis

from shuangkong.engine.api import amount
from shuangkong.judgement.bound import NONE, TYPES, UNTOLD, Bound, listed, marks, may_be_null, null_names, unknown_needs
from shuangkong.judgement.columns import balanced, looked_up, value
from shuangkong.kernel.numbers import MAX_QUANTITY, PLACES
from shuangkong.policy.api import CheckedTable, Constant, names_in

if TYPE_CHECKING:
    import ibis.expr.types as ir

BITS = 56
#: So many rows are put together by one look into a list of all their combinations; `BITS` is a multiple of it.
CHUNK = 8
_NO, _YES = ibis.literal(False), ibis.literal(True)


def rows_hit(table: CheckedTable, answer: Mapping[str, Any]) -> list[str] | None:
    """The ids of the rows that hit, from the hits_0, hits_1, … of an answer; None where that could not be told."""
    masks = [answer[f"hits_{n}"] for n in range((len(table.rows) + BITS - 1) // BITS)]
    if any(m is None for m in masks):
        return None
    return [r.id for n, r in enumerate(table.ordered) if masks[n // BITS] >> (n % BITS) & 1]


class AllRows:
    """The columns of a table's answer, step by step; each step is one projection over the one before."""

    def __init__(self, bound: Bound) -> None:
        self.bound = bound
        self.steps = (self.masks, self.code, self.says, self.told, self.words)
        self.masked = [bound.kept(f"mask_{n}") for n in range((len(bound.rows) + BITS - 1) // BITS)]
        self.scratch = (*self.masked, *(bound.kept(n) for n in ("code", "lost")))

    def masks(self, relation: ir.Table) -> dict[str, Any]:
        """A bit for each row that is known to hit."""
        columns = self.bound.columns(relation)
        bits = [
            ibis.ifelse(value(c, columns), _long(1 << (n % BITS)), _long(0))
            for n, c in enumerate(self.bound.conditions)
        ]
        return {
            name: balanced(lambda a, b: a + b, bits[n * BITS : (n + 1) * BITS]) for n, name in enumerate(self.masked)
        }

    def _hits(self, relation: ir.Table) -> list[Any]:
        return [
            (relation[self.masked[n // BITS]] & _long(1 << (n % BITS))) != _long(0) for n in range(len(self.bound.rows))
        ]

    def code(self, relation: ir.Table) -> dict[str, Any]:
        """Whether every row can be told."""
        columns = self.bound.columns(relation)
        nulls = may_be_null(columns, self.bound.conditions)
        code: Any = ibis.literal(NONE, type="int32")
        if nulls is not None:
            known = balanced(lambda a, b: a & b, [value(c, columns).notnull() for c in self.bound.conditions])
            code = ibis.ifelse(ibis.ifelse(nulls, known, _YES), code, ibis.literal(UNTOLD, type="int32"))
        return {self.bound.kept("code"): code}

    def says(self, relation: ir.Table) -> dict[str, Any]:
        """The rows that hit, what they say together, clause, parameters and mark."""
        bound, told = self.bound, relation[self.bound.kept("code")] == NONE
        columns, hits = bound.columns(relation), self._hits(relation)
        found: dict[str, Any] = {bound.own("row_hit"): ibis.null("string")}
        for n, name in enumerate(self.masked):
            found[bound.own(f"hits_{n}")] = ibis.ifelse(told, relation[name], ibis.null("int64"))
        lost = self._lost(hits, columns)
        found[bound.kept("lost")] = balanced(lambda a, b: a | b, lost) if lost else _NO
        sure = told & ~found[bound.kept("lost")] if lost else told
        for n, output in enumerate(bound.table.outputs):
            answer = self._answer(n, hits, relation, columns)
            shown = sure if bound.closed else _NO
            found[bound.own(output.name)] = ibis.ifelse(shown, answer, ibis.null(answer.type()))
        return found | marks(bound, relation[bound.kept("code")])

    def _lost(self, hits: list[Any], columns: Mapping[str, Any]) -> list[Any]:
        """Whether a row that hit has an output that cannot be told."""
        return [
            hit & value(node, columns).isnull()
            for hit, then in zip(hits, self.bound.outputs, strict=True)
            for node in then
            if not isinstance(node, Constant)
        ]

    def told(self, relation: ir.Table) -> dict[str, Any]:
        """Whether there is an answer, and what it would need where there is none."""
        bound, code = self.bound, relation[self.bound.kept("code")]
        columns = bound.columns(relation)
        lost = relation[bound.kept("lost")]
        decided = (code == NONE) & ~lost if bound.closed else _NO
        conditions = [value(c, columns) for c in bound.conditions]
        missing = ibis.cases(
            (code == UNTOLD, unknown_needs(bound, conditions, columns)),
            (lost, self._lost_needs(relation, columns)), else_="",
        )  # fmt: skip
        return {bound.own("decided"): decided, bound.own("missing"): missing.nullif("")}

    def _lost_needs(self, relation: ir.Table, columns: Mapping[str, Any]) -> Any:
        asking: dict[str, list[Any]] = {}
        for hit, then in zip(self._hits(relation), self.bound.outputs, strict=True):
            for node in (t for t in then if not isinstance(t, Constant)):
                for name in names_in(node):
                    asking.setdefault(name, []).append(hit & value(node, columns).isnull())
        return null_names(self.bound, asking, columns) if asking else listed([])

    def words(self, relation: ir.Table) -> dict[str, Any]:
        """Why there is no answer."""
        bound = self.bound
        why = ibis.cases(
            (relation[bound.own("decided")], ibis.null("string")),
            (relation[bound.own("missing")].notnull(), ibis.literal("missing")),
            else_=ibis.literal("no_value" if bound.closed else bound.open_word),
        )
        return {bound.own("undecided"): why}

    def _answer(self, output: int, hits: list[Any], relation: ir.Table, columns: Mapping[str, Any]) -> Any:
        nodes = [then[output] for then in self.bound.outputs]
        policy = self.bound.table.hit
        if not nodes:
            # on this day the table has no row
            return {"collect": ibis.null("string"), "collect_count": amount(0)}.get(policy, ibis.null(TYPES["number"]))
        if policy == "collect":
            return _list(nodes, hits)
        some = balanced(lambda a, b: a | b, [relation[m] != _long(0) for m in self.masked])
        none = amount(0) if policy == "collect_count" else ibis.null(TYPES["number"])
        if _small(nodes):
            return ibis.ifelse(some, _unscaled(_FOLDS[policy](self._chunks(relation, nodes))), none)
        values = [value(n, columns).cast(TYPES["number"]) for n in nodes]
        if policy in ("collect_min", "collect_max"):
            return _FOLDS[policy]([ibis.ifelse(h, v, none) for h, v in zip(hits, values, strict=True)])
        parts = [ibis.ifelse(h, v, amount(0)) for h, v in zip(hits, values, strict=True)]
        return ibis.ifelse(some, _FOLDS[policy](parts).cast(TYPES["number"]), none)

    def _chunks(self, relation: ir.Table, nodes: list[Any]) -> list[Any]:
        """What written values make together, eight rows at a time: looked up by the bits of those that hit.

        In millionths, as whole numbers: a third of the work of decimals.
        """
        fold: Callable[[list[int]], int] = {"collect_min": min, "collect_max": max}.get(self.bound.table.hit, sum)
        none = 0 if fold is sum else None
        found = []
        for start in range(0, len(nodes), CHUNK):
            values = [_scaled(n) for n in nodes[start : start + CHUNK]]
            bits = relation[self.masked[start // BITS]] >> _long(start % BITS)
            chosen = [[v for n, v in enumerate(values) if m >> n & 1] for m in range(1 << len(values))]
            leaves = [fold(c) if c else none for c in chosen]
            found.append(looked_up(bits & _long((1 << len(values)) - 1), leaves, "int64"))
        return found


def _total(parts: list[Any]) -> Any:
    return balanced(lambda a, b: a + b, parts)


_FOLDS: dict[str, Callable[[list[Any]], Any]] = {
    "collect_sum": _total, "collect_count": _total, "collect_min": lambda parts: ibis.least(*parts),
    "collect_max": lambda parts: ibis.greatest(*parts),
}  # fmt: skip


def _small(nodes: list[Any]) -> bool:
    """Whether all values are written, and their sum in millionths is a whole number of 63 bits."""
    written = [n.value for n in nodes if isinstance(n, Constant) and isinstance(n.value, Decimal)]
    return len(written) == len(nodes) and sum(map(abs, written)) <= MAX_QUANTITY


def _scaled(node: Constant) -> int:
    return int(Decimal(str(node.value)).scaleb(PLACES))


def _unscaled(whole: Any) -> Any:
    millionth = ibis.literal(Decimal(1).scaleb(-PLACES), type=f"decimal(20, {PLACES})")
    return (whole.cast("decimal(20, 0)") * millionth).cast(TYPES["number"])


def _long(number: int) -> Any:
    return ibis.literal(number, type="int64")


def _list(nodes: list[Any], hits: list[Any]) -> Any:
    """Written values in the order of the rows."""
    parts = [ibis.ifelse(h, ibis.literal(f"{_plain(n.value)}, "), "") for h, n in zip(hits, nodes, strict=True)]
    return balanced(lambda a, b: a + b, parts).re_replace(", $", "").nullif("")


def _plain(given: object) -> str:
    return ("true" if given else "false") if isinstance(given, bool) else str(given)
