"""Every command × every role: the table, and each command given as each person of the demo."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import click
import pytest
import typer.main
import yaml
from typer.testing import CliRunner

from rights.demo import PEOPLE, World
from shuangkong.app.acting import COMMANDS, acting, still_entitled
from shuangkong.app.cli import app
from shuangkong.engine.api import reading, writing
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.ids import SubjectId
from shuangkong.kernel.scope import Scope
from shuangkong.webkit.api import Wanted, add_person, appoint, decide, revoke, rights
from source_tree import ROOT

TABLE = yaml.safe_load((ROOT / "tests/rights/commands.yaml").read_text("utf-8"))
SIGNED_IN = tuple(r for r in PEOPLE if r != "public")
#: Commands that run on the workspace's own files: whoever can read those is the operator, and acts as nobody else.
OPERATOR = {"demo", "init", "serve", "worker", "backup", "restore"}


def commands(group: click.Command, words: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command with its words."""
    below: dict[str, click.Command] | None = getattr(group, "commands", None)
    if below is not None:
        for name, one in below.items():
            yield from commands(one, f"{words} {name}".strip())
    else:
        yield words, group


PROGRAM = dict(commands(typer.main.get_command(app)))


def test_every_command_stands_in_the_table() -> None:
    """A command without a line in the table, or a line without a command, fails; so does a changed right."""
    ways = {
        "import units": "import",
        "import projects": "import",
        "import meters": "import",
        "judge --overlay": "judge",
    }
    assert {ways.get(c, c) for c in COMMANDS} == set(PROGRAM)
    expected = {
        name: None if action is None else [r.id for r in rights().roles.values() if action in r.actions]
        for name, action in COMMANDS.items()
    }
    assert expected == TABLE


def test_every_command_of_a_workspace_can_act_as_a_person() -> None:
    """All but those of the operator take --as."""
    for name, action in COMMANDS.items():
        if action is not None and name in PROGRAM and name not in OPERATOR and name != "policy in-force":
            options = {o for p in PROGRAM[name].params for o in p.opts}
            assert "--as" in options, name


@pytest.mark.parametrize("role", SIGNED_IN)
def test_acting_asks_the_matrix(world: World, role: str) -> None:
    """Each command as each person: the one decision, and the person's own scope."""
    for name, action in COMMANDS.items():
        if action is None:
            continue
        if action not in rights().roles[role].actions:
            with pytest.raises(UserError, match="RIGHT-002"):
                acting(world.workspace, PEOPLE[role], name)
            continue
        who = acting(world.workspace, PEOPLE[role], name)
        assert decide(who, action).allowed
        assert (who.role, who.scope.principal) == (role, who.person_id)
        assert (who.scope.kind == "all") == (role == "administrator")


#: Commands with words enough to reach the door; what they say behind it is tested elsewhere.
GIVEN = {
    "judge": ["judge"],
    "runs": ["runs", "--json"],
    "jobs list": ["jobs", "list", "--json"],
    "audit verify": ["audit", "verify", "--json"],
    "people list": ["people", "list", "--json"],
    "consent list": ["consent", "list", "--json"],
}


@pytest.mark.parametrize("command", [c for c in GIVEN if c != "judge"])
@pytest.mark.parametrize("role", SIGNED_IN)
def test_a_command_given_as_a_person_is_refused_or_done(world: World, role: str, command: str) -> None:
    """Exit 2 with RIGHT-002 and nothing on stdout, or done."""
    words = [*GIVEN[command], "-w", str(world.workspace.root), "--as", PEOPLE[role]]
    done = CliRunner().invoke(app, words)
    if role in TABLE[command]:
        assert done.exit_code == 0, done.output
    else:
        assert isinstance(done.exception, UserError)
        assert (done.exception.code, done.stdout) == ("RIGHT-002", "")


def test_why_as_a_neighbour_is_as_if_it_were_not_there(world: World) -> None:
    """The error is that of a key that never was."""
    told = []
    for key in (world.ids["other_unit_finding"], "f_nothing"):
        words = ["why", key, "-w", str(world.workspace.root), "--as", PEOPLE["officer"]]
        done = CliRunner().invoke(app, words)
        assert isinstance(done.exception, UserError)
        told.append(str(done.exception).replace(key, "KEY"))
    assert told[0] == told[1]


def test_import_of_a_neighbours_unit_is_refused_as_one_that_is_unknown(world: World, tmp_path: Path) -> None:
    """Row, column and reason are the same for a unit next door and for a code that is registered nowhere."""
    from shuangkong.app.demo.city import make_city, unit_subject

    city = make_city()
    other = next(u for u in city.units if str(unit_subject(u)) == world.ids["other_unit"])
    said = []
    for number, code in enumerate((other.uscc, "91110000MA00000099", other.name_zh, "从未登记的合成单位")):
        sheet = tmp_path / f"{number}.csv"
        sheet.write_text(f"单位,期间,能源品种,数量,计量单位\n{code},2025-01,原煤,10,t\n", "utf-8")
        words = ["import", str(sheet), "--book", "energy", "-w", str(world.workspace.root), "--dry-run",
                 "--as", PEOPLE["officer"], "--json"]  # fmt: skip
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 2, done.output
        said.append(done.stdout.replace(code, "CODE").replace(f"{number}.csv", "FILE"))
    assert said[0].replace("REG-002", "REG-001") == said[1].replace("REG-002", "REG-001")
    assert said[2] == said[3]


def test_a_job_is_not_done_for_who_lost_the_appointment(world: World) -> None:
    """The scope that was kept with the job opens nothing once the appointment was taken back."""
    workspace = world.workspace
    now = workspace.clock()
    with writing(workspace.engine) as db:
        person = add_person(db, "demo.short.time", "临时审查人员（合成）", at=now, principal="test")
        wanted = Wanted("reviewer", now.date() - timedelta(days=1), SubjectId(world.ids["own_region"]))
        held = appoint(db, person, wanted, at=now, principal="test")
    scope = held.scope(person.person_id, now.date())

    def asked(scope: Scope, action: str) -> None:
        with reading(workspace.engine) as db:
            still_entitled(db, [scope], action, now)

    asked(scope, "scenario.run")
    with pytest.raises(UserError, match="RIGHT-002"):
        asked(scope, "import.write")
    asked(Scope.all("terminal:operator"), "import.write")
    with writing(workspace.engine) as db:
        revoke(db, held.appointment_id, at=now, principal="test")
    with pytest.raises(UserError, match="RIGHT-002"):
        asked(scope, "scenario.run")
