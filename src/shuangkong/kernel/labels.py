"""Labels for people are data in Chinese and English; Chinese is required."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Language = Literal["zh", "en"]


@dataclass(frozen=True, slots=True)
class Label:
    """A name shown to people: `zh` always, `en` where there is one."""

    zh: str
    en: str | None = None

    def in_(self, language: Language) -> str:
        """The label in a language; Chinese stands in where no English was given."""
        return self.en if language == "en" and self.en else self.zh
