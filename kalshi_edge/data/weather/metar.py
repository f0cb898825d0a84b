"""Hourly reports (METAR, SPECI): what bounds a day's maximum from below, with its window.

ASOS measures whole °F and reports tenths of °C (``T02940228``, exact) or whole °C (mostly two
candidates). ``1snTTT`` is the maximum of six hours; ``4snTTTsnTTT``, at local standard midnight,
that of the day. Figures that contradict each other, or stand where they cannot, are faults. A
correction is marked by ``COR`` somewhere in the report, or in the heading that it came under.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from kalshi_edge.data.weather.stations import by_icao
from kalshi_edge.data.weather.wmo import (
    Heading,
    correction_number,
    instant_near,
    plausible_f,
    reports,
)
from kalshi_edge.domain.weather import Basis, Observation
from kalshi_edge.errors import BulletinError, InputError

_KIND = r"(?:COR )?(?:METAR |SPECI )?(?:COR )?"
_START = rf"{_KIND}[A-Z][A-Z0-9]{{3}} (?:COR )?[0-9]{{6}}Z"
_REPORT = re.compile(
    rf"(?P<kind>{_KIND})(?P<station>[A-Z][A-Z0-9]{{3}}) (?P<again>COR )?"
    r"(?P<day>[0-9]{2})(?P<hour>[0-9]{2})(?P<minute>[0-9]{2})Z"
    r"(?P<body>(?: (?!RMK\b)\S+)*)(?: RMK\b(?P<remarks>.*))?"
)
_BODY = re.compile(r"(?P<minus>M?)(?P<tenths>[0-9]{2})/(?:M?[0-9]{2}|//|XX)?")
_NOW = re.compile(r"T(?P<minus>[01])(?P<tenths>[0-9]{3})(?:[01][0-9]{3})?")
_SIX_HOURS = re.compile(r"1(?P<minus>[01])(?P<tenths>[0-9]{3})")
_DAY = re.compile(r"4(?P<minus>[01])(?P<tenths>[0-9]{3})[01][0-9]{3}")

_EARLY = timedelta(minutes=20)
"""The report of an hour is made up to this long before it (:51 to :56, mostly)."""
_LATE = timedelta(minutes=5)


def fahrenheit_candidates(celsius: int) -> tuple[int, ...]:
    """The whole °F that a sensor may have read where a report says this whole °C.

    All f with c − ½ < (f − 32) / 1.8 < c + ½; no whole °F falls on an edge. Two of them, or one
    where °C is a multiple of 5 (ASOS User's Guide, 1998, 3.1.2: whole °F, converted).

    >>> fahrenheit_candidates(31), fahrenheit_candidates(30), fahrenheit_candidates(-1)
    ((87, 88), (86,), (30, 31))
    """
    lowest = -((-18 * celsius - 311) // 10)
    highest = (18 * celsius + 329) // 10
    return tuple(range(lowest, highest + 1))


@dataclass(frozen=True, slots=True)
class _Report:
    """One report, taken apart. Temperatures in tenths of °C."""

    station: str
    at: datetime
    received_at: datetime
    correction: int
    whole: int | None
    """From the body, where it is a whole °C."""
    exact: int | None
    """From the remarks."""
    remarks: list[str]


def parse_metars(
    text: str, *, received_at: datetime
) -> tuple[tuple[Observation, ...], tuple[BulletinError, ...]]:
    """The temperatures in any number of reports, and what of them could not be read.

    A report gives only the day of the month: the one nearest to ``received_at`` is meant, and must
    not be yet to come. Raises nothing; a bad group costs only itself.
    """
    observations: list[Observation] = []
    faults: list[BulletinError] = []
    for words, heading in reports(text, _START):
        if words.endswith(" NIL"):
            continue
        try:
            report = _report(words, heading, received_at)
        except BulletinError as fault:
            faults.append(_named(fault, words))
            continue
        for reading in (_spot, _six_hour_maximum, _day_maximum):
            try:
                observations.extend(reading(report))
            except InputError as fault:
                faults.append(_named(fault, words))
    return tuple(observations), tuple(faults)


def _named(fault: InputError, words: str) -> BulletinError:
    found = _REPORT.match(words)
    station = None if found is None else found["station"]
    return BulletinError(f"{fault}: {words[:60]!a}", station=station)


def _report(words: str, heading: Heading | None, received_at: datetime) -> _Report:
    found = _REPORT.fullmatch(words)
    if found is None or not (words.isascii() and words.isprintable()):
        raise BulletinError("not a report that can be read")
    day, hour, minute = (int(found[name]) for name in ("day", "hour", "minute"))
    at = instant_near(received_at, day=day, hour=hour, minute=minute)
    if at > received_at + _EARLY:
        raise BulletinError(f"made at {at}, after its receipt at {received_at}")
    body, remarks = found["body"].split(), (found["remarks"] or "").split()
    whole, exact = _tenths(_BODY, body), _tenths(_NOW, remarks)
    if whole is not None and exact is not None and abs(whole - exact) > 5:
        raise BulletinError(f"{whole // 10} °C in the body but {exact / 10} °C in the remarks")
    marks = (*found["kind"].split(), *(found["again"] or "").split(), *body)
    marks += ("COR",) if "COR" in remarks else ()
    correction = max(correction_number(*marks), heading.correction if heading else 0)
    return _Report(found["station"], at, received_at, correction, whole, exact, remarks)


def _tenths(group: re.Pattern[str], words: list[str]) -> int | None:
    """The temperature in the words that are such a group; ``None`` where there is none.

    A group that is there twice says the same thing twice, or it is a fault.
    """
    found = [match for word in words if (match := group.fullmatch(word))]
    figures = {int(f["tenths"]) * (-1 if f["minus"] in {"M", "1"} else 1) for f in found}
    if len(figures) > 1:
        raise BulletinError(f"{' and '.join(match[0] for match in found)} contradict each other")
    return figures.pop() * (10 if group is _BODY else 1) if figures else None


def _spot(report: _Report) -> Iterator[Observation]:
    moment = (report.at, report.at)
    if report.exact is not None:
        yield _observation(report, Basis.T_GROUP, moment, _fahrenheit_of_tenths(report.exact))
    elif report.whole is not None:
        candidates = fahrenheit_candidates(report.whole // 10)
        yield _observation(report, Basis.WHOLE_CELSIUS, moment, candidates)
    else:
        raise BulletinError("no temperature")


def _six_hour_maximum(report: _Report) -> Iterator[Observation]:
    """Of the six hours up to the report, which is that of 00, 06, 12 or 18 UTC."""
    maximum = _maximum(_SIX_HOURS, report)
    if maximum is None:
        return
    since_last = timedelta(hours=report.at.hour % 6, minutes=report.at.minute)
    if _LATE < since_last < timedelta(hours=6) - _EARLY:
        raise BulletinError("a maximum of six hours, but not at 00, 06, 12 or 18 UTC")
    window = (report.at - timedelta(hours=6), report.at)
    yield _observation(report, Basis.SIX_HOUR_MAX, window, _fahrenheit_of_tenths(maximum))


def _day_maximum(report: _Report) -> Iterator[Observation]:
    """Of the climate day that ends about now, local standard time."""
    maximum = _maximum(_DAY, report)
    if maximum is None:
        return
    try:
        station = by_icao(report.station)
    except InputError as unknown:
        raise BulletinError("a maximum of the day, but not at a station of ours") from unknown
    day = station.climate_day(report.at - _LATE)
    if report.at < station.day_end(day) - _EARLY:
        raise BulletinError("a maximum of the day, but not at local standard midnight")
    window = (station.day_start(day), min(report.at, station.day_end(day)))
    yield _observation(report, Basis.DAY_MAX, window, _fahrenheit_of_tenths(maximum))


def _maximum(group: re.Pattern[str], report: _Report) -> int | None:
    """A maximum from the remarks, in tenths of °C; it cannot be below the reading of the moment."""
    maximum = _tenths(group, report.remarks)
    least = report.exact
    if least is None and report.whole is not None:
        least = report.whole - 5
    if maximum is not None and least is not None and maximum < least:
        raise BulletinError(f"maximum {maximum / 10} °C is below the present {least / 10} °C")
    return maximum


def _fahrenheit_of_tenths(tenths: int) -> tuple[int, ...]:
    """The one whole °F that is reported as these tenths of °C, or the two that they lie between.

    Sensors other than ASOS's do not measure in whole °F.
    """
    nearest = (18 * tenths + 3250) // 100
    if ((nearest - 32) * 100 + 9) // 18 == tenths:
        return (nearest,)
    below = (18 * tenths + 3200) // 100
    return (below, below + 1)


def _observation(
    report: _Report, basis: Basis, window: tuple[datetime, datetime], candidates: tuple[int, ...]
) -> Observation:
    return Observation(
        station=report.station,
        basis=basis,
        start_at=window[0],
        end_at=window[1],
        low_f=plausible_f(candidates[0]),
        high_f=plausible_f(candidates[-1]),
        received_at=report.received_at,
        correction=report.correction,
    )
