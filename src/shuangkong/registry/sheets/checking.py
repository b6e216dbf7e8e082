"""Check every row of a sheet in one pass: what is accepted, refused and passed over, each cell with its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from shuangkong.kernel.errors import UserError
from shuangkong.kernel.flaws import Flaw
from shuangkong.kernel.units import Unit, base_of, unit
from shuangkong.registry.sheets.cells import Outcome, reader
from shuangkong.registry.sheets.model import Cell, HeadColumn, Sheet, is_blank, letter, text_of
from shuangkong.registry.sheets.plan import HAS_YEAR, Feed, Plan, make_plan
from shuangkong.registry.sheets.reasons import Reason, because
from shuangkong.registry.sheets.refusals import Refusal, refused_error
from shuangkong.registry.sheets.schema import FieldSpec, Mapping, SheetSchema
from shuangkong.registry.sheets.skipping import Skipped, part_rows
from shuangkong.registry.sheets.tally import Tally

_MEMO = 65_536


@dataclass(frozen=True, slots=True)
class Record:
    """One accepted record: the row it stands in (counted from 1), and a value or None for every field."""

    row: int
    values: dict[str, object]


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found. Accepted records are kept by column: `rows[i]` and `columns[name][i]` are record i.

    Figures with a unit stand in the base unit: `units[name]`, or, where rows differ, the record's own value
    of the unit field. `states[name][i]` says why a value is None: blank or missing (a mark such as —).
    Every data row is accepted, refused or skipped, and is only one of these.
    """

    schema: str
    sheet: Sheet
    rows: list[int]
    columns: dict[str, list[object]]
    units: dict[str, str]
    states: dict[str, dict[int, str]]
    letters: dict[str, str]
    refusals: list[Refusal]
    skipped: list[Skipped]
    flaws: list[Flaw]
    data_rows: int
    refused_rows: frozenset[int] = field(default_factory=frozenset)

    @property
    def ok(self) -> bool:
        """Whether no cell was refused; a file with a refused row is to be refused whole."""
        return not self.refusals

    def __iter__(self) -> Iterator[Record]:
        names = tuple(self.columns)
        for number, values in zip(self.rows, zip(*self.columns.values(), strict=True), strict=True):
            yield Record(number, dict(zip(names, values, strict=True)))

    @property
    def accepted(self) -> list[Record]:
        """The accepted records as typed rows; for large files iterate over the result itself."""
        return list(self)

    def require_ok(self) -> None:
        """Raise IMP-003 that names the first refused cells, if there are any."""
        if self.refusals:
            raise refused_error(self.sheet, self.refusals, len(self.refused_rows))


@dataclass(slots=True)
class _Answers:
    """One field's answers, one for each cell that was read."""

    values: list[object]
    states: dict[int, str]
    units: list[str | None] | None
    refused: dict[int, Reason]


def check_rows(sheet: Sheet, mapping: Mapping, schema: SheetSchema) -> Checked:
    """Check all rows under the head; raises IMP-002 if the mapping does not fit, never for a bad cell."""
    plan = make_plan(sheet, mapping, schema)
    return _Check(sheet, plan, schema).run()


class _Check:
    """One check under way."""

    def __init__(self, sheet: Sheet, plan: Plan, schema: SheetSchema) -> None:
        self.sheet, self.plan, self.schema = sheet, plan, schema
        self.tally = Tally(sheet)
        self.refusals: list[Refusal] = []
        figures = [f.column.index for f in plan.feeds.values() if f.column and f.field.kind == "decimal"]
        figures += [c.index for c, _ in plan.melted]
        self.data, self.skipped = part_rows(sheet, plan.head, schema, figures, self.tally)
        for feed in plan.feeds.values():
            if feed.column and feed.unit and feed.column.unit not in (None, feed.unit.id):
                self.tally.add("unit_overrides_head", plan.head.first_row - 1, feed.column.index)
        self.width = max(len(plan.melted), 1) if plan.melt else 1
        self.answers: dict[str, _Answers] = {}
        self.base: dict[str, str] = {}

    def run(self) -> Checked:
        """Read all fields, then sort the rows."""
        self._beyond()
        melt = self.plan.melt
        by_melt = (melt.value, melt.period) if melt else ()
        later = [n for n in self.plan.feeds if n not in by_melt]
        later.sort(key=lambda n: self.plan.feeds[n].field.kind == "decimal")  # units before figures
        for name in later:
            self._row_field(self.plan.feeds[name])
        if melt:
            self._melted()
        return self._sorted()

    def _beyond(self) -> None:
        """Cells to the right of the head: a stray delimiter in text files, scribbles in workbooks."""
        head = self.plan.head
        end = max(len(self.sheet.rows[r - 1]) for r in range(head.first_row, head.last_row + 1))
        if self.sheet.form != "csv":
            end = head.columns[-1].index + 1
        for i in self.data:
            cells = self.sheet.rows[i]
            if len(cells) <= end:
                continue
            for j in range(end, len(cells)):
                if is_blank(cells[j]):
                    continue
                if self.sheet.form == "csv":
                    self._refuse(i, j, "", "", cells[j], because("extra_cell", value=text_of(cells[j])))
                else:
                    self.tally.add("outside_head", i, j)

    def _refuse(self, row: int, column: int, head: str, name: str, cell: Cell, why: Reason) -> None:
        self.refusals.append(Refusal(row + 1, letter(column), head, name, text_of(cell), why))

    def _column(self, column: HeadColumn) -> list[Cell]:
        j, rows = column.index, self.sheet.rows
        return [cells[j] if j < len(cells) else None for cells in (rows[i] for i in self.data)]

    def _row_units(self, feed: Feed) -> list[Unit | None] | None:
        given = self.answers.get(feed.field.unit_field or "")
        if given is None:
            return None
        return [unit(v) if isinstance(v, str) else feed.unit for v in given.values]

    def _row_field(self, feed: Feed) -> None:
        if feed.column is None:
            self._fixed(feed)
            return
        units = self._row_units(feed)
        answers = self._read(feed.field, feed.column, self._column(feed.column), feed.unit, units)
        self.answers[feed.field.name] = self._wide(answers)

    def _fixed(self, feed: Feed) -> None:
        found = reader(feed.field)(feed.fixed, feed.unit)
        if found.reason is not None or (found.value is None and feed.field.required):
            why = found.reason or _missing(feed.field)
            raise UserError(
                "IMP-002",
                f"the fixed value for “{feed.field.label.zh}” ({feed.field.name}): {why.reason.in_('en')}",
                where=self.sheet.name,
                remedy=why.remedy.in_("en"),
                case="fixed",
                facts={"field": feed.field.label, "why": why.reason, "remedy": why.remedy},
            )
        n = len(self.data) * self.width
        units: list[str | None] | None = [found.unit] * n if found.unit else None
        self.answers[feed.field.name] = _Answers([found.value] * n, {}, units, {})

    def _read(
        self,
        spec: FieldSpec,
        column: HeadColumn,
        cells: list[Cell],
        one: Unit | None,
        units: list[Unit | None] | None,
    ) -> _Answers:
        """Read a column. Equal cells are read once: regions, carriers and units repeat in every file."""
        read, memo = reader(spec), dict[object, Outcome]()
        values: list[object] = []
        given: list[str | None] = []
        answers = _Answers(values, {}, given if spec.measured else None, {})
        lone = _missing(spec) if spec.required else None
        for i, cell in enumerate(cells):
            u = one if units is None else units[i]
            key = (cell, u and u.id) if type(cell) is str else (type(cell), cell, u and u.id)
            found = memo.get(key)
            if found is None:
                found = read(cell, u)
                if len(memo) < _MEMO:
                    memo[key] = found
            values.append(found.value)
            given.append(found.unit)
            if found.state != "ok":
                answers.states[i] = found.state
                if lone is not None:
                    answers.refused[i] = lone
            elif found.reason is not None:
                answers.refused[i] = found.reason
            for code in found.flaws:
                self.tally.add(code, self.data[i], column.index)
        if self.sheet.filled and spec.kind == "decimal":
            self._filled(column, cells, answers)
        self._note(spec, column, cells, answers)
        return answers

    def _filled(self, column: HeadColumn, cells: list[Cell], answers: _Answers) -> None:
        for i, row in enumerate(self.data):
            if (row, column.index) in self.sheet.filled and not is_blank(cells[i]):
                answers.refused[i] = because("merged_number", value=text_of(cells[i]))

    def _note(self, spec: FieldSpec, column: HeadColumn, cells: list[Cell], answers: _Answers) -> None:
        for i, why in answers.refused.items():
            self._refuse(self.data[i], column.index, column.text, spec.name, cells[i], why)

    def _wide(self, a: _Answers) -> _Answers:
        """Answers of a row, repeated for each record that a wide layout makes of it."""
        n = self.width
        if n == 1:
            return a
        units = None if a.units is None else [u for u in a.units for _ in range(n)]
        states = {i * n + k: s for i, s in a.states.items() for k in range(n)}
        refused = {i * n: why for i, why in a.refused.items()}
        return _Answers([v for v in a.values for _ in range(n)], states, units, refused)

    def _melted(self) -> None:
        """The figures of a wide layout, and the period of each from its column and the year."""
        plan, melt, n = self.plan, self.plan.melt, self.width
        assert melt is not None
        spec, period = self.schema.field(melt.value), self.schema.field(melt.period)
        total = len(self.data) * n
        value = _Answers([None] * total, {}, [None] * total if spec.measured else None, {})
        when = _Answers([None] * total, {}, None, {})
        unit_answers = self.answers.get(spec.unit_field or "")
        units = None
        if unit_answers is not None:
            units = [unit(v) if isinstance(v, str) else plan.melt_unit for v in unit_answers.values[::n]]
        years = self._years()
        optional = _optional(spec)
        for k, (column, text) in enumerate(plan.melted):
            cells = self._column(column)
            _spread(value, self._read(optional, column, cells, plan.melt_unit, units), k, n)
            said: list[Cell] = [with_year(text, y) for y in years]
            at = plan.year.column if plan.year and plan.year.column else column
            _spread(when, self._read(period, at, said, None, None), k, n)
        self.answers[melt.value], self.answers[melt.period] = value, when

    def _years(self) -> list[str]:
        year = self.plan.year
        if year is None:
            return [""] * len(self.data)
        if year.column is None:
            return [year.fixed or ""] * len(self.data)
        return [text_of(c) for c in self._column(year.column)]

    def _sorted(self) -> Checked:
        """Find repeats, then keep the records of rows that nothing was said against."""
        n = self.width
        refused = {r.row for r in self.refusals}
        self._repeats(refused)
        refused = {r.row for r in self.refusals}
        keep = self._kept(refused)
        names = [f.name for f in self.schema.fields]
        columns: dict[str, list[object]] = {}
        states: dict[str, dict[int, str]] = {}
        position = {i: p for p, i in enumerate(keep)}
        for name in names:
            answers = self.answers.get(name)
            columns[name] = [None] * len(keep) if answers is None else [answers.values[i] for i in keep]
            if answers is not None and answers.states:
                states[name] = {position[i]: s for i, s in answers.states.items() if i in position}
        self._units_out(columns, keep)
        self.refusals.sort(key=lambda r: (r.row, len(r.column), r.column))
        return Checked(
            self.schema.id,
            self.sheet,
            [self.data[i // n] + 1 for i in keep],
            columns,
            self.base,
            states,
            {f.field.name: f.column.letter for f in self.plan.feeds.values() if f.column},
            self.refusals,
            self.skipped,
            [*self.sheet.flaws, *self.tally.flaws()],
            len(self.sheet.rows) - self.plan.head.last_row,
            frozenset(refused),
        )

    def _kept(self, refused: set[int]) -> list[int]:
        """Record numbers that are accepted; the blank months of a wide layout are no records."""
        n, melt = self.width, self.plan.melt
        if melt is None:
            return [i for i, row in enumerate(self.data) if row + 1 not in refused]
        states = self.answers[melt.value].states
        keep: list[int] = []
        for i, row in enumerate(self.data):
            if row + 1 in refused:
                continue
            own = [i * n + k for k in range(n) if i * n + k not in states]
            for k in range(n):
                if states.get(i * n + k) is not None:
                    self.tally.add("no_figure", row, self.plan.melted[k][0].index)
            if not own:
                self.skipped.append(Skipped(row + 1, "no_figure"))
            keep += own
        return keep

    def _units_out(self, columns: dict[str, list[object]], keep: list[int]) -> None:
        """Say the unit of every figure: one base unit for the column, or the record's own unit field."""
        for spec in self.schema.fields:
            answers = self.answers.get(spec.name)
            if answers is None or answers.units is None:
                continue
            if spec.dimension is not None:
                self.base[spec.name] = base_of(spec.dimension).id
            if spec.unit_field is not None:
                own = columns[spec.unit_field]
                columns[spec.unit_field] = [answers.units[i] or (own[p] if own else None) for p, i in enumerate(keep)]

    def _repeats(self, refused: set[int]) -> None:
        """Refuse a row whose key fields repeat an earlier one that was not refused."""
        if not self.schema.key or any(k not in self.answers for k in self.schema.key):
            return
        keys = [self.answers[k].values for k in self.schema.key]
        melt = self.plan.melt
        absent = self.answers[melt.value].states if melt else {}
        first: dict[tuple[object, ...], int] = {}
        lead = self.plan.feeds.get(self.schema.key[0])
        at, text = (lead.column.index, lead.column.text) if lead and lead.column else (0, "")
        for i, values in enumerate(zip(*keys, strict=True)):
            row = self.data[i // self.width]
            if i in absent or row + 1 in refused or any(v is None for v in values):
                continue
            earlier = first.setdefault(values, i)
            if earlier != i:
                shown = "、".join(str(v) for v in values)
                before = self.data[earlier // self.width] + 1
                why = because("duplicate", first=before, key_zh=shown, key_en=shown)
                self._refuse(row, at, text, self.schema.key[0], shown, why)


def _missing(spec: FieldSpec) -> Reason:
    return because("missing_required", field_zh=spec.label.zh, field_en=spec.label.in_("en"))


def _optional(spec: FieldSpec) -> FieldSpec:
    return replace(spec, required=False)


def _spread(into: _Answers, part: _Answers, k: int, n: int) -> None:
    into.values[k::n] = part.values
    if into.units is not None and part.units is not None:
        into.units[k::n] = part.units
    into.states.update({i * n + k: s for i, s in part.states.items()})
    into.refused.update({i * n + k: why for i, why in part.refused.items()})


def with_year(text: str, year: str) -> str:
    """The period that a column and a year make together: 3月 and 2025 give 2025年3月."""
    if HAS_YEAR.match(text) or not year:
        return text
    return f"{year.strip().removesuffix('年度').removesuffix('年')}年{text}"
