"""The stream over its WebSocket: one task reads commands, one writes frames."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field

import orjson

from kalshi_edge.clock import Clock
from kalshi_sandbox.exchange.control.faults import FaultKind
from kalshi_sandbox.exchange.rest.app import (
    SYNTHETIC,
    Receive,
    Scope,
    Send,
    cut,
    fault_answer,
    refused,
)
from kalshi_sandbox.exchange.stream.hub import Hub
from kalshi_sandbox.exchange.stream.session import Session
from kalshi_sandbox.exchange.stream.subscriptions import Wait
from kalshi_sandbox.exchange.venue.errors import Refusal
from kalshi_sandbox.exchange.venue.exchange import Exchange

STREAM_PATH = "/trade-api/ws/v2"
FAULT_PATH = "/ws/v2"
"""What request faults call the opening of a stream."""
FREEZE = "kalshi_edge.freeze"
"""The extension by which the server lets a connection go silent without closing it."""


@dataclass(slots=True, eq=False)
class Connection:
    """An open stream and what can be done to it from outside."""

    session: Session
    scope: Scope
    is_frozen: bool = False

    def drop(self) -> None:
        """Cut it."""
        cut(self.scope)

    def freeze(self) -> None:
        """Leave it half open: nothing is sent or read any more, not even pings."""
        self.is_frozen = True
        freeze = (self.scope.get("extensions") or {}).get(FREEZE)
        if freeze is not None:
            freeze()


@dataclass(slots=True)
class StreamEdge:
    """The ASGI application of the stream."""

    exchange: Exchange
    hub: Hub
    clock: Clock
    wall: Clock
    connections: list[Connection] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection until either side closes it."""
        await receive()  # websocket.connect
        struck = self.exchange.faults.request("GET", FAULT_PATH)
        if FaultKind.LATENCY in struck:
            await asyncio.sleep(struck[FaultKind.LATENCY].delay_s)
        if FaultKind.DROP_BEFORE in struck:
            cut(scope)
            return
        if FaultKind.REFUSE in struck:
            answer = fault_answer(struck[FaultKind.REFUSE])
            is_page = isinstance(answer.body, bytes)
            await _reject(
                send, answer.status, answer.body if is_page else orjson.dumps(answer.body)
            )
            return
        headers = {key.decode(): value.decode("latin-1") for key, value in scope["headers"]}
        try:
            clocks = (self.wall.now(), self.clock.now())
            credential = self.exchange.keys.signer(headers, "GET", STREAM_PATH, clocks)
        except Refusal as no:
            await _reject(send, no.status, orjson.dumps(refused(no).body))
            return
        await send({"type": "websocket.accept", "headers": [SYNTHETIC]})
        await self._serve(Connection(self.hub.connect(credential.account), scope), receive, send)

    async def _serve(self, connection: Connection, receive: Receive, send: Send) -> None:
        session, ready = connection.session, asyncio.Event()
        session.wake = ready.set
        self.connections.append(connection)
        writer = asyncio.create_task(_write(connection, ready, send))
        try:
            while (message := await receive())["type"] == "websocket.receive":
                self.exchange.venue.advance(self.clock.now())
                session.receive(message.get("text") or message.get("bytes") or b"")
        finally:
            self.connections.remove(connection)
            session.close()
            writer.cancel()
            with suppress(asyncio.CancelledError, OSError):
                await writer

    def drop_all(self) -> int:
        """Cut every connection; how many that were."""
        for connection in self.connections:
            connection.drop()
        return len(self.connections)

    def freeze_all(self) -> int:
        """Leave every connection half open; how many that were."""
        for connection in self.connections:
            connection.freeze()
        return len(self.connections)


async def _write(connection: Connection, ready: asyncio.Event, send: Send) -> None:
    outgoing = connection.session.outgoing
    while True:
        await ready.wait()
        ready.clear()
        while outgoing:
            frame = outgoing.popleft()
            if isinstance(frame, Wait):
                await asyncio.sleep(frame.delay_s)
            elif not connection.is_frozen:
                await send({"type": "websocket.send", "text": frame.decode()})


async def _reject(send: Send, status: int, body: bytes) -> None:
    headers = [SYNTHETIC, (b"content-type", b"application/json")]
    start = {"type": "websocket.http.response.start", "status": status, "headers": headers}
    await send(start)
    await send({"type": "websocket.http.response.body", "body": body})
