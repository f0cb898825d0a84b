"""BUFKIT files: one run of one model at one station, hour by hour. HRRR and RAP are read from them.

After the soundings comes a table of surface values: the names of its columns (``STN YYMMDD/HHMM
PMSL …``), wrapped over several lines, and each hour's values, wrapped as well. ``T2MS`` is the
temperature at 2 m, °C; −9999 says that there is none.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from kalshi_edge.data.weather.guidance.hourly import day_maxima
from kalshi_edge.data.weather.nbm.block import shown
from kalshi_edge.data.weather.wmo import HIGHEST_F, LOWEST_F
from kalshi_edge.domain.weather import Forecast, Station
from kalshi_edge.errors import BulletinError

HRRR, RAP = "HRRR", "RAP"
_HEADER = re.compile(
    rb"STID *= *(?P<station>[A-Z0-9]+) +STNM *= *\d+ +TIME *= *(?P<time>\d{6}/\d{4})"
)
_TABLE = b"STN YYMMDD/HHMM"
_TEMPERATURE = "T2MS"
_INSTANT = re.compile(r"\d{6}/\d{4}")
_NONE_C = -9999.0


def parse_bufkit(
    content: bytes, *, station: Station, model: str, run_at: datetime, received_at: datetime
) -> tuple[Forecast, ...]:
    """The maxima of the days whose afternoons this run covers, °F to a hundredth, if any.

    Raises ``BulletinError`` where the file is another station's or run's, or where its table is
    not whole.
    """
    _check(content, station, run_at)
    hours_f = dict(_temperatures_f(content))
    if hours_f and min(hours_f) < run_at:
        raise BulletinError(f"an hour of {min(hours_f)} in a run of {run_at}", station=station.icao)
    return tuple(
        Forecast(
            station=station.icao,
            climate_day=day,
            model=model,
            version="",
            run_at=run_at,
            received_at=received_at,
            mean_f=round(value, 2),
        )
        for day, value in day_maxima(station, hours_f).items()
    )


def _check(content: bytes, station: Station, run_at: datetime) -> None:
    header = _HEADER.search(content)
    if header is None:
        raise BulletinError(f"not a BUFKIT file: {shown(content)}")
    name, at = header["station"].decode(), _instant(header["time"].decode())
    if name not in {station.icao, station.icao[1:]} or at != run_at:
        raise BulletinError(f"{name} of {at}, not {station.icao} of {run_at}")


def _temperatures_f(content: bytes) -> Iterator[tuple[datetime, float]]:
    """The hours of the surface table that have a temperature."""
    start = content.find(_TABLE)
    if start < 0:
        raise BulletinError("no table of surface values")
    words = content[start:].decode("ascii", "replace").split()
    first = next((n for n, word in enumerate(words) if _INSTANT.fullmatch(word)), len(words))
    names = words[: first - 1]
    if _TEMPERATURE not in names:
        raise BulletinError(f"no {_TEMPERATURE} among {len(names)} columns of surface values")
    place = names.index(_TEMPERATURE)
    for values in _records(words[len(names) :], len(names)):
        at = _instant(values[1])
        try:
            celsius = float(values[place])
        except ValueError as error:
            raise BulletinError(f"{at}: no temperature: {values[place][:20]!r}") from error
        if celsius == _NONE_C:
            continue
        value = 1.8 * celsius + 32
        if not LOWEST_F <= value <= HIGHEST_F:
            raise BulletinError(f"{at}: {value:.1f} °F is not within {LOWEST_F} to {HIGHEST_F}")
        yield at, value


def _records(words: Sequence[str], width: int) -> Iterator[Sequence[str]]:
    whole = len(words) // width * width
    if not whole or whole != len(words):
        raise BulletinError(f"{len(words)} surface values do not make rows of {width}")
    for begin in range(0, whole, width):
        yield words[begin : begin + width]


def _instant(text: str) -> datetime:
    """The instant of ``210311/1200``, UTC."""
    try:
        if _INSTANT.fullmatch(text):
            return datetime.strptime(text, "%y%m%d/%H%M").replace(tzinfo=UTC)
    except ValueError:
        pass
    raise BulletinError(f"no instant: {text[:20]!r}")
