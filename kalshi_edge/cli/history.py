"""``kalshi-edge history``: what backtests play, and where it comes from."""

from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kalshi_edge.choices import PAST_SOURCES, USUAL_SOURCES
from kalshi_edge.errors import InputError

if TYPE_CHECKING:
    from kalshi_edge.data.history.backfill import FetchedDay

history = typer.Typer(
    no_args_is_help=True, help="The point-in-time history that backtests are run on."
)


@history.command("fetch")
def history_fetch(
    city: Annotated[
        list[str], typer.Option("--city", help="City; repeatable, or separated by commas.")
    ],
    first: Annotated[
        datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="First climate day.")
    ],
    last: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="Last climate day.")],
    source: Annotated[
        list[str] | None,
        typer.Option(
            "--source",
            help=f"Source; repeatable, or separated by commas: {', '.join(PAST_SOURCES)}."
            f" Default: all but {', '.join(set(PAST_SOURCES) - set(USUAL_SOURCES))}.",
        ),
    ] = None,
) -> None:
    """Download past days into the history.

    Fetches forecasts, readings, climate reports and settled markets with their quotes, day by
    day, and prints the bytes that each source cost. If interrupted, run it again: it continues
    where it stopped.
    """
    import asyncio

    from kalshi_edge.cli.options import stations_named
    from kalshi_edge.config import load_settings
    from kalshi_edge.runtime.requirements import check_settings

    settings = load_settings(trading_mode="paper")
    check_settings(settings)
    from kalshi_edge.cli.output import SYNTHETIC, err, out, progress_bar
    from kalshi_edge.data.history.backfill import days_between
    from kalshi_edge.operations.history import fetch_history

    stations = stations_named(city)
    days = days_between(first.date(), last.date())
    sources = [name.strip() for group in source or () for name in group.split(",")]
    fetched: list[FetchedDay] = []
    with progress_bar("fetching", len(stations) * len(days)) as advance:

        def note(day: "FetchedDay") -> None:
            fetched.append(day)
            advance(len(fetched), None, f"{day.station.city} {day.day}")

        moved = asyncio.run(fetch_history(settings, stations, days, note, sources or USUAL_SOURCES))
    for one in fetched:
        for why in one.wanting:
            err.print(f"[yellow]missing[/] {one.station.city} {one.day}: {why}", highlight=False)
    new = [one for one in fetched if not one.was_known]
    label = SYNTHETIC if settings.sandbox_url else ""
    out.print(
        f"{label}history: {sum(one.records for one in new)} records of {len(new)} days new,"
        f" {len(fetched) - len(new)} days known already, {sum(moved.values()) / 1e6:.1f} MB of"
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
    """Add the facts of a recording to the history."""
    from kalshi_edge.config import load_settings

    folder = load_settings().history_dir
    from kalshi_edge.cli.output import out
    from kalshi_edge.operations.history import add_recording

    count = add_recording(recording, folder)
    out.print(f"history: {count} facts in [bold]{folder}[/]")


@history.command("import")
def history_import(
    source: Annotated[Path, typer.Argument(help="Folder with the archive's CSV files.")],
) -> None:
    """Import an archive of forecasts, highs and quotes."""
    from kalshi_edge.config import load_settings

    folder = load_settings().history_dir
    from kalshi_edge.cli.output import out
    from kalshi_edge.console.tables import import_lines, import_table
    from kalshi_edge.data.history.import_archive import import_archive
    from kalshi_edge.data.history.origin import claim

    claim(folder, synthetic=False)
    with out.status("importing …"):
        report = import_archive(source, folder)
    out.print(import_table(report))
    _print_lines(import_lines(report))
    out.print(f"history: [bold]{folder}[/]")


@history.command("list")
def history_list() -> None:
    """List what the history contains, and its gaps."""
    from kalshi_edge.config import load_settings

    folder = load_settings().history_dir
    from kalshi_edge.cli.output import SYNTHETIC, out
    from kalshi_edge.console.tables import coverage_table
    from kalshi_edge.data.history.coverage import coverage
    from kalshi_edge.data.history.origin import is_synthetic

    cities = coverage(folder)
    if not cities:
        raise InputError(f"no history in {folder}: import or record some first")
    if is_synthetic(folder):
        out.print(f"{SYNTHETIC}made up: never evidence of profit")
    out.print(coverage_table(cities))


@history.command("verify")
def history_verify(
    source: Annotated[
        Path | None, typer.Argument(help="An archive. Default: the imported history.")
    ] = None,
    least: Annotated[
        float, typer.Option(min=0, max=1, help="Fail if a smaller share agrees.")
    ] = 0.995,
) -> None:
    """Check our contract rules against recorded results.

    For every settled market: does the bin pay that our rules say?
    """
    from kalshi_edge.config import load_settings

    folder = load_settings().history_dir
    from kalshi_edge.cli.output import out
    from kalshi_edge.console.tables import parity_lines, parity_table, parity_title
    from kalshi_edge.data.history.parity import verify_archive, verify_history

    found = {"history": verify_history(folder)} if source is None else verify_archive(source)
    for name, parity in sorted(found.items(), key=lambda pair: -len(pair[1].differing)):
        out.print(f"[bold cyan]{parity_title(name, parity)}[/]", highlight=False, soft_wrap=True)
        if parity.differing:
            out.print(parity_table(parity))
        _print_lines(parity_lines(parity))
    worst = min((parity.share or 0.0) for parity in found.values())
    if worst < least:
        raise InputError(f"only {worst:.2%} of the results agree; at least {least:.2%} should")


@history.command("evening")
def history_evening(
    city: Annotated[
        list[str] | None,
        typer.Option("--city", help="City; repeatable, or separated by commas. Default: all."),
    ] = None,
    first: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First climate day.")
    ] = None,
    last: Annotated[
        datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last climate day.")
    ] = None,
) -> None:
    """Compare our forecasts with what the market knew the evening before.

    The benchmark is the average price of the evening's trades, as an archive has it.
    """
    from kalshi_edge.config import load_settings

    settings = load_settings()
    from kalshi_edge.backtest.forecaster_tables import evening_notes, evening_tables
    from kalshi_edge.cli.options import stations_named
    from kalshi_edge.cli.output import SYNTHETIC, out
    from kalshi_edge.data.history.origin import is_synthetic
    from kalshi_edge.operations.evening import evening_figures

    found = evening_figures(
        settings.history_dir,
        settings.forecast_models,
        [station.city for station in stations_named(city)],
        date.min if first is None else first.date(),
        date.max if last is None else last.date(),
    )
    if is_synthetic(settings.history_dir):
        out.print(f"{SYNTHETIC}made up: never evidence of profit")
    for table in evening_tables(found):
        out.print(table)
    _print_lines(evening_notes(found))


def _print_lines(lines: Iterable[str]) -> None:
    from kalshi_edge.cli.output import out

    for line in lines:
        out.print(f"  {line}", style="dim", highlight=False, markup=False, soft_wrap=True)
