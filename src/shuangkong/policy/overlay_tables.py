"""Changes of decision tables in an overlay (情景中的规则表): fields, rows changed, added and taken out."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from shuangkong.kernel.labels import Label
from shuangkong.policy.model import Pack
from shuangkong.policy.overlay import Change, Replacement, no_longer, plain_text, unfit
from shuangkong.policy.rules.model import RowEntry, TableEntry
from shuangkong.policy.rules.together import compile_tables
from shuangkong.policy.strict_yaml import Parsed
from shuangkong.policy.words import PolicyError, listed, said

#: What may not be changed of a table: findings and other tables hang on these names.
_FIXED = frozenset({"id", "rows"})


def change_table(pack: Pack, change: Change, name: str) -> tuple[Pack, list[Replacement]]:
    """A copy of the pack with a table changed and the changed rows marked synthetic; raises RUN-003."""
    old = next((t for t in pack.tables if t.id == name), None)
    if old is None:
        there = listed(t.id for t in pack.tables)
        raise unfit(change, said("RUN-003", "no_table", pack=pack.key, name=name, there=there))
    if change.add is not None:
        new, done = _added(pack, old, change, change.add)
    elif change.row is not None:
        new, done = _row_changed(pack, old, change, change.row)
    else:
        new, done = _fields_changed(pack, old, change)
    tables = tuple(new if t is old else t for t in pack.tables)
    return pack.model_copy(update={"tables": tables}), done


def recompiled(pack: Pack) -> Pack:
    """The pack with its tables worked out anew; raises RUN-003 where a change leaves one that does not hold."""
    parsed = {"changed": Parsed(pack.key)}
    entries = [("changed", n, t) for n, t in enumerate(pack.tables)]
    decided, unchecked = compile_tables(parsed, entries, {p.id: p for p in pack.parameters})
    problems = parsed["changed"].problems
    if problems:
        first = problems[0]
        place = first.where.partition(" ")[2]
        at = next((t.id for n, t in enumerate(pack.tables) if place.startswith(f"[{n}]")), "")
        where = f"{pack.key}:{at} {place.partition('.')[2]}".strip()
        raise first.words.under("RUN-003").at(where) if isinstance(first, PolicyError) else first
    return pack.model_copy(update={"decided": decided, "unchecked": unchecked})


def _valid(change: Change, model: type[RowEntry] | type[TableEntry], given: dict[str, Any], what: str | Label) -> Any:
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise no_longer(change, what, error, model) from None


def _fields(entry: RowEntry | TableEntry) -> dict[str, Any]:
    return {f.alias or n: getattr(entry, n) for n, f in type(entry).model_fields.items()}


def _unknown(change: Change, there: dict[str, Any], given: dict[str, Any], what: str) -> None:
    strange = sorted((set(given) - set(there)) | (_FIXED & set(given)))
    if strange:
        known = listed(sorted(set(there) - _FIXED))
        raise unfit(change, said("RUN-003", "no_field", entry=what, field=strange[0], there=known))


def _fields_changed(pack: Pack, old: TableEntry, change: Change) -> tuple[TableEntry, list[Replacement]]:
    there = _fields(old)
    _unknown(change, there, change.set, old.id)
    new = _valid(change, TableEntry, {**there, **change.set, "confidence": "synthetic"}, old.id)
    return new, [
        Replacement(pack.key, old.id, k, plain_text(there[k]), plain_text(_fields(new)[k]), change.because)
        for k in change.set
    ]


def _row_changed(pack: Pack, old: TableEntry, change: Change, name: str) -> tuple[TableEntry, list[Replacement]]:
    row = next((r for r in old.rows if r.id == name), None)
    if row is None:
        raise _no_row(change, old, name)
    entry = f"{old.id}#{name}"
    if change.remove:
        kept = tuple(r for r in old.rows if r is not row)
        gone = Replacement(pack.key, entry, "row", _told(row), None, change.because)
        return _valid(change, TableEntry, {**_fields(old), "rows": kept}, old.id), [gone]
    there = _fields(row)
    _unknown(change, there, change.set, entry)
    merged = {**there, **change.set, "confidence": "synthetic"}
    for part in ("when", "then"):
        if part in change.set:
            # a cell that is set to null is taken out: the input may then be anything
            cells = {**there[part], **(change.set[part] or {})}
            merged[part] = {k: v for k, v in cells.items() if v is not None}
    new = _valid(change, RowEntry, merged, entry)
    rows = tuple(new if r is row else r for r in old.rows)
    return _valid(change, TableEntry, {**_fields(old), "rows": rows}, old.id), _moved(pack, entry, row, new, change)


def _moved(pack: Pack, entry: str, row: RowEntry, new: RowEntry, change: Change) -> list[Replacement]:
    done = []
    for part in ("when", "then"):
        was, is_ = getattr(row, part), getattr(new, part)
        done += [
            Replacement(pack.key, entry, f"{part}.{k}", plain_text(was.get(k)), plain_text(is_.get(k)), change.because)
            for k in dict.fromkeys((*was, *is_))
            if was.get(k) != is_.get(k)
        ]
    others = [n for n in type(row).model_fields if n not in ("when", "then", "confidence")]
    done += [
        Replacement(pack.key, entry, n, plain_text(getattr(row, n)), plain_text(getattr(new, n)), change.because)
        for n in others
        if getattr(row, n) != getattr(new, n)
    ]
    return done or [Replacement(pack.key, entry, next(iter(change.set)), None, None, change.because)]


def _added(pack: Pack, old: TableEntry, change: Change, given: dict[str, Any]) -> tuple[TableEntry, list[Replacement]]:
    called = Label(f"{old.id} 的新行", f"the new row of {old.id}")
    new = _valid(change, RowEntry, {**given, "confidence": "synthetic"}, called)
    if any(r.id == new.id for r in old.rows):
        raise unfit(change, said("RUN-003", "row_there", table=old.id, row=new.id))
    rows = list(old.rows)
    if change.row is None:
        rows.append(new)
    else:
        place = next((n for n, r in enumerate(rows) if r.id == change.row), None)
        if place is None:
            raise _no_row(change, old, change.row)
        rows.insert(place, new)
    entry = Replacement(pack.key, f"{old.id}#{new.id}", "row", None, _told(new), change.because)
    return _valid(change, TableEntry, {**_fields(old), "rows": tuple(rows)}, old.id), [entry]


def _no_row(change: Change, table: TableEntry, row: str) -> PolicyError:
    there = listed(r.id for r in table.rows)
    return unfit(change, said("RUN-003", "no_table_row", table=table.id, row=row, there=there))


def _told(row: RowEntry) -> str:
    """A row in one line."""
    parts = [f"{k}: {plain_text(v)}" for k, v in row.when.items()] + ([row.test] if row.test else [])
    return f"{', '.join(parts) or '-'} → {', '.join(f'{k}: {plain_text(v)}' for k, v in row.then.items())}"
