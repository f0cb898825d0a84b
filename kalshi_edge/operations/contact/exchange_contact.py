"""The exchange's public answers: asked for one by one."""

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from kalshi_edge.data.kalshi.fields import Payload, rows
from kalshi_edge.data.kalshi.market_wire import parse_book, parse_fee_rule, parse_market
from kalshi_edge.data.kalshi.public_client import BATCH
from kalshi_edge.data.kalshi.transport import Params, Rest
from kalshi_edge.domain.market import FeeRule, Market
from kalshi_edge.domain.weather import Station
from kalshi_edge.errors import InputError
from kalshi_edge.operations.check_results import CheckResult
from kalshi_edge.operations.contact import exchange_answers as assumed
from kalshi_edge.operations.contact.capture import Exchanged
from kalshi_edge.operations.contact.deviations import Found, expect
from kalshi_edge.operations.contact.questions import question

SETTLED = 30
"""So many settled markets of each series are looked at: five days."""


@dataclass(slots=True)
class SeenMarkets:
    """What the public answers showed that later questions need."""

    fee_rules: dict[str, FeeRule] = field(default_factory=dict)
    """By series."""
    markets: dict[str, Market] = field(default_factory=dict)
    asks: dict[str, Decimal] = field(default_factory=dict)

    @property
    def farthest(self) -> Market | None:
        """The market whose best ask is highest: an order at one cent is farthest from it."""
        there = [ticker for ticker in self.asks if ticker in self.markets]
        return self.markets[max(there, key=lambda name: self.asks[name])] if there else None


async def exchange_results(
    rest: Rest,
    stations: Sequence[Station],
    at: datetime,
    kept: Sequence[Exchanged],
    seen: SeenMarkets,
) -> AsyncIterator[CheckResult]:
    """Everything that is asked without a key; what it showed is noted in ``seen``."""
    yield await question(
        "status",
        rest.get("/exchange/status", answers=(500, 503, 504)),
        lambda answer: assumed.status_deviations(answer, kept[-1].headers),
        "readable, with a Date",
    )
    schedule = rest.get("/exchange/schedule")
    yield await question("schedule", schedule, assumed.schedule_deviations, "readable")
    changes = rest.get("/series/fee_changes")
    yield await question("fee changes", changes, assumed.fee_change_deviations, "readable")
    cutoff = rest.get("/historical/cutoff")
    yield await question("cut-off", cutoff, assumed.cutoff_deviations, "three instants")
    for station in stations:
        async for result in _of_series(rest, station, at, seen):
            yield result


async def _of_series(
    rest: Rest, station: Station, at: datetime, seen: SeenMarkets
) -> AsyncIterator[CheckResult]:
    name, answers = station.series, _SeriesAnswers(station, at, seen)
    asking = rest.get("/series/{series}", series=name)
    figure = f"quadratic × 1, {assumed.SOURCE}"
    yield await question(f"series {name}", asking, answers.of_series, figure)
    if answers.series is None:
        return
    params: Params = {
        "series_ticker": name, "status": "open", "with_nested_markets": "true", "limit": 200,
    }  # fmt: skip
    asking = rest.get("/events", params)
    figure = "six bins a day, on the climate day, in cents, by rules that we read"
    yield await question(f"ladders {name}", asking, answers.of_events, figure)
    if answers.tickers:
        asking = rest.get("/markets/orderbooks", {"tickers": answers.tickers[:BATCH]})
        yield await question(f"books {name}", asking, answers.of_books, "bids of both sides")
    params = {"series_ticker": name, "status": "settled", "limit": SETTLED}
    asking = rest.get("/markets", params)
    yield await question(f"settled {name}", asking, answers.of_settled, "finalized, each with °F")


@dataclass(slots=True)
class _SeriesAnswers:
    """What one series' answers deviate in; later ones are read with the earlier ones."""

    station: Station
    at: datetime
    seen: SeenMarkets
    series: Payload | None = None
    tickers: list[str] = field(default_factory=list)

    def of_series(self, answer: Payload) -> Found:
        self.series = answer
        yield from assumed.series_deviations(answer, self.station)
        self.seen.fee_rules[self.station.series] = parse_fee_rule(answer)

    def of_events(self, answer: Payload) -> Found:
        events = rows(answer, "events")
        name = self.station.series
        yield from expect(events, f"no open event in {name}", "Nothing is traded there.")
        for event in events:
            for market in rows(event, "markets"):
                self.tickers.append(str(market.get("ticker")))
                _note_market(market, self.seen)
            yield from assumed.event_deviations(event, self.series or {}, self.station, self.at)

    def of_books(self, answer: Payload) -> Found:
        for row in rows(answer, "orderbooks"):
            _note_ask(row, self.at, self.seen)
            yield from assumed.book_deviations(row, self.at)

    def of_settled(self, answer: Payload) -> Found:
        for row in rows(answer, "markets"):
            yield from assumed.settled_deviations(row, self.at)


def _note_market(row: Payload, seen: SeenMarkets) -> None:
    with suppress(InputError):  # which is said elsewhere
        market = parse_market(row)
        seen.markets[market.ticker] = market


def _note_ask(row: Payload, at: datetime, seen: SeenMarkets) -> None:
    with suppress(InputError):  # which is said elsewhere
        book = parse_book(str(row.get("ticker")), row, at)
        if book.ask is not None:
            seen.asks[book.ticker] = book.ask
