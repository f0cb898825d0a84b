"""What Kalshi answers, for tests: give what matters, the rest is an ordinary New York day.

The shapes are those of the exchange's specification; the contract tests hold them to it.
"""

import json
from collections.abc import Callable, Iterable
from typing import Any

import httpx

from kalshi_edge.clock import ManualClock
from kalshi_edge.data.kalshi.account.account_client import AccountClient
from kalshi_edge.data.kalshi.auth import ApiKey
from kalshi_edge.data.kalshi.public_client import PublicClient
from kalshi_edge.data.kalshi.transport import Host
from kalshi_edge.token_bucket import Rate
from tests.support.builders import EVENT, NOW, TICKER

HOST = Host("http://127.0.0.1:9/trade-api/v2", "ws://127.0.0.1:9/trade-api/ws/v2")
Json = dict[str, Any]
Answers = Callable[[httpx.Request], httpx.Response]

UUID = "ee587a1c-8b87-4dcf-b721-9f6f790619fa"
TRADE = "0721d6db-b301-9900-70df-de2c1bc14463"
CENTS = [{"start": "0.0000", "end": "1.0000", "step": "0.0100"}]


def market_json(name: str = "B52.5", **changes: Any) -> Json:
    """A market of New York's ladder: ``T50`` (below), ``B52.5`` or ``T57`` (above)."""
    figure = int(name[1:].removesuffix(".5"))
    if name.startswith("B"):
        strike = {"strike_type": "between", "floor_strike": figure, "cap_strike": figure + 1}
        clause = f"between {figure}-{figure + 1}°"
    elif name == "T50":
        strike, clause = {"strike_type": "less", "cap_strike": 50}, "less than 50°"
    else:
        strike = {"strike_type": "greater", "floor_strike": figure}
        clause = f"greater than {figure}°"
    price = dict.fromkeys(
        (
            "yes_bid_dollars",
            "yes_ask_dollars",
            "no_bid_dollars",
            "no_ask_dollars",
            "last_price_dollars",
            "previous_yes_bid_dollars",
            "previous_yes_ask_dollars",
            "previous_price_dollars",
        ),
        "0.0000",
    )
    count = dict.fromkeys(
        ("yes_bid_size_fp", "yes_ask_size_fp", "volume_fp", "volume_24h_fp", "open_interest_fp"),
        "0.00",
    )
    payload = {
        "ticker": f"{EVENT}-{name}",
        "event_ticker": EVENT,
        "market_type": "binary",
        "yes_sub_title": "in words",
        "no_sub_title": "in words",
        "created_time": "2026-11-21T09:33:38.358793Z",
        "updated_time": "2026-11-21T15:00:01Z",
        "open_time": "2026-11-21T15:00:00Z",
        "close_time": "2026-11-23T05:00:00Z",
        "latest_expiration_time": "2026-11-30T15:00:00Z",
        "settlement_timer_seconds": 300,
        "status": "active",
        "notional_value_dollars": "1.0000",
        "result": "",
        "can_close_early": True,
        "expiration_value": "",
        "rules_primary": "If the maximum temperature recorded at New York City (CLINYC) for "
        f"Nov 22, 2026, is {clause} fahrenheit according to The Weather Company, then the market "
        "resolves to Yes.",
        "rules_secondary": "The maximum/minimum temperature as the source reports it decides.",
        "price_level_structure": "linear_cent",
        "price_ranges": CENTS,
        "settlement_bounds_type": "default",
        "exchange_index": 0,
    }
    return payload | price | count | strike | changes


NAMES = ("B52.5", "T50", "T57", "B50.5", "B54.5", "B56.5")


def markets_json(names: Iterable[str] = NAMES, **changes: Any) -> list[Json]:
    """The ladder's markets in no order: ≤49, 50–51, 52–53, 54–55, 56–57, ≥58."""
    return [market_json(name, **changes) for name in names]


def event_json(**changes: Any) -> Json:
    """New York's event of 2026-11-22 without its markets."""
    payload = {
        "event_ticker": EVENT,
        "series_ticker": "KXHIGHNY",
        "title": "Highest temperature in NYC on Nov 22, 2026?",
        "sub_title": "On Nov 22, 2026",
        "collateral_return_type": "MECNET",
        "mutually_exclusive": True,
        "strike_date": "2026-11-23T05:00:00Z",
        "settlement_sources": [
            {"name": "The Weather Company", "url": "https://weather.com/kalshi"}
        ],
        "exchange_index": 0,
    }
    return payload | changes


def series_json(ticker: str = "KXHIGHNY", **changes: Any) -> Json:
    payload = {
        "ticker": ticker,
        "frequency": "daily",
        "title": "Highest temperature in NYC",
        "category": "Climate and Weather",
        "categories": ["Climate and Weather"],
        "tags": ["Daily temperature"],
        "settlement_sources": [
            {"name": "The Weather Company", "url": "https://weather.com/kalshi"}
        ],
        "contract_url": "https://example.org/certified.pdf",
        "contract_terms_url": "https://example.org/terms.pdf",
        "fee_type": "quadratic",
        "fee_multiplier": 1,
        "additional_prohibitions": [],
    }
    return {"series": payload | changes}


def book_json(ticker: str = TICKER, bids: Any = None, offers: Any = None) -> Json:
    """A book as REST has it: YES bids and NO bids, the best of each last."""
    sides = {
        "yes_dollars": [["0.2900", "4.00"], ["0.3000", "10.00"]] if bids is None else bids,
        "no_dollars": [["0.6600", "8.00"], ["0.6700", "10.00"]] if offers is None else offers,
    }
    return {"ticker": ticker, "orderbook_fp": sides}


def order_json(client_order_id: str, **changes: Any) -> Json:
    """An order of 5 YES at 0.33 that rests with 1.56 filled."""
    payload = {
        "order_id": UUID,
        "user_id": "7a1b7c0e-0000-4000-8000-000000000000",
        "client_order_id": client_order_id,
        "ticker": TICKER,
        "side": "yes",
        "action": "buy",
        "outcome_side": "yes",
        "book_side": "bid",
        "type": "limit",
        "status": "resting",
        "yes_price_dollars": "0.3300",
        "no_price_dollars": "0.6700",
        "initial_count_fp": "5.00",
        "fill_count_fp": "1.56",
        "remaining_count_fp": "3.44",
        "taker_fill_cost_dollars": "0.000000",
        "maker_fill_cost_dollars": "0.514800",
        "taker_fees_dollars": "0.000000",
        "maker_fees_dollars": "0.000000",
        "created_time": "2026-11-22T16:00:00.12Z",
        "last_update_time": "2026-11-22T16:05:00Z",
        "expiration_time": None,
        "self_trade_prevention_type": "taker_at_cross",
        "cancel_order_on_pause": True,
        "subaccount_number": 0,
        "exchange_index": 0,
    }
    return payload | changes


def receipt_json(**changes: Any) -> Json:
    """The answer to an order of 5 that found nothing and rests."""
    payload = {
        "order_id": UUID,
        "fill_count": "0.00",
        "remaining_count": "5.00",
        "ts_ms": 1795359447827,
    }
    return payload | changes


def fill_json(**changes: Any) -> Json:
    """A maker's fill of 1.56 at 0.33."""
    payload = {
        "fill_id": TRADE,
        "trade_id": TRADE,
        "order_id": UUID,
        "ticker": TICKER,
        "market_ticker": TICKER,
        "outcome_side": "yes",
        "book_side": "bid",
        "side": "yes",
        "action": "buy",
        "count_fp": "1.56",
        "yes_price_dollars": "0.3300",
        "no_price_dollars": "0.6700",
        "is_taker": False,
        "fee_cost": "0.000000",
        "created_time": "2026-11-22T16:05:00Z",
        "ts": 1795363500,
        "subaccount_number": 0,
        "exchange_index": 0,
    }
    return payload | changes


def stream_fill_json(**changes: Any) -> Json:
    """The message of the same fill on the stream."""
    payload = {
        "trade_id": TRADE,
        "order_id": UUID,
        "market_ticker": TICKER,
        "exchange_index": 0,
        "is_taker": False,
        "side": "yes",
        "yes_price_dollars": "0.3300",
        "count_fp": "1.56",
        "fee_cost": "0.000000",
        "action": "buy",
        "outcome_side": "yes",
        "book_side": "bid",
        "ts": 1795363500,
        "ts_ms": 1795363500000,
        "post_position_fp": "1.56",
        "purchased_side": "yes",
    }
    return payload | changes


def user_order_json(client_order_id: str, **changes: Any) -> Json:
    """The message of the same order on the stream."""
    payload = {
        "order_id": UUID,
        "user_id": "7a1b7c0e-0000-4000-8000-000000000000",
        "client_order_id": client_order_id,
        "ticker": TICKER,
        "exchange_index": 0,
        "status": "resting",
        "side": "yes",
        "is_yes": True,
        "outcome_side": "yes",
        "book_side": "bid",
        "yes_price_dollars": "0.3300",
        "initial_count_fp": "5.00",
        "fill_count_fp": "1.56",
        "remaining_count_fp": "3.44",
        "taker_fill_cost_dollars": "0.000000",
        "maker_fill_cost_dollars": "0.514800",
        "taker_fees_dollars": "0.000000",
        "maker_fees_dollars": "0.000000",
        "created_time": "2026-11-22T16:00:00.12Z",
        "created_ts_ms": 1795363200120,
    }
    return payload | changes


def position_json(**changes: Any) -> Json:
    payload = {
        "ticker": TICKER,
        "exchange_index": 0,
        "position_fp": "-1.56",
        "total_traded_dollars": "1.0452",
        "market_exposure_dollars": "1.0452",
        "realized_pnl_dollars": "0.0000",
        "fees_paid_dollars": "0.0250",
        "last_updated_ts": "2026-11-22T16:05:01Z",
    }
    return payload | changes


def payout_json(**changes: Any) -> Json:
    """1.56 YES contracts that paid."""
    payload = {
        "ticker": TICKER,
        "event_ticker": EVENT,
        "exchange_index": 0,
        "market_result": "yes",
        "yes_count_fp": "1.56",
        "yes_total_cost_dollars": "0.5148",
        "no_count_fp": "0.00",
        "no_total_cost_dollars": "0.0000",
        "revenue": 156,
        "value": 100,
        "fee_cost": "0.0000",
        "settled_time": "2026-11-23T12:05:00Z",
    }
    return payload | changes


def balance_json(**changes: Any) -> Json:
    payload = {
        "balance": 10324,
        "balance_dollars": "103.2481",
        "portfolio_value": 54,
        "updated_ts": 1795277101,
        "balance_breakdown": [{"exchange_index": 0, "balance": "103.2481"}],
    }
    return payload | changes


def deposit_json(**changes: Any) -> Json:
    """A deposit of $250 that is in the balance; a withdrawal looks the same."""
    payload = {
        "id": "a-payment",
        "status": "applied",
        "type": "ach",
        "amount_cents": 25000,
        "fee_cents": 200,
        "created_ts": 1795359600,
        "finalized_ts": 1795363200,
    }
    return payload | changes


def subaccount_transfer_json(**changes: Any) -> Json:
    """$40 from the primary account to another."""
    payload = {
        "transfer_id": "between-accounts",
        "from_subaccount": 0,
        "to_subaccount": 1,
        "amount_cents": 4000,
        "created_ts": 1795363200,
        "exchange_index": 0,
    }
    return payload | changes


def transfer_json(**changes: Any) -> Json:
    """$15 from another shard to ours."""
    payload = {
        "transfer_id": "between-shards",
        "source": "event_contract",
        "destination": "event_contract",
        "source_exchange_shard": 1,
        "destination_exchange_shard": 0,
        "amount": "15.0000",
        "status": "complete",
        "created_ts": 1795363200,
    }
    return payload | changes


def fee_change_json(**changes: Any) -> Json:
    """An announcement for New York an hour from now: twice the fee."""
    payload = {
        "id": "a-change",
        "series_ticker": "KXHIGHNY",
        "fee_type": "quadratic",
        "fee_multiplier": 2,
        "scheduled_ts": "2026-11-22T17:00:00Z",
    }
    return payload | changes


def cutoff_json(at: str = "2026-09-14T00:00:00Z") -> Json:
    names = ("market_settled_ts", "trades_created_ts", "orders_updated_ts")
    return dict.fromkeys(names, at)


LIMITS = {
    "usage_tier": "advanced",
    "read": {"refill_rate": 300, "bucket_capacity": 600},
    "write": {"refill_rate": 300, "bucket_capacity": 600},
    "grants": [],
}
COSTS = {
    "default_cost": 10,
    "endpoint_costs": [
        {"method": "DELETE", "path": "/trade-api/v2/portfolio/events/orders/:order_id", "cost": 2}
    ],
}
STATUS = {"exchange_active": True, "trading_active": True, "exchange_estimated_resume_time": None}


DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def schedule_json(**changes: Any) -> Json:
    """Always open, but Thursdays from three to five and for one planned maintenance."""
    week: Json = {"start_time": "2026-01-01T00:00:00Z", "end_time": "2030-01-01T00:00:00Z"}
    week |= {day: [{"open_time": "00:00", "close_time": "00:00"}] for day in DAYS}
    week["thursday"] = [
        {"open_time": "00:00", "close_time": "03:00"},
        {"open_time": "05:00", "close_time": "24:00"},
    ]
    maintenance = {
        "start_datetime": "2026-11-24T06:00:00Z",
        "end_datetime": "2026-11-24T07:30:00Z",
    }
    hours = {"standard_hours": [week | changes], "maintenance_windows": [maintenance]}
    return {"schedule": hours}


def refusal_json(code: str, message: str = "", details: str = "") -> Json:
    """An error as the wire usually has it."""
    return {"error": {"code": code, "message": message, "details": details}}


def answering(*answers: httpx.Response | Exception, seen: list[httpx.Request] | None = None):
    """A transport that gives ``answers`` in turn, the last one again and again."""
    waiting = list(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        if seen is not None:
            seen.append(request)
        now = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if isinstance(now, Exception):
            raise now
        return httpx.Response(now.status_code, content=now.content, headers=now.headers)

    return httpx.MockTransport(answer)


def routed(routes: dict[str, Any], seen: list[httpx.Request] | None = None) -> httpx.MockTransport:
    """A transport that answers by ``"GET /markets"``: a payload, a response, or a list of them.

    What is not in ``routes`` is a 404, but no change of fees is announced; a list is worked off,
    its last answer given for ever.
    """
    routes.setdefault("GET /series/fee_changes", {"series_fee_change_arr": []})

    def answer(request: httpx.Request) -> httpx.Response:
        if seen is not None:
            seen.append(request)
        path = request.url.path.removeprefix("/trade-api/v2")
        now = routes.get(f"{request.method} {path}", httpx.Response(404))
        if isinstance(now, list):
            now = now.pop(0) if len(now) > 1 else now[0]
        if isinstance(now, Exception):
            raise now
        if callable(now):
            now = now(request)
        if isinstance(now, httpx.Response):
            return httpx.Response(now.status_code, content=now.content, headers=now.headers)
        return httpx.Response(200, json=now)

    return httpx.MockTransport(answer)


def body_of(request: httpx.Request) -> Json:
    return json.loads(request.content)


def public_client(transport: httpx.AsyncBaseTransport) -> PublicClient:
    """A client without patience: it never waits between attempts."""
    return PublicClient(
        HOST, ManualClock(NOW), lambda: 0.0, rate=Rate(100_000, 100_000), transport=transport
    )


def account_client(transport: httpx.AsyncBaseTransport, key: ApiKey) -> AccountClient:
    return AccountClient(HOST, key, ManualClock(NOW), lambda: 0.0, transport=transport)
