"""A boundary file (底图) that a deployer registers: province areas with an approval number (审图号), drawn as SVG.

The program ships no boundaries. A map of the nation that is shown in public needs an approved map; whoever registers
one answers for it, and its approval number is printed under every drawing.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from shuangkong.app.store import add_boundary, newest_boundary
from shuangkong.engine.api import Workspace, reading, record, writing
from shuangkong.kernel.errors import UserError
from shuangkong.webkit.api import province_places

LARGEST = 12_000_000
_APPROVAL = re.compile(r".{1,6}[（(](19|20)\d{2}[）)]\s?\d{1,6}\s?号")
_PROVINCES = frozenset(p.code for p in province_places())
WIDTH = 900.0
Point = tuple[float, float]


@dataclass(frozen=True)
class Boundary:
    """The registered map, projected: rings of each province by code, lines, and the height that they need."""

    approval_number: str
    height: float
    areas: tuple[tuple[str, str, Point], ...]
    lines: tuple[str, ...]

    def svg(self, look: Callable[[str], tuple[str, str, str, str]]) -> Markup:
        """The drawing; `look` gives CSS class, address, name and words of a province by its code."""
        body, names = [], []
        for code, path, (x, y) in self.areas:
            css, href, name, words = look(code)
            area = f'<path class="area s-{escape(css)}" d="{path}"/><title>{escape(words)}</title>'
            body.append(f'<a href="{escape(href)}"><g>{area}</g></a>')
            names.append(f'<text x="{x:.0f}" y="{y:.0f}">{escape(name)}</text>')
        body += [f'<path class="dash" d="{line}"/>' for line in self.lines] + names
        hatch = (
            '<defs><pattern id="map-hatch" width="7" height="7" patternUnits="userSpaceOnUse" '
            'patternTransform="rotate(45)"><rect width="7" height="7" fill="#fff"/>'
            '<line class="hatch" x1="0" y1="0" x2="0" y2="7"/></pattern></defs>'
        )
        return Markup(
            f'<svg class="map" viewBox="0 0 {WIDTH:.0f} {self.height:.0f}" role="img">{hatch}{"".join(body)}</svg>'
        )


def register_boundary(workspace: Workspace, path: Path, approval_number: str, principal: str) -> str:
    """Keep a GeoJSON file as the map of this workspace; gives its SHA-256. Raises IMP-001 for what cannot be used."""
    number = approval_number.strip()
    if not _APPROVAL.fullmatch(number):
        remedy = "Write it as it stands on the map: GS(2024)0650号."
        raise _refused(f"“{number}” is no approval number (审图号).", "--approval", remedy)
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= LARGEST else b""
    except OSError as wrong:
        raise _refused(f"{wrong.strerror}.", str(path), "Name a GeoJSON file that can be read.") from wrong
    if size > LARGEST:
        remedy = f"At most {LARGEST // 1_000_000} MB; export it with fewer digits."
        raise _refused(f"the file has {size:,} bytes.", str(path), remedy)
    _areas_and_lines(content, str(path))
    sha256 = workspace.blobs.put(content)
    with writing(workspace.engine) as db:
        now = workspace.clock()
        add_boundary(
            db, sha256=sha256, file_name=path.name, approval_number=number, principal=principal, at=now
        )  # fmt: skip
        record(
            db, at=now, principal=principal, action="boundary.register", obj=sha256,
            detail={"file": path.name, "approval_number": number},
        )  # fmt: skip
    return sha256


def registered_boundary(workspace: Workspace) -> Boundary | None:
    """The map of this workspace; None where none was registered, and then only tiles are shown."""
    with reading(workspace.engine) as db:
        row = newest_boundary(db)
    if row is None:
        return None
    return _drawn(workspace.blobs.get(row["sha256"]), row["approval_number"])


def _refused(message: str, where: str, remedy: str) -> UserError:
    return UserError("IMP-001", message, where=where, remedy=remedy)


def _areas_and_lines(content: bytes, where: str) -> tuple[dict[str, list[list[Point]]], list[list[Point]]]:
    """Rings by province code, and lines: all 34 province-level regions and the dashed line (断续线) must be there."""
    try:
        features = json.loads(content)["features"]
        areas, lines = _read_features(features)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as wrong:
        raise _refused(
            "the file is not a GeoJSON collection of areas with adcode.", where,
            "Give a FeatureCollection in degrees whose province areas have adcode, e.g. 130000.",
        ) from wrong  # fmt: skip
    missing = sorted(_PROVINCES - set(areas))
    if missing:
        raise _refused(
            f"{len(missing)} province-level regions are missing: {', '.join(missing[:6])}.", where,
            "A map of the nation shows all 34; take the complete approved file.",
        )  # fmt: skip
    if not lines:
        raise _refused(
            "the dashed line in the South China Sea (南海断续线) is missing.", where,
            "Take the complete approved file, with the line as LineString features.",
        )  # fmt: skip
    return areas, lines


def _read_features(features: list[Any]) -> tuple[dict[str, list[list[Point]]], list[list[Point]]]:
    areas: dict[str, list[list[Point]]] = {}
    lines: list[list[Point]] = []
    for feature in features:
        kind, parts = feature["geometry"]["type"], feature["geometry"]["coordinates"]
        if kind in ("Polygon", "MultiPolygon"):
            code = str((feature.get("properties") or {})["adcode"])
            if code in _PROVINCES:
                polygons = [parts] if kind == "Polygon" else parts
                areas.setdefault(code, []).extend(_points(ring) for polygon in polygons for ring in polygon)
        elif kind in ("LineString", "MultiLineString"):
            lines += [_points(line) for line in ([parts] if kind == "LineString" else parts)]
    return areas, lines


def _points(raw: list[Any]) -> list[Point]:
    points = [(float(p[0]), float(p[1])) for p in raw]
    if any(not (-180 <= x <= 180 and -90 <= y <= 90) for x, y in points):
        raise ValueError("not in degrees")
    return points


def _albers(point: Point) -> Point:
    """Equal-area cone for China: 25° and 47° N, centred on 105° E."""
    first, second, centre = math.radians(25), math.radians(47), math.radians(105)
    n = (math.sin(first) + math.sin(second)) / 2
    c = math.cos(first) ** 2 + 2 * n * math.sin(first)
    rho = math.sqrt(c - 2 * n * math.sin(math.radians(point[1]))) / n
    theta = n * (math.radians(point[0]) - centre)
    return rho * math.sin(theta), rho * math.cos(theta)


@lru_cache(maxsize=2)
def _drawn(content: bytes, approval_number: str) -> Boundary:
    areas, lines = _areas_and_lines(content, "")
    flat = {code: [[_albers(p) for p in ring] for ring in rings] for code, rings in areas.items()}
    drawn_lines = [[_albers(p) for p in line] for line in lines]
    every = [p for rings in flat.values() for ring in rings for p in ring] + [p for line in drawn_lines for p in line]
    left, right = min(p[0] for p in every), max(p[0] for p in every)
    top, foot = min(p[1] for p in every), max(p[1] for p in every)
    scale = WIDTH / (right - left)

    def place(p: Point) -> Point:
        return (p[0] - left) * scale, (p[1] - top) * scale

    made = []
    for code in sorted(flat):
        rings = [[place(p) for p in ring] for ring in flat[code]]
        largest = max(rings, key=lambda r: _extent(r))
        made.append((code, "".join(f"M{_path(ring)}Z" for ring in rings), _centroid(largest)))
    paths = tuple(f"M{_path([place(p) for p in line])}" for line in drawn_lines)
    return Boundary(approval_number, (foot - top) * scale, tuple(made), paths)


def _extent(ring: list[Point]) -> float:
    xs, ys = [p[0] for p in ring], [p[1] for p in ring]
    return (max(xs) - min(xs)) * (max(ys) - min(ys))


def _centroid(ring: list[Point]) -> Point:
    """The middle of an area, where its name stands."""
    area = x = y = 0.0
    for (ax, ay), (bx, by) in pairwise(ring):
        cross = ax * by - bx * ay
        area, x, y = area + cross, x + (ax + bx) * cross, y + (ay + by) * cross
    return (x / (3 * area), y / (3 * area)) if area else ring[0]


def _path(points: list[Point]) -> str:
    """Points as they fall on a screen: those within half a pixel of the last are one; every ring stays."""
    return "L".join(f"{x:.1f} {y:.1f}" for x, y in _thinned(points))


def _thinned(points: list[Point]) -> Iterator[Point]:
    last: Point | None = None
    for i, p in enumerate(points):
        if last is None or i == len(points) - 1 or math.hypot(p[0] - last[0], p[1] - last[1]) >= 0.6:
            last = p
            yield p
