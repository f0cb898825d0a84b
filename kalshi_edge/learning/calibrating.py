"""What is learned from the results of past days, and when a result is to be believed.

A day teaches what the last word about it says: a corrected report is learned in place of the one
before, as if that had never been. What contradicts the thermometers or the exchange, or lies
absurdly far from every forecast, waits for a second witness. All of it follows from the facts of
the day and what was learned before it, in whatever order the facts came.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias

from kalshi_edge.domain.lesson import Lesson
from kalshi_edge.domain.market import Market
from kalshi_edge.domain.records import Calibration
from kalshi_edge.domain.verdicts import Alarm
from kalshi_edge.domain.weather import ClimateReport, Forecast, Station
from kalshi_edge.learning.results import Day, Results
from kalshi_edge.models.calibration import (
    first_lesson,
    is_same,
    known_before,
    relearn,
    standard_error,
    uncalibrated,
)

DOUBTED_Z = 6.0
"""So many calibrated σ from every forecast in use a result waits for a second witness.

Of 4,325 days in the archive the farthest lies 5.7 σ from the forecast that is traded.
"""
SLIP_F = 1
"""So many °F below the observed floor a result may lie: rounding does that on some days a year."""

Key: TypeAlias = tuple[str, str, str]
"""City, model and version."""
Learned: TypeAlias = tuple[Calibration | Alarm, ...]


@dataclass(frozen=True, slots=True)
class Course:
    """What a station's results are judged by, beside reports and settlements."""

    station: Station
    models: Sequence[str]
    """The forecasts that learn, the best first."""
    floor_f: Callable[[date], int | None]
    """The highest °F that was observed on a climate day."""


@dataclass(frozen=True, slots=True)
class JudgedReport:
    """A climate day's maximum by its last report, and what is wrong with it, if anything."""

    high_f: int
    doubt: str = ""
    """Why it is not believed yet; empty where it is."""

    def is_news_after(self, before: "JudgedReport | None") -> bool:
        """Whether this is another figure than ``before``, or otherwise believed."""
        known = None if before is None else (before.high_f, before.doubt == "")
        return known != (self.high_f, self.doubt == "")


@dataclass
class Learning:
    """The calibrations, and of each recent day what they rest on."""

    calibrations: dict[Key, Calibration] = field(default_factory=dict)
    forecasts: dict[Day, dict[str, Forecast]] = field(default_factory=dict)
    """By model, what decisions before the day rested on: that is what its result teaches about."""
    results: Results = field(default_factory=Results)

    def forecast(self, forecast: Forecast) -> None:
        """Keep what the result of its climate day will teach about."""
        day = forecast.station, forecast.climate_day
        self.forecasts.setdefault(day, {})[forecast.model] = forecast

    def forget(self, at: datetime, last: date) -> None:
        """Let go of forecasts for days before ``last``, and of results too old to be corrected."""
        self.forecasts = {day: kept for day, kept in self.forecasts.items() if day[1] >= last}
        self.results.forget(at)

    def calibration(self, station: Station, forecast: Forecast) -> Calibration:
        """What past errors taught about this forecast's model and version."""
        key = (station.city, forecast.model, forecast.version)
        return self.calibrations.get(key) or uncalibrated(station.city, forecast)

    def report(self, course: Course, report: ClimateReport) -> Learned:
        """What changes with a report: nothing where it says nothing new."""
        day = course.station.icao, report.climate_day
        before, is_first = self._judged(course, day[1]), day not in self.results.first_f
        if not self.results.report(day[0], report):
            return ()
        learned = self._learn(course, day[1], before, report.received_at)
        return (*learned, *(self.results.differences(day) if is_first else ()))

    def settlement(
        self, course: Course, climate_day: date, market: Market, value: Decimal, at: datetime
    ) -> Learned:
        """What changes with what a market paid, nothing where that was known."""
        day, before = (course.station.icao, climate_day), self._judged(course, climate_day)
        if not self.results.settlement(day, market, value):
            return ()
        learned = self._learn(course, climate_day, before, at)
        return (*learned, *self.results.differences(day, {market.ticker}))

    def believed_f(self, course: Course, climate_day: date) -> int | None:
        """A day's maximum as it stands now, °F; ``None`` where there is none that is believed."""
        judged = self._judged(course, climate_day)
        return None if judged is None or judged.doubt else judged.high_f

    # --- learning -------------------------------------------------------------------------------

    def _learn(
        self, course: Course, climate_day: date, before: JudgedReport | None, at: datetime
    ) -> Learned:
        """Learn a day's result as it stands now; later days are judged anew if that changes any."""
        first: dict[Key, Calibration] = {}
        alarms: list[Alarm] = []
        for day in self.results.reported_since(course.station.icao, climate_day):
            judged = self._judged(course, day)
            assert judged is not None  # there is a report of it
            changed = self._changed(course, day, judged, at)
            for key in changed:
                first.setdefault(key, self._known(key))
            is_news = day == climate_day and judged.is_news_after(before)
            if judged.doubt and (changed or (is_news and self._lessons(course, day, 0))):
                alarms.append(_doubted(course.station, day, judged))
            self.calibrations.update(changed)
            if not first:
                break
        learned = ((known, self.calibrations[key]) for key, known in first.items())
        return (*(after for known, after in learned if not is_same(known, after)), *alarms)

    def _changed(
        self, course: Course, climate_day: date, judged: JudgedReport, at: datetime
    ) -> dict[Key, Calibration]:
        """The records that a day's result makes others; a doubted one is unlearned."""
        changed = {}
        for key, lesson in self._lessons(course, climate_day, judged.high_f).items():
            known = self._known(key)
            record = relearn(known, climate_day, None if judged.doubt else lesson, at)
            if record is not known:
                changed[key] = record
        return changed

    def _known(self, key: Key) -> Calibration:
        return self.calibrations.get(key) or Calibration(*key)

    def _lessons(self, course: Course, climate_day: date, high_f: int) -> dict[Key, Lesson]:
        """What ``high_f`` teaches each record that can go back to the day.

        About the forecast that it was learned with, where it was learned before.
        """
        city = course.station.city
        forecasts = self.forecasts.get((course.station.icao, climate_day), {})
        found: dict[Key, Lesson] = {
            (city, model, forecast.version): first_lesson(forecast, high_f)
            for model in course.models
            if (forecast := forecasts.get(model)) is not None
        }
        found |= {
            key: replace(lesson, high_f=high_f)
            for key, known in self.calibrations.items()
            if key[0] == city
            for lesson in known.lessons
            if lesson.climate_day == climate_day
        }
        return {
            key: lesson
            for key, lesson in found.items()
            if known_before(self._known(key), climate_day) is not None
        }

    # --- judging --------------------------------------------------------------------------------

    def _judged(self, course: Course, climate_day: date) -> JudgedReport | None:
        """The last word on a day's maximum; ``None`` without a final report.

        The exchange's payment for the bin that holds it is the best witness. A second issue with
        the same figure dispels any doubt; a correction dispels all but an absurd figure.
        """
        day = course.station.icao, climate_day
        said = [one.high_f for one in self.results.reports.get(day, ()) if one.high_f is not None]
        if not said:
            return None
        high_f, is_said_twice = said[-1], said[-1] in said[:-1]
        agrees, differs = self.results.witnesses(day, high_f)
        if is_said_twice or (agrees and not differs):
            return JudgedReport(high_f)
        is_correction = self.results.reports[day][-1].is_corrected
        doubt = "" if is_correction else self._contradiction(course, climate_day, high_f)
        return JudgedReport(high_f, doubt or self._absurdity(course, climate_day, high_f))

    def _contradiction(self, course: Course, climate_day: date, high_f: int) -> str:
        """What a figure cannot be squared with, if anything."""
        _, differs = self.results.witnesses((course.station.icao, climate_day), high_f)
        if differs:
            return "the exchange paid otherwise"
        floor_f = course.floor_f(climate_day)
        is_below = floor_f is not None and high_f < floor_f - SLIP_F
        return f"{floor_f} °F was observed" if is_below else ""

    def _absurdity(self, course: Course, climate_day: date, high_f: int) -> str:
        """How far a figure lies from the nearest forecast, where that is absurd.

        By what was learned before the day, from which no later mistake can take anything away.
        """
        errors = [
            standard_error(before, lesson)
            for key, lesson in self._lessons(course, climate_day, high_f).items()
            if (before := known_before(self._known(key), climate_day)) is not None
        ]
        z = min(errors, key=abs, default=0.0)
        return f"that is {z:+.1f} σ from the forecast" if abs(z) > DOUBTED_Z else ""


def _doubted(station: Station, climate_day: date, judged: JudgedReport) -> Alarm:
    return Alarm(
        "report_doubted",
        f"{station.city} {climate_day:%d %b}: the final report says {judged.high_f} °F, but"
        f" {judged.doubt}; not learned until confirmed",
    )
