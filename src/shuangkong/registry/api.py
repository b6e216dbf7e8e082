"""The door of the registry: what other slices may use."""

from shuangkong.registry.codelists import industry_successors
from shuangkong.registry.codes import (
    find_region,
    industry,
    industry_path,
    plain_code,
    region_by_code,
    region_by_name,
    region_path,
    regions_on,
)
from shuangkong.registry.model import NATION, Industry, Level, Region
from shuangkong.registry.uscc import check_uscc

__all__ = [
    "NATION",
    "Industry",
    "Level",
    "Region",
    "check_uscc",
    "find_region",
    "industry",
    "industry_path",
    "industry_successors",
    "plain_code",
    "region_by_code",
    "region_by_name",
    "region_path",
    "regions_on",
]
