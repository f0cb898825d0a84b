"""NBP: percentiles of each day's maximum. The bulletin this program trades on.

Rows ``TXNMN`` and ``TXNSD`` are mean and standard deviation, ``TXNP1/2/5/7/9`` the 10th, 25th,
50th, 75th and 90th percentile, °F; maxima stand at 00 UTC, minima at 12 UTC. The maximum is that of
12 to 06 UTC, not of the climate day.
"""

from collections.abc import Collection, Iterator
from datetime import datetime
from functools import partial

from kalshi_edge.data.weather.nbm.block import BlockHeader, Rows
from kalshi_edge.data.weather.nbm.bulletin import NbmBulletin, bulletin, day_forecasts
from kalshi_edge.data.weather.nbm.columns import SPREADS, TEMPERATURES, block_columns, values
from kalshi_edge.domain.weather import Forecast
from kalshi_edge.errors import BulletinError

_MEAN, _SPREAD = (b"TXNMN",), (b"TXNSD",)
_PERCENTILES = {10: (b"TXNP1",), 25: (b"TXNP2",), 50: (b"TXNP5",), 75: (b"TXNP7",), 90: (b"TXNP9",)}


def parse_nbp(
    text: str | bytes, *, received_at: datetime, stations: Collection[str] | None = None
) -> NbmBulletin:
    """What an NBP bulletin, or a slice of one, says of ``stations`` (ICAO; ``None``: all of them).

    Raises ``BulletinError`` where there is no station block at all; any other damage is a fault
    with its station, line and reason, and costs only the station or day it touches.
    """
    read = partial(_forecasts, received_at=received_at)
    return bulletin(text, read, products={"NBP"}, received_at=received_at, stations=stations)


def _forecasts(
    header: BlockHeader, rows: Rows, *, received_at: datetime
) -> Iterator[Forecast | BulletinError]:
    maxima = [column for column in block_columns(header, rows) if column.is_maximum]
    return day_forecasts(
        header,
        maxima,
        received_at=received_at,
        means=values(rows, _MEAN, maxima, TEMPERATURES),
        spreads=values(rows, _SPREAD, maxima, SPREADS),
        percentiles={
            percent: values(rows, label, maxima, TEMPERATURES)
            for percent, label in _PERCENTILES.items()
        },
    )
