"""Every table that pages list (全部列表), by name, for jobs that export them."""

from __future__ import annotations

from shuangkong.app.web import (
    audit_pages,
    board_list,
    cases_list,
    consent_pages,
    findings_list,
    imports_list,
    metering_list,
    metering_readings,
    people_pages,
    projects_list,
    rule_changes_list,
    tables_list,
    units_list,
)

LISTINGS = {
    found.spec.name: found
    for found in (
        findings_list.LISTING, units_list.LISTING, audit_pages.LISTING, consent_pages.LISTING, imports_list.LISTING,
        people_pages.LISTING, projects_list.LISTING, tables_list.LISTING, rule_changes_list.LISTING,
        cases_list.LISTING, metering_list.LISTING, metering_readings.LISTING, board_list.LISTING, board_list.NOWCASTS,
    )
}  # fmt: skip
