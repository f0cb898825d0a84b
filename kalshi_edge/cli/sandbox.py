"""``kalshi-edge sandbox``: run a SYNTHETIC world, and inject faults into a running one.

Only here does the trader's package know the sandbox's, and only inside the commands.
"""

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kalshi_edge.errors import ExchangeDown, InputError, StateError

if TYPE_CHECKING:
    import uvicorn

sandbox = typer.Typer(no_args_is_help=True, help="A SYNTHETIC exchange and weather to trade in.")

CONTROL_WITHIN_S = 600.0
"""A jump of days is simulated in full before it is answered."""

Seed = Annotated[int, typer.Option(help="Seed of the world.")]
Port = Annotated[int, typer.Option(min=1, max=65535, help="Port of the sandbox.")]
Start = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%dT%H:%M"], help="World time at the start, UTC.")
]


@sandbox.command()
def run(
    seed: Seed = 1,
    speed: Annotated[
        float, typer.Option(min=0, max=1_000_000, help="World seconds per real second.")
    ] = 1,
    start: Start = None,
    port: Port = 8765,
    *,
    with_parent: Annotated[
        bool, typer.Option("--with-parent", help="Exit when standard input is closed.")
    ] = False,
) -> None:
    """Serve a SYNTHETIC exchange and weather offices.

    They speak the real protocols, on this machine only.
    """
    from threading import Thread

    from kalshi_edge.config import load_settings

    cities = load_settings().cities
    from kalshi_edge.cli.output import SYNTHETIC, out
    from kalshi_sandbox.server import Plan, new_sandbox, server

    start_at = None if start is None else start.replace(tzinfo=UTC)
    plan = Plan(cities=cities, seed=seed, start_at=start_at, speed=speed)
    out.print(f"{SYNTHETIC}http://127.0.0.1:{port} · seed {seed}")
    serving = server(new_sandbox(plan), port=port)
    if with_parent:
        Thread(target=_end_with_input, args=(serving,), daemon=True).start()
    serving.run()


def _end_with_input(serving: "uvicorn.Server") -> None:
    import sys

    sys.stdin.buffer.read()
    serving.should_exit = True


@sandbox.command()
def soak(
    days: Annotated[float, typer.Option(min=0.1, max=60, help="World days.")] = 7,
    seed: Seed = 1,
    speed: Annotated[
        float, typer.Option(min=120, max=20_000, help="World seconds per real second, at most.")
    ] = 3600,
) -> None:
    """Run a soak test: paper trading at speed, then an audit.

    A trader and a sandbox, connected by real sockets.
    """
    import asyncio

    from kalshi_edge.config import load_settings

    settings = load_settings(trading_mode="paper")
    from stamina.instrumentation import set_on_retry_hooks

    from kalshi_edge.cli.output import out
    from kalshi_edge.console.tables import soak_table
    from kalshi_edge.operations.soak import SoakPlan, run_soak

    set_on_retry_hooks(())
    plan = SoakPlan(days=days, seed=seed, top_speed=speed)
    with out.status("waiting for the first bulletin …") as status:

        def watch(at: datetime) -> None:
            status.update(f"{at:%Y-%m-%d %H:%M}Z")

        result = asyncio.run(run_soak(plan, settings, watch))
    out.print(soak_table(result))
    if result.faults:
        raise StateError(f"audit FAIL: {'; '.join(result.faults)}")
    out.print("audit [green]PASS[/]: no job missed, no record lost, all accounts agree")


@sandbox.command()
def stats(
    seed: Seed = 1,
    years: Annotated[int, typer.Option(min=2, max=200, help="Years to simulate.")] = 20,
) -> None:
    """Compare the world's statistics with the real climate."""
    from kalshi_edge.cli.output import out
    from kalshi_sandbox.statistics import statistics_table, world_statistics

    with out.status(f"simulating {years} years …"):
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
        typer.Option("--city", help="City; repeatable, or separated by commas. Default: CITIES."),
    ] = None,
) -> None:
    """Write down the SYNTHETIC past of a world: a history for backtests, in seconds a year."""
    from kalshi_edge.config import load_settings

    settings = load_settings()
    from kalshi_edge.cli.options import stations_named
    from kalshi_edge.cli.output import SYNTHETIC, out, progress_bar
    from kalshi_edge.clock import SystemClock
    from kalshi_edge.data.history.days import last_settled_day
    from kalshi_sandbox.past.past import Stretch, write_past

    target = folder or settings.history_dir.with_name(f"{settings.history_dir.name}-synthetic")
    last_day = until.date() if until else last_settled_day(SystemClock().now())
    count = days if years is None else (last_day - _years_before(last_day, years)).days
    first_day = last_day - timedelta(days=count - 1)
    cities = tuple(station.city for station in stations_named(city)) or settings.cities
    stretch, done = Stretch(cities, first_day, last_day, reports), 0
    with progress_bar("the past", count + reports) as advance:

        def show(day: date) -> None:
            nonlocal done
            done += 1
            advance(done, None, f"{day}")

        written = write_past(target, seed, stretch, show)
    out.print(
        f"{SYNTHETIC}past of seed {seed}: {written} records of {first_day} to {last_day}, in"
        f" [bold]{target}[/]",
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
    """Show the state of a running sandbox, and its faults."""
    for path in ("state", "faults", "weather-faults"):
        _control(port, "GET", path)


@sandbox.command()
def clock(
    speed: Annotated[
        float | None, typer.Option(min=0, max=1_000_000, help="World seconds per real second.")
    ] = None,
    advance_h: Annotated[float | None, typer.Option(min=0, help="Jump this many hours.")] = None,
    port: Port = 8765,
) -> None:
    """Change the speed of world time, or jump forward."""
    advance_s = None if advance_h is None else advance_h * 3600
    _control(port, "POST", "clock", {"speed": speed, "advance_s": advance_s})


@sandbox.command()
def fault(
    kind: Annotated[
        str,
        typer.Argument(
            help="latency, refuse, lose, drop_before, drop_after, hang, partial_fill, stream_gap,"
            " stream_repeat, stream_delay or stream_error."
        ),
    ],
    details: Annotated[
        list[str] | None,
        typer.Argument(help="name=value: times=3 path=/portfolio status=503 delay_s=2 …"),
    ] = None,
    port: Port = 8765,
) -> None:
    """Inject a fault into requests or stream messages."""
    from kalshi_sandbox.exchange.control.faults import FaultKind

    fields = {"kind": _named(FaultKind, kind), **_fields(details)}
    _control(port, "POST", "faults", fields)


@sandbox.command("weather-fault")
def weather_fault(
    product: Annotated[
        str,
        typer.Argument(
            help="nbp, nbs, listing, metar, observations, forecast, cli, cli_archive, dsm, mav,"
            " met, lav, bufkit, point or asos."
        ),
    ],
    kind: Annotated[
        str,
        typer.Argument(
            help="late, missing, corrected, truncated, malformed, down, slow or wrong_length."
        ),
    ],
    details: Annotated[
        list[str] | None, typer.Argument(help="name=value: station=KNYC amount=90")
    ] = None,
    port: Port = 8765,
) -> None:
    """Inject a fault into a weather product or its server."""
    from kalshi_sandbox.weather.faults import FaultKind, Product

    names = {"product": _named(Product, product), "kind": _named(FaultKind, kind)}
    _control(port, "POST", "weather-faults", {**names, **_fields(details)})


@sandbox.command()
def incident(
    kind: Annotated[
        str,
        typer.Argument(
            help="maintenance, halt, reactivate, rules, fees, ticks, settlement, stream_drop,"
            " stream_freeze, portfolio_lag, clock_skew, cancel_all_echo or flat_errors."
        ),
    ],
    details: Annotated[
        list[str] | None,
        typer.Argument(help="name=value: duration_s=600 ticker=… series=… high_f=71 …"),
    ] = None,
    port: Port = 8765,
) -> None:
    """Start an incident, such as maintenance or a halt."""
    _control(port, "POST", "incidents", {"kind": kind, **_fields(details)})


@sandbox.command()
def lift(port: Port = 8765) -> None:
    """Remove every fault."""
    for path in ("faults", "weather-faults"):
        _control(port, "DELETE", path)


def _named(kinds: type[StrEnum], name: str) -> str:
    """``name``, which must be one of an enum's values; the enums are the sandbox's."""
    if name not in list(kinds):
        raise InputError(f"{name!r} is not one of {', '.join(kinds)}")
    return name


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


def _control(port: int, method: str, path: str, body: dict[str, Any] | None = None) -> None:
    """Send a request to the control API of the sandbox on ``port`` and print its answer."""
    import httpx

    from kalshi_edge.cli.output import out

    url = f"http://127.0.0.1:{port}/control/{path}"
    fields = {name: value for name, value in (body or {}).items() if value is not None}
    try:
        answer = httpx.request(
            method, url, json=fields if body is not None else None, timeout=CONTROL_WITHIN_S
        )
    except httpx.ConnectError as error:
        raise ExchangeDown(f"no sandbox listens on port {port}: start one first") from error
    if answer.is_error:
        raise InputError(f"the sandbox rejects the request: {answer.text}")
    out.print_json(answer.text)
