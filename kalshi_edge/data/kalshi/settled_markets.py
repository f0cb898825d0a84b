"""Markets that are settled, from the live and the historical side, as records of the time.

A ladder was known when it opened, a result when it was paid. A candle says what the best prices
were at the end of its minute, and where there is none nothing changed; how much stood there it
does not say.
"""

from bisect import bisect_right
from collections.abc import Awaitable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import httpx

from kalshi_edge.data.history.import_archive import QUOTE_SIZE
from kalshi_edge.data.kalshi.fields import (
    Payload,
    instant_field,
    object_field,
    object_list,
    text_field,
    unix_s,
    whole_field,
)
from kalshi_edge.data.kalshi.market_wire import event_ticker, parse_ladder, parse_settlement
from kalshi_edge.data.kalshi.transport import Params, Rest
from kalshi_edge.domain.market import Book, Ladder, Level, MarketStatus
from kalshi_edge.domain.orders import Settlement
from kalshi_edge.domain.weather import Station
from kalshi_edge.errors import ContractError, RequestRefused
from kalshi_edge.units import ONE, ZERO, decimal_of

QUOTED_EVERY = timedelta(minutes=30)
"""As often as a cycle looks."""
SPAN = timedelta(minutes=4000)
"""Of one question for candles of a minute; the exchange gives at most 10,000."""

CUTOFF_MARGIN = timedelta(days=1)
"""What lies so close to a cut-off may be on either side of it by now."""
_CUTOFFS = ("market_settled_ts", "trades_created_ts")

_SIDES = ("/markets", "/historical/markets")
_LIVE = "/series/{series}/markets/{ticker}/candlesticks"
_HISTORICAL = "/historical/markets/{ticker}/candlesticks"


@dataclass(frozen=True, slots=True)
class CandleQuote:
    """The best prices at the end of a minute; ``None`` where nobody bids or offers."""

    at: datetime
    bid: Decimal | None
    ask: Decimal | None
    open_interest: Decimal


@dataclass(frozen=True, slots=True)
class PastDay:
    """What one ladder left behind."""

    event_ticker: str
    ladder: Ladder | None = None
    books: tuple[Book, ...] = ()
    settlements: tuple[Settlement, ...] = ()
    wanting: str = ""
    """Why there is no ladder that could be traded; empty where there is one."""
    is_over: bool = True
    """Whether every market is settled: only then is nothing to come any more."""


class PastMarkets:
    """Questions about settled markets; no key. Methods raise ``ExchangeError``."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest
        self._series: dict[str, Payload] = {}

    async def day(self, station: Station, day: date) -> PastDay:
        """The ladder of ``day``, its quotes and what it paid."""
        name = event_ticker(station, day)
        event = await self._event(name)
        if event is None:
            return PastDay(name, wanting=f"{name}: the exchange knows no such event")
        markets = await self._markets(name)
        if not markets:
            return PastDay(name, wanting=f"{name}: no markets")
        statuses = {text_field(market, "status") for market in markets}
        if statuses != {MarketStatus.FINALIZED}:
            return PastDay(name, wanting=f"{name}: not settled yet", is_over=False)
        ladder, wanting = _ladder(event, markets, await self._series_of(station))
        border_at = await self._border()
        books: list[Book] = []
        for market in markets:
            books += books_of(market, await self._quotes(station, market, border_at))
        return PastDay(name, ladder, tuple(books), tuple(map(_settlement, markets)), wanting)

    async def _event(self, name: str) -> Payload | None:
        try:
            return await self._rest.get("/events/{event}", event=name)
        except RequestRefused as error:
            if error.status == httpx.codes.NOT_FOUND:
                return None
            raise

    async def _series_of(self, station: Station) -> Payload:
        if station.series not in self._series:
            found = await self._rest.get("/series/{series}", series=station.series)
            self._series[station.series] = found
        return self._series[station.series]

    async def _markets(self, name: str) -> list[Payload]:
        """An event's markets, each once; what leaves the live side is on the other by then."""
        params: Params = {"event_ticker": name, "limit": 1000}
        found: dict[str, Payload] = {}
        for route in _SIDES:
            found |= await self._rest.pages(route, "markets", _ticker, params)
        return [found[ticker] for ticker in sorted(found)]

    async def _border(self) -> datetime:
        """Since when, about, everything may be on the historical side: the latest cut-off of all.

        Each kind of object has a cut-off of its own, and that of candles is not given.
        """
        cutoffs = await self._rest.get("/historical/cutoff")
        return max(instant_field(cutoffs, name) for name in _CUTOFFS) + CUTOFF_MARGIN

    async def _quotes(
        self, station: Station, market: Payload, border_at: datetime
    ) -> list[CandleQuote]:
        start_at, end_at = instant_field(market, "open_time"), instant_field(market, "close_time")
        quotes: list[CandleQuote] = []
        while start_at < end_at:
            until_at = min(start_at + SPAN, end_at)
            # Both ends are included: the first minute of the next span is not asked for twice.
            span = {"start_ts": unix_s(start_at) + 1, "end_ts": unix_s(until_at)}
            ticker = text_field(market, "ticker")
            candles = await self._candles(
                station, ticker, span, is_old=instant_field(market, "settlement_ts") < border_at
            )
            quotes += (parse_quote(candle) for candle in candles)
            start_at = until_at
        return quotes

    async def _candles(
        self, station: Station, ticker: str, span: Params, *, is_old: bool
    ) -> Sequence[Payload]:
        """The candles of both sides, each minute once: a market's may lie on the other side of it.

        The live side answers with none, or with 404, where they have left it.
        """
        params = {**span, "period_interval": 1}
        live = await _found(self._rest.get(_LIVE, params, series=station.series, ticker=ticker))
        if live and not is_old:
            return live
        old = await _found(self._rest.get(_HISTORICAL, params, ticker=ticker))
        merged = {whole_field(candle, "end_period_ts"): candle for candle in (*old, *live)}
        return [merged[end] for end in sorted(merged)]


async def _found(asking: Awaitable[Payload]) -> Sequence[Payload]:
    """The candles of an answer; none where there is no such market on that side."""
    try:
        return object_list(await asking, "candlesticks")
    except RequestRefused as error:
        if error.status == httpx.codes.NOT_FOUND:
            return []
        raise


def parse_quote(candle: Payload) -> CandleQuote:
    """The closing quotes of a candle, by the field names of either side.

    A bid of 0 and an ask of 1 dollar are nobody's.
    """
    bid, ask = (_close(object_field(candle, side)) for side in ("yes_bid", "yes_ask"))
    held = candle.get("open_interest_fp", candle.get("open_interest"))
    return CandleQuote(
        at=datetime.fromtimestamp(whole_field(candle, "end_period_ts"), UTC),
        bid=bid if bid > ZERO else None,
        ask=ask if ask < ONE else None,
        open_interest=decimal_of(held, name="open_interest"),
    )


def books_of(market: Payload, quotes: Sequence[CandleQuote]) -> Iterator[Book]:
    """The market's best prices at every half hour from its first quote to its end.

    One that is crossed is no book and left out.
    """
    ends = [quote.at for quote in quotes]
    close_at = instant_field(market, "close_time")
    for at in _half_hours(ends[0], close_at) if quotes else ():
        quote = quotes[bisect_right(ends, at) - 1]
        if quote.bid is not None and quote.ask is not None and quote.bid >= quote.ask:
            continue
        size = min(QUOTE_SIZE, max(quote.open_interest, ONE))
        yield Book(
            ticker=_ticker(market),
            bids=() if quote.bid is None else (Level(quote.bid, size),),
            asks=() if quote.ask is None else (Level(quote.ask, size),),
            valid_at=at,
            received_at=at,
        )


def _half_hours(first_at: datetime, end_at: datetime) -> Iterator[datetime]:
    """The half hours in ``[first_at, end_at)``."""
    step_s = int(QUOTED_EVERY.total_seconds())
    at = datetime.fromtimestamp(-(-unix_s(first_at) // step_s) * step_s, UTC)
    while at < end_at:
        yield at
        at += QUOTED_EVERY


def _close(prices: Payload) -> Decimal:
    return decimal_of(prices.get("close_dollars", prices.get("close")), name="close")


def _ladder(
    event: Payload, markets: Iterable[Payload], series: Payload
) -> tuple[Ladder | None, str]:
    """The ladder as it was when it opened, or why there is none."""
    opened = [instant_field(market, "open_time") for market in markets]
    body = {**object_field(event, "event"), "markets": list(markets)}
    try:
        ladder = parse_ladder(body, series, max(opened))
    except ContractError as error:
        return None, str(error)
    active = (replace(market, status=MarketStatus.ACTIVE) for market in ladder.markets)
    return replace(ladder, markets=tuple(active)), ""


def _settlement(market: Payload) -> Settlement:
    return parse_settlement(market, instant_field(market, "settlement_ts"))


def _ticker(market: Payload) -> str:
    return text_field(market, "ticker")
