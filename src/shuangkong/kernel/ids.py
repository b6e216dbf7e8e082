"""Identifiers. Subjects have opaque ids; codes that people know are dated aliases of them.

An id is derived from the first alias a subject was ever given, so that two workspaces which learn of the
same region or unit agree on its id without asking each other, while nothing can be read from the id itself.
"""

from __future__ import annotations

import base64
import hashlib
from typing import NewType

SubjectId = NewType("SubjectId", str)
PackId = NewType("PackId", str)
EntrySlug = NewType("EntrySlug", str)
IndicatorId = NewType("IndicatorId", str)
RunId = NewType("RunId", str)
FindingKey = NewType("FindingKey", str)
EntryId = NewType("EntryId", str)
SourceId = NewType("SourceId", str)


def digest(*parts: str, length: int = 20) -> str:
    """A short, stable, case-insensitive hash of the parts; a part can never run into the next one."""
    raw = [part.encode() for part in parts]
    made = hashlib.sha256(b"".join(piece for r in raw for piece in (len(r).to_bytes(8, "big"), r))).digest()
    # five bytes are eight characters: only those that are asked for are spelled out
    return base64.b32encode(made[: -(-length // 8) * 5]).decode().lower()[:length]


def subject_id(kind: str, scheme: str, value: str) -> SubjectId:
    """The opaque id of a subject first known as `value` in `scheme` (e.g. region, gbt2260, 130000)."""
    return SubjectId(f"s_{digest('subject', kind, scheme, value, length=16)}")


def finding_key(subject: str, pack: str, slug: str, period: str, variant: str = "") -> FindingKey:
    """The key of a finding: the same in every run, pack edition and renumbering."""
    return FindingKey(f"f_{digest('finding', subject, pack, slug, period, variant)}")
