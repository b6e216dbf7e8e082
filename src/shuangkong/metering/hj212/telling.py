"""Judged frames as a table for people, Chinese first; words are data (telling.yaml)."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources

import yaml

from shuangkong.kernel.labels import Label, Language
from shuangkong.metering.hj212.judging import Judged
from shuangkong.metering.hj212.standard import standard

_COLUMNS = ("line", "crc", "length", "edition", "ST", "CN", "MN", "QN", "items")
_GAP = 2


def told_lines(judged: Iterable[Judged], language: Language) -> Iterator[str]:
    """A head, a row for each frame with what is wrong with it below, and how many are right."""
    rows, count = [[_word(f"head_{c}", language) for c in _COLUMNS]], Counter[str]()
    below: list[list[str]] = [[]]
    for one in judged:
        rows.append(_row(one, language))
        below.append([f.told(language) for f in one.faults])
        count.update((one.crc, "length" if one.length_ok else "length_bad", "frames"))
        count["refused"] += any(f.blocks for f in one.faults)
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    for row, faults in zip(rows, below, strict=True):
        padded = (cell + " " * (w - _width(cell) + _GAP) for cell, w in zip(row, widths, strict=True))
        yield "".join(padded).rstrip()
        yield from (f"      {_word('fault', language)} {fault}" for fault in faults)
    yield _word("sum", language).format(
        frames=count["frames"], ok=count["ok"], modbus=count["modbus"], bad=count["bad"],
        length_bad=count["length_bad"], fine=count["frames"] - count["refused"],
    )  # fmt: skip


def _row(one: Judged, language: Language) -> list[str]:
    m, rules = one.message, standard()
    length = _word("right", language) if one.length_ok else f"{_or_dash(one.declared)}≠{_or_dash(one.actual)}"
    first = [str(one.line), _word(f"crc_{one.crc}", language), length]
    if m is None:
        return [*first, *["—"] * (len(_COLUMNS) - len(first))]
    system, command = rules.systems.get(m.st), rules.commands.get(m.cn)
    return [
        *first,
        str(one.edition.year) if one.edition is not None else "?",
        f"{m.st or '—'} {system.in_(language) if system else ''}".rstrip(),
        f"{m.cn or '—'} {command.label.in_(language) if command else ''}".rstrip(),
        m.mn or "—",
        m.qn or "—",
        str(sum(1 for _ in m.items())),
    ]


def _or_dash(number: int | None) -> str:
    return "—" if number is None else str(number)


def _width(text: str) -> int:
    """Columns of a terminal: two for a Chinese sign."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _word(key: str, language: Language) -> str:
    return _words()[key].in_(language)


@cache
def _words() -> dict[str, Label]:
    data = yaml.safe_load(resources.files(__package__).joinpath("telling.yaml").read_text("utf-8"))
    return {key: Label(row["zh"], row["en"]) for key, row in data.items()}
