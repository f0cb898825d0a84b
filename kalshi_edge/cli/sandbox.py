"""``kalshi-edge sandbox``: run a SYNTHETIC world, and let things go wrong in one that runs."""

import asyncio
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Annotated, Any

import httpx
import typer
import uvicorn
from rich.console import Console
from stamina.instrumentation import set_on_retry_hooks

from kalshi_edge.config import load_settings
from kalshi_edge.console.tables import soak_table
from kalshi_edge.errors import ExchangeDown, InputError, StateError
from kalshi_edge.operations.soak import SoakPlan, run_soak
from kalshi_sandbox.exchange.control.faults import FaultKind
from kalshi_sandbox.server import Plan, new_sandbox, server
from kalshi_sandbox.statistics import statistics_table, world_statistics
from kalshi_sandbox.weather.faults import FaultKind as WeatherFaultKind
from kalshi_sandbox.weather.faults import Product

sandbox = typer.Typer(no_args_is_help=True, help="A SYNTHETIC exchange and weather to live in.")
out = Console()

CONTROL_WITHIN_S = 600.0
"""A jump of days is lived through before it is answered."""

Seed = Annotated[int, typer.Option(help="Another seed, another world.")]
Port = Annotated[int, typer.Option(min=1, max=65535, help="Where the sandbox listens.")]
Start = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%dT%H:%M"], help="World time, UTC.")
]


@sandbox.command()
def run(
    seed: Seed = 1,
    speed: Annotated[float, typer.Option(min=0, max=1_000_000, help="World seconds a second.")] = 1,
    start: Start = None,
    port: Port = 8765,
    *,
    with_parent: Annotated[
        bool, typer.Option("--with-parent", help="End when standard input does.")
    ] = False,
) -> None:
    """Serve an exchange and weather offices over their real protocols, on loopback."""
    plan = Plan(
        cities=load_settings().cities,
        seed=seed,
        start_at=None if start is None else start.replace(tzinfo=UTC),
        speed=speed,
    )
    out.print(f"[bold white on magenta] SYNTHETIC [/] http://127.0.0.1:{port} · seed {seed}")
    serving = server(new_sandbox(plan), port=port)
    if with_parent:
        Thread(target=_end_with_input, args=(serving,), daemon=True).start()
    serving.run()


def _end_with_input(serving: uvicorn.Server) -> None:
    sys.stdin.buffer.read()
    serving.should_exit = True


@sandbox.command()
def soak(
    days: Annotated[float, typer.Option(min=0.1, max=60, help="World days.")] = 7,
    seed: Seed = 1,
    speed: Annotated[
        float, typer.Option(min=120, max=20_000, help="World seconds a second between cycles.")
    ] = 3600,
) -> None:
    """Trade a SYNTHETIC week (or `--days`) in paper mode, over sockets at speed, and recount it."""
    set_on_retry_hooks(())
    plan = SoakPlan(days=days, seed=seed, top_speed=speed)
    with out.status("the first bulletin …") as status:

        def watch(at: datetime) -> None:
            status.update(f"{at:%Y-%m-%d %H:%M}Z")

        stretch = asyncio.run(run_soak(plan, load_settings(trading_mode="paper"), watch))
    out.print(soak_table(stretch))
    if stretch.faults:
        raise StateError(f"not whole: {'; '.join(stretch.faults)}")
    out.print("[green]whole[/]: nothing missed, nothing lost, all accounts the same")


@sandbox.command()
def stats(
    seed: Seed = 1,
    years: Annotated[int, typer.Option(min=2, max=200, help="Years to live through.")] = 20,
) -> None:
    """Hold the world's statistics against the climate that it is made after."""
    with out.status(f"living through {years} years …"):
        rows = world_statistics(seed, years)
    out.print(statistics_table(rows))


@sandbox.command()
def past(  # noqa: PLR0917 - typer wants each option as a parameter
    folder: Annotated[
        Path | None, typer.Argument(help="Where to; default: HISTORY_DIR with -synthetic.")
    ] = None,
    seed: Seed = 1,
    days: Annotated[int, typer.Option(min=1, max=100_000, help="Climate days.")] = 365,
    years: Annotated[
        int | None, typer.Option(min=1, max=200, help="So many years in place of --days.")
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The last climate day; default: settled by now."),
    ] = None,
    reports: Annotated[
        int, typer.Option(min=0, help="Days before these, of which only climate reports are kept.")
    ] = 0,
    city: Annotated[
        list[str] | None,
        typer.Option("--city", help="City, several times or with commas; default: CITIES."),
    ] = None,
) -> None:
    """Write down the SYNTHETIC past of a world: a history for backtests, in seconds a year."""
    # Whoever only runs the sandbox need not wait for these.
    from kalshi_edge.cli.progress import day_bar  # noqa: PLC0415
    from kalshi_edge.clock import SystemClock  # noqa: PLC0415
    from kalshi_edge.data.history.days import last_settled_day  # noqa: PLC0415
    from kalshi_edge.data.weather.stations import station_of  # noqa: PLC0415
    from kalshi_sandbox.past.past import Stretch, write_past  # noqa: PLC0415

    settings = load_settings()
    target = folder or settings.history_dir.with_name(f"{settings.history_dir.name}-synthetic")
    last_day = until.date() if until else last_settled_day(SystemClock().now())
    count = days if years is None else (last_day - _years_before(last_day, years)).days
    first_day = last_day - timedelta(days=count - 1)
    names = [name for group in city or () for name in group.split(",")] or settings.cities
    cities = tuple(dict.fromkeys(station_of(name.strip()).city for name in names))
    with day_bar(count + reports, "the past") as show:
        written = write_past(target, seed, Stretch(cities, first_day, last_day, reports), show)
    out.print(
        f"[bold white on magenta] SYNTHETIC [/] past of seed {seed}: {written} records of"
        f" {first_day} to {last_day}, in [bold]{target}[/]",
        highlight=False,
    )


def _years_before(day: date, years: int) -> date:
    """The same day ``years`` ago, or the last of February."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


@sandbox.command()
def state(port: Port = 8765) -> None:
    """Show where a running sandbox stands, and the faults that wait."""
    for path in ("state", "faults", "weather-faults"):
        _tell(port, "GET", path)


@sandbox.command()
def clock(
    speed: Annotated[float | None, typer.Option(min=0, max=1_000_000)] = None,
    advance_h: Annotated[float | None, typer.Option(min=0, help="Jump so many hours.")] = None,
    port: Port = 8765,
) -> None:
    """Change world time's speed, or jump forward."""
    advance_s = None if advance_h is None else advance_h * 3600
    _tell(port, "POST", "clock", {"speed": speed, "advance_s": advance_s})


@sandbox.command()
def fault(
    kind: Annotated[FaultKind, typer.Argument(help="What goes wrong with the exchange.")],
    details: Annotated[
        list[str] | None, typer.Argument(help="times=3 path=/portfolio status=503 delay_s=2 …")
    ] = None,
    port: Port = 8765,
) -> None:
    """Let requests or frames of the exchange go wrong: latency, errors, lost or doubled frames."""
    _tell(port, "POST", "faults", {"kind": kind.value, **_fields(details)})


@sandbox.command("weather-fault")
def weather_fault(
    product: Annotated[Product, typer.Argument(help="What it befalls.")],
    kind: Annotated[WeatherFaultKind, typer.Argument(help="What happens to it.")],
    details: Annotated[list[str] | None, typer.Argument(help="station=KNYC amount=90")] = None,
    port: Port = 8765,
) -> None:
    """Let a weather product be late, missing, truncated, corrected or its server down."""
    fields = {"product": product.value, "kind": kind.value, **_fields(details)}
    _tell(port, "POST", "weather-faults", fields)


@sandbox.command()
def incident(
    kind: Annotated[str, typer.Argument(help="maintenance, halt, rules, fees, settlement …")],
    details: Annotated[
        list[str] | None, typer.Argument(help="duration_s=600, ticker=…, series=…, high_f=71 …")
    ] = None,
    port: Port = 8765,
) -> None:
    """Let something happen: maintenance, a halt, changed rules or fees, a wrong settlement."""
    _tell(port, "POST", "incidents", {"kind": kind, **_fields(details)})


@sandbox.command()
def lift(port: Port = 8765) -> None:
    """Lift every fault."""
    for path in ("faults", "weather-faults"):
        _tell(port, "DELETE", path)


def _fields(details: list[str] | None) -> dict[str, Any]:
    """``name=value`` pairs; a value that reads as a number is one."""
    fields: dict[str, Any] = {}
    for detail in details or ():
        name, found, value = detail.partition("=")
        if not found:
            raise InputError(f"details are name=value, not {detail!r}")
        try:
            fields[name] = float(value)
        except ValueError:
            fields[name] = value
    return fields


def _tell(port: int, method: str, path: str, body: dict[str, Any] | None = None) -> None:
    """Speak to the control of the sandbox on ``port`` and show its answer."""
    url = f"http://127.0.0.1:{port}/control/{path}"
    fields = {name: value for name, value in (body or {}).items() if value is not None}
    try:
        answer = httpx.request(
            method, url, json=fields if body is not None else None, timeout=CONTROL_WITHIN_S
        )
    except httpx.ConnectError as error:
        raise ExchangeDown(f"no sandbox listens on port {port}: start one first") from error
    if answer.is_error:
        raise InputError(f"the sandbox does not understand: {answer.text}")
    out.print_json(answer.text)
