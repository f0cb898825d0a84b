"""A trader on the sandbox, both in one process: its ledger is the exchange's."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import uvicorn

from kalshi_edge.config import load_settings
from kalshi_edge.console.live_view import Dashboard
from kalshi_edge.operations.demo import RunningSandbox, demo_trader
from kalshi_edge.operations.replay import replay_store
from kalshi_edge.runtime.trader import Trader
from kalshi_sandbox.server import Plan, new_sandbox, server

PLAN = Plan(seed=1, start_at=datetime(2027, 4, 12, 4, tzinfo=UTC), speed=3600.0)
END = datetime(2027, 4, 13, 16, tzinfo=UTC)
"""A day and a half on: one ladder of every city has been traded and settled."""
PATIENCE_S = 30.0


async def served(plan: Plan) -> tuple[uvicorn.Server, asyncio.Task[None], RunningSandbox]:
    service = server(new_sandbox(plan), port=0)
    task = asyncio.create_task(service.serve())
    while not service.started:  # noqa: ASYNC110 - the server has no event for it
        await asyncio.sleep(0.05)
    port = service.servers[0].sockets[0].getsockname()[1]
    return service, task, RunningSandbox(f"http://127.0.0.1:{port}")


async def until_accounts_agree(trader: Trader) -> None:
    """What is on its way at an instant is in one ledger and not yet in the other."""
    assert trader.line is not None
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_S):
            tracker = trader.engine.account.tracker
            while tracker.cash != await trader.line.account.balance():  # noqa: ASYNC110 - asked over HTTP
                await asyncio.sleep(0.5)


async def test_after_days_of_trading_ledger_and_exchange_agree_to_the_last_digit(
    tmp_path: Path,
) -> None:
    service, serving, sandbox = await served(PLAN)
    path, dashboard = tmp_path / "demo.db", Dashboard("demo", is_synthetic=True)
    settings = load_settings(trading_mode="demo")
    try:
        async with demo_trader(settings, sandbox, path, (dashboard,)) as trader:
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
    finally:
        service.should_exit = True
        await serving
    differences = await asyncio.to_thread(lambda: list(replay_store(path)))
    assert len(differences) >= dashboard.cycles > 0
    assert not any(differences)
