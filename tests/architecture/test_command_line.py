"""Every verb of the command line can say how it is used."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import typer
from typer.testing import CliRunner

from shuangkong.app.cli import app
from source_tree import ROOT

COMMAND = typer.main.get_command(app)


def verbs(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every verb and sub-verb with the words that reach it."""
    yield path, command
    for name, below in getattr(command, "commands", {}).items():
        yield from verbs(below, (*path, name))


def mute(found: list[tuple[tuple[str, ...], click.Command]]) -> list[str]:
    """Verbs without a sentence of help, and verbs whose --help does not work."""
    faults = [" ".join(path) for path, command in found if not (command.help or command.short_help)]
    for path, _ in found:
        answer = CliRunner().invoke(app, [*path, "--help"])
        if answer.exit_code != 0 or "Usage" not in answer.stdout:
            faults.append(" ".join([*path, "--help"]))
    return faults


def test_every_verb_says_how_it_is_used() -> None:
    """Each verb has a sentence of help, and its --help works."""
    found = list(verbs(COMMAND))
    assert len(found) > 5
    assert mute(found) == []


def test_a_mute_verb_is_seen() -> None:
    """A verb without help is reported."""
    assert mute([(("demo",), click.Command("demo"))]) == ["demo"]


def strangers(text: str, known: set[tuple[str, ...]]) -> list[str]:
    """Commands written as code in a text, by their first word and a sub-verb if it is one, that do not exist."""
    groups = {path[:1] for path in known if len(path) > 1}
    named = {tuple(words.split()) for words in re.findall(r"`(?:shuangkong|\./run) ([a-z][a-z -]*)", text)}
    cut = {path[: 2 if path[:1] in groups else 1] for path in named}
    return sorted(" ".join(path) for path in cut if path not in known | OF_RUN)


OF_RUN = {("test",), ("check",), ("case",), ("docs",), ("bench",)}


def test_the_manual_names_real_commands() -> None:
    """Every command that the manual writes as code exists."""
    known = {path for path, _ in verbs(COMMAND)}
    pages = [ROOT / "README.md", ROOT / "README.zh-CN.md", ROOT / "CONTRIBUTING.md", ROOT / "docs" / "errors.md"]
    assert [(page.name, strange) for page in pages for strange in strangers(page.read_text("utf-8"), known)] == []


def test_an_invented_command_is_seen() -> None:
    """A command that does not exist is reported, a sub-verb too."""
    known = {("pack", "list"), ("pack",), ("demo",)}
    text = "`shuangkong pack list` `shuangkong pack paint PACK` `./run demo` `./run test` `shuangkong fly 目录`"
    assert strangers(text, known) == ["fly", "pack paint"]


def test_an_unknown_verb_is_refused() -> None:
    """A verb that does not exist ends with status 2, and nothing on stdout."""
    program = Path(sys.executable).with_name("shuangkong")
    ended = subprocess.run([program, "no-such-verb"], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (2, "")
