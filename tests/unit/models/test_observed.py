"""What was read of a day bounds its maximum softly: by kind, by window, by climate day."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kalshi_edge.data.weather.dsm import daily_maximum, parse_dsms
from kalshi_edge.data.weather.metar import fahrenheit_candidates, parse_metars
from kalshi_edge.data.weather.stations import STATIONS, station_of
from kalshi_edge.domain.weather import Basis, ClimateReport, Observation, Station
from kalshi_edge.models.observed import DOUBTS, DayPart, Evidence, evidence

NYC, CHI, LA, PHX = (station_of(city) for city in ("NYC", "CHI", "LA", "PHX"))
DAY = date(2026, 7, 4)
TABLE = {
    0: (32,), 1: (33, 34), 2: (35, 36), 3: (37, 38), 4: (39, 40), 5: (41,), 6: (42, 43),
    7: (44, 45), 8: (46, 47), 9: (48, 49), 10: (50,), 11: (51, 52), 12: (53, 54), 13: (55, 56),
    14: (57, 58), 15: (59,), 16: (60, 61), 17: (62, 63), 18: (64, 65), 19: (66, 67), 20: (68,),
    21: (69, 70), 22: (71, 72), 23: (73, 74), 24: (75, 76), 25: (77,), 26: (78, 79), 27: (80, 81),
    28: (82, 83), 29: (84, 85), 30: (86,), 31: (87, 88), 32: (89, 90), 33: (91, 92), 34: (93, 94),
    35: (95,), 38: (100, 101), 40: (104,), 43: (109, 110), 45: (113,),
}  # fmt: skip
"""What a sensor in whole °F may have read where a report says a whole °C, worked out by hand."""


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def read(text: str, received: str) -> tuple[Observation, ...]:
    found, faults = parse_metars(text, received_at=at(received))
    assert not faults
    return found


def seen(
    text: str, received: str = "2026-07-05T12:00", day: date = DAY, station: Station = NYC
) -> Evidence:
    return evidence(station, day, read(text, received))


def reading(
    basis: Basis,
    low_f: int,
    start: datetime,
    end: datetime | None = None,
    high_f: int | None = None,
) -> Observation:
    end = end or start
    return Observation("KNYC", basis, start, end, low_f, high_f or low_f, end)


# --- kinds ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("celsius", "candidates"), TABLE.items())
def test_a_whole_celsius_is_sure_of_its_lower_candidate_only(
    celsius: int, candidates: tuple[int, ...]
) -> None:
    known = seen(f"KNYC 041751Z 00000KT {celsius:02d}/00 A3000 RMK AO2", "2026-07-04T18:00")
    assert fahrenheit_candidates(celsius) == candidates
    assert known.floor_f() == candidates[0]
    far, below, lowest, highest = known.weights(
        (candidates[0] - 5, candidates[0] - 1, candidates[0], candidates[-1])
    )
    assert 0 < far < below < lowest <= highest == 1.0
    # Where two are possible, each is as likely: the lower one has half the weight of the upper.
    assert lowest == pytest.approx(1.0 if len(candidates) == 1 else 0.52)


def test_a_t_group_is_exact_where_the_whole_celsius_beside_it_is_not() -> None:
    known = seen("KMDW 040153Z 15005KT 10SM CLR 29/23 A2993 RMK AO2 SLP121 T02940228 $",
                 "2026-07-04T02:00", date(2026, 7, 3), CHI)  # fmt: skip
    (bound,) = known.bounds
    assert (bound.low_f, bound.high_f, bound.doubt) == (85, 85, DOUBTS[Basis.T_GROUP])


def test_a_six_hour_maximum_counts_above_the_readings_in_it() -> None:
    hourly = "KNYC 041651Z 00000KT 36/20 A3000 RMK AO2 T03560200="
    assert seen(hourly).floor_f() == 96
    assert (
        seen(f"{hourly} KNYC 041751Z 00000KT 36/20 A3000 RMK AO2 T03610200 10372").floor_f() == 99
    )


def test_a_day_maximum_bounds_from_above_too() -> None:
    text = "KNYC 050451Z 00000KT 27/20 A3000 RMK AO2 T02720200 403720183"
    known = seen(text)
    assert known.floor_f() == 99
    below, exact, above, far = known.weights((98, 99, 100, 103))
    assert exact == 1.0
    assert 0 < far < above < 0.1
    assert 0 < below < 0.1


def test_a_summary_so_far_is_a_floor_and_that_of_the_whole_day_a_ceiling_too() -> None:
    for text, received, ceiling in (
        ("KNYC DS 1600 04/07 981423/ 702359//", "2026-07-04T21:30", False),
        ("KNYC DS 04/07 981423/ 702359//", "2026-07-05T05:20", True),
    ):
        (summary,), faults = parse_dsms(text, received_at=at(received))
        assert not faults
        found = daily_maximum(summary)
        assert found is not None
        known = evidence(NYC, DAY, [found])
        assert known.floor_f() == 98
        assert [bound.is_ceiling for bound in known.bounds] == [ceiling]
        assert (known.weights((105,)) == [1.0]) is not ceiling


def test_an_intermediate_climate_report_is_a_floor() -> None:
    issued = at("2026-07-04T20:44")
    report = ClimateReport("CLINYC", DAY, 95, 70, False, False, False, issued, issued)
    known = evidence(NYC, DAY, [], [report])
    assert known.floor_f() == 95
    assert known.weights((95, 104)) == [1.0, 1.0]
    assert evidence(CHI, DAY, [], [report]).bounds == ()


# --- doubt ----------------------------------------------------------------------------------------


@given(
    st.lists(
        st.tuples(
            st.sampled_from(list(Basis)),
            st.integers(-30, 120),
            st.integers(0, 23),
            st.integers(0, 1),
        ),
        max_size=12,
    )
)
def test_no_reading_makes_any_maximum_impossible_or_certain(
    readings: list[tuple[Basis, int, int, int]],
) -> None:
    start = NYC.day_start(DAY)
    known = evidence(NYC, DAY, [
        reading(basis, low, start + timedelta(hours=hour), high_f=low + wide)
        for basis, low, hour, wide in readings
    ])  # fmt: skip
    weights = known.weights(range(-40, 131))
    assert all(0 < weight <= 1 for weight in weights)
    floor_f = known.floor_f()
    assert (floor_f is None) == (not readings)


def test_what_stands_alone_is_doubted_more_than_what_others_agree_with() -> None:
    noon = NYC.day_start(DAY) + timedelta(hours=12)
    spike = reading(Basis.T_GROUP, 97, noon)
    (alone,) = evidence(NYC, DAY, [spike]).weights((85,))
    near = reading(Basis.T_GROUP, 95, noon + timedelta(hours=1))
    (agreed,) = evidence(NYC, DAY, [spike, near]).weights((85,))
    far = reading(Basis.T_GROUP, 85, noon + timedelta(hours=1))
    (disputed,) = evidence(NYC, DAY, [spike, far]).weights((85,))
    assert agreed < alone == disputed


# --- days and windows -----------------------------------------------------------------------------


@pytest.mark.parametrize("station", STATIONS, ids=lambda station: station.city)
@pytest.mark.parametrize(
    "day",
    [date(2026, 3, 8), date(2026, 11, 1), date(2026, 7, 4), date(2026, 1, 1), date(2028, 2, 29)],
)
def test_the_day_is_that_of_standard_time_on_days_the_clocks_change_too(
    station: Station, day: date
) -> None:
    start_at = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(
        hours=station.standard_offset_h
    )
    for minutes, counts in ((-1, False), (0, True), (24 * 60 - 1, True), (24 * 60, False)):
        moment = start_at + timedelta(minutes=minutes)
        one = Observation(station.icao, Basis.T_GROUP, moment, moment, 70, 70, moment)
        assert bool(evidence(station, day, [one]).bounds) is counts


def test_a_window_over_standard_midnight_says_little_of_the_day_it_hardly_touches() -> None:
    # 23:51 to 05:51 UTC: 18:51 to 00:51 in New York; nearly all of it is the 3rd.
    night = read("KNYC 040551Z 00000KT 31/20 A3000 RMK AO2 T03060200 10350", "2026-07-04T06:00")
    before, after = (evidence(NYC, day, night[1:]) for day in (date(2026, 7, 3), DAY))
    (late,), (early,) = before.bounds, after.bounds
    assert late.share == pytest.approx(309 / 360)
    assert early.share == pytest.approx(51 / 360)
    assert late.share + early.share == pytest.approx(1.0)
    # It is no floor of either: its 95 °F may have been on the other side of midnight.
    assert before.floor_f() is after.floor_f() is None
    (mild,), (strong,) = after.weights((88,)), before.weights((88,))
    assert mild > 0.85
    assert strong < 0.2


def test_the_same_window_lies_within_chicagos_day() -> None:
    known = seen("KMDW 040553Z 00000KT 26/20 A3000 RMK AO2 T02610200 10272", "2026-07-04T06:00",
                 date(2026, 7, 3), CHI)  # fmt: skip
    assert known.floor_f() == 81
    assert all(bound.share == 1.0 for bound in known.bounds)


@pytest.mark.parametrize("station", [NYC, CHI, LA, PHX], ids=lambda station: station.city)
def test_windows_of_a_day_count_once_in_all(station: Station) -> None:
    """However the six-hour windows lie, what they give to the days around sums to one each."""
    start = at("2026-07-03T23:51")
    for step in range(8):
        window = (start + timedelta(hours=6 * step), start + timedelta(hours=6 * step + 6))
        one = Observation(station.icao, Basis.SIX_HOUR_MAX, *window, 80, 80, window[1])
        shares = [
            bound.share
            for days in range(-1, 4)
            for bound in evidence(station, DAY + timedelta(days=days), [one]).bounds
        ]
        assert sum(shares) == pytest.approx(1.0)


def test_the_night_before_the_forecasts_window_is_told_apart() -> None:
    text = (
        "KNYC 041151Z 00000KT 22/20 A3000 RMK AO2 T02220200 10233="
        "KNYC 041751Z 00000KT 30/20 A3000 RMK AO2 T03000200 10306="
        "KNYC 050451Z 00000KT 27/20 A3000 RMK AO2 T02720200 403060183"
    )
    parts = {(b.low_f, b.part) for b in seen(text).bounds if b.is_maximum}
    assert parts == {(74, DayPart.NIGHT), (87, DayPart.DAYTIME), (87, DayPart.BOTH)}


# --- real specimens -------------------------------------------------------------------------------


@pytest.mark.shared
def test_real_metars_bound_their_stations_days(shared: Path) -> None:
    wichita_falls = Station("SPS", "KSPS", "Sheppard", "CLISPS", "X", -6, 33.98, -98.49)
    text = (shared / "data/metar/first.txt").read_text("latin-1")
    found, _ = parse_metars(text, received_at=at("2013-10-01T01:00"))
    known = evidence(wichita_falls, date(2013, 9, 30), found)
    # 25.0 °C in tenths is 77 °F; 23:52 UTC is 17:52 standard time on the 30th.
    assert known.floor_f() == 77
    miami = station_of("MIA")
    text = (shared / "data/metar/collective.txt").read_text("latin-1")
    found, _ = parse_metars(text, received_at=at("2013-10-08T14:10"))
    # 23 °C without tenths: 73 or 74 °F, and only the lower is sure.
    assert evidence(miami, date(2013, 10, 8), found).floor_f() == 73


@pytest.mark.shared
def test_real_summaries_bound_their_whole_day_on_both_sides(shared: Path) -> None:
    text = (shared / "data/dsm/DSM.txt").read_text("latin-1")
    received_at = at("2015-11-27T08:00")
    summaries, faults = parse_dsms(text, received_at=received_at)
    assert not faults
    assert len(summaries) > 20
    for summary in summaries:
        assert summary.high_f is not None
        station = Station("X", summary.station, "", "CLIX", "X", -6, 0.0, 0.0)
        window = (station.day_start(summary.climate_day), station.day_end(summary.climate_day))
        one = Observation(
            summary.station,
            Basis.DAILY_SUMMARY,
            *window,
            summary.high_f,
            summary.high_f,
            received_at,
        )
        known = evidence(station, summary.climate_day, [one])
        assert known.floor_f() == summary.high_f
        below, exact, above = known.weights(range(summary.high_f - 1, summary.high_f + 2))
        assert below == above < exact == 1.0
