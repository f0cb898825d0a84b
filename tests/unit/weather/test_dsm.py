"""Daily summary messages: the maximum with its time, partial days, corrections and empty ones."""

from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest

from kalshi_edge.data.weather.dsm import DailySummary, daily_maximum, parse_dsms
from kalshi_edge.domain.weather import Basis
from kalshi_edge.errors import InputError

DENVER = "KDEN DS 1830 10/08 831115/ 540430// 71/ 54//0010451/00/"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def parsed(text: str, received: str) -> tuple[DailySummary, ...]:
    summaries, faults = parse_dsms(text, received_at=utc(received))
    assert faults == ()
    return summaries


def test_every_station_of_the_collective_is_read(shared: Path):
    text = (shared / "data/dsm/DSM.txt").read_text("latin-1")
    summaries = parsed(text, "2015-11-27T06:20")
    assert len(summaries) == 23
    by_station = {summary.station: summary for summary in summaries}
    assert by_station["KMEM"] == DailySummary(  # 561641/ 432359//
        station="KMEM",
        climate_day=date(2015, 11, 26),
        until=None,
        high_f=56,
        high_time=time(16, 41),
        low_f=43,
        is_corrected=False,
        received_at=utc("2015-11-27T06:20"),
    )
    assert (by_station["KHKS"].high_f, by_station["KHKS"].high_time) == (66, time(11, 52))
    assert (by_station["KLLQ"].high_f, by_station["KLLQ"].low_f) == (65, 43)


def test_a_summary_without_any_figure_is_no_observation(shared: Path):
    text = (shared / "data/dsm/DSM_allmissing.txt").read_text("latin-1")
    summaries = parsed(text, "2015-11-27T06:20")
    assert [(s.station, s.high_f, s.high_time, s.low_f) for s in summaries] == [
        ("KHKS", None, None, None),
        ("KXXX", None, None, None),
    ]
    assert daily_maximum(summaries[0]) is None


def test_a_partial_day_is_a_maximum_up_to_its_time():
    text = f"CXUS45 KBOU 110131\nDSMDEN\n{DENVER}\n"
    (summary,) = parsed(text, "2026-08-11T01:33")
    assert (summary.climate_day, summary.until) == (date(2026, 8, 10), time(18, 30))
    assert (summary.high_f, summary.high_time, summary.low_f) == (83, time(11, 15), 54)
    observation = daily_maximum(summary)
    assert observation is not None
    assert observation.basis is Basis.DAILY_SUMMARY
    assert (observation.low_f, observation.high_f) == (83, 83)
    assert observation.start_at == utc("2026-08-10T07:00")
    assert observation.end_at == utc("2026-08-11T01:30")


def test_a_whole_day_reaches_to_standard_midnight_and_never_past_its_receipt():
    text = "KNYC DS COR 08/10 701423/ 592359// 70/ 60//0070101/T/00/T"
    (summary,) = parsed(text, "2026-10-09T05:28")
    assert (summary.is_corrected, summary.until, summary.high_f) == (True, None, 70)
    whole = daily_maximum(summary)
    assert whole is not None
    assert (whole.start_at, whole.end_at) == (utc("2026-10-08T05:00"), utc("2026-10-09T05:00"))
    (early,) = parsed(text, "2026-10-08T19:30")
    partial = daily_maximum(early)
    assert partial is not None
    assert partial.end_at == utc("2026-10-08T19:30")


def test_a_summary_of_a_day_that_has_not_begun_is_no_observation():
    (summary,) = parsed("KLAX DS 08/10 701423/ 592359//", "2026-10-08T07:59")
    with pytest.raises(InputError, match="KLAX: window ends before it starts"):
        daily_maximum(summary)
    (foreign,) = parsed("KXYZ DS 08/10 701423/ 592359//", "2026-10-09T07:59")
    with pytest.raises(InputError, match="no station 'KXYZ'"):
        daily_maximum(foreign)


def test_three_figures_and_frost_are_read():
    text = "KPHX DS 1400 30/08 1101352/ 860512//\nKMSP DS 1400 30/08 -31352/ -120512//="
    hot, cold = parsed(text, "2026-08-30T21:07")
    assert (hot.high_f, hot.low_f, hot.high_time) == (110, 86, time(13, 52))
    assert (cold.high_f, cold.low_f) == (-3, -12)


def test_the_year_is_the_one_nearest_the_receipt():
    (summary,) = parsed("KNYC DS 31/12 401423/ 292359//", "2027-01-01T05:28")
    assert summary.climate_day == date(2026, 12, 31)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("KDEN DS 1830 31/09 831115/ 540430//", "KDEN: no such day: 31/9"),
        ("KDEN DS 1830 11/08 831115/ 540430//", "KDEN: of 2026-08-11, received on 2026-08-10"),
        ("KDEN DS 1830 10/08 832515/ 540430//", "KDEN: no time of day: 2515"),
        ("KDEN DS 1860 10/08 831115/ 540430//", "KDEN: no time of day: 1860"),
        ("KDEN DS 1830 10/08 531115/ 540430//", "KDEN: minimum 54 above maximum 53"),
        ("KDEN DS 1830 10/08 1831115/ 540430//", "KDEN: 183 °F is not within -80 to 140"),
        ("KDEN DS 1830 10/08 83/ 54//", "not a daily summary: 'KDEN DS 1830"),
        ("<html>503</html>", "not a daily summary: '<html>503</html>'"),
    ],
)
def test_what_cannot_be_trusted_is_refused_by_name(text, reason):
    summaries, (fault,) = parse_dsms(text, received_at=utc("2026-08-10T23:00"))
    assert summaries == ()
    assert str(fault).startswith(reason)
