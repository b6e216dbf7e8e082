"""What is worth saying about an accounted row or file (说明): why there is no figure, and where one could be had."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from shuangkong.accounting.account_choices import Choices
from shuangkong.accounting.factors import NATION, Factor, co2_factor, editions, energy_factor, guides
from shuangkong.kernel.labels import Label
from shuangkong.policy.api import Carrier, PackSet

TOTAL_ROW = Label("能源合计行不与分品种相加", "a stated total, not added to its parts")
STATES: dict[str, Label] = {
    "wrong_unit": Label("计量单位与该品种不符", "the unit does not fit the carrier"),
    "range": Label("标准只给出区间，应以实测热值为准", "the standard prints a range; a measured heating value decides"),
    "yearly_coefficient_needed": Label(
        "等价值须用当年系数：用 --electricity-coefficient 或 --heat-coefficient 给出，或用带系数的地区规则包",
        "the primary value needs a yearly coefficient: give --electricity-coefficient or --heat-coefficient, or a "
        "region's pack that has it",
    ),
    "other_basis": Label(
        "数量已按另一种或未说明的口径折标，不能换算", "already converted on another basis, or on one that is not stated"
    ),
    "stated_in_standard_coal": Label("该品种只以标准煤计量", "this carrier is stated in standard coal only"),
}
CO2_STATES: dict[str, Label] = {
    "no_guide": Label("未指定碳核算指南（--carbon-guide）", "no carbon guide is named (--carbon-guide)"),
    "no_grid_factor": Label(
        "未指定电网因子，或该地区该年没有（--grid-factor）", "no grid factor is named, or none for that place and year"
    ),
}


def of_choices(packs: PackSet, choices: Choices) -> Iterator[Label]:
    """That the edition was not in force in the period asked about."""
    pack = editions(packs)[choices.method.edition]
    doc = pack.instrument
    if choices.period is None:
        return
    if choices.period.last_day < doc.in_force_from:
        day = doc.in_force_from
        yield Label(f"{pack.key} 自 {day} 起施行，晚于该期间", f"{pack.key} is in force from {day}, after the period")
    if doc.in_force_to is not None and choices.period.start >= doc.in_force_to:
        day = doc.in_force_to
        yield Label(f"{pack.key} 自 {day} 起被替代", f"{pack.key} is no longer in force from {day}")


def of_passed(passed: Iterable[tuple[int, str]]) -> Iterator[Label]:
    """Which rows of the file were passed over."""
    for row, text in passed:
        yield Label(f"第 {row} 行“{text}”未计入", f"row {row} “{text}” was passed over")


def of_factors(
    packs: PackSet, choices: Choices, carrier: Carrier, base_unit: str, energy: Factor, co2: Factor
) -> tuple[Label, ...]:
    """Why a row has no tce or CO2, and which other edition, basis or guide has a factor."""
    said = [STATES[energy.state]] if energy.state in STATES else []
    if energy.state == "no_factor":
        said += [*_elsewhere(packs, choices, carrier, base_unit)] or [Label("没有折标系数", "no conversion factor")]
    if co2.state in CO2_STATES:
        said.append(CO2_STATES[co2.state])
    elif co2.state == "no_factor":
        said += [*_other_guides(packs, choices, carrier, base_unit)] or [Label("没有二氧化碳排放因子", "no CO2 factor")]
    return tuple(said)


def _elsewhere(packs: PackSet, choices: Choices, carrier: Carrier, base_unit: str) -> Iterator[Label]:
    bases = ("calorific", "primary") if carrier.kind == "medium" else (choices.method.basis,)
    for name in editions(packs):
        for basis in bases:
            method = replace(choices.method, edition=name, basis="primary" if basis == "primary" else "calorific")
            if method == choices.method:
                continue
            found = energy_factor(packs, method, carrier, base_unit, path=(NATION,), year=None, known=choices.known)
            if found.printed:
                what = f"{name} ({basis}): {found.printed}, {found.confidence}"
                yield Label(f"本版本或口径没有系数；另有 {what}", f"no factor here; there is {what}")


def _other_guides(packs: PackSet, choices: Choices, carrier: Carrier, base_unit: str) -> Iterator[Label]:
    for name in guides(packs):
        if name == choices.method.guide:
            continue
        method = replace(choices.method, guide=name)
        found = co2_factor(packs, method, carrier, base_unit, path=choices.path, known=choices.known)
        if found.value is not None:
            what = f"{name}: {found.printed}, {found.confidence}"
            yield Label(f"本指南没有因子；另有 {what}", f"no factor in this guide; there is {what}")
