"""The indicators. A function takes the books of a run and returns one row per method, subject and period.

Result columns of each: method_id, subject_id, period columns, value DECIMAL(38,6) or null, over and under (the sums it
is a quotient of, before any scale; under is null where it is no quotient), state (ok, partial, or
why there is no value), needs (what is wanting), coverage (known ÷ expected returns), rank (of confidence).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from shuangkong.accounting.register import PERIOD, Books, indicator, level, ratio
from shuangkong.kernel.periods import Nature

if TYPE_CHECKING:
    import ibis.expr.types as ir

_ENERGY = "energy consumption by carrier 分品种能源消费量"
_GDP = "GDP at constant prices of a stated base year 不变价地区生产总值"


@indicator(
    "energy_total", "能源消费总量", "total energy consumption", unit="tce", nature=Nature.FLOW, better="lower",
    inputs=(("energy", "sum over carriers"),), clause="GB/T 2589 综合能耗; 国发〔2021〕33号 四（一）",
)  # fmt: skip
def energy_total(books: Books) -> ir.Table:
    """E = Σ quantity × conversion factor, by edition and basis (当量 or 等价), before any deduction.

    Unit: tce. Own entries of the subject and of all that lay in it on the last day of the period. States: ok when
    every expected return is known; partial when some are; else the reason of the first that is not (no_factor,
    range, yearly_coefficient_needed, no_quantity). Source: GB/T 2589 (综合能耗计算通则).
    """
    return level(books.sum("energy"), needs=_ENERGY)


@indicator(
    "energy_total_assessed", "考核口径能源消费总量", "energy total as assessed", unit="tce", nature=Nature.FLOW,
    better="lower", inputs=(
        ("energy", "gross"), ("energy_new_renewable", "deducted"), ("energy_feedstock", "deducted"),
        ("energy_major_project", "deducted"), ("energy_certificate", "deducted up to its cap"),
    ),
    clause="国发〔2021〕33号 四（一）; 发改环资〔2022〕803号; 发改环资〔2024〕113号",
)  # fmt: skip
def energy_total_assessed(books: Books) -> ir.Table:
    """E_assessed = E − new renewable power − feedstock − listed major projects − certificates up to their cap.

    Unit: tce; calendar years of regions. Each step is a row of `deductions` with its parameter. States: those of
    energy_total; deduction_open when a step applies and its parameter is missing. Source: as the steps name. The
    non-fossil step of 发改环资〔2024〕113号 is not taken, see deductions.
    """
    return level(books.only(books.assessed("total"), kind="region", yearly=True), needs=_ENERGY)


@indicator(
    "coal_total", "煤炭消费量", "coal consumption", unit="tce", nature=Nature.FLOW, better="lower",
    inputs=(("energy", "coal carriers"),), clause="豫政办〔2021〕65号 六（十八）",
)  # fmt: skip
def coal_total(books: Books) -> ir.Table:
    """Coal and its products (raw, washed, coke, other) in tce: the parts of energy_total whose carrier is coal.

    Unit: tce. A subject with complete returns and no coal has nought; one without returns has no value. States:
    those of energy_total. Source: carrier kinds of the GB/T 2589 pack.
    """
    return level(books.sum("energy", parts=("coal",)), needs=_ENERGY)


@indicator(
    "coal_share", "煤炭消费比重", "share of coal", unit="%", nature=Nature.RATIO, better="lower",
    inputs=(("energy", "coal carriers ÷ all carriers"),), clause="国发〔2024〕12号; 碳达峰碳中和综合评价考核办法",
)  # fmt: skip
def coal_share(books: Books) -> ir.Table:
    """100 × coal_total ÷ energy_total.

    Unit: %. States: those of its inputs. Source: structure indicators of the plans; both sides on one basis, so a
    calorific and a primary share differ and are never mixed.
    """
    return ratio(
        books.sum("energy", parts=("coal",)), books.sum("energy"), scale=100, needs_over=_ENERGY,
        needs_under=_ENERGY, by_method=True,
    )  # fmt: skip


@indicator(
    "nonfossil_share", "非化石能源占能源消费总量比重", "non-fossil share", unit="%", nature=Nature.RATIO,
    better="higher", inputs=(("energy_nonfossil", "over"), ("energy", "under")),
    clause="国发〔2026〕22号; 广东“十四五”方案 三（八）",
)  # fmt: skip
def nonfossil_share(books: Books) -> ir.Table:
    """100 × non-fossil energy ÷ energy_total.

    Unit: %. Non-fossil energy is what the returns mark as such (of-which rows and non-fossil carriers), converted
    on the same basis as the total. A region whose returns name none has no value: `no_nonfossil_return`, because
    a missing of-which row is not nought. Source: plan targets of non-fossil share.
    """
    return ratio(
        books.sum("energy_nonfossil"), books.sum("energy"), scale=100,
        needs_over="non-fossil of-which rows 非化石能源消费量", needs_under=_ENERGY, by_method=True,
    )  # fmt: skip


@indicator(
    "electricity_total", "用电量", "electricity consumption", unit="kWh", nature=Nature.FLOW, better="neither",
    inputs=(("electricity", "sum"),), clause="公报：单位 GDP 电耗",
)  # fmt: skip
def electricity_total(books: Books) -> ir.Table:
    """Electricity consumed, as metered: no conversion, no basis.

    Unit: kWh. States: ok, partial, no_quantity. Source: returns by carrier.
    """
    return level(books.sum("electricity"), needs="electricity consumption 用电量")


@indicator(
    "energy_per_gdp", "单位地区生产总值能耗", "energy per GDP", unit="tce/10k_CNY", nature=Nature.RATIO,
    better="lower", inputs=(
        ("energy", "gross"), ("energy_feedstock", "deducted"), ("energy_major_project", "deducted"),
        ("energy_certificate", "deducted up to its cap"), ("gdp", "constant prices"),
    ),
    clause="国发〔2021〕33号 二",
)  # fmt: skip
def energy_per_gdp(books: Books) -> ir.Table:
    """e = E ÷ G, E after the deductions that hold for intensity, G at constant prices of the stated base year.

    Unit: tce per 10⁴ yuan; calendar years of regions. Nominal GDP never enters: a region that has only nominal
    GDP has no_denominator. States: those of E; no_denominator. Source: e_t = E_t / G_t, 国发〔2021〕33号 主要目标.
    """
    energy = books.only(books.assessed("intensity"), kind="region", yearly=True)
    return ratio(energy, books.sum("gdp"), scale=10000, needs_over=_ENERGY, needs_under=_GDP)


@indicator(
    "energy_per_industrial_value_added", "规模以上工业单位增加值能耗", "energy per industrial value added",
    unit="tce/10k_CNY", nature=Nature.RATIO, better="lower",
    inputs=(("energy_industry", "above-scale industry"), ("industry_value_added", "constant prices")),
    clause="国发〔2021〕33号 三（一）",
)  # fmt: skip
def energy_per_industrial_value_added(books: Books) -> ir.Table:
    """Energy of above-scale industry ÷ its value added at constant prices.

    Unit: tce per 10⁴ yuan; calendar years of regions. Value added at current prices never enters. States: those
    of the energy; no_denominator. Source: 规模以上工业单位增加值能耗.
    """
    energy = books.only(books.sum("energy_industry"), kind="region", yearly=True)
    under = books.sum("industry_value_added")
    needs = "industrial value added at constant prices 不变价工业增加值"
    return ratio(energy, under, scale=10000, needs_over=_ENERGY, needs_under=needs)


@indicator(
    "co2_total", "二氧化碳排放总量", "CO2 emissions", unit="tCO2", nature=Nature.FLOW, better="lower",
    inputs=(("co2", "sum over carriers"),), clause="国办发〔2024〕39号",
)  # fmt: skip
def co2_total(books: Books) -> ir.Table:
    """CO2 of fuels burnt by the named guide, and of electricity and heat bought by the named data year.

    Unit: tCO2. States: ok, partial, no_guide (no guide named: no figure), no_grid_factor, no_factor. Energy used
    as feedstock is in the energy total, but its carbon is counted only where the guide says so. Source: the guide.
    """
    return level(books.sum("co2"), needs="a carbon guide and grid-factor data year 碳核算指南与电网因子")


@indicator(
    "co2_per_gdp", "单位地区生产总值二氧化碳排放", "CO2 per GDP", unit="tCO2/10k_CNY", nature=Nature.RATIO,
    better="lower", inputs=(("co2", "over"), ("gdp", "constant prices")), clause="国发〔2026〕22号",
)  # fmt: skip
def co2_per_gdp(books: Books) -> ir.Table:
    """co2_total ÷ GDP at constant prices.

    Unit: tCO2 per 10⁴ yuan; calendar years of regions. States: those of co2_total; no_denominator. Source: carbon
    intensity targets of the 14th and 15th plans.
    """
    co2 = books.only(books.sum("co2"), kind="region", yearly=True)
    needs = "CO2 by a named guide 二氧化碳排放量"
    return ratio(co2, books.sum("gdp"), scale=10000, needs_over=needs, needs_under=_GDP)


@indicator(
    "product_energy_intensity", "单位产品综合能耗", "energy per unit of product", unit="kgce/product unit",
    nature=Nature.RATIO, better="lower", inputs=(("energy", "the unit's own"), ("output", "its one product")),
    clause="GB/T 2589; 发改产业〔2021〕1609号",
)  # fmt: skip
def product_energy_intensity(books: Books) -> ir.Table:
    """1000 × the unit's energy ÷ output of its product.

    Unit: kgce per unit of the product; units with exactly one product, any period that has both. States: those of
    the energy; no_denominator (no output handed in); several_products (shares between products are not given, so
    nothing is guessed). Source: 单位产品综合能耗 of GB/T 2589 and the limit standards.
    """
    energy = books.only(books.sum("energy"), kind="unit")
    made = books.totals.filter(books.totals.measure == "output", books.totals.level == "subtree")
    count = made.group_by("subject_id", "period_key").aggregate(products=made.part.nunique())
    t = ratio(
        energy, books.sum("output"), scale=1000, needs_over=_ENERGY,
        needs_under="output of the product 产品产量",
    )  # fmt: skip
    j = t.left_join(count, ["subject_id", "period_key"])
    several = j.products.coalesce(0) > 1
    return j.select(
        "method_id", "subject_id", *PERIOD, "coverage", "rank", "over", "under",
        value=ibis.ifelse(several, ibis.null("decimal(38, 6)"), j.value),
        state=ibis.ifelse(several, ibis.literal("several_products"), j.state),
        needs=ibis.ifelse(several, ibis.literal("energy by product 分产品能耗"), j.needs),
    )  # fmt: skip
