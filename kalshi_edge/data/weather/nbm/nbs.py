"""NBS, NBE and NBX: one figure and a spread for each day's maximum.

Row ``TXN`` (until 3.2 ``N/X`` or ``X/N``) is the maximum at 00 UTC and the minimum at 12 UTC, °F,
and ``XND``, from 4.0 on, its standard deviation. The 12 UTC run of NBS still holds today's maximum,
which that of NBP no longer does.
"""

from collections.abc import Collection, Iterator
from datetime import datetime
from functools import partial

from kalshi_edge.data.weather.nbm.block import BlockHeader, Rows
from kalshi_edge.data.weather.nbm.bulletin import NbmBulletin, bulletin, day_forecasts
from kalshi_edge.data.weather.nbm.columns import SPREADS, TEMPERATURES, block_columns, values
from kalshi_edge.domain.weather import Forecast
from kalshi_edge.errors import BulletinError

_FIGURE = (b"TXN", b"N/X", b"X/N")
_SPREAD = (b"XND",)


def parse_nbs(
    text: str | bytes, *, received_at: datetime, stations: Collection[str] | None = None
) -> NbmBulletin:
    """What an NBS, NBE or NBX bulletin says of ``stations`` (ICAO; ``None``: all of them).

    ``mean_f`` of its forecasts is the model's single figure. Raises ``BulletinError`` where there
    is no station block at all; any other damage is a fault with its station, line and reason.
    """
    read = partial(_forecasts, received_at=received_at)
    return bulletin(
        text, read, products={"NBS", "NBE", "NBX"}, received_at=received_at, stations=stations
    )


def _forecasts(
    header: BlockHeader, rows: Rows, *, received_at: datetime
) -> Iterator[Forecast | BulletinError]:
    columns = block_columns(header, rows)
    empty = [column for column in columns if column.valid_at.hour not in (0, 12)]
    if any(figure is not None for figure in values(rows, _FIGURE, empty, TEMPERATURES)):
        raise BulletinError("a maximum or minimum away from 00 and 12 UTC: shifted columns")
    maxima = [column for column in columns if column.is_maximum]
    has_spreads = _FIGURE[0] in rows
    return day_forecasts(
        header,
        maxima,
        received_at=received_at,
        means=values(rows, _FIGURE, maxima, TEMPERATURES),
        spreads=values(rows, _SPREAD, maxima, SPREADS) if has_spreads else [None] * len(maxima),
        percentiles={},
    )
