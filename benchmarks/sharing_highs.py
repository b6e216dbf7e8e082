"""The peer of `sharing_bench`: HiGHS on min Σ w (r − t)² under Σ w r = needed and bounds, read from standard input."""

from __future__ import annotations

import json
import resource
import sys
import time

import highspy
import numpy as np


def main() -> None:
    """Solve what is asked and print rates, CPU seconds and peak memory."""
    asked = json.load(sys.stdin)
    wish, weight, low, high = (np.array(asked[n]) for n in ("wish", "weight", "low", "high"))
    scale = weight / weight.max()
    start = time.process_time()
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("time_limit", float(asked["seconds"]))
    model, count = highspy.HighsModel(), len(wish)
    lp = model.lp_
    lp.num_col_, lp.num_row_ = count, 1
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = -2 * scale * wish, low, high
    needed = asked["needed"] / weight.max()
    lp.row_lower_, lp.row_upper_ = np.array([needed]), np.array([needed])
    lp.a_matrix_.start_ = np.arange(count + 1)
    lp.a_matrix_.index_ = np.zeros(count, dtype=int)
    lp.a_matrix_.value_ = scale
    hessian = model.hessian_
    hessian.dim_, hessian.start_ = count, np.arange(count + 1)
    hessian.index_, hessian.value_ = np.arange(count), 2 * scale
    solver.passModel(model)
    solver.run()
    rates = list(solver.getSolution().col_value)
    spent = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    status = solver.modelStatusToString(solver.getModelStatus())
    print(json.dumps({"rates": rates, "cpu_seconds": round(spent, 3), "peak_memory_mb": peak, "status": status}))


if __name__ == "__main__":
    main()
