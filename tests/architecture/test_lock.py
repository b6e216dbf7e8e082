"""The lock file works for everyone: it names the public index and nothing else."""

from __future__ import annotations

import re
import tomllib

from source_tree import ROOT

PUBLIC = {"pypi.org", "files.pythonhosted.org"}


def hosts(text: str) -> set[str]:
    """The hosts of every URL in a text, with any user and port."""
    return set(re.findall(r"\w+://([^/\"\s]+)", text))


def test_the_lock_names_only_the_public_index() -> None:
    """A lock made behind a private index would carry its host."""
    assert hosts((ROOT / "uv.lock").read_text("utf-8")) == PUBLIC


def test_a_private_host_is_seen() -> None:
    """A mirror, a port or a user in a URL is another host."""
    assert hosts('url = "http://user@mirror.example:8080/simple", "file:///opt/x"') == {"user@mirror.example:8080"}


def test_nothing_local_is_locked() -> None:
    """Every locked package but our own comes from the index."""
    packages = tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))["package"]
    others = [p["name"] for p in packages if set(p["source"]) != {"registry"}]
    assert others == ["shuangkong"]


def test_the_lock_pins_what_is_known_to_work() -> None:
    """DuckDB stays at the release its makers advise, sqlglot at the last that Ibis 12 bears."""
    packages = tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))["package"]
    versions = {p["name"]: p.get("version") for p in packages}
    assert (versions["duckdb"], versions["sqlglot"]) == ("1.5.6", "30.17.0")


def test_the_core_is_small() -> None:
    """No data frame and no engine but DuckDB comes with the core; of numeric libraries the arrays of readings alone."""
    packages = {p["name"]: p for p in tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))["package"]}
    seen, todo = set(), ["shuangkong"]
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo += [d["name"] for d in packages[name].get("dependencies", [])]
    assert len(seen) > 20
    assert seen.isdisjoint({"pandas", "polars", "pyspark", "pyspark-client", "pytest"})
