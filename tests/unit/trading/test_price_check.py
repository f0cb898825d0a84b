"""A price that the market's ticks forbid is refused with the price that would do."""

from decimal import Decimal

import pytest

from kalshi_edge.domain.market import Market, PriceRange
from kalshi_edge.domain.orders import Side
from kalshi_edge.trading.price_check import price_check
from tests.support.builders import CENTS, ladder

D = Decimal
TAPERED = (
    PriceRange(D(0), D("0.1"), D("0.001")),
    PriceRange(D("0.1"), D("0.9"), D("0.01")),
    PriceRange(D("0.9"), D(1), D("0.001")),
)


def market(ranges: tuple[PriceRange, ...]) -> Market:
    return ladder(price_ranges=ranges).markets[2]


@pytest.mark.parametrize(
    ("ranges", "side", "price", "passed", "would_do"),
    [
        (CENTS, Side.SELL, "0.01", True, ""),
        (CENTS, Side.SELL, "0.001", False, "$0.01 would do"),
        (CENTS, Side.SELL, "0.335", False, "$0.34 would do"),
        (CENTS, Side.BUY, "0.335", False, "$0.33 would do"),
        (CENTS, Side.SELL, "0.995", False, ""),
        (CENTS, Side.BUY, "0.005", False, ""),
        (TAPERED, Side.SELL, "0.001", True, ""),
        (TAPERED, Side.SELL, "0.101", False, "$0.11 would do"),
        (TAPERED, Side.BUY, "0.101", False, "$0.10 would do"),
        (TAPERED, Side.SELL, "0.999", True, ""),
    ],
)
def test_a_price_is_held_against_the_ticks(
    ranges: tuple[PriceRange, ...], side: Side, price: str, passed: bool, would_do: str
) -> None:
    check = price_check(market(ranges), side, D(price))
    assert (check.rule, check.passed) == ("price", passed)
    assert check.limit.startswith("$0 to $")
    assert (would_do in check.limit) if would_do else ("would do" not in check.limit)


@pytest.mark.parametrize("price", ["0", "1", "1.5", "-0.1"])
def test_nothing_trades_at_the_ends_or_beyond(price: str) -> None:
    check = price_check(market(CENTS), Side.SELL, D(price))
    assert not check.passed
    assert "between $0 and $1" in check.limit
