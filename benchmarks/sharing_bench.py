"""A target shared among 3,000 counties (合成): exact fractions here, beside HiGHS on the same problem in doubles.

Both are given the same wishes, weights and bounds. HiGHS runs in an environment of its own, as the peer of rules_bench
does; where that cannot be had, a bisection in doubles by hand stands beside ours alone. Differences are those of the
rates before they are rounded to the step.
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
COUNTIES = 3_000
#: HiGHS solves quadratic programmes by active sets, whose time grows steeply: it is asked about fewer as well.
FEW = 300
ROUNDS = 3
PEER = "highspy==1.11.0"
#: Seconds of CPU that one decomposition of 3,000 counties, base and incentive, may take.
TARGET = 5.0
#: Seconds that the peer is given; its rates are then those it has come to.
SECONDS = 60


def invent(counties: int) -> Any:
    """A plan of so many invented counties with all five criteria."""
    from shuangkong.dualcontrol.api import plan_from

    draw = random.Random(7)

    def figure(low: float, high: float, places: int) -> str:
        return str(round(draw.uniform(low, high), places))

    parts = [
        {
            "code": f"{n:06d}", "name": f"合成{n}", "energy": figure(1e4, 3e6, 2), "growth": figure(2, 9, 2),
            "output": figure(1e5, 4e6, 2), "figures": {
                "development": figure(2, 15, 4), "structure": figure(10, 70, 2), "potential": figure(1, 30, 2),
                "past_effort": figure(1, 20, 2),
            },
        }
        for n in range(counties)
    ]  # fmt: skip
    whole = sum((Decimal(p["energy"]) for p in parts), Decimal(0))
    return plan_from({
        "title": "合成", "region": "990000", "base_year": 2025, "end_year": 2030, "rate": "13.5", "incentive": "14",
        "growth": "5.5", "energy": whole, "parts": parts, "reserve": "0.01", "spread": "3", "most": "1", "below": "6",
        "above": "4", "step": "0.1",
        "weights": {"productivity": "0.2", "development": "0.3", "structure": "0.15", "potential": "0.2",
                    "past_effort": "0.15"},
        "directions": {"productivity": -1, "development": 1, "structure": 1, "potential": 1, "past_effort": -1},
    })  # fmt: skip


def measure() -> dict[str, Any]:
    """CPU seconds and peak memory of ours by phase, of the peer, and how far the rates are apart."""
    ours, asked, solved = _apart(COUNTIES)
    ours["bisection in doubles"] = _bisection(asked, solved)
    ours["highs in doubles"] = _highs(asked, solved)
    few, asked, solved = _apart(FEW)
    ours[f"{FEW} counties"] = {
        "base_and_incentive_cpu_seconds": few["base_and_incentive_cpu_seconds"],
        "highs": _highs(asked, solved),
    }
    ours["counties"] = COUNTIES
    return ours


def _apart(counties: int) -> tuple[dict[str, Any], dict[str, Any], list[float]]:
    """Ours in a process of its own: the figures, what the peers are asked, and the rates that were found."""
    done = subprocess.run([sys.executable, __file__, str(counties)], capture_output=True, text=True, check=True)
    ours: dict[str, Any] = json.loads(done.stdout)
    asked = ours.pop("asked")
    return ours, asked, asked.pop("solved")


def misses(found: dict[str, Any]) -> list[str]:
    """What took longer than it may, or differs from the peer."""
    late = found["base_and_incentive_cpu_seconds"]
    told = [f"sharing out took {late} s, the target is {TARGET}"] if late > TARGET else []
    far = found["bisection in doubles"]["largest_difference_points"]
    return [*told, *([f"the bisection is {far} points away"] if far > 2e-6 else [])]


def _ours(counties: int) -> dict[str, Any]:
    """Run in a process of its own, so that its peak memory is its own."""
    from shuangkong.dualcontrol.api import SharedOut, bounds_of, compared, outcome

    start = time.process_time()
    plan = invent(counties)
    made = time.process_time() - start
    spent = []
    for _ in range(ROUNDS):
        start = time.process_time()
        found = outcome(plan)
        spent.append(time.process_time() - start)
    start = time.process_time()
    every = compared(plan)
    four = time.process_time() - start
    assert isinstance(found.base, SharedOut)
    assert found.closing is not None
    held = [bounds_of(plan, p) for p in plan.parts]
    growth = [float(1 + p.growth / 100) ** plan.years for p in plan.parts]
    weight = [float(p.energy) * g for p, g in zip(plan.parts, growth, strict=True)]
    solved = [float(s.solved) for s in found.base.shares]
    return {
        "read_and_check_cpu_seconds": round(made, 3), "base_and_incentive_cpu_seconds": round(min(spent), 3),
        "four_methods_cpu_seconds": round(four, 3), "closes": found.closing.closes,
        "all_methods_close": all(o.closing is not None and o.closing.closes for o in every),
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "asked": {
            "wish": [float(s.wished) for s in found.base.shares], "weight": weight, "solved": solved,
            "low": [float(a) for a, _ in held], "high": [float(b) for _, b in held],
            "needed": sum(w * r for w, r in zip(weight, solved, strict=True)),
        },
    }  # fmt: skip


def _bisection(asked: dict[str, Any], solved: list[float]) -> dict[str, Any]:
    """The shift by two hundred halvings, as one would write it by hand."""
    start = time.process_time()
    low, high = -100.0, 100.0
    rows = list(zip(asked["wish"], asked["weight"], asked["low"], asked["high"], strict=True))
    for _ in range(200):
        middle = (low + high) / 2
        sums = sum(w * min(max(t + middle, a), b) for t, w, a, b in rows)
        low, high = (middle, high) if sums < asked["needed"] else (low, middle)
    rates = [min(max(t + low, a), b) for t, _, a, b in rows]
    spent = time.process_time() - start
    far = max(abs(x - y) for x, y in zip(rates, solved, strict=True))
    return {"cpu_seconds": round(spent, 3), "largest_difference_points": far, "exact": False}


def _highs(asked: dict[str, Any], solved: list[float]) -> dict[str, Any] | str:
    """HiGHS on the quadratic programme, in its own environment and process."""
    folder = _environment()
    if isinstance(folder, str):
        return folder
    done = subprocess.run(
        [str(folder / "bin" / "python"), str(HERE / "sharing_highs.py")],
        input=json.dumps({**asked, "seconds": SECONDS}), text=True,
        capture_output=True, check=False,
    )  # fmt: skip
    if done.returncode:
        return f"not run: {done.stderr.strip()[-200:]}"
    answer: dict[str, Any] = json.loads(done.stdout)
    rates = answer.pop("rates")
    answer["largest_difference_points"] = max(abs(x - y) for x, y in zip(rates, solved, strict=True))
    return answer


def _environment() -> Path | str:
    """The folder of an environment with the peer; why there is none."""
    tool, folder = HERE.parent / ".tool" / "uv", HERE / "results" / "highs"
    if not tool.exists():
        return "there is no uv to make its environment with"
    commands = (
        [str(tool), "venv", "--quiet", "--clear", "--no-project", "--python", sys.executable, str(folder)],
        [str(tool), "pip", "install", "--quiet", "--python", str(folder / "bin" / "python"), PEER],
    )
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            return f"not installed: {done.stderr.strip()[-200:]}"
    return folder


if __name__ == "__main__":
    print(json.dumps(_ours(int(sys.argv[1]))))
