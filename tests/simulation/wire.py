"""The network between a trader and the exchange: in memory, slow, and sometimes out of order.

Requests pass the sandbox's real REST edge, frames its real stream edge. What a process has sent
arrives, whether or not it lives to see the answer.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from contextlib import asynccontextmanager
from contextvars import Context
from email.utils import format_datetime
from random import Random
from typing import Any
from urllib.parse import urlsplit

import httpx
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.http11 import Response

from kalshi_sandbox.exchange.rest.app import ABORT, ConnectionCut
from kalshi_sandbox.exchange.stream.socket import FREEZE
from kalshi_sandbox.server import Sandbox
from tests.simulation.process_life import Life
from tests.simulation.virtual_loop import task_of

_ID = re.compile(r"/(?:[0-9a-f]{8}-[0-9a-f-]{27}|KX[A-Z0-9.-]+)(?=/|$)")
LISTS = {
    "orders": "orders",
    "fills": "fills",
    "positions": "market_positions",
    "settlements": "settlements",
}
"""Of the account: the last word of a path, and the name of the rows in its answer."""
DEAD_AFTER_S = 25.0
"""When pings go unanswered for so long a connection is given up."""

Sent = Callable[[Life, httpx.Request], Awaitable[None]]


def route_of(request: httpx.Request) -> str:
    """``GET /portfolio/orders/{}``."""
    path = _ID.sub("/{}", request.url.path.removeprefix("/trade-api/v2"))
    return f"{request.method} {path}"


async def answer_of(
    sandbox: Sandbox, request: httpx.Request
) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Status, headers and body that the application gives, as a server would send them."""
    told: list[MutableMapping[str, Any]] = []
    asked = [{"type": "http.request", "body": await request.aread(), "more_body": False}]

    async def receive() -> MutableMapping[str, Any]:
        if asked:
            return asked.pop()
        await asyncio.Event().wait()  # a connection that nobody closes
        raise AssertionError

    async def send(message: MutableMapping[str, Any]) -> None:
        told.append(message)

    scope = {
        "type": "http",
        "method": request.method,
        "path": request.url.path,
        "query_string": request.url.query,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
    }
    await sandbox(scope, receive, send)
    start, *parts = told
    return start["status"], start["headers"], b"".join(part.get("body", b"") for part in parts)


class SlowTransport(httpx.AsyncBaseTransport):
    """One process's requests."""

    def __init__(
        self,
        sandbox: Sandbox,
        life: Life,
        random: Random,
        sent: Sent,
        rows_missing: Callable[[], float | None],
    ) -> None:
        self._sandbox = sandbox
        self._rows_missing = rows_missing
        self._life = life
        self._random = random
        self._sent = sent
        self._under_way: set[asyncio.Task[httpx.Response]] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        route = route_of(request)
        await self._life.gate(route, "before")
        delivery = task_of(None, self._deliver(request))
        self._under_way.add(delivery)
        delivery.add_done_callback(self._forget, context=Context())
        await self._life.gate(route, "during")
        try:
            response = await asyncio.shield(delivery)
        finally:
            await self._life.gate(route, "after")
        return response

    async def _deliver(self, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(self._random.uniform(0.01, 0.08))
        await self._sent(self._life, request)
        try:
            response = await self._answer(request)
        except ConnectionCut as cut:
            raise httpx.ReadError(str(cut), request=request) from cut
        await asyncio.sleep(self._random.uniform(0.01, 0.08))
        return response

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        """What the application makes of a request, with the date that a server adds."""
        status, headers, body = await answer_of(self._sandbox, request)
        missing, name = self._rows_missing(), request.url.path.rsplit("/", 1)[-1]
        if missing is not None and request.method == "GET" and name in LISTS and status == 200:
            body = self._disordered(body, LISTS[name], missing)
            headers = [(k, v) for k, v in headers if k != b"content-length"]
        date = format_datetime(self._sandbox.clock.now(), usegmt=True)
        headers = [*headers, (b"date", date.encode())]
        return httpx.Response(status, headers=headers, content=body, request=request)

    def _disordered(self, body: bytes, name: str, missing: float) -> bytes:
        """A page whose rows come in any order, and some only when it is asked for again."""
        page = json.loads(body)
        rows = [row for row in page[name] or () if self._random.random() >= missing]
        self._random.shuffle(rows)
        return json.dumps({**page, name: rows}).encode()

    def _forget(self, delivery: asyncio.Task[httpx.Response]) -> None:
        self._under_way.discard(delivery)
        if not delivery.cancelled():
            delivery.exception()  # nobody may be left to ask for it


class Line:
    """One stream's connection, as the client and the application see it."""

    def __init__(self, life: Life, random: Random, scramble: Callable[[], float]) -> None:
        self._life = life
        self._random = random
        self._scramble = scramble
        self._loop = asyncio.get_running_loop()
        self._to_app: asyncio.Queue[MutableMapping[str, Any]] = asyncio.Queue()
        self._to_client: asyncio.Queue[str | None] = asyncio.Queue()
        self._last_s = 0.0
        self.answered: asyncio.Future[int] = self._loop.create_future()
        self.scrambled = 0
        self._to_app.put_nowait({"type": "websocket.connect"})

    # --- the client's end -----------------------------------------------------------------------

    async def send(self, text: str) -> None:
        await self._life.gate("stream.send", "before")
        self._to_app.put_nowait({"type": "websocket.receive", "text": text})

    async def recv(self) -> str:
        text = await self._to_client.get()
        await self._life.gate("stream.recv", "after")
        if text is None:
            self._to_client.put_nowait(None)
            raise ConnectionClosedError(None, None)
        return text

    def hang_up(self) -> None:
        self._to_app.put_nowait({"type": "websocket.disconnect", "code": 1006})

    def cut(self) -> None:
        self._to_client.put_nowait(None)
        self.hang_up()

    def freeze(self) -> None:
        self._loop.call_later(DEAD_AFTER_S, self.cut)

    # --- the application's end ------------------------------------------------------------------

    async def receive(self) -> MutableMapping[str, Any]:
        return await self._to_app.get()

    async def answer(self, message: MutableMapping[str, Any]) -> None:
        match message["type"]:
            case "websocket.accept":
                self.answered.set_result(101)
            case "websocket.http.response.start":
                self.answered.set_result(message["status"])
            case "websocket.send":
                self._carry(message["text"])

    def _carry(self, text: str) -> None:
        now_s = self._loop.time()
        # Timers of the same instant go off in any order.
        arrives_s = max(self._last_s + 1e-6, now_s + self._random.uniform(0.005, 0.05))
        if self._random.random() < self._scramble():
            # It overtakes, or is overtaken by, what was sent about the same time.
            self.scrambled += 1
            arrives_s = now_s + self._random.uniform(0.0, 3.0)
        else:
            self._last_s = arrives_s
        self._loop.call_at(arrives_s, self._to_client.put_nowait, text)


class Streams:
    """Opens the streams of one process."""

    def __init__(
        self, sandbox: Sandbox, life: Life, random: Random, scramble: Callable[[], float]
    ) -> None:
        self._sandbox = sandbox
        self._life = life
        self._random = random
        self._scramble = scramble
        self.lines: list[Line] = []
        self._serving: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def connect(self, url: str, headers: Mapping[str, str]) -> AsyncIterator[Line]:
        await self._life.gate("stream.connect", "before")
        line = Line(self._life, self._random, self._scramble)
        self.lines.append(line)
        self._life.hang_up.append(line.cut)
        served = task_of(None, self._serve(url, headers, line))
        self._serving.add(served)
        served.add_done_callback(self._serving.discard)
        await asyncio.sleep(self._random.uniform(0.01, 0.1))
        status = await line.answered
        if status != 101:
            raise InvalidStatus(Response(status, "refused", Headers()))
        try:
            yield line
        finally:
            line.hang_up()

    async def _serve(self, url: str, headers: Mapping[str, str], line: Line) -> None:
        scope = {
            "type": "websocket",
            "path": urlsplit(url).path,
            "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()],
            "extensions": {ABORT: line.cut, FREEZE: line.freeze},
        }
        try:
            await self._sandbox(scope, line.receive, line.answer)
        finally:
            if not line.answered.done():
                line.answered.set_result(503)
