"""The reader on the labelled documents, by the rules of `score.py`; those kept apart are held to the same bar."""

from __future__ import annotations

import pytest

from policy.reading import score

BAR = 0.95
NAME_BAR = 0.9
#: What passages that no rule was written for have to reach; the figures themselves are in docs/design/reading.md.
APART_BAR = 0.85


@pytest.mark.shared
@pytest.mark.skipif(not score.POLICIES.is_dir(), reason="the folder ../shared is not beside the checkout")
@pytest.mark.parametrize("apart", [False, True], ids=["tuned on", "kept apart"])
def test_documents_are_read_well(apart: bool) -> None:
    """Precision, recall and fields are over the bar, also on the documents kept apart."""
    total = score.Score()
    for name, text, label in score.labelled():
        if (name in score.APART) is apart:
            total.add(score.score(text, label))
    assert min(score.ratio(total.targets)) >= BAR, total
    assert min(score.ratio(total.duties)) >= BAR, total
    assert all(total.share(f) >= BAR for f in score.FIELDS), total
    assert total.share("indicator") >= NAME_BAR, total


@pytest.mark.parametrize("apart", [False, True], ids=["written for", "kept apart"])
def test_invented_passages_are_read_well(apart: bool) -> None:
    """Passages that rules were written for are all read; those kept apart are held near the bar of documents."""
    total = score.Score()
    for _, text, label in score.passages(apart):
        total.add(score.score(text, label))
    bar = APART_BAR if apart else BAR
    assert min(score.ratio(total.targets)) >= bar, total
    assert min(score.ratio(total.duties)) >= bar, total
    assert all(total.share(f) >= bar for f in score.FIELDS), total
    assert total.share("indicator") >= NAME_BAR, total


def test_the_rules_of_matching() -> None:
    """An entry of another value, or far away, is none; names are compared by pairs of signs."""
    text = "合成市示范方案\n一、目标\n到2025年，合成利用率达到14%。\n" + "无关的话。" * 20 + "\n末尾的一句。\n"
    wanted = {"document": dict.fromkeys(("title", "doc_number", "issuer", "region", "issued", "period")), "duties": []}
    entry = {"clause": "一", "indicator": "合成利用率", "comparator": "reach", "unit": "%", "value": 14}
    entry |= {"target_year": 2025, "base_year": None, "quote": "合成利用率达到14%"}
    assert score.score(text, {**wanted, "targets": [entry]}).targets == (1, 1, 1)
    assert score.score(text, {**wanted, "targets": [entry | {"value": 15}]}).targets == (0, 1, 1)
    far = entry | {"quote": "末尾的一句"}
    assert score.score(text, {**wanted, "targets": [far]}).targets == (0, 1, 1)
    assert score.dice("甲乙丙", "甲乙丁") == 0.5
    assert score.dice("甲乙", "丙丁") == 0
