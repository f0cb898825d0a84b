"""What signing and reading cost, against named baselines of the same run.

Signatures against an Ed25519 one; reading exact numbers against ``orjson``, which cannot; an order
through the client (signature, HTTP, answer) against the signature alone.
"""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from time import perf_counter

import httpx
import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from kalshi_edge.clock import SystemClock
from kalshi_edge.data.kalshi.account.account_client import AccountClient
from kalshi_edge.data.kalshi.account.account_wire import parse_fill
from kalshi_edge.data.kalshi.auth import ApiKey, signature
from kalshi_edge.data.kalshi.fields import parse_json
from kalshi_edge.data.kalshi.stream_session import Oddities, Session
from kalshi_edge.data.kalshi.transport import Host
from kalshi_edge.token_bucket import Rate

AT = datetime(2026, 11, 22, 16, tzinfo=UTC)
TICKER = "KXHIGHNY-26NOV22-B52.5"
PATH = "/trade-api/v2/portfolio/events/orders"
DELTA = {
    "market_ticker": TICKER,
    "market_id": "9b0f",
    "price_dollars": "0.3100",
    "side": "yes",
    "ts_ms": 1795363200000,
}
LEVELS = [[f"{cents / 100:.4f}", "10.00"] for cents in range(1, 31)]
SNAPSHOT = {
    "market_ticker": TICKER,
    "market_id": "9b0f",
    "clock": 1,
    "yes_dollars_fp": LEVELS,
    "no_dollars_fp": [[f"{cents / 100:.4f}", "10.00"] for cents in range(33, 63)],
}
FILL = {
    "trade_id": "0721d6db-b301-9900-70df-de2c1bc14463",
    "order_id": "ee587a1c-8b87-4dcf-b721-9f6f790619fa",
    "client_order_id": "an-intent",
    "market_ticker": TICKER,
    "outcome_side": "yes",
    "book_side": "bid",
    "count_fp": "1.56",
    "yes_price_dollars": "0.3300",
    "is_taker": False,
    "fee_cost": "0.000000",
    "ts_ms": 1795363500000,
}


def cost_us(what: Callable[[], object], times: int) -> float:
    """Microseconds per call, the best of five rounds."""
    rounds = []
    for _ in range(5):
        start = perf_counter()
        for _ in range(times):
            what()
        rounds.append((perf_counter() - start) / times * 1e6)
    return min(rounds)


def signing() -> float:
    ed25519 = Ed25519PrivateKey.generate()
    base = cost_us(lambda: signature(ed25519, AT, "POST", PATH), 2000)
    print(f"sign, Ed25519              {base:8.1f} µs  ×  1.0 (baseline)")
    for bits in (2048, 4096):
        rsa = generate_private_key(public_exponent=65537, key_size=bits)
        cost = cost_us(lambda key=rsa: signature(key, AT, "POST", PATH), 50)
        print(f"sign, RSA {bits}             {cost:8.1f} µs  ×{cost / base:5.1f}")
    return base


def reading() -> None:
    snapshot = json.dumps({"type": "orderbook_snapshot", "sid": 1, "seq": 1, "msg": SNAPSHOT})
    frame = json.dumps({"type": "orderbook_delta", "sid": 1, "seq": 2, "msg": DELTA})
    for name, text in (("snapshot of 60 levels", snapshot), ("delta", frame)):
        base = cost_us(lambda body=text: orjson.loads(body), 5000)
        cost = cost_us(lambda body=text: parse_json(body), 5000)
        print(f"decode, {name:<22} {cost:6.1f} µs  ×{cost / base:5.1f} of orjson")


def following() -> None:
    """A thousand changes of one book of 60 levels, from text to ``Book``."""
    frames = [json.dumps({"type": "orderbook_snapshot", "sid": 1, "seq": 1, "msg": SNAPSHOT})]
    for seq in range(2, 1002):
        change = DELTA | {"clock": seq, "delta_fp": "5.00" if seq % 2 else "-5.00"}
        change["price_dollars"] = "0.3000"
        frames.append(json.dumps({"type": "orderbook_delta", "sid": 1, "seq": seq, "msg": change}))

    def decode() -> None:
        for text in frames:
            parse_json(text)

    def follow() -> None:
        session = Session(["KXHIGHNY"], {}, Oddities())
        session.watch([TICKER], 0.0)
        for text in frames:
            for _ in session.receive(parse_json(text), AT, 0.0):
                pass

    base, cost = cost_us(decode, 5) / 1000, cost_us(follow, 5) / 1000
    print(f"a change to a book         {cost:8.1f} µs  ×{cost / base:5.1f} of decoding it")
    fill = cost_us(lambda: parse_fill(FILL, {}, AT), 5000)
    print(f"a fill                     {fill:8.1f} µs  ×{fill / base:5.1f} of decoding a change")


async def ordering(base_us: float) -> None:
    answer = httpx.Response(
        201,
        json={"order_id": "o", "fill_count": "0.00", "remaining_count": "5.00", "ts_ms": 1},
    )
    body = {"client_order_id": "an-intent", "ticker": TICKER, "price": "0.3300"}
    host = Host("http://127.0.0.1:9/trade-api/v2", "ws://127.0.0.1:9/trade-api/ws/v2")
    key = ApiKey("an-id", Ed25519PrivateKey.generate(), SystemClock())
    transport = httpx.MockTransport(lambda _: answer)
    client = AccountClient(host, key, key.clock, lambda: 0.0, transport=transport)
    client._rest.write_bucket.rate = Rate(1e9, 1e9)
    times = 500
    start = perf_counter()
    for _ in range(times):
        await client.create_order(body)
    cost = (perf_counter() - start) / times * 1e6
    await client.aclose()
    print(f"an order, without network  {cost:8.1f} µs  ×{cost / base_us:5.1f} of its signature")


if __name__ == "__main__":
    base = signing()
    reading()
    following()
    asyncio.run(ordering(base))
