"""``kalshi-edge run`` is killed with SIGKILL, again and again: the ledger stays the exchange's.

The process, its sockets and its file are real; only the exchange is SYNTHETIC. It is done
``KILLS`` times, a few in the suite.
"""

import asyncio
import os
import random
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.db.verify import checked
from kalshi_edge.domain.orders import Side
from kalshi_sandbox.exchange.venue.accounts import Account
from tests.support.patience import PATIENCE_S
from tests.support.served import enrolled, new_pem, served

pytestmark = pytest.mark.realtime

KILLS = int(os.environ.get("KILLS", "2"))
SPEED = 30.0
"""A book is too old to trade by after five minutes, which here are ten seconds."""
ZERO = Decimal(0)
MODE = "synthetic demo"
EAGER = {
    "LAST_ENTRY_H": "24",
    "MIN_EDGE_THRESHOLD": "0",
    "MAX_EDGE_THRESHOLD": "1",
    "MIN_ASK": "0.01",
    "MAX_ASK": "0.99",
    "MAX_SPREAD": "0.5",
    "MAX_REFERENCE_GAP_F": "50",
    "MAX_CITY_POSITIONS": "10",
    "MAX_CITY_DAY_SHARE": "0.05",
}
"""Gates wide open, so that the made-up market is traded at once."""


@asynccontextmanager
async def trader(folder: Path, environment: dict[str, str]) -> AsyncIterator[None]:
    """A trader's process; it is killed at the end."""
    with (folder / "said.txt").open("ab") as said:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "kalshi_edge", "run"),
            cwd=folder,
            env={"PATH": os.environ["PATH"], **environment},
            stdout=said,
            stderr=said,
        )
        try:
            yield
        finally:
            assert process.returncode is None, (folder / "said.txt").read_text()
            process.kill()
            await process.wait()


async def until_it_writes(path: Path) -> None:
    """Until the journal is longer than it was."""
    async with asyncio.timeout(PATIENCE_S):
        before = await last_seq(path)
        while await last_seq(path) == before:  # noqa: ASYNC110 - written by another process
            await asyncio.sleep(0.05)


async def last_seq(path: Path) -> int:
    async with SqliteStore(path, MODE) as store:
        return await store.last_seq()


async def differences(path: Path, account: Account) -> list[str]:
    """Where the stored ledger and the exchange's books do not agree, to the last digit."""
    async with SqliteStore(path, MODE) as store:
        trades, orders = await store.trades(), await store.orders()
        fills = set(await store.fill_ids())
    held = {
        t.ticker: t.open_count if t.side is Side.BUY else -t.open_count for t in trades if t.is_open
    }
    flows = sum((t.received - t.paid - t.fees for t in trades), ZERO)
    sides = {
        "cash": (account.deposited + flows, account.cash),
        "held": (held, {p.market.ticker: p.count for p in account.positions.values() if p.count}),
        "fills": (fills, {fill.trade.trade_id for fill in account.fills}),
        "live orders": (
            {o.intent.intent_id for o in orders if o.is_live},
            {o.client_order_id for o in account.orders.values() if o.status == "resting"},
        ),
        "orders of theirs": (
            {o.client_order_id for o in account.orders.values()}
            - {o.intent.intent_id for o in orders},
            set(),
        ),
    }
    return [
        f"{name}: {ours} | {theirs}" for name, (ours, theirs) in sides.items() if ours != theirs
    ]


async def test_a_trader_killed_at_any_moment_agrees_with_the_exchange_in_the_end(
    tmp_path: Path,
) -> None:
    chance = random.Random(1)
    path = tmp_path / "trader.db"
    async with served(tmp_path, speed=SPEED) as (sandbox, settings):
        account, key = enrolled(sandbox, new_pem())
        environment = {
            **key,
            "TRADING_MODE": "demo",
            "CITIES": "NYC",
            "SANDBOX_URL": settings.sandbox_url,
            "STORE_PATH": str(path),
            "API_PORT": "0",
            **EAGER,
        }
        for _ in range(KILLS):
            async with trader(tmp_path, environment):
                await until_it_writes(path)
                await asyncio.sleep(chance.uniform(0, 3))
        async with trader(tmp_path, environment):
            await until_it_writes(path)
            async with asyncio.timeout(PATIENCE_S):
                while not account.fills or await differences(path, account):  # noqa: ASYNC110 - as above
                    await asyncio.sleep(0.5)
        async with SqliteStore(path, MODE) as store:
            told, faults = await checked(store)
    assert faults == []
    print(  # noqa: T201
        f"{KILLS} kills, {told.lines} journal lines, {len(account.orders)} orders,"
        f" {len(account.fills)} fills: the ledger is the exchange's"
    )
