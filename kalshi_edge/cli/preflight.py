"""``kalshi-edge doctor`` and ``sample``: the preflight, and the API round trip."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kalshi_edge.choices import TradingMode
from kalshi_edge.errors import InputError

if TYPE_CHECKING:
    from rich.table import Table

    from kalshi_edge.config import Settings
    from kalshi_edge.operations.check_results import CheckResult

COLOURS = {"PASS": "green", "WARN": "yellow", "FAIL": "bold red"}


def doctor(
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document in place of the table.")
    ] = False,
    contract: Annotated[
        bool, typer.Option("--contract", help="Hold every real source against the code, once.")
    ] = False,
    demo: Annotated[
        bool, typer.Option("--demo", help="With --contract: try an order in the demo environment.")
    ] = False,
    folder: Annotated[
        Path | None, typer.Option(help="With --contract: where the answers are kept.")
    ] = None,
    replay: Annotated[
        Path | None, typer.Option(help="With --contract: compare the answers kept there again.")
    ] = None,
) -> None:
    """Run the preflight: what must be right before trading starts.

    Checks mode, limits, versions, private files, folders, disk, port, dashboard, key, exchange,
    clock, markets, fees, balance, store, lease and every weather source. Each is PASS, WARN or
    FAIL, and says what to do.

    With --contract it asks every source once, reads only, and compares each answer with what the
    code assumes of it; the answers are kept in a folder, without secrets, that a bug report can
    carry.

    Exits with 0 where trading would start (PASS, WARN), and with 2 where it would not.
    """
    import asyncio

    from kalshi_edge.config import load_settings

    if not contract and (demo or folder or replay):
        raise InputError("--demo, --folder and --replay are for --contract")
    settings = load_settings(**({"trading_mode": "demo"} if demo else {}))
    if contract:
        _contact(settings, orders=demo, folder=folder, replay=replay, as_json=as_json)
        return
    from stamina.instrumentation import set_on_retry_hooks

    from kalshi_edge.cli.output import out

    set_on_retry_hooks(())  # a retry is in its source's result
    if as_json:
        results = asyncio.run(_all_checks(settings))
        typer.echo(_document(settings, results))
    else:
        results = asyncio.run(_checked(settings, _preflight_table(settings)))
    failed = [result.what for result in results if result.grade == "FAIL"]
    if failed and as_json:
        raise typer.Exit(InputError.exit_code)
    if failed:
        raise InputError(f"trading would not start: see {', '.join(failed)}")
    if not as_json:
        out.print("[green]ready[/] `kalshi-edge run` starts trading with these settings")


def _contact(
    settings: "Settings", *, orders: bool, folder: Path | None, replay: Path | None, as_json: bool
) -> None:
    import asyncio

    from stamina.instrumentation import set_on_retry_hooks

    from kalshi_edge.cli.output import out
    from kalshi_edge.operations.contact.run import run_contact

    set_on_retry_hooks(())  # a retry is in its source's result
    where = " · SYNTHETIC" if settings.sandbox_url else ""
    table = _check_table(f"First contact · {settings.trading_mode}{where}")
    results: list[CheckResult] = []

    def told(result: "CheckResult") -> None:
        results.append(result)
        _add_row(table, result)

    async def shown() -> Path | None:
        with nullcontext() if as_json else _growing(table):
            return await run_contact(
                settings, orders=orders, folder=folder, replay=replay, told=told
            )

    kept = asyncio.run(shown())
    if as_json:
        typer.echo(_document(settings, results))
    elif kept is not None:
        out.print(f"answers kept in [bold]{kept}[/], without secrets", highlight=False)
    deviating = [result.what for result in results if result.grade == "FAIL"]
    if deviating and as_json:
        raise typer.Exit(InputError.exit_code)
    if deviating:
        raise InputError(f"not as the code assumes: {', '.join(deviating)}")
    if not as_json:
        out.print("[green]as assumed[/] nothing was found that would break anything")


async def _all_checks(settings: "Settings") -> "list[CheckResult]":
    from kalshi_edge.operations.preflight import preflight_checks

    return [result async for result in preflight_checks(settings)]


def _document(settings: "Settings", results: "list[CheckResult]") -> str:
    import json
    from dataclasses import asdict

    document = {
        "mode": settings.trading_mode,
        "is_synthetic": bool(settings.sandbox_url),
        "would_start": all(result.grade != "FAIL" for result in results),
        "checks": [asdict(result) for result in results],
    }
    return json.dumps(document, indent=1, ensure_ascii=False)


def sample(
    mode: Annotated[
        TradingMode, typer.Option(help="demo, or live with LIVE_CONFIRM=yes.")
    ] = TradingMode.DEMO,
) -> None:
    """Run the API round trip: sign in, place an order, cancel it.

    It also reads balance, markets and the order, which is one contract at one cent, post only,
    far from the market.
    """
    import asyncio

    from kalshi_edge.config import load_settings
    from kalshi_edge.runtime.requirements import check_settings

    settings = load_settings(trading_mode=mode)
    check_settings(settings, asks_weather=False, needs_key=True)
    from kalshi_edge.cli.output import out

    where = "a sandbox, SYNTHETIC" if settings.sandbox_url else f"Kalshi, {mode}"
    table = _table(f"API round trip · {where}")
    for name in ("step", "request", "result"):
        table.add_column(name, style="bold" if name == "step" else "", overflow="fold")
    asyncio.run(_round_trip(settings, table))
    out.print("[green]done[/] nothing is left in the book")


def _table(title: str) -> "Table":
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    style: Any = {
        "title_justify": "left",
        "title_style": "bold cyan",
        "header_style": "dim",
        "box": SIMPLE_HEAD,
        "padding": (0, 1, 0, 0),
    }
    return Table(title=title, **style)


def _preflight_table(settings: "Settings") -> "Table":
    where = " · SYNTHETIC" if settings.sandbox_url else ""
    return _check_table(f"Preflight · {settings.trading_mode}{where}")


def _check_table(title: str) -> "Table":
    table = _table(title)
    table.add_column("", no_wrap=True)
    table.add_column("check", style="bold", no_wrap=True)
    table.add_column("result", overflow="fold")
    return table


async def _checked(settings: "Settings", table: "Table") -> "list[CheckResult]":
    from kalshi_edge.operations.preflight import preflight_checks

    results: list[CheckResult] = []
    with _growing(table):
        async for result in preflight_checks(settings):
            results.append(result)
            _add_row(table, result)
    return results


def _add_row(table: "Table", result: "CheckResult") -> None:
    from rich.text import Text

    colour = COLOURS[result.grade]
    text = Text(result.figure)
    if result.advice and result.grade != "PASS":
        text.append(f"\n→ {result.advice}", style=colour)
    table.add_row(Text(result.grade, style=colour), result.what, text)


async def _round_trip(settings: "Settings", table: "Table") -> None:
    from rich.text import Text

    from kalshi_edge.operations.api_round_trip import sample_steps

    with _growing(table):
        async for step in sample_steps(settings):
            table.add_row(Text(step.name), Text(step.request, style="dim"), Text(step.result))


@contextmanager
def _growing(table: "Table") -> Iterator[None]:
    """Show the table as it fills; without a terminal once it is full."""
    from kalshi_edge.cli.output import out

    if not out.is_terminal:
        yield
        out.print(table)
        return
    from rich.live import Live

    with Live(table, console=out, refresh_per_second=4):
        yield
