"""While a trader starts, its API's address says so at once, and hands over without a gap."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from kalshi_edge.api.schemas.status import Problem, Readiness
from kalshi_edge.api.server import Address, bound
from kalshi_edge.api.starting import (
    LONGEST_HEAD,
    MOST_AT_ONCE,
    answering_while_starting,
)


@asynccontextmanager
async def starting() -> AsyncIterator[int]:
    with bound(Address("127.0.0.1", 0)) as listener:
        async with answering_while_starting(listener):
            yield listener.getsockname()[1]


async def test_readiness_and_refusals_have_the_shapes_of_the_api() -> None:
    async with starting() as port, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
        ready = await http.get("/api/ready?x=1")
        assert ready.status_code == 503
        assert not Readiness.model_validate(ready.json()).is_ready
        alive = await http.get("/api/health")
        assert (alive.status_code, alive.json()) == (200, {"status": "starting"})
        halt = await http.post("/api/risk/halt", json={"reason": "now"})
        assert (halt.status_code, halt.headers["Retry-After"]) == (503, "1")
        assert halt.headers["Content-Type"] == "application/problem+json"
        problem = Problem.model_validate(halt.json())
        assert (problem.detail, problem.instance) == ("the trader is starting", "/api/risk/halt")


async def test_whatever_is_sent_is_answered_or_closed() -> None:
    async with starting() as port:
        for sent in (b"\r\n\r\n", b"\xff\xfe\r\n\r\n", b"GET\r\n\r\n", b"x" * (2 * LONGEST_HEAD)):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(sent)
            writer.write_eof()
            said = await reader.read()
            assert said.startswith(b"HTTP/1.1 503") or not said
            writer.close()


async def test_no_more_than_so_many_wait_at_once() -> None:
    async with starting() as port:
        idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(MOST_AT_ONCE)]
        reader, one_more = await asyncio.open_connection("127.0.0.1", port)
        assert await reader.read() == b""
        for _, writer in (*idle, (reader, one_more)):
            writer.close()
        async with httpx.AsyncClient() as http:
            assert (await http.get(f"http://127.0.0.1:{port}/api/ready")).status_code == 503


async def test_whoever_connects_around_the_hand_over_is_served_by_the_next() -> None:
    with bound(Address("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        async with answering_while_starting(listener) as started:
            started()
            # Nobody accepts now: the connection waits at the listener.
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"hello")

            async def serve(asked: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
                await asked.readexactly(len(b"hello"))
                answer.write(b"the API")
                answer.close()

            async with await asyncio.start_server(serve, sock=listener.dup()):
                assert await reader.read() == b"the API"
            writer.close()
