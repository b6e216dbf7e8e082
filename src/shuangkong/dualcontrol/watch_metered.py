"""Months of which meters alone speak (仅有计量): a part of a late return that the books take for all of it.

A unit that hands in coal and power every month and of whose month only the power meter is known has no return yet. The
books hold what the meter counted, which is right, and cannot tell that more is to come; watching can, from what the
unit handed in a year ago.
"""

from __future__ import annotations

from dataclasses import replace

from shuangkong.dualcontrol.watch_estimating import Estimate

#: (method, unit, month) of which meters alone speak, where a year ago returns held parts that they do not measure.
METERED = """
WITH own AS (
  SELECT method_id, subject_id, period_start, part, bool_and(starts_with(entry_id, 'm_')) AS metered, sum(amount) AS y
  FROM {amounts} WHERE measure = 'energy' AND period_kind = 'month' AND extent = 'own' AND method_id IN {methods}
    AND subject_id IN (SELECT subject_id FROM {meters} WHERE stands = 'meter') GROUP BY ALL
), alone AS (
  SELECT method_id, subject_id, period_start, list(part) AS parts FROM own GROUP BY ALL HAVING bool_and(metered)
), before AS (
  SELECT method_id, subject_id, CAST(period_start + INTERVAL 1 YEAR AS DATE) AS period_start, part FROM own
  WHERE NOT metered AND y > 0
)
SELECT DISTINCT a.method_id, a.subject_id, a.period_start FROM alone a
JOIN before b USING (method_id, subject_id, period_start) WHERE NOT list_contains(a.parts, b.part)
"""


def rest_of(made: Estimate, metered: float) -> Estimate:
    """What is still to come of a month beside what the meters counted; its error is that of the whole month."""
    left = max(made.amount - metered, 0.0)
    if not left:
        return replace(made, amount=0.0)
    wider = made.amount / left
    return replace(made, amount=left, own=made.own * wider, lasting=made.lasting * wider)
