"""What a table is checked for when it is loaded: gaps, overlaps, rows that never hit, each with an example.

What rows compare with numbers is cut into the few classes that the table can tell apart, and every combination of them
is looked through, box by box. Where nothing is found, nothing is there: that is a proof, for all inputs that a table
can be given and as the evaluator reads them. What is found counts once the evaluator agrees for inputs that show it.
What is neither proved nor shown is a `Doubt`. docs/design/rules.md says exactly what is proved.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from shuangkong.kernel.labels import Label, Language
from shuangkong.policy.rules.checked import CheckedInput, CheckedTable
from shuangkong.policy.rules.checks_boxes import Box, Split, Work, common, pairs, split, without
from shuangkong.policy.rules.checks_examples import Examples, Inputs
from shuangkong.policy.rules.checks_space import Space, TooLarge
from shuangkong.policy.rules.checks_words import Doubt
from shuangkong.policy.rules.evaluating import Known, holds, value_of
from shuangkong.policy.rules.nodes import Binary, Constant, Node, all_of, any_of, names_in, with_values
from shuangkong.policy.words import Words, said

ShapeCase = Literal["gap", "overlap", "dead", "dead_after"]
Values = Mapping[str, Decimal | None]
_WORDS = {None: Label("未知", "not known"), True: Label("是", "true"), False: Label("否", "false")}


@dataclass(slots=True)
class Shape:
    """What was found out about a table: `faults` are (row or nothing, words); `doubt` is what stayed open."""

    faults: list[tuple[str | None, Words]] = field(default_factory=list)
    doubt: Doubt | None = None


@dataclass(slots=True)
class _Found:
    """Of one kind of fault: inputs that show it with the rows, or the rows of which it could not be told."""

    shown: tuple[tuple[str, ...], Inputs] | None = None
    unsure: tuple[str, ...] | None = None


def shape_of(table: CheckedTable, values: Values, *, total: bool) -> Shape:
    """Gaps (where `total`), overlaps and unreachable rows, with the parameters at these values.

    A parameter without a value may be anything: what holds for each of its values is proved, what holds for some is a
    doubt that names it.
    """
    if table.open_because is not None:
        return Shape(doubt=Doubt("open"))
    try:
        return _looked_through(table, values, total=total)
    except TooLarge:
        return Shape(doubt=Doubt("too_many", rows=(str(len(table.rows)),)))


def resting(table: CheckedTable, values: Values) -> tuple[tuple[str, Decimal | None], ...]:
    """The parameters that the shape of a table can hang on, with their values: other parameters change nothing."""
    answers = [t for r in table.rows for t in r.then] if table.hit == "any" else []
    asked = set(names_in(*(r.condition for r in table.rows), *answers))
    return tuple((p.name, values.get(p.name)) for p in table.parameters if p.name in asked)


def _looked_through(table: CheckedTable, values: Values, *, total: bool) -> Shape:
    work = Work()
    missing = [name for name, value in resting(table, values) if value is None]
    free = tuple(CheckedInput(p.name, p.kind) for p in table.parameters if p.name in missing)
    look = _Look(table, values, free, work)
    shape = Shape()
    never, unsure = look.unreached()
    gap = look.gap() if total and not table.collects else _Found()
    overlap = look.overlap() if table.hit in ("unique", "any") else _Found()
    doubts = [Doubt("row", rows=unsure)] if unsure else []
    if free and (gap.shown or overlap.shown or gap.unsure is not None or overlap.unsure):
        # with the value missing, what is found is so for every value
        bare = _Look(table, values, (), work)
        doubts += [Doubt("value", names=tuple(missing))]
        gap = bare.gap() if gap.shown or gap.unsure is not None else gap
        overlap = bare.overlap() if overlap.shown or overlap.unsure else overlap
    if gap.shown:
        shape.faults.append((None, said("RULE-005", "gap", inputs=_told(table, gap.shown[1]))))
    elif gap.unsure is not None:
        doubts.append(Doubt("gap"))
    if overlap.shown:
        rows, inputs = overlap.shown
        both = said("RULE-005", "overlap", first=rows[0], second=rows[1], inputs=_told(table, inputs))
        shape.faults.append((rows[1], both))
    elif overlap.unsure:
        doubts.append(Doubt("overlap", rows=overlap.unsure))
    shape.faults += [(row, _dead(table, row)) for row in never]
    shape.doubt = doubts[0] if doubts else None
    return shape


def _dead(table: CheckedTable, row: str) -> Words:
    if table.hit in ("first", "priority"):
        return said("RULE-005", "dead_after", row=row)
    return said("RULE-005", "dead", row=row)


class _Look:
    """One look at a table; parameters among `free` may be anything, others without a value are not known."""

    def __init__(self, table: CheckedTable, values: Values, free: tuple[CheckedInput, ...], work: Work) -> None:
        self.table = table
        self.values = values
        self.inputs = (*table.inputs, *free)
        self.work = work
        self.rows = table.ordered
        self.conditions = table.conditions
        self.space = Space(self.inputs, self.conditions, values)
        self.examples = Examples(self.space, work)
        self.splits: list[Split] = [split(f, self.space, work) for f in self.space.formulas]

    def unreached(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Rows that never hit, and rows of which that could not be told."""
        left: list[Box] = [{}]
        never: list[str] = []
        unsure: list[str] = []
        ordered = self.table.hit in ("first", "priority")
        for n, (row, one) in enumerate(zip(self.rows, self.splits, strict=True)):
            found = self._reached(n, self._still(left, one) if ordered else iter(one.true), ordered=ordered)
            if found is not True:
                (never if found is False else unsure).append(row.id)
            left = without(left, one.not_false, self.space, self.work) if ordered else left
        return tuple(never), tuple(unsure)

    def _nowhere(self) -> list[Box]:
        left: list[Box] = [{}]
        for one in self.splits:
            left = without(left, one.not_false, self.space, self.work)
        return left

    def _still(self, left: Sequence[Box], one: Split) -> Iterator[Box]:
        """Where a row is true and each row above is false."""
        for box in left:
            for true in one.true:
                both = common(box, true, self.space, self.work)
                if both is not None:
                    yield both

    def _reached(self, n: int, boxes: Iterator[Box], *, ordered: bool) -> bool | None:
        def claim(inputs: Mapping[str, Known]) -> bool:
            here = {**self.values, **inputs}
            above = self.conditions[:n] if ordered else ()
            return holds(self.conditions[n], here) is True and all(holds(c, here) is False for c in above)

        found: bool | None = False
        for box in boxes:
            if self.examples.surely(box):
                return True
            there = self.examples.find(box, claim)
            if isinstance(there, dict):
                return True
            found = None if there else found
        return found

    def gap(self) -> _Found:
        """Inputs for which every row is false."""

        def claim(inputs: Mapping[str, Known]) -> bool:
            here = {**self.values, **inputs}
            return all(holds(c, here) is False for c in self.conditions)

        found = _Found()
        for box in self._nowhere():
            there = self.examples.find(box, claim)
            if isinstance(there, dict):
                return _Found(shown=((), there))
            found.unsure = () if there else found.unsure
        return found

    def overlap(self) -> _Found:
        """Inputs for which two rows hit; under `any` two that give different answers."""
        found = _Found()
        for a, b, box in pairs(self.splits, self.space, self.work):
            there = self._conflict(a, b, box)
            rows = (self.rows[a].id, self.rows[b].id)
            if isinstance(there, dict):
                return _Found(shown=(rows, there))
            found.unsure = rows if there and found.unsure is None else found.unsure
        return found

    def _conflict(self, a: int, b: int, box: Box) -> Inputs | bool:
        def claim(inputs: Mapping[str, Known]) -> bool:
            here = {**self.values, **inputs}
            both = all(holds(self.conditions[n], here) is True for n in (a, b))
            return both and (self.table.hit == "unique" or self._answers(a, here) != self._answers(b, here))

        if self.table.hit == "unique":
            return self.examples.find(box, claim)
        differing = _differing(self._written(a), self._written(b))
        if differing is None:
            return False
        if isinstance(differing, bool):
            return self.examples.find(box, claim)
        space = Space(self.inputs, (all_of((self.conditions[a], self.conditions[b], differing)),), self.values)
        one = split(space.formulas[0], space, self.work)
        examples = Examples(space, self.work)
        found: bool = False
        for place in one.not_false:
            there = examples.find(place, claim)
            if isinstance(there, dict):
                return there
            found = found or there
        return found

    def _answers(self, n: int, here: Mapping[str, Known]) -> list[Known]:
        return [value_of(t, here) for t in self.rows[n].then]

    def _written(self, n: int) -> list[Node]:
        return [with_values(t, self.values) for t in self.rows[n].then]


def _differing(first: Sequence[Node], second: Sequence[Node]) -> Node | bool | None:
    """Whether two rows say different things: nothing if never, true if always, else the condition for it."""
    apart = [(a, b) for a, b in zip(first, second, strict=True) if a != b]
    constants = [(a.value, b.value) for a, b in apart if isinstance(a, Constant) and isinstance(b, Constant)]
    if any(x != y for x, y in constants):
        return True
    open_ = [(a, b) for a, b in apart if not (isinstance(a, Constant) and isinstance(b, Constant))]
    return any_of(tuple(Binary("!=", a, b) for a, b in open_)) if open_ else None


def _told(table: CheckedTable, inputs: Mapping[str, Known]) -> Label:
    zh, en = ([f"{i.name} = {_plain(inputs[i.name], to)}" for i in table.inputs] for to in ("zh", "en"))
    return Label("，".join(zh), ", ".join(en))


def _plain(value: Known, language: Language) -> str:
    if value is None or isinstance(value, bool):
        return _WORDS[value].in_(language)
    return format(value.normalize(), "f") if isinstance(value, Decimal) else str(value)
