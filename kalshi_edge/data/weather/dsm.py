"""Daily summary messages (DSM): the sensor's own maximum of a day, or of the day so far, whole °F.

``KDEN DS 1830 10/08 831115/ 540430// …``: 10 August up to 18:30, 83 °F at 11:15. Without that first
time it is the whole day, or, in a correction (``COR``), it does not say: but no message knows what
came after it was sent. Local standard times.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from kalshi_edge.data.weather.stations import by_icao
from kalshi_edge.data.weather.wmo import Heading, instant_near, plausible_f, reports
from kalshi_edge.domain.weather import Basis, Observation
from kalshi_edge.errors import BulletinError

_START = r"[A-Z][A-Z0-9]{3} (?:COR )?DS "
_SUMMARY = re.compile(
    r"""(?P<station>[A-Z][A-Z0-9]{3})\ (?P<before>COR\ )?DS\ (?P<correction>COR\ )?
    (?:(?P<until>[0-9]{4})\ )?(?P<after>COR\ )?
    (?P<day>[0-9]{2})/(?P<month>[0-9]{2})\ ?
    (?:M|(?P<high>-?[0-9]{1,3})(?P<high_time>[0-9]{4}))/\ ?
    (?:M|(?P<low>-?[0-9]{1,3})(?P<low_time>[0-9]{4}))//""",
    re.VERBOSE,
)

ALMOST_A_DAY = timedelta(hours=23, minutes=45)
"""A message that knows of a time so late is of the whole day."""


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
    low_time: time | None = field(default=None, compare=False)
    heading: Heading | None = field(default=None, compare=False)
    """What it came under, which is no part of the message."""

    @property
    def issued_at(self) -> datetime | None:
        """When it was sent, as far as its heading says, near the end of its day."""
        if self.heading is None:
            return None
        near = datetime.combine(self.climate_day + timedelta(days=1), time(), tzinfo=UTC)
        day, hour, minute = self.heading.day, self.heading.hour, self.heading.minute
        return instant_near(near, day=day, hour=hour, minute=minute)

    @property
    def correction(self) -> int:
        """0 for a message as first sent, 1 for its first correction …"""
        return max(int(self.is_corrected), self.heading.correction if self.heading else 0)


def parse_dsms(
    text: str, *, received_at: datetime
) -> tuple[tuple[DailySummary, ...], tuple[BulletinError, ...]]:
    """The summaries in any number of messages, and the messages that could not be read.

    A message does not say its year: that which brings it closest to ``received_at`` is meant.
    Raises nothing.
    """
    summaries: list[DailySummary] = []
    faults: list[BulletinError] = []
    for message, heading in reports(text, _START):
        found = _SUMMARY.match(message)
        station = None if found is None else found["station"]
        try:
            summaries.append(_summary(found, heading, received_at))
        except BulletinError as fault:
            faults.append(BulletinError(f"{fault.reason}: {message[:60]!a}", station=station))
    return tuple(summaries), tuple(faults)


def daily_maximum(summary: DailySummary) -> Observation | None:
    """The summary's maximum as an observation of its day so far; ``None`` where it is missing.

    Its window ends where it says, or with the day, but not later than it was sent or received.
    Raises ``InputError`` where it came before its day began, or where the station is not one of
    ours, so that we do not know when its day begins.
    """
    if summary.high_f is None:
        return None
    station = by_icao(summary.station)
    start_at = station.day_start(summary.climate_day)
    issued_at, received_at = summary.issued_at, summary.received_at
    reach = _reach(summary, is_over=received_at >= station.day_end(summary.climate_day))
    return Observation(
        station=summary.station,
        basis=Basis.DAILY_SUMMARY,
        start_at=start_at,
        end_at=min(start_at + reach, issued_at or received_at, received_at),
        low_f=summary.high_f,
        high_f=summary.high_f,
        received_at=received_at,
        correction=summary.correction,
        issued_at=issued_at,
    )


def _reach(summary: DailySummary, *, is_over: bool) -> timedelta:
    """How far into its day a summary may go at most; ``is_over``: its day was when it came.

    A correction that says neither its hour nor when it was sent goes to the last time in it.
    """
    if summary.until is not None:
        return _since_midnight(summary.until)
    if summary.heading is not None or (is_over and not summary.is_corrected):
        return timedelta(days=1)
    times = (summary.high_time, summary.low_time)
    last = max((_since_midnight(at) for at in times if at is not None), default=timedelta())
    return last if last < ALMOST_A_DAY else timedelta(days=1)


def _since_midnight(at: time) -> timedelta:
    return timedelta(hours=at.hour, minutes=at.minute)


def _summary(
    found: re.Match[str] | None, heading: Heading | None, received_at: datetime
) -> DailySummary:
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
        is_corrected=any(found[name] for name in ("before", "correction", "after")),
        received_at=received_at,
        low_time=_time(found["low_time"]),
        heading=heading,
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
