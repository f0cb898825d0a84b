"""What stands in NBM's rows: maxima and minima from the world, all else plausible and meaningless.

The other rows (wind, precipitation, pressure …) are there because real files have them and readers
must get past them; they are drawn at random and say nothing of the world.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

import numpy as np
from numpy.random import Generator

from kalshi_edge.domain.weather import Station
from kalshi_edge.units import round_half_up
from kalshi_sandbox.weather.diurnal_curve import hourly_forecast_f
from kalshi_sandbox.weather.nbm_layout import CELLS, EMPTY, Cells, Layout
from kalshi_sandbox.world.publication import Model
from kalshi_sandbox.world.world import PERCENTILES, Outlook, World

_PERCENTILE_ROWS = ("TXNP1", "TXNP2", "TXNP5", "TXNP7", "TXNP9")

_NBP_GROUPS = (
    # label, UTC hours of the columns that are filled, scale of the values, format
    ("WSP", (0, 12), 8.0, "3d"),
    ("W24", (0,), 14.0, "3d"),
    ("G24", (0,), 22.0, "3d"),
    ("Q24", (12,), 15.0, "3d"),
    ("S24", (12,), 0.0, "3d"),
    ("I24", (12,), 0.0, "3d"),
    ("SLP", (0, 12), 18.0, "03d"),
)
_SHORT_CYCLES = (0, 12)
"""Runs whose files leave out snow and ice (27.5 MB instead of 34.7)."""

_NBS_ROWS = (
    # label, hours between columns that are filled, lowest and highest value
    ("TSD", 3, 1, 4), ("DPT", 3, 20, 60), ("DSD", 3, 1, 4), ("WBG", 3, 20, 60), ("SKY", 3, 0, 100),
    ("SSD", 3, 5, 30), ("WDR", 3, 1, 36), ("WSP", 3, 0, 20), ("WSD", 3, 1, 3), ("SWH", 3, 0, 3),
    ("GST", 3, 5, 30), ("GSD", 3, 2, 6), ("P06", 6, 0, 90), ("P12", 12, 0, 90), ("Q06", 6, 0, 30),
    ("Q12", 12, 0, 50), ("DUR", 12, 0, 8), ("T03", 3, 0, 30), ("T06", 6, 0, 40), ("T12", 12, 0, 40),
    ("PZR", 3, 0, 0), ("PSN", 3, 0, 0), ("PPL", 3, 0, 0), ("PRA", 3, 100, 100), ("S06", 6, 0, 0),
    ("SLV", 3, 40, 110), ("I06", 6, 0, 0), ("CIG", 3, 3, 120), ("IFC", 3, 0, 40),
    ("LCB", 3, 3, 120), ("VIS", 3, 20, 100), ("IFV", 3, 0, 20), ("MHT", 3, 5, 40),
    ("TWD", 3, 1, 36), ("TWS", 3, 2, 20), ("HID", 6, 2, 5), ("SOL", 3, 0, 70),
)  # fmt: skip

Row = tuple[str, Cells]


def rows_of_station(world: World, station: Station, columns: Layout) -> Iterator[Row]:
    """A station's rows below the times, in their order."""
    run_at = columns.run_at
    outlooks = [_outlook(world, station, at, run_at) for at in columns.valid_at]
    mean, spread = [each.mean_f for each in outlooks], [each.sd_f for each in outlooks]
    yield from _extremes(mean, spread, columns)
    if columns.model is Model.NBS:
        hours = (hourly_forecast_f(world, station, at, run_at) for at in columns.valid_at)
        yield "TMP", _whole(hours)
    random = world.draws(f"bulletin {station.icao}", int(run_at.timestamp()))
    yield from _other_rows(random, columns)


def filler_rows(random: Generator, columns: Layout, *, has_temperatures: bool) -> Iterator[Row]:
    """Rows for a station that exists only to make the file as long as it is."""
    if has_temperatures:
        night = np.array(columns.hours) == 12
        mean = random.normal(60, 15) - 18 * night + np.cumsum(random.normal(0, 1, len(night)))
        yield from _extremes(mean.tolist(), random.uniform(1, 5, len(night)).tolist(), columns)
        if columns.model is Model.NBS:
            yield "TMP", _whole(mean.tolist())
    yield from _other_rows(random, columns)


def _outlook(world: World, station: Station, at: datetime, run_at: datetime) -> Outlook:
    """The maximum of the day before in a column of 00 UTC, in all others the day's minimum."""
    if at.hour == 0:
        return world.outlook(station, at.date() - timedelta(days=1), run_at)
    return world.low_outlook(station, at.date(), run_at)


def _extremes(mean_f: Sequence[float], sd_f: Sequence[float], columns: Layout) -> Iterator[Row]:
    spreads = [max(1.0, each) for each in sd_f]
    if columns.model is Model.NBS:
        yield "TXN", _where_whole(_whole(mean_f), columns)
        yield "XND", _where_whole(_whole(spreads), columns)
        return
    yield "TXNMN", _whole(mean_f)
    yield "TXNSD", _whole(spreads)
    for label, (_, z) in zip(_PERCENTILE_ROWS, PERCENTILES, strict=True):
        yield label, _whole(m + z * sd for m, sd in zip(mean_f, sd_f, strict=True))


def _whole(values: Iterable[float]) -> list[str]:
    return [CELLS[round_half_up(value)] for value in values]


def _where_whole(cells: Cells, columns: Layout) -> list[str]:
    """Only at 00 and 12 UTC, and not where the twelve hours have begun before the run."""
    return [
        cell if hour % 12 == 0 and lead >= 12 else EMPTY
        for cell, hour, lead in zip(cells, columns.hours, columns.leads_h, strict=True)
    ]


def _other_rows(random: Generator, columns: Layout) -> Iterator[Row]:
    """Everything but temperatures, at random."""
    if columns.model is Model.NBP:
        yield from _nbp_others(random, columns)
        return
    for label, every, lowest, highest in _NBS_ROWS:
        values = random.integers(lowest, highest + 1, len(columns.hours)).tolist()
        cells = [
            CELLS[value] if hour % every == 0 and lead >= every else EMPTY
            for value, hour, lead in zip(values, columns.hours, columns.leads_h, strict=True)
        ]
        yield label, cells


def _nbp_others(random: Generator, columns: Layout) -> Iterator[Row]:
    for label, hours, scale, form in _NBP_GROUPS:
        if label in {"S24", "I24"} and columns.run_at.hour in _SHORT_CYCLES:
            continue
        size = (len(_PERCENTILE_ROWS), len(columns.hours))
        values = np.sort(random.gamma(4, scale / 4, size), axis=0).astype(int).tolist()
        filled = [
            hour in hours and not (label in {"Q24", "S24", "I24"} and lead < 24)
            for hour, lead in zip(columns.hours, columns.leads_h, strict=True)
        ]
        for name, row in zip(_PERCENTILE_ROWS, values, strict=True):
            cells = [
                f"{min(value, 999):{form}}" if is_filled else EMPTY
                for value, is_filled in zip(row, filled, strict=True)
            ]
            yield label + name[-2:], cells
