"""LAMP (``LAV``): hourly temperatures for a day and more, and the maxima that they come to.

Runs are at half past each hour; the first column is the next hour. There is no row of maxima: a
day's is the highest of its hours, where all of its afternoon is covered (``hourly.py``).
"""

from collections.abc import Collection, Iterator
from datetime import datetime
from functools import partial

from kalshi_edge.data.weather.guidance.block import (
    Guidance,
    GuidanceHeader,
    Rows,
    columns,
    guidance,
    temperatures_f,
)
from kalshi_edge.data.weather.guidance.hourly import day_maxima
from kalshi_edge.data.weather.stations import by_icao
from kalshi_edge.domain.weather import Forecast

LAMP = "LAMP"


def parse_lav(
    text: str | bytes, *, received_at: datetime, stations: Collection[str] | None = None
) -> Guidance:
    """What a ``LAV`` text says of ``stations`` (ICAO; ``None``: all of them).

    A station whose climate day we do not know is a fault. Raises ``BulletinError`` where there is
    no station block at all; any other damage is a fault and costs only its station.
    """
    read = partial(_forecasts, received_at=received_at)
    return guidance(text, read, title="GFS LAMP", received_at=received_at, stations=stations)


def _forecasts(header: GuidanceHeader, rows: Rows, *, received_at: datetime) -> Iterator[Forecast]:
    station = by_icao(header.station)
    at = columns(b"UTC", rows, header.run_at)
    figures = temperatures_f(rows, (b"TMP",), at)
    hours_f = {
        column.valid_at: figure
        for column, figure in zip(at, figures, strict=True)
        if figure is not None
    }
    for day, value in day_maxima(station, hours_f).items():
        yield Forecast(
            station=station.icao,
            climate_day=day,
            model=LAMP,
            version="",
            run_at=header.run_at,
            received_at=received_at,
            mean_f=value,
        )
