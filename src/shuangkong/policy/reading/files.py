"""Files of documents (文件): their text, from .txt, .md, .docx, .pdf with a text layer, and .html."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path

import pypdf
from pypdf.errors import PyPdfError

from shuangkong.policy.reading.page import text_of_page
from shuangkong.policy.reading.word import NotWord, TooLarge, text_of_word
from shuangkong.policy.words import PolicyError, said, why_unread

#: The longest plan of a province with all annexes stays far below these; what is longer is not a document.
MAX_BYTES = 20_000_000
MAX_SIGNS = 1_000_000
MAX_PAGES = 2_000
#: Half of what is in a text has to be signs that texts have, else it is something else in a text file's name.
_ODD = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\ufffd\ue000-\uf8ff]")


def text_of(path: Path) -> str:
    """The text of a file as it stands there; a user error where there is none."""
    return text_in(bytes_of(path), path.name)


def bytes_of(path: Path) -> bytes:
    """What is in a file; READ-001 where it cannot be read, READ-002 where it is too large."""
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise _too_large(path.name)
        return path.read_bytes()
    except OSError as e:
        raise said("READ-001", "unread", why=why_unread(e)).at(path.name) from e


def text_in(content: bytes, name: str) -> str:
    """The text in the bytes of a file; its name says the kind where the bytes do not."""
    if len(content) > MAX_BYTES:
        raise _too_large(name)
    text = _kind(content, name)(content, name).removeprefix("\ufeff")
    if len(text) > MAX_SIGNS:
        raise _too_large(name)
    if not re.search(r"\w", text):
        raise said("READ-003", "empty").at(name)
    if len(_ODD.findall(text)) * 50 > len(text):
        raise _not_text(name)
    return text


def _too_large(name: str) -> PolicyError:
    return said("READ-002", "large", megabytes=MAX_BYTES // 1_000_000, millions=MAX_SIGNS // 1_000_000).at(name)


def _not_text(name: str) -> PolicyError:
    return said("READ-001", "not_text").at(name)


def _kind(content: bytes, name: str) -> Callable[[bytes, str], str]:
    ending = Path(name).suffix.lower()
    if content[:5] == b"%PDF-":
        return _pdf
    if content[:4] == b"PK\x03\x04":
        return _docx
    if ending in (".html", ".htm") or content[:200].lstrip().lower().startswith((b"<!doctype html", b"<html")):
        return _html
    return _plain


def _plain(content: bytes, name: str) -> str:
    if b"\x00" in content and content[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        return _unmarked(content, name)
    for encoding in ("utf-16",) if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _not_text(name)


def _unmarked(content: bytes, name: str) -> str:
    """UTF-16 without its mark: whichever order of bytes gives more Chinese."""
    read = [content.decode(encoding, "replace") for encoding in ("utf-16-le", "utf-16-be")]
    best = max(read, key=lambda text: len(re.findall("[一-鿿]", text)))
    if len(re.findall("[一-鿿，。、；：\\s\\x20-\\x7e]", best)) * 10 < len(best) * 9:
        raise _not_text(name)
    return best


def _docx(content: bytes, name: str) -> str:
    try:
        return text_of_word(content, 2 * MAX_BYTES)
    except TooLarge as e:
        raise _too_large(name) from e
    except NotWord as e:
        raise _not_text(name) from e


def _pdf(content: bytes, name: str) -> str:
    try:
        reader = pypdf.PdfReader(io.BytesIO(content))
        pages: list[str] = []
        signs = 0
        for page in reader.pages:
            pages.append(page.extract_text())
            signs += len(pages[-1])
            if signs > MAX_SIGNS or len(pages) > MAX_PAGES:
                raise _too_large(name)
        return "\n".join(pages)
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as e:
        # A damaged PDF makes the library stumble in many ways; none of them is a mistake of ours.
        raise _not_text(name) from e


def _html(content: bytes, name: str) -> str:
    declared = re.search(rb"charset=[\"']?([\w-]+)", content[:2000])
    if declared and declared[1].lower() in (b"gb2312", b"gbk", b"gb18030"):
        content = content.decode("gb18030", "replace").encode()
    try:
        return text_of_page(_plain(content, name))
    except (AssertionError, RecursionError) as e:
        # The library's parser stumbles over marks that are no HTML.
        raise _not_text(name) from e
