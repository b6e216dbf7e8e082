"""All tables of one pack: put in order, compiled, and checked; each fault at its file, line and key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.policy.parameters import Parameter
from shuangkong.policy.rules.checked import CheckedTable, ParameterValue, UsedParameter, in_order
from shuangkong.policy.rules.checks import resting, shape_of
from shuangkong.policy.rules.checks_words import Doubt
from shuangkong.policy.rules.compiling import Faults, compile_table
from shuangkong.policy.rules.model import TableEntry
from shuangkong.policy.strict_yaml import Parsed
from shuangkong.policy.words import PolicyError, Words

Entry = tuple[str, int, Any]
Path = tuple[str | int, ...]
_LATEST = date.max


def compile_tables(
    parsed: Mapping[str, Parsed], tables: Sequence[Entry], parameters: Mapping[str, Parameter]
) -> tuple[tuple[CheckedTable, ...], tuple[tuple[str, Label], ...]]:
    """The tables in the order in which they are decided, and (table, why) for those whose shape is not proved.

    Whatever is wrong is added to the problems of the files.
    """
    entries = {e.id: (file, index, e) for file, index, e in tables}
    try:
        order = in_order({name: _above(e) for name, (_, _, e) in entries.items()})
    except PolicyError as wrong:
        file, index, _ = entries[wrong.where]
        _add(parsed, (file, index), ("inputs",), wrong.words)
        return (), ()
    compiled: dict[str, CheckedTable] = {}
    unproved: list[tuple[str, Label]] = []
    for name in (n for n in order if n in entries):
        file, index, entry = entries[name]
        faults = Faults()
        table = compile_table(entry, parameters, compiled, faults)
        compiled[name] = table
        for path, fault in faults.found:
            _add(parsed, (file, index), path, fault)
        if not faults.found:
            wrong_rows, why = proof_of(entry, table, parameters)
            for path, fault in wrong_rows:
                _add(parsed, (file, index), path, fault)
            unproved += [(entry.id, why)] if why is not None else []
    return tuple(compiled.values()), tuple(unproved)


def _above(entry: TableEntry) -> frozenset[str]:
    return frozenset(i.output.table for i in entry.inputs if i.output is not None)


def _add(parsed: Mapping[str, Parsed], place: tuple[str, int], path: tuple[str | int, ...], words: Words) -> None:
    file = parsed[place[0]]
    file.problems.append(words.at(file.where((place[1], *path))))


def proof_of(
    entry: TableEntry, table: CheckedTable, parameters: Mapping[str, Parameter]
) -> tuple[list[tuple[Path, Words]], Label | None]:
    """What is wrong with the shape of a table, by key path, and what of it could not be told.

    It is looked at on each day on which rows or parameters change; the first day with faults is told. Of days with the
    same rows and the same values, as far as the shape can hang on them, only the first is looked at.
    """
    doubts: list[Doubt] = []
    faults: list[tuple[Path, Words]] = []
    seen = set()
    for day in _days(entry, parameters):
        values = {n: v.value for n, v in values_on(table.parameters, parameters, day, _LATEST).items()}
        there = table.on(day)
        key = (tuple(r.id for r in there.rows), resting(there, values))
        if key in seen or faults:
            continue
        seen.add(key)
        shape = shape_of(there, values, total=entry.total)
        doubts += [shape.doubt] if shape.doubt is not None else []
        for row, fault in shape.faults:
            faults.append((("rows", *(n for n, r in enumerate(entry.rows) if r.id == row)), fault.on(day)))
    if not doubts:
        return faults, None
    return faults, min(doubts, key=lambda d: d.weight).label(_named(table, parameters))


def _named(table: CheckedTable, parameters: Mapping[str, Parameter]) -> dict[str, Label]:
    """What parameters are called, with the keys that pick their row; by its id one that another pack carries."""
    names = {}
    for use in table.parameters:
        found = parameters[use.id].label.label if use.id in parameters else Label(use.id)
        keys = ", ".join(value for _, value in use.keys)
        zh, en = found.zh, found.in_("en")
        names[use.name] = Label(f"{zh}（{keys}）", f"{en} ({keys})") if keys else found
    return names


def _days(entry: TableEntry, parameters: Mapping[str, Parameter]) -> list[date]:
    rows = [r for use in entry.parameters if use.id in parameters for r in parameters[use.id].values]
    changes = {d for r in rows for d in (r.start, r.end) if d is not None}
    changes |= {d for r in entry.rows for d in (r.start, r.end) if d is not None}
    return [entry.start, *sorted(d for d in changes if d > entry.start and (entry.end is None or d < entry.end))]


def values_on(
    used: Sequence[UsedParameter], parameters: Mapping[str, Parameter], day: date, known: date
) -> dict[str, ParameterValue]:
    """What each parameter of a table is on a day, as known on another; null with a state where there is none."""
    found = {}
    for use in used:
        parameter = parameters.get(use.id)
        try:
            if parameter is None:
                found[use.name] = ParameterValue(None, state="PACK-006")
                continue
            row = parameter.at(day, known=known, edition=use.edition, **dict(use.keys))
            found[use.name] = ParameterValue(_plain(row.value), row.confidence, row.start, row.state)
        except UserError as wrong:
            found[use.name] = ParameterValue(None, state=wrong.code)
    return found


def _plain(value: Decimal | None) -> Decimal | None:
    return None if value is None else +value
