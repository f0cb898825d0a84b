"""The API's composition: an application around a running trader, and the server that serves it."""

import asyncio
import contextlib
import ipaddress
import json
import socket
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import uvicorn
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from pydantic.json_schema import models_json_schema
from starlette.types import ASGIApp

from kalshi_edge.api.commands import CommandQueue
from kalshi_edge.api.context import ApiContext
from kalshi_edge.api.deps import Parts
from kalshi_edge.api.hub import Hub
from kalshi_edge.api.live_topics import Topics
from kalshi_edge.api.metrics import Metrics
from kalshi_edge.api.middleware import ApiMiddleware, Policy
from kalshi_edge.api.problems import add_problem_answers
from kalshi_edge.api.request_log import Write, new_log
from kalshi_edge.api.routes import live, probes, reads, writes
from kalshi_edge.api.schemas.live import Heartbeat, Resumed, Snapshot, Update
from kalshi_edge.api.schemas.status import Problem
from kalshi_edge.api.views.status import VERSION
from kalshi_edge.api.ws_tickets import Tickets
from kalshi_edge.config import Settings
from kalshi_edge.errors import SettingError

LONGEST_MESSAGE = 4096
STOP_WITHIN_S = 3

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
        version=VERSION,
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
    """The API of one trader: what it remembers, and the server."""

    def __init__(self, context: ApiContext, policy: Policy, write: Write) -> None:
        hub = Hub(context.now)
        self.parts = Parts(
            context=context,
            policy=policy,
            hub=hub,
            commands=CommandQueue(context.trader, context.read_model),
            tickets=Tickets(asyncio.get_running_loop().time),
            metrics=Metrics(context, hub),
        )
        self.topics = Topics(context, lambda: hub.clients)
        self._log = new_log(write)
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
        return ApiMiddleware(app, parts.policy, self._log, parts.metrics.watch)

    async def serve(self, listener: socket.socket) -> None:
        """Serve until cancelled, then let requests under way end."""
        host, port = listener.getsockname()[:2]
        only_here = "" if self.parts.policy.api_key else "no API_SECRET_KEY: this machine only"
        self._log.info("api", host=host, port=port, note=only_here)
        server = _Server(_config(self.app))
        async with asyncio.TaskGroup() as group:
            telling = group.create_task(self.parts.hub.run(self.topics.changes))
            serving = asyncio.create_task(server.serve([listener]))
            try:
                await asyncio.shield(serving)
            finally:
                server.should_exit = True
                with contextlib.suppress(asyncio.CancelledError):
                    await serving
                telling.cancel()


class _Server(uvicorn.Server):
    """Uvicorn inside a program that has its own way of ending."""

    def capture_signals(self) -> contextlib.AbstractContextManager[None]:  # type: ignore[override]
        """Signals are the program's."""
        return nullcontext()


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        lifespan="off",
        ws="websockets-sansio",
        ws_max_size=LONGEST_MESSAGE,
        ws_per_message_deflate=False,
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=STOP_WITHIN_S,
    )


def policy_of(settings: Settings) -> Policy:
    """Who may come in, as the settings say."""
    return Policy(
        api_key=settings.api_secret_key.get_secret_value(),
        origins=tuple(settings.frontend_url),
    )


async def run_with_api(
    context: ApiContext, policy: Policy, listener: socket.socket, write: Write
) -> None:
    """Trade and serve until cancelled; trading that ends takes the API with it."""
    async with asyncio.TaskGroup() as group:
        serving = group.create_task(Api(context, policy, write).serve(listener))
        await context.trader.run()
        serving.cancel()
