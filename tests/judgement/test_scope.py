"""Whom a table is about: regions with what lies in them, industries by the beginning of their code, classes."""

from __future__ import annotations

from datetime import date

import pytest

from policy.rules.test_tables import FINE, loaded
from shuangkong.judgement.scoping import in_scope
from shuangkong.kernel.errors import UserError

DAY = date(2022, 6, 1)


def told(scope: str, **subject: str) -> bool | None:
    """Whether an invented table of this scope is about a subject."""
    pack = loaded(FINE, more=f"  scope: {scope}\n")
    return in_scope(pack, pack.tables[0], subject, DAY, "rows.csv row 1")


@pytest.mark.parametrize(
    ("scope", "subject", "answer"),
    [
        ('{regions: ["410000"]}', {"region_code": "410102"}, True),
        ('{regions: ["410000"]}', {"region_code": "410000"}, True),
        ('{regions: ["410000"]}', {"region_code": "330300"}, False),
        ('{regions: ["410100"]}', {"region_code": "410000"}, False),
        ('{regions: ["410000"]}', {}, None),
        ('{regions: ["000000"]}', {}, True),
        ("{}", {"region_code": "990100"}, True),
        ("{}", {"region_code": "990199"}, True),
        ("{}", {"region_code": "110000"}, False),
        ('{regions: ["000000"], levels: [county]}', {"region_code": "410102"}, True),
        ('{regions: ["000000"], levels: [county]}', {"region_code": "410100"}, False),
        ('{regions: ["000000"], industry: ["30"]}', {"industry_code": "3011"}, True),
        ('{regions: ["000000"], industry: ["30"]}', {"industry_code": "C3011"}, True),
        ('{regions: ["000000"], industry: ["30", "31"]}', {"industry_code": "3211"}, False),
        ('{regions: ["000000"], industry: [C]}', {"industry_code": "3011"}, True),
        ('{regions: ["000000"], industry: [C]}', {"industry_code": "4411"}, False),
        ('{regions: ["000000"], industry: ["30"]}', {}, None),
        ('{regions: ["000000"], class: key_unit}', {"unit_class": "key_unit"}, True),
        ('{regions: ["000000"], class: key_unit}', {"unit_class": "above_scale"}, False),
        # one thing that is outside is enough, whatever else is not known
        ('{regions: ["410000"], industry: ["30"]}', {"region_code": "330300"}, False),
        ('{regions: ["410000"], industry: ["30"]}', {"region_code": "410100"}, None),
    ],
)
def test_a_subject_is_inside_outside_or_not_known(scope: str, subject: dict[str, str], answer: bool | None) -> None:
    """Each part of a scope is told by a code; what is not given leaves it open unless another part says no."""
    assert told(scope, **subject) is answer


@pytest.mark.parametrize("code", ["4101", "河南", "４１０１０２", "41010a", "' OR 1=1"])
def test_what_is_no_code_is_refused(code: str) -> None:
    """Names, parts of codes and full-width digits are RULE-007 with the row."""
    with pytest.raises(UserError) as wrong:
        told("{}", region_code=code)
    assert (wrong.value.code, wrong.value.where) == ("RULE-007", "rows.csv row 1")
