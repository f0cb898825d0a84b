"""The live connection over real sockets: who may in, what is told, who is dropped."""

import asyncio
import json
import socket
from contextlib import suppress
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from kalshi_edge.api.schemas.live import Snapshot, Update
from tests.support.api_harness import EVE, KEY, KEYED, KEYLESS, TICKER, ApiHarness, desk
from tests.support.builders import book
from tests.support.patience import PATIENCE_S

pytestmark = [pytest.mark.realtime, pytest.mark.patient_time]

ORIGIN = "http://localhost:3000"


async def ticket(at: ApiHarness) -> str:
    return str((await at.http.post("/api/ws-ticket")).json()["ticket"])


async def listening(at: ApiHarness, query: str = "", **more: Any) -> ClientConnection:
    subprotocols = ["kalshi-edge.live", await ticket(at)]
    url = f"ws://127.0.0.1:{at.port}/ws/live{query}"
    return await connect(url, subprotocols=subprotocols, **{"origin": ORIGIN, **more})


async def recorded(line: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE_S):
        message: dict[str, Any] = json.loads(await line.recv())
    return message


async def status_of(url: str, **more: Any) -> int:
    with pytest.raises(InvalidStatus) as refused:
        await connect(url, **more)
    return refused.value.response.status_code


async def test_a_snapshot_comes_first_then_numbered_updates() -> None:
    async with desk() as at, await listening(at) as line:
        assert line.subprotocol == "kalshi-edge.live"
        first = await recorded(line)
        Snapshot.model_validate_json(json.dumps(first))
        await at.tell(book(TICKER, at=EVE))
        update = await recorded(line)
        Update.model_validate_json(json.dumps(update))
        assert update["n"] == first["n"] + 1


async def test_no_one_enters_without_a_pass_twice_with_one_or_from_elsewhere() -> None:
    async with desk() as at:
        url = f"ws://127.0.0.1:{at.port}/ws/live"
        once = await ticket(at)
        names = ["kalshi-edge.live", once]
        assert await status_of(url) == 403
        assert await status_of(url, subprotocols=["kalshi-edge.live", "guessed"]) == 403
        assert await status_of(url, subprotocols=names, origin="https://evil.example") == 403
        async with connect(url, subprotocols=names):
            pass
        assert await status_of(url, subprotocols=names) == 403
        async with connect(url, additional_headers={"X-API-Key": KEY}) as line:
            assert (await recorded(line))["type"] == "snapshot"


async def test_a_pass_is_needed_without_a_key_too() -> None:
    async with desk(KEYLESS) as at:
        assert await status_of(f"ws://127.0.0.1:{at.port}/ws/live", origin=ORIGIN) == 403
        async with await listening(at) as line:
            assert (await recorded(line))["type"] == "snapshot"


async def test_whoever_comes_back_soon_goes_on_and_after_a_restart_gets_everything() -> None:
    async with desk() as at:
        async with await listening(at) as line:
            first = await recorded(line)
        await at.tell(book(TICKER, at=EVE))
        await asyncio.sleep(1.2)  # the hub looks once a second
        query = f"?stream={first['stream']}&after={first['n']}"
        async with await listening(at, query) as line:
            assert await recorded(line) == {
                "type": "resumed",
                "stream": first["stream"],
                "n": first["n"],
            }
            assert (await recorded(line))["n"] == first["n"] + 1
        async with await listening(at, f"?stream=another&after={first['n']}") as line:
            assert (await recorded(line))["type"] == "snapshot"
        async with await listening(at, f"?stream={first['stream']}&after=99999") as line:
            assert (await recorded(line))["type"] == "snapshot"


async def test_a_client_that_talks_is_sent_away_and_nobody_else_notices() -> None:
    async with desk() as at, await listening(at) as quiet, await listening(at) as flooding:
        first = await recorded(quiet)
        with suppress(ConnectionClosed):
            while True:
                await flooding.send("x" * 1000)
        assert flooding.close_code == 1008
        await at.tell(book(TICKER, at=EVE))
        assert (await recorded(quiet))["n"] == first["n"] + 1
        assert at.api.parts.hub.clients == 1


async def test_a_client_that_does_not_read_is_dropped_and_nobody_else_notices() -> None:
    async with desk(KEYED) as at, await listening(at) as quiet:
        reader, writer = await _deaf(at)
        first = await recorded(quiet)
        hub, topics = at.api.parts.hub, at.api.topics
        for _ in range(2000):
            changes = topics.changes()
            changes.whole["news_filler"] = json.dumps("x" * 20_000)
            hub.tell(changes)
            hub_n = hub.n
            await asyncio.sleep(0)
            if hub.dropped:
                break
            message = await recorded(quiet)
            assert message["n"] == hub_n
        assert hub.dropped == 1
        assert hub.clients == 1
        assert hub_n > first["n"]
        writer.transport.abort()
        del reader


async def _deaf(at: ApiHarness) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A client that opens the connection and never reads."""
    raw = socket.create_connection(("127.0.0.1", at.port))
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    reader, writer = await asyncio.open_connection(sock=raw, limit=1)
    pause = f"kalshi-edge.live, {await ticket(at)}"
    writer.write(
        (
            "GET /ws/live HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: {pause}\r\n\r\n"
        ).encode()
    )
    await writer.drain()
    while at.api.parts.hub.clients < 2:  # noqa: ASYNC110 - the hub has no event for it
        await asyncio.sleep(0.01)
    return reader, writer
