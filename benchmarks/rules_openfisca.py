"""The peer of `rules_bench.py`: the same rules in OpenFisca-core. Runs in an environment of its own, as a program.

Standard input: {rows, repeats, rules, readings}. Standard output: {version, seconds}. Readings are floats of 32 bits
and invented anew here; building the rules and handing over the readings is not timed, reckoning is.
"""

from __future__ import annotations

import json
import sys
import time
from importlib.metadata import version
from typing import Any

import numpy
from openfisca_core.entities import Entity
from openfisca_core.periods import YEAR
from openfisca_core.simulations import SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable


def main() -> None:
    """Reckon the score of every row as often as asked."""
    asked = json.load(sys.stdin)
    entity = Entity("enterprise", "enterprises", "", "")
    entity.is_person = True
    system = TaxBenefitSystem([entity])
    for name in (*asked["readings"], "industry"):
        kind = int if name == "industry" else float
        _add(system, entity, name, value_type=kind)
    for n, rule in enumerate(asked["rules"]):
        _add(system, entity, f"rule_{n}", value_type=bool, formula=_formula(rule))

    def score(enterprise: Any, period: Any) -> Any:
        return sum(enterprise(f"rule_{n}", period) * r["score"] for n, r in enumerate(asked["rules"]))

    _add(system, entity, "score", value_type=float, formula=score)
    draw = numpy.random.default_rng(9)
    rows = asked["rows"]
    readings = {n: draw.lognormal(0, 1, rows).astype(numpy.float32) for n in asked["readings"]}
    industry = draw.integers(0, 31, rows).astype(numpy.int32)
    seconds = []
    for _ in range(asked["repeats"]):
        simulation = SimulationBuilder().build_default_simulation(system, rows)
        for name, values in (*readings.items(), ("industry", industry)):
            simulation.set_input(name, "2024", values)
        start = time.process_time()
        simulation.calculate("score", "2024")
        seconds.append(time.process_time() - start)
    print(json.dumps({"version": version("openfisca-core"), "seconds": seconds}))


def _add(system: Any, entity: Any, name: str, **parts: Any) -> None:
    system.add_variable(type(name, (Variable,), {"entity": entity, "definition_period": YEAR, **parts}))


def _formula(rule: dict[str, Any]) -> Any:
    def formula(enterprise: Any, period: Any) -> Any:
        return (
            (enterprise(rule["a"], period) > numpy.float32(rule["above"]))
            & (enterprise(rule["b"], period) < numpy.float32(rule["below"]))
            & (enterprise("industry", period) <= rule["industry"])
        )

    return formula


if __name__ == "__main__":
    main()
