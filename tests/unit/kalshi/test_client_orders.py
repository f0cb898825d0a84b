"""Orders: sent once each under their own name, and what every kind of answer means for them."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from kalshi_edge.clock import ManualClock
from kalshi_edge.data.kalshi.account.account_client import AccountClient
from kalshi_edge.data.kalshi.auth import ApiKey
from kalshi_edge.data.kalshi.exchange import KalshiExchange
from kalshi_edge.data.kalshi.order_wire import objections, order_body
from kalshi_edge.data.kalshi.public_client import PublicClient
from kalshi_edge.domain.market import MarketStatus, PriceRange
from kalshi_edge.domain.orders import Order, OrderState, Side, TimeInForce
from kalshi_edge.domain.prices import nearest_price
from kalshi_edge.errors import (
    ContractError,
    EdgeError,
    ExchangeDown,
    OrderObjection,
    OrderRejected,
    OutcomeUnknown,
    RequestRefused,
    TradingPaused,
)
from kalshi_edge.token_bucket import Rate
from tests.support.builders import CENTS, NOW, TICKER, intent, ladder
from tests.support.kalshi_answers import (
    COSTS,
    HOST,
    LIMITS,
    UUID,
    balance_json,
    body_of,
    cutoff_json,
    fill_json,
    market_json,
    order_json,
    payout_json,
    position_json,
    receipt_json,
    refusal_json,
    routed,
)

D = Decimal
GTC, IOC = TimeInForce.GOOD_TILL_CANCELED, TimeInForce.IMMEDIATE_OR_CANCEL
MARKET = next(market for market in ladder().markets if market.ticker == TICKER)
ORDER = intent()
PLACE, ORDERS = "POST /portfolio/events/orders", "GET /portfolio/orders"
CANCEL, REREAD = f"DELETE /portfolio/events/orders/{UUID}", f"GET /portfolio/orders/{UUID}"
DUPLICATE = httpx.Response(409, json=refusal_json("order_already_exists", "exists"))
PRIVATE = Ed25519PrivateKey.generate()


class RoutedExchange:
    """A ``KalshiExchange`` before routed answers, and every request that it made."""

    def __init__(self, **routes: Any) -> None:
        self.seen: list[httpx.Request] = []
        self.clock = ManualClock(NOW)
        known = {
            f"GET /markets/{TICKER}": {"market": market_json()},
            "GET /historical/cutoff": cutoff_json(),
            ORDERS: {"orders": [], "cursor": ""},
        }
        transport = routed(known | routes.pop("routes", {}), self.seen)
        self.public = PublicClient(
            HOST, self.clock, lambda: 0.0, rate=Rate(1e6, 1e6), transport=transport
        )
        key = ApiKey("an-id", PRIVATE, self.clock)
        self.account = AccountClient(HOST, key, self.clock, lambda: 0.0, transport=transport)
        self.exchange = KalshiExchange(self.account, self.public, self.clock, looks_s=(0, 0))

    def sent(self, method: str) -> list[httpx.Request]:
        return [request for request in self.seen if request.method == method]


def desk(routes: dict[str, Any]) -> RoutedExchange:
    return RoutedExchange(routes=routes)


def taken(**changes: Any) -> httpx.Response:
    return httpx.Response(201, json=receipt_json(**changes))


# --- what is sent ------------------------------------------------------------------------------


async def test_an_order_is_sent_as_the_exchange_wants_it():
    at = desk({PLACE: taken()})
    wanted = intent(
        count="3.5", time_in_force=GTC, post_only=True, expires_at=NOW + timedelta(hours=2)
    )
    await at.exchange.place(wanted)
    [request] = at.sent("POST")
    assert request.url.path == "/trade-api/v2/portfolio/events/orders"
    assert "KALSHI-ACCESS-SIGNATURE" in request.headers
    assert body_of(request) == {
        "ticker": TICKER,
        "client_order_id": wanted.intent_id,
        "side": "bid",
        "count": "3.50",
        "price": "0.3300",
        "time_in_force": "good_till_canceled",
        "expiration_time": 1795370400,
        "post_only": True,
        "self_trade_prevention_type": "taker_at_cross",
        "cancel_order_on_pause": True,
        "exchange_index": 0,
    }


def test_an_order_that_closes_a_position_can_not_turn_it_round():
    assert order_body(intent(side=Side.SELL, reduces=True))["reduce_only"] is True
    # the exchange takes the flag only with orders that do not wait
    assert "reduce_only" not in order_body(intent(side=Side.SELL, reduces=True, time_in_force=GTC))
    assert "reduce_only" not in order_body(intent())


@pytest.mark.parametrize(
    "changes", [{"post_only": True}, {"expires_at": NOW + timedelta(hours=1)}], ids=str
)
def test_an_order_that_does_not_wait_neither_expires_nor_posts(changes):
    with pytest.raises(ContractError, match="neither waits nor expires"):
        order_body(intent(time_in_force=IOC, **changes))


@given(
    count=st.decimals("0.01", "99999.99", places=2),
    price=st.decimals("0.0001", "0.9999", places=4),
)
def test_the_figures_that_are_sent_are_the_figures_that_were_meant(count, price):
    body = order_body(intent(count=count, price=price))
    assert (D(body["count"]), D(body["price"])) == (count, price)
    assert isinstance(body["count"], str)
    assert isinstance(body["price"], str)


@pytest.mark.parametrize(("count", "price"), [("1.005", "0.33"), ("1", "0.33333")])
def test_a_figure_that_does_not_fit_is_not_rounded_into_another(count, price):
    with pytest.raises(ContractError, match="decimals"):
        order_body(intent(count=count, price=price))


TAPERED = (
    PriceRange(D(0), D("0.1"), D("0.001")),
    PriceRange(D("0.1"), D("0.9"), D("0.01")),
    PriceRange(D("0.9"), D(1), D("0.001")),
)


@given(
    ranges=st.sampled_from([CENTS, TAPERED]),
    side=st.sampled_from(Side),
    price=st.decimals("0.0001", "0.9999", places=4),
)
def test_a_snapped_price_is_the_nearest_on_the_grid_that_is_no_worse(ranges, side, price):
    market = replace(MARKET, price_ranges=ranges)
    snapped = nearest_price(market, side, price)
    grid = {D(n) / 1000 for n in range(1, 1000)}
    allowed = [p for p in grid if market.is_on_grid(p)]
    if side is Side.BUY:
        assert snapped == max((p for p in allowed if p <= price), default=None)
    else:
        assert snapped == min((p for p in allowed if p >= price), default=None)


@pytest.mark.parametrize(
    ("changes", "order", "why"),
    [
        ({"status": MarketStatus.UNKNOWN}, {}, "the market is unknown"),
        ({"status": MarketStatus.INACTIVE}, {}, "the market is inactive"),
        ({"exchange_index": 2}, {}, "shard 2"),
        ({}, {"price": "0.335"}, "between ticks; 0.33 would do"),
        ({}, {"price": "0.335", "side": Side.SELL}, "between ticks; 0.34 would do"),
        ({}, {"count": "0.005"}, "steps of 0.01"),
    ],
    ids=str,
)
def test_what_speaks_against_an_order_is_said(changes, order, why):
    assert objections(intent(), MARKET) == ()
    [objection] = objections(intent(**order), replace(MARKET, **changes))
    assert why in objection


# --- what the answers mean ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "report"),
    [
        ({}, ORDER.report(UUID, D(0), D(5))),
        ({"fill_count": "5.00", "remaining_count": "0.00"}, ORDER.report(UUID, D(5), D(0))),
        (
            {"fill_count": "1.56", "remaining_count": "3.44"},
            ORDER.report(UUID, D("1.56"), D("3.44")),
        ),
        ({"remaining_count": "0.00"}, ORDER.report(UUID, D(0), D(0))),
    ],
    ids=["it rests", "it filled", "both", "it found nothing"],
)
async def test_a_201_tells_what_filled_and_what_rests(counts, report):
    at = desk({PLACE: taken(**counts)})
    assert await at.exchange.place(ORDER) == report
    assert at.account.names == {UUID: ORDER.intent_id}


PAUSED = {"exchange_active": True, "trading_active": False}
ANSWERS = {
    "bad request": (httpx.Response(400, json=refusal_json("invalid_order")), OrderRejected),
    "no money": (httpx.Response(400, json=refusal_json("insufficient_balance")), OrderRejected),
    "no key": (httpx.Response(401, json=refusal_json("unauthorized")), OrderRejected),
    "no leave": (httpx.Response(403), OrderRejected),
    "no market": (httpx.Response(404, json=refusal_json("not_found")), OrderRejected),
    "old endpoint": (httpx.Response(410), OrderRejected),
    "too fast": (httpx.Response(429, json={"error": "too many requests"}), ExchangeDown),
    "paused": (httpx.Response(503, json=PAUSED), TradingPaused),
    "paused, in a word": (httpx.Response(503, json=refusal_json("trading_paused")), TradingPaused),
    "unavailable": (httpx.Response(503, json=refusal_json("unavailable")), OutcomeUnknown),
    "no connection": (httpx.ConnectError("refused"), ExchangeDown),
    "no connection in time": (httpx.ConnectTimeout("slow"), ExchangeDown),
    "out of order": (httpx.Response(500, json=refusal_json("internal")), OutcomeUnknown),
    "bad gateway": (httpx.Response(502, text="<html>"), OutcomeUnknown),
    "unavailable, nobody says why": (httpx.Response(503), OutcomeUnknown),
    "gateway timeout": (httpx.Response(504), OutcomeUnknown),
    "request timeout": (httpx.Response(408), OutcomeUnknown),
    "redirected": (httpx.Response(307, headers={"Location": "/elsewhere"}), OutcomeUnknown),
    "no answer in time": (httpx.ReadTimeout("slow"), OutcomeUnknown),
    "reset": (httpx.ReadError("reset by peer"), OutcomeUnknown),
    "reset while sending": (httpx.WriteError("broken pipe"), OutcomeUnknown),
    "hung up": (httpx.RemoteProtocolError("disconnected"), OutcomeUnknown),
    "garbled": (httpx.DecodingError("bad gzip"), OutcomeUnknown),
    "taken, in HTML": (httpx.Response(201, text="<html>"), OutcomeUnknown),
    "taken, without a name": (httpx.Response(201, json={}), OutcomeUnknown),
    "an error among the good": (
        httpx.Response(200, json=refusal_json("deprecated")),
        OutcomeUnknown,
    ),
}


@pytest.mark.parametrize(("answer", "error"), ANSWERS.values(), ids=ANSWERS)
async def test_an_order_is_sent_once_whatever_comes_back(answer, error):
    at = desk({PLACE: answer})
    with pytest.raises(error) as caught:
        await at.exchange.place(ORDER)
    assert type(caught.value) is error
    assert len(at.sent("POST")) == 1


async def test_a_second_order_of_the_same_name_is_answered_with_the_first():
    mine = order_json(ORDER.intent_id)
    others = [order_json("another", order_id="o-1"), order_json("", order_id="o-2")]
    at = desk({PLACE: DUPLICATE, ORDERS: [{"orders": []}, {"orders": [*others, mine]}]})
    assert await at.exchange.place(ORDER) == ORDER.report(UUID, D("1.56"), D("3.44"))
    assert len(at.sent("POST")) == 1
    asked = [request.url for request in at.seen if request.url.path.endswith("/portfolio/orders")]
    assert asked[0].params["ticker"] == TICKER
    assert int(asked[0].params["min_ts"]) <= ORDER.created_at.timestamp()


async def test_a_duplicate_that_is_not_to_be_seen_yet_is_unknown_and_not_refused():
    at = desk({PLACE: DUPLICATE})
    with pytest.raises(OutcomeUnknown, match="not to be seen yet"):
        await at.exchange.place(ORDER)


async def test_another_conflict_is_a_refusal_once_no_such_order_is_seen():
    at = desk({PLACE: httpx.Response(409, json=refusal_json("market_locked"))})
    with pytest.raises(OrderRejected, match="market_locked"):
        await at.exchange.place(ORDER)


async def test_a_conflict_without_a_word_still_finds_the_order_if_it_is_there():
    at = desk({PLACE: httpx.Response(409), ORDERS: {"orders": [order_json(ORDER.intent_id)]}})
    assert (await at.exchange.place(ORDER)).order_id == UUID


@pytest.mark.parametrize(
    "orders",
    [
        httpx.Response(500),
        httpx.Response(403),
        {"orders": [order_json(ORDER.intent_id, status="hovering")]},
        {"orders": [order_json(ORDER.intent_id, yes_price_dollars=None)]},
    ],
    ids=["no answer", "no leave", "a state that is new", "unreadable"],
)
async def test_a_duplicate_that_cannot_be_looked_up_is_unknown(orders):
    at = desk({PLACE: DUPLICATE, ORDERS: orders})
    with pytest.raises(OutcomeUnknown):
        await at.exchange.place(ORDER)


async def test_what_the_market_would_refuse_is_not_sent():
    at = desk({f"GET /markets/{TICKER}": {"market": market_json(exchange_index=1)}})
    with pytest.raises(OrderObjection, match="shard 1"):
        await at.exchange.place(ORDER)
    assert at.sent("POST") == []


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(404), OrderRejected),
        ({"market": market_json(price_ranges=[])}, OrderObjection),
        (httpx.Response(502), ExchangeDown),
    ],
    ids=["no market", "not what we trade", "no answer"],
)
async def test_a_market_that_cannot_be_looked_at_is_not_sent_orders(answer, error):
    at = desk({f"GET /markets/{TICKER}": answer})
    with pytest.raises(error):
        await at.exchange.place(ORDER)
    assert at.sent("POST") == []


async def test_what_we_know_of_a_market_is_looked_up_again_before_an_order_is_refused():
    half_cents = [{"start": "0.0000", "end": "1.0000", "step": "0.0050"}]
    now = {"market": market_json(price_ranges=half_cents)}
    at = desk({PLACE: taken(), f"GET /markets/{TICKER}": [{"market": market_json()}, now]})
    await at.public.market(TICKER)
    await at.exchange.place(intent(price="0.335"))
    assert body_of(at.sent("POST")[0])["price"] == "0.3350"
    before = len(at.seen)
    await at.exchange.place(intent(price="0.335", name="another"))
    assert len(at.seen) == before + 1, "and not every time"


async def test_an_order_that_would_have_to_wait_for_our_own_budget_is_not_sent():
    at = desk({PLACE: [httpx.Response(429), taken()]})
    with pytest.raises(ExchangeDown):
        await at.exchange.place(ORDER)
    at.account._rest.write_bucket.take(200, asyncio.get_running_loop().time())
    with pytest.raises(ExchangeDown, match="our write budget is spent"):
        await at.exchange.place(ORDER)
    assert len(at.sent("POST")) == 1


async def test_a_refused_signature_is_explained_by_a_clock_that_is_off():
    headers = {"Date": "Sun, 22 Nov 2026 15:59:00 GMT"}
    at = desk({PLACE: httpx.Response(401, json=refusal_json("unauthorized"), headers=headers)})
    with pytest.raises(OrderRejected, match="our clock is 60 s ahead"):
        await at.exchange.place(ORDER)


# --- finding out -------------------------------------------------------------------------------


def as_of(after_s: float) -> dict[str, str]:
    return {"as_of_time": (NOW + timedelta(seconds=after_s)).isoformat()}


FRESHNESS = "GET /exchange/user_data_timestamp"


async def test_a_lost_order_that_is_there_is_found_without_sending_anything():
    at = desk({FRESHNESS: as_of(1), ORDERS: {"orders": [order_json(ORDER.intent_id)]}})
    assert (await at.exchange.resolve(ORDER, resend=True)).filled == D("1.56")
    assert at.sent("POST") == []


async def test_a_lost_order_that_is_still_wanted_is_sent_again_under_its_own_name():
    at = desk({FRESHNESS: as_of(1), PLACE: [httpx.ReadTimeout("slow"), taken()]})
    with pytest.raises(OutcomeUnknown):
        await at.exchange.place(ORDER)
    assert (await at.exchange.resolve(ORDER, resend=True)).order_id == UUID
    first, second = at.sent("POST")
    assert body_of(first) == body_of(second)


async def test_a_lost_order_that_did_arrive_after_all_is_not_doubled():
    at = desk(
        {
            FRESHNESS: as_of(1),
            PLACE: [httpx.ReadTimeout("slow"), DUPLICATE],
            ORDERS: [{"orders": []}, {"orders": [order_json(ORDER.intent_id)]}],
        }
    )
    with pytest.raises(OutcomeUnknown):
        await at.exchange.place(ORDER)
    assert (await at.exchange.resolve(ORDER, resend=True)).order_id == UUID


@pytest.mark.parametrize(
    "second",
    [
        httpx.Response(400, json=refusal_json("insufficient_balance")),
        httpx.Response(409, json=refusal_json("market_locked")),
        httpx.Response(429),
        httpx.Response(503, json=PAUSED),
        httpx.ConnectError("refused"),
    ],
    ids=["no money left", "another conflict", "too fast", "paused", "no connection"],
)
async def test_a_no_to_the_second_is_no_proof_that_the_first_never_arrived(second):
    at = desk({FRESHNESS: as_of(1000), PLACE: [httpx.ReadTimeout("slow"), second]})
    with pytest.raises(OutcomeUnknown):
        await at.exchange.place(ORDER)
    with pytest.raises(OutcomeUnknown, match="still unknown"):
        await at.exchange.resolve(ORDER, resend=True)


async def test_a_market_that_closed_meanwhile_is_no_proof_either():
    closed = {"market": market_json(status="closed")}
    at = desk(
        {
            FRESHNESS: as_of(1),
            PLACE: httpx.ReadTimeout("slow"),
            f"GET /markets/{TICKER}": [{"market": market_json()}, closed],
        }
    )
    with pytest.raises(OutcomeUnknown):
        await at.exchange.place(ORDER)
    at.public.markets.clear()
    with pytest.raises(OutcomeUnknown, match="the market is closed"):
        await at.exchange.resolve(ORDER, resend=True)
    assert len(at.sent("POST")) == 1


async def test_absence_is_a_proof_only_after_a_while():
    at = desk({PLACE: httpx.ReadTimeout("slow"), FRESHNESS: [as_of(29), as_of(30)]})
    with pytest.raises(OutcomeUnknown):
        await at.exchange.place(ORDER)
    with pytest.raises(OutcomeUnknown, match="proves nothing yet"):
        await at.exchange.resolve(ORDER, resend=False)
    with pytest.raises(OrderRejected, match="never arrived"):
        await at.exchange.resolve(ORDER, resend=False)
    assert len(at.sent("POST")) == 1


# --- taking back -------------------------------------------------------------------------------


def resting(order_id: str | None = UUID) -> Order:
    return Order(ORDER, state=OrderState.RESTING, order_id=order_id)


async def test_a_cancel_says_how_much_it_took_back():
    reduced = {"order_id": UUID, "reduced_by": "3.44", "ts_ms": 1795359447827}
    at = desk({CANCEL: reduced})
    assert await at.exchange.cancel(resting()) == D("3.44")
    assert at.sent("DELETE")[0].url.params["exchange_index"] == "0"


@pytest.mark.parametrize(
    "reread",
    [
        {"order": order_json(ORDER.intent_id, status="executed")},
        {"order": order_json(ORDER.intent_id, status="canceled")},
        [{"order": order_json(ORDER.intent_id)}, {"order": order_json("x", status="canceled")}],
        httpx.Response(404),
    ],
    ids=["filled", "cancelled", "as is seen a little later", "long gone"],
)
async def test_cancelling_an_order_that_is_over_takes_back_nothing(reread):
    at = desk({CANCEL: httpx.Response(404, json=refusal_json("not_found")), REREAD: reread})
    assert await at.exchange.cancel(resting()) == D(0)


@pytest.mark.parametrize(
    ("answer", "reread", "error"),
    [
        (httpx.Response(404), {"order": order_json(ORDER.intent_id)}, OutcomeUnknown),
        (httpx.Response(404), httpx.Response(500), OutcomeUnknown),
        (httpx.Response(404), {"order": {}}, OutcomeUnknown),
        (
            httpx.Response(400, json=refusal_json("market_inactive")),
            {"order": order_json(ORDER.intent_id)},
            ExchangeDown,
        ),
        (httpx.Response(403), httpx.Response(403), ExchangeDown),
        (httpx.Response(429), None, ExchangeDown),
        (httpx.Response(500), None, OutcomeUnknown),
        (httpx.ReadTimeout("slow"), None, OutcomeUnknown),
        (httpx.ConnectError("refused"), None, ExchangeDown),
        (httpx.Response(200, json={"order_id": UUID}), None, OutcomeUnknown),
    ],
    ids=[
        "said to be over, seen to rest",
        "nobody knows",
        "nobody can read it",
        "after the close",
        "no leave",
        "too fast",
        "out of order",
        "no answer",
        "not sent",
        "cancelled, but how much",
    ],
)
async def test_a_cancel_that_may_have_failed_is_never_taken_for_done(answer, reread, error):
    at = desk({CANCEL: answer, REREAD: reread})
    with pytest.raises(error):
        await at.exchange.cancel(resting())
    assert len(at.sent("DELETE")) == 1


async def test_an_order_that_never_got_a_name_is_looked_for_before_it_is_cancelled():
    reduced = {"order_id": UUID, "reduced_by": "3.44", "ts_ms": 1795359447827}
    at = desk({CANCEL: reduced, ORDERS: {"orders": [order_json(ORDER.intent_id)]}})
    assert await at.exchange.cancel(resting(None)) == D("3.44")
    with pytest.raises(OutcomeUnknown, match="without a name"):
        await desk({}).exchange.cancel(resting(None))


# --- the account -------------------------------------------------------------------------------


def later_id(n: int) -> str:
    return f"{n:08d}-0000-4000-8000-000000000000"


async def test_fills_come_from_both_sides_of_the_cut_off_each_once_and_by_their_intents_names():
    recent = fill_json(trade_id=later_id(1), order_id=later_id(101))
    moving = fill_json(trade_id=later_id(2), order_id=later_id(102))
    old = fill_json(trade_id=later_id(3), order_id=later_id(103))
    long_ago = "2026-08-01T16:05:00Z"
    by_hand = fill_json(trade_id=later_id(4), order_id=later_id(104), created_time=long_ago)
    at = desk(
        {
            "GET /portfolio/fills": {"fills": [recent, moving], "cursor": ""},
            "GET /historical/fills": {"fills": [moving, old, by_hand], "cursor": ""},
            f"GET /portfolio/orders/{later_id(101)}": {
                "order": order_json("intent-1", order_id=later_id(101))
            },
            f"GET /portfolio/orders/{later_id(102)}": {
                "order": order_json("intent-2", order_id=later_id(102))
            },
            "GET /historical/orders": {"orders": [order_json("intent-3", order_id=later_id(103))]},
        }
    )
    fills = await at.account.fills()
    names = {fill.fill_id: fill.intent_id for fill in fills}
    assert names == {
        later_id(1): "intent-1",
        later_id(2): "intent-2",
        later_id(3): "intent-3",
        later_id(4): later_id(104),
    }
    assert len(fills) == 4
    asked = len(at.seen)
    await at.account.learn_names({later_id(n) for n in (101, 102, 103)})
    assert len(at.seen) == asked, "what was learned is not asked again"


@pytest.mark.parametrize(
    ("since", "asks_history"), [("2026-09-15T00:00:01", False), ("2026-09-14T23:59:59", True)]
)
async def test_the_archive_is_asked_where_the_time_reaches_back_to_it(since, asks_history):
    at = desk({"GET /portfolio/fills": {"fills": []}, "GET /historical/fills": {"fills": []}})
    await at.account.fills(datetime.fromisoformat(since).replace(tzinfo=UTC))
    paths = [request.url.path.removeprefix("/trade-api/v2") for request in at.seen]
    archive = ["/historical/fills"] if asks_history else []
    assert paths == ["/historical/cutoff", "/portfolio/fills", *archive]


async def test_a_fill_whose_order_we_may_not_look_at_is_not_taken_for_somebody_elses():
    at = desk({"GET /portfolio/fills": {"fills": [fill_json()]}, REREAD: httpx.Response(403)})
    with pytest.raises(RequestRefused):
        await at.account.fills(NOW)


async def test_an_order_placed_by_hand_is_asked_about_once():
    at = desk({REREAD: {"order": order_json("")}})
    await at.account.learn_names({UUID})
    await at.account.learn_names({UUID})
    assert (at.account.names[UUID], len(at.seen)) == (UUID, 1)


async def test_every_question_is_about_the_primary_account():
    at = desk(
        {
            "GET /portfolio/fills": {"fills": []},
            "GET /historical/fills": {"fills": []},
            "GET /historical/orders": {"orders": []},
            "GET /portfolio/positions": {"market_positions": [position_json()]},
            "GET /portfolio/settlements": {"settlements": [payout_json()]},
            "GET /portfolio/balance": balance_json(),
        }
    )
    assert await at.account.balance() == D("103.2481")
    assert [position.count for position in await at.account.positions()] == [D("-1.56")]
    assert [payout.revenue for payout in await at.account.payouts()] == [D("1.56")]
    assert (len(await at.account.fills()), len(await at.account.orders())) == (0, 0)
    asked = [request.url for request in at.seen if "cutoff" not in request.url.path]
    assert {url.params.get("subaccount") for url in asked} == {"0"}


async def test_the_account_learns_how_fast_it_may_go():
    at = desk({"GET /account/limits": LIMITS, "GET /account/endpoint_costs": COSTS})
    assert (await at.account.learn_limits()).tier == "advanced"
    assert at.account._rest.write_bucket.rate == Rate(300, 600)
    assert at.account._rest.bucket.rate == Rate(300, 600)


async def test_no_error_shows_a_key_or_a_signature():
    for answer, _ in ANSWERS.values():
        at = desk({PLACE: answer, REREAD: answer})
        for call in (at.exchange.place(ORDER), at.account.order(UUID)):
            with pytest.raises(EdgeError) as caught:
                await call
            signed = [request.headers["KALSHI-ACCESS-SIGNATURE"] for request in at.sent("POST")]
            told = repr(caught.value) + repr(caught.value.__cause__)
            assert not any(secret in told for secret in [*signed, "an-id"])
