"""The page of a reason (缘由): why a grade, nowcast, consequence, estimate or flexed total is as it is, as cards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from shuangkong.app.web.board import what_label
from shuangkong.app.web.board_told import BoardTeller
from shuangkong.app.web.deductions_shown import MARKS, Shown, shown
from shuangkong.app.web.energy import document_words, method_words
from shuangkong.app.web.flexed_beside import FlexedTeller, lit
from shuangkong.app.web.reading import Row, RunView
from shuangkong.app.web.rows import Subject
from shuangkong.app.web.sentences import anchor
from shuangkong.app.web.tables_drawn import cell_text, output_text, told_text
from shuangkong.app.web.why_page import LISTED_ENTRIES, factor_used, groups, item_label
from shuangkong.dualcontrol.api import Reason, reason
from shuangkong.judgement.api import RULE_STATUS_LABELS, RuleStatus
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.policy.api import Pack, RowEntry, TableEntry
from shuangkong.webkit.api import Speaker, figure


def reason_of(view: RunView, key: str) -> Reason:
    """The chain of a row of watching or flexing; RUN-002 for one that the reader does not see."""
    return view._once(
        ("reason", key), lambda: reason(view.workspace, view.run, view.packs, key[:80], view.scope)
    )  # fmt: skip


def reason_page(view: RunView, key: str, speaker: Speaker) -> dict[str, Any]:
    """Everything that the template shows."""
    made = reason_of(view, key)
    say = ReasonTeller(view, speaker)
    subject = view.subjects.get(made.row["subject_id"])
    flexed = shown(view, subject, made.row, speaker, []) if made.kind == "flex" and subject else None
    below, beside = made.below, FlexedTeller(view, speaker, (subject,) if subject else ())
    return {
        "made": made, "r": made.row, "say": say, "subject": subject, "sentence": say.told(made, flexed),
        "lamp": lit(beside.rows, made.row, made.row["what"]) if made.kind == "month" else None,
        "beside": beside.watched(made.row) if made.kind in ("month", "year") else None,
        "standing": MARKS[made.row["standing"]] if made.kind == "flex" else None,
        "flexed": list(zip((*flexed.deducted, *flexed.allowed), made.steps, strict=True)) if flexed else [],
        "missing": flexed.missing if flexed else (), "back": say.back(made, subject),
        "below": below, "groups": groups(below.entries), "entries": below.entries[:LISTED_ENTRIES],
        "sources": {s["source_id"]: s for s in below.sources},
        "source_list": sorted(below.sources, key=lambda s: (s.get("publisher") or "", s.get("file_name") or "")),
        "method_words": method_words(made.row.get("method_id") or "", speaker, view.packs, full=True),
        "item_label": lambda item: item_label(view, item),
        "rule_status": lambda s: RULE_STATUS_LABELS[RuleStatus(s)],
        "factor": lambda used: factor_used(view, used, speaker),
    }  # fmt: skip


def reason_json(view: RunView, key: str, speaker: Speaker) -> dict[str, Any]:
    """The whole chain as data, with its sentence and the address of its page."""
    made = reason_of(view, key)
    subject = view.subjects.get(made.row["subject_id"])
    flexed = shown(view, subject, made.row, speaker, []) if made.kind == "flex" and subject else None
    told = {"sentence": ReasonTeller(view, speaker).told(made, flexed), "href": f"/findings/{made.key}"}
    return {"run": view.run.run_id, **made.as_dict(), "told": told}


class ReasonTeller(BoardTeller):
    """Words of one language about a reason."""

    def told(self, made: Reason, flexed: Shown | None) -> str:
        """The row as one sentence."""
        row = made.row
        if made.kind == "month":
            return self.sentence(row)
        if made.kind == "flex":
            return flexed.sentence if flexed else ""
        facts = {"who": self.who(row), "when": self.when(row["period_key"])}
        if made.kind == "year":
            return self._year(row, facts)
        if made.kind == "measure":
            consequence = self.consequence(row) or self.speaker.say("board.undecided")
            basis = self.speaker.say(f"board.basis_{row['basis']}")
            return self.speaker.say("chain.tell_measure", **facts, what=consequence, basis=basis)
        facts["what"] = self.measure(row["measure"])
        if row["amount"] is None:
            return self.speaker.say("chain.tell_late_open", **facts)
        has = self.amount(row["amount"], row["unit"])
        return self.speaker.say("chain.tell_late", **facts, has=has, interval=self.span(row))

    def _year(self, row: Row, facts: Mapping[str, str]) -> str:
        more = {**facts, "what": self.what(row["what"]), "test": self.test(row["test"]),
                "month": self.when(row["as_of_month"])}  # fmt: skip
        if row["nowcast"] is None:
            return self.speaker.say("chain.tell_year_open", **more, why=self.why_open(row))
        has = self.moved(row["nowcast"], row["unit"]) + self.interval(row)
        if row["required"] is None:
            return self.speaker.say("chain.tell_year", **more, has=has)
        return self.speaker.say("chain.tell_year_asks", **more, has=has, asks=self.moved(row["required"], row["unit"]))

    def who(self, row: Row) -> str:
        """The name of the subject of a row, as the reader may see it."""
        subject = self.view.subjects.get(row["subject_id"])
        if subject is not None:
            return self.speaker.label(subject.label)
        return self.speaker.label(Label(row.get("subject_zh") or row["subject_id"], row.get("subject_en") or ""))

    def span(self, row: Row) -> str:
        """The interval of an estimate of one return; empty where there is none."""
        if row["low"] is None or row["high"] is None:
            return ""
        low, high = (self.amount(row[k], row["unit"]) for k in ("low", "high"))
        return self.speaker.say("chain.interval", low=low, high=high)

    def back(self, made: Reason, subject: Subject | None) -> tuple[str, str]:
        """Where a reader goes from here: (address, words)."""
        row, say = made.row, self.speaker.say
        if subject is None:
            return "/board", say("board.title")
        if made.kind in ("month", "measure"):
            return f"/board/{subject.id}/{row['period_key']}", say("chain.to_square")
        if made.kind == "year":
            return f"/regions/{subject.id}/dual-control#end", say("dual.title")
        if made.kind == "flex":
            query = f"control={row['control']}&year={row['period_key']}&method={quote(row['method_id'], safe='')}"
            return f"/regions/{subject.id}/deductions?{query}", say("flex.title")
        return subject.href, say("why.to_region")

    def cited(self, row: Mapping[str, Any]) -> str:
        """Document and clause of an entry of a pack."""
        try:
            document = document_words(self.view.packs.pack(row["pack"]), self.speaker)
        except UserError:
            document = row["pack"]
        return f"{document} {row['clause'] or ''}".strip()

    def cited_href(self, row: Mapping[str, Any]) -> str:
        """The page of that document, at the clause where it is named."""
        return f"/packs/{row['pack']}" + (f"#{quote(anchor(row['clause']))}" if row["clause"] else "")

    def titled(self, row: Mapping[str, Any], name: str) -> str:
        """A text of both languages."""
        return self.speaker.label(Label(row[f"{name}_zh"] or "", row[f"{name}_en"])) if row[f"{name}_zh"] else ""

    def value(self, row: Mapping[str, Any]) -> str:
        """The value of a parameter with its unit; its state where it has none."""
        value = row["value"]
        if not isinstance(value, Decimal):
            return str(value if value is not None else row.get("state") or "—")
        unit = row.get("unit") or ""
        if unit in ("", "1"):
            return f"{value.normalize():f}"
        return str(figure(value, unit, self.speaker.language))

    def given(self, row: Mapping[str, Any]) -> str:
        """An input of a table: what it was asked."""
        value = row["value"]
        return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value) if value else "—"

    def conditions(self, table: Row, row: str) -> list[str]:
        """What a row of a table asks, a line for each input, with labels and figures as on the page of the rule."""
        pack, entry, found = self._row(table, row)
        labels = {i.name: self.speaker.label(i.label.label) for i in entry.inputs}
        lines = [f"{labels.get(n, n)} {self._text(pack, entry, table, cell_text(v))}" for n, v in found.when.items()]
        return [*lines, self._text(pack, entry, table, found.test)] if found.test is not None else lines

    def gives(self, table: Row, row: str) -> str:
        """What a row of a table answers."""
        pack, entry, found = self._row(table, row)
        told = [self._text(pack, entry, table, output_text(v)) for v in found.then.values()]
        return self.speaker.say("punctuation.list").join(told)

    def _row(self, table: Row, row: str) -> tuple[Pack, TableEntry, RowEntry]:
        pack, entry = self.view.packs.pack(table["pack"]), self.view.packs.table(table["pack"], table["id"])
        return pack, entry, next(r for r in entry.rows if r.id == row)

    def _text(self, pack: Pack, entry: TableEntry, table: Row, text: str) -> str:
        return told_text(pack, entry, table["parameters"], text, self.speaker)

    def basis(self, name: str | None) -> str:
        """The method of an estimate, by name."""
        key = f"watch_basis.{name}"
        return self.speaker.say(key) if self.speaker.has(key) else "—"

    def part(self, role: str) -> str:
        """The part that another row plays here."""
        key = f"chain_role.{role.replace(' ', '_')}"
        return self.speaker.say(key) if self.speaker.has(key) else self.role(role)

    def thing(self, row: Row) -> str:
        """What another row is about, and of when."""
        return f"{self.speaker.label(what_label(row['what']))} {self.when(row['period_key'])}"

    def years(self, years: Iterable[int]) -> str:
        """Years, the oldest first."""
        return self.speaker.say("punctuation.list").join(str(y) for y in sorted(years))
