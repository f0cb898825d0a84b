"""The offices' JSON: the real captures, and every way in which such a document can be wrong."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from kalshi_edge.data.source_status import PollOutcome
from kalshi_edge.data.weather.sources.nws import grid_forecasts
from kalshi_edge.data.weather.sources.observations import whole_celsius
from kalshi_edge.data.weather.sources.reports import archived_report
from kalshi_edge.data.weather.sources.wire import (
    ClimateEntry,
    Grid,
    GridDocument,
    ObservedValues,
    PointDocument,
    parse_document,
)
from kalshi_edge.data.weather.stations import by_icao
from kalshi_edge.domain.weather import Basis, Observation
from kalshi_edge.errors import InputError, SourceError

NYC, LAX, MDW = by_icao("KNYC"), by_icao("KLAX"), by_icao("KMDW")
NOW = datetime(2026, 7, 9, 19, 30, tzinfo=UTC)


def malformed(kind: Any, content: bytes) -> str:
    with pytest.raises(SourceError) as caught:
        parse_document(kind, content, "here")
    assert caught.value.outcome == PollOutcome.MALFORMED
    return str(caught.value)


# --- the grid ---------------------------------------------------------------------------------


def grid(*values: tuple[str, float | None], update_time: str = "2026-07-09T19:03:33+00:00") -> Grid:
    entries = [{"validTime": span, "value": value} for span, value in values]
    body = {
        "properties": {
            "updateTime": update_time,
            "gridId": "OKX",
            "maxTemperature": {"uom": "wmoUnit:degC", "values": entries},
        }
    }
    return parse_document(GridDocument, orjson.dumps(body), "here").properties


def highs(grid: Grid, station: Any = NYC, now: datetime = NOW) -> dict[date, float | None]:
    return {f.climate_day: f.mean_f for f in grid_forecasts(grid, station, now)}


def test_the_capture_of_central_park_is_in_whole_degrees(shared: Path):
    text = (shared / "data/nws/griddata_nyc_trimmed.json").read_bytes()
    found = parse_document(GridDocument, text, "here").properties
    assert highs(found) == {date(2026, 7, 9 + n): f for n, f in enumerate([84.0, 89.0, 83.0, 84.0])}
    (first, *_) = grid_forecasts(found, NYC, NOW)
    assert (first.station, first.model, first.version) == ("KNYC", "NWS", "")
    assert first.run_at == datetime(2026, 7, 9, 19, 3, 33, tzinfo=UTC)
    assert (first.received_at, first.sd_f, first.percentiles) == (NOW, None, ())


def test_the_capture_of_the_point_names_its_square(shared: Path):
    text = (shared / "data/nws/points_nyc.json").read_bytes()
    point = parse_document(PointDocument, text, "here").properties
    assert (point.grid_id, point.grid_x, point.grid_y) == ("OKX", 34, 45)


@pytest.mark.parametrize("whole_f", range(-60, 131))
def test_every_whole_degree_comes_back_from_its_celsius(whole_f: int):
    value = (whole_f - 32) * 5 / 9
    assert highs(grid(("2026-07-10T12:00:00+00:00/PT13H", value))) == {date(2026, 7, 10): whole_f}


@pytest.mark.parametrize(
    ("station", "span", "day"),
    [
        (NYC, "2026-07-10T12:00:00+00:00/PT13H", 10),
        (NYC, "2026-07-10T08:00:00-04:00/PT13H", 10),
        (NYC, "2026-07-10T00:00:00-04:00/P1D", 10),  # civil midnight, still 23:00 by the sun
        (NYC, "2026-07-09T19:00:00+00:00/PT6H", 9),  # what is left of today
        (LAX, "2026-07-10T14:00:00+00:00/PT13H", 10),  # until 03 UTC of the 11th, 19 by the sun
        (LAX, "2026-07-11T02:00:00+00:00/PT1H", 10),
        (LAX, "2026-07-10T08:00:00+00:00/P1D", 10),  # exactly the climate day
        (MDW, "2026-07-10T13:00:00+00:00/PT12H", 10),
    ],
)
def test_a_span_belongs_to_the_climate_day_of_its_middle(station: Any, span: str, day: int):
    assert highs(grid((span, 25.0)), station) == {date(2026, 7, day): 77.0}


def test_a_day_without_a_value_is_left_out_and_the_past_too():
    found = grid(
        ("2026-07-08T12:00:00+00:00/PT13H", 20.0),
        ("2026-07-09T12:00:00+00:00/PT13H", None),
        ("2026-07-10T12:00:00+00:00/PT13H", 0.0),
    )
    assert highs(found) == {date(2026, 7, 10): 32.0}


def test_of_two_maxima_of_one_day_the_higher_one_is_its_maximum():
    found = grid(
        ("2026-07-10T06:00:00+00:00/PT6H", 30.0), ("2026-07-10T12:00:00+00:00/PT13H", 25.0)
    )
    assert highs(found) == {date(2026, 7, 10): 86.0}


@pytest.mark.parametrize(
    ("span", "value", "why"),
    [
        ("2026-07-10T12:00:00+00:00/PT25H", 25.0, "a maximum over 1 day, 1:00:00"),
        ("2026-07-10T12:00:00+00:00/PT0H", 25.0, "a maximum over 0:00:00"),
        ("2026-07-10T12:00:00+00:00/PT13H", 77.0, "171 °F is not within -80 to 140"),
    ],
)
def test_a_maximum_that_cannot_be_is_refused_by_name(span: str, value: float, why: str):
    with pytest.raises(SourceError, match=why) as caught:
        highs(grid((span, value)))
    assert caught.value.outcome == PollOutcome.MALFORMED


def test_a_clock_behind_the_offices_does_not_date_a_forecast_after_its_receipt():
    found = grid(("2026-07-10T12:00:00+00:00/PT13H", 25.0), update_time="2026-07-09T19:33:00+00:00")
    assert grid_forecasts(found, NYC, NOW)[0].run_at == NOW


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (b'"wmoUnit:degC"', b'"wmoUnit:degF"', "uom"),
        (b"25.0", b'"25.0"', "value: Input should be a valid number"),
        (b"25.0", b"true", "value: Input should be a valid number"),
        (b"25.0", b"1e999", "value: Input should be a finite number"),
        (b"/PT13H", b"", "not a beginning and a length"),
        (b"/PT13H", b"/soon", "length"),
        (b"+00:00/", b"/", "timezone"),
        (b'"updateTime":"2026-07-09T19:03:33+00:00"', b'"x":1', "updateTime: Field required"),
        (b"maxTemperature", b"minTemperature", "maxTemperature: Field required"),
        (b"}}", b"}", "Invalid JSON"),
    ],
)
def test_a_wrong_grid_says_what_is_wrong_with_it(old: bytes, new: bytes, why: str):
    text = (
        b'{"properties":{"updateTime":"2026-07-09T19:03:33+00:00","gridId":"OKX","maxTemperature":'
        b'{"uom":"wmoUnit:degC","values":[{"validTime":"2026-07-10T12:00:00+00:00/PT13H",'
        b'"value":25.0}]}}}'
    )
    assert parse_document(GridDocument, text, "here")
    assert old in text
    assert why in malformed(GridDocument, text.replace(old, new, 1))


# --- observations -----------------------------------------------------------------------------

AT = datetime(2026, 9, 4, 2, 20, tzinfo=UTC)


def observed(value: float | None = 30, check: str = "V", unit: str = "wmoUnit:degC"):
    """As captured at Midway on 2026-09-04."""
    body = {
        "timestamp": "2026-09-04T02:20:00+00:00",
        "rawMessage": "",
        "temperature": {"unitCode": unit, "value": value, "qualityControl": check},
    }
    return parse_document(ObservedValues, orjson.dumps(body), "here")


@pytest.mark.parametrize(
    ("celsius", "low_f", "high_f"), [(30, 86, 86), (31, 87, 88), (-1, 30, 31), (0, 32, 32)]
)
def test_a_whole_celsius_leaves_its_candidates_open(celsius: int, low_f: int, high_f: int):
    assert whole_celsius(MDW, observed(celsius), NOW) == (
        Observation("KMDW", Basis.WHOLE_CELSIUS, AT, AT, low_f, high_f, NOW),
    )


def test_what_the_office_has_not_checked_is_no_reading():
    assert whole_celsius(MDW, observed(None), NOW) == ()
    for check in ("", "Z", "X", "Q", "B"):
        assert whole_celsius(MDW, observed(check=check), NOW) == ()


def test_tenths_without_a_metar_or_another_unit_are_refused():
    for wrong in (observed(29.4), observed(86, unit="wmoUnit:degF"), observed(999)):
        with pytest.raises(InputError):
            whole_celsius(MDW, wrong, NOW)


# --- the archive's climate reports ------------------------------------------------------------


def entry(**changes: object) -> ClimateEntry:
    """As captured for Central Park."""
    fields: dict[str, Any] = {
        "station": "KNYC",
        "valid": "2026-04-23",
        "high": 58,
        "low": 41,
        "product": "202604240617-KOKX-CDUS41-CLINYC",
    }
    return parse_document(ClimateEntry, fields | changes, "here")


def test_an_archived_report_issued_after_its_day_is_final():
    report = archived_report(entry(), NYC, NOW)
    assert (report.report, report.climate_day) == ("CLINYC", date(2026, 4, 23))
    assert (report.high_f, report.low_f, report.is_final) == (58, 41, True)
    assert report.issued_at == datetime(2026, 4, 24, 6, 17, tzinfo=UTC)
    assert (report.received_at, report.is_corrected) == (NOW, False)


@pytest.mark.parametrize(
    ("issued", "is_final"),
    [("202604232044", False), ("202604240459", False), ("202604240500", True)],
)
def test_the_day_of_central_park_ends_at_five_utc_all_year(issued: str, is_final: bool):
    product = f"{issued}-KOKX-CDUS41-CLINYC"
    assert archived_report(entry(product=product), NYC, NOW).is_final == is_final


def test_a_missing_figure_stays_missing():
    report = archived_report(entry(high="M", low=None), NYC, NOW)
    assert (report.high_f, report.low_f) == (None, None)


def test_a_corrected_report_says_so():
    product = "202604241405-KOKX-CDUS41-CLINYC-CCA"
    assert archived_report(entry(product=product), NYC, NOW).is_corrected


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"station": "KLGA"}, "asked for KNYC CLINYC, but got KLGA CLINYC"),
        ({"product": "202604240617-KOKX-CDUS41-CLILGA"}, "but got KNYC CLILGA"),
        ({"product": "CLINYC"}, "not the name of a climate report"),
        ({"product": "202613240617-KOKX-CDUS41-CLINYC"}, "product: Value error"),
        ({"product": None}, "not the name of a climate report"),
        ({"high": 580}, "580 °F is not within"),
        ({"high": "58"}, "high"),
        ({"high": True}, "high"),
        ({"high": 58.5}, "high"),
        ({"valid": "yesterday"}, "valid"),
    ],
)
def test_an_entry_that_is_not_this_stations_or_cannot_be_is_refused(changes: Any, why: str):
    with pytest.raises(SourceError, match=why) as caught:
        archived_report(entry(**changes), NYC, NOW)
    assert caught.value.outcome == PollOutcome.MALFORMED


def test_a_second_is_all_that_lies_between_two_days():
    """The climate day of Los Angeles begins at 08 UTC."""
    midnight = datetime(2026, 7, 10, 8, tzinfo=UTC)
    span = "2026-07-10T14:00:00+00:00/PT13H"
    assert date(2026, 7, 10) in highs(grid((span, 25.0)), LAX, midnight - timedelta(seconds=1))
    assert highs(grid((span, 25.0)), LAX, midnight + timedelta(days=1)) == {}
