"""``kalshi-edge doctor`` and ``sample``: is all as it must be, and can this key do its work?"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from kalshi_edge.config import Settings, TradingMode, load_settings
from kalshi_edge.errors import InputError
from kalshi_edge.operations.api_round_trip import Step, sample_steps
from kalshi_edge.operations.preflight import CheckResult, Grade, preflight_checks

out = Console()

_STYLE: Any = {
    "title_justify": "left",
    "title_style": "bold cyan",
    "header_style": "dim",
    "box": SIMPLE_HEAD,
    "padding": (0, 1, 0, 0),
}
_MARKS = {
    Grade.GOOD: ("✓ ok", "green"),
    Grade.NOTE: ("! look", "yellow"),
    Grade.BAD: ("✗ no", "bold red"),
}


def doctor() -> None:
    """Look at key, environment, clock, limits, balance and store, and say what to do."""
    settings = load_settings()
    table = _preflight_table(settings)
    findings = asyncio.run(_looked(settings, table))
    bad = [finding.what for finding in findings if finding.grade is Grade.BAD]
    if bad:
        raise InputError(f"trading would not start: see {', '.join(bad)}")
    out.print("[green]ready[/] kalshi-edge run starts trading as these settings say")


def sample(
    mode: Annotated[
        TradingMode, typer.Option(help="demo, or live with LIVE_CONFIRM=yes.")
    ] = TradingMode.DEMO,
) -> None:
    """Sign in, look at balance and markets, place an order far from the market, read, cancel it."""
    settings = load_settings(trading_mode=mode)
    where = "a sandbox, SYNTHETIC" if settings.sandbox_url else f"Kalshi, {mode}"
    table = Table(title=f"API round trip · {where}", **_STYLE)
    for name in ("step", "request", "result"):
        table.add_column(name, style="bold" if name == "step" else "", overflow="fold")
    asyncio.run(_walked(settings, table))
    out.print("[green]done[/] nothing is left in the book")


def _preflight_table(settings: Settings) -> Table:
    where = " · SYNTHETIC" if settings.sandbox_url else ""
    table = Table(title=f"Checkup · {settings.trading_mode}{where}", **_STYLE)
    table.add_column("", no_wrap=True)
    table.add_column("what", style="bold", no_wrap=True)
    table.add_column("found", overflow="fold")
    return table


async def _looked(settings: Settings, table: Table) -> list[CheckResult]:
    findings: list[CheckResult] = []
    with _growing(table):
        async for finding in preflight_checks(settings):
            findings.append(finding)
            mark, colour = _MARKS[finding.grade]
            found = Text(finding.figure)
            if finding.advice and finding.grade is not Grade.GOOD:
                found.append(f"\n→ {finding.advice}", style=colour)
            table.add_row(Text(mark, style=colour), finding.what, found)
    return findings


async def _walked(settings: Settings, table: Table) -> list[Step]:
    steps: list[Step] = []
    with _growing(table):
        async for step in sample_steps(settings):
            steps.append(step)
            table.add_row(Text(step.name), Text(step.request, style="dim"), Text(step.result))
    return steps


@contextmanager
def _growing(table: Table) -> Iterator[None]:
    """Show the table as it fills; without a terminal once it is full."""
    if not out.is_terminal:
        yield
        out.print(table)
        return
    with Live(table, console=out, refresh_per_second=4):
        yield
