"""Reading for pages: the newest run and what belongs to it, kept in memory per run and scope; nothing is computed."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from threading import RLock
from typing import Any, TypeVar

import pyarrow as pa

from shuangkong.accounting.api import CHANGE, INCREMENT, INDICATOR_VALUES, INDICATORS, TOTALS, readable_subjects
from shuangkong.app.explaining import packs_of_run
from shuangkong.app.unit_targets import seen_packs
from shuangkong.app.web.rows import Finding, Subject, finding_of, latest, subject_of
from shuangkong.engine.api import RunRecord, Workspace, latest_run, read_result, reading, run_record
from shuangkong.judgement.api import FINDING_CHANGES, FINDINGS, Why, why
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import PackSet
from shuangkong.registry.api import opened, parents_on, project_facts, scope_subjects, subjects_seen
from shuangkong.webkit.api import public, severity

Row = dict[str, Any]
T = TypeVar("T")
KEPT_RUNS = 12
KEPT_ANSWERS = 300
KEPT_NAMES = 3


def all_within(children: Mapping[str, Iterable[str]], subject: str) -> frozenset[str]:
    """A subject and all that lies in it; `children` are what lies directly in each."""
    found: set[str] = set()
    todo = [subject]
    while todo:
        one = todo.pop()
        if one not in found:
            found.add(one)
            todo += children.get(one, ())
    return frozenset(found)


@dataclass(frozen=True)
class Names:
    """Everybody's names, and who lies in whom, on a day as known at an instant; each view keeps to its scope's part."""

    subjects: dict[str, Subject]
    links: tuple[tuple[str, str], ...]

    @classmethod
    def read(cls, workspace: Workspace, known: datetime, day: date) -> Names:
        """From the registry, for all readers at once: reading it for each would cost each of them the whole."""
        everything = Scope.system("read names once for all readers of the pages")
        with reading(workspace.engine) as db:
            table = subjects_seen(db, everything, known, day=day)
            links = parents_on(db, everything, known, day)
        return cls({r["subject_id"]: subject_of(r) for r in table.to_pylist()}, tuple(links))


@dataclass
class RunView:
    """One run as a reader may see it. Tables are read once; answers about one subject or finding are kept."""

    workspace: Workspace
    run: RunRecord
    scope: Scope
    names: Names

    def __post_init__(self) -> None:
        self._lock = RLock()
        self._kept: OrderedDict[tuple[str, ...], Any] = OrderedDict()
        self.seen: pa.Table | None = readable_subjects(self.workspace, self.run, self.scope)

    def warm(self) -> RunView:
        """Read what every page needs, so that the first reader does not wait for it."""
        with self._lock:
            for part in (self.findings, self.subjects, self.children, self.changes, self.packs):
                len(part.packs if isinstance(part, PackSet) else part)
        return self

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """All findings that the reader may see."""
        return tuple(finding_of(r) for r in read_result(self.run, FINDINGS, self.scope, self.seen).to_pylist())

    @cached_property
    def by_subject(self) -> dict[str, tuple[Finding, ...]]:
        """Findings of each subject, newest period first."""
        found: dict[str, list[Finding]] = defaultdict(list)
        for f in sorted(self.findings, key=lambda f: (f.period_end, f.variant), reverse=True):
            found[f.subject_id].append(f)
        return {k: tuple(v) for k, v in found.items()}

    @cached_property
    def latest(self) -> tuple[Finding, ...]:
        """How each target stands now, see `rows.latest`."""
        return latest(self.findings)

    @cached_property
    def latest_of(self) -> dict[str, tuple[Finding, ...]]:
        """How each subject stands now, what needs attention first."""
        found: dict[str, list[Finding]] = defaultdict(list)
        for f in sorted(self.latest, key=lambda f: (severity(f.status), f.pack_key, f.clause)):
            found[f.subject_id].append(f)
        return {k: tuple(v) for k, v in found.items()}

    @cached_property
    def subjects(self) -> dict[str, Subject]:
        """Regions, units and projects by id, named as on the run's day."""
        with reading(self.workspace.engine) as db:
            seen = scope_subjects(db, self.scope, self.run.known)
        if seen is None:
            return self.names.subjects
        shown = set(seen["subject_id"].to_pylist())
        return {k: s for k, s in self.names.subjects.items() if k in shown}

    @cached_property
    def by_code(self) -> dict[str, Subject]:
        """Subjects by the code that people know."""
        return {s.code: s for s in self.subjects.values() if s.code}

    @cached_property
    def _links(self) -> list[tuple[str, str]]:
        seen = self.subjects
        return [(above, below) for above, below in self.names.links if above in seen and below in seen]

    @cached_property
    def children(self) -> dict[str, tuple[str, ...]]:
        """What lies directly in each region on the run's day, as far as the reader may see it."""
        found: dict[str, list[str]] = defaultdict(list)
        for above, below in self._links:
            found[above].append(below)
        return {k: tuple(v) for k, v in found.items()}

    @cached_property
    def parent(self) -> dict[str, str]:
        """The region that each subject lies in on the run's day."""
        return {below: above for above, below in self._links}

    def within(self, region: str) -> frozenset[str]:
        """The region and all that lies in it, as far as the reader may see it."""
        return self._once(("within", region), lambda: all_within(self.children, region))

    def path(self, subject: str) -> list[Subject]:
        """From the top down to the subject, leaving out what the reader may not see."""
        found: list[Subject] = []
        here = subject
        while here and here not in {s.id for s in found}:
            if here in self.subjects:
                found.append(self.subjects[here])
            here = self.parent.get(here, "")
        return found[::-1]

    @cached_property
    def changes(self) -> tuple[Row, ...]:
        """What opened, changed and closed against the last run; what stayed is left out."""
        table = read_result(self.run, FINDING_CHANGES, self.scope, self.seen, where="change <> 'stayed'")
        return tuple(table.to_pylist())

    @cached_property
    def packs(self) -> PackSet:
        """The packs that the run was made with, without targets of single units that the reader may not see."""
        return seen_packs(self.workspace, packs_of_run(self.workspace, self.run), self.run.known, self.seen)

    def subject(self, subject: str, kind: str) -> Subject:
        """A region, unit or project by id; raises REG-001 for one that is not there or not to be seen."""
        found = self.subjects.get(subject)
        if found is None or (found.kind if found.kind in ("unit", "project") else "region") != kind:
            raise UserError(
                "REG-001",
                f"no {kind} with the id “{subject[:60]}” is known in this run.",
                remedy="Go to the home page and choose a tile, or look in the list of findings.",
                case="not_seen",
                facts={"id": subject[:60]},
            )
        return found

    def finding(self, key: str) -> Finding:
        """A finding by its full key; raises RUN-002."""
        found = self.by_key.get(key)
        if found is None:
            raise UserError(
                "RUN-002",
                f"no finding “{key[:60]}” in this run.",
                remedy="Choose one from the list of findings; a key is the same in every run.",
                case="not_seen",
                facts={"id": key[:60]},
            )
        return found

    @cached_property
    def by_key(self) -> dict[str, Finding]:
        """Findings by key."""
        return {f.finding_key: f for f in self.findings}

    def projects(self) -> dict[str, Row]:
        """What the register says of each project on the run's day, as far as the reader may see it."""

        def read() -> dict[str, Row]:
            with reading(self.workspace.engine) as db:
                table = project_facts(db, self.scope, self.run.known, self.run.as_of)
            return {r["subject_id"]: r for r in table.to_pylist()}

        return self._once(("projects",), read)

    def values(self, subject: Subject) -> list[Row]:
        """Indicator values of a subject."""
        where = f"subject_id = '{subject.id}'"
        return self._once(("values", subject.id), lambda: self._rows(INDICATOR_VALUES, where))

    def totals(self, subject: Subject, measure: str) -> list[Row]:
        """Totals of one measure of a subject with all that lies in it."""
        if measure not in ("energy", "energy_industry", "output"):
            raise ValueError(f"no page shows {measure}")
        where = f"subject_id = '{subject.id}' AND measure = '{measure}' AND level = 'subtree'"
        return self._once(("totals", subject.id, measure), lambda: self._rows(TOTALS, where))

    def _rows(self, contract: Any, where: str) -> list[Row]:
        rows: list[Row] = read_result(self.run, contract, self.scope, self.seen, where=where).to_pylist()
        return rows

    def why(self, key: str) -> Why:
        """The chain of a finding."""
        key = self.finding(key).finding_key
        return self._once(("why", key), lambda: why(self.workspace, self.run, self.packs, key, self.scope))

    def _once(self, name: tuple[str, ...], read: Callable[[], T]) -> T:
        with self._lock:
            if name in self._kept:
                self._kept.move_to_end(name)
                kept: T = self._kept[name]
                return kept
            answer = self._kept[name] = read()
            while len(self._kept) > KEPT_ANSWERS:
                self._kept.popitem(last=False)
            return answer

    def indicator_label(self, indicator: str) -> Label:
        """The name of an indicator; of a change, the name of what changes."""
        base = indicator.removesuffix(CHANGE)
        for name in (base, indicator, base.removesuffix(INCREMENT), base + CHANGE):
            if name in self.packs.indicators:
                found = self.packs.indicators[name].label
                return found.label
            if name in INDICATORS:
                return INDICATORS[name].label
        return Label(indicator, indicator)


class Reader:
    """The newest run for a scope, and older ones by id."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._views: OrderedDict[tuple[str, Scope, frozenset[str]], RunView] = OrderedDict()
        self._names: OrderedDict[tuple[datetime, date], Names] = OrderedDict()
        self._lock = RLock()
        self._building = RLock()

    def current(self, scope: Scope) -> RunView | None:
        """The newest run; None where nothing was judged yet."""
        run = latest_run(self.workspace, scope, known=None)
        return self._view(run, scope) if run else None

    def of_run(self, run_id: str, scope: Scope) -> RunView:
        """A run by id; raises RUN-001."""
        return self._view(run_record(self.workspace, scope, run_id), scope)

    def _view(self, run: RunRecord, scope: Scope) -> RunView:
        """The view of a run for a scope, whoever asks in it; another one as soon as a consent comes or goes."""
        with reading(self.workspace.engine) as db:
            now_open = opened(db, scope)
        key = (str(run.run_id), replace(scope, principal=""), now_open)
        # a view is made beside the lock that all requests take: who has one already does not wait for another's
        if (found := self._kept(key)) is not None:
            return found
        with self._building:
            if (found := self._kept(key)) is not None:
                return found
            made = RunView(self.workspace, run, scope, self._names_of(run)).warm()
        with self._lock:
            self._views[key] = made
            while len(self._views) > KEPT_RUNS:
                self._views.popitem(last=False)
        return made

    def _kept(self, key: tuple[str, Scope, frozenset[str]]) -> RunView | None:
        with self._lock:
            if key in self._views:
                self._views.move_to_end(key)
            return self._views.get(key)

    def _names_of(self, run: RunRecord) -> Names:
        """Names as known in a run, read once for all scopes; called by one thread at a time."""
        key = (run.known, run.as_of)
        if key not in self._names:
            self._names[key] = Names.read(self.workspace, *key)
            while len(self._names) > KEPT_NAMES:
                self._names.popitem(last=False)
        return self._names[key]

    def renew(self) -> None:
        """Make the views of the newest run for whom there is one of an earlier run, and for the public."""
        with self._lock:
            scopes = {scope for _, scope, _ in self._views}
        for scope in sorted(scopes | {public().scope}, key=repr):
            self.current(scope)
