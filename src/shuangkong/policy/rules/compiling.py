"""From the table that a pack writes to the table that is decided; every fault with the key where it stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from shuangkong.kernel.errors import UserError
from shuangkong.policy.fields import parse_day
from shuangkong.policy.parameters import Parameter
from shuangkong.policy.rules.cells import cell
from shuangkong.policy.rules.checked import CheckedInput, CheckedOutput, CheckedRow, CheckedTable, UsedParameter
from shuangkong.policy.rules.expressions import Misplaced, Misread, exact, parse
from shuangkong.policy.rules.model import (
    MAX_COLUMNS,
    MAX_ROWS,
    InputEntry,
    OutputEntry,
    ParameterUse,
    RowEntry,
    TableEntry,
)
from shuangkong.policy.rules.nodes import TRUE, Constant, Node, all_of
from shuangkong.policy.rules.types import DAY, FLAG, TEXT, Kind, Mistyped, shown, typed, unit_of
from shuangkong.policy.words import Words, listed, plainly, said

Path = tuple[str | int, ...]
_PLAIN = {"text": TEXT, "flag": FLAG, "day": DAY}
_CALC = "{calc: expression}"
_AGGREGATES = ("collect_sum", "collect_min", "collect_max")


@dataclass(slots=True)
class Faults:
    """Faults of one table by the key path where they stand; nothing is raised on the way."""

    found: list[tuple[Path, Words]] = field(default_factory=list)

    def add(self, path: Path, words: Words) -> None:
        """Note a fault."""
        self.found.append((path, words))

    def tried(self, path: Path, work: Callable[[], Node], instead: Node = TRUE) -> Node:
        """What the work gives, or `instead` after its complaint was noted."""
        try:
            return work()
        except Misplaced as wrong:
            self.found.append((path, wrong.words.inside(wrong.at + 1)))
            return instead


def compile_table(
    entry: TableEntry, parameters: Mapping[str, Parameter], above: Mapping[str, CheckedTable], faults: Faults
) -> CheckedTable:
    """The table with names and units worked out; what is wrong is added to `faults`.

    `parameters` are those of the pack, `above` the tables that were compiled before.
    """
    inputs = tuple(_input(i, above, ("inputs", n), faults) for n, i in enumerate(entry.inputs))
    used = tuple(_parameter(p, parameters, ("parameters", n), faults) for n, p in enumerate(entry.parameters))
    outputs = tuple(_output(o, ("outputs", n), faults) for n, o in enumerate(entry.outputs))
    _once([*(i.name for i in inputs), *(p.name for p in used)], "inputs", faults)
    _once([o.name for o in outputs], "outputs", faults)
    _once([r.id for r in entry.rows], "rows", faults)
    _shape(entry, outputs, faults)
    names = {i.name: i.kind for i in inputs} | {p.name: p.kind for p in used}
    rows: tuple[CheckedRow, ...] = ()
    if len(entry.rows) > MAX_ROWS:
        faults.add(("rows",), said("RULE-006", "rows", most=MAX_ROWS))
    else:
        work = _Rows(entry, names, {i.name: i.kind for i in inputs}, inputs, outputs, faults)
        rows = tuple(work.row(r, ("rows", n)) for n, r in enumerate(entry.rows))
    return CheckedTable(entry.id, inputs, outputs, rows, entry.hit, used, entry.open_because)


def _kind(type_: str, unit: str | None, path: Path, faults: Faults) -> Kind:
    if type_ != "number":
        return _PLAIN[type_]
    try:
        return Kind("number", unit_of(unit or "1"))
    except UserError:
        faults.add((*path, "unit"), said("RULE-002", "unit", name=unit))
        return Kind("number")


def _input(entry: InputEntry, above: Mapping[str, CheckedTable], path: Path, faults: Faults) -> CheckedInput:
    if entry.output is None:
        kind = _kind(entry.type, entry.unit, path, faults)
        return CheckedInput(entry.name, kind, entry.choices, entry.at_least, entry.at_most)
    table, name = entry.output.table, entry.output.output
    found = next((o for o in above[table].outputs if o.name == name), None) if table in above else None
    if found is None:
        faults.add((*path, "output"), said("RULE-003", "upstream", name=name, table=table))
        return CheckedInput(entry.name, Kind("number"))
    return CheckedInput(
        entry.name, found.kind, entry.choices, entry.at_least, entry.at_most, (table, name)
    )  # fmt: skip


def _parameter(use: ParameterUse, there: Mapping[str, Parameter], path: Path, faults: Faults) -> UsedParameter:
    found = there.get(use.id)
    if found is None and use.unit is None:
        faults.add((*path, "id"), said("RULE-003", "parameter", name=use.id))
    if found is not None and set(use.keys) != set(found.key):
        faults.add((*path, "keys"), said("RULE-003", "keys", name=use.id, keys=listed(found.key)))
    elif found is not None and not any(r.key == tuple(use.keys[k] for k in found.key) for r in found.values):
        faults.add((*path, "keys"), said("RULE-003", "key", name=use.id))
    kind = _kind("number", found.unit if found is not None else use.unit, path, faults)
    return UsedParameter(use.name, use.id, kind, tuple(sorted(use.keys.items())), use.edition)


def _output(entry: OutputEntry, path: Path, faults: Faults) -> CheckedOutput:
    kind = _kind(entry.type, entry.unit, path, faults)
    if entry.default is None:
        return CheckedOutput(entry.name, kind)
    node = faults.tried((*path, "default"), lambda: written(entry.default, kind), Constant(""))
    return CheckedOutput(entry.name, kind, node if isinstance(node, Constant) else None)


def _once(names: Sequence[str], where: str, faults: Faults) -> None:
    for n, name in enumerate(names):
        if name in names[:n]:
            faults.add((where,), said("RULE-003", "twice", name=name))


def _shape(entry: TableEntry, outputs: tuple[CheckedOutput, ...], faults: Faults) -> None:
    """Whether the hit policy goes with the outputs and rows."""
    if entry.hit in _AGGREGATES and (len(outputs) != 1 or outputs[0].kind.name != "number"):
        faults.add(("outputs",), said("RULE-002", "aggregate", hit=entry.hit))
    if entry.hit == "collect_count" and (len(outputs) != 1 or outputs[0].kind != Kind("number", unit_of("item"))):
        faults.add(("outputs",), said("RULE-002", "count"))
    if entry.hit.startswith("collect") and any(o.default is not None for o in outputs):
        faults.add(("outputs",), said("RULE-002", "default"))
    if (entry.hit == "priority") != all(r.priority is not None for r in entry.rows):
        faults.add(("rows",), said("RULE-003", "priority"))
    ids = {r.id for r in entry.rows}
    excepted = {r.id for r in entry.rows if r.exception_of}
    for n, row in enumerate(entry.rows):
        for name in row.exception_of:
            if name not in ids or name in excepted or name == row.id:
                faults.add(("rows", n, "exception_of"), said("RULE-003", "exception", name=name, row=row.id))


@dataclass(slots=True)
class _Rows:
    """What is needed to work out one row after the other."""

    entry: TableEntry
    names: dict[str, Kind]
    cells: dict[str, Kind]
    inputs: tuple[CheckedInput, ...]
    outputs: tuple[CheckedOutput, ...]
    faults: Faults

    def row(self, row: RowEntry, path: Path) -> CheckedRow:
        """A row with its condition and outputs typed."""
        tests = [self._cell(name, given, (*path, "when", name)) for name, given in row.when.items()]
        if row.test is not None:
            tests.append(self._expression(row.test, FLAG, (*path, "if")))
        strange = sorted(set(row.then) - {o.name for o in self.outputs})
        if strange:
            there = listed(o.name for o in self.outputs)
            self.faults.add((*path, "then"), said("RULE-003", "output", name=strange[0], there=there))
        then = tuple(self._then(row, o, (*path, "then")) for o in self.outputs)
        self._days(row, path)
        condition = all_of(tuple(t for t in tests if t != TRUE))
        mark = row.confidence or self.entry.confidence
        return CheckedRow(
            row.id, condition, then, row.priority or 0, row.exception_of, mark, row.clause or self.entry.clause,
            row.start, row.end,
        )  # fmt: skip

    def _days(self, row: RowEntry, path: Path) -> None:
        """A row stands for a while at least, and no longer than its table."""
        first, last = row.start or self.entry.start, row.end or self.entry.end
        if last is not None and first >= last:
            words = said("RULE-003", "no_day", row=row.id, first=first, last=last)
            self.faults.add((*path, "from" if row.start else "to"), words)
        before = row.start is not None and row.start < self.entry.start
        if before or (row.end is not None and self.entry.end is not None and row.end > self.entry.end):
            self.faults.add((*path, "from" if before else "to"), said("RULE-003", "longer", row=row.id))

    def _cell(self, name: str, given: object, path: Path) -> Node:
        if name not in self.cells:
            self.faults.add(path, said("RULE-003", "input", name=name, there=listed(self.cells, MAX_COLUMNS)))
            return TRUE
        found = self.faults.tried(path, lambda: typed(cell(name, self.cells[name], given), self.names)[0])
        choices = next(i.choices for i in self.inputs if i.name == name)
        strange = [t for t in _texts(given) if choices and t not in choices]
        if strange:
            self.faults.add(path, said("RULE-003", "choice", given=strange[0], name=name, there=listed(choices)))
        return found

    def _then(self, row: RowEntry, output: CheckedOutput, path: Path) -> Node:
        if self.entry.hit == "collect_count":
            return Constant(Decimal(1), "item")
        if output.name not in row.then:
            self.faults.add(path, said("RULE-003", "no_output", row=row.id, name=output.name))
            return TRUE
        given = row.then[output.name]
        here = (*path, output.name)
        if isinstance(given, dict):
            if self.entry.hit in ("collect", "any"):
                self.faults.add(here, said("RULE-002", "written_only", hit=self.entry.hit))
            if set(given) != {"calc"} or not isinstance(given["calc"], str):
                self.faults.add(here, said("RULE-001", "no_value", form=_CALC))
                return TRUE
            return self._expression(given["calc"], output.kind, here)
        return self.faults.tried(here, lambda: written(given, output.kind))

    def _expression(self, text: str, kind: Kind, path: Path) -> Node:
        def work() -> Node:
            node, found = typed(parse(text), self.names)
            bare_zero = isinstance(node, Constant) and node.value == Decimal(0) and kind.name == "number"
            if found != kind and not bare_zero:
                raise Mistyped(said("RULE-002", "expression", found=found.label, wanted=kind.label), 0)
            return node

        return self.faults.tried(path, work)


def _texts(given: object) -> list[str]:
    every = given if isinstance(given, list | tuple) else [given]
    return [g.removeprefix("!=").strip() for g in every if isinstance(g, str) and g != "-"]


def written(given: object, kind: Kind) -> Constant:
    """A value as a row prints it, in the unit of its output; raises RULE-001 or RULE-002."""
    if kind.name == "flag" and isinstance(given, bool):
        return Constant(given)
    if kind.name == "text" and isinstance(given, str):
        return Constant(given)
    if kind.name == "number" and isinstance(given, int | Decimal) and not isinstance(given, bool):
        return Constant(exact(str(given), 0), shown(kind.unit) if kind.unit else "")
    if kind.name == "day" and isinstance(given, str):
        day = parse_day(given)
        if day is None:
            raise Misread(said("RULE-001", "no_day", text=given), 0)
        return Constant(day)
    raise Mistyped(said("RULE-002", "written", given=plainly(given), wanted=kind.label, form=_CALC), 0)
