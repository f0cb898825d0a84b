"""From an archive's rows to records: what it does not say is filled in on the side of caution.

Every assumption is a constant below, explained in docs/reference/history.md; what is left
out is counted.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import groupby
from pathlib import Path

from kalshi_edge.data.history.archive import (
    CITY_DAYS,
    MARKET_QUOTES,
    ArchivedDay,
    ArchivedOutcome,
    ArchivedQuote,
    parse_day,
    parse_quote,
    read_rows,
)
from kalshi_edge.data.history.records import Record, merge_events, station_of_record
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
from kalshi_edge.domain.weather import ClimateReport, Forecast
from kalshi_edge.errors import ContractError
from kalshi_edge.models.calibration import nbm_version
from kalshi_edge.units import CENT, ONE, ZERO

FORECAST_DELAY = timedelta(hours=6)
"""From a model's cycle to our having it: late for every one of them."""

LISTING_TIME = time(21, tzinfo=UTC)
"""When the day before a ladder is taken as known: it opens at 10 AM in New York, and the
archive's quotes begin at 22:00."""

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
    """Tickers for which nobody was seen to bid or offer: they have no book."""
    crossed: tuple[str, ...]
    """Tickers whose bid met their ask: such a quote is no book, and is left out."""
    untraded: tuple[str, ...]
    """Ladders that cannot be traded, with the reason; their books and results are kept."""


def import_archive(source: Path, target: Path) -> ImportReport:
    """Bring the archive in ``source`` into the history in ``target``, and say what came in.

    Reads ``city_days.csv.gz`` and ``market_quotes.csv.gz``. Importing again changes no byte. Raises
    ``HistoryError`` naming file and line where a row cannot be read; nothing is written then.
    """
    days = list(read_rows(source / CITY_DAYS, parse_day))
    quotes = list(read_rows(source / MARKET_QUOTES, parse_quote))
    found, untraded = ladders(quotes)
    records: list[Record] = [*found, *books(quotes), *settlements(quotes)]
    records += forecasts(days)
    records += climate_reports(days)
    merge_events(target, records)
    return ImportReport(
        records=Counter((station_of_record(one).city, type(one).__name__) for one in records),
        unquoted=tuple(quote.outcome.ticker for quote in quotes if quote.at is None),
        crossed=tuple(quote.outcome.ticker for quote in quotes if quote.is_crossed),
        untraded=untraded,
    )


def forecasts(days: Iterable[ArchivedDay]) -> Iterator[Forecast]:
    """Each model's point forecast, as of its cycle; without spread, which none of them states."""
    for day in days:
        if day.run_at is None:
            continue
        for model, mean_f in day.forecasts_f.items():
            yield Forecast(
                station=day.station.icao,
                climate_day=day.climate_day,
                model=model,
                version=nbm_version(day.run_at) if model == "NBM" else "",
                run_at=day.run_at,
                received_at=day.run_at + FORECAST_DELAY,
                mean_f=mean_f,
            )


def climate_reports(days: Iterable[ArchivedDay]) -> Iterator[ClimateReport]:
    """The final climate report of each day with a recorded high; its issue time was not kept."""
    for day in days:
        if day.high_f is not None:
            yield ClimateReport(
                report=day.station.report,
                climate_day=day.climate_day,
                high_f=day.high_f,
                low_f=None,
                is_final=True,
                is_corrected=False,
                is_record=False,
                issued_at=None,
                received_at=_at(day.climate_day, +1, REPORT_TIME),
            )


def ladders(quotes: Iterable[ArchivedQuote]) -> tuple[tuple[Ladder, ...], tuple[str, ...]]:
    """The ladders that can be traded, and why the others cannot."""
    found, untraded = [], []
    ordered = sorted(quotes, key=lambda quote: (quote.outcome.climate_day, quote.outcome.ticker))
    for event_ticker, members in groupby(ordered, key=lambda quote: quote.event_ticker):
        try:
            found.append(_ladder(event_ticker, [member.outcome for member in members]))
        except ContractError as error:
            untraded.append(str(error))
    return tuple(found), tuple(untraded)


def books(quotes: Iterable[ArchivedQuote]) -> Iterator[Book]:
    """Each quote as a book one level deep; none where nobody quoted or the quote is crossed."""
    for quote in quotes:
        if quote.at is not None and not quote.is_crossed:
            # A market that nobody holds yet may be quoted for a single contract.
            size = min(QUOTE_SIZE, max(quote.open_interest, ONE))
            yield Book(
                ticker=quote.outcome.ticker,
                bids=() if quote.bid is None else (Level(quote.bid, size),),
                asks=() if quote.ask is None else (Level(quote.ask, size),),
                valid_at=quote.at,
                received_at=quote.at,
            )


def settlements(quotes: Iterable[ArchivedQuote]) -> Iterator[Settlement]:
    """What the exchange paid for each market; the figure it used was not kept."""
    for outcome in (quote.outcome for quote in quotes):
        if outcome.paid is not None:
            at = _at(outcome.climate_day, +1, SETTLEMENT_TIME)
            yield Settlement(outcome.ticker, outcome.paid, None, at, at)


def _ladder(event_ticker: str, outcomes: Sequence[ArchivedOutcome]) -> Ladder:
    first = outcomes[0]
    return Ladder(
        event_ticker=event_ticker,
        series=event_ticker.split("-", 1)[0],
        station=first.station,
        climate_day=first.climate_day,
        markets=tuple(sorted(map(_market, outcomes), key=lambda market: market.bin.edges_f)),
        fee_rule=FeeRule(),
        received_at=_at(first.climate_day, -1, LISTING_TIME),
    )


def _market(outcome: ArchivedOutcome) -> Market:
    if outcome.bin is None:
        raise ContractError(f"{outcome.ticker}: nothing says which way its bin opens")
    return Market(
        ticker=outcome.ticker,
        bin=outcome.bin,
        status=MarketStatus.ACTIVE,
        open_at=None,
        close_at=outcome.station.day_end(outcome.climate_day),
        price_ranges=WHOLE_CENTS,
        terms=ARCHIVE_TERMS,
    )


def _at(climate_day: date, days_later: int, at: time) -> datetime:
    return datetime.combine(climate_day + timedelta(days=days_later), at)
