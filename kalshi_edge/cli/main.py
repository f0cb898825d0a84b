"""The ``kalshi-edge`` command. An error is one clear line, never a traceback.

Help and refusals answer at once: the modules registered here import what their commands need inside
them, and tests/unit/cli/test_startup.py keeps it so.
"""

import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated

import typer

from kalshi_edge import __version__
from kalshi_edge.cli.backtest import backtest, fees, replay
from kalshi_edge.cli.bulletins import bulletins, forecast
from kalshi_edge.cli.evidence import evidence
from kalshi_edge.cli.history import history
from kalshi_edge.cli.init import init
from kalshi_edge.cli.kill_switch import drill, halt, resume, switch
from kalshi_edge.cli.mcp import mcp
from kalshi_edge.cli.preflight import doctor, sample
from kalshi_edge.cli.run import api_schema, demo, run
from kalshi_edge.cli.sandbox import sandbox
from kalshi_edge.cli.store import store, tables
from kalshi_edge.errors import EdgeError, cause_of

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain text: Rich would double the time of help
)
cli.command()(init)
cli.command()(run)
cli.command()(demo)
cli.command()(doctor)
cli.command()(sample)
cli.command()(switch)
cli.command()(halt)
cli.command()(resume)
cli.command()(drill)
cli.command()(forecast)
cli.command()(bulletins)
cli.command()(backtest)
cli.command()(replay)
cli.command()(fees)
cli.command("api-schema")(api_schema)
cli.command()(mcp)
cli.add_typer(evidence, name="evidence")
cli.add_typer(history, name="history")
cli.add_typer(store, name="store")
cli.add_typer(tables, name="tables")
cli.add_typer(sandbox, name="sandbox")


def _print_version(wanted: bool) -> None:
    if not wanted:
        return
    typer.echo(f"kalshi-edge {__version__}")
    raise typer.Exit


@cli.callback()
def kalshi_edge(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version and exit.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    """An honest autonomous trader for Kalshi's daily-high-temperature markets."""
    del version  # its callback has answered


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command; an error of ours becomes one line on standard error and its exit code."""
    try:
        cli(args=arguments, prog_name="kalshi-edge")
    except (EdgeError, ExceptionGroup) as error:
        cause = cause_of(error)
        if not isinstance(cause, EdgeError):
            raise cause from None
        with suppress(OSError):  # standard error may be closed
            typer.echo(f"{typer.style('error:', fg='red')} {cause}", err=True)
        sys.exit(cause.exit_code)


if __name__ == "__main__":
    main()
