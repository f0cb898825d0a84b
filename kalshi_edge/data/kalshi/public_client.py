"""Public market data: series, ladders, books, settlements, hours. There is no key in here.

Paper trading uses only this; nothing that it imports can sign or change anything.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx

from kalshi_edge.clock import Clock
from kalshi_edge.data.kalshi.fee_announcements import FeeAnnouncements
from kalshi_edge.data.kalshi.fields import (
    Payload,
    object_field,
    object_list,
    text_field,
    unix_s,
)
from kalshi_edge.data.kalshi.market_wire import (
    parse_book,
    parse_event_ticker,
    parse_fee_rule,
    parse_ladder,
    parse_market,
    parse_settlement,
)
from kalshi_edge.data.kalshi.rate_limits import PUBLIC_RATE, Jitter
from kalshi_edge.data.kalshi.reading import Reading, Unreadable, reading
from kalshi_edge.data.kalshi.trading_hours import (
    ExchangeStatus,
    Schedule,
    parse_schedule,
    parse_status,
)
from kalshi_edge.data.kalshi.transport import Host, Params, Rest, open_http
from kalshi_edge.domain.market import Book, FeeRule, Ladder, Market, MarketStatus
from kalshi_edge.domain.orders import Settlement
from kalshi_edge.domain.weather import Station
from kalshi_edge.errors import ContractError, ExchangeDown, InputError, RequestRefused, SettingError
from kalshi_edge.token_bucket import Rate, TokenBucket

BATCH = 100
"""Markets per request, at most."""
MAX_CLOCK_LEAD = timedelta(seconds=4)
"""The exchange refuses signatures about 5 s off."""


@dataclass(frozen=True, slots=True)
class Series:
    """What holds for every event of a series unless the event says otherwise."""

    ticker: str
    fee_rule: FeeRule
    sources: tuple[str, ...]
    """The names of what settles it."""


class PublicClient:
    """Questions that need no key."""

    def __init__(
        self,
        host: Host,
        clock: Clock,
        jitter: Jitter,
        *,
        machine: Clock | None = None,
        rate: Rate = PUBLIC_RATE,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """``clock`` dates what we receive; ``machine`` is another where the world has its own."""
        self.markets: dict[str, Market] = {}
        """Markets as last read, by ticker, until they close."""
        self._rest = Rest(
            open_http(host, transport=transport), machine or clock, jitter, TokenBucket(rate)
        )
        self._fee_changes = FeeAnnouncements()
        self._clock = clock

    async def aclose(self) -> None:
        """Close the connections."""
        await self._rest.aclose()

    async def status(self) -> ExchangeStatus:
        """Whether the exchange takes orders. It may say so along with a server error."""
        payload = await self._rest.get("/exchange/status", answers=(500, 503, 504))
        try:
            return parse_status(payload)
        except ContractError as error:
            raise ExchangeDown(f"the exchange does not say how it is: {error}") from error

    async def schedule(self) -> Schedule:
        """The exchange's published hours."""
        return parse_schedule(await self._rest.get("/exchange/schedule"))

    async def check_clock(self) -> timedelta:
        """How far our clock is ahead of the exchange's, to about a second.

        Raises ``SettingError`` where signatures would be refused for it.
        """
        await self.status()
        lead = self._rest.clock_lead
        if lead is None:
            raise ExchangeDown("the exchange's answer has no date to set our clock against")
        if abs(lead) > MAX_CLOCK_LEAD:
            raise SettingError(
                f"this machine's clock is {lead.total_seconds():+.1f} s off the exchange's,"
                f" more than {MAX_CLOCK_LEAD.total_seconds():.0f} s: set it by NTP"
            )
        return lead

    async def series(self, ticker: str) -> Series:
        """A series' fees and what settles it."""
        return parse_series(await self._series(ticker))

    async def ladders(self, stations: Iterable[Station]) -> Reading[Ladder]:
        """Today's and tomorrow's ladders of ``stations``, as far as they are open."""
        # Before the series: what takes effect in between was announced.
        missing = await self._learn_fee_changes()
        found = [one for station in stations for one in await self._ladders(station)]
        return reading([*found, *missing])

    async def ladder(self, event_ticker: str) -> Ladder:
        """One event's ladder, whatever its markets' status."""
        station, _ = parse_event_ticker(event_ticker)
        event = await self._rest.get("/events/{event}", event=event_ticker)
        return self._parsed(event, await self._series(station.series))

    async def market(self, ticker: str) -> Market:
        """One market as it is now."""
        payload = object_field(await self._rest.get("/markets/{ticker}", ticker=ticker), "market")
        market = parse_market(payload)
        self.markets[market.ticker] = market
        return market

    async def books(self, tickers: Sequence[str]) -> Reading[Book]:
        """The order books of ``tickers``, in their order."""
        answers: dict[str, tuple[Payload, datetime]] = {}
        for batch in _batches(tickers):
            found, _ = await self._rest.listed(
                "/markets/orderbooks", "orderbooks", _ticker, {"tickers": batch}
            )
            received_at = self._clock.now()
            answers |= {ticker: (payload, received_at) for ticker, payload in found.items()}
        return reading([_book(ticker, answers.get(ticker)) for ticker in tickers])

    async def trades(self, ticker: str, since_at: datetime) -> dict[str, Payload]:
        """What was traded in a market since an instant, whoever traded it, by the trade's name."""
        params: Params = {"ticker": ticker, "min_ts": unix_s(since_at), "limit": 1000}
        return await self._rest.pages("/markets/trades", "trades", _trade_id, params)

    async def settlements(self, tickers: Collection[str]) -> Reading[Settlement]:
        """The final word on those of ``tickers`` that have one, old markets included."""
        found: dict[str, Payload] = {}
        # What has left the live side is on the historical one, which is therefore asked last.
        for route in ("/markets", "/historical/markets"):
            for batch in _batches([ticker for ticker in tickers if ticker not in found]):
                params: Params = {"tickers": ",".join(batch), "limit": 1000}
                found |= await self._rest.pages(route, "markets", _ticker, params)
        received_at = self._clock.now()
        asked = (found[ticker] for ticker in tickers if ticker in found)
        final = [one for one in asked if one.get("status") == MarketStatus.FINALIZED]
        return reading([_settlement(market, received_at) for market in final])

    async def _ladders(self, station: Station) -> list[Ladder | Unreadable]:
        try:
            series = await self._series(station.series)
            events = await self._open_events(station.series)
        except (InputError, RequestRefused) as error:
            return [Unreadable(station.series, str(error))]
        found: list[Ladder | Unreadable] = []
        for name, event in events.items():
            try:
                if self._is_due(name):
                    found.append(await self._ladder(event, series))
            except (InputError, RequestRefused) as error:
                found.append(Unreadable(name, str(error)))
        return found

    async def _learn_fee_changes(self) -> tuple[Unreadable, ...]:
        """Read ahead what series will charge; what of it could not be read."""
        route, key = "/series/fee_changes", "series_fee_change_arr"
        try:
            found, _ = await self._rest.listed(route, key, _id, {})
        except (ExchangeDown, RequestRefused) as error:
            return (Unreadable("fee changes", str(error)),)
        return self._fee_changes.note(found.values(), self._clock.now()).refused

    async def _series(self, ticker: str) -> Payload:
        return await self._rest.get("/series/{series}", series=ticker)

    async def _open_events(self, series: str) -> dict[str, Payload]:
        params: Params = {
            "series_ticker": series,
            "status": "open",
            "with_nested_markets": "true",
            "limit": 200,
        }
        return await self._rest.pages("/events", "events", _event_ticker, params)

    def _is_due(self, event_ticker: str) -> bool:
        station, day = parse_event_ticker(event_ticker)
        today = station.climate_day(self._clock.now())
        return today <= day <= today + timedelta(days=1)

    async def _ladder(self, event: Payload, series: Payload) -> Ladder:
        if event.get("markets"):
            return self._parsed(event, series)
        return self._parsed(
            await self._rest.get("/events/{event}", event=_event_ticker(event)), series
        )

    def _parsed(self, event: Payload, series: Payload) -> Ladder:
        now = self._clock.now()
        body = object_field(series, "series")
        ladder = parse_ladder(event, series, now, self._fee_changes.of(body, now))
        kept = [market for market in self.markets.values() if market.close_at > now]
        self.markets = {market.ticker: market for market in (*kept, *ladder.markets)}
        return ladder


def parse_series(payload: Payload) -> Series:
    """The answer of ``GET /series/{series_ticker}``."""
    body = object_field(payload, "series")
    sources = object_list(body, "settlement_sources") if body.get("settlement_sources") else []
    return Series(
        text_field(body, "ticker"),
        parse_fee_rule(body),
        tuple(text_field(source, "name").strip() for source in sources),
    )


def _book(ticker: str, answer: tuple[Payload, datetime] | None) -> Book | Unreadable:
    if answer is None:
        return Unreadable(ticker, "no order book in the answer")
    try:
        return parse_book(ticker, *answer)
    except InputError as error:
        return Unreadable(ticker, str(error))


def _settlement(payload: Payload, received_at: datetime) -> Settlement | Unreadable:
    try:
        return parse_settlement(payload, received_at)
    except InputError as error:
        return Unreadable(_ticker(payload), str(error))


def _batches(tickers: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(tickers), BATCH):
        yield list(tickers[start : start + BATCH])


def _ticker(payload: Payload) -> str:
    return text_field(payload, "ticker")


def _id(payload: Payload) -> str:
    return text_field(payload, "id")


def _trade_id(trade: Payload) -> str:
    return text_field(trade, "trade_id")


def _event_ticker(payload: Payload) -> str:
    return text_field(payload, "event_ticker")
