"""A backtest: the one loop on history, with the simulated exchange, and what it wrote down."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import median

from kalshi_edge.backtest.feed import told, with_cycles, within_days
from kalshi_edge.choices import ForecastModel, Sizing
from kalshi_edge.data.history.origin import is_synthetic
from kalshi_edge.data.history.records import read_events
from kalshi_edge.data.weather.stations import by_report, station_of
from kalshi_edge.db.codec import to_json
from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.domain.events import Event
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.domain.market import Book, Ladder
from kalshi_edge.domain.orders import Strategy
from kalshi_edge.domain.records import DailyRecord, Trade
from kalshi_edge.domain.verdicts import Approved, CityView, CycleDone, Opportunity, Refused
from kalshi_edge.domain.weather import ClimateReport, Forecast
from kalshi_edge.engine import Setup
from kalshi_edge.errors import HistoryError
from kalshi_edge.execution.executor import Executor
from kalshi_edge.execution.simulator import SimulatedExchange
from kalshi_edge.runner import run
from kalshi_edge.trading.playbook import Playbook

MODE = "backtest"
FIRST_HISTORY = date(2000, 1, 1)
FORECAST_AGE = timedelta(hours=24)
"""History has one forecast a day; live trading asks for a fresher one."""

BAR_QUOTES = timedelta(hours=8)
"""An archive of hourly bars has a bar only for an hour in which a market's quotes changed: a bin's
last bar before midnight stands until then, and a quiet bin's is hours old. The archive's reach from
22 UTC to local midnight."""


def label(model: str, sizing: str) -> str:
    """A backtest's name beside others: its model, and a sizing that is not the seed's.

    >>> label("seed", "seed"), label("posterior", "joint")
    ('seed', 'posterior joint')
    """
    return model if sizing == Sizing.SEED else f"{model} {sizing}"


@dataclass(frozen=True, slots=True)
class Request:
    """What to play back. Days are climate days, both ends included."""

    history: Path
    cities: tuple[str, ...]
    first_day: date
    last_day: date
    playbook: Playbook
    models: tuple[str, ...]
    starting_balance: Decimal = Decimal(1000)

    def __post_init__(self) -> None:
        if self.first_day > self.last_day:
            raise HistoryError(f"nothing between {self.first_day} and {self.last_day}")

    @property
    def model(self) -> ForecastModel:
        """Whose probabilities are traded."""
        return self.playbook.model or ForecastModel.SEED

    @property
    def label(self) -> str:
        """Its name beside others."""
        return label(self.model, self.playbook.sizing)

    @property
    def setup(self) -> Setup:
        """What the engine is given: the playbook, but for the ages of a history."""
        limits = replace(self.playbook.limits, max_forecast_age=FORECAST_AGE)
        return Setup(
            mode=MODE,
            stations=tuple(station_of(city) for city in self.cities),
            models=self.models,
            starting_balance=self.starting_balance,
            playbook=replace(self.playbook, limits=limits, one_instant=BAR_QUOTES),
        )


@dataclass(frozen=True, slots=True)
class DecisionAges:
    """How old what a decision rested on was, hours."""

    forecast_h: float
    """Since the start of the model run."""
    quotes_h: float | None
    """Since the receipt of the books, the median of the bins; ``None`` where there was none."""


@dataclass
class Record:
    """What a backtest wrote down, gathered from the journal's lines and the facts played."""

    request: Request
    trades: dict[str, Trade] = field(default_factory=dict)
    days: list[DailyRecord] = field(default_factory=list)
    views: dict[tuple[str, date], CityView] = field(default_factory=dict)
    """What the last cycle before each city's climate day saw."""
    priced: dict[tuple[Strategy, tuple[str, ...]], Opportunity] = field(default_factory=dict)
    """By strategy and tickers, all that had a fresh price before its climate day, as last seen."""
    refusals: Counter[str] = field(default_factory=Counter)
    """How often each rule said no; one refusal may count under several."""
    skipped: set[str] = field(default_factory=set)
    highs: dict[tuple[str, date], int] = field(default_factory=dict)
    """Whole °F by city and climate day, from the whole history up to the end."""
    quotes: Counter[str] = field(default_factory=Counter)
    """How many quotes there were of each market."""
    is_synthetic: bool = False
    """Whether the history is made up."""
    ages: dict[tuple[str, date], DecisionAges] = field(default_factory=dict)
    """Of the decisions in ``views``."""
    runs: set[tuple[str, datetime]] = field(default_factory=set)
    """Every model run that was received, by ICAO code and its start."""
    _tickers: dict[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    _quoted_at: dict[str, datetime] = field(default_factory=dict, repr=False)

    @property
    def opportunities(self) -> tuple[Opportunity, ...]:
        """What had a fresh price, taken or not."""
        return tuple(self.priced.values())

    def note(self, event: Event) -> None:
        """Take down what of an event no verdict repeats."""
        match event:
            case Forecast():
                self.runs.add((event.station, event.run_at))
            case Ladder():
                self._tickers[event.event_ticker] = tuple(one.ticker for one in event.markets)
            case Book():
                self.quotes[event.ticker] += 1
                self._quoted_at[event.ticker] = event.received_at
            case ClimateReport(is_final=True, high_f=int(high_f)):
                station = by_report(event.report)
                self.highs.setdefault((station.city, event.climate_day), high_f)
            case _:
                pass

    def publish(self, entry: JournalEntry) -> None:
        """Take down one line of the journal."""
        for verdict in entry.verdicts:
            match verdict:
                case Trade():
                    self.trades[verdict.trade_id] = verdict
                case DailyRecord():
                    self.days.append(verdict)
                case Refused():
                    self.refusals.update({check.rule for check in verdict.failures})
                case CycleDone():
                    self._cycle(verdict, entry)
                case _:
                    pass

    def _cycle(self, done: CycleDone, entry: JournalEntry) -> None:
        self.skipped.update(done.skipped)
        ahead = {
            (view.city, view.climate_day): view
            for view in done.cities
            if done.received_at <= station_of(view.city).day_start(view.climate_day)
        }
        self.views.update(ahead)
        self.ages.update({key: self._ages(view, done) for key, view in ahead.items()})
        for verdict in entry.verdicts:
            found = verdict.opportunity if isinstance(verdict, Approved) else None
            if isinstance(verdict, Refused) and isinstance(verdict.subject, Opportunity):
                found = verdict.subject
            if found and (found.city, found.climate_day) in ahead and _is_priced(found):
                self.priced[found.strategy, tuple(leg.ticker for leg in found.legs)] = found

    def _ages(self, view: CityView, done: CycleDone) -> DecisionAges:
        tickers = self._tickers.get(view.event_ticker, ())
        quoted_at = [self._quoted_at[one] for one in tickers if one in self._quoted_at]
        return DecisionAges(
            _hours(done.received_at - view.run_at),
            median(_hours(done.received_at - at) for at in quoted_at) if quoted_at else None,
        )


def _hours(span: timedelta) -> float:
    return span / timedelta(hours=1)


def _is_priced(found: Opportunity) -> bool:
    fresh = all(check.passed for check in found.checks if check.rule == "book_age")
    offered = (leg.ask is not None for leg in found.legs)
    return fresh and (any(offered) if found.strategy is Strategy.LADDER else all(offered))


async def backtest(
    request: Request,
    watch: Callable[[Event], None] = lambda _: None,
    store_path: Path | str = ":memory:",
) -> Record:
    """Play what the history holds of ``request``; ``watch`` sees every event just before.

    The journal goes to ``store_path``, which must not exist yet; by default it is not kept. A city
    without quotes has no view in the record.
    """
    return await play(request, events(request), watch, store_path)


async def play(
    request: Request,
    told_events: Iterable[Event],
    watch: Callable[[Event], None] = lambda _: None,
    store_path: Path | str = ":memory:",
) -> Record:
    """Play ``told_events`` through the trading loop under the setup of ``request``."""
    record, setup = Record(request, is_synthetic=is_synthetic(request.history)), request.setup

    def note(event: Event) -> None:
        record.note(event)
        watch(event)

    exchange = SimulatedExchange(request.starting_balance)
    async with SqliteStore(store_path, MODE) as store:
        await store.note("setup", to_json(setup))
        feed = exchange.watch(told(told_events, note))
        await run(feed, setup.fresh_engine(), Executor(exchange, store), store, (record,))
    return record


def events(request: Request) -> Iterable[Event]:
    """What ``request`` asks for, as the loop is told it: records and the cycles they call for."""
    # Results of the last day come the day after.
    last_receipt = request.last_day + timedelta(days=2)
    records = read_events(request.history, request.cities, FIRST_HISTORY, last_receipt)
    return with_cycles(within_days(records, request.first_day, request.last_day))
