"""Whom a decision table is about in a run (适用范围): who lies in its scope, and of whom the register does not say.

A subject whose register leaves open whether it is in scope is decided by no row of the table. It is told instead, with
what is missing: the code of its industry, one that is exact enough, or its class.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis

from shuangkong.engine.api import TableContract, text
from shuangkong.judgement.columns import balanced
from shuangkong.kernel.labels import Label

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from shuangkong.policy.api import TableEntry

_SECTIONS = "ABCDEFGHIJKLMNOPQRST"
RULE_LEFT_OUT = TableContract(
    "rule_left_out",
    Label("适用与否不明的主体", "subjects of which it is open whether a rule is about them"),
    (
        text("subject_id", "主体", "subject"),
        text("pack_id", "规则包", "pack"),
        text("pack_edition", "版本", "edition"),
        text("slug", "规则表", "table"),
        text(
            "fields", "登记所缺", "missing in the register",
            doc="region_level, industry_code (none, or too wide), unit_class, fields of the scope; comma-separated",
        ),
    ),
    key=("subject_id", "pack_id", "pack_edition", "slug"),
    doc="Subjects in a table's places for which the register does not say whether the table is about them.",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ScopeTest:
    """One condition of a scope over the fields of subjects: null where the register does not say."""

    field: str
    holds: ir.BooleanValue


def scope_tests(t: ir.Table, table: TableEntry) -> list[ScopeTest]:
    """The conditions of a table's scope beside its places. t: subject_id and the fields of the register."""
    scope = table.scope
    if scope is None:
        return []
    tests = []
    if scope.levels:
        tests.append(ScopeTest("region_level", t.region_level.isin(scope.levels)))
    if scope.industry:
        tests.append(ScopeTest("industry_code", _industry(t, scope.industry)))
    if scope.class_ != "all":
        tests.append(ScopeTest("unit_class", t.unit_class.nullif("") == scope.class_))
    tests += [ScopeTest(name, t[name].cast("string").isin(values)) for name, values in scope.fields.items()]
    return tests


def _industry(t: ir.Table, wanted: Sequence[str]) -> ir.BooleanValue:
    """Whether the registered industry lies in a wanted one; null without one, or where it is too wide to tell."""
    code = t.industry_code.nullif("")
    tests = []
    for one in wanted:
        digits = one.lstrip(_SECTIONS)
        if not digits:
            tests.append(t.industry_section == one)
            continue
        wider = ibis.literal(digits).startswith(code) & (code.length() < len(digits))
        tests.append(ibis.ifelse(wider, ibis.null("boolean"), code.startswith(digits)))
    return balanced(lambda a, b: a | b, tests)


def inside(t: ir.Table, tests: Sequence[ScopeTest]) -> ir.Table:
    """The subjects of which every condition holds."""
    return t.filter([x.holds for x in tests]) if tests else t


def left_out(t: ir.Table, tests: Sequence[ScopeTest], pack_id: str, edition: str, slug: str) -> ir.Table:
    """The subjects of which no condition fails and one at least is open, as rows of RULE_LEFT_OUT."""
    open_ = [ibis.ifelse(x.holds.isnull(), ibis.literal(x.field), ibis.null("string")) for x in tests]
    fields = ibis.array(open_).filter(lambda one: one.notnull()).join(", ")
    none_fails = balanced(lambda a, b: a & b, [x.holds.fill_null(True) for x in tests])
    one_open = balanced(lambda a, b: a | b, [x.holds.isnull() for x in tests])
    rows = t.filter([none_fails, one_open])
    return rows.select(
        subject_id=rows.subject_id, pack_id=ibis.literal(pack_id), pack_edition=ibis.literal(edition),
        slug=ibis.literal(slug), fields=fields,
    )  # fmt: skip
