"""The step `flex` of a run (扣减与弹性): assessed and allowed totals of every region and year, with each step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from shuangkong.accounting.api import Method, packs_of
from shuangkong.dualcontrol.flexing import Asked, Deduction, Flexed, Rule, Rules, Year, flex
from shuangkong.dualcontrol.flexing_books import (
    INTENSITY,
    TOTALS,
    UNITS,
    BooksOf,
    Row,
    books_of,
    methods_for,
    targets_in,
    unpriced,
)
from shuangkong.dualcontrol.flexing_rules import APPLIES, GROWTH, rank, regions_ranked, row_of, rules_of, told
from shuangkong.dualcontrol.flexing_tables import FLEX_STEPS, FLEX_TOTALS
from shuangkong.engine.api import RunContext
from shuangkong.kernel.findings import least_sure
from shuangkong.kernel.numbers import quantise
from shuangkong.kernel.periods import Period
from shuangkong.policy.api import PackSet

#: Deductions in the order in which they are taken, with the measure that holds what returns claim.
_STEPS = ("new_renewable", "feedstock", "major_project", "certificate")
_NOT_TAKEN = "nonfossil"
_REACHED, _NOT_REACHED = ("met", "on_track"), ("missed", "behind")
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Question:
    """A region's year under a control and method, with all that its answer is made of."""

    control: str
    method: str
    subject: str
    year: int
    now: Year
    before: Year | None
    rules: Rules
    asked: Asked
    evidence: dict[str, str | None]


def flex_totals(run: RunContext, methods: Sequence[Method]) -> None:
    """Publish FLEX_TOTALS and FLEX_STEPS. Called when deductions, indicator values and findings are there.

    `methods` are those of the run; a region is answered under those that its targets name.
    """
    with run.step("flex: totals"):
        books, packs, known = books_of(run), packs_of(run), run.known_day
        totals: list[dict[str, object]] = []
        steps: list[dict[str, object]] = []
        for q in _questions(books, packs, known, run.as_of):
            answer = flex(q.now, q.before, q.rules, q.asked)
            totals.append(_total_row(q, answer, packs, known, books))
            steps += _step_rows(q, answer, books)
        run.publish(FLEX_TOTALS, FLEX_TOTALS.from_rows(totals))
        run.publish(FLEX_STEPS, FLEX_STEPS.from_rows(steps))


def _questions(books: BooksOf, packs: PackSet, known: date, as_of: date) -> Iterator[Question]:
    kept: dict[tuple[str, int, str], Rules] = {}
    named = regions_ranked(packs, known)
    for control in TOTALS:
        subjects = sorted({s for i, s, _, _ in books.values if i == TOTALS[control][0]})
        for subject in subjects:
            code = books.codes.get(subject, "")
            own = code if code in named else ""
            for method in methods_for(books, control, subject):
                for year in books.years(control, method, subject):
                    if (control, year, own) not in kept:
                        kept[control, year, own] = rules_of(packs, control, year, known, own)
                    now = _year(books, packs, known, as_of, control, method, subject, year)
                    before = _year(books, packs, known, as_of, control, method, subject, year - 1)
                    asked, evidence = _asked(books, packs, known, control, method, subject, year)
                    yield Question(control, method, subject, year, now, before if before.gross is not None else None,
                                   kept[control, year, own], asked, evidence)  # fmt: skip


def _year(
    books: BooksOf, packs: PackSet, known: date, as_of: date, control: str, method: str, subject: str, year: int
) -> Year:  # fmt: skip
    value = books.values.get((TOTALS[control][0], subject, str(year), method))
    over = date(year + 1, 1, 1) <= as_of + timedelta(days=1)
    if value is None:
        return Year(None, over=over)
    if control != "energy":
        return Year(value["value"], (), value["coverage"], value["confidence"], over)
    rows = {r["step"]: r for r in books.deductions.get((method, subject, str(year)), ())}
    first = rows.get("gross")
    if first is None:
        return Year(None, over=over)
    # what no figure is known of is no total: `gross` stands behind its own step even where a later one is open
    gross = books.parts.get(("energy", method, subject, str(year)))
    amount = first["after"] if first["after"] is not None else gross["amount"] if gross else None
    made = tuple(_deductions(books, packs, known, rows, method, subject, year))
    sure = least_sure(value["confidence"], first["confidence"])
    return Year(amount, made, value["coverage"], sure, over)


def _deductions(
    books: BooksOf, packs: PackSet, known: date, rows: dict[str, Row], method: str, subject: str, year: int
) -> Iterator[Deduction]:
    taken: dict[str, Decimal | None] = {}
    for step in _STEPS:
        part = books.parts.get((f"energy_{step}", method, subject, str(year)))
        claimed = part["amount"] if part and not part["open"] else None
        returns, due = (part["known"], part["expected"]) if part else (0, 0)
        row = rows.get(step)
        if row is None:
            rule = _named(packs, known, step, year)
            if part is not None or rule is not None:
                # named by a document and nothing claimed: nothing to take; claimed and not ruled: not taken
                yield Deduction(
                    step, _ZERO if rule else None, claimed, None, returns, due, rule or Rule(), rule is not None
                )
            continue
        # no target, no saving to cap against: nothing may be taken; a target whose saving is not known: null
        cap = books.caps.get((method, subject, str(year)), _ZERO) if step == "certificate" else None
        taken[step] = row["amount"]
        rule = _named(packs, known, step, year) or Rule(row["parameter"] or "", "", row["confidence"])
        yield Deduction(step, row["amount"], claimed, cap, returns, due, rule)
    rule = _named(packs, known, _NOT_TAKEN, year)
    part = books.parts.get((f"energy_{_NOT_TAKEN}", method, subject, str(year)))
    if rule is not None:
        left = None
        # nothing is deducted twice: what new renewable power and certificates took is part of it
        inside = [taken.get(step, _ZERO) for step in ("new_renewable", "certificate")]
        if part and part["amount"] is not None and not part["open"] and None not in inside:
            left = max(_ZERO, part["amount"] - sum((t for t in inside if t is not None), _ZERO))
        yield Deduction(_NOT_TAKEN, None, left, None, part["known"] if part else 0, part["expected"] if part else 0,
                        rule, False)  # fmt: skip


def _named(packs: PackSet, known: date, step: str, year: int) -> Rule | None:
    row = row_of(packs, APPLIES, date(year, 12, 31), known, step, "total")
    return told(packs, APPLIES, row) if row is not None and row.value == 1 else None


def _asked(
    books: BooksOf, packs: PackSet, known: date, control: str, method: str, subject: str, year: int
) -> tuple[Asked, dict[str, str | None]]:
    sources: dict[str, Rule] = {}
    planned = row_of(packs, GROWTH, date(year, 12, 31), known, books.codes.get(subject, ""))
    if planned is not None and planned.value is not None:
        sources["planned_growth"] = told(packs, GROWTH, planned)
    base = [f for f in targets_in(books, control, subject, method, year, "base")
            if f["variant"] in ("pace", "year") and f["threshold"] is not None and f["unit"] == "%"]  # fmt: skip
    # where several documents bind a region, the one that asks most holds
    fall = max(base, key=lambda f: (f["threshold"], f["finding_key"]), default=None)
    if fall is not None:
        sources["base_fall"] = _of_target(packs, fall)
    incentive = _incentive(books, control, subject, method, year, fall)
    stated = _stated(books, control, subject, method, year)
    if stated is not None:
        sources["stated"] = _of_target(packs, stated)
    priced = unpriced_price(fall["method_id"]) if fall else ""
    growth, origin, sure = _growth(books, subject, year, priced)
    if growth is not None:
        sources["growth"] = Rule("", "", sure)
    asked = Asked(
        planned.value if planned else None, growth, fall["threshold"] if fall else None,
        stated["threshold"] if stated else None, bool(incentive), _reached(incentive), sources,
    )  # fmt: skip
    return asked, {
        "growth_origin": origin, "fall": fall["finding_key"] if fall else None,
        "total": stated["finding_key"] if stated else None,
        "incentive": incentive[0]["finding_key"] if incentive else None,
    }  # fmt: skip


def unpriced_price(method_id: str) -> str:
    """The price base of a ratio's method; empty for a published one."""
    return Method.parse(method_id).price if method_id.count("/") >= 3 else ""


def _of_target(packs: PackSet, finding: Row) -> Rule:
    pack = f"{finding['pack_id']}@{finding['pack_edition']}"
    return Rule(f"{pack}#{finding['slug']}", finding["clause"], packs.target(pack, finding["slug"]).confidence)


def _incentive(books: BooksOf, control: str, subject: str, method: str, year: int, fall: Row | None) -> list[Row]:
    """The incentive target by that year, of the plan of `fall`; cumulative where the plan has a schedule."""
    found = targets_in(books, control, subject, method, year, "incentive")
    if fall is not None and any(f["pack_id"] == fall["pack_id"] for f in found):
        found = [f for f in found if f["pack_id"] == fall["pack_id"]]
    cumulative = [f for f in found if f["variant"] in ("to_date", "plan")]
    return cumulative or [f for f in found if f["variant"] in ("pace", "year")]


def _reached(found: Sequence[Row]) -> bool | None:
    """Whether every incentive target was reached; None where that cannot be said of one and none was missed."""
    states = [f["status"] for f in found]
    if not states or any(s in _NOT_REACHED for s in states):
        return False if states else None
    return True if all(s in _REACHED for s in states) else None


def _stated(books: BooksOf, control: str, subject: str, method: str, year: int) -> Row | None:
    """A total that a document sets for the very year, as its finding; the smallest where several do."""
    names = TOTALS[control]
    found = [
        f for f in books.findings.get(subject, ())
        if f["indicator_id"] in names and f["variant"] == "year" and f["period_key"] == str(year)
        and f["comparator"] in ("at_most", "less_than") and f["level"] == "base" and f["threshold"] is not None
        and unpriced(f["method_id"]) == method
    ]  # fmt: skip
    return min(found, key=lambda f: (f["threshold"], f["finding_key"]), default=None)


def _growth(books: BooksOf, subject: str, year: int, price: str) -> tuple[Decimal | None, str | None, str]:
    """Real growth in per cent: as published, else from GDP at the constant prices that the target names."""
    said = books.values.get(("gdp_growth", subject, str(year), "reported"))
    if said is not None and said["value"] is not None:
        return said["value"], "reported", said["confidence"]
    pair = [books.parts.get(("gdp", price, subject, str(y))) for y in (year, year - 1)] if price else []
    if len(pair) == 2 and all(p and p["amount"] and p["known"] >= p["expected"] for p in pair):
        now, before = (p["amount"] for p in pair if p)
        return quantise((now / before - 1) * 100), "computed", "confirmed"
    return None, None, "confirmed"


def _keys(q: Question, books: BooksOf) -> dict[str, object]:
    period = Period.year(q.year)
    name = TOTALS[q.control][0]
    value, base = (books.values.get((name, q.subject, str(y), q.method)) for y in (q.year, q.year - 1))
    return {
        "method_id": q.method, "subject_id": q.subject, "control": q.control, "period_key": period.key,
        "period_kind": period.kind.value, "period_start": period.start, "period_end": period.end,
        "unit": UNITS[q.control], "base_key": str(q.year - 1), "value_key": value["value_key"] if value else None,
        "base_value_key": base["value_key"] if base else None,
    }  # fmt: skip


def _total_row(q: Question, a: Flexed, packs: PackSet, known: date, books: BooksOf) -> dict[str, object]:
    code = books.codes.get(q.subject, "")
    intensity, _ = rank(packs, q.control, "intensity", date(q.year, 12, 31), known, code)
    return _keys(q, books) | {
        "rank_total": q.rules.rank, "rank_intensity": intensity, "rank_parameter": q.rules.ranked.parameter or None,
        "gross": q.now.gross, "assessed": a.assessed, "may_fall": q.now.may_fall, "base": a.base,
        "planned_growth": q.asked.planned_growth, "growth": q.asked.growth,
        "growth_origin": q.evidence["growth_origin"], "base_fall": q.asked.base_fall, "planned": a.planned,
        "allowed": a.allowed, "raised": a.raised, "exempt": a.exempt, "standing": a.standing, "margin": a.margin,
        "missing": ",".join(a.missing) or None, "coverage": q.now.coverage,
        "base_coverage": q.before.coverage if q.before else _ZERO, "confidence": a.confidence,
        "total_finding": q.evidence["total"], "fall_finding": q.evidence["fall"],
        "incentive_finding": q.evidence["incentive"],
    }  # fmt: skip


def _step_rows(q: Question, a: Flexed, books: BooksOf) -> list[dict[str, object]]:
    """The steps in order: total, deductions, assessed; base, planned, growth, allowed; incentive."""
    keys = _keys(q, books)
    rows: list[dict[str, object]] = []

    def add(step: str, state: str, amount: Decimal | None, rule: Rule, needs: str = "", **more: object) -> None:
        rows.append(keys | {
            "position": len(rows), "step": step, "state": state, "amount": amount, "returns": 0, "due": 0,
            "parameter": rule.parameter or None, "clause": rule.clause or None, "needs": needs or None,
            "confidence": rule.confidence,
        } | more)  # fmt: skip

    own, sources, missing = Rule(confidence=q.now.confidence), q.asked.sources, set(a.missing)
    wanting = [m for m in ("year_not_over", "gross", "coverage") if m in missing]
    add("total", "known" if q.now.gross is not None else "missing", q.now.gross, own, ",".join(wanting))
    for d in q.now.deductions:
        needs = next((m for m in a.missing if m.endswith(f":{d.step}")), "")
        if d.taken or d.rule.parameter:
            add(d.step, d.state, -d.amount if d.amount is not None and d.taken else None, d.rule, needs,
                claimed=d.claimed, cap=d.cap, returns=d.returns, due=d.due)  # fmt: skip
    add("assessed", "known" if a.assessed is not None else "missing", a.assessed, own)
    if q.asked.stated is None and q.rules.follows_growth is not None:
        base = Rule(confidence=q.before.confidence) if q.before else Rule()
        add("base", "known" if a.base is not None else "missing", a.base, base,
            ",".join(m for m in ("base_total", "base_coverage") if m in missing))  # fmt: skip
    rule = sources.get("stated") or q.rules.follows_growth or Rule()
    add("planned", "known" if a.planned is not None else "missing", a.planned, rule,
        ",".join(m for m in ("total_rule", "planned_growth", "base_fall") if m in missing))  # fmt: skip
    if q.rules.follows_growth is not None:
        more = a.allowed - a.planned if a.allowed is not None and a.planned is not None else None
        state = "missing" if a.raised is None else "raised" if a.raised else "as_planned"
        add("growth", state, more, q.rules.follows_growth, "growth" if "growth" in missing else "")
    add("allowed", "known" if a.allowed is not None else "missing", a.allowed, q.rules.follows_growth or rule)
    if q.rules.exempt_at_incentive is not None:
        add("incentive", a.exempt, None, q.rules.exempt_at_incentive, "incentive" if "incentive" in missing else "")
    return rows


__all__ = ["INTENSITY", "flex_totals"]
