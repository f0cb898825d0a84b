"""The simulated exchange: what it takes, what it refuses, and what the books then do to orders."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from kalshi_edge.domain.events import CycleDue, Event, OrderUpdate, Started
from kalshi_edge.domain.market import Book, FeeRule, FeeType, MarketStatus
from kalshi_edge.domain.orders import (
    Fill,
    Intent,
    Order,
    OrderState,
    OrderStep,
    Settlement,
    Side,
    TimeInForce,
)
from kalshi_edge.errors import OrderRejected
from kalshi_edge.execution.simulated_ledger import Ledger
from kalshi_edge.execution.simulator import SimulatedExchange, settle
from kalshi_edge.trading.fees import taker_fee
from tests.support.builders import NOW, TICKER, book, fill, intent, ladder, levels

D = Decimal
BUY, SELL = Side.BUY, Side.SELL
GTC, FOK = TimeInForce.GOOD_TILL_CANCELED, TimeInForce.FILL_OR_KILL
LADDER = ladder()
OFFERS = book(bids=[("0.28", 20), ("0.25", 20)], asks=[("0.33", 10), ("0.35", 10)])


async def told(exchange: SimulatedExchange, *events: Event) -> list[Event]:
    """Everything that comes out of a feed of ``events`` watched by ``exchange``."""

    async def feed() -> AsyncIterator[Event]:
        for event in events:
            yield event

    return [event async for event in exchange.watch(feed())]


async def opened(cash: str = "100", *events: Event) -> SimulatedExchange:
    """An exchange that has seen the ladder and an ordinary book."""
    exchange = SimulatedExchange(D(cash))
    await told(exchange, LADDER, OFFERS, *events)
    return exchange


def resting(side: Side, count: int, price: str, **changes) -> Intent:
    return intent(TICKER, side, count, price, time_in_force=GTC, **changes)


def later(minutes: int, bids=(), asks=()):
    return book(TICKER, bids, asks, NOW + timedelta(minutes=minutes))


async def fills(exchange: SimulatedExchange, *events: Event) -> list[tuple[str, str, bool]]:
    """Count, price and whether it took, of the fills that come with ``events``."""
    return [
        (f"{e.count:f}", f"{e.price:f}", e.is_taker)
        for e in await told(exchange, *events)
        if isinstance(e, Fill)
    ]


# --- a person's own sale -----------------------------------------------------------------------


def sale(count: int, price: str, **changes) -> Intent:
    whole = {"reduces": True, "by_hand": True, "time_in_force": GTC}
    return intent(TICKER, SELL, count, price, **(whole | changes))


async def holding(count: int, **how) -> SimulatedExchange:
    exchange = SimulatedExchange(D(100), positions={TICKER: D(count)}, **how)
    await told(exchange, LADDER, OFFERS)
    return exchange


async def test_a_persons_sale_takes_the_bids_down_to_its_limit_and_the_rest_waits() -> None:
    exchange = await holding(50)
    receipt = await exchange.place(sale(30, "0.27"))
    assert (receipt.filled, receipt.resting) == (D(20), D(10))
    assert await fills(exchange) == [("20", "0.28", True)]
    # The same twenty are still shown, and are not there for us any more.
    assert await fills(exchange, later(1, bids=[("0.28", 20), ("0.25", 20)])) == []
    assert await fills(exchange, later(2, bids=[("0.28", 24), ("0.27", 3)])) == [
        ("7", "0.27", False)
    ]
    assert await exchange.cancel(Order(sale(30, "0.27"))) == 3


async def test_a_persons_sale_that_does_not_wait_leaves_the_rest_a_position() -> None:
    exchange = await holding(30)
    now = TimeInForce.IMMEDIATE_OR_CANCEL
    receipt = await exchange.place(sale(30, "0.25", time_in_force=now, name="low"))
    assert (receipt.filled, receipt.resting) == (D(30), D(0))
    assert await fills(exchange) == [("20", "0.28", True), ("10", "0.25", True)]
    nothing = await exchange.place(sale(30, "0.25", time_in_force=now, name="again"))
    assert (nothing.filled, nothing.resting) == (D(0), D(0))


async def test_an_instant_fill_pays_what_the_book_pays_and_notes_what_was_imagined() -> None:
    exchange = await holding(30, instant_fill=True)
    receipt = await exchange.place(sale(30, "0.27"))
    assert (receipt.filled, receipt.resting) == (D(30), D(0))
    first, second = [e for e in await told(exchange) if isinstance(e, Fill)]
    assert (first.count, first.price, first.imagined_gain) == (D(20), D("0.28"), D(0))
    assert (second.count, second.price, second.imagined_gain) == (D(10), D("0.25"), D("0.20"))
    paid = 20 * D("0.28") + 10 * D("0.25") - first.fee - second.fee
    assert exchange.ledger == Ledger(100 + paid, {})


async def test_an_instant_fill_sells_only_what_somebody_bids_for_and_what_is_held() -> None:
    exchange = await holding(60, instant_fill=True)
    receipt = await exchange.place(sale(60, "0.40"))
    assert (receipt.filled, receipt.resting) == (D(40), D(20))
    assert sum(e.imagined_gain for e in await told(exchange) if isinstance(e, Fill)) == D("5.40")
    # What waits is an order like any other.
    assert await fills(exchange, later(1, bids=[("0.39", 50)])) == []
    assert await fills(exchange, later(2, bids=[("0.40", 50)])) == [("20", "0.40", False)]
    assert (await exchange.place(sale(5, "0.30", name="again"))).filled == 0


async def test_what_an_instant_fill_took_stays_taken_over_a_restart() -> None:
    exchange = await holding(60, instant_fill=True)
    await exchange.place(sale(30, "0.40"))
    sold = Order(sale(30, "0.40"), OrderState.DONE, filled=D(30), reported=D(30))
    again = await holding(30, instant_fill=True, orders=[sold])
    assert (await again.place(sale(30, "0.40", name="again"))).filled == 10


async def test_buying_no_contracts_back_at_once_is_the_mirror_of_it() -> None:
    exchange = await holding(-12, instant_fill=True)
    receipt = await exchange.place(replace(sale(12, "0.30"), side=BUY))
    assert receipt.filled == 12
    gains = [e.imagined_gain for e in await told(exchange) if isinstance(e, Fill)]
    assert gains == [D("0.30"), D("0.10")]


async def test_an_instant_fill_is_for_a_persons_own_sale_alone() -> None:
    exchange = await holding(30, instant_fill=True)
    assert (await exchange.place(sale(30, "0.40", by_hand=False))).filled == 0
    assert (await exchange.place(intent(count=30, price="0.32"))).filled == 0


# --- taking ------------------------------------------------------------------------------------


async def test_an_order_walks_the_levels_within_its_limit_and_pays_the_real_fee() -> None:
    exchange = await opened()
    receipt = await exchange.place(intent(count=15, price="0.35"))
    assert (receipt.filled, receipt.resting) == (D(15), 0)
    first, second, left = await told(exchange)
    assert isinstance(first, Fill)
    assert isinstance(second, Fill)
    assert left == replace(OFFERS, asks=levels([("0.35", 5)]))
    assert [(f.count, f.price) for f in (first, second)] == [(D(10), D("0.33")), (D(5), D("0.35"))]
    assert first.fee == taker_fee(D("0.33"), D(10), FeeRule(), NOW)
    assert first.valid_at == first.received_at == NOW
    assert first.fill_id != second.fill_id
    spent = D("0.33") * 10 + D("0.35") * 5 + first.fee + second.fee
    assert exchange.ledger == Ledger(100 - spent, {TICKER: D(15)})


async def test_what_is_not_offered_within_the_limit_is_withdrawn() -> None:
    exchange = await opened()
    receipt = await exchange.place(intent(count=15, price="0.34"))
    assert (receipt.filled, receipt.resting) == (D(10), 0)
    assert await fills(exchange, later(1, asks=[("0.33", 50)])) == [("10", "0.33", True)]


async def test_what_was_taken_stays_taken_for_as_long_as_it_may_be_what_is_shown() -> None:
    exchange = await opened()
    await exchange.place(intent(count=8))
    assert (await exchange.place(intent(count=8, name="again"))).filled == 2
    assert (await exchange.place(intent(count=8, name="third"))).filled == 0
    for minute, (shown, offered) in enumerate([(10, 0), (13, 3), (4, 0), (9, 5)], start=1):
        await told(exchange, later(minute, asks=[("0.33", shown)]))
        assert (await exchange.place(intent(count=50, name=f"{minute}"))).filled == offered
    await told(exchange, later(8), later(9, asks=[("0.33", 9)]))
    assert (await exchange.place(intent(count=50, name="last"))).filled == 9


async def test_the_loop_is_shown_books_without_what_our_orders_took() -> None:
    exchange = await opened()
    await exchange.place(intent(count=8))
    shown = [later(1, asks=[("0.33", 10)]), later(2, asks=[("0.33", 8)]), later(3, asks=[])]
    seen = [e for e in await told(exchange, *shown) if isinstance(e, Book)]
    assert [[level.count for level in one.asks] for one in seen] == [[2, 10], [2], [], []]
    assert seen[0].valid_at == NOW
    assert [one.valid_at for one in seen[1:]] == [one.valid_at for one in shown]


async def test_selling_what_is_not_held_buys_no_contracts_at_the_complement() -> None:
    exchange = await opened()
    receipt = await exchange.place(intent(TICKER, SELL, 30, "0.25"))
    assert receipt.filled == 30
    paid = D("0.72") * 20 + D("0.75") * 10
    fees = sum(e.fee for e in await told(exchange) if isinstance(e, Fill))
    assert exchange.ledger == Ledger(100 - paid - fees, {TICKER: D(-30)})


async def test_fill_or_kill_takes_all_or_nothing() -> None:
    exchange = await opened()
    killed = await exchange.place(intent(count=21, price="0.35", time_in_force=FOK))
    assert (killed.filled, killed.resting) == (0, 0)
    assert (await exchange.place(intent(count=20, price="0.35", time_in_force=FOK))).filled == 20


async def test_an_order_that_reduces_never_turns_the_position_over() -> None:
    exchange = await opened()
    await exchange.place(intent(count=4))
    closing = intent(TICKER, SELL, 10, "0.25", reduces=True)
    assert (await exchange.place(closing)).filled == 4
    assert exchange.ledger.held(TICKER) == 0
    again = replace(closing, intent_id="again")
    assert (await exchange.place(again)).filled == 0
    short = SimulatedExchange(D(100), positions={TICKER: D(-4)})
    await told(short, LADDER, OFFERS)
    assert (await short.place(intent(count=10, reduces=True))).filled == 4


async def test_fees_follow_the_ladders_rule_and_the_day_of_the_trade() -> None:
    # 0.07 · 0.12 · 0.88 = 0.007392, twice that = 0.014784
    dear = ladder(fee_rule=FeeRule(multiplier=D(2)))
    for rules, at, fee in ((dear, NOW, "0.0148"), (LADDER, NOW.replace(month=2), "0.01")):
        exchange = SimulatedExchange(D(100))
        await told(
            exchange, replace(rules, received_at=at), book(bids=[], asks=[("0.12", 9)], at=at)
        )
        await exchange.place(intent(count=1, price="0.12"))
        (bought,) = [e for e in await told(exchange) if isinstance(e, Fill)]
        assert bought.fee == D(fee)


# --- refusing ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        (intent("KXHIGHNY-26NOV22-B54.5"), "no market or no book"),
        (intent("KXHIGHCHI-26NOV22-B52.5"), "no market or no book"),
        (intent(price="0.335"), "off the grid"),
        (intent(count="1.005"), "off the grid"),
        (intent(expires_at=NOW + timedelta(hours=1)), "cannot expire"),
        (resting(BUY, 1, "0.30", expires_at=NOW), "cannot expire"),
        (resting(BUY, 1, "0.33", post_only=True), "post only cross"),
        (intent(count=10, price="0.33"), "insufficient_balance"),
        (resting(BUY, 12, "0.30"), "insufficient_balance"),
        (resting(SELL, 6, "0.34"), "insufficient_balance"),
    ],
)
async def test_what_the_exchange_refuses(order: Intent, reason: str) -> None:
    exchange = await opened("3.30")
    with pytest.raises(OrderRejected, match=reason):
        await exchange.place(order)
    assert exchange.ledger == Ledger(D("3.30"), {})
    assert await told(exchange) == []


async def test_an_id_is_used_once_and_for_ever() -> None:
    exchange = await opened()
    await exchange.place(intent())
    with pytest.raises(OrderRejected, match="order_already_exists"):
        await exchange.place(intent(count=1, intent_id=intent().intent_id))


async def test_a_refused_order_does_not_use_its_id() -> None:
    exchange = await opened("3.30")
    order = intent(count=10)
    with pytest.raises(OrderRejected, match="insufficient_balance"):
        await exchange.place(order)
    assert (await exchange.place(replace(order, count=D(9)))).filled == 9


async def test_before_any_news_there_is_no_market() -> None:
    with pytest.raises(OrderRejected, match="no market"):
        await SimulatedExchange(D(100)).place(intent())


@pytest.mark.parametrize(
    "changes",
    [
        {"status": MarketStatus.CLOSED},
        {"status": MarketStatus.UNKNOWN},
        {"close_at": NOW},
        {"open_at": NOW + timedelta(seconds=1)},
    ],
)
async def test_only_an_open_market_takes_orders(changes) -> None:
    exchange = SimulatedExchange(D(100))
    await told(exchange, ladder(**changes), OFFERS)
    with pytest.raises(OrderRejected, match="market_inactive"):
        await exchange.place(intent())


async def test_a_series_with_fees_we_do_not_know_is_not_traded() -> None:
    exchange = SimulatedExchange(D(100))
    await told(exchange, ladder(fee_rule=FeeRule(FeeType.FLAT)), OFFERS)
    with pytest.raises(OrderRejected, match="fee type flat"):
        await exchange.place(intent())


async def test_cash_behind_resting_orders_is_not_spent_twice() -> None:
    exchange = await opened("3.30")
    await exchange.place(resting(BUY, 5, "0.30"))
    with pytest.raises(OrderRejected, match="insufficient_balance"):
        await exchange.place(resting(BUY, 7, "0.29"))
    order = Order(resting(BUY, 5, "0.30"))
    assert await exchange.cancel(order) == 5
    assert (await exchange.place(resting(BUY, 7, "0.29"))).resting == 7


async def test_a_makers_fee_must_be_at_hand_too() -> None:
    rule = FeeRule(FeeType.QUADRATIC_WITH_MAKER_FEES)
    for cash, accepted in (("3.00", False), ("3.04", True)):  # 10 · 0.0175 · 0.3 · 0.7 = 0.03675
        exchange = SimulatedExchange(D(cash))
        await told(exchange, ladder(fee_rule=rule), OFFERS)
        try:
            await exchange.place(resting(BUY, 10, "0.30"))
        except OrderRejected:
            assert not accepted
        else:
            assert accepted


async def test_selling_what_is_held_needs_no_cash() -> None:
    exchange = await opened("3.36")
    await exchange.place(intent(count=9))
    assert (await exchange.place(resting(SELL, 9, "0.90"))).resting == 9
    with pytest.raises(OrderRejected, match="insufficient_balance"):
        await exchange.place(resting(SELL, 3, "0.50"))


# --- resting -----------------------------------------------------------------------------------


async def test_a_resting_order_trades_when_a_book_reaches_its_price_each_contract_once() -> None:
    exchange = await opened()
    assert (await exchange.place(resting(BUY, 8, "0.30"))).resting == 8
    assert await fills(exchange, later(1, asks=[("0.31", 50)])) == []
    reached = [("0.28", 2), ("0.29", "1.5"), ("0.31", 50)]
    assert await fills(exchange, later(2, asks=reached)) == [("3.5", "0.30", False)]
    assert await fills(exchange, later(3, asks=reached)) == []
    more = [("0.29", "2.5"), ("0.30", 1)]
    assert await fills(exchange, later(4, asks=more)) == [("2.0", "0.30", False)]
    assert await fills(exchange, later(5, asks=[("0.20", 50)])) == [("2.5", "0.30", False)]
    assert await fills(exchange, later(6, asks=[("0.19", 50)])) == []
    assert exchange.ledger == Ledger(100 - 8 * D("0.30"), {TICKER: D(8)})


async def test_a_resting_sale_mirrors_it() -> None:
    exchange = await opened()
    await exchange.place(resting(SELL, 8, "0.34"))
    assert await fills(exchange, later(1, bids=[("0.33", 50)])) == []
    assert await fills(exchange, later(2, bids=[("0.36", 3), ("0.34", 2), ("0.33", 9)])) == [
        ("5", "0.34", False)
    ]


async def test_several_resting_orders_share_the_depth_best_and_oldest_first() -> None:
    exchange = await opened()
    for name, price in (("old", "0.29"), ("new", "0.29"), ("best", "0.30")):
        await exchange.place(resting(BUY, 4, price, name=name))
    news = await told(exchange, later(1, asks=[("0.28", 7)]))
    names = {intent(TICKER, BUY, 4, p, name=n).intent_id: n
             for n, p in (("old", "0.29"), ("new", "0.29"), ("best", "0.30"))}  # fmt: skip
    assert [(names[e.intent_id], e.count) for e in news if isinstance(e, Fill)] == [
        ("best", D(4)),
        ("old", D(3)),
    ]
    assert (await exchange.place(intent(count=1, price="0.28"))).filled == 0


async def test_what_a_waiting_order_does_not_take_rests_at_its_limit() -> None:
    exchange = await opened()
    receipt = await exchange.place(resting(BUY, 15, "0.34"))
    assert (receipt.filled, receipt.resting) == (D(10), D(5))
    events = (later(1, asks=[("0.33", 12)]),)
    assert await fills(exchange, *events) == [("10", "0.33", True), ("2", "0.34", False)]


async def test_an_order_is_withdrawn_where_it_would_meet_our_own() -> None:
    exchange = await opened()
    await exchange.place(resting(SELL, 5, "0.34"))
    for name, time_in_force in (("waits", GTC), ("does not", TimeInForce.IMMEDIATE_OR_CANCEL)):
        order = intent(count=12, price="0.35", name=name, time_in_force=time_in_force)
        receipt = await exchange.place(order)
        assert receipt.resting == 0
    assert await fills(exchange) == [("10", "0.33", True)]


async def test_an_order_leaves_when_its_time_is_up() -> None:
    exchange = await opened()
    order = resting(BUY, 8, "0.30", expires_at=NOW + timedelta(minutes=5))
    receipt = await exchange.place(order)
    at = NOW + timedelta(minutes=6)
    cycle, update, through = await told(exchange, CycleDue(at), later(7, asks=[("0.20", 50)]))
    assert cycle == CycleDue(at)
    assert update == OrderUpdate(
        order.intent_id, OrderStep.FINISH, at, receipt.order_id, D(0), "ExpiryCancel"
    )
    assert through.ticker == TICKER


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (CycleDue(LADDER.markets[0].close_at), "CloseCancel"),
        (ladder(status=MarketStatus.INACTIVE), "HaltCancel"),
        (Settlement(TICKER, D(1), D(52), NOW, NOW), "CloseCancel"),
    ],
)
async def test_orders_leave_with_their_market(event: Event, reason: str) -> None:
    exchange = await opened()
    await exchange.place(resting(BUY, 8, "0.30"))
    (_, update) = await told(exchange, event)
    assert isinstance(update, OrderUpdate)
    assert (update.step, update.reason) == (OrderStep.FINISH, reason)
    with pytest.raises(OrderRejected):
        await exchange.place(intent())


async def test_cancelling_takes_back_what_is_left_and_nothing_twice() -> None:
    exchange = await opened()
    order = Order(resting(BUY, 15, "0.34"))
    await exchange.place(order.intent)
    assert await exchange.cancel(order) == 5
    assert await exchange.cancel(order) == 0
    assert await fills(exchange, later(1, asks=[("0.20", 50)])) == [("10", "0.33", True)]


# --- the feed ----------------------------------------------------------------------------------


async def test_fills_of_an_order_come_before_the_next_event_of_the_feed() -> None:
    exchange = SimulatedExchange(D(100))
    seen: list[str] = []

    async def feed() -> AsyncIterator[Event]:
        for event in (LADDER, OFFERS, CycleDue(NOW), CycleDue(NOW + timedelta(minutes=30))):
            seen.append("pulled")
            yield event

    async for event in exchange.watch(feed()):
        seen.append(type(event).__name__)
        if event == CycleDue(NOW):
            await exchange.place(intent(count=15, price="0.35"))
    assert seen == [
        "pulled", "Ladder", "pulled", "Book", "pulled", "CycleDue", "Fill", "Fill", "Book",
        "pulled", "CycleDue",
    ]  # fmt: skip


async def test_the_same_story_has_the_same_ids() -> None:
    stories = []
    for _ in range(2):
        exchange = await opened()
        receipt = await exchange.place(resting(BUY, 15, "0.34"))
        stories.append((receipt, await told(exchange, later(1, asks=[("0.33", 9)]))))
    assert stories[0] == stories[1]


# --- settlement and going on -------------------------------------------------------------------


def test_exactly_the_bin_of_the_high_pays() -> None:
    for high, name in ((30, "T50"), (49, "T50"), (53, "B52.5"), (58, "T57"), (99, "T57")):
        settled = settle(LADDER, high, NOW)
        assert [s.ticker for s in settled if s.value == 1] == [f"KXHIGHNY-26NOV22-{name}"]
        assert {s.high_f for s in settled} == {D(high)}
        assert sum(s.value for s in settled) == 1


async def test_settlement_pays_yes_and_no_holders() -> None:
    exchange = SimulatedExchange(D(10), positions={TICKER: D(3), "NO": D(-4), "FAIR": D(2)})
    events = [
        Settlement(ticker, D(value), None, NOW, NOW)
        for ticker, value in ((TICKER, "1"), ("NO", "0"), ("FAIR", "0.415"), ("OTHER", "1"))
    ]
    await told(exchange, *events)
    assert exchange.ledger == Ledger(D(10) + 3 + 4 + D("0.83"), {})


async def test_it_goes_on_from_recorded_orders() -> None:
    working = resting(BUY, 8, "0.30", name="working")
    orders = [
        Order(working, OrderState.PARTIAL, filled=D(3)),
        Order(intent(name="done"), OrderState.DONE),
        Order(intent(name="lost"), OrderState.SENT),
    ]
    exchange = SimulatedExchange(D(100), positions={TICKER: D(3)}, orders=orders)
    # The three that it took before may be among those that are shown.
    assert await fills(exchange, LADDER, later(0, asks=[("0.29", 7)])) == [("4", "0.30", False)]
    assert await fills(exchange, later(1, asks=[("0.28", 50)])) == [("1", "0.30", False)]
    assert exchange.ledger.held(TICKER) == 8
    with pytest.raises(OrderRejected, match="order_already_exists"):
        await exchange.place(intent(name="done"))
    assert (await exchange.place(intent(name="lost", price="0.29"))).filled == 5


async def test_an_order_that_went_on_gets_other_fill_ids_than_before() -> None:
    order = resting(BUY, 8, "0.30")
    exchange = await opened()
    await exchange.place(order)
    through = later(1, asks=[("0.29", 3)])
    (before,) = [e for e in await told(exchange, through) if isinstance(e, Fill)]
    assert before.count == 3
    resumed = SimulatedExchange(D(100), orders=[Order(order, OrderState.PARTIAL, filled=D(3))])
    more = later(2, asks=[("0.29", 6)])
    (after,) = [e for e in await told(resumed, LADDER, through, more) if isinstance(e, Fill)]
    assert before.fill_id != after.fill_id


async def test_orders_that_waited_leave_with_a_market_that_closed_meanwhile() -> None:
    order = Order(resting(BUY, 8, "0.30"), OrderState.RESTING)
    exchange = SimulatedExchange(D(100), orders=[order], ladders=[LADDER])
    closed = LADDER.markets[0].close_at
    _, update = await told(exchange, Started(closed, (order,)))
    assert isinstance(update, OrderUpdate)
    assert (update.step, update.reason) == (OrderStep.FINISH, "CloseCancel")


async def test_fills_that_nobody_stored_are_taken_back_at_the_next_start() -> None:
    sold = Order(sale(8, "0.28"), OrderState.DONE, filled=D(3), reported=D(8))
    waits = Order(resting(BUY, 8, "0.33", name="w"), OrderState.RESTING, reported=D(5))
    whole = Order(resting(BUY, 8, "0.30"), OrderState.PARTIAL, filled=D(2), reported=D(2))
    orders = (sold, waits, whole)
    exchange = SimulatedExchange(D(100), positions={TICKER: D(7)}, orders=orders)
    _, *updates = await told(exchange, Started(NOW, orders))
    assert [(u.step, u.filled, u.is_correction) for u in updates] == [
        (OrderStep.FINISH, D(3), True),
        (OrderStep.ACCEPT, D(0), True),
    ]
    assert "5 contracts taken back" in updates[0].reason
    # What did not happen leaves its contracts in the book, and the order trades with them.
    assert await fills(exchange, LADDER, later(1, asks=[("0.33", 9)])) == [("8", "0.33", False)]


# --- the ledger --------------------------------------------------------------------------------


def test_a_pair_of_yes_and_no_is_a_dollar_at_once() -> None:
    start = Ledger(D(10))
    sold = start.filled(fill(intent(TICKER, SELL, 5, "0.40"), 5, "0.40", "0.10"))
    assert sold == Ledger(D("6.90"), {TICKER: D(-5)})
    bought = sold.filled(fill(intent(TICKER, BUY, 8, "0.30"), 8, "0.30", "0.10"))
    # five pairs pay 5 dollars, eight contracts cost 2.40
    assert bought == Ledger(D("6.90") + 5 - D("2.50"), {TICKER: D(3)})
    assert bought.filled(fill(intent(TICKER, SELL), 3, "0.30")).positions == {}


def test_orders_that_close_need_no_cash_and_the_first_to_trade_closes_first() -> None:
    orders = [(SELL, D("0.80"), D(5)), (SELL, D("0.40"), D(5)), (BUY, D("0.20"), D(5))]
    assert Ledger(D(0), {TICKER: D(7)}).collateral(TICKER, orders) == D("0.2") * 3 + 1
    assert Ledger(D(0), {TICKER: D(-7)}).collateral(TICKER, orders) == D("0.2") * 5 + D("0.6") * 5
