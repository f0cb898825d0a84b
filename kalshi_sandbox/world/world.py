"""The world: what the weather of any day and station is, and what the models say of it beforehand.

A pure function of the seed: asked first or last, alone or among others, a day has the same figures.
Only memory is kept, of the years last asked for.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache, partial

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from kalshi_edge.data.weather.stations import STATIONS
from kalshi_edge.domain.weather import Forecast, Station
from kalshi_edge.errors import InputError
from kalshi_edge.units import round_half_up
from kalshi_sandbox.world.days import Days, curves, days_of_year, joined, window_high_f
from kalshi_sandbox.world.draws import draws
from kalshi_sandbox.world.forecasts import LEAD_INDEX, Errors, errors_of_month
from kalshi_sandbox.world.models import (
    LAST_LEAD_H,
    ModelErrors,
    PointModel,
    model_errors_of_month,
)
from kalshi_sandbox.world.publication import Model, published_at, version
from kalshi_sandbox.world.seasons import calendar_index
from kalshi_sandbox.world.temperatures import low_f, sunrise_slots, temperatures

SLOT = timedelta(minutes=5)
PERCENTILES = ((10, -1.281552), (25, -0.674490), (50, 0.0), (75, 0.674490), (90, 1.281552))
"""What NBP gives of a distribution: percentages, and where the standard normal has them."""
_NWS_OWN_ERROR_F = 0.85
"""The weather office's forecast is NBM's and a touch of its own: √(2.83² − 2.70²)."""
_NWS_FIRST_HOUR, _NWS_EVERY_H = 2, 6
_NWS_AFTER_RUN = timedelta(hours=7)
_LOW_ERROR_SHARE, _LOW_SD_F = 0.7, 2.0
"""Errors of minima go with those of the maximum, somewhat smaller [E]; nobody trades on them."""


@dataclass(frozen=True, slots=True)
class Normals:
    """A calendar day's averages, °F."""

    high_f: float
    high_sd_f: float
    """Of the maximum about its normal."""
    low_f: float


@dataclass(frozen=True, slots=True)
class Outlook:
    """A run's belief about an extreme before rounding: normal with this mean and spread, °F."""

    mean_f: float
    sd_f: float


class World:
    """One seed's weather at all stations of the table, for every day of the years 1900 to 2200.

    Raises ``InputError`` where the seed is negative.
    """

    def __init__(self, seed: int) -> None:
        if seed < 0:
            raise InputError(f"a world's seed is not negative, as {seed} is")
        self.seed = seed
        self._columns = {station.icao: place for place, station in enumerate(STATIONS)}
        self._days = lru_cache(maxsize=32)(self._drawn_days)
        self._errors = lru_cache(maxsize=12)(self._drawn_errors)
        self._model_errors = lru_cache(maxsize=24)(self._drawn_model_errors)
        self._temperatures = lru_cache(maxsize=3 * len(STATIONS))(self._drawn_temperatures)
        self._published_at = lru_cache(maxsize=1024)(partial(published_at, seed))
        self._office_hours = lru_cache(maxsize=256)(self._drawn_office_hour)
        self._office_errors = lru_cache(maxsize=16)(self._drawn_office_errors)

    # --- what happens

    def high_f(self, station: Station, day: date) -> int:
        """The maximum of a climate day: what its report will say, °F."""
        return int(self._days(day.year).high_f[_place(day), self._column(station)])

    def low_f(self, station: Station, day: date) -> int:
        """The minimum of a climate day, °F."""
        return int(self._day(station, day).min())

    def window_high_f(self, station: Station, day: date) -> int:
        """The maximum from 12 UTC to 06 UTC of the next day: what NBM forecasts, °F."""
        return int(window_high_f(self._span(day, 2))[0, self._column(station)])

    def high_at(self, station: Station, day: date) -> datetime:
        """The beginning of the last five minutes at the maximum."""
        return self.last_at(station, day, self.high_f(station, day))

    def last_at(self, station: Station, day: date, value_f: int) -> datetime:
        """The beginning of the last five minutes of a climate day at ``value_f``.

        Raises ``InputError`` where it never was so.
        """
        found = np.flatnonzero(self._day(station, day) == value_f)
        if not len(found):
            raise InputError(f"{station.icao} never had {value_f} °F on {day}")
        return station.day_start(day) + int(found[-1]) * SLOT

    def temperature_f(self, station: Station, at: datetime) -> int:
        """The temperature as the sensor keeps it in the five minutes that hold ``at``, °F."""
        since = at - station.day_start(station.climate_day(at))
        return int(self._day(station, station.climate_day(at))[since // SLOT])

    def temperatures_f(
        self, station: Station, start_at: datetime, end_at: datetime
    ) -> NDArray[np.int16]:
        """Temperatures of the five minutes that begin in ``(start_at, end_at]``, °F."""
        first, last = station.climate_day(start_at), station.climate_day(end_at)
        count = (last - first).days + 1
        days = [self._day(station, first + timedelta(days=step)) for step in range(count)]
        begin = (start_at - station.day_start(first)) // SLOT + 1
        end = (end_at - station.day_start(first)) // SLOT + 1
        return np.concatenate(days)[begin:end]

    def normals(self, station: Station, day: date) -> Normals:
        """What this day of the year is like on average."""
        index, column = calendar_index(day, 1)[0], self._column(station)
        climate = curves()
        high_f = float(climate.mean_f[index, column])
        return Normals(
            high_f=high_f,
            high_sd_f=float(climate.sd_f[index, column]),
            low_f=high_f - float(climate.range_f[index, column]),
        )

    # --- what is forecast

    def outlook(self, station: Station, day: date, run_at: datetime) -> Outlook:
        """What the run of NBM at ``run_at`` makes of the maximum of ``day``.

        Raises ``InputError`` where the day is over or too far ahead for a run of that hour.
        """
        column, lead = self._column(station), _lead_index(day, run_at)
        row, days = _place(day), self._days(day.year)
        errors = self._errors(day.replace(day=1))
        wrong = errors.error[day.day - 1, column, lead] + errors.bias[day.day - 1, column]
        forecast = days.high[row, column] - days.gap_f[row, column] - wrong
        spread = errors.published_sd[day.day - 1, column, lead]
        return Outlook(mean_f=float(forecast), sd_f=float(spread))

    def low_outlook(self, station: Station, day: date, run_at: datetime) -> Outlook:
        """What the run makes of the minimum towards sunrise; raises as ``outlook``."""
        column, lead = self._column(station), _lead_index(day, run_at)
        low = low_f(self._span(day - timedelta(days=1), 2))[1, column]
        wrong = self._errors(day.replace(day=1)).error[day.day - 1, column, lead]
        return Outlook(mean_f=float(low - _LOW_ERROR_SHARE * wrong), sd_f=_LOW_SD_F)

    def forecast(self, model: Model, station: Station, day: date, run_at: datetime) -> Forecast:
        """The run's word on ``day`` as its bulletin has it, in whole °F; raises as ``outlook``.

        ``received_at`` is when the bucket has it.
        """
        outlook = self.outlook(station, day, run_at)
        quantiles = PERCENTILES if model is Model.NBP else ()
        return Forecast(
            station=station.icao,
            climate_day=day,
            model=model.value,
            version=version(run_at),
            run_at=run_at,
            received_at=self.published_at(model, run_at),
            mean_f=float(round_half_up(outlook.mean_f)),
            sd_f=float(max(1, round_half_up(outlook.sd_f))),
            percentiles=tuple(
                (percent, float(round_half_up(outlook.mean_f + z * outlook.sd_f)))
                for percent, z in quantiles
            ),
        )

    def model_outlook(
        self, model: PointModel, station: Station, day: date, run_at: datetime
    ) -> Outlook:
        """What a run of another model than NBM makes of the maximum of ``day``.

        ``sd_f`` is what the model says itself. Raises ``InputError`` where the day is over or more
        than four days ahead.
        """
        lead, column, row = lead_h(day, run_at), self._column(station), _place(day)
        if not 0 < lead <= LAST_LEAD_H:
            raise InputError(f"a run at {run_at:%F %H} UTC says nothing of {day}, {lead} h ahead")
        days, errors = self._days(day.year), self._model_errors(model, day.replace(day=1))
        truth_f = days.high[row, column] - days.gap_f[row, column]
        return Outlook(
            mean_f=float(truth_f + errors.error[day.day - 1, column, lead]),
            sd_f=float(errors.spread[day.day - 1, column, lead]),
        )

    def published_at(self, model: Model, run_at: datetime) -> datetime:
        """When this run appears in the bucket; ``InputError`` where there is no such run."""
        return self._published_at(model, run_at)

    def nws_issued_at(self, at: datetime) -> datetime:
        """When the weather office last renewed its forecast, as seen at ``at``."""
        hour = at.replace(minute=0, second=0, microsecond=0)
        hour -= timedelta(hours=(hour.hour - _NWS_FIRST_HOUR) % _NWS_EVERY_H)
        issued_at = self._office_hours(hour)
        return issued_at if issued_at <= at else self.nws_issued_at(hour - timedelta(minutes=1))

    def nws_run_at(self, issued_at: datetime) -> datetime:
        """The run of NBM that the weather office had before it."""
        return issued_at.replace(minute=0) - _NWS_AFTER_RUN

    def nws_high_f(self, station: Station, day: date, at: datetime) -> int:
        """The weather office's forecast of a maximum as it stands at ``at``; raises as ``outlook``.

        It follows the full NBM runs, seven hours behind.
        """
        run_at = self.nws_run_at(self.nws_issued_at(at))
        own = float(self._office_errors(day)[self._column(station)])
        mean_f = self.outlook(station, day, run_at).mean_f
        return round_half_up(mean_f + _NWS_OWN_ERROR_F * own)

    def draws(self, purpose: str, *keys: int) -> Generator:
        """Randomness for anything else that a seed's world shows: winds, dew points, pressures."""
        return draws(self.seed, purpose, *keys)

    # --- how it is kept

    def _column(self, station: Station) -> int:
        column = self._columns.get(station.icao)
        if column is None:
            raise InputError(f"the world has no station {station.icao}")
        return column

    def _day(self, station: Station, day: date) -> NDArray[np.int16]:
        year = self._temperatures(self._column(station), day.year)
        found: NDArray[np.int16] = year[_place(day)]
        return found

    def _span(self, first: date, count: int) -> Days:
        """``count`` days from ``first`` on, over the turn of years."""
        last = first + timedelta(days=count - 1)
        blocks = [self._days(year) for year in range(first.year, last.year + 1)]
        whole = joined(blocks) if len(blocks) > 1 else blocks[0]
        return whole[_place(first) : _place(first) + count]

    def _drawn_days(self, year: int) -> Days:
        if not 1900 <= year <= 2200:
            raise InputError(f"the world's years are 1900 to 2200, not {year}")
        return days_of_year(self.seed, year)

    def _drawn_errors(self, month: date) -> Errors:
        return errors_of_month(self.seed, month, self._days(month.year))

    def _drawn_model_errors(self, model: PointModel, month: date) -> ModelErrors:
        return model_errors_of_month(self.seed, month, model, self._errors(month))

    def _drawn_office_hour(self, hour: datetime) -> datetime:
        return hour + timedelta(
            minutes=int(self.draws("office", int(hour.timestamp())).integers(50))
        )

    def _drawn_office_errors(self, day: date) -> NDArray[np.float64]:
        return self.draws("office's own", day.toordinal()).standard_normal(len(STATIONS))

    def _drawn_temperatures(self, column: int, year: int) -> NDArray[np.int16]:
        first = date(year, 1, 1)
        index = calendar_index(first, len(self._days(year)))
        span = self._span(first - timedelta(days=1), len(index) + 2)
        result = temperatures(self.seed, year, column, span, sunrise_slots(index))
        result.flags.writeable = False
        return result


def lead_h(day: date, run_at: datetime) -> int:
    """Whole hours from a run to 00 UTC after ``day``, where its bulletin's column stands."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=run_at.tzinfo) + timedelta(days=1)
    return int((midnight - run_at) / timedelta(hours=1))


def _lead_index(day: date, run_at: datetime) -> int:
    lead = lead_h(day, run_at)
    place = LEAD_INDEX.get(lead)
    if place is None or lead == 0:
        raise InputError(f"a run at {run_at:%F %H} UTC says nothing of {day}, {lead} h ahead")
    return place


def _place(day: date) -> int:
    return (day - date(day.year, 1, 1)).days
