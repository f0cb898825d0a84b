"""A trader on the sandbox, both in one process: its ledger is the exchange's.

The world goes by the loop's time, which stands still while either works: it cannot outrun the
trader.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kalshi_edge.clock import SystemClock
from kalshi_edge.config import load_settings
from kalshi_edge.console.live_view import Dashboard
from kalshi_edge.data.kalshi.auth import ApiKey
from kalshi_edge.db.open_store import open_store
from kalshi_edge.operations.replay import replay_store
from kalshi_edge.runtime.bootstrap import open_trader
from kalshi_edge.runtime.environment import Environment, Transport, environment_of
from kalshi_edge.runtime.sandbox_process import RunningSandbox
from kalshi_edge.runtime.trader import Trader
from kalshi_sandbox.server import Plan, new_sandbox
from tests.support.patient_time import LoopClock
from tests.support.sandbox_builders import serving

pytestmark = [pytest.mark.realtime, pytest.mark.patient_time]

PLAN = Plan(seed=1, start_at=datetime(2027, 4, 12, 4, tzinfo=UTC), speed=3600.0)
END = datetime(2027, 4, 13, 16, tzinfo=UTC)
"""A day and a half on: one ladder of every city has been traded and settled."""
AGREE_WITHIN_S = 30.0
"""Of the loop's time."""
SETTINGS = load_settings(trading_mode="demo")


@asynccontextmanager
async def environment() -> AsyncIterator[Environment]:
    """A running sandbox, and a demo account there; both go by the loop's time."""
    wall = LoopClock(SystemClock().now())
    sandbox = new_sandbox(PLAN, wall)
    async with serving(sandbox) as port:
        found = await environment_of(SETTINGS, RunningSandbox(f"http://127.0.0.1:{port}"))
        assert found.key is not None
        yield replace(
            found,
            clock=sandbox.clock,
            key=ApiKey(found.key._key_id, found.key._private, wall),
            transport=Transport(machine=wall, now_s=asyncio.get_running_loop().time),
        )


async def until_accounts_agree(trader: Trader) -> None:
    """What is on its way at an instant is in one ledger and not yet in the other."""
    assert trader.line is not None
    with suppress(TimeoutError):
        async with asyncio.timeout(AGREE_WITHIN_S):
            tracker = trader.engine.account.tracker
            while tracker.cash != await trader.line.account.balance():  # noqa: ASYNC110 - asked over HTTP
                await asyncio.sleep(0.5)


async def test_after_days_of_trading_ledger_and_exchange_agree_to_the_last_digit(
    tmp_path: Path,
) -> None:
    path, dashboard = tmp_path / "demo.db", Dashboard("demo", is_synthetic=True)
    settings = SETTINGS.model_copy(update={"store_path": path})
    async with (
        environment() as around,
        open_store(settings, around.store_mode) as store,
        open_trader(settings, around, store, (dashboard,)) as trader,
    ):
        running = asyncio.create_task(trader.run())
        await asyncio.sleep(trader.clock.delay_s(END))
        await until_accounts_agree(trader)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        assert trader.line is not None
        account = trader.engine.account
        assert account.tracker.cash == await trader.line.account.balance()
        settled = [t for t in account.tracker.trades.values() if t.settled_value is not None]
        assert settled
        held = {t.ticker: t.open_count for t in account.tracker.open_trades()}
        positions = await trader.line.account.positions()
        assert held == {p.ticker: p.count for p in positions if p.count}
    differences = await asyncio.to_thread(lambda: list(replay_store(path)))
    assert len(differences) >= dashboard.cycles > 0
    assert not any(differences)
