"""A whole trader for tests: the real loop and store, an exchange whose every answer is drawn.

``scripts`` draws what the world says; ``fates`` what becomes of each order. ``traded`` plays both
through ``run`` with an engine that checks its own account after every event.
"""

from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path

from hypothesis import strategies as st

from kalshi_edge.data.recording.recorder import Recorder
from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.domain.events import ClosePosition, CycleDue, Event, Halt, OrderUpdate, Resume
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.domain.orders import (
    Fill,
    Intent,
    Order,
    OrderReport,
    OrderStep,
    Settlement,
    Side,
    derived_id,
)
from kalshi_edge.domain.verdicts import Verdict
from kalshi_edge.domain.weather import ClimateReport
from kalshi_edge.engine import Engine, Setup
from kalshi_edge.errors import ExchangeDown, OrderRejected, OutcomeUnknown
from kalshi_edge.execution.executor import Executor
from kalshi_edge.execution.simulator import settle
from kalshi_edge.runner import run
from kalshi_edge.runtime.resumption import resumed_engine
from kalshi_edge.trading.fees import OrderFees, fee_regime
from kalshi_edge.trading.playbook import Playbook
from tests.support.builders import book, event_ticker, forecast, ladder

D = Decimal
CITIES = ("NYC", "LA", "MIA", "CHI", "PHX", "AUS", "DEN")
START = datetime(2026, 11, 20, 17, tzinfo=UTC)
STRIKES = ("B50.5", "B52.5", "B54.5", "B56.5")
SETUP = Setup(
    mode="paper",
    stations=tuple(station_of(city) for city in CITIES),
    models=("NBP",),
    starting_balance=D(1000),
    playbook=Playbook(),
)


# --- the exchange ---------------------------------------------------------------------------------


class Answer(Enum):
    """How the exchange answers an order."""

    RECEIPT = "receipt"
    REJECTED = "rejected"
    DOWN = "down"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one order: the share that trades, in how many fills, and how much later."""

    answer: Answer = Answer.RECEIPT
    percent: int = 100
    pieces: int = 1
    delay: int = 0
    """Events of the feed that come before the first fill, and between fills."""
    cents_better: int = 0


fates = st.builds(
    Fate,
    answer=st.sampled_from([Answer.RECEIPT] * 5 + list(Answer)),
    percent=st.sampled_from([100, 100, 60, 33, 0]),
    pieces=st.integers(1, 3),
    delay=st.integers(0, 4),
    cents_better=st.sampled_from([0, 0, 0, 2]),
)


class DrawnExchange:
    """An ``Exchange`` that does to each order what was drawn for it; fills come by ``watch``."""

    def __init__(self, drawn: Iterable[Fate]) -> None:
        self.sent: list[Intent] = []
        self._fates = iter(drawn)
        self._due: list[tuple[int, Fill | OrderUpdate]] = []
        self._told = 0
        self._at = START

    async def watch(self, feed: AsyncIterable[Event]) -> AsyncIterator[Event]:
        """The feed, with the news of our orders when they are due."""
        async for event in feed:
            self._at, self._told = event.received_at, self._told + 1
            yield event
            for news in self._news():
                yield news

    def _news(self) -> Iterator[Event]:
        while due := [pair for pair in self._due if pair[0] <= self._told]:
            self._due.remove(due[0])
            yield replace(due[0][1], received_at=self._at)

    async def place(self, intent: Intent) -> OrderReport:
        """Answer as drawn; what trades is told later."""
        fate = next(self._fates, Fate())
        self.sent.append(intent)
        if fate.answer is Answer.REJECTED:
            raise OrderRejected("as drawn")
        if fate.answer is Answer.DOWN:
            raise ExchangeDown("as drawn")
        fills = self._fills(intent, fate)
        traded = sum((fill.count for fill in fills), D(0))
        for number, fill in enumerate(fills):
            self._due.append((self._told + fate.delay * (number + 1), fill))
        if fate.answer is Answer.LOST:
            end = OrderUpdate(intent.intent_id, OrderStep.FINISH, START, "x", traded, "found out")
            self._due.append((self._told + fate.delay * 2, end))
            raise OutcomeUnknown("as drawn")
        return intent.report(derived_id("order", intent.intent_id), traded, D(0))

    async def cancel(self, order: Order) -> Decimal:
        """Nothing rests here."""
        raise AssertionError(f"{order.intent.ticker} was never resting")

    def _fills(self, intent: Intent, fate: Fate) -> list[Fill]:
        left = (intent.count * fate.percent / 100).quantize(D(1))
        price = intent.limit_price
        if intent.side is Side.BUY:
            price = max(price - D(fate.cents_better) / 100, D("0.01"))
        fees = OrderFees(ladder().fee_rule, fee_regime(self._at))
        found: list[Fill] = []
        for number in range(fate.pieces, 0, -1):
            count = (left / number).to_integral_value(rounding="ROUND_CEILING")
            if count == 0:
                continue
            left -= count
            fee, fees = fees.charge(intent.side, price, count, is_taker=True)
            name = derived_id("fill", intent.intent_id, number)
            found.append(
                Fill(name, intent.intent_id, intent.ticker, intent.side, count, price, fee, True,
                     self._at, self._at)
            )  # fmt: skip
        return found


# --- the world ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Scene:
    """A stretch of the world's time: quotes and forecasts of some cities, then what people do."""

    minutes: int
    cities: tuple[str, ...]
    mu_f: float
    cheap: int
    """By how many cents the middle bins are offered below their worth."""
    depth: int
    crash: bool
    """Bids are gone: whatever is held is worth little."""
    command: str
    settles: bool


scenes = st.builds(
    Scene,
    minutes=st.sampled_from([1, 30, 30, 30, 700]),
    cities=st.lists(st.sampled_from(CITIES), min_size=1, max_size=7, unique=True).map(tuple),
    mu_f=st.sampled_from([52.5, 54.0, 55.4, 57.0]),
    cheap=st.sampled_from([0, 9, 12, 16, 20]),
    depth=st.sampled_from([0, 3, 20, 500]),
    crash=st.sampled_from([False, False, True]),
    command=st.sampled_from(["", "", "", "halt", "resume", "close"]),
    settles=st.sampled_from([False, False, True]),
)
scripts = st.lists(scenes, min_size=1, max_size=8)


def told(script: Sequence[Scene]) -> list[Event]:
    """What the feed says in these scenes; trades to close are named when they are known."""
    events: list[Event] = []
    at = START
    for scene in script:
        at += timedelta(minutes=scene.minutes)
        for city in scene.cities:
            events += _city(scene, city, at)
        events.append(CycleDue(at))
        if scene.command == "halt":
            events.append(Halt("as drawn", at))
        elif scene.command == "resume":
            events.append(Resume("as drawn", at))
        elif scene.command == "close":
            events.append(ClosePosition("first", D(1), D("0.01"), at))
        if scene.settles:
            events += _results(scene, at)
    return events


def _city(scene: Scene, city: str, at: datetime) -> Iterator[Event]:
    station = station_of(city)
    day = station.climate_day(at) + timedelta(days=1)
    spread = {10: scene.mu_f - 2.5632, 50: scene.mu_f, 90: scene.mu_f + 2.5632}
    yield replace(ladder(city, day), received_at=at)
    yield forecast(spread, city, day, run_at=at, received_at=at)
    worth = {52.5: (30, 37), 54.0: (30, 37), 55.4: (18, 36), 57.0: (12, 30)}[scene.mu_f]
    for strike, cents in zip(("B52.5", "B54.5"), worth, strict=True):
        ask = max(cents - scene.cheap, 5)
        bids = [] if scene.crash else [(D(ask - 2) / 100, 500)]
        asks = [(D(ask) / 100, scene.depth)] if scene.depth else []
        yield book(f"{event_ticker(city, day)}-{strike}", bids, asks, at)


def _results(scene: Scene, at: datetime) -> Iterator[Event]:
    for city in scene.cities:
        station = station_of(city)
        day = station.climate_day(at)
        whole, high_f = ladder(city, day), round(scene.mu_f)
        yield ClimateReport(station.report, day, high_f, None, True, False, False, at, at)
        yield from settle(whole, high_f, at)


# --- the trader -----------------------------------------------------------------------------------

Inspection = Callable[[Engine, Event, tuple[Verdict, ...]], None]


class InspectedEngine(Engine):
    """An engine that is looked at after every event."""

    inspection: Inspection | None = None

    def handle(self, event: Event) -> tuple[Verdict, ...]:
        """As ever."""
        verdicts = super().handle(event)
        if self.inspection is not None:
            self.inspection(self, event, verdicts)
        return verdicts


@dataclass
class TraderHarness:
    """A trader at work, which can be stopped and taken up again from its store."""

    exchange: DrawnExchange
    setup: Setup = SETUP
    store: SqliteStore = field(default_factory=lambda: SqliteStore(":memory:", "paper"))
    inspection: Inspection | None = None
    engine: InspectedEngine | None = None
    unwritten: list[Event] = field(default_factory=list)
    """Told since the journal's last line: what a live feed would fetch again."""
    recording: Path | None = None
    """Where everything that the loop is told is recorded, if anywhere."""

    async def play(self, events: Sequence[Event]) -> None:
        """Trade through ``events`` with what the store knows."""
        engine = await resumed_engine(self.setup, self.store)
        self.engine = InspectedEngine(
            engine.state, engine.account, engine.playbook, kill_switch=engine.kill_switch
        )
        self.engine.inspection = self.inspection
        again, self.unwritten = self.unwritten, []
        executor = Executor(self.exchange, self.store)
        seq = await self.store.last_seq()
        feed = self._noted(chained(again, self.exchange.watch(chained(events))))
        if self.recording is None:
            await run(feed, self.engine, executor, self.store, [self], last_seq=seq)
            return
        with closing(Recorder(self.recording, self.setup, START, after_seq=seq)) as recorder:
            await run(
                feed, self.engine, executor, self.store, [self], last_seq=seq, told=recorder.told
            )

    def publish(self, _: JournalEntry) -> None:
        """What is in a line need not be told again."""
        self.unwritten.clear()

    async def _noted(self, feed: AsyncIterable[Event]) -> AsyncIterator[Event]:
        async for event in feed:
            meant = self._meant(event)
            self.unwritten.append(meant)
            yield meant

    def _meant(self, event: Event) -> Event:
        """A command about ``first`` is about the oldest open trade."""
        assert self.engine is not None  # it was made before the feed
        if isinstance(event, ClosePosition) and event.trade_id == "first":
            trades = self.engine.account.tracker.open_trades()
            return replace(event, trade_id=trades[0].trade_id if trades else "none")
        return event


async def chained(
    first: Iterable[Event], then: AsyncIterable[Event] | None = None
) -> AsyncIterator[Event]:
    for event in first:
        yield event
    if then is not None:
        async for event in then:
            yield event


def settlements(events: Iterable[Event]) -> dict[str, Settlement]:
    """The first settlement of each market among ``events``."""
    found: dict[str, Settlement] = {}
    for event in events:
        if isinstance(event, Settlement):
            found.setdefault(event.ticker, event)
    return found
