"""``kalshi-edge tables`` and ``kalshi-edge store``: where the records are, and what they cost."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table as Grid

from kalshi_edge.config import load_settings
from kalshi_edge.db.copy_store import Copied, Watch, copy_store
from kalshi_edge.db.costs import Cost, store_cost
from kalshi_edge.db.dynamo.client import Dynamo
from kalshi_edge.db.dynamo.tables import TableState, create_tables, delete_tables, described
from kalshi_edge.db.open_store import StoreKind, open_store
from kalshi_edge.db.sqlite import SqliteStore, back_up
from kalshi_edge.db.verify import JournalTotals, checked
from kalshi_edge.errors import InputError
from kalshi_edge.runtime.lease import RENEWED_EVERY_S

store = typer.Typer(no_args_is_help=True, help="Check, copy, back up and price the records.")
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


@store.command()
def check() -> None:
    """Hold the store's records against its journal."""

    async def asked() -> tuple[JournalTotals, Sequence[str]]:
        async with open_store(load_settings(), None) as opened:
            return await checked(opened)

    told, faults = asyncio.run(asked())
    for fault in faults:
        out.print(f"[red]✗[/] {fault}", highlight=False)
    out.print(
        f"{told.lines:,} journal lines, {len(told.orders):,} orders, {len(told.trades):,} trades,"
        f" {len(told.fills):,} fills: {len(faults) or 'no'} differences"
    )
    if faults:
        raise typer.Exit(1)


@store.command()
def backup(to: Annotated[Path, typer.Argument(help="A file that is not there yet.")]) -> None:
    """Copy the SQLite store as it is at one instant; its trader may go on."""
    settings = load_settings()
    if settings.store is not StoreKind.SQLITE:
        raise InputError("DynamoDB backs itself up; `store copy` makes a file of it")
    back_up(settings.store_path, to)
    out.print(f"{to}: {to.stat().st_size:,} bytes, whole")


@store.command()
def copy(
    source: Annotated[StoreKind, typer.Option("--from", help="Where the records are.")],
    target: Annotated[StoreKind, typer.Option("--to", help="Where they go: empty, or begun.")],
) -> None:
    """Copy every record from one kind of store to the other, and compare them all."""
    if source is target:
        raise InputError(f"--from and --to are both {source}")

    async def copied() -> Copied:
        settings = load_settings()
        async with open_store(settings.model_copy(update={"store": source}), None) as ours:
            there = settings.model_copy(update={"store": target})
            async with open_store(there, ours.mode) as theirs:
                with _progress("copying") as watch:
                    return await copy_store(ours, theirs, watch)

    done = asyncio.run(copied())
    out.print(
        f"Copied and compared: {done.lines:,} journal lines, {done.orders:,} orders,"
        f" {done.fills:,} fills, {done.trades:,} trades, {done.calibrations:,} calibrations,"
        f" {done.days:,} days, {done.notes:,} notes."
    )


@store.command()
def cost(
    journal: Annotated[Path, typer.Argument(help="The SQLite store of a run to count.")],
) -> None:
    """Count what a month like a run's would cost: written once to fresh tables, then deleted."""
    settings = load_settings()
    place = replace(settings.dynamo_config, prefix=f"cost-{secrets.token_hex(4)}")

    async def counted() -> Cost:
        with TemporaryDirectory() as folder, _progress("counting") as watch:
            async with SqliteStore(journal, None) as opened:
                every = timedelta(seconds=RENEWED_EVERY_S)
                return await store_cost(opened, place, Path(folder) / "cost.db", every, watch)

    out.print(cost_grid(asyncio.run(counted())))


def cost_grid(found: Cost) -> Grid:
    """A month's cost as people read it."""
    days = found.span.total_seconds() / 86400
    grid = Grid(
        "a month of 30 days",
        *("requests", "read units", "write units", "cents"),
        title=f"Counted from {found.lines:,} journal lines of {days:.1f} days",
        caption=(
            f"SQLite: {found.sqlite_bytes * found.month / 1e6:.1f} MB a month,"
            f" {found.sqlite_seconds * found.month:.1f} s of writing.\n"
            "Prices: on demand, us-east-1, November 2026; free tiers left out."
        ),
    )
    for name, units in found.parts.items():
        grid.add_row(
            name,
            f"{units.requests:,}",
            f"{units.read_units:,.0f}",
            f"{units.write_units:,.0f}",
            f"{units.dollars * 100:.2f}",
        )
    megabytes = found.stored_bytes * found.month / 1e6
    grid.add_row(f"keeping {megabytes:.1f} MB", "", "", "", f"{found.storage_dollars * 100:.2f}")
    grid.add_row("[bold]all of it", "", "", "", f"[bold]{found.dollars * 100:.2f}")
    return grid


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


@contextmanager
def _progress(what: str) -> Iterator[Watch]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, last: progress.update(task, completed=done, total=last)


def _confirmed(*, yes: bool) -> None:
    if not yes and not typer.confirm("Go on?"):
        raise InputError("nothing was changed")


def _say(done: Sequence[str]) -> None:
    out.print("\n".join(done) or "Nothing was left to do.", highlight=False)


def _with_dynamo(ask: Callable[[Dynamo], Awaitable[T]]) -> T:
    async def asked() -> T:
        dynamo = Dynamo(load_settings().dynamo_config)
        try:
            return await ask(dynamo)
        finally:
            dynamo.close()

    return asyncio.run(asked())
