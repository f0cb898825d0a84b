"""The exchange as a feed of events: the stream's news, and answers to what they leave open.

After every new connection our fills and orders are asked for from before the last one broke. A
fill has the same name on both ways: one that comes twice counts once.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

from kalshi_edge.data.kalshi.account import AccountClient
from kalshi_edge.data.kalshi.client import PublicClient
from kalshi_edge.data.kalshi.session import Connected, MarketChange, UnnamedFill
from kalshi_edge.data.kalshi.statements import order_update, parse_fill
from kalshi_edge.data.kalshi.stream import KalshiStream
from kalshi_edge.domain.events import Event
from kalshi_edge.errors import ExchangeDown, InputError, RequestRefused

OVERLAP = timedelta(minutes=2)
"""Answers trail the matching, and clocks differ."""
ORDER_LIFE = timedelta(days=2)
"""Our markets trade for less than that, so no older order rests."""
RETRY_AFTER_S = 15.0

NO_ANSWER = (ExchangeDown, RequestRefused, InputError)

Question: TypeAlias = Connected | UnnamedFill | MarketChange
Told: TypeAlias = asyncio.Queue[Event | None]


class KalshiFeed:
    """Books, fills, news of orders, changed ladders and settlements, as they come.

    Questions are asked beside the stream: one that is not read is taken for dead. What changes
    several times before it was asked about is asked about once.
    """

    def __init__(
        self,
        stream: KalshiStream,
        account: AccountClient,
        public: PublicClient,
        *,
        known_until: datetime,
    ) -> None:
        """Fills before ``known_until`` are known already."""
        self._stream = stream
        self._account = account
        self._public = public
        self._known_until = known_until
        self._is_behind = True
        self._open: dict[object, Question] = {}
        self._opened = asyncio.Event()

    async def __aiter__(self) -> AsyncIterator[Event]:
        """Events, without end; raises what the stream raises."""
        told: Told = asyncio.Queue()
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

    async def _listen(self, told: Told) -> None:
        async for news in self._stream:
            if isinstance(news, Connected):
                self._is_behind = True
            elif not self._is_behind:
                self._known_until = news.received_at
            if isinstance(news, Connected | UnnamedFill | MarketChange):
                self._ask_about(news)
            else:
                told.put_nowait(news)

    async def _ask(self, told: Told) -> None:
        while True:
            await self._opened.wait()
            self._opened.clear()
            while self._open:
                question = self._open.pop(next(iter(self._open)))
                try:
                    for event in await self._answer(question):
                        told.put_nowait(event)
                except NO_ANSWER as error:
                    self._stream.oddities.note(
                        question.received_at, f"no answer: {error}", question
                    )
                    await self._later(question)

    def _ask_about(self, question: Question) -> None:
        self._open[_topic(question)] = question
        self._opened.set()

    async def _later(self, question: Question) -> None:
        """Ask again for what nobody else asks for; a market is looked at before every cycle."""
        if not isinstance(question, MarketChange):
            await asyncio.sleep(RETRY_AFTER_S)
            # Whatever fill it was, by now it is among all the others.
            self._ask_about(Connected(question.received_at))

    async def _answer(self, question: Question) -> Sequence[Event]:
        match question:
            case Connected(at):
                return await self._missed(at)
            case UnnamedFill():
                return await self._named(question)
            case MarketChange(ticker=str(ticker), kind="settled"):
                return await self._result(ticker, question.received_at)
            case MarketChange():
                return (await self._public.ladder(question.event_ticker),)

    async def _missed(self, at: datetime) -> Sequence[Event]:
        fills = await self._account.fills(self._known_until - OVERLAP)
        orders = await self._account.orders(at - ORDER_LIFE)
        self._is_behind = False
        updates = (order_update(report, at) for report in orders)
        return (*fills, *(update for update in updates if update is not None))

    async def _named(self, fill: UnnamedFill) -> Sequence[Event]:
        await self._account.learn_names({fill.order_id})
        if fill.order_id not in self._account.names:
            raise ExchangeDown(f"order {fill.order_id} is not to be seen yet")
        return (parse_fill(fill.payload, self._account.names, fill.received_at),)

    async def _result(self, ticker: str, at: datetime) -> Sequence[Event]:
        reading = await self._public.settlements([ticker])
        for refused in reading.refused:
            self._stream.oddities.note(at, "unreadable settlement", refused)
        return reading.found


def _topic(question: Question) -> object:
    """What a question is about: one that is open already need not be asked twice."""
    match question:
        case Connected():
            return Connected
        case UnnamedFill():
            return question.order_id, question.payload.get("trade_id")
        case MarketChange():
            return question.ticker if question.kind == "settled" else question.event_ticker
