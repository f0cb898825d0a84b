"""Daily summary messages (DSM): the sensor's own maximum of a day, or of the day so far, whole °F.

``KDEN DS 1830 10/08 831115/ 540430// …``: 10 August up to 18:30, 83 °F at 11:15. Without that first
time it is the whole day, or, in a correction (``COR``), it does not say. Local standard times.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from kalshi_edge.data.weather.stations import by_icao
from kalshi_edge.data.weather.wmo import plausible_f, reports
from kalshi_edge.domain.weather import Basis, Observation
from kalshi_edge.errors import BulletinError

_START = r"[A-Z][A-Z0-9]{3} DS "
_SUMMARY = re.compile(
    r"""(?P<station>[A-Z][A-Z0-9]{3})\ DS\ (?P<correction>COR\ )?
    (?:(?P<until>[0-9]{4})\ )?
    (?P<day>[0-9]{2})/(?P<month>[0-9]{2})\ ?
    (?:M|(?P<high>-?[0-9]{1,3})(?P<high_time>[0-9]{4}))/\ ?
    (?:M|(?P<low>-?[0-9]{1,3})[0-9]{4})//""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class DailySummary:
    """What one message says of one station's climate day. Temperatures in whole °F, times LST."""

    station: str
    """ICAO."""
    climate_day: date
    until: time | None
    """How far into the day it goes; ``None`` where it does not say."""
    high_f: int | None
    """``None`` where the sensor had none."""
    high_time: time | None
    low_f: int | None
    is_corrected: bool
    received_at: datetime


def parse_dsms(
    text: str, *, received_at: datetime
) -> tuple[tuple[DailySummary, ...], tuple[BulletinError, ...]]:
    """The summaries in any number of messages, and the messages that could not be read.

    A message does not say its year: that which brings it closest to ``received_at`` is meant.
    Raises nothing.
    """
    summaries: list[DailySummary] = []
    faults: list[BulletinError] = []
    for message in reports(text, _START):
        found = _SUMMARY.match(message)
        station = None if found is None else found["station"]
        try:
            summaries.append(_summary(found, received_at))
        except BulletinError as fault:
            faults.append(BulletinError(f"{fault.reason}: {message[:60]!a}", station=station))
    return tuple(summaries), tuple(faults)


def daily_maximum(summary: DailySummary) -> Observation | None:
    """The summary's maximum as an observation of its day so far; ``None`` where it is missing.

    Raises ``InputError`` where it came before its day began, or where the station is not one of
    ours, so that we do not know when its day begins.
    """
    if summary.high_f is None:
        return None
    station = by_icao(summary.station)
    start_at = station.day_start(summary.climate_day)
    until = summary.until
    length = (
        timedelta(days=1) if until is None else timedelta(hours=until.hour, minutes=until.minute)
    )
    return Observation(
        station=summary.station,
        basis=Basis.DAILY_SUMMARY,
        start_at=start_at,
        end_at=min(start_at + length, summary.received_at),
        low_f=summary.high_f,
        high_f=summary.high_f,
        received_at=summary.received_at,
    )


def _summary(found: re.Match[str] | None, received_at: datetime) -> DailySummary:
    if found is None:
        raise BulletinError("not a daily summary")
    high_f, low_f = (
        None if found[name] is None else plausible_f(int(found[name])) for name in ("high", "low")
    )
    if high_f is not None and low_f is not None and low_f > high_f:
        raise BulletinError(f"minimum {low_f} above maximum {high_f}")
    return DailySummary(
        station=found["station"],
        climate_day=_day_near(received_at, day=int(found["day"]), month=int(found["month"])),
        until=_time(found["until"]),
        high_f=high_f,
        high_time=_time(found["high_time"]),
        low_f=low_f,
        is_corrected=found["correction"] is not None,
        received_at=received_at,
    )


def _time(text: str | None) -> time | None:
    if text is None:
        return None
    try:
        return time(int(text[:2]), int(text[2:]))
    except ValueError as error:
        raise BulletinError(f"no time of day: {text}") from error


def _day_near(near: datetime, *, day: int, month: int) -> date:
    candidates = []
    for year in (near.year - 1, near.year, near.year + 1):
        try:
            candidates.append(date(year, month, day))
        except ValueError:
            continue
    if not candidates:
        raise BulletinError(f"no such day: {day}/{month}")
    found = min(candidates, key=lambda candidate: abs(candidate - near.date()))
    if found > near.date():
        raise BulletinError(f"of {found}, received on {near.date()}")
    return found
