"""The sandbox as one process: exchange, weather and control on one port, world time running.

Everything it shows is made up, and says so: every answer carries ``X-Synthetic: yes``.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any, TypeAlias

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from kalshi_edge.clock import Clock, SystemClock, WorldClock
from kalshi_edge.data.weather.stations import station_of
from kalshi_sandbox.exchange.control.app import control_app
from kalshi_sandbox.exchange.control.controls import Controls
from kalshi_sandbox.exchange.rest.app import ABORT, PREFIX, Receive, RestEdge, Scope, Send
from kalshi_sandbox.exchange.stream.hub import Hub
from kalshi_sandbox.exchange.stream.socket import FREEZE, STREAM_PATH, StreamEdge
from kalshi_sandbox.exchange.venue.exchange import Exchange, new_exchange
from kalshi_sandbox.exchange.venue.market_makers import Habits
from kalshi_sandbox.exchange.venue.weather_adapter import WorldNature
from kalshi_sandbox.weather.faults import Faults as WeatherFaults
from kalshi_sandbox.weather.product_feed import Newsroom
from kalshi_sandbox.weather.service import weather_app
from kalshi_sandbox.world.world import World

App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

TICK = timedelta(milliseconds=100)
"""Real time between the steps of a world to which nobody speaks."""

HEARTBEAT = b"heartbeat"
PING_EVERY_S = 10.0


@dataclass(slots=True)
class Sandbox:
    """The ASGI application of everything, and the clock that moves it."""

    exchange: Exchange
    clock: WorldClock
    rest: RestEdge
    streams: StreamEdge
    control: App
    weather: App

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request to whom it is for."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        path = scope["path"]
        if scope["type"] == "websocket" and path == STREAM_PATH:
            await self.streams(scope, receive, send)
        elif path.startswith("/control/"):
            await self.control({**scope, "root_path": "/control"}, receive, send)
        elif path.startswith(f"{PREFIX}/"):
            await self.rest(scope, receive, send)
        else:
            await self.weather(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()  # lifespan.startup
        running = asyncio.create_task(self._run())
        await send({"type": "lifespan.startup.complete"})
        await receive()  # lifespan.shutdown
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await send({"type": "lifespan.shutdown.complete"})

    async def _run(self) -> None:
        while True:
            self.exchange.venue.advance(self.clock.now())
            await asyncio.sleep(TICK.total_seconds())


@dataclass(frozen=True, slots=True)
class Plan:
    """What to simulate: which cities, from when, how fast."""

    cities: tuple[str, ...] = ("NYC", "LA", "MIA", "CHI", "PHX")
    seed: int = 1
    start_at: datetime | None = None
    """World time to begin at; ``None`` for the machine's."""
    speed: float = 1.0
    """World seconds per real second."""
    history: timedelta = timedelta(days=2)
    """How long the exchange has been trading when it opens its doors."""
    habits: Habits | None = field(default_factory=Habits)
    """Of the other traders; ``None`` for nobody else."""


def new_sandbox(plan: Plan, wall: Clock | None = None) -> Sandbox:
    """A sandbox that has lived through its history and waits to be served."""
    wall = wall or SystemClock()
    opens_at = plan.start_at or wall.now()
    world, faults = World(plan.seed), WeatherFaults()
    nature = WorldNature(world, Newsroom(world, faults))
    stations = [station_of(city) for city in plan.cities]
    begun_at = opens_at - plan.history
    exchange = new_exchange(nature, stations, begun_at, seed=plan.seed, habits=plan.habits)
    exchange.venue.advance(opens_at)
    # Living through the history took a while: a world of the machine's time begins only now.
    clock = WorldClock(plan.start_at or wall.now(), speed=plan.speed, real=wall)
    return sandbox_of(exchange, world, faults, clock, wall)


def sandbox_of(
    exchange: Exchange, world: World, faults: WeatherFaults, clock: WorldClock, wall: Clock
) -> Sandbox:
    """The application of an exchange and a world; ``clock`` is world time, ``wall`` real time."""
    streams = StreamEdge(exchange, Hub(exchange), clock, wall)
    return Sandbox(
        exchange,
        clock,
        rest=RestEdge(exchange, clock, wall),
        streams=streams,
        control=control_app(Controls(exchange, streams, clock, faults)),
        weather=weather_app(world, clock, faults),
    )


class _Http(H11Protocol):
    """HTTP whose application may cut the connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app = _offering(self.app, {ABORT: transport.abort})


class _WebSocket(WebSocketsSansIOProtocol):
    """A WebSocket that pings as Kalshi does, and that may be cut or left half open."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.app = _offering(self.app, {ABORT: self.transport.abort, FREEZE: self._freeze})

    def send_keepalive_ping(self) -> None:
        """Send ``heartbeat``, and again after the interval; a missing pong is forgiven."""
        if self.close_sent or self.transport.is_closing():
            return
        self.conn.send_ping(HEARTBEAT)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.schedule_ping()

    def _freeze(self) -> None:
        self.stop_keepalive()
        self.transport.pause_reading()


def _offering(app: Any, extensions: MutableMapping[str, Callable[[], None]]) -> Any:
    async def offering(scope: Scope, receive: Receive, send: Send) -> None:
        known = scope.get("extensions") or {}
        await app({**scope, "extensions": {**known, **extensions}}, receive, send)

    return offering


def _dated(sandbox: Sandbox) -> App:
    """The application, whose answers carry the date of the sandbox's own machine."""

    async def dated(scope: Scope, receive: Receive, send: Send) -> None:
        async def sent(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                date = format_datetime(sandbox.rest.wall.now(), usegmt=True)
                message["headers"] = [*message.get("headers", ()), (b"date", date.encode())]
            await send(message)

        await sandbox(scope, receive, sent if scope["type"] == "http" else send)

    return dated


def server(
    sandbox: Sandbox,
    *,
    host: str = "127.0.0.1",
    port: int = 8765,
    ping_every_s: float = PING_EVERY_S,
) -> uvicorn.Server:
    """A server for ``sandbox``, to be run by ``run()`` or ``serve()``."""
    config = uvicorn.Config(
        _dated(sandbox),
        host=host,
        port=port,
        http=_Http,
        ws=_WebSocket,
        lifespan="on",
        date_header=False,  # uvicorn's is of its last tick, which a busy machine has behind it
        ws_ping_interval=ping_every_s,
        ws_per_message_deflate=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=2,  # a frozen stream would never end by itself
        access_log=False,
        log_level="warning",
    )
    return uvicorn.Server(config)
