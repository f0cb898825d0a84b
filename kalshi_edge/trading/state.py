"""What the engine knows of the world: the newest of every fact, and what those taught."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from kalshi_edge.domain.events import AcknowledgeTerms, Event
from kalshi_edge.domain.market import Book, Ladder, Market
from kalshi_edge.domain.orders import Settlement, derived_id
from kalshi_edge.domain.records import Calibration, SeriesTerms
from kalshi_edge.domain.verdicts import Alarm
from kalshi_edge.domain.weather import ClimateReport, Forecast, Observation, Station
from kalshi_edge.models.calibration import learn, uncalibrated
from kalshi_edge.models.observed import Evidence, evidence
from kalshi_edge.portfolio.tracker import is_mark

REFERENCE = "NWS"
"""The model name of the forecast that ours is checked against."""

BRIDGE = "NBS"
"""The model whose run of 12 UTC still has today's maximum; NBP's last word is five hours older."""
BRIDGE_LESSON = timedelta(hours=12)
"""How far into the climate day a bridge may come and still teach: before the day's peak."""
BRIDGE_DAYS = 10
"""So many settled days its errors must be known for, or as many as those of what it displaces."""

KEEP = timedelta(days=4)
"""How long a ladder and its facts stay in memory after its climate day."""


class WorldState:
    """Facts by what they are about; of each the newest one received."""

    def __init__(
        self,
        stations: Iterable[Station],
        models: Sequence[str],
        calibrations: Iterable[Calibration] = (),
        terms: Iterable[SeriesTerms] = (),
    ) -> None:
        """``models`` are the forecasts to use, the best first."""
        self.stations = tuple(stations)
        self.models = tuple(models)
        self.ladders: dict[str, Ladder] = {}
        self.books: dict[str, Book] = {}
        self.marks: dict[str, Book] = {}
        """Books to value positions by: of each market the last that ``is_mark``."""
        self.calibrations = {(c.city, c.model, c.version): c for c in calibrations}
        self.terms = {record.series: record for record in terms}
        self._ladder_by_ticker: dict[str, Ladder] = {}
        self._forecasts: dict[tuple[str, date, str], Forecast] = {}
        self._lessons: dict[tuple[str, date, str], Forecast] = {}
        self._highs: dict[tuple[str, date], int] = {}
        self._seen: dict[tuple[str, date], dict[Observation | ClimateReport, None]] = {}
        """Readings and intermediate reports, each once, in the order of receipt."""
        self._settlements: dict[str, Settlement] = {}

    @property
    def traded_models(self) -> tuple[str, ...]:
        """The models that a distribution may come from."""
        return tuple(dict.fromkeys((*self.models, BRIDGE)))

    # --- taking facts in ----------------------------------------------------------------------

    def forecast(self, forecast: Forecast) -> None:
        """Keep the forecast of the newest run; one run's later word replaces its earlier one."""
        station = self._station(forecast.station)
        key = (forecast.station, forecast.climate_day, forecast.model)
        known = self._forecasts.get(key)
        if station is None or (known is not None and known.run_at > forecast.run_at):
            return
        self._forecasts[key] = forecast
        until_at = station.day_start(forecast.climate_day)
        if forecast.model == BRIDGE:
            until_at += BRIDGE_LESSON
        if forecast.received_at <= until_at:
            # What decisions before the day rested on is what its result teaches about.
            self._lessons[key] = forecast

    def observation(self, observation: Observation) -> None:
        """Keep a reading for the climate days that its window touches."""
        station = self._station(observation.station)
        if station is not None:
            days = (station.climate_day(at) for at in (observation.start_at, observation.end_at))
            for day in set(days):
                self._seen.setdefault((station.icao, day), {})[observation] = None

    def book(self, book: Book) -> None:
        """Keep the newest book; after a market's close its last book before stays."""
        ladder = self._ladder_by_ticker.get(book.ticker)
        if ladder is not None and book.received_at >= ladder.closes_at:
            return
        self.books[book.ticker] = book
        if is_mark(book, ladder, self.marks.get(book.ticker)):
            self.marks[book.ticker] = book

    def ladder(self, ladder: Ladder) -> tuple[SeriesTerms | Alarm, ...]:
        """Keep a ladder; new rules in its series are recorded, and changed ones not accepted."""
        before, known = self.ladders.get(ladder.event_ticker), self.terms.get(ladder.series)
        self._keep_ladder(ladder)
        fingerprint = _fingerprint(ladder)
        # Around a change two days' ladders differ for a while: each is news but once.
        told = {known.fingerprint if known else None, _fingerprint(before) if before else None}
        if known is not None and fingerprint in told:
            return ()
        record = SeriesTerms(
            series=ladder.series,
            fingerprint=fingerprint,
            source=ladder.markets[0].terms.source,
            accepted=known is None or (known.accepted and _was_announced(before, ladder)),
            received_at=ladder.received_at,
        )
        self.terms[ladder.series] = record
        if record.accepted:
            return (record,)
        text = f"{ladder.series}: rules, source or fees changed (now {record.source}); not traded"
        return (record, Alarm("terms_changed", text))

    def acknowledge(self, command: AcknowledgeTerms) -> SeriesTerms | None:
        """Accept a series' rules as they stand; ``None`` where they are not those named."""
        known = self.terms.get(command.series)
        if known is None or known.fingerprint != command.fingerprint:
            return None
        record = SeriesTerms(
            known.series, known.fingerprint, known.source, True, command.received_at
        )
        self.terms[record.series] = record
        return record

    def report(self, report: ClimateReport) -> tuple[Calibration | Alarm, ...]:
        """Learn from the first final report of a climate day; anything else is no result."""
        self._floor(report)
        station = self._new_result(report)
        if station is None:
            return ()
        key = (station.icao, report.climate_day)
        lessons = [
            self._learned(station, lesson, self._highs[key], report.received_at)
            for model in self.traded_models
            if (lesson := self._lessons.get((*key, model))) is not None
        ]
        learned = (record for record in lessons if record is not None)
        return (*learned, *self._differences(station, report.climate_day))

    def settlement(self, settlement: Settlement) -> tuple[Alarm, ...]:
        """Hold the exchange's result against the climate report, if that is here already."""
        self._settlements[settlement.ticker] = settlement
        ladder = self._ladder_by_ticker.get(settlement.ticker)
        if ladder is None:
            return ()
        return self._differences(ladder.station, ladder.climate_day, settlement.ticker)

    def recall(self, event: Event) -> None:
        """Take in again what an earlier life was told: what followed is on record already."""
        match event:
            case Forecast():
                self.forecast(event)
            case Book():
                self.book(event)
            case Ladder():
                self._keep_ladder(event)
            case ClimateReport():
                self._floor(event)
                self._new_result(event)
            case Observation():
                self.observation(event)
            case Settlement():
                self._settlements[event.ticker] = event
            case _:
                pass

    def forget(self, at: datetime) -> None:
        """Let go of what concerns climate days long over."""
        last = (at - KEEP).date()
        gone = [ladder for ladder in self.ladders.values() if ladder.climate_day < last]
        for ladder in gone:
            del self.ladders[ladder.event_ticker]
            for market in ladder.markets:
                kept = (self._ladder_by_ticker, self.books, self.marks, self._settlements)
                for by_ticker in kept:
                    by_ticker.pop(market.ticker, None)
        self._forecasts = {k: v for k, v in self._forecasts.items() if k[1] >= last}
        self._lessons = {k: v for k, v in self._lessons.items() if k[1] >= last}
        self._highs = {k: v for k, v in self._highs.items() if k[1] >= last}
        self._seen = {k: v for k, v in self._seen.items() if k[1] >= last}

    # --- what follows from them ---------------------------------------------------------------

    def best_forecast(self, station: Station, climate_day: date) -> Forecast | None:
        """The newest forecast of the best model that has one for this day.

        A newer bridge takes its place once the bridge's errors are known as well as its own.
        """
        found = (self._forecasts.get((station.icao, climate_day, m)) for m in self.models)
        best = next((forecast for forecast in found if forecast is not None), None)
        bridge = self._forecasts.get((station.icao, climate_day, BRIDGE))
        if best is None or bridge is None or bridge.run_at <= best.run_at:
            return best
        needed = min(BRIDGE_DAYS, self.calibration(station, best).days)
        return bridge if self.calibration(station, bridge).days >= needed else best

    def reference(self, station: Station, climate_day: date) -> Forecast | None:
        """The weather service's own forecast, where we have one."""
        return self._forecasts.get((station.icao, climate_day, REFERENCE))

    def evidence(self, station: Station, climate_day: date) -> Evidence:
        """What was read of a climate day's maximum so far."""
        seen = self._seen.get((station.icao, climate_day), {})
        readings = [one for one in seen if isinstance(one, Observation)]
        reports = [one for one in seen if isinstance(one, ClimateReport)]
        return evidence(station, climate_day, readings, reports)

    def ladder_of(self, ticker: str) -> Ladder | None:
        """The ladder that a market belongs to, as last told."""
        return self._ladder_by_ticker.get(ticker)

    def market(self, ticker: str) -> Market | None:
        """A market of a ladder that we know."""
        ladder = self._ladder_by_ticker.get(ticker)
        markets = () if ladder is None else ladder.markets
        return next((market for market in markets if market.ticker == ticker), None)

    def place(self, ticker: str, at: datetime) -> tuple[str, date]:
        """City and climate day of a market; of one that is not ours, no city and today."""
        ladder = self._ladder_by_ticker.get(ticker)
        return ("", at.date()) if ladder is None else (ladder.station.city, ladder.climate_day)

    def is_settling(self, ticker: str, at: datetime) -> bool:
        """Whether a market is closed at ``at`` and its result not known yet."""
        ladder = self._ladder_by_ticker.get(ticker)
        return ladder is not None and at >= ladder.closes_at and ticker not in self._settlements

    def settled(self, ticker: str) -> Settlement | None:
        """What a market paid, if it did and is not forgotten yet."""
        return self._settlements.get(ticker)

    def awaited(self, at: datetime) -> dict[str, date]:
        """Cities without a final report of the climate day that ended last, and that day."""
        ended = {s: s.climate_day(at) - timedelta(days=1) for s in self.stations}
        return {s.city: day for s, day in ended.items() if (s.icao, day) not in self._highs}

    @property
    def settled_tickers(self) -> set[str]:
        """The markets whose result is known and not forgotten yet."""
        return set(self._settlements)

    def calibration(self, station: Station, forecast: Forecast) -> Calibration:
        """What past errors taught about this forecast's model and version."""
        key = (station.city, forecast.model, forecast.version)
        return self.calibrations.get(key) or uncalibrated(station.city, forecast)

    def _learned(
        self, station: Station, lesson: Forecast, high_f: int, received_at: datetime
    ) -> Calibration | None:
        known = self.calibration(station, lesson)
        record = learn(known, lesson, high_f, received_at)
        if record == known:
            return None
        self.calibrations[record.city, record.model, record.version] = record
        return record

    def _floor(self, report: ClimateReport) -> None:
        """Keep an intermediate report: the day was not over, so its figure is only a floor."""
        station = next((s for s in self.stations if s.report == report.report), None)
        if station is not None and not report.is_final:
            self._seen.setdefault((station.icao, report.climate_day), {})[report] = None

    def _new_result(self, report: ClimateReport) -> Station | None:
        """Note a climate day's maximum: the station, where this report is the first to say it."""
        station = next((s for s in self.stations if s.report == report.report), None)
        if station is None or not report.is_final or report.high_f is None:
            return None
        key = (station.icao, report.climate_day)
        if key in self._highs:
            return None
        self._highs[key] = report.high_f
        return station

    def _keep_ladder(self, ladder: Ladder) -> None:
        self.ladders[ladder.event_ticker] = ladder
        for market in ladder.markets:
            self._ladder_by_ticker[market.ticker] = ladder

    def _differences(
        self, station: Station, climate_day: date, ticker: str | None = None
    ) -> tuple[Alarm, ...]:
        high_f = self._highs.get((station.icao, climate_day))
        if high_f is None:
            return ()
        markets = (
            market
            for ladder in self.ladders.values()
            if (ladder.station, ladder.climate_day) == (station, climate_day)
            for market in ladder.markets
        )
        return tuple(
            Alarm(
                "settlement_differs",
                f"{market.ticker} paid ${settled.value}, but the climate report says {high_f} °F",
            )
            for market in markets
            if ticker in {None, market.ticker}
            and (settled := self._settlements.get(market.ticker)) is not None
            and settled.value != int(market.bin.contains(high_f))
        )

    def _station(self, icao: str) -> Station | None:
        return next((station for station in self.stations if station.icao == icao), None)


def _was_announced(before: Ladder | None, ladder: Ladder) -> bool:
    """Whether nothing has changed since ``before`` but fees, as the exchange had announced."""
    if before is None or _fingerprint(replace(before, fee_rule=ladder.fee_rule)) != _fingerprint(
        ladder
    ):
        return False
    return any(
        change.rule == ladder.fee_rule and change.effective_at <= ladder.received_at
        for change in before.fee_changes
    )


def _fingerprint(ladder: Ladder) -> str:
    """Of what decides a series' markets and of what trading them costs."""
    fee, rules = ladder.fee_rule, {market.terms.fingerprint for market in ladder.markets}
    return derived_id(*sorted(rules), fee.fee_type, fee.multiplier.normalize())
