"""An hourly report says 91 °F, and its correction (``COR``) takes that back: it was 88.

The correction stands in the report's place, whichever of the two comes first in a page and whether
or not they come together. A page that has both is no news when it is asked for again.
"""

from datetime import timedelta

import orjson
import pytest

from kalshi_edge.data.weather.metar import parse_metars
from kalshi_edge.data.weather.sources.observations import ObservationSource
from kalshi_edge.domain.weather import Observation
from tests.cases.weather_stories import CHI, high, office, probability, seen, utc

pytestmark = [pytest.mark.realtime, pytest.mark.patient_time]

FIRST = "METAR KMDW 291753Z 21007KT 10SM FEW250 33/19 A2997 RMK AO2 SLP140 T03280189 10328 20194"
CORRECTED = (
    "METAR KMDW 291753Z COR 21007KT 10SM FEW250 31/19 A2997 RMK AO2 SLP140 T03110189 10311 20194"
)
PAGES = {
    "in one page": [("18:06", f"{FIRST}\n{CORRECTED}\n")],
    "in one page, newest first": [("18:06", f"{CORRECTED}\n{FIRST}\n")],
    "one after the other": [("17:56", FIRST), ("18:06", f"{CORRECTED}\n")],
}


def received(pages: list[tuple[str, str]]) -> list[Observation]:
    found: list[Observation] = []
    for at, text in pages:
        observations, faults = parse_metars(text, received_at=utc(at))
        assert not faults
        found += observations
    return found


def test_a_correction_alone_is_a_floor_of_its_own_figure() -> None:
    evidence = seen(received([("18:06", CORRECTED)]), CHI)
    assert evidence.floor_f() == 88


@pytest.mark.parametrize("pages", PAGES.values(), ids=PAGES)
def test_a_corrected_reading_is_the_floor(pages: list[tuple[str, str]]) -> None:
    evidence = seen(received(pages), CHI)
    assert evidence.floor_f() == 88
    at_88 = probability(88, high((88, 2.5), evidence, "18:06", CHI))
    assert at_88 == pytest.approx(0.456, abs=5e-4)


async def test_a_page_with_report_and_correction_is_no_news_at_the_next_poll() -> None:
    async with office(utc("18:06")) as at:
        for hours in (30, 3):
            path = f"/awc/api/data/metar?ids=KMDW&format=raw&hours={hours}"
            at.server.put(path, f"{FIRST}\n{CORRECTED}\n")
        source = ObservationSource(at.client, (CHI,), at.clock)
        assert await source()
        for _ in range(2):
            at.clock.advance(timedelta(minutes=1))
            assert await source() == ()


@pytest.mark.parametrize(
    "corrected",
    [
        "METAR COR KMDW 291753Z 21007KT 10SM FEW250 31/19 A2997 RMK AO2 T03110189 10311",
        "KMDW 291753Z 21007KT 10SM FEW250 31/19 A2997 RMK AO2 T03110189 10311 COR 1759",
        "SAUS43 KLOT 291800 CCA\nMTRMDW\nMETAR KMDW 291753Z 31/19 RMK AO2 T03110189 10311=",
        "KMDW 291753Z COR 21007KT 10SM FEW250 31/19 A2997 RMK AO2 T03110189",
    ],
    ids=["before the station", "in the remarks", "in the heading", "without its six hours"],
)
@pytest.mark.parametrize("reverse", [False, True])
def test_wherever_the_mark_stands_the_correction_replaces_all_of_the_report(
    corrected: str, reverse: bool
) -> None:
    observations = received([("17:56", FIRST), ("18:06", corrected)])
    assert seen(observations[::-1] if reverse else observations, CHI).floor_f() == 88


async def test_the_original_from_the_office_after_its_correction_is_no_news() -> None:
    """The aviation server has the correction and falls silent; the office still has the report."""
    later = FIRST.replace("291753Z", "291853Z").replace("33/19", "30/19").replace("10328 ", "")
    later = later.replace("T03280189", "T03000189")
    async with office(utc("18:06")) as at:
        for hours in (30, 3):
            path = f"/awc/api/data/metar?ids=KMDW&format=raw&hours={hours}"
            at.server.put(path, CORRECTED)
        source = ObservationSource(at.client, (CHI,), at.clock)
        found = list(await source())
        at.clock.advance(timedelta(hours=3))
        messages = [{"properties": {"timestamp": f"2026-08-29T{hour}:53:00+00:00",
                     "rawMessage": text, "temperature": {"unitCode": "wmoUnit:degC", "value": 33}}}
                    for hour, text in ((18, later), (17, FIRST))]  # fmt: skip
        document = orjson.dumps({"features": messages})
        at.server.put("/nws/stations/KMDW/observations?limit=50", document)
        found += await source()
        assert {one.correction for one in found if one.end_at == utc("17:53")} == {1}
        assert seen(found, CHI).floor_f() == 88
        assert [one.low_f for one in found if one.end_at == utc("18:53")] == [86]
