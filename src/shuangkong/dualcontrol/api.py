"""The door of the dual control slice."""

from shuangkong.dualcontrol.fairness import (
    Fairness,
)
from shuangkong.dualcontrol.flexing_step import flex_totals
from shuangkong.dualcontrol.flexing_tables import CONTROLS, FLEX_STEPS, FLEX_TOTALS, STANDINGS
from shuangkong.dualcontrol.flexing_tables import STEPS as FLEX_STEP_LABELS
from shuangkong.dualcontrol.moved_asking import answer as moved_answer
from shuangkong.dualcontrol.moved_asking import movers
from shuangkong.dualcontrol.moved_books import MovedBooks
from shuangkong.dualcontrol.moved_model import WHATS as MOVED_WHATS
from shuangkong.dualcontrol.moved_model import LeftOut, Moved, PartMoved
from shuangkong.dualcontrol.moved_sums import grouped_parts, shown_effects
from shuangkong.dualcontrol.moved_wish import Answer as MovedAnswer
from shuangkong.dualcontrol.moved_wish import Basis as MovedBasis
from shuangkong.dualcontrol.moved_wish import Mover
from shuangkong.dualcontrol.moved_wish import Place as MovedPlace
from shuangkong.dualcontrol.moved_wish import Wish as MovedWish
from shuangkong.dualcontrol.peaking import LEVERS, Assumed, Moves, Point
from shuangkong.dualcontrol.peaking_fan import QUANTILES, Fan
from shuangkong.dualcontrol.peaking_gaps import Alone, Gap, Goal
from shuangkong.dualcontrol.published import (
    EXTENT,
    LevelChange,
    PublishedLevel,
    YearOnTheWay,
    level_change,
    widest_change,
    years_on_the_way,
)
from shuangkong.dualcontrol.scenarios_base import Found as BaseFound
from shuangkong.dualcontrol.scenarios_base import (
    base_in,
    goals_for,
    ranges_of,
    rule_of,
    spread_of,
    starting_moves,
)
from shuangkong.dualcontrol.scenarios_model import (
    Scenario,
    Worked,
    canonical,
    result_hash,
    scenario_from,
    work_out,
)
from shuangkong.dualcontrol.scenarios_model import told as scenario_data
from shuangkong.dualcontrol.scenarios_store import (
    Evidence,
    Saved,
    evidence_of,
    evidence_seen,
    hand_in_evidence,
    own_scenario,
    save_scenario,
    scenario_seen,
    scenarios_seen,
    share_scenario,
    withdraw_evidence,
    withdraw_scenario,
)
from shuangkong.dualcontrol.sharing import (
    Clash,
    Share,
    SharedOut,
)
from shuangkong.dualcontrol.sharing_closing import (
    YearClosing,
    closed_years,
)
from shuangkong.dualcontrol.sharing_data import (
    outcome_data,
    outcome_from,
)
from shuangkong.dualcontrol.sharing_listed import rate_with_listed
from shuangkong.dualcontrol.sharing_outcome import (
    Closing,
    Outcome,
    compared,
    figure_of,
    mean_of,
    outcome,
    years_of,
)
from shuangkong.dualcontrol.sharing_plan import (
    CRITERIA,
    GIVEN,
    KINDS,
    METHODS,
    MOST_PARTS,
    PRODUCTIVITY,
    Plan,
    PlanPart,
    bounds_of,
    plan_from,
)
from shuangkong.dualcontrol.sharing_years import (
    YearShare,
)
from shuangkong.dualcontrol.watch_quiet import quiet_months
from shuangkong.dualcontrol.watch_step import watch
from shuangkong.dualcontrol.watch_tables import (
    GRADED,
    GRADES,
    RED_STATES,
    STATES,
    TESTS,
    WATCH_ESTIMATES,
    WATCH_LINKS,
    WATCH_MEASURES,
    WATCH_MONTHS,
    WATCH_YEARS,
    WHATS,
)
from shuangkong.dualcontrol.why_reading import Reason, flex_key, late_key
from shuangkong.dualcontrol.why_reasons import has_reason, reason

__all__ = [
    "CONTROLS",
    "CRITERIA",
    "EXTENT",
    "FLEX_STEPS",
    "FLEX_STEP_LABELS",
    "FLEX_TOTALS",
    "GIVEN",
    "GRADED",
    "GRADES",
    "KINDS",
    "LEVERS",
    "METHODS",
    "MOST_PARTS",
    "MOVED_WHATS",
    "PRODUCTIVITY",
    "QUANTILES",
    "RED_STATES",
    "STANDINGS",
    "STATES",
    "TESTS",
    "WATCH_ESTIMATES",
    "WATCH_LINKS",
    "WATCH_MEASURES",
    "WATCH_MONTHS",
    "WATCH_YEARS",
    "WHATS",
    "Alone",
    "Assumed",
    "BaseFound",
    "Clash",
    "Closing",
    "Evidence",
    "Fairness",
    "Fan",
    "Gap",
    "Goal",
    "LeftOut",
    "LevelChange",
    "Moved",
    "MovedAnswer",
    "MovedBasis",
    "MovedBooks",
    "MovedPlace",
    "MovedWish",
    "Mover",
    "Moves",
    "Outcome",
    "PartMoved",
    "Plan",
    "PlanPart",
    "Point",
    "PublishedLevel",
    "Reason",
    "Saved",
    "Scenario",
    "Share",
    "SharedOut",
    "Worked",
    "YearClosing",
    "YearOnTheWay",
    "YearShare",
    "base_in",
    "bounds_of",
    "canonical",
    "closed_years",
    "compared",
    "evidence_of",
    "evidence_seen",
    "figure_of",
    "flex_key",
    "flex_totals",
    "goals_for",
    "grouped_parts",
    "hand_in_evidence",
    "has_reason",
    "late_key",
    "level_change",
    "mean_of",
    "moved_answer",
    "movers",
    "outcome",
    "outcome_data",
    "outcome_from",
    "own_scenario",
    "plan_from",
    "quiet_months",
    "ranges_of",
    "rate_with_listed",
    "reason",
    "result_hash",
    "rule_of",
    "save_scenario",
    "scenario_data",
    "scenario_from",
    "scenario_seen",
    "scenarios_seen",
    "share_scenario",
    "shown_effects",
    "spread_of",
    "starting_moves",
    "watch",
    "widest_change",
    "withdraw_evidence",
    "withdraw_scenario",
    "work_out",
    "years_of",
    "years_on_the_way",
]
