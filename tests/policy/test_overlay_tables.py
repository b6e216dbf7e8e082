"""Overlays that change decision tables: fields, rows changed, added and taken out; what does not hold is refused."""

from __future__ import annotations

from datetime import date

import pytest

from shuangkong.kernel.errors import UserError
from shuangkong.policy.api import Overlay, PackSet, builtin_packs, load_overlay

PACK = "demo-shifanshi-rules"
HEAD = "name: tried\nbecause: to see what it means\nchanges:\n"


@pytest.fixture(scope="module")
def packs() -> PackSet:
    """The packs that ship with the program."""
    return PackSet(builtin_packs())


def overlay(*changes: str) -> Overlay:
    """An overlay of changes written as flow mappings."""
    lines = "".join(f"  - {{pack: {PACK}, because: tried, {c}}}\n" for c in changes)
    return load_overlay((HEAD + lines).encode(), origin="change.yaml")


def row(packs: PackSet, table: str, name: str) -> object:
    """A row of a table as it is decided."""
    return next(r for r in packs.chain(PACK, table)[-1].rows if r.id == name)


def test_a_changed_row_is_marked_and_the_books_packs_stay(packs: PackSet) -> None:
    """A changed row is marked and the books packs stay."""
    changed = packs.overlay(
        overlay("table: surcharge, row: key, set: {when: {division: ['30']}, then: {surcharge: 0}}")
    )
    assert row(changed, "surcharge", "key") != row(packs, "surcharge", "key")
    assert next(r for r in changed.table(PACK, "surcharge").rows if r.id == "key").confidence == "synthetic"
    assert [(r.entry, r.field) for r in changed.replaced] == [
        ("surcharge#key", "when.division"), ("surcharge#key", "then.surcharge")
    ]  # fmt: skip
    assert packs.replaced == ()
    assert packs.table(PACK, "surcharge").rows[1].confidence is None


def test_a_row_is_added_before_another_and_taken_out(packs: PackSet) -> None:
    """A row is added before another and taken out."""
    new = "add: {id: huge, when: {energy: '>= 200000'}, then: {class: 特大}}"
    changed = packs.overlay(overlay(f"table: class, row: large, {new}", "table: class, row: key, remove: true"))
    assert [r.id for r in changed.table(PACK, "class").rows] == ["huge", "large", "other"]
    assert [(r.entry, r.was is None, r.becomes is None) for r in changed.replaced] == [
        ("class#huge", True, False), ("class#key", False, True)
    ]  # fmt: skip


def test_fields_of_a_table_change(packs: PackSet) -> None:
    """Fields of a table change."""
    changed = packs.overlay(overlay("table: surcharge, set: {to: 2025-07-01}"))
    assert changed.table(PACK, "surcharge").end == date(2025, 7, 1)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("table: gone, set: {to: 2025-01-01}", "no table gone"),
        ("table: class, row: gone, remove: true", "no row gone"),
        ("table: class, row: large, set: {then: {class: 3}}", "RULE-002"),
        ("table: class, row: large, set: {when: {power: 3}}", "RULE-003"),
        ("table: class, row: other, remove: true", "RULE-005"),
        ("table: class, set: {rows: []}", "no field “rows”"),
        ("table: class, add: {id: large, then: {class: 大}}", "a row large already"),
        ("table: class, add: {id: more}", "would not hold"),
        ("parameter: demo-rules.class-from, keys: {class: key}, set: {value: 60000}", "RULE-005"),
    ],
)
def test_a_change_that_does_not_hold_is_refused(packs: PackSet, change: str, says: str) -> None:
    """A change that does not hold is refused."""
    with pytest.raises(UserError) as caught:
        packs.overlay(overlay(change))
    assert caught.value.code == "RUN-003"
    assert says in caught.value.message


def test_what_a_run_keeps_is_the_same_change_with_every_digit(packs: PackSet) -> None:
    """What a run keeps is the same change with every digit."""
    made = overlay(
        "table: class, row: large, set: {when: {energy: 12.50}}", "table: class, row: key, remove: true",
        "parameter: demo-rules.coal-reward, set: {value: 40.10}",
    )  # fmt: skip
    again = load_overlay(made.canonical(), origin="kept")
    assert again == made
    assert again.content_hash == made.content_hash
    assert packs.overlay(again).replaced == packs.overlay(made).replaced


def test_a_run_reads_its_scenario_again(packs: PackSet) -> None:
    """A run reads its scenario again."""
    changed = packs.overlay(overlay("table: diagnosis, row: accepted, set: {then: {grant: 25000}}"))
    again = PackSet.from_bytes(changed.bytes())
    assert again.table(PACK, "diagnosis").rows == changed.table(PACK, "diagnosis").rows
    assert again.hashes() == changed.hashes()
