"""The clocks of a climate report: when it was issued, and as of when an intermediate one is valid.

Offices write civil time (``443 PM EDT``, ``VALID TODAY AS OF 0400 PM LOCAL TIME``), with minutes or
without, in twelve hours or in twenty-four.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from kalshi_edge.data.weather.wmo import Heading, instant_near
from kalshi_edge.errors import BulletinError

_CLOCK = r"(?P<hour>[0-9]{1,2}?)(?::?(?P<minute>[0-9]{2}))?(?![0-9:])"
_ISSUED = re.compile(
    rf"^ *{_CLOCK} *(?P<half>[AP])M +(?P<zone>[A-Z]{{3,4}}) +[A-Z]{{3}} +(?P<day>.+)$",
    re.MULTILINE,
)
AS_OF = re.compile(
    r"\bVALID\s+(?:TODAY\s+)?AS\s+OF\b(?:\s+TODAY)?"
    rf"(?:\s+(?:{_CLOCK}(?:\s*(?P<half>[AP])\.?M\b\.?)?|(?P<noon>NOON))"
    r"(?:\s+(?P<standard>(?:LOCAL\s+)?STANDARD|LST)\b|\s+(?P<zone>[A-Z]{3,4})\b)?)?"
)
"""The line that makes a report an intermediate one, with its hour where it can be read."""
_DAY = re.compile(
    r"(?P<month>[A-Z]{3,9})\s+(?P<day>[0-9]{1,2}),?\s+(?P<year>(?:18|19|20)[0-9]{2})"
    r"(?:[\s.-]+\(?COR(?:R|RECTED|RECTION)?\)?)?"
)
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_ZONES_H = {
    "AST": -4, "EST": -5, "CST": -6, "MST": -7, "PST": -8, "AKST": -9, "HST": -10, "SST": -11,
    "ADT": -3, "EDT": -4, "CDT": -5, "MDT": -6, "PDT": -7, "AKDT": -8,
}  # fmt: skip
"""Hours from UTC."""
_NEAR = timedelta(hours=36)


@dataclass(frozen=True, slots=True)
class IssueLine:
    """``443 PM EDT SAT AUG 29 2026``."""

    day: date
    """In local standard time: the first hour by a summer clock belongs to the day before."""
    at: datetime | None
    """UTC; ``None`` where its zone is not known."""
    zone: str


def one_day(text: str) -> date:
    """The one day that ``JULY 8 2026`` is; ``BulletinError`` for a month, a season or nonsense."""
    found = _DAY.fullmatch(text.strip())
    if found is None or found["month"][:3] not in _MONTHS:
        raise BulletinError(f"not one day: {text.strip()[:60]!r}")
    try:
        return date(int(found["year"]), _MONTHS.index(found["month"][:3]) + 1, int(found["day"]))
    except ValueError as error:
        raise BulletinError(f"{error}: {text.strip()!r}") from error


def issue_line(text: str) -> IssueLine | None:
    """The line of issue, where the text has its usual one."""
    found = _ISSUED.search(text)
    if found is None:
        return None
    day, clock, zone = one_day(found["day"]), _time(found), found["zone"]
    offset_h = _ZONES_H.get(zone)
    at = None if clock is None or offset_h is None else _instant(day, clock, offset_h)
    in_first_hour = int(found["hour"]) % 12 == 0 and found["half"] == "A"
    return IssueLine(day - timedelta(days=int(in_first_hour and zone.endswith("DT"))), at, zone)


def issue_instant(heading: Heading, line: IssueLine | None, climate_day: date) -> datetime | None:
    """When the heading says it was sent; where that is nowhere near, the line of issue."""
    day = climate_day + timedelta(days=1) if line is None else line.day
    noon = datetime.combine(day, time(12), tzinfo=UTC)
    at = instant_near(noon, day=heading.day, hour=heading.hour, minute=heading.minute)
    if abs(at - noon) <= _NEAR:
        return at
    return None if line is None else line.at


def as_of_instant(
    found: re.Match[str], climate_day: date, line: IssueLine | None, issued_at: datetime | None
) -> datetime | None:
    """The last time before its issue that the clock showed what ``found`` says, within its day.

    ``None`` where it names no hour, where nothing says which zone it is in, or where there is no
    such time: then it is valid as of its issue at the latest.
    """
    zone = found["zone"] if found["zone"] in _ZONES_H else line.zone if line else ""
    if found["standard"]:
        zone = zone.replace("DT", "ST")
    clock, offset_h = _time(found), _ZONES_H.get(zone)
    if clock is None or offset_h is None:
        return None
    standard_h = offset_h - int(zone.endswith("DT"))
    start_at = _instant(climate_day, time(), standard_h)
    end_at = start_at + timedelta(days=1)
    until_at = end_at if issued_at is None else min(issued_at, end_at)
    days = (climate_day, climate_day + timedelta(days=1))
    shown = (_instant(day, clock, offset_h) for day in days)
    return max((at for at in shown if start_at <= at <= until_at), default=None)


def _time(found: re.Match[str]) -> time | None:
    if found.groupdict().get("noon"):
        return time(12)
    if found["hour"] is None:
        return None
    hour, minute = int(found["hour"]), int(found["minute"] or 0)
    if found["half"]:
        if hour > 12:
            return None
        hour = hour % 12 + 12 * (found["half"] == "P")
    return time(hour, minute) if hour < 24 and minute < 60 else None


def _instant(day: date, clock: time, offset_h: int) -> datetime:
    return datetime.combine(day, clock, tzinfo=UTC) - timedelta(hours=offset_h)
