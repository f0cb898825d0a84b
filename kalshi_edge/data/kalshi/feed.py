"""The exchange as a feed of events: the stream's news, and answers to what they leave open.

After every new connection our fills and orders are asked for from before the last one broke. A
fill has the same name on both ways: one that comes twice counts once.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Iterable, Set
from datetime import datetime, timedelta
from typing import TypeAlias

from kalshi_edge.data.kalshi.account.account_client import AccountClient
from kalshi_edge.data.kalshi.account.account_wire import parse_fill
from kalshi_edge.data.kalshi.account.order_group import OrderGroup
from kalshi_edge.data.kalshi.public_client import PublicClient
from kalshi_edge.data.kalshi.reading import Unreadable
from kalshi_edge.data.kalshi.stream import KalshiStream
from kalshi_edge.data.kalshi.stream_session import (
    Connected,
    GroupChange,
    MarketChange,
    UnnamedFill,
)
from kalshi_edge.domain.events import Event, order_update
from kalshi_edge.errors import ExchangeDown, InputError, RequestRefused

OVERLAP = timedelta(minutes=2)
"""Answers trail the matching, and clocks differ."""
ORDER_LIFE = timedelta(days=2)
"""Our markets trade for less than that, so no older order rests."""
RETRY_AFTER_S = 15.0
BURST_S = 1.0
"""All markets of a ladder change at once: one question, a moment later, is about all of them."""
UNTRADED = frozenset({"created", "determined", "event_lifecycle"})
"""Changes before the first and after the last trade, which the next look at the markets finds."""

NO_ANSWER = (ExchangeDown, RequestRefused, InputError)

Arrivals: TypeAlias = asyncio.Queue[Event | None]


class KalshiFeed:
    """Books, fills, news of orders, changed ladders and settlements, as they come.

    Questions are asked beside the stream: one that is not read is taken for dead.
    """

    def __init__(
        self,
        stream: KalshiStream,
        account: AccountClient,
        public: PublicClient,
        *,
        known_until: datetime,
        group: OrderGroup | None = None,
    ) -> None:
        """Fills before ``known_until`` are known already; ``group`` hears what becomes of it."""
        self._group = group
        self._stream = stream
        self._account = account
        self._public = public
        self._known_until = self._heard_at = known_until
        self._is_behind = True
        self._gaps: deque[Connected | UnnamedFill] = deque()
        self._changes: set[MarketChange] = set()
        self._asked = asyncio.Event()

    async def __aiter__(self) -> AsyncIterator[Event]:
        """Events, without end; raises what the stream raises."""
        told: Arrivals = asyncio.Queue()
        tasks = [asyncio.create_task(self._listen(told)), asyncio.create_task(self._ask(told))]
        for task in tasks:
            task.add_done_callback(lambda _: told.put_nowait(None))
        try:
            while (event := await told.get()) is not None:
                yield event
            for task in tasks:
                if task.done():
                    task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    async def _listen(self, told: Arrivals) -> None:
        async for news in self._stream:
            self._heard_at = news.received_at
            if isinstance(news, Connected):
                self._is_behind = True
            elif not self._is_behind:
                self._known_until = news.received_at
            match news:
                case Connected() | UnnamedFill():
                    self._gaps.append(news)
                    self._asked.set()
                case MarketChange():
                    if news.kind not in UNTRADED:
                        self._changes.add(news)
                        self._asked.set()
                case GroupChange():
                    if self._group is not None:
                        self._group.changed(news.kind, news.group_id)
                case event:
                    told.put_nowait(event)

    async def _ask(self, told: Arrivals) -> None:
        while True:
            await self._asked.wait()
            self._asked.clear()
            while self._gaps:
                gap = self._gaps.popleft()
                answer = self._missed(gap) if isinstance(gap, Connected) else self._named(gap)
                if not await self._tell(told, answer, gap):
                    await asyncio.sleep(RETRY_AFTER_S)
                    # Whatever fill it was, by now it is among all the others.
                    self._gaps.append(Connected(gap.received_at))
            if self._changes:
                await asyncio.sleep(BURST_S)
                await self._ask_markets(told)

    async def _ask_markets(self, told: Arrivals) -> None:
        changes, self._changes = self._changes, set()
        settled = {one.ticker for one in changes if one.kind == "settled" and one.ticker}
        if settled:
            await self._tell(told, self._results(settled), settled)
        for name in sorted({one.event_ticker for one in changes if one.kind != "settled"}):
            await self._tell(told, self._ladder(name), name)

    async def _tell(
        self, told: Arrivals, answer: Awaitable[Iterable[Event]], about: object
    ) -> bool:
        """Tell an answer; ``False`` where there is none."""
        try:
            for event in await answer:
                told.put_nowait(event)
        except NO_ANSWER as error:
            self._stream.oddities.note(self._heard_at, f"no answer: {error}", about)
            return False
        return True

    async def _missed(self, gap: Connected) -> Iterable[Event]:
        fills = await self._account.fills(self._known_until - OVERLAP)
        orders = await self._account.orders(gap.received_at - ORDER_LIFE)
        self._is_behind = False
        self._note("unreadable order", orders.refused)
        self._note("unreadable fill", fills.refused)
        return (*fills, *(order_update(report, gap.received_at) for report in orders))

    async def _named(self, fill: UnnamedFill) -> Iterable[Event]:
        await self._account.learn_names({fill.order_id})
        if fill.order_id not in self._account.names:
            raise ExchangeDown(f"order {fill.order_id} is not to be seen yet")
        return (parse_fill(fill.payload, self._account.names, fill.received_at),)

    async def _ladder(self, event_ticker: str) -> Iterable[Event]:
        return (await self._public.ladder(event_ticker),)

    async def _results(self, tickers: Set[str]) -> Iterable[Event]:
        reading = await self._public.settlements(tickers)
        self._note("unreadable settlement", reading.refused)
        return reading.found

    def _note(self, kind: str, refused: Iterable[Unreadable]) -> None:
        for one in refused:
            self._stream.oddities.note(self._heard_at, kind, one)
