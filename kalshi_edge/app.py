"""Composition: from settings and files to things that run. Commands call it; it prints nothing."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from kalshi_edge.api.memory import Memory
from kalshi_edge.api.server import address_of, bound, policy_of, run_with_api
from kalshi_edge.api.standing import Standing
from kalshi_edge.backtest.run import Record, Request, backtest
from kalshi_edge.clock import Clock, SystemClock
from kalshi_edge.config import Settings
from kalshi_edge.dashboard import CycleLog, Dashboard
from kalshi_edge.data.history.coverage import coverage
from kalshi_edge.data.history.fetching import Archives, FetchedDay, fetch
from kalshi_edge.data.history.origin import claim
from kalshi_edge.data.history.records import Record as Fact
from kalshi_edge.data.history.records import merge_events
from kalshi_edge.data.kalshi.limits import PUBLIC_RATE, Bucket
from kalshi_edge.data.kalshi.past import PastMarkets
from kalshi_edge.data.kalshi.rest import Rest, open_http
from kalshi_edge.data.recording.reading import events_of, files_of
from kalshi_edge.data.recording.replaying import Decided, decisions_of, differences
from kalshi_edge.data.weather.nbm.bulletin import NbmBulletin
from kalshi_edge.data.weather.nbm.nbp import parse_nbp
from kalshi_edge.data.weather.nbm.nbs import parse_nbs
from kalshi_edge.data.weather.sources.cycles import NBP, NBS_BRIDGE
from kalshi_edge.data.weather.sources.http import PoliteClient
from kalshi_edge.data.weather.sources.memory import LayoutMemory
from kalshi_edge.data.weather.sources.nbm import NbmSource
from kalshi_edge.data.weather.sources.past import PastWeather
from kalshi_edge.data.weather.sources.status import SourceStatus
from kalshi_edge.db.codec import from_json
from kalshi_edge.db.opening import open_store
from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.domain.events import Event, JournalEntry
from kalshi_edge.domain.orders import Strategy
from kalshi_edge.domain.weather import Station
from kalshi_edge.engine import Setup
from kalshi_edge.errors import BulletinError, HistoryError, InputError
from kalshi_edge.places import surroundings_of
from kalshi_edge.runner import Difference, replay
from kalshi_edge.surroundings import layouts_path, open_trader

READ_AHEAD_LINES = 20


def bulletin_of(path: Path, clock: Clock | None = None) -> NbmBulletin:
    """The forecasts in a bulletin's file, an NBP, NBS, NBE or NBX.

    Raises ``InputError`` where there is no such file and ``BulletinError`` where nothing in it can
    be read.
    """
    if not path.is_file():
        raise InputError(f"no file {path}")
    text = path.read_bytes()
    received_at = (clock or SystemClock()).now()
    parse = parse_nbp if b" NBP " in text else parse_nbs
    try:
        return parse(text, received_at=received_at)
    except BulletinError as error:
        raise InputError(f"{path}: {error}") from error


def backtest_request(
    settings: Settings,
    *,
    cities: tuple[str, ...],
    last_day: date,
    days: int,
    strategies: Iterable[Strategy],
) -> Request:
    """What ``backtest`` plays: ``days`` climate days up to and with ``last_day``."""
    return Request(
        history=settings.history_dir,
        cities=cities,
        first_day=last_day - timedelta(days=days - 1),
        last_day=last_day,
        playbook=replace(settings.playbook, strategies=frozenset(strategies)),
        models=settings.forecast_models,
        starting_balance=settings.starting_balance,
    )


def newest_day(history: Path, cities: Iterable[str]) -> date:
    """The last climate day whose high the history knows for every one of ``cities``.

    Raises ``HistoryError`` where it knows none of one.
    """
    last_days = {city.city: city.last_report_day for city in coverage(history)}
    known = [day for city in cities if (day := last_days.get(city)) is not None]
    missing = [city for city in cities if last_days.get(city) is None]
    if missing:
        raise HistoryError(
            f"no history of {', '.join(missing)} in {history}: import or fetch some first"
        )
    return min(known)


def run_backtest(
    request: Request,
    watch: Callable[[Event], None] = lambda _: None,
    store_path: Path | str = ":memory:",
) -> Record:
    """Play ``request`` to its end."""
    return asyncio.run(backtest(request, watch, store_path))


async def run_trader(
    settings: Settings, dashboard: Dashboard, write: Callable[[bytes], object]
) -> None:
    """Trade as the settings say until cancelled, shown on ``dashboard`` and served by the API.

    Each cycle, and each request of note, is a line of JSON given to ``write``.
    """
    around = await surroundings_of(settings)
    dashboard.is_synthetic = around.is_synthetic
    memory = Memory()
    with bound(address_of(settings)) as listener:
        async with (
            open_store(settings, around.store_mode) as store,
            open_trader(settings, around, store, (dashboard, CycleLog(write), memory)) as trader,
        ):
            dashboard.follow(trader)
            await memory.read(store)
            policy = policy_of(settings)
            standing = Standing(
                trader,
                memory,
                around.mode,
                is_synthetic=around.is_synthetic,
                has_key=bool(policy.api_key),
            )
            await run_with_api(standing, policy, listener, write)


def replay_store(path: Path) -> Iterator[Difference | None]:
    """Every line of a store's journal decided again: ``None`` where the verdicts are the same.

    Raises ``InputError`` where the file does not say under what setup it was written.
    """
    if not path.is_file():
        raise InputError(f"no file {path}")
    store = SqliteStore(path, mode=None)
    try:
        noted = asyncio.run(store.noted("setup"))
        if noted is None:
            raise InputError(f"{path} does not say under what setup its journal was written")
        setup: Setup = from_json(noted, Setup)
        engine = setup.fresh_engine()
        after_seq = 0
        while lines := asyncio.run(store.journal(after_seq, READ_AHEAD_LINES)):
            yield from replay(lines, engine)
            after_seq = lines[-1].seq
    finally:
        asyncio.run(store.close())


def replay_recording(folder: Path, store_path: Path) -> Iterator[Difference | None]:
    """Every line of a store's journal decided again from the recording made beside it."""
    return differences(folder, _journal(store_path))


def decide_recording(folder: Path) -> Iterator[Decided]:
    """What follows from a recording that goes back to its journal's first line."""
    return decisions_of(folder)


def add_recording(folder: Path, history: Path) -> int:
    """Put the facts of a recording into the history; how many there were."""
    claim(history, synthetic=any(file.header.is_synthetic for file in files_of(folder)))
    facts = [event for event in events_of(folder) if isinstance(event, Fact)]
    merge_events(history, facts)
    return len(facts)


async def fetch_history(
    settings: Settings,
    stations: Sequence[Station],
    days: Sequence[date],
    told: Callable[[FetchedDay], None],
) -> int:
    """Bring past days into the history; the bytes of bulletins and reports that it took."""
    around, machine = await surroundings_of(settings), SystemClock()
    memory = LayoutMemory(layouts_path(settings.store_path))
    rest = Rest(open_http(around.host), machine, around.wire.jitter, Bucket(PUBLIC_RATE))
    async with AsyncExitStack() as stack:
        stack.push_async_callback(rest.aclose)
        client = PoliteClient(machine, around.user_agent, addresses=around.addresses)
        weather = PastWeather(await stack.enter_async_context(client), machine, memory)
        archives = Archives(weather, PastMarkets(rest), around.is_synthetic)
        await fetch(settings.history_dir, archives, stations, days, told)
    return weather.bytes_moved


async def ask_bulletins(settings: Settings) -> Sequence[SourceStatus]:
    """Ask for the bulletins of now, once; what that came to."""
    around = await surroundings_of(settings, signs=False)
    memory = LayoutMemory(layouts_path(settings.store_path))
    async with PoliteClient(around.clock, around.user_agent, addresses=around.addresses) as client:
        sources = [
            NbmSource(product, client, settings.stations, around.clock, memory=memory)
            for product in (NBP, NBS_BRIDGE)
        ]
        for source in sources:
            await source()
    return [source.status for source in sources]


def _journal(path: Path) -> Sequence[JournalEntry]:
    if not path.is_file():
        raise InputError(f"no file {path}")
    store = SqliteStore(path, mode=None)
    try:
        return asyncio.run(store.journal())
    finally:
        asyncio.run(store.close())
