"""Packs together (规则库): what is in force where and when, parameters across documents, overlays on top."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.policy.complaints import PackErrors
from shuangkong.policy.loading import kept_pack
from shuangkong.policy.merging import by_key, merge_entries, merge_parameters
from shuangkong.policy.model import Carrier, Clause, IndicatorDeclaration, Instrument, Pack, Parameter, Product, Target
from shuangkong.policy.overlay import Overlay, Replacement, apply_change, load_overlay
from shuangkong.policy.overlay_tables import recompiled
from shuangkong.policy.parameters import Dated
from shuangkong.policy.rules.catalogue import Catalogue, misbound
from shuangkong.policy.rules.checked import CheckedTable, ParameterValue
from shuangkong.policy.rules.checks_together import Unproved, proved_together
from shuangkong.policy.rules.model import TableEntry
from shuangkong.policy.rules.together import values_on
from shuangkong.policy.streaks import misread_streaks
from shuangkong.policy.words import PolicyError, listed, said

Kept = tuple[tuple[str, tuple[tuple[str, bytes], ...]], ...]
_OVERLAY = "overlay:"


class Standing(StrEnum):
    """How a document stands on a day."""

    IN_FORCE = "in_force"
    NOT_YET = "not_yet"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"


STANDING_LABELS: dict[Standing, Label] = {
    Standing.IN_FORCE: Label("有效", "in force"),
    Standing.NOT_YET: Label("尚未生效", "not yet in force"),
    Standing.EXPIRED: Label("已失效", "expired"),
    Standing.SUPERSEDED: Label("已被替代", "superseded"),
}


@dataclass(frozen=True, slots=True)
class StandingPack:
    """A pack that reaches a region, its standing on the day, and how far down its issuer sits (0 = nation)."""

    pack: Pack
    standing: Standing
    depth: int


class PackSet:
    """Packs by id@edition, immutable; overlays are kept last and never touch the packs they change."""

    def __init__(
        self,
        packs: Iterable[Pack],
        *,
        overlays: Sequence[Overlay] = (),
        replaced: Sequence[Replacement] = (),
        catalogue: Catalogue | None = None,
    ) -> None:
        """Raises PackErrors when two packs contradict each other, or bind an input to what `catalogue` has not.

        Without a catalogue bindings are not looked at: a run reads its own packs again, whatever the program has since.
        """
        self.packs = tuple(sorted(packs, key=lambda p: p.key))
        self.overlays = tuple(overlays)
        self.replaced = tuple(replaced)
        self.catalogue = catalogue
        self.unproved: Unproved = tuple((p.key, table, why) for p in self.packs for table, why in p.unchecked)
        problems: list[UserError] = []
        self._by_key = by_key(self.packs, problems)
        self._parameters = merge_parameters(self.packs, problems)
        self.carriers: dict[str, Carrier] = merge_entries(self.packs, lambda p: p.carriers, problems)
        self.products: dict[str, Product] = merge_entries(self.packs, lambda p: p.products, problems)
        self.indicators: dict[str, IndicatorDeclaration] = merge_entries(self.packs, lambda p: p.indicators, problems)
        if catalogue is not None:
            problems += misbound(self, catalogue)
            problems += misread_streaks(self, catalogue)
            self.unproved, faults = proved_together(self.packs, self._parameters)
            problems += faults
        if problems:
            raise PackErrors(problems)

    def pack(self, name: str) -> Pack:
        """The pack called id@edition, or id where it has one edition; raises PACK-006."""
        found = [p for p in self.packs if name in (p.key, p.id)]
        if len(found) == 1:
            return found[0]
        if found:
            raise said("PACK-006", "editions", n=len(found), editions=listed(p.key for p in found)).at(name)
        raise said("PACK-006", "pack").at(name)

    def target(self, pack: str, slug: str) -> Target:
        """A target by pack and slug; raises PACK-006."""
        for target in self.pack(pack).targets:
            if target.slug == slug:
                return target
        raise _no_entry(pack, "target", slug)

    def clause(self, pack: str, clause: str) -> Clause:
        """A clause by pack and number; raises PACK-006."""
        for found in self.pack(pack).clauses:
            if found.id == clause:
                return found
        raise _no_entry(pack, "clause", clause)

    def table(self, pack: str, name: str) -> TableEntry:
        """A decision table by pack and id, as it is written; raises PACK-006."""
        for table in self.pack(pack).tables:
            if table.id == name:
                return table
        raise _no_entry(pack, "table", name)

    def chain(self, pack: str, name: str) -> tuple[CheckedTable, ...]:
        """A decision table behind all those whose outputs it takes, in the order in which they are decided."""
        self.table(pack, name)
        decided = {t.id: t for t in self.pack(pack).decided}
        wanted, left = {name}, [name]
        while left:
            above = {i.upstream[0] for i in decided[left.pop()].inputs if i.upstream is not None}
            left += above - wanted
            wanted |= above
        return tuple(t for t in decided.values() if t.id in wanted)

    def values_of(self, table: CheckedTable, day: date, known: date) -> dict[str, ParameterValue]:
        """The parameters of a table on `day` as known on `known`, by the table's names for them."""
        return values_on(table.parameters, self._parameters, day, known)

    def parameter(self, name: str, /, *, day: date, known: date, edition: str | None = None, **keys: str) -> Dated:
        """The row of a parameter in force on `day` as known on `known`; raises PACK-004 or PACK-006."""
        return self.parameters(name).at(day, known=known, edition=edition, **keys)

    def parameters(self, name: str) -> Parameter:
        """A parameter with the rows of every pack that carries it; raises PACK-006."""
        if name not in self._parameters:
            raise said("PACK-006", "parameter", n=len(self._parameters)).at(name)
        return self._parameters[name]

    def parameter_ids(self) -> tuple[str, ...]:
        """Ids of all parameters, in order."""
        return tuple(sorted(self._parameters))

    def pack_of(self, name: str, row: Dated) -> Pack:
        """The pack that carries a row of a parameter; raises PACK-006."""
        for pack in self.packs:
            for parameter in pack.parameters:
                if parameter.id == name and any(row is r for r in parameter.values):
                    return pack
        raise said("PACK-006", "row").at(name)

    def in_force(self, region_path: Sequence[str], day: date, known: date) -> tuple[StandingPack, ...]:
        """Documents that reach a region, from the nation down, with their standing on `day` as known on `known`.

        `region_path` holds codes from the nation to the region itself; what belongs to any other region, a
        sister or another province, is not there. Documents published after `known` are not there either.
        """
        depth = {code: i for i, code in enumerate(region_path)}
        seen = [p for p in self.packs if p.instrument.region in depth and p.instrument.source.known <= known]
        replaced = {k for p in seen if p.instrument.in_force_from <= day for k in p.instrument.supersedes}
        found = [
            StandingPack(p, _standing(p.instrument, p.key in replaced, day, known), depth[p.instrument.region])
            for p in seen
        ]
        return tuple(sorted(found, key=lambda s: (s.depth, s.pack.instrument.issued, s.pack.key)))

    def targets_for(self, region_path: Sequence[str], day: date, known: date) -> tuple[tuple[Pack, Target], ...]:
        """Targets in force that bind the region itself, or units in it, from the nation down.

        A target without regions binds units of its instrument's region; one with regions binds those alone. One that
        names a single unit is not there: where a unit lies the register knows.
        """
        here, above = region_path[-1], set(region_path)
        found = []
        for stand in self.in_force(region_path, day, known):
            if stand.standing is not Standing.IN_FORCE:
                continue
            for target in stand.pack.targets:
                regions = target.subject.regions
                units = target.subject.units is not None
                if target.source.known <= known and (
                    here in regions or (units and (not regions or not above.isdisjoint(regions)))
                ):
                    found.append((stand.pack, target))
        return tuple(found)

    def overlay(self, overlay: Overlay) -> PackSet:
        """A new set with the overlay on top; this one stays as it is. Raises RUN-003 where it does not fit."""
        packs = dict(self._by_key)
        replaced: list[Replacement] = list(self.replaced)
        touched: list[str] = []
        for change in overlay.changes:
            key = self.pack(change.pack).key
            packs[key], done = apply_change(packs[key], change)
            replaced += done
            touched.append(key)
        for key in dict.fromkeys(touched):
            packs[key] = recompiled(packs[key])
        overlays = (*self.overlays, overlay)
        return PackSet(packs.values(), overlays=overlays, replaced=replaced, catalogue=self.catalogue)

    def hashes(self) -> tuple[tuple[str, str], ...]:
        """(name, content hash) of every pack, then of every overlay, as a run's manifest keeps them."""
        packs = [(p.key, p.content_hash) for p in self.packs]
        return (*packs, *((_OVERLAY + o.name, o.content_hash) for o in self.overlays))

    def bytes(self) -> Kept:
        """The files of every pack, then every overlay, as a run keeps them; `from_bytes` reads them back."""
        packs = [(p.key, p.files) for p in self.packs]
        return (*packs, *((_OVERLAY + o.name, ((f"{o.name}.json", o.canonical()),)) for o in self.overlays))

    @classmethod
    def from_bytes(cls, kept: Kept) -> PackSet:
        """The set that `bytes` came from."""
        packs = cls(kept_pack(dict(files), origin=name) for name, files in kept if not name.startswith(_OVERLAY))
        for name, files in kept:
            if name.startswith(_OVERLAY):
                packs = packs.overlay(load_overlay(files[0][1], origin=name))
        return packs


def _standing(instrument: Instrument, replaced: bool, day: date, known: date) -> Standing:
    end = instrument.in_force_to
    if instrument.end_known is not None and known < instrument.end_known:
        end = None
    if day < instrument.in_force_from:
        return Standing.NOT_YET
    if replaced:
        return Standing.SUPERSEDED
    return Standing.EXPIRED if end is not None and end <= day else Standing.IN_FORCE


_KINDS = {
    "target": Label("目标", "target"), "clause": Label("条款", "clause"), "table": Label("规则表", "table"),
}  # fmt: skip


def _no_entry(pack: str, kind: str, name: str) -> PolicyError:
    return said("PACK-006", "entry", kind=_KINDS[kind], name=name, pack=pack).at(pack)
