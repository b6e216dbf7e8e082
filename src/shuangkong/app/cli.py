"""The command line. JSON on stdout alone, diagnostics on stderr; exit 0 fine, 2 the user's mistake, 1 a bug."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from shuangkong import __version__
from shuangkong.kernel.errors import UserError

if TYPE_CHECKING:
    from shuangkong.policy.api import Catalogue, ReadBounds

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="双控：让节能减排方案落到数字上。每个数字有条款，每个条款有数字。\n\nShuangkong: plans for saving energy and"
    " cutting emissions, made to run. Every number has a clause, and every clause has a number.",
)


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="显示版本 (print the version)")] = False,
) -> None:
    context.obj = _catalogue
    context.meta["shuangkong.read_bounds"] = _bounds
    if version:
        typer.echo(__version__)
        raise typer.Exit


def _catalogue() -> Catalogue:
    """What inputs of decision tables can be bound to: `policy check` holds packs against it."""
    from shuangkong.app.catalogue import catalogue

    return catalogue()


def _bounds() -> ReadBounds:
    """What reading a document may take."""
    from shuangkong.app.limits import read_bounds

    return read_bounds()


def _mount() -> None:
    from shuangkong.accounting.cli import account_command
    from shuangkong.app.commands import (
        audit,
        backup,
        books,
        cases,
        closed,
        collecting,
        deciding,
        judging,
        making,
        metering,
        moved,
        people,
        publishing,
        readings,
        scenarios,
        serve,
        sharing,
        simulating,
        watching,
        what_if,
        worker,
    )
    from shuangkong.metering.hj212.cli import hj212_app
    from shuangkong.policy import cli_reading
    from shuangkong.policy.cli import policy_app

    making.add(app)
    books.add(app)
    app.command("account")(account_command)
    judging.add(app)
    deciding.add(app)
    what_if.add(app)
    scenarios.add(app)
    cases.add(app)
    moved.add(app)
    watching.add(app)
    sharing.add(app)
    cli_reading.add(policy_app)
    publishing.add(policy_app)
    app.add_typer(policy_app, name="policy")
    app.add_typer(hj212_app, name="hj212")
    worker.add(app)
    collecting.add(app)
    serve.add(app)
    simulating.add(app)
    metering.add(app)
    closed.add(app)
    readings.add()
    backup.add(app)
    people.add(app)
    audit.add(app)


_mount()


def main() -> None:
    """Run a command; a user's mistake goes to stderr with its code, in the language asked for, not to stdout."""
    try:
        app()
    except UserError as wrong:
        from shuangkong.app.spoken import language_asked, spoken

        typer.echo(spoken(wrong, language_asked(sys.argv)), err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
