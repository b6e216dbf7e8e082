"""English of the values of an output: a pack's own data, for texts alone, and for values that a row gives."""

from __future__ import annotations

import pytest

from shuangkong.kernel.labels import Label
from shuangkong.policy.api import Pack, PackErrors, load_files

INSTRUMENT = """id: words-test
edition: "1"
title: {zh: 试验（合成）}
issuer: 试验
level: city
region: "410100"
issued: 2021-01-01
in_force_from: 2021-01-01
source: {doc: 试验, place: 全文, known: 2021-01-01}
confidence: synthetic
synthetic: true
"""
CLAUSES = "- {id: 一, title: {zh: 后果}, kind: rule}\n"
TABLE = """- id: follows
  clause: 一
  label: {{zh: 后果}}
  hit: first
  inputs: [{{name: months, label: {{zh: 月数}}, unit: month}}]
  outputs: [{{name: then, label: {{zh: 后果}}, {output}}}]
  rows:
    - {{id: two, when: {{months: ">= 2"}}, then: {{then: {hit}}}}}
    - {{id: none, then: {{then: {other}}}}}
"""


def pack(output: str, hit: str = "提醒", other: str = "无") -> Pack:
    """A pack with one table whose output is written so."""
    files = {
        "instrument.yaml": INSTRUMENT, "clauses.yaml": CLAUSES,
        "tables/t.yaml": TABLE.format(output=output, hit=hit, other=other),
    }  # fmt: skip
    return load_files({name: text.encode() for name, text in files.items()}, origin="test")


def test_a_value_is_said_in_english_where_the_pack_gives_it() -> None:
    """A text with words has both languages, one without is shown as written."""
    output = pack("words: {提醒: reminder}").tables[0].outputs[0]
    assert output.called("提醒") == Label("提醒", "reminder")
    assert output.called("无") == Label("无")


def test_a_flag_is_said_by_what_it_is_called() -> None:
    """True is the label of the output, false says no."""
    output = pack("type: flag", "true", "false").tables[0].outputs[0]
    assert (output.called("true"), output.called("false").en) == (Label("后果"), "no")


@pytest.mark.parametrize(
    ("output", "hit", "other", "told"),
    [
        ("words: {约谈: talk}", "提醒", "无", "no row gives “约谈” as then."),
        ("type: flag, words: {提醒: reminder}", "true", "false", "words go with texts."),
    ],
)
def test_words_for_no_value_and_for_no_text_are_refused(output: str, hit: str, other: str, told: str) -> None:
    """A word that no row gives, and words of a flag, are mistakes of the pack."""
    with pytest.raises(PackErrors) as caught:
        pack(output, hit, other)
    assert any(told in str(e) for e in caught.value.problems)
