"""What brings days into the recorded history."""

from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from datetime import date
from pathlib import Path

from kalshi_edge.clock import SystemClock
from kalshi_edge.config import Settings
from kalshi_edge.data.history.backfill import Archives, FetchedDay, fetch
from kalshi_edge.data.history.origin import claim
from kalshi_edge.data.history.records import Record as Fact
from kalshi_edge.data.history.records import merge_events
from kalshi_edge.data.kalshi.rate_limits import PUBLIC_RATE
from kalshi_edge.data.kalshi.settled_markets import PastMarkets
from kalshi_edge.data.kalshi.transport import Rest, open_http
from kalshi_edge.data.recording.reading import events_of, files_of
from kalshi_edge.data.weather.sources.archive import PastWeather
from kalshi_edge.data.weather.sources.http import PoliteClient
from kalshi_edge.data.weather.sources.layout_cache import LayoutCache
from kalshi_edge.domain.weather import Station
from kalshi_edge.runtime.bootstrap import layouts_path
from kalshi_edge.runtime.environment import environment_of
from kalshi_edge.token_bucket import TokenBucket


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
    environment, machine = await environment_of(settings), SystemClock()
    layouts = LayoutCache(layouts_path(settings.store_path))
    rest = Rest(
        open_http(environment.host), machine, environment.transport.jitter, TokenBucket(PUBLIC_RATE)
    )
    async with AsyncExitStack() as stack:
        stack.push_async_callback(rest.aclose)
        client = PoliteClient(machine, environment.user_agent, addresses=environment.addresses)
        weather = PastWeather(await stack.enter_async_context(client), machine, layouts)
        archives = Archives(weather, PastMarkets(rest), environment.is_synthetic)
        await fetch(settings.history_dir, archives, stations, days, told)
    return weather.bytes_moved
