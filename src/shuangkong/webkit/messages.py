"""Message catalogues (界面文字): every word on a page has a key, a Chinese and an English text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

import yaml
from babel import negotiate_locale

from shuangkong.kernel.labels import Label, Language

LANGUAGES: tuple[Language, ...] = ("zh", "en")


class UntranslatedText(Exception):
    """A page asks for a text that the catalogue does not have in both languages: a bug of the page."""


def read_messages(*places: tuple[str, str]) -> dict[str, Label]:
    """Texts of the given (package, YAML file) pairs; raises UntranslatedText for a hole or a key given twice."""
    found: dict[str, Label] = {}
    for package, name in places:
        data = yaml.safe_load(resources.files(package).joinpath(name).read_text("utf-8"))
        for group, texts in data.items():
            for key, text in texts.items():
                if not isinstance(key, str):
                    raise UntranslatedText(f"{name}: {group}.{key} must be quoted: YAML reads it as {key!r}")
                full = f"{group}.{key}"
                if full in found:
                    raise UntranslatedText(f"{name}: {full} is given twice")
                found[full] = _label(full, text)
    return found


def _label(key: str, text: Any) -> Label:
    if not isinstance(text, dict) or set(text) != set(LANGUAGES) or not all(str(v).strip() for v in text.values()):
        raise UntranslatedText(f"{key} needs zh and en, and nothing else")
    return Label(str(text["zh"]), str(text["en"]))


@dataclass(frozen=True)
class Speaker:
    """The catalogue in one language: `say(key, …)` gives a text with its places filled."""

    language: Language
    texts: Mapping[str, Label]

    def say(self, key: str, /, **values: object) -> str:
        """The text of a key; raises UntranslatedText where there is none."""
        label = self.texts.get(key)
        if label is None:
            raise UntranslatedText(f"there is no text {key}")
        text = label.in_(self.language)
        return text.format(**values) if values else text

    def has(self, key: str) -> bool:
        """Whether the catalogue has the key: for codes that come from data."""
        return key in self.texts

    def label(self, label: Label) -> str:
        """A label that comes with its data."""
        return label.in_(self.language)


def chosen_language(query: str | None, cookie: str | None, accepted: str = "") -> Language:
    """The language of a page: the address, the choice kept, what the browser asks for; Chinese where nothing fits."""
    for wish in (query, cookie):
        if wish in LANGUAGES:
            return "en" if wish == "en" else "zh"
    found = negotiate_locale(_wishes(accepted), [*LANGUAGES], sep="-")
    return "en" if found == "en" else "zh"


def _wishes(accepted: str) -> list[str]:
    """Languages of an Accept-Language header, the most wanted first; a broken weight is the least."""
    weighed = []
    for part in accepted[:400].split(","):
        name, _, weight = part.strip().partition(";q=")
        try:
            weighed.append((float(weight or 1), name.strip()))
        except ValueError:
            weighed.append((0.0, name.strip()))
    return [name for weight, name in sorted(weighed, key=lambda w: -w[0]) if name and weight > 0]
