"""GFS MOS (``MAV``) and NAM MOS (``MET``): one figure for each day's maximum.

Row ``N/X`` or ``X/N`` holds the maximum at 00 UTC and the minimum at 12 UTC, °F. MOS's maximum is
that of 7 AM to 7 PM local standard time: neither the climate day nor the NBM's 12 to 06 UTC.
"""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from functools import partial

from kalshi_edge.data.weather.guidance.block import (
    Guidance,
    GuidanceHeader,
    Rows,
    columns,
    guidance,
    temperatures_f,
)
from kalshi_edge.domain.weather import Forecast
from kalshi_edge.errors import BulletinError

GFS_MOS, NAM_MOS = "GFSMOS", "NAMMOS"
"""Model names, as the imported archive has them."""
_EXTREMES = (b"N/X", b"X/N")


def parse_mav(
    text: str | bytes, *, received_at: datetime, stations: Collection[str] | None = None
) -> Guidance:
    """What a ``MAV`` text says of ``stations`` (ICAO; ``None``: all of them).

    Raises ``BulletinError`` where there is no station block at all; other damage is a fault.
    """
    return _parsed(text, GFS_MOS, "GFS MOS", received_at, stations)


def parse_met(
    text: str | bytes, *, received_at: datetime, stations: Collection[str] | None = None
) -> Guidance:
    """What a ``MET`` text says of ``stations``; as ``parse_mav``."""
    return _parsed(text, NAM_MOS, "NAM MOS", received_at, stations)


def _parsed(
    text: str | bytes,
    model: str,
    title: str,
    received_at: datetime,
    stations: Collection[str] | None,
) -> Guidance:
    read = partial(_forecasts, model=model, received_at=received_at)
    return guidance(text, read, title=title, received_at=received_at, stations=stations)


def _forecasts(
    header: GuidanceHeader, rows: Rows, *, model: str, received_at: datetime
) -> Iterator[Forecast]:
    at = columns(b"HR", rows, header.run_at)
    figures = temperatures_f(rows, _EXTREMES, at)
    for column, figure in zip(at, figures, strict=True):
        if figure is None:
            continue
        if column.valid_at.hour not in (0, 12):
            raise BulletinError(f"a maximum or minimum at {column.valid_at:%H} UTC")
        if column.valid_at.hour == 0:
            yield Forecast(
                station=header.station,
                climate_day=column.valid_at.date() - timedelta(days=1),
                model=model,
                version="",
                run_at=header.run_at,
                received_at=received_at,
                mean_f=figure,
            )
