"""Looking up places and industries in the shipped lists. No database: the lists are part of the program."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from functools import cache

from shuangkong.kernel.errors import UserError
from shuangkong.registry import codelists
from shuangkong.registry.model import NATION, Industry, Region
from shuangkong.registry.spelling import plain, short_forms

_RANK = {"nation": 0, "province": 1, "prefecture": 2, "county": 3, "pseudo": 4}
_CODE = re.compile(r"\d{2}|\d{4}|\d{6}|\d{9}|\d{12}")


def plain_code(text: str) -> str | None:
    """The six digits of a region code written with 2, 4, 6, 9 or 12; None when the text is no code."""
    digits = unicodedata.normalize("NFKC", text).strip()
    return digits[:6].ljust(6, "0") if _CODE.fullmatch(digits) else None


def _at(spells: Iterable[Region], day: date) -> Region | None:
    """The spell listed on the day, else the one that may already have begun."""
    spells = tuple(spells)
    listed = [r for r in spells if r.listed_on(day)]
    possible = [r for r in spells if r.possible_on(day)]
    return next(iter(listed or possible), None)


def region_by_code(code: str, day: date) -> Region:
    """The region that had the code on the day; also one that may already have had it (see `Region`).

    REG-001 for a code that no list has, REG-002 for one that was valid on other days only.
    """
    found = plain_code(code)
    spells = codelists.regions_by_code().get(found or "", ())
    if not spells:
        near = _near_code(found or code, day)
        raise UserError(
            "REG-001",
            f"no region has the code {code!r}.",
            remedy=_nearest(near),
            case="region_code",
            facts={"text": code[:60], "near": near or "—"},
        )
    if found == NATION:
        return spells[0]
    region = _at(spells, day)
    if region is None:
        raise _other_day(code, spells, day)
    return region


def region_by_name(text: str, day: date, within: str | None = None) -> Region:
    """The region called `text` on the day: full, short (河北, 海西州), English, or a path (河北省石家庄市).

    `within` is the code of a region that must hold it. A full name counts before a short one, a province's
    short name before a prefecture's and that before a county's; a division before a zone. What is still several
    is REG-003; a name of other days only is REG-002; no name at all is REG-001.
    """
    key = plain(text)
    found = _named(key, day, within) or _by_path(key, day, within)
    if len(found) == 1:
        return found[0]
    if found:
        listing = "; ".join(_placed(r, day) for r in found[:8])
        more = f" and {len(found) - 8} more" if len(found) > 8 else ""
        raise UserError(
            "REG-003",
            f"{text!r} names {len(found)} regions: {listing}{more}.",
            remedy="Write the code, or the region above in front of the name.",
            case="regions",
            facts={"text": text[:60], "n": len(found), "listing": listing},
        )
    if others := [r for r in _names().get(key, ()) if within is None or within in _path(r, day)]:
        raise _other_day(text, others, day)
    near = _near_name(key, day, within)
    raise UserError(
        "REG-001",
        f"no region is called {text!r}" + (f" within {within}." if within else "."),
        remedy=_nearest(near),
        case="region_name",
        facts={"text": text[:60], "near": near or "—"},
    )


def find_region(text: str, day: date, within: str | None = None) -> Region:
    """By code when the text is digits, by name otherwise."""
    if plain_code(text):
        return region_by_code(text, day)
    return region_by_name(text, day, within)


def region_path(text: str, day: date) -> tuple[str, ...]:
    """The codes from the nation down to the region; levels that are no places are left out."""
    return _path(find_region(text, day), day)


def regions_on(day: date, level: str | None = None) -> tuple[Region, ...]:
    """All places listed on the day, without pseudo levels, in the order of their codes."""
    return tuple(
        r
        for r in codelists.regions()
        if r.kind != "pseudo" and (level is None or r.level == level) and (r.code == NATION or r.listed_on(day))
    )


def industry(code: str, edition: str) -> Industry:
    """The entry of GB/T 4754 in an edition ("2011" or "2017"); REG-001 or REG-002 otherwise.

    A section's letter in front (C3011) is accepted when it is the right one.
    """
    lists = codelists.industries()
    editions = _editions()
    if edition not in editions:
        raise UserError(
            "REG-001",
            f"GB/T 4754 has no edition {edition!r} here.",
            remedy=f"Name one of: {', '.join(editions)}.",
            case="edition",
            facts={"edition": edition, "known": "、".join(editions)},
        )
    plain_text = unicodedata.normalize("NFKC", code).strip().upper()
    key = plain_text[1:] if re.fullmatch(r"[A-T]\d{2,4}", plain_text) else plain_text
    found = lists.get((edition, key)) or (lists.get((edition, key[:3])) if re.fullmatch(r"\d{3}0", key) else None)
    if found is None:
        raise _no_industry(code, key, edition)
    if key != plain_text and industry_path(found)[0] != plain_text[0]:
        raise UserError(
            "REG-001",
            f"industry {key} of GB/T 4754-{edition} is in section {industry_path(found)[0]}, not {plain_text[0]}.",
            remedy="Leave the letter out, or correct it.",
            case="section",
            facts={"code": key, "section": industry_path(found)[0], "given": plain_text[0]},
        )
    return found


@cache
def _editions() -> tuple[str, ...]:
    return tuple(sorted({edition for edition, _ in codelists.industries()}))


def industry_path(entry: Industry) -> tuple[str, ...]:
    """Section, division, group and class codes down to the entry."""
    path = [entry.code]
    while entry.parent:
        entry = codelists.industries()[(entry.edition, entry.parent)]
        path.append(entry.code)
    return tuple(reversed(path))


def _no_industry(code: str, key: str, edition: str) -> UserError:
    lists = codelists.industries()
    other = sorted(e for e, c in lists if c == key and e != edition)
    if other:
        later = codelists.industry_successors().get(key, ()) if edition == "2017" else ()
        hint = f" It went into {', '.join(later)}." if later else ""
        return UserError(
            "REG-002",
            f"industry {code!r} is not in GB/T 4754-{edition}, but in edition {', '.join(other)}.{hint}",
            remedy="Name the edition the code is from.",
            case="industry_edition",
            facts={"code": code[:20], "edition": edition, "other": "、".join(other)},
        )
    near = [c for e, c in lists if e == edition and len(c) == len(key) > 1 and c[:-1] == key[:-1]][:3]
    named = ", ".join(f"{c} {lists[edition, c].name_zh}" for c in near)
    return UserError(
        "REG-001",
        f"industry {code!r} is not in GB/T 4754-{edition}.",
        remedy=f"Nearest: {named}." if near else "Use a letter, or 2 to 4 digits.",
        case="industry",
        facts={"code": code[:20], "edition": edition, "near": named or "—"},
    )


@cache
def _names() -> dict[str, tuple[Region, ...]]:
    """Compared spelling -> spells, full names and short forms together."""
    found: dict[str, list[Region]] = defaultdict(list)
    for region in codelists.regions():
        if region.kind != "pseudo":
            for form in {plain(region.name_zh), *short_forms(region)}:
                found[form].append(region)
    return {form: tuple(spells) for form, spells in found.items()}


def _named(key: str, day: date, within: str | None) -> list[Region]:
    """Those with the name on the day, narrowed by the order of preference."""
    spells = [r for r in _names().get(key, ()) if r.code == NATION or r.listed_on(day)]
    spells = spells or [r for r in _names().get(key, ()) if r.possible_on(day)]
    if within is not None:
        spells = [r for r in spells if within in _path(r, day)]
    full = [r for r in spells if plain(r.name_zh) == key]
    if not full and spells:
        best = min(_RANK[r.level] for r in spells)
        full = [r for r in spells if _RANK[r.level] == best]
    return [r for r in full if r.kind == "division"] or full


def _by_path(key: str, day: date, within: str | None) -> list[Region]:
    """河北省石家庄市 or 河北石家庄: a region's name in front of one that lies in it."""
    for cut in range(len(key) - 2, 1, -1):
        for above in _named(key[:cut], day, within):
            found = [r for r in _named(key[cut:], day, above.code) if r.code != above.code]
            found = found or [r for r in _by_path(key[cut:], day, above.code) if r.code != above.code]
            if found:
                return found
    return []


def _path(region: Region, day: date) -> tuple[str, ...]:
    path = [] if region.kind == "pseudo" else [region.code]
    parent = region.parent
    while parent:
        path.append(parent)
        spells = codelists.regions_by_code()[parent]
        parent = (_at(spells, day) or spells[-1]).parent
    return tuple(reversed(path))


def _placed(region: Region, day: date) -> str:
    """Code, name and what it lies in, for a list of candidates."""
    above = _path(region, day)[1:-1]
    names = [(_at(codelists.regions_by_code()[c], day) or region).name_zh for c in above]
    return f"{region.code} {''.join([*names, region.name_zh])}"


def _other_day(text: str, spells: Iterable[Region], day: date) -> UserError:
    spells = tuple(spells)
    listing = "; ".join(r.spell_zh for r in spells[:5])
    then = {r.subject: _at(codelists.regions_by_subject()[r.subject], day) for r in spells}
    same = [f"{r.code} {r.name_zh}" for r in then.values() if r is not None]
    return UserError(
        "REG-002",
        f"{text!r} is not valid on {day.isoformat()}: the lists have {listing}.",
        remedy=f"On that day the place was {' or '.join(same)}." if same else "Check the day or the code.",
        case="region_day",
        facts={"text": text[:60], "day": day.isoformat(), "same": "、".join(same) or "—"},
    )


def _listing(regions: Iterable[Region]) -> str:
    """What was probably meant."""
    return ", ".join(list(dict.fromkeys(f"{r.code} {r.name_zh}" for r in regions))[:3])


def _nearest(named: str) -> str:
    """A remedy that names it."""
    return f"Nearest: {named}." if named else "Use a GB/T 2260 code or a name from its list."


def _near_code(code: str, day: date) -> str:
    """The places of that day whose code begins alike."""
    for length in (5, 4, 2):
        if found := [r for r in regions_on(day) if len(code) >= length and r.code.startswith(code[:length])]:
            return _listing(found)
    return _listing(())


def _near_name(key: str, day: date, within: str | None) -> str:
    """The places of that day called alike; among equals the one that begins alike and the higher one."""
    found = {k: r for k, spells in _names().items() for r in spells if r.listed_on(day)}
    if within is not None:
        found = {k: r for k, r in found.items() if within in _path(r, day)}

    def order(name: str) -> tuple[float, bool, int, str]:
        alike = difflib.SequenceMatcher(None, key, name).ratio()
        return -alike, name[0] != key[:1], _RANK[found[name].level], name

    near = difflib.get_close_matches(key, found, n=50, cutoff=0.5)
    return _listing(found[name] for name in sorted(near, key=order))
