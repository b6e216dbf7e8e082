"""Every mistake that a pack author can make has a case, and the whole message is compared."""

from __future__ import annotations

from pathlib import Path

import pytest

from shuangkong.kernel.errors import UserError
from shuangkong.policy.api import PackErrors, load_all, load_files, load_overlay, load_pack
from shuangkong.policy.strict_yaml import MAX_BYTES

BROKEN = Path(__file__).parent / "broken"
CASES = sorted(p.name for p in BROKEN.iterdir())


@pytest.mark.parametrize("case", CASES)
def test_a_broken_pack_is_refused_with_place_and_remedy(case: str) -> None:
    """Each broken pack gives exactly the messages written beside it."""
    with pytest.raises(PackErrors) as caught:
        load_pack(BROKEN / case / "pack", origin="pack")
    assert f"{caught.value}\n" == (BROKEN / case / "expected.txt").read_text("utf-8")


@pytest.mark.parametrize("case", CASES)
def test_every_problem_has_a_remedy_and_a_place(case: str) -> None:
    """No problem comes without file, line, message and remedy."""
    with pytest.raises(PackErrors) as caught:
        load_pack(BROKEN / case / "pack", origin="pack")
    for problem in caught.value.as_dicts():
        assert problem["where"].startswith("pack/")
        assert problem["where"].split(" ")[0].rsplit(":", 1)[1].isdigit()
        assert problem["message"].endswith(".")
        assert problem["remedy"].endswith((".", "?"))


def test_the_corpus_is_not_empty() -> None:
    """The corpus trips unreadable files, double keys, misfits and dangling references."""
    codes = {line[:8] for c in CASES for line in (BROKEN / c / "expected.txt").read_text("utf-8").splitlines()}
    assert codes == {"PACK-001", "PACK-002", "PACK-003", "PACK-005"}


def test_a_huge_file_is_refused_unread() -> None:
    """A file above the limit is refused before it is parsed."""
    with pytest.raises(PackErrors) as caught:
        load_files({"instrument.yaml": b"#" * (MAX_BYTES + 1)}, origin="pack")
    assert str(caught.value) == (
        "PACK-001 pack/instrument.yaml:1: the file has 4194305 bytes; the limit is 4194304. Split it into several."
    )


def test_a_file_is_no_pack(tmp_path: Path) -> None:
    """A path that is no folder is named."""
    with pytest.raises(UserError) as caught:
        load_pack(tmp_path / "nowhere", origin="nowhere")
    assert str(caught.value) == "PACK-001 nowhere: this is not a folder. Name the folder of a pack."


def test_problems_of_all_packs_come_together() -> None:
    """Loading many packs reports the problems of every one of them in one pass."""
    with pytest.raises(PackErrors) as caught:
        load_all(BROKEN, origin="broken")
    named = {p.where.split("/")[1] for p in caught.value.problems}
    assert named == {c for c in CASES if (BROKEN / c / "pack" / "instrument.yaml").is_file()}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "PACK-001 o.yaml:1: the file is empty. Give name, because and changes."),
        (
            "name: x\nbecause: trial\nchanges: []\n",
            "PACK-003 o.yaml:1: the overlay changes nothing. Give at least one change.",
        ),
        (
            "name: x\nbecause: trial\nchanges:\n  - {pack: a, set: {value: 1}, because: z}\n",
            "PACK-003 o.yaml:4 changes[0]: a change names a target, a parameter or a table. Give one of the three.",
        ),
        (
            "name: x\nbecause: trial\nchanges:\n  - {pack: a, target: b, set: {}, because: z}\n",
            "PACK-003 o.yaml:4 changes[0]: the change does not say one thing. "
            "Give the fields to change under set, or add, or remove.",
        ),
    ],
)
def test_a_broken_overlay_is_refused(text: str, message: str) -> None:
    """An overlay file is held to the same notation as a pack."""
    with pytest.raises(PackErrors) as caught:
        load_overlay(text.encode(), origin="o.yaml")
    assert str(caught.value) == message
