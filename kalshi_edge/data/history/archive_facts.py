"""What an archive says, gathered into facts; how its rows lie in files makes no difference."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TypeAlias

from kalshi_edge.data.history.archive import (
    MODELS,
    SPREADS,
    ArchivedQuote,
    archived_quote,
    captured_forecast,
    paid_dollars,
    parse_market,
    parse_station_day,
)
from kalshi_edge.data.history.benchmarks import (
    StationRecord,
    TradeAverage,
    parse_station_record,
    parse_trade_average,
)
from kalshi_edge.data.history.cells import Row, degrees, instant, number, whole_degrees
from kalshi_edge.data.history.gathered import Gathered, LeftOuts
from kalshi_edge.data.history.tables import ArchiveTable, read_rows, table_files
from kalshi_edge.domain.market import Bin
from kalshi_edge.domain.weather import Forecast, Station
from kalshi_edge.errors import RowError
from kalshi_edge.models.calibration import nbm_version

FORECAST_DELAY = timedelta(hours=6)
"""From a model's cycle to our having it: late for every one of them."""

StationDay: TypeAlias = tuple[str, date]


@dataclass(frozen=True, slots=True)
class MarketFacts:
    """One market of a ladder."""

    ticker: str
    station: Station
    climate_day: date
    bin: Bin | None
    """``None`` where nothing says which way an open end opens."""


class ArchiveFacts:
    """The facts of one archive."""

    def __init__(self) -> None:
        self.left = LeftOuts()
        self.forecasts: Gathered[tuple[str, date, str, datetime, datetime], Forecast] = Gathered(
            "the forecast", self.left
        )
        self.highs: Gathered[StationDay, int] = Gathered("the high", self.left)
        """By climate report and day."""
        self.bins: Gathered[str, Bin] = Gathered("the bin", self.left)
        self.quotes: Gathered[tuple[str, datetime], ArchivedQuote] = Gathered(
            "the quote", self.left
        )
        self.results: Gathered[str, tuple[Decimal, Station, date]] = Gathered(
            "the result", self.left
        )
        self.settled_f: Gathered[StationDay, int] = Gathered("the settled figure", self.left)
        """By station and day."""
        self.averages: Gathered[tuple[str, datetime, datetime], TradeAverage] = Gathered(
            "the trade average", self.left
        )
        self.stations: Gathered[StationDay, StationRecord] = Gathered(
            "the station record", self.left
        )
        self.unquoted: set[str] = set()
        self.minima = 0
        self._listed: dict[str, tuple[Station, date]] = {}

    @property
    def repeated(self) -> int:
        """How often a forecast, a high, a quote or a benchmark was said again."""
        kinds = (self.forecasts, self.quotes, self.averages, self.stations)
        return sum(kind.repeated for kind in kinds)

    def markets(self) -> Iterator[MarketFacts]:
        """Every market that a table of quotes lists."""
        bins = self.bins.known()
        for ticker, (station, day) in self._listed.items():
            yield MarketFacts(ticker, station, day, bins.get(ticker))

    def take(self, table: ArchiveTable, row: Row) -> None:
        """Take in a row; raises ``RowError`` where nothing in it can be read."""
        match table:
            case ArchiveTable.DAYS:
                self._day(row)
            case ArchiveTable.QUOTES:
                self._quote(row)
            case ArchiveTable.TRADE_AVERAGES:
                self._average(row)
            case ArchiveTable.STATION_DAYS:
                record = parse_station_record(row)
                self.stations.add((record.station, record.climate_day), record)
                if record.settled_f is not None:
                    self.settled_f.add((record.station, record.climate_day), record.settled_f)
            case ArchiveTable.NBP_RUNS | ArchiveTable.NBS_RUNS:
                self._run(row)
            case ArchiveTable.TRADE_QUOTES:
                pass  # what somebody paid is not what anybody offers now

    def _day(self, row: Row) -> None:
        station, day = parse_station_day(row)
        self._high(station, day, row)
        run_at = instant(row, "asof_utc")
        if run_at is None:
            return
        received_at = run_at + FORECAST_DELAY
        for column, model in MODELS.items():
            if not row.get(column):
                continue
            mean_f = self.left.read(degrees, row[column])
            if mean_f is not None:
                version = nbm_version(run_at) if model == "NBM" else ""
                self._forecast(
                    Forecast(
                        station=station.icao,
                        climate_day=day,
                        model=model,
                        version=version,
                        run_at=run_at,
                        received_at=received_at,
                        mean_f=mean_f,
                        sd_f=self._spread(model, row),
                    )
                )

    def _spread(self, model: str, row: Row) -> float | None:
        """A model's own standard deviation, °F, where the row has it."""
        text = row.get(SPREADS.get(model, ""), "")
        if not text:
            return None
        value = self.left.read(number, text, "°F")
        return None if value is None or value < 0 else float(value)

    def _quote(self, row: Row) -> None:
        ticker, station, day, bin_ = parse_market(row)
        self._listed[ticker] = station, day
        if bin_ is not None:
            self.bins.add(ticker, bin_)
        self._result(ticker, station, day, row)
        self.left.read(whole_degrees, row, "obs_max_f")
        try:
            quote = archived_quote(row)
        except RowError as error:
            self.left.add(error.reason, str(error))
            return
        if quote is None:
            self.unquoted.add(ticker)
        else:
            self.quotes.add((ticker, quote.at), quote)

    def _average(self, row: Row) -> None:
        ticker, station, day, _ = parse_market(row)
        self._result(ticker, station, day, row)
        settled_f = self.left.read(whole_degrees, row, "kalshi_expiration_value")
        if settled_f is not None:
            self.settled_f.add((station.icao, day), settled_f)
        average = parse_trade_average(row)
        self.averages.add((ticker, average.start_at, average.end_at), average)

    def _run(self, row: Row) -> None:
        forecast = captured_forecast(row)
        if forecast is None:
            self.minima += 1
            return
        self._forecast(forecast)
        station, day = parse_station_day(row)
        self._high(station, day, row)

    def _high(self, station: Station, day: date, row: Row) -> None:
        high_f = self.left.read(whole_degrees, row, "obs_max_f")
        if high_f is not None:
            self.highs.add((station.report, day), high_f)

    def _result(self, ticker: str, station: Station, day: date, row: Row) -> None:
        paid = self.left.read(paid_dollars, row)
        if paid is not None:
            self.results.add(ticker, (paid, station, day))

    def _forecast(self, one: Forecast) -> None:
        key = (one.station, one.climate_day, one.model, one.run_at, one.received_at)
        self.forecasts.add(key, one)


def gathered_facts(folder: Path) -> ArchiveFacts:
    """Everything that the archive in ``folder`` says.

    Raises ``HistoryError`` where it holds no table that is known.
    """
    facts = ArchiveFacts()
    files, strangers = table_files(folder)
    for one in strangers:
        facts.left.add(one.reason, one.why, one.where)
    for file in files:
        facts.left.file = file.path.name
        for line, row in read_rows(file):
            facts.left.line = line
            try:
                if isinstance(row, RowError):
                    raise row
                facts.take(file.table, row)
            except RowError as error:
                facts.left.add(error.reason, str(error))
    return facts
