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


def test_a_correction_without_an_hour_ends_when_it_was_sent_however_late_it_is_read() -> None:
    first, *others = (read(MESSAGE, at) for at in ("14:32", "15:00", "20:00", LAST_HOUR))
    assert first.end_at <= SENT
    assert {(one.start_at, one.end_at) for one in others} == {(first.start_at, first.end_at)}


def test_a_morning_maximum_leaves_the_forecast_as_it_is_in_the_afternoon() -> None:
    evidence = seen([read(MESSAGE, "20:00")])
    assert high((82, 2.5), evidence, "20:00").mu_f == pytest.approx(82, abs=0.1)


def test_a_morning_maximum_is_no_ceiling_at_the_end_of_the_day() -> None:
    evidence = seen([read(MESSAGE, LAST_HOUR)])
    assert evidence.bounds
    assert not any(bound.is_ceiling for bound in evidence.bounds)


async def test_a_correction_without_an_hour_is_no_news_at_the_next_poll() -> None:
    async with office(utc("14:32")) as at:
        at.server.put("/iem/cgi-bin/afos/retrieve.py?pil=DSMNYC&fmt=text&limit=4", MESSAGE)
        source = SummarySource(at.client, (NYC,), at.clock)
        assert len(await source()) == 1
        at.clock.advance(timedelta(minutes=5))
        assert await source() == ()


def test_a_correction_that_lowers_the_maximum_of_its_hour_is_the_floor() -> None:
    first = read("KNYC DS 1600 29/08 831459/ 630541//", "21:05")
    corrected = read("KNYC DS COR 1600 29/08 811423/ 630541//", "21:40")
    assert seen([first, corrected]).floor_f() == 81


@pytest.mark.parametrize(
    ("message", "end"),
    [
        ("CXUS41 KOKX 291430\nDSMNYC\nKNYC DS 29/08 740912/ 630541//", "14:30"),
        ("CXUS41 KOKX 291430 CCA\nDSMNYC\nKNYC DS 29/08 740912/ 630541//", "14:30"),
        ("CXUS41 KOKX 292130\nDSMNYC\nKNYC DS COR 1600 29/08 740912/ 630541//", "21:00"),
        ("CXUS41 KOKX 292030\nDSMNYC\nKNYC DS COR 1600 29/08 740912/ 630541//", "20:30"),
        ("KNYC DS COR 29/08 740912/ 630541//", "14:12"),
        ("KNYC DS COR 29/08 740912/ 631003//", "15:03"),
        ("CXUS41 KOKX 300530\nDSMNYC\nKNYC DS COR 29/08 741512/ 630541//", "2026-08-30T05:00"),
    ],
    ids=["no hour", "corrected by its heading", "its hour", "sent before its hour",
         "no hour and no heading", "the later of its times", "sent after its day"],
)  # fmt: skip
@pytest.mark.parametrize("at", ["2026-08-30T06:00", "2026-09-02T14:00", "2026-09-20T14:00"])
def test_the_window_is_what_the_message_says_however_old_it_gets(
    message: str, end: str, at: str
) -> None:
    assert read(message, at).end_at == utc(end)


@pytest.mark.parametrize(
    "corrected",
    [
        "KNYC DS 1600 COR 29/08 811423/ 630541//",
        "KNYC COR DS 1600 29/08 811423/ 630541//",
        "CXUS41 KOKX 292140 CCA\nDSMNYC\nKNYC DS 1600 29/08 811423/ 630541//",
        "CXUS41 KOKX 292140\nDSMNYC\nKNYC DS COR 29/08 811423/ 630541//",
        "CXUS41 KOKX 300530\nDSMNYC\nKNYC DS 29/08 811423/ 630541//",
    ],
)
@pytest.mark.parametrize("reverse", [False, True])
def test_what_a_later_message_includes_it_takes_back(corrected: str, reverse: bool) -> None:
    first = read("CXUS41 KOKX 292105\nDSMNYC\nKNYC DS 1600 29/08 831459/ 630541//", "21:05")
    statements = [first, read(corrected, "2026-08-30T05:31")]
    assert seen(statements[::-1] if reverse else statements).floor_f() == 81


async def test_the_newest_of_four_messages_in_a_page_is_news_once() -> None:
    page = "".join(
        f"000 \nCXUS41 KOKX {sent}\nDSMNYC\nKNYC DS {mark}1600 29/08 {high_f}1423/ 630541//\n"
        for sent, mark, high_f in (
            ("292145", "COR ", 80), ("292140", "COR ", 81), ("292105", "", 83),
        )
    )  # fmt: skip
    async with office(utc("21:46")) as at:
        at.server.put("/iem/cgi-bin/afos/retrieve.py?pil=DSMNYC&fmt=text&limit=4", page)
        source = SummarySource(at.client, (NYC,), at.clock)
        (maximum,) = await source()
        assert maximum.low_f == 80
        at.clock.advance(timedelta(minutes=5))
        assert await source() == ()
