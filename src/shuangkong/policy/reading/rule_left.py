"""Figures that the table of a rule does not hold (未读入的数): they are named, so that none goes without a word."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from shuangkong.policy.reading.printed_units import printed_unit
from shuangkong.policy.reading.tree import number_at
from shuangkong.policy.reading.values import UNIT, Amount, amounts

#: Not in numbers of documents and clauses, nor in grades.
_FIGURE = re.compile(r"(?<![0-9A-Za-z.第〔])[0-9]+(?:\.[0-9]+)?(?![0-9.]|[0-9]*(?:号|〕|级|类|届|条|款))")
#: A day or a year of the calendar is no figure of a rule.
_DATE = re.compile(
    "(?:19|20)[0-9]{2}(?:[-—–~至](?:19|20)[0-9]{2})?年(?:[0-9]{1,2}月)?(?:[0-9]{1,2}日)?|[0-9]{1,2}月(?:[0-9]{1,2}日)?"
)
_NUMBERING = re.compile("[（(][0-9]{1,2}[）)]")
_LASTS = re.compile("小时|年|个月|个?工作日|天|日|次|周")
_IN_TABLE = re.compile(r"(?<![A-Za-z_0-9.])[0-9]+(?:\.[0-9]+)?(?![0-9A-Za-z_.])")


def left_out(
    text: str, spans: Iterable[tuple[int, int]], table: Mapping[str, Any], taken: Callable[[int], bool]
) -> tuple[str, ...]:
    """The figures printed between places of a text, with their units, that the table does not hold.

    taken: whether a place stands in a target, which is no figure of the rule.
    """
    rows = json.dumps([{k: r.get(k) for k in ("when", "if", "then")} for r in table["rows"]], ensure_ascii=False)
    held = set(_held(table))
    words = "；".join([*(i["label"]["zh"] for i in table["inputs"]), *re.findall('"([^"]*[一-鿿][^"]*)"', rows)])
    found: list[str] = []
    for start, end in spans:
        number = number_at(text, start)
        start = min(end, number[3]) if number else start
        dates = [m.span() for m in _DATE.finditer(text, start, end)]
        every = list(amounts(text, start, end))
        for figure in _FIGURE.finditer(text, start, end):
            at = figure.start()
            if taken(at) or _NUMBERING.match(text, max(start, at - 1)) or any(s <= at < e for s, e in dates):
                continue
            amount = next((a for a in every if a.start <= at < a.end), None)
            printed = text[amount.start : amount.end] if amount else _printed(text, figure, end)
            if _repeats(text, at, start) or not held.isdisjoint(_worth(Decimal(figure[0]), amount)) or printed in words:
                continue
            found.append(printed)
    return tuple(dict.fromkeys(found))


def _printed(text: str, figure: re.Match[str], end: int) -> str:
    unit = UNIT.match(text, figure.end(), end) or _LASTS.match(text, figure.end(), end)
    return figure[0] + (unit[0] if unit else "")


def _repeats(text: str, at: int, start: int) -> bool:
    """Whether a figure only says again what is in: （含200万元）."""
    return re.search("[（(]不?含$", text[max(start, at - 4) : at]) is not None


def _held(table: Mapping[str, Any]) -> Iterator[tuple[str, Decimal]]:
    """The figures of a table, each with its kind: money, a share, or something else."""
    units = {i["name"]: i.get("unit") or "" for i in table["inputs"]}
    for row in table["rows"]:
        for name, cell in (row.get("when") or {}).items():
            yield from ((_kind(units.get(name, "")), Decimal(n)) for n in _IN_TABLE.findall(str(cell)))
        written = [v["calc"] for v in row["then"].values() if isinstance(v, Mapping)] + [str(row.get("if", ""))]
        for one in written:
            yield from ((_kind(u), Decimal(n)) for n, u in re.findall(r'q\("([0-9.]+)", "([^"]+)"\)', one))
            yield from (("%", Decimal(n) * 100) for n in re.findall(r"(?:^|\()([0-9.]+) \*", one))


def _kind(unit: str) -> str:
    return "money" if "CNY" in unit or unit.partition("/")[0].endswith("元") else "%" if unit in ("%", "‰") else ""


def _worth(value: Decimal, amount: Amount | None) -> Iterator[tuple[str, Decimal]]:
    """What a figure may be in a table: as printed, or in a unit of the kernel."""
    if amount is None:
        yield "", value
        return
    kind = _kind(amount.unit)
    yield kind, value / 10 if amount.unit == "‰" else value
    for unit in (amount.unit, amount.unit.partition("/")[0]):
        yield kind, value * printed_unit(unit).factor
