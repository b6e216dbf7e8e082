"""A finding as one sentence (一句话), and what to do next, in the language of the page."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from urllib.parse import quote

from shuangkong.app.web.reading import RunView
from shuangkong.app.web.rows import Finding, Stated
from shuangkong.policy.api import Target
from shuangkong.webkit.api import Speaker, figure, period_words, status_mark

_ENDINGS = ("特别行政区", "维吾尔自治区", "壮族自治区", "回族自治区", "自治区", "省", "市")


def anchor(clause: str) -> str:
    """The name of a clause's place on the page of its document."""
    return f"clause-{clause.replace(' ', '_')}"


class Teller:
    """Sentences about the findings of one run in one language."""

    def __init__(self, view: RunView, speaker: Speaker) -> None:
        self.view = view
        self.speaker = speaker

    def who(self, subject_id: str) -> str:
        """The name of a region or unit; its id where the registry has none."""
        found = self.view.subjects.get(subject_id)
        return self.speaker.label(found.label) if found else subject_id

    def indicator(self, indicator_id: str) -> str:
        """The name of an indicator."""
        return self.speaker.label(self.view.indicator_label(indicator_id))

    def when(self, f: Stated) -> str:
        """The period in words; of a progress to date, from the first year of the term on."""
        words = period_words(f.period_key, self.speaker.language)
        return self.speaker.say("sentence.to_date", period=words) if f.variant == "to_date" else words

    def periods(self, keys: Iterable[str]) -> str:
        """Periods in words, one after the other."""
        return self.speaker.say("punctuation.list").join(period_words(k, self.speaker.language) for k in keys)

    def _figure(self, value: Decimal, unit: str, like: Decimal | None = None) -> str:
        return str(figure(value, unit, self.speaker.language, like=like))

    def unit(self, f: Stated) -> str:
        """The unit of a finding; energy per product is counted in the unit that the target names."""
        if not f.unit.endswith("/product unit"):
            return f.unit
        return self.view.packs.target(f.pack_key, f.slug).unit

    def asks(self, f: Stated) -> str:
        """What the clause asks: fall by 3.66%, at most 120 万吨标准煤."""
        if f.threshold is None:
            return self.speaker.say("sentence.open")
        unit = self.unit(f)
        low = self._figure(f.threshold, unit)
        if f.threshold_high is not None:
            return self.speaker.say("ask.between", low=low, high=self._figure(f.threshold_high, unit))
        return self.speaker.say(f"ask.{f.comparator}", value=low)

    def has(self, f: Stated) -> str:
        """What was reached: fell by 2.1%, rose by 0.4%, 132 万吨标准煤."""
        if f.value is None:
            return self.speaker.say("sentence.no_value")
        relative = f.comparator in ("decrease_by", "increase_by")
        if not relative:
            return self._figure(f.value, self.unit(f))
        down = (f.comparator == "decrease_by") == (f.value >= 0)
        return self.speaker.say("sentence.fell" if down else "sentence.rose", value=self._figure(abs(f.value), f.unit))

    def in_short(self, f: Finding) -> str:
        """What was reached, in the little room of a tile."""
        if f.value is None or f.comparator not in ("decrease_by", "increase_by"):
            return self.has(f)
        down = (f.comparator == "decrease_by") == (f.value >= 0)
        return self.speaker.say(
            "sentence.short_fell" if down else "sentence.short_rose", value=self._figure(abs(f.value), f.unit)
        )

    def gap(self, f: Stated) -> str:
        """By how much it is better or worse than asked."""
        if f.margin is None or not f.decided:
            return ""
        unit = "pp" if f.unit == "%" else self.unit(f)
        better = f.margin > 0 or (f.margin == 0 and f.comparator not in ("more_than", "less_than"))
        over = f.comparator in ("at_most", "less_than")
        key = "sentence.better" if better else "sentence.over" if over else "sentence.short"
        return self.speaker.say(key, value=self._figure(abs(f.margin), unit, f.threshold))

    def reason(self, f: Stated) -> str:
        """Why nothing could be decided."""
        if f.reason is None:
            return ""
        known = self.speaker.has(f"reason.{f.reason}")
        words = self.speaker.say(f"reason.{f.reason}") if known else self.speaker.say("reason.other", code=f.reason)
        return self.speaker.say("sentence.because", reason=words, needs=self.needs(f)) if f.needs else words

    def needs(self, f: Stated) -> str:
        """What is wanting, with indicators by name."""
        words = (f.needs or "").replace(f.indicator_id, self.indicator(f.indicator_id))
        if self.speaker.language == "zh":
            words = words.replace(", ", "、")
        return words

    def tell(self, f: Stated) -> str:
        """The finding as one sentence."""
        facts = {"who": self.who(f.subject_id), "when": self.when(f), "what": self.indicator(f.indicator_id)}
        if f.decided:
            return self.speaker.say("sentence.decided", **facts, has=self.has(f), asks=self.asks(f), gap=self.gap(f))
        return self.speaker.say("sentence.undecided", **facts, asks=self.asks(f), reason=self.reason(f))

    def clause(self, f: Finding) -> str:
        """Document and clause in short."""
        pack = self.view.packs.pack(f.pack_key)
        name = pack.instrument.doc_number or pack.instrument.title.zh
        if self.speaker.language == "en" and not pack.instrument.doc_number:
            name = pack.instrument.title.en or name
        return f"{name} {f.clause}"

    def clause_title(self, f: Finding) -> str:
        """What the clause is about, in the words of the pack."""
        return self.speaker.label(self.view.packs.clause(f.pack_key, f.clause).title.label)

    def clause_href(self, f: Finding) -> str:
        """The place of the clause on the page of its document."""
        return f"/packs/{f.pack_key}#{quote(anchor(f.clause))}"

    def goal(self, f: Finding) -> str:
        """What the document asks as a whole, where the finding is asked part of it."""
        return self._figure(f.target_value, self.unit(f)) if f.target_value is not None else ""

    def next_step(self, f: Finding) -> str:
        """What to do about it."""
        key = f"next.{f.reason}" if f.reason and self.speaker.has(f"next.{f.reason}") else f"next.{f.status}"
        found = self.view.subjects.get(f.subject_id)
        if found and found.kind == "unit" and self.speaker.has(f"{key}_unit"):
            key = f"{key}_unit"
        return self.speaker.say(key, needs=self.needs(f) or self.indicator(f.indicator_id))

    def after_why(self, f: Finding) -> str:
        """What to do once the reasons have been read."""
        return self.speaker.say(f"next_why.{f.status}") if f.status in ("missed", "behind") else self.next_step(f)

    def status_name(self, status: str) -> str:
        """The word of a status."""
        return self.speaker.label(status_mark(status).label)

    def variant_name(self, variant: str) -> str:
        """The word of an aspect of judging."""
        return self.speaker.say(f"variant.{variant}")

    def pack_name(self, pack_id: str) -> str:
        """A document by its title; by its id where it has several editions."""
        found = [p for p in self.view.packs.packs if p.id == pack_id]
        return self.speaker.label(found[0].instrument.title.label) if len(found) == 1 else pack_id

    def target_asks(self, t: Target) -> str:
        """What a target of a pack asks, in the document's own unit."""
        low, high = t.bounds
        if high is not None:
            return self.speaker.say("ask.between", low=self._figure(low, t.unit), high=self._figure(high, t.unit))
        return self.speaker.say(f"ask.{t.comparator}", value=self._figure(low, t.unit))

    def short_name(self, name: str) -> str:
        """A province as people call it: without what kind of region it is."""
        if self.speaker.language == "en":
            return name
        for ending in _ENDINGS:
            if name.endswith(ending) and len(name) - len(ending) >= 2:
                return name.removesuffix(ending)
        return name
