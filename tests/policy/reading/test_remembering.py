"""Decisions find their entry again in a new reading, and words stand where the page shows them."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from shuangkong.policy.reading.clean import clean
from shuangkong.policy.reading.printed import Lit, as_printed, cleaned_span, find_words, normalised, pieces
from shuangkong.policy.reading.remembering import Remembered, carried

TAIL = Remembered("duty", "市发展改革委负责", "三（一）", "推进节能改造")
TEXT = (
    "示范市方案（合成）\n\n一、目标\n到 2025 年，全市能耗比 2020 年下降\n14%，煤炭消费\n— 3 —\n"
    "量控制在 50 万吨以内，PM2.5 浓度下降 10%。\n"
)


def test_words_and_kind_are_remembered_wherever_they_stand() -> None:
    """One entry of these words in each reading is the same, in whatever clause; of another kind it is not."""
    assert carried([TAIL], [replace(TAIL, clause="四（二）", context="其他")]) == {0: 0}
    assert carried([TAIL], [replace(TAIL, kind="target")]) == {}
    assert carried([TAIL], [replace(TAIL, words="市工业和信息化局负责")]) == {}


def test_the_same_words_in_several_places_are_told_apart() -> None:
    """A tail that many clauses share goes by what stands before it, then by its clause; an added one stays open."""
    other = replace(TAIL, clause="三（二）", context="推进循环化改造", rejected=True)
    moved = replace(other, clause="三（三）")
    fresh = replace(TAIL, clause="三（二）", context="编制名单")
    assert carried([TAIL, other], [TAIL, fresh, moved]) == {0: 0, 2: 1}


def test_two_targets_of_one_list_go_by_what_is_measured() -> None:
    """Targets of one list share their words; each keeps its own decision."""
    a, b = (Remembered("target", "分别下降8%、10%", "二", "", what) for what in ("氨氮", "氮氧化物"))
    assert carried([a, b], [b, a]) == {0: 1, 1: 0}


def test_what_was_rejected_everywhere_is_rejected_in_further_places() -> None:
    """Words that were rejected wherever they stood are not proposed anew where they come once more."""
    no = replace(TAIL, rejected=True)
    again = replace(TAIL, clause="五", context="别处")
    assert carried([no], [again, replace(TAIL, rejected=False)]) == {0: 0, 1: 0}
    assert carried([TAIL, replace(no, clause="六", context="六")], [again]) == {}


@given(st.lists(st.builds(Remembered, st.sampled_from("ab"), st.sampled_from("xy"), st.sampled_from("12"),
                          st.sampled_from("pq")), max_size=8))  # fmt: skip
def test_the_same_reading_carries_every_entry_to_one_of_its_own(entries: list[Remembered]) -> None:
    """Read again without a change, each entry finds one that it was, and none is taken twice."""
    found = carried(entries, entries)
    assert sorted(found) == list(range(len(entries)))
    assert sorted(found.values()) == list(range(len(entries)))
    assert all(entries[j] == entries[i] for j, i in found.items())


def test_words_are_found_and_shown_as_printed() -> None:
    """A selection over a wrap and a page mark is found; it is shown on one line, with the blanks that words need."""
    cleaned = clean(TEXT)
    whole = (0, len(cleaned.text))
    found = find_words(cleaned, *whole, "煤炭消费 量控制在５０万吨以内")
    assert found is not None
    assert as_printed(cleaned, *found) == "煤炭消费量控制在50万吨以内"
    assert normalised(cleaned, *found) == "煤炭消费量控制在50万吨以内"
    place = cleaned.span(*found)
    assert TEXT[slice(*place)].startswith("煤炭消费\n— 3 —")
    assert cleaned_span(cleaned, *place) == found
    assert find_words(cleaned, *whole, "不在文中") is None
    assert find_words(cleaned, *whole, " ") is None
    near = find_words(cleaned, *whole, "下降", cleaned.text.index("PM"))
    assert near is not None
    assert near[0] > cleaned.text.index("PM")


def test_pieces_are_the_text_cut_where_words_begin_and_end() -> None:
    """Overlapping words: each piece names whom it is lit for, and together they are the paragraph."""
    cleaned = clean(TEXT)
    a = find_words(cleaned, 0, len(cleaned.text), "全市能耗比2020年下降14%")
    b = find_words(cleaned, 0, len(cleaned.text), "下降14%，煤炭消费量")
    assert a is not None
    assert b is not None
    shown = pieces(cleaned, 0, len(cleaned.text), (Lit("a", *a), Lit("b", *b)))
    assert ["".join(p.text for p in paragraph) for paragraph in shown] == as_printed(
        cleaned, 0, len(cleaned.text)
    ).split("\n")
    lit = [(p.text, p.ids, p.begins) for paragraph in shown for p in paragraph if p.ids]
    assert lit == [
        ("全市能耗比2020年", ("a",), ("a",)), ("下降14%", ("a", "b"), ("b",)), ("，煤炭消费量", ("b",), ()),
    ]  # fmt: skip
