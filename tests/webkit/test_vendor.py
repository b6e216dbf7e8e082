"""Files of other projects that pages load: known, licensed, unchanged, and all of them from this server."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import shuangkong
from shuangkong.webkit.api import Assets

ROOT = Path(shuangkong.__file__).parent
CHECKOUT = ROOT.parent.parent
VENDOR = ROOT / "webkit/static/vendor"
OURS = [
    p
    for p in sorted(ROOT.rglob("*"))
    if p.suffix in (".html", ".js", ".css", ".svg") and VENDOR not in p.parents and p.is_file()
]
#: A name of a namespace is no address: nothing is loaded from it.
NAMESPACE = re.compile(r"http://www\.w3\.org/[\w/]+")
ADDRESS = re.compile(r"""(?:https?:|["'(=\s])//[\w-]+\.[\w.-]+""")
LICENCES = {"0BSD", "Apache-2.0", "BSD-3-Clause", "MIT"}


def described() -> dict[str, Any]:
    """What vendor.json says."""
    found: dict[str, Any] = json.loads((VENDOR / "vendor.json").read_text("utf-8"))
    return found


def test_every_vendored_file_is_what_vendor_json_says() -> None:
    """No file is changed, missing or there without an entry."""
    hashes = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in VENDOR.iterdir() if p.name != "vendor.json"}
    assert hashes == described()["sha256"]


def test_every_package_has_version_integrity_and_licence_text() -> None:
    """Each package is pinned to bytes of the registry and ships its licence; each script belongs to a package."""
    found = described()
    for package in found["packages"]:
        assert re.fullmatch(r"\d+\.\d+\.\d+", package["version"])
        assert package["integrity"].startswith("sha512-")
        assert package["licence"] in LICENCES
        assert package["texts"]
        assert all((VENDOR / name).stat().st_size > 150 for name in package["texts"])
    named = {f for p in found["packages"] for f in (*p["files"], *p["texts"])}
    assert named == set(found["sha256"])


def test_the_entry_of_the_bundle_is_the_one_it_was_made_from() -> None:
    """Whoever changes what is bundled runs tools/vendor.py --write."""
    bundler = described()["bundler"]
    entry = CHECKOUT / bundler["entry"]
    assert hashlib.sha256(entry.read_bytes()).hexdigest() == bundler["entry_sha256"]


@pytest.mark.parametrize("path", OURS, ids=lambda p: str(p.relative_to(ROOT)))
def test_nothing_of_ours_loads_from_elsewhere(path: Path) -> None:
    """No template, script, style or picture of ours names an address of another server."""
    assert ADDRESS.findall(NAMESPACE.sub("", path.read_text("utf-8"))) == []


def test_the_search_for_addresses_finds_them() -> None:
    """An address of a CDN would be seen, with and without its scheme."""
    assert ADDRESS.search('<script src="https://cdn.example.org/x.js">')
    assert ADDRESS.search('<script src="//cdn.example.org/x.js">')
    assert ADDRESS.search("url(//cdn.example.org/x.woff)")


def test_vendored_scripts_fetch_nothing_by_themselves() -> None:
    """The only addresses in vendored scripts are names of namespaces and those in comments on licences."""
    for script in VENDOR.glob("*.js"):
        found = set(re.findall(r"https?://[\w./-]+", NAMESPACE.sub("", script.read_text("utf-8"))))
        assert found <= {"https://github.com/ecomfe/zrender/blob/master/LICENSE"}, script.name


def test_files_in_folders_are_served_by_their_hash() -> None:
    """A file in a folder has one flat name that changes with its bytes."""
    assets = Assets(("shuangkong.webkit",))
    content = (VENDOR / "htmx.min.js").read_bytes()
    digest = hashlib.sha256(content).hexdigest()[:12]
    assert assets.url("vendor/htmx.min.js") == f"/static/vendor-htmx.min.{digest}.js"
    assert assets.by_hash[f"vendor-htmx.min.{digest}.js"].content == content
    assert assets.by_name["chart.js"].media_type == "text/javascript"


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is only needed to move to another version")
def test_the_command_makes_the_same_bytes_again() -> None:
    """What is committed is what the packages of the registry give."""
    probe = subprocess.run(["npm", "ping"], capture_output=True, text=True, check=False, timeout=60)
    if probe.returncode:
        pytest.skip("the registry of npm does not answer")
    command = [sys.executable, str(CHECKOUT / "tools/vendor.py")]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.endswith("0 differ\n")
