"""`why` of a grade, nowcast, measure, estimate or flexed total at the terminal: the chain of the page in lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from shuangkong.casework.api import called
from shuangkong.dualcontrol.api import (
    CONTROLS,
    FLEX_STEP_LABELS,
    GRADES,
    STANDINGS,
    STATES,
    TESTS,
    WHATS,
    Reason,
)
from shuangkong.judgement.api import Why
from shuangkong.kernel.labels import Label, Language
from shuangkong.kernel.periods import Period
from shuangkong.policy.api import builtin_packs

Row = dict[str, Any]
SHOWN = 12
NONE = Label("无等级", "no grade")
#: The parts that rows play for one another.
ROLES = {
    "made of": Label("由此合并", "made of"),
    "year to date before": Label("上期累计", "year to date before"),
    "months so far": Label("已有各月", "months so far"),
    "counted": Label("计数月份", "counted"),
    "decided": Label("规则结论", "decided by the rule"),
    "fall_finding": Label("降幅目标结论", "finding of the base target"),
    "incentive_finding": Label("激励目标结论", "finding of the incentive target"),
    "total_finding": Label("总量目标结论", "finding of the stated total"),
}
SIDES = {"now": Label("本年", "this year"), "before": Label("上年", "year before")}
KINDS = {
    "month": Label("月度预警", "grade of a month"),
    "year": Label("全年预测", "nowcast of the year's end"),
    "measure": Label("预警后果", "what follows"),
    "estimate": Label("缺报估计", "estimate of a late return"),
    "flex": Label("弹性总量", "flexed total"),
}


def reason_lines(found: Reason, language: Language) -> list[str]:
    """Subject and answer, clause and target, cut-offs with owner, sums, estimates, steps, entries and sources."""
    tell = _Teller(language)
    parts = {"month": tell.month, "year": tell.year, "measure": tell.measure, "estimate": tell.estimate,
             "flex": tell.flex}  # fmt: skip
    out = [tell.head(found), *parts[found.kind](found)]
    out += tell.asked(found)
    out += tell.rests(found)
    return out + list(tell.below(found.below))


class _Teller:
    """Lines of one language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.zh = language == "zh"

    def say(self, label: Label) -> str:
        """A label in the language."""
        return label.in_(self.language)

    def two(self, zh: str, en: str) -> str:
        """One of two texts."""
        return zh if self.zh else en

    def when(self, key: str) -> str:
        """A period in words."""
        return Period.parse(key).zh() if self.zh else key

    def titled(self, row: Row, name: str) -> str:
        """A text of both languages."""
        return str((row[f"{name}_zh"] if self.zh else row[f"{name}_en"] or row[f"{name}_zh"]) or "")

    def figure(self, value: Decimal | None, unit: str) -> str:
        """A figure with its unit; a dash where it is not known."""
        return "—" if value is None else short(value) if unit in ("", "1") else f"{short(value)} {unit}"

    def grade(self, grade: int | None) -> str:
        """A grade in words."""
        return self.say(GRADES[grade] if grade else NONE)

    def head(self, found: Reason) -> str:
        """Who, when, what, and what kind of row it is."""
        row = found.row
        parts = [self.who(row), self.when(row["period_key"]), self.say(KINDS[found.kind])]
        if row.get("what") in WHATS:
            parts.append(self.say(WHATS[row["what"]]))
        if row.get("test") in TESTS:
            parts.append(self.say(TESTS[row["test"]]))
        if row.get("control") in CONTROLS:
            parts.append(self.say(CONTROLS[row["control"]]))
        return " · ".join(parts)

    def span(self, row: Row) -> str:
        """The interval of a figure."""
        if row["low"] is None or row["high"] is None or row["low"] == row["high"]:
            return ""
        low, high = short(row["low"]), short(row["high"])
        return self.two(f"（{low} 至 {high}）", f" ({low} to {high})")

    def who(self, row: Row) -> str:
        """The name of a subject, else its id."""
        name = row.get("subject_zh") if self.zh else row.get("subject_en") or row.get("subject_zh")
        return str(name or row["subject_id"])

    def month(self, found: Reason) -> Iterator[str]:
        """Value, what is asked by then, grade and state of a month."""
        r = found.row
        words = (f"{self.two('本年累计', 'year to date')} {self.figure(r['value'], r['unit'])}{self.span(r)}",
                 f"{self.two('应达到', 'required')} {self.figure(r['required'], r['unit'])}",
                 f"{self.two('等级', 'grade')} {self.grade(r['grade'])}", self.state(r))  # fmt: skip
        yield "  " + ", ".join(words)
        yield from self.needs(r)

    def year(self, found: Reason) -> Iterator[str]:
        """Nowcast, interval, target and the month that it is seen from."""
        r = found.row
        words = (f"{self.two('预测', 'nowcast')} {self.figure(r['nowcast'], r['unit'])}{self.span(r)}",
                 f"{self.two('目标', 'required')} {self.figure(r['required'], r['unit'])}",
                 f"{self.two('激励目标', 'incentive')} {self.figure(r['incentive'], r['unit'])}",
                 f"{self.two('截至', 'seen from')} {self.when(r['as_of_month'])}", self.state(r))  # fmt: skip
        yield "  " + ", ".join(words)
        yield from self.needs(r)
        if found.learned:
            years = ", ".join(map(str, sorted(found.learned)))
            yield f"    {self.two('偏差学自', 'drift learned from')} {years}"

    def measure(self, found: Reason) -> Iterator[str]:
        """What follows, and on which grades."""
        r = found.row
        computed = r["basis"] == "computed"
        basis = self.two("计算的等级", "computed grades") if computed else self.two("公布的等级", "published grades")
        said = self.say(called(builtin_packs(), r["pack_key"], r["table_id"], r["consequence"]))
        yield f"  {said or '—'}  {self.two('条款', 'clause')} {r['clause']}  [{basis}]"
        yield from self.needs(r)

    def estimate(self, found: Reason) -> Iterator[str]:
        """What stands in for the return, by which method, in which stratum."""
        yield f"  {self._estimate(found.row)}"

    def _estimate(self, e: Row) -> str:
        if e["amount"] is None:
            return self.two("没有可作依据的数，未估计", "nothing supports an estimate")
        words = (f"{self.two('估计', 'estimate')} {self.figure(e['amount'], e['unit'])}{self.span(e)}",
                 f"{self.two('方法', 'method')} {e['basis']}", f"{self.two('层', 'stratum')} {e['stratum'] or '—'}",
                 f"{self.two('同层已报', 'learned from')} {e['responders']}",
                 f"{self.two('比率', 'ratio')} {short(e['ratio'])}",
                 f"{self.two('离散', 'spread')} {short(e['spread'])}")  # fmt: skip
        return ", ".join(words)

    def flex(self, found: Reason) -> Iterator[str]:
        """Standing and the steps, each with parameter, clause, returns, cap and what is missing."""
        r = found.row
        words = (self.say(STANDINGS[r["standing"]]),
                 f"{self.two('考核口径', 'assessed')} {self.figure(r['assessed'], r['unit'])}",
                 f"{self.two('允许', 'allowed')} {self.figure(r['allowed'], r['unit'])}",
                 f"{self.two('余量', 'margin')} {self.figure(r['margin'], r['unit'])}")  # fmt: skip
        yield "  " + ", ".join(words)
        if r["missing"]:
            yield f"  {self.two('尚缺', 'missing')} {r['missing']}"
        for s in found.steps:
            mark = "▶" if s["step"] == found.step else " "
            yield f"  {mark} {self.say(FLEX_STEP_LABELS[s['step']])}: {', '.join(self._step(s))}"

    def _step(self, s: Row) -> Iterator[str]:
        yield f"{self.figure(s['amount'], s['unit'])} [{s['state']}]"
        if s["claimed"] is not None:
            yield f"{self.two('申报', 'claimed')} {self.figure(s['claimed'], s['unit'])}"
        if s["cap"] is not None:
            yield f"{self.two('上限', 'cap')} {self.figure(s['cap'], s['unit'])}"
        if s["due"]:
            yield f"{self.two('报表', 'returns')} {s['returns']}/{s['due']}"
        if s["rests_on"]:
            yield self.cited(s["rests_on"])
        elif s["parameter"]:
            yield str(s["parameter"])
        for p in s["beside"]:
            yield self.parameter(p)
        if s["needs"]:
            yield f"{self.two('缺', 'needs')} {s['needs']}"

    def state(self, r: Row) -> str:
        """How sure a row is."""
        told = self.say(STATES.get(r["state"], Label(r["state"], r["state"])))
        cover = f"{self.two('覆盖率', 'coverage')} {short(r['coverage'])}"
        return f"{told}, {cover} [{r['confidence']}]"

    def needs(self, r: Row) -> Iterator[str]:
        """What is wanting, where something is."""
        if r["needs"]:
            yield f"  {self.two('尚缺', 'needs')} {r['needs']}"

    def cited(self, p: Row) -> str:
        """Document, clause and entry of a row of a pack."""
        number = p["doc_number"] or p["pack"]
        return " ".join(str(x) for x in (number, p["clause"], p["id"], ",".join(p["keys"])) if x)

    def parameter(self, p: Row) -> str:
        """A parameter with its value, where it stands and whose it is."""
        value = p["value"] if p["value"] is not None else p["state"]
        shown = short(value) if isinstance(value, Decimal) else str(value)
        unit = "" if p["unit"] in ("", "1") else f" {p['unit']}"
        owner = self.titled(p, "owner")
        return f"{self.cited(p)} = {shown}{unit} [{p['confidence']}]" + (f" — {owner}" if owner else "")

    def asked(self, found: Reason) -> Iterator[str]:
        """Clause and target, then the cut-offs with the row that hit and their owner, then other parameters."""
        c, t = found.clause, found.target
        if c is not None and t is not None:
            number = f" {c['doc_number']}" if c["doc_number"] else ""
            words = f"{t['comparator']} {t['value']} {t['unit']} [{t['confidence']}]"
            yield f"  {self.two('条款', 'clause')} {self.titled(c, 'title')}{number} {c['id']}: {words}"
        if found.incentive is not None:
            yield f"  {self.two('激励目标', 'incentive target')} {self.parameter(found.incentive)}"
        if found.table is not None:
            yield from self.table(found.table)
        for p in found.parameters:
            yield f"  {self.two('参数', 'parameter')} {self.parameter(p)}"

    def table(self, table: Row) -> Iterator[str]:
        """A decision table: where it stands, whose it is, the row that hit, its inputs and parameters."""
        owner = self.titled(table, "owner")
        yield (f"  {self.two('分级标准', 'table')} {table['pack']} {table['id']} {self.two('命中行', 'row')}"
               f" {table['row_hit'] or '—'}  {table['clause'] or ''} {owner} [{table['confidence']}]")  # fmt: skip
        for i in table["inputs"]:
            value = short(i["value"]) if isinstance(i["value"], Decimal) else i["value"] or "—"
            yield f"    {self.titled(i, 'label')} ({i['name']}) = {value}"
        for p in table["parameters"]:
            keys = ",".join(map(str, p["keys"].values()))
            yield f"    {p['id']}[{keys}] = {short(p['value']) if p['value'] is not None else p['state']} {p['unit']}"

    def rests(self, found: Reason) -> Iterator[str]:
        """Other rows it rests on, growth, months and their sums, and the estimates one by one."""
        for f in found.follows:
            what, when = self.say(WHATS.get(f["what"], Label(f["what"], f["what"]))), self.when(f["period_key"])
            yield f"  {self.say(ROLES[f['role']])} {f['key']} {what} {when} {self.grade(f['grade'])}"
        for f in found.findings:
            yield f"  {self.say(ROLES[f['role']])} {f['key']} {f['period_key']} {f['status']}"
        if found.growth is not None:
            g = found.growth
            yield (f"  {self.two('所用增速', 'growth used')} {self.figure(g['value'], g['unit'])}"
                   f" {g['indicator_id']} {g['period_key']} [{g['confidence']}]")  # fmt: skip
        for s in found.sums:
            rest = "" if not s["rest"] else f" + {self.two('未列', 'not listed')} {self.figure(s['rest'], s['unit'])}"
            whole = "" if s["figure"] is None else f" = {self.figure(s['figure'], s['unit'])}"
            yield (f"  {self.say(SIDES[s['side']])}: {self.two('已报', 'known')} {self.figure(s['known'], s['unit'])} +"
                   f" {self.two('估计', 'estimated')} {self.figure(s['estimated'], s['unit'])}{rest}{whole}"
                   f"  {self.two('报表', 'returns')} {s['returns']}/{s['due']}")  # fmt: skip
        for m in found.months:
            more = f" + {self.figure(m['estimated'], m['unit'])}" if m["late"] else ""
            yield (f"    {m['period_key']} {m['measure']} {self.figure(m['amount'], m['unit'])}{more}"
                   f"  {m['known']}/{m['expected']}")  # fmt: skip
        for e in found.estimates[:SHOWN]:
            yield f"    {e['key']} {e['period_key']} {self.who(e)}: {self._estimate(e)}"
        if found.estimates_total > SHOWN:
            yield f"    … {self.two('共估计', 'estimates in all')} {found.estimates_total}"

    def below(self, found: Why) -> Iterator[str]:
        """Rates, deductions, the largest entries, meters and sources."""
        for r in found.rates[:SHOWN]:
            place = f"[{r.get('source_id', '')} #{r.get('source_row', '')}]"
            yield f"    {r['period_key']} {r['indicator_id']}: {self.figure(r['value'], r['unit'])}  {place}"
        yield from self._entries(found.entries[:SHOWN])
        if found.entries_total > SHOWN:
            yield f"    … {self.two('共', 'in all')} {found.entries_total} {self.two('条账目', 'entries')}"
        for m in found.meters[:SHOWN]:
            yield f"    {self.two('计量器具', 'meter')} {m['code']} {m['name']}, {m['first_day']} – {m['last_day']}"
        for s in found.sources:
            mark = self.two("（合成）", " (synthetic)") if s.get("synthetic") else ""
            rows = ", ".join(map(str, s["rows"][:8])) + (" …" if len(s["rows"]) > 8 else "")
            yield (f"{self.two('来源', 'source')} {s['source_id']}: {s.get('file_name')}{mark} {self.two('行', 'rows')}"
                   f" {rows} — {s.get('publisher')} {s.get('document')}")  # fmt: skip

    def _entries(self, entries: Iterable[Row]) -> Iterator[str]:
        for e in entries:
            was, became = self.figure(e["quantity"], e["unit"]), self.figure(e["amount"], e["amount_unit"])
            yield f"    {e['period_key']} {e['item']} {was} → {became}  [{e['source_id']} #{e['source_row']}]"


def short(value: Decimal | None) -> str:
    """A figure without zeros at the end; a dash for what is not known."""
    if value is None:
        return "—"
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
