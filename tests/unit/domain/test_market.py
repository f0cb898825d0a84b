"""Bins, ladders and books: what is refused, and what walking a book finds, by hand."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.domain.market import Bin, Book, Ladder, Level, PriceRange
from kalshi_edge.domain.weather import Basis, Forecast, Observation
from kalshi_edge.errors import ContractError, InputError
from tests.support.builders import DAY, NOW, book, ladder, market

D = Decimal


def test_a_bin_includes_both_its_ends_and_reaches_half_a_degree_beyond() -> None:
    assert [Bin(73, 74).contains(x) for x in (72, 73, 74, 75)] == [False, True, True, False]
    assert [Bin(None, 72).contains(x) for x in (-5, 72, 73)] == [True, True, False]
    assert [Bin(81, None).contains(x) for x in (80, 81, 130)] == [False, True, True]
    assert Bin(None, 72).edges_f == (float("-inf"), 72.5)
    assert Bin(81, None).edges_f == (80.5, float("inf"))
    assert [str(b) for b in (Bin(None, 72), Bin(73, 74), Bin(75, 75))] == ["≤72°", "73–74°", "75°"]


@pytest.mark.parametrize("ends", [(None, None), (74, 73)])
def test_a_bin_that_says_nothing_is_refused(ends: tuple[int | None, int | None]) -> None:
    with pytest.raises(ContractError):
        Bin(*ends)


def test_zero_degrees_is_a_temperature() -> None:
    assert Bin(0, 1).contains(0)
    assert not Bin(1, 2).contains(0)
    assert Bin(0, 1).is_bounded


def test_exactly_one_market_of_a_ladder_wins_whatever_the_maximum() -> None:
    six = ladder(lowest=50)
    winners = [six.winner(high_f).ticker.rsplit("-", 1)[1] for high_f in (-20, 49, 50, 51, 57, 58)]
    assert winners == ["T50", "T50", "B50.5", "B50.5", "B56.5", "T57"]
    for high_f in range(-30, 130):
        assert sum(m.bin.contains(high_f) for m in six.markets) == 1


@pytest.mark.parametrize(
    ("bins", "why"),
    [
        ([], "without markets"),
        ([Bin(50, 51), Bin(52, None)], "nothing below"),
        ([Bin(None, 49), Bin(50, 51)], "nothing above"),
        ([Bin(None, 49), Bin(51, None)], "gap or overlap"),
        ([Bin(None, 50), Bin(50, None)], "gap or overlap"),
        ([Bin(None, 49), Bin(52, None), Bin(50, 51)], "nothing above"),
        ([Bin(None, 49), Bin(None, 51), Bin(52, None)], "gap or overlap"),
    ],
)
def test_a_ladder_that_does_not_tile_the_integers_is_refused(bins: list[Bin], why: str) -> None:
    whole = ladder()
    markets = tuple(market(f"T{i}", bin_, NOW) for i, bin_ in enumerate(bins))
    with pytest.raises(ContractError, match=why):
        replace(whole, markets=markets)


def test_a_ladder_of_any_number_of_bins_will_do() -> None:
    two = (market("A", Bin(None, 49), NOW), market("B", Bin(50, None), NOW))
    assert isinstance(replace(ladder(), markets=two), Ladder)


def test_the_climate_day_is_standard_time_all_year() -> None:
    new_york = station_of("NYC")
    # 00:30 summer time on 5 July is still 4 July in standard time
    assert new_york.climate_day(datetime(2026, 7, 5, 4, 30, tzinfo=UTC)) == date(2026, 7, 4)
    assert new_york.climate_day(datetime(2026, 7, 5, 5, 0, tzinfo=UTC)) == date(2026, 7, 5)
    assert new_york.day_start(date(2026, 7, 5)) == datetime(2026, 7, 5, 5, tzinfo=UTC)
    assert new_york.day_end(date(2026, 1, 5)) == datetime(2026, 1, 6, 5, tzinfo=UTC)
    assert station_of("PHX").day_start(date(2026, 7, 5)).hour == 7


def test_the_grid_is_the_markets_own_and_never_reaches_zero_or_a_dollar() -> None:
    ranges = (
        PriceRange(D("0"), D("0.10"), D("0.001")),
        PriceRange(D("0.10"), D("0.90"), D("0.01")),
        PriceRange(D("0.90"), D("1"), D("0.001")),
    )
    tapered = market("T", Bin(50, 51), NOW, price_ranges=ranges)
    allowed = ["0.001", "0.05", "0.0500", "0.101", "0.11", "0.115", "0.901", "0.999", "0", "1"]
    assert [tapered.is_on_grid(D(p)) for p in allowed] == [
        True, True, True, False, True, False, True, True, False, False,
    ]  # fmt: skip


def test_walking_a_book_takes_the_best_levels_first_and_stops_at_the_limit() -> None:
    deep = book(
        bids=[("0.35", 5), ("0.30", "2.50"), ("0.10", 100)],
        asks=[("0.40", 5), ("0.45", "3.12"), ("0.60", 50)],
    )
    buy = deep.buy(D(9))
    assert (buy.count, buy.cost, buy.worst_price) == (D(9), D("3.932"), D("0.60"))
    # 5 · 0.40 + 3.12 · 0.45 + 0.88 · 0.60, over 9
    assert buy.vwap == D("3.932") / 9
    limited = deep.buy(D(9), limit=D("0.45"))
    assert (limited.count, limited.cost) == (D("8.12"), D("3.404"))
    sell = deep.sell(D(8), limit=D("0.30"))
    assert (sell.count, sell.cost, sell.worst_price) == (D("7.50"), D("2.50"), D("0.30"))


def test_an_empty_side_is_no_price_rather_than_a_price_of_zero() -> None:
    empty = book(bids=[], asks=[])
    assert (empty.bid, empty.ask) == (None, None)
    assert (empty.sell(D(5)).count, empty.sell(D(5)).cost) == (0, 0)
    assert empty.sell(D(5)).vwap is None
    assert book().buy(D(0)).vwap is None


@pytest.mark.parametrize(
    ("bids", "asks"),
    [
        ([("0.40", 1)], [("0.40", 1)]),
        ([("0.41", 1)], [("0.40", 1)]),
        ([("0.30", 1), ("0.31", 1)], []),
        ([("0.30", 1), ("0.30", 1)], []),
        ([], [("0.50", 1), ("0.49", 1)]),
        ([("0", 1)], []),
        ([], [("1", 1)]),
        ([("0.30", 0)], []),
        ([("0.30", -1)], []),
    ],
)
def test_a_book_that_cannot_be_is_refused(
    bids: list[tuple[str, int]], asks: list[tuple[str, int]]
) -> None:
    with pytest.raises(InputError):
        book(bids=bids, asks=asks)


def test_a_book_is_a_value() -> None:
    one = Book("T", (Level(D("0.3"), D(1)),), (), NOW, NOW)
    assert one == Book("T", (Level(D("0.30"), D("1.00")),), (), NOW, NOW)


def test_weather_values_refuse_what_cannot_be() -> None:
    with pytest.raises(InputError, match="neither a mean nor a median"):
        Forecast("KNYC", DAY, "NBP", "5.0", NOW, NOW)
    with pytest.raises(InputError, match="fall"):
        Forecast("KNYC", DAY, "NBP", "5.0", NOW, NOW, percentiles=((10, 60.0), (50, 59.0)))
    with pytest.raises(InputError, match="negative"):
        Forecast("KNYC", DAY, "NBP", "5.0", NOW, NOW, mean_f=60.0, sd_f=-1.0)
    with pytest.raises(InputError, match="candidates"):
        Observation("KNYC", Basis.T_GROUP, NOW, NOW, 60, 59, NOW)
    with pytest.raises(InputError, match="window"):
        Observation("KNYC", Basis.DAY_MAX, NOW, NOW - timedelta(hours=1), 60, 60, NOW)


def test_a_forecasts_point_is_its_median_and_otherwise_its_mean() -> None:
    both = Forecast("KNYC", DAY, "NBP", "5.0", NOW, NOW, mean_f=61.0, percentiles=((50, 60.0),))
    mean = Forecast("KNYC", DAY, "NBM", "5.0", NOW, NOW, mean_f=0.0)
    assert (both.point_f, mean.point_f) == (60.0, 0.0)
    assert both.percentile(10) is None
