"""What each station's weather is like on average: the tables that the world is drawn from.

New York, Chicago, Los Angeles, Miami and Phoenix: normals 1991-2020 (NCEI), NBM's errors against
climate reports of 2021-2024, estimates [E] where nothing was published. All figures of the other 19
stations are estimates [E] by region and latitude, fit for a sandbox and nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

Months = tuple[
    float, float, float, float, float, float, float, float, float, float, float, float
]  # fmt: skip
Seasons = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Climate:
    """One station's daily maximum (°F): how it varies, how well it is forecast, when it happens."""

    mean_f: Months
    """January to December."""
    sd_f: Months
    """About the normal of the calendar day."""
    error_sd_f: Seasons
    """Of NBM's forecast 23 to 35 hours ahead, bias included: winter, spring, summer, autumn."""
    peak_h: tuple[float, float]
    """Mean local standard hour of the maximum, winter and summer."""
    peak_sd_h: tuple[float, float]
    off_window: tuple[float, float]
    """Share of days whose maximum lies outside 12 to 06 UTC, winter and summer."""
    range_f: tuple[float, float]
    """Mean fall from the maximum to the night's minimum, winter and summer [E]."""


# Peak hours, their SD, off-window shares and daily ranges of the other stations, by region [E].
_NORTHEAST = ((13.6, 14.3), (1.8, 1.7), (0.10, 0.01), (14.0, 17.0))
_MIDWEST = ((13.6, 14.5), (1.8, 1.8), (0.11, 0.01), (15.0, 18.0))
_SOUTH = ((14.2, 14.8), (1.7, 1.6), (0.08, 0.01), (20.0, 20.0))
_GULF = ((13.9, 13.8), (1.6, 1.6), (0.06, 0.01), (17.0, 16.0))
_PLATEAU = ((13.8, 14.2), (1.6, 1.7), (0.13, 0.03), (26.0, 28.0))
_DESERT = ((14.5, 15.3), (1.1, 1.2), (0.01, 0.005), (19.0, 23.0))
_PACIFIC = ((13.2, 13.2), (1.5, 1.6), (0.02, 0.005), (14.0, 14.0))

_NYC_SD: Months = (10.1, 9.8, 9.9, 9.6, 8.7, 7.1, 6.1, 6.0, 6.5, 7.5, 8.5, 9.4)
_MDW_SD: Months = (11.5, 11.3, 12.0, 11.6, 10.3, 8.0, 6.6, 6.4, 8.5, 9.8, 10.2, 11.0)
_LAX_SD: Months = (6.6, 6.5, 6.2, 6.6, 5.0, 4.4, 4.2, 4.5, 6.0, 7.0, 7.2, 6.2)
_PHX_SD: Months = (6.6, 7.4, 8.0, 8.4, 7.6, 5.6, 5.1, 5.0, 5.8, 7.3, 7.3, 6.5)
_TEXAS_SD: Months = (11.5, 11.3, 9.8, 8.0, 6.2, 4.4, 3.9, 4.0, 5.8, 7.9, 9.8, 11.0)
_GULF_SD: Months = (9.6, 9.2, 7.6, 5.6, 4.3, 3.4, 3.1, 3.2, 4.3, 6.2, 8.2, 9.3)
_ATL_SD: Months = (9.5, 9.4, 9.0, 7.6, 6.2, 5.0, 4.3, 4.3, 5.6, 6.8, 8.3, 9.2)
_DEN_SD: Months = (12.6, 12.8, 12.5, 12.4, 11.0, 8.8, 6.2, 6.4, 9.4, 11.6, 12.6, 12.6)
_SFO_SD: Months = (5.2, 5.5, 6.3, 7.3, 7.0, 7.0, 6.0, 5.8, 7.0, 7.2, 5.8, 5.0)
_SEA_SD: Months = (5.8, 5.6, 6.0, 7.2, 8.2, 8.0, 7.6, 7.0, 7.2, 5.9, 5.5, 5.7)

_NYC_ERROR: Seasons = (2.6, 3.0, 2.2, 2.4)
_TEXAS_ERROR: Seasons = (3.3, 3.0, 2.3, 2.7)

CLIMATES: Mapping[str, Climate] = MappingProxyType({
    "KNYC": Climate(
        (39.5, 42.3, 49.9, 61.8, 71.4, 79.7, 84.9, 83.3, 76.2, 64.5, 54.0, 44.3), _NYC_SD,
        _NYC_ERROR, (13.6, 14.3), (1.8, 1.7), (0.10, 0.01), (12.0, 15.0)),
    "KMDW": Climate(
        (32.8, 36.8, 47.9, 60.0, 71.5, 81.2, 85.2, 83.1, 76.5, 63.7, 49.6, 37.7), _MDW_SD,
        (3.5, 3.2, 2.3, 2.4), (13.5, 14.4), (1.8, 1.8), (0.11, 0.01), (13.0, 17.0)),
    "KLAX": Climate(
        (66.3, 65.6, 66.1, 68.1, 69.5, 72.0, 75.1, 76.7, 76.5, 74.4, 70.9, 66.1), _LAX_SD,
        (2.5, 2.3, 2.3, 3.3), (12.8, 12.0), (1.5, 1.4), (0.01, 0.005), (16.0, 11.0)),
    "KMIA": Climate(
        (76.2, 78.2, 80.6, 83.6, 86.7, 89.3, 90.6, 90.7, 89.0, 85.9, 81.3, 78.2),
        (6.3, 5.6, 5.0, 3.8, 3.2, 3.0, 2.4, 2.4, 2.6, 3.3, 4.4, 5.4),
        (1.7, 1.5, 1.4, 1.6), (13.4, 13.0), (1.5, 1.5), (0.03, 0.005), (15.0, 13.0)),
    "KPHX": Climate(
        (67.6, 70.8, 78.1, 85.5, 94.5, 104.2, 106.5, 105.1, 100.4, 89.2, 76.5, 66.2), _PHX_SD,
        (2.3, 2.2, 2.0, 2.0), (14.8, 15.4), (1.0, 1.1), (0.01, 0.005), (21.0, 22.0)),
    # Everything below is [E]. PHL, AUS and DEN also make up the measured 4.6 % of off-window days.
    "KAUS": Climate(
        (62.5, 66.5, 73.0, 80.0, 86.9, 93.0, 96.0, 97.1, 90.9, 82.6, 71.4, 63.7), _TEXAS_SD,
        _TEXAS_ERROR, *_SOUTH),
    "KDEN": Climate(
        (44.8, 46.0, 55.0, 61.2, 71.0, 83.0, 89.8, 87.4, 79.2, 65.2, 53.1, 44.4), _DEN_SD,
        (4.2, 4.2, 3.2, 3.4), *_PLATEAU),
    "KPHL": Climate(
        (41.3, 44.3, 52.8, 64.7, 74.4, 83.2, 87.8, 85.8, 78.9, 67.2, 55.9, 46.0), _NYC_SD,
        _NYC_ERROR, *_NORTHEAST),
    "KATL": Climate(
        (54.0, 58.2, 65.9, 73.8, 81.1, 87.1, 90.1, 89.0, 83.9, 74.4, 64.1, 56.2), _ATL_SD,
        (2.7, 2.6, 2.2, 2.2), *_SOUTH),
    "KBOS": Climate(
        (36.8, 39.0, 45.5, 56.4, 66.5, 76.5, 82.4, 80.8, 73.5, 62.2, 51.6, 42.1), _NYC_SD,
        (3.0, 3.6, 2.8, 2.6), *_NORTHEAST),
    "KDFW": Climate(
        (56.5, 60.4, 68.6, 76.3, 83.4, 91.6, 95.7, 96.0, 88.9, 78.5, 66.5, 57.6), _TEXAS_SD,
        _TEXAS_ERROR, *_SOUTH),
    "KDCA": Climate(
        (44.8, 48.3, 56.5, 68.0, 76.5, 85.1, 89.6, 87.8, 80.7, 69.4, 58.2, 48.8), _NYC_SD,
        _NYC_ERROR, *_NORTHEAST),
    "KEWR": Climate(
        (40.0, 42.8, 50.7, 62.4, 72.6, 81.9, 87.0, 85.0, 78.0, 66.3, 54.9, 45.0), _NYC_SD,
        _NYC_ERROR, *_NORTHEAST),
    "KHOU": Climate(
        (63.2, 67.0, 73.4, 79.3, 85.9, 91.0, 93.0, 93.6, 89.2, 81.8, 72.1, 65.0), _GULF_SD,
        (2.7, 2.5, 2.1, 2.2), *_GULF),
    "KLAS": Climate(
        (58.5, 62.9, 71.1, 78.5, 88.5, 99.4, 104.5, 102.8, 94.9, 81.2, 67.1, 57.2), _PHX_SD,
        (2.3, 2.4, 2.1, 2.0), *_DESERT),
    "KMSP": Climate(
        (23.6, 28.5, 41.7, 56.6, 69.2, 79.0, 83.4, 80.7, 72.9, 58.1, 41.9, 28.8), _MDW_SD,
        (3.4, 3.3, 2.4, 2.6), *_MIDWEST),
    "KMSY": Climate(
        (62.5, 66.4, 72.3, 78.5, 85.3, 89.7, 91.1, 91.3, 88.1, 80.6, 71.2, 64.8), _GULF_SD,
        (2.7, 2.5, 2.1, 2.2), *_GULF),
    "KOKC": Climate(
        (49.0, 53.3, 62.4, 71.2, 79.2, 88.1, 93.2, 92.3, 84.2, 73.2, 61.0, 50.6), _TEXAS_SD,
        (3.6, 3.5, 2.5, 2.8), *_SOUTH),
    "KSAT": Climate(
        (63.2, 67.5, 74.1, 80.6, 86.9, 92.6, 95.2, 96.4, 90.4, 82.7, 71.6, 64.2), _TEXAS_SD,
        _TEXAS_ERROR, *_SOUTH),
    "KSAN": Climate(
        (66.4, 66.2, 67.0, 68.8, 69.5, 71.7, 75.3, 77.3, 77.2, 74.6, 70.7, 66.0), _LAX_SD,
        (2.6, 2.3, 2.0, 3.0), *_PACIFIC),
    "KSDF": Climate(
        (43.6, 48.1, 57.7, 69.2, 77.8, 85.9, 89.0, 88.3, 82.0, 70.4, 57.2, 47.0), _MDW_SD,
        (3.2, 3.0, 2.3, 2.5), *_MIDWEST),
    "KSEA": Climate(
        (48.0, 50.3, 54.2, 59.3, 66.3, 71.1, 77.4, 77.6, 71.6, 60.5, 52.1, 47.0), _SEA_SD,
        (2.3, 2.9, 2.9, 2.3), *_PACIFIC),
    "KSFO": Climate(
        (57.8, 60.4, 62.3, 64.3, 66.6, 69.5, 70.8, 71.7, 72.7, 70.2, 63.5, 57.8), _SFO_SD,
        (2.4, 2.7, 3.3, 3.0), *_PACIFIC),
    "KTTN": Climate(
        (40.5, 43.4, 51.5, 63.5, 73.3, 81.8, 86.6, 84.6, 77.9, 66.1, 54.7, 45.1), _NYC_SD,
        _NYC_ERROR, *_NORTHEAST),
})  # fmt: skip
