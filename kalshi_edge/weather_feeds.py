"""What is asked of the weather offices, and how often."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from kalshi_edge.clock import Clock
from kalshi_edge.config import Settings
from kalshi_edge.data.weather.sources.cycles import NBP, NBS_BRIDGE
from kalshi_edge.data.weather.sources.http import PoliteClient
from kalshi_edge.data.weather.sources.memory import LayoutMemory
from kalshi_edge.data.weather.sources.nbm import NbmSource
from kalshi_edge.data.weather.sources.nws import NwsForecastSource
from kalshi_edge.data.weather.sources.observations import ObservationSource
from kalshi_edge.data.weather.sources.reports import ClimateReportSource
from kalshi_edge.data.weather.sources.summaries import SummarySource
from kalshi_edge.live import Poll


@dataclass(frozen=True, slots=True)
class WeatherFeeds:
    """The questions to all offices."""

    reports: Poll
    """Climate reports, which calibration asks for as well."""
    others: Sequence[Poll]


def weather_feeds(
    client: PoliteClient, settings: Settings, clock: Clock, layouts: Path | None
) -> WeatherFeeds:
    """Bulletins, the offices' own forecasts, readings and climate reports of every station.

    Where the bulletins' blocks stand is kept in the file ``layouts``: a restart costs no whole one.
    """
    common = (client, settings.stations, clock)
    memory = LayoutMemory(layouts)
    bulletins = timedelta(minutes=settings.bulletins_every_min)
    return WeatherFeeds(
        reports=Poll(ClimateReportSource(*common), timedelta(minutes=settings.reports_every_min)),
        others=(
            Poll(NbmSource(NBP, *common, memory=memory), bulletins),
            Poll(NbmSource(NBS_BRIDGE, *common, memory=memory), bulletins),
            Poll(NwsForecastSource(*common), timedelta(minutes=settings.nws_every_min)),
            Poll(ObservationSource(*common), timedelta(minutes=settings.observations_every_min)),
            Poll(SummarySource(*common), timedelta(minutes=settings.reports_every_min)),
        ),
    )
