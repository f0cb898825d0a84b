"""``kalshi-edge tables`` and ``kalshi-edge store``: where the records are, and what they cost."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from kalshi_edge.choices import StoreKind
from kalshi_edge.errors import InputError

if TYPE_CHECKING:
    from kalshi_edge.db.copy_store import Copied
    from kalshi_edge.db.costs import Cost
    from kalshi_edge.db.dynamo.client import Dynamo
    from kalshi_edge.db.verify import JournalTotals

store = typer.Typer(no_args_is_help=True, help="Check, back up, copy and price the records.")
tables = typer.Typer(no_args_is_help=True, help="The DynamoDB tables of STORE=dynamodb.")

T = TypeVar("T")
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")]


@tables.command()
def create(*, yes: Yes = False) -> None:
    """Create the tables that are missing."""
    from kalshi_edge.config import load_settings

    load_settings()
    from kalshi_edge.cli.output import out
    from kalshi_edge.console.tables import tables_grid
    from kalshi_edge.db.dynamo.tables import create_tables, described

    states = _with_dynamo(described)
    out.print(tables_grid(states))
    missing = [state.name for state in states if not state.status]
    out.print(f"To create: {', '.join(missing) or 'nothing'}. To check on all: expiry, backups.")
    _confirm(yes=yes)
    _report(_with_dynamo(create_tables))


@tables.command()
def describe() -> None:
    """Show the tables' state; nothing is changed."""
    from kalshi_edge.config import load_settings

    load_settings()
    from kalshi_edge.cli.output import out
    from kalshi_edge.console.tables import tables_grid
    from kalshi_edge.db.dynamo.tables import described

    out.print(tables_grid(_with_dynamo(described)))


@tables.command()
def delete(*, yes: Yes = False) -> None:
    """Delete the tables with every record in them."""
    from kalshi_edge.config import load_settings

    load_settings()
    from kalshi_edge.cli.output import out
    from kalshi_edge.console.tables import tables_grid
    from kalshi_edge.db.dynamo.tables import delete_tables, described

    states = [state for state in _with_dynamo(described) if state.status]
    out.print(tables_grid(states))
    if not states:
        out.print("Nothing to delete.")
        return
    out.print("[red]To delete, with every record in them:[/] " + ", ".join(s.name for s in states))
    _confirm(yes=yes)
    _report(_with_dynamo(delete_tables))


@store.command()
def check() -> None:
    """Compare the store's records with its journal."""
    import asyncio

    from kalshi_edge.config import load_settings

    settings = load_settings()
    from kalshi_edge.cli.output import out
    from kalshi_edge.db.open_store import open_store
    from kalshi_edge.db.verify import checked

    async def counted() -> "tuple[JournalTotals, Sequence[str]]":
        async with open_store(settings, None) as opened:
            return await checked(opened)

    totals, faults = asyncio.run(counted())
    for fault in faults:
        out.print(f"[red]✗[/] {fault}", highlight=False)
    out.print(
        f"{totals.lines:,} journal lines, {len(totals.orders):,} orders,"
        f" {len(totals.trades):,} trades, {len(totals.fills):,} fills:"
        f" {len(faults) or 'no'} differences"
    )
    if faults:
        raise typer.Exit(1)


@store.command()
def backup(to: Annotated[Path, typer.Argument(help="A file that does not exist yet.")]) -> None:
    """Back up the SQLite store, even while its trader runs."""
    from kalshi_edge.config import load_settings

    settings = load_settings()
    from kalshi_edge.cli.output import out

    if settings.store is not StoreKind.SQLITE:
        raise InputError("DynamoDB backs itself up; `store copy` makes a file of it")
    from kalshi_edge.db.sqlite import back_up

    back_up(settings.store_path, to)
    out.print(f"{to}: {to.stat().st_size:,} bytes, complete")


@store.command()
def copy(
    source: Annotated[StoreKind, typer.Option("--from", help="The store that has the records.")],
    target: Annotated[
        StoreKind, typer.Option("--to", help="The store to fill: empty, or partly copied already.")
    ],
) -> None:
    """Copy every record to another kind of store, and compare."""
    import asyncio

    from kalshi_edge.config import load_settings

    settings = load_settings()
    from kalshi_edge.cli.output import out, progress_bar

    if source is target:
        raise InputError(f"--from and --to are both {source}")
    from kalshi_edge.db.copy_store import copy_store
    from kalshi_edge.db.open_store import open_store

    async def copied() -> "Copied":
        async with open_store(settings.model_copy(update={"store": source}), None) as ours:
            there = settings.model_copy(update={"store": target})
            async with open_store(there, ours.mode) as theirs:
                with progress_bar("copying") as advance:
                    return await copy_store(
                        ours, theirs, lambda done, last: advance(done, last, "copying")
                    )

    done = asyncio.run(copied())
    out.print(
        f"Copied and compared: {done.lines:,} journal lines, {done.orders:,} orders,"
        f" {done.fills:,} fills, {done.trades:,} trades, {done.calibrations:,} calibrations,"
        f" {done.days:,} days, {done.notes:,} notes."
    )


@store.command()
def cost(
    journal: Annotated[Path, typer.Argument(help="The SQLite store of a run.")],
) -> None:
    """Estimate what a month would cost on DynamoDB.

    Writes a run's records to temporary tables, counts what is charged for, and deletes the tables.
    """
    import asyncio
    import secrets
    from dataclasses import replace
    from datetime import timedelta
    from tempfile import TemporaryDirectory

    from kalshi_edge.config import load_settings

    settings = load_settings()
    from kalshi_edge.cli.output import out, progress_bar
    from kalshi_edge.console.tables import cost_grid
    from kalshi_edge.db.costs import store_cost
    from kalshi_edge.db.sqlite import SqliteStore
    from kalshi_edge.runtime.lease import RENEWED_EVERY_S

    fresh = replace(settings.dynamo_config, prefix=f"cost-{secrets.token_hex(4)}")

    async def counted() -> "Cost":
        with TemporaryDirectory() as folder, progress_bar("counting") as advance:
            async with SqliteStore(journal, None) as opened:
                every = timedelta(seconds=RENEWED_EVERY_S)
                return await store_cost(
                    opened,
                    fresh,
                    Path(folder) / "cost.db",
                    every,
                    lambda done, last: advance(done, last, "counting"),
                )

    out.print(cost_grid(asyncio.run(counted())))


def _confirm(*, yes: bool) -> None:
    if not yes and not typer.confirm("Continue?"):
        raise InputError("nothing was changed")


def _report(done: Sequence[str]) -> None:
    from kalshi_edge.cli.output import out

    out.print("\n".join(done) or "Nothing was left to do.", highlight=False)


def _with_dynamo(ask: "Callable[[Dynamo], Awaitable[T]]") -> T:
    import asyncio

    from kalshi_edge.config import load_settings
    from kalshi_edge.db.dynamo.client import Dynamo

    async def answered() -> T:
        dynamo = Dynamo(load_settings().dynamo_config)
        try:
            return await ask(dynamo)
        finally:
            dynamo.close()

    return asyncio.run(answered())
