"""Listed projects in a published rate (单列项目折入降幅): what a rate becomes where their energy is judged with it.

A share's rate is that of the part without its listed projects; they stand beside it. Where they are taken off before
anything is judged, the rate holds as it is. Where they are not, a part that uses exactly what it may, listed projects
and all, falls by less: that is the rate to publish, or the cap and the rate of one document contradict each other.
"""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal, localcontext

from shuangkong.dualcontrol.sharing import Share
from shuangkong.dualcontrol.sharing_plan import Plan
from shuangkong.dualcontrol.sharing_years import multiple

_DIGITS = 60


def rate_with_listed(plan: Plan, share: Share) -> Decimal | None:
    """The fall in per cent that `allowed` and `apart` together make of the part's energy without effort.

    Rounded down to the step of the plan, so that who uses all that it may has reached it. None where the part's energy
    may rise per output with its listed projects: no fall can be asked then. KeyError for a share of another plan.
    """
    if not share.apart:
        return share.rate
    part = {p.code: p for p in plan.parts}[share.id]
    with localcontext() as context:
        context.prec = _DIGITS
        free = part.energy * multiple(part.growth, plan.years)
        fall = (1 - (share.allowed + share.apart) / free) * 100
        reached = (fall / plan.step).to_integral_value(ROUND_FLOOR) * plan.step
    return reached if reached >= 0 else None
