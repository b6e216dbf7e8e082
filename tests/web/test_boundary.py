"""A boundary file is taken only whole and approved; without one there are tiles alone."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from shuangkong.app.boundary import LARGEST, register_boundary, registered_boundary
from shuangkong.app.web import create_app
from shuangkong.engine.api import Workspace, reading, verify
from shuangkong.kernel.errors import UserError
from shuangkong.webkit.api import province_places

APPROVED = "GS(2024)0650号"
SHARED = Path(__file__).parents[3] / "shared" / "data" / "china-map"


def collection(codes: list[str], *, line: bool = True) -> dict[str, Any]:
    """Squares in place of provinces, and one line."""
    areas = [
        {"type": "Feature", "properties": {"adcode": int(code)}, "geometry": {"type": "Polygon", "coordinates": [
            [[80 + i, 30], [80.8 + i, 30], [80.8 + i, 31], [80 + i, 31], [80 + i, 30]]]}}
        for i, code in enumerate(codes)
    ]  # fmt: skip
    dash = {
        "type": "Feature",
        "properties": {},
        "geometry": {"type": "LineString", "coordinates": [[110, 5], [111, 6]]},
    }
    return {"type": "FeatureCollection", "features": areas + ([dash] if line else [])}


ALL = [p.code for p in province_places()]


def written(folder: Path, data: object) -> Path:
    """A file with that content."""
    path = folder / "map.geojson"
    path.write_text(data if isinstance(data, str) else json.dumps(data), "utf-8")
    return path


def test_without_a_file_there_are_tiles_alone(pages: Any) -> None:
    """The program ships no boundary: home has tiles and no map."""
    assert registered_boundary(pages.workspace) is None
    assert 'class="map"' not in pages.get("/")
    assert 'class="grid"' in pages.get("/")


def test_a_map_is_kept_and_its_number_told(tmp_path: Path) -> None:
    """A complete file with an approval number is kept, audited, and can be drawn; the newest one counts."""
    workspace = Workspace.create(tmp_path / "w")
    register_boundary(workspace, written(tmp_path, collection(ALL)), APPROVED, "deployer")
    found = registered_boundary(workspace)
    assert found is not None
    assert found.approval_number == APPROVED
    svg = found.svg(lambda code: ("met", f"/regions/{code}", f"<{code}>", "ok"))
    assert svg.count('class="area s-met"') == 34
    assert "&lt;110000&gt;" in svg
    assert svg.count('class="dash"') == 1
    register_boundary(workspace, written(tmp_path, collection(ALL)), "GS京（2025）1号", "deployer")
    again = registered_boundary(workspace)
    assert again is not None
    assert again.approval_number == "GS京（2025）1号"
    with reading(workspace.engine) as db:
        assert verify(db) == []


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("not json", "the file is not a GeoJSON collection of areas with adcode."),
        ("[]", "the file is not a GeoJSON collection of areas with adcode."),
        (collection(ALL[:-1]), "1 province-level regions are missing: 510000."),
        (collection(ALL, line=False), "the dashed line in the South China Sea (南海断续线) is missing."),
        ({"features": [{"geometry": {"type": "LineString", "coordinates": [[999, 0]]}}]},
         "the file is not a GeoJSON collection of areas with adcode."),
    ],
)  # fmt: skip
def test_an_incomplete_map_is_refused(tmp_path: Path, data: object, message: str) -> None:
    """A file that is no map, or not the whole nation, is refused with what is wrong; nothing is kept."""
    workspace = Workspace.create(tmp_path / "w")
    with pytest.raises(UserError) as refused:
        register_boundary(workspace, written(tmp_path, data), APPROVED, "deployer")
    expected = re.sub(r"\d{6}\.$", f"{sorted(ALL[-1:])[0]}.", message) if "missing: " in message else message
    assert refused.value.message == expected
    assert registered_boundary(workspace) is None


def test_a_map_needs_its_number_and_a_size(tmp_path: Path) -> None:
    """Without an approval number, unreadable, or too large, a file is not taken."""
    workspace = Workspace.create(tmp_path / "w")
    good = written(tmp_path, collection(ALL))
    for number in ("", "approved", "GS 2024"):
        with pytest.raises(UserError, match="no approval number"):
            register_boundary(workspace, good, number, "deployer")
    with pytest.raises(UserError, match="No such file"):
        register_boundary(workspace, tmp_path / "none", APPROVED, "deployer")
    big = tmp_path / "big"
    big.write_bytes(b" " * (LARGEST + 1))
    with pytest.raises(UserError, match="bytes"):
        register_boundary(workspace, big, APPROVED, "deployer")


@pytest.mark.shared
def test_a_real_map_is_drawn_on_the_home_page(pages: Any, tmp_path: Path) -> None:
    """With a complete real map, home draws all provinces and the dashed line, and prints the approval number."""
    if not SHARED.is_dir():
        pytest.skip("no shared data beside the checkout")
    provinces = json.loads((SHARED / "provinces.geojson").read_text("utf-8"))
    line = json.loads((SHARED / "maritime_dashed_line.geojson").read_text("utf-8"))
    provinces["features"] += line["features"]
    import shutil

    shutil.copytree(pages.workspace.root, tmp_path / "copy")
    workspace = Workspace.open(tmp_path / "copy")
    register_boundary(workspace, written(tmp_path, provinces), APPROVED, "deployer")
    text = TestClient(create_app(workspace)).get("/").text
    assert text.count('class="area ') == 34
    assert APPROVED in text
    assert "台湾" in text
    workspace.engine.dispose()
