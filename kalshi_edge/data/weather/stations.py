"""Where each daily-high series settles: a table, as neither tickers nor airports follow a rule.

Chicago is Midway, Dallas is DFW, Houston is Hobby, Austin is Bergstrom, New York is Central Park.
Source: the settlement rules of the series; the places are those of the ASOS sensors.
"""

from collections.abc import Mapping
from types import MappingProxyType

from kalshi_edge.domain.weather import Station
from kalshi_edge.errors import InputError

STATIONS: tuple[Station, ...] = (
    Station("NYC", "KNYC", "New York Central Park", "CLINYC", "KXHIGHNY", -5, 40.7789, -73.9692),
    Station("CHI", "KMDW", "Chicago Midway", "CLIMDW", "KXHIGHCHI", -6, 41.7841, -87.7551),
    Station("LA", "KLAX", "Los Angeles Intl", "CLILAX", "KXHIGHLAX", -8, 33.9380, -118.3888),
    Station("MIA", "KMIA", "Miami Intl", "CLIMIA", "KXHIGHMIA", -5, 25.7905, -80.3163),
    Station("AUS", "KAUS", "Austin Bergstrom", "CLIAUS", "KXHIGHAUS", -6, 30.1831, -97.6799),
    Station("DEN", "KDEN", "Denver Intl", "CLIDEN", "KXHIGHDEN", -7, 39.8466, -104.6562),
    Station("PHIL", "KPHL", "Philadelphia Intl", "CLIPHL", "KXHIGHPHIL", -5, 39.8733, -75.2268),
    Station("ATL", "KATL", "Atlanta Hartsfield", "CLIATL", "KXHIGHTATL", -5, 33.6297, -84.4422),
    Station("BOS", "KBOS", "Boston Logan", "CLIBOS", "KXHIGHTBOS", -5, 42.3606, -71.0097),
    Station("DAL", "KDFW", "Dallas-Fort Worth", "CLIDFW", "KXHIGHTDAL", -6, 32.8974, -97.0220),
    Station("DC", "KDCA", "Washington Reagan", "CLIDCA", "KXHIGHTDC", -5, 38.8472, -77.0345),
    Station("EWR", "KEWR", "Newark Liberty", "CLIEWR", "KXHIGHTEWR", -5, 40.6825, -74.1694),
    Station("HOU", "KHOU", "Houston Hobby", "CLIHOU", "KXHIGHTHOU", -6, 29.6459, -95.2821),
    Station("LV", "KLAS", "Las Vegas Reid", "CLILAS", "KXHIGHTLV", -8, 36.0719, -115.1634),
    Station("MIN", "KMSP", "Minneapolis-St Paul", "CLIMSP", "KXHIGHTMIN", -6, 44.8831, -93.2289),
    Station("NOLA", "KMSY", "New Orleans Intl", "CLIMSY", "KXHIGHTNOLA", -6, 29.9974, -90.2777),
    Station("OKC", "KOKC", "Oklahoma City Rogers", "CLIOKC", "KXHIGHTOKC", -6, 35.3889, -97.6006),
    Station("PHX", "KPHX", "Phoenix Sky Harbor", "CLIPHX", "KXHIGHTPHX", -7, 33.4278, -112.0037),
    Station("SATX", "KSAT", "San Antonio Intl", "CLISAT", "KXHIGHTSATX", -6, 29.5443, -98.4839),
    Station("SAN", "KSAN", "San Diego Lindbergh", "CLISAN", "KXHIGHTSAN", -8, 32.7336, -117.1831),
    Station("SDF", "KSDF", "Louisville Intl", "CLISDF", "KXHIGHTSDF", -5, 38.1811, -85.7391),
    Station("SEA", "KSEA", "Seattle-Tacoma", "CLISEA", "KXHIGHTSEA", -8, 47.4444, -122.3138),
    Station("SFO", "KSFO", "San Francisco Intl", "CLISFO", "KXHIGHTSFO", -8, 37.6197, -122.3656),
    Station("TTN", "KTTN", "Trenton Mercer", "CLITTN", "KXHIGHTTTN", -5, 40.2767, -74.8159),
)

CITY_ALIASES: Mapping[str, str] = MappingProxyType({"LAX": "LA", "LAS": "LV"})
"""Other short names in recorded history."""

LEGACY_SERIES: Mapping[str, str] = MappingProxyType(
    {
        "HIGHNY": "KXHIGHNY",
        "HIGHCHI": "KXHIGHCHI",
        "HIGHLAX": "KXHIGHLAX",
        "HIGHMIA": "KXHIGHMIA",
        "HIGHAUS": "KXHIGHAUS",
        "HIGHDEN": "KXHIGHDEN",
        "HIGHPHIL": "KXHIGHPHIL",
    }
)
"""Series names of recorded history (to 2024). Dormant today: read them, never trade them."""

_BY_CITY = MappingProxyType({station.city: station for station in STATIONS})
_BY_ICAO = MappingProxyType({station.icao: station for station in STATIONS})
_BY_SERIES = MappingProxyType({station.series: station for station in STATIONS})
_BY_REPORT = MappingProxyType({station.report: station for station in STATIONS})


def station_of(city: str) -> Station:
    """The station of a city's short name, aliases included; ``InputError`` for any other.

    >>> station_of("CHI").icao, station_of("LAX").city
    ('KMDW', 'LA')
    """
    return _found("city", CITY_ALIASES.get(city, city), _BY_CITY)


def by_icao(icao: str) -> Station:
    """The station with this four-letter identifier; ``InputError`` for any other.

    >>> by_icao("KPHX").city
    'PHX'
    """
    return _found("station", icao, _BY_ICAO)


def by_series(series: str) -> Station:
    """The station that settles a daily-high series, old names included; else ``InputError``.

    >>> by_series("KXHIGHTDAL").icao, by_series("HIGHNY").series
    ('KDFW', 'KXHIGHNY')
    """
    return _found("series", LEGACY_SERIES.get(series, series), _BY_SERIES)


def by_report(report: str) -> Station:
    """The station a climate report is about; ``InputError`` for any other.

    >>> by_report("CLIMDW").city
    'CHI'
    """
    return _found("climate report", report, _BY_REPORT)


def _found(kind: str, key: str, table: Mapping[str, Station]) -> Station:
    station = table.get(key)
    if station is None:
        raise InputError(f"no {kind} {key!r}; known: {', '.join(table)}")
    return station
