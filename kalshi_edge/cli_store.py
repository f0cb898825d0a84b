"""``kalshi-edge tables``: the DynamoDB tables, made, looked at and taken away."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Table as Grid

from kalshi_edge.config import load_settings
from kalshi_edge.db.dynamo.client import Dynamo
from kalshi_edge.db.dynamo.tables import TableState, create_tables, delete_tables, described
from kalshi_edge.errors import InputError

tables = typer.Typer(no_args_is_help=True, help="The DynamoDB tables of STORE=dynamodb.")
out = Console()

T = TypeVar("T")
Yes = Annotated[bool, typer.Option("--yes", help="Do it without asking.")]


@tables.command()
def create(*, yes: Yes = False) -> None:
    """Make the tables that are missing; those that are there stay as they are."""
    states = _with_dynamo(described)
    out.print(tables_grid(states))
    missing = [state.name for state in states if not state.status]
    out.print(f"To create: {', '.join(missing) or 'nothing'}. To check on all: expiry, backups.")
    _confirmed(yes=yes)
    _say(_with_dynamo(create_tables))


@tables.command()
def describe() -> None:
    """Show how the tables are; nothing is changed."""
    out.print(tables_grid(_with_dynamo(described)))


@tables.command()
def delete(*, yes: Yes = False) -> None:
    """Take the tables away, with every record in them."""
    states = [state for state in _with_dynamo(described) if state.status]
    out.print(tables_grid(states))
    if not states:
        out.print("Nothing to delete.")
        return
    out.print("[red]To delete, with every record in them:[/] " + ", ".join(s.name for s in states))
    _confirmed(yes=yes)
    _say(_with_dynamo(delete_tables))


def tables_grid(states: Sequence[TableState]) -> Grid:
    """The tables as people read them."""
    grid = Grid("table", "status", "items", "bytes", "expiry", "backups", "indexes")
    for state in states:
        grid.add_row(
            state.name,
            state.status or "[yellow]missing[/]",
            f"{state.items:,}",
            f"{state.size_bytes:,}",
            "on" if state.expires else "off",
            {True: "on", False: "off", None: "not known here"}[state.backed_up],
            ", ".join(state.indexes) or "none",
        )
    return grid


def _confirmed(*, yes: bool) -> None:
    if not yes and not typer.confirm("Go on?"):
        raise InputError("nothing was changed")


def _say(done: Sequence[str]) -> None:
    out.print("\n".join(done) or "Nothing was left to do.", highlight=False)


def _with_dynamo(ask: Callable[[Dynamo], Awaitable[T]]) -> T:
    async def asked() -> T:
        dynamo = Dynamo(load_settings().dynamo_place)
        try:
            return await ask(dynamo)
        finally:
            dynamo.close()

    return asyncio.run(asked())
