"""Model, market and climatology on the same ladders, worked out by hand."""

from collections.abc import Sequence
from datetime import date, timedelta
from math import log, sqrt

import pytest

from kalshi_edge.backtest.reliability import pit_histogram, reliability_points
from kalshi_edge.backtest.summary import summary
from kalshi_edge.backtest.verification import climatology, contests
from kalshi_edge.domain.verdicts import Opportunity
from tests.support.backtest_records import BINS, FIRST, opportunity, record, view

MIDS = (0.10, 0.50, 0.40, 0.20)
"""They sum to 1.20."""
LAST_YEARS = {("NYC", date(2023, 3, 1) + timedelta(days=i)): 50 + i % 5 for i in range(-15, 60)}


Quotes = Sequence[tuple[str | None, str]]
TIGHT: Quotes = (("0.08", "0.12"), ("0.48", "0.52"), ("0.38", "0.42"), ("0.18", "0.22"))
WIDE: Quotes = (("0.08", "0.12"), ("0.48", "0.52"), (None, "0.80"), ("0.18", "0.22"))


def quoted(day: date, quotes: Quotes) -> list[Opportunity]:
    pairs = zip(BINS, quotes, strict=False)
    return [opportunity(day, bin_, 0.25, bid, ask) for bin_, (bid, ask) in pairs]


def test_the_mids_are_divided_by_their_sum_and_the_rest_is_reported() -> None:
    found = contests(record(views=[view(FIRST, MIDS)], highs={**LAST_YEARS, ("NYC", FIRST): 51}))
    assert found[0].market == pytest.approx((1 / 12, 5 / 12, 4 / 12, 2 / 12))
    assert found[0].overround == pytest.approx(0.20)
    assert found[0].winner == 1


def test_scores_are_those_of_the_same_ladders() -> None:
    highs = {**LAST_YEARS, ("NYC", FIRST): 51}
    table = summary(record(views=[view(FIRST, MIDS)], highs=highs)).scores[0]
    brier, per_bin, ranked, logarithmic = table.rows
    assert (table.per_ladder, table.per_bin) == (brier, per_bin)
    assert per_bin.market == pytest.approx(brier.market / 4)
    assert per_bin.model_less_market.mean == pytest.approx(brier.model_less_market.mean / 4)
    assert per_bin.model_less_market.count == 4
    assert brier.market == pytest.approx((1 + 49 + 16 + 4) / 144)
    # Cumulated 1/12, 6/12, 10/12 against 0, 1, 1.
    assert ranked.market == pytest.approx((1 + 36 + 4) / 144 / 3)
    assert logarithmic.market == pytest.approx(-log(5 / 12))
    assert brier.model_less_market.mean == pytest.approx(brier.model - brier.market)
    assert (table.ladders, table.days, table.overround) == (1, 1, pytest.approx(0.20))


def test_a_bin_that_nobody_quotes_takes_its_ladder_out_for_all_three() -> None:
    days = [FIRST, FIRST + timedelta(days=1)]
    views = [view(days[0], MIDS), view(days[1], (0.1, None, 0.4, 0.2))]
    highs = {**LAST_YEARS, **{("NYC", day): 51 for day in days}}
    assert [c.climate_day for c in contests(record(views=views, highs=highs))] == [FIRST]


def test_no_result_and_no_climatology_take_a_ladder_out() -> None:
    assert contests(record(views=[view(FIRST, MIDS)], highs=LAST_YEARS)) == ()
    assert contests(record(views=[view(FIRST, MIDS)], highs={("NYC", FIRST): 51})) == ()


@pytest.mark.parametrize(
    ("mids", "quotes", "widest"),
    [
        (MIDS, WIDE, 0.80),
        (MIDS, (*TIGHT[:3], (None, "0.06")), 0.06),
        # The last bin has a bid of 0.90 and no ask: its mid is 0.95.
        ((0.10, 0.50, 0.40, 0.95), TIGHT[:3], 0.10),
        ((0.10, 0.50, 0.40, 0.94), TIGHT[:3], 0.12),
    ],
)
def test_a_missing_bid_stands_at_zero_and_a_missing_ask_at_one(
    mids: tuple[float, ...], quotes: Quotes, widest: float
) -> None:
    offered = quoted(FIRST, quotes)
    highs = {**LAST_YEARS, ("NYC", FIRST): 51}
    found = contests(record(views=[view(FIRST, mids)], opportunities=offered, highs=highs))
    assert found[0].widest_spread == widest


def test_tight_ladders_are_judged_apart_and_after_all_of_them() -> None:
    highs, views, offered = dict(LAST_YEARS), [], []
    for i in range(28):
        day = FIRST + timedelta(days=i)
        highs["NYC", day] = 51
        views.append(view(day, MIDS))
        offered += quoted(day, TIGHT if i % 2 else WIDE)
    found = summary(record(views=views, opportunities=offered, highs=highs))
    # One city only: it is not told twice.
    assert [(t.city, t.tight_only, t.ladders) for t in found.scores] == [
        (None, False, 28),
        (None, True, 14),
    ]
    assert found.scores_of(tight_only=False) == found.scores[0]
    assert found.scores_of(tight_only=True) == found.scores[1]


def test_two_cities_of_one_date_are_two_ladders_and_one_day() -> None:
    highs = {(city, day): high for (_, day), high in LAST_YEARS.items() for city in ("NYC", "CHI")}
    highs |= {("NYC", FIRST): 51, ("CHI", FIRST): 53}
    views = [view(FIRST, MIDS), view(FIRST, MIDS, city="CHI")]
    found = summary(record(views=views, highs=highs)).scores
    assert [(t.city, t.ladders, t.days) for t in found] == [
        (None, 2, 1),
        ("CHI", 1, 1),
        ("NYC", 1, 1),
    ]
    both, chicago, new_york = (table.rows[0].market for table in found)
    assert both == pytest.approx((chicago + new_york) / 2)


# --- climatology ------------------------------------------------------------------------------


def test_climatology_is_the_mean_and_spread_of_the_date_in_earlier_years() -> None:
    highs = {
        date(year, 7, 1) + timedelta(days=i): year - 1940 + i
        for year in (2022, 2023)
        for i in range(31)
    }
    found = climatology(highs, date(2024, 7, 16))
    assert found is not None
    values = [82 + i for i in range(31)] + [83 + i for i in range(31)]
    mean = sum(values) / 62
    assert found.mu_f == pytest.approx(mean)
    assert found.sigma_f == pytest.approx(sqrt(sum((v - mean) ** 2 for v in values) / 61))


def test_climatology_knows_nothing_of_the_year_before_its_day() -> None:
    highs = {date(2023, 7, 1) + timedelta(days=i): 80 + i % 3 for i in range(31)}
    day = date(2024, 7, 16)
    recent = {day - timedelta(days=i): 0 for i in range(-20, 345)}
    assert climatology(highs | recent, day) == climatology(highs, day)


def test_nineteen_values_are_no_climatology_and_twenty_are_one() -> None:
    highs = {date(2023, 7, 1) + timedelta(days=i): 80 + i % 3 for i in range(20)}
    day = date(2024, 7, 10)
    assert climatology(highs, day) is not None
    assert climatology(dict(list(highs.items())[1:]), day) is None
    assert climatology({}, day) is None


def test_a_leap_day_and_the_turn_of_the_year_have_a_climatology() -> None:
    highs = {date(2023, 12, 20) + timedelta(days=i): 40 + i % 3 for i in range(90)}
    assert climatology(highs, date(2024, 12, 31)) is not None
    assert climatology(highs, date(2025, 1, 1)) is not None
    assert climatology(
        {date(2023, 2, 14) + timedelta(days=i): i for i in range(30)}, date(2024, 2, 29)
    )


# --- calibration ------------------------------------------------------------------------------


def test_a_high_counts_in_every_pit_class_its_degree_reaches() -> None:
    # The middle degree of Normal(52, 2) covers Φ(−¼) to Φ(¼): 0.4013 to 0.5987.
    pit = pit_histogram([view(FIRST, MIDS)], {("NYC", FIRST): 52})
    assert pit is not None
    assert pit.shares == pytest.approx((0, 0, 0, 0, 0.5, 0.5, 0, 0, 0, 0), abs=1e-12)
    assert sum(pit.shares) == pytest.approx(1)


def test_a_high_beyond_all_belief_is_in_an_end_class() -> None:
    for high_f, place in ((-120, 0), (190, 9)):
        pit = pit_histogram([view(FIRST, MIDS)], {("NYC", FIRST): high_f})
        assert pit is not None
        assert pit.shares[place] == 1.0


def test_a_class_far_from_its_word_lies_outside_its_band() -> None:
    honest = reliability_points([((0.3, 0.7), int(i % 10 >= 3)) for i in range(100)])
    boastful = reliability_points([((0.3, 0.7), int(i % 10 >= 6)) for i in range(100)])
    assert all(p.band_low <= p.row.observed <= p.band_high for p in honest)
    assert not any(p.band_low <= p.row.observed <= p.band_high for p in boastful)
    half = 1.96 * sqrt(0.3 * 0.7 / 100)
    assert (honest[0].band_low, honest[0].band_high) == pytest.approx((0.3 - half, 0.3 + half))
