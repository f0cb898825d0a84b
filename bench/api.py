"""Reads a second of the API, and what 500 listeners of the live connection cost.

Whoever asks and listens is a process of its own. Reads are measured against ``/api/ready``, which
looks at nothing; the delay of messages to 500 listeners against the delay to one. Among the 500,
one never reads, one hangs up without a word, and one floods.
"""

import asyncio
import gc
import json
import socket
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import httpx
import psutil
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from kalshi_edge.api.hub import EVERY_S
from kalshi_edge.api.topics import Changes
from tests.api_desk import EVE, KEY, TICKER, Desk, desk
from tests.builders import book

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
BASELINE = "/api/ready"
READS = 400
AT_ONCE = 8
LISTENERS = 500
UPDATES = 30


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which ``share`` of ``values`` lie."""
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


# --- the other side, in a process of its own ------------------------------------------------------


async def ask(http: httpx.AsyncClient, path: str) -> dict[str, float]:
    """Reads a second and p99 of one path, by ``AT_ONCE`` askers."""
    times: list[float] = []

    async def asker() -> None:
        for _ in range(READS // AT_ONCE):
            began_s = time.perf_counter()
            answer = await http.get(path)
            times.append(time.perf_counter() - began_s)
            assert answer.status_code in (200, 503), answer

    began_s = time.perf_counter()
    await asyncio.gather(*(asker() for _ in range(AT_ONCE)))
    rate = len(times) / (time.perf_counter() - began_s)
    return {
        "rate": rate,
        "p50_ms": quantile(times, 0.5) * 1e3,
        "p99_ms": quantile(times, 0.99) * 1e3,
    }


async def listen(http: httpx.AsyncClient, port: int, count: int) -> None:
    """Open ``count`` connections, say so, and at the end say when each message came to each."""
    lines = [await opened(http, port) for _ in range(count)]
    told = [asyncio.create_task(heard(line)) for line in lines]
    deaf = await opened(http, port, raw=True) if count > 1 else None
    if count > 1:
        dead = await opened(http, port, raw=True)
        flooding = await opened(http, port)
        dead.transport.abort()
        asyncio.create_task(flood(flooding))  # noqa: RUF006 - it ends with the process
    print(json.dumps({"open": count}), flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    for line in lines:
        await line.close()
    print(json.dumps([await one for one in told]), flush=True)
    if deaf is not None:
        deaf.transport.abort()


async def opened(http: httpx.AsyncClient, port: int, *, raw: bool = False) -> ClientConnection:
    ticket = (await http.post("/api/ws-ticket")).json()
    url = f"ws://127.0.0.1:{port}{ticket['path']}"
    options: dict[str, Any] = {"max_size": None, "compression": None}
    if raw:  # reads no more than its smallest buffers take
        plug = socket.create_connection(("127.0.0.1", port))
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        options |= {"sock": plug, "max_queue": 1}
    return await connect(url, subprotocols=ticket["subprotocols"], **options)


async def heard(line: ClientConnection) -> dict[str, float]:
    """When each update came, by its number; it is said where a number is missing."""
    times: dict[str, float] = {}
    last = None
    async for text in line:
        at_s = time.monotonic()
        message = json.loads(text)
        if message["type"] == "update":
            assert last is None or message["n"] == last + 1, f"a gap after {last}"
            times[str(message["n"])] = at_s
        last = message["n"]
    return times


async def flood(line: ClientConnection) -> None:
    with suppress(ConnectionClosed):
        while True:
            await line.send("x" * 1000)


async def other_side(port: int, count: int) -> None:
    headers = {"X-API-Key": KEY}
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60
    ) as http:
        if count:
            await listen(http, port, count)
            return
        for path in (BASELINE, *POLLED):
            await ask(http, path)  # warms up
            print(json.dumps({"path": path, **await ask(http, path)}), flush=True)


# --- the API's side -------------------------------------------------------------------------------


async def begun(port: int, count: int) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, __file__, str(port), str(count)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=2**26,
    )


async def said(process: asyncio.subprocess.Process) -> Any:
    assert process.stdout is not None
    line = await process.stdout.readline()
    return json.loads(line) if line else None


async def reads(at: Desk) -> None:
    process = await begun(at.port, 0)
    first: dict[str, Any] = {}
    print(f"reads, {AT_ONCE} at once, one process serves\n")
    while (found := await said(process)) is not None:
        first = first or found
        print(
            f"{found['path']:20} {found['rate']:7.0f}/s  p50 {found['p50_ms']:6.2f} ms"
            f"  p99 {found['p99_ms']:6.2f} ms  {found['rate'] / first['rate']:5.2f} × {BASELINE}"
        )
    await process.wait()


async def fan_out(at: Desk, count: int) -> tuple[list[float], float, int]:
    """Every update's delay to every listener, s; memory a listener takes, kB; how many dropped."""
    hub, sent = at.api.parts.hub, {}
    tell = hub.tell

    def told(changes: Changes) -> None:
        began_s, before = time.monotonic(), hub.n
        tell(changes)
        if hub.n != before:
            sent[str(hub.n)] = began_s

    hub.tell = told  # type: ignore[method-assign]
    gc.collect()
    empty = psutil.Process().memory_info().rss
    process = await begun(at.port, count)
    await said(process)
    took_kb = (psutil.Process().memory_info().rss - empty) / 1e3 / count
    for n in range(UPDATES):
        await at.tell(book(TICKER, [(f"0.{10 + n}", 500)], [("0.95", 100)], EVE))
        await asyncio.sleep(EVERY_S + 0.05)  # the hub looks at prices every second
    assert process.stdin is not None
    process.stdin.write(b"\n")
    arrived = await said(process)
    await process.wait()
    hub.tell = tell  # type: ignore[method-assign]
    delays = [at_s - sent[n] for one in arrived for n, at_s in one.items() if n in sent]
    assert len(delays) >= count * UPDATES * 0.5, "too few updates came"
    return delays, took_kb, hub.dropped


async def main() -> None:
    async with desk() as at:
        await at.buys()
        await reads(at)
        print(f"\nlive updates, {UPDATES} of them\n")
        alone, _, _ = await fan_out(at, 1)
        many, took_kb, dropped = await fan_out(at, LISTENERS)
        for count, delays in ((1, alone), (LISTENERS, many)):
            print(
                f"{count:4} listeners: p50 {quantile(delays, 0.5) * 1e3:7.2f} ms"
                f"  p99 {quantile(delays, 0.99) * 1e3:7.2f} ms"
                f"  {quantile(delays, 0.99) / quantile(alone, 0.99):5.1f} × one listener"
            )
        print(f"memory a listener: {took_kb:.0f} kB; dropped for not reading: {dropped}")
        print("no listener saw a gap; the deaf, the dead and the flooding one disturbed nobody")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        asyncio.run(other_side(int(sys.argv[1]), int(sys.argv[2])))
    else:
        asyncio.run(main())
