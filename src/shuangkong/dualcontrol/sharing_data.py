"""Outcomes as plain data (分解结果数据): for JSON at the terminal, and for the jobs that work out large plans."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from shuangkong.dualcontrol.fairness import Fairness
from shuangkong.dualcontrol.sharing import Clash, Share, SharedOut
from shuangkong.dualcontrol.sharing_closing import YEAR_RULE, closed_years
from shuangkong.dualcontrol.sharing_outcome import Closing, Outcome
from shuangkong.dualcontrol.sharing_plan import Plan


def outcome_data(found: Outcome, plan: Plan | None = None) -> dict[str, Any]:
    """An outcome with every figure as text; rates in per cent, energy in tce. `outcome_from` reads it back.

    With its plan, also how each year closes and by which rule; that follows from the rest and is not read back.
    """
    years: dict[str, Any] = {}
    if plan is not None:
        years = {"year_rule": YEAR_RULE, "years": [y.data() for y in closed_years(plan, found.base)]}
    return {
        "method": found.method, "base": _shared(found.base),
        "incentive": None if found.incentive is None else _shared(found.incentive),
        "closing": None if found.closing is None else _texts(asdict(found.closing)),
        "by_energy": _fair(found.by_energy), "by_output": _fair(found.by_output),
        **years,
    }  # fmt: skip


def outcome_from(data: Mapping[str, Any]) -> Outcome:
    """The outcome of `outcome_data`."""
    return Outcome(
        data["method"], _shared_from(data["base"]),
        None if data["incentive"] is None else _shared_from(data["incentive"]),
        None if data["closing"] is None else Closing(**{k: Decimal(v) for k, v in data["closing"].items()}),
        _fair_from(data["by_energy"]), _fair_from(data["by_output"]),
    )  # fmt: skip


def _shared(found: SharedOut | Clash) -> dict[str, Any]:
    if isinstance(found, Clash):
        return {"clash": {"missing": f"{found.missing:f}", "at": list(found.at)}}
    return _texts(asdict(found))  # type: ignore[no-any-return]


def _shared_from(data: Mapping[str, Any]) -> SharedOut | Clash:
    if "clash" in data:
        return Clash(Decimal(data["clash"]["missing"]), tuple(data["clash"]["at"]))
    shares = tuple(
        Share(
            r["id"], Decimal(r["rate"]), Decimal(r["allowed"]), Decimal(r["apart"]), Decimal(r["wished"]),
            Decimal(r["solved"]), r["held"], {k: Decimal(v) for k, v in r["moved"].items()}, tuple(r["missing"]),
        )
        for r in data["shares"]
    )  # fmt: skip
    total, reserve, kept, shift = (Decimal(data[k]) for k in ("total", "reserve", "kept", "shift"))
    return SharedOut(total, reserve, kept, shift, shares)


def _fair(found: Fairness | None) -> dict[str, Any] | None:
    return None if found is None else _texts(asdict(found))


def _fair_from(data: Mapping[str, Any] | None) -> Fairness | None:
    if data is None:
        return None
    least, most = ((data[k][0], Decimal(data[k][1])) for k in ("least", "most"))
    gini, theil = (None if data[k] is None else Decimal(data[k]) for k in ("gini", "theil"))
    return Fairness(Decimal(data["mean"]), least, most, gini, theil)


def _texts(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, dict):
        return {k: _texts(v) for k, v in value.items()}
    if isinstance(value, tuple | list):
        return [_texts(v) for v in value]
    return value
