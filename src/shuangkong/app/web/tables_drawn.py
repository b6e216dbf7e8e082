"""A decision table as people draw it (规则表图): inputs, outputs, rows, and which cells hold for what is given."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from shuangkong.app.catalogue import catalogue
from shuangkong.judgement.api import Bindings, asked_inputs, bindings_of, decided_rows, parameters_of, why_not
from shuangkong.kernel.labels import Label
from shuangkong.kernel.units import convert
from shuangkong.policy.api import (
    AtLeast,
    CheckedInput,
    CheckedTable,
    Known,
    Node,
    Pack,
    PackSet,
    RowEntry,
    TableEntry,
    cell,
    holds,
    parse,
    typed,
    with_declared,
)
from shuangkong.webkit.api import Speaker, figure, grouped, unit_words

Row = dict[str, Any]
#: What stands between texts of which a cell may be any.
_EITHER = " / "

HITS: dict[str, Label] = {
    "unique": Label("唯一：至多一行命中", "unique: at most one row hits"),
    "first": Label("首行：取第一条命中的行", "first: the first row that hits is taken"),
    "any": Label("任一：可多行命中，结果须一致", "any: several may hit if they say the same"),
    "priority": Label("优先：取优先级最高的行", "priority: the row of the highest priority is taken"),
    "collect": Label("汇集：列出所有命中行", "collect: all rows that hit are listed"),
    "collect_sum": Label("汇集求和", "collect: sum"),
    "collect_min": Label("汇集取最小", "collect: the smallest"),
    "collect_max": Label("汇集取最大", "collect: the largest"),
    "collect_count": Label("汇集计数", "collect: count"),
}


@dataclass(frozen=True, slots=True)
class Drawn:
    """One cell: its text, and whether it holds for what is given (None: not known, or nothing is given)."""

    text: str
    holds: bool | None = None
    asked: bool = False


@dataclass(frozen=True, slots=True)
class DrawnRow:
    """One row: its cells by input, the further condition, its outputs, and whether it hit."""

    id: str
    cells: tuple[Drawn, ...]
    test: Drawn | None
    outputs: tuple[str, ...]
    clause: str
    entry: RowEntry
    hit: bool = False


@dataclass(frozen=True)
class Drawing:
    """A table with everything that its page shows."""

    pack: Pack
    entry: TableEntry
    inputs: Bindings
    rows: tuple[DrawnRow, ...]
    parameters: Sequence[Row]
    standing: str
    why_not: str | None
    unchecked: Label | None
    answer: Row | None = None
    given: Mapping[str, str] = field(default_factory=dict)

    @property
    def tested(self) -> bool:
        """Whether any row has a further condition."""
        return any(r.test is not None for r in self.rows)

    @property
    def asked(self) -> dict[str, CheckedInput]:
        """What a form asks for."""
        return asked_inputs(self.inputs.chain)


def last_day(entry: TableEntry) -> date | None:
    """The last day on which a table is in force, if it has one."""
    return entry.end - timedelta(days=1) if entry.end is not None else None


def drawing(
    packs: PackSet,
    pack: Pack,
    entry: TableEntry,
    *,
    day: date,
    known: date,
    today: date,
    given: Mapping[str, str] | None = None,
) -> Drawing:
    """The table on a day; with `given` (cells by input, empty is unknown) what it says of them; raises RULE-007.

    `today` tells how it stands. Before and after its time its figures are those of its first and last day.
    """
    day = max(min(day, last_day(entry) or day), entry.start) if given is None else day
    inputs = bindings_of(packs, pack, entry, with_declared(catalogue(), packs))
    table = inputs.chain[-1]
    parameters = parameters_of(packs, pack, entry, day, known)
    answer, values = None, dict[str, Known]()
    if given is not None:
        answer = decided_rows(packs, pack.key, entry.id, [given], day=day, known=known, where="/rules")[0]
        values = _values(inputs, answer, parameters)
    hit = set(answer.get("rows_hit") or [answer["row_hit"]]) if answer else set()
    rows = tuple(_row(entry, table, r, values if answer else None, r.id in hit) for r in entry.rows)
    return Drawing(
        pack, entry, inputs, rows, parameters, entry.standing_on(today), why_not(entry, inputs),
        next((w for p, t, w in packs.unproved if (p, t) == (pack.key, entry.id)), None), answer, given or {},
    )  # fmt: skip


def _values(inputs: Bindings, answer: Row, parameters: Sequence[Row]) -> dict[str, Known]:
    """What each name of the table is: the inputs as read, those from earlier tables, and the parameters."""
    table = inputs.chain[-1]
    found: dict[str, Known] = {}
    for one in table.inputs:
        above = (
            f"{one.upstream[0].replace('.', '_').replace('-', '_')}__{one.upstream[1]}" if one.upstream else one.name
        )
        found[one.name] = answer.get(above)
        if found[one.name] is None and answer.get(f"{one.name}__at_least") is not None:
            found[one.name] = AtLeast(answer[f"{one.name}__at_least"])
    own = [p for p in parameters if p["table"] == table.id]
    return found | {p["name"]: p["value"] for p in own}


def _row(
    entry: TableEntry, table: CheckedTable, row: RowEntry, values: Mapping[str, Known] | None, hit: bool
) -> DrawnRow:
    kinds = {i.name: i.kind for i in table.inputs} | {p.name: p.kind for p in table.parameters}

    def told(node: Node) -> bool | None:
        return None if values is None else holds(typed(node, kinds)[0], values)

    cells = tuple(
        Drawn(cell_text(row.when[i.name]), told(cell(i.name, kinds[i.name], row.when[i.name])), True)
        if i.name in row.when
        else Drawn("—")
        for i in entry.inputs
    )
    test = Drawn(row.test, told(parse(row.test)), True) if row.test is not None else None
    outputs = tuple(output_text(row.then.get(o.name)) for o in entry.outputs)
    return DrawnRow(row.id, cells, test, outputs, row.clause or entry.clause, row, hit)


def cell_text(given: object) -> str:
    """A cell as written: several that it may be beside each other, a flag as a sign."""
    if isinstance(given, list | tuple):
        return _EITHER.join(cell_text(g) for g in given)
    return "✓" if given is True else "✗" if given is False else str(given)


def output_text(given: object) -> str:
    """An output of a row as written; = and the expression where it is worked out."""
    if given is None:
        return "—"
    return f"= {given['calc']}" if isinstance(given, dict) and "calc" in given else cell_text(given)


def output_words(value: object, unit: str | None, speaker: Speaker) -> str:
    """An output or input as a figure with its unit, or as words."""
    if value is None:
        return "—"
    if isinstance(value, bool):
        return speaker.say("table.is_so") if value else speaker.say("table.not_so")
    if isinstance(value, Decimal):
        if unit == "CNY":
            return money(value, speaker)
        return str(figure(value, unit or "", speaker.language)) if unit and unit != "1" else f"{value.normalize():f}"
    return str(value)


def output_called(entry: TableEntry, name: str, value: object, speaker: Speaker) -> str:
    """The value of an output of a table: a text by the words of the table, in the reader's language."""
    output = next((o for o in entry.outputs if o.name == name), None)
    if output is not None and output.type == "text" and isinstance(value, str):
        return speaker.label(output.called(value))
    return output_words(value, output.unit if output else None, speaker)


def money(value: Decimal, speaker: Speaker) -> str:
    """An amount of money in yuan, 10⁴ or 10⁸ yuan by its size, with as many digits as its size bears."""
    size = abs(value)
    unit = "100m_CNY" if size >= 10**8 else "10k_CNY" if size >= 10**4 else "CNY"
    shown = convert(value, "CNY", unit)
    return f"{grouped(shown, 2 if unit != 'CNY' or shown % 1 else 0)}\u2009{unit_words(unit, speaker.language)}"


def answered(entry: TableEntry, answer: str | None, speaker: Speaker) -> str:
    """The answer of a finding (“name=value; …”) in words, with labels and units."""
    if not answer:
        return ""
    parts, rest = [], answer
    names = [o.name for o in entry.outputs]
    for place, output in enumerate(entry.outputs):
        if not rest.startswith(f"{output.name}="):
            continue
        ends = [i for n in names[place + 1 :] if (i := rest.find(f"; {n}=")) >= 0]
        end = min(ends, default=len(rest))
        value: object = rest[len(output.name) + 1 : end]
        rest = rest[end + 2 :]
        if output.type == "number" and entry.hit != "collect":
            value = Decimal(str(value))
        elif output.type == "flag":
            value = value == "true"
        parts.append(f"{speaker.label(output.label.label)} {output_called(entry, output.name, value, speaker)}")
    return speaker.say("punctuation.list").join(parts)


_QUOTED = re.compile(r'("[^"]*")')
_CONVERTED = re.compile(r'\bto\(([a-z][a-z0-9_]*), *"[^"]*"\)')
_WORD = re.compile(r"[a-z][a-z0-9_]*")


def said(drawn: Drawing, text: str, speaker: Speaker) -> str:
    """A cell or expression of a table on a day, as `told_text` has it."""
    return told_text(drawn.pack, drawn.entry, drawn.parameters, text, speaker)


def told_text(pack: Pack, entry: TableEntry, parameters: Sequence[Row], text: str, speaker: Speaker) -> str:
    """A cell or expression with figures for its parameters, labels for its inputs, and texts by the words of the pack.

    [100 万元, 200 万元). A parameter that has no value on the day is called by its label; a name without a label stays.
    """
    names: dict[str, str] = {i.name: speaker.label(i.label.label) for i in entry.inputs}
    for p in parameters:
        if p["table"] != entry.id:
            continue
        if p["value"] is not None:
            names[p["name"]] = output_words(p["value"], p["unit"], speaker)
        elif p["label_zh"]:
            names[p["name"]] = speaker.label(Label(p["label_zh"], p["label_en"]))
    texts = _texts(pack, entry)
    pieces = text.split(_EITHER)
    if all(piece in texts for piece in pieces):
        return _EITHER.join(speaker.label(texts[piece]) for piece in pieces)
    text = _CONVERTED.sub(r"\1", text)
    text = text.replace("&&", speaker.say("rules.and")).replace("||", speaker.say("rules.or"))
    parts = _QUOTED.split(text)
    parts[::2] = [_WORD.sub(lambda m: names.get(m[0], m[0]), p).replace("*", "×") for p in parts[::2]]
    parts[1::2] = [f'"{speaker.label(texts[p[1:-1]])}"' if p[1:-1] in texts else p for p in parts[1::2]]
    return "".join(parts)


def _texts(pack: Pack, entry: TableEntry) -> dict[str, Label]:
    """What the texts of a table's outputs, and of those that its inputs read, are called."""
    read = {(i.output.table, i.output.output) for i in entry.inputs if i.output}
    above = [o for t in pack.tables for o in t.outputs if (t.id, o.name) in read]
    return {text: Label(text, words) for o in (*above, *entry.outputs) for text, words in o.words.items()}
