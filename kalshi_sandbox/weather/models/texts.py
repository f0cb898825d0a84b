"""MOS and LAMP as texts: the rows that a reader of maxima needs, and a few others."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from kalshi_edge.domain.weather import Station
from kalshi_edge.units import round_half_up
from kalshi_sandbox.weather.diurnal_curve import model_hour_f
from kalshi_sandbox.weather.names import month_name
from kalshi_sandbox.world.models import PointModel
from kalshi_sandbox.world.world import World

TITLES = {
    PointModel.GFSMOS: ("FOUS44", "MAV", "GFS MOS"),
    PointModel.NAMMOS: ("FOUS46", "MET", "NAM MOS"),
    PointModel.LAMP: ("FOUS11", "LAV", "GFS LAMP"),
}
"""Heading, product and title of each text."""
KINDS = {product: model for model, (_, product, _) in TITLES.items()}
LAMP_HOURS = 25
_MOS_LEADS_H = (*range(6, 61, 3), 66, 72)


def mos_times(run_at: datetime) -> tuple[datetime, ...]:
    """The instants of a MOS run's columns: every three hours to the third day, then every six."""
    return tuple(run_at + timedelta(hours=lead) for lead in _MOS_LEADS_H)


def lamp_times(run_at: datetime, count: int = LAMP_HOURS) -> tuple[datetime, ...]:
    """The full hours after a LAMP run."""
    first = run_at.replace(minute=0) + timedelta(hours=1)
    return tuple(first + timedelta(hours=step) for step in range(count))


def extreme_f(
    world: World, model: PointModel, station: Station, at: datetime, run_at: datetime
) -> int | None:
    """MOS's maximum or minimum in the column of ``at``, °F; none but at 00 and 12 UTC.

    A day or night that has begun by the run has none.
    """
    day = (at - timedelta(hours=1)).date()
    if at.hour == 0 and run_at + timedelta(hours=12) < at:
        return round_half_up(world.model_outlook(model, station, day, run_at).mean_f)
    if at.hour == 12 and run_at + timedelta(hours=12) < at:
        return round_half_up(world.low_outlook(station, at.date(), run_at).mean_f)
    return None


def hour_f(
    world: World, model: PointModel, station: Station, at: datetime, run_at: datetime
) -> int:
    """What a run foresees for an hour, whole °F."""
    return round_half_up(model_hour_f(world, model, station, at, run_at))


def station_text(world: World, model: PointModel, station: Station, run_at: datetime) -> str:
    """One station's text as it comes through the weather service's gateway."""
    heading, product, title = TITLES[model]
    rows = _lamp_rows if model is PointModel.LAMP else _mos_rows
    top = f"{station.icao}   {title} GUIDANCE   "
    return "\n".join(
        [
            "000 ",
            f"{heading} KWNO {run_at:%d%H}00",
            f"{product}USA",
            f"{top}{run_at.month:2d}/{run_at.day:02d}/{run_at.year}  {run_at:%H%M} UTC",
            *rows(world, model, station, run_at),
            "",
        ]
    )


def _mos_rows(world: World, model: PointModel, station: Station, run_at: datetime) -> list[str]:
    times = mos_times(run_at)
    extremes = [extreme_f(world, model, station, at, run_at) for at in times]
    first = next(at for at, value in zip(times, extremes, strict=True) if value is not None)
    label = "X/N" if first.hour == 0 else "N/X"
    hours = [hour_f(world, model, station, at, run_at) for at in times]
    return [
        _days(times),
        _row("HR", [f"{at.hour:02d}" for at in times]),
        _row(label, ["" if value is None else str(value) for value in extremes]),
        _row("TMP", [str(value) for value in hours]),
        _row("CLD", ["SC"] * len(times)),
        _row("WSP", ["05"] * len(times)),
    ]


def _lamp_rows(world: World, model: PointModel, station: Station, run_at: datetime) -> list[str]:
    times = lamp_times(run_at)
    hours = [hour_f(world, model, station, at, run_at) for at in times]
    return [
        _row("UTC", [f"{at.hour:02d}" for at in times]),
        _row("TMP", [str(value) for value in hours]),
        _row("WGS", ["NG"] * len(times)),
        _row("CLD", ["SC"] * len(times)),
    ]


def _row(label: str, cells: Sequence[str]) -> str:
    return (f"{label:<4}" + "".join(f"{cell:>3}" for cell in cells)).rstrip()


def _days(times: Sequence[datetime]) -> str:
    """``/AUG  12`` begins with the day's first column, as far as there is room."""
    text = list("DT  " + "   " * len(times) + " " * 9)
    for place, at in enumerate(times):
        if place == 0 or at.date() != times[place - 1].date():
            label = f"/{month_name(at)[:3]} {at.day:3d}"
            start = 3 + 3 * place
            text[start : start + len(label)] = label
    return "".join(text).rstrip()[: 4 + 3 * len(times)]
