"""Duties as a pack states them (任务条目): responsibility tails, deadlines without a number, lists and platforms."""

from __future__ import annotations

import calendar
import re
from datetime import date
from typing import Any

from shuangkong.policy.reading.draft_targets import Asked
from shuangkong.policy.reading.draft_words import said, tag
from shuangkong.policy.reading.model import Candidate, Duty

_DAY = re.compile(r"(20\d\d)年(?:(\d{1,2})月)?(?:(\d{1,2})日)?(?:底|末)?前?")


def duty_entry(read: Duty, title: str, asked: Asked) -> dict[str, Any]:
    """The entry of a responsibility tail under its clause's title."""
    entry: dict[str, Any] = {
        "slug": f"duty.{tag(read.clause, *read.lead, *read.support)}", "clause": read.clause, "label": {"zh": title},
        "lead": list(read.lead), "support": list(read.support),
    }  # fmt: skip
    notes = []
    days = [d for words in read.deadlines if (d := last_day(words))]
    if days:
        entry["due"] = min(days).isoformat()
    if read.deadlines and (len(days) != len(read.deadlines) or len(set(days)) > 1):
        notes.append(asked.words.say("notes", "deadline", words="、".join(read.deadlines)))
    if read.unsure:
        notes.append(asked.words.say("notes", "unsure", doubts=asked.words.doubts(read.unsure)))
    entry["confidence"] = asked.confidence
    if note := asked.words.joined(notes):
        entry["note"] = note
    return entry


def candidate_duty(read: Candidate, title: str, asked: Asked) -> dict[str, Any]:
    """A list to keep, a platform to build, or something to finish by a year: a duty of nobody named here."""
    named = str(read.fields.get("words") or title)
    year = read.fields.get("year")
    label = said("labels", "deadline", year=year, title=title).zh if read.kind == "deadline" else named
    entry: dict[str, Any] = {
        "slug": f"{read.kind}.{tag(read.clause, label, read.quote)}", "clause": read.clause, "label": {"zh": label},
        "lead": [], "support": [],
    }  # fmt: skip
    if isinstance(year, int):
        entry["due"] = date(year, 12, 31).isoformat()
    entry["confidence"] = asked.confidence
    if read.unsure:
        entry["note"] = asked.words.say("notes", "unsure", doubts=asked.words.doubts(read.unsure))
    return entry


def last_day(words: str) -> date | None:
    """The last day that a deadline names: 2025年底前, 2022年6月底前, 2022年6月30日前; None where it names none."""
    found = _DAY.search(words)
    if not found:
        return None
    year, month = int(found[1]), int(found[2] or 12)
    if not 1 <= month <= 12:
        return None
    final = calendar.monthrange(year, month)[1]
    day = int(found[3]) if found[3] else final
    return date(year, month, day) if 1 <= day <= final else None
