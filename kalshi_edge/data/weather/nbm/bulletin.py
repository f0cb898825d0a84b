"""A whole NBM text, block by block: what can be read is a forecast, what cannot a named fault."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from kalshi_edge.data.weather.nbm.block import (
    MARK,
    Block,
    BlockHeader,
    Rows,
    block_header,
    block_rows,
    blocks,
    shown,
)
from kalshi_edge.domain.weather import Forecast
from kalshi_edge.errors import BulletinError, InputError


@dataclass(frozen=True, slots=True)
class NbmBulletin:
    """What a bulletin says of maxima to come, and what of it could not be read."""

    forecasts: tuple[Forecast, ...]
    faults: tuple[BulletinError, ...]


BlockReader = Callable[[BlockHeader, Rows], Iterator[Forecast | BulletinError]]
"""What a block says, day by day; raises ``BulletinError`` where all of it is in doubt."""


def bulletin(
    text: str | bytes,
    read: BlockReader,
    *,
    products: Collection[str],
    received_at: datetime,
    stations: Collection[str] | None,
) -> NbmBulletin:
    """Every block of ``stations`` (``None``: all) as ``read`` reads it; a bad one costs no other.

    A station that is not there is a fault of its own. Raises ``BulletinError`` where there is no
    block of any station.
    """
    data = text.encode("ascii", "replace") if isinstance(text, str) else text
    if MARK not in data:
        raise BulletinError(f"no station block in {len(data)} bytes: {shown(data)}")
    forecasts: list[Forecast] = []
    faults: list[BulletinError] = []
    unseen = set(stations or ())
    for block in blocks(data, stations):
        unseen.discard(block.station)
        try:
            header, rows = _opened(data[block.start : block.end], products, received_at)
            for item in read(header, rows):
                if isinstance(item, Forecast):
                    forecasts.append(item)
                else:
                    faults.append(_placed(item, block, data))
        except BulletinError as fault:
            faults.append(_placed(fault, block, data))
    faults.extend(BulletinError("not in the bulletin", station=name) for name in sorted(unseen))
    return NbmBulletin(tuple(forecasts), tuple(faults))


def _opened(
    text: bytes, products: Collection[str], received_at: datetime
) -> tuple[BlockHeader, Rows]:
    header = block_header(text.partition(b"\n")[0])
    if header.product not in products:
        raise BulletinError(f"a block of {header.product}, not of {' or '.join(sorted(products))}")
    if header.run_at > received_at:
        raise BulletinError(f"run {header.run_at:%F %RZ} is after its receipt {received_at:%F %RZ}")
    return header, block_rows(text)


def _placed(fault: BulletinError, block: Block, data: bytes) -> BulletinError:
    """The same fault with its station and its line in the whole text."""
    before = data.count(b"\n", 0, block.start)
    return BulletinError(fault.reason, station=block.station, line=before + (fault.line or 1))


def forecast_of_day(
    header: BlockHeader,
    day: date,
    *,
    received_at: datetime,
    mean_f: float | None,
    sd_f: float | None,
    percentiles: Sequence[tuple[int, float | None]] = (),
) -> Forecast | BulletinError | None:
    """One column's figures as a forecast, a fault where they contradict each other, or nothing.

    A percentile that is missing is left out; without mean and median there is no forecast.
    """
    known = tuple((percent, value) for percent, value in percentiles if value is not None)
    if mean_f is None and not known and sd_f is None:
        return None
    if mean_f is None and all(percent != 50 for percent, _ in known):
        return BulletinError(f"{day}: neither mean nor median")
    try:
        return Forecast(
            station=header.station,
            climate_day=day,
            model=header.product,
            version=header.version,
            run_at=header.run_at,
            received_at=received_at,
            mean_f=mean_f,
            sd_f=sd_f,
            percentiles=known,
        )
    except InputError as error:
        return BulletinError(str(error))
