"""Forms of the review (复核表单): what an entry of each kind says, as fields, and back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from shuangkong.app.document_store import KINDS
from shuangkong.app.document_values import values_of
from shuangkong.kernel.labels import Label
from shuangkong.policy.api import read_text
from shuangkong.webkit.api import FieldError, Filled, FormField, FormSpec

COMPARATORS: Mapping[str, Label] = {
    "decrease_by": Label("下降", "fall by"), "increase_by": Label("提高", "rise by"),
    "at_most": Label("不超过", "be at most"), "at_least": Label("不低于", "be at least"),
    "less_than": Label("低于（不含）", "be below"), "more_than": Label("超过（不含）", "be above"),
    "reach": Label("达到", "reach"), "about": Label("左右", "be about"),
    "between": Label("介于两数之间", "lie between"),
}  # fmt: skip
_FIRST_YEAR, _LAST_YEAR = Decimal(1949), Decimal(2100)
_LIST = Label("多个用顿号隔开", "several are parted by 、")


def _between(values: Mapping[str, Any]) -> Mapping[str, FieldError]:
    high, low = values["value_high"], values["value"]
    if (values["comparator"] == "between") != (high is not None):
        return {"value_high": FieldError("field_error.band")}
    if high is not None and high <= low:
        return {"value_high": FieldError("field_error.band_order")}
    if values["comparator"] in ("decrease_by", "increase_by") and low < 0:
        return {"value": FieldError("field_error.least", {"least": 0})}
    return {}


def _years(values: Mapping[str, Any]) -> Mapping[str, FieldError]:
    base, due = values["base_year"], values["target_year"]
    return {"base_year": FieldError("field_error.base_year")} if base and due and base >= due else {}


def _code(text: str) -> FieldError | None:
    return None if re.fullmatch(r"[0-9]{6}", text) else FieldError("field_error.region_code")


def target_form(indicators: Sequence[tuple[str, Label]]) -> FormSpec:
    """The fields of a target; `indicators` are those of the catalogue."""
    return FormSpec(
        "entry",
        KINDS["target"],
        (
            FormField("indicator", Label("指标名称（照文件）", "Indicator as printed"), required=True, length=120),
            FormField(
                "indicator_id", Label("对应的指标", "Indicator of the catalogue"), "choice", choices=tuple(indicators),
                hint=Label("选了才能自动核算；目录中没有就空着", "only a chosen one is computed; else leave it"),
            ),
            FormField("scope", Label("适用对象（照文件）", "About whom, as printed"), length=120),
            FormField(
                "region", Label("行政区划代码", "Code of the region"), "code", length=6, validators=(_code,),
                hint=Label("与文件适用地区不同时填六位代码", "six digits, where it is not the document's region"),
            ),
            FormField(
                "comparator", Label("要求", "Asks to"), "choice", required=True, choices=tuple(COMPARATORS.items())
            ),
            FormField("value", Label("数值", "Value"), "number", required=True, places=9),
            FormField("value_high", Label("上限（介于两数之间时）", "Upper end (between)"), "number", places=9),
            FormField("unit", Label("单位（照文件）", "Unit as printed"), required=True, length=40),
            _year("base_year", Label("基期年", "Base year")),
            _year("target_year", Label("目标年", "Target year")),
        ),
        checks=(_between, _years),
    )  # fmt: skip


def _year(name: str, label: Label, *, required: bool = False) -> FormField:
    return FormField(name, label, "number", required=required, places=0, least=_FIRST_YEAR, most=_LAST_YEAR)


def _somebody(values: Mapping[str, Any]) -> Mapping[str, FieldError]:
    return {} if values["lead"] or values["support"] else {"lead": FieldError("field_error.nobody")}


DUTY = FormSpec(
    "entry",
    KINDS["duty"],
    (
        FormField("lead", Label("牵头单位", "Lead"), "textarea", length=1000, hint=_LIST),
        FormField("support", Label("责任或配合单位", "Answers or supports"), "textarea", length=2000, hint=_LIST),
        FormField("deadlines", Label("完成时限（照文件）", "Deadline as printed"), length=200, hint=_LIST),
    ),
    checks=(_somebody,),
)  # fmt: skip
_WHAT = FormField("words", Label("内容", "What"), "textarea", required=True, length=1000)
OTHERS: Mapping[str, FormSpec] = {
    "rule": FormSpec("entry", KINDS["rule"], (
        FormField("when", Label("条件（照文件）", "Condition as printed"), "textarea", length=1000),
        FormField("then", Label("处理（照文件）", "What follows, as printed"), "textarea", length=1000),
    )),
    "range": FormSpec("entry", KINDS["range"], (
        FormField("words", Label("范围（照文件）", "Range as printed"), "textarea", required=True, length=1000),
    )),
    "deadline": FormSpec("entry", KINDS["deadline"], (_year("year", Label("年份", "Year"), required=True),)),
    "list": FormSpec("entry", KINDS["list"], (_WHAT,)),
    "platform": FormSpec("entry", KINDS["platform"], (_WHAT,)),
}  # fmt: skip
_LISTS = ("lead", "support", "deadlines")
_YEARS = ("base_year", "target_year", "year")


def form_for(kind: str, indicators: Sequence[tuple[str, Label]] = ()) -> FormSpec:
    """The form of a kind of entry."""
    return target_form(indicators) if kind == "target" else DUTY if kind == "duty" else OTHERS[kind]


def filled(spec: FormSpec, values: Mapping[str, Any]) -> Filled:
    """The form with what an entry holds."""
    names = {f.name for f in spec.fields}
    shown = shown_values(values)
    return spec.empty(**{k: _typed(v) for k, v in shown.items() if k in names})


def _typed(value: Any) -> str:
    return "、".join(str(v) for v in value) if isinstance(value, list | tuple) else str(value)


def entry_values(form: Filled, before: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What a good form says, as an entry holds it; fields that the form does not show stay as they were."""
    said = {k: _value(k, v) for k, v in form.values.items()}
    kept = dict(before or {})
    if said.get("then", "") is None and _is_code(kept.get("then")):
        said.pop("then")
    if any(kept.get(k) not in (said[k], None) for k in ("when", "then") if k in said):
        # a table was made of the words as they were read
        kept = {k: v for k, v in kept.items() if k not in ("table", "amounts", "left")}
    return {**kept, **said}


def _value(name: str, value: Any) -> Any:
    if name in _LISTS:
        return [part for part in re.split(r"[、，,；;\n]+", value or "") if part.strip()]
    if name in _YEARS:
        return int(value) if value is not None else None
    return str(value) if isinstance(value, Decimal) else value


def guessed(kind: str, words: str) -> Mapping[str, Any]:
    """What the reader makes of selected words alone: a first proposal for the form, nothing where it finds nothing."""
    found = read_text(words) if words.strip() else None
    if found and kind == "target" and found.targets:
        return values_of(found.targets[0])[1]
    if found and kind == "duty" and found.duties:
        return values_of(found.duties[0])[1]
    return {"rule": {"then": words}, "target": {}, "duty": {}, "deadline": {}}.get(kind, {"words": words})


class Said(dict[str, Any]):
    """What an entry says, for a template: a field that it does not have is None."""

    def __missing__(self, name: str) -> None:
        return None


def shown_values(values: Mapping[str, Any] | None) -> Said:
    """What was read or holds, without what is empty."""
    kept = {k: v for k, v in (values or {}).items() if v not in (None, "", [])}
    if _is_code(kept.get("then")):
        kept.pop("then")
    return Said(kept)


def _is_code(value: Any) -> bool:
    """Whether the reader only names the kind of what follows: there are no words of the document to show."""
    return isinstance(value, str) and value.isascii()
