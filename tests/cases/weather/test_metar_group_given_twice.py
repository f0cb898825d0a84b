"""A group stands in an hourly report twice, with the same figures.

That is no contradiction: it is read once, and nothing of the report is lost.
"""

import pytest

from kalshi_edge.data.weather.metar import parse_metars
from tests.cases.weather_stories import utc

REPORT = "KMDW 291753Z 21007KT 10SM CLR 31/19 A2997 RMK AO2 SLP140 T03110189 10311 20194"


@pytest.mark.parametrize("group", ["31/19", "T03110189", "10311"])
def test_a_group_that_says_the_same_twice_is_read_once(group: str) -> None:
    once, _ = parse_metars(REPORT, received_at=utc("17:56"))
    assert len(once) == 2
    again = REPORT.replace(group, f"{group} {group}")
    assert parse_metars(again, received_at=utc("17:56")) == (once, ())


def test_groups_that_differ_are_still_a_fault() -> None:
    other = REPORT.replace("10311", "10311 10317")
    found, (fault,) = parse_metars(other, received_at=utc("17:56"))
    assert len(found) == 1
    assert "contradict each other" in str(fault)
