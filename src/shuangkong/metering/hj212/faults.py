"""What is wrong with a frame (瑕疵): a code, the place and what was found there. Collected, never raised."""

from __future__ import annotations

from typing import NamedTuple

from shuangkong.kernel.flaws import Flaw, Severity
from shuangkong.kernel.labels import Label, Language
from shuangkong.metering.hj212.standard import FaultKind, standard


class Fault(NamedTuple):
    """One thing wrong. `at`: bytes from the start of what was read (a stream, or a data segment).

    `found` is a short text, `field` the name that it concerns, where there is one.
    """

    code: str
    at: int = 0
    found: str = ""
    field: str = ""

    @property
    def kind(self) -> FaultKind:
        """What hj212.yaml says of the code."""
        return standard().faults[self.code]

    @property
    def severity(self) -> Severity:
        """`block`: not taken in; `warn`, `note`: taken in, and said."""
        return self.kind.severity

    @property
    def blocks(self) -> bool:
        """Whether the frame is refused."""
        return self.kind.severity == "block"

    def told(self, language: Language) -> str:
        """The fault as a sentence."""
        words = self.kind.label.in_(language).replace("{found}", self.found)
        return f"{self.field}{'：' if language == 'zh' else ': '}{words}" if self.field else words

    def flaw(self, subject: str) -> Flaw:
        """The same as a flaw of the house, with code HJ212-… and what was found as evidence."""
        label = Label(self.told("zh"), self.told("en"))
        evidence = {"at": self.at, "found": self.found, "field": self.field, "zh": label.zh}
        return Flaw(f"HJ212-{self.code}", self.severity, subject, label.in_("en"), evidence)


def found_in(data: bytes) -> str:
    """A short text of bytes that may be anything, for people to read."""
    most = standard().limits.text
    if len(data) <= most and data.isascii() and (plain := data.decode("ascii")).isprintable():
        return plain
    text = data[: most * 4].decode("utf-8", "replace")
    shown = "".join(c if c.isprintable() else "·" for c in text[:most])
    return shown + "…" if len(text) > most or len(data) > most * 4 else shown
