"""Brackets on any ladder, around any forecast: bounded neighbours with the forecast inside."""

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from kalshi_edge.domain.market import Bin, Ladder
from kalshi_edge.models.distribution import Normal
from kalshi_edge.trading.edge import Gates
from kalshi_edge.trading.outlook import Outlook
from kalshi_edge.trading.strategies.bracket import bracket_opportunities
from tests.support.builders import NOW, book, ladder, market

D = Decimal
GATES = Gates()
asks = st.integers(4, 97)


@st.composite
def ladders(draw: st.DrawFn) -> Ladder:
    """Any contiguous partition of the integers."""
    widths = draw(st.lists(st.integers(1, 4), max_size=7))
    edge = draw(st.integers(-20, 110))
    bins = [Bin(None, edge - 1)]
    for width in widths:
        bins.append(Bin(edge, edge + width - 1))
        edge += width
    bins.append(Bin(edge, None))
    markets = tuple(market(f"T{i}", bin_, NOW) for i, bin_ in enumerate(bins))
    return replace(ladder(), markets=markets)


@given(ladders(), st.floats(-30, 130), st.floats(0.5, 8), st.data())
def test_pairs_are_bounded_neighbours_around_the_forecast_and_pay_what_they_must(
    whole: Ladder, mu_f: float, sigma_f: float, data: st.DataObject
) -> None:
    books = {
        one.ticker: book(
            one.ticker, [], [(D(data.draw(asks)) / 100, data.draw(st.integers(1, 500)))]
        )
        for one in whole.markets
        if data.draw(st.booleans())
    }
    legs = Outlook(NOW, whole, books, Normal(mu_f, sigma_f), gates=GATES).legs
    found = bracket_opportunities(whole, legs, mu_f, GATES)
    bins = [one.bin for one in whole.markets]
    expected = [
        (low, high)
        for low, high in pairwise(bins)
        if None not in (low.lower, high.upper)
        and low.edges_f[0] <= mu_f <= high.edges_f[1]
    ]  # fmt: skip
    assert [tuple(leg.bin for leg in one.legs) for one in found] == expected
    for one in found:
        low, high = one.legs
        if all(check.passed for check in one.checks):
            assert low.ask is not None
            assert high.ask is not None
            assert low.net_edge is not None
            assert high.net_edge is not None
            assert min(low.net_edge, high.net_edge) >= 0.05
            assert low.net_edge + high.net_edge >= 0.10
            assert D(low.fair) + D(high.fair) > low.ask + high.ask
            assert D("0.05") <= min(low.ask, high.ask) <= max(low.ask, high.ask) <= D("0.95")
        elif None not in (low.ask, high.ask):
            assert [check.rule for check in one.checks if not check.passed]
