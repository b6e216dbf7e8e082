"""Files of documents (文件): their text, from .txt, .md, .docx, .pdf with a text layer, and .html."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pypdf
from pypdf.errors import PyPdfError

from shuangkong.policy.words import PolicyError, said

#: The longest plan of a province with all annexes stays far below these; what is longer is not a document.
MAX_BYTES = 20_000_000
MAX_SIGNS = 1_000_000
_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
#: Half of what is in a text has to be signs that texts have, else it is something else in a text file's name.
_ODD = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\ufffd\ue000-\uf8ff]")


def text_of(path: Path) -> str:
    """The text of a file as it stands there; a user error where there is none."""
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise _too_large(path.name)
        content = path.read_bytes()
    except OSError as e:
        raise said("READ-001", "unread", why=e.strerror).at(path.name) from e
    return text_in(content, path.name)


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
    for encoding in ("utf-16",) if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _not_text(name)


def _docx(content: bytes, name: str) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            if parts.getinfo("word/document.xml").file_size > 10 * MAX_BYTES:
                raise _too_large(name)
            body = ElementTree.fromstring(parts.read("word/document.xml"))
    except (zipfile.BadZipFile, KeyError, ElementTree.ParseError, NotImplementedError, RuntimeError) as e:
        raise _not_text(name) from e
    lines = []
    for paragraph in body.iter(f"{_WORD}p"):
        signs = {f"{_WORD}tab": "\t", f"{_WORD}br": "\n", f"{_WORD}cr": "\n"}
        lines.append("".join(e.text or "" if e.tag == f"{_WORD}t" else signs.get(e.tag, "") for e in paragraph.iter()))
    return "\n".join(lines)


def _pdf(content: bytes, name: str) -> str:
    try:
        reader = pypdf.PdfReader(io.BytesIO(content))
        return "\n".join(page.extract_text() for page in reader.pages)
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as e:
        # A damaged PDF makes the library stumble in many ways; none of them is a mistake of ours.
        raise _not_text(name) from e


class _Visible(HTMLParser):
    """The words that a reader of the page sees, one line for each block."""

    _BLOCKS = frozenset(
        ("p", "div", "br", "li", "tr", "section", "article", "table", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6")
    )
    _HIDDEN = frozenset(("script", "style", "head", "noscript", "template"))

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in self._HIDDEN
        if tag in self._BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._hidden = max(0, self._hidden - (tag in self._HIDDEN))
        if tag in self._BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            # A line end in the source of a page is a blank, not the end of a paragraph.
            self.parts.append(re.sub(r"\s+", " ", data))


def _html(content: bytes, name: str) -> str:
    declared = re.search(rb"charset=[\"']?([\w-]+)", content[:2000])
    if declared and declared[1].lower() in (b"gb2312", b"gbk", b"gb18030"):
        content = content.decode("gb18030", "replace").encode()
    page = _Visible()
    page.feed(_plain(content, name))
    page.close()
    return re.sub(r"\n\s*\n+", "\n", "".join(page.parts))
