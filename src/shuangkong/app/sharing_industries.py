"""Shares of industries in a pack (行业分解): the indicators of each industry, and what a region's industry may use.

The books hold no energy of one industry of a region: units that are not registered and works below the scale are
missing in any sum of theirs. What a bureau publishes of an industry (规模以上工业分行业能源消费量, 单位增加值能耗变动)
can answer such a target, so the pack declares those figures as indicators and they come in with the book of published
figures. Ids and names go by GB/T 4754, so that all packs that name an industry speak of the same thing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shuangkong.dualcontrol.api import Plan
from shuangkong.kernel.errors import UserError
from shuangkong.registry.api import Industry, industry, industry_path

#: The edition of GB/T 4754 whose codes a plan among industries names.
EDITION = "2017"
#: So many parts that cannot be dealt with are named in a message.
_NAMED = 8


def industries_of(plan: Plan) -> dict[str, Industry]:
    """The industry of each part by the part's code.

    SHARE-003 for codes that GB/T 4754 does not have, two that name one industry, and one that lies in another: its
    energy would be shared out twice.
    """
    found: dict[str, Industry] = {}
    strange: list[str] = []
    for part in plan.parts:
        try:
            found[part.code] = industry(part.code, EDITION)
        except UserError:
            strange.append(f"{part.code} {part.name}".strip())
    if strange:
        raise UserError(
            "SHARE-003", f"{len(strange)} parts have no code of GB/T 4754-{EDITION}: {', '.join(strange[:_NAMED])}.",
            case="industries", facts={"n": len(strange), "names": "、".join(strange[:_NAMED]), "edition": EDITION},
            remedy="Give each the code of its section, division, group or class, such as 31.",
        )  # fmt: skip
    named: dict[str, str] = {}
    for code, one in found.items():
        other = named.setdefault(one.code, code)
        if other != code:
            raise _inside(code, other)
    for code, one in found.items():
        above = next((named[p] for p in industry_path(one)[:-1] if p in named), None)
        if above is not None:
            raise _inside(code, above)
    return found


def _inside(code: str, other: str) -> UserError:
    return UserError(
        "SHARE-003", f"industry {code} lies in industry {other}: its energy would be shared out twice.",
        case="inside", facts={"code": code, "other": other}, remedy="Name one of the two.",
    )  # fmt: skip


def energy_of(one: Industry) -> str:
    """The indicator of an industry's energy (行业能源消费量), tce."""
    return f"industry_{one.code.lower()}_energy"


def intensity_of(one: Industry) -> str:
    """The indicator of an industry's energy per value added (行业单位增加值能耗), tce/10k_CNY."""
    return f"industry_{one.code.lower()}_energy_per_value_added"


def declarations(industries: Sequence[Industry], *, per_output: bool) -> list[dict[str, Any]]:
    """The entries of `indicators.yaml`: energy, and where asked the energy per value added with its yearly change."""
    entries: list[dict[str, Any]] = []
    for one in industries:
        known = f"GB/T 4754-{EDITION}, {one.code}"
        entries.append({
            "id": energy_of(one), "unit": "tce", "nature": "flow", "note": f"As published, {known}.",
            "label": {"zh": f"{one.name_zh}能源消费量（{one.code}）", "en": f"Energy of industry {one.code}"},
        })  # fmt: skip
        if not per_output:
            continue
        zh, en = f"{one.name_zh}单位增加值能耗", f"nergy per value added of industry {one.code}"
        entries += [
            {"id": intensity_of(one), "unit": "tce/10k_CNY", "nature": "ratio", "note": f"As published, {known}.",
             "label": {"zh": f"{zh}（{one.code}）", "en": f"E{en}"}},
            {"id": f"{intensity_of(one)}_change", "unit": "%", "nature": "ratio",
             "note": f"As published against the year before, at constant prices; a fall is negative. {known}.",
             "label": {"zh": f"{zh}变动（{one.code}）", "en": f"Change of e{en}"}},
        ]  # fmt: skip
    return entries
