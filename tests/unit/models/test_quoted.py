"""What a ladder's quotes say, and when they cannot all stand."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from kalshi_edge.domain.market import Book, Level
from kalshi_edge.errors import InputError
from kalshi_edge.models.quoted import LadderQuotes, floored, ladder_quotes
from tests.support.builders import NOW, ladder

LADDER = ladder()
TICKERS = [market.ticker for market in LADDER.markets]


def books(*quotes: tuple[str | None, str | None]) -> dict[str, Book]:
    def side(price: str | None) -> tuple[Level, ...]:
        return () if price is None else (Level(Decimal(price), Decimal(5)),)

    return {
        ticker: Book(ticker, side(bid), side(ask), NOW, NOW)
        for ticker, (bid, ask) in zip(TICKERS, quotes, strict=True)
    }


def test_an_empty_side_stands_at_its_bound() -> None:
    n = len(TICKERS)
    found = ladder_quotes(LADDER, books((None, "0.10"), ("0.85", None), *[(None, None)] * (n - 2)))
    assert found.bids[:2] == (0.0, 0.85)
    assert found.asks[:2] == (0.10, 1.0)
    assert found.mid[0] == pytest.approx(0.05 / (0.05 + 0.925 + 0.5 * (n - 2)))


def test_a_bin_without_a_book_is_no_empty_book() -> None:
    known = books(*[("0.10", "0.30")] * len(TICKERS))
    known.pop(TICKERS[0])
    with pytest.raises(InputError, match="no quotes of"):
        ladder_quotes(LADDER, known)


def test_bins_of_different_instants_are_no_ladder() -> None:
    known = books(*[("0.10", "0.40")] * len(TICKERS))
    for late_s, coheres in ((2, True), (3, False)):
        late = replace(known[TICKERS[0]], received_at=NOW + timedelta(seconds=late_s))
        both = {**known, TICKERS[0]: late}
        if coheres:
            ladder_quotes(LADDER, both)
        else:
            with pytest.raises(InputError, match="different instants, 3 s apart"):
                ladder_quotes(LADDER, both)


def test_money_on_the_table_is_incoherent_only_beyond_the_fees() -> None:
    # two bins bought at 0.49 cost 0.98 and fees of 2 × 0.07 × 0.49 × 0.51 = 0.035
    assert LadderQuotes((0.40, 0.40), (0.49, 0.49)).incoherence == ""
    assert "asks sell $1" in LadderQuotes((0.40, 0.40), (0.48, 0.48)).incoherence
    assert LadderQuotes((0.51, 0.51), (0.60, 0.60)).incoherence == ""
    assert "bids pay" in LadderQuotes((0.52, 0.52), (0.60, 0.60)).incoherence


def test_a_floor_leaves_a_distribution() -> None:
    assert sum(floored((0.0, 0.0, 1.0), 1e-4)) == pytest.approx(1.0)
    assert min(floored((0.0, 0.0, 1.0), 1e-4)) == pytest.approx(1e-4, rel=1e-3)
