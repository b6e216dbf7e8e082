"""The notice of a decomposition (分解通知): a letter in Word with its annex table, and the annex as a workbook."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import xlsxwriter

from shuangkong.app.web.sharing_shown import UNITS, course, exact, lines, signed, year_told
from shuangkong.dualcontrol.api import (
    CRITERIA,
    Closing,
    Outcome,
    Plan,
    SharedOut,
    YearClosing,
    YearShare,
    closed_years,
    figure_of,
    years_of,
)
from shuangkong.webkit.api import Speaker, day_words, grouped, letter

#: Digits that a worksheet keeps as a number; longer ones are written as text, so that none is lost.
_DIGITS = 15


def notice(
    plan: Plan, found: Outcome, issuer: str, day: date, audit_head: str, speaker: Speaker, basis: str
) -> bytes:  # fmt: skip
    """The notice as .docx: what is asked of whom, the reserve, listed projects, years, and the annex. It must close.

    `basis` says in words how the energy is accounted for. A year that does not close says so in its line.
    """
    say = speaker.say
    shared, closing = _closed(found)
    facts = {**_facts(plan, closing, shared, speaker), "issuer": issuer, "basis": basis or say("sharing.by_hand")}
    title = say("sharing_notice.title", **facts)
    made = letter(title, invented=plan.synthetic)
    made.number(say("sharing_notice.number"))
    made.title(title)
    made.to(say("sharing_notice.to"))
    made.paragraph(say("sharing_notice.intro", **facts))
    made.heading(say("sharing_notice.rates_head"))
    made.paragraph(say("sharing_notice.rates", **facts))
    if plan.incentive is not None:
        made.paragraph(say("sharing_notice.incentive", **facts))
    made.heading(say("sharing_notice.totals_head"))
    made.paragraph(say("sharing_notice.totals", **facts))
    made.heading(say("sharing_notice.reserve_head"))
    made.paragraph(say("sharing_notice.reserve", **facts))
    made.heading(say("sharing_notice.years_head"))
    for text in _year_lines(plan, shared, speaker):
        made.paragraph(text)
    made.paragraph(say("sharing_notice.annex_line"))
    made.signed(issuer, day_words(day))
    made.annex(say("sharing_notice.annex"), say("sharing_notice.annex_title"))
    made.table(_head(plan, speaker), [_row(plan, line) for line in lines(plan, found, speaker, 0, len(plan.parts))])
    for note in _begin_later(plan, speaker):
        made.note(note)
    made.note(say("sharing_notice.note", **facts))
    made.note(say("sharing_notice.head_of_log", head=audit_head))
    return made.content()


def _year_lines(plan: Plan, shared: SharedOut, speaker: Speaker) -> list[str]:
    """The rule by which years close, and each year: what is due, what may be used, and of what it is made up."""
    first = plan.base_year + 1
    told = [speaker.say("sharing_notice.years_rule", first_year=first, end_year=plan.end_year)]
    for y, c in zip(course(plan), closed_years(plan, shared), strict=True):
        facts = {"year": y.year, "due": _rate(y.due), "own": _rate(y.own), "allowed": _tce(y.allowed),
                 "parts": _tce(c.parts), "apart": _tce(c.apart)}  # fmt: skip
        if c.reserve is None:
            told.append(speaker.say("sharing_notice.year_short", **facts, **_remedy(c, speaker)))
        else:
            told.append(speaker.say("sharing_notice.year", reserve=_tce(c.reserve), **facts))
    return told


def _remedy(one: YearClosing, speaker: Speaker) -> dict[str, str]:
    """Of a year that does not close: the tonnes missing, the shift that closes it, and what listed projects can do."""
    say, missing = speaker.say, exact(one.missing or Decimal(0))
    shift, later = one.closing_shift, "short_later" if one.later else "short_not_later"
    return {
        "missing": missing, "later": say(f"sharing_notice.{later}", missing=missing),
        "shift": "" if shift is None else say("sharing_notice.short_shift", points=signed(shift)),
    }  # fmt: skip


def _begin_later(plan: Plan, speaker: Speaker) -> list[str]:
    """A line that names the parts whose listed projects count from a year of their own; none where there are none."""
    said = [
        speaker.say("sharing_notice.apart_from_one", name=p.name, year=p.apart_from)
        for p in plan.parts if p.apart_from is not None and p.apart
    ]  # fmt: skip
    names = speaker.say("sharing.and").join(said)
    return [speaker.say("sharing_notice.apart_from", names=names, first_year=plan.base_year + 1)] if said else []


def _closed(found: Outcome) -> tuple[SharedOut, Closing]:
    if not isinstance(found.base, SharedOut) or found.closing is None:
        raise ValueError("what does not close has no notice")
    return found.base, found.closing


def _facts(plan: Plan, closing: Closing, shared: SharedOut, speaker: Speaker) -> dict[str, Any]:
    say, margin = speaker.say, _rate(plan.margin)
    return {
        "base_year": plan.base_year, "first_year": plan.base_year + 1, "end_year": plan.end_year, "plan": plan.title,
        "rate": _rate(plan.rate), "incentive": _rate(plan.incentive) if plan.incentive is not None else "",
        "margin_words": say("sharing_notice.margin_words", margin=margin) if plan.margin else "",
        "margin_less": say("sharing_notice.margin_less", margin_tce=_tce(closing.margin)) if plan.margin else "",
        "growth": _rate(plan.growth), "n": len(plan.parts), "upper": _tce(closing.upper), "parts": _tce(closing.parts),
        "apart": _tce(closing.apart), "reserve": _tce(closing.reserve), "step": _rate(plan.step),
        "kept": _tce(shared.kept), "rest_words": say("sharing_notice.rest_words") if closing.left else "",
        "by": say("sharing_notice.by_clause", clause=plan.clause) if plan.clause else say("sharing_notice.by_nobody"),
    }  # fmt: skip


def _head(plan: Plan, speaker: Speaker) -> list[str]:
    words = ["name", "base_rate", *(["incentive_rate"] if plan.incentive is not None else []), "most", "apart"]
    return [speaker.say(f"sharing_notice.col_{w}") for w in words]


def _row(plan: Plan, line: Any) -> list[str]:
    more = [] if plan.incentive is None else ["—" if line.incentive is None else _rate(line.incentive.rate)]
    return [line.part.name, _rate(line.share.rate), *more, _tce(line.share.allowed), _tce(line.share.apart)]


def _rate(value: Any) -> str:
    return grouped(value, 3)


def _tce(value: Any) -> str:
    """万吨标准煤 to two places, for the letter; the workbook has all digits."""
    return grouped(value / 10000, 2, fixed=True)


def annex(plan: Plan, found: Sequence[Outcome], audit_head: str, speaker: Speaker) -> bytes:
    """The annex as a workbook: shares with their reasons, the closing, years by part, methods, criteria; all digits."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    looks = {
        "head": book.add_format({"bold": True, "bg_color": "#F4F7F7", "bottom": 1, "text_wrap": True}),
        "note": book.add_format({"font_color": "#6A3F93" if plan.synthetic else "#566468"}),
    }
    say = speaker.say
    notes = [plan.title, say("sharing_notice.synthetic") if plan.synthetic else "",
             say("sharing_notice.head_of_log", head=audit_head)]  # fmt: skip
    pages = [
        ("shares", _shares_page(plan, found[0], speaker)), ("closing", _closing_page(found[0], speaker)),
        ("years", _years_page(plan, found[0], speaker)), ("methods", _methods_page(plan, found, speaker)),
        ("criteria", _criteria_page(plan, speaker)),
    ]  # fmt: skip
    for name, rows in pages:
        sheet = book.add_worksheet(say(f"sharing_sheet.{name}"))
        for n, text in enumerate(t for t in notes if t):
            sheet.write_string(n, 0, text, looks["note"])
        for r, row in enumerate(rows, 4):
            for c, value in enumerate(row):
                _write(sheet, r, c, value, looks["head"] if r == 4 else None)
        sheet.set_column(0, 0, 22)
        sheet.set_column(1, 14, 17)
        sheet.freeze_panes(5, 1)
    book.close()
    return out.getvalue()


def _write(sheet: Any, row: int, column: int, value: Any, look: Any) -> None:
    if value is None or value == "":
        return
    if isinstance(value, str | int) or len(value.as_tuple().digits) > _DIGITS:
        text = value if isinstance(value, str) else f"{value:f}" if not isinstance(value, int) else str(value)
        sheet.write_string(row, column, text, look)
    else:
        sheet.write_number(row, column, float(value), look)


def _shares_page(plan: Plan, found: Outcome, speaker: Speaker) -> list[list[Any]]:
    names = ("code", "name", "energy", "growth", "low", "high", "wished", "solved", "rate", "incentive", "allowed",
             "apart", "apart_from", "sentence")  # fmt: skip
    rows: list[list[Any]] = [[speaker.say(f"sharing_column.{n}") for n in names]]
    for x in lines(plan, found, speaker, 0, len(plan.parts)):
        rows.append([
            x.part.code, x.part.name, x.part.energy, x.part.growth, x.low, x.high, x.share.wished, x.share.solved,
            x.share.rate, x.incentive.rate if x.incentive else None, x.share.allowed, x.share.apart,
            x.part.apart_from, x.sentence,
        ])  # fmt: skip
    return rows


def _closing_page(found: Outcome, speaker: Speaker) -> list[list[Any]]:
    head = [speaker.say("sharing.closing"), "tce"]
    closing = found.closing
    if closing is None:
        return [head]
    names = ("upper", "margin", "parts", "apart", "reserve", "kept", "left", "free", "whole_free")
    return [head, *([speaker.say(f"sharing_closing.{n}"), getattr(closing, n)] for n in names)]


def _years_page(plan: Plan, found: Outcome, speaker: Speaker) -> list[list[Any]]:
    """What is due and may be used by year: the whole, each part, and the sum of each year with its clash."""
    say, own = speaker.say, course(plan)
    head = [say("sharing_column.name")]
    head += [f"{y.year} {say('sharing_column.due')}" for y in own]
    head += [f"{y.year} {say('sharing_column.allowed')}" for y in own]
    rows: list[list[Any]] = [head, _course_row(say("sharing.whole"), own)]
    if not isinstance(found.base, SharedOut):
        return rows
    for p, s in zip(plan.parts, found.base.shares, strict=True):
        rows.append(_course_row(p.name, years_of(plan, p.energy, p.growth, s.rate)))
    years, blank = closed_years(plan, found.base), [None] * len(own)
    names = ("upper", "margin", "parts", "apart", "reserve", "missing")
    words = {**{n: say(f"sharing_closing.{n}") for n in ("upper", "margin", "apart", "reserve")},
             "parts": say("sharing_sheet.parts_sum"), "missing": say("sharing_sheet.missing")}  # fmt: skip
    rows += [[], *([words[n], *blank, *(getattr(y, n) for y in years)] for n in names)]
    rows += [[text] for y in years if (text := year_told(plan, y, speaker))]
    return rows


def _course_row(name: str, path: Sequence[YearShare]) -> list[Any]:
    return [name, *(y.due for y in path), *(y.allowed for y in path)]


def _methods_page(plan: Plan, found: Sequence[Outcome], speaker: Speaker) -> list[list[Any]]:
    rows: list[list[Any]] = [
        [speaker.say("sharing_column.name"), *(speaker.say(f"sharing_method.{o.method}") for o in found)]
    ]
    for n, p in enumerate(plan.parts):
        rates = [o.base.shares[n].rate if isinstance(o.base, SharedOut) else None for o in found]
        rows.append([p.name, *rates])
    for name in ("gini", "theil"):
        for kind in ("by_energy", "by_output"):
            values = [getattr(getattr(o, kind), name, None) for o in found]
            rows.append([f"{speaker.say(f'sharing.{name}')} {speaker.say(f'sharing.{kind}')}", *values])
    return rows


def _criteria_page(plan: Plan, speaker: Speaker) -> list[list[Any]]:
    rows: list[list[Any]] = [[
        speaker.say("sharing_column.name"),
        *(f"{speaker.say(f'sharing_criterion.{c}')} ({speaker.say('sharing_unit.' + _key(UNITS[c]))})"
          for c in CRITERIA),
    ]]  # fmt: skip
    rows += [[p.name, *(figure_of(p, c) for c in CRITERIA)] for p in plan.parts]
    rows.append([speaker.say("sharing.weight"), *(plan.weights.get(c) for c in CRITERIA)])
    return rows


def _key(unit: str) -> str:
    return unit.replace("/", "_").replace("%", "percent")
