"""What an option of a command is for is said in Chinese and English."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import typer.main

from shuangkong.app.cli import app

HAN = re.compile(r"[\u4e00-\u9fff]")


def options(command: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Each option and argument below a command with its help."""
    for sub, one in getattr(command, "commands", {}).items():
        yield from options(one, f"{name} {sub}")
    for p in command.params:
        told = getattr(p, "help", None)
        if told and p.name not in ("help", "install_completion", "show_completion"):
            yield f"{name} {p.name}", told


def test_every_help_has_both_languages() -> None:
    """No option is explained in one language alone."""
    found = dict(options(typer.main.get_command(app)))
    assert len(found) > 60
    assert sorted(k for k, told in found.items() if not (HAN.search(told) and re.search("[A-Za-z]", told))) == []


def commands(command: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Each command and group below a command with the first line of its help."""
    for sub, one in getattr(command, "commands", {}).items():
        yield f"{name} {sub}".strip(), (one.help or "").strip().partition("\n")[0]
        yield from commands(one, f"{name} {sub}")


def test_every_command_says_what_it_does_in_chinese_first() -> None:
    """The help of each command begins in Chinese and has its English after it, in brackets."""
    found = dict(commands(typer.main.get_command(app)))
    assert len(found) > 40
    assert sorted(k for k, told in found.items() if not re.search(r"[\u4e00-\u9fff].*\([A-Za-z].*\)\.?$", told)) == []
    assert sorted(k for k, told in found.items() if re.match("[A-Za-z]{3}", told)) == []
