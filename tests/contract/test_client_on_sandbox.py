"""The real client against the sandbox's exchange: real sockets, signatures, faults and clocks."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from kalshi_edge.data.kalshi.auth import ApiKey
from kalshi_edge.data.kalshi.market_source import MarketSource
from kalshi_edge.data.kalshi.print_source import PrintedBooks
from kalshi_edge.data.kalshi.settled_markets import PastMarkets
from kalshi_edge.data.source_status import PollOutcome
from kalshi_edge.domain.events import Print
from kalshi_edge.domain.market import Book, Ladder, MarketStatus
from kalshi_edge.domain.orders import (
    Fill,
    Intent,
    Order,
    OrderReport,
    OrderState,
    OrderStep,
    Settlement,
    Side,
    TimeInForce,
)
from kalshi_edge.domain.trading_hours import TradingHours
from kalshi_edge.errors import ExchangeDown, OrderRejected, OutcomeUnknown, RequestRefused
from kalshi_sandbox.exchange.control.faults import FaultKind
from kalshi_sandbox.exchange.venue.incidents import change_ticks, maintain
from kalshi_sandbox.exchange.venue.venue import Archived
from tests.support.builders import NOW, intent, levels
from tests.support.kalshi_sandbox import NYC, Member, member

pytestmark = [pytest.mark.realtime, pytest.mark.patient_time]

D = Decimal
GTC = TimeInForce.GOOD_TILL_CANCELED
ORDERS = "/portfolio/events/orders"


def order(
    at: Member, side: Side = Side.BUY, count: Any = 5, price: Any = "0.33", **changes: Any
) -> Intent:
    return intent(at.ticker, side, count, price, **changes)


def resting(at: Member, wanted: Intent, report: OrderReport | None = None) -> Order:
    return Order(wanted, OrderState.RESTING, None if report is None else report.order_id)


# --- public ------------------------------------------------------------------------------------


async def test_ladders_books_hours_and_clock_are_there_without_a_key():
    async with member() as at:
        reading = await at.public.ladders([NYC])
        assert reading.refused == ()
        assert {ladder.climate_day.day for ladder in reading.found} == {22, 23}
        assert all(m.status is MarketStatus.ACTIVE for m in reading.found[0].markets)
        at.offer(Side.BUY, "0.30", "10.5")
        at.offer(Side.BUY, "0.29", 4)
        at.offer(Side.SELL, "0.33", 7)
        books = await at.public.books([market.ticker for market in at.ladder.markets])
        assert books.refused == ()
        found = next(book for book in books.found if book.ticker == at.ticker)
        assert found.bids == levels([("0.30", "10.5"), ("0.29", 4)])
        assert found.asks == levels([("0.33", 7)])
        assert (await at.public.status()).takes_orders
        schedule = await at.public.schedule()
        assert TradingHours(NOW, schedule.weeks, schedule.maintenance).closed(NOW) == ""
        assert abs(await at.public.check_clock()) < timedelta(seconds=2)
        assert (await at.public.series("KXHIGHNY")).sources == ("The Weather Company",)
        assert await at.public.ladder(at.ladder.event_ticker) == at.ladder


async def test_what_others_traded_is_told_once_where_a_quote_of_ours_rests():
    async with member() as at:
        markets = MarketSource(at.public, (NYC,), at.sandbox.clock)
        await markets.refresh()
        quoted: set[str] = set()
        source = PrintedBooks(markets, at.public, at.sandbox.clock, lambda: quoted)
        at.offer(Side.SELL, "0.33", 7)
        assert not any(isinstance(one, Print) for one in await source())
        quoted.add(at.ticker)
        await source()
        await at.exchange.place(order(at, Side.BUY, "2.5", "0.33"))
        print_, *books = await source()
        assert isinstance(print_, Print)
        assert (print_.ticker, print_.taker_side) == (at.ticker, Side.BUY)
        assert (print_.price, print_.count) == (D("0.33"), D("2.5"))
        assert books
        assert not any(isinstance(one, Print) for one in await source())


async def test_another_key_or_another_clock_is_refused():
    async with member() as at:
        wrong = ApiKey("nobody", at.key._private, at.key.clock)
        at.account._rest._http.auth = wrong
        with pytest.raises(RequestRefused, match="API key not found") as caught:
            await at.account.balance()
        assert caught.value.status == 401
        at.sandbox.exchange.keys.skew = timedelta(seconds=-1)
        at.account._rest._http.auth = at.key
        with pytest.raises(OrderRejected, match="off"):
            await at.exchange.place(order(at))


# --- orders ------------------------------------------------------------------------------------


async def test_an_order_takes_what_is_offered_and_its_fills_come_by_the_stream():
    async with member() as at:
        at.offer(Side.SELL, "0.32", 2)
        at.offer(Side.SELL, "0.33", "1.56")
        stream = at.stream()
        await stream.watch([at.ticker])
        async with at.listening(stream):
            await at.hear(Book)
            wanted = order(at)
            report = await at.exchange.place(wanted)
            first, second = await at.hear(Fill, Fill)
        assert (report.filled, report.resting) == (D("3.56"), D(0))
        assert {first.intent_id, second.intent_id} == {wanted.intent_id}
        assert [(f.price, f.count) for f in (first, second)] == [
            (D("0.32"), D(2)),
            (D("0.33"), D("1.56")),
        ]
        fills = await at.account.fills(NOW - timedelta(minutes=1))
        assert {fill.fill_id for fill in fills} == {first.fill_id, second.fill_id}
        assert {(fill.intent_id, fill.fee) for fill in fills} == {
            (f.intent_id, f.fee) for f in (first, second)
        }
        [position] = await at.account.positions()
        assert (position.ticker, position.count) == (at.ticker, D("3.56"))
        cost = sum(f.price * f.count + f.fee for f in fills)
        assert await at.account.balance() == D(1000) - cost


async def test_an_order_rests_is_hit_and_is_taken_back():
    async with member() as at:
        stream = at.stream()
        await stream.watch([at.ticker])
        async with at.listening(stream):
            await at.hear(Book)
            wanted = order(at, time_in_force=GTC, post_only=True)
            report = await at.exchange.place(wanted)
            assert (report.filled, report.resting) == (D(0), D(5))
            update = await at.hear_of(OrderStep.ACCEPT)
            assert (update.intent_id, update.order_id) == (wanted.intent_id, report.order_id)
            at.take(Side.SELL, "0.33", "1.5")
            [fill] = await at.hear(Fill)
            assert (fill.count, fill.fee, fill.is_taker) == (D("1.5"), D(0), False)
            assert await at.exchange.cancel(resting(at, wanted, report)) == D("3.5")
            assert await at.exchange.cancel(resting(at, wanted, report)) == D(0)
            assert (await at.hear_of(OrderStep.FINISH)).filled == D("1.5")
        [report] = await at.account.orders()
        assert (report.intent_id, report.filled) == (wanted.intent_id, D("1.5"))


async def test_an_order_that_finds_nothing_is_no_fill():
    async with member() as at:
        report = await at.exchange.place(order(at))
        assert (report.filled, report.resting) == (D(0), D(0))
        assert len(await at.account.fills()) == 0


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"price": "0.335"}, "between ticks"),
        ({"count": 100_000, "price": "0.99"}, "insufficient_balance"),
        ({"time_in_force": GTC, "expires_at": NOW - timedelta(hours=1)}, "expiration_time"),
        ({"time_in_force": GTC, "post_only": True, "price": "0.40"}, "post only cross"),
    ],
    ids=["off the grid", "too dear", "expired", "would take"],
)
async def test_what_the_exchange_refuses_does_not_exist(changes, why):
    async with member() as at:
        at.offer(Side.SELL, "0.40", 5)
        with pytest.raises(OrderRejected, match=why):
            await at.exchange.place(order(at, **changes))
        assert len(await at.account.orders()) == 0


async def test_errors_are_understood_in_the_specifications_shape_too():
    async with member() as at:
        at.sandbox.exchange.flat_errors = True
        with pytest.raises(OrderRejected, match="insufficient_balance"):
            await at.exchange.place(order(at, count=100_000, price="0.99"))


async def test_ticks_that_changed_while_we_run_are_seen_before_an_order_is_refused():
    async with member() as at:
        change_ticks(at.sandbox.exchange, at.ticker, "deci_cent")
        report = await at.exchange.place(order(at, price="0.335", time_in_force=GTC))
        assert report.resting == D(5)


# --- what goes wrong with orders ---------------------------------------------------------------


LOST = {
    "dropped": {"kind": FaultKind.DROP_AFTER},
    "an error in its place": {"kind": FaultKind.LOSE, "status": 500},
    "a gateway's page": {"kind": FaultKind.LOSE, "status": 502},
    "unavailable": {"kind": FaultKind.LOSE, "status": 503},
}


@pytest.mark.parametrize("fault", LOST.values(), ids=LOST)
@pytest.mark.parametrize("resend", [True, False])
async def test_a_lost_answer_is_found_again_and_nothing_is_bought_twice(fault, resend):
    async with member() as at:
        at.offer(Side.SELL, "0.33", 100)
        at.strike(**fault, method="POST", path=ORDERS)
        wanted = order(at)
        with pytest.raises(OutcomeUnknown):
            await at.exchange.place(wanted)
        report = await at.exchange.resolve(wanted, resend=resend)
        assert (report.filled, report.resting) == (D(5), D(0))
        assert [position.count for position in await at.account.positions()] == [D(5)]


async def test_the_same_order_sent_again_is_answered_with_the_first_even_while_reads_trail():
    async with member() as at:
        at.offer(Side.SELL, "0.33", 100)
        wanted = order(at)
        first = await at.exchange.place(wanted)
        again = await at.exchange.place(wanted)
        assert replace(again, reason="") == replace(first, reason="")
        at.sandbox.exchange.views.lag = timedelta(seconds=1)
        trailing = order(at, name="another")
        at.strike(FaultKind.DROP_AFTER, method="POST", path=ORDERS)
        with pytest.raises(OutcomeUnknown):
            await at.exchange.place(trailing)
        with pytest.raises(OutcomeUnknown, match="not to be seen yet"):
            await at.exchange.resolve(trailing, resend=True)
        at.advance(timedelta(seconds=2))
        assert (await at.exchange.resolve(trailing, resend=True)).filled == D(5)
        assert [position.count for position in await at.account.positions()] == [D(10)]


async def test_an_order_that_never_arrived_is_proven_so_after_a_while():
    async with member() as at:
        at.strike(FaultKind.DROP_BEFORE, method="POST", path=ORDERS)
        wanted = order(at)
        with pytest.raises(OutcomeUnknown):
            await at.exchange.place(wanted)
        with pytest.raises(OutcomeUnknown, match="proves nothing yet"):
            await at.exchange.resolve(wanted, resend=False)
        at.advance(timedelta(seconds=31))
        with pytest.raises(OrderRejected, match="never arrived"):
            await at.exchange.resolve(wanted, resend=False)


async def test_an_order_that_took_all_our_money_is_found_and_not_taken_for_refused():
    async with member("2") as at:
        at.sandbox.exchange.views.lag = timedelta(seconds=1)
        at.strike(FaultKind.DROP_AFTER, method="POST", path=ORDERS)
        wanted = order(at, time_in_force=GTC)
        with pytest.raises(OutcomeUnknown):
            await at.exchange.place(wanted)
        with pytest.raises(OutcomeUnknown):
            await at.exchange.resolve(wanted, resend=True)
        at.advance(timedelta(seconds=2))
        assert (await at.exchange.resolve(wanted, resend=False)).resting == D(5)


@pytest.mark.parametrize("whole", [False, True], ids=["trading", "everything"])
async def test_during_a_pause_nothing_is_sent(whole):
    async with member() as at:
        await at.public.market(at.ticker)
        maintain(at.sandbox.exchange, timedelta(hours=1), whole=whole)
        status = await at.public.status()
        assert not status.takes_orders
        assert status.resumes_at == NOW + timedelta(hours=1)
        with pytest.raises(ExchangeDown, match="pause"):
            await at.exchange.place(order(at))


async def test_after_the_close_a_cancel_says_that_the_order_still_rests_until_it_is_swept():
    async with member() as at:
        closes_at = next(m.close_at for m in at.ladder.markets if m.ticker == at.ticker)
        wanted = order(at, time_in_force=GTC, expires_at=closes_at + timedelta(minutes=1))
        report = await at.exchange.place(wanted)
        at.advance(closes_at - NOW + timedelta(seconds=1))
        with pytest.raises(ExchangeDown, match="market_inactive"):
            await at.exchange.cancel(resting(at, wanted, report))
        at.advance(timedelta(seconds=10))
        assert await at.exchange.cancel(resting(at, wanted, report)) == D(0)


@pytest.mark.parametrize("fault", LOST.values(), ids=LOST)
async def test_a_lost_cancel_is_unknown_and_the_next_one_finds_it_done(fault):
    async with member() as at:
        wanted = order(at, time_in_force=GTC)
        report = await at.exchange.place(wanted)
        at.strike(**fault, method="DELETE", path=ORDERS)
        with pytest.raises(OutcomeUnknown):
            await at.exchange.cancel(resting(at, wanted, report))
        assert await at.exchange.cancel(resting(at, wanted, report)) == D(0)


async def test_an_order_without_a_name_can_be_cancelled():
    async with member() as at:
        wanted = order(at, time_in_force=GTC)
        await at.exchange.place(wanted)
        assert await at.exchange.cancel(resting(at, wanted)) == D(5)


async def test_questions_get_through_bad_weather():
    async with member() as at:
        for status in (429, 500, 503):
            at.strike(FaultKind.REFUSE, status=status, method="GET")
        assert len((await at.public.ladders([NYC])).found) == 2
        at.strike(FaultKind.DROP_BEFORE, method="GET", times=2)
        assert await at.account.balance() == D(1000)


# --- the stream --------------------------------------------------------------------------------


STREAM_FAULTS = {
    "a lost frame": {"kind": FaultKind.STREAM_GAP, "channel": "orderbook_delta"},
    "a frame twice": {"kind": FaultKind.STREAM_REPEAT, "channel": "orderbook_delta"},
    "the end of the books": {
        "kind": FaultKind.STREAM_ERROR,
        "channel": "orderbook_delta",
        "status": 25,
    },
    "the end of the fills": {"kind": FaultKind.STREAM_ERROR, "channel": "fill", "status": 10},
}


@pytest.mark.parametrize("fault", STREAM_FAULTS.values(), ids=STREAM_FAULTS)
async def test_books_and_fills_are_whole_again_after_a_fault(fault):
    async with member() as at:
        stream = at.stream()
        await stream.watch([at.ticker])
        async with at.listening(stream):
            await at.hear(Book)
            at.strike(**fault)
            at.offer(Side.SELL, "0.33", 3)
            at.offer(Side.SELL, "0.34", 3)
            report = await at.exchange.place(order(at, count=4, price="0.40"))
            assert report.filled == D(4)
            at.offer(Side.BUY, "0.20", 9)
            heard: dict[str, Any] = {}
            while not (_is_final(heard.get("book")) and len(heard.get("fills", ())) == 2):
                event = (await at.hear(object))[0]
                if isinstance(event, Book):
                    heard["book"] = event
                elif isinstance(event, Fill):
                    heard.setdefault("fills", {})[event.fill_id] = event
        assert sum(fill.count for fill in heard["fills"].values()) == D(4)


def _is_final(book: Book | None) -> bool:
    return book is not None and (book.bids, book.asks) == (
        levels([("0.20", 9)]),
        levels([("0.34", 2)]),
    )


@pytest.mark.parametrize("way", ["dropped", "refused once"])
async def test_what_happens_while_the_stream_is_down_is_made_good(way):
    async with member() as at:
        at.offer(Side.SELL, "0.33", 3)
        stream = at.stream()
        await stream.watch([at.ticker])
        async with at.listening(stream):
            await at.hear(Book)
            if way == "refused once":
                at.strike(FaultKind.REFUSE, status=503, path="/ws/v2")
            at.sandbox.streams.drop_all()
            wanted = order(at)
            await at.exchange.place(wanted)
            [fill] = await at.hear(Fill)
            assert (fill.intent_id, fill.count) == (wanted.intent_id, D(3))
        assert stream.oddities.counts["disconnected"] >= 1


async def test_a_stream_that_is_distrusted_begins_anew_with_every_book():
    async with member() as at:
        stream = at.stream()
        assert stream.status.outcome is PollOutcome.NOT_ASKED
        await stream.watch([at.ticker])
        async with at.listening(stream):
            await at.hear(Book)
            assert (stream.status.outcome, stream.status.is_stale) == (PollOutcome.UNCHANGED, False)
            stream.renew("no word of changes")
            [book] = await at.hear(Book)
            assert book.ticker == at.ticker
            assert "no word of changes" in stream.status.error
        assert stream.oddities.counts["disconnected"] == 1


async def test_a_day_ends_in_settlements_payouts_and_a_new_ladder():
    async with member() as at:
        at.offer(Side.SELL, "0.33", 5)
        await at.exchange.place(order(at))
        stream = at.stream()
        await stream.watch([at.ticker])
        async with at.listening(stream):
            await at.hear(Book)
            settles = at.sandbox.exchange.season.stations[0].day_end(at.ladder.climate_day)
            while at.sandbox.clock.now() < settles + timedelta(hours=18):
                at.advance(timedelta(minutes=30))
            [settled] = await at.hear(Settlement)
        assert at.ladder not in (await at.public.ladders([NYC])).found
        tickers = [market.ticker for market in at.ladder.markets]
        results = await at.public.settlements(tickers)
        assert results.refused == ()
        assert sum(result.value for result in results.found) == D(1)
        assert {result.high_f for result in results.found} == {settled.high_f}
        [payout] = await at.account.payouts()
        mine = next(result for result in results.found if result.ticker == at.ticker)
        assert payout.settlement.value == mine.value
        assert (payout.yes_count, payout.revenue) == (D(5), D(5) * mine.value)
        assert len(await at.account.positions()) == 0


async def test_a_market_that_is_halted_is_told_as_a_ladder_that_does_not_trade():
    async with member() as at:
        stream = at.stream()
        await stream.watch([at.ticker])
        async with at.listening(stream):
            await at.hear(Book)
            venue = at.sandbox.exchange.venue
            venue.halt(venue.market(at.ticker))
            [ladder] = await at.hear(Ladder)
        halted = next(market for market in ladder.markets if market.ticker == at.ticker)
        assert halted.status is MarketStatus.INACTIVE
        with pytest.raises(OrderRejected, match="the market is inactive"):
            await at.exchange.place(order(at))


async def test_old_orders_fills_and_results_are_found_behind_the_cut_off():
    async with member() as at:
        at.sandbox.exchange.venue.live_window = timedelta(hours=12)
        at.offer(Side.SELL, "0.33", 5)
        wanted = order(at)
        report = await at.exchange.place(wanted)
        at.advance(timedelta(days=3))
        at.account._names.clear()
        [fill] = await at.account.fills()
        assert (fill.intent_id, fill.count) == (wanted.intent_id, D(5))
        assert [report.order_id for report in await at.account.orders()] == [report.order_id]
        results = await at.public.settlements([at.ticker])
        assert len(results.found) == 1


@pytest.mark.parametrize("moved", [{Archived.ORDERS}, {Archived.TRADES}, set(Archived)])
async def test_orders_and_fills_are_found_behind_cut_offs_of_their_own(moved):
    async with member() as at:
        at.sandbox.exchange.venue.windows = dict.fromkeys(moved, timedelta(hours=12))
        at.offer(Side.SELL, "0.33", 5)
        receipt = await at.exchange.place(order(at))
        at.advance(timedelta(days=3))
        for since_at in (None, NOW - timedelta(hours=1)):
            assert len(await at.account.fills(since_at)) == 1
            found = await at.account.orders(since_at=since_at)
            assert [report.order_id for report in found] == [receipt.order_id]


@pytest.mark.parametrize(
    "moved",
    [set(), {Archived.CANDLES}, {Archived.MARKETS}, {Archived.MARKETS, Archived.CANDLES}],
    ids=["nothing", "candles", "markets", "both"],
)
async def test_a_settled_ladder_has_the_same_quotes_wherever_its_parts_have_moved(moved):
    async with member() as at:
        at.offer(Side.BUY, "0.30", 5)
        at.offer(Side.SELL, "0.33", 5)
        at.advance(timedelta(days=3))
        past, day = PastMarkets(at.public._rest), at.ladder.climate_day
        before = await past.day(NYC, day)
        assert (before.wanting, before.is_over) == ("", True)
        assert {book.ticker for book in before.books} >= {at.ticker}
        at.sandbox.exchange.venue.windows = dict.fromkeys(moved, timedelta(hours=1))
        assert await past.day(NYC, day) == before
