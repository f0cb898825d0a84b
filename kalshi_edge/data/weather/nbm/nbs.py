"""NBS, NBE and NBX: one figure and a spread for each day's maximum.

Row ``TXN`` (until 3.2 ``N/X`` or ``X/N``) is the maximum at 00 UTC and the minimum at 12 UTC, °F,
and ``XND``, from 4.0 on, its standard deviation. The 12 UTC run of NBS still holds today's maximum,
which that of NBP no longer does.
"""

from collections.abc import Collection, Iterator
from datetime import datetime
from functools import partial

from kalshi_edge.data.weather.nbm.block import BlockHeader, Rows
from kalshi_edge.data.weather.nbm.bulletin import NbmBulletin, bulletin, forecast_of_day
from kalshi_edge.data.weather.nbm.columns import SPREADS, TEMPERATURES, block_columns, values
from kalshi_edge.domain.weather import Forecast
from kalshi_edge.errors import BulletinError

_MAXIMUM = (b"TXN", b"N/X", b"X/N")
_SPREAD = b"XND"


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
    figures = values(rows, _MAXIMUM, columns, TEMPERATURES)
    if _SPREAD in rows:
        spreads = values(rows, (_SPREAD,), columns, SPREADS)
    else:
        spreads = [None] * len(columns)
    filled = [column for column, figure in zip(columns, figures, strict=True) if figure is not None]
    if astray := [column for column in filled if column.valid_at.hour % 12 != 0]:
        raise BulletinError(f"a maximum or minimum at {astray[0].valid_at:%H} UTC: columns shifted")
    for column, figure_f, sd_f in zip(columns, figures, spreads, strict=True):
        if column.is_maximum:
            found = forecast_of_day(
                header,
                column.climate_day,
                received_at=received_at,
                mean_f=figure_f,
                sd_f=sd_f,
            )
            if found is not None:
                yield found
