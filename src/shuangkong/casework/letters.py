"""Letters of cases as Word files (督办文书): what `letter_words` says, in the layout of `webkit`'s letters."""

from __future__ import annotations

from shuangkong.casework.letter_words import LETTERS, Letter
from shuangkong.casework.model import Case
from shuangkong.webkit.api import day_words
from shuangkong.webkit.api import letter as blank_letter

#: Widths of the annex's columns in mm.
_WIDTHS = (58, 34, 30, 34)
_OFFICE = "（发文机关署名，加盖印章）"


def letter_bytes(letter: Letter) -> bytes:
    """The letter as a docx, the same bytes for the same letter but for what the library stamps into it."""
    made = blank_letter(letter.title, invented=letter.synthetic)
    made.letterhead()
    made.title(letter.title)
    made.to(f"{letter.to}：")
    for kind, text in letter.body:
        (made.heading if kind == "head" else made.paragraph)(text)
    made.blank()
    made.paragraph(f"附件：{letter.annex_title}")
    made.signed(_OFFICE, day_words(letter.day))
    made.annex("附件", letter.annex_title)
    made.table(letter.head, letter.rows, widths=_WIDTHS)
    for note in letter.notes:
        made.note(note)
    return made.content()


def file_name(case: Case, letter: Letter) -> str:
    """What the file is called: the number of the case and the letter."""
    made = "合成-" if letter.synthetic else ""
    return f"{made}督办{case.number:04d}-{LETTERS[letter.kind].zh}-{case.subject_zh}.docx"
