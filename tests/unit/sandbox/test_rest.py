"""The REST interface as a client meets it: bodies, errors, pages, limits, traps."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from kalshi_edge.data.kalshi.market_wire import parse_book, parse_ladder, parse_settlement
from kalshi_edge.errors import ContractError
from kalshi_sandbox.exchange.venue.incidents import maintain
from tests.support.sandbox_builders import (
    BIN,
    OPEN_AT,
    TODAY,
    StillWeather,
    client,
    exchange,
    member,
    order,
    order_body,
)

ORDERS = "/portfolio/events/orders"


def error_of(response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


# --- market data ----------------------------------------------------------------------------------


async def test_the_book_has_bids_only_the_best_last_and_the_market_both_sides() -> None:
    on = exchange()
    other = member(on)
    for side, price in (("bid", "0.39"), ("bid", "0.40"), ("ask", "0.43"), ("ask", "0.45")):
        on.desk.place(other, order(side, price, "11.77"))
    asking = client(on)
    body = await asking.get(f"/markets/{BIN}/orderbook")
    assert body["orderbook_fp"] == {
        "yes_dollars": [["0.3900", "11.77"], ["0.4000", "11.77"]],
        "no_dollars": [["0.5500", "11.77"], ["0.5700", "11.77"]],
    }
    shallow = await asking.get(f"/markets/{BIN}/orderbook", depth=1)
    assert shallow["orderbook_fp"]["no_dollars"] == [["0.5700", "11.77"]]
    market = (await asking.get(f"/markets/{BIN}"))["market"]
    assert (market["yes_bid_dollars"], market["yes_ask_dollars"]) == ("0.4000", "0.4300")
    assert (market["no_bid_dollars"], market["no_ask_dollars"]) == ("0.5700", "0.6000")
    assert parse_book(BIN, body, OPEN_AT).ask == Decimal("0.43")


async def test_an_empty_side_is_a_price_of_nothing_and_an_absent_strike_an_absent_key() -> None:
    market = (await client(exchange()).get(f"/markets/{TODAY}-T50"))["market"]
    assert (market["yes_bid_dollars"], market["yes_bid_size_fp"]) == ("0.0000", "0.00")
    assert (market["yes_ask_dollars"], market["yes_ask_size_fp"]) == ("1.0000", "0.00")
    assert market["cap_strike"] == 50
    assert "floor_strike" not in market
    assert (market["status"], market["result"], market["expiration_value"]) == ("active", "", "")


async def test_our_own_reader_accepts_the_ladder_and_its_rules() -> None:
    asking = client(exchange())
    event = await asking.get(f"/events/{TODAY}")
    series = await asking.get("/series/KXHIGHNY")
    ladder = parse_ladder(event, series, OPEN_AT)
    assert ladder.winner(53).ticker == BIN
    assert "SYNTHETIC" in event["event"]["title"]
    nested = await asking.get(f"/events/{TODAY}", with_nested_markets="true")
    assert nested["markets"] == []
    assert parse_ladder(nested, series, OPEN_AT) == ladder


@pytest.mark.parametrize(
    ("status", "payload"),
    [("open", "active"), ("unopened", "initialized"), ("closed", "closed")],
)
async def test_words_of_filters_are_not_those_of_payloads(status, payload) -> None:
    on = exchange(start_at=datetime(2026, 11, 23, 5, 1, tzinfo=UTC) - timedelta(days=1))
    on.venue.advance(datetime(2026, 11, 23, 10, tzinfo=UTC))
    found = (await client(on).get("/markets", status=status))["markets"]
    assert {market["status"] for market in found} == {payload}
    assert len(found) == 6


async def test_a_settled_market_reads_as_settled_and_a_determined_one_does_not() -> None:
    on = exchange()
    asking = client(on)
    asking.clock.set(datetime(2026, 11, 23, 12, 1, tzinfo=UTC))
    determined = (await asking.get(f"/markets/{BIN}"))["market"]
    with pytest.raises(ContractError, match="determined"):
        parse_settlement(determined, OPEN_AT)
    asking.clock.set(datetime(2026, 11, 23, 12, 5, tzinfo=UTC))
    final = (await asking.get(f"/markets/{BIN}"))["market"]
    assert (final["status"], final["expiration_value"]) == ("finalized", "53.00")
    assert parse_settlement(final, OPEN_AT).value == 1


async def test_pages_lose_and_repeat_nothing_while_new_trades_arrive() -> None:
    on = exchange()
    one, other = member(on), member(on)
    asking = client(on)

    def trade() -> None:
        on.desk.place(one, order("ask", count="1"))
        on.desk.place(other, order("bid", count="1"))

    for _ in range(25):
        trade()
    before = {each.trade_id for each in on.venue.trades}
    seen, cursor = [], None
    while cursor != "":
        body = await asking.get("/markets/trades", limit=4, cursor=cursor, ticker=BIN)
        seen += [each["trade_id"] for each in body["trades"]]
        cursor = body["cursor"]
        trade()
    assert len(seen) == len(set(seen)) == 25
    assert set(seen) == before


async def test_too_large_a_limit_is_refused_and_a_garbage_cursor_is_not() -> None:
    asking = client(exchange())
    assert error_of(await asking.ask("GET", "/markets", limit=1001)) == (400, "invalid_parameters")
    assert len((await asking.get("/markets", cursor="%%%"))["markets"]) == 12


@pytest.mark.parametrize(
    "query",
    [
        {"min_created_ts": 1, "max_close_ts": 2},
        {"min_close_ts": 1, "status": "open"},
        {"min_settled_ts": 1, "status": "closed"},
        {"min_updated_ts": 1, "event_ticker": TODAY},
        {"min_updated_ts": 1, "series_ticker": "KXHIGHNY"},
        {"status": "active"},
        {"min_close_ts": "soon"},
    ],
)
async def test_filters_that_exclude_each_other_are_refused(query) -> None:
    asking = client(exchange())
    assert error_of(await asking.ask("GET", "/markets", **query)) == (400, "invalid_parameters")


async def test_candles_of_a_quiet_span_carry_the_last_quotes() -> None:
    on = exchange()
    asking, other = client(on), member(on)
    on.desk.place(other, order("bid", "0.40", "5"))
    asking.clock.set(OPEN_AT + timedelta(seconds=90))
    on.venue.advance(asking.clock.now())
    on.desk.place(member(on), order("ask", "0.40", "2"))
    start = int((OPEN_AT + timedelta(hours=3)).timestamp())
    path = f"/series/KXHIGHNY/markets/{BIN}/candlesticks"
    span = {"start_ts": start, "end_ts": start + 600, "period_interval": 1}
    assert (await asking.get(path, **span))["candlesticks"] == []
    seeded = await asking.get(path, **span, include_latest_before_start="true")
    (candle,) = seeded["candlesticks"]
    assert candle["yes_bid"]["close_dollars"] == "0.4000"
    assert (candle["price"]["close_dollars"], candle["price"]["previous_dollars"]) == (
        None,
        "0.4000",
    )
    hour = await asking.get(path, start_ts=start - 10_799, end_ts=start, period_interval=60)
    (candle,) = hour["candlesticks"]
    assert candle["end_period_ts"] == int((OPEN_AT + timedelta(hours=1)).timestamp())
    assert (candle["volume_fp"], candle["price"]["mean_dollars"]) == ("2.00", "0.4000")


async def test_old_trades_are_silently_absent_from_the_live_endpoints() -> None:
    on = exchange(live_window=timedelta(days=2))
    asking, other = client(on), member(on)
    on.desk.place(other, order("ask"))
    await asking.place(price="0.4000", time_in_force="immediate_or_cancel")
    asking.clock.set(OPEN_AT + timedelta(days=4))
    for live, archived in (
        ("/markets/trades", "/historical/trades"),
        ("/portfolio/fills", "/historical/fills"),
        ("/portfolio/orders", "/historical/orders"),
        (f"/markets?event_ticker={TODAY}", f"/historical/markets?event_ticker={TODAY}"),
    ):
        now, then = await asking.get(live), await asking.get(archived)
        assert next(iter(now.values())) == []
        assert next(iter(then.values())) != []
    assert error_of(await asking.ask("GET", f"/markets/{BIN}")) == (404, "not_found")
    assert (await asking.get(f"/events/{TODAY}"))["markets"] == []
    settled = await asking.get("/historical/positions")
    assert [each["ticker"] for each in settled["market_positions"]] == [BIN]


# --- orders ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"price": 0.4},
        {"count": 10},
        {"price": "0.40000"},
        {"price": ".4"},
        {"count": "1e1"},
        {"side": "yes"},
        {"time_in_force": "gtc"},
        {"self_trade_prevention_type": None},
        {"client_order_id": "a b"},
        {"client_order_id": "x" * 65},
        {"expiration_time": "1795370400"},
        {"expiration_time": 10**17},
        {"post_only": "yes"},
        {"subaccount": 3},
    ],
)
async def test_bodies_that_are_not_as_specified_are_refused(wrong) -> None:
    response = await client(exchange()).place(**wrong)
    assert error_of(response) == (400, "invalid_parameters")


async def test_average_price_and_fee_appear_only_where_something_filled() -> None:
    on = exchange()
    asking = client(on)
    resting = (await asking.place(client_order_id="mine")).json()
    assert set(resting) == {"order_id", "client_order_id", "fill_count", "remaining_count", "ts_ms"}
    assert (resting["fill_count"], resting["remaining_count"]) == ("0.00", "10.00")
    on.desk.place(member(on), order("ask", "0.45", "4"))
    on.desk.place(member(on), order("ask", "0.47", "4"))
    filled = (await asking.place(price="0.4700", count="8")).json()
    assert filled["average_fill_price"] == "0.4600"
    assert filled["average_fee_paid"] == "0.017388"  # (0.0693 + 0.0698) / 8, the fees rounded up


async def test_a_duplicate_is_a_conflict_with_its_own_code() -> None:
    asking = client(exchange())
    assert (await asking.place(client_order_id="mine")).status_code == 201
    assert error_of(await asking.place(client_order_id="mine")) == (409, "order_already_exists")


async def test_cancelling_twice_is_a_404() -> None:
    asking = client(exchange())
    placed = (await asking.place()).json()["order_id"]
    first = await asking.ask("DELETE", f"{ORDERS}/{placed}", market_ticker=BIN)
    assert first.json()["reduced_by"] == "10.00"
    second = await asking.ask("DELETE", f"{ORDERS}/{placed}", exchange_index=0)
    assert error_of(second) == (404, "not_found")


async def test_a_batch_answers_201_even_where_each_item_fails() -> None:
    asking = client(exchange())
    items = [order_body(price="0.405"), order_body(ticker="NO-SUCH"), order_body(count=1)]
    response = await asking.ask("POST", f"{ORDERS}/batched", {"orders": items})
    assert response.status_code == 201
    codes = [item["error"]["code"] for item in response.json()["orders"]]
    assert codes == ["invalid_order", "not_found", "invalid_parameters"]


async def test_the_first_generation_of_orders_is_gone() -> None:
    asking = client(exchange())
    for method, path in (("POST", "/portfolio/orders"), ("DELETE", "/portfolio/orders/x")):
        response = await asking.ask(method, path, {})
        assert error_of(response) == (410, "deprecated_v1_order_endpoint")


async def test_an_order_reads_as_it_was_written_under_other_names() -> None:
    on = exchange()
    asking = client(on)
    expires = int((OPEN_AT + timedelta(hours=2)).timestamp())
    placed = await asking.place(side="ask", price="0.6500", expiration_time=expires)
    on.desk.place(member(on), order("bid", "0.65", "1.56"))
    (body,) = (await asking.get("/portfolio/orders", status="resting"))["orders"]
    assert body["order_id"] == placed.json()["order_id"]
    assert (body["outcome_side"], body["book_side"]) == ("no", "ask")
    assert (body["yes_price_dollars"], body["no_price_dollars"]) == ("0.6500", "0.3500")
    assert (body["fill_count_fp"], body["remaining_count_fp"]) == ("1.56", "8.44")
    assert body["maker_fill_cost_dollars"] == "0.546000"
    assert body["expiration_time"] == "2026-11-22T18:00:00Z"


async def test_the_portfolio_may_trail_the_engine_as_the_exchanges_does() -> None:
    on = exchange()
    on.views.lag = timedelta(seconds=1)
    on.desk.place(member(on), order("ask"))
    asking = client(on)
    assert (await asking.place()).json()["fill_count"] == "10.00"
    assert (await asking.get("/portfolio/positions"))["market_positions"] == []
    assert (await asking.get("/portfolio/fills"))["fills"] == []
    assert (await asking.get("/portfolio/balance"))["balance_dollars"] == "1000.0000"
    asking.wait(1)
    (position,) = (await asking.get("/portfolio/positions"))["market_positions"]
    assert position["position_fp"] == "10.00"
    assert len((await asking.get("/portfolio/fills"))["fills"]) == 1


async def test_cents_are_cut_off_and_dollars_are_exact() -> None:
    on = exchange()
    on.desk.place(member(on), order("ask", "0.41", "1"))
    asking = client(on, balance="103.6751")
    await asking.place(price="0.4100", count="1")
    body = await asking.get("/portfolio/balance")
    assert (body["balance_dollars"], body["balance"]) == ("103.2481", 10324)


async def test_cancel_all_may_strike_again_a_little_later() -> None:
    on = exchange()
    on.cancel_all_echo = timedelta(seconds=30)
    asking = client(on)
    await asking.place()
    assert (await asking.ask("DELETE", ORDERS)).status_code == 204
    await asking.place(client_order_id="later")
    asking.wait(31)
    orders = (await asking.get("/portfolio/orders"))["orders"]
    assert [each["status"] for each in orders] == ["canceled", "canceled"]


async def test_queue_positions_count_the_contracts_ahead() -> None:
    on = exchange()
    on.desk.place(member(on), order(price="0.41", count="3"))
    on.desk.place(member(on), order(count="4.50"))
    asking = client(on)
    placed = (await asking.place()).json()["order_id"]
    body = await asking.get(f"/portfolio/orders/{placed}/queue_position")
    assert body["queue_position_fp"] == "7.50"


# --- who may, and how much ------------------------------------------------------------------------


async def test_public_reads_need_no_key_and_private_ones_do() -> None:
    asking = client(exchange())
    assert (await asking.ask("GET", "/markets", signed=False)).status_code == 200
    refused = await asking.ask("GET", "/portfolio/balance", signed=False)
    assert error_of(refused) == (401, "authentication_error")
    assert refused.headers["x-synthetic"] == "yes"


async def test_a_key_that_may_only_read_does_not_trade() -> None:
    asking = client(exchange(), scopes=("read",))
    assert (await asking.ask("GET", "/portfolio/orders")).status_code == 200
    assert error_of(await asking.place()) == (403, "insufficient_scope")


async def test_basic_may_place_ten_orders_a_second_and_learns_nothing_from_a_429() -> None:
    asking = client(exchange(), tier="basic")
    answers = [await asking.place(client_order_id=f"order-{n}") for n in range(11)]
    assert [each.status_code for each in answers] == [201] * 10 + [429]
    assert answers[-1].json() == {"error": "too many requests"}
    assert not {"retry-after", "x-ratelimit-remaining"} & set(answers[-1].headers)
    asking.wait(0.1)
    assert (await asking.place(client_order_id="order-10")).status_code == 201


async def test_a_batch_must_fit_the_bucket_as_a_whole() -> None:
    asking = client(exchange(), tier="basic")
    batch = {"orders": [order_body() for _ in range(11)]}
    assert (await asking.ask("POST", f"{ORDERS}/batched", batch)).status_code == 429
    assert not (await asking.get("/portfolio/orders"))["orders"]


async def test_the_balance_has_a_bucket_of_its_own() -> None:
    asking = client(exchange(), tier="basic")
    assert (await asking.ask("GET", "/portfolio/balance")).status_code == 200
    assert (await asking.ask("GET", "/portfolio/balance")).status_code == 429
    assert (await asking.ask("GET", "/portfolio/orders")).status_code == 200


async def test_while_the_whole_exchange_is_down_only_its_state_is_told() -> None:
    on = exchange()
    asking = client(on)
    maintain(on, timedelta(minutes=5), whole=True)
    for path in ("/markets", "/exchange/status"):
        response = await asking.ask("GET", path)
        assert response.status_code == 503
        assert response.json()["exchange_active"] is False
        assert response.json()["exchange_estimated_resume_time"] == "2026-11-22T16:05:00Z"


async def test_errors_come_wrapped_or_flat_as_told() -> None:
    on = exchange()
    asking = client(on)
    wrapped = (await asking.ask("GET", "/markets/NO-SUCH")).json()
    on.flat_errors = True
    assert (await asking.ask("GET", "/markets/NO-SUCH")).json() == wrapped["error"]


async def test_nothing_is_found_where_nothing_is() -> None:
    asking = client(exchange())
    assert error_of(await asking.ask("GET", "/margin/orders")) == (404, "not_found")
    assert error_of(await asking.ask("PUT", "/markets")) == (405, "method_not_allowed")


async def test_a_weather_report_settles_what_was_bought_over_rest() -> None:
    on = exchange(StillWeather(actual_f=60))
    on.desk.place(member(on), order("ask", "0.40", "10"))
    asking = client(on)
    await asking.place()
    asking.clock.set(datetime(2026, 11, 23, 13, tzinfo=UTC))
    (settlement,) = (await asking.get("/portfolio/settlements"))["settlements"]
    assert (settlement["market_result"], settlement["revenue"]) == ("no", 0)
    assert settlement["yes_total_cost_dollars"] == "4.0000"
    assert (await asking.get("/portfolio/positions"))["market_positions"] == []
    gone = await asking.get("/portfolio/positions", settlement_status="settled")
    assert gone["market_positions"][0]["realized_pnl_dollars"] == "-4.0000"
