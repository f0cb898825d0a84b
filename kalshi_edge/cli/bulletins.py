"""``kalshi-edge forecast`` and ``bulletins``: what weather bulletins say, from files or now."""

from pathlib import Path
from typing import Annotated

import typer

from kalshi_edge.errors import InputError


def forecast(
    files: Annotated[list[Path], typer.Argument(help="NBP, NBS, NBE or NBX bulletins.")],
    city: Annotated[
        list[str] | None,
        typer.Option(
            "--city", help="City; repeatable, or separated by commas. Default: those of CITIES."
        ),
    ] = None,
) -> None:
    """Show the forecast highs in bulletin files.

    Prints μ, σ and percentiles in °F for each city and climate day. A city that a file lacks is
    named.
    """
    from kalshi_edge.cli.options import stations_named
    from kalshi_edge.config import load_settings

    stations = stations_named(city) or load_settings().stations
    from kalshi_edge.cli.output import err, out
    from kalshi_edge.console.tables import forecast_table
    from kalshi_edge.operations.bulletins import bulletin_of

    read = 0
    for path in files:
        try:
            bulletin = bulletin_of(path)
        except InputError as error:
            err.print(f"[red]refused[/] {error}")
            continue
        there = {f.station for f in bulletin.forecasts}
        wanted = {station.icao for station in stations}
        found = [f for f in bulletin.forecasts if f.station in wanted]
        runs = sorted({f"{f.model} v{f.version} {f.run_at:%Y-%m-%d %HZ}" for f in found})
        if found:
            out.print(forecast_table(f"{path.name} · {', '.join(runs)}", found))
            read += 1
        if missing := [s for s in stations if s.icao not in there]:
            names = ", ".join(f"{station.city} ({station.icao})" for station in missing)
            err.print(f"[yellow]missing[/] {path.name} has no forecast for {names}")
        for fault in bulletin.faults:
            err.print(f"[yellow]fault[/] {path.name}: {fault}")
    if not read:
        names = ", ".join(station.city for station in stations)
        raise InputError(f"none of these files has a forecast for {names}")


def bulletins() -> None:
    """Fetch the current bulletins once.

    Prints how many bytes were transferred, compared with the full files.
    """
    import asyncio

    from kalshi_edge.config import load_settings
    from kalshi_edge.runtime.requirements import check_settings

    settings = load_settings(trading_mode="paper")
    check_settings(settings)
    from kalshi_edge.cli.output import SYNTHETIC, out
    from kalshi_edge.operations.bulletins import ask_bulletins

    label = SYNTHETIC if settings.sandbox_url else ""
    for one in asyncio.run(ask_bulletins(settings)):
        run = "no run" if one.cycle is None else f"{one.cycle:%F %H} UTC"
        out.print(
            f"{label}{one.name} {run}: {one.outcome}, {one.last_bytes / 1e6:.3f} MB transferred"
            f" of {one.whole_bytes / 1e6:.1f} MB in full files",
            highlight=False,
        )
