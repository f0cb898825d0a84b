"""The forecasters walked through a history, record by record: nothing is known before its receipt.

A city's decision about a climate day falls on the instant of its first quotes, or on the day's
first instant where it was never quoted; both are of the same lead class in an archive of midnight
quotes. What each model said then is kept beside what came.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TypeAlias

from kalshi_edge.data.history.records import Record
from kalshi_edge.domain.market import Bin, Book, Ladder
from kalshi_edge.domain.records import Calibration
from kalshi_edge.domain.weather import ClimateReport, Forecast, Station
from kalshi_edge.errors import InputError
from kalshi_edge.models.calibration import learn, uncalibrated
from kalshi_edge.models.distribution import Normal, ladder_probabilities
from kalshi_edge.models.lead import lead_of
from kalshi_edge.models.pool import Posterior
from kalshi_edge.models.quoted import LadderQuotes, ladder_quotes
from kalshi_edge.models.temperature import daily_high
from kalshi_edge.trading.forecasting import Forecasting

Own: TypeAlias = Callable[[date, Normal], Normal]
"""What stands in for our forecast of a day: itself, or another day's in a negative control."""


BAR_QUOTES = timedelta(hours=8)
"""An archive of hourly bars has a bar only for an hour in which a market's quotes changed: a bin's
last bar before midnight stands until then, and a quiet bin's is hours old. The archive's reach from
22 UTC to local midnight."""


@dataclass(frozen=True, slots=True)
class JudgedDay:
    """What the models said of a day's maximum, and what came."""

    climate_day: date
    forecasts: Mapping[str, Normal]
    """By model: ``seed``, ``emos``."""
    high_f: int


@dataclass(frozen=True, slots=True)
class JudgedLadder:
    """What the models said of a coherent ladder, and which bin won."""

    city: str
    climate_day: date
    at: datetime
    bins: tuple[Bin, ...]
    quotes: LadderQuotes
    seed: tuple[float, ...]
    posterior: Posterior
    won: int


@dataclass
class CityWalk:
    """One city's walk: what was judged, and what was left out and why."""

    station: Station
    models: tuple[str, ...]
    """The seed's forecasts, the best first."""
    one_instant: timedelta = BAR_QUOTES
    """How far apart the receipts of a ladder's quotes may lie."""
    own: Own = lambda _, normal: normal
    days: list[JudgedDay] = field(default_factory=list)
    ladders: list[JudgedLadder] = field(default_factory=list)
    incoherent: list[tuple[date, str]] = field(default_factory=list)
    forecasting: Forecasting = field(default_factory=Forecasting)
    _forecasts: dict[date, dict[str, Forecast]] = field(default_factory=dict)
    _seed: dict[date, tuple[Forecast, Normal]] = field(default_factory=dict)
    _emos: dict[date, Normal] = field(default_factory=dict)
    _calibrations: dict[tuple[str, str], Calibration] = field(default_factory=dict)
    _ladders: dict[date, Ladder] = field(default_factory=dict)
    _books: dict[str, Book] = field(default_factory=dict)
    _said: dict[date, tuple[datetime, Ladder, LadderQuotes, Posterior]] = field(
        default_factory=dict
    )

    def through(self, records: Iterable[Record]) -> "CityWalk":
        """The same walk once it has gone through ``records``, which are in order of receipt."""
        for record in records:
            self._decide_until(record.received_at)
            match record:
                case Forecast():
                    self._forecasts.setdefault(record.climate_day, {})[record.model] = record
                case Ladder():
                    self._ladders[record.climate_day] = record
                case Book():
                    self._books[record.ticker] = record
                case ClimateReport(is_final=True, high_f=int(high_f)):
                    self._result(record.climate_day, high_f, record.received_at)
                case _:
                    pass
        return self

    def _decide_until(self, at: datetime) -> None:
        """Decide about the days that have begun before ``at``, by what had been received then."""
        for day in sorted(self._forecasts.keys() - self._emos.keys()):
            start_at = self.station.day_start(day)
            if start_at < at:
                self._decide(day, start_at)

    def _decide(self, day: date, at: datetime) -> None:
        forecasts = self._forecasts[day]
        found = next((forecasts[m] for m in self.models if m in forecasts), None)
        if found is not None:
            self._seed[day] = found, daily_high(found, self._calibration(found))
        lead = lead_of(self.station, day, at)
        said = self.forecasting.emos_forecast(self.station.city, day, lead, forecasts)
        if said is None:
            return
        self._emos[day] = said.distribution
        if day in self._ladders:
            self._look(self._ladders[day], self.own(day, said.distribution), at)

    def _look(self, ladder: Ladder, own: Normal, at: datetime) -> None:
        try:
            quotes = ladder_quotes(ladder, self._books, within=self.one_instant)
        except InputError as error:
            self.incoherent.append((ladder.climate_day, str(error)))
            return
        bins = tuple(market.bin for market in ladder.markets)
        said = self.forecasting.posterior(
            self.station.city,
            ladder.climate_day,
            lead_of(self.station, ladder.climate_day, at),
            bins=bins,
            mid=quotes.mid,
            own=ladder_probabilities(own, bins),
        )
        self._said[ladder.climate_day] = at, ladder, quotes, said

    def _result(self, day: date, high_f: int, at: datetime) -> None:
        if day in self._seed:
            forecast, seed = self._seed[day]
            forecasts = {"seed": seed} | ({"emos": self._emos[day]} if day in self._emos else {})
            self.days.append(JudgedDay(day, forecasts, high_f))
            known = self._calibration(forecast)
            key = forecast.model, forecast.version
            self._calibrations[key] = learn(known, forecast, high_f, at)
        if day in self._said:
            asked_at, ladder, quotes, said = self._said.pop(day)
            bins = tuple(market.bin for market in ladder.markets)
            won = next(i for i, bin_ in enumerate(bins) if bin_.contains(high_f))
            seed_said = ladder_probabilities(self._seed[day][1], bins)
            self.ladders.append(
                JudgedLadder(self.station.city, day, asked_at, bins, quotes, seed_said, said, won)
            )
        self.forecasting.result(self.station.city, day, high_f)
        self.forecasting.forget(day)
        self._forget(day - timedelta(days=5))

    def _calibration(self, forecast: Forecast) -> Calibration:
        known = self._calibrations.get((forecast.model, forecast.version))
        return known or uncalibrated(self.station.city, forecast)

    def _forget(self, before: date) -> None:
        for by_day in (self._forecasts, self._seed, self._emos):
            for day in [day for day in by_day if day < before]:
                by_day.pop(day)
        for day in [day for day in self._ladders if day < before]:
            for market in self._ladders.pop(day).markets:
                self._books.pop(market.ticker, None)
