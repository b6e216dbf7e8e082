"""What a run receives from the registry: tables as known at its instant."""

from __future__ import annotations

from shuangkong.engine.api import Column, TableContract, day, text
from shuangkong.kernel.labels import Label

SUBJECTS = TableContract(
    name="subjects",
    label=Label("主体", "subjects"),
    key=("subject_id",),
    columns=(
        text("subject_id", "主体", "subject"),
        text("kind", "类别", "kind", doc="region, unit, site, park, product…"),
        text("level", "层级", "level", nullable=True, doc="of a region: nation, province, prefecture, county, zone"),
        text("code", "代码", "code", nullable=True, doc="GB/T 2260, USCC, or the registry's own"),
        text("name_zh", "名称", "Chinese name", nullable=True),
        text("name_en", "英文名称", "English name", nullable=True),
        text("industry_code", "行业代码", "industry code", nullable=True, doc="GB/T 4754"),
        text("industry_edition", "行业分类版本", "edition of the industry code", nullable=True),
        text("unit_class", "单位类别", "class of unit", nullable=True, doc="e.g. key_unit (重点用能单位)"),
        text("region_id", "属地", "region it lies in; a region's own id", nullable=True),
        text("region_code", "属地代码", "code of that region", nullable=True),
        Column("synthetic", "flag", Label("合成", "synthetic"), doc="invented, for demonstrations and tests"),
    ),
    doc="One row per subject: the names, codes and attributes that hold on the day asked, else the last ones.",
)

SUBJECT_ALIASES = TableContract(
    name="subject_aliases",
    label=Label("主体代码与名称", "codes and names of subjects"),
    key=("subject_id", "scheme", "value", "valid_from"),
    columns=(
        text("subject_id", "主体", "subject"),
        text("scheme", "代码体系", "scheme", doc="gbt2260, uscc, local, name_zh, name_en"),
        text("value", "值", "value"),
        day("valid_from", "起", "first day"),
        day("valid_to", "止", "day after the last", doc="9999-12-31 while open"),
    ),
)

SUBJECT_CLOSURE = TableContract(
    name="subject_closure",
    label=Label("主体从属", "what lies in what"),
    key=("ancestor_id", "subject_id", "valid_from"),
    columns=(
        text("ancestor_id", "上级", "ancestor"),
        text("subject_id", "主体", "subject"),
        day("valid_from", "起", "first day", doc="0001-01-01 of a subject under itself"),
        day("valid_to", "止", "day after the last", doc="9999-12-31 while open"),
        Column("depth", "integer", Label("层数", "steps between"), unit="1", doc="0: the subject itself"),
    ),
    doc="At most one row per ancestor, subject and day. A period is placed by its last day.",
)

REPORTING_PLAN = TableContract(
    name="reporting_plan",
    label=Label("报送计划", "who must report"),
    key=("subject_id", "book", "period_kind", "valid_from"),
    columns=(
        text("subject_id", "主体", "subject"),
        text("book", "账册", "book"),
        text("period_kind", "期间类型", "kind of period"),
        day("valid_from", "起", "first day"),
        day("valid_to", "止", "day after the last", doc="9999-12-31 while open"),
    ),
)
