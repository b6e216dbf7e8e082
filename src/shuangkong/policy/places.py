"""From what people call a region to its codes from the nation down; the one place that asks the registry."""

from __future__ import annotations

import importlib
from datetime import date

from shuangkong.kernel.errors import UserError
from shuangkong.policy.model import NATION

_NATION_NAMES = frozenset((NATION, "全国", "中国", "国家", "nation", "China"))


def region_path(code_or_name: str, day: date) -> tuple[str, ...]:
    """Codes from the nation to the region, as its parenthood stood on `day`; raises REG-001 and REG-003."""
    if code_or_name in _NATION_NAMES:
        return (NATION,)
    try:
        registry = importlib.import_module("shuangkong.registry.api")
    except ModuleNotFoundError:
        raise UserError(
            "REG-001", "the list of regions is not installed.", where=code_or_name, remedy="Install the whole program."
        ) from None
    return tuple(registry.region_path(code_or_name, day))
