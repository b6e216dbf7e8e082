"""Re-creates the browser files of other projects that Shuangkong ships, and compares them with what is committed.

    python tools/vendor.py            # make them anew in a temporary folder; exit 1 where one differs
    python tools/vendor.py --write    # put them, their licences and vendor.json under webkit/static/vendor

To move to another version: change PACKAGES, run with --write, read the release notes, look at every page. Needs npm;
nobody who only uses Shuangkong does.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
TARGET = HERE.parent / "src/shuangkong/webkit/static/vendor"
ENTRY = HERE / "vendor_echarts.js"
BUNDLE = "echarts.min.js"


@dataclass(frozen=True)
class Package:
    """A package of npm: its exact version, and what of it is shipped."""

    name: str
    version: str
    licence: str
    #: Texts to ship: name in the package, name here.
    texts: tuple[tuple[str, str], ...]
    #: Files copied as they are: name in the package, name here.
    copied: tuple[tuple[str, str], ...] = ()
    #: Files of ours that hold code of it.
    bundled_in: tuple[str, ...] = ()


PACKAGES = (
    Package("htmx.org", "4.0.1", "0BSD", (("LICENSE", "htmx.LICENSE.txt"),), (("dist/htmx.min.js", "htmx.min.js"),)),
    Package(
        "echarts", "6.1.0", "Apache-2.0",
        (("LICENSE", "echarts.LICENSE.txt"), ("NOTICE", "echarts.NOTICE.txt"),
         ("licenses/LICENSE-d3", "echarts-d3.LICENSE.txt")),
        bundled_in=(BUNDLE,),
    ),
    Package("zrender", "6.1.0", "BSD-3-Clause", (("LICENSE", "zrender.LICENSE.txt"),), bundled_in=(BUNDLE,)),
    Package("tslib", "2.3.0", "0BSD", (("LICENSE.txt", "tslib.LICENSE.txt"),), bundled_in=(BUNDLE,)),
)  # fmt: skip
#: Makes the bundle and ships nothing of itself.
BUNDLER = ("esbuild", "0.28.2")


def install(folder: Path) -> dict[str, str]:
    """The packages unpacked in `folder`, no script of theirs run; their npm integrity by name."""
    wanted = [f"{p.name}@{p.version}" for p in PACKAGES] + ["@".join(BUNDLER)]
    (folder / "package.json").write_text('{"name": "vendor", "private": true}', "utf-8")
    command = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--save-exact", *wanted]
    subprocess.run(command, cwd=folder, check=True, stdout=sys.stderr)
    locked = json.loads((folder / "package-lock.json").read_text("utf-8"))["packages"]
    return {name: locked[f"node_modules/{name}"]["integrity"] for name in (*(p.name for p in PACKAGES), BUNDLER[0])}


def bundle(folder: Path, out: Path) -> None:
    """ECharts with the parts that the entry names, as one file that defines `echarts`."""
    shutil.copy(ENTRY, folder / ENTRY.name)
    form = ("--bundle", "--minify", "--format=iife", "--global-name=echarts", "--target=es2019", "--charset=utf8")
    say = ("--legal-comments=eof", "--log-level=warning")
    command = ["node_modules/.bin/esbuild", ENTRY.name, *form, *say, f"--outfile={out}"]
    subprocess.run(command, cwd=folder, check=True)


def make(folder: Path, out: Path) -> None:
    """All shipped files and vendor.json in `out`; texts end their lines as git keeps them."""
    integrity = install(folder)
    for package in PACKAGES:
        unpacked = folder / "node_modules" / package.name
        for there, here in package.texts:
            (out / here).write_bytes((unpacked / there).read_bytes().replace(b"\r\n", b"\n"))
        for there, here in package.copied:
            shutil.copyfile(unpacked / there, out / here)
    bundle(folder, out / BUNDLE)
    (out / "vendor.json").write_text(json.dumps(described(out, integrity), indent=1) + "\n", "utf-8")


def described(out: Path, integrity: dict[str, str]) -> dict[str, object]:
    """What vendor.json says: each package with its licence and texts, each file with its SHA-256."""
    packages = [
        {
            "name": p.name, "version": p.version, "integrity": integrity[p.name], "licence": p.licence,
            "texts": [here for _, here in p.texts], "files": [*(here for _, here in p.copied), *p.bundled_in],
        }
        for p in PACKAGES
    ]  # fmt: skip
    name, version = BUNDLER
    hashes = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(out.iterdir()) if p.is_file()}
    made_with = {"name": name, "version": version, "integrity": integrity[name], "entry": f"tools/{ENTRY.name}",
                 "entry_sha256": hashlib.sha256(ENTRY.read_bytes()).hexdigest()}  # fmt: skip
    return {"made_by": "tools/vendor.py", "packages": packages, "bundler": made_with, "sha256": hashes}


def differing(made: Path, kept: Path) -> list[str]:
    """Names whose bytes are not the same in both folders."""
    names = {p.name for folder in (made, kept) for p in folder.iterdir() if p.is_file()}

    def content(path: Path) -> bytes | None:
        return path.read_bytes() if path.is_file() else None

    return sorted(n for n in names if content(made / n) != content(kept / n))


def main() -> int:
    """Make, then compare or write; 1 where something differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="replace the committed files")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as work, tempfile.TemporaryDirectory() as made:
        make(Path(work), Path(made))
        if arguments.write:
            TARGET.mkdir(exist_ok=True)
            for name in differing(Path(made), TARGET):
                (TARGET / name).unlink(missing_ok=True)
                if (Path(made) / name).is_file():
                    shutil.copyfile(Path(made) / name, TARGET / name)
        found = differing(Path(made), TARGET)
    for name in found:
        print(f"{name} is not what its package gives")
    print(f"{len(list(TARGET.iterdir()))} files, {len(found)} differ")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
