"""The form of a scenario (试算表单): parameters, rows and targets as fields, and the change file that they become."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from shuangkong.kernel.errors import UserError
from shuangkong.policy.api import Overlay, Pack, PackSet, TableEntry, Target, load_overlay, parse_yaml

_NAME = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class Field:
    """One thing that can be changed: its name in the form, its present text, its unit, and the change it makes."""

    name: str
    text: str
    unit: str
    change: Mapping[str, Any]
    path: tuple[str, ...]


def parameter_fields(pack: Pack, table: TableEntry) -> list[Field]:
    """The rows of the parameters that a table uses and its pack carries."""
    found: dict[str, Field] = {}
    by_id = {p.id: p for p in pack.parameters}
    for used in table.parameters:
        parameter = by_id.get(used.id)
        if parameter is None:
            continue
        rows = [r for r in parameter.values if dict(zip(parameter.key, r.key, strict=True)) == used.keys]
        newest = max(rows, key=lambda r: (r.start, r.source.known), default=None)
        if newest is None:
            continue
        name = "-".join(("p", used.id, *used.keys.values()))
        text = "" if newest.value is None else f"{newest.value:f}"
        keys = {"keys": dict(used.keys)} if used.keys else {}
        change = {"pack": pack.key, "parameter": used.id, **keys}
        found[name] = Field(name, text, parameter.unit, change, ("value",))
    return list(found.values())


def row_fields(pack: Pack, table: TableEntry) -> dict[str, list[Field]]:
    """The cells, the further condition and the outputs of each row, by row."""
    found = {}
    for row in table.rows:
        change = {"pack": pack.key, "table": table.id, "row": row.id}
        cells = [
            Field(f"r-{row.id}-when-{i.name}", shown(row.when.get(i.name)), i.unit or "", change, ("when", i.name))
            for i in table.inputs
        ]
        test = [Field(f"r-{row.id}-if", row.test or "", "", change, ("if",))] if row.test is not None else []
        outputs = [
            Field(f"r-{row.id}-then-{o.name}", shown(row.then.get(o.name)), o.unit or "", change, ("then", o.name))
            for o in table.outputs
        ]
        found[row.id] = [*cells, *test, *outputs]
    return found


def target_fields(pack: Pack, target: Target) -> list[Field]:
    """The figure of a target."""
    change = {"pack": pack.key, "target": target.slug}
    return [Field(f"t-{target.slug}", f"{target.value:f}", target.unit, change, ("value",))]


def shown(value: object) -> str:
    """A cell or output as it is typed: the text of the change file."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_quoted(v) for v in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {_quoted(v)}" for k, v in value.items()) + "}"
    return str(value)


def _quoted(value: object) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else shown(value)


def overlay_of(fields: Iterable[Field], sent: Mapping[str, str], name: str, because: str) -> Overlay:
    """The change file of what was typed; raises PackErrors, and RUN-003 where nothing was changed."""
    changes: dict[str, dict[str, Any]] = {}
    for field in fields:
        typed = sent.get(field.name, field.text).strip()
        if typed == field.text:
            continue
        key = json.dumps({k: field.change[k] for k in sorted(field.change)}, ensure_ascii=False)
        made = changes.setdefault(key, {**field.change, "set": {}, "because": because})
        at = made["set"]
        for step in field.path[:-1]:
            at = at.setdefault(step, {})
        at[field.path[-1]] = typed
    if not changes:
        raise UserError(
            "RUN-003", "nothing was changed.", case="unchanged", remedy="Change a parameter, a cell or a target."
        )
    lines = [f"name: {slug(name)}", f"because: {_quoted(because)}", "changes:"]
    lines += [f"  - {_flow(c)}" for c in changes.values()]
    return load_overlay("\n".join(lines).encode(), origin=name)


def _flow(value: Any) -> str:
    """A change as strict YAML; what was typed into a cell stays as the pack would write it."""
    if not isinstance(value, dict):
        return _quoted(value)
    parts = []
    for key, inner in value.items():
        if key == "set":
            parts.append(f"set: {_typed(inner)}")
        else:
            parts.append(f"{key}: {_flow(inner)}")
    return "{" + ", ".join(parts) + "}"


def _typed(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_quoted(k)}: {_typed(v)}" for k, v in value.items()) + "}"
    if value == "":
        return "null"
    plain = parse_yaml("cell", f"v: {value}".encode())
    root = plain.root if not plain.problems else None
    # a number, a list, a truth value or {calc: …} is written as typed; anything else is a text
    if isinstance(root, dict) and not isinstance(root.get("v"), str):
        return str(value)
    return _quoted(value)


def slug(name: str) -> str:
    """A name that a change file can carry."""
    made = _NAME.sub("-", name.lower()).strip("-")
    return made if made and made[0].isalpha() else f"scenario-{made}".rstrip("-")


def all_fields(packs: PackSet, pack: str, table: str, target: str) -> list[Field]:
    """What the form of a table or target offers; raises PACK-006."""
    found = packs.pack(pack)
    if target:
        return target_fields(found, packs.target(pack, target))
    entry = packs.table(pack, table)
    rows = row_fields(found, entry)
    return [*parameter_fields(found, entry), *(f for fields in rows.values() for f in fields)]
