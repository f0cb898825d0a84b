"""A daily summary is corrected in the middle of its day.

A correction does not always say up to which hour it goes. It was sent at 14:30 UTC and knows
nothing of later: its window ends there at the latest, whenever it is read, and a maximum of 74 °F
in the morning does not become that of the day because time passes. One that does name its hour
stands in the place of the message it corrects, a lower maximum too.
"""

from datetime import timedelta

import pytest

from kalshi_edge.data.weather.dsm import daily_maximum, parse_dsms
from kalshi_edge.data.weather.sources.summaries import SummarySource
from kalshi_edge.domain.weather import Observation
from tests.cases.weather_stories import NYC, high, office, seen, utc

pytestmark = [pytest.mark.realtime, pytest.mark.patient_time]

SENT = utc("14:30")
MESSAGE = "CXUS41 KOKX 291430\nDSMNYC\nKNYC DS COR 29/08 740912/ 630541// 74/ 63//0060101/T/00/T\n"
LAST_HOUR = "2026-08-30T04:50"
"""Ten minutes before the end of the climate day."""


def read(text: str, at: str) -> Observation:
    (summary,), faults = parse_dsms(text, received_at=utc(at))
    assert not faults
    maximum = daily_maximum(summary)
    assert maximum is not None
    return maximum


@pytest.mark.xfail(strict=True, raises=AssertionError, reason="its window ends at its receipt")
def test_a_correction_without_an_hour_ends_when_it_was_sent_however_late_it_is_read() -> None:
    first, *others = (read(MESSAGE, at) for at in ("14:32", "15:00", "20:00", LAST_HOUR))
    assert first.end_at <= SENT
    assert {(one.start_at, one.end_at) for one in others} == {(first.start_at, first.end_at)}


@pytest.mark.xfail(strict=True, raises=AssertionError, reason="its window ends at its receipt")
def test_a_morning_maximum_leaves_the_forecast_as_it_is_in_the_afternoon() -> None:
    evidence = seen([read(MESSAGE, "20:00")])
    assert high((82, 2.5), evidence, "20:00").mu_f == pytest.approx(82, abs=0.1)


@pytest.mark.xfail(strict=True, raises=AssertionError, reason="its window ends at its receipt")
def test_a_morning_maximum_is_no_ceiling_at_the_end_of_the_day() -> None:
    evidence = seen([read(MESSAGE, LAST_HOUR)])
    assert evidence.bounds
    assert not any(bound.is_ceiling for bound in evidence.bounds)


@pytest.mark.xfail(strict=True, raises=AssertionError, reason="each poll gives it a new window")
async def test_a_correction_without_an_hour_is_no_news_at_the_next_poll() -> None:
    async with office(utc("14:32")) as at:
        at.server.put("/iem/cgi-bin/afos/retrieve.py?pil=DSMNYC&fmt=text&limit=4", MESSAGE)
        source = SummarySource(at.client, (NYC,), at.clock)
        assert len(await source()) == 1
        at.clock.advance(timedelta(minutes=5))
        assert await source() == ()


@pytest.mark.xfail(strict=True, raises=AssertionError, reason="the higher of both figures counts")
def test_a_correction_that_lowers_the_maximum_of_its_hour_is_the_floor() -> None:
    first = read("KNYC DS 1600 29/08 831459/ 630541//", "21:05")
    corrected = read("KNYC DS COR 1600 29/08 811423/ 630541//", "21:40")
    assert seen([first, corrected]).floor_f() == 81
