"""What a run of the NBM costs in bytes and in time, against fetching its whole file.

Against the sandbox's weather service over a real socket: SYNTHETIC bulletins in the layout of real
ones, 9,580 stations and 34.7 MB each, whose sizes and places move from run to run.
Run: ``python bench/nbm_fetch.py``
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import median

import httpx
import uvicorn

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from kalshi_edge.clock import WorldClock
from kalshi_edge.data.weather.nbm.nbp import parse_nbp
from kalshi_edge.data.weather.sources.addresses import WeatherAddresses
from kalshi_edge.data.weather.sources.http import PoliteClient
from kalshi_edge.data.weather.sources.layout_cache import LayoutCache
from kalshi_edge.data.weather.sources.model_runs import NBP
from kalshi_edge.data.weather.sources.nbm import NbmSource
from kalshi_edge.data.weather.stations import STATIONS, station_of
from kalshi_edge.domain.weather import Forecast, Station
from kalshi_edge.engine import Setup
from kalshi_edge.models.distribution import ladder_probabilities
from kalshi_edge.trading.outlook import Outlook, ladder_outlook
from kalshi_edge.trading.playbook import Playbook
from kalshi_sandbox.weather.faults import Faults
from kalshi_sandbox.weather.service import weather_app
from kalshi_sandbox.world.world import World
from tests.support.builders import ladder

FIVE = tuple(station_of(city) for city in ("NYC", "LA", "MIA", "CHI", "PHX"))
START = datetime(2026, 11, 21, 14, 50, tzinfo=UTC)
MOST_BYTES = 700_000
LATER_RUNS = 12
TODAY_AND_TOMORROW = tuple(
    f"blend.20261121/{hour}/text/blend_nbptx.t{hour}z" for hour in ("07", "13")
)


@dataclass(frozen=True, slots=True)
class Cost:
    """What asking once took."""

    bytes: int
    seconds: float


@asynccontextmanager
async def town() -> AsyncIterator[tuple[WorldClock, WeatherAddresses]]:
    clock = WorldClock(START)
    app = weather_app(World(seed=1), clock, Faults())
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical"))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield clock, WeatherAddresses.under(f"http://127.0.0.1:{port}")
    server.should_exit = True
    await serving


async def asked(source: NbmSource) -> Cost:
    start = time.perf_counter()
    assert await source(), source.status
    return Cost(source.status.last_bytes, time.perf_counter() - start)


async def later_runs(source: NbmSource, clock: WorldClock, count: int) -> list[int]:
    costs: list[int] = []
    while len(costs) < count:
        clock.step(timedelta(minutes=10))
        if await source():
            costs.append(source.status.last_bytes)
    return costs


async def whole_files(addresses: WeatherAddresses, clock: WorldClock) -> Cost:
    """Both files of that hour as one would fetch them first: whole, then the stations out of them.

    The sandbox makes a file when it is first asked for: that is not counted.
    """
    urls = [f"{addresses.bucket}/{path}" for path in TODAY_AND_TOMORROW]
    stations = {one.icao for one in FIVE}
    async with httpx.AsyncClient() as http:
        for url in urls:
            await http.head(url)
        start, length = time.perf_counter(), 0
        for url in urls:
            content = (await http.get(url)).content
            parse_nbp(content, received_at=clock.now(), stations=stations)
            length += len(content)
    return Cost(length, time.perf_counter() - start)


async def to_distributions(
    scout: NbmSource, source: NbmSource, clock: WorldClock, count: int
) -> float:
    """Median seconds from asking for a run that is there to a distribution for every bin.

    The sandbox makes a file when it is first asked for: that is ``scout``'s to wait for.
    """
    engine = Setup("bench", FIVE, ("NBP",), Decimal(1000), Playbook()).fresh_engine()
    times: list[float] = []
    while len(times) < count:
        clock.step(timedelta(minutes=10))
        await scout()
        began_s, ready = time.perf_counter(), 0
        for forecast in await source():
            assert isinstance(forecast, Forecast)
            engine.handle(forecast)
            city = next(one.city for one in FIVE if one.icao == forecast.station)
            listed = ladder(city, forecast.climate_day)
            seen = ladder_outlook(engine.state, listed, clock.now(), Playbook())
            assert isinstance(seen, Outlook), seen
            ready += len(ladder_probabilities(seen.distribution, [m.bin for m in listed.markets]))
        if ready:
            times.append(time.perf_counter() - began_s)
    return median(times)


def show(name: str, moved: int, of: int, times: str = "") -> None:
    print(f"{name:<46}{moved / 1e6:8.3f} MB of {of / 1e6:5.1f} MB  {moved / of:7.2%}  {times}")


async def main() -> None:
    async with (
        town() as (clock, addresses),
        PoliteClient(clock, "bench (nobody@example.org)", addresses=addresses) as client,
    ):
        layouts = LayoutCache()

        def source(stations: Sequence[Station], known: LayoutCache) -> NbmSource:
            return NbmSource(NBP, client, stations, clock, layouts=known)

        base = await whole_files(addresses, clock)
        file = base.bytes // 2
        print("SYNTHETIC bulletins. At 14:50 UTC two runs are wanted: for today and for tomorrow.")
        five = source(FIVE, layouts)
        for name, one in (
            ("nothing remembered", five),
            ("places remembered", source(FIVE, layouts)),
        ):
            cost = await asked(one)
            ratio = f"{base.seconds / cost.seconds:5.1f} times as fast as both files whole"
            show(f"two runs, five cities, {name}", cost.bytes, base.bytes, ratio)
        costs = await later_runs(five, clock, LATER_RUNS)
        show(f"the next {LATER_RUNS} runs, five cities: average", sum(costs) // LATER_RUNS, file)
        show(f"the next {LATER_RUNS} runs, five cities: dearest", max(costs), file)
        assert max(costs) < MOST_BYTES
        ready_s = await to_distributions(source(FIVE, layouts), five, clock, LATER_RUNS)
        print(
            f"from asking for a run that is there to every distribution: {ready_s * 1e3:.0f} ms,"
            f" {base.seconds / 2 / ready_s:.1f} times as fast as only fetching its file whole"
        )
        await five()
        show("asked again, nothing new", five.status.last_bytes, file)
        everywhere = source(STATIONS, layouts)
        await everywhere()
        costs = await later_runs(everywhere, clock, LATER_RUNS)
        show(f"the next {LATER_RUNS} runs, all 24 cities: dearest", max(costs), file)
        assert max(costs) < MOST_BYTES


if __name__ == "__main__":
    asyncio.run(main())
