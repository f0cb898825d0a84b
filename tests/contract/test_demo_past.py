"""A demonstration begins with days that were traded: one ledger, one world, one journal."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from kalshi_edge.api.read_model import ReadModel
from kalshi_edge.config import Settings, load_settings
from kalshi_edge.console.live_view import Dashboard
from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.domain.records import Cause
from kalshi_edge.errors import HistoryError, StoreError
from kalshi_edge.operations.demo import (
    SYNTHETIC_DEMO,
    demo_trader,
    run_demo,
    settlement_of_accounts,
)
from kalshi_edge.operations.demo_past import DemoPlan, trade_past
from kalshi_edge.operations.replay import replay_store
from kalshi_edge.runtime.sandbox_process import RunningSandbox
from kalshi_sandbox.server import Plan, new_sandbox, server

PLAN = DemoPlan(
    seed=1, speed=600.0, start_at=datetime(2027, 4, 12, 14, 20, tzinfo=UTC), past_days=12
)
CITIES = ("NYC", "MIA")
PATIENCE_S = 60.0


@pytest.fixture
def settings() -> Settings:
    return load_settings(trading_mode="demo", store="sqlite", cities=CITIES, api_port=0)


@pytest.fixture(scope="module")
def traded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Decimal, ReadModel]:
    """The store after the past, what it left, and what a reader of its lines knows."""
    path, reader = tmp_path_factory.mktemp("demo") / "demo.db", ReadModel()
    settings = load_settings(trading_mode="demo", store="sqlite", cities=CITIES)
    cash = asyncio.run(trade_past(settings, PLAN, SYNTHETIC_DEMO, path, (reader,)))
    return path, cash, reader


def copied(traded: tuple[Path, Decimal, ReadModel], folder: Path) -> Path:
    path = folder / "demo.db"
    path.write_bytes(traded[0].read_bytes())
    return path


async def test_the_past_leaves_trades_days_calibrations_and_equity(traded) -> None:
    path, cash, reader = traded
    async with SqliteStore(path, SYNTHETIC_DEMO) as store:
        trades, days = await store.trades(), await store.daily_records()
        assert trades
        assert all(trade.settled_value is not None for trade in trades)
        assert {trade.mode for trade in trades} == {"demo"}
        earned = sum(trade.pnl for trade in trades)
        assert cash == Decimal(1000) + earned
        assert [day.day for day in days] == [
            date(2027, 3, 30 + n) if n < 2 else date(2027, 4, n - 1) for n in range(13)
        ]
        assert {one.city for one in await store.calibrations()} == set(CITIES)
    assert len(reader.equity) == 4 * 12 + 2
    assert reader.equity[0].equity == 1000
    assert sorted(reader.days) == [day.day for day in days]


async def test_a_store_of_the_past_belongs_to_synthetic_demonstrations_only(traded) -> None:
    for mode in ("demo", "paper", "live"):
        with pytest.raises(StoreError, match="belongs to mode synthetic demo"):
            SqliteStore(traded[0], mode)


async def test_the_same_seed_trades_the_same_past(traded, settings: Settings, tmp_path) -> None:
    again = tmp_path / "again.db"
    assert await trade_past(settings, PLAN, SYNTHETIC_DEMO, again) == traded[1]
    async with SqliteStore(traded[0], None) as one, SqliteStore(again, None) as other:
        assert await one.trades() == await other.trades()


async def test_the_trader_goes_on_with_the_exchange_of_the_same_world(
    traded, settings: Settings, tmp_path: Path
) -> None:
    path, cash, _ = copied(traded, tmp_path), traded[1], None
    world = Plan(cities=CITIES, seed=PLAN.seed, start_at=PLAN.start_at, speed=PLAN.speed)
    service = server(new_sandbox(world), port=0)
    serving = asyncio.create_task(service.serve())
    while not service.started:  # noqa: ASYNC110 - the server has no event for it
        await asyncio.sleep(0.05)
    sandbox = RunningSandbox(f"http://127.0.0.1:{service.servers[0].sockets[0].getsockname()[1]}")
    funded = settings.model_copy(update={"starting_balance": cash})
    dashboard = Dashboard("demo", is_synthetic=True)
    try:
        async with demo_trader(funded, sandbox, path, (dashboard,)) as trader:
            account = trader.engine.account
            assert account.tracker.cash == cash
            assert account.starting_balance == Decimal(1000)
            assert not account.tracker.open_trades()
            assert await settlement_of_accounts(trader) == (
                f"our ledger ${cash:.4f}, the exchange's balance ${cash:.4f}: the same"
            )
            running = asyncio.create_task(trader.run())
            async with asyncio.timeout(PATIENCE_S):
                while not trader.agreed.is_set() or not dashboard.cycles:  # noqa: ASYNC110
                    await asyncio.sleep(0.2)
            switch = trader.engine.kill_switch.switch_at(trader.clock.now())
            held = {Cause.RECONCILE, Cause.TERMS}
            assert not held & {hold.cause for hold in switch.holds}
            assert all(one.accepted for one in trader.engine.state.terms.values())
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
    finally:
        service.should_exit = True
        await serving
    differences = await asyncio.to_thread(lambda: list(replay_store(path)))
    assert not any(differences)


def test_a_start_before_the_last_results_leaves_their_day_out() -> None:
    morning = replace(PLAN, start_at=PLAN.start_at.replace(hour=6))
    assert PLAN.last_day == date(2027, 4, 11)
    assert morning.last_day == date(2027, 4, 10)


async def test_a_past_that_cannot_be_made_ends_the_demonstration_with_one_sentence(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def write_past(*_: object) -> None:
        raise HistoryError("the sandbox wrote no past: no room on the disk")

    @asynccontextmanager
    async def running_sandbox(_: object) -> AsyncIterator[RunningSandbox]:
        yield RunningSandbox("http://127.0.0.1:9")

    monkeypatch.setattr("kalshi_edge.operations.demo_past.write_past", write_past)
    monkeypatch.setattr("kalshi_edge.operations.demo.running_sandbox", running_sandbox)
    with pytest.raises(HistoryError, match="no room on the disk"):
        await run_demo(settings, PLAN, Dashboard("demo", is_synthetic=True))
