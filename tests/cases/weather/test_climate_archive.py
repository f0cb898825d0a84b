"""The archive's list of climate reports has one entry that makes no sense.

It costs only itself: the days beside it are there, and the source says what was wrong.
"""

from typing import Any

import orjson
import pytest

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


@pytest.mark.xfail(strict=True, raises=AssertionError, reason="the whole list is refused")
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
