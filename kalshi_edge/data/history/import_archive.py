"""From an archive's rows to records: what it does not say is filled in on the side of caution.

Every assumption is a constant below, explained in docs/reference/history.md; what is left
out is counted by reason, and refuses nothing else.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import groupby
from pathlib import Path

from kalshi_edge.data.history.archive_facts import ArchiveFacts, MarketFacts, gathered_facts
from kalshi_edge.data.history.benchmarks import city_of, merge_benchmarks
from kalshi_edge.data.history.records import Record, merge_events, station_of_record
from kalshi_edge.data.history.tables import LeftOut
from kalshi_edge.domain.market import (
    Book,
    FeeRule,
    Ladder,
    Level,
    Market,
    MarketStatus,
    PriceRange,
    Terms,
)
from kalshi_edge.domain.orders import Settlement
from kalshi_edge.domain.weather import ClimateReport
from kalshi_edge.errors import ContractError
from kalshi_edge.units import CENT, ONE, ZERO

LISTING_TIME = time(21, tzinfo=UTC)
"""When the day before a ladder is taken as known, or with its first quote where that is earlier:
it opens at 10 AM in New York, and the archive's quotes begin at 22:00."""

REPORT_TIME = time(11, tzinfo=UTC)
"""When the day after a final climate report is in: the offices issue it from 06:00 to 09:30."""

SETTLEMENT_TIME = time(14, tzinfo=UTC)
"""When the day after the exchange has paid: it does from 7 to 9 AM in New York."""

QUOTE_SIZE = Decimal(25)
"""Contracts at a recorded price, at most: the size itself was not recorded.

A quarter of the trades of that time were smaller than 21 (average trade per bin and two hours),
and half of the best offers of July 2026 smaller than 24.
"""

ARCHIVE_TERMS = Terms("National Weather Service", "", "", fingerprint="archive")
WHOLE_CENTS = (PriceRange(ZERO, ONE, CENT),)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import took in, and what it left out and why."""

    records: Mapping[tuple[str, str], int]
    """By city and kind."""
    unquoted: tuple[str, ...]
    """Tickers for which nobody was seen to bid or offer: their book is empty."""
    crossed: tuple[str, ...]
    """Tickers whose bid met their ask: such a quote is no book, and is left out."""
    untraded: tuple[str, ...]
    """Ladders that cannot be traded, with the reason; their books and results are kept."""
    left_out: tuple[LeftOut, ...] = ()
    """Rows, parts of rows and files that were left out, with the reason."""
    repeated: int = 0
    """How often something was said again."""
    minima: int = 0
    """Forecasts of a day's minimum, which no market of ours is about."""


def import_archive(source: Path, target: Path) -> ImportReport:
    """Bring the archive in ``source`` into the history in ``target``, and say what came in.

    Which tables are read, docs/reference/history.md says. Importing again changes no byte. Raises
    ``HistoryError`` where there is no table at all; a row that cannot be read is left out.
    """
    facts = gathered_facts(source)
    found, untraded = ladders(facts)
    records: list[Record] = [*found, *books(facts), *settlements(facts)]
    records += (forecast for _, forecast in facts.forecasts.pairs())
    records += climate_reports(facts)
    benchmarks = [one for kind in (facts.averages, facts.stations) for _, one in kind.pairs()]
    merge_events(target, records)
    merge_benchmarks(target, benchmarks)
    quotes = list(facts.quotes.pairs())
    cities = [(station_of_record(one).city, type(one).__name__) for one in records]
    cities += [(city_of(one), type(one).__name__) for one in benchmarks]
    return ImportReport(
        records=Counter(cities),
        unquoted=tuple(sorted(facts.unquoted - {ticker for (ticker, _), _ in quotes})),
        crossed=tuple(sorted({ticker for (ticker, _), quote in quotes if quote.is_crossed})),
        untraded=untraded,
        left_out=facts.left.all(),
        repeated=facts.repeated,
        minima=facts.minima,
    )


def climate_reports(facts: ArchiveFacts) -> Iterator[ClimateReport]:
    """The final climate report of each day with a recorded high; its issue time was not kept."""
    for (report, day), high_f in facts.highs.pairs():
        yield ClimateReport(
            report=report,
            climate_day=day,
            high_f=high_f,
            low_f=None,
            is_final=True,
            is_corrected=False,
            is_record=False,
            issued_at=None,
            received_at=_at(day, +1, REPORT_TIME),
        )


def ladders(facts: ArchiveFacts) -> tuple[tuple[Ladder, ...], tuple[str, ...]]:
    """The ladders that can be traded, and why the others cannot."""
    first_at: dict[str, datetime] = {}
    for (ticker, at), _ in facts.quotes.pairs():
        event_ticker = event_of(ticker)
        first_at[event_ticker] = min(at, first_at.get(event_ticker, at))
    found, untraded = [], []
    markets = sorted(facts.markets(), key=lambda market: (market.climate_day, market.ticker))
    for event_ticker, members in groupby(markets, key=lambda market: event_of(market.ticker)):
        try:
            found.append(_ladder(event_ticker, tuple(members), first_at.get(event_ticker)))
        except ContractError as error:
            untraded.append(str(error))
    return tuple(found), tuple(untraded)


def books(facts: ArchiveFacts) -> Iterator[Book]:
    """Each quote as a book one level deep; none where the quote is crossed.

    A market that nobody was seen to bid for or offer has an empty book, at its ladder's last quote.
    """
    last_at: dict[str, datetime] = {}
    quoted: set[str] = set()
    for (ticker, at), quote in facts.quotes.pairs():
        if not quote.is_crossed:
            # A market that nobody holds yet may be quoted for a single contract.
            size = min(QUOTE_SIZE, max(quote.open_interest, ONE))
            yield Book(
                ticker=ticker,
                bids=() if quote.bid is None else (Level(quote.bid, size),),
                asks=() if quote.ask is None else (Level(quote.ask, size),),
                valid_at=at,
                received_at=at,
            )
        event_ticker = event_of(ticker)
        last_at[event_ticker] = max(at, last_at.get(event_ticker, at))
        quoted.add(ticker)
    for ticker in sorted(facts.unquoted - quoted):
        if (found_at := last_at.get(event_of(ticker))) is not None:
            yield Book(ticker, (), (), valid_at=found_at, received_at=found_at)


def settlements(facts: ArchiveFacts) -> Iterator[Settlement]:
    """What the exchange paid for each market, and its figure of the day where that was kept."""
    settled_f = facts.settled_f.known()
    for ticker, (paid, station, day) in facts.results.pairs():
        at, figure = _at(day, +1, SETTLEMENT_TIME), settled_f.get((station.icao, day))
        yield Settlement(ticker, paid, None if figure is None else Decimal(figure), at, at)


def event_of(ticker: str) -> str:
    """The ladder that a market belongs to.

    >>> event_of("HIGHCHI-22DEC23-B-2.5")
    'HIGHCHI-22DEC23'
    """
    return "-".join(ticker.split("-", 2)[:2])


def _ladder(event_ticker: str, markets: Iterable[MarketFacts], first_at: datetime | None) -> Ladder:
    found = [(market, _market(market)) for market in markets]
    first = found[0][0]
    listed_at = _at(first.climate_day, -1, LISTING_TIME)
    return Ladder(
        event_ticker=event_ticker,
        series=event_ticker.split("-", 1)[0],
        station=first.station,
        climate_day=first.climate_day,
        markets=tuple(sorted((one for _, one in found), key=lambda market: market.bin.edges_f)),
        fee_rule=FeeRule(),
        received_at=listed_at if first_at is None else min(listed_at, first_at),
    )


def _market(facts: MarketFacts) -> Market:
    if facts.bin is None:
        raise ContractError(f"{facts.ticker}: nothing says which way its bin opens")
    return Market(
        ticker=facts.ticker,
        bin=facts.bin,
        status=MarketStatus.ACTIVE,
        open_at=None,
        close_at=facts.station.day_end(facts.climate_day),
        price_ranges=WHOLE_CENTS,
        terms=ARCHIVE_TERMS,
    )


def _at(climate_day: date, days_later: int, at: time) -> datetime:
    return datetime.combine(climate_day + timedelta(days=days_later), at)
