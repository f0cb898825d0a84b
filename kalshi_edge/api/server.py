"""The API's composition: an application around a running trader, and the server that serves it."""

import asyncio
import contextlib
import ipaddress
import json
import socket
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from pydantic.json_schema import models_json_schema
from starlette.types import ASGIApp

from kalshi_edge import __version__
from kalshi_edge.api.commands import CommandQueue
from kalshi_edge.api.connections import SWEPT_EVERY_S, Capacity, Closed, Connections
from kalshi_edge.api.context import ApiContext
from kalshi_edge.api.control_socket import NAME, control_listener
from kalshi_edge.api.deps import Parts
from kalshi_edge.api.descriptors import capacity_of, raised_limit
from kalshi_edge.api.hub import Hub
from kalshi_edge.api.live_topics import Topics
from kalshi_edge.api.metrics import Metrics
from kalshi_edge.api.middleware import ApiMiddleware, Policy, only_control
from kalshi_edge.api.problems import add_problem_answers
from kalshi_edge.api.protocols import ServerConfig
from kalshi_edge.api.request_log import MeteredLog, Write, new_log
from kalshi_edge.api.routes import live, probes, reads, writes
from kalshi_edge.api.schemas.live import Heartbeat, Resumed, Snapshot, Update
from kalshi_edge.api.schemas.status import Problem
from kalshi_edge.api.ws_tickets import Tickets
from kalshi_edge.config import Settings
from kalshi_edge.errors import SettingError, StateError
from kalshi_edge.runtime.kept import kept

MINUTE_S = 60.0
QUEUED = 1024
"""Connections that wait for being accepted."""
CONTROL_AGAIN_S = 5.0
CONTROL_CAPACITY = Capacity(strangers=16, known=16)

ABOUT = """
What a running trader knows, and the few things that people may ask of it.

Money, prices and counts are decimal strings; instants are ISO 8601 in UTC; a bare number carries
its unit in its name. Every error has one shape, `Problem`. Writes take an `Idempotency-Key`. Over
`/ws/live` come a `Snapshot`, then numbered `Update`s; a `Heartbeat` where nothing happens.
"""


def create_app(parts: Parts | None = None) -> FastAPI:
    """The application; without ``parts`` it can only describe itself."""
    app = FastAPI(
        title="Kalshi Edge Trader",
        version=__version__,
        description=ABOUT,
        docs_url="/api/docs",
        redoc_url=None,
        openapi_url="/api/openapi.json",
        swagger_ui_parameters={"defaultModelsExpandDepth": 0},
    )
    app.state.parts = parts
    for router in (probes.router, reads.router, writes.router, live.router):
        app.include_router(router)
    add_problem_answers(app)
    app.openapi = lambda: _document(app, parts)  # type: ignore[method-assign]
    return app


def openapi_text() -> str:
    """The OpenAPI document as it is kept beside the dashboard."""
    return json.dumps(create_app().openapi(), indent=1, ensure_ascii=False) + "\n"


def _document(app: FastAPI, parts: Parts | None) -> dict[str, Any]:
    """FastAPI's own document, with the shapes of the live connection and of every error."""
    if app.openapi_schema is None:
        document = FastAPI.openapi(app)
        messages = [(shape, "serialization") for shape in (Snapshot, Update, Heartbeat, Resumed)]
        problem = (Problem, "serialization")
        _, shapes = models_json_schema(
            [*messages, problem],  # type: ignore[list-item]
            ref_template="#/components/schemas/{model}",
        )
        known = document["components"]["schemas"]
        known.update({name: one for name, one in shapes["$defs"].items() if name not in known})
        for unused in ("HTTPValidationError", "ValidationError"):
            known.pop(unused, None)
        if parts is not None and not parts.policy.api_key:
            _without_key(document)
        app.openapi_schema = document
    return app.openapi_schema


def _without_key(document: dict[str, Any]) -> None:
    """A server that asks for no key documents none."""
    document["components"].pop("securitySchemes")
    for methods in document["paths"].values():
        for operation in methods.values():
            operation.pop("security", None)


@dataclass(frozen=True, slots=True)
class Address:
    """Where the API listens."""

    host: str
    port: int


def address_of(settings: Settings) -> Address:
    """Where the API listens; without a key on this machine only, whatever ``API_HOST`` says."""
    has_key = bool(settings.api_secret_key.get_secret_value())
    host = settings.api_host if has_key or _is_loopback(settings.api_host) else "127.0.0.1"
    return Address(host, settings.api_port)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def bound(address: Address) -> socket.socket:
    """A socket that listens there; at ``::`` for both kinds of address, as Node does.

    Raises ``SettingError`` where none can.
    """
    both = address.host == "::" and socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        listener = socket.create_server(
            (address.host, address.port), family=family, backlog=512, dualstack_ipv6=both
        )
    except OSError as error:
        raise SettingError(
            f"API_PORT is {address.port}: nothing can listen at {address.host}: {error.strerror}"
        ) from error
    # Connections have it from here. asyncio sees a protocol of 0 and leaves it out: a body would
    # wait for the acknowledgement of its headers, 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


class Api:
    """The API of one trader: what it remembers, and its two servers.

    The public one is for everybody with the key; the control socket is for the machine's owner, has
    connections of its own, and knows the commands of the command line only.
    """

    def __init__(
        self, context: ApiContext, policy: Policy, write: Write, capacity: Capacity | None = None
    ) -> None:
        hub, now_s = Hub(context.now), asyncio.get_running_loop().time
        self.connections = Connections(capacity or Capacity(), now_s)
        self.parts = Parts(
            context=context,
            policy=policy,
            hub=hub,
            commands=CommandQueue(context.trader, context.read_model),
            tickets=Tickets(now_s),
            metrics=Metrics(context, hub, self.connections),
        )
        self.topics = Topics(context, lambda: hub.clients)
        self._control = Connections(CONTROL_CAPACITY, now_s)
        self._log = new_log(write)
        self._metered = MeteredLog(self._log)
        context.read_model.listeners.append(hub.wake)
        hub.tell(self.topics.changes())

    @property
    def app(self) -> ASGIApp:
        """The application behind its doorway."""
        parts = self.parts
        app = create_app(parts)
        app.add_middleware(
            CORSMiddleware,
            allow_origins=parts.policy.origins,
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["Content-Type", "Idempotency-Key", "X-API-Key", "X-Acting"],
            expose_headers=["X-Request-Id", "Retry-After"],
        )
        return self._entered(app, parts.policy)

    @property
    def control_app(self) -> ASGIApp:
        """What the control socket serves: without a key, and with limits of its own."""
        parts = replace(
            self.parts,
            policy=Policy(),
            commands=CommandQueue(self.parts.context.trader, self.parts.context.read_model),
        )
        return only_control(self._entered(create_app(parts), parts.policy))

    def _entered(self, app: ASGIApp, policy: Policy) -> ASGIApp:
        return ApiMiddleware(app, policy, self._log, self._metered, self.parts.metrics.watch)

    async def serve(self, listener: socket.socket, control: Path | None = None) -> None:
        """Serve until cancelled, then let requests under way end.

        At ``listener``, and at the socket in the folder ``control`` where there is one. A part that
        raises is logged and begun again.
        """
        host, port = listener.getsockname()[:2]
        only_here = "" if self.parts.policy.api_key else "no API_SECRET_KEY: this machine only"
        self._log.info("api", host=host, port=port, note=only_here)
        works: dict[str, Callable[[], Awaitable[None]]] = {
            "live connection": lambda: self.parts.hub.run(self.topics.changes),
            "connections": self._sweep,
            "api": lambda: self._serve(self.app, self.connections, listener),
        }
        if control is not None:
            works["control socket"] = lambda: self._serve_control(control)
        async with asyncio.TaskGroup() as group:
            for part, work in works.items():
                group.create_task(kept(part, work, self._failed))

    async def _serve_control(self, folder: Path) -> None:
        said = ""
        while True:
            try:
                with control_listener(folder) as listener:
                    self._log.info("control socket", path=str(folder / NAME))
                    await self._serve(self.control_app, self._control, listener)
            except StateError as error:
                if str(error) != said:
                    said = str(error)
                    self._log.warning("no control socket", error=said)
                await asyncio.sleep(CONTROL_AGAIN_S)

    async def _serve(self, app: ASGIApp, connections: Connections, listener: socket.socket) -> None:
        server = _Server(ServerConfig(app, connections, self._metered.server_logger))
        serving = asyncio.create_task(server.serve([listener]))
        try:
            await asyncio.shield(serving)
        finally:
            server.should_exit = True
            with contextlib.suppress(asyncio.CancelledError):
                await serving

    async def _sweep(self) -> None:
        """Close what dawdles; once a minute, say what was closed and what was not logged."""
        now_s = asyncio.get_running_loop().time
        said, minute_s = Counter[Closed](), now_s() + MINUTE_S
        while True:
            await asyncio.sleep(SWEPT_EVERY_S)
            self.connections.sweep()
            self._control.sweep()
            if now_s() >= minute_s:
                closed = self.connections.closed.copy()
                self._metered.minute({str(why): n for why, n in (closed - said).items()})
                said, minute_s = closed, now_s() + MINUTE_S

    def _failed(self, part: str, error: Exception) -> None:
        self.parts.context.trader.failures.note(part, error)
        self._metered.failed("part failed", error, part=part)


class _Server(uvicorn.Server):
    """Uvicorn inside a program that has its own way of ending."""

    def capture_signals(self) -> contextlib.AbstractContextManager[None]:  # type: ignore[override]
        """Signals are the program's."""
        return nullcontext()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen; the system queues more than are accepted at once, and that costs us nothing."""
        await super().startup(sockets)
        for one in sockets or ():
            one.listen(QUEUED)


def policy_of(settings: Settings) -> Policy:
    """Who may come in, as the settings say."""
    return Policy(
        api_key=settings.api_secret_key.get_secret_value(),
        origins=tuple(settings.frontend_url),
    )


async def run_with_api(
    context: ApiContext,
    policy: Policy,
    listener: socket.socket,
    write: Write,
    control: Path | None = None,
) -> None:
    """Trade and serve until cancelled; trading that ends takes the API with it, never the reverse.

    The control socket is in the folder ``control``, where there is one.
    """
    capacity, failed = capacity_of(raised_limit()), context.trader.failures.note

    async def served() -> None:
        await Api(context, policy, write, capacity).serve(listener, control)

    async with asyncio.TaskGroup() as group:
        serving = group.create_task(kept("api", served, failed))
        await context.trader.run()
        serving.cancel()
