"""Two packs compared (规则包比对): which entries a new pack adds, takes away or changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from shuangkong.kernel.labels import Label
from shuangkong.policy.model import Pack

ENTRY_KINDS: dict[str, tuple[str, Label]] = {
    "clauses": ("id", Label("条款", "clause")),
    "targets": ("slug", Label("目标", "target")),
    "tables": ("id", Label("决策表", "decision table")),
    "parameters": ("id", Label("参数", "parameter")),
    "duties": ("slug", Label("任务", "duty")),
    "indicators": ("id", Label("指标", "indicator")),
    "carriers": ("id", Label("能源品种", "carrier")),
    "products": ("id", Label("产品", "product")),
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One entry that is not the same: `fields` gives what it says before and after, by path."""

    kind: str
    name: str
    change: Literal["added", "removed", "changed"]
    fields: tuple[tuple[str, str, str], ...]


def differences(old: Pack | None, new: Pack) -> tuple[Difference, ...]:
    """What differs from `old` (nothing stood before: all is added), the document itself first, then by kind."""
    return tuple(_differences(old, new))


def _differences(old: Pack | None, new: Pack) -> Iterator[Difference]:
    before = _leaves(old.instrument) if old is not None else {}
    fields = _changed(before, _leaves(new.instrument))
    if fields:
        yield Difference("instrument", new.key, "changed" if old is not None else "added", fields)
    for kind, (key, _) in ENTRY_KINDS.items():
        was = {getattr(e, key): _leaves(e) for e in (getattr(old, kind) if old is not None else ())}
        now = {getattr(e, key): _leaves(e) for e in getattr(new, kind)}
        for name in [*now, *(n for n in was if n not in now)]:
            fields = _changed(was.get(name, {}), now.get(name, {}))
            if fields:
                change: Any = "added" if name not in was else "removed" if name not in now else "changed"
                yield Difference(kind, name, change, fields)


def _changed(was: dict[str, str], now: dict[str, str]) -> tuple[tuple[str, str, str], ...]:
    paths = [*now, *(p for p in was if p not in now)]
    return tuple((p, was.get(p, ""), now.get(p, "")) for p in paths if was.get(p) != now.get(p))


def _leaves(entry: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    _spread(entry.model_dump(mode="json", exclude_none=True, by_alias=True), "", found)
    return found


def _spread(value: Any, path: str, found: dict[str, str]) -> None:
    if isinstance(value, dict):
        for key, below in value.items():
            _spread(below, f"{path}.{key}" if path else str(key), found)
    elif isinstance(value, list):
        for index, below in enumerate(value):
            named = below.get("id") or below.get("name") if isinstance(below, dict) else None
            _spread(below, f"{path}[{named if named is not None else index}]", found)
    else:
        found[path] = str(value)
