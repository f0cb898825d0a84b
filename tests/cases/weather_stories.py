"""How the situations of the weather begin: what was received, what is known, servers to ask."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime

from kalshi_edge.clock import ManualClock
from kalshi_edge.data.weather.sources.addresses import WeatherAddresses
from kalshi_edge.data.weather.sources.http import Patience, PoliteClient
from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.domain.weather import ClimateReport, Observation, Station
from kalshi_edge.models.distribution import Distribution, Normal
from kalshi_edge.models.observed import Evidence
from kalshi_edge.models.sameday import same_day
from kalshi_edge.trading.state import WorldState
from tests.support.weather_server import WeatherServer, weather_server

NYC, CHI = station_of("NYC"), station_of("CHI")
DAY = date(2026, 8, 29)
QUICK = Patience(connect_s=1, silence_s=0.3, page_s=0.6, attempts=2, pause_s=0.001)


def utc(text: str) -> datetime:
    """``18:06`` of the day, or a whole date and time."""
    return datetime.fromisoformat(text if "T" in text else f"{DAY}T{text}").replace(tzinfo=UTC)


def seen(
    received: Iterable[Observation | ClimateReport], station: Station = NYC, day: date = DAY
) -> Evidence:
    """What the trader makes of all that was received, in its order."""
    known = WorldState([station], ["NBP"])
    for one in received:
        if isinstance(one, ClimateReport):
            known.report(one)
        else:
            known.observation(one)
    return known.evidence(station, day)


def high(
    prior: tuple[float, float], evidence: Evidence, at: str, station: Station = NYC
) -> Distribution:
    """The day's maximum at a time of it, given a forecast's mean and spread."""
    return same_day(Normal(*prior), evidence, station, DAY, utc(at))


def probability(of_f: int, of: Distribution) -> float:
    """That the maximum is this whole °F."""
    return of.between(of_f - 0.5, of_f + 0.5)


@dataclass
class Office:
    """A weather server on a socket, a client of it, and the clock they go by."""

    server: WeatherServer
    client: PoliteClient
    clock: ManualClock


@asynccontextmanager
async def office(now: datetime) -> AsyncIterator[Office]:
    async with weather_server() as server:
        clock = ManualClock(now)
        addresses = WeatherAddresses.under(server.base)
        async with PoliteClient(clock, "test", addresses=addresses, patience=QUICK) as client:
            yield Office(server, client, clock)
