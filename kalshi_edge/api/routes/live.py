"""The live connection and the passes that open it."""

import asyncio
import hmac
import time
from typing import Annotated

from fastapi import APIRouter, Query, WebSocket

from kalshi_edge.api.deps import Here, Parts, documented_key
from kalshi_edge.api.hub import Client
from kalshi_edge.api.middleware import is_allowed
from kalshi_edge.api.problems import Refusal, documented
from kalshi_edge.api.protocols import let_in
from kalshi_edge.api.schemas.commands import Ticket
from kalshi_edge.api.ws_tickets import LASTS_S

PATH = "/ws/live"
SUBPROTOCOL = "kalshi-edge.live"
CHATTER = 20
"""So many messages a client may send in ``CHATTER_S``; it has nothing to say."""
CHATTER_S = 10.0

NOT_ALLOWED, TOO_MANY, TRY_AGAIN = 1008, 1013, 1013

router = APIRouter()


@router.post(
    "/api/ws-ticket",
    tags=["live"],
    dependencies=[documented_key],
    responses=documented(401, 403, 413, 414, 422, 429, 503),
)
async def ws_ticket(here: Here) -> Ticket:
    """A pass for one live connection, good for half a minute."""
    ticket = here.tickets.new()
    if ticket is None:
        raise Refusal(503, "too many passes are waiting to be used", {"Retry-After": "30"})
    return Ticket(
        ticket=ticket, expires_in_s=LASTS_S, path=PATH, subprotocols=[SUBPROTOCOL, ticket]
    )


@router.websocket(PATH)
async def live(
    socket: WebSocket,
    here: Here,
    stream: Annotated[str, Query(max_length=64)] = "",
    after: Annotated[int, Query(ge=-1, le=2**53)] = -1,
) -> None:
    """A snapshot, then numbered updates; with ``stream`` and ``after`` only what is missing."""
    if not _may_enter(socket, here):
        await socket.close(NOT_ALLOWED, "no valid ticket")
        return
    let_in(socket.scope)
    client = here.hub.join(stream, after)
    if client is None:
        await socket.close(TOO_MANY, "too many clients")
        return
    try:
        subprotocols = socket.scope["subprotocols"]
        await socket.accept(SUBPROTOCOL if SUBPROTOCOL in subprotocols else None)
        await _until_over(socket, client)
    finally:
        here.hub.leave(client)


def _may_enter(socket: WebSocket, here: Parts) -> bool:
    origin, key = socket.headers.get("origin"), here.policy.api_key
    if origin is not None and not is_allowed(origin, socket.headers, here.policy):
        return False
    given = socket.headers.get("x-api-key", "")
    has_key = bool(key) and hmac.compare_digest(given.encode(), key.encode())
    return has_key or any(here.tickets.redeem(name) for name in socket.scope["subprotocols"])


async def _until_over(socket: WebSocket, client: Client) -> None:
    """Send and listen until the client goes, is too slow, or talks too much."""
    parts = (_tell(socket, client), _listen(socket), client.is_dropped.wait())
    tasks = [asyncio.ensure_future(part) for part in parts]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    if not client.is_dropped.is_set() and not tasks[1].cancelled() and tasks[1].result():
        await socket.close(NOT_ALLOWED, "this connection is for listening")


async def _tell(socket: WebSocket, client: Client) -> None:
    while True:
        await socket.send_text(await client.next())


async def _listen(socket: WebSocket) -> bool:
    """Wait for the client to go; ``True`` where it talks instead."""
    since_s, recorded = time.monotonic(), 0
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return False
        if time.monotonic() - since_s > CHATTER_S:
            since_s, recorded = time.monotonic(), 0
        recorded += 1
        if recorded > CHATTER:
            return True
