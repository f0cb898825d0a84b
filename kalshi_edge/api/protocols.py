"""Uvicorn's protocols with our limits: every connection is entered, timed and bounded."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import Any

import uvicorn
from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from kalshi_edge.api.connections import LONGEST_BODY_SENT, Connection, Connections
from kalshi_edge.api.descriptors import BURST

LET_IN = "let in"
"""The key in an ASGI scope's extensions of what makes the request's connection known."""
MOST_PIPELINED = 16
"""Requests of one connection that wait for the answer to an earlier one."""
LONGEST_MESSAGE = 4096
STOP_WITHIN_S = 3


class ServerConfig(uvicorn.Config):
    """Uvicorn's settings for one of our servers, with its connections and its log."""

    def __init__(self, app: Any, connections: Connections, logger: logging.Logger) -> None:
        self.all_connections = connections
        self.logger = logger
        super().__init__(
            app,
            http=LimitedHttp,
            ws="websockets-sansio",
            lifespan="off",
            backlog=BURST,
            ws_max_size=LONGEST_MESSAGE,
            ws_per_message_deflate=False,
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=STOP_WITHIN_S,
        )


def let_in(scope: Scope) -> None:
    """The request may come in: its connection is no stranger's any more."""
    know: Callable[[], None] | None = (scope.get("extensions") or {}).get(LET_IN)
    if know is not None:  # a server of ours took it
        know()


class LimitedHttp(HttpToolsProtocol):
    """HTTP over a connection that is entered, timed and bounded."""

    config: ServerConfig

    def __init__(self, config: ServerConfig, *args: Any, **more: Any) -> None:
        super().__init__(config, *args, **more)
        self.logger = config.logger
        self._all = config.all_connections
        self._connection: Connection | None = None
        self._unanswered = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Enter it."""
        super().connection_made(transport)
        address = self.client[0] if self.client else ""
        self._connection = self._all.enter(transport, address)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        super().connection_lost(exc)
        if self._connection is not None:
            self._all.leave(self._connection)

    def data_received(self, data: bytes) -> None:
        """Take in what came, unless it is too much."""
        one = self._connection
        if one is None or self.transport.is_closing():
            return
        if not one.is_receiving and not self._unanswered:
            self._all.receiving(one)  # what comes may be no request yet
        if not self._all.is_too_long(one, len(data)):
            super().data_received(data)

    def on_message_begin(self) -> None:
        """Begin a request."""
        if len(self.pipeline) >= MOST_PIPELINED:
            raise ValueError(f"over {MOST_PIPELINED} requests wait")  # the parser closes it
        super().on_message_begin()
        self._unanswered += 1
        if self._connection is not None:
            self._all.receiving(self._connection)
            know = partial(self._all.know, self._connection)
            self.scope["extensions"] = {LET_IN: know}  # type: ignore[dict-item]

    def on_headers_complete(self) -> None:
        """End a header; a body may follow."""
        if self._connection is not None:
            self._connection.left = LONGEST_BODY_SENT
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """End a request."""
        super().on_message_complete()
        if self._connection is not None:
            self._all.answering(self._connection)

    def on_response_complete(self) -> None:
        """End an answer; it has still to be taken."""
        super().on_response_complete()
        self._unanswered -= 1
        one = self._connection
        if one is not None and not one.is_receiving:
            self._all.answering(one)

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over."""
        if self._connection is not None:
            self.ws_protocol_class = partial(LimitedLive, connection=self._connection)  # type: ignore[assignment]
        super().handle_websocket_upgrade()


class LimitedLive(WebSocketsSansIOProtocol):
    """A WebSocket over such a connection."""

    def __init__(
        self, config: ServerConfig, *args: Any, connection: Connection, **more: Any
    ) -> None:
        super().__init__(config, *args, **more)
        self.logger = config.logger
        self._all = config.all_connections
        self._connection = connection
        self._all.unhurried(connection)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        super().connection_lost(exc)
        self._all.leave(self._connection)

    def pause_writing(self) -> None:
        """The other side does not read: not for ever."""
        super().pause_writing()
        self._all.answering(self._connection)

    def resume_writing(self) -> None:
        """It reads again."""
        super().resume_writing()
        self._all.unhurried(self._connection)

    async def run_asgi(self) -> None:
        """Let the application know over which connection it is asked."""
        self.scope["extensions"][LET_IN] = partial(self._all.know, self._connection)  # type: ignore[assignment]
        await super().run_asgi()
