"""Quotes from decision to cancellation: posted, moved, pulled; on either side, and counted once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeVar

import pytest

from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.domain.events import CycleDue, Halt, LookDue, OrderUpdate, Started
from kalshi_edge.domain.orders import Intent, Order, OrderStep, Side, TimeInForce
from kalshi_edge.domain.records import SwitchState
from kalshi_edge.domain.verdicts import Approved, CancelOrder, Refused, Verdict
from kalshi_edge.domain.weather import Basis, Observation
from kalshi_edge.engine import Engine, Setup
from kalshi_edge.execution.executor import POST_ONLY_CROSS
from kalshi_edge.trading.playbook import Limits, Playbook
from kalshi_edge.trading.quoting.quote import is_quote
from kalshi_edge.trading.quoting.quoter import others
from kalshi_edge.trading.quoting.rules import QuoteRules
from tests.support.builders import DAY, EVENT, book, fill, forecast, ladder

T = TypeVar("T")
D = Decimal
NEW_YORK = station_of("NYC")
AT = NEW_YORK.day_start(DAY) + timedelta(minutes=30)
"""Half past midnight, 05:30 UTC: nothing is due before the hourly report of 05:50."""
REPORT_AT = AT.replace(minute=50)
PRICES = {
    "T50": ("0.05", "0.07"),
    "B50.5": ("0.13", "0.15"),
    "B52.5": ("0.20", "0.24"),
    "B54.5": ("0.38", "0.42"),
    "B56.5": ("0.12", "0.14"),
    "T57": ("0.04", "0.06"),
}
"""The forecast of 53 °F has more of 52 to 53 °F and less of 54 to 55 °F."""
MAKER = Playbook(
    quoting=QuoteRules(), limits=Limits(max_city_positions=6, city_day_share=D("0.05"))
)


def told(playbook: Playbook = MAKER, mode: str = "paper") -> Engine:
    engine = Setup(mode, (NEW_YORK,), ("NBP",), D(1000), playbook).fresh_engine()
    engine.handle(replace(ladder(), received_at=AT - timedelta(hours=9)))
    said = forecast({10: 50.5, 50: 53.0, 90: 55.5})
    run_at, received_at = AT - timedelta(hours=8), AT - timedelta(hours=7)
    engine.handle(replace(said, run_at=run_at, received_at=received_at))
    for name in PRICES:
        offer(engine, name)
    return engine


def offer(
    engine: Engine, name: str, bid: str = "", ask: str = "", *, at: datetime = AT, count: int = 5000
) -> tuple[Verdict, ...]:
    bid, ask = bid or PRICES[name][0], ask or PRICES[name][1]
    return engine.handle(book(f"{EVENT}-{name}", [(bid, count)], [(ask, count)], at))


def of_kind(kind: type[T], verdicts: Sequence[Verdict]) -> list[T]:
    return [verdict for verdict in verdicts if isinstance(verdict, kind)]


def posted(verdicts: Sequence[Verdict]) -> list[Intent]:
    return [intent for one in of_kind(Approved, verdicts) for intent in one.intents]


def rests(engine: Engine, intent: Intent, at: datetime = AT) -> tuple[Verdict, ...]:
    engine.handle(OrderUpdate(intent.intent_id, OrderStep.SEND, at))
    return engine.handle(OrderUpdate(intent.intent_id, OrderStep.ACCEPT, at, "x"))


def all_posted(engine: Engine, at: datetime = AT) -> dict[str, Intent]:
    """Everything that a cycle decides, accepted by the exchange, once there was room for it."""
    verdicts, found = engine.handle(CycleDue(at)), {}
    for step in range(1, 30):
        for intent in posted(verdicts):
            found[intent.ticker.rpartition("-")[2]] = intent
            rests(engine, intent, at)
        verdicts = engine.handle(LookDue(at + timedelta(seconds=2 * step)))
    return found


# --- posting --------------------------------------------------------------------------------------


def test_a_cycle_posts_either_side_below_what_it_is_worth_and_never_crosses() -> None:
    quotes = all_posted(told())
    yes, no = quotes["B52.5"], quotes["B54.5"]
    assert (yes.side, no.side) == (Side.BUY, Side.SELL)
    for name, quote in quotes.items():
        bid, ask = (D(price) for price in PRICES[name])
        assert quote.post_only
        assert quote.time_in_force is TimeInForce.GOOD_TILL_CANCELED
        assert is_quote(quote)
        assert quote.fair is not None
        fair = D(repr(quote.fair))
        if quote.side is Side.BUY:
            assert quote.limit_price <= fair - D("0.02")
            assert quote.limit_price < ask
            assert quote.cost_limit - quote.limit_price * quote.count <= D("0.0001")
        else:
            assert 1 - quote.limit_price <= fair - D("0.02")
            assert quote.limit_price > bid
            assert quote.cost_limit - (1 - quote.limit_price) * quote.count <= D("0.0001")


def test_what_rests_counts_as_filled_against_the_citys_budget() -> None:
    quotes = all_posted(told())
    assert sum(quote.cost_limit for quote in quotes.values()) <= D(50)
    assert len({quote.ticker for quote in quotes.values()}) == len(quotes) <= 6


def test_a_quote_leaves_the_book_by_itself_before_the_next_release() -> None:
    assert {quote.expires_at for quote in all_posted(told()).values()} == {REPORT_AT}


def test_a_taker_posts_nothing() -> None:
    engine = told(Playbook())
    verdicts = engine.handle(CycleDue(AT))
    assert not any(intent.post_only for intent in posted(verdicts))
    assert engine.handle(LookDue(AT)) == ()


def test_the_cycles_quotes_follow_as_the_write_budget_allows() -> None:
    engine = told()
    verdicts = engine.handle(CycleDue(AT))
    assert len(posted(verdicts)) == 1  # 10 of 12 tokens
    assert not posted(engine.handle(LookDue(AT + timedelta(milliseconds=500))))
    (second,) = posted(engine.handle(LookDue(AT + timedelta(seconds=1))))
    assert second.ticker != posted(verdicts)[0].ticker


def test_while_a_release_is_due_nothing_is_posted() -> None:
    engine = told()
    verdicts = engine.handle(CycleDue(REPORT_AT))
    assert not posted(verdicts)
    failed = {check.rule for one in of_kind(Refused, verdicts) for check in one.failures}
    assert "release" in failed


# --- moving ---------------------------------------------------------------------------------------


def test_a_quote_moves_with_its_price_and_opens_the_same_trade() -> None:
    engine = told()
    first = all_posted(engine)["B52.5"]
    later = AT + timedelta(minutes=2)
    assert offer(engine, "B52.5", "0.21", "0.24", at=later) == ()  # the same price
    (cancel,) = of_kind(CancelOrder, offer(engine, "B52.5", "0.19", "0.21", at=later))
    assert cancel.intent_id == first.intent_id
    over = OrderUpdate(first.intent_id, OrderStep.FINISH, later, reason=cancel.reason)
    (second,) = posted(engine.handle(over))
    assert second.limit_price == D("0.20")
    assert second.trade_id == first.trade_id
    assert second.intent_id != first.intent_id


def test_a_quote_whose_edge_is_gone_goes() -> None:
    engine = told()
    first = all_posted(engine)["B52.5"]
    later = AT + timedelta(minutes=2)
    wide = offer(engine, "B52.5", "0.05", "0.60", at=later)
    (cancel,) = of_kind(CancelOrder, wide)
    assert (cancel.intent_id, cancel.reason) == (first.intent_id, "quote: spread")
    over = OrderUpdate(first.intent_id, OrderStep.FINISH, later, reason=cancel.reason)
    assert not posted(engine.handle(over))
    assert not posted(offer(engine, "B52.5", at=later + timedelta(minutes=1)))


def test_what_has_traded_is_held_and_not_quoted_again() -> None:
    engine = told()
    quote = all_posted(engine)["B52.5"]
    later = AT + timedelta(minutes=2)
    traded = replace(fill(quote, 2, quote.limit_price, 0), valid_at=later, received_at=later)
    engine.handle(replace(traded, is_taker=False))
    (cancel,) = of_kind(CancelOrder, offer(engine, "B52.5", "0.15", "0.17", at=later))
    over = OrderUpdate(quote.intent_id, OrderStep.FINISH, later, filled=D(2), reason=cancel.reason)
    assert not posted(engine.handle(over))
    assert not posted(offer(engine, "B52.5", at=later + timedelta(minutes=1)))


def test_a_no_quote_that_is_taken_is_a_position_in_no() -> None:
    engine = told()
    quote = all_posted(engine)["B54.5"]
    later = AT + timedelta(minutes=2)
    engine.handle(replace(fill(quote, quote.count, quote.limit_price, 0), received_at=later))
    (trade,) = engine.account.tracker.open_trades()
    assert (trade.side, trade.paid) == (Side.SELL, quote.count * (1 - quote.limit_price))


def test_an_order_that_would_have_crossed_is_posted_again_after_a_pause() -> None:
    engine = told()
    (quote,) = posted(engine.handle(CycleDue(AT)))
    no = OrderUpdate(quote.intent_id, OrderStep.FINISH, AT, reason=POST_ONLY_CROSS)
    later = AT + timedelta(seconds=1)
    assert quote.ticker not in {one.ticker for one in posted(engine.handle(no))}
    assert quote.ticker not in {one.ticker for one in posted(engine.handle(LookDue(later)))}
    again = [
        one
        for step in range(2, 9)
        for one in posted(engine.handle(LookDue(AT + timedelta(seconds=2 * step))))
    ]
    assert quote.ticker in {one.ticker for one in again}


# --- making way -----------------------------------------------------------------------------------


def pulled(engine: Engine, names: set[str], verdicts: Sequence[Verdict], at: datetime) -> str:
    """That everything named is called back within seconds of ``at``; why."""
    gone = of_kind(CancelOrder, verdicts)
    for step in range(1, 5):
        gone += of_kind(CancelOrder, engine.handle(LookDue(at + timedelta(seconds=step))))
    assert {one.intent_id for one in gone} == names
    (why,) = {one.reason for one in gone}
    return why


def test_all_are_pulled_when_a_release_is_due() -> None:
    engine = told()
    names = {quote.intent_id for quote in all_posted(engine).values()}
    why = pulled(engine, names, engine.handle(LookDue(REPORT_AT)), REPORT_AT)
    assert why == "quote: METAR of 05:50Z due"


def test_all_are_pulled_by_a_halt() -> None:
    engine = told()
    names = {quote.intent_id for quote in all_posted(engine).values()}
    at = AT + timedelta(minutes=2)
    verdicts = engine.handle(Halt("storm", at, level=SwitchState.HALT))
    assert pulled(engine, names, verdicts, at) == "quote: trading is held back"


def test_all_are_pulled_when_nothing_is_heard_of_the_exchange() -> None:
    engine = told()
    names = {quote.intent_id for quote in all_posted(engine).values()}
    at = AT + timedelta(minutes=5, seconds=1)
    why = pulled(engine, names, engine.handle(LookDue(at)), at)
    assert why == "quote: no order book within 5 min"


@pytest.mark.parametrize("read_f", [53, 40])
def test_only_a_reading_that_moves_the_days_floor_is_news(read_f: int) -> None:
    engine = told()
    before = Observation("KNYC", Basis.T_GROUP, AT, AT, 45, 45, AT)
    engine.handle(before)
    names = {quote.intent_id for quote in all_posted(engine).values()}
    at = AT + timedelta(minutes=3)
    verdicts = engine.handle(Observation("KNYC", Basis.T_GROUP, at, at, read_f, read_f, at))
    if read_f < 45:
        assert not of_kind(CancelOrder, verdicts)
        assert not engine.quotes.is_blind
    else:
        assert pulled(engine, names, verdicts, at) == "quote: news"
        assert engine.quotes.is_blind  # a cycle is to look at it


def test_a_new_process_takes_out_what_an_earlier_one_posted() -> None:
    engine = told()
    quotes = all_posted(engine)
    orders = tuple(engine.account.orders.values())
    at = AT + timedelta(minutes=3)
    resting = tuple(order for order in orders if isinstance(order, Order) and order.is_live)
    verdicts = engine.handle(Started(at, resting))
    names = {quote.intent_id for quote in quotes.values()}
    assert pulled(engine, names, verdicts, at) == "quote: news"


# --- our own prices are none ----------------------------------------------------------------------


def test_a_book_that_shows_our_quote_is_read_without_it() -> None:
    engine = told(mode="demo")
    quote = all_posted(engine)["B52.5"]
    later = AT + timedelta(minutes=2)
    shown = book(
        quote.ticker,
        [(quote.limit_price, quote.count), ("0.20", 50)],
        [("0.24", 50)],
        later,
    )
    engine.handle(shown)

    assert others(engine)[quote.ticker].bid == D("0.20")
