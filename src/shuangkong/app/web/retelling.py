"""Sentences about many findings at once (批量一句话): what depends on few values is worked out once for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any

from shuangkong.app.web.reading import RunView
from shuangkong.app.web.rows import Stated
from shuangkong.app.web.sentences import Teller
from shuangkong.webkit.api import Speaker

#: The columns of findings that a sentence is made from.
STATED = tuple(f.name for f in fields(Stated))
#: Names, periods and units that are kept at once; figures repeat too seldom.
KEPT = 50_000


class Retelling(Teller):
    """The same sentences as a Teller's, for an export."""

    def __init__(self, view: RunView, speaker: Speaker) -> None:
        super().__init__(view, speaker)
        self._kept: dict[tuple[object, ...], str] = {}

    def _once(self, key: tuple[object, ...], make: Callable[[], str]) -> str:
        found = self._kept.get(key)
        if found is None:
            if len(self._kept) >= KEPT:
                self._kept.clear()
            found = self._kept[key] = make()
        return found

    def indicator(self, indicator_id: str) -> str:
        """The name of an indicator."""
        return self._once(("indicator", indicator_id), lambda: super(Retelling, self).indicator(indicator_id))

    def when(self, f: Stated) -> str:
        """The period in words."""
        return self._once(("when", f.period_key, f.variant), lambda: super(Retelling, self).when(f))

    def unit(self, f: Stated) -> str:
        """The unit of a finding."""
        if not f.unit.endswith("/product unit"):
            return f.unit
        return self._once(("unit", f.unit, f.pack_key, f.slug), lambda: super(Retelling, self).unit(f))

    def sentences(self, *columns: Sequence[Any]) -> list[str]:
        """The sentences of many findings, given the columns of `STATED` as lists."""
        return [self.tell(Stated(*row)) for row in zip(*columns, strict=True)]
