"""What brings days into the recorded history."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from datetime import date, datetime
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from time import monotonic

import httpx

from kalshi_edge.choices import PAST_SOURCES, USUAL_SOURCES
from kalshi_edge.clock import Clock, SystemClock
from kalshi_edge.config import Settings
from kalshi_edge.data.history.backfill import Archives, FetchedDay, fetch
from kalshi_edge.data.history.origin import claim
from kalshi_edge.data.history.records import Record as Fact
from kalshi_edge.data.history.records import merge_events
from kalshi_edge.data.kalshi.rate_limits import PUBLIC_RATE
from kalshi_edge.data.kalshi.settled_markets import PastMarkets
from kalshi_edge.data.kalshi.transport import Rest, open_http
from kalshi_edge.data.recording.reading import events_of, files_of
from kalshi_edge.data.weather.guidance.mos_table import GFS_MOS_TABLE, LAMP_TABLE, NAM_MOS_TABLE
from kalshi_edge.data.weather.past.archive import PastReports, PastRuns, PastSource
from kalshi_edge.data.weather.past.models import (
    HRRR_FILES,
    RAP_FILES,
    past_ensemble,
    past_files,
    past_guidance,
    past_readings,
)
from kalshi_edge.data.weather.sources.http import PoliteClient
from kalshi_edge.data.weather.sources.layout_cache import LayoutCache
from kalshi_edge.data.weather.sources.model_runs import NBP, NBS
from kalshi_edge.data.weather.sources.politeness import MANNERS
from kalshi_edge.domain.weather import Station
from kalshi_edge.errors import InputError, NoNetwork
from kalshi_edge.runtime.bootstrap import layouts_path
from kalshi_edge.runtime.environment import Environment, environment_of
from kalshi_edge.token_bucket import TokenBucket

ANSWER_WITHIN_S = 3.0
"""Whoever answers at all answers sooner."""


async def _environment(settings: Settings) -> Environment:
    """Where past days are asked for; no key is read."""
    return await environment_of(settings, signs=False)


async def now(settings: Settings) -> datetime:
    """What time it is where past days are asked for: a sandbox has a time of its own."""
    return (await _environment(settings)).clock.now()


def add_recording(folder: Path, history: Path) -> int:
    """Put the facts of a recording into the history; how many there were."""
    claim(history, synthetic=any(file.header.is_synthetic for file in files_of(folder)))
    facts = [event for event in events_of(folder) if isinstance(event, Fact)]
    merge_events(history, facts)
    return len(facts)


async def check_network(settings: Settings) -> None:
    """Raise ``NoNetwork`` where exchange or archive does not answer within a few seconds."""
    environment = await _environment(settings)
    # A name that is looked up in vain may hold its thread for long: nobody waits for these.
    answers: Queue[tuple[str, bool]] = Queue()
    silent = [environment.host.rest_url, environment.addresses.bucket]
    for url in silent:
        Thread(target=lambda url=url: answers.put((url, _answers(url))), daemon=True).start()
    deadline_s = monotonic() + ANSWER_WITHIN_S
    with suppress(Empty):
        while silent:
            url, is_there = answers.get(timeout=max(deadline_s - monotonic(), 0.0))
            if not is_there:
                break
            silent.remove(url)
    if silent:
        raise NoNetwork(f"no network: {httpx.URL(silent[0]).host} does not answer")


def _answers(url: str) -> bool:
    """Whether somebody answers there; what, does not matter."""
    try:
        httpx.head(url, timeout=ANSWER_WITHIN_S)
    except httpx.HTTPError:
        return False
    return True


async def fetch_history(
    settings: Settings,
    stations: Sequence[Station],
    days: Sequence[date],
    told: Callable[[FetchedDay], None],
    sources: Collection[str] = USUAL_SOURCES,
) -> Mapping[str, int]:
    """Bring past days into the history; the bytes that each source of the weather took.

    Raises ``InputError`` for a source that is none.
    """
    unknown = sorted(set(sources) - set(PAST_SOURCES))
    if unknown:
        raise InputError(f"no source {', '.join(unknown)}; known: {', '.join(PAST_SOURCES)}")
    environment, machine = await _environment(settings), SystemClock()
    rest = Rest(
        open_http(environment.host), machine, environment.transport.jitter, TokenBucket(PUBLIC_RATE)
    )
    async with AsyncExitStack() as stack:
        stack.push_async_callback(rest.aclose)
        client = PoliteClient(
            machine,
            environment.user_agent,
            addresses=environment.addresses,
            # A sandbox on this machine needs no pauses.
            manners={} if environment.is_synthetic else MANNERS,
        )
        await stack.enter_async_context(client)
        layouts = LayoutCache(layouts_path(settings.store_path))
        every = _sources(client, environment.clock, layouts, max(days))
        weather = [source for source in every if source.name in sources]
        archives = Archives(weather, PastMarkets(rest), environment.is_synthetic)
        await fetch(settings.history_dir, archives, stations, days, told)
    return {source.name: source.bytes_moved for source in weather}


def _sources(
    client: PoliteClient, clock: Clock, layouts: LayoutCache, last: date
) -> tuple[PastSource, ...]:
    """All of ``PAST_SOURCES``, in their order."""
    return (
        PastRuns(NBP, client, clock, layouts),
        PastRuns(NBS, client, clock, layouts),
        past_guidance(GFS_MOS_TABLE, client, clock, last),
        past_guidance(NAM_MOS_TABLE, client, clock, last),
        past_guidance(LAMP_TABLE, client, clock, last),
        past_files(HRRR_FILES, client, clock),
        past_files(RAP_FILES, client, clock),
        PastReports(client, clock),
        past_readings(client, clock, last),
        past_ensemble(client, clock),
    )
