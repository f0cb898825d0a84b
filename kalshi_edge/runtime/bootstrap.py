"""Where a trader lives: whose exchange, whose weather, whose time. Modes differ in nothing else."""

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path

from kalshi_edge.clock import Clock
from kalshi_edge.config import Settings
from kalshi_edge.data.kalshi.account.account_client import AccountClient
from kalshi_edge.data.kalshi.account.order_group import OrderGroup
from kalshi_edge.data.kalshi.account.statement_source import STALE_AFTER, StatementSource
from kalshi_edge.data.kalshi.exchange import KalshiExchange
from kalshi_edge.data.kalshi.feed import KalshiFeed
from kalshi_edge.data.kalshi.hours_source import HoursSource
from kalshi_edge.data.kalshi.market_source import MarketSource
from kalshi_edge.data.kalshi.print_source import PrintedBooks
from kalshi_edge.data.kalshi.public_client import PublicClient
from kalshi_edge.data.kalshi.stream import KalshiStream
from kalshi_edge.data.recording.recorder import Recorder
from kalshi_edge.data.weather.sources.guidance import PARSERS, GuidanceSource
from kalshi_edge.data.weather.sources.http import PoliteClient
from kalshi_edge.data.weather.sources.layout_cache import LayoutCache
from kalshi_edge.data.weather.sources.model_runs import NBP, NBS_BRIDGE
from kalshi_edge.data.weather.sources.nbm import NbmSource
from kalshi_edge.data.weather.sources.nws import NwsForecastSource
from kalshi_edge.data.weather.sources.observations import ObservationSource
from kalshi_edge.data.weather.sources.reports import ClimateReportSource
from kalshi_edge.data.weather.sources.summaries import SummarySource
from kalshi_edge.db.codec import from_json, to_json
from kalshi_edge.db.snapshots import fingerprint
from kalshi_edge.domain.events import Defect
from kalshi_edge.domain.orders import Side
from kalshi_edge.engine import Engine, Setup
from kalshi_edge.errors import ExchangeDown, OutcomeUnknown, RequestRefused, SettingError
from kalshi_edge.execution.executor import Executor
from kalshi_edge.execution.simulator import SimulatedExchange
from kalshi_edge.ports import Exchange, Publisher, Store
from kalshi_edge.runtime.environment import Environment
from kalshi_edge.runtime.lease import LeaseHolder
from kalshi_edge.runtime.resumption import complete_until, resumed_engine
from kalshi_edge.runtime.schedule import Timetable
from kalshi_edge.runtime.snapshots import SnapshotSource, SnapshotWriter
from kalshi_edge.runtime.trader import RECONCILED_EVERY_S, ExchangeLink, Poll, Trader
from kalshi_edge.trading.circuit_breakers import CircuitBreakers
from kalshi_edge.units import ZERO

HOURS_EVERY = timedelta(minutes=1)
"""A pause nobody announced is over as suddenly."""
GROUP = "order_group"
"""What the store notes the order group's name under."""
QUIET = logging.getLogger(__name__)


@asynccontextmanager
async def open_trader(
    settings: Settings,
    environment: Environment,
    store: Store,
    publishers: Sequence[Publisher],
    snapshots: SnapshotWriter | None = None,
) -> AsyncIterator[Trader]:
    """A trader with everything it needs but its store, closed with the block.

    It goes on where the store left off. A new store begins with the account's balance, or with
    the starting balance of the settings where orders are simulated. Snapshots of the engine, and
    of what ``snapshots`` has beside it, are written as it trades and at its end.
    """
    async with AsyncExitStack() as stack:
        transport = environment.transport
        public = environment.public_client()
        stack.push_async_callback(public.aclose)
        weather = PoliteClient(
            environment.clock,
            environment.user_agent,
            addresses=environment.addresses,
            transport=transport.weather,
        )
        stack.push_async_callback(weather.close)
        account = environment.account_client()
        if account is not None:
            stack.push_async_callback(account.aclose)
        lease_holder = LeaseHolder(store, clock=transport.machine, now_s=transport.now_s)
        await stack.enter_async_context(lease_holder.held(QUIET.warning))
        setup = await _setup(settings, environment, store, account)
        defects: list[Defect] = []
        engine = await resumed_engine(setup, store, defects=defects)
        snapshots = snapshots or SnapshotWriter(store)
        snapshots.sources["engine"] = SnapshotSource(engine.snapshot, fingerprint(setup))
        snapshots.take("engine", await store.last_seq())
        await stack.enter_async_context(snapshots.kept())
        line, simulated, recorder = None, None, None
        exchange: Exchange
        if account is None:
            instant = settings.paper_instant_fill
            exchange = simulated = _simulated(engine, instant_fill=instant)
        else:
            group = OrderGroup(
                account,
                settings.max_contracts_15s,
                name=await store.noted(GROUP) or "",
                keep=lambda name: store.note(GROUP, name.encode()),
            )
            await _check_line(account, public, group)
            exchange = KalshiExchange(account, public, environment.clock, group=group)
            since_at = await complete_until(store) or environment.clock.now()
            line = _line(settings, environment, public, account, group=group, since_at=since_at)
        markets = _markets(public, settings, environment, engine)
        feeds = weather_feeds(
            weather, settings, environment.clock, layouts_path(settings.store_path)
        )
        # Without a stream: the queues of what is posted move by what is printed.
        printed = PrintedBooks(markets, public, environment.clock, lambda: engine.quotes.live)
        books = Poll(printed, timedelta(seconds=settings.books_every_s))
        hours = Poll(HoursSource(public, environment.clock), HOURS_EVERY)
        if settings.record_dir is not None:
            recorder = await _recorder(settings.record_dir, setup, store, environment)
            stack.callback(recorder.close)
        yield Trader(
            engine=engine,
            executor=Executor(exchange, store, lease_holder.objection),
            lease_holder=lease_holder,
            store=store,
            clock=environment.clock,
            markets=markets,
            reports=feeds.reports,
            polls=(*feeds.others, hours, *((books,) if line is None else ())),
            publishers=(*publishers, snapshots),
            timetable=Timetable(environment.clock),
            line=line,
            simulated=simulated,
            recorder=recorder,
            restored=partial(resumed_engine, setup, store, trusts_snapshot=False, defects=[]),
            defects=defects,
        )


async def _setup(
    settings: Settings, environment: Environment, store: Store, account: AccountClient | None
) -> Setup:
    """What the store was begun under, with the settings of today; noted there."""
    noted = await store.noted("setup")
    if noted is not None:
        before: Setup = from_json(noted, Setup)
        balance = before.starting_balance
    elif account is not None:
        balance = await account.balance()
    else:
        balance = settings.starting_balance
    setup = Setup(
        environment.mode,
        settings.stations,
        settings.forecast_models,
        balance,
        settings.playbook,
        breakers_of(settings, environment.clock, has_line=environment.key is not None),
    )
    await store.note("setup", to_json(setup))
    return setup


async def _check_line(account: AccountClient, public: PublicClient, group: OrderGroup) -> None:
    """Look whether clock, key and permission are right, and take up the order group.

    Raises ``SettingError`` where the key is not. What an exchange that is down does not answer is
    left open: nothing is bought before its books agree with ours.
    """
    try:
        try:
            await public.check_clock()
        except SettingError as error:
            # What rests at the exchange is looked after all the same; new risk waits for the clock.
            QUIET.warning("%s", error)
        await account.learn_limits()
        await group.take_up()
        await group.joined()
    except (ExchangeDown, OutcomeUnknown) as error:
        QUIET.warning("the exchange was not asked everything: %s", error)
    except RequestRefused as error:
        if error.status in {401, 403}:
            raise SettingError(f"the exchange refuses our key: {error}") from error
        QUIET.warning("the exchange did not answer as expected: %s", error)


def breakers_of(settings: Settings, clock: Clock, *, has_line: bool) -> CircuitBreakers:
    """What watches a trader that has a line to an exchange, or none."""
    breakers = settings.breakers
    if not has_line or breakers.max_reconcile_age is None:
        return replace(breakers, max_reconcile_age=None)
    age = max(breakers.max_reconcile_age, three_statements(clock))
    return replace(breakers, max_reconcile_age=age)


def three_statements(clock: Clock) -> timedelta:
    """How long asking for three account statements takes, by the world's time.

    90 seconds, and more of it where the world runs faster.
    """
    now = clock.now()
    minute_s = clock.delay_s(now + timedelta(minutes=1))
    pace = 60 / minute_s if minute_s else 1.0
    return timedelta(seconds=3 * RECONCILED_EVERY_S * pace)


async def _recorder(folder: Path, setup: Setup, store: Store, environment: Environment) -> Recorder:
    return Recorder(
        folder,
        setup,
        environment.clock.now(),
        after_seq=await store.last_seq(),
        is_synthetic=environment.is_synthetic,
    )


def _simulated(engine: Engine, *, instant_fill: bool = False) -> SimulatedExchange:
    """The simulated exchange as it was when the store was last written."""
    tracker, positions = engine.account.tracker, dict[str, Decimal]()
    for trade in tracker.open_trades():
        held = trade.open_count if trade.side is Side.BUY else -trade.open_count
        positions[trade.ticker] = positions.get(trade.ticker, ZERO) + held
    return SimulatedExchange(
        tracker.cash,
        positions=positions,
        orders=engine.account.orders.values(),
        ladders=engine.state.ladders.values(),
        instant_fill=instant_fill,
    )


def _line(
    settings: Settings,
    environment: Environment,
    public: PublicClient,
    account: AccountClient,
    *,
    group: OrderGroup,
    since_at: datetime,
) -> ExchangeLink:
    assert environment.key is not None  # there is no account without one
    stream = KalshiStream(
        environment.host,
        environment.key,
        environment.clock,
        environment.transport.jitter,
        series=[station.series for station in settings.stations],
        names=account.names,
        connect=environment.transport.connect,
    )
    news = KalshiFeed(stream, account, public, known_until=since_at, group=group)
    stale_after = max(STALE_AFTER, three_statements(environment.clock))
    statements = StatementSource(account, environment.clock, since_at, stale_after=stale_after)
    return ExchangeLink(account, stream, news, statements, group)


def _markets(
    public: PublicClient, settings: Settings, environment: Environment, engine: Engine
) -> MarketSource:
    """The markets, with what the store remembers of them."""
    markets = MarketSource(public, settings.stations, environment.clock)
    held = [trade.ticker for trade in engine.account.tracker.open_trades()]
    state = engine.state
    markets.recall(state.ladders.values(), held, state.settled_tickers - set(held))
    return markets


def layouts_path(store_path: Path) -> Path | None:
    """Where bulletins' blocks stood: beside the store, where that is a file."""
    return None if str(store_path) == ":memory:" else Path(f"{store_path}.layouts")


@dataclass(frozen=True, slots=True)
class WeatherFeeds:
    """The questions to all offices."""

    reports: Poll
    """Climate reports, which calibration asks for as well."""
    others: Sequence[Poll]


def weather_feeds(
    client: PoliteClient, settings: Settings, clock: Clock, layouts_file: Path | None
) -> WeatherFeeds:
    """Bulletins, the offices' own forecasts, readings and climate reports of every station.

    Where the bulletins' blocks stand is kept in ``layouts_file``: a restart costs no whole one.
    """
    common = (client, settings.stations, clock)
    layouts = LayoutCache(layouts_file)
    bulletins = timedelta(minutes=settings.bulletins_every_min)
    guidance = timedelta(minutes=settings.guidance_every_min)
    products = PARSERS if guidance else ()
    return WeatherFeeds(
        reports=Poll(ClimateReportSource(*common), timedelta(minutes=settings.reports_every_min)),
        others=(
            Poll(NbmSource(NBP, *common, layouts=layouts), bulletins),
            Poll(NbmSource(NBS_BRIDGE, *common, layouts=layouts), bulletins),
            Poll(NwsForecastSource(*common), timedelta(minutes=settings.nws_every_min)),
            Poll(ObservationSource(*common), timedelta(minutes=settings.observations_every_min)),
            Poll(SummarySource(*common), timedelta(minutes=settings.reports_every_min)),
            *(Poll(GuidanceSource(product, *common), guidance) for product in products),
        ),
    )
