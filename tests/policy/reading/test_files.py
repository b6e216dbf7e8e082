"""Files of every kind give their text; those that have none say so."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from pypdf import PdfWriter
from typer.testing import CliRunner

from shuangkong.kernel.errors import UserError
from shuangkong.policy.cli import policy_app
from shuangkong.policy.reading.files import MAX_BYTES, text_in, text_of

LINE = "到2025年，合成指标达到14%。"


def code(content: bytes, name: str) -> str:
    with pytest.raises(UserError) as error:
        text_in(content, name)
    return error.value.code


def word(body: str) -> bytes:
    held = io.BytesIO()
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    with zipfile.ZipFile(held, "w") as parts:
        parts.writestr("word/document.xml", f'<w:document xmlns:w="{space}"><w:body>{body}</w:body></w:document>')
    return held.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_encodings(encoding: str) -> None:
    """UTF-8, with and without a mark, GB18030 and UTF-16 give the same text."""
    assert text_in(LINE.encode(encoding), "a.txt") == LINE


def test_word_files_give_their_paragraphs() -> None:
    """Runs of a paragraph are put together, paragraphs kept apart."""
    runs = "<w:p><w:r><w:t>到2025年，</w:t></w:r><w:r><w:t>甲</w:t></w:r></w:p><w:p><w:r><w:t>乙</w:t></w:r></w:p>"
    assert text_in(word(runs), "a.docx") == "到2025年，甲\n乙"


def test_pages_give_what_a_reader_sees() -> None:
    """Scripts and heads of pages are no text; the declared encoding holds."""
    page = f"<html><head><title>x</title></head><body><script>1</script><p>{LINE}</p><div>乙</div></body></html>"
    assert text_in(page.encode(), "a.html").split() == [LINE, "乙"]
    old = f'<html><head><meta charset="gb2312"></head><body><p>{LINE}</p></body></html>'
    assert text_in(old.encode("gb18030"), "a.html").split() == [LINE]


def test_a_scan_without_text_says_so() -> None:
    """A PDF of images alone has no text."""
    held = io.BytesIO()
    writer = PdfWriter()
    writer.add_blank_page(200, 200)
    writer.write(held)
    assert code(held.getvalue(), "scan.pdf") == "READ-003"


@pytest.mark.parametrize("content", [b"", b"  \n\n\t", "\ufeff".encode()])
def test_empty_files_say_so(content: bytes) -> None:
    """Nothing and blanks alone have no text."""
    assert code(content, "a.txt") == "READ-003"


@pytest.mark.parametrize(
    "content",
    [
        bytes(range(256)) * 40,
        b"\x89PNG\r\n\x1a\n" + bytes(2000),
        b"%PDF-1.7 broken",
        b"PK\x03\x04 broken",
        b"\xff" * 900,
    ],
)
def test_what_is_no_text_is_refused(content: bytes) -> None:
    """Binary data and broken files are refused, whatever their name says."""
    assert code(content, "a.txt") == "READ-001"


def test_a_word_file_that_is_another_archive_is_refused() -> None:
    """An archive without a document in it is refused."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as parts:
        parts.writestr("other.xml", "x")
    assert code(held.getvalue(), "a.docx") == "READ-001"


def test_a_file_of_fifty_megabytes_is_refused_unread(tmp_path: Path) -> None:
    """A file over the limit is refused by its size."""
    large = tmp_path / "large.txt"
    with large.open("wb") as file:
        file.truncate(50_000_000)
    with pytest.raises(UserError, match="READ-002"):
        text_of(large)
    assert code(b"a" * (MAX_BYTES + 1), "a.txt") == "READ-002"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """A file that does not exist is a user's mistake, not a fault."""
    with pytest.raises(UserError, match="READ-001"):
        text_of(tmp_path / "none.txt")


def test_the_command_prints_lists_as_json_and_lines(tmp_path: Path) -> None:
    """The command gives JSON for programs and lines for people."""
    file = tmp_path / "plan.txt"
    file.write_text(f"合成市示范方案\n一、目标\n{LINE}（市甲局负责）\n", "utf-8")
    shown = CliRunner().invoke(policy_app, ["read", str(file), "--json"])
    assert shown.exit_code == 0
    assert '"value": 14' in shown.stdout
    assert "市甲局" in CliRunner().invoke(policy_app, ["read", str(file)]).stdout
