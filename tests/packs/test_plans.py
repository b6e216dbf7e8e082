"""Plan packs beside the labels of their documents and the tables of regional targets."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from shuangkong.accounting.deducting import NOT_TAKEN, STEPS, deductions
from shuangkong.policy.api import PackSet, Standing, Target, builtin_packs

Table = Callable[[str], list[dict[str, str]]]
BULLETINS = "data/official-dual-control-bulletins"
TODAY = date(2026, 11, 20)
UNITS = {
    "%": "%", "万吨": "10k_t", "吨": "t", "家": "item", "项": "item", "个": "item", "条": "item", "万平方米": "10k_m2",
    "兆瓦": "MW", "个百分点": "pp", "m³/万元": "m3/10k_CNY", "公里": "km", "万吨/日": "10k_t/d", "倍": "1",
}  # fmt: skip
#: Targets that the labels leave out because no amount is printed: all of it, which the pack writes as 100 %.
ALL_OF_IT = {"masked-industrial-retrofit-2025": {"baseline-capacity-share"}}
#: Falls for which the label has no base year, because none is printed, and the pack reads 2020.
READ_BASE = {"solvent-coating-share", "solvent-ink-share", "solvent-adhesive-use"}


def as_labelled(t: Target) -> tuple[object, ...]:
    """A target as the labels write one."""
    base = None if t.slug in READ_BASE else t.base_year
    comparator = "at_least" if t.comparator == "more_than" else t.comparator  # the labels take 超过 and 不低于 as one
    return t.clause, comparator, t.value, t.value_high, t.unit, base, t.target_year


@pytest.mark.shared
@pytest.mark.parametrize(
    ("file", "pack", "count"),
    [
        ("000.json", "masked-industrial-retrofit-2025", 4),
        ("001.json", "guangdong-fourteenth-plan", 36),
        ("004.json", "fuzhou-fourteenth-plan", 39),
    ],
)
def test_targets_are_the_labelled_ones(packs: PackSet, shared: Path, file: str, pack: str, count: int) -> None:
    """Every labelled target of the document is in the pack with its numbers, in its order, and no other."""
    text = (shared / "policies" / "labels" / file).read_text("utf-8")
    labels = json.loads(text, parse_float=Decimal, parse_int=Decimal)["targets"]
    wanted = [
        (
            x["clause"],
            x["comparator"],
            x["value"],
            x["value_high"],
            UNITS[x["unit"]],
            x["base_year"],
            x["target_year"],
        )
        for x in labels
    ]
    got = [as_labelled(t) for t in packs.pack(pack).targets if t.slug not in ALL_OF_IT.get(pack, ())]
    assert len(got) == count
    assert got == wanted


@pytest.mark.shared
@pytest.mark.parametrize(
    ("file", "pack", "count"),
    [
        ("001.json", "guangdong-fourteenth-plan", 24),
        ("004.json", "fuzhou-fourteenth-plan", 22),
        ("henan-lianggao-xingdong.json", "henan-two-high-2021", 19),
    ],
)
def test_duties_have_the_labelled_bodies(packs: PackSet, shared: Path, file: str, pack: str, count: int) -> None:
    """Every responsibility that the labels name is that of the clause's duties, and no duty has another."""
    labels = json.loads((shared / "policies" / "labels" / file).read_text("utf-8"))["duties"]
    wanted = {(x["clause"], tuple(x["lead"]), tuple(x["support"])) for x in labels}
    assert len(wanted) == count
    duties = packs.pack(pack).duties
    assert {(d.clause, d.lead, d.support) for d in duties if d.lead or d.support} == wanted
    assert not {d.clause for d in duties if not (d.lead or d.support)} & {clause for clause, _, _ in wanted}


def targets_of(packs: PackSet, pack: str, indicator: str) -> dict[str, Target]:
    """Targets of one indicator by the region they bind."""
    return {t.subject.regions[0]: t for t in packs.pack(pack).targets if t.indicator == indicator}


@pytest.mark.shared
def test_thirteenth_plan_targets_are_those_of_the_table(packs: PackSet, table: Table) -> None:
    """Fall of intensity, cap on the increase and base total of each province, each as sure as in the table."""
    rows = table(f"{BULLETINS}/thirteenth_plan_targets.csv")
    falls = targets_of(packs, "guofa-2016-74", "energy_per_gdp")
    caps = targets_of(packs, "guofa-2016-74", "energy_total_increment")
    bases = {r.key[0]: r for r in packs.parameters("region.energy_total_base").values}
    assert {c: (str(t.value), t.confidence) for c, t in falls.items()} == {
        r["adcode"]: (r["intensity_drop_target_pct"], r["confidence"]) for r in rows
    }
    assert {c: (str(t.value), t.confidence) for c, t in caps.items()} == {
        r["adcode"]: (r["increment_cap_10k_tce"], r["confidence"]) for r in rows if r["increment_cap_10k_tce"]
    }
    assert {c: (str(b.value) if b.value else "", b.confidence) for c, b in bases.items()} == {
        r["adcode"]: (r["energy_2015_10k_tce"], r["confidence"]) for r in rows
    }
    assert {(t.base_year, t.target_year, t.method) for t in falls.values()} == {(2015, 2020, "compound")}
    assert [c for c, t in falls.items() if t.confidence == "confirmed"] == ["410000"]


@pytest.mark.shared
def test_twelfth_plan_targets_are_those_of_the_table(packs: PackSet, table: Table) -> None:
    """The fall of intensity 2010-2015 of each province, all confirmed."""
    falls = targets_of(packs, "guofa-2011-26", "energy_per_gdp")
    rows = table(f"{BULLETINS}/twelfth_plan_targets.csv")
    assert {c: (str(t.value), t.confidence) for c, t in falls.items()} == {
        r["adcode"]: (r["intensity_drop_target_pct"], r["confidence"]) for r in rows
    }
    assert {(t.base_year, t.target_year) for t in falls.values()} == {(2010, 2015)}


@pytest.mark.shared
def test_qinghai_targets_are_those_of_the_table(packs: PackSet, table: Table) -> None:
    """Five prefectures, each with a fall of intensity and a cap on the increase for 2019."""
    pack = "qinghai-dual-control-2019"
    falls, caps = (targets_of(packs, pack, i) for i in ("energy_per_gdp", "energy_total_increment"))
    rows = table(f"{BULLETINS}/qinghai_2019_assessment.csv")
    named = {t.scope.zh: c for c, t in falls.items() if t.scope}
    cities = {r["name"]: r["code"] + "00" for r in table("data/division-codes/cities.csv")}
    for r in rows:
        code = named[r["region"]]
        assert str(falls[code].value) == r["target_intensity_drop_pct"]
        assert str(caps[code].value) == r["target_energy_increment_10k_tce"]
        assert [n for n, c in cities.items() if c == code and n.startswith(r["region"][:2])]
    assert len(falls) == len(caps) == len(rows) == 5
    assert {t.target_year for t in (*falls.values(), *caps.values())} == {2019}


@pytest.mark.shared
def test_regions_of_guangdong_targets_are_its_cities(packs: PackSet, table: Table) -> None:
    """Every city code in Guangdong's targets is one, and the groups of cities do not overlap."""
    cities = {r["code"] + "00" for r in table("data/division-codes/cities.csv") if r["provinceCode"] == "44"}
    of = {t.slug: set(t.subject.regions) for t in packs.pack("guangdong-fourteenth-plan").targets}
    sewage = [of[f"sewage-collection-rate.{g}"] for g in ("guangzhou-shenzhen", "pearl-delta", "other-cities")]
    water = [of[f"reclaimed-water-rate.{g}"] for g in ("dry-cities", "other-cities")]
    for groups in (sewage, water):
        assert set.union(*groups) == cities
        assert sum(len(g) for g in groups) == len(cities) == 21


DOCUMENTS = {
    "guofa-2021-33": "more/guowuyuan-145-jienengjianpai.txt",
    "guangdong-fourteenth-plan": "source/001.txt",
    "fuzhou-fourteenth-plan": "source/004.txt",
}


def by_clause(text: str) -> dict[str, str]:
    """The text of a plan by the number of its clause, in the order of the document."""
    found: dict[str, str] = {}
    section = clause = ""
    for line in text.replace("(", "（").replace(")", "）").replace("*", "").splitlines():
        head = re.match(r"[#\s　]*(?:([一二三四五])、|（([一二三四五六七八九十]+)）)", line)
        if head:
            section = head[1] or section
            clause = section if head[1] else f"{section}（{head[2]}）"
        if clause:
            found[clause] = found.get(clause, "") + "".join(line.split())
    return found


@pytest.mark.shared
@pytest.mark.parametrize("pack", DOCUMENTS)
def test_clauses_are_those_of_the_documents(packs: PackSet, shared: Path, pack: str) -> None:
    """Each plan's clause tree has every numbered heading of its text, in its order, behind what stands before them."""
    text = (shared / "policies" / DOCUMENTS[pack]).read_text("utf-8")
    assert [c.id for c in packs.pack(pack).clauses] == ["序", *by_clause(text)]


@pytest.mark.shared
@pytest.mark.parametrize("pack", DOCUMENTS)
def test_figures_stand_in_their_clause(packs: PackSet, shared: Path, pack: str) -> None:
    """The figure of each target is printed in the clause that the target names."""
    clauses = by_clause((shared / "policies" / DOCUMENTS[pack]).read_text("utf-8"))
    missing = [
        t.slug
        for t in packs.pack(pack).targets
        if not re.search(rf"(?<![0-9.]){re.escape(str(t.value))}(?![0-9.])", clauses[t.clause])
    ]
    assert missing == []


@pytest.mark.shared
def test_every_percentage_of_the_national_plan_is_a_target(packs: PackSet, shared: Path) -> None:
    """No percentage that the national 14th plan sets is left out of its pack."""
    clauses = by_clause((shared / "policies" / DOCUMENTS["guofa-2021-33"]).read_text("utf-8"))
    held: dict[str, set[str]] = {}
    for t in packs.pack("guofa-2021-33").targets:
        held.setdefault(t.clause, set()).add(str(t.value))
    printed = {c: set(re.findall(r"([0-9.]+)%", text)) for c, text in clauses.items()}
    assert {c: p - held.get(c, set()) for c, p in printed.items() if p - held.get(c, set())} == {}


def runs(text: str, length: int) -> set[str]:
    """Every run of `length` characters, blanks left out."""
    plain = "".join(text.split())
    return {plain[i : i + length] for i in range(len(plain) - length + 1)}


@pytest.mark.shared
def test_no_sentence_of_a_document_is_copied(packs: PackSet, shared: Path) -> None:
    """No text of a plan pack shares 16 characters with its document, but titles of documents and lists of names."""
    folder = shared / "policies"
    files = [*folder.glob("source/*.txt"), *folder.glob("more/*.txt")]
    held: set[str] = set().union(*(runs(f.read_text("utf-8"), 16) for f in files))
    copied = []
    for pack in packs.packs:
        clauses = [(pack.key, c.id, c.title.zh) for c in pack.clauses]
        notes = [(pack.key, t.slug, t.note or "") for t in pack.targets]
        copied += [place for *place, text in (*clauses, *notes) if not held.isdisjoint(runs(text, 16))]
    assert copied == []


def test_a_plan_whose_years_are_over_is_expired(packs: PackSet) -> None:
    """In late 2026 the 12th, 13th and 14th plan are shown as expired and the targets of 2030 are in force."""
    standing = {s.pack.id: s.standing for s in packs.in_force(("000000", "440000"), TODAY, TODAY)}
    expired = {"guofa-2011-26", "guofa-2016-74", "guofa-2021-33", "guofa-2024-12", "guangdong-fourteenth-plan"}
    assert {i for i in expired if standing[i] is not Standing.EXPIRED} == set()
    assert standing["guofa-2026-22"] is Standing.IN_FORCE
    assert "fuzhou-fourteenth-plan" not in standing


def test_the_national_pack_was_not_known_before_its_publication(packs: PackSet) -> None:
    """As known on the last day of 2021 the national plan is not there, though it was signed and in force."""
    day = date(2022, 6, 1)
    before = {s.pack.id for s in packs.in_force(("000000",), day, date(2021, 12, 31))}
    after = {s.pack.id for s in packs.in_force(("000000",), day, day)}
    assert after - before >= {"guofa-2021-33"}


def test_recalled_figures_say_so(packs: PackSet) -> None:
    """The figures that nobody saw in a public copy keep their mark, and are counted."""
    rows = [r for p in packs.packs for q in p.parameters for r in q.values]
    targets = [t for p in packs.packs for t in p.targets]
    assert sum(r.confidence == "recalled" for r in rows) == 405
    assert sum(t.confidence == "recalled" for t in targets) == 59


def test_every_deduction_that_a_document_names_is_taken_or_said_not_to_be() -> None:
    """A step of a pack that no code takes is named, with the reason, where a reader of the method looks."""
    named = {row.key[0] for row in PackSet(builtin_packs()).parameters("deduction.applies").values}
    assert named == {step for step, _ in STEPS} | set(NOT_TAKEN)
    for text in (
        deductions.__doc__ or "",
        (Path(__file__).parents[2] / "docs/methods/deductions.md").read_text("utf-8"),
    ):
        assert [step for step in NOT_TAKEN if f"step {step}" not in text] == []
