"""What a page says of a user's mistake (错误): its own words in both languages, else those of the error."""

from __future__ import annotations

from dataclasses import dataclass

from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.webkit.messages import Speaker


@dataclass(frozen=True, slots=True)
class Wrong:
    """A mistake in words for people; `own` where they are the catalogue's, else they are English."""

    code: str
    message: str
    remedy: str
    own: bool


def wrong(error: UserError, speaker: Speaker) -> Wrong:
    """The words of `error_case` and `error_do` for the code and case of an error, filled with its facts."""
    key = f"{error.code.lower().replace('-', '_')}_{error.case}"
    if not error.case or not speaker.has(f"error_case.{key}"):
        return Wrong(error.code, error.message, error.remedy, own=False)
    facts = {k: speaker.label(v) if isinstance(v, Label) else v for k, v in error.facts.items()}
    return Wrong(
        error.code, speaker.say(f"error_case.{key}", **facts), speaker.say(f"error_do.{key}", **facts), own=True
    )
