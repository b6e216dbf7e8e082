"""What is asked when somebody asks why a figure moved (因素分解的问与答): the place, the wish, and the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from shuangkong.dualcontrol.moved_model import Known, Moved, What

By = Literal["regions", "sectors", "units", "self"]
#: Sectors of a region: its industry, and all else (other trades and households).
SECTORS = ("industry", "other")


@dataclass(frozen=True, slots=True)
class Place:
    """Who is asked about: a region with the regions and units that lie in it, or a unit (`own`).

    `members`: of each region or unit, all subjects that lie in it, itself among them.
    """

    subject: str
    regions: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    members: Mapping[str, frozenset[str]] = field(default_factory=dict)
    own: bool = False


@dataclass(frozen=True, slots=True)
class Basis:
    """What parts are compared, by which energy and which activity; `price` is the price base of a value."""

    by: By
    energy: str
    activity: str
    price: str = ""

    @property
    def key(self) -> str:
        """How an address names it."""
        return "/".join(filter(None, (self.by, self.energy, self.activity, self.price)))

    @property
    def nominal(self) -> bool:
        """Whether activity is counted at current prices, so that rising prices look like activity."""
        return self.activity.endswith("_nominal")


@dataclass(frozen=True, slots=True)
class Wish:
    """What a reader asks for; what is empty or not there is chosen: the newest pair, the first basis and method."""

    what: What = "energy"
    start: str = ""
    end: str = ""
    basis: str = ""
    method: str = ""
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Mover:
    """A unit's energy at both times in tce, None where not known or not whole, and the states."""

    unit: str
    before: Decimal | None
    after: Decimal | None
    state: str

    @property
    def change(self) -> Decimal | None:
        """After less before; None where one is not known."""
        return None if self.before is None or self.after is None else self.after - self.before


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer with what could be asked instead. `coverage` is that of the whole's returns at each time.

    `nearly` are parts that are compared although a few of their returns are missing, their coverage being at least
    `least`. `activity_unit` is the unit of output, where activity is that. `fuels` says whether CO2 was
    broken down by carrier (carriers) or by kind of fuel (kinds). `baskets` and `activities` name of each part what its
    activity is made of and how much there was.
    """

    wish: Wish
    moved: Moved
    basis: Basis | None
    periods: tuple[str, ...]
    bases: tuple[Basis, ...]
    methods: tuple[str, ...]
    coverage: Known = (None, None)
    confidence: str = "confirmed"
    fuels: str = ""
    nearly: tuple[str, ...] = ()
    least: Decimal = Decimal(1)
    activity_unit: str = ""
    baskets: Mapping[str, str] = field(default_factory=dict)
    activities: Mapping[str, Known] = field(default_factory=dict)
