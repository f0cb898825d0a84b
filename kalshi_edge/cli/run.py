"""``kalshi-edge run``, ``demo`` and ``api-schema``: the trader, its demonstration, its API."""

import os
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kalshi_edge.errors import EdgeError, ProgramError, cause_of, traceback_of

if TYPE_CHECKING:
    from rich.console import RenderableType

    from kalshi_edge.config import Settings
    from kalshi_edge.console.live_view import Dashboard

DEMO_START = datetime(2027, 4, 12, 14, 20)  # noqa: DTZ001 - typer's options have no zone; it is UTC


def run() -> None:
    """Trade as the settings say, until Ctrl-C.

    Paper mode, the default, uses real prices and needs no key.

    Exits with 0 when asked to end, 1 after an error of the program, 2 where a setting or the
    outside is wrong, 3 when the store fails, 4 when another process trades with it.
    """
    import asyncio

    from kalshi_edge.config import load_settings
    from kalshi_edge.runtime.requirements import check_settings

    settings = load_settings()
    check_settings(settings)
    from stamina.instrumentation import set_on_retry_hooks

    from kalshi_edge.cli.output import out
    from kalshi_edge.console.live_view import Dashboard
    from kalshi_edge.operations.run import run_trader

    dashboard = Dashboard(settings.trading_mode, is_synthetic=bool(settings.sandbox_url))
    # A retry is in its source's status; a log line would tear the screen.
    set_on_retry_hooks(())
    with ExitStack() as stack:
        stack.enter_context(suppress(KeyboardInterrupt))
        write = stack.enter_context(_log(settings))
        if out.is_terminal:
            stack.enter_context(_live_view(dashboard, per_second=2))
        try:
            asyncio.run(_until_ended(run_trader(settings, dashboard, write)))
        except Exception as error:
            raise _in_one_line(error, write) from error


def demo(
    seed: Annotated[int, typer.Option(help="Seed of the world.")] = 1,
    speed: Annotated[
        float, typer.Option(min=1, max=5000, help="World seconds per real second.")
    ] = 300.0,
    start: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%dT%H:%M"], help="World time at the start, UTC.")
    ] = DEMO_START,
    web_port: Annotated[
        int, typer.Option(min=1, max=65535, help="Port of the web dashboard.")
    ] = 3000,
    past_days: Annotated[
        int, typer.Option(min=0, max=1000, help="Days of the world traded before the start.")
    ] = 60,
    *,
    web: Annotated[bool, typer.Option(help="Run the web dashboard.")] = True,
) -> None:
    """Show the product in a SYNTHETIC world on this machine.

    Runs an exchange and weather offices, a trader in demo mode, and the web dashboard.
    """
    import asyncio

    from kalshi_edge.config import load_settings

    settings = load_settings(trading_mode="demo", store="sqlite")
    from stamina.instrumentation import set_on_retry_hooks

    from kalshi_edge.cli.output import out
    from kalshi_edge.console.live_view import Dashboard
    from kalshi_edge.operations.demo import WebDashboard, new_password, run_demo
    from kalshi_edge.operations.demo_past import DemoPlan

    plan = DemoPlan(seed, speed, start.replace(tzinfo=UTC), past_days)
    dashboard = Dashboard("demo", is_synthetic=True)
    password = settings.dashboard_password.get_secret_value() or new_password()
    web_dashboard = WebDashboard(web_port, password) if web else None
    if web_dashboard is not None and not out.is_terminal:
        # Without a terminal the live view is printed at the end only.
        out.print(f"dashboard http://127.0.0.1:{web_port} password {password}", highlight=False)
    # A retry is in its source's status; a log line would tear the screen.
    set_on_retry_hooks(())
    with suppress(KeyboardInterrupt), _live_view(dashboard, per_second=4):
        asyncio.run(_until_ended(run_demo(settings, plan, dashboard, web=web_dashboard)))
    out.print(dashboard.render())


def api_schema() -> None:
    """Print the API's OpenAPI document."""
    from kalshi_edge.api.server import openapi_text

    typer.echo(openapi_text(), nl=False)


@contextmanager
def _live_view(dashboard: "Dashboard", *, per_second: int) -> Iterator[None]:
    from rich.live import Live
    from rich.text import Text

    from kalshi_edge.cli.output import out

    def rendered() -> "RenderableType":
        try:
            return dashboard.render()
        except Exception as error:
            return Text(f"the screen cannot be drawn: {error!r}")

    live = Live(
        get_renderable=rendered,
        console=out,
        refresh_per_second=per_second,
        screen=out.is_terminal,
    )
    live.start()
    try:
        yield
    finally:
        with suppress(OSError):  # the terminal may be gone
            live.stop()


def _in_one_line(error: Exception, write: Callable[[bytes], object]) -> EdgeError:
    """What ended the trader, as one sentence; the traceback of what nobody expected is logged."""
    import orjson

    cause = cause_of(error)
    if not isinstance(cause, EdgeError) or isinstance(cause, ProgramError):
        ended = {"event": "ended", "error": repr(cause), "exception": traceback_of(error, 100_000)}
        write(orjson.dumps(ended) + b"\n")
    if isinstance(cause, EdgeError):
        return cause
    return ProgramError(f"the trader ended: {cause!r}; the log has the traceback")


@contextmanager
def _log(settings: "Settings") -> Iterator[Callable[[bytes], object]]:
    """Where the cycles' lines go: to ``LOG_PATH``, else to standard output that is no terminal."""
    from kalshi_edge.cli.output import out
    from kalshi_edge.runtime.log_writer import LogWriter, Sink

    path = settings.log_path

    def opened() -> Sink:
        if path is not None:
            return path.open("ab", buffering=0)
        return os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)

    if path is None and out.is_terminal:
        yield len
    else:
        with LogWriter(opened, partial(typer.echo, err=True)).running() as writer:
            yield writer.write


async def _until_ended(work: Coroutine[Any, Any, None]) -> None:
    """``work``, ended cleanly by SIGTERM as by Ctrl-C."""
    import asyncio
    import signal

    task = asyncio.create_task(work)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    with suppress(asyncio.CancelledError):
        await task
