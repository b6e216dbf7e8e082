"""What a change would mean (试算结果): a scenario against its run, finding by finding, as far as a reader may see.

A difference is said in the direction that the pack gives (the status of a target; the signal of an answer; `better` of
an output that is a number); where it gives none, only that something changed. What cannot be told on either side is
counted and named, and stands in no sum.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

import pyarrow as pa

from shuangkong.accounting.api import readable_subjects
from shuangkong.app.whatif import Tried
from shuangkong.engine.api import DuckDB, RunRecord, TableContract, Workspace, read_result, reading
from shuangkong.judgement.api import FINDINGS, RULE_FINDINGS, RULE_OUTPUTS
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.scope import Scope
from shuangkong.kernel.units import convert, unit
from shuangkong.policy.api import PackSet
from shuangkong.registry.api import subjects_seen

Row = dict[str, Any]
#: How a status stands, the best first; a target that turns from one to the other gains or loses.
ORDER = {"met": 0, "on_track": 1, "undetermined": 2, "insufficient": 2, "behind": 3, "missed": 4}
RED = ("behind", "missed")
LISTED = 500


@dataclass(frozen=True)
class Effects:
    """What a scenario changes. `subjects` are those that gain, lose or become red, each once; `kinds` the same apart.

    `money` has a row for each output in money, year and kind of subject: `untold` are subjects of which one side cannot
    be told; they stand in no sum. `balance` adds up, by kind, what they gain and lose in yuan in the newest year.
    """

    targets: Row
    rules: Row
    money: list[Row]
    balance: list[Row]
    energy: list[Row]
    changed: list[Row]
    subjects: Row
    kinds: dict[str, Row]

    def as_dict(self) -> Row:
        """Plain data for JSON."""
        return asdict(self)


def effects(workspace: Workspace, one: Tried, packs: PackSet, scope: Scope) -> Effects:
    """The differences of a scenario from its run that a reader may see; `packs` are those of the scenario."""
    with reading(workspace.engine) as db:
        names = {r["subject_id"]: r for r in subjects_seen(db, scope, one.base.known, day=one.base.as_of).to_pylist()}
    with DuckDB(threads=2) as engine:
        for side, run in (("was", one.base), ("now", one.run)):
            seen = readable_subjects(workspace, run, scope)
            for contract in (FINDINGS, RULE_FINDINGS, RULE_OUTPUTS):
                engine.bind(f"{contract.name}_{side}", _rows(run, contract, scope, seen))
        engine.bind("kinds", pa.table({
            "subject_id": pa.array(names, pa.string()),
            "kind": pa.array([r["kind"] for r in names.values()], pa.string()),
        }))  # fmt: skip
        targets = engine.run(_TARGETS).to_pylist()
        rules = engine.run(_RULES).to_pylist()
        open_ = {(r["pack"], r["entry"], r["period"], r["kind"]): r["untold"] for r in engine.run(_OPEN).to_pylist()}
        money = [_money(packs, r, open_) for r in engine.run(_MONEY).to_pylist() if _is(r["unit"], "money")]
        by_finding = {r["finding_key"]: r for r in engine.run(_AMOUNTS).to_pylist()}
        gaps = [_gap(r) for r in engine.run(_GAPS).to_pylist() if _is(r["unit"], "energy")]
    changed = [*_targets(targets), *_rules(packs, rules, by_finding)]
    for row in changed:
        known = names.get(row["subject_id"], {})
        row |= {"name_zh": known.get("name_zh"), "name_en": known.get("name_en"), "code": known.get("code"),
                "kind": known.get("kind")}  # fmt: skip
    changed.sort(key=lambda r: (_WEIGHT.get(r["effect"], 9), r["code"] or "", r["pack"], r["entry"], r["period"]))
    kinds = sorted({r["kind"] for r in changed if r["kind"]})
    moved = [m for m in money if m["was"] != m["now"] or m["more"] or m["less"]]
    return Effects(
        _summary(changed, "target"), _summary(changed, "rule"), moved, _balance(moved),
        [g for g in gaps if g["was"] != g["now"]], changed, _counts(changed),
        {kind: _counts([r for r in changed if r["kind"] == kind]) for kind in kinds},
    )  # fmt: skip


_WEIGHT = {"red": 0, "loses": 1, "gains": 2, "no_longer_red": 3, "changed": 4}
_TARGETS = """
    SELECT coalesce(n.finding_key, w.finding_key) AS finding_key, coalesce(n.subject_id, w.subject_id) AS subject_id,
        coalesce(n.pack_id, w.pack_id) AS pack, coalesce(n.slug, w.slug) AS entry,
        coalesce(n.clause, w.clause) AS clause,
        coalesce(n.period_key, w.period_key) AS period, coalesce(n.variant, w.variant) AS variant,
        coalesce(n.unit, w.unit) AS unit, coalesce(n.indicator_id, w.indicator_id) AS indicator,
        w.status AS was, n.status AS now, w.threshold AS asked_was, n.threshold AS asked_now, n.value AS value
    FROM findings_was w FULL JOIN findings_now n ON n.finding_key = w.finding_key
    WHERE w.status IS DISTINCT FROM n.status OR w.threshold IS DISTINCT FROM n.threshold
        OR w.threshold_high IS DISTINCT FROM n.threshold_high
"""
_RULES = """
    SELECT coalesce(n.finding_key, w.finding_key) AS finding_key, coalesce(n.subject_id, w.subject_id) AS subject_id,
        coalesce(n.pack_id, w.pack_id) AS pack, coalesce(n.pack_edition, w.pack_edition) AS edition,
        coalesce(n.slug, w.slug) AS entry, coalesce(n.clause, w.clause) AS clause,
        coalesce(n.period_key, w.period_key) AS period, w.status AS was_status, n.status AS now_status,
        w.row_hit AS row_was, n.row_hit AS row_now, w.answer AS was, n.answer AS now,
        w.signal AS signal_was, n.signal AS signal_now
    FROM rule_findings_was w FULL JOIN rule_findings_now n ON n.finding_key = w.finding_key
    WHERE w.answer IS DISTINCT FROM n.answer OR w.status IS DISTINCT FROM n.status
        OR w.row_hit IS DISTINCT FROM n.row_hit OR w.signal IS DISTINCT FROM n.signal
"""
_UNTOLD = "SELECT finding_key FROM rule_findings_{0} WHERE status = 'undetermined'"
_SIDE = """
    SELECT f.pack_id AS pack, f.pack_edition AS edition, f.slug AS entry, f.period_key AS period, o.output, o.unit,
        o.position, o.finding_key, o.value FROM rule_outputs_{0} o JOIN rule_findings_{0} f USING (finding_key)
    WHERE o.value IS NOT NULL
"""
_BOTH = f"""
    SELECT coalesce(n.pack, w.pack) AS pack, coalesce(n.edition, w.edition) AS edition,
        coalesce(n.entry, w.entry) AS entry,
        coalesce(n.period, w.period) AS period, coalesce(n.output, w.output) AS output,
        coalesce(n.unit, w.unit) AS unit,
        coalesce(n.finding_key, w.finding_key) AS finding_key, w.value AS was, n.value AS now
    FROM ({_SIDE.format("was")}) w FULL JOIN ({_SIDE.format("now")}) n
        ON n.finding_key = w.finding_key AND n.output = w.output
"""
# where a rule is decided and gives no amount there is none: nought. What cannot be told on a side is not added
_MONEY = f"""
    WITH told AS (
        SELECT b.*, coalesce(n.subject_id, w.subject_id) AS subject_id,
            b.finding_key IN ({_UNTOLD.format("was")}) OR b.finding_key IN ({_UNTOLD.format("now")}) AS untold
        FROM ({_BOTH}) b LEFT JOIN rule_findings_now n ON n.finding_key = b.finding_key
            LEFT JOIN rule_findings_was w ON w.finding_key = b.finding_key
    )
    SELECT pack, edition, entry, period, output, unit, k.kind,
        coalesce(sum(was) FILTER (NOT untold), 0) AS was, coalesce(sum(now) FILTER (NOT untold), 0) AS now,
        coalesce(sum(greatest(coalesce(now, 0) - coalesce(was, 0), 0)) FILTER (NOT untold), 0) AS rise,
        coalesce(sum(greatest(coalesce(was, 0) - coalesce(now, 0), 0)) FILTER (NOT untold), 0) AS fall,
        count(*) FILTER (WHERE NOT untold AND coalesce(now, 0) > coalesce(was, 0)) AS more,
        count(*) FILTER (WHERE NOT untold AND coalesce(now, 0) < coalesce(was, 0)) AS less
    FROM told LEFT JOIN kinds k ON k.subject_id = told.subject_id
    GROUP BY ALL ORDER BY pack, entry, period DESC, output, k.kind
"""
_OPEN = """
    SELECT f.pack_id AS pack, f.slug AS entry, f.period_key AS period, k.kind, count(DISTINCT f.finding_key) AS untold
    FROM (SELECT * FROM rule_findings_was UNION ALL BY NAME SELECT * FROM rule_findings_now) f
        LEFT JOIN kinds k ON k.subject_id = f.subject_id
    WHERE f.status = 'undetermined' GROUP BY ALL
"""
_AMOUNTS = f"""
    SELECT finding_key, min_by(output, output) AS output, min_by(unit, output) AS unit, min_by(was, output) AS was,
        min_by(now, output) AS now, count(*) AS outputs FROM ({_BOTH}) WHERE was IS DISTINCT FROM now GROUP BY 1
"""
_SHORT = """
    SELECT side, indicator_id AS indicator, unit, period_key AS period, -sum(margin) AS gap FROM (
        SELECT 'was' AS side, * FROM findings_was UNION ALL BY NAME SELECT 'now' AS side, * FROM findings_now)
    WHERE margin < 0 AND level = 'base' AND variant IN ('plan', 'year', 'standing')
    GROUP BY ALL
"""
_GAPS = f"""
    SELECT indicator, unit, period, coalesce(max(gap) FILTER (WHERE side = 'was'), 0) AS was,
        coalesce(max(gap) FILTER (WHERE side = 'now'), 0) AS now FROM ({_SHORT}) GROUP BY ALL ORDER BY indicator, period
"""


def _rows(run: RunRecord, contract: TableContract, scope: Scope, seen: pa.Table | None) -> pa.Table:
    return read_result(run, contract, scope, seen)


def _is(name: str, dimension: str) -> bool:
    try:
        return unit(name).dimension == dimension
    except UserError:
        return False


def _targets(rows: list[Row]) -> Iterator[Row]:
    for r in rows:
        was, now = r["was"], r["now"]
        red = now in RED and was not in RED
        effect = "red" if red else "no_longer_red" if was in RED and now not in RED else _turn(was, now)
        yield {**r, "about": "target", "effect": effect, "amount_was": None, "amount_now": None}


def _turn(was: str | None, now: str | None) -> str:
    a, b = ORDER.get(was or ""), ORDER.get(now or "")
    if a is None or b is None or a == b:
        return "changed"
    return "loses" if b > a else "gains"


def _rules(packs: PackSet, rows: list[Row], amounts: dict[str, Row]) -> Iterator[Row]:
    for r in rows:
        amount = amounts.get(r["finding_key"])
        effect = _meant(r["signal_was"], r["signal_now"])
        if effect == "changed" and amount is not None and amount["outputs"] == 1:
            better = _better(packs, r, amount["output"])
            was, now = amount["was"] or Decimal(0), amount["now"] or Decimal(0)
            if better is not None and was != now:
                effect = "gains" if (now > was) == (better == "higher") else "loses"
        yield {
            **r, "about": "rule", "effect": effect, "amount_was": amount["was"] if amount else None,
            "amount_now": amount["now"] if amount else None, "unit": amount["unit"] if amount else "",
        }  # fmt: skip


_BAD = "bad"
#: How a meaning stands, the best first; an answer of which the pack says nothing stands between good and a warning.
_MEANT = {"good": 0, None: 1, "warn": 2, _BAD: 3}


def _meant(was: str | None, now: str | None) -> str:
    """What a turn of the meaning of an answer is for who is decided."""
    if was == now:
        return "changed"
    if now == _BAD:
        return "red"
    if was == _BAD:
        return "no_longer_red"
    return "loses" if _MEANT[now] > _MEANT[was] else "gains"


def _better(packs: PackSet, row: Row, output: str) -> str | None:
    try:
        table = packs.table(f"{row['pack']}@{row['edition']}", row["entry"])
    except UserError:
        return None
    return next((o.better for o in table.outputs if o.name == output), None)


def _money(packs: PackSet, r: Row, untold: Mapping[tuple[str, str, str, str | None], int]) -> Row:
    better = _better(packs, r, r["output"])
    gained, lost = (r["rise"], r["fall"]) if better == "higher" else (r["fall"], r["rise"])
    told = better is not None
    return {
        **{k: v for k, v in r.items() if k not in ("rise", "fall")}, "difference": r["now"] - r["was"],
        "better": better, "untold": untold.get((r["pack"], r["entry"], r["period"], r["kind"]), 0),
        "gained_yuan": convert(gained, r["unit"], _YUAN) if told else None,
        "lost_yuan": convert(lost, r["unit"], _YUAN) if told else None,
    }  # fmt: skip


_YUAN = "CNY"


def _balance(money: list[Row]) -> list[Row]:
    """By kind of subject: yuan gained and lost in the newest year of each output, and what cannot be told of it."""
    newest: dict[tuple[str, str, str], str] = {}
    for m in money:
        at = (m["pack"], m["entry"], m["output"])
        newest[at] = max(newest.get(at, ""), m["period"])
    found: dict[str, Row] = {}
    for m in money:
        if m["period"] != newest[m["pack"], m["entry"], m["output"]]:
            continue
        row = found.setdefault(
            m["kind"] or "", {"kind": m["kind"], "gained_yuan": Decimal(0), "lost_yuan": Decimal(0), "untold": 0,
                              "without_direction": 0},
        )  # fmt: skip
        row["untold"] += m["untold"]
        if m["better"] is None:
            row["without_direction"] += 1
        else:
            row["gained_yuan"] += m["gained_yuan"]
            row["lost_yuan"] += m["lost_yuan"]
    return [row | {"net_yuan": row["gained_yuan"] - row["lost_yuan"]} for _, row in sorted(found.items())]


def _gap(r: Row) -> Row:
    return {**r, "difference": r["now"] - r["was"]}


def _summary(changed: list[Row], about: str) -> Row:
    rows = [r for r in changed if r["about"] == about]
    return {"changed": len(rows), **{e: sum(r["effect"] == e for r in rows) for e in _WEIGHT if e != "changed"}}


def _counts(changed: list[Row]) -> Row:
    """How many subjects gain, lose, become red: each once, by the worst that happens to it."""
    worst: dict[str, str] = {}
    for r in changed:
        here = worst.setdefault(r["subject_id"], r["effect"])
        if _WEIGHT[r["effect"]] < _WEIGHT[here]:
            worst[r["subject_id"]] = r["effect"]
    return {"changed": len(worst), **{e: sum(w == e for w in worst.values()) for e in _WEIGHT if e != "changed"}}
