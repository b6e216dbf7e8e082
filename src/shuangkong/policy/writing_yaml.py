"""YAML as packs want it (写包): texts in quotes, numbers with their digits, no anchors; the loader reads it back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import yaml

_WIDTH = 118
#: What no reader takes for a truth value, for nothing or for a number: the traps among words are shorter, or these.
_NAME = re.compile(r"[a-z][a-z_.-]{2,}[a-z]")
_WORDS = frozenset(("true", "false", "null", "none"))


class _Plain(yaml.SafeDumper):
    """Texts in quotes, no anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        """Nothing is written once and referred to."""
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Entries of lists stand under their key, as people write them."""
        super().increase_indent(flow, False)


class _Text(str):
    """A text that is written in quotes, so that it is read as one."""

    __slots__ = ()


class _Name(str):
    """A name of small letters and digits that no reader takes for anything else."""

    __slots__ = ()


_Plain.add_representer(_Text, lambda d, v: d.represent_scalar("tag:yaml.org,2002:str", str(v), style='"'))
_Plain.add_representer(_Name, lambda d, v: d.represent_scalar("tag:yaml.org,2002:str", str(v)))


def _digits(dumper: _Plain, value: Decimal) -> yaml.ScalarNode:
    text = f"{value:f}"
    return dumper.represent_scalar(f"tag:yaml.org,2002:{'float' if '.' in text else 'int'}", text)


_Plain.add_representer(Decimal, _digits)


def as_yaml(data: Any) -> str:
    """Lists and mappings of texts, exact numbers, flags and nulls as YAML; keys stay in their order."""
    return yaml.dump(_quoted(data), Dumper=_Plain, allow_unicode=True, sort_keys=False, width=_WIDTH)


def _quoted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _quoted(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_quoted(v) for v in value]
    if not isinstance(value, str):
        return value
    return _Name(value) if _NAME.fullmatch(value) and value not in _WORDS else _Text(value)
