"""The parts of a rule as sentences say them (规则要素): conditions, bounds, choices, and what follows."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Bound:
    """A bound on a quantity: what it is, how it is compared (>=, <=, >, < or band), and with what.

    `high` ends a band. `guessed`: what is measured is not said and taken from what the bound picks out. Whether the
    ends of a band are in (含、不含) is None where the document does not say it.
    """

    what: str
    op: str
    value: Decimal
    unit: str
    high: Decimal | None = None
    guessed: bool = False
    low_in: bool | None = None
    high_in: bool | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several things that a condition lists."""

    what: str
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Gives:
    """What follows in money: a share of a base, a rate per quantity, a fixed sum or a step of a price.

    kind: share, rate, fixed, step.  `at_most`: the document gives the most that it can be, and not what it is.
    """

    kind: str
    value: Decimal
    unit: str
    of: str = ""
    per: str = ""
    at_most: bool = False
    item: int | None = None


@dataclass(slots=True)
class Rule:
    """A rule as a sentence says it; what follows is in money (`gives`), words (`measure`) or a limit that is kept."""

    start: int
    end: int
    flags: list[str] = field(default_factory=list)
    bounds: list[Bound] = field(default_factory=list)
    choice: Choice | None = None
    gives: list[Gives] = field(default_factory=list)
    cap: tuple[Decimal, str] | None = None
    measure: str = ""
    limit: Bound | None = None
    unsure: list[str] = field(default_factory=list)
