"""The archive's list of climate reports has one entry that makes no sense.

It costs only itself: the days beside it are there, and the source says what was wrong.
"""

from datetime import date, timedelta
from typing import Any

import orjson
import pytest

from kalshi_edge.data.source_status import PollOutcome
from kalshi_edge.data.weather.past.archive import PastReports
from kalshi_edge.data.weather.sources.reports import ClimateReportSource
from tests.cases.weather_stories import NYC, office, utc

pytestmark = [pytest.mark.realtime, pytest.mark.patient_time]

LIST = "/nws/products/types/CLI/locations/NYC"
ARCHIVE = "/iem/json/cli.py?station=KNYC&year=2026"


def entry(day: int, **changes: Any) -> dict[str, Any]:
    whole = {
        "station": "KNYC",
        "valid": f"2026-08-{day}",
        "high": 50 + day,
        "low": 61,
        "product": f"202608{day + 1}0619-KOKX-CDUS41-CLINYC",
    }
    return whole | changes


@pytest.mark.parametrize(
    "wrong",
    [{"product": None}, {"high": "about 77"}, {"high": 777}, {"station": "KLGA"}],
    ids=["no product", "no figure", "no temperature", "another station"],
)
async def test_one_bad_entry_costs_only_its_own_day(wrong: dict[str, Any]) -> None:
    async with office(utc("21:00")) as at:
        at.server.put(LIST, orjson.dumps({"@graph": []}))
        entries = [entry(26), entry(27, **wrong), entry(28)]
        at.server.put(ARCHIVE, orjson.dumps({"results": entries}))
        source = ClimateReportSource(at.client, (NYC,), at.clock)
        found = {one.climate_day.day: one.high_f for one in await source()}
        assert found == {26: 76, 28: 78}
        assert source.status.error


@pytest.mark.parametrize(
    "wrong",
    [None, "M", [], {"valid": []}, {"valid": None}, {"valid": "2026-08-27"},
     entry(27, product="209912310619-KOKX-CDUS41-CLINYC"), entry(27, valid="2026-02-30")],
    ids=["null", "text", "list", "list for a day", "no day", "nothing but a day",
         "issued in the future", "no such day"],
)  # fmt: skip
async def test_whatever_stands_in_the_list_costs_only_itself_and_is_named(wrong: Any) -> None:
    async with office(utc("21:00")) as at:
        at.server.put(LIST, orjson.dumps({"@graph": []}))
        at.server.put(ARCHIVE, orjson.dumps({"results": [entry(26), wrong, entry(28)]}))
        source = ClimateReportSource(at.client, (NYC,), at.clock)
        assert {one.climate_day.day for one in await source()} == {26, 28}
        assert source.status.outcome == PollOutcome.LATE
        assert "no final report of 27 Aug" in source.status.error
        assert len(source.status.error.split("; ")) == 2
        at.clock.advance(timedelta(minutes=5))
        assert await source() == ()
        assert len(source.status.error.split("; ")) == 2, "it is named until the day is there"


async def test_a_second_entry_that_can_be_read_gives_the_day() -> None:
    async with office(utc("21:00")) as at:
        at.server.put(LIST, orjson.dumps({"@graph": []}))
        entries = [entry(27, high="about 77"), entry(26), entry(27), entry(28)]
        at.server.put(ARCHIVE, orjson.dumps({"results": entries}))
        source = ClimateReportSource(at.client, (NYC,), at.clock)
        assert {one.climate_day.day: one.high_f for one in await source()} == {
            26: 76, 27: 77, 28: 78,
        }  # fmt: skip
        past = PastReports(at.client, at.clock)
        for day in (26, 27, 28):
            report = await past.report(NYC, date(2026, 8, day))
            assert report is not None
            assert report.high_f == 50 + day


async def test_the_import_of_past_days_reads_the_same_list() -> None:
    async with office(utc("21:00")) as at:
        entries = [entry(26, high=777), entry(27), entry(28, product=None), None]
        at.server.put(ARCHIVE, orjson.dumps({"results": entries}))
        past = PastReports(at.client, at.clock)
        assert await past.report(NYC, date(2026, 8, 26)) is None
        assert "777 °F is not within -80 to 140" in past.status.error
        report = await past.report(NYC, date(2026, 8, 27))
        assert report is not None
        assert report.high_f == 77
        assert await past.report(NYC, date(2026, 8, 28)) is None
        assert "not the name of a climate report" in past.status.error
        facts = await past.day(NYC, date(2026, 8, 28))
        assert facts.facts == ()
        assert "no final climate report of 2026-08-28" in facts.wanting[0]
        assert "not the name of a climate report" in facts.wanting[1]
