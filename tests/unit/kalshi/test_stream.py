"""The stream over real sockets: a scripted exchange that answers, hangs up, refuses and babbles."""

import asyncio
import base64
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from websockets.asyncio.server import Request, Response, ServerConnection, serve
from websockets.datastructures import Headers

from kalshi_edge.clock import ManualClock
from kalshi_edge.data.kalshi import feed as feed_module
from kalshi_edge.data.kalshi import stream as stream_module
from kalshi_edge.data.kalshi.auth import ApiKey
from kalshi_edge.data.kalshi.feed import KalshiFeed
from kalshi_edge.data.kalshi.stream import KalshiStream
from kalshi_edge.data.kalshi.stream_session import (
    Connected,
    MarketChange,
    Oddities,
    StreamEvent,
    UnnamedFill,
)
from kalshi_edge.data.kalshi.transport import Host
from kalshi_edge.domain.events import Event, OrderUpdate
from kalshi_edge.domain.market import Book, Ladder
from kalshi_edge.domain.orders import Fill, Settlement
from kalshi_edge.errors import RequestRefused
from tests.support.builders import EVENT, NOW, TICKER, book
from tests.support.kalshi_answers import (
    NAMES,
    TRADE,
    UUID,
    account_client,
    cutoff_json,
    event_json,
    fill_json,
    market_json,
    markets_json,
    order_json,
    public_client,
    routed,
    series_json,
    stream_fill_json,
    user_order_json,
)
from tests.support.patience import PATIENCE_S

pytestmark = [pytest.mark.realtime, pytest.mark.patient_time]

PRIVATE = Ed25519PrivateKey.generate()
OTHER = f"{EVENT}-B54.5"
Script = Callable[["Line"], Awaitable[None]]


class Line:
    """One connection as the scripted exchange sees it."""

    def __init__(self, socket: ServerConnection) -> None:
        self.socket = socket
        self.commands: list[dict[str, Any]] = []

    async def say(self, frame: Any) -> None:
        await self.socket.send(frame if isinstance(frame, str) else json.dumps(frame))

    async def hear(self) -> dict[str, Any]:
        self.commands.append(json.loads(await self.socket.recv()))
        return self.commands[-1]

    async def greet(self, channels: int = 5) -> None:
        """Answer the subscriptions, and show a book."""
        for sid in range(1, channels + 1):
            command = await self.hear()
            [channel] = command["params"]["channels"]
            msg = {"channel": channel, "sid": sid}
            await self.say({"id": command["id"], "type": "subscribed", "msg": msg})
        if channels == 5:
            await self.snapshot()

    async def snapshot(self, ticker: str = TICKER, seq: int = 1) -> None:
        sides = {"yes_dollars_fp": [["0.3000", "10.00"]], "no_dollars_fp": [["0.3300", "9.00"]]}
        msg = {"market_ticker": ticker, "market_id": "9b0f", "clock": 5} | sides
        await self.say({"type": "orderbook_snapshot", "sid": 4, "seq": seq, "msg": msg})

    async def tell(self, kind: str, msg: Any) -> None:
        await self.say({"type": kind, "sid": 1, "msg": msg})


class Exchange:
    """Plays one script per connection, the last one for all further ones."""

    def __init__(self, *scripts: Script) -> None:
        self.scripts = list(scripts)
        self.lines: list[Line] = []
        self.upgrades: list[Request] = []
        self.answers: list[Response | None] = []
        self.url = ""

    async def play(self, socket: ServerConnection) -> None:
        line = Line(socket)
        script = self.scripts[min(len(self.lines), len(self.scripts) - 1)]
        self.lines.append(line)
        await script(line)

    def upgrade(self, _: ServerConnection, request: Request) -> Response | None:
        self.upgrades.append(request)
        return self.answers.pop(0) if self.answers else None

    @asynccontextmanager
    async def open(self) -> AsyncIterator[KalshiStream]:
        server = await serve(self.play, "127.0.0.1", 0, process_request=self.upgrade)
        port = server.sockets[0].getsockname()[1]
        self.url = f"ws://127.0.0.1:{port}/trade-api/ws/v2"
        clock = ManualClock(NOW)
        key = ApiKey("an-id", PRIVATE, clock)
        host = Host("http://127.0.0.1:9/trade-api/v2", self.url)
        stream = KalshiStream(host, key, clock, lambda: 0.0, series=["KXHIGHNY"], names={})
        await stream.watch([TICKER])
        try:
            yield stream
        finally:
            server.close()
            await server.wait_closed()


async def first(count: int, items: AsyncIterator[Any]) -> list[Any]:
    """The first ``count`` items; whoever gives them is closed then."""
    found: list[Any] = []
    async with asyncio.timeout(PATIENCE_S), aclosing(items):
        async for item in items:
            found.append(item)
            if len(found) == count:
                break
    return found


async def news(count: int, stream: KalshiStream) -> list[StreamEvent]:
    return await first(count, aiter(stream))


async def quiet(line: Line) -> None:
    """Say no more until the other side leaves."""
    await line.socket.wait_closed()


async def talk(line: Line) -> None:
    await line.greet()
    await quiet(line)


async def hang_up(line: Line) -> None:
    await line.greet()
    line.socket.transport.abort()


async def test_the_upgrade_is_signed_and_no_log_shows_it(caplog):
    caplog.set_level(logging.DEBUG)
    exchange = Exchange(talk)
    async with exchange.open() as stream:
        connected, book = await news(2, stream)
    assert (connected, book.received_at) == (Connected(NOW), NOW)
    headers = exchange.upgrades[0].headers
    message = f"{headers['KALSHI-ACCESS-TIMESTAMP']}GET/trade-api/ws/v2".encode()
    signed = headers["KALSHI-ACCESS-SIGNATURE"]
    PRIVATE.public_key().verify(base64.b64decode(signed), message)
    from_us = [record for record in caplog.records if "server" not in record.name]
    assert not any(signed in record.getMessage() for record in from_us)


async def test_books_fills_and_orders_come_as_they_are_told():
    async def script(line: Line) -> None:
        await line.greet()
        await line.tell("user_order", user_order_json("an-intent"))
        await line.tell("fill", stream_fill_json(client_order_id="an-intent"))
        await quiet(line)

    async with Exchange(script).open() as stream:
        told = await news(4, stream)
    assert [type(one) for one in told] == [Connected, Book, OrderUpdate, Fill]


@pytest.mark.parametrize("ending", ["reset", "closed", "refused", "unanswered"])
async def test_whatever_ends_a_connection_a_new_one_begins_from_the_start(ending):
    async def end(line: Line) -> None:
        await line.greet()
        if ending == "reset":
            line.socket.transport.abort()
        elif ending == "closed":
            await line.socket.close(1001)
        elif ending == "refused":
            await line.say({"type": "error", "msg": {"code": 25, "msg": "buffer overflow"}})
            await quiet(line)

    exchange = Exchange(end, talk)
    if ending == "unanswered":
        exchange.answers = [Response(503, "Service Unavailable", Headers())]
        exchange.scripts = [talk]
    async with exchange.open() as stream:
        told = await news(2 if ending == "unanswered" else 4, stream)
    assert [type(one) for one in told[-2:]] == [Connected, Book]
    assert stream.oddities.counts["disconnected"] == 1
    assert len(exchange.upgrades) == 2
    assert exchange.lines[-1].commands[3]["params"]["market_tickers"] == [TICKER]


async def test_a_connection_that_falls_silent_is_replaced(monkeypatch):
    monkeypatch.setattr(stream_module, "PING_EVERY_S", 0.05)
    monkeypatch.setattr(stream_module, "PONG_WITHIN_S", 0.05)
    replaced = asyncio.Event()

    async def fall_silent(line: Line) -> None:
        await line.greet()
        line.socket.transport.pause_reading()
        await replaced.wait()
        line.socket.transport.abort()

    async with Exchange(fall_silent, talk).open() as stream:
        told = await news(4, stream)
        replaced.set()
    assert [type(one) for one in told] == [Connected, Book] * 2
    assert "keepalive ping timeout" in stream.oddities.latest[-1][2]


@pytest.mark.parametrize("status", [HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN])
async def test_a_key_that_is_refused_ends_the_stream(status):
    exchange = Exchange(talk)
    exchange.answers = [Response(status, status.phrase, Headers())] * 2
    async with exchange.open() as stream:
        with pytest.raises(RequestRefused, match=str(status.value)) as caught:
            await news(1, stream)
    assert caught.value.status == status
    assert len(exchange.upgrades) == 1


async def test_no_redirect_carries_our_signature_to_another_host():
    other, exchange = Exchange(talk), Exchange(talk)
    async with other.open(), exchange.open() as stream:
        away = Headers(Location=other.url)
        exchange.answers = [Response(307, "Temporary Redirect", away)]
        assert await news(1, stream) == [Connected(NOW)]
    assert other.upgrades == []
    assert len(exchange.upgrades) == 2


async def test_babble_between_the_frames_is_kept_and_passed_over():
    async def babble(line: Line) -> None:
        await line.greet()
        for text in ("not json", "[]", '{"type": "horoscope"}', '{"type": "fill"}', ""):
            await line.say(text)
        await line.snapshot(seq=2)
        await quiet(line)

    async with Exchange(babble).open() as stream:
        assert [type(one) for one in await news(3, stream)] == [Connected, Book, Book]
    assert stream.oddities.counts == {
        "unreadable frame": 3,
        "unknown horoscope": 1,
        "unreadable fill": 1,
    }


async def test_a_gap_is_made_good_by_a_snapshot_that_is_asked_for():
    async def gap(line: Line) -> None:
        await line.greet()
        await line.say({"type": "orderbook_delta", "sid": 4, "seq": 3, "msg": {}})
        command = await line.hear()
        assert command["params"]["action"] == "get_snapshot"
        await line.snapshot(seq=4)
        await quiet(line)

    async with Exchange(gap).open() as stream:
        assert [type(one) for one in await news(3, stream)] == [Connected, Book, Book]


async def test_other_markets_can_be_watched_while_it_runs_and_before_it_does():
    added = asyncio.Event()

    async def script(line: Line) -> None:
        await line.greet()
        command = await line.hear()
        assert command["params"] == {
            "sids": [4],
            "action": "add_markets",
            "market_tickers": [OTHER],
        }
        await line.say({"id": command["id"], "type": "ok", "sid": 4, "seq": 2, "msg": {}})
        await line.snapshot(OTHER, seq=3)
        added.set()
        await quiet(line)

    async with Exchange(script).open() as stream, asyncio.timeout(PATIENCE_S):
        told = aiter(stream)
        async with aclosing(told):
            assert [type(await anext(told)) for _ in range(2)] == [Connected, Book]
            await stream.watch([TICKER, OTHER])
            assert (await anext(told)).ticker == OTHER
    assert added.is_set()
    await stream.watch([TICKER])  # nobody listens any more, and nothing breaks


# --- the feed ----------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Tests wait neither for the rest of a burst nor before they ask again."""
    monkeypatch.setattr(feed_module, "RETRY_AFTER_S", 0.0)
    monkeypatch.setattr(feed_module, "BURST_S", 0.0)


def feed_of(stream: Any, seen: list[httpx.Request] | None = None, **routes: Any) -> KalshiFeed:
    usual = {
        "GET /historical/cutoff": cutoff_json(),
        "GET /portfolio/fills": {"fills": [fill_json()]},
        "GET /portfolio/orders": {"orders": [order_json("an-intent")]},
        f"GET /portfolio/orders/{UUID}": {"order": order_json("an-intent")},
        f"GET /events/{EVENT}": {"event": event_json(), "markets": markets_json()},
        "GET /series/KXHIGHNY": series_json(),
    }
    transport = routed(usual | routes, seen)
    key = ApiKey("an-id", PRIVATE, ManualClock(NOW))
    account, public = account_client(transport, key), public_client(transport)
    return KalshiFeed(stream, account, public, known_until=NOW)


async def events(count: int, feed: KalshiFeed) -> list[Event]:
    return await first(count, aiter(feed))


async def test_after_every_connection_what_was_missed_is_asked_for():
    async with Exchange(hang_up, talk).open() as stream:
        told = await events(6, feed_of(stream))
    kinds = [type(one) for one in told]
    assert {kind: kinds.count(kind) for kind in kinds} == {Fill: 2, OrderUpdate: 2, Book: 2}
    assert {one.fill_id for one in told if isinstance(one, Fill)} == {TRADE}
    assert {one.intent_id for one in told if not isinstance(one, Book)} == {"an-intent"}


class ScriptedStream:
    """A stream that tells one thing after another, whenever it is let."""

    def __init__(self, *told: StreamEvent) -> None:
        self.told: asyncio.Queue[StreamEvent] = asyncio.Queue()
        for one in told:
            self.told.put_nowait(one)
        self.oddities = Oddities()

    async def __aiter__(self) -> AsyncIterator[StreamEvent]:
        while True:
            yield await self.told.get()


async def test_a_fill_without_a_name_is_looked_up_and_not_lost():
    told = ScriptedStream(UnnamedFill(UUID, stream_fill_json(), NOW))
    [fill] = await events(1, feed_of(told))
    assert (fill.intent_id, fill.fill_id) == ("an-intent", TRADE)


async def test_a_fill_whose_order_is_not_to_be_seen_yet_is_among_all_the_others_later():
    told = ScriptedStream(UnnamedFill(UUID, stream_fill_json(), NOW))
    late = [httpx.Response(404), {"order": order_json("an-intent")}]
    trailing = {f"GET /portfolio/orders/{UUID}": late, "GET /historical/orders": {"orders": []}}
    none_yet = {"GET /portfolio/orders": {"orders": []}}
    [fill] = await events(1, feed_of(told, **none_yet, **trailing))
    assert (fill.intent_id, fill.fill_id) == ("an-intent", TRADE)
    assert any("not to be seen yet" in kind for kind in told.oddities.counts)


async def test_catching_up_is_tried_until_it_succeeds():
    told = ScriptedStream(Connected(NOW))
    down = {"GET /portfolio/fills": [*[httpx.Response(503)] * 8, {"fills": [fill_json()]}]}
    found = await events(2, feed_of(told, **down))
    assert [type(one) for one in found] == [Fill, OrderUpdate]
    assert sum(told.oddities.counts.values()) == 2


async def test_what_was_known_before_the_connection_broke_is_where_catching_up_begins():
    seen: list[httpx.Request] = []
    told = ScriptedStream(Connected(NOW))
    feed = aiter(feed_of(told, seen))
    async with asyncio.timeout(PATIENCE_S), aclosing(feed):
        assert {type(await anext(feed)) for _ in range(2)} == {Fill, OrderUpdate}
        told.told.put_nowait(book(at=NOW + timedelta(hours=3)))
        assert type(await anext(feed)) is Book
        told.told.put_nowait(Connected(NOW + timedelta(hours=5)))
        assert {type(await anext(feed)) for _ in range(2)} == {Fill, OrderUpdate}
    asked = [int(r.url.params["min_ts"]) for r in seen if r.url.path.endswith("/portfolio/fills")]
    known = [NOW, NOW + timedelta(hours=3)]
    assert asked == [int((at - timedelta(minutes=2)).timestamp()) for at in known]


async def test_changes_of_our_markets_become_ladders_and_results():
    final = market_json(status="finalized", result="yes", expiration_value="53.00")
    for kind, what in (("deactivated", Ladder), ("enchanted", Ladder), ("settled", Settlement)):
        told = ScriptedStream(MarketChange(EVENT, TICKER, kind, NOW))
        [event] = await events(1, feed_of(told, **{"GET /markets": {"markets": [final]}}))
        assert type(event) is what


async def test_a_burst_of_changes_is_asked_about_once_while_books_go_on():
    seen: list[httpx.Request] = []
    tickers = [f"{EVENT}-{name}" for name in NAMES]
    opened = [MarketChange(EVENT, ticker, "activated", NOW) for ticker in tickers]
    settled = [MarketChange(EVENT, ticker, "settled", NOW) for ticker in tickers]
    books = [book(at=NOW + timedelta(seconds=s)) for s in range(3)]
    final = {"status": "finalized", "result": "no", "expiration_value": "61.00"}
    routes = {"GET /markets": {"markets": markets_json(**final)}}
    told = ScriptedStream(*opened, *settled, *books)
    found = await events(10, feed_of(told, seen, **routes))
    kinds = [type(one) for one in found]
    assert {kind: kinds.count(kind) for kind in kinds} == {Book: 3, Settlement: 6, Ladder: 1}
    paths = [request.url.path.removeprefix("/trade-api/v2") for request in seen]
    assert paths == ["/markets", f"/events/{EVENT}", "/series/KXHIGHNY"]


async def test_what_changes_where_nothing_trades_is_left_to_the_next_look_at_the_markets():
    seen: list[httpx.Request] = []
    kinds = ("created", "determined", "event_lifecycle")
    told = ScriptedStream(
        *(MarketChange(EVENT, TICKER, kind, NOW) for kind in kinds), Connected(NOW)
    )
    assert {type(one) for one in await events(2, feed_of(told, seen))} == {Fill, OrderUpdate}
    assert not [request for request in seen if "/events/" in request.url.path]


@pytest.mark.parametrize(
    ("market", "odd"), [({}, 0), ({"status": "finalized"}, 1)], ids=["not final", "unclear"]
)
async def test_a_result_that_is_none_yet_is_not_told(market, odd):
    told = ScriptedStream(
        MarketChange(EVENT, TICKER, "settled", NOW), MarketChange(EVENT, None, "new", NOW)
    )
    routes = {"GET /markets": {"markets": [market_json(**market)]}}
    assert [type(one) for one in await events(1, feed_of(told, **routes))] == [Ladder]
    assert told.oddities.counts["unreadable settlement"] == odd


async def test_a_market_that_cannot_be_looked_at_is_noted_and_left_to_the_next_cycle():
    unknown = MarketChange("KXHIGHNY-26NOV11", None, "new", NOW)
    told = ScriptedStream(unknown, MarketChange(EVENT, None, "new", NOW))
    assert [type(one) for one in await events(1, feed_of(told))] == [Ladder]
    assert sum(told.oddities.counts.values()) == 1


async def test_a_stream_that_ends_for_good_ends_the_feed():
    exchange = Exchange(talk)
    exchange.answers = [Response(401, "Unauthorized", Headers())]
    async with exchange.open() as stream:
        with pytest.raises(RequestRefused):
            await events(1, feed_of(stream))
