"""Every change tells what it is, and every dependency why it is here (house rule H16)."""

from __future__ import annotations

import re
import tomllib

from source_tree import ROOT

KINDS = {"added", "changed", "fixed", "results", "packs", "dependencies"}
FRAGMENTS = ROOT / "changes.d"


def misnamed(names: list[str]) -> list[str]:
    """Files that are neither the guide nor a fragment of a known kind."""
    fragment = re.compile(rf"\d+\.({'|'.join(sorted(KINDS))})\.md")
    return [name for name in names if name != "README.md" and not fragment.fullmatch(name)]


def needs(requirements: list[str | dict[str, str]]) -> set[str]:
    """The bare names of a list of requirements."""
    return {re.split(r"[\[<>=!~ ]", text)[0] for text in requirements if isinstance(text, str)}


def test_fragments_have_a_number_and_a_kind() -> None:
    """Each file in changes.d is named NNN.<kind>.md."""
    assert misnamed([path.name for path in FRAGMENTS.iterdir()]) == []


def test_a_misnamed_fragment_is_seen() -> None:
    """A fragment without number or of an unknown kind is reported."""
    assert misnamed(["README.md", "2.added.md", "added.md", "3.news.md"]) == ["added.md", "3.news.md"]


def test_the_guide_lists_every_kind() -> None:
    """The kinds in the guide are the kinds that are checked."""
    assert set(re.findall(r"^\| `(\w+)` \|", (FRAGMENTS / "README.md").read_text("utf-8"), re.M)) == KINDS


def test_every_dependency_says_why() -> None:
    """Each package named in pyproject.toml is named with its reason in the change log or a fragment."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    named = needs(project["project"]["dependencies"])
    for group in (*project["project"]["optional-dependencies"].values(), *project["dependency-groups"].values()):
        named |= needs(group)
    told = "".join(path.read_text("utf-8") for path in [ROOT / "CHANGELOG.md", *FRAGMENTS.glob("*.md")])
    assert len(named) > 20
    assert sorted(name for name in named if f"`{name}`" not in told) == []
