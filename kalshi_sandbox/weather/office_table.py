"""Who reports for each station, under which headings, by which clock and how soon."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType

from kalshi_edge.data.weather.stations import STATIONS
from kalshi_edge.domain.weather import Station

_ZONES = {
    -5: ("E", "America/New_York"),
    -6: ("C", "America/Chicago"),
    -7: ("M", "America/Denver"),
    -8: ("P", "America/Los_Angeles"),
}


@dataclass(frozen=True, slots=True)
class Office:
    """The forecast office of a station, and how its texts look."""

    identifier: str
    """``OKX``."""
    region: int
    """Last figure of its headings: ``CDUS41`` climate reports, ``CXUS41`` summaries."""
    signature: str
    headline: str
    """The station in the headline of its climate report."""
    grid: tuple[int, int]
    report_minute: int
    """Minute of the hourly report."""
    final_lag_min: int
    """Minutes from the end of the climate day to its final report, on average."""
    has_colons: bool = True
    """``2:31 PM``, not ``231 PM``."""
    has_five_minute_feed: bool = True
    keeps_standard_time: bool = False


# Lags and minutes of the five traded cities as measured; of the others estimates [E].
OFFICES: Mapping[str, Office] = MappingProxyType({
    "KNYC": Office("OKX", 1, "NEW YORK, NY", "CENTRAL PARK NY", (34, 45), 51, 80, False, False),
    "KMDW": Office("LOT", 3, "CHICAGO IL", "CHICAGO-MIDWAY", (72, 69), 53, 46),
    "KLAX": Office(
        "LOX", 6, "LOS ANGELES/OXNARD", "LOS ANGELES INTL AIRPORT CA", (148, 41), 53, 60
    ),
    "KMIA": Office("MFL", 2, "MIAMI,FL", "MIAMI", (106, 51), 53, 225),
    "KPHX": Office(
        "PSR", 5, "PHOENIX AZ", "PHOENIX AZ", (161, 57), 51, 80, False, keeps_standard_time=True
    ),
    "KAUS": Office("EWX", 4, "AUSTIN/SAN ANTONIO", "AUSTIN BERGSTROM", (159, 88), 53, 95),
    "KDEN": Office("BOU", 5, "DENVER/BOULDER CO", "DENVER CO", (74, 66), 53, 75),
    "KPHL": Office("PHI", 1, "MOUNT HOLLY NJ", "PHILADELPHIA PA", (48, 72), 54, 90),
    "KATL": Office("FFC", 2, "PEACHTREE CITY GA", "ATLANTA GA", (50, 82), 52, 80),
    "KBOS": Office("BOX", 1, "BOSTON/NORTON MA", "BOSTON MA", (73, 90), 54, 85),
    "KDFW": Office("FWD", 4, "FORT WORTH TX", "DALLAS/FORT WORTH TX", (79, 109), 53, 75),
    "KDCA": Office(
        "LWX", 1, "BALTIMORE MD/WASHINGTON DC", "WASHINGTON NATIONAL DC", (97, 69), 52, 80
    ),
    "KEWR": Office("OKX", 1, "NEW YORK, NY", "NEWARK NJ", (27, 34), 51, 82, False),
    "KHOU": Office("HGX", 4, "HOUSTON/GALVESTON TX", "HOUSTON HOBBY TX", (66, 91), 53, 90),
    "KLAS": Office("VEF", 5, "LAS VEGAS NV", "LAS VEGAS NV", (122, 94), 56, 70),
    "KMSP": Office("MPX", 3, "TWIN CITIES/CHANHASSEN MN", "TWIN CITIES MN", (110, 68), 53, 80),
    "KMSY": Office("LIX", 4, "NEW ORLEANS LA", "NEW ORLEANS LA", (60, 90), 53, 85),
    "KOKC": Office("OUN", 4, "NORMAN OK", "OKLAHOMA CITY OK", (96, 94), 52, 80),
    "KSAT": Office("EWX", 4, "AUSTIN/SAN ANTONIO", "SAN ANTONIO TX", (126, 59), 51, 97),
    "KSAN": Office("SGX", 6, "SAN DIEGO CA", "SAN DIEGO CA", (55, 14), 51, 70),
    "KSDF": Office("LMK", 3, "LOUISVILLE KY", "LOUISVILLE KY", (49, 76), 56, 75),
    "KSEA": Office("SEW", 6, "SEATTLE WA", "SEATTLE-TACOMA WA", (124, 61), 53, 70),
    "KSFO": Office("MTR", 6, "SAN FRANCISCO CA", "SAN FRANCISCO AIRPORT CA", (85, 98), 56, 70),
    "KTTN": Office("PHI", 1, "MOUNT HOLLY NJ", "TRENTON NJ", (54, 87), 53, 92),
})  # fmt: skip


def office_of(station: Station) -> Office:
    """The office of a station of the table."""
    return OFFICES[station.icao]


def short_name(station: Station) -> str:
    """The three letters of a station in product names: ``NYC``."""
    return station.icao[1:]


def station_of_name(name: str) -> Station | None:
    """The station with these three letters; ``None`` where there is none."""
    return next((station for station in STATIONS if short_name(station) == name), None)


def zone_name(station: Station) -> str:
    """The tz database's name for a station's civil time."""
    if office_of(station).keeps_standard_time:
        return "America/Phoenix"
    return _ZONES[station.standard_offset_h][1]


def civil_time(station: Station, at: datetime) -> tuple[datetime, str]:
    """What clocks on the wall show at a station (naive), and the zone's letters.

    >>> from kalshi_edge.data.weather.stations import by_icao
    >>> civil_time(by_icao("KNYC"), datetime(2026, 7, 9, 6, 26, tzinfo=UTC))
    (datetime.datetime(2026, 7, 9, 2, 26), 'EDT')
    """
    standard = at.astimezone(UTC).replace(tzinfo=None) + timedelta(hours=station.standard_offset_h)
    letter = _ZONES[station.standard_offset_h][0]
    if is_summer_time(station, at):
        return standard + timedelta(hours=1), f"{letter}DT"
    return standard, f"{letter}ST"


def is_summer_time(station: Station, at: datetime) -> bool:
    """Whether clocks are an hour ahead (Energy Policy Act of 2005, section 110).

    They are from 2 am on the second Sunday of March until 2 am on the first of November.
    """
    if office_of(station).keeps_standard_time:
        return False
    standard = at.astimezone(UTC).replace(tzinfo=None) + timedelta(hours=station.standard_offset_h)
    begins = datetime.combine(_sunday(standard.year, 3, 8), datetime.min.time())
    ends = datetime.combine(_sunday(standard.year, 11, 1), datetime.min.time())
    return begins + timedelta(hours=2) <= standard < ends + timedelta(hours=1)


def _sunday(year: int, month: int, earliest: int) -> date:
    first = date(year, month, earliest)
    return first + timedelta(days=(6 - first.weekday()) % 7)
