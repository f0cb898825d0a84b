"""Figures of a climate report written as offices now and then do.

An estimated figure has an ``E`` beside it, in brackets or not, with a blank before it or none; an
hour may stand without minutes. The figure is the same.
"""

from datetime import UTC, date, datetime

import pytest

from kalshi_edge.data.weather.cli import parse_cli
from kalshi_edge.domain.weather import ClimateReport
from kalshi_edge.errors import BulletinError

TEXT = """
000
CDUS43 KLOT 290637
CLIMDW

CLIMATE REPORT
NATIONAL WEATHER SERVICE CHICAGO/ROMEOVILLE IL
137 AM CDT THU OCT 29 2026

...THE CHICAGO-MIDWAY CLIMATE SUMMARY FOR OCTOBER 28 2026...

TEMPERATURE (F)
 YESTERDAY
  MAXIMUM         {high} 302 PM  79    1999  57      0       61
  MINIMUM         {low} 655 AM  24    1976  42     -1       44

PRECIPITATION (IN)
"""
ESTIMATED = [
    "{}(E)  ",
    "{} (E) ",
    "{}E    ",
    "{} E   ",
]


def parsed(high: str = "57     ", low: str = "41     ") -> ClimateReport:
    received_at = datetime(2026, 10, 29, 7, tzinfo=UTC)
    (report,) = parse_cli(TEXT.format(high=high, low=low), received_at=received_at)
    assert report.climate_day == date(2026, 10, 28)
    assert report.is_final
    return report


@pytest.mark.parametrize("written", ESTIMATED)
def test_an_estimated_figure_is_a_figure(written: str) -> None:
    report = parsed(high=written.format(57), low=written.format(41))
    assert (report.high_f, report.low_f, report.is_record) == (57, 41, False)


@pytest.mark.parametrize("hour", ["12 AM", "3 PM"])
def test_an_hour_without_minutes_is_a_time(hour: str) -> None:
    text = TEXT.format(high="57     ", low="41     ").replace("302 PM", f"{hour:>6}")
    (report,) = parse_cli(text, received_at=datetime(2026, 10, 29, 7, tzinfo=UTC))
    assert (report.high_f, report.low_f) == (57, 41)


@pytest.mark.parametrize(
    ("written", "is_record"),
    [("57R     ", True), ("57R (E) ", True), ("57E R   ", True), ("57*     ", False),
     ("57 (E)  ", False), ("57      ", False)],
)  # fmt: skip
def test_marks_beside_a_figure_say_what_they_say(written: str, is_record: bool) -> None:
    report = parsed(high=written)
    assert (report.high_f, report.is_record) == (57, is_record)


@pytest.mark.parametrize("hour", ["12AM", "302PM", "3:02 PM", "MM", "12 PM"])
def test_other_ways_to_write_a_time(hour: str) -> None:
    text = TEXT.format(high="57     ", low="41     ").replace("302 PM", f"{hour:>7}")
    (report,) = parse_cli(text, received_at=datetime(2026, 10, 29, 7, tzinfo=UTC))
    assert (report.high_f, report.low_f) == (57, 41)


@pytest.mark.parametrize("figure", ["57X    ", "5 7    ", "E57    ", "       ", "302 PM "])
def test_what_is_no_figure_is_still_refused(figure: str) -> None:
    with pytest.raises(BulletinError, match="no figure where one belongs"):
        parsed(high=figure)


@pytest.mark.parametrize("word", ["CORRECTED", "CORRECTION", "COR", "CORR"])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("CLIMATE REPORT\n", "CLIMATE REPORT...{}\n"),
        ("2026...\n", "2026...{}\n"),
        ("2026...\n", "2026 ({})...\n"),
        ("2026...\n", "2026...\n\n{} FOR THE MAXIMUM\n"),
    ],
)
def test_a_correction_says_so_in_one_place_or_another(old: str, new: str, word: str) -> None:
    text = TEXT.format(high="57     ", low="41     ").replace(old, new.format(word), 1)
    (report,) = parse_cli(text, received_at=datetime(2026, 10, 29, 7, tzinfo=UTC))
    assert report.is_corrected
    assert report.climate_day == date(2026, 10, 28)
    assert not parsed().is_corrected
