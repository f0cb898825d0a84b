"""Whatever members do: no dollar appears or vanishes, books add up, streams and REST agree."""

from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import orjson
from hypothesis import given
from hypothesis import strategies as st

from kalshi_edge.data.kalshi.book import OrderBooks
from kalshi_edge.data.kalshi.market_wire import parse_book
from kalshi_edge.domain.market import Book, FeeRule, Level
from kalshi_edge.domain.orders import Side, TimeInForce
from kalshi_edge.execution.matching import SelfTrade
from kalshi_edge.units import CENT, ZERO
from kalshi_sandbox.exchange.rest.requests import Call, page
from kalshi_sandbox.exchange.rest.wire_out import book_json
from kalshi_sandbox.exchange.stream.hub import Hub
from kalshi_sandbox.exchange.venue.accounts import NewOrder
from kalshi_sandbox.exchange.venue.candles import Candles
from kalshi_sandbox.exchange.venue.errors import Refusal
from kalshi_sandbox.exchange.venue.ledger import collateral, cost_to_holder
from tests.support.sandbox_builders import BIN, OPEN_AT, TODAY, StillWeather, exchange, member

TICKERS = (BIN, f"{TODAY}-T50")
MEMBERS = 3

orders = st.builds(
    NewOrder,
    ticker=st.sampled_from(TICKERS),
    side=st.sampled_from(Side),
    price=st.integers(1, 99).map(lambda cents: CENT * cents),
    count=st.integers(1, 2000).map(lambda hundredths: CENT * hundredths),
    time_in_force=st.sampled_from(TimeInForce),
    self_trade=st.sampled_from(SelfTrade),
)
steps = st.lists(
    st.tuples(
        st.sampled_from(["place", "cancel", "amend", "decrease"]),
        st.integers(0, MEMBERS - 1),
        orders,
        st.integers(0, 5),
    ),
    max_size=30,
)


def play(on, accounts, session) -> None:
    """Do what is asked where it is allowed."""
    for verb, who, new, which in session:
        account = accounts[who]
        resting = [o for by_id in account.resting.values() for o in by_id.values()]
        try:
            if verb == "place":
                on.desk.place(account, new)
            elif resting:
                chosen = resting[which % len(resting)]
                if verb == "cancel":
                    on.desk.cancel(account, chosen.order_id)
                elif verb == "decrease":
                    on.desk.decrease(account, chosen.order_id, by=new.count)
                else:
                    total = chosen.filled + new.count
                    on.desk.amend(
                        account, chosen.order_id, price=new.price, total=total, expires_at=None
                    )
        except Refusal:
            pass
        on.venue.advance(on.venue.now + timedelta(seconds=1))


def money_in_the_system(on, accounts) -> Decimal:
    """Cash, fees taken, and a dollar for every pair that is open."""
    open_pairs = sum((market.open_interest for market in on.venue.markets.values()), ZERO)
    return sum((a.cash for a in accounts), ZERO) + on.venue.fees + open_pairs


def claimed(account) -> Decimal:
    """What an account's resting orders may still cost it."""
    total = ZERO
    for ticker, resting in account.resting.items():
        position = account.positions.get(ticker)
        held = ZERO if position is None else position.count
        total += collateral(held, [order.claim for order in resting.values()], FeeRule())
    return total


@given(steps, st.sampled_from([30, 53, 60]))
def test_no_dollar_appears_or_vanishes_and_nobody_owes(session, actual_f) -> None:
    on = exchange(StillWeather(actual_f=actual_f))
    accounts = [member(on, "20") for _ in range(MEMBERS)]
    play(on, accounts, session)
    assert money_in_the_system(on, accounts) == 20 * MEMBERS
    assert all(account.cash >= claimed(account) for account in accounts)
    for market in on.venue.markets.values():
        counts = [
            a.positions[market.ticker].count for a in accounts if market.ticker in a.positions
        ]
        assert sum(counts, ZERO) == ZERO
        assert sum((c for c in counts if c > ZERO), ZERO) == market.open_interest
    on.venue.advance(on.venue.events[TODAY].close_at + timedelta(hours=12))
    assert sum((a.cash for a in accounts), ZERO) + on.venue.fees == 20 * MEMBERS
    realized = sum((p.realized for a in accounts for p in a.positions.values()), ZERO)
    assert realized == ZERO


@given(steps)
def test_every_order_accounts_for_its_contracts_and_costs(session) -> None:
    on = exchange()
    accounts = [member(on) for _ in range(MEMBERS)]
    play(on, accounts, session)
    for account in accounts:
        assert len(account.fills) == len({(f.fill_id, f.order.order_id) for f in account.fills})
        for order in account.orders.values():
            fills = [fill for fill in account.fills if fill.order is order]
            assert sum((f.trade.count for f in fills), ZERO) == order.filled <= order.initial
            assert sum((f.fee for f in fills), ZERO) == order.taker_fees + order.maker_fees
            assert order.filled + order.remaining <= order.initial
            assert (order.remaining > ZERO) == (order.status == "resting")
            if order.status != "resting":
                assert (order.status == "executed") == (order.reason == "Trade")


@given(steps)
def test_the_shown_depth_is_the_engines_and_every_offer_is_counted(session) -> None:
    on = exchange()
    accounts = [member(on) for _ in range(MEMBERS)]
    play(on, accounts, session)
    for account in accounts:
        resting = [o for by_id in account.resting.values() for o in by_id.values()]
        costs = [cost_to_holder(o.side, o.price) * o.remaining for o in resting]
        assert account.offered == sum(costs, ZERO)
    for ticker in TICKERS:
        market = on.venue.market(ticker)
        for side in Side:
            shown = {Level(price, count) for price, count in market.depth[side].items()}
            assert shown == set(market.book.levels(side))


@given(steps, steps, st.booleans())
def test_frames_rebuild_the_book_that_rest_shows(before, after, use_yes_price) -> None:
    on = exchange()
    accounts = [member(on) for _ in range(MEMBERS)]
    play(on, accounts, before)
    session = Hub(on).connect(member(on))
    params = {
        "channels": ["orderbook_delta"],
        "market_tickers": list(TICKERS),
        "use_yes_price": use_yes_price,
    }
    session.receive(orjson.dumps({"id": 1, "cmd": "subscribe", "params": params}))
    play(on, accounts, after)
    books, live = OrderBooks(use_yes_price=use_yes_price), {}
    for frame in session.outgoing:
        for book in books.receive(orjson.loads(frame), OPEN_AT):
            if isinstance(book, Book):
                live[book.ticker] = book
    for ticker in TICKERS:
        shown = parse_book(ticker, book_json(on.venue.market(ticker)), OPEN_AT)
        assert (live[ticker].bids, live[ticker].asks) == (shown.bids, shown.asks)


@given(steps)
def test_one_seed_gives_the_same_ids_and_fills_again(session) -> None:
    def run():
        on = exchange()
        accounts = [member(on) for _ in range(MEMBERS)]
        play(on, accounts, session)
        return [
            (fill.fill_id, fill.order.order_id, fill.trade.at, fill.fee)
            for account in accounts
            for fill in account.fills
        ]

    assert run() == run()


@given(st.lists(st.integers(1, 10_000), unique=True), st.integers(1, 50))
def test_pages_hold_every_item_once(keys, limit) -> None:
    items = sorted(keys, reverse=True)
    found, cursor = [], ""
    while True:
        query = [("limit", str(limit)), ("cursor", cursor)]
        part, cursor = page(Call("GET", "/", query=query), items, lambda item: item)
        found += part
        assert len(part) <= limit
        if not cursor:
            break
    assert found == items


prices = st.integers(1, 99).map(lambda cents: CENT * cents)


@given(
    st.lists(st.tuples(st.integers(0, 400), prices, st.integers(0, 3)), min_size=1, max_size=40),
    st.sampled_from([1, 60]),
)
def test_candles_lose_no_volume_and_their_ranges_hold_what_they_join(ticks, minutes) -> None:
    candles, at = Candles(), OPEN_AT
    for wait_s, price, count in ticks:
        at += timedelta(seconds=wait_s)
        trades = [(price, Decimal(count))] if count else []
        candles.record(at, price, None, ZERO, trades)
    start, end = int(OPEN_AT.timestamp()), int(at.timestamp()) + 3600
    found = list(candles.between(start, end, minutes))
    assert sum((c.volume for c in found), ZERO) == sum(count for _, _, count in ticks)
    assert all(a.end_s < b.end_s and b.bid.open == a.bid.close for a, b in pairwise(found))
    for candle in found:
        assert candle.bid.low <= candle.bid.open <= candle.bid.high
        if candle.price is not None and candle.volume:
            assert candle.price.low <= candle.turnover / candle.volume <= candle.price.high
    assert found[-1].bid.close == ticks[-1][1]
