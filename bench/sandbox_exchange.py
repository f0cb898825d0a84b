"""The sandbox's exchange: signed orders over REST, frames to 50 streams, days without a network.

The server runs in a process of its own. Run: ``python bench/sandbox_exchange.py``
"""

import asyncio
import multiprocessing
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import httpx
import orjson
from websockets.asyncio.client import connect

from kalshi_edge.data.weather.stations import station_of
from kalshi_sandbox.exchange.rest.rate_limits import TIERS, Tier
from kalshi_sandbox.exchange.venue.exchange import Exchange, new_exchange
from kalshi_sandbox.exchange.venue.market_makers import Habits
from kalshi_sandbox.exchange.venue.weather_adapter import WorldNature
from kalshi_sandbox.server import Plan, new_sandbox, server
from kalshi_sandbox.weather.faults import Faults
from kalshi_sandbox.weather.product_feed import Newsroom
from kalshi_sandbox.world.world import World
from tests.support.sandbox_builders import Key, exchange, member, order, order_body, signed_headers

CITIES = ("NYC", "LA", "MIA", "CHI", "PHX")
PORT, PATH = 18_765, "/trade-api/v2/portfolio/events/orders"
BASE = f"http://127.0.0.1:{PORT}"
ORDERS, CONNECTIONS, STREAMS = 1500, 8, 50


def serve() -> None:
    TIERS["bench"] = Tier(10**9, 10**9, 1, 1, 10**9)
    sandbox = new_sandbox(Plan(CITIES, history=timedelta(hours=1)))
    sandbox.exchange.keys.skew = timedelta(minutes=10)
    server(sandbox, port=PORT).run()


# --- REST -----------------------------------------------------------------------------------------


async def answers_per_s(requests: Sequence[bytes]) -> float:
    """Requests sent over a few connections, one after the other on each."""

    async def send(part: Sequence[bytes]) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
        for request in part:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 201")), head
            length = head.lower().split(b"content-length: ", 1)[1].split(b"\r\n", 1)[0]
            await reader.readexactly(int(length))
        writer.close()

    started = time.perf_counter()
    await asyncio.gather(*(send(requests[n::CONNECTIONS]) for n in range(CONNECTIONS)))
    return len(requests) / (time.perf_counter() - started)


def signed_orders(key: Key, key_id: str, ticker: str) -> list[bytes]:
    found = []
    for number in range(ORDERS):
        body = orjson.dumps(order_body(ticker=ticker, price=f"0.{number % 9 + 1:02d}", count="1"))
        headers = signed_headers(key, key_id, datetime.now(UTC), "POST", PATH)
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\n{lines}Content-Length: {len(body)}\r\n\r\n"
        found.append(head.encode() + body)
    return found


async def account(http: httpx.AsyncClient, kind: str) -> tuple[Key, str]:
    key = Key(kind)
    body = {"public_key": key.public_pem.decode(), "balance": "1000000", "tier": "bench"}
    return key, (await http.post("/control/accounts", json=body)).json()["key_id"]


async def bench_rest(http: httpx.AsyncClient, ticker: str) -> None:
    plain = b"GET /trade-api/v2/exchange/status HTTP/1.1\r\nHost: x\r\n\r\n"
    baseline = await answers_per_s([plain] * ORDERS)
    print(f"REST, {CONNECTIONS} connections")
    print(f"  unsigned status (baseline)     {baseline:8.0f}/s   1.00")
    for kind in ("rsa", "ed25519"):
        key, key_id = await account(http, kind)
        rate = await answers_per_s(signed_orders(key, key_id, ticker))
        print(f"  orders signed with {kind:8}    {rate:8.0f}/s   {rate / baseline:.2f}")


def bench_desk() -> None:
    on = exchange()
    maker, taker = member(on, "1000000"), member(on, "1000000")
    started = time.perf_counter()
    for number in range(ORDERS):
        price = f"0.{number % 9 + 1:02d}"
        on.desk.place(maker, order(price=price, count="1"))
        on.desk.place(taker, order("ask", price=price, count="1"))
    rate = 2 * ORDERS / (time.perf_counter() - started)
    print(f"  orders at the desk, half trade {rate:8.0f}/s   (no network)")


# --- streams --------------------------------------------------------------------------------------


async def frames_per_s(key: Key, key_id: str, count: int, seconds: float) -> tuple[float, int]:
    """Frames that ``count`` streams receive together, and how many subscriptions were lost."""
    got = lost = 0
    ready = asyncio.Event()

    async def listen() -> None:
        nonlocal got, lost
        now, path = datetime.now(UTC), "/trade-api/ws/v2"
        headers = signed_headers(key, key_id, now, "GET", path)
        url = f"ws://127.0.0.1:{PORT}{path}"
        async with connect(url, additional_headers=headers, compression=None) as stream:
            params = {"channels": ["ticker", "trade"]}
            await stream.send(orjson.dumps({"id": 1, "cmd": "subscribe", "params": params}))
            await ready.wait()
            async for frame in stream:
                got += 1
                lost += b'"error"' in (frame if isinstance(frame, bytes) else frame.encode())

    listeners = [asyncio.create_task(listen()) for _ in range(count)]
    await asyncio.sleep(1.0)
    ready.set()
    got, started = 0, time.perf_counter()
    await asyncio.sleep(seconds)
    rate = got / (time.perf_counter() - started)
    for listener in listeners:
        listener.cancel()
    await asyncio.gather(*listeners, return_exceptions=True)
    return rate, lost


async def bench_streams(http: httpx.AsyncClient) -> None:
    key, key_id = await account(http, "ed25519")
    await http.post("/control/clock", json={"speed": 600})
    print("Streams, world time 600 times as fast as real time")
    one, _ = await frames_per_s(key, key_id, 1, 4.0)
    print(f"  frames to 1 client (baseline)  {one:8.0f}/s   1.00")
    many, lost = await frames_per_s(key, key_id, STREAMS, 4.0)
    print(
        f"  frames to {STREAMS} clients          {many:8.0f}/s   {many / one:.2f}   ({lost} lost)"
    )
    await http.post("/control/clock", json={"speed": 1})


# --- days -----------------------------------------------------------------------------------------


def days_per_min(habits: Habits | None, days: int) -> tuple[float, Exchange]:
    world = World(1)
    nature = WorldNature(world, Newsroom(world, Faults()))
    start_at = datetime(2026, 11, 20, 16, tzinfo=UTC)
    stations = [station_of(city) for city in CITIES]
    on = new_exchange(nature, stations, start_at, habits=habits)
    on.venue.advance(start_at + timedelta(minutes=1))
    started = time.perf_counter()
    on.venue.advance(start_at + timedelta(days=days))
    return 60 * days / (time.perf_counter() - started), on


def bench_days() -> None:
    alone, _ = days_per_min(None, 30)
    print("Days of five cities without a network")
    print(f"  nobody trades (baseline)       {alone:8.0f}/min 1.00")
    rate, on = days_per_min(Habits(), 3)
    trades = len(on.venue.trades)
    print(
        f"  with the other traders         {rate:8.0f}/min {rate / alone:.3f}   ({trades} trades)"
    )


async def over_the_network() -> None:
    async with httpx.AsyncClient(base_url=BASE, timeout=60) as http:
        while True:
            try:
                await http.get("/control/state")
                break
            except httpx.ConnectError:
                await asyncio.sleep(0.1)
        markets = (await http.get("/trade-api/v2/markets?status=open")).json()["markets"]
        await bench_rest(http, markets[0]["ticker"])
        bench_desk()
        await bench_streams(http)


def main() -> None:
    process = multiprocessing.get_context("spawn").Process(target=serve, daemon=True)
    process.start()
    try:
        asyncio.run(over_the_network())
    finally:
        process.terminate()
        process.join()
    bench_days()


if __name__ == "__main__":
    main()
