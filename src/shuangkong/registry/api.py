"""The door of the registry: what other slices may use."""

from shuangkong.registry.changes import merge_regions, move, split_region
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
from shuangkong.registry.consents import (
    CONSENT_USES,
    Consent,
    consent_rows,
    consented_units,
    consents,
    give_consent,
    withdraw_consent,
)
from shuangkong.registry.enlist import ensure_regions, region_id
from shuangkong.registry.lookups import Directory, directory, resolve
from shuangkong.registry.model import (
    NATION,
    Industry,
    Level,
    PlanEntry,
    Region,
    RegionEntry,
    SourceEntry,
    UnitEntry,
)
from shuangkong.registry.reading import Fact, SubjectCard, describe, names_of, subjects_seen
from shuangkong.registry.rules import ALWAYS, FOREVER, PUBLISHED
from shuangkong.registry.service import (
    correct,
    plan_reporting,
    publish,
    record_source,
    register_regions,
    register_unit,
    register_units,
    source_row,
    unpublish,
)
from shuangkong.registry.sheets import api as sheets
from shuangkong.registry.snapshots import (
    ancestors,
    closure_table,
    every_subject,
    opened,
    parents_on,
    region_paths,
    scope_subjects,
    snapshot,
    subject_ids,
    subtree,
)
from shuangkong.registry.spelling import plain
from shuangkong.registry.store import source as source_table
from shuangkong.registry.tables import REPORTING_PLAN, SUBJECT_ALIASES, SUBJECT_CLOSURE, SUBJECTS
from shuangkong.registry.unit_sheets import UnitReport, import_units, unit_schema
from shuangkong.registry.uscc import check_uscc

__all__ = [
    "ALWAYS",
    "CONSENT_USES",
    "FOREVER",
    "NATION",
    "PUBLISHED",
    "REPORTING_PLAN",
    "SUBJECTS",
    "SUBJECT_ALIASES",
    "SUBJECT_CLOSURE",
    "Consent",
    "Directory",
    "Fact",
    "Industry",
    "Level",
    "PlanEntry",
    "Region",
    "RegionEntry",
    "SourceEntry",
    "SubjectCard",
    "UnitEntry",
    "UnitReport",
    "ancestors",
    "check_uscc",
    "closure_table",
    "consent_rows",
    "consented_units",
    "consents",
    "correct",
    "describe",
    "directory",
    "ensure_regions",
    "every_subject",
    "find_region",
    "give_consent",
    "import_units",
    "industry",
    "industry_path",
    "industry_successors",
    "merge_regions",
    "move",
    "names_of",
    "opened",
    "parents_on",
    "plain",
    "plain_code",
    "plan_reporting",
    "publish",
    "record_source",
    "region_by_code",
    "region_by_name",
    "region_id",
    "region_path",
    "region_paths",
    "regions_on",
    "register_regions",
    "register_unit",
    "register_units",
    "resolve",
    "scope_subjects",
    "sheets",
    "snapshot",
    "source_row",
    "source_table",
    "split_region",
    "subject_ids",
    "subjects_seen",
    "subtree",
    "unit_schema",
    "unpublish",
    "withdraw_consent",
]
