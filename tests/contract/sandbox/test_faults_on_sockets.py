"""Faults where they hurt: on real connections, with a client that knows nothing of them."""

import asyncio
import logging
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import orjson
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from kalshi_edge.clock import SystemClock
from kalshi_sandbox.exchange.venue.accounts import Account
from tests.support.patience import PATIENCE_S
from tests.support.sandbox_builders import (
    BIN,
    TODAY,
    Client,
    exchange,
    member,
    order,
    order_body,
    sandbox,
    serving,
    signed_headers,
)
from tests.support.sandbox_builders import client as member_client

pytestmark = [pytest.mark.realtime, pytest.mark.patient_time]

ORDERS, STREAM = "/portfolio/events/orders", "/trade-api/ws/v2"


@dataclass
class Wire:
    """A sandbox behind a socket, a member, and the control of it all."""

    asking: Client
    control: httpx.AsyncClient
    port: int

    @property
    def account(self) -> Account:
        return next(a for a in self.asking.exchange.venue.accounts.values() if a.name == "client")

    async def strike(self, kind: str, **fault: Any) -> None:
        response = await self.control.post("/faults", json={"kind": kind, **fault})
        assert response.status_code == 201, response.text

    async def befall(self, kind: str, **incident: Any) -> None:
        response = await self.control.post("/incidents", json={"kind": kind, **incident})
        assert response.status_code == 201, response.text

    def stream(self, **changes: str) -> connect:
        now = SystemClock().now()
        headers = signed_headers(self.asking.key, self.asking.key_id, now, "GET", STREAM)
        url = f"ws://127.0.0.1:{self.port}{STREAM}"
        return connect(url, additional_headers=headers | changes, ping_interval=None)


@asynccontextmanager
async def wired(**options: Any):
    on = exchange()
    on.keys.skew = timedelta(seconds=PATIENCE_S)  # a request may be long under way
    async with serving(sandbox(on), **options) as port:
        base = f"http://127.0.0.1:{port}"
        asking = member_client(on)
        asking.clock = SystemClock()
        asking.http = httpx.AsyncClient(base_url=base, timeout=PATIENCE_S)
        async with asking.http, httpx.AsyncClient(base_url=f"{base}/control") as control:
            yield Wire(asking, control, port)


async def heard(stream: ClientConnection) -> dict[str, Any]:
    return orjson.loads(await asyncio.wait_for(stream.recv(), PATIENCE_S))


async def say(stream: ClientConnection, cmd: str, **params: Any) -> dict[str, Any]:
    await stream.send(orjson.dumps({"id": 1, "cmd": cmd, "params": params}))
    return await heard(stream)


# --- requests -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "orders"), [("drop_before", 0), ("drop_after", 1)])
async def test_a_cut_connection_says_nothing_of_the_order(kind, orders) -> None:
    async with wired() as wire:
        await wire.strike(kind, method="POST", path=ORDERS)
        with pytest.raises(httpx.TransportError):
            await wire.asking.place(client_order_id="mine")
        assert len(wire.account.orders) == orders
        again = await wire.asking.place(client_order_id="mine")
        assert again.status_code == (409 if orders else 201)


@pytest.mark.parametrize(("kind", "orders"), [("refuse", 0), ("lose", 1)])
@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_an_error_of_the_gateway_says_nothing_of_the_order_either(
    kind, orders, status
) -> None:
    async with wired() as wire:
        await wire.strike(kind, status=status, path=ORDERS)
        assert (await wire.asking.place()).status_code == status
        assert len(wire.account.orders) == orders


async def test_an_answer_may_never_come() -> None:
    async with wired() as wire:
        await wire.strike("hang", path=ORDERS)
        wire.asking.http.timeout = httpx.Timeout(PATIENCE_S, read=0.3)
        with pytest.raises(httpx.ReadTimeout):
            await wire.asking.place()
        assert len(wire.account.orders) == 1


async def test_a_fault_strikes_what_it_is_meant_for_as_often_as_it_was_told() -> None:
    async with wired() as wire:
        await wire.strike("refuse", status=429, times=2, path="/markets")
        assert (await wire.asking.ask("GET", "/events")).status_code == 200
        answers = [(await wire.asking.ask("GET", "/markets")).status_code for _ in range(3)]
        assert answers == [429, 429, 200]


async def test_a_late_answer_is_still_the_answer() -> None:
    async with wired() as wire:
        await wire.strike("latency", delay_s=0.2, path=ORDERS)
        assert (await wire.asking.place()).status_code == 201


async def test_somebody_faster_leaves_a_part_of_the_order() -> None:
    async with wired() as wire:
        on = wire.asking.exchange
        on.desk.place(member(on), order("ask", "0.40", "8"))
        await wire.strike("partial_fill", share=0.25)
        answer = (await wire.asking.place()).json()
        assert (answer["fill_count"], answer["remaining_count"]) == ("2.00", "8.00")
        counts = [str(trade.count) for trade in on.venue.trades]
        assert counts == ["6.00", "2.00"]


# --- streams --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong", [{"KALSHI-ACCESS-SIGNATURE": "AAAA"}, {"KALSHI-ACCESS-KEY": "nobody"}]
)
async def test_a_stream_without_a_good_signature_is_refused(wrong) -> None:
    async with wired() as wire:
        with pytest.raises(InvalidStatus) as refused:
            await wire.stream(**wrong)
        assert refused.value.response.status_code == 401
        assert refused.value.response.headers["x-synthetic"] == "yes"


async def test_a_stream_may_be_refused_at_the_door() -> None:
    async with wired() as wire:
        await wire.strike("refuse", path="/ws", status=503)
        with pytest.raises(InvalidStatus) as refused:
            await wire.stream()
        assert refused.value.response.status_code == 503
        async with wire.stream() as stream:
            assert stream.response.headers["x-synthetic"] == "yes"


async def test_the_server_pings_with_a_heartbeat(caplog) -> None:
    with caplog.at_level(logging.DEBUG, "websockets.client"):
        async with wired(ping_every_s=0.05) as wire, wire.stream() as stream:
            await say(stream, "list_subscriptions")
            while not any("PING 'heartbeat'" in text for text in caplog.messages):  # noqa: ASYNC110
                await asyncio.sleep(0.01)


async def test_frames_arrive_as_orders_do() -> None:
    async with wired() as wire, wire.stream() as stream:
        await say(stream, "subscribe", channels=["orderbook_delta"], market_ticker=BIN)
        assert (await heard(stream))["type"] == "orderbook_snapshot"
        await wire.asking.place(client_order_id="mine")
        delta = await heard(stream)
        assert (delta["type"], delta["msg"]["client_order_id"]) == ("orderbook_delta", "mine")


async def test_a_dropped_stream_ends() -> None:
    async with wired() as wire, wire.stream() as stream:
        await say(stream, "list_subscriptions")
        await wire.befall("stream_drop")
        with pytest.raises(ConnectionClosed):
            await heard(stream)


async def test_a_half_open_stream_is_silent_and_does_not_answer_pings() -> None:
    async with wired(ping_every_s=0.05) as wire, wire.stream() as stream:
        await say(stream, "subscribe", channels=["orderbook_delta"], market_ticker=BIN)
        await heard(stream)
        await wire.befall("stream_freeze")
        await wire.asking.place()
        pong = await stream.ping()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(pong, 0.3)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(stream.recv(), 0.1)
        stream.transport.abort()


# --- control --------------------------------------------------------------------------------------


async def test_members_are_made_over_http_and_bad_keys_are_not() -> None:
    async with wired() as wire:
        pem = wire.asking.key.public_pem.decode()
        made = await wire.control.post("/accounts", json={"public_key": pem, "balance": "12.3456"})
        assert made.json()["balance_dollars"] == "12.3456"
        for wrong in ({"public_key": "x"}, {"public_key": pem, "tier": "gold"}):
            response = await wire.control.post("/accounts", json=wrong)
            assert response.status_code == 400
            assert response.headers["x-synthetic"] == "yes"


async def test_world_time_jumps_and_what_was_due_has_happened() -> None:
    async with wired() as wire:
        await wire.asking.place()
        jumped = await wire.control.post("/clock", json={"advance_s": 86_400})
        assert jumped.json()["now"] == "2026-11-23T16:00:00Z"
        market = (await wire.asking.get(f"/markets/{BIN}"))["market"]
        assert (market["status"], market["expiration_value"]) == ("finalized", "53.00")
        state = (await wire.control.get("/state")).json()
        assert (state["synthetic"], state["active_markets"]) == (True, 12)


async def test_faults_wait_and_are_lifted() -> None:
    async with wired() as wire:
        await wire.strike("latency", delay_s=60)
        assert [each["kind"] for each in (await wire.control.get("/faults")).json()] == ["latency"]
        assert (await wire.control.delete("/faults")).json() == {"lifted": 1}
        assert (await wire.asking.ask("GET", "/markets")).status_code == 200
        assert (await wire.control.post("/faults", json={"kind": "x"})).status_code == 422
        weather = {"product": "cli", "kind": "missing", "station": "KNYC"}
        assert (await wire.control.post("/weather-faults", json=weather)).status_code == 201
        assert (await wire.control.delete("/weather-faults")).json() == []


async def test_incidents_happen_over_http() -> None:
    async with wired() as wire:
        on, market = wire.asking.exchange, f"/markets/{BIN}"
        await wire.befall("rules", series="KXHIGHNY", source_name="the National Weather Service")
        rules = (await wire.asking.get(market))["market"]["rules_primary"]
        assert "according to the National Weather Service" in rules
        await wire.befall("ticks", ticker=BIN, structure="deci_cent")
        assert (await wire.asking.place(price="0.4050")).status_code == 201
        await wire.befall("fees", event=TODAY, fee_type="quadratic_with_maker_fees")
        assert (await wire.asking.get(f"/events/{TODAY}"))["event"]["fee_multiplier_override"] == 1
        await wire.befall("halt", ticker=BIN)
        assert (await wire.asking.get(market))["market"]["status"] == "inactive"
        await wire.befall("reactivate", ticker=BIN)
        await wire.befall("settlement", event=TODAY, high_f="40")
        await wire.befall("maintenance", duration_s=60)
        assert (await wire.asking.place()).status_code == 503
        for kind in ("portfolio_lag", "clock_skew", "cancel_all_echo", "flat_errors"):
            await wire.befall(kind, seconds=7)
        assert (await wire.asking.ask("GET", "/markets/X")).json()["code"] == "not_found"
        on.venue.advance(datetime(2026, 11, 23, 14, tzinfo=UTC))
        assert on.venue.market(f"{TODAY}-T50").result == "yes"
        unknown = {"kind": "halt", "ticker": "NO-SUCH"}
        assert (await wire.control.post("/incidents", json=unknown)).status_code == 404


async def test_incidents_of_an_account_and_its_owner_happen_over_http() -> None:
    async with wired() as wire:
        before = wire.account.cash
        for kind in ("deposit", "withdrawal", "transfer"):
            await wire.befall(kind, amount="5", member="client")
        await wire.befall("payment_returned", member="client")
        await wire.befall("interest", amount="0.1234", member="client")
        assert wire.account.cash == before + Decimal("0.1234")
        await wire.befall(
            "owner_order", ticker=BIN, side="bid", price="0.2", count="5", member="client"
        )
        await wire.befall("owner_amend", total="9", member="client")
        [order] = (await wire.asking.get("/portfolio/orders"))["orders"]
        assert (order["remaining_count_fp"], order["client_order_id"]) == ("9.00", "")
        await wire.befall("owner_cancel", member="client")
        await wire.befall("waiver", event=TODAY, duration_s=60)
        market = (await wire.asking.get(f"/markets/{BIN}"))["market"]
        assert "fee_waiver_expiration_time" in market
        await wire.befall("scheduled_fees", series="KXHIGHNY", after_s=60, multiplier="2")
        changes = (await wire.asking.get("/series/fee_changes"))["series_fee_change_arr"]
        assert [change["fee_multiplier"] for change in changes] == [2]
        for kind in ("unreadable_rows", "null_lists", "fractional_cents"):
            await wire.befall(kind)
        deposits = (await wire.asking.get("/portfolio/deposits"))["deposits"]
        assert deposits[0]["status"] == "melted"
        await wire.befall("unreadable_rows", off=True)
        assert (await wire.asking.get("/portfolio/settlements"))["settlements"] is None
        await wire.befall("scalar_settlement", event=TODAY, value="0.375")
        venue = wire.asking.exchange.venue
        venue.advance(datetime(2026, 11, 23, 14, tzinfo=UTC))
        market = venue.market(BIN)
        assert (market.result, market.value) == ("scalar", Decimal("0.375"))
        unknown = {"kind": "interest", "amount": "1", "member": "nobody"}
        assert (await wire.control.post("/incidents", json=unknown)).status_code == 404


async def test_weather_and_exchange_share_a_port_and_a_clock() -> None:
    async with wired() as wire:
        agent = {"User-Agent": "a test (nobody@example.org)"}
        path = "/nws/products/types/CLI/locations/NYC"
        response = await wire.asking.http.get(path, headers=agent)
        assert response.status_code == 200
        assert response.headers["x-synthetic"] == "yes"
        assert (await wire.asking.ask("GET", "/nothing")).status_code == 404
        body = order_body()
        assert (await wire.asking.http.post("/nothing", json=body)).status_code == 404
