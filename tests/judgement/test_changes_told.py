"""What a public page is told of changes: nothing of what was before, whichever run withheld it."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shuangkong.engine.api import PUBLIC_ONLY, WITHHELD, TableContract, count_withheld
from shuangkong.judgement.api import FINDING_CHANGES, RULE_CHANGES

_OPEN, _SECRET = "r_open", "r_secret"
_CHANGES = ("opened", "stayed", "changed", "closed")


def _run(folder: Path, contract: TableContract) -> Path:
    """A run in which one of two regions has a withheld figure, with a change of each kind of both."""
    rows = [
        {
            **dict.fromkeys((c.name for c in contract.columns if not c.nullable), ""),
            "finding_key": f"{subject}-{change}", "subject_id": subject, "change": change,
            "status": None if change == "closed" else "met", "status_before": None if change == "opened" else "missed",
        }
        for subject in (_OPEN, _SECRET) for change in _CHANGES
    ]  # fmt: skip
    pq.write_table(contract.from_rows(rows), folder / f"{contract.name}.parquet")
    key = {"kind": "total", "key": "t", "subject_id": _SECRET, "reason": "few"}
    pq.write_table(WITHHELD.from_rows([key]), folder / f"{WITHHELD.name}.parquet")
    return folder


@pytest.mark.parametrize("contract", [FINDING_CHANGES, RULE_CHANGES], ids=lambda c: c.name)
def test_what_was_before_is_not_told_to_the_public(contract: TableContract, tmp_path: Path) -> None:
    """Of a region that withholds nothing now only what opened is told: the run before may have withheld the rest."""
    folder = _run(tmp_path, contract)
    seen = pa.table({"subject_id": [_OPEN, _SECRET], PUBLIC_ONLY: [True, True]})
    hidden = {(r["subject_id"], r["change"]) for r in count_withheld(folder, contract, seen, ("subject_id", "change"))}
    assert hidden == {(_OPEN, c) for c in _CHANGES[1:]} | {(_SECRET, c) for c in _CHANGES}


@pytest.mark.parametrize("contract", [FINDING_CHANGES, RULE_CHANGES], ids=lambda c: c.name)
def test_who_reads_a_region_by_right_is_told_all_changes(contract: TableContract, tmp_path: Path) -> None:
    """What is kept from the public is told to whose scope the region lies in."""
    folder = _run(tmp_path, contract)
    seen = pa.table({"subject_id": [_OPEN, _SECRET], PUBLIC_ONLY: [False, False]})
    assert count_withheld(folder, contract, seen, ("subject_id",)) == []
