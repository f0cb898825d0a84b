"""Stations, climate days and what the weather offices say about them.

Every fact carries two instants: ``valid_at`` (when it was true in the world) and ``received_at``
(when we could first have acted on it). Decisions go by ``received_at`` alone.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import TypeAlias

from kalshi_edge.errors import InputError

EARLIEST = datetime.min.replace(tzinfo=UTC)
Version: TypeAlias = tuple[tuple[float, ...], float, tuple[float, ...]]
"""What its sender makes of a statement, when it was received (s), and how little it claims."""


@dataclass(frozen=True, slots=True)
class Station:
    """The place whose climate report settles a market."""

    city: str
    """Short name for people and the API: ``NYC``."""
    icao: str
    """``KNYC``."""
    name: str
    report: str
    """The climate report's identifier: ``CLINYC``."""
    series: str
    """Kalshi's daily-high series: ``KXHIGHNY``."""
    standard_offset_h: int
    """Hours from UTC in local *standard* time, all year: −5."""
    latitude: float
    longitude: float

    def climate_day(self, at: datetime) -> date:
        """The climate day in progress at instant ``at`` (midnight to midnight standard time)."""
        return (at.astimezone(UTC) + timedelta(hours=self.standard_offset_h)).date()

    def day_start(self, day: date) -> datetime:
        """The first instant of climate day ``day``, in UTC."""
        midnight = datetime.combine(day, time(), tzinfo=UTC)
        return midnight - timedelta(hours=self.standard_offset_h)

    def day_end(self, day: date) -> datetime:
        """The instant at which climate day ``day`` is over, in UTC."""
        return self.day_start(day) + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Forecast:
    """One model run's word on one station's maximum temperature of one climate day.

    ``percentiles`` maps a percentage to °F (``((10, 79.0), (25, 80.0), …)``), ascending in both;
    it is empty for a model that gives only a point. There is a mean or a median, or both. All
    temperatures in °F.
    """

    station: str
    climate_day: date
    model: str
    """``NBP``, ``NBS``, ``NBE``, ``NBM`` (point), ``GFSMOS`` …"""
    version: str
    """The model's version as its header says it (``5.0``); empty where it has none."""
    run_at: datetime
    received_at: datetime
    mean_f: float | None = None
    sd_f: float | None = None
    percentiles: tuple[tuple[int, float], ...] = ()

    def __post_init__(self) -> None:
        if self.mean_f is None and self.percentile(50) is None:
            raise InputError(f"{self.station} {self.climate_day}: neither a mean nor a median")
        values = [value for _, value in self.percentiles]
        if values != sorted(values):
            raise InputError(f"{self.station} {self.climate_day}: percentiles fall: {values}")
        if self.sd_f is not None and self.sd_f < 0:
            raise InputError(f"{self.station} {self.climate_day}: negative spread {self.sd_f}")

    @property
    def valid_at(self) -> datetime:
        """The model's cycle."""
        return self.run_at

    @property
    def point_f(self) -> float:
        """The median where there is one, otherwise the mean, °F."""
        median = self.percentile(50)
        if median is not None:
            return median
        assert self.mean_f is not None  # __post_init__ refuses a forecast without either
        return self.mean_f

    def percentile(self, percent: int) -> float | None:
        """The value below which ``percent`` % lie, °F; ``None`` where the model does not say."""
        return next((value for p, value in self.percentiles if p == percent), None)


class Basis(StrEnum):
    """What a reading is made of, hence how far it can be trusted as part of a day's maximum."""

    T_GROUP = "t_group"
    """The METAR's tenths of °C: the exact whole °F of that minute."""
    SIX_HOUR_MAX = "six_hour_max"
    DAY_MAX = "day_max"
    """The METAR's 24-hour group, at local standard midnight."""
    DAILY_SUMMARY = "daily_summary"
    """The DSM's maximum so far."""
    WHOLE_CELSIUS = "whole_celsius"
    """A whole °C: two candidates in °F, mostly."""


@dataclass(frozen=True, slots=True)
class Observation:
    """A measured temperature: the maximum over ``[start_at, end_at]`` lies in [low_f, high_f].

    For a spot reading both instants are the same. ``low_f`` and ``high_f`` differ only where the
    report's rounding leaves more than one whole °F possible.
    """

    station: str
    basis: Basis
    start_at: datetime
    end_at: datetime
    low_f: int
    high_f: int
    received_at: datetime
    correction: int = 0
    """0 for a report as first sent, 1 for ``COR`` or ``CCA``, 2 for ``CCB`` …"""
    issued_at: datetime | None = None
    """When a summary was sent, where its heading says so."""

    def __post_init__(self) -> None:
        if self.low_f > self.high_f:
            raise InputError(f"{self.station}: candidates {self.low_f}..{self.high_f} °F")
        if self.start_at > self.end_at:
            raise InputError(f"{self.station}: window ends before it starts")

    @property
    def valid_at(self) -> datetime:
        """The end of the window."""
        return self.end_at

    @property
    def version(self) -> "Version":
        """Of two observations on one subject the one with the greater version stands.

        A correction before what it corrects, then the newer issue, then the later receipt; where
        nothing tells them apart the one that claims less.
        """
        return (
            (self.correction, (self.issued_at or EARLIEST).timestamp()),
            self.received_at.timestamp(),
            (-self.low_f, -self.high_f),
        )


@dataclass(frozen=True, slots=True)
class ClimateReport:
    """A climate report (CLI): the day's maximum as the weather office states it.

    An intermediate report's figure is only a floor: the day was not over.
    """

    report: str
    """``CLINYC``."""
    climate_day: date
    high_f: int | None
    """Whole °F; ``None`` where the office says it is missing (``MM``)."""
    low_f: int | None
    is_final: bool
    is_corrected: bool
    is_record: bool
    issued_at: datetime | None
    received_at: datetime
    place: str = ""
    """As the headline has it (``CENTRAL PARK NY``): one report may speak of several places."""
    correction: int = 0
    """Which correction the heading says it is: 1 for ``CCA``, 2 for ``CCB`` …"""
    as_of: datetime | None = None
    """How far an intermediate report reaches, where it says so (``VALID TODAY AS OF 0400 PM``)."""

    @property
    def valid_at(self) -> datetime:
        """When it was issued, or received where the text does not say."""
        return self.issued_at or self.received_at

    @property
    def reach_at(self) -> datetime | None:
        """Up to when it knows its day, at most its issue; ``None`` where it says neither."""
        return min((at for at in (self.as_of, self.issued_at) if at is not None), default=None)

    @property
    def version(self) -> "Version":
        """Of two reports on one subject the one with the greater version stands.

        The newer issue, of one issue the correction, then the later receipt; where nothing tells
        them apart the one that claims less.
        """
        # A correction without a time was sent after what it corrects; anything else may be old.
        issued_at = self.issued_at or (self.received_at if self.is_corrected else EARLIEST)
        claims_f = float("-inf") if self.high_f is None else float(self.high_f)
        return (
            (issued_at.timestamp(), float(self.is_corrected), float(self.correction)),
            self.received_at.timestamp(),
            (-claims_f,),
        )
