"""The people of the demo (合成): one for each role, their appointments, consents, and the pages that are public.

They have no password: only the one-click buttons of a demo workspace on a loopback address sign them in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from shuangkong.app.demo.city import City, region, unit_subject
from shuangkong.kernel.ids import SubjectId
from shuangkong.kernel.labels import Label
from shuangkong.kernel.scope import Scope
from shuangkong.registry.api import give_consent, publish, subject_ids
from shuangkong.webkit.api import Wanted, add_person, appoint, person_named

BANK, SERVICE = "合成银行", "合成节能服务公司"
#: How many units gave the demo's bank and service company their consent.
CONSENTING = 3


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Someone invented: a name to sign in with, what is shown, a role, and what it covers."""

    name: str
    label: Label
    role: str
    subject: SubjectId | None = None
    grantee: str = ""


def demo_persons(city: City) -> tuple[DemoPerson, ...]:
    """One person for each role; the counties have an officer each, so that neighbours can be told apart."""
    d = city.design
    first = city.units[0]
    places = [(d.city.code, d.city.zh, d.city.en), *((c.code, c.zh, c.en) for c in d.counties[:2])]
    officers = [
        DemoPerson(f"demo.officer.{code}", Label(f"{zh}主管人员", f"officer, {en}"), "officer", region(code))
        for code, zh, en in places
    ]
    return (
        DemoPerson("demo.administrator", Label("平台管理员（合成）", "administrator"), "administrator"),
        *officers,
        DemoPerson("demo.reviewer", Label("示范市节能审查人员（合成）", "reviewer"), "reviewer", region(d.city.code)),
        DemoPerson("demo.unit", Label(f"{first.name_zh}能源管理负责人", "unit manager"), "unit_manager",
                   unit_subject(first)),
        DemoPerson("demo.service", Label(f"{SERVICE}", "service company"), "service_company", None, SERVICE),
        DemoPerson("demo.bank", Label(f"{BANK}", "bank"), "bank", None, BANK),
        DemoPerson("demo.auditor", Label("示范市审计人员（合成）", "auditor"), "auditor", region(d.city.code)),
    )  # fmt: skip


def register_people(db: sa.Connection, city: City, now: datetime, day: date, principal: str) -> int:
    """Add the people and consents that are not there yet; returns how many people were new."""
    new = 0
    for p in demo_persons(city):
        if person_named(db, p.name) is not None:
            continue
        person = add_person(db, p.name, p.label.zh, at=now, principal=principal)
        appoint(db, person, Wanted(p.role, day, p.subject, p.grantee), at=now, principal=principal)
        new += 1
    if new:
        for unit in city.units[:CONSENTING]:
            subject, days = unit_subject(unit), (day, None)
            give_consent(db, subject, BANK, "finance", days, at=now, principal=principal)
            give_consent(db, subject, SERVICE, "service", days, at=now, principal=principal)
        _open_real_regions(db, city, now, day, principal)
    return new


def _open_real_regions(db: sa.Connection, city: City, now: datetime, day: date, principal: str) -> None:
    """The pages of real regions are public: what stands on them was published. The invented city's are not."""
    d = city.design
    own = {region(code) for code in (d.province.code, d.city.code, *(c.code for c in d.counties))}
    everything = Scope.system("open the pages of real regions")
    rows = [s for s in sorted(subject_ids(db, everything, "region", now)) if s not in own]
    publish(db, rows, day, now, principal=principal)
