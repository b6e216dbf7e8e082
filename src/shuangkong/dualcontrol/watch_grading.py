"""Grades of monthly watching (预警等级) by the pack's tables, energy control as a whole, red months in a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pyarrow as pa

from shuangkong.accounting.api import index_of
from shuangkong.dualcontrol.watch_rows import watch_key
from shuangkong.judgement.api import decide_chain
from shuangkong.kernel.findings import least_sure
from shuangkong.policy.api import CheckedTable, PackSet, ParameterValue

PACK = "shuangkong.watching"
INTENSITY, TOTAL, CONTROL = "intensity-grade", "total-grade", "control-grade"
RED = 1
_INPUTS = {INTENSITY: ("change", "lag", "progress"), TOTAL: ("used",), CONTROL: ("intensity", "total")}
_NUMBER = pa.decimal128(38, 6)
Row = dict[str, Any]
Values = Mapping[str, ParameterValue]
#: Decides a table under parameters for rows of an Arrow table; gives back position, grade and row_hit.
Decide = Callable[[CheckedTable, Values, pa.Table], list[Row]]


def asked_of(table: CheckedTable, values: Values) -> Any:
    """The expression that answers a table for the rows of `watch_asked`: position, grade, row_hit."""
    import ibis

    columns = {"position": "int64"} | dict.fromkeys(_INPUTS[table.id], "decimal(38, 6)")
    asked = ibis.table(columns, name="watch_asked")
    return decide_chain((table,), asked, {table.id: values}).select("position", "grade", "row_hit")


class Grader:
    """Grades rows by the tables of the pack as they stand on the last day of each row's month."""

    def __init__(self, packs: PackSet, known: date, decide: Decide) -> None:
        self.packs, self.known, self.decide = packs, known, decide
        self.key = packs.pack(PACK).key

    def grade(self, rows: Sequence[Row]) -> None:
        """Put grade, grade_low, grade_high (worst and best within the interval) and cut-off on the rows."""
        for name in (INTENSITY, TOTAL):
            mine = [r for r in rows if r["asks"] and (r["test"] != "total") == (name == INTENSITY)]
            questions = [(r["period_end"], given) for r in mine for given in r["asks"].values()]
            answers = iter(self.answers(name, questions))
            for r in mine:
                told = {end: next(answers) for end in r["asks"]}
                self._put(r, name, told["value"])
                grades = [a["grade"] for a in told.values() if a["grade"] is not None]
                r["grade_low"], r["grade_high"] = min(grades, default=None), max(grades, default=None)

    def _put(self, row: Row, table: str, answer: Row) -> None:
        row["grade"] = None if answer["grade"] is None else int(answer["grade"])
        row["cutoff"] = f"{self.key}#table:{table}:{answer['row_hit']}" if answer["row_hit"] else None

    def answers(self, name: str, questions: Sequence[tuple[date, Mapping[str, Decimal | None]]]) -> list[Row]:
        """The table's answer to each question (day after the month, inputs), in their order."""
        found: list[Row] = [{"grade": None, "row_hit": None} for _ in questions]
        checked = next(t for t in self.packs.chain(self.key, name) if t.id == name)
        groups: dict[tuple[Any, ...], tuple[CheckedTable, Values, list[int]]] = {}
        by_day: dict[date, tuple[Any, ...]] = {}
        for n, (end, _) in enumerate(questions):
            if end not in by_day:
                table = checked.on(end.fromordinal(end.toordinal() - 1))
                values = self.packs.values_of(table, end.fromordinal(end.toordinal() - 1), self.known)
                by_day[end] = (repr(table.rows), repr(sorted(values.items())))
                groups.setdefault(by_day[end], (table, values, []))
            groups[by_day[end]][2].append(n)
        for stood, with_values, places in groups.values():
            columns = {"position": pa.array(places, pa.int64())}
            columns |= {i: pa.array([questions[n][1][i] for n in places], _NUMBER) for i in _INPUTS[name]}
            for answer in self.decide(stood, with_values, pa.table(columns)):
                found[answer["position"]] = {"grade": _whole(answer["grade"]), "row_hit": answer["row_hit"]}
        return found

    def control(self, rows: Sequence[Row]) -> list[Row]:
        """Rows of energy control as a whole: the worse of intensity and total of each month, by the pack's table."""
        lamps: dict[tuple[str, str], dict[str, Row]] = {}
        for r in lamps_of(rows):
            if r["what"] in ("energy_intensity", "energy_total"):
                lamps.setdefault((r["subject_id"], r["period_key"]), {})[r["what"]] = r
        both = [pair for _, pair in sorted(lamps.items()) if len(pair) == 2]
        asked = [(p["energy_intensity"], p["energy_total"]) for p in both]
        made = [_control_row(i, t) for i, t in asked]
        for end, name in (("grade", "grade"), ("grade_low", "grade_low"), ("grade_high", "grade_high")):
            questions = [(i["period_end"], {"intensity": _number(i[end]), "total": _number(t[end])}) for i, t in asked]
            for row, answer in zip(made, self.answers(CONTROL, questions), strict=True):
                row[name] = answer["grade"]
                if name == "grade":
                    self._put(row, CONTROL, answer)
        for row, (i, t) in zip(made, asked, strict=True):
            row["state"] = _state(row["grade"], i, t)
        return made


def _number(grade: int | None) -> Decimal | None:
    return None if grade is None else Decimal(grade)


def _whole(grade: Decimal | None) -> int | None:
    return None if grade is None else int(grade)


def _state(grade: int | None, i: Row, t: Row) -> str:
    states = {i["state"], t["state"]}
    if grade is None:
        return "not_yet" if "insufficient" not in states else "insufficient"
    return "ok" if states == {"ok"} else "estimate"


def _control_row(i: Row, t: Row) -> Row:
    method = i["method_id"]
    same = ("method_id", "subject_id", "period_key", "period_kind", "period_start", "period_end")
    needs = "; ".join(dict.fromkeys(n for n in (i["needs"], t["needs"]) if n)) or None
    shares = [s for s in (i["estimated_share"], t["estimated_share"]) if s is not None]
    return {
        **{n: i[n] for n in same}, "what": "energy_control", "test": "both", "unit": "grade",
        "watch_key": watch_key("energy_control", "both", i["subject_id"], i["period_key"], method),
        "needs": needs, "coverage": min(i["coverage"], t["coverage"]), "estimated_share": max(shares, default=None),
        "amount_unit": "tce", "confidence": least_sure(i["confidence"], t["confidence"]), "asks": {},
        "from": (i["watch_key"], t["watch_key"]),
    }  # fmt: skip


def lamps_of(rows: Sequence[Row]) -> list[Row]:
    """The row that speaks for each figure and month: the quarter's test by GDP where it is graded, else the month's."""
    found: dict[tuple[str, str, str], Row] = {}
    for r in rows:
        key = (r["subject_id"], r["what"], r["period_key"])
        there = found.get(key)
        if there is None or _speaks(r) > _speaks(there):
            found[key] = r
    return list(found.values())


def _speaks(r: Row) -> tuple[bool, bool]:
    return r.get("grade") is not None, r["test"] == "quarter_gdp"


@dataclass(frozen=True, slots=True)
class Red:
    """Where a count of red months stands after a month: how many, whether that is exact, and the month's number."""

    count: int = 0
    exact: bool = False
    last: int | None = None


def count_red(rows: Sequence[Row], before: Mapping[tuple[str, str], Red] = MappingProxyType({})) -> None:
    """Put red months in a row on the row that speaks for each month: red_months and red_state.

    ok: the month before the first red one is known not to be red. at_least: it is not known. missing: the month itself
    has no grade. Months of which there is no row are not known. before: where the count of a (region, what) stood
    before its first row.
    """
    series: dict[tuple[str, str], list[Row]] = {}
    for r in lamps_of(rows):
        series.setdefault((r["subject_id"], r["what"]), []).append(r)
    for at, mine in series.items():
        stood = before.get(at, Red())
        count, exact, last = stood.count, stood.exact, stood.last
        for r in sorted(mine, key=lambda x: x["period_start"]):
            month = index_of(r["period_start"], "month")
            if last is not None and month != last + 1:
                count, exact = 0, False
            last = month
            if r.get("grade") is None:
                count, exact = 0, False
                r["red_months"], r["red_state"] = None, "missing"
                continue
            count, exact = (count + 1, exact) if r["grade"] == RED else (0, True)
            r["red_months"], r["red_state"] = count, "ok" if exact else "at_least"
