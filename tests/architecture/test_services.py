"""Tests of services and of pages run in CI, or CI fails."""

from __future__ import annotations

import pathlib

import pytest

from source_tree import ROOT

SAMPLE = """
import pytest

@pytest.mark.{mark}
def test_it():
    pytest.skip("the broker does not answer")
"""
SKIPPED_MODULE = """
import pytest

pytest.skip("no driver", allow_module_level=True)

@pytest.mark.service
def test_it():
    pass
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A folder with our conftest and markers, in which tests can be tried."""
    pytester.makeconftest((ROOT / "tests" / "conftest.py").read_text("utf-8"))
    pytester.makeini("[pytest]\nmarkers =\n    service: x\n    browser: x\n    slow: x\n")
    return pytester


@pytest.mark.parametrize(
    ("mark", "ci", "counts"),
    [
        ("service", "true", {"failed": 1}),
        ("browser", "true", {"failed": 1}),
        ("slow", "true", {"skipped": 1}),
        ("service", "", {"skipped": 1}),
    ],
)
def test_ci_does_not_skip_a_service(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, mark: str, ci: str, counts: dict[str, int]
) -> None:
    """A skip of a test marked service or browser is a failure in CI, and a skip elsewhere."""
    monkeypatch.setenv("CI", ci)
    project.makepyfile(SAMPLE.format(mark=mark))
    project.runpytest_inprocess("-p", "no:randomly").assert_outcomes(**counts)


def test_ci_does_not_skip_a_module_of_service_tests(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module of service tests that skips itself fails in CI."""
    monkeypatch.setenv("CI", "true")
    project.makepyfile(SKIPPED_MODULE)
    project.runpytest_inprocess("-p", "no:randomly").assert_outcomes(errors=1)


@pytest.mark.service
def test_each_test_has_its_own_database(postgres_url: str) -> None:
    """The PostgreSQL fixture gives an empty database that can be written."""
    import psycopg

    with psycopg.connect(postgres_url.replace("+psycopg", "", 1)) as connection:
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)
        connection.execute("CREATE TABLE t (a int)")


@pytest.mark.browser
def test_the_browser_shows_a_page(browser, tmp_path: pathlib.Path) -> None:
    """Chromium opens a page with Chinese text in it."""
    file = tmp_path / "page.html"
    file.write_text("<meta charset=utf-8><title>双控</title><p>能耗双控", "utf-8")
    page = browser.new_page()
    page.goto(file.as_uri())
    assert (page.title(), page.inner_text("p")) == ("双控", "能耗双控")
    page.close()
