"""What the engine knows of the world: the newest of every fact, and what those taught."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

from kalshi_edge.domain.events import AcknowledgeTerms, Event
from kalshi_edge.domain.market import Book, Ladder, Market
from kalshi_edge.domain.orders import Fill, Settlement
from kalshi_edge.domain.records import Calibration, SeriesTerms
from kalshi_edge.domain.trading_hours import TradingHours
from kalshi_edge.domain.verdicts import Alarm
from kalshi_edge.domain.weather import ClimateReport, Forecast, Observation, Station
from kalshi_edge.learning.calibrating import Course, Learned, Learning
from kalshi_edge.learning.forecasting import Forecasting, LearnedRecords
from kalshi_edge.models.observed import Evidence, evidence
from kalshi_edge.portfolio.tracker import is_mark, mark_after
from kalshi_edge.trading.series_rules import rules_fingerprint, was_announced
from kalshi_edge.trading.snapshot import StateSnapshot

T = TypeVar("T")

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
        self.learning = Learning({(c.city, c.model, c.version): c for c in calibrations})
        self.forecasting = Forecasting()
        """What the models beside the seed have learned."""
        self.terms = {record.series: record for record in terms}
        self.hours = TradingHours(datetime.min.replace(tzinfo=UTC))
        """When the exchange takes orders; the usual hours until it says otherwise."""
        self._ladder_by_ticker: dict[str, Ladder] = {}
        self._forecasts: dict[tuple[str, date, str], Forecast] = {}
        self._seen: dict[tuple[str, date], dict[Observation | ClimateReport, None]] = {}
        """Readings and intermediate reports, each once, in the order of receipt."""
        self._settlements: dict[str, Settlement] = {}
        self._fills: dict[str, datetime] = {}
        """Those that a mark has been told of, and when: a journal has one as often as it came."""

    @property
    def calibrations(self) -> dict[tuple[str, str, str], Calibration]:
        """By city, model and version, what past errors taught."""
        return self.learning.calibrations

    @property
    def traded_models(self) -> tuple[str, ...]:
        """The models that a distribution may come from."""
        return tuple(dict.fromkeys((*self.models, BRIDGE)))

    def snapshot(self) -> StateSnapshot:
        """All of it but the rules, which the store has."""
        books, marks = self.books, self.marks
        readings = {day: tuple(_only(Observation, seen)) for day, seen in self._seen.items()}
        floors = {day: tuple(_only(ClimateReport, seen)) for day, seen in self._seen.items()}
        return StateSnapshot(
            ladders=tuple(self.ladders.values()),
            former=tuple(
                (ticker, ladder)
                for ticker, ladder in self._ladder_by_ticker.items()
                if self.ladders.get(ladder.event_ticker) is not ladder
            ),
            books=tuple(books.values()),
            marked=tuple(ticker for ticker, mark in marks.items() if books.get(ticker) is mark),
            marks=tuple(mark for ticker, mark in marks.items() if books.get(ticker) is not mark),
            forecasts=tuple(self._forecasts.values()),
            lessons=tuple(f for day in self.learning.forecasts.values() for f in day.values()),
            readings=tuple((*day, kept) for day, kept in readings.items()),
            floors=tuple((*day, kept) for day, kept in floors.items() if kept),
            settlements=tuple(self._settlements.values()),
            calibrations=tuple(self.calibrations.values()),
            hours=self.hours,
            fills=tuple(self._fills.items()),
            results=self.learning.results.snapshot(),
            forecasting=self.forecasting.snapshot(),
        )

    def restore(self, snapshot: StateSnapshot) -> None:
        """Take in what was known at the time of ``snapshot``; before anything else is."""
        for ladder in snapshot.ladders:
            self._keep_ladder(ladder)
        self._ladder_by_ticker.update(snapshot.former)
        self.books = {book.ticker: book for book in snapshot.books}
        self.marks = {ticker: self.books[ticker] for ticker in snapshot.marked}
        self.marks |= {mark.ticker: mark for mark in snapshot.marks}
        self._forecasts = {(f.station, f.climate_day, f.model): f for f in snapshot.forecasts}
        for lesson in snapshot.lessons:
            self.learning.forecast(lesson)
        self._fills = dict(snapshot.fills)
        for icao, day, readings in snapshot.readings:
            self._seen[icao, day] = dict.fromkeys(readings)
        for icao, day, reports in snapshot.floors:
            self._seen[icao, day] |= dict.fromkeys(reports)
        self._settlements = {one.ticker: one for one in snapshot.settlements}
        for record in snapshot.calibrations:
            self.learned(record)
        self.hours = snapshot.hours
        self.learning.results.restore(snapshot.results)
        self.forecasting.restore(snapshot.forecasting)

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
            self.learning.forecast(forecast)

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

    def traded(self, fill: Fill) -> None:
        """Take out of the mark what a fill of ours took of the book, once."""
        if fill.fill_id in self._fills:
            return
        self._fills[fill.fill_id] = fill.received_at
        if (mark := self.marks.get(fill.ticker)) is not None:
            self.marks[fill.ticker] = mark_after(mark, fill)

    def ladder(self, ladder: Ladder) -> tuple[SeriesTerms | Alarm, ...]:
        """Keep a ladder; new rules in its series are recorded, and changed ones not accepted."""
        before, known = self.ladders.get(ladder.event_ticker), self.terms.get(ladder.series)
        self._keep_ladder(ladder)
        fingerprint = rules_fingerprint(ladder)
        # Around a change two days' ladders differ for a while: each is news but once.
        told = {known.fingerprint if known else None, rules_fingerprint(before) if before else None}
        if known is not None and fingerprint in told:
            return ()
        record = SeriesTerms(
            series=ladder.series,
            fingerprint=fingerprint,
            source=ladder.markets[0].terms.source,
            accepted=known is None or (known.accepted and was_announced(before, ladder)),
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

    def report(self, report: ClimateReport) -> Learned:
        """Learn from a final report, unlearning what it corrects; any other is only a floor."""
        self._floor(report)
        station = self._reporting(report)
        return () if station is None else self.learning.report(self._course(station), report)

    def settlement(self, settlement: Settlement) -> Learned:
        """Hold the exchange's result against the climate report, if that is here already."""
        self._settlements[settlement.ticker] = settlement
        found = self._settled_market(settlement)
        if found is None:
            return ()
        (station, day, market), at = found, settlement.received_at
        course = self._course(station)
        return self.learning.settlement(course, day, market, settlement.value, at)

    def recall(self, event: Event) -> None:  # noqa: C901 - one arm for every kind of fact
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
                if (station := self._reporting(event)) is not None:
                    self.learning.results.report(station.icao, event)
            case Observation():
                self.observation(event)
            case TradingHours():
                self.hours = event
            case Fill():
                self.traded(event)
            case Settlement():
                self._settlements[event.ticker] = event
                if (found := self._settled_market(event)) is not None:
                    station, day, market = found
                    self.learning.results.settlement((station.icao, day), market, event.value)
            case _:
                pass

    def learned(self, record: Calibration) -> None:
        """Take in what an earlier life had learned."""
        self.calibrations[record.city, record.model, record.version] = record

    def forget(self, at: datetime) -> None:
        """Let go of what concerns climate days long over."""
        last = (at - KEEP).date()
        gone = [ladder for ladder in self.ladders.values() if ladder.climate_day < last]
        for ladder in gone:
            del self.ladders[ladder.event_ticker]
        of_them = [t for t, one in self._ladder_by_ticker.items() if one.climate_day < last]
        for ticker in of_them:
            kept = (self._ladder_by_ticker, self.books, self.marks, self._settlements)
            for by_ticker in kept:
                by_ticker.pop(ticker, None)
        self._fills = {name: then for name, then in self._fills.items() if then.date() >= last}
        self._forecasts = {k: v for k, v in self._forecasts.items() if k[1] >= last}
        self.learning.forget(at, last)
        self.forecasting.forget(at.date())
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

    def forecasts_of(self, station: Station, climate_day: date) -> dict[str, Forecast]:
        """The newest forecast of every model for a day."""
        return {
            model: forecast
            for (icao, day, model), forecast in self._forecasts.items()
            if (icao, day) == (station.icao, climate_day)
        }

    def believed_f(self, station: Station, climate_day: date) -> int | None:
        """A day's maximum by its final report, where that is believed, °F."""
        return self.learning.believed_f(self._course(station), climate_day)

    def relearned(self, event: ClimateReport | Settlement) -> LearnedRecords:
        """What the models beside the seed learn, now that a day's result is what it is.

        With it the doubt about later days may have changed.
        """
        if isinstance(event, ClimateReport):
            station, climate_day = self._reporting(event), event.climate_day
        else:
            station, climate_day, _ = self._settled_market(event) or (None, date.max, None)
        if station is None:
            return ()
        learned: LearnedRecords = ()
        for day in self.learning.results.reported_since(station.icao, climate_day):
            begun_with = self.learning.forecasts.get((station.icao, day), {})
            high_f = self.believed_f(station, day)
            learned += self.forecasting.result(station.city, day, high_f, begun_with)
        return learned

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
        known = self.learning.results.first_f
        return {s.city: day for s, day in ended.items() if (s.icao, day) not in known}

    @property
    def settled_tickers(self) -> set[str]:
        """The markets whose result is known and not forgotten yet."""
        return set(self._settlements)

    def calibration(self, station: Station, forecast: Forecast) -> Calibration:
        """What past errors taught about this forecast's model and version."""
        return self.learning.calibration(station, forecast)

    def _course(self, station: Station) -> Course:
        def floor_f(climate_day: date) -> int | None:
            return self.evidence(station, climate_day).floor_f()

        return Course(station, self.traded_models, floor_f)

    def _reporting(self, report: ClimateReport) -> Station | None:
        return next((s for s in self.stations if s.report == report.report), None)

    def _settled_market(self, settlement: Settlement) -> tuple[Station, date, Market] | None:
        """What was settled, with its station and climate day; ``None`` once that is long over."""
        ladder, market = self.ladder_of(settlement.ticker), self.market(settlement.ticker)
        if ladder is None or ladder.climate_day < (settlement.received_at - KEEP).date():
            return None
        return None if market is None else (ladder.station, ladder.climate_day, market)

    def _floor(self, report: ClimateReport) -> None:
        """Keep an intermediate report: the day was not over, so its figure is only a floor."""
        station = self._reporting(report)
        if station is not None and not report.is_final:
            self._seen.setdefault((station.icao, report.climate_day), {})[report] = None

    def _keep_ladder(self, ladder: Ladder) -> None:
        self.ladders[ladder.event_ticker] = ladder
        for market in ladder.markets:
            self._ladder_by_ticker[market.ticker] = ladder

    def _station(self, icao: str) -> Station | None:
        return next((station for station in self.stations if station.icao == icao), None)


def _only(kind: type[T], facts: Iterable[object]) -> Iterator[T]:
    return (fact for fact in facts if isinstance(fact, kind))
