"""What brings days into the recorded history."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import date
from pathlib import Path

from kalshi_edge.clock import Clock, SystemClock
from kalshi_edge.config import Settings
from kalshi_edge.data.history.backfill import Archives, FetchedDay, fetch
from kalshi_edge.data.history.origin import claim
from kalshi_edge.data.history.records import Record as Fact
from kalshi_edge.data.history.records import merge_events
from kalshi_edge.data.kalshi.rate_limits import PUBLIC_RATE, Bucket
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
from kalshi_edge.errors import InputError
from kalshi_edge.runtime.bootstrap import layouts_path
from kalshi_edge.runtime.environment import environment_of

PAST_SOURCES = ("NBP", "NBS", "GFSMOS", "NAMMOS", "LAMP", "HRRR", "RAP", "CLI", "METAR", "GEFS")
"""The weather that can be fetched; what the exchange has always is."""
USUAL_SOURCES = PAST_SOURCES[:-1]
"""All that is in the public domain: GEFS comes from a service that is free for some uses only."""


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
    sources: Collection[str] = USUAL_SOURCES,
) -> Mapping[str, int]:
    """Bring past days into the history; the bytes that each source of the weather took.

    Raises ``InputError`` for a source that is none.
    """
    unknown = sorted(set(sources) - set(PAST_SOURCES))
    if unknown:
        raise InputError(f"no source {', '.join(unknown)}; known: {', '.join(PAST_SOURCES)}")
    environment, machine = await environment_of(settings), SystemClock()
    rest = Rest(
        open_http(environment.host), machine, environment.transport.jitter, Bucket(PUBLIC_RATE)
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
