"""Strangers do their worst to a trader's API: its owner is answered, and can halt it.

The trader is a process of its own; the flood comes from the test's. Figures are printed, and none
of them is a limit: what is asserted is that everything goes on while the flood does.
"""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from kalshi_edge.api.control_socket import control_folder
from kalshi_edge.api.descriptors import raised_limit
from kalshi_edge.api.request_log import LINES_A_MINUTE
from tests.support.patience import PATIENCE_S
from tests.support.served import served
from tests.support.trader_process import KEY, TraderProcess, trader_process

pytestmark = pytest.mark.realtime

UNFINISHED = 1150
WRONG_KEYS = 600
SLOW_READERS = 40
SWITCH = "/api/risk/status"


@asynccontextmanager
async def keyed_trader(
    folder: Path, *, shell: str = ""
) -> AsyncIterator[tuple[TraderProcess, int]]:
    """A paper trader with a key, and the port of its API."""
    async with served(folder) as (_, settings):
        environment = {
            "CITIES": "NYC",
            "SANDBOX_URL": settings.sandbox_url,
            "STORE_PATH": str(folder / "trader.db"),
            "API_SECRET_KEY": KEY,
        }
        listens = '"event":"control socket"'
        async with trader_process(folder, environment, shell=shell, until=listens) as running:
            (begun,) = [line for line in lines(running) if line["event"] == "api"]
            yield running, begun["port"]


def lines(running: TraderProcess) -> list[dict[str, Any]]:
    return [json.loads(line) for line in running.log.read_text().splitlines()]


@asynccontextmanager
async def unfinished_headers(port: int) -> AsyncIterator[None]:
    """So many connections whose header never ends, opened again as soon as they are closed."""

    async def one() -> None:
        while True:
            with suppress(OSError):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                try:
                    writer.write(b"GET /api/ready HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
                    await reader.read()
                finally:
                    writer.transport.abort()
            await asyncio.sleep(1)

    tasks = [asyncio.create_task(one()) for _ in range(UNFINISHED)]
    await asyncio.sleep(1)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def wrong_keys(port: int) -> int:
    """Ask so often with a wrong key; how often that was refused."""
    refused = 0
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S) as http:
        while refused < WRONG_KEYS:
            with suppress(httpx.TransportError):
                answer = await http.get(SWITCH, headers={"X-API-Key": "guess"})
                assert answer.status_code in {401, 429}
                refused += 1
    return refused


@asynccontextmanager
async def slow_readers(port: int) -> AsyncIterator[None]:
    """Live connections that were opened with the key and are never read."""
    opened: list[socket.socket] = []
    try:
        for _ in range(SLOW_READERS):
            one = socket.socket()
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            opened.append(one)
            await asyncio.to_thread(one.connect, ("127.0.0.1", port))
            one.sendall(
                f"GET /ws/live HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {KEY}\r\n"
                "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
            )
        yield
    finally:
        for one in opened:
            one.close()


async def answered(port: int) -> float:
    """Seconds until the owner, on a new connection, was answered by the API."""
    began_s = time.monotonic()
    async with asyncio.timeout(PATIENCE_S):
        while True:  # a client in a flood asks again, as a browser does
            with suppress(httpx.TransportError):
                async with httpx.AsyncClient(timeout=PATIENCE_S) as http:
                    url = f"http://127.0.0.1:{port}{SWITCH}"
                    answer = await http.get(url, headers={"X-API-Key": KEY})
                    assert answer.status_code == 200, answer.text
                    return time.monotonic() - began_s


@pytest.mark.parametrize("shell", ["", "ulimit -n 256 && exec"], ids=["usual", "few descriptors"])
async def test_the_owner_is_answered_and_can_halt_in_a_flood(shell: str, tmp_path: Path) -> None:
    if raised_limit() < UNFINISHED + 200:
        pytest.skip("this process may not open so many connections itself")
    async with keyed_trader(tmp_path, shell=shell) as (running, port):
        async with unfinished_headers(port), slow_readers(port):
            guessing = asyncio.create_task(wrong_keys(port))
            took_s = [await answered(port) for _ in range(10)]
            began_s = time.monotonic()
            halted = await running.command("halt", "--reason", "flood")
            halt_s = time.monotonic() - began_s
            assert (halted.code, halted.errors) == (0, "")
            folder = control_folder(tmp_path / "trader.db")
            transport = httpx.AsyncHTTPTransport(uds=f"{folder}/socket")
            async with httpx.AsyncClient(transport=transport, timeout=PATIENCE_S) as http:
                began_s = time.monotonic()
                switch = (await http.get(f"http://localhost{SWITCH}")).json()["switch"]
                control_s = time.monotonic() - began_s
            assert switch["is_halted"]
            refused = await guessing
        assert await answered(port) < PATIENCE_S
        written = lines(running)
        assert running.process.returncode is None
        said = running.said
    logged = [line for line in written if line.get("status") in {401, 429}]
    first_at, last_at = (datetime.fromisoformat(logged[n]["timestamp"]) for n in (0, -1))
    minutes = 2 + (last_at - first_at) // timedelta(minutes=1)
    assert 0 < len(logged) <= LINES_A_MINUTE * minutes
    assert said == ""
    print(  # noqa: T201
        f"answered within {max(took_s):.2f} s of {UNFINISHED} unfinished headers; halt took"
        f" {halt_s:.2f} s with its start, the control socket {control_s * 1000:.0f} ms;"
        f" {refused} refusals, {len(logged)} logged"
    )
