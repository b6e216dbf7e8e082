"""A decomposition in the making (分解方案): the upper target, how it is shared, and the figures of each part.

A plan is data that a person can read: it is kept as JSON, every figure as text with its digits. Two plans with the same
content have the same hash, whatever the order of their keys.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

from shuangkong.kernel.errors import UserError
from shuangkong.kernel.numbers import parse_decimal

Kind = Literal["regions", "industries", "units"]
MethodName = Literal["criteria", "equal", "grandfathered", "productivity"]
KINDS: tuple[Kind, ...] = ("regions", "industries", "units")
METHODS: tuple[MethodName, ...] = ("criteria", "equal", "grandfathered", "productivity")
#: Criteria of a plan; the first is worked out from output and energy, the others are given.
PRODUCTIVITY = "productivity"
GIVEN = ("development", "structure", "potential", "past_effort")
CRITERIA = (PRODUCTIVITY, *GIVEN)
#: What no place has less than none of. Past effort may lie below nought: intensity rose.
_AT_LEAST_NONE = ("development", "structure", "potential")
MOST_PARTS = 5_000
MOST_YEARS = 15
_PLACES = 6
_LENGTH = 120


@dataclass(frozen=True, slots=True)
class PlanPart:
    """One part: `energy` in tce and `output` in 10⁴ yuan of the base year, `growth` planned in per cent a year.

    `low` and `high` bound its rate (None: the plan's bounds); `apart` is energy of listed projects in tce, `apart_from`
    the first year in which it counts (None: every year); `figures` those of the criteria, in the unit of each;
    `source` says whether its energy came from the books or was entered, and `coverage` which share of the returns
    behind it was known.
    """

    code: str
    name: str
    energy: Decimal
    growth: Decimal
    output: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    apart: Decimal = Decimal(0)
    figures: Mapping[str, Decimal] = field(default_factory=dict)
    source: Literal["books", "entered"] = "entered"
    coverage: Decimal | None = None
    apart_from: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What is shared out and how. Rates, growth and points in per cent; energy in tce; `reserve` a share below one.

    `weights` and `directions` by criterion; `shifts` by year are points ahead of (+) or behind (−) the even course.
    """

    title: str
    region: str
    kind: Kind
    base_year: int
    end_year: int
    rate: Decimal
    growth: Decimal
    energy: Decimal
    parts: tuple[PlanPart, ...]
    weights: Mapping[str, Decimal]
    directions: Mapping[str, int]
    spread: Decimal
    most: Decimal
    below: Decimal
    above: Decimal
    step: Decimal
    incentive: Decimal | None = None
    margin: Decimal = Decimal(0)
    reserve: Decimal = Decimal(0)
    method: MethodName = "criteria"
    elasticity: Decimal = Decimal(0)
    shifts: Mapping[str, Decimal] = field(default_factory=dict)
    clause: str = ""
    basis: str = ""
    synthetic: bool = False

    @property
    def years(self) -> int:
        """How many years the plan has."""
        return self.end_year - self.base_year

    def data(self) -> dict[str, Any]:
        """As plain data: figures as text, nothing left out that was given."""
        return _plain({f.name: getattr(self, f.name) for f in fields(self)})  # type: ignore[no-any-return]

    def canonical(self) -> str:
        """The one text of this content."""
        return json.dumps(self.data(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @property
    def content_hash(self) -> str:
        """SHA-256 of the canonical text."""
        return hashlib.sha256(self.canonical().encode()).hexdigest()

    def with_choices(self, **choices: Any) -> Plan:
        """The same parts shared in another way; checked anew. Raises SHARE-001."""
        return plan_from({**self.data(), **_plain(choices)})


def plan_from(data: Mapping[str, Any]) -> Plan:
    """A plan of plain data, as `Plan.data` gives it or a person wrote it. SHARE-001 names the place and the remedy."""
    known = {f.name for f in fields(Plan)}
    for name in data:
        if name not in known:
            raise _wrong("unknown", str(name), {"name": str(name)[:60]})
    rows = data.get("parts")
    if not isinstance(rows, Sequence) or isinstance(rows, str) or not rows:
        raise _wrong("no_parts", "parts", {})
    if len(rows) > MOST_PARTS:
        raise _wrong("many", "parts", {"n": len(rows), "most": MOST_PARTS})
    kind = next((k for k in KINDS if k == _text(data, "kind", "regions")), None)
    method = next((m for m in METHODS if m == _text(data, "method", "criteria")), None)
    if kind is None or method is None:
        place = "kind" if kind is None else "method"
        raise _wrong("choice", place, {"given": str(data.get(place))[:60]})
    rate = _number(data, "rate", least=Decimal(0), below=Decimal(100))
    plan = Plan(
        title=_text(data, "title"), region=_text(data, "region"), kind=kind, method=method,
        base_year=_year(data, "base_year"), end_year=_year(data, "end_year"), rate=rate,
        incentive=_optional(data, "incentive", least=rate, below=Decimal(100)),
        growth=_number(data, "growth", least=Decimal(-50), below=Decimal(100)),
        energy=_number(data, "energy", above=Decimal(0)),
        parts=tuple(_part(row, f"parts[{n}]") for n, row in enumerate(rows, 1)),
        weights=_figures(data.get("weights"), "weights", least=Decimal(0)),
        directions={k: int(v) for k, v in _figures(data.get("directions"), "directions").items()},
        spread=_number(data, "spread", least=Decimal(0)), most=_number(data, "most", above=Decimal(0)),
        below=_number(data, "below", least=Decimal(0)), above=_number(data, "above", least=Decimal(0)),
        step=_number(data, "step", least=Decimal("0.001"), below=Decimal(10)),
        margin=_number(data, "margin", "0", least=Decimal(0), below=Decimal(50)),
        reserve=_number(data, "reserve", "0", least=Decimal(0), below=Decimal(1)),
        elasticity=_number(data, "elasticity", "0", least=Decimal(0)),
        shifts=_figures(data.get("shifts"), "shifts", names=None), clause=_text(data, "clause", ""),
        basis=_text(data, "basis", ""), synthetic=data.get("synthetic") in (True, "true", "1"),
    )  # fmt: skip
    _together(plan)
    return plan


def _together(plan: Plan) -> None:
    """What no single field shows: years in order, one code once, bounds with a step between them, shifts that end."""
    if not 1 <= plan.years <= MOST_YEARS:
        raise _wrong("years", "end_year", {"base": plan.base_year, "end": plan.end_year, "most": MOST_YEARS})
    if plan.rate + plan.margin >= 100:
        raise _wrong("range", "margin", {"given": f"{plan.margin:f}"})
    seen: set[str] = set()
    for n, part in enumerate(plan.parts, 1):
        if part.code in seen:
            raise _wrong("twice", f"parts[{n}].code", {"code": part.code})
        seen.add(part.code)
        low, high = bounds_of(plan, part)
        if -(-Fraction(low) // Fraction(plan.step)) > Fraction(high) // Fraction(plan.step):
            raise _wrong("bounds", f"parts[{n}]", {"name": part.name, "low": f"{low:f}", "high": f"{high:f}"})
        if part.apart_from is not None and not plan.base_year < part.apart_from <= plan.end_year:
            raise _wrong("range", f"parts[{n}].apart_from", {"given": str(part.apart_from)})
    for year, shift in plan.shifts.items():
        last = str(plan.end_year)
        good = year.isdigit() and plan.base_year < int(year) <= plan.end_year
        if not good or abs(shift) > (0 if year == last else plan.elasticity):
            raise _wrong("elastic", f"shifts.{year}", {"year": year, "most": f"{plan.elasticity:f}"})
    for name, sign in plan.directions.items():
        if sign not in (1, -1):
            raise _wrong("choice", f"directions.{name}", {"given": str(sign)})


def bounds_of(plan: Plan, part: PlanPart) -> tuple[Decimal, Decimal]:
    """The bounds of a part's rate in per cent: its own, or the plan's around the rate of the whole with its margin."""
    middle = plan.rate + plan.margin
    low = part.low if part.low is not None else max(Decimal(0), middle - plan.below)
    return low, part.high if part.high is not None else min(Decimal(99), middle + plan.above)


def with_part(plan: Plan, code: str, **changes: Any) -> Plan:
    """The plan with one part changed; for trying out. SHARE-001 as `plan_from`."""
    parts = tuple(replace(p, **changes) if p.code == code else p for p in plan.parts)
    return plan_from({**plan.data(), "parts": [_plain({f.name: getattr(p, f.name) for f in fields(p)}) for p in parts]})


def _part(row: Any, where: str) -> PlanPart:
    if not isinstance(row, Mapping):
        raise _wrong("row", where, {})
    known = {f.name for f in fields(PlanPart)}
    for name in row:
        if name not in known:
            raise _wrong("unknown", f"{where}.{name}", {"name": str(name)[:60]})
    code = _text(row, "code", where=where)
    figures = _figures(row.get("figures"), f"{where}.figures", names=GIVEN)
    for name in _AT_LEAST_NONE:
        if figures.get(name, Decimal(0)) < 0:
            raise _wrong("range", f"{where}.figures.{name}", {"given": f"{figures[name]:f}"})
    return PlanPart(
        code=code, name=_text(row, "name", code, where=where),
        energy=_number(row, "energy", above=Decimal(0), where=where),
        growth=_number(row, "growth", least=Decimal(-50), below=Decimal(100), where=where),
        output=_optional(row, "output", above=Decimal(0), where=where),
        low=_optional(row, "low", least=Decimal(0), below=Decimal(100), where=where),
        high=_optional(row, "high", least=Decimal(0), below=Decimal(100), where=where),
        apart=_number(row, "apart", "0", least=Decimal(0), where=where),
        figures=figures,
        source="books" if row.get("source") == "books" else "entered",
        coverage=_optional(row, "coverage", least=Decimal(0), where=where),
        apart_from=_year(row, "apart_from", where=where) if str(row.get("apart_from") or "").strip() else None,
    )  # fmt: skip


def _text(row: Mapping[str, Any], name: str, otherwise: str | None = None, *, where: str = "") -> str:
    value = row.get(name)
    text = "" if value is None else str(value).strip()
    if not text and otherwise is None:
        raise _wrong("missing", f"{where}.{name}".lstrip("."), {"name": name})
    if len(text) > _LENGTH or any(ord(c) < 32 for c in text):
        raise _wrong("text", f"{where}.{name}".lstrip("."), {"name": name, "most": _LENGTH})
    return text or (otherwise or "")


def _year(row: Mapping[str, Any], name: str, *, where: str = "") -> int:
    value = _number(row, name, least=Decimal(1990), below=Decimal(2101), where=where)
    if value != int(value):
        raise _wrong("number", f"{where}.{name}".lstrip("."), {"given": f"{value:f}"})
    return int(value)


def _optional(row: Mapping[str, Any], name: str, **bounds: Any) -> Decimal | None:
    value = row.get(name)
    return None if value is None or str(value).strip() == "" else _number(row, name, **bounds)


def _number(
    row: Mapping[str, Any], name: str, otherwise: str | None = None, *, least: Decimal | None = None,
    above: Decimal | None = None, below: Decimal | None = None, where: str = "",
) -> Decimal:  # fmt: skip
    """A figure in its bounds, exact, with at most six places; a double is no figure that a person gave."""
    place = f"{where}.{name}".lstrip(".")
    given = row.get(name)
    text = str(given).strip() if given is not None else ""
    if not text:
        if otherwise is None:
            raise _wrong("missing", place, {"name": name})
        text = otherwise
    value = parse_decimal(text)
    if value is None or isinstance(given, bool):
        raise _wrong("number", place, {"given": text[:40]})
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -_PLACES:
        raise _wrong("places", place, {"given": text[:40], "places": _PLACES})
    low = (least is not None and value < least) or (above is not None and value <= above)
    if low or (below is not None and value >= below) or abs(value) >= Decimal(10) ** 14:
        raise _wrong("range", place, {"given": text[:40]})
    return value


def _figures(
    given: Any, where: str, *, names: Sequence[str] | None = CRITERIA, least: Decimal | None = None
) -> dict[str, Decimal]:  # fmt: skip
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise _wrong("row", where, {})
    for name in given:
        if names is not None and name not in names:
            raise _wrong("unknown", f"{where}.{name}", {"name": str(name)[:60]})
    present = [n for n in given if given[n] is not None and str(given[n]).strip()]
    return {str(n): _number(given, n, least=least, where=where) for n in present}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, PlanPart):
        return _plain({f.name: getattr(value, f.name) for f in fields(value) if getattr(value, f.name) is not None})
    if isinstance(value, tuple | list):
        return [_plain(v) for v in value]
    return value


def _wrong(case: str, where: str, facts: Mapping[str, str | int]) -> UserError:
    told = ", ".join(f"{k}: {v}" for k, v in facts.items())
    return UserError(
        "SHARE-001", f"the decomposition cannot be worked out ({case}) {told}".rstrip() + ".", where=where,
        remedy="Put the figure right where it stands; docs/design/sharing.md says what each one is.",
        case=case, facts={**facts, "where": where},
    )  # fmt: skip
