"""What the books want from a sheet (账表格式): one schema for each book, with the heads that people write."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

from shuangkong.accounting.emitted import POLLUTANT
from shuangkong.accounting.factors import carrier_named
from shuangkong.accounting.import_ledgers import FIGURES, GRADES, GROWTH, GROWTH_OF
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.kernel.units import all_units, unit
from shuangkong.policy.api import PackSet
from shuangkong.registry.api import sheets

BOOKS: dict[str, Label] = {
    "energy": Label("能源消费账", "energy book"),
    "output": Label("产品产量账", "output book"),
    "value": Label("产值与增加值账", "value book"),
    "carbon": Label("碳排放账", "carbon book"),
    GRADES: Label("公布的预警与考核等级", "published grades"),
    GROWTH: Label("公布的增速", "published growth rates"),
    FIGURES: Label("公布的数值", "published figures"),
}
_EXAMPLE_CARRIER = Label("原煤", "raw coal")
_PRICE = re.compile(r"(\d{4})年?(?:不变价|可比价|价|价格)?")

SUBJECT = sheets.FieldSpec(
    "subject", Label("统一社会信用代码或地区代码", "unit or region code"), "text", required=True,
    synonyms=(
        "统一社会信用代码", "社会信用代码", "单位代码", "地区代码", "行政区划代码", "单位", "地区", "县区", "企业代码",
        "USCC", "单位名称", "企业名称", "code", "adcode", "region", "unit_code",
    ),
    note=Label("统一社会信用代码、行政区划代码或登记过的名称", "USCC, GB/T 2260 code, or a registered name"),
    example="示例",
)  # fmt: skip
PERIOD = sheets.FieldSpec(
    "period", Label("期间", "period"), "period", required=True,
    synonyms=("报告期", "时间", "年月", "月份", "年份", "年度", "所属期", "统计期", "date", "month", "year"),
    note=Label("2025年3月、2025-03、2025年", "2025-03 or 2025"), example="2025年3月",
)  # fmt: skip
EXTENT = sheets.FieldSpec(
    "extent", Label("范围", "extent"), "choice",
    synonyms=("统计范围", "口径范围"),
    choices=(
        sheets.Choice("own", Label("本级（计入上级）", "own part"), ("本级", "自身", "其余", "其他用能", "own")),
        sheets.Choice("whole", Label("全口径（不再汇总下级）", "whole subtree"), ("全口径", "全域", "全地区", "whole")),
    ),
    note=Label("地区行必填；单位一律为本级", "needed for regions; a unit's rows are its own"),
)  # fmt: skip
ROLE = sheets.FieldSpec(
    "role", Label("性质", "role"), "choice",
    synonyms=("用途", "消费性质", "项目性质", "类别"),
    choices=(
        sheets.Choice("consumption", Label("消费量", "consumption"), ("消费", "能源消费", "综合消费量", "consumption")),
        sheets.Choice("feedstock", Label("其中：原料用能", "of which feedstock"), ("原料用能", "原料", "feedstock")),
        sheets.Choice("nonfossil", Label("其中：非化石能源", "of which non-fossil"), ("非化石能源", "绿电")),
        sheets.Choice("new_renewable", Label("其中：新增可再生电力", "of which new renewable"), ("新增可再生能源",)),
        sheets.Choice("major_project", Label("其中：国家重大项目", "major project"), ("重大项目", "国家重大项目")),
        sheets.Choice("certificate", Label("绿证", "certificate"), ("绿色电力证书", "certificate")),
        sheets.Choice("industry_consumption", Label("工业终端消费", "industrial final use"), ("industry_consumption",)),
    ),
)  # fmt: skip


def _quantity(label: Label, *, dimension: str | None = None, negative: bool = False) -> sheets.FieldSpec:
    return sheets.FieldSpec(
        "quantity", label, "decimal", required=False, dimension=dimension, unit_field="unit", negative=negative,
        synonyms=(
            "数量", "消费量", "实物量", "产量", "数值", "值", "本期", "用量", "排放量", "quantity", "value", "amount",
        ),
    )  # fmt: skip


UNIT = sheets.FieldSpec(
    "unit", Label("计量单位", "unit"), "unit", synonyms=("单位（计量）", "量纲", "unit", "measure unit"),
)  # fmt: skip
BASIS = sheets.FieldSpec(
    "basis", Label("折标口径", "basis"), "choice",
    synonyms=("口径", "当量等价"),
    choices=(
        sheets.Choice("calorific", Label("当量值", "calorific"), ("当量",)),
        sheets.Choice("primary", Label("等价值", "primary"), ("等价",)),
    ),
    note=Label("只在数量已是标准煤时填写", "only where the quantity is already in standard coal"),
)  # fmt: skip


def _unit(example: str, *others: str) -> sheets.FieldSpec:
    """The unit column: a template offers the units of what the book counts, the one of the example row first."""
    dimensions = {unit(name).dimension for name in (example, *others)}
    fit = (u.id for u in all_units() if u.dimension in dimensions and u.id != example)
    return replace(UNIT, units=(example, *fit))


def energy_schema(packs: PackSet) -> sheets.SheetSchema:
    """Energy: who, when, carrier, role, quantity with unit; one row for each of these."""
    carrier = sheets.FieldSpec(
        "item", Label("能源品种", "energy carrier"), "carrier", required=True, parse=lambda t: _carrier(packs, t),
        synonyms=("品种", "能源名称", "能源代码", "品种代码", "能源品种代码", "carrier", "carrier_code", "fuel"),
        example=_EXAMPLE_CARRIER.zh,
    )  # fmt: skip
    of = _unit("t", "tce", *(c.unit for c in packs.carriers.values()))
    fields = (SUBJECT, PERIOD, carrier, ROLE, _quantity(Label("消费量", "quantity")), of, BASIS, EXTENT)
    return sheets.SheetSchema("energy", BOOKS["energy"], fields, key=("subject", "period", "item", "role", "extent"))


def output_schema(packs: PackSet) -> sheets.SheetSchema:
    """Output: who, when, product, quantity in the unit registered for the product."""
    first = next(((p.label.zh, p.unit) for p in packs.products.values()), ("", "t"))
    product = sheets.FieldSpec(
        "item", Label("产品", "product"), "code", required=True, parse=lambda t: _product(packs, t),
        synonyms=("产品名称", "产品代码", "product", "product_code"), example=first[0],
    )  # fmt: skip
    of = _unit(first[1], *(p.unit for p in packs.products.values()))
    fields = (SUBJECT, PERIOD, product, _quantity(Label("产量", "output")), of)
    return sheets.SheetSchema("output", BOOKS["output"], fields, key=("subject", "period", "item"))


def value_schema(packs: PackSet) -> sheets.SheetSchema:
    """GDP and value added: who, when, which, amount of money, and always the price base."""
    del packs
    item = sheets.FieldSpec(
        "item", Label("指标", "item"), "choice", required=True, synonyms=("项目", "指标名称", "indicator"),
        choices=(
            sheets.Choice("gdp", Label("地区生产总值", "GDP"), ("GDP", "生产总值", "国内生产总值")),
            sheets.Choice("industry_value_added", Label("工业增加值", "industrial value added"), ("规上工业增加值",)),
        ),
    )  # fmt: skip
    price = sheets.FieldSpec(
        "price_base", Label("价格基期", "price base"), "text", required=True, parse=_price_base,
        synonyms=("价格", "不变价基期", "基期", "price"),
        note=Label("2020年不变价，或 当年价", "2020 prices, or nominal"), example="2020年不变价",
    )  # fmt: skip
    money = _quantity(Label("金额", "amount"), dimension="money")
    return sheets.SheetSchema(
        "value", BOOKS["value"], (SUBJECT, PERIOD, item, price, money, _unit("10k_CNY"), EXTENT),
        key=("subject", "period", "item", "price_base", "extent"),
    )  # fmt: skip


def carbon_schema(packs: PackSet) -> sheets.SheetSchema:
    """Emissions as verified or reported elsewhere: kept beside what is computed, never mixed into it."""
    del packs
    item = sheets.FieldSpec(
        "item", Label("排放项", "emission"), "choice", required=True, synonyms=("项目", "排放类型", "指标"),
        choices=(
            sheets.Choice("co2_verified", Label("经核查的二氧化碳排放量", "verified CO2"), ("核查排放量", "CO2")),
            sheets.Choice("co2_process", Label("工业生产过程排放", "process CO2"), ("过程排放",)),
        ),
    )  # fmt: skip
    amount = _quantity(Label("排放量", "emissions"), dimension="co2")
    return sheets.SheetSchema(
        "carbon", BOOKS["carbon"], (SUBJECT, PERIOD, item, amount, _unit("tCO2"), EXTENT),
        key=("subject", "period", "item", "extent"),
    )  # fmt: skip


def grades_schema(packs: PackSet) -> sheets.SheetSchema:
    """Grades as an office published them: which region, which period, of what, which grade; blank: not published."""
    graded = [one for one in packs.indicators.values() if one.grades]
    words: dict[str, sheets.Choice] = {}
    for word in (g for one in graded for g in one.grades):
        zh, en = word.label.zh, word.label.label.in_("en")
        there = words[zh].synonyms if zh in words else ()
        words[zh] = sheets.Choice(zh, Label(zh, en), tuple(dict.fromkeys((*there, *word.synonyms))))
    item = sheets.FieldSpec(
        "item", Label("等级名称", "what is graded"), "choice", required=True,
        synonyms=("指标", "预警事项", "事项", "预警类别", "indicator"),
        choices=tuple(sheets.Choice(one.id, one.label.label, (one.id,)) for one in graded),
    )  # fmt: skip
    grade = sheets.FieldSpec(
        "grade", Label("等级", "grade"), "choice", synonyms=("预警等级", "颜色", "预警颜色", "考核结果", "level"),
        choices=tuple(words.values()), note=Label("当期未公布的留空", "blank where none was published"),
    )  # fmt: skip
    return sheets.SheetSchema(
        GRADES, BOOKS[GRADES], (SUBJECT, PERIOD, item, grade), key=("subject", "period", "item")
    )  # fmt: skip


def growth_schema(packs: PackSet) -> sheets.SheetSchema:
    """Real growth as an office published it: which region, which period (1—6月 is the year to date), of what, in %."""
    rates = [one for one in packs.indicators.values() if one.id.endswith(GROWTH_OF) and one.unit == "%"]
    item = sheets.FieldSpec(
        "item", Label("指标", "indicator"), "choice", required=True, synonyms=("指标名称", "增速指标", "item"),
        choices=tuple(sheets.Choice(one.id, one.label.label, (one.id, *_SHORT.get(one.id, ()))) for one in rates),
    )  # fmt: skip
    rate = sheets.FieldSpec(
        "quantity", Label("累计增速（%）", "growth of the year to date (%)"), "decimal", negative=True,
        synonyms=("累计增速", "增速", "同比增长", "累计同比", "比上年同期增长", "growth", "value"),
        note=Label("按不变价，比上年同期，未公布的留空", "at constant prices, against a year ago; or blank"),
    )  # fmt: skip
    return sheets.SheetSchema(
        GROWTH, BOOKS[GROWTH], (SUBJECT, PERIOD, item, rate), key=("subject", "period", "item")
    )  # fmt: skip


def figures_schema(packs: PackSet) -> sheets.SheetSchema:
    """Any other figure that an office published of a region: which period, of which indicator, how much, in what unit.

    Not here: grades and growth rates, which have their own books; streaks, which are counted; gross product and value
    added, which need a price base and stand in the book of values.
    """
    there = [one for one in packs.indicators.values() if not (
        one.grades or one.unit == "grade" or one.streak or one.id in _VALUES
        or (one.unit == "%" and one.id.endswith(GROWTH_OF))
    )]  # fmt: skip
    item = sheets.FieldSpec(
        "item", Label("指标", "indicator"), "choice", required=True, synonyms=("指标名称", "指标代码", "项目", "item"),
        choices=tuple(sheets.Choice(one.id, one.label.label, (one.id,)) for one in there),
        note=Label("规则包里的指标名称或代码", "an indicator of the packs, by name or id"),
    )  # fmt: skip
    known = [one.unit for one in there if _is_unit(one.unit)]
    of = _unit("tce", *known)
    figure = _quantity(Label("数值", "figure"), negative=True)
    return sheets.SheetSchema(
        FIGURES, BOOKS[FIGURES], (SUBJECT, PERIOD, item, figure, of), key=("subject", "period", "item")
    )  # fmt: skip


def _is_unit(name: str) -> bool:
    try:
        return bool(unit(name))
    except UserError:
        return False


#: Amounts of money that mean nothing without a price base.
_VALUES = ("gdp", "industry_value_added")
#: What people call the growth rates in short.
_SHORT = {
    "gdp_growth": ("GDP增速", "GDP", "地区生产总值增速", "生产总值增速", "国内生产总值增速"),
    "industry_value_added_growth": ("规上工业增加值增速", "规模以上工业增加值增速", "工业增加值增速", "规上工业增加值"),
}
SCHEMAS = {
    "energy": energy_schema, "output": output_schema, "value": value_schema, "carbon": carbon_schema,
    GRADES: grades_schema, GROWTH: growth_schema, FIGURES: figures_schema,
}  # fmt: skip


def schema_of(book: str, packs: PackSet) -> sheets.SheetSchema:
    """The schema of a book; raises IMP-002 for a book there is not."""
    if book not in SCHEMAS:
        raise UserError(
            "IMP-002",
            f"“{book}” is no book.",
            remedy=f"Name one of {', '.join(SCHEMAS)}.",
            case="book",
            facts={"book": book[:40]},
        )
    return SCHEMAS[book](packs)


def _carrier(packs: PackSet, text: str) -> object:
    found = carrier_named(packs, text)
    if found is not None:
        return found.id
    return sheets.Reason(
        "unknown_carrier",
        Label(f"“{text}”不是已知的能源品种", f"“{text}” is no known energy carrier"),
        Label(
            "写国家统计局 205-1 表代码或品种名称，如 01 或 原煤", "write the NBS 205-1 code or name, e.g. 01 or 原煤"
        ),
    )


def _product(packs: PackSet, text: str) -> object:
    wanted = _plain(text)
    for product in packs.products.values():
        if wanted in (product.id, _plain(product.label.zh), _plain(product.label.en or "")):
            return product.id
    return sheets.Reason(
        "unknown_product",
        Label(f"“{text}”不是规则包里的产品", f"“{text}” is no product of any pack"),
        Label("先在规则包 products.yaml 中登记产品及单位", "declare the product and its unit in a pack first"),
    )


def item_of_meter(packs: PackSet, text: str) -> object:
    """What a meter measures: a carrier or product of the packs, or a pollutant; else the Reason why it is none."""
    found = carrier_named(packs, text)
    if found is not None:
        return found.id
    if POLLUTANT.fullmatch(_plain(text)):
        return _plain(text)
    product = _product(packs, text)
    if isinstance(product, str):
        return product
    return sheets.Reason(
        "unknown_item",
        Label(f"“{text}”不是已知的能源品种、产品或污染物代码", f"“{text}” is no known carrier, product or pollutant"),
        Label(
            "写能源品种名称（如 电力）或污染物代码（如 w01018）",
            "write a carrier (e.g. electricity) or a code (w01018)",
        ),
    )


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold()


def _price_base(text: str) -> object:
    raw = unicodedata.normalize("NFKC", text).replace(" ", "")
    if raw in ("当年价", "现价", "当年价格", "nominal", "current"):
        return "nominal"
    match = _PRICE.fullmatch(raw.removeprefix("按")) or re.fullmatch(r"constant:(\d{4})", raw)
    if match:
        return f"constant:{match.group(1)}"
    return sheets.Reason(
        "bad_price_base",
        Label(f"“{text}”没有说明价格基期", f"“{text}” names no price base"),
        Label("写 2020年不变价 或 当年价", "write 2020年不变价 (constant:2020) or 当年价 (nominal)"),
    )
