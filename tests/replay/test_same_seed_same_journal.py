"""One seed, one story: two runs in the same world write the same journal, byte for byte.

World time is stepped by hand, and the client speaks to the sandbox without a socket.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from kalshi_edge.clock import SystemClock
from kalshi_edge.data.kalshi.account.account_client import AccountClient
from kalshi_edge.data.kalshi.auth import ApiKey
from kalshi_edge.data.kalshi.exchange import KalshiExchange
from kalshi_edge.data.kalshi.market_source import MarketSource
from kalshi_edge.data.kalshi.public_client import PublicClient
from kalshi_edge.data.kalshi.transport import Host
from kalshi_edge.data.weather.nbm.nbp import parse_nbp
from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.db.codec import to_json
from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.domain.events import CycleDue, Event
from kalshi_edge.engine import Setup
from kalshi_edge.execution.executor import Executor
from kalshi_edge.runner import run
from kalshi_edge.token_bucket import Rate
from kalshi_edge.trading.playbook import Playbook
from kalshi_sandbox.server import Plan, Sandbox, new_sandbox

BASE = "http://127.0.0.1"
HOST = Host(f"{BASE}/trade-api/v2", "ws://127.0.0.1/trade-api/ws/v2")
CITIES = ("NYC", "MIA")
STATIONS = tuple(station_of(city) for city in CITIES)
START = datetime(2027, 4, 12, 4, 10, tzinfo=UTC)
STEPS, STEP = 70, timedelta(minutes=30)


async def told(
    sandbox: Sandbox, markets: MarketSource, account: AccountClient
) -> AsyncIterator[Event]:
    """What a trader hears who looks at everything every half hour."""
    transport = httpx.ASGITransport(sandbox)
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as weather:
        for _ in range(STEPS):
            sandbox.clock.step(STEP)
            sandbox.exchange.venue.advance(sandbox.clock.now())
            now = sandbox.clock.now()
            for station in STATIONS:
                page = await weather.get(
                    "/iem/wx/afos/p.php", params={"pil": f"NBP{station.icao[1:]}"}
                )
                for forecast in parse_nbp(page.content, received_at=now).forecasts:
                    yield forecast
            for event in (
                *await account.fills(),
                *await markets.refresh(),
                *await markets.results(),
            ):
                yield event
            yield CycleDue(now)


async def journal(seed: int, path: Path) -> tuple[bytes, int]:
    """The journal of a day and a half in one world, and how many trades were settled."""
    sandbox = new_sandbox(Plan(CITIES, seed, START, speed=0.0))
    private = Ed25519PrivateKey.generate()
    public_key = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    member = sandbox.exchange.enroll("test", public_key, Decimal(1000), tier="prestige")
    transport = httpx.ASGITransport(sandbox)
    account = AccountClient(
        HOST, ApiKey(member.key_id, private, SystemClock()), sandbox.clock, lambda: 0.0,
        transport=transport,
    )  # fmt: skip
    public = PublicClient(
        HOST, sandbox.clock, lambda: 0.0, machine=SystemClock(), rate=Rate(1e6, 1e6),
        transport=transport,
    )  # fmt: skip
    await account.learn_limits()
    store = SqliteStore(path, "demo")
    engine = Setup("demo", STATIONS, ("NBP",), Decimal(1000), Playbook()).fresh_engine()
    executor = Executor(KalshiExchange(account, public, sandbox.clock), store)
    feed = told(sandbox, MarketSource(public, STATIONS, sandbox.clock), account)
    await run(feed, engine, executor, store)
    lines = b"\n".join(to_json(line) for line in await store.journal())
    settled = [t for t in engine.account.tracker.trades.values() if t.settled_value is not None]
    assert engine.account.tracker.cash == await account.balance()
    await store.close()
    await account.aclose()
    await public.aclose()
    return lines, len(settled)


async def test_the_same_seed_writes_the_same_journal_and_another_seed_another(
    tmp_path: Path,
) -> None:
    first, settled = await journal(3, tmp_path / "first.db")
    again, _ = await journal(3, tmp_path / "again.db")
    other, _ = await journal(4, tmp_path / "other.db")
    assert settled > 0
    assert first == again
    assert first != other
