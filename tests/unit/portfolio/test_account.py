"""The account in time: orders and fills in any order, the UTC day."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from kalshi_edge.domain.events import OrderUpdate
from kalshi_edge.domain.orders import Fill, Intent, Order, OrderState, OrderStep, Settlement, Side
from kalshi_edge.domain.records import DailyRecord, Trade
from kalshi_edge.domain.verdicts import Alarm, Approved
from kalshi_edge.portfolio.account import Account
from tests.support.builders import DAY, NOW, TICKER, book, fill, intent

D = Decimal
NEXT = datetime(2026, 11, 23, tzinfo=UTC)
BUY = intent(count=10, price="0.40", cost_limit=D("4.17"))
SALE = intent(
    side=Side.SELL, count=10, price="0.45", trade_id=BUY.trade_id, reduces=True, name="sale"
)


def account(*orders: Intent) -> Account:
    """An account of 1000 dollars whose day has begun and whose orders are on their way."""
    ours = Account("paper", D(1000))
    assert ours.turn_day(NOW, {}) == ()
    for order in orders:
        ours.approve(Approved((order,), None, ()))
        ours.update(OrderUpdate(order.intent_id, OrderStep.SEND, NOW))
    return ours


def filled(*fills: Fill, orders: tuple[Intent, ...] = (BUY,)) -> Account:
    ours = account(*orders)
    for each in fills:
        ours.fill(each)
    return ours


# --- orders ---------------------------------------------------------------------------------------


def test_an_update_moves_the_order_and_says_where_it_is() -> None:
    ours = account(BUY)
    news = OrderUpdate(BUY.intent_id, OrderStep.ACCEPT, NOW, order_id="x", filled=D(2))
    (order,) = ours.update(news)
    assert isinstance(order, Order)
    assert (order.state, order.order_id, order.reported) == (OrderState.RESTING, "x", D(2))
    assert ours.orders[BUY.intent_id] == order


def test_what_is_told_of_an_order_again_is_no_news_but_a_second_failure_is() -> None:
    ours = account(BUY)
    news = OrderUpdate(BUY.intent_id, OrderStep.ACCEPT, NOW, order_id="x", filled=D(2))
    failed = replace(news, reason="not cancelled: HTTP 503", is_error=True)
    assert len(ours.update(news)) == 1
    assert ours.update(news) == ()
    assert len(ours.update(failed)) == len(ours.update(failed)) == 1


def test_a_fill_moves_trade_and_order_together() -> None:
    trade, order = account(BUY).fill(fill(BUY, 4, "0.40", "0.07"))
    assert isinstance(trade, Trade)
    assert isinstance(order, Order)
    assert (trade.count, order.filled, order.pending) == (D(4), D(4), D(6))


def test_a_second_telling_of_a_fill_moves_nothing() -> None:
    ours = filled(fill(BUY, 4, "0.40", "0.07"))
    assert ours.fill(fill(BUY, 4, "0.40", "0.07")) == ()
    assert ours.orders[BUY.intent_id].filled == D(4)


def test_more_than_was_ordered_counts_and_is_cause_for_alarm() -> None:
    ours = filled(fill(BUY, 4, "0.40"))
    over = fill(BUY, 7, "0.40")
    trade, order, alarm = ours.fill(over)
    assert isinstance(trade, Trade)
    assert isinstance(order, Order)
    assert isinstance(alarm, Alarm)
    assert (trade.open_count, order.filled, order.intent.count) == (D(11), D(11), D(11))
    assert alarm.name == "filled_beyond_order"
    assert ours.fill(over) == ()


def test_selling_more_than_is_held_counts_and_is_cause_for_alarm() -> None:
    ours = filled(fill(BUY, 4, "0.40"), orders=(BUY, SALE))
    *_, alarm = ours.fill(fill(SALE, 5, "0.45"))
    assert isinstance(alarm, Alarm)
    assert alarm.name == "sold_beyond_position"
    assert ours.tracker.cash == D(1000) - D("1.60") + D("2.25") - 1


def test_a_sale_that_is_told_after_the_settlement_sold_in_good_time() -> None:
    ours = filled(fill(BUY, 4, "0.40"), orders=(BUY, SALE))
    ours.settle(Settlement(BUY.ticker, D(1), None, NOW, NOW))
    told = ours.fill(fill(SALE, 4, "0.45"))
    assert not [one for one in told if isinstance(one, Alarm)]
    ours.settle(Settlement(BUY.ticker, D(1), None, NOW, NOW))
    # what it earned is what the sale brought, whatever the market paid
    assert ours.tracker.cash == D(1000) - D("1.60") + D("1.80")


def test_a_report_of_an_order_that_is_over_changes_nothing() -> None:
    ours = filled(fill(BUY, 10, "0.40"))
    before = dict(ours.orders)
    assert ours.update(OrderUpdate(BUY.intent_id, OrderStep.LOSE, NOW)) == ()
    assert ours.orders == before


def test_a_report_of_an_order_that_is_not_ours_raises_an_alarm() -> None:
    (alarm,) = account().update(OrderUpdate("nobody", OrderStep.ACCEPT, NOW))
    assert isinstance(alarm, Alarm)
    assert alarm.name == "unknown_order"


def test_an_approval_told_again_does_not_forget_how_far_its_order_has_come() -> None:
    ours = filled(fill(BUY, 10, "0.40"))
    ours.approve(Approved((BUY,), None, ()))
    assert ours.orders[BUY.intent_id].state is OrderState.DONE
    assert ours.entries() == ()


def test_live_entries_and_sales_are_told_apart() -> None:
    ours = filled(fill(BUY, 4, "0.40"), orders=(BUY, SALE))
    assert [order.intent for order in ours.entries()] == [BUY]
    assert ours.pending_sales(BUY.trade_id) == D(10)
    ours.fill(fill(SALE, 3, "0.45"))
    assert ours.pending_sales(BUY.trade_id) == D(7)
    ours.update(OrderUpdate(SALE.intent_id, OrderStep.FINISH, NOW, filled=D(4)))
    assert ours.pending_sales(BUY.trade_id) == D(1)
    assert ours.pending_sales("another") == 0


def test_done_orders_are_forgotten_after_days_and_live_ones_never() -> None:
    unknown = intent("U", name="unknown")
    ours = filled(fill(BUY, 10, "0.40"), orders=(BUY, unknown))
    ours.update(OrderUpdate(unknown.intent_id, OrderStep.LOSE, NOW))
    for days in range(1, 4):
        ours.turn_day(NOW + timedelta(days=days), {})
    assert set(ours.orders) == {unknown.intent_id}
    # a fill that was counted stays counted also when its order is forgotten
    assert ours.tracker.has_seen(fill(BUY, 10, "0.40"))


def test_a_trade_that_is_told_late_is_in_the_record_of_the_day_it_is_told_in() -> None:
    ours = filled(fill(BUY, 10, "0.40", "0.17"))
    ours.turn_day(NEXT, {})
    # queued before midnight, handled after it
    ours.settle(Settlement(TICKER, D(1), None, NOW, NEXT - timedelta(seconds=1)))
    (record,) = ours.turn_day(NEXT + timedelta(days=1), {})
    assert (record.realised, record.wins) == (D("5.83"), 1)


def test_days_that_nobody_lived_through_have_records_too() -> None:
    ours = filled(fill(BUY, 10, "0.40", "0.17"))
    records = ours.turn_day(NOW + timedelta(days=4), {})
    assert [one.day for one in records] == [DAY + timedelta(days=days) for days in range(4)]
    assert len({one.closing_balance for one in records}) == 1
    assert [one.opening_balance for one in records[1:]] == [D("999.83")] * 3


# --- the day --------------------------------------------------------------------------------------


def test_a_days_record_by_hand() -> None:
    ours = filled(fill(BUY, 10, "0.40", "0.17"), fill(SALE, 10, "0.45", "0.18"), orders=(BUY, SALE))
    (record,) = ours.turn_day(NEXT, {}, halts=1)
    assert record == DailyRecord(
        DAY, "paper", D(1000), D("1000.15"), D("0.15"), D("0.35"), wins=1, losses=0, halts=1
    )
    assert ours.opening_balance == D("1000.15")
    assert ours.turn_day(NEXT + timedelta(hours=5), {}) == ()


def test_the_opening_balance_counts_open_positions_at_what_they_would_fetch() -> None:
    ours = filled(fill(BUY, 10, "0.40", "0.17"))
    (record,) = ours.turn_day(NEXT, {TICKER: book(bids=[("0.30", 100)])})
    assert isinstance(record, DailyRecord)
    assert record.closing_balance == D("995.83") + D(3)
    assert (record.realised, record.wins, record.losses) == (0, 0, 0)


def test_every_closed_trade_is_in_exactly_one_days_record() -> None:
    # settled a minute before midnight, told a minute after: the day before has no more room
    ours = filled(fill(BUY, 10, "0.40", "0.17"))
    at, told_at = NEXT - timedelta(minutes=1), NEXT + timedelta(minutes=1)
    records = [*ours.turn_day(told_at, {})]
    ours.settle(Settlement(TICKER, D(1), None, at, told_at))
    records += ours.turn_day(NEXT + timedelta(days=1), {})
    assert [r.realised for r in records if isinstance(r, DailyRecord)] == [0, D("5.83")]
    assert [r.wins for r in records if isinstance(r, DailyRecord)] == [0, 1]


def test_records_follow_each_other_without_a_gap_in_the_balance() -> None:
    ours = filled(fill(BUY, 10, "0.40", "0.17"))
    records = []
    for days, bid in ((1, "0.20"), (2, "0.50"), (3, "0.10")):
        quotes = {TICKER: book(bids=[(bid, 100)], asks=[])}
        records += ours.turn_day(NOW + timedelta(days=days), quotes)
    balances = [(r.opening_balance, r.closing_balance) for r in records]  # type: ignore[union-attr]
    assert [opening for opening, _ in balances[1:]] == [closing for _, closing in balances[:-1]]


def test_the_day_goes_on_where_the_last_record_ended() -> None:
    yesterday = DailyRecord(date(2026, 11, 21), "paper", D(1000), D(980), D(-20), D(1), 0, 2, 0)
    ours = Account("paper", D(1000), last_day=yesterday)
    assert ours.opening_balance == D(980)
    assert ours.turn_day(NOW, {}) == ()
    (record,) = ours.turn_day(NEXT, {})
    assert isinstance(record, DailyRecord)
    assert (record.day, record.opening_balance) == (DAY, D(980))


def test_a_clock_that_jumps_back_turns_no_day() -> None:
    ours = account()
    ours.turn_day(NEXT, {})
    assert ours.turn_day(NOW, {}) == ()
    assert ours.day == NEXT.date()
