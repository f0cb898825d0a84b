"""The forecasters walked through a history, record by record: nothing is known before its receipt.

A city's decision about a climate day falls on the day's first instant, by the forecasts and quotes
received until then. What each model said is kept beside what came.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from statistics import median

from numpy.random import Generator

from kalshi_edge.backtest.run import BAR_QUOTES
from kalshi_edge.data.history.records import Record, read_city
from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.domain.beliefs import Lead, PoolLesson, PoolState
from kalshi_edge.domain.market import Bin, Book, Ladder
from kalshi_edge.domain.records import Calibration
from kalshi_edge.domain.weather import ClimateReport, Forecast, Station
from kalshi_edge.errors import InputError
from kalshi_edge.learning.forecasting import Forecasting
from kalshi_edge.models.calibration import learn, uncalibrated
from kalshi_edge.models.distribution import Normal, ladder_probabilities
from kalshi_edge.models.lead import lead_of
from kalshi_edge.models.pool import FRESH, Posterior, free_vector, pooled, posterior
from kalshi_edge.models.quoted import LadderQuotes, ladder_quotes
from kalshi_edge.models.temperature import daily_high


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
    lead: Lead
    bins: tuple[Bin, ...]
    quotes: LadderQuotes
    quotes_age_h: float
    """The median of its bins at ``at``, hours."""
    own: Normal
    """Our forecast: EMOS."""
    posterior: Posterior
    won: int
    seed: tuple[float, ...] | None = None
    """``None`` where none of the seed's models had a forecast."""

    @property
    def widest_spread(self) -> float:
        """Of its bins, dollars; an empty side at its bound."""
        # rounded, as binary fractions put 0.42 − 0.30 above 0.12
        return max(
            round(ask - bid, 6) for bid, ask in zip(self.quotes.bids, self.quotes.asks, strict=True)
        )


@dataclass(frozen=True, slots=True)
class _Issued:
    """A ladder as it was before its result."""

    at: datetime
    ladder: Ladder
    quotes: LadderQuotes
    quotes_age_h: float
    own: Normal
    posterior: Posterior


@dataclass
class CityWalk:
    """One city's walk: what was judged, and what was left out and why."""

    station: Station
    models: tuple[str, ...]
    """The seed's forecasts, the best first."""
    one_instant: timedelta = BAR_QUOTES
    """How far apart the receipts of a ladder's quotes may lie."""
    days: list[JudgedDay] = field(default_factory=list)
    ladders: list[JudgedLadder] = field(default_factory=list)
    incoherent: list[tuple[date, str]] = field(default_factory=list)
    forecasting: Forecasting = field(default_factory=Forecasting)
    _forecasts: dict[date, dict[str, Forecast]] = field(default_factory=dict)
    _seed: dict[date, tuple[Forecast, Normal]] = field(default_factory=dict)
    _emos: dict[date, Normal] = field(default_factory=dict)
    _calibrations: dict[tuple[str, str], Calibration] = field(default_factory=dict)
    _highs: dict[date, int] = field(default_factory=dict)
    _ladders: dict[date, Ladder] = field(default_factory=dict)
    _books: dict[str, Book] = field(default_factory=dict)
    _said: dict[date, _Issued] = field(default_factory=dict)

    def through(self, records: Iterable[Record]) -> "CityWalk":
        """The same walk once it has gone through ``records``, which are in order of receipt."""
        for record in records:
            self._decide_until(record.received_at)
            match record:
                case Forecast() if record.received_at <= self.station.day_start(record.climate_day):
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
        for day in sorted(self._forecasts.keys() - self._seed.keys() - self._emos.keys()):
            start_at = self.station.day_start(day)
            if start_at < at:
                self._decide(day, start_at)

    def _decide(self, day: date, at: datetime) -> None:
        forecasts = self._forecasts[day]
        found = next((forecasts[m] for m in self.models if m in forecasts), None)
        if found is not None:
            self._seed[day] = found, daily_high(found, self._calibration(found))
        lead = lead_of(self.station, day, at)
        said = self.forecasting.emos_forecast(
            self.station.city,
            day,
            lead,
            forecasts,
            high_before_f=self._highs.get(day - timedelta(days=1)),
        )
        if said is None:
            return
        self._emos[day] = own = Normal(said.mu_f, said.sigma_f)
        if day in self._ladders:
            self._look(self._ladders[day], own, at)

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
        ages = (at - self._books[market.ticker].received_at for market in ladder.markets)
        age_h = median(age.total_seconds() / 3600 for age in ages)
        self._said[ladder.climate_day] = _Issued(at, ladder, quotes, age_h, own, said)

    def _result(self, day: date, high_f: int, at: datetime) -> None:
        """Judge a day by its first final report, and learn from each: a later one corrects it."""
        if day not in self._highs:
            self._judge(day, high_f, at)
        self._highs[day] = high_f
        self.forecasting.result(self.station.city, day, high_f)
        self.forecasting.forget(day)
        self._forget(day - timedelta(days=5))

    def _judge(self, day: date, high_f: int, at: datetime) -> None:
        forecasts = {"emos": self._emos[day]} if day in self._emos else {}
        if day in self._seed:
            forecast, forecasts["seed"] = self._seed[day]
            known = self._calibration(forecast)
            key = forecast.model, forecast.version
            self._calibrations[key] = learn(known, forecast, high_f, at)
        if forecasts:
            self.days.append(JudgedDay(day, forecasts, high_f))
        if day in self._said:
            self.ladders.append(self._judged(day, self._said.pop(day), high_f))

    def _judged(self, day: date, issued: _Issued, high_f: int) -> JudgedLadder:
        bins = tuple(market.bin for market in issued.ladder.markets)
        return JudgedLadder(
            city=self.station.city,
            climate_day=day,
            at=issued.at,
            lead=lead_of(self.station, day, issued.at),
            bins=bins,
            quotes=issued.quotes,
            quotes_age_h=issued.quotes_age_h,
            own=issued.own,
            posterior=issued.posterior,
            won=next(i for i, bin_ in enumerate(bins) if bin_.contains(high_f)),
            seed=ladder_probabilities(self._seed[day][1], bins) if day in self._seed else None,
        )

    def _calibration(self, forecast: Forecast) -> Calibration:
        known = self._calibrations.get((forecast.model, forecast.version))
        return known or uncalibrated(self.station.city, forecast)

    def _forget(self, before: date) -> None:
        kept = self._forecasts, self._seed, self._emos, self._highs, self._said
        for by_day in kept:
            for day in [day for day in by_day if day < before]:
                by_day.pop(day)
        for day in [day for day in self._ladders if day < before]:
            for market in self._ladders.pop(day).markets:
                self._books.pop(market.ticker, None)


def walked(
    history: Path, city: str, models: tuple[str, ...], *, high_at_day_end: bool = False
) -> CityWalk:
    """A city's walk through all that the history in ``history`` holds of it.

    With ``high_at_day_end`` each day's maximum is known when it ends, as hourly and daily summaries
    let a live trader know it. An archive without them has a stand-in: the final report's figure.
    """
    station = station_of(city)
    records: Iterable[Record] = read_city(history, city)
    if high_at_day_end:
        early = (
            replace(one, received_at=station.day_end(one.climate_day))
            if isinstance(one, ClimateReport) and one.is_final
            else one
            for one in records
        )
        records = sorted(early, key=lambda one: one.received_at)
    return CityWalk(station, models).through(records)


RESULTS_KNOWN = timedelta(days=2)
"""A decision about a climate day knows the results up to two days before it."""


def mixed_again(
    ladders: Sequence[JudgedLadder], own: Mapping[date, Normal]
) -> tuple[tuple[Posterior, ...], PoolState]:
    """What pool and mixture would have said of one city's ladders with other forecasts of ours.

    With those that were made it is what was said; with those of other days it is the negative
    control: a forecast that knows nothing must earn nothing.
    """
    state, outstanding, said = FRESH, deque[PoolLesson](), list[Posterior]()
    for ladder in ladders:
        day = ladder.climate_day
        while outstanding and outstanding[0].climate_day <= day - RESULTS_KNOWN:
            state = pooled(state, outstanding.popleft())
        vector = free_vector({lesson.vector for lesson in outstanding})
        ours = ladder_probabilities(own[day], ladder.bins)
        now = posterior(state, ladder.posterior.mid, ours, vector)
        lesson = PoolLesson(day, now.mid, now.own, now.issued, vector, ladder.won)
        outstanding.append(lesson)
        said.append(now)
    for lesson in outstanding:
        state = pooled(state, lesson)
    return tuple(said), state


def shuffled(ladders: Sequence[JudgedLadder], generator: Generator) -> dict[date, Normal]:
    """Each ladder's day with our forecast of another day, drawn without return."""
    order = generator.permutation(len(ladders))
    return {
        ladder.climate_day: ladders[other].own for ladder, other in zip(ladders, order, strict=True)
    }
