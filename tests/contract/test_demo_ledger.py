"""The demonstration, in one process: a trader on the sandbox whose ledger is the exchange's."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import uvicorn

from kalshi_edge.app import replay_store
from kalshi_edge.config import load_settings
from kalshi_edge.dashboard import Dashboard
from kalshi_edge.demo import Sandbox, demo_trader
from kalshi_edge.sandbox.server import Plan, new_sandbox, server

PLAN = Plan(seed=1, start_at=datetime(2027, 4, 12, 14, 20, tzinfo=UTC), speed=3600.0)
END = datetime(2027, 4, 15, 16, tzinfo=UTC)
"""Three world days on: two ladders of every city have been settled."""


async def served(plan: Plan) -> tuple[uvicorn.Server, asyncio.Task[None], Sandbox]:
    service = server(new_sandbox(plan), port=0)
    task = asyncio.create_task(service.serve())
    while not service.started:  # noqa: ASYNC110 - the server has no event for it
        await asyncio.sleep(0.05)
    port = service.servers[0].sockets[0].getsockname()[1]
    return service, task, Sandbox(f"http://127.0.0.1:{port}")


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
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
            account = trader.engine.account
            assert trader.line is not None
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
    assert len(differences) >= dashboard.cycles > 24
    assert not any(differences)
