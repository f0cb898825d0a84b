"""A whole NBM text, block by block: what can be read is a forecast, what cannot a named fault."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

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
from kalshi_edge.data.weather.nbm.columns import Column
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
    found = read_blocks(
        text,
        lambda block: read(*_opened(block, products, received_at)),
        find=lambda data: blocks(data, stations),
        stations=stations,
    )
    return NbmBulletin(*found)


def read_blocks(
    text: str | bytes,
    read: Callable[[bytes], Iterable[Forecast | BulletinError]],
    *,
    find: Callable[[bytes], Iterable[Block]],
    stations: Collection[str] | None,
) -> tuple[tuple[Forecast, ...], tuple[BulletinError, ...]]:
    """What ``read`` makes of each block that ``find`` finds, and the faults with their lines.

    As ``bulletin``, of texts of any kind whose headers hold ``MARK``.
    """
    data = text.encode("ascii", "replace") if isinstance(text, str) else text
    if MARK not in data:
        raise BulletinError(f"no station block in {len(data)} bytes: {shown(data)}")
    forecasts: list[Forecast] = []
    faults: list[BulletinError] = []
    unseen = set(stations or ())
    for block in find(data):
        if stations is not None and block.station not in stations:
            continue
        unseen.discard(block.station)
        try:
            for item in read(data[block.start : block.end]):
                if isinstance(item, Forecast):
                    forecasts.append(item)
                else:
                    faults.append(_placed(item, block, data))
        except BulletinError as fault:
            faults.append(_placed(fault, block, data))
        except InputError as error:
            faults.append(_placed(BulletinError(str(error)), block, data))
    faults.extend(BulletinError("not in the bulletin", station=name) for name in sorted(unseen))
    return tuple(forecasts), tuple(faults)


def _opened(
    text: bytes, products: Collection[str], received_at: datetime
) -> tuple[BlockHeader, Rows]:
    header = block_header(text.partition(b"\n")[0])
    if header.product not in products:
        raise BulletinError(f"a block of {header.product}, not of {' or '.join(sorted(products))}")
    if header.run_at > received_at:
        raise BulletinError(f"run of {header.run_at}, after its receipt at {received_at}")
    return header, block_rows(text)


def _placed(fault: BulletinError, block: Block, data: bytes) -> BulletinError:
    """The same fault with its station and its line in the whole text."""
    before = data.count(b"\n", 0, block.start)
    return BulletinError(fault.reason, station=block.station, line=before + (fault.line or 1))


def day_forecasts(
    header: BlockHeader,
    maxima: Sequence[Column],
    *,
    received_at: datetime,
    means: Sequence[float | None],
    spreads: Sequence[float | None],
    percentiles: Mapping[int, Sequence[float | None]],
) -> Iterator[Forecast | BulletinError]:
    """The forecasts in a block's maximum columns, and a fault for each whose figures conflict.

    A percentile that is missing is left out, a column without any figure passed over.
    """
    for index, column in enumerate(maxima):
        points = tuple(
            (percent, value)
            for percent, row in percentiles.items()
            if (value := row[index]) is not None
        )
        if means[index] is None and not points:
            continue
        try:
            yield Forecast(
                station=header.station,
                climate_day=column.climate_day,
                model=header.product,
                version=header.version,
                run_at=header.run_at,
                received_at=received_at,
                mean_f=means[index],
                sd_f=spreads[index],
                percentiles=points,
            )
        except InputError as error:
            yield BulletinError(str(error))
