"""A running trader: sources and the clock's strokes fill the inbox, the one loop empties it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from kalshi_edge.clock import Clock
from kalshi_edge.data.kalshi.account import AccountClient
from kalshi_edge.data.kalshi.session import Connected, MarketChange, News, UnnamedFill
from kalshi_edge.data.kalshi.source import MarketSource, trimmed
from kalshi_edge.data.kalshi.statements import parse_fill
from kalshi_edge.data.kalshi.stream import KalshiStream
from kalshi_edge.domain.events import CycleDue, Event
from kalshi_edge.domain.market import Book
from kalshi_edge.engine import Engine
from kalshi_edge.errors import EdgeError
from kalshi_edge.feed import Inbox
from kalshi_edge.ports import Feed, Publisher, Store
from kalshi_edge.runner import run
from kalshi_edge.schedule import strokes
from kalshi_edge.trading.executor import Executor

RESULTS_EVERY = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Poll:
    """A question asked again and again: what it answers are events."""

    ask: Callable[[], Awaitable[Sequence[Event]]]
    every: timedelta


@dataclass
class Trader:
    """What a running trader is made of; ``run`` trades until it is cancelled."""

    engine: Engine
    executor: Executor
    store: Store
    clock: Clock
    markets: MarketSource
    polls: Sequence[Poll] = ()
    """Weather, mostly."""
    account: AccountClient | None = None
    stream: KalshiStream | None = None
    publishers: Sequence[Publisher] = ()
    watched: Callable[[Feed], Feed] = field(default=lambda feed: feed)
    """Paper trading's exchange looks at every event before the loop does."""

    async def run(self) -> None:
        """Trade until cancelled; whatever part fails for good ends the whole."""
        inbox = Inbox()
        polls = (*self.polls, Poll(self.markets.results, RESULTS_EVERY))
        async with asyncio.TaskGroup() as group:
            for poll in polls:
                group.create_task(self._ask(poll, inbox))
            group.create_task(self._keep_time(inbox))
            if self.stream is not None:
                group.create_task(self._listen(self.stream, inbox))
            await run(
                self.watched(inbox),
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
        await self._look(inbox)
        inbox.put(CycleDue(self.clock.now()))
        async for stroke in strokes(self.clock):
            if isinstance(stroke.event, CycleDue):
                await self._look(inbox)
                inbox.put(CycleDue(self.clock.now()))
            else:
                inbox.put(stroke.event)

    async def _look(self, inbox: Inbox) -> None:
        inbox.put(*await self.markets.refresh())
        if self.stream is not None:
            await self.stream.watch(self.markets.open_tickers)

    async def _listen(self, stream: KalshiStream, inbox: Inbox) -> None:
        async for news in stream:
            inbox.put(*await self._heard(news))

    async def _heard(self, news: News) -> Iterable[Event]:
        match news:
            case Book():
                return (trimmed(news),)
            case Connected():
                return await self._caught_up()
            case UnnamedFill():
                return await self._named(news)
            case MarketChange():
                return await self.markets.results() if news.kind == "settled" else ()
            case _:
                return (news,)

    async def _caught_up(self) -> Iterable[Event]:
        """The fills that we may have missed; those we know are counted once anyway."""
        assert self.account is not None  # a stream needs a key, and so does an account
        await self.account.learn_names(set())
        return await self.account.fills(self.clock.now() - timedelta(days=1))

    async def _named(self, news: UnnamedFill) -> Iterable[Event]:
        assert self.account is not None
        try:
            await self.account.learn_names({news.order_id})
            return (parse_fill(news.payload, self.account.names, news.received_at),)
        except EdgeError:
            return ()  # an order made elsewhere: reconciling finds it
