"""What stands in NBM's rows: maxima and minima from the world, all else plausible and meaningless.

The other rows (wind, precipitation, pressure …) are there because real files have them and readers
must get past them; they are drawn at random and say nothing of the world.
"""

from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np
from numpy.random import Generator

from kalshi_edge.domain.weather import Station
from kalshi_edge.sandbox.weather.nbm_layout import CELLS, EMPTY, Cells, Layout
from kalshi_edge.sandbox.weather.shape import hourly_forecast_f
from kalshi_edge.sandbox.world.publication import Model
from kalshi_edge.sandbox.world.world import World
from kalshi_edge.units import round_half_up

_PERCENTILES = {10: "P1", 25: "P2", 50: "P5", 75: "P7", 90: "P9"}
_MINIMUM_SD_F = 2.0
_QUANTILES = {10: -1.2816, 25: -0.6745, 50: 0.0, 75: 0.6745, 90: 1.2816}

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
    if columns.model is Model.NBP:
        yield from _nbp_temperatures(world, station, columns)
    else:
        yield from _nbs_temperatures(world, station, columns)
    keys = (int(columns.run_at.timestamp()), sum(station.icao.encode()))
    yield from other_rows(world.draws("bulletin", *keys), columns)


def filler_rows(random: Generator, columns: Layout, *, has_temperatures: bool) -> Iterator[Row]:
    """Rows for a station that exists only to make the file as long as it is."""
    if has_temperatures:
        night = np.array(columns.hours) == 12
        mean = random.normal(60, 15) - 18 * night + np.cumsum(random.normal(0, 1, len(night)))
        spread = random.uniform(1, 5, len(night))
        if columns.model is Model.NBP:
            yield from _percentile_rows(mean, spread)
        else:
            yield "TXN", _at_noon_and_midnight(mean, columns)
            yield "XND", _at_noon_and_midnight(spread, columns)
            yield "TMP", [CELLS[round_half_up(value)] for value in mean]
    yield from other_rows(random, columns)


def other_rows(random: Generator, columns: Layout) -> Iterator[Row]:
    """Everything but temperatures, at random."""
    if columns.model is Model.NBP:
        yield from _nbp_others(random, columns)
        return
    for label, every, lowest, highest in _NBS_ROWS:
        values = random.integers(lowest, highest + 1, len(columns.hours)).tolist()
        yield (
            label,
            [
                CELLS[value] if hour % every == 0 and lead >= every else EMPTY
                for value, hour, lead in zip(values, columns.hours, columns.leads_h, strict=True)
            ],
        )


def _nbp_others(random: Generator, columns: Layout) -> Iterator[Row]:
    for label, hours, scale, form in _NBP_GROUPS:
        if label in {"S24", "I24"} and columns.run_at.hour in _SHORT_CYCLES:
            continue
        size = (len(_PERCENTILES), len(columns.hours))
        values = np.sort(random.gamma(4, scale / 4, size), axis=0).astype(int).tolist()
        filled = [
            hour in hours and not (label in {"Q24", "S24", "I24"} and lead < 24)
            for hour, lead in zip(columns.hours, columns.leads_h, strict=True)
        ]
        for name, row in zip(_PERCENTILES.values(), values, strict=True):
            yield (
                label + name,
                [
                    f"{min(value, 999):{form}}" if is_filled else EMPTY
                    for value, is_filled in zip(row, filled, strict=True)
                ],
            )


def _nbp_temperatures(world: World, station: Station, columns: Layout) -> Iterator[Row]:
    cells: dict[str, list[str]] = {name: [] for name in ("MN", "SD", *_PERCENTILES.values())}
    for at in columns.valid_at:
        mean, spread, percentiles = _distribution(world, station, columns, at.date(), at.hour)
        cells["MN"].append(CELLS[mean])
        cells["SD"].append(CELLS[spread])
        for percent, value in percentiles.items():
            cells[_PERCENTILES[percent]].append(CELLS[value])
    for name, row in cells.items():
        yield "TXN" + name, row


def _distribution(
    world: World, station: Station, columns: Layout, valid_on: date, hour: int
) -> tuple[int, int, dict[int, int]]:
    """Mean, spread and percentiles of the column: a maximum at 00 UTC, a minimum at 12."""
    run_at = columns.run_at
    if hour == 0:
        day = valid_on - timedelta(days=1)
        found = world.forecast(Model.NBP, station, day, run_at)
        assert found.mean_f is not None  # the world's forecasts have both
        assert found.sd_f is not None
        return int(found.mean_f), int(found.sd_f), {p: int(v) for p, v in found.percentiles}
    low = world.low_outlook_f(station, valid_on, run_at)
    percentiles = {p: round_half_up(low + z * _MINIMUM_SD_F) for p, z in _QUANTILES.items()}
    return round_half_up(low), round_half_up(_MINIMUM_SD_F), percentiles


def _percentile_rows(mean: np.ndarray, spread: np.ndarray) -> Iterator[Row]:
    yield "TXNMN", [CELLS[round_half_up(value)] for value in mean]
    yield "TXNSD", [CELLS[round_half_up(value)] for value in spread]
    for percent, name in _PERCENTILES.items():
        values = mean + _QUANTILES[percent] * spread
        yield "TXN" + name, [CELLS[round_half_up(value)] for value in values]


def _nbs_temperatures(world: World, station: Station, columns: Layout) -> Iterator[Row]:
    extremes, spreads = [], []
    for at, lead in zip(columns.valid_at, columns.leads_h, strict=True):
        cells = (EMPTY, EMPTY)
        if at.hour == 0 and lead >= 12:
            found = world.forecast(
                Model.NBS, station, at.date() - timedelta(days=1), columns.run_at
            )
            assert found.mean_f is not None
            assert found.sd_f is not None
            cells = (CELLS[int(found.mean_f)], CELLS[int(found.sd_f)])
        elif at.hour == 12 and lead >= 12:
            low = world.low_outlook_f(station, at.date(), columns.run_at)
            cells = (CELLS[round_half_up(low)], CELLS[round_half_up(_MINIMUM_SD_F)])
        extremes.append(cells[0])
        spreads.append(cells[1])
    yield "TXN", extremes
    yield "XND", spreads
    yield (
        "TMP",
        [
            CELLS[round_half_up(hourly_forecast_f(world, station, at, columns.run_at))]
            for at in columns.valid_at
        ],
    )


def _at_noon_and_midnight(values: np.ndarray, columns: Layout) -> Cells:
    return [
        CELLS[round_half_up(value)] if hour % 12 == 0 and lead >= 12 else EMPTY
        for value, hour, lead in zip(values, columns.hours, columns.leads_h, strict=True)
    ]
