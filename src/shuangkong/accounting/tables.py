"""Contracts of the books and of what is computed from them. Every column is in the column dictionary."""

from __future__ import annotations

from shuangkong.engine.api import PERIOD_COLUMNS, Column, Confidential, TableContract, day, instant, number, text
from shuangkong.kernel.labels import Label

_SOURCE = (
    text("source_id", "来源", "source"),
    number("source_row", "integer", "来源行", "row of the source", "item", doc="as a person counts it, head = 1"),
    day("known_on", "公布日", "published on"),
    instant("recorded_at", "入库时刻", "recorded at"),
    text("corrects", "更正", "corrects", nullable=True, doc="id of the row that this one puts right"),
    text("confidence", "可信度", "confidence", doc="confirmed, inferred, unofficial, recalled, synthetic or candidate"),
)

BOOK_ENTRIES = TableContract(
    "book_entries",
    Label("账目", "book entries"),
    (
        text("entry_id", "账目号", "entry"),
        text("book", "账", "book", doc="energy, output, value or carbon"),
        text("subject_id", "主体", "subject"),
        *PERIOD_COLUMNS,
        text("item", "品种", "item", doc="energy carrier, product, or gdp / industry_value_added"),
        text(
            "role", "性质", "role",
            doc="consumption counts; feedstock, new_renewable, major_project, certificate and nonfossil are of-which;"
            " industry_consumption is a sector's, balance:… a line of an energy balance: neither is the region's total",
        ),
        text(
            "extent", "范围", "extent",
            doc="own: part of the subject, adds up into the regions above; whole: stands for the whole subtree",
        ),
        number("quantity", "quantity", "数量", "quantity", "column:unit", nullable=True),
        text("unit", "单位", "unit", doc="base unit of its dimension; tce for figures already in standard coal"),
        text("basis", "口径", "basis", nullable=True, doc="calorific or primary, where the figure is already in tce"),
        text("price_base", "价格基期", "price base", nullable=True, doc="nominal or constant:YEAR; book value only"),
        text("state", "状态", "state", doc="ok, or why the quantity is missing"),
        text("use", "用途限定", "lawful use", nullable=True),
        *_SOURCE,
        number(
            "measured", "amount", "已知比例", "share that is known", "1", nullable=True,
            doc="of a month of meters of which a part is not known; null: a return, or all of it",
        ),
    ),
    key=("entry_id",),
    version=2,
    doc="One figure of a book as it was handed in; never changed, only corrected by a later row.",
)  # fmt: skip

REPORTED_VALUES = TableContract(
    "reported_values",
    Label("公布指标", "reported indicators"),
    (
        text("reported_id", "公布值号", "reported value"),
        text("indicator_id", "指标", "indicator"),
        text("subject_id", "主体", "subject"),
        *PERIOD_COLUMNS,
        number("value", "quantity", "数值", "value", "column:unit", nullable=True),
        text("unit", "单位", "unit"),
        text("note", "说明", "note", nullable=True, doc="of a missing value: why it is missing"),
        *_SOURCE,
    ),
    key=("reported_id",),
    doc="A rate or level as an office published it; stands beside the books and never enters them.",
)

_METERED = (
    text("entry_id", "账目号", "entry", doc="m_ and a hash of unit, item and month: the same in every run"),
    text("subject_id", "主体", "subject"),
    *PERIOD_COLUMNS,
    text("book", "账", "book", doc="energy, or pollutant for what is no energy carrier"),
    text("item", "品种", "item"),
    text("role", "性质", "role"),
    number("quantity", "amount", "数量", "quantity", "column:unit", doc="the sum of what is known"),
    text("unit", "单位", "unit", doc="base unit of its dimension; kg of a pollutant"),
    number("measured", "amount", "已知比例", "share that is known", "1", doc="of the hours that the meters stand for"),
    number("meters", "integer", "计量器具", "meters", "item"),
    number("silent", "integer", "无读数", "meters of which nothing is known", "item"),
    day("until", "截至", "up to and with", nullable=True, doc="of the month that runs; null: the month is over"),
)
METER_MONTHS = TableContract(
    "meter_months",
    Label("计量器具月量", "months of meters"),
    (
        *_METERED,
        Column("synthetic", "flag", Label("合成", "synthetic")),
        number("return_rank", "quantity", "报表次序", "place of a return", "1", nullable=True),
        number("meter_rank", "quantity", "计量次序", "place of meters", "1", nullable=True),
        number("known_from", "quantity", "视为完整的比例", "share that stands as known", "1", nullable=True),
        number("tolerance", "quantity", "允许相差", "tolerated difference", "%", nullable=True),
    ),
    key=("entry_id",),
    doc="A month of a unit and item by its meters, with the packs' rules for it; an input of the accounting.",
)
METER_ENTRIES = TableContract(
    "meter_entries",
    Label("计量入账", "meters in the books"),
    (
        *_METERED,
        number("returned", "amount", "报表数", "quantity of the return", "column:unit", nullable=True),
        text("state", "状态", "state", doc="ok or partial; to_date of a month that runs"),
        text(
            "stands",
            "采用",
            "which counts",
            doc="meter, return, open where no pack says which, or running: the month is not over and in no book",
        ),
        Column("differs", "flag", Label("相差过大", "differs by more than tolerated")),
        text("confidence", "可信度", "confidence"),
    ),
    key=("entry_id",),
    version=2,
    doc="Each month of meters beside the return of the same unit and item, and which of the two counts.",
)
METER_LINKS = TableContract(
    "meter_links",
    Label("入账计量器具", "meters of an entry"),
    (
        text("subject_id", "主体", "subject"),
        text("entry_id", "账目号", "entry"),
        number("meter", "integer", "计量器具号", "meter", "1"),
        day("first_day", "首日", "first day"),
        day("last_day", "末日", "last day"),
    ),
    key=("entry_id", "meter", "first_day"),
    doc="Which meters a month of meters is made of, and on which days.",
)
OUTLET_MONTHS = TableContract(
    "outlet_months",
    Label("排口月排放量", "months of outlets"),
    (
        text("subject_id", "主体", "subject"),
        text("entry_id", "账目号", "entry", doc="the month of the unit and pollutant that it adds to"),
        text("outlet", "排口", "outlet"),
        text("item", "污染物", "pollutant"),
        text("period_key", "期间", "period"),
        day("first_day", "首日", "first day"),
        day("last_day", "末日", "last day"),
        number("quantity", "amount", "排放量", "mass", "column:unit", nullable=True, doc="of the hours that count"),
        text("unit", "单位", "unit"),
        number("expected", "integer", "应有小时", "hours expected", "h"),
        number("counted", "integer", "计入小时", "hours that count", "h"),
        number("measured", "amount", "已知比例", "share that is known", "1", doc="of the expected time"),
        number("hours_short", "integer", "无效小时", "hours that are not valid", "h", doc="by the monitoring system"),
        number("hours_open", "integer", "未检查小时", "hours not looked at yet", "h"),
        number("hours_no_flow", "integer", "缺流量小时", "hours without flow", "h"),
        number("hours_no_concentration", "integer", "缺浓度小时", "hours without concentration", "h"),
    ),
    key=("entry_id", "outlet"),
    doc="A pollutant at an outlet in a month by flow and concentration, and which hours do not count, with why.",
)

AMOUNTS = TableContract(
    "amounts",
    Label("折算量", "amounts"),
    (
        text("entry_id", "账目号", "entry"),
        text("method_id", "核算方法", "method"),
        text("measure", "量", "measure", doc="energy, co2, electricity, output, gdp, industry_value_added, …"),
        text("subject_id", "主体", "subject"),
        *PERIOD_COLUMNS,
        text("part", "组成", "part", doc="coal, oil, gas, electricity, heat, other; or the product"),
        text("extent", "范围", "extent"),
        number("amount", "amount", "量", "amount", "column:unit", nullable=True),
        text("unit", "单位", "unit"),
        text("state", "状态", "state"),
        text("factor_key", "系数", "factor", nullable=True),
        text("confidence", "可信度", "confidence"),
        number("measured", "amount", "已知比例", "share that is known", "1", nullable=True, doc="as of the entry"),
    ),
    key=("entry_id", "method_id", "measure"),
    version=2,
    doc="Each entry in the unit of a measure, rounded once by the named step; nothing above this is rounded.",
)

TOTALS = TableContract(
    "totals",
    Label("汇总", "totals"),
    (
        text("total_key", "汇总号", "total"),
        text("method_id", "核算方法", "method"),
        text("measure", "量", "measure"),
        text("subject_id", "主体", "subject"),
        *PERIOD_COLUMNS,
        text("part", "组成", "part"),
        text(
            "level", "层级", "level", doc="subtree: the subject with all that lies in it; own: a region's own entries"
        ),
        number("amount", "amount", "量", "amount", "column:unit", nullable=True),
        text("unit", "单位", "unit"),
        text("state", "状态", "state", doc="ok, partial, or why there is nothing"),
        number("coverage", "amount", "覆盖率", "coverage", "1", doc="known returns ÷ expected returns"),
        number("expected", "integer", "应报", "expected returns", "item"),
        number("known", "integer", "已知", "known returns", "item"),
        text("confidence", "可信度", "confidence"),
    ),
    key=("total_key",),
    doc="Exact sums by subject and period: own and subtree, native period and year.",
    confidential=Confidential(
        hidden="total_key IN (SELECT key FROM withheld WHERE kind = 'total')",
        unchecked="true",
        blank=(("amount", "NULL"), ("state", "'confidential'"), ("expected", "0"), ("known", "0")),
    ),
)

DEDUCTIONS = TableContract(
    "deductions",
    Label("扣减步骤", "deductions"),
    (
        text("method_id", "核算方法", "method"),
        text("subject_id", "主体", "subject"),
        *PERIOD_COLUMNS,
        text("side", "考核方面", "side", doc="total or intensity"),
        number("position", "integer", "次序", "position", "item"),
        text("step", "步骤", "step"),
        number("amount", "amount", "扣减量", "deducted", "tce", nullable=True),
        number("after", "amount", "扣减后", "after", "tce", nullable=True),
        text("state", "状态", "state"),
        text("parameter", "依据参数", "parameter", nullable=True),
        text("confidence", "可信度", "confidence", doc="least sure of the totals and rules up to this step"),
    ),
    key=("method_id", "subject_id", "period_key", "side", "position"),
    doc="From the energy total to what is assessed, one row a step, in order.",
    confidential=Confidential(
        hidden="subject_id || '|' || period_key IN (SELECT key FROM withheld WHERE kind = 'deduction')",
        unchecked="true",
        blank=(("amount", "NULL"), ("after", "NULL"), ("state", "'confidential'")),
    ),
)

INDICATOR_VALUES = TableContract(
    "indicator_values",
    Label("指标值", "indicator values"),
    (
        text("value_key", "指标值号", "indicator value"),
        text("indicator_id", "指标", "indicator"),
        text("subject_id", "主体", "subject"),
        *PERIOD_COLUMNS,
        text("method_id", "核算方法", "method", doc="empty for a published value"),
        text("base", "基期", "base", doc="year that a change is counted from; empty for a level"),
        number("value", "amount", "数值", "value", "column:unit", nullable=True),
        text("unit", "单位", "unit"),
        text("state", "状态", "state"),
        text("needs", "尚缺", "needs", nullable=True, doc="what is wanting when there is no value"),
        number("coverage", "amount", "覆盖率", "coverage", "1"),
        text("confidence", "可信度", "confidence"),
        text("origin", "来历", "origin", doc="computed, reported, chained, or counted (a streak)"),
    ),
    key=("value_key",),
    doc="Every indicator, computed here or published elsewhere, in one table.",
    confidential=Confidential(
        hidden="value_key IN (SELECT key FROM withheld WHERE kind = 'indicator')",
        unchecked="origin IN ('computed', 'counted')",
        blank=(("value", "NULL"), ("state", "'confidential'"), ("needs", "NULL")),
    ),
)

EDGES = TableContract(
    "edges",
    Label("出处链", "provenance edges"),
    (
        text("from_kind", "起点类", "from kind"),
        text("from_key", "起点", "from"),
        text("to_kind", "终点类", "to kind"),
        text("to_key", "终点", "to"),
        text("role", "作用", "role"),
        text("subject_id", "起点主体", "subject of the start", nullable=True, doc="null: an entry of a document"),
    ),
    key=("from_kind", "from_key", "to_kind", "to_key", "role"),
    subject=None,
    version=2,
    doc="Who follows from what; walked by `why`.",
)
