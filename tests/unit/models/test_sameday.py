"""The day's maximum once the day has begun: hours, nights, spikes; bins still sum to one."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.same_day import scores
from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.domain.market import Bin
from kalshi_edge.domain.weather import Basis, Observation
from kalshi_edge.errors import InputError
from kalshi_edge.models.distribution import Degrees, Normal, in_degrees, ladder_probabilities
from kalshi_edge.models.observed import Evidence, evidence
from kalshi_edge.models.sameday import same_day

NYC = station_of("NYC")
SUMMER, WINTER = date(2026, 7, 16), date(2027, 1, 16)
LADDER = (Bin(None, 79), Bin(80, 81), Bin(82, 83), Bin(84, 85), Bin(86, 87), Bin(88, None))
FORECAST = Normal(84.0, 2.5)


def read(hour_f: dict[float, int], day: date = SUMMER, basis: Basis = Basis.T_GROUP) -> Evidence:
    """Readings at hours of the climate day."""
    return evidence(NYC, day, [
        Observation("KNYC", basis, moment, moment, degrees, degrees, moment)
        for hour, degrees in hour_f.items()
        for moment in [NYC.day_start(day) + timedelta(hours=hour)]
    ])  # fmt: skip


def said(seen: Evidence, hour: float, day: date = SUMMER, forecast: Normal = FORECAST) -> Degrees:
    found = same_day(forecast, seen, NYC, day, NYC.day_start(day) + timedelta(hours=hour))
    assert isinstance(found, Degrees)
    return found


def test_without_a_reading_the_forecast_stands() -> None:
    at = NYC.day_start(SUMMER) + timedelta(hours=9)
    assert same_day(FORECAST, Evidence(), NYC, SUMMER, at) is FORECAST


def test_a_normal_in_degrees_gives_the_same_bins() -> None:
    for normal in (FORECAST, Normal(12.3, 1.0), Normal(-4.5, 6.0)):
        bins = [Bin(f, f + 1) for f in range(-40, 120, 2)]
        assert ladder_probabilities(in_degrees(normal), bins) == pytest.approx(
            ladder_probabilities(normal, bins), abs=1e-12
        )


@given(
    st.tuples(st.floats(-20, 115), st.floats(1, 8)),
    st.dictionaries(st.integers(0, 23), st.integers(-40, 125), min_size=1, max_size=12),
    st.floats(0, 24), st.sampled_from([SUMMER, WINTER]), st.sampled_from(list(Basis)),
)  # fmt: skip
def test_whatever_is_read_the_bins_sum_to_one(
    forecast: tuple[float, float], readings: dict[int, int], hour: float, day: date, basis: Basis
) -> None:
    seen = read({float(h): f for h, f in readings.items()}, day, basis)
    high = said(seen, hour, day, Normal(*forecast))
    fair = ladder_probabilities(high, LADDER)
    assert sum(fair) == pytest.approx(1.0, abs=1e-9)
    assert all(0 <= p <= 1 for p in fair)
    assert high.cdf(300.0) == pytest.approx(1.0, abs=1e-9)


def test_a_bin_that_can_no_longer_win_is_about_nothing_but_not_nothing() -> None:
    fair = ladder_probabilities(said(read({14: 86, 15: 86, 16: 85}), 16), LADDER)
    assert all(0 < p < 0.01 for p in fair[:3])
    assert fair[4] > 0.5


def test_in_the_morning_the_forecast_stands_but_for_what_was_reached() -> None:
    early = said(read({9: 76}), 9.5)
    assert ladder_probabilities(early, LADDER) == pytest.approx(
        ladder_probabilities(FORECAST, LADDER), abs=0.01
    )


def test_in_the_evening_the_readings_stand_whatever_the_forecast_was() -> None:
    late = said(read({14: 80, 15: 81, 16: 81, 19: 76}), 20)
    fair = ladder_probabilities(late, LADDER)
    # Hourly readings miss the maximum by a degree or two on nearly half of all days.
    assert fair[1] + fair[2] > 0.85
    assert 81 < late.mu_f < 82.5


def test_one_spike_does_not_move_a_morning() -> None:
    spiked = said(read({8: 73, 9: 104, 10: 78}), 10.5)
    assert ladder_probabilities(spiked, LADDER) == pytest.approx(
        ladder_probabilities(FORECAST, LADDER), abs=0.05
    )


def test_a_nights_maximum_is_the_days_where_the_day_gets_no_warmer() -> None:
    cold_front = Normal(45.0, 2.5)
    seen = read({0.85: 55, 1.85: 53, 2.85: 51, 9: 42}, WINTER)
    high = said(seen, 10, WINTER, cold_front)
    assert high.between(54.5, 57.5) > 0.9
    assert high.between(-100, 54.5) < 0.05


def test_while_the_night_lasts_it_may_still_bring_the_maximum() -> None:
    """The more so in winter, and no more once it is over."""
    forecast = Normal(40.0, 2.0)
    tail = [
        said(read({0.0: 30}, day), hour, day, forecast).between(44.5, 200)
        for day, hour in ((WINTER, 0.5), (WINTER, 6.9), (SUMMER, 0.5))
    ]
    assert tail[0] > 1.2 * tail[2] > tail[1] * 0.9


def test_the_shares_of_a_bracket_are_those_of_its_bins() -> None:
    high = said(read({13: 83}), 13.5)
    both = high.between(81.5, 85.5)
    assert both == pytest.approx(high.between(81.5, 83.5) + high.between(83.5, 85.5))


def test_on_synthetic_days_it_is_never_worse_than_forecast_or_cutting_off() -> None:
    """The sandbox's world, its reports through the real parser; not a word about the real one."""
    for hour, ways in scores(every=24).items():
        ours = ways["ours"]
        for name in ("forecast", "cut off"):
            assert ours.log_score <= ways[name].log_score + 0.03, (hour, name)
            assert ours.crps_f <= ways[name].crps_f + 0.03, (hour, name)
        if hour >= 14:
            assert ours.crps_f < 0.75 * ways["cut off"].crps_f


def test_degrees_that_are_no_distribution_are_refused() -> None:
    with pytest.raises(InputError, match="sum to"):
        Degrees(70, (0.5, 0.4))
