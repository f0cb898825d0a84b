"""A ladder below 0 °F, from the exchange's listing through its tickers and rules and back."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from kalshi_edge.backtest.evening import bins_of
from kalshi_edge.data.kalshi.market_wire import bin_of
from kalshi_edge.data.kalshi.rule_text import check_rules, parse_rules
from kalshi_edge.data.kalshi.transport import filled
from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.domain.market import Bin
from kalshi_sandbox.exchange.venue.listing import ladder_bins, new_series, rules_text, strikes

DAY = date(2027, 1, 20)
COLD = [Bin(None, -10), Bin(-9, -8), Bin(-7, -6), Bin(-5, -4), Bin(-3, -2), Bin(-1, None)]
AROUND_ZERO = [Bin(None, -6), Bin(-5, -4), Bin(-3, -2), Bin(-1, 0), Bin(1, 2), Bin(3, None)]


def test_the_exchange_lists_such_ladders() -> None:
    assert list(ladder_bins(-5.6)) == COLD
    names = [strikes(bin_).suffix for bin_ in COLD]
    assert names == ["T-9", "B-8.5", "B-6.5", "B-4.5", "B-2.5", "T-2"]


@pytest.mark.parametrize("ladder", [COLD, AROUND_ZERO])
def test_strikes_rules_and_tickers_mean_the_same_bins(ladder: list[Bin]) -> None:
    station = station_of("CHI")
    series = new_series(station, datetime(2027, 1, 19, tzinfo=UTC))
    tickers = {f"KXHIGHCHI-27JAN20-{strikes(bin_).suffix}": bin_ for bin_ in ladder}
    for ticker, bin_ in tickers.items():
        field = strikes(bin_)
        assert bin_of(field.strike_type, field.floor, field.cap) == bin_
        rules = parse_rules(rules_text(series, DAY, bin_), "")
        assert rules.bin == bin_
        check_rules(rules, station, DAY, bin_)
        assert filled("/markets/{ticker}", {"ticker": ticker}) == f"/markets/{ticker}"
    assert bins_of(tickers) == tickers


def test_a_bin_around_zero_holds_what_it_says() -> None:
    around = Bin(-1, 0)
    assert [around.contains(high_f) for high_f in (-2, -1, 0, 1)] == [False, True, True, False]
    assert around.edges_f == (-1.5, 0.5)
    assert Decimal("-0.5") == Decimal(strikes(around).suffix[1:])
