"""The ``kalshi-edge`` command. An error is one clear line, never a traceback."""

import asyncio
import signal
import sys
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from stamina.instrumentation import set_on_retry_hooks

from kalshi_edge.api.server import openapi_text
from kalshi_edge.backtest.report import report_html
from kalshi_edge.backtest.summary import summary
from kalshi_edge.backtest.terminal import as_json, backtest_panel
from kalshi_edge.cli.history import SYNTHETIC, history
from kalshi_edge.cli.kill_switch import drill, halt, resume, switch
from kalshi_edge.cli.preflight import doctor, sample
from kalshi_edge.cli.sandbox import sandbox
from kalshi_edge.cli.store import store, tables
from kalshi_edge.config import Settings, load_settings
from kalshi_edge.console.live_view import Dashboard
from kalshi_edge.console.tables import fee_table, forecast_table
from kalshi_edge.data.kalshi.recorded_fills import read_fills
from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.domain.events import Event
from kalshi_edge.domain.market import FeeRule
from kalshi_edge.domain.orders import Strategy
from kalshi_edge.errors import EdgeError, InputError
from kalshi_edge.operations.backtest import backtest_request, run_backtest
from kalshi_edge.operations.bulletins import ask_bulletins, bulletin_of
from kalshi_edge.operations.demo import WebDashboard, new_password, run_demo
from kalshi_edge.operations.demo_past import DemoPlan
from kalshi_edge.operations.replay import decide_recording, replay_recording, replay_store
from kalshi_edge.operations.run import run_trader
from kalshi_edge.trading.fees import fee_parity

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="An honest autonomous trader for Kalshi's daily-high-temperature markets.",
)
cli.add_typer(history, name="history")
cli.add_typer(sandbox, name="sandbox")
cli.add_typer(store, name="store")
cli.add_typer(tables, name="tables")
cli.command()(doctor)
cli.command()(sample)
cli.command()(switch)
cli.command()(halt)
cli.command()(resume)
cli.command()(drill)

DEMO_START = datetime(2027, 4, 12, 14, 20)  # noqa: DTZ001 - typer's options have no zone; it is UTC

out = Console()
err = Console(stderr=True)

City = Annotated[
    list[str] | None,
    typer.Option("--city", help="City, several times or with commas; default: CITIES."),
]


@cli.command()
def forecast(
    files: Annotated[list[Path], typer.Argument(help="NBP, NBS, NBE or NBX bulletins.")],
    city: City = None,
) -> None:
    """Show what bulletins say of each city's and day's maximum: μ, σ and percentiles in °F."""
    wanted = {station_of(name).icao for name in _cities(city)}
    read = 0
    for path in files:
        try:
            bulletin = bulletin_of(path)
        except InputError as error:
            err.print(f"[red]refused[/] {error}")
            continue
        found = [f for f in bulletin.forecasts if not wanted or f.station in wanted]
        runs = sorted({f"{f.model} v{f.version} {f.run_at:%Y-%m-%d %HZ}" for f in found})
        if found:
            out.print(forecast_table(f"{path.name} · {', '.join(runs)}", found))
            read += 1
        for fault in bulletin.faults:
            err.print(f"[yellow]fault[/] {path.name}: {fault}")
    if not read:
        raise InputError("no forecast for the wanted cities in any of these files")


@cli.command()
def bulletins() -> None:
    """Fetch the bulletins of now once, and show the bytes that moved beside the whole files'."""
    settings = load_settings(trading_mode="paper")
    label = SYNTHETIC if settings.sandbox_url else ""
    for one in asyncio.run(ask_bulletins(settings)):
        run = "no run" if one.cycle is None else f"{one.cycle:%F %H} UTC"
        out.print(
            f"{label}{one.name} {run}: {one.outcome}, {one.last_bytes / 1e6:.3f} MB moved of"
            f" {one.whole_bytes / 1e6:.1f} MB in whole files",
            highlight=False,
        )


@cli.command("backtest")
def backtest_command(  # noqa: PLR0917 - typer wants each option as a parameter
    city: City = None,
    days: Annotated[int, typer.Option(min=1, max=20_000, help="How many climate days.")] = 365,
    until: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            help="The last climate day; default: the newest settled, or known with --offline.",
        ),
    ] = None,
    strategy: Annotated[
        list[Strategy] | None, typer.Option(help="single or bracket; default: STRATEGIES.")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write the HTML report here.")] = None,
    store: Annotated[Path | None, typer.Option(help="Keep the journal in this new file.")] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Fetch nothing: play what is there.")
    ] = False,
    synthetic: Annotated[
        bool, typer.Option("--synthetic", help="Play a sandbox's past: made up, no network.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Of the SYNTHETIC past.")] = 1,
    as_json_: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Play recorded history through the trading loop and say honestly how it went.

    Days that the history lacks are fetched first.
    """
    from kalshi_edge.cli.past import Wanted, real_days, synthetic_days  # noqa: PLC0415

    settings = load_settings()
    cities = tuple(_cities(city)) or settings.cities
    if store is not None and store.exists():
        raise InputError(f"{store} exists already; a journal starts in a new file")
    wanted = Wanted(cities, days, until.date() if until else None)
    with ExitStack() as stack:
        if synthetic:
            folder, last_day = stack.enter_context(synthetic_days(wanted, seed))
        else:
            folder, last_day = real_days(settings, wanted, offline=offline)
        request = backtest_request(
            settings.model_copy(update={"history_dir": folder}),
            cities=cities,
            last_day=last_day,
            days=days,
            strategies=strategy or [Strategy(name) for name in settings.strategies],
        )
        watch = stack.enter_context(_progress(request.first_day, request.last_day))
        record = run_backtest(request, watch, store or ":memory:")
    result = summary(record)
    if report is not None:
        report.write_text(report_html(record, result), encoding="utf-8")
    if as_json_:
        sys.stdout.write(as_json(result).decode() + "\n")
        return
    out.print(backtest_panel(result))
    if report is not None:
        out.print(f"report: [bold]{report}[/]")


@cli.command("replay")
def replay_command(
    source: Annotated[Path, typer.Argument(help="A store, or the folder of a recording.")],
    store: Annotated[
        Path | None, typer.Option(help="The store written while the recording was made.")
    ] = None,
) -> None:
    """Decide a journal's every line again, from its events or a recording's, and compare."""
    if source.is_dir() and store is None:
        _tell_decisions(source)
        return
    again = replay_store(source) if store is None else replay_recording(source, store)
    differences = list(again)
    changed = [difference for difference in differences if difference is not None]
    for line in changed:
        err.print(f"[yellow]line {line.seq}[/] comes out otherwise")
        for verdict in (v for v in line.recorded if v not in line.replayed):
            err.print(f"  [red]−[/] {verdict}", highlight=False)
        for verdict in (v for v in line.replayed if v not in line.recorded):
            err.print(f"  [green]+[/] {verdict}", highlight=False)
    if changed:
        raise InputError(f"{len(changed)} of {len(differences)} journal lines come out otherwise")
    out.print(f"[green]same[/] all {len(differences)} journal lines come out as recorded")


def _tell_decisions(recording: Path) -> None:
    """What a recording alone comes to; with its store it can be compared."""
    kinds = Counter(
        type(verdict).__name__
        for decided in decide_recording(recording)
        for verdict in decided.verdicts
    )
    for name, count in sorted(kinds.items()):
        out.print(f"{count:8} {name}")


@cli.command("fees")
def fees_command(
    files: Annotated[list[Path], typer.Argument(help="CSV files of recorded fills.")],
) -> None:
    """Hold our fees against those that an exchange charged, order by order."""
    for path in files:
        fills = read_fills(path)
        parity = fee_parity(fills, FeeRule())
        out.print(fee_table(path.name, fills, parity))
        if parity.differences:
            raise InputError(f"{path}: {len(parity.differences)} orders were charged otherwise")


@cli.command()
def run() -> None:
    """Trade as the settings say, until Ctrl-C: in paper mode on real prices, without a key."""
    settings = load_settings()
    dashboard = Dashboard(settings.trading_mode, is_synthetic=bool(settings.sandbox_url))
    # A retry is in its source's status; a log line would tear the screen.
    set_on_retry_hooks(())
    with ExitStack() as stack:
        stack.enter_context(suppress(KeyboardInterrupt))
        write = stack.enter_context(_log(settings))
        if out.is_terminal:
            stack.enter_context(
                Live(
                    get_renderable=dashboard.render, console=out, refresh_per_second=2, screen=True
                )
            )
        asyncio.run(_until_ended(run_trader(settings, dashboard, write)))


@cli.command("api-schema")
def api_schema() -> None:
    """Print the API's OpenAPI document: the dashboard's types come from it."""
    sys.stdout.write(openapi_text())


@contextmanager
def _log(settings: Settings) -> Iterator[Callable[[bytes], object]]:
    """Where the cycles' lines go: to ``LOG_PATH``, else to standard output that is no terminal."""
    if settings.log_path is not None:
        with settings.log_path.open("ab", buffering=0) as file:
            yield file.write
    elif out.is_terminal:
        yield len
    else:
        yield lambda line: (sys.stdout.write(line.decode()), sys.stdout.flush())


@cli.command("demo")
def demo_command(
    seed: Annotated[int, typer.Option(help="Another seed, another world.")] = 1,
    speed: Annotated[float, typer.Option(min=1, max=5000, help="World seconds a second.")] = 300.0,
    start: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%dT%H:%M"], help="World time to begin at, UTC.")
    ] = DEMO_START,
    web_port: Annotated[
        int, typer.Option(min=1, max=65535, help="Where the web dashboard listens.")
    ] = 3000,
    past_days: Annotated[
        int, typer.Option(min=0, max=1000, help="Days of the world traded before the start.")
    ] = 60,
    *,
    web: Annotated[bool, typer.Option(help="Whether to run the web dashboard.")] = True,
) -> None:
    """Run a SYNTHETIC exchange and weather on this machine, the trader in it, and its dashboard."""
    settings = load_settings(trading_mode="demo", store="sqlite")
    plan = DemoPlan(seed, speed, start.replace(tzinfo=UTC), past_days)
    dashboard = Dashboard("demo", is_synthetic=True)
    password = settings.dashboard_password.get_secret_value() or new_password()
    door = WebDashboard(web_port, password) if web else None
    if door is not None and not out.is_terminal:
        # A screen that nobody sees says it at the end only.
        out.print(f"dashboard http://127.0.0.1:{web_port} password {password}", highlight=False)
    # A retry is in its source's status; a log line would tear the screen.
    set_on_retry_hooks(())
    with (
        suppress(KeyboardInterrupt),
        Live(
            get_renderable=dashboard.render,
            console=out,
            refresh_per_second=4,
            screen=out.is_terminal,
        ),
    ):
        asyncio.run(_until_ended(run_demo(settings, plan, dashboard, web=door)))
    out.print(dashboard.render())


async def _until_ended(work: Coroutine[Any, Any, None]) -> None:
    """``work``, ended cleanly by SIGTERM as by Ctrl-C."""
    task = asyncio.create_task(work)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    with suppress(asyncio.CancelledError):
        await task


def _cities(names: Sequence[str] | None) -> list[str]:
    return [station_of(name.strip()).city for group in names or () for name in group.split(",")]


@contextmanager
def _progress(first_day: date, last_day: date) -> Iterator[Callable[[Event], None]]:
    """A bar over the days played, on a terminal; it costs an update a day."""
    days = (last_day - first_day).days + 1
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task("learning from the past", total=days)
        shown = first_day

        def watch(event: Event) -> None:
            nonlocal shown
            day = event.received_at.date()
            if day > shown:
                shown = day
                done = min((day - first_day).days, days)
                progress.update(task, completed=done, description=f"{day}")

        yield watch


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command; an error of ours becomes one line on standard error and exit code 2."""
    try:
        cli(args=arguments, prog_name="kalshi-edge")
    except EdgeError as error:
        err.print(f"[red]error:[/] {error}", highlight=False, soft_wrap=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
