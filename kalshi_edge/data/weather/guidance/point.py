"""A model run at one point, hour by hour, as JSON (Open-Meteo's single runs). GEFS is read from it.

The ensemble's mean and spread are asked for in °C and become °F here: a spread scales by 1.8 and
has no 32 to it. The spread given is that of the hour of the maximum.
"""

from datetime import UTC, datetime
from math import isfinite

from pydantic import BaseModel, ConfigDict, ValidationError

from kalshi_edge.data.weather.guidance.hourly import day_maxima
from kalshi_edge.data.weather.wmo import HIGHEST_F, LOWEST_F
from kalshi_edge.domain.weather import Forecast, Station
from kalshi_edge.errors import BulletinError

GEFS = "GEFS"
FARTHEST_DEGREES = 0.3
"""From the station to the grid point that answers: GEFS has one every quarter of a degree."""
_WIDEST_C = 25.0


class _Hours(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    time: list[str]
    temperature_2m: list[float | None]
    temperature_2m_spread: list[float | None]


class _Units(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    temperature_2m: str
    temperature_2m_spread: str


class _Run(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    latitude: float
    longitude: float
    utc_offset_seconds: int
    hourly_units: _Units
    hourly: _Hours


def parse_point_run(
    content: bytes, *, station: Station, run_at: datetime, received_at: datetime
) -> tuple[Forecast, ...]:
    """Mean and spread of each day whose afternoon the run covers, °F to a hundredth.

    Raises ``BulletinError`` where the answer is not of this place, not in UTC and °C, begins before
    the run, or holds what is no temperature.
    """
    try:
        run = _Run.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the answer"
        raise BulletinError(f"{place}: {first['msg']}") from error
    _check(run, station)
    hours_f: dict[datetime, float] = {}
    spreads_f: dict[datetime, float] = {}
    hourly = run.hourly
    columns = (hourly.time, hourly.temperature_2m, hourly.temperature_2m_spread)
    if len({len(column) for column in columns}) != 1:
        raise BulletinError(f"columns of {', '.join(str(len(column)) for column in columns)} hours")
    for text, mean_c, spread_c in zip(*columns, strict=True):
        at = _instant(text)
        if at >= run_at and mean_c is not None and spread_c is not None:
            hours_f[at], spreads_f[at] = _fahrenheit(at, mean_c), _spread_f(at, spread_c)
    found = []
    for day, value in day_maxima(station, hours_f).items():
        at = next(
            at for at in sorted(hours_f) if hours_f[at] == value and station.climate_day(at) == day
        )
        found.append(
            Forecast(
                station=station.icao,
                climate_day=day,
                model=GEFS,
                version="",
                run_at=run_at,
                received_at=received_at,
                mean_f=round(value, 2),
                sd_f=round(spreads_f[at], 2),
            )
        )
    return tuple(found)


def _check(run: _Run, station: Station) -> None:
    away = max(abs(run.latitude - station.latitude), abs(run.longitude - station.longitude))
    if not away <= FARTHEST_DEGREES:
        raise BulletinError(
            f"of a point {away:.2f}° away, more than {FARTHEST_DEGREES}°", station=station.icao
        )
    units = {run.hourly_units.temperature_2m, run.hourly_units.temperature_2m_spread}
    if units != {"°C"} or run.utc_offset_seconds != 0:
        raise BulletinError(f"in {', '.join(sorted(units))} at UTC{run.utc_offset_seconds:+} s")


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise BulletinError(f"no instant: {text[:40]!r}") from error
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _fahrenheit(at: datetime, celsius: float) -> float:
    value = 1.8 * celsius + 32
    if not LOWEST_F <= value <= HIGHEST_F:
        raise BulletinError(f"{at}: {value:.1f} °F is not within {LOWEST_F} to {HIGHEST_F}")
    return value


def _spread_f(at: datetime, celsius: float) -> float:
    if not (isfinite(celsius) and 0 <= celsius <= _WIDEST_C):
        raise BulletinError(f"{at}: a spread of {celsius} °C is not within 0 to {_WIDEST_C}")
    return 1.8 * celsius
