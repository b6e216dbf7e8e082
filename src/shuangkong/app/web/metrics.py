"""Metrics for Prometheus (监测指标): requests of all processes, and what the registry database says of the work."""

from __future__ import annotations

import os
from collections.abc import Iterator

import sqlalchemy as sa
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from shuangkong import __version__
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
        """Version, jobs by state, age of the newest run in seconds, sequence of the audit log."""
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


def _gauge(name: str, words: str, labels: dict[str, str], value: float) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, words, labels=list(labels))
    family.add_metric(list(labels.values()), value)
    return family
