"""The afternoon's climate report: how far it reaches, and that a correction may lower it.

It is valid as of 4 PM and issued three quarters of an hour later: what happened in between it does
not know. A correction (``CCA``) with a lower maximum stands in the place of what it corrects.
"""

import pytest

from kalshi_edge.data.weather.cli import parse_cli
from kalshi_edge.domain.weather import ClimateReport
from tests.cases.weather_stories import high, probability, seen, utc

TEXT = """
000
CDUS41 KOKX {heading}
CLINYC

CLIMATE REPORT
NATIONAL WEATHER SERVICE NEW YORK, NY
{issued} EDT SAT AUG 29 2026

...................................

...THE CENTRAL PARK NY CLIMATE SUMMARY FOR AUGUST 29 2026...
VALID TODAY AS OF {as_of} LOCAL TIME.

WEATHER ITEM   OBSERVED TIME   RECORD YEAR NORMAL DEPARTURE LAST
                VALUE   (LST)  VALUE       VALUE  FROM      YEAR
...................................................................
TEMPERATURE (F)
 TODAY
  MAXIMUM         {high}    212 PM 100    1953  82      1       79
  MINIMUM         63    518 AM  51    1986  67     -4       66

PRECIPITATION (IN)
"""


def report(
    high_f: int = 83,
    heading: str = "292043",
    issued: str = "443 PM",
    as_of: str = "0400 PM",
    received: str = "20:46",
) -> ClimateReport:
    text = TEXT.format(high=high_f, heading=heading, issued=issued, as_of=as_of)
    (found,) = parse_cli(text, received_at=utc(received))
    assert not found.is_final
    return found


@pytest.mark.parametrize("as_of", ["0400 PM", "400 PM", "4 PM"])
def test_it_reaches_to_the_hour_that_it_is_valid_as_of(as_of: str) -> None:
    evidence = seen([report(as_of=as_of)])
    assert [bound.end_at for bound in evidence.bounds] == [utc("20:00")]
    no_further_rise = probability(83, high((84.5, 2), evidence, "20:46"))
    assert no_further_rise == pytest.approx(0.607, abs=5e-4)


def test_a_correction_that_lowers_the_maximum_is_the_floor() -> None:
    corrected = report(83, heading="292112 CCA", issued="512 PM", received="21:15")
    assert corrected.is_corrected
    assert seen([report(86), corrected]).floor_f() == 83


@pytest.mark.parametrize(
    "later",
    [
        {"heading": "292043 CCA"},
        {"heading": "292043 CCA", "as_of": "0415 PM"},
        {"heading": "292112", "issued": "512 PM"},
        {"heading": "292150", "issued": "550 PM", "as_of": "0500 PM"},
    ],
    ids=["of the same time", "with another hour", "without its mark", "of a later hour"],
)
@pytest.mark.parametrize("reverse", [False, True])
def test_a_later_word_on_the_same_hours_replaces_a_higher_one(
    later: dict[str, str], reverse: bool
) -> None:
    """Of the hours that a later report includes it knows no less than the one before."""
    statements = [report(88), report(85, received="22:00", **later)]
    assert seen(statements[::-1] if reverse else statements).floor_f() == 85


def test_a_correction_of_an_earlier_hour_takes_nothing_from_a_later_one() -> None:
    evening = report(88, heading="292243", issued="643 PM", as_of="0600 PM", received="22:45")
    corrected = report(85, heading="292250 CCA", issued="650 PM", received="22:55")
    assert seen([evening, corrected]).floor_f() == 88


def test_the_newest_of_several_corrections_stands() -> None:
    statements = [report(high_f, heading=f"292043{mark}", received=received)
            for high_f, mark, received in ((88, "", "20:46"), (84, " CCB", "20:50"),
                                           (85, " CCA", "20:55"))]  # fmt: skip
    assert seen(statements).floor_f() == seen(statements[::-1]).floor_f() == 84


@pytest.mark.parametrize(
    ("as_of", "end"),
    [("1600", "20:00"), ("4:00 PM", "20:00"), ("4 PM EDT", "20:00"), ("4 PM LST", "20:43"),
     ("0300 PM LST", "20:00"), ("NOON", "16:00"), ("0500 PM", "20:43"), ("1200 AM", "20:43"),
     ("", "20:43")],
)  # fmt: skip
def test_an_hour_that_is_not_its_own_reaches_to_its_issue_at_the_latest(
    as_of: str, end: str
) -> None:
    (bound,) = seen([report(as_of=as_of)]).bounds
    assert (bound.end_at, bound.is_ceiling) == (utc(end), False)
