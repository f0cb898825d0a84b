"""Fees that are right, or as good as right, hold trading back.

An order filled in pieces, read over REST, has its newest fill first, and what the exchange rounds
depends on the pieces before. The amount may also differ by less than 0.0002 dollars a fill, and is
nothing while the market's fees are waived: since when a waiver holds, and whether it still does, is
not told. None of it is a fee that we do not understand; only one beyond the formula's is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from kalshi_edge.domain.market import FeeRule, Ladder
from kalshi_edge.domain.orders import Fill, Intent
from kalshi_edge.domain.records import Cause, Switch
from kalshi_edge.trading.fees import OrderFees, fee_regime, taker_fee
from tests.cases.account_stories import EVE, TICKER, D, later, of, resting, trading
from tests.support.builders import fill, intent, ladder


def order_for(count: Any) -> Intent:
    return intent(TICKER, count=D(count), price="0.25", created_at=EVE)


def in_pieces(order: Intent, counts: Sequence[str]) -> list[Fill]:
    """The order's fills with exactly the fees that the exchange's rounding gives, oldest first."""
    fees, fills = OrderFees(FeeRule(), fee_regime(EVE)), []
    for second, count in enumerate(counts):
        fee, fees = fees.charge(order.side, D("0.25"), D(count), is_taker=True)
        fills.append(fill(order, count, "0.25", fee, valid_at=later(second), received_at=later(9)))
    return fills


def holds(order: Intent, fills: Iterable[Fill]) -> list[str]:
    """Why trading is held back after these fills of an order that rested."""
    engine = trading()
    resting(engine, order)
    return [hold.reason for one in fills for hold in of(Switch, engine.handle(one))]


def test_right_fees_in_the_order_of_trading_hold_nothing_back() -> None:
    order = order_for("9.36")
    assert holds(order, in_pieces(order, ("3.12", "1.56", "4.68"))) == []


def test_right_fees_hold_nothing_back_when_the_newest_fill_comes_first() -> None:
    order = order_for("9.36")
    assert holds(order, reversed(in_pieces(order, ("3.12", "1.56", "4.68")))) == []


def test_a_fee_within_two_hundredths_of_a_cent_holds_nothing_back() -> None:
    order = order_for(10)
    fee = taker_fee(D("0.25"), D(10), FeeRule(), EVE) + D("0.0001")
    assert holds(order, [fill(order, 10, "0.25", fee, valid_at=EVE, received_at=EVE)]) == []


def test_a_waived_fee_holds_nothing_back() -> None:
    order = order_for(10)
    assert holds(order, [fill(order, 10, "0.25", "0", valid_at=EVE, received_at=EVE)]) == []


def waived_until(at: datetime) -> Ladder:
    """The ladder as the exchange tells it while its fees are waived."""
    told = replace(ladder(), received_at=later(3600))
    return replace(told, markets=tuple(replace(one, fee_waived_until=at) for one in told.markets))


def test_a_fee_charged_before_a_waiver_and_heard_of_in_it_holds_nothing_back() -> None:
    order = order_for(10)
    fee = taker_fee(D("0.25"), D(10), FeeRule(), EVE)
    engine = trading(waived_until(later(7200)))
    resting(engine, order)
    late = fill(order, 10, "0.25", fee, valid_at=EVE, received_at=later(3601))
    assert of(Switch, engine.handle(late)) == []


def test_a_fee_charged_after_a_waiver_was_called_off_holds_nothing_back() -> None:
    order = order_for(10)
    engine = trading(waived_until(later(7200)))
    resting(engine, order)
    fee = taker_fee(D("0.25"), D(10), FeeRule(), EVE)
    charged = fill(order, 10, "0.25", fee, valid_at=later(3601), received_at=later(3601))
    assert of(Switch, engine.handle(charged)) == []


def test_more_than_the_formula_holds_trading_back_in_a_waiver_too() -> None:
    order = order_for(10)
    engine = trading(waived_until(later(7200)))
    resting(engine, order)
    fee = 2 * taker_fee(D("0.25"), D(10), FeeRule(), EVE)
    charged = fill(order, 10, "0.25", fee, valid_at=later(3601), received_at=later(3601))
    assert [one.cause for one in of(Switch, engine.handle(charged))] == [Cause.FEE_DIFFERENCE]


def test_a_lower_fee_than_the_formulas_holds_nothing_back() -> None:
    order = order_for(10)
    fee = taker_fee(D("0.25"), D(10), FeeRule(), EVE) / 2
    assert holds(order, [fill(order, 10, "0.25", fee, valid_at=EVE, received_at=EVE)]) == []
