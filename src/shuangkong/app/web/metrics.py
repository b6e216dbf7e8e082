"""Metrics for Prometheus (监测指标): requests of all processes, and what the registry database says of the work."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime

import sqlalchemy as sa
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from shuangkong import __version__
from shuangkong.app.web.metering_intake import Intake, intake_of
from shuangkong.engine.api import Workspace, head, latest_run, reading
from shuangkong.kernel.scope import Scope

#: Names the folder in which several processes count together; the client library reads it when it is imported.
SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """Counters of one application; in several processes they are added up when they are read."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "shuangkong_http_requests", "Requests answered", ("method", "route", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "shuangkong_http_request_seconds", "Time from the first byte in to the last byte out, in seconds",
            ("method", "route"), registry=self.registry, buckets=_BUCKETS,
        )  # fmt: skip

    def seen(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request under its route's template; a status of 0 is an answer that never began."""
        named = method if method in _METHODS else "OTHER"
        self.requests.labels(named, route, str(status)).inc()
        self.seconds.labels(named, route).observe(seconds)

    def text(self, workspace: Workspace) -> bytes:
        """Everything in the text format of Prometheus."""
        counted = self.registry
        if SHARED_FOLDER in os.environ:
            counted = CollectorRegistry()
            MultiProcessCollector(counted)  # type: ignore[no-untyped-call]
        work = CollectorRegistry()
        work.register(_Work(workspace))
        return generate_latest(counted) + generate_latest(work)


class _Work(Collector):
    """State of the work, read from the registry database when it is asked for."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    def describe(self) -> list[Metric]:
        """Nothing is told ahead: that would read the database when it is registered."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Version, jobs by state, age of the newest run, sequence of the audit log, and how the collector fares."""
        yield _gauge("shuangkong_info", "Version that answers", {"version": __version__}, 1)
        run = latest_run(self.workspace, Scope.system("metrics of the server"), known=None)
        if run is not None and run.finished_at is not None:
            age = (self.workspace.clock() - run.finished_at).total_seconds()
            yield _gauge("shuangkong_last_run_age_seconds", "Time since the newest run was complete", {}, age)
        with reading(self.workspace.engine) as db:
            yield _gauge("shuangkong_audit_sequence", "Entries of the audit log", {}, head(db).sequence)
            jobs = GaugeMetricFamily("shuangkong_jobs", "Jobs by state", labels=["state"])
            if sa.inspect(db).has_table("job"):
                for state, count in db.execute(sa.text("SELECT state, count(*) FROM job GROUP BY state")):
                    jobs.add_metric([state], count)
            yield jobs
        now = self.workspace.clock()
        yield from _collector(intake_of(self.workspace, now), now)


#: What is told of each way in: the field of a way, and its words.
_WAYS = (
    ("posts", "Posts taken in since the collector began"),
    ("readings", "Readings taken in since the collector began"),
    ("again", "Posts that came again and were written once"),
    ("rows_refused", "Rows refused within posts that were taken"),
    ("posts_refused", "Posts or frames refused"),
)
_STATES = ("running", "silent", "stopped", "never")


def _collector(told: Intake, now: datetime) -> Iterator[Metric]:
    """How the collector fares, from the state that it keeps: where it never ran, its state alone.

    A state that is old is told with its age: whoever watches sees that the other figures stand still.
    """
    state = GaugeMetricFamily("shuangkong_collector_state", "State of the collector, 1 for the one", labels=["state"])
    for name in _STATES:
        state.add_metric([name], float(told.state == name))
    yield state
    if told.at is None:
        return
    ages = (
        ("state", "the collector last wrote its state", told.at),
        ("stored", "readings were last stored", told.stored_at),
        ("oldest_unstored", "the oldest reading that is acknowledged and not stored came", told.unsaved_since),
        ("commit", "the lake last took readings in", told.last_commit),
    )  # fmt: skip
    for name, words, at in ages:
        if at is not None:
            age = max(0.0, (now - at).total_seconds())
            yield _gauge(f"shuangkong_collector_{name}_age_seconds", f"Time since {words}", {}, age)
    yield _gauge(
        "shuangkong_collector_journal_bytes", "Readings in the journal, not in the lake", {}, told.journal_bytes
    )
    if told.stations_connected is not None:
        yield _gauge("shuangkong_collector_stations", "Stations connected by HJ 212", {}, told.stations_connected)
    for name, words in _WAYS:
        family = CounterMetricFamily(f"shuangkong_collector_{name}", words, labels=["way"])
        for way in told.ways:
            family.add_metric([way.name], getattr(way, name))
        yield family
    refused = CounterMetricFamily("shuangkong_collector_refused", "Refusals by reason", labels=["way", "reason"])
    for way in told.ways:
        for code, _, count in way.reasons:
            refused.add_metric([way.name, code], count)
    yield refused
    behind = GaugeMetricFamily("shuangkong_readings_behind", "Commits of readings not done", labels=["follower"])
    for follower in told.behind:
        behind.add_metric([follower.name], follower.commits)
    yield behind


def _gauge(name: str, words: str, labels: dict[str, str], value: float) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, words, labels=list(labels))
    family.add_metric(list(labels.values()), value)
    return family
