"""Packs together: where and when a document is in force, parameters across packs, overlays."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.builders import day, pack
from shuangkong.kernel.errors import UserError
from shuangkong.policy.api import Overlay, Pack, PackErrors, PackSet, builtin_packs, load_overlay, unanswered

NATION, PROVINCE, SISTER, CITY, OTHER_CITY = "000000", "990000", "980000", "990100", "990200"
CLAUSES = "- {id: 一, title: {zh: 目标}, kind: target}"
TARGET = """
- slug: intensity
  clause: 一
  indicator: energy_per_gdp
  subject: {subject}
  comparator: decrease_by
  value: 14.5
  unit: "%"
  base_year: 2020
  year: 2025
  horizon: year
"""
PRICE = "- {id: test.price, label: {zh: 价}, unit: CNY/kWh, key: [tier], values: [{tier: low, value: 0.10}]}"
FACTOR = "- {id: test.factor, label: {zh: 系数}, unit: kgce/kg, key: [carrier], values: [{carrier: coal, value: V}]}"


def with_target(name: str, subject: str, **options: str) -> Pack:
    """A pack with one target."""
    files = {"clauses.yaml": CLAUSES, "targets.yaml": TARGET.replace("{subject}", subject)}
    return pack(name, files=files, **options)


def library() -> PackSet:
    """One document per level and one of a sister province and a sister city."""
    return PackSet(
        [
            pack("n.plan@2021", level="nation", region=NATION),
            pack("p.plan@2021", region=PROVINCE, start="2021-01-01", end="2024-01-01"),
            pack("s.plan@2021", region=SISTER),
            pack("c.plan@2021", level="city", region=CITY, known="2023-06-01"),
            pack("o.plan@2021", level="city", region=OTHER_CITY),
        ]
    )


def standings(packs: PackSet, path: tuple[str, ...], on: str, known: str) -> list[tuple[str, str]]:
    """(pack, standing) of what reaches a region."""
    return [(s.pack.key, s.standing.value) for s in packs.in_force(path, day(on), day(known))]


def test_documents_come_from_the_nation_down() -> None:
    """The nation first, then the province, then the city; sisters are not there, expired ones are."""
    path = (NATION, PROVINCE, CITY)
    assert standings(library(), path, "2023-12-31", "2024-06-01") == [
        ("n.plan@2021", "in_force"),
        ("p.plan@2021", "in_force"),
        ("c.plan@2021", "in_force"),
    ]
    assert standings(library(), path, "2024-01-01", "2024-06-01")[1] == ("p.plan@2021", "expired")


def test_what_was_not_published_is_not_there() -> None:
    """As known before its publication a document does not exist."""
    assert ("c.plan@2021", "in_force") not in standings(library(), (NATION, PROVINCE, CITY), "2023-05-01", "2023-05-31")


def test_a_document_may_be_known_before_it_holds() -> None:
    """A published document that has not started is shown as not yet in force."""
    assert standings(library(), (NATION, PROVINCE), "2020-06-01", "2024-01-01") == [
        ("n.plan@2021", "not_yet"),
        ("p.plan@2021", "not_yet"),
    ]


def test_a_new_edition_supersedes_the_old_one() -> None:
    """From the day the new edition holds the old one is superseded, and only if the new one is known."""
    packs = PackSet(
        [
            pack("std.a@2008", level="standard", region=NATION, start="2008-06-01", known="2008-06-01"),
            pack(
                "std.a@2020",
                level="standard",
                region=NATION,
                start="2021-04-01",
                known="2020-09-29",
                supersedes="std.a@2008",
            ),
        ]
    )
    assert standings(packs, (NATION,), "2021-03-31", "2022-01-01") == [
        ("std.a@2008", "in_force"),
        ("std.a@2020", "not_yet"),
    ]
    assert standings(packs, (NATION,), "2021-04-01", "2022-01-01") == [
        ("std.a@2008", "superseded"),
        ("std.a@2020", "in_force"),
    ]
    assert standings(packs, (NATION,), "2021-04-01", "2020-09-28") == [("std.a@2008", "in_force")]


def test_an_end_published_later_is_not_known_earlier() -> None:
    """Before the repeal was published the document counts as open."""
    packs = PackSet([pack("p.plan@2021", end="2023-01-01", more="end_known: 2022-11-01")])
    assert standings(packs, (NATION, PROVINCE), "2023-01-01", "2022-10-31") == [("p.plan@2021", "in_force")]
    assert standings(packs, (NATION, PROVINCE), "2023-01-01", "2022-11-01") == [("p.plan@2021", "expired")]


regions = st.sampled_from([NATION, PROVINCE, SISTER, CITY, OTHER_CITY])
PATHS = [(NATION,), (NATION, PROVINCE), (NATION, SISTER), (NATION, PROVINCE, CITY), (NATION, PROVINCE, OTHER_CITY)]


@given(st.lists(regions, max_size=6), st.sampled_from(PATHS), st.dates(date(2020, 1, 1), date(2026, 1, 1)))
def test_nothing_crosses_from_a_sister(places: list[str], path: tuple[str, ...], on: date) -> None:
    """Whatever packs there are, a region is reached only by documents of regions on its own path, in order."""
    packs = PackSet(
        pack(f"x{i}.plan@1", level="nation" if r == NATION else "city", region=r) for i, r in enumerate(places)
    )
    found = packs.in_force(path, on, date(2026, 1, 1))
    assert [s.pack.instrument.region for s in found] == [r for p in path for r in places if r == p]


def test_targets_bind_whom_they_name() -> None:
    """A target for a province binds that province; one for units binds units below its own region."""
    packs = PackSet(
        [
            with_target("n.regional@1", f'{{regions: ["{PROVINCE}", "{SISTER}"]}}', level="nation", region=NATION),
            with_target("p.units@1", "{units: {class: key_unit}}", region=PROVINCE),
            with_target("s.units@1", "{units: {class: key_unit}}", region=SISTER),
            with_target("p.one@1", '{uscc: "919900000000000018"}', region=PROVINCE),
            with_target("p.old@1", f'{{region: "{PROVINCE}"}}', region=PROVINCE, end="2023-01-01"),
        ]
    )
    when = {"day": day("2024-01-01"), "known": day("2024-01-01")}
    assert [p.id for p, _ in packs.targets_for((NATION, PROVINCE), **when)] == ["n.regional", "p.units"]
    assert [p.id for p, _ in packs.targets_for((NATION, PROVINCE, CITY), **when)] == ["p.units"]
    assert [p.id for p, _ in packs.targets_for((NATION,), **when)] == []


def test_a_parameter_joins_the_rows_of_all_editions() -> None:
    """Asked across packs, a parameter has the rows of every edition and the row knows its pack."""
    packs = PackSet([factors_of("0.7143", "2020"), factors_of("0.7", "2008")])
    row = packs.parameter("test.factor", day=day("2023-01-01"), known=day("2023-01-01"), edition="2008", carrier="coal")
    assert (row.value, packs.pack_of("test.factor", row).key) == (Decimal("0.7"), "std.a@2008")
    assert packs.parameter_ids() == ("test.factor",)


def factors_of(value: str, edition: str, unit: str = "kgce/kg", name: str = "std.a") -> Pack:
    """A standard with one factor."""
    text = FACTOR.replace("value: V", f"value: {value}").replace("kgce/kg", unit)
    return pack(f"{name}@{edition}", level="standard", region=NATION, files={"parameters/a.yaml": text})


def refused(*packs: Pack) -> str:
    """The message of packs that contradict each other."""
    with pytest.raises(PackErrors) as caught:
        PackSet(packs)
    return str(caught.value)


def test_contradicting_packs_are_refused() -> None:
    """The same key twice, another unit, the same row twice, and another carrier under one id."""
    assert refused(pack("a.b@1"), pack("a.b@1")) == (
        "PACK-002 a.b@1: a.b@1 is also the pack at a.b@1. Give one of them another id or edition."
    )
    assert refused(factors_of("1", "2008"), factors_of("1", "2020", "t/t")) == (
        "PACK-005 std.a@2020: test.factor has another unit or key in std.a@2008. "
        "Use the same unit and key, or another id."
    )
    assert refused(factors_of("1", "1"), factors_of("2", "1", name="std.b")) == (
        "PACK-005 std.a@1, std.b@1: test.factor[carrier=coal]@1 has two rows for 2022-01-01, both known on 2022-01-10. "
        "End the first where the second starts, or mark the later one as known later."
    )
    coal = "- {id: coal, label: {zh: 煤}, kind: coal, unit: t}"
    other = {"carriers.yaml": coal.replace("unit: t", "unit: kg")}
    assert refused(pack("a.a@1", files={"carriers.yaml": coal}), pack("a.b@1", files=other)) == (
        "PACK-005 a.b@1: coal is described otherwise in a.a@1. "
        "Describe it once, or in the same words, or use another id."
    )


@pytest.mark.parametrize(
    ("question", "message"),
    [
        (
            lambda s: s.pack("x"),
            "PACK-006 x: there is no such pack. "
            "Check the id on the list of packs (the page “Packs”, or `shuangkong policy list`).",
        ),
        (
            lambda s: s.target("p.plan", "x"),
            "PACK-006 p.plan: there is no target “x”. "
            "Check it on the page of pack p.plan, or with `shuangkong policy show p.plan`.",
        ),
        (
            lambda s: s.clause("p.plan", "九"),
            "PACK-006 p.plan: there is no clause “九”. "
            "Check it on the page of pack p.plan, or with `shuangkong policy show p.plan`.",
        ),
        (
            lambda s: s.parameters("x"),
            "PACK-006 x: no pack carries this parameter. "
            "There are 0; check the id on the page of its pack, or with `shuangkong policy show PACK`.",
        ),
    ],
)
def test_what_is_not_there_is_named(question: object, message: str) -> None:
    """A pack, target, clause or parameter that does not exist is named with the way to those that do."""
    with pytest.raises(UserError) as caught:
        question(library())  # type: ignore[operator]
    assert str(caught.value) == message


def test_an_id_with_two_editions_must_be_told_apart() -> None:
    """An id alone is enough only where it has one edition."""
    packs = PackSet([pack("a.b@1"), pack("a.b@2")])
    with pytest.raises(UserError) as caught:
        packs.pack("a.b")
    assert str(caught.value) == "PACK-006 a.b: 2 editions are called this. Name the edition: a.b@1, a.b@2."
    assert packs.pack("a.b@2").edition == "2"


def scenario(**change: object) -> Overlay:
    """An overlay of one change."""
    full = {"pack": "p.units", "because": "试算", **change}
    return Overlay.model_validate({"name": "tighter", "because": "试算", "changes": [full]})


def changeable() -> PackSet:
    """A pack with a target and a parameter."""
    files = {
        "clauses.yaml": CLAUSES,
        "targets.yaml": TARGET.replace("{subject}", f'{{region: "{PROVINCE}"}}'),
        "parameters/a.yaml": PRICE,
    }
    return PackSet([pack("p.units@1", files=files), pack("z.plan@1")])


def test_an_overlay_leaves_the_original_untouched() -> None:
    """The new set has the changed target, marked synthetic; the old set and its hashes are as before."""
    packs = changeable()
    before = (packs.packs, packs.hashes(), packs.bytes())
    changed = packs.overlay(scenario(target="intensity", set={"value": Decimal("16")}))
    assert changed.target("p.units", "intensity").value == Decimal(16)
    assert changed.target("p.units", "intensity").confidence == "synthetic"
    assert packs.target("p.units", "intensity").value == Decimal("14.5")
    assert (packs.packs, packs.hashes(), packs.bytes()) == before
    assert [(r.pack, r.entry, r.field, r.was, r.becomes, r.because) for r in changed.replaced] == [
        ("p.units@1", "intensity", "value", "14.5", "16", "试算")
    ]


def test_an_overlay_comes_last_in_hashes_and_bytes() -> None:
    """A run keeps packs first and overlays last, and reads back the same set from what it kept."""
    changed = changeable().overlay(
        scenario(parameter="test.price", keys={"tier": "low"}, set={"value": Decimal("0.20")})
    )
    names = [n for n, _ in changed.hashes()]
    assert names == ["p.units@1", "z.plan@1", "overlay:tighter"]
    again = PackSet.from_bytes(changed.bytes())
    assert again.hashes() == changed.hashes()
    row = again.parameter("test.price", day=day("2023-01-01"), known=day("2023-01-01"), tier="low")
    assert (str(row.value), row.confidence) == ("0.20", "synthetic")
    kept = changed.overlays[0].canonical()
    assert load_overlay(kept, origin="o").canonical() == kept


def test_a_pack_of_the_program_is_not_read_again_from_what_a_run_kept() -> None:
    """The same bytes give the same pack, named as the run names it; one changed byte is read as it stands."""
    shipped = next(p for p in builtin_packs() if p.id == "shuangkong.flexing")
    (kept,) = PackSet.from_bytes(((shipped.key, shipped.files),)).packs
    assert kept.parameters is shipped.parameters
    assert (kept.origin, kept.content_hash) == (shipped.key, shipped.content_hash)
    assert shipped.origin == "packs/shuangkong/flexing"
    files = tuple((n, b + b"# more\n" if n == "instrument.yaml" else b) for n, b in shipped.files)
    (other,) = PackSet.from_bytes(((shipped.key, files),)).packs
    assert other.parameters is not shipped.parameters
    assert other.content_hash != shipped.content_hash


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"target": "x", "set": {"value": 1}},
            "RUN-003 p.units:x: pack p.units@1 has no target x. It has: intensity.",
        ),
        (
            {"parameter": "x", "set": {"value": 1}},
            "RUN-003 p.units:x: pack p.units@1 has no parameter x. It has: test.price.",
        ),
        (
            {"parameter": "test.price", "keys": {"tier": "high"}, "set": {"value": 1}},
            "RUN-003 p.units:test.price: test.price[tier=high] has no such row. "
            "Name every key, and an edition that the parameter has.",
        ),
        (
            {"target": "intensity", "set": {"valu": 1}},
            "RUN-003 p.units:intensity: intensity has no field “valu” to change. "
            "It has: accounting, base_year, clause, comparator, confidence, horizon, indicator, level, method, "
            "min_coverage, note, period and 9 more.",
        ),
        (
            {"target": "intensity", "set": {"value": "many"}},
            "RUN-003 p.units:intensity: intensity would not hold: value: 'many' is not an exact decimal. "
            "Change the overlay.",
        ),
    ],
)
def test_an_overlay_that_does_not_fit_is_refused(change: dict[str, object], message: str) -> None:
    """A change of what is not there, or to what cannot be, is refused before anything runs."""
    with pytest.raises(UserError) as caught:
        changeable().overlay(scenario(**change))
    assert str(caught.value) == message


def test_names_that_no_pack_answers_are_warnings() -> None:
    """An undeclared indicator, carrier, product or document is a warning, gone once it is declared."""
    target = TARGET.replace("{subject}", "{units: {product: clinker}}")
    files = {"clauses.yaml": CLAUSES, "targets.yaml": target, "parameters/a.yaml": FACTOR.replace("V", "1")}
    packs = PackSet([pack("a.b@1", files=files, more="carries_out: [no.plan]", supersedes="a.b@0")])
    assert [(f.subject, f.message) for f in unanswered(packs)] == [
        ("a.b@1:carries_out", "“no.plan”: no pack here has this id."),
        ("a.b@1:supersedes", "“a.b@0”: no pack here has this id and edition."),
        ("a.b@1:intensity", "“energy_per_gdp”: the indicator is declared nowhere."),
        ("a.b@1:intensity", "“clinker”: the product is declared nowhere."),
        ("a.b@1:test.factor", "“coal”: the carrier is declared nowhere."),
    ]
    assert len(unanswered(packs, ["energy_per_gdp"])) == 4


def test_a_name_missing_in_many_entries_is_one_warning() -> None:
    """Thirty targets on one undeclared indicator are one warning that counts them."""
    targets = "".join(
        TARGET.replace("{subject}", f'{{region: "{n}"}}').replace("intensity", f"intensity.{n}")
        for n in range(990001, 990031)
    )
    packs = PackSet([pack("a.b@1", files={"clauses.yaml": CLAUSES, "targets.yaml": targets})])
    assert [(f.subject, f.message) for f in unanswered(packs)] == [
        ("a.b@1:intensity.990001", "“energy_per_gdp”: the indicator is declared nowhere (30 entries).")
    ]
