"""A document under any of its names (取文件): a pack by id, by folder, or a file that is read into a draft."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from shuangkong.kernel.labels import Language
from shuangkong.policy import service
from shuangkong.policy.loading import load_files
from shuangkong.policy.model import Pack
from shuangkong.policy.packset import PackSet
from shuangkong.policy.reading.apart import Bounds, version_of_file
from shuangkong.policy.reading.draft_document import place_of
from shuangkong.policy.reading.drafting import Draft, draft
from shuangkong.policy.reading.model import Document
from shuangkong.policy.rules.catalogue import Catalogue
from shuangkong.policy.words import said


@dataclass(frozen=True, slots=True)
class Drafted:
    """A draft of one document of a file, with the document's facts and the pack's id."""

    document: Document
    pack_id: str
    draft: Draft


def packs_known(folders: list[Path], catalogue: Catalogue | None) -> PackSet:
    """The built-in packs and those in folders, with what the program computes."""
    return PackSet(service.packs_of(folders).packs, catalogue=catalogue)


def draft_file(
    path: Path, number: int | None, *, packs: PackSet, known: date, pack_id: str | None = None,
    region: str | None = None, synthetic: bool = False, language: Language = "zh", bounds: Bounds | None = None,
) -> Drafted:  # fmt: skip
    """The draft of a document of a file: the one of this number, else the first instrument; READ-004 for none."""
    version = version_of_file(path, bounds, number)
    reading = version.reading
    read = [d for d in reading.documents if d.kind in ("instrument", "summary") and number in (None, d.number)]
    if not read:
        raise said("READ-004", "none").at(path.name)
    document = next((d for d in read if d.kind == "instrument"), read[0])
    named = pack_id or suggested_id(document, known)
    made = draft(
        document, reading.targets, reading.duties, reading.candidates, pack_id=named, known=known, packs=packs,
        region=region, text=version.cleaned.text, synthetic=synthetic, language=language,
    )  # fmt: skip
    return Drafted(document, named, made)


def suggested_id(document: Document, known: date) -> str:
    """An id for a draft: its place, year and number in the file, e.g. draft.120000.2022.1."""
    day = date.fromisoformat(document.issued) if document.issued else known
    return f"draft.{place_of(document, day).code}.{day.year}.{document.number}"


def taken(name: str, number: int | None, *, packs: PackSet, known: date, bounds: Bounds | None = None) -> Pack:
    """The pack of a file (read, every entry a candidate), of a folder, or the one called so; raises PACK-006."""
    path = Path(name)
    if path.is_dir():
        return service.named(name, [])
    if path.is_file():
        made = draft_file(path, number, packs=packs, known=known, bounds=bounds)
        # two files of one place and year are two documents
        stem = re.sub("[^a-z0-9]+", "-", path.stem.lower()).strip("-")
        origin = f"{made.pack_id}.{stem}" if stem else made.pack_id
        return load_files({n: t.encode() for n, t in made.draft.files.items()}, origin=origin)
    return packs.pack(name)


def write_draft(made: Drafted, folder: Path) -> list[str]:
    """Write the files of a draft into a new or empty folder; their names in order. PACK-001 where it holds files."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise said("PACK-001", "folder_taken").at(str(folder))
    for name, text in made.draft.files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, "utf-8")
    return list(made.draft.files)
