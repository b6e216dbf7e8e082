"""What packs say behind a grade, nowcast or step (缘由所据): targets, tables and parameters with clause and owner."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from shuangkong.judgement.api import about_document, asked_by_rule, asked_by_target
from shuangkong.kernel.errors import UserError
from shuangkong.policy.api import Dated, PackSet

Row = dict[str, Any]
_NAMED = re.compile(r"(?P<pack>[^#]+)#(?P<id>[^\[]+)(?:\[(?P<keys>[^\]]*)\])?")


def parameter_row(packs: PackSet, name: str, row: Dated) -> Row:
    """A row of a parameter with its document, its clause, and whose it is, as the title of the clause says."""
    parameter, pack = packs.parameters(name), packs.pack_of(name, row)
    clause = next((p.clause for p in pack.parameters if p.id == name and p.clause), None)
    return {
        "id": name, "keys": list(row.key), "value": row.value, "low": row.low, "high": row.high, "state": row.state,
        "unit": parameter.unit, "label_zh": parameter.label.zh, "label_en": parameter.label.en, "from": row.start,
        "to": row.end, "known": row.known, "confidence": row.confidence, "note": row.note or parameter.note,
        "source": row.source.model_dump(), **_clause(packs, pack.key, clause),
    }  # fmt: skip


def _clause(packs: PackSet, pack_key: str, clause: str | None) -> Row:
    """Document and clause: pack, title_zh, title_en, doc_number, clause, owner_zh, owner_en."""
    about = about_document(packs.pack(pack_key))
    title = packs.clause(pack_key, clause).title if clause else None
    kept = {k: about[k] for k in ("pack", "title_zh", "title_en", "doc_number", "issuer", "synthetic")}
    return kept | {
        "clause": clause, "owner_zh": title.zh if title else None, "owner_en": title.en if title else None
    }  # fmt: skip


def figures(packs: PackSet, name: str, day: date, known: date) -> list[Row]:
    """Every row of a parameter in force on a day, as known on another; none where no pack carries it."""
    if name not in packs.parameter_ids():
        return []
    rows = [r for r in packs.parameters(name).rows(known) if r.covers(day)]
    return [parameter_row(packs, name, r) for r in rows]


def stated(packs: PackSet, told: str | None, day: date, known: date) -> Row | None:
    """What pack@edition#id[keys] or pack@edition#slug names: a parameter's row of the day, else a target; else None."""
    match = _NAMED.fullmatch(told or "")
    if match is None:
        return None
    name, keys = match["id"], tuple(k for k in (match["keys"] or "").split(",") if k)
    try:
        pack = packs.pack(match["pack"])
        if name in packs.parameter_ids():
            rows = [r for r in packs.parameters(name).rows(known) if r.key == keys and r.covers(day)]
            mine = [r for r in rows if packs.pack_of(name, r).key == pack.key]
            return parameter_row(packs, name, max(mine, key=lambda r: (r.known, r.start))) if mine else None
        target = packs.target(pack.key, name)
    except UserError:
        return None
    return {
        "id": name, "keys": [], "value": target.value, "low": None, "high": None, "state": None, "unit": target.unit,
        "label_zh": None, "label_en": None, "from": pack.instrument.in_force_from, "to": pack.instrument.in_force_to,
        "known": target.source.known, "confidence": target.confidence, "note": target.note,
        "source": target.source.model_dump(), **_clause(packs, pack.key, target.clause),
    }  # fmt: skip


def target_of(packs: PackSet, row: Row) -> tuple[Row | None, Row | None]:
    """Clause and target that a row is held against; none where it has no target."""
    if not row.get("pack_key") or not row.get("target_slug"):
        return None, None
    pack, edition = row["pack_key"].split("@")
    asked = {"pack_id": pack, "pack_edition": edition, "slug": row["target_slug"], "clause": row["clause"]}
    return asked_by_target(packs, asked | {"row_hit": None})


def incentive_of(packs: PackSet, row: Row) -> Row | None:
    """The incentive target beside the base target of a row, in the same pack; None where there is not just one."""
    if row.get("incentive") is None or not row.get("pack_key"):
        return None
    base = packs.target(row["pack_key"], row["target_slug"])
    same = [
        t for t in packs.pack(row["pack_key"]).targets
        if t.level == "incentive" and t.indicator == base.indicator and t.subject == base.subject
        and t.horizon == base.horizon
    ]  # fmt: skip
    return stated(packs, f"{row['pack_key']}#{same[0].slug}", base.source.known, date.max) if len(same) == 1 else None


def table_of(packs: PackSet, told: str | None, day: date, known: date, given: Row) -> Row | None:
    """The decision table that pack@edition#table:id:row names, with the row that hit and what it was given.

    Of it: pack, title, doc_number, clause, owner_zh, owner_en, id, label, row_hit, inputs (name, value), rows (id,
    when, if, then, hit), parameters.
    """
    key, _, rest = (told or "").partition("#table:")
    name, _, hit = rest.partition(":")
    try:
        pack, entry = packs.pack(key), packs.table(key, name)
    except UserError:
        return None
    asked = {"pack_id": pack.id, "pack_edition": pack.edition, "slug": name, "clause": entry.clause, "row_hit": hit,
             "decided_for": day}  # fmt: skip
    _, table = asked_by_rule(packs, asked, known)
    return {
        "id": name, "label_zh": entry.label.zh, "label_en": entry.label.en, "row_hit": hit or None,
        "inputs": [{"name": i.name, "label_zh": i.label.zh, "label_en": i.label.en, "unit": i.unit,
                    "value": given.get(i.name)} for i in entry.inputs],
        "rows": table["table"]["rows"], "parameters": table["parameters"], "confidence": entry.confidence,
        **_clause(packs, pack.key, entry.clause),
    }  # fmt: skip
