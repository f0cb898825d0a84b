"""A running trader: sources and the clock's strokes fill the inbox, the one loop empties it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from kalshi_edge.clock import Clock
from kalshi_edge.data.kalshi.account import AccountClient
from kalshi_edge.data.kalshi.source import MarketSource, trimmed
from kalshi_edge.data.kalshi.stream import KalshiStream
from kalshi_edge.domain.events import CycleDue, Event
from kalshi_edge.domain.market import Book
from kalshi_edge.engine import Engine
from kalshi_edge.feed import Inbox
from kalshi_edge.ports import Feed, Publisher, Store
from kalshi_edge.runner import run
from kalshi_edge.schedule import strokes
from kalshi_edge.trading.executor import Executor
from kalshi_edge.trading.simulator import SimulatedExchange

RESULTS_EVERY = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Poll:
    """A question asked again and again: what it answers are events."""

    ask: Callable[[], Awaitable[Sequence[Event]]]
    every: timedelta


@dataclass(frozen=True, slots=True)
class Line:
    """The signed line to an exchange: its account, its stream and what the stream tells."""

    account: AccountClient
    stream: KalshiStream
    news: Feed


@dataclass(frozen=True, slots=True)
class Trader:
    """What a running trader is made of; ``run`` trades until it is cancelled.

    Orders go over the line where there is one, and to the simulated exchange otherwise.
    """

    engine: Engine
    executor: Executor
    store: Store
    clock: Clock
    markets: MarketSource
    polls: Sequence[Poll]
    """Weather, mostly."""
    publishers: Sequence[Publisher]
    inbox: Inbox = field(default_factory=Inbox)
    """Where sources, strokes and people's commands wait for the one loop."""
    line: Line | None = None
    simulated: SimulatedExchange | None = None

    async def run(self) -> None:
        """Trade until cancelled; whatever part fails for good ends the whole."""
        inbox = self.inbox
        async with asyncio.TaskGroup() as group:
            for poll in (*self.polls, Poll(self.markets.results, RESULTS_EVERY)):
                group.create_task(self._ask(poll, inbox))
            group.create_task(self._keep_time(inbox))
            if self.line is not None:
                group.create_task(self._listen(self.line.news, inbox))
            await run(
                inbox if self.simulated is None else self.simulated.watch(inbox),
                self.engine,
                self.executor,
                self.store,
                self.publishers,
                last_seq=await self.store.last_seq(),
            )

    async def _ask(self, poll: Poll, inbox: Inbox) -> None:
        while True:
            inbox.put(*await poll.ask())
            await asyncio.sleep(self.clock.delay_s(self.clock.now() + poll.every))

    async def _keep_time(self, inbox: Inbox) -> None:
        """Put every stroke into the inbox; before a cycle the markets are looked at afresh."""
        await self._cycle(inbox)
        async for stroke in strokes(self.clock):
            if isinstance(stroke.event, CycleDue):
                await self._cycle(inbox)
            else:
                inbox.put(stroke.event)

    async def _cycle(self, inbox: Inbox) -> None:
        inbox.put(*await self.markets.refresh())
        if self.line is not None:
            await self.line.stream.watch(self.markets.open_tickers)
        inbox.put(CycleDue(self.clock.now()))

    async def _listen(self, news: Feed, inbox: Inbox) -> None:
        async for event in news:
            inbox.put(trimmed(event) if isinstance(event, Book) else event)
