"""How well the reader does on hand-labelled documents: precision, recall and the fields of what was matched.

`python tests/policy/reading/score.py [NAME ...] [--misses]` prints the figures for each document.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml

from shuangkong.policy.reading.service import as_json, read_text

POLICIES = Path(__file__).parents[4] / "shared" / "policies"
#: Labels of further documents, made later, as places in their texts: the texts stay where they are.
HERE = Path(__file__).parent
LATER = HERE / "labels"
#: The title of invented passages that have none of their own.
PLAN = "合成省“十四五”节能减排综合工作方案"
#: Never looked at while rules were written.
APART = ("tianjin-145-jienengjianpai", "hefei-jienengjiangtan-jigai")
GAP = 25
BODIES = 0.8
NAMES = 0.5
FIELDS = ("unit", "comparator", "target_year", "base_year", "clause")


@dataclass
class Score:
    """The counts of one document or of several."""

    targets: tuple[int, int, int] = (0, 0, 0)  # matched, found, labelled
    duties: tuple[int, int, int] = (0, 0, 0)
    fields: dict[str, int] = field(default_factory=dict)
    misses: list[str] = field(default_factory=list)

    def add(self, other: Score) -> None:
        self.targets = tuple(a + b for a, b in zip(self.targets, other.targets, strict=True))  # type: ignore[assignment]
        self.duties = tuple(a + b for a, b in zip(self.duties, other.duties, strict=True))  # type: ignore[assignment]
        for key, n in other.fields.items():
            self.fields[key] = self.fields.get(key, 0) + n

    def share(self, name: str) -> float:
        return self.fields.get(name, 0) / self.targets[0] if self.targets[0] else 1.0


def ratio(counts: tuple[int, int, int]) -> tuple[float, float]:
    """(precision, recall)."""
    matched, found, labelled = counts
    return matched / found if found else 1.0, matched / labelled if labelled else 1.0


def labelled() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(name, text, label) of every labelled document."""
    for path in sorted((POLICIES / "labels").glob("*.json")):
        folder = "source" if path.stem.isdigit() else "more"
        text = (POLICIES / folder / f"{path.stem}.txt").read_text("utf-8")
        yield path.stem, text, json.loads(path.read_text("utf-8"))
    for path in sorted(LATER.glob("*.json")):
        label = json.loads(path.read_text("utf-8"))
        text = (POLICIES / label["source"]).read_text("utf-8")
        if sha256(text.encode()).hexdigest() != label["sha256"]:
            raise ValueError(f"{label['source']} is another text than the one that was labelled")
        label["targets"] = [{**t, "quote": text[t["start"] : t["end"]]} for t in label["targets"]]
        yield path.stem, text, label


def passages(apart: bool) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(what it shows, text, label) of every invented passage: those rules were written for, or those kept apart."""
    paths = [HERE / name for name in (("passages_apart.yaml",) if apart else ("passages.yaml", "passages_later.yaml"))]
    for entry in (entry for path in paths for entry in yaml.safe_load(path.read_text("utf-8"))):
        text = f"{entry.get('title', PLAN)}\n{entry['text']}"
        whole = {"start": 0, "end": len(text), "quote": entry["what"]}
        wanted = [{**_row(row), **whole} for row in entry["targets"]]
        owed = [dict(zip(("clause", "lead", "support"), _names(d), strict=True)) for d in entry.get("duties", ())]
        yield entry["what"], text, {"document": None, "targets": wanted, "duties": owed}


def _row(row: str) -> dict[str, Any]:
    clause, indicator, comparator, value, unit, base, year = row.split("|")[:7]
    low, _, high = value.partition("-")
    return {
        "clause": clause, "indicator": indicator, "comparator": comparator, "value": Decimal(low), "unit": unit,
        "value_high": Decimal(high) if high else None, "base_year": int(base) if base else None,
        "target_year": int(year) if year else None,
    }  # fmt: skip


def _names(row: str) -> tuple[str, list[str], list[str]]:
    clause, lead, support = row.split("|")
    parted = [[n.replace("＆", "、") for n in names.split("、") if n] for names in (lead, support)]
    return clause, parted[0], parted[1]


def score(text: str, label: Mapping[str, Any]) -> Score:
    found = as_json(read_text(text))
    result = Score()
    pairs = _targets(text, found["targets"], label["targets"], result)
    result.targets = (len(pairs), len(found["targets"]), len(label["targets"]))
    for mine, theirs in pairs:
        for name in FIELDS:
            right = mine[name] == theirs[name]
            result.fields[name] = result.fields.get(name, 0) + right
            if not right:
                result.misses.append(f"{name}: {mine[name]} for {theirs[name]} in {theirs['quote']!r}")
        right = dice(mine["indicator"], theirs["indicator"]) >= NAMES
        result.fields["indicator"] = result.fields.get("indicator", 0) + right
        if not right:
            result.misses.append(f"indicator: {mine['indicator']} for {theirs['indicator']}")
    matched = _duties(found["duties"], label["duties"], result)
    result.duties = (matched, len(found["duties"]), len(label["duties"]))
    about = label["document"] or {}
    for key in about:
        if found["document"][key] != about[key]:
            result.misses.append(f"document {key}: {found['document'][key]} for {about[key]}")
    return result


def _targets(
    text: str, mine: Sequence[dict[str, Any]], theirs: Sequence[dict[str, Any]], result: Score
) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    places = [
        (t["start"], t["end"]) if "start" in t else _place(text, t["quote"], theirs[:i]) for i, t in enumerate(theirs)
    ]
    options = []
    for i, found in enumerate(mine):
        for j, wanted in enumerate(theirs):
            gap = max(places[j][0] - found["end"], found["start"] - places[j][1], 0)
            if Decimal(str(found["value"])) == Decimal(str(wanted["value"])) and gap < GAP:
                likeness = dice(found["indicator"], wanted["indicator"])
                options.append((-(found["unit"] == wanted["unit"]) - likeness, abs(i - j), i, j))
    pairs, used_mine, used_theirs = [], set(), set()
    for _, _, i, j in sorted(options):
        if i not in used_mine and j not in used_theirs:
            used_mine.add(i)
            used_theirs.add(j)
            pairs.append((mine[i], theirs[j]))
    result.misses += [
        f"not found: {t['value']}{t['unit']} {t['quote']!r}" for j, t in enumerate(theirs) if j not in used_theirs
    ]
    result.misses += [
        f"too much: {t['value']}{t['unit']} {t['quote']!r}" for i, t in enumerate(mine) if i not in used_mine
    ]
    return pairs


def _place(text: str, quote: str, before: Sequence[dict[str, Any]]) -> tuple[int, int]:
    at = text.find(quote)
    for earlier in before:
        if earlier["quote"] != quote and text.find(earlier["quote"]) > at and text.find(quote, at + 1) >= 0:
            at = text.find(quote, at + 1)
    return at, at + len(quote)


def _duties(mine: Sequence[dict[str, Any]], theirs: Sequence[dict[str, Any]], result: Score) -> int:
    options = []
    for i, found in enumerate(mine):
        for j, wanted in enumerate(theirs):
            a, b = set(found["lead"] + found["support"]), set(wanted["lead"] + wanted["support"])
            alike = len(a & b) / len(a | b) if a | b else 1.0
            if alike >= BODIES:
                options.append((found["clause"] != wanted["clause"], -alike, abs(i - j), i, j))
    used_mine: set[int] = set()
    used_theirs: set[int] = set()
    for other_clause, _, _, i, j in sorted(options):
        if i in used_mine or j in used_theirs:
            continue
        used_mine.add(i)
        used_theirs.add(j)
        if other_clause:
            result.misses.append(f"duty clause: {mine[i]['clause']} for {theirs[j]['clause']}")
        if set(mine[i]["lead"]) != set(theirs[j]["lead"]):
            result.misses.append(f"duty lead: {mine[i]['lead']} for {theirs[j]['lead']}")
    for word, rows, used in (("missing", theirs, used_theirs), ("too much", mine, used_mine)):
        for n, d in enumerate(rows):
            if n not in used:
                result.misses.append(f"duty {word}: {d['clause']} {d['lead']} {d['support']}")
    return len(used_mine)


def dice(one: str, other: str) -> float:
    """Overlap of the pairs of neighbouring signs."""
    a = [one[i : i + 2] for i in range(len(one) - 1)]
    b = [other[i : i + 2] for i in range(len(other) - 1)]
    common = sum(min(a.count(x), b.count(x)) for x in set(a))
    return 2 * common / (len(a) + len(b)) if a or b else 1.0


def line(name: str, s: Score) -> str:
    p, r = ratio(s.targets)
    dp, dr = ratio(s.duties)
    fields = " ".join(f"{n} {s.share(n):.2f}" for n in (*FIELDS, "indicator"))
    return f"{name[:24]:24} targets {p:.3f}/{r:.3f} {s.targets} duties {dp:.3f}/{dr:.3f} {s.duties} | {fields}"


def main() -> None:
    asked = [a for a in sys.argv[1:] if not a.startswith("-")]
    groups = {"tuned on": Score(), "kept apart": Score()}
    for name, text, label in labelled():
        if asked and name not in asked:
            continue
        result = score(text, label)
        groups["kept apart" if name in APART else "tuned on"].add(result)
        print(line(name, result))  # noqa: T201
        if "--misses" in sys.argv and name not in APART:
            print("\n".join(f"    {m}" for m in result.misses))  # noqa: T201
    for name, result in groups.items():
        print(line(name, result))  # noqa: T201
    for apart in (False, True):
        total = Score()
        for what, text, label in passages(apart):
            result = score(text, label)
            total.add(result)
            if "--misses" in sys.argv and not apart and result.misses:
                print(f"  {what}\n" + "\n".join(f"    {m}" for m in result.misses))  # noqa: T201
        print(line("passages apart" if apart else "passages", total))  # noqa: T201


if __name__ == "__main__":
    main()
