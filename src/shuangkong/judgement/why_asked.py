"""What a clause asks (条款所问), as `why` tells it: a target, or a decision table with the row that hit."""

from __future__ import annotations

from datetime import date
from typing import Any

from shuangkong.policy.api import Instrument, Pack, PackSet, TableEntry, lower_target

Row = dict[str, Any]


def about_document(pack: Pack) -> Row:
    """The document of a finding, as `why` tells it."""
    i: Instrument = pack.instrument
    return {
        "pack": pack.key, "title_zh": i.title.zh, "title_en": i.title.en, "doc_number": i.doc_number,
        "issuer": i.issuer, "in_force_from": i.in_force_from, "in_force_to": i.in_force_to, "issued": i.issued,
        "synthetic": i.synthetic, "confidence": i.confidence, "hash": pack.content_hash,
    }  # fmt: skip


def asked_by_target(packs: PackSet, finding: Row) -> tuple[Row, Row]:
    """Clause and target of a finding, with its one-row table."""
    pack = packs.pack(f"{finding['pack_id']}@{finding['pack_edition']}")
    target = packs.target(pack.key, finding["slug"])
    clause = packs.clause(pack.key, finding["clause"])
    table = lower_target(target)
    rows = [
        {
            "id": r.id,
            "when": [{"input": c.input, "op": c.op, "operand": str(c.operand)} for c in r.when],
            "then": [str(t) for t in r.then],
            "hit": finding["row_hit"] == r.id,
        }
        for r in table.rows
    ]
    about_clause = {"id": clause.id, "label_zh": clause.title.zh, "label_en": clause.title.en, "kind": clause.kind}
    about_target = {
        "slug": target.slug, "comparator": target.comparator, "value": target.value, "value_high": target.value_high,
        "unit": target.unit, "base_year": target.base_year, "year": target.target_year, "method": target.method,
        "level": target.level, "horizon": target.horizon, "confidence": target.confidence,
        "min_coverage": target.min_coverage, "note": target.note,
        "accounting": target.accounting.model_dump() if target.accounting else None,
        "source": target.source.model_dump(), "table": {"inputs": [c.name for c in table.inputs], "rows": rows,
                                                        "hit": table.hit, "open_because": table.open_because},
    }  # fmt: skip
    return {**about_document(pack), **about_clause}, about_target


def asked_by_rule(packs: PackSet, finding: Row, known: date) -> tuple[Row, Row]:
    """Clause and table of a rule's finding: rows as written, which hit, and the parameters of the day."""
    pack = packs.pack(f"{finding['pack_id']}@{finding['pack_edition']}")
    clause = packs.clause(pack.key, finding["clause"])
    entry = packs.table(pack.key, finding["slug"])
    hit = set((finding["row_hit"] or "").split(", "))
    rows = [
        {
            "id": r.id, "when": {k: str(v) for k, v in r.when.items()}, "if": r.test,
            "then": {k: str(v) for k, v in r.then.items()}, "clause": r.clause or entry.clause, "hit": r.id in hit,
        }
        for r in entry.rows
    ]  # fmt: skip
    about_clause = {"id": clause.id, "label_zh": clause.title.zh, "label_en": clause.title.en, "kind": clause.kind}
    return {**about_document(pack), **about_clause}, {
        "slug": entry.id, "label_zh": entry.label.zh, "label_en": entry.label.en, "confidence": entry.confidence,
        "in_force": [entry.start, entry.end], "source": entry.source.model_dump(),
        "assumptions": [a.model_dump() for a in entry.assumptions],
        "no_row_because": entry.no_row_because.model_dump() if entry.no_row_because else None,
        "table": {"hit": entry.hit, "inputs": [i.name for i in entry.inputs], "rows": rows,
                  "open_because": entry.open_because},
        "parameters": parameters_of(packs, pack, entry, finding["decided_for"], known),
    }  # fmt: skip


def parameters_of(packs: PackSet, pack: Pack, entry: TableEntry, day: date, known: date) -> list[Row]:
    """The parameters of a table and of those before it on a day, each with what it is and how sure."""
    found: dict[tuple[str, str], Row] = {}
    for table in packs.chain(pack.key, entry.id):
        values = packs.values_of(table, day, known)
        for used in table.parameters:
            value = values[used.name]
            known_as = packs.parameters(used.id) if used.id in packs.parameter_ids() else None
            unit = known_as.unit if known_as is not None else ""
            found[table.id, used.name] = {
                "table": table.id, "name": used.name, "id": used.id, "keys": dict(used.keys), "value": value.value,
                "unit": unit, "label_zh": known_as.label.zh if known_as is not None else None,
                "label_en": known_as.label.en if known_as is not None else None,
                "confidence": value.confidence, "from": value.start, "state": value.state,
            }  # fmt: skip
    return list(found.values())
