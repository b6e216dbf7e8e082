"""The one loader of packs (规则包): a folder of strict YAML in, a `Pack` out, or every problem in one pass."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path as FilePath
from typing import Any

from pydantic import BaseModel, ValidationError

from shuangkong.kernel.errors import UserError
from shuangkong.policy.complaints import PackErrors, complain
from shuangkong.policy.model import (
    Carrier,
    Clause,
    Duty,
    IndicatorDeclaration,
    Instrument,
    Pack,
    Parameter,
    Product,
    Target,
    content_hash,
)
from shuangkong.policy.references import cross_check
from shuangkong.policy.rules.model import TableEntry
from shuangkong.policy.rules.together import compile_tables
from shuangkong.policy.strict_yaml import Map, Parsed, Seq, parse_yaml
from shuangkong.policy.words import said, why_unread

INSTRUMENT = "instrument.yaml"
#: Files of lists: name, model and field of `Pack`.
LISTS: dict[str, tuple[type[BaseModel], str]] = {
    "clauses.yaml": (Clause, "clauses"),
    "targets.yaml": (Target, "targets"),
    "duties.yaml": (Duty, "duties"),
    "indicators.yaml": (IndicatorDeclaration, "indicators"),
    "carriers.yaml": (Carrier, "carriers"),
    "products.yaml": (Product, "products"),
}
_PARAMETERS = re.compile(r"parameters/[a-z0-9_]+\.yaml")
_TABLES = re.compile(r"tables/[a-z0-9_]+\.yaml")
_CASES = re.compile(r"cases/[a-z0-9_]+\.yaml")


def load_pack(path: FilePath | Traversable, *, origin: str | None = None) -> Pack:
    """The pack in a folder; raises PackErrors with all that is wrong in any of its files."""
    shown = origin if origin is not None else str(path)
    if not path.is_dir():
        raise said("PACK-001", "no_folder").at(shown)
    try:
        files = dict(_files(path))
    except OSError as error:
        raise said("PACK-001", "unread", file=error.filename, why=why_unread(error)).at(shown) from None
    return load_files(files, origin=shown)


def load_files(files: Mapping[str, bytes], *, origin: str) -> Pack:
    """The pack in these files (names inside its folder), e.g. the bytes that a run kept."""
    return _Assembly(files, origin).pack()


def kept_pack(files: Mapping[str, bytes], *, origin: str) -> Pack:
    """The pack in the bytes that a run kept; one that ships with the program and was read is not read anew."""
    shipped = _shipped().get(tuple(sorted(files.items()))) if builtin_packs.cache_info().currsize else None
    return load_files(files, origin=origin) if shipped is None else shipped.model_copy(update={"origin": origin})


def find_packs(path: FilePath | Traversable) -> Iterator[tuple[str, FilePath | Traversable]]:
    """Every pack folder at or below a path, with its place below it, in the order of names."""
    if path.joinpath(INSTRUMENT).is_file():
        yield "", path
        return
    for child in sorted(path.iterdir(), key=lambda p: p.name):
        if child.is_dir() and not child.name.startswith((".", "__")):
            for below, pack in find_packs(child):
                yield f"{child.name}/{below}".rstrip("/"), pack


def load_all(path: FilePath | Traversable, *, origin: str) -> tuple[Pack, ...]:
    """Every pack at or below a path; raises PackErrors with the problems of all of them."""
    if not path.is_dir():
        raise said("PACK-001", "no_folder").at(origin)
    packs: list[Pack] = []
    problems: list[UserError] = []
    for below, folder in find_packs(path):
        try:
            packs.append(load_pack(folder, origin=f"{origin}/{below}" if below else origin))
        except PackErrors as errors:
            problems.extend(errors.problems)
    if problems:
        raise PackErrors(problems)
    return tuple(packs)


@cache
def builtin_packs() -> tuple[Pack, ...]:
    """The packs that ship with the program: `packs/<issuer>/<document>/`, in the order of their names; read once."""
    root = resources.files("shuangkong").joinpath("packs")
    return load_all(root, origin="packs") if root.is_dir() else ()


@cache
def _shipped() -> dict[tuple[tuple[str, bytes], ...], Pack]:
    return {pack.files: pack for pack in builtin_packs()}


def _files(root: FilePath | Traversable, prefix: str = "") -> Iterator[tuple[str, bytes]]:
    for child in sorted(root.iterdir(), key=lambda p: p.name):
        if child.is_dir():
            if child.name != "__pycache__":
                yield from _files(child, f"{prefix}{child.name}/")
        else:
            yield prefix + child.name, child.read_bytes()


class _Assembly:
    """One pass over a pack's files; problems are collected file by file and raised together."""

    def __init__(self, files: Mapping[str, bytes], origin: str) -> None:
        self.files = tuple(sorted(files.items()))
        self.origin = origin
        self.parsed: dict[str, Parsed] = {}
        self.inherited: Map | None = None

    def pack(self) -> Pack:
        for name, data in self.files:
            self.parsed[name] = self._parse(name, data)
        instrument = self._instrument()
        lists = {field: self._list(name, model) for name, (model, field) in LISTS.items()}
        lists["parameters"] = [p for n in self.parsed if _PARAMETERS.fullmatch(n) for p in self._list(n, Parameter)]
        lists["tables"] = [t for n in self.parsed if _TABLES.fullmatch(n) for t in self._list(n, TableEntry)]
        cross_check(self.parsed, lists)
        decided, unchecked = compile_tables(self.parsed, lists["tables"], {p.id: p for _, _, p in lists["parameters"]})
        problems = [p for parsed in self.parsed.values() for p in parsed.in_order()]
        if problems or instrument is None:
            raise PackErrors(problems)
        fields: dict[str, Any] = {k: tuple(i for _, _, i in v) for k, v in lists.items()}
        return Pack(
            instrument=instrument,
            files=self.files,
            content_hash=content_hash(self.files),
            origin=self.origin,
            decided=decided,
            unchecked=unchecked,
            **fields,
        )

    def _parse(self, name: str, data: bytes) -> Parsed:
        place = f"{self.origin}/{name}"
        if _CASES.fullmatch(name):
            return Parsed(place)
        if name != INSTRUMENT and name not in LISTS and not _PARAMETERS.fullmatch(name) and not _TABLES.fullmatch(name):
            parsed = Parsed(place)
            parsed.add(1, (), said("PACK-001", "no_file"))
            return parsed
        return parse_yaml(place, data)

    def _instrument(self) -> Instrument | None:
        parsed = self.parsed.setdefault(INSTRUMENT, Parsed(f"{self.origin}/{INSTRUMENT}"))
        if parsed.root is None:
            if not parsed.problems:
                parsed.add(1, (), said("PACK-001", "no_instrument"))
            return None
        if not isinstance(parsed.root, Map):
            parsed.add(parsed.root.line, (), said("PACK-003", "list"))
            return None
        self.inherited = parsed.root
        try:
            return Instrument.model_validate(parsed.root)
        except ValidationError as error:
            complain(parsed, (), error, Instrument)
            return None

    def _list(self, name: str, model: type[BaseModel]) -> list[tuple[str, int, Any]]:
        """(file, index, entry) of each entry of a list file that fits its model."""
        parsed = self.parsed.get(name)
        if parsed is None or (parsed.root is None and parsed.problems):
            return []
        if not isinstance(parsed.root, Seq):
            line = parsed.root.line if parsed.root is not None else 1
            parsed.add(line, (), said("PACK-003", "no_list_file"))
            return []
        found = []
        for index, row in enumerate(parsed.root):
            try:
                found.append((name, index, model.model_validate(self._inherit(model, row))))
            except ValidationError as error:
                complain(parsed, (index,), error, model)
        return found

    def _inherit(self, model: type[BaseModel], row: object) -> object:
        """What an entry takes over from the instrument when it does not say it itself."""
        doc = self.inherited
        if doc is None or not isinstance(row, Map) or model not in (Target, Duty, Parameter, TableEntry):
            return row
        pairs: Iterable[tuple[str, object]]
        if model is Target:
            pairs = (("source", _at(doc, row.get("clause"))), ("confidence", doc.get("confidence")))
            if row.get("horizon") == "plan":
                pairs = (*pairs, ("period", doc.get("period")))
        elif model is Duty:
            pairs = (("source", _at(doc, row.get("clause"))),)
        elif model is TableEntry:
            pairs = (
                ("from", doc.get("in_force_from")),
                ("to", doc.get("in_force_to")),
                ("source", _at(doc, row.get("clause"))),
                ("confidence", doc.get("confidence")),
            )
        else:
            pairs = (
                ("edition", doc.get("edition")),
                ("from", doc.get("in_force_from")),
                ("to", doc.get("in_force_to")),
                ("source", _at(doc, row.get("clause"))),
                ("confidence", doc.get("confidence")),
            )
        return {**{k: v for k, v in pairs if v is not None}, **row}


def _at(doc: Map, clause: object) -> object:
    source = doc.get("source")
    if isinstance(source, Map) and isinstance(clause, str):
        return {**source, "place": clause}
    return source


def load_cases(pack: Pack) -> tuple[tuple[str, int, Map], ...]:
    """(file, line, case) of every worked case of a pack, as plain data; raises PackErrors.

    Cases are read loosely: their shape is the case collector's, but numbers keep their digits here too.
    """
    found: list[tuple[str, int, Map]] = []
    problems: list[UserError] = []
    for name, data in pack.files:
        if not _CASES.fullmatch(name):
            continue
        parsed = parse_yaml(f"{pack.origin}/{name}", data, loose=True)
        rows = parsed.root if isinstance(parsed.root, Seq) else Seq(1)
        cases = [(line, case) for line, case in zip(rows.lines, rows, strict=True) if isinstance(case, Map)]
        if not parsed.problems and (not cases or len(cases) < len(rows)):
            parsed.add(1, (), said("PACK-003", "no_cases"))
        problems += parsed.problems
        found += [(f"{pack.origin}/{name}", line, case) for line, case in cases]
    if problems:
        raise PackErrors(problems)
    return tuple(found)
