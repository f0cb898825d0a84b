"""The exchange as a feed of events: the stream's news, and answers to what they leave open.

After every new connection our fills and orders are asked for from before the last one broke. A
fill has the same name on both ways: one that comes twice counts once.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta

from kalshi_edge.data.kalshi.account import AccountClient
from kalshi_edge.data.kalshi.client import PublicClient, Reading
from kalshi_edge.data.kalshi.rest import now_s
from kalshi_edge.data.kalshi.session import Connected, MarketChange, News, UnnamedFill
from kalshi_edge.data.kalshi.statements import order_update, parse_fill
from kalshi_edge.data.kalshi.stream import KalshiStream
from kalshi_edge.domain.events import Event
from kalshi_edge.domain.orders import Settlement
from kalshi_edge.errors import ExchangeDown, InputError, RequestRefused

OVERLAP = timedelta(minutes=2)
"""Answers trail the matching, and clocks differ."""
ORDER_LIFE = timedelta(days=2)
"""Our markets trade for less than that, so no older order rests."""
RETRY_AFTER = timedelta(seconds=15)
BURST_S = 60.0
"""Changes of one event within this time are one change."""

NO_ANSWER = (ExchangeDown, RequestRefused, InputError)


class KalshiFeed:
    """Books, fills, news of orders, changed ladders and settlements, as they come."""

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
        self._catch_up_at: datetime | None = None
        self._asked_s: dict[tuple[str, bool], float] = {}

    async def __aiter__(self) -> AsyncIterator[Event]:
        """Events, without end."""
        async for news in self._stream:
            for event in await self._events(news):
                yield event
            for event in await self._missed(news.received_at):
                yield event

    async def _events(self, news: News) -> Sequence[Event]:
        try:
            match news:
                case Connected():
                    self._catch_up_at = news.received_at
                    return ()
                case MarketChange():
                    return await self._changed(news)
                case UnnamedFill():
                    return await self._named(news)
                case event:
                    return (event,)
        except NO_ANSWER as error:
            self._stream.oddities.note(news.received_at, f"no answer: {error}", news)
            return ()

    async def _missed(self, at: datetime) -> Sequence[Event]:
        """Where we are behind: what an account that is asked says happened meanwhile."""
        if self._catch_up_at is None:
            self._known_until = at
        if self._catch_up_at is None or at < self._catch_up_at:
            return ()
        try:
            fills = await self._account.fills(self._known_until - OVERLAP)
            orders = await self._account.orders(at - ORDER_LIFE)
        except NO_ANSWER as error:
            self._stream.oddities.note(at, "cannot catch up", error)
            self._catch_up_at = at + RETRY_AFTER
            return ()
        self._catch_up_at = None
        updates = (order_update(report, at) for report in orders)
        return (*fills, *(update for update in updates if update is not None))

    async def _named(self, fill: UnnamedFill) -> Sequence[Event]:
        # Whatever comes of this, the account will be asked for the fill too.
        self._catch_up_at = self._catch_up_at or fill.received_at + RETRY_AFTER
        await self._account.learn_names({fill.order_id})
        if fill.order_id not in self._account.names:
            return ()
        return (parse_fill(fill.payload, self._account.names, fill.received_at),)

    async def _changed(self, change: MarketChange) -> Sequence[Event]:
        if not self._is_first_of_burst(change):
            return ()
        if change.kind != "settled":
            return (await self._public.ladder(change.event_ticker),)
        tickers = [ticker for ticker in self._public.markets if _is_of(ticker, change)]
        reading: Reading[Settlement] = await self._public.settlements(tickers)
        for refused in reading.refused:
            self._stream.oddities.note(change.received_at, "settlement", refused)
        return reading.found

    def _is_first_of_burst(self, change: MarketChange) -> bool:
        """Whether nothing was asked about this change of the event just before.

        All markets of a ladder change at once. While we ask, no frame is read, and a stream that is
        not read is taken for dead: one question must do, and the cycle's own look finds the rest.
        """
        burst = change.event_ticker, change.kind == "settled"
        last_s = self._asked_s.get(burst)
        if last_s is not None and now_s() - last_s < BURST_S:
            return False
        self._asked_s[burst] = now_s()
        return True


def _is_of(ticker: str, change: MarketChange) -> bool:
    return ticker.startswith(f"{change.event_ticker}-")
