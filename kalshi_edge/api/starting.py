"""What answers at the API's address while the trader starts: that it does, and no more.

A start may wait for another process's lease, or read a journal. Whoever asks meanwhile is told so
at once and is not kept waiting. Every connection carries one request.
"""

import asyncio
import json
import secrets
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from kalshi_edge.api.middleware import LIVENESS
from kalshi_edge.api.problems import MEDIA_TYPE, problem_response

LONGEST_HEAD = 8192
ANSWERED_WITHIN_S = 5.0
MOST_AT_ONCE = 64

READY = "/api/ready"
REASON = "the trader is starting"


@asynccontextmanager
async def answering_while_starting(listener: socket.socket) -> AsyncIterator[Callable[[], None]]:
    """Answers at ``listener`` until what it gives is called, or the block ends."""
    under_way = set[asyncio.Task[None]]()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(under_way) >= MOST_AT_ONCE:
            writer.close()
            return
        task = asyncio.create_task(_answer(reader, writer))
        under_way.add(task)
        task.add_done_callback(under_way.discard)

    # A copy, so that closing it leaves the listener, and whoever waits there, to the API.
    server = await asyncio.start_server(connected, sock=listener.dup(), limit=LONGEST_HEAD)

    try:
        yield server.close  # who has asked already is still answered
    finally:
        server.close()
        for task in under_way:
            task.cancel()


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        async with asyncio.timeout(ANSWERED_WITHIN_S):
            head = await reader.readuntil(b"\r\n\r\n")
            writer.write(response_to(head))
            await writer.drain()
    with suppress(OSError):
        writer.close()


def response_to(head: bytes) -> bytes:
    r"""The bytes that answer a request with this head.

    >>> response_to(b"POST /api/risk/halt HTTP/1.1\r\n\r\n").split(b"\r\n")[0]
    b'HTTP/1.1 503 Service Unavailable'
    """
    line = head.split(b"\r\n", 1)[0].decode("ascii", "replace")
    path = line.partition(" ")[2].partition(" ")[0].partition("?")[0]
    if path == LIVENESS:  # a host that waits for this may end the process that has the lease
        return _response("application/json", b'{"status":"starting"}', "200 OK")
    if path == READY:
        ready = {"is_ready": False, "reasons": [REASON]}
        return _response("application/json", json.dumps(ready).encode())
    problem = problem_response(503, REASON, path=path, request_id=secrets.token_hex(8))
    return _response(MEDIA_TYPE, bytes(problem.body))


def _response(media_type: str, body: bytes, status: str = "503 Service Unavailable") -> bytes:
    head = (
        f"HTTP/1.1 {status}",
        f"Content-Type: {media_type}",
        f"Content-Length: {len(body)}",
        "Retry-After: 1",
        "Connection: close",
    )
    return "\r\n".join((*head, "", "")).encode() + body
