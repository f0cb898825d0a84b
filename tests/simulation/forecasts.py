"""What the trader hears of the weather: the SYNTHETIC world's outlook, made to trade a lot."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

from kalshi_edge.clock import Clock
from kalshi_edge.domain.weather import ClimateReport, Forecast, Station
from kalshi_sandbox.exchange.venue.weather_adapter import WorldNature
from tests.simulation.scenario import Scenario

BULLETIN_EVERY = timedelta(minutes=6)
"""Far more often than in the world, so that much is decided."""
DECILES = ((10, -1.2816), (50, 0.0), (90, 1.2816))


class Reports:
    """One process's source of final climate reports: each once, some wrong first and corrected."""

    def __init__(
        self,
        scenario: Scenario,
        stations: Sequence[Station],
        nature: WorldNature,
        clock: Clock,
        *,
        wrong: Callable[[], None],
    ) -> None:
        """``wrong`` hears of each that is wrong and will be corrected."""
        self._scenario = scenario
        self._stations = stations
        self._nature = nature
        self._clock = clock
        self._wrong = wrong
        self._told: set[tuple[str, date, bool]] = set()

    async def __call__(self) -> list[ClimateReport]:
        now, found = self._clock.now(), []
        for station in self._stations:
            day = station.climate_day(now) - timedelta(days=1)
            issued_at = station.day_end(day) + timedelta(hours=2)
            random = self._scenario.random("report", station.icao, day)
            is_wrong, off_f = random.random() < 0.4, random.choice((-30, -10, -1, 1, 10, 30))
            later = timedelta(hours=random.choice((1, 4, 5, 6)))  # before or after it was learned
            for is_corrected in (False, True):
                at = issued_at + later * is_corrected
                key = (station.icao, day, is_corrected)
                if at > now or key in self._told or (is_corrected and not is_wrong):
                    continue
                self._told.add(key)
                high_f = self._nature.high_f(station, day)
                if is_wrong and not is_corrected:
                    high_f += off_f
                    self._wrong()
                found.append(
                    ClimateReport(
                        station.report, day, high_f, None, True, is_corrected, False, at, now
                    )
                )
        return found


class Forecasts:
    """One process's source: every bulletin of today and tomorrow once, shifted and too sure."""

    def __init__(
        self, scenario: Scenario, stations: Sequence[Station], nature: WorldNature, clock: Clock
    ) -> None:
        """``clock`` is the process's own, which may be off."""
        self._scenario = scenario
        self._stations = stations
        self._nature = nature
        self._clock = clock
        self._told: dict[tuple[str, date], datetime] = {}
        """The last run of each; one that a clock ahead of the truth made early comes once more."""

    async def __call__(self) -> list[Forecast]:
        now = self._clock.now()
        run_at = now - (now - self._scenario.start_at) % BULLETIN_EVERY
        asked = [
            (station, day)
            for station in self._stations
            for day in (station.climate_day(now), station.climate_day(now) + timedelta(days=1))
            if self._told.get((station.icao, day)) != run_at
        ]
        self._told |= {(station.icao, day): run_at for station, day in asked}
        return [self._forecast(station, day, run_at) for station, day in asked]

    def _forecast(self, station: Station, day: date, run_at: datetime) -> Forecast:
        seen = self._nature.outlook(station, day, run_at)
        random = self._scenario.random("forecast", station.icao, day, run_at)
        mu_f, sigma_f = seen.mu_f + random.uniform(-2, 2), max(seen.sigma_f * 0.8, 1.0)
        return Forecast(
            station=station.icao,
            climate_day=day,
            model="NBP",
            version="5.0",
            run_at=run_at,
            received_at=self._clock.now(),
            percentiles=tuple((p, mu_f + z * sigma_f) for p, z in DECILES),
        )
