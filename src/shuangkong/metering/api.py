"""The door of the metering slice: what the slices above may use."""

from shuangkong.metering.calendar import Calendar, Deadline, official
from shuangkong.metering.counting import Counted, counted_meters
from shuangkong.metering.known_posts import COMPACTED
from shuangkong.metering.masses import outlet_hours
from shuangkong.metering.meters import Meter, Meters
from shuangkong.metering.monitoring import Monitoring, in_force, monitoring
from shuangkong.metering.outlet_months import OutletDay, OutletMonth, outlet_days, outlet_months
from shuangkong.metering.quality_tables import METER_DAY_QUALITY
from shuangkong.metering.register import meters_known
from shuangkong.metering.rolled import (
    MeterTime,
    UnitMonth,
    meter_days,
    meter_hours,
    meter_months,
    months_between,
    months_of,
)
from shuangkong.metering.rollup_tables import METER_DAYS, METER_HOURS, OUTLET_HOURS

__all__ = [
    "COMPACTED",
    "METER_DAYS",
    "METER_DAY_QUALITY",
    "METER_HOURS",
    "OUTLET_HOURS",
    "Calendar",
    "Counted",
    "Deadline",
    "Meter",
    "MeterTime",
    "Meters",
    "Monitoring",
    "OutletDay",
    "OutletMonth",
    "UnitMonth",
    "counted_meters",
    "in_force",
    "meter_days",
    "meter_hours",
    "meter_months",
    "meters_known",
    "monitoring",
    "months_between",
    "months_of",
    "official",
    "outlet_days",
    "outlet_hours",
    "outlet_months",
]
