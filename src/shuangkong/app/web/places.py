"""What an appointment opens, in words: the region, the unit, the organisation, or everything."""

from __future__ import annotations

import sqlalchemy as sa

from shuangkong.engine.api import Workspace
from shuangkong.kernel.ids import SubjectId
from shuangkong.kernel.labels import Label, Language
from shuangkong.kernel.scope import Scope
from shuangkong.registry.api import describe
from shuangkong.webkit.api import Appointment

ALL = Label("全部", "everything")


def subject_name(db: sa.Connection, workspace: Workspace, subject: SubjectId, language: Language) -> str:
    """The name of a region or unit that one's own appointment or an administrator's page names."""
    card = describe(db, subject, Scope.system("name the place of an appointment"), workspace.clock())
    names = {f.name: f.value for f in card.aliases}
    return names.get("name_en" if language == "en" else "name_zh") or names.get("name_zh") or subject


def place_of(db: sa.Connection, workspace: Workspace, held: Appointment, language: Language) -> str:
    """The scope of an appointment as people call it."""
    if held.subject_id is not None:
        return subject_name(db, workspace, held.subject_id, language)
    return held.grantee if held.scope_kind == "consented" else ALL.in_(language)
