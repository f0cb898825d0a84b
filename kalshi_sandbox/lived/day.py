"""Busy sessions of one world day, lived by a trader that posts, and played again to one that takes.

The exchange, its others and the weather are SYNTHETIC; loop, engine, executor and matching are the
real ones. The taker is told the same books and prints, without what rested of the maker's, and
meets them through the simulated exchange: nobody notices it.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from kalshi_edge.choices import ForecastModel
from kalshi_edge.domain.events import Event, LookDue, OrderUpdate, Print
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.domain.market import Book
from kalshi_edge.domain.orders import Fill, Intent, OrderReport, Side, Strategy
from kalshi_edge.domain.records import MarkOut
from kalshi_edge.domain.verdicts import Approved
from kalshi_edge.domain.weather import Station
from kalshi_edge.engine import Engine, Setup
from kalshi_edge.execution.executor import Executor
from kalshi_edge.execution.simulator import SimulatedExchange
from kalshi_edge.models.fill_chance import FillChance
from kalshi_edge.runner import run
from kalshi_edge.trading.edge import Gates
from kalshi_edge.trading.playbook import Limits, Playbook
from kalshi_edge.trading.quoting.mark_outs import AFTER_MIN
from kalshi_edge.trading.quoting.releases import next_release_at
from kalshi_edge.trading.quoting.rules import QuoteRules
from kalshi_edge.units import MINUTE, ONE, ZERO
from kalshi_sandbox.exchange.venue.accounts import VenueFill
from kalshi_sandbox.exchange.venue.exchange import Exchange, new_exchange
from kalshi_sandbox.exchange.venue.market_makers import Habits
from kalshi_sandbox.exchange.venue.weather_adapter import WorldNature
from kalshi_sandbox.lived.feed import LivedFeed, book_of
from kalshi_sandbox.lived.fills import FillStudy, Scored
from kalshi_sandbox.lived.member import Member
from kalshi_sandbox.lived.store import forgetful_store
from kalshi_sandbox.weather.faults import Faults
from kalshi_sandbox.weather.product_feed import Newsroom
from kalshi_sandbox.world.world import World

BEGINS, WARM, SESSION = time(14, 50), 15 * MINUTE, 20 * MINUTE
"""UTC: both ladders trade and New York is awake; the others trade alone for a while."""
CASH = Decimal(10_000)
BUSY = Habits(taker_every=timedelta(seconds=15), bid_shift_cents=-0.6, ask_shift_cents=1.6)
"""Others who quote two or three cents wide and take often: there is something to be done between
their prices. The exchange's usual habits are a cent wide and a taker a minute."""


@dataclass(frozen=True, slots=True)
class DayPlan:
    """What is lived."""

    stations: Sequence[Station]
    sessions: int = 4
    habits: Habits = BUSY
    model: ForecastModel = ForecastModel.SEED
    margin: Decimal = Decimal("0.02")

    def playbook(self, quoting: QuoteRules | None) -> Playbook:
        """As usual, but that a city's ladders may be held in all their bins."""
        limits = Limits(
            max_positions=100,
            max_city_positions=24,
            last_entry=timedelta(hours=24),
            city_day_share=Decimal("0.05"),
        )
        only = frozenset({Strategy.SINGLE})
        return Playbook(Gates(), limits, only, self.model, quoting=quoting)

    def engine(self, mode: str, quoting: QuoteRules | None) -> Engine:
        """A trader that has seen nothing yet."""
        playbook = self.playbook(quoting)
        return Setup(mode, tuple(self.stations), ("NBP",), CASH, playbook).fresh_engine()


@dataclass(slots=True)
class LivedDay:
    """What became of a day."""

    day: date
    orders: list[Scored] = field(default_factory=list)
    maker_pnl: Decimal = ZERO
    """Dollars, what is held taken at what it will pay."""
    taker_pnl: Decimal = ZERO
    maker_fills: int = 0
    taker_fills: int = 0
    rested_too_long: int = 0
    """Quotes that were in the book past the beginning of a release's window."""
    mark_outs: list[MarkOut] = field(default_factory=list)
    """Of the maker's fills whose minutes were over before the session was."""
    writes: list[tuple[float, float]] = field(default_factory=list)
    seconds: float = 0.0
    """Lived."""


class _Watched(Member):
    """A member whose quotes are predicted before they are posted."""

    study: FillStudy

    async def place(self, intent: Intent) -> OrderReport:
        if intent.post_only:
            self.study.posting(intent, self.desk.venue.now)
        return await super().place(intent)


async def live_day(world: World, day: date, plan: DayPlan, learner: FillChance) -> LivedDay:
    """Live the sessions of ``day`` as maker, and play the tape of each to a taker.

    Every session begins with an account that holds nothing: else what was bought in the first
    would leave nothing to be quoted in the last.
    """
    nature = WorldNature(world, Newsroom(world, Faults()))
    begins_at = datetime.combine(day, BEGINS, tzinfo=UTC)
    exchange = new_exchange(nature, plan.stations, begins_at, seed=world.seed, habits=plan.habits)
    exchange.venue.advance(begins_at + WARM)
    found = LivedDay(day)
    for number in range(plan.sessions):
        end_at = begins_at + WARM + (number + 1) * SESSION
        await _live(_Session(world, exchange, nature, plan, learner, end_at), found)
        exchange.venue.advance(end_at)
    return found


@dataclass(frozen=True, slots=True)
class _Session:
    world: World
    exchange: Exchange
    nature: WorldNature
    plan: DayPlan
    learner: FillChance
    end_at: datetime


async def _live(session: _Session, found: LivedDay) -> None:
    exchange, plan, end_at = session.exchange, session.plan, session.end_at
    engine = plan.engine("demo", QuoteRules(plan.margin))
    member = _Watched(exchange.desk, exchange.venue.open_account("us", CASH))
    member.study = study = FillStudy(found.day, exchange.venue.markets, session.learner)
    tape, lines = list[Event](), list[JournalEntry]()

    def heard(event: Event) -> None:
        study.hear(event)
        if isinstance(event, Book):
            tape.append(_without_ours(event, exchange, member))
        elif not isinstance(event, Fill | OrderUpdate | LookDue | Print):
            tape.append(event)

    feed = LivedFeed(session.world, exchange, member, plan.stations, engine, end_at, heard)
    store = forgetful_store()
    await run(feed, engine, Executor(member, store), store, (_Lines(lines),))
    study.over(end_at)
    exchange.desk.cancel_all(member.account)
    _mark_later(exchange, member, found)
    taker, taken = await _taken(tape, plan)
    found.orders += study.scored
    found.maker_pnl += _worth(engine, session.nature) - CASH
    found.taker_pnl += _worth(taker, session.nature) - CASH
    found.maker_fills += len(member.account.fills)
    found.taker_fills += taken
    found.rested_too_long += _too_long(lines, member, engine, end_at)
    found.mark_outs += [one for line in lines for one in line.verdicts if isinstance(one, MarkOut)]
    found.writes += member.writes
    found.seconds += SESSION.total_seconds()


def _mark_later(exchange: Exchange, member: Member, found: LivedDay) -> None:
    """The last mark-outs fall due when the session is over: have them taken as time goes on."""
    minutes, venue = AFTER_MIN[-1], exchange.venue
    for fill in member.account.fills:

        def mark(fill: VenueFill = fill) -> None:
            market, order = fill.order.market, fill.order
            if market.bid is None or market.ask is None:
                return
            found.mark_outs.append(
                MarkOut(
                    fill_id=fill.fill_id,
                    intent_id=order.client_order_id,
                    ticker=market.ticker,
                    city=market.event.series.station.city,
                    side=order.side,
                    price=fill.trade.price,
                    count=fill.trade.count,
                    minutes=minutes,
                    mid=(market.bid + market.ask) / 2,
                    received_at=venue.now,
                )
            )

        venue.schedule(fill.trade.at + minutes * MINUTE, mark)


@dataclass(slots=True)
class _Lines:
    lines: list[JournalEntry]

    def publish(self, entry: JournalEntry) -> None:
        self.lines.append(entry)


async def _taken(tape: Iterable[Event], plan: DayPlan) -> tuple[Engine, int]:
    """A taker on the same tape, and how often it traded."""
    engine, store = plan.engine("paper", None), forgetful_store()
    exchange, lines = SimulatedExchange(CASH), list[JournalEntry]()

    async def feed() -> AsyncIterator[Event]:
        for event in tape:
            yield event

    watched = exchange.watch(feed())
    await run(watched, engine, Executor(exchange, store), store, (_Lines(lines),))
    return engine, sum(isinstance(e, Fill) for line in lines for e in line.events)


def _without_ours(shown: Book, exchange: Exchange, member: Member) -> Book:
    """A book as it would be without our orders, which others did not react to."""
    market = exchange.venue.markets[shown.ticker]
    ours = member.account.resting.get(shown.ticker)
    if not ours:
        return shown
    mine: dict[tuple[Side, Decimal], Decimal] = {}
    for order in ours.values():
        key = order.side, order.price
        mine[key] = mine.get(key, ZERO) + order.remaining
    whole = book_of(market, shown.received_at)

    def rest(side: Side, levels: tuple) -> tuple:  # type: ignore[type-arg]
        left = (replace(one, count=one.count - mine.get((side, one.price), ZERO)) for one in levels)
        return tuple(one for one in left if one.count > ZERO)

    return replace(whole, bids=rest(Side.BUY, whole.bids), asks=rest(Side.SELL, whole.asks))


def _worth(engine: Engine, nature: WorldNature) -> Decimal:
    """Cash, and what is held at what it will pay."""
    worth = engine.account.tracker.cash
    for trade in engine.account.tracker.open_trades():
        ladder = engine.state.ladder_of(trade.ticker)
        assert ladder is not None
        won = ladder.winner(nature.high_f(ladder.station, ladder.climate_day))
        pays = ONE if (won.ticker == trade.ticker) is (trade.side is Side.BUY) else ZERO
        worth += trade.open_count * pays
    return worth


def _too_long(
    lines: Iterable[JournalEntry], member: Member, engine: Engine, end_at: datetime
) -> int:
    """How many quotes were in the book when a window of theirs began."""
    posted = (
        intent
        for line in lines
        for one in line.verdicts
        if isinstance(one, Approved)
        for intent in one.intents
        if intent.post_only
    )
    found = 0
    for intent in posted:
        order, ladder = member.orders.get(intent.intent_id), engine.state.ladder_of(intent.ticker)
        assert ladder is not None
        next_at = next_release_at(ladder.station, ladder.climate_day, intent.created_at)
        if order is None or next_at is None:
            continue
        over_at = end_at if order.status == "resting" else order.updated_at
        found += over_at > next_at
    return found
