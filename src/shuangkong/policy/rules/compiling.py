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
from shuangkong.policy.rules.expressions import Misread, exact, parse
from shuangkong.policy.rules.model import MAX_ROWS, InputEntry, OutputEntry, ParameterUse, RowEntry, TableEntry
from shuangkong.policy.rules.nodes import TRUE, Constant, Node, all_of
from shuangkong.policy.rules.types import DAY, FLAG, TEXT, Kind, Mistyped, shown, typed, unit_of

Path = tuple[str | int, ...]
_PLAIN = {"text": TEXT, "flag": FLAG, "day": DAY}
_AGGREGATES = ("collect_sum", "collect_min", "collect_max")


@dataclass(slots=True)
class Faults:
    """Faults of one table by the key path where they stand; nothing is raised on the way."""

    found: list[tuple[Path, UserError]] = field(default_factory=list)

    def add(self, path: Path, code: str, message: str, remedy: str) -> None:
        """Note a fault."""
        self.found.append((path, UserError(code, message, remedy=remedy)))

    def tried(self, path: Path, work: Callable[[], Node], instead: Node = TRUE) -> Node:
        """What the work gives, or `instead` after its complaint was noted."""
        try:
            return work()
        except UserError as wrong:
            message = f"at {wrong.where}: {wrong.message}" if wrong.where else wrong.message
            self.found.append((path, UserError(wrong.code, message, remedy=wrong.remedy)))
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
        faults.add(("rows",), "RULE-006", f"the table has more than {MAX_ROWS} rows.", "Split it into several tables.")
    else:
        work = _Rows(entry, names, {i.name: i.kind for i in inputs}, inputs, outputs, faults)
        rows = tuple(work.row(r, ("rows", n)) for n, r in enumerate(entry.rows))
    return CheckedTable(entry.id, inputs, outputs, rows, entry.hit, used, entry.open_because)


def _kind(type_: str, unit: str | None, path: Path, faults: Faults) -> Kind:
    if type_ != "number":
        return _PLAIN[type_]
    try:
        return Kind("number", unit_of(unit or "1"))
    except UserError as wrong:
        faults.add((*path, "unit"), "RULE-002", wrong.message, wrong.remedy)
        return Kind("number")


def _input(entry: InputEntry, above: Mapping[str, CheckedTable], path: Path, faults: Faults) -> CheckedInput:
    if entry.output is None:
        kind = _kind(entry.type, entry.unit, path, faults)
        return CheckedInput(entry.name, kind, entry.choices, entry.at_least, entry.at_most)
    table, name = entry.output.table, entry.output.output
    found = next((o for o in above[table].outputs if o.name == name), None) if table in above else None
    if found is None:
        what = f"there is no output “{name}” of a table “{table}” in this pack."
        faults.add((*path, "output"), "RULE-003", what, "Name a table of the pack and one of its outputs.")
        return CheckedInput(entry.name, Kind("number"))
    return CheckedInput(
        entry.name, found.kind, entry.choices, entry.at_least, entry.at_most, (table, name)
    )  # fmt: skip


def _parameter(use: ParameterUse, there: Mapping[str, Parameter], path: Path, faults: Faults) -> UsedParameter:
    found = there.get(use.id)
    if found is None and use.unit is None:
        remedy = "Add the parameter, or say its unit here if another pack carries it."
        faults.add((*path, "id"), "RULE-003", f"“{use.id}” is no parameter of this pack.", remedy)
    if found is not None and set(use.keys) != set(found.key):
        remedy = f"Give a value for each of {', '.join(found.key) or 'no key'}."
        faults.add((*path, "keys"), "RULE-003", f"{use.id} is not keyed by these names.", remedy)
    elif found is not None and not any(r.key == tuple(use.keys[k] for k in found.key) for r in found.values):
        faults.add((*path, "keys"), "RULE-003", f"no row of {use.id} has this key.", "Correct the key.")
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
            faults.add((where,), "RULE-003", f"“{name}” is given twice.", "Give each its own name.")


def _shape(entry: TableEntry, outputs: tuple[CheckedOutput, ...], faults: Faults) -> None:
    """Whether the hit policy goes with the outputs and rows."""
    if entry.hit in _AGGREGATES and (len(outputs) != 1 or outputs[0].kind.name != "number"):
        faults.add(("outputs",), "RULE-002", f"{entry.hit} wants one output, a number.", "Split the table.")
    if entry.hit == "collect_count" and (len(outputs) != 1 or outputs[0].kind != Kind("number", unit_of("item"))):
        faults.add(("outputs",), "RULE-002", "collect_count wants one output in items.", "Give it unit: item.")
    if entry.hit.startswith("collect") and any(o.default is not None for o in outputs):
        faults.add(("outputs",), "RULE-002", "a table that collects has no default.", "Leave it out.")
    if (entry.hit == "priority") != all(r.priority is not None for r in entry.rows):
        text = "priority goes with every row of a priority table, and with no other."
        faults.add(("rows",), "RULE-003", text, "Give each row its priority, or leave them all out.")
    ids = {r.id for r in entry.rows}
    excepted = {r.id for r in entry.rows if r.exception_of}
    for n, row in enumerate(entry.rows):
        for name in row.exception_of:
            if name not in ids or name in excepted or name == row.id:
                text = f"“{name}” is no row that row {row.id} can be an exception of."
                faults.add(("rows", n, "exception_of"), "RULE-003", text, "Name a row that is no exception itself.")


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
            remedy = f"There are {', '.join(o.name for o in self.outputs)}."
            self.faults.add((*path, "then"), "RULE-003", f"“{strange[0]}” is no output of this table.", remedy)
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
            text = f"row {row.id} stands on no day: it would begin on {first} and end on {last}."
            self.faults.add((*path, "from" if row.start else "to"), "RULE-003", text, "Correct the days.")
        before = row.start is not None and row.start < self.entry.start
        if before or (row.end is not None and self.entry.end is not None and row.end > self.entry.end):
            text = f"row {row.id} stands longer than its table."
            key = "from" if before else "to"
            self.faults.add((*path, key), "RULE-003", text, "Leave the day out, or change that of the table.")

    def _cell(self, name: str, given: object, path: Path) -> Node:
        if name not in self.cells:
            remedy = f"There are {', '.join(self.cells)}."
            self.faults.add(path, "RULE-003", f"“{name}” is no input of this table.", remedy)
            return TRUE
        found = self.faults.tried(path, lambda: typed(cell(name, self.cells[name], given), self.names)[0])
        choices = next(i.choices for i in self.inputs if i.name == name)
        strange = [t for t in _texts(given) if choices and t not in choices]
        if strange:
            text = f"“{strange[0]}” is no choice of {name}."
            self.faults.add(path, "RULE-003", text, f"There are {', '.join(choices)}.")
        return found

    def _then(self, row: RowEntry, output: CheckedOutput, path: Path) -> Node:
        if self.entry.hit == "collect_count":
            return Constant(Decimal(1), "item")
        if output.name not in row.then:
            text = f"row {row.id} gives no {output.name}."
            self.faults.add(path, "RULE-003", text, "Give every output a value in every row.")
            return TRUE
        given = row.then[output.name]
        here = (*path, output.name)
        if isinstance(given, dict):
            if self.entry.hit in ("collect", "any"):
                text = f"{self.entry.hit} holds written values only."
                self.faults.add(here, "RULE-002", text, "Write the value itself, or use another policy.")
            if set(given) != {"calc"} or not isinstance(given["calc"], str):
                self.faults.add(here, "RULE-001", "this is no value.", "Write a value, or {calc: expression}.")
                return TRUE
            return self._expression(given["calc"], output.kind, here)
        return self.faults.tried(here, lambda: written(given, output.kind))

    def _expression(self, text: str, kind: Kind, path: Path) -> Node:
        def work() -> Node:
            node, found = typed(parse(text), self.names)
            bare_zero = isinstance(node, Constant) and node.value == Decimal(0) and kind.name == "number"
            if found != kind and not bare_zero:
                raise Mistyped(f"{found} stands where {kind} is wanted.", 0, "Convert with to(x, unit), or compare.")
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
            raise Misread(f"“{given}” is not a day.", 0, "Write year-month-day.")
        return Constant(day)
    raise Mistyped(f"{given} stands where {kind} is wanted.", 0, "Write the value, or {calc: expression}.")
