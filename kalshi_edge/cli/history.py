"""``kalshi-edge history``: what backtests play, and where it comes from."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from kalshi_edge.backtest.wording import MADE_UP
from kalshi_edge.config import load_settings
from kalshi_edge.console.tables import coverage_table, import_table, parity_table
from kalshi_edge.data.history.backfill import FetchedDay, days_between
from kalshi_edge.data.history.coverage import coverage
from kalshi_edge.data.history.import_archive import import_archive
from kalshi_edge.data.history.origin import claim, is_synthetic
from kalshi_edge.data.history.parity import verify_archive, verify_history
from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.errors import InputError
from kalshi_edge.operations.history import (
    PAST_SOURCES,
    USUAL_SOURCES,
    add_recording,
    fetch_history,
)

history = typer.Typer(no_args_is_help=True, help="The project's own point-in-time history.")
out = Console()
err = Console(stderr=True)

SYNTHETIC = f"[bold white on magenta] {MADE_UP} [/] "


@history.command("fetch")
def history_fetch(
    city: Annotated[list[str], typer.Option("--city", help="City, several times or with commas.")],
    first: Annotated[
        datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="The first climate day.")
    ],
    last: Annotated[
        datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="The last climate day.")
    ],
    source: Annotated[
        list[str] | None,
        typer.Option("--source", help=f"Of {', '.join(PAST_SOURCES)}; default: all but GEFS."),
    ] = None,
) -> None:
    """Fetch past forecasts, readings, climate reports and settled markets with quotes, day by day.

    Stopped anywhere and run again it goes on where it was.
    """
    settings = load_settings(trading_mode="paper")
    stations = [station_of(name.strip()) for group in city for name in group.split(",")]
    days = days_between(first.date(), last.date())
    sources = [name.strip() for group in source or () for name in group.split(",")]
    fetched: list[FetchedDay] = []
    with _progress(len(stations) * len(days)) as show:

        def told(day: FetchedDay) -> None:
            fetched.append(day)
            show(day)

        moved = asyncio.run(fetch_history(settings, stations, days, told, sources or USUAL_SOURCES))
    for one in fetched:
        for why in one.wanting:
            err.print(f"[yellow]wanting[/] {one.station.city} {one.day}: {why}", highlight=False)
    new = [one for one in fetched if not one.was_known]
    label = SYNTHETIC if settings.sandbox_url else ""
    out.print(
        f"{label}history: {sum(one.records for one in new)} records of {len(new)} days new,"
        f" {len(fetched) - len(new)} days there already, {sum(moved.values()) / 1e6:.1f} MB of"
        f" weather, in [bold]{settings.history_dir}[/]",
        highlight=False,
    )
    for name, count in moved.items() if new else ():
        a_day = count / len(new) / 1e6
        out.print(f"{label}{name:>8} {a_day:8.3f} MB a day and city", highlight=False)


@history.command("add")
def history_add(
    recording: Annotated[Path, typer.Argument(help="The folder of a recording.")],
) -> None:
    """Bring the facts of a recording into the history, for backtests."""
    folder = load_settings().history_dir
    count = add_recording(recording, folder)
    out.print(f"history: {count} facts in [bold]{folder}[/]")


@history.command("import")
def history_import(
    source: Annotated[Path, typer.Argument(help="Folder with the archive's CSV files.")],
) -> None:
    """Bring an archive of daily forecasts, highs and quotes into the history."""
    folder = load_settings().history_dir
    claim(folder, synthetic=False)
    with out.status("importing …"):
        report = import_archive(source, folder)
    out.print(import_table(report))
    out.print(f"history: [bold]{folder}[/]")


@history.command("list")
def history_list() -> None:
    """List what the history holds, city by city, with its gaps."""
    folder = load_settings().history_dir
    cities = coverage(folder)
    if not cities:
        raise InputError(f"no history in {folder}: import or record some first")
    if is_synthetic(folder):
        out.print(f"{SYNTHETIC}made up: never evidence of profit")
    out.print(coverage_table(cities))


@history.command("verify")
def history_verify(
    source: Annotated[
        Path | None, typer.Argument(help="An archive; default: the imported history.")
    ] = None,
    least: Annotated[float, typer.Option(min=0, max=1, help="Fail below this share.")] = 0.995,
) -> None:
    """Hold our contract model against every recorded result: does the bin that we say pays, pay?"""
    found = (
        {"history": verify_history(load_settings().history_dir)}
        if source is None
        else verify_archive(source)
    )
    for name, parity in found.items():
        out.print(parity_table(name, parity))
    worst = min((parity.share or 0.0) for parity in found.values())
    if worst < least:
        raise InputError(f"only {worst:.2%} of the results agree; {least:.2%} is the least")


@contextmanager
def _progress(days: int) -> Iterator[Callable[[FetchedDay], None]]:
    """A bar over the days, on a terminal."""
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task("fetching", total=days)
        yield lambda one: progress.update(
            task, advance=1, description=f"{one.station.city} {one.day}"
        )
