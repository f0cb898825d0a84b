"""How it went: only closed trades, wins and losses by their sign, fees in every figure."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from kalshi_edge.domain.orders import Strategy
from kalshi_edge.domain.records import Trade
from kalshi_edge.portfolio.performance import closed_on, performance
from tests.support.builders import DAY, NOW, TICKER

D = Decimal


def test_results_are_summed_over_closed_trades_only() -> None:
    def trade(name: str, received: str, closed_at: datetime | None = NOW) -> Trade:
        return Trade(
            name, "paper", Strategy.SINGLE, TICKER, "NYC", DAY, NOW, count=D(10),
            open_count=D(0) if closed_at else D(10), paid=D(4), received=D(received),
            fees=D("0.17"), closed_at=closed_at,
        )  # fmt: skip

    trades = [trade("won", "10"), trade("lost", "0"), trade("even", "4.17")]
    trades.append(trade("open", "0", None))
    done = performance(trades)
    assert (done.trades, done.wins, done.losses) == (3, 1, 1)
    assert (done.pnl, done.fees, done.contracts) == (D("5.83") - D("4.17"), D("0.51"), D(30))
    assert done.win_rate == pytest.approx(1 / 3)
    assert closed_on(trades, DAY) == tuple(trades[:3])
    assert closed_on(trades, DAY + timedelta(days=1)) == ()


def test_nothing_done_has_no_rate() -> None:
    none = performance([])
    assert (none.win_rate, none.pnl) == (None, 0)


def test_what_a_person_sold_is_money_but_no_win() -> None:
    sold = Trade(
        "s", "paper", Strategy.SINGLE, TICKER, "NYC", DAY, NOW, count=D(10), paid=D(4),
        received=D(5), fees=D("0.17"), closed_at=NOW, by_hand=True,
    )  # fmt: skip
    done = performance([sold])
    assert (done.trades, done.wins, done.by_hand, done.pnl) == (0, 0, 1, D("0.83"))
