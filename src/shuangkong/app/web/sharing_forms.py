"""Forms of a decomposition (分解方案表单): what was typed becomes plain data of a plan, and sliders a changed plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from shuangkong.app.sharing_sheet import COLUMNS
from shuangkong.dualcontrol.api import CRITERIA, GIVEN, KINDS, METHODS, Plan

#: Rows that the form of a plan shows as fields; a larger one is handed up as a sheet.
TABLE_PARTS = 60
#: Single fields of a plan's form, in their order, each with the unit that stands behind it.
FIELDS: tuple[tuple[str, str], ...] = (
    ("title", ""), ("base_year", ""), ("end_year", ""), ("rate", "%"), ("incentive", "%"), ("growth", "%"),
    ("energy", "tce"), ("margin", "pp"), ("reserve", ""), ("below", "pp"), ("above", "pp"), ("spread", "pp"),
    ("most", ""), ("step", "pp"), ("elasticity", "pp"), ("clause", ""),
)  # fmt: skip
#: What the sliders of a page move: name, least, most, step of the slider.
SLIDERS: tuple[tuple[str, str, str, str], ...] = (
    ("margin", "0", "3", "0.1"), ("reserve", "0", "0.1", "0.005"), ("spread", "0", "8", "0.5"),
    ("below", "0", "10", "0.5"), ("above", "0", "10", "0.5"),
)  # fmt: skip
WEIGHT = ("0", "1", "0.05")
_HIDDEN = ("directions", "basis", "synthetic")


@dataclass(frozen=True)
class Typed:
    """A form as it stands: single texts, weights, shifts by year, and rows of parts, all as texts."""

    single: Mapping[str, str]
    weights: Mapping[str, str]
    shifts: Mapping[str, str]
    rows: tuple[Mapping[str, str], ...]
    kind: str
    method: str
    region: str
    hidden: Mapping[str, str]

    @property
    def years(self) -> list[str]:
        """The years that may be shifted: all of the plan but its last."""
        first, last = (self.single.get(n, "") for n in ("base_year", "end_year"))
        if not (first.isdigit() and last.isdigit() and 0 < int(last) - int(first) <= 15):
            return []
        return [str(y) for y in range(int(first) + 1, int(last))]


def typed_of(data: Mapping[str, Any]) -> Typed:
    """The form of a plan's plain data, whole or with gaps."""
    rows = tuple(
        {
            **{f: _text(row.get(f)) for f, *_ in COLUMNS if f not in GIVEN},
            **{f: _text(row.get("figures", {}).get(f)) for f in GIVEN},
            "source": _text(row.get("source")), "coverage": _text(row.get("coverage")),
        }
        for row in data.get("parts", ())
    )  # fmt: skip
    weights = {c: _text(data.get("weights", {}).get(c)) for c in CRITERIA}
    signs = ",".join(f"{c}:{_text(data.get('directions', {}).get(c, '1'))}" for c in CRITERIA)
    hidden = {"directions": signs, "basis": _text(data.get("basis")), "synthetic": "1" if data.get("synthetic") else ""}
    return Typed(
        {n: _text(data.get(n)) for n, _ in FIELDS}, weights,
        {k: _text(v) for k, v in data.get("shifts", {}).items()}, rows, _text(data.get("kind")) or "regions",
        _text(data.get("method")) or "criteria", _text(data.get("region")), hidden,
    )  # fmt: skip


def data_of(sent: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """What was sent as the plain data of a plan; fields left empty are not in it. `plan_from` checks it."""
    given = {k: v.strip() for k, v in sent if isinstance(v, str)}
    data: dict[str, Any] = {n: given[n] for n, _ in FIELDS if given.get(n)}
    data["kind"] = given["kind"] if given.get("kind") in KINDS else "regions"
    data["method"] = given["method"] if given.get("method") in METHODS else "criteria"
    data["region"] = given.get("region", "")
    data["basis"], data["synthetic"] = given.get("basis", "")[:120], given.get("synthetic") == "1"
    data["weights"] = {c: given[f"w_{c}"] for c in CRITERIA if given.get(f"w_{c}")}
    data["directions"] = _signs(given.get("directions", ""))
    data["shifts"] = {k[2:]: v for k, v in given.items() if k.startswith("s_") and v not in ("", "0")}
    data["parts"] = [row for n in range(TABLE_PARTS) if (row := _row(given, n)).get("code")]
    return data


def _signs(text: str) -> dict[str, str]:
    pairs = (one.partition(":") for one in text.split(",") if ":" in one)
    return {name: sign for name, _, sign in pairs if name in CRITERIA and sign in ("1", "-1")}


def _row(given: Mapping[str, str], n: int) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for field, *_ in COLUMNS:
        text = given.get(f"p{n}_{field}", "")
        if text and field in GIVEN:
            row.setdefault("figures", {})[field] = text
        elif text:
            row[field] = text
    for field in ("source", "coverage"):
        if row and given.get(f"p{n}_{field}"):
            row[field] = given[f"p{n}_{field}"]
    # a figure that somebody typed over is no longer the books'
    if row.get("source") == "books" and row.get("energy") != given.get(f"p{n}_booked"):
        row["source"] = "entered"
        row.pop("coverage", None)
    return row


def tried(plan: Plan, query: Mapping[str, str]) -> tuple[Plan, dict[str, str]]:
    """The plan as the sliders stand, and what they say; the plan itself where nothing was moved. SHARE-001."""
    moved = {n: query[n].strip() for n, *_ in SLIDERS if query.get(n, "").strip()}
    weights = {c: query[f"w_{c}"].strip() for c in CRITERIA if query.get(f"w_{c}", "").strip()}
    method = query.get("method", "")
    choices: dict[str, Any] = dict(moved)
    if weights:
        choices["weights"] = {**{c: f"{w:f}" for c, w in plan.weights.items()}, **weights}
    if method in METHODS:
        choices["method"] = method
    if not choices:
        return plan, {}
    said = {**moved, **{f"w_{c}": w for c, w in weights.items()}, **({"method": method} if method in METHODS else {})}
    changed = plan.with_choices(**choices)
    return (plan, {}) if _same(changed, plan) else (changed, said)


def _same(one: Plan, other: Plan) -> bool:
    """Whether two plans say the same: 0.30 and 0.3 are one weight."""
    names = ("margin", "reserve", "spread", "below", "above", "method")
    alike = all(getattr(one, n) == getattr(other, n) for n in names)
    zero = Decimal(0)
    return alike and all(one.weights.get(c, zero) == other.weights.get(c, zero) for c in CRITERIA)


def _text(value: object) -> str:
    return "" if value is None else str(value)
