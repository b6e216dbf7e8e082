"""Find and read files of worked cases: those of packs, and those in a folder of cases."""

from __future__ import annotations

from pathlib import Path

from shuangkong.policy.api import PackErrors, builtin_packs, load_cases, parse_yaml
from shuangkong.testkit.model import Case, case_from, wrong


def cases_in(path: Path, *, shown: str = "") -> tuple[Case, ...]:
    """Every case of one file; raises PackErrors or PACK-003 with file and line."""
    name = shown or path.name
    parsed = parse_yaml(name, path.read_bytes(), loose=True)
    if parsed.problems:
        raise PackErrors(parsed.in_order())
    if not isinstance(parsed.root, list) or not parsed.root:
        raise wrong(name, "the file holds no list of cases.", "Start each case with “- name: ”.")
    lines = getattr(parsed.root, "lines", range(1, len(parsed.root) + 1))
    found = []
    for line, data in zip(lines, parsed.root, strict=True):
        if not isinstance(data, dict):
            raise wrong(f"{name}:{line}", "this is no case.", "Start each case with “- name: ”.")
        found.append(case_from(data, f"{name}:{line}"))
    return tuple(found)


def pack_cases() -> tuple[Case, ...]:
    """The cases of every pack that ships with the program."""
    return tuple(case_from(data, f"{file}:{line}") for p in builtin_packs() for file, line, data in load_cases(p))


def folder_cases(folder: Path) -> tuple[Case, ...]:
    """The cases of every .yaml file in a folder, in the order of their names."""
    return tuple(
        c for path in sorted(folder.glob("*.yaml")) for c in cases_in(path, shown=f"{folder.name}/{path.name}")
    )
