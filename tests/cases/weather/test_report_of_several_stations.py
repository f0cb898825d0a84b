"""A climate report about several places, as Houston's was: Intercontinental first, then Hobby.

The market is about one of them. Its figures are used, whichever stands first, and a place whose
figures cannot be read costs the others nothing.
"""

import orjson
import pytest

from kalshi_edge.data.weather.sources.reports import ClimateReportSource
from kalshi_edge.data.weather.stations import station_of
from tests.cases.weather_stories import office, utc

LIST = "/nws/products/types/CLI/locations/HOU"
HEAD = """
000
CDUS44 KHGX 290655
CLIHOU

CLIMATE REPORT
NATIONAL WEATHER SERVICE HOUSTON/GALVESTON TX
155 AM CDT SAT AUG 29 2026

"""
PLACE = """...THE {place} CLIMATE SUMMARY FOR AUGUST 28 2026...

TEMPERATURE (F)
 YESTERDAY
  MAXIMUM         {high} 233 PM 105    1967  95     12       70
  MINIMUM         76     658 AM  61    1976  74     13       39

PRECIPITATION (IN)

"""
BUSH = PLACE.format(place="HOUSTON INTERCONTINENTAL", high="98    ")
HOBBY = PLACE.format(place="HOUSTON/HOBBY AIRPORT", high="95    ")
BROKEN = "1O1   "


async def highs(text: str) -> tuple[list[int | None], str]:
    """The day's figures that become of a text, and what the source says."""
    async with office(utc("07:30")) as at:
        entry = {"id": "a1", "issuanceTime": "2026-08-29T06:55:00+00:00"}
        at.server.put(LIST, orjson.dumps({"@graph": [entry]}))
        at.server.put("/nws/products/a1", orjson.dumps({"productText": HEAD + text}))
        source = ClimateReportSource(at.client, (station_of("HOU"),), at.clock)
        return [one.high_f for one in await source()], source.status.error


@pytest.mark.parametrize("text", [BUSH + HOBBY, HOBBY + BUSH, HOBBY])
async def test_the_stations_own_figures_are_used(text: str) -> None:
    assert (await highs(text))[0] == [95]


async def test_a_place_that_cannot_be_read_costs_only_itself() -> None:
    found, _ = await highs(BUSH.replace("98    ", BROKEN) + HOBBY)
    assert found == [95]
    found, _ = await highs(BUSH + HOBBY.replace("95    ", BROKEN))
    assert found == [], "the other place's figures are none of ours"


async def test_where_two_places_could_be_it_none_is_taken() -> None:
    text = BUSH.replace("INTERCONTINENTAL", "HOBBY NORTH") + HOBBY
    assert (await highs(text))[0] == []
