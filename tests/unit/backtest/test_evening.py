"""Trade averages as a forecast: which ladders count, and their scores by hand."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from math import log

import pytest

from kalshi_edge.backtest.evening import average_ladders, bins_of, evening
from kalshi_edge.data.history.benchmarks import TradeAverage
from kalshi_edge.models.distribution import Normal, ladder_probabilities

DAY = date(2024, 3, 1)
AT = datetime(2024, 3, 1, 3, tzinfo=UTC)
PRICES = {"T50": "0.11", "B50.5": "0.44", "B52.5": "0.33", "T53": "0.22"}


def averages(prices: Mapping[str, str], event: str = "HIGHNY-24MAR01") -> list[TradeAverage]:
    return [
        TradeAverage(f"{event}-{strike}", Decimal(price), 3, Decimal(30), AT, AT, AT)
        for strike, price in prices.items()
    ]


def paid(won: str, event: str = "HIGHNY-24MAR01") -> dict[str, Decimal]:
    return {f"{event}-{strike}": Decimal(strike == won) for strike in PRICES}


def test_a_ladders_averages_are_divided_by_their_sum() -> None:
    (found,), left_out = average_ladders(averages(PRICES), paid("B50.5"))
    assert not left_out
    assert (found.city, found.climate_day) == ("NYC", DAY)
    assert [str(bin_) for bin_ in found.bins] == ["≤49°", "50–51°", "52–53°", "≥54°"]
    assert found.market == pytest.approx((0.1, 0.4, 0.3, 0.2))
    assert (found.total, found.won) == (pytest.approx(1.10), 1)


@pytest.mark.parametrize("missing", list(PRICES))
def test_a_ladder_with_a_bin_that_nobody_traded_is_left_out(missing: str) -> None:
    some = {strike: price for strike, price in PRICES.items() if strike != missing}
    found, left_out = average_ladders(averages(some), paid("B50.5"))
    assert found == ()
    assert left_out == {("NYC", "not every bin was traded"): 1}


def test_a_ladder_without_one_paid_bin_is_left_out() -> None:
    for results in ({}, {ticker: Decimal(1) for ticker in paid("T50")}):
        found, left_out = average_ladders(averages(PRICES), results)
        assert found == ()
        assert left_out == {("NYC", "not one bin was paid"): 1}


def test_an_open_end_without_neighbours_says_nothing() -> None:
    assert bins_of(["HIGHNY-24MAR01-T50"]) == {}
    found = bins_of(["HIGHCHI-22DEC23-B-2.5", "HIGHCHI-22DEC23-T-3"])
    assert [str(bin_) for bin_ in found.values()] == ["−3 to −2°", "≤−4°"]


def test_scores_of_market_and_model_are_of_the_same_ladders() -> None:
    denver = "KXHIGHDEN-25MAR01"
    everything = averages(PRICES) + averages(PRICES, denver)
    results = paid("B50.5") | paid("T53", denver)
    own = Normal(52.0, 2.0)
    found = evening(everything, results, {("NYC", DAY): {"emos": own}}, seed=0)
    assert {city: one.n for city, one in found.market.items()} == {"DEN": 1, "NYC": 1, "all": 2}
    assert found.market["NYC"].log == pytest.approx(-log(0.4))
    assert found.market["NYC"].brier_per_bin == pytest.approx((0.01 + 0.36 + 0.09 + 0.04) / 4)
    assert found.market["all"].log == pytest.approx(-(log(0.4) + log(0.2)) / 2)
    # Denver has no forecast: the model is compared in New York only
    assert set(found.models) == {"NYC", "all"}
    ours = found.models["all"]["emos"]
    p = ladder_probabilities(own, average_ladders(averages(PRICES), results)[0][0].bins)
    assert (ours.n, ours.days, ours.interval) == (1, 1, None)
    assert ours.difference == pytest.approx(log(0.4) - log(p[1]))
    assert ours.log_market == pytest.approx(found.market["NYC"].log)
    assert ours.brier_per_bin_market == found.market["NYC"].brier_per_bin
