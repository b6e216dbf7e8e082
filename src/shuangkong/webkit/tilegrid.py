"""Tile grid (地区图块): where the tile of each province-level region stands. A sketch; it shows no boundary."""

from __future__ import annotations

from dataclasses import dataclass

#: Rows from north to south; a dot is an empty place. ISO 3166-2:CN letters.
_GRID = """
. . . . . . HL
. . . . . . JL
XJ . NX NM BJ TJ LN
QH GS SN SX HE SD .
XZ SC CQ HA AH JS SH
YN GZ HN HB JX ZJ .
. . GX GD FJ TW .
. . HI MO HK . .
"""
_CODES = {
    "BJ": "110000", "TJ": "120000", "HE": "130000", "SX": "140000", "NM": "150000", "LN": "210000", "JL": "220000",
    "HL": "230000", "SH": "310000", "JS": "320000", "ZJ": "330000", "AH": "340000", "FJ": "350000", "JX": "360000",
    "SD": "370000", "HA": "410000", "HB": "420000", "HN": "430000", "GD": "440000", "GX": "450000", "HI": "460000",
    "CQ": "500000", "SC": "510000", "GZ": "520000", "YN": "530000", "XZ": "540000", "SN": "610000", "GS": "620000",
    "QH": "630000", "NX": "640000", "XJ": "650000", "TW": "710000", "HK": "810000", "MO": "820000",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a province-level region: its GB/T 2260 code, letters, column and row, counted from 1."""

    code: str
    letters: str
    column: int
    row: int


def province_places() -> tuple[Place, ...]:
    """All 34 province-level regions, row by row."""
    return tuple(
        Place(_CODES[letters], letters, column, row)
        for row, line in enumerate(_GRID.strip().splitlines(), 1)
        for column, letters in enumerate(line.split(), 1)
        if letters != "."
    )
