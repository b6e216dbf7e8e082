"""What all tests share: service addresses, a browser, and the rule that CI skips no service test."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import uuid
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import hypothesis
import pytest

from demo_once import demo_made
from shuangkong.app.demo.run import Loaded
from web.clients import forget_choices

pytest_plugins = ["pytester", "shuangkong.testkit.plugin"]

IN_CI = os.environ.get("CI") == "true"
POSTGRES = "SHUANGKONG_TEST_POSTGRES"
MQTT = "SHUANGKONG_TEST_MQTT"
IN_CI_AT = {
    POSTGRES: "postgresql+psycopg://postgres@127.0.0.1:5432/test",
    MQTT: "mqtt://127.0.0.1:1883",
}
NEVER_SKIPPED = ("service", "browser")

# Times on a busy machine say nothing about right or wrong.
hypothesis.settings.register_profile("shuangkong", deadline=None)
hypothesis.settings.load_profile("shuangkong")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a skipped service or browser test is a failed one: what was not tried is not known to work."""
    report = yield
    marked = [mark for mark in NEVER_SKIPPED if item.get_closest_marker(mark)]
    if IN_CI and report.skipped and marked and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"a test marked {marked[0]} may not be skipped in CI: {reason}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a module that skips itself as a whole."""
    report = yield
    if IN_CI and report.outcome == "skipped" and isinstance(collector, pytest.Module):
        text = collector.path.read_text("utf-8")
        marked = [mark for mark in NEVER_SKIPPED if f"mark.{mark}" in text]
        if marked:
            report.outcome = "failed"
            report.longrepr = f"a module with tests marked {marked[0]} may not be skipped in CI"
    return report


def address(name: str) -> str:
    """The URL of a service, or a skip that says which variable to set."""
    url = os.environ.get(name) or (IN_CI_AT[name] if IN_CI else "")
    if not url:
        pytest.skip(f"{name} is not set")
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 5432), timeout=5).close()
    except OSError as error:
        pytest.skip(f"{name} names {parts.hostname}:{parts.port}, which does not answer: {error}")
    return url


@pytest.fixture(scope="session")
def demo_once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> tuple[Path, Loaded]:
    """The demo's workspace for reading alone, loaded once for all test processes, and what loading it reported."""
    return demo_made(tmp_path_factory, worker_id)


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """The SQLAlchemy URL of a fresh, empty PostgreSQL database that is dropped after the test."""
    import psycopg

    server = address(POSTGRES)
    plain = server.replace("postgresql+psycopg://", "postgresql://", 1)
    name = f"shuangkong_test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield urlsplit(server)._replace(path=f"/{name}").geturl()
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def mqtt_url() -> str:
    """The URL of an MQTT broker that answers."""
    return address(MQTT)


@pytest.fixture(autouse=True)
def own_choices() -> None:
    """Begin each test as somebody who has chosen no language, region or period yet, also on a shared client."""
    forget_choices()


@pytest.fixture(autouse=True)
def own_loops(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let tests run loops of their own where a browser of other tests has left its own marked as running.

    Playwright's synchronous interface parks its loop beside the thread that uses it; only tests of a browser need it.
    """
    parked = asyncio._get_running_loop()
    if parked is None or request.node.get_closest_marker("browser") is not None:
        yield
        return
    asyncio._set_running_loop(None)
    try:
        yield
    finally:
        asyncio._set_running_loop(parked)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A headless Chromium, driven by Playwright."""
    from playwright.sync_api import sync_playwright

    names = (os.environ.get("SHUANGKONG_TEST_CHROMIUM"), "chromium", "chromium-browser", "google-chrome")
    path = next((found for name in names if name and (found := shutil.which(name))), None)
    if path is None:
        pytest.skip("no Chromium on PATH; name one with SHUANGKONG_TEST_CHROMIUM")
    quiet = [
        "--disable-gpu",
        "--disable-quic",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
    ]
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, chromium_sandbox=False, args=quiet)
        yield running
        running.close()
