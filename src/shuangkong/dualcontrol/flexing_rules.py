"""What the packs say of a control in a year (双控规则): which total leads, what flexes it, what is taken out of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from shuangkong.dualcontrol.flexing import Rule, Rules
from shuangkong.kernel.findings import CANDIDATE, least_sure
from shuangkong.policy.api import NATION, Dated, PackSet

RANK, RANK_AFTER, PEAK = "control.rank", "control.rank_after_peak", "control.peak_year"
RANK_OF_REGION = "control.rank_of_region"
FOLLOWS, EXEMPT, BASE_TOO, COVERAGE = (
    "flex.follows_growth", "flex.exempt_at_incentive", "flex.base_too", "flex.least_coverage",
)  # fmt: skip
GROWTH, APPLIES = "flex.planned_growth", "deduction.applies"


def row_of(packs: PackSet, name: str, day: date, known: date, *key: str) -> Dated | None:
    """The row of a parameter in force on a day as known on another; None where there is none, or nobody reviewed it.

    Where documents give several, the one known last stands.
    """
    if name not in packs.parameter_ids():
        return None
    rows = [r for r in packs.parameters(name).rows(known) if r.key == key and r.covers(day)]
    found = max(rows, key=lambda r: (r.known, r.start), default=None)
    return None if found is None or found.confidence == CANDIDATE else found


def told(packs: PackSet, name: str, row: Dated) -> Rule:
    """A row as a step names it: pack@edition#id[keys], clause, and how sure row and document are."""
    pack = packs.pack_of(name, row)
    clause = next((p.clause for p in pack.parameters if p.id == name and p.clause), "")
    keys = f"[{','.join(row.key)}]" if row.key else ""
    return Rule(f"{pack.key}#{name}{keys}", clause,
                least_sure(row.confidence, pack.instrument.confidence))  # fmt: skip


def regions_ranked(packs: PackSet, known: date) -> frozenset[str]:
    """Codes of the regions of which a document says by name how what is limited there ranks, on whatever day."""
    if RANK_OF_REGION not in packs.parameter_ids():
        return frozenset()
    return frozenset(r.key[0] for r in packs.parameters(RANK_OF_REGION).rows(known))


def rank(
    packs: PackSet, control: str, measure: str, day: date, known: date, region: str = ""
) -> tuple[int | None, Rule]:
    """The standing of the intensity or total of energy or carbon on a day: 1 leads, 2 second, 0 not assessed.

    After a peak that was announced, what holds after the peak stands before the rest; before it, what a document says
    of the `region` (a code; empty: of none) stands before what is said of all. None: no document says.
    """
    peak = row_of(packs, PEAK, day, known, NATION)
    name = RANK
    if peak is not None and peak.value is not None and day.year > int(peak.value):
        name = RANK_AFTER if row_of(packs, RANK_AFTER, day, known, control, measure) is not None else RANK
    row = row_of(packs, name, day, known, control, measure)
    if name == RANK and region:
        own = row_of(packs, RANK_OF_REGION, day, known, region, control, measure)
        name, row = (name, row) if own is None else (RANK_OF_REGION, own)
    if row is None or row.value is None:
        return None, Rule()
    return int(row.value), told(packs, name, row)


def rules_of(packs: PackSet, control: str, year: int, known: date, region: str = "") -> Rules:
    """What holds of a control on the last day of a year, as known on a day; `region` as for `rank`."""
    day = date(year, 12, 31)
    ranked, by = rank(packs, control, "total", day, known, region)
    least = row_of(packs, COVERAGE, day, known)
    made = Rules(ranked, by, _holds(packs, FOLLOWS, control, day, known), _holds(packs, EXEMPT, control, day, known))
    steps = (r.key[0] for r in packs.parameters(BASE_TOO).rows(known)) if BASE_TOO in packs.parameter_ids() else ()
    both = frozenset(s for s in steps if _holds(packs, BASE_TOO, s, day, known) is not None)
    made = replace(made, base_too=both)
    return made if least is None or least.value is None else replace(made, least_coverage=least.value)


def _holds(packs: PackSet, name: str, key: str, day: date, known: date) -> Rule | None:
    row = row_of(packs, name, day, known, key)
    return told(packs, name, row) if row is not None and row.value == 1 else None
