"""The days before a demonstration, played through the one loop into its store.

A SYNTHETIC past of the same world is traded with the simulated exchange, under the very setup of
the trader that goes on from it. It ends when everything is settled: the account at the sandbox is
then opened with the cash of our ledger, and both hold nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from kalshi_edge.backtest.feed import with_cycles, within_days
from kalshi_edge.clock import WorldClock
from kalshi_edge.config import Settings
from kalshi_edge.data.history.days import last_settled_day
from kalshi_edge.data.history.records import read_events
from kalshi_edge.db.codec import to_json
from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.domain.account_statement import AccountStatement, Holding
from kalshi_edge.domain.events import CalibrationDue, CycleDue, DayTurned, Event
from kalshi_edge.engine import Setup
from kalshi_edge.execution.executor import Executor
from kalshi_edge.execution.simulator import SimulatedExchange
from kalshi_edge.ports import Publisher
from kalshi_edge.runner import run
from kalshi_edge.runtime.bootstrap import breakers_of
from kalshi_edge.runtime.sandbox_process import write_past
from kalshi_edge.units import ZERO

CYCLE = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class DemoPlan:
    """Which world the demonstration lives in, from when, how fast, and how much of it is past."""

    seed: int
    speed: float
    """World seconds per real second."""
    start_at: datetime
    past_days: int = 60
    """Climate days traded before the start; 0 for none."""

    @property
    def sandbox(self) -> tuple[str, ...]:
        """The options of ``kalshi-edge sandbox run``."""
        start = f"{self.start_at:%Y-%m-%dT%H:%M}"
        return ("--seed", str(self.seed), "--speed", str(self.speed), "--start", start)

    @property
    def last_day(self) -> date:
        """The last climate day of the past: all its markets are settled at the start."""
        return last_settled_day(self.start_at)

    def setup(self, settings: Settings, mode: str) -> Setup:
        """What the trader of ``settings`` is given in this world."""
        clock = WorldClock(self.start_at, speed=self.speed)
        return Setup(
            mode,
            settings.stations,
            settings.forecast_models,
            settings.starting_balance,
            settings.playbook,
            breakers_of(settings, clock, has_line=True),
        )


async def trade_past(
    settings: Settings,
    plan: DemoPlan,
    store_mode: str,
    path: Path,
    publishers: Sequence[Publisher] = (),
) -> Decimal:
    """Trade the past of ``plan`` into a new store at ``path``; the dollars that it ends with.

    ``publishers`` are told of every line. Raises ``HistoryError`` where the sandbox makes none.
    """
    setup = plan.setup(settings, settings.trading_mode)
    exchange = SimulatedExchange(setup.starting_balance)
    with TemporaryDirectory(prefix="kalshi-edge-past-") as folder:
        options = ("--seed", str(plan.seed), "--days", str(plan.past_days))
        which = ("--until", f"{plan.last_day}", "--city", ",".join(settings.cities))
        await write_past(Path(folder), (*options, *which))
        # In memory: nobody needs these days one by one on the disk.
        async with SqliteStore(":memory:", store_mode) as store:
            await store.note("setup", to_json(setup))
            feed = exchange.watch(_feed(_events(Path(folder), settings, plan), exchange))
            engine = setup.fresh_engine()
            await run(feed, engine, Executor(exchange, store), store, publishers)
            store.save_as(path)
    assert not engine.account.tracker.open_trades()  # all of it is settled
    return engine.account.tracker.cash


def _events(folder: Path, settings: Settings, plan: DemoPlan) -> Iterable[Event]:
    """The past as the loop is told it, and a last look at half an hour before the start or less."""
    records = read_events(folder, settings.cities, date.min, date.max)
    first_day = plan.last_day - timedelta(days=plan.past_days - 1)
    played = with_cycles(within_days(records, first_day, plan.last_day))
    # The day on which it ends goes on.
    yield from (event for event in played if not isinstance(event, DayTurned))
    since_hour = plan.start_at - plan.start_at.replace(minute=0, second=0, microsecond=0)
    yield CalibrationDue(plan.start_at - since_hour % CYCLE)


async def _feed(events: Iterable[Event], exchange: SimulatedExchange) -> AsyncIterator[Event]:
    """``events``, and before every look the exchange's word on our account."""
    for event in events:
        if isinstance(event, CycleDue | CalibrationDue):
            await asyncio.sleep(0)  # others have their turn, and may end it
            yield _statement(exchange, event.received_at)
        yield event


def _statement(exchange: SimulatedExchange, at: datetime) -> AccountStatement:
    ledger = exchange.ledger
    held = tuple(Holding(ticker, count, ZERO) for ticker, count in ledger.positions.items())
    return AccountStatement(as_of=at, received_at=at, cash=ledger.cash, holdings=held, orders=())
