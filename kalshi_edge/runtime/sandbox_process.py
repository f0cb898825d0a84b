"""A sandbox that runs in a process of its own, as a trader sees it: addresses, clock, account."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import httpx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kalshi_edge.clock import SystemClock, WorldClock
from kalshi_edge.data.kalshi.auth import ApiKey, parse_api_key
from kalshi_edge.data.kalshi.transport import Host
from kalshi_edge.data.weather.sources.addresses import WeatherAddresses
from kalshi_edge.errors import ExchangeDown, HistoryError

START_WITHIN_S = 180.0
"""It lives through its history first, which takes a busy machine a while."""
ANSWERS_WITHIN_S = 60.0
"""Likewise while it catches up with its time."""


@dataclass(frozen=True, slots=True)
class RunningSandbox:
    """A sandbox that runs, and where to find what it serves."""

    base: str

    @property
    def host(self) -> Host:
        """Its exchange."""
        stream = self.base.replace("http://", "ws://")
        return Host(f"{self.base}/trade-api/v2", f"{stream}/trade-api/ws/v2")

    @property
    def addresses(self) -> WeatherAddresses:
        """Its weather offices."""
        return WeatherAddresses.under(self.base)


@asynccontextmanager
async def running_sandbox(plan: Sequence[str]) -> AsyncIterator[RunningSandbox]:
    """A sandbox in a process of its own, as ``kalshi-edge sandbox run`` with ``plan``'s options.

    Raises ``ExchangeDown`` where it does not come up. It is ended with the block.
    """
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "kalshi_edge", "sandbox", "run"),
        *("--port", str(port), "--with-parent", *plan),
        stdin=asyncio.subprocess.PIPE,  # it ends with us, however we end
        stdout=asyncio.subprocess.DEVNULL,
        # Ctrl-C is for us: the sandbox ends when we say so.
        start_new_session=True,
    )
    sandbox = RunningSandbox(f"http://127.0.0.1:{port}")
    try:
        await _wait_for(sandbox, process)
        yield sandbox
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


async def write_past(folder: Path, plan: Sequence[str]) -> None:
    """A SYNTHETIC past in ``folder``, as ``kalshi-edge sandbox past`` with ``plan``'s options.

    Raises ``HistoryError`` with what the process said where it wrote none.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "kalshi_edge", "sandbox", "past", str(folder), *plan),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, said = await process.communicate()
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
    if process.returncode:
        words = said.decode(errors="replace").strip(" \n╭─╮╰╯").splitlines()[-1:]
        raise HistoryError(f"the sandbox wrote no past: {' '.join(words) or process.returncode}")


async def world_clock(sandbox: RunningSandbox, http: httpx.AsyncClient) -> WorldClock:
    """A clock that goes with the sandbox's; raises ``ExchangeDown`` where there is none."""
    try:
        answer = (await http.get(f"{sandbox.base}/control/clock")).raise_for_status().json()
    except httpx.HTTPError as error:
        raise ExchangeDown(f"no sandbox answers at {sandbox.base}: {error}") from error
    return WorldClock(datetime.fromisoformat(answer["now"]), speed=answer["speed"])


async def new_account(sandbox: RunningSandbox, http: httpx.AsyncClient, balance: Decimal) -> ApiKey:
    """A key made on the spot, and an account at the sandbox that knows its public half."""
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    body = {"public_key": public.decode(), "balance": str(balance), "name": "demo"}
    answer = await http.post(f"{sandbox.base}/control/accounts", json=body)
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return parse_api_key(answer.raise_for_status().json()["key_id"], pem.decode(), SystemClock())


async def _wait_for(sandbox: RunningSandbox, process: asyncio.subprocess.Process) -> None:
    deadline = SystemClock().now().timestamp() + START_WITHIN_S
    async with httpx.AsyncClient() as http:
        while SystemClock().now().timestamp() < deadline:
            if process.returncode is not None:
                raise ExchangeDown(f"the sandbox ended at once with code {process.returncode}")
            try:
                (await http.get(f"{sandbox.base}/control/state")).raise_for_status()
            except httpx.HTTPError:
                await asyncio.sleep(0.1)
            else:
                return
    raise ExchangeDown(f"the sandbox did not come up within {START_WITHIN_S:.0f} s")


def free_port() -> int:
    """A port of this machine that nobody listens at."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port
