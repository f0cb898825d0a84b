"""Model output at a point: BUFKIT files (HRRR, RAP) and JSON of a single run (GEFS)."""

from datetime import datetime, timedelta
from typing import Any

from kalshi_edge.domain.weather import Station
from kalshi_sandbox.weather.diurnal_curve import model_hour_f
from kalshi_sandbox.world.models import SKILLS, PointModel
from kalshi_sandbox.world.world import World

_LEVELS = 12
"""True files have about fifty, and are of 300 kB."""
_NAMES = (
    ("STN", "YYMMDD/HHMM", "PMSL", "PRES", "SKTC", "STC1", "SNFL", "WTNS"),
    ("P01M", "C01M", "STC2", "LCLD", "MCLD", "HCLD"),
    ("SNRA", "UWND", "VWND", "R01M", "BFGR", "T2MS"),
    ("Q2MS", "WXTS", "WXTP", "WXTZ", "WXTR", "USTM"),
    ("VSTM", "HLCY", "SLLH", "WSYM", "CDBP", "VSBK"),
    ("TD2M",),
)


def bufkit_file(world: World, model: PointModel, station: Station, run_at: datetime) -> bytes:
    """One run at one station: soundings, then the table of surface values."""
    times = [run_at + timedelta(hours=hour) for hour in range(SKILLS[model].reach_h + 1)]
    hours_c = [(model_hour_f(world, model, station, at, run_at) - 32) / 1.8 for at in times]
    lines = [
        "SNPARM = PRES;TMPC;TMWC;DWPC;THTE;DRCT;SKNT;OMEG;CFRL;HGHT",
        "STNPRM = SHOW;LIFT;SWET;KINX;LCLP;PWAT;TOTL;CAPE;LCLT;CINS;EQLV;LFCT;BRCH",
        "",
    ]
    number = 720000 + sum(map(ord, station.icao))
    for place, (at, celsius) in enumerate(zip(times, hours_c, strict=True)):
        lines += _sounding(station, number, at, place, celsius)
    lines += [" ".join(names) for names in _NAMES]
    for at, celsius in zip(times, hours_c, strict=True):
        lines += _surface(number, at, celsius)
    return ("\r\n".join(lines) + "\r\n").encode()


def _sounding(station: Station, number: int, at: datetime, hour: int, celsius: float) -> list[str]:
    lines = [
        f"STID = {station.icao} STNM = {number} TIME = {at:%y%m%d/%H%M}",
        f"SLAT = {station.latitude:.2f} SLON = {station.longitude:.2f} SELV = 20.0",
        f"STIM = {hour}",
        "",
        "SHOW = 12.30 LIFT = 14.02 SWET = 71.40 KINX = 8.11",
        "",
        "PRES TMPC TMWC DWPC THTE DRCT SKNT OMEG",
        "CFRL HGHT",
    ]
    for level in range(_LEVELS):
        air = celsius - 6.5 * level
        lines.append(f"{1000 - 70 * level:.2f} {air:.2f} {air - 2:.2f} {air - 4:.2f} 290 230 12 0")
        lines.append(f"0.00 {100 + 900 * level:.2f}")
    return [*lines, ""]


def _surface(number: int, at: datetime, celsius: float) -> list[str]:
    return [
        f"{number} {at:%y%m%d/%H%M} 1015.20 1012.10 {celsius + 1:.2f} 285.10 0.00 -9999.00",
        "0.00 0.00 284.40 0.00 12.00 50.00",
        f"-9999.00 2.10 -1.40 0.00 0.00 {celsius:.2f}",
        "4.20 0.00 0.00 0.00 0.00 3.30",
        "1.10 22.00 -9999.00 -9999.00 -9999.00 16.00",
        f"{celsius - 6:.2f}",
    ]


def point_run(
    world: World, model: PointModel, station: Station, run_at: datetime
) -> dict[str, Any]:
    """A run's hours from the first of its day on, °C, as Open-Meteo gives them."""
    first = run_at.replace(hour=0, minute=0)
    count = run_at.hour + SKILLS[model].reach_h + 1
    times = [first + timedelta(hours=hour) for hour in range(count)]
    means: list[float | None] = []
    spreads: list[float | None] = []
    for at in times:
        if at < run_at:
            means.append(None)
            spreads.append(None)
            continue
        day = max(station.climate_day(at), run_at.date())
        spread_f = world.model_outlook(model, station, day, run_at).sd_f
        means.append(round((model_hour_f(world, model, station, at, run_at) - 32) / 1.8, 2))
        spreads.append(round(spread_f / 1.8, 2))
    return {
        "latitude": round(station.latitude * 4) / 4,
        "longitude": round(station.longitude * 4) / 4,
        "utc_offset_seconds": 0,
        "timezone": "GMT",
        "hourly_units": {
            "time": "iso8601", "temperature_2m": "°C", "temperature_2m_spread": "°C",
        },
        "hourly": {
            "time": [f"{at:%Y-%m-%dT%H:%M}" for at in times],
            "temperature_2m": means,
            "temperature_2m_spread": spreads,
        },
    }  # fmt: skip
