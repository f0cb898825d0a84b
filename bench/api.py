"""Reads a second of the API, and what 500 listeners of the live connection cost the trader.

Whoever asks and listens is a process of its own, as lean as it can be. Reads are measured against
``/api/ready``, which builds almost nothing; a cycle beside 500 listeners against one beside none;
how late messages come to 500 against how late to one. Beside the 500, one never reads, one hangs up
without a word, and one floods.
"""

import asyncio
import gc
import json
import re
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import psutil
from numpy import quantile

from kalshi_edge.api.live_topics import Changes
from kalshi_edge.domain.events import CycleDue
from tests.support.api_harness import EVE, KEY, TICKER, ApiHarness, desk
from tests.support.builders import book

BASELINE = "/api/ready"
POLLED = (
    "/api/live",
    "/api/health",
    "/api/balance",
    "/api/positions/open",
    "/api/orders",
    "/api/trades",
    "/api/risk/status",
    "/api/scanner",
    "/api/forecasts",
    "/api/markets/NYC",
)
READS = 2000
AT_ONCE = 8
LISTENERS = 500
CYCLES = 120
PAUSE_S = 0.1

HEADERS = f"Host: 127.0.0.1\r\nX-API-Key: {KEY}\r\n"
UPGRADE = (
    f"GET /ws/live HTTP/1.1\r\n{HEADERS}Upgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
).encode()
NUMBERED = re.compile(rb'"type":"(?:snapshot|update)",(?:"stream":"\w+",)?"n":(\d+),')
CHATTER = b"\x81\xfe\x03\xe8" + bytes(4) + b"x" * 1000


# --- the other side, in a process of its own ------------------------------------------------------


async def asked(port: int, path: str, times: list[float]) -> None:
    """One asker's share of the reads, over one connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(READS // AT_ONCE):
        began_s = time.perf_counter()
        writer.write(f"GET {path} HTTP/1.1\r\n{HEADERS}\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        await reader.readexactly(int(head.split(b"content-length: ")[1].split(b"\r")[0]))
        times.append(time.perf_counter() - began_s)
        assert head.split()[1] in (b"200", b"503"), head
    writer.close()


async def ask(port: int) -> None:
    for path in (BASELINE, *POLLED):
        times: list[float] = []
        began_s = time.perf_counter()
        await asyncio.gather(*(asked(port, path, times) for _ in range(AT_ONCE)))
        rate = len(times) / (time.perf_counter() - began_s)
        p50_ms, p99_ms = (quantile(times, share) * 1e3 for share in (0.5, 0.99))
        print(json.dumps({"path": path, "rate": rate, "p50": p50_ms, "p99": p99_ms}), flush=True)


class Ear(asyncio.Protocol):
    """One listener: when each numbered message began to arrive, and that none is missing."""

    def __init__(self) -> None:
        self.times: dict[int, float] = {}
        self.transport = asyncio.Transport()
        self.is_first = asyncio.Event()
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the live connection."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(UPGRADE)

    def data_received(self, data: bytes) -> None:
        """Note the numbers in it."""
        at_s, text, end = time.monotonic(), self._rest + data, 0
        for found in NUMBERED.finditer(text):
            n, end = int(found[1]), found.end()
            assert not self.times or n - 1 in self.times, f"message {n - 1} is missing"
            self.times[n] = at_s
            self.is_first.set()
        self._rest = text[max(end, len(text) - 100) :]


async def opened(port: int) -> Ear:
    plug = socket.create_connection(("127.0.0.1", port))
    _, ear = await asyncio.get_running_loop().create_connection(Ear, sock=plug)
    await ear.is_first.wait()
    return ear


async def listen(port: int, count: int) -> None:
    """Open ``count`` connections, say so, and at the end say when each message came to each."""
    ears = [await opened(port) for _ in range(count)]
    if count > 1:
        deaf, dead, flooding = [await opened(port) for _ in range(3)]
        deaf.transport.pause_reading()
        dead.transport.abort()
        flooding.transport.write(CHATTER * 1000)
    print(json.dumps({"open": count}), flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    print(json.dumps([ear.times for ear in ears]), flush=True)


# --- the API's side -------------------------------------------------------------------------------


async def begun(what: str, port: int, count: int = 0) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, __file__, what, str(port), str(count)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=2**26,
    )


async def said(process: asyncio.subprocess.Process) -> Any:
    assert process.stdout is not None
    line = await process.stdout.readline()
    return json.loads(line) if line else None


async def reads(at: ApiHarness) -> None:
    process = await begun("ask", at.port)
    first: dict[str, Any] = {}
    print(f"reads, {AT_ONCE} at once, {READS} of each; the trader's process is one of two\n")
    while (found := await said(process)) is not None:
        first = first or found
        print(
            f"{found['path']:20} {found['rate']:6.0f}/s  p50 {found['p50']:6.2f} ms"
            f"  p99 {found['p99']:6.2f} ms  {found['rate'] / first['rate']:5.2f} × {BASELINE}"
        )
    await process.wait()


async def cycles(at: ApiHarness) -> list[float]:
    """How long each of many cycles took, from its event to all that follows, s."""
    times = []
    for n in range(CYCLES):
        began_s = time.perf_counter()
        bid = f"0.{10 + n % 10}"
        await at.tell(book(TICKER, [(bid, 500)], [("0.95", 100)], EVE), CycleDue(EVE))
        times.append(time.perf_counter() - began_s)
        await asyncio.sleep(PAUSE_S)
    return times


async def beside(at: ApiHarness, count: int) -> tuple[list[float], list[float]]:
    """Cycles' times beside ``count`` listeners, and every message's delay to every listener, s."""
    hub, sent, sizes = at.api.parts.hub, dict[str, float](), list[int]()
    tell = hub.tell

    def told(changes: Changes) -> None:
        began_s, before = time.monotonic(), hub.n
        tell(changes)
        if hub.n != before:
            sent[str(hub.n)] = began_s
            sizes.append(len(changes.json()))

    gc.collect()
    before_b = psutil.Process().memory_info().rss
    process = await begun("listen", at.port, count)
    await said(process)
    await asyncio.sleep(1)
    taken_kb = (psutil.Process().memory_info().rss - before_b) / 1e3
    hub.tell = told  # type: ignore[method-assign]
    took = await cycles(at)
    hub.tell = tell  # type: ignore[method-assign]
    await asyncio.sleep(2)
    assert process.stdin is not None
    process.stdin.write(b"\n")
    arrived = await said(process)
    assert hub.clients <= count + 1, "the dead and the flooding one are still there"
    delays = [recorded[n] - sent[n] for recorded in arrived for n in sent]  # each heard every one
    print(
        f"{count:4} listeners: {len(sent)} messages of {sum(sizes) / len(sizes) / 1e3:.1f} kB"
        f"; {taken_kb / count:.0f} kB of memory each; {hub.clients} are connected at the end"
    )
    await process.wait()
    return took, delays


def compared(what: str, times: Sequence[float], base: Sequence[float], against: str) -> None:
    p50, p99 = quantile(times, 0.5), quantile(times, 0.99)
    print(
        f"{what}: p50 {p50 * 1e3:7.2f} ms  p99 {p99 * 1e3:7.2f} ms"
        f"  {p50 / quantile(base, 0.5):5.2f} and {p99 / quantile(base, 0.99):5.2f} × {against}"
    )


async def main() -> None:
    async with desk() as at:
        await at.buys()
        await reads(at)
        print(f"\nlive, {CYCLES} cycles of one city\n")
        alone = await cycles(at)
        beside_one, late_one = await beside(at, 1)
        beside_all, late_all = await beside(at, LISTENERS)
        print()
        compared("a cycle beside none     ", alone, alone, "none")
        compared("a cycle beside one      ", beside_one, alone, "none")
        compared(f"a cycle beside {LISTENERS}      ", beside_all, alone, "none")
        compared("a message to one        ", late_one, late_one, "one")
        compared(f"a message to each of {LISTENERS}", late_all, late_one, "one")
        print("no listener missed a message; the deaf, the dead and the flooding disturbed nobody")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["ask", port, _]:
            asyncio.run(ask(int(port)))
        case ["listen", port, count]:
            asyncio.run(listen(int(port), int(count)))
        case _:
            asyncio.run(main())
