"""What ends a trader and what does not, with processes of its own on the SYNTHETIC sandbox."""

import asyncio
import resource
import socket
from asyncio.subprocess import PIPE
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kalshi_edge.config import load_settings
from kalshi_edge.db.open_store import open_store
from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.domain.events import Halt
from kalshi_edge.domain.orders import Intent, Order, OrderState, TimeInForce
from kalshi_edge.errors import StoreError
from kalshi_edge.runtime import trader
from kalshi_edge.runtime.bootstrap import open_trader
from kalshi_edge.runtime.environment import environment_of
from kalshi_edge.runtime.trader import Trader
from kalshi_sandbox.exchange.control.faults import Fault, FaultKind
from tests.support.builders import intent
from tests.support.patience import PATIENCE_S
from tests.support.served import enrolled, new_pem, served
from tests.support.trader_process import trader_process

pytestmark = pytest.mark.realtime

PAPER = "synthetic paper"
REFUSED, STORE_FAILED, FENCED = 2, 3, 4
GTC = TimeInForce.GOOD_TILL_CANCELED


async def until_it_listens(folder: Path) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not (folder / "trader.db.control" / "socket").exists():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def next_cycle(folder: Path) -> None:
    """Until the journal is longer than it was."""
    async with asyncio.timeout(PATIENCE_S):
        before = await last_seq(folder)
        while await last_seq(folder) == before:  # noqa: ASYNC110 - written by another process
            await asyncio.sleep(0.05)


async def last_seq(folder: Path) -> int:
    async with SqliteStore(folder / "trader.db", PAPER) as store:
        return await store.last_seq()


async def taken_over(folder: Path) -> None:
    """Another process takes the lease, as after a long silence of the trader's."""
    async with SqliteStore(folder / "trader.db", PAPER) as store:
        held = store._lease()
        await store.take_lease(
            "another-process", datetime.now(UTC), timedelta(minutes=1), abandoned=held
        )


def paper(folder: Path, sandbox_url: str) -> dict[str, str]:
    return {
        "CITIES": "NYC",
        "SANDBOX_URL": sandbox_url,
        "STORE_PATH": str(folder / "trader.db"),
    }


@pytest.mark.parametrize("log", ["/dev/full", "unmounted/log.jsonl"])
async def test_a_log_disk_that_is_full_or_missing_ends_nothing(log: str, tmp_path: Path) -> None:
    async with served(tmp_path, speed=60) as (_, settings):
        environment = paper(tmp_path, settings.sandbox_url) | {"LOG_PATH": log}
        async with trader_process(tmp_path, environment, until="") as running:
            await until_it_listens(tmp_path)
            for _ in range(3):
                await next_cycle(tmp_path)
            assert (await running.command("halt")).code == 0
            assert running.process.returncode is None
            said = running.said.splitlines()
    assert len(said) == 1, said
    assert "the log cannot be written, trading goes on" in said[0]


async def test_nobody_who_reads_standard_output_any_more_ends_nothing(tmp_path: Path) -> None:
    async with served(tmp_path, speed=60) as (_, settings):
        environment = paper(tmp_path, settings.sandbox_url) | {"LOG_PATH": ""}
        async with trader_process(tmp_path, environment, until="", stdout=PIPE) as running:
            assert running.process.stdout is not None
            first = await running.process.stdout.readline()
            assert b'"event":"api"' in first
            transport = running.process.stdout._transport  # type: ignore[attr-defined]
            transport.close()  # as `| head -n 1` does
            await until_it_listens(tmp_path)
            for _ in range(3):
                await next_cycle(tmp_path)
            assert (await running.command("halt")).code == 0
            assert running.process.returncode is None
            running.process.terminate()
            assert await running.ended() == 0
            said = running.said.splitlines()
    assert len(said) == 1, said
    assert "Broken pipe" in said[0]


async def test_a_full_store_disk_ends_it_in_a_sentence(tmp_path: Path) -> None:
    async with (
        served(tmp_path, speed=60) as (_, settings),
        trader_process(tmp_path, paper(tmp_path, settings.sandbox_url)) as running,
    ):
        await next_cycle(tmp_path)
        resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, (4096, 4096))
        code = await running.ended()
        said = running.said.splitlines()
    assert "error: trading ended, the store failed: " in said[-1]
    assert "Traceback" not in running.said
    assert code == STORE_FAILED
    assert len(said) <= 4, said  # the log and two snapshots cannot be written either


@pytest.mark.parametrize("is_reached", [True, False], ids=["reached", "not reached"])
async def test_what_rests_is_taken_out_first_where_the_exchange_can_be_reached(
    is_reached: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trader, "WITHDRAWN_WITHIN_S", PATIENCE_S if is_reached else 0.1)
    async with served(tmp_path, speed=1) as (sandbox, plain):
        account, key = enrolled(sandbox, new_pem())
        own = {name.lower(): value for name, value in key.items()}
        settings = load_settings(**plain.model_dump(exclude_unset=True) | own)
        environment = await environment_of(settings)
        async with (
            open_store(settings, environment.store_mode) as store,
            open_trader(settings, environment, store, ()) as ours,
        ):
            assert isinstance(store, SqliteStore)
            wanted = await _rests(ours)
            assert [order.client_order_id for order in account.all_resting()] == [wanted.intent_id]
            if not is_reached:
                sandbox.exchange.faults.add(Fault(FaultKind.REFUSE, times=None, status=503))
            store._db.execute("PRAGMA max_page_count = 1")  # what there is, and no more
            # The pages that are there already take some lines.
            ours.inbox.put(*(Halt(f"line {n}", ours.clock.now()) for n in range(2000)))
            with pytest.raises(StoreError, match=r"full.*of 1 resting entries") as ended:
                await ours.run()
    assert len(account.all_resting()) == (0 if is_reached else 1)
    assert f"; {int(is_reached)} of 1 resting entries were cancelled" in str(ended.value)
    assert ("1 may still rest" in str(ended.value)) is not is_reached


async def _rests(ours: Trader) -> Intent:
    """An entry of ours that waits in the book, as the trader knows it."""
    await ours.markets.refresh()
    ticker = ours.markets.open_tickers[0]
    now = ours.clock.now()
    wanted = intent(ticker, count=1, price="0.01", created_at=now, time_in_force=GTC)
    report = await ours.executor._exchange.place(wanted)
    assert report.rests
    order = Order(wanted, OrderState.RESTING, report.order_id)
    ours.engine.account.orders[wanted.intent_id] = order
    await ours.store.add_order(order)
    return wanted


async def test_one_whose_lease_was_taken_says_so_and_leaves_the_book_alone(tmp_path: Path) -> None:
    async with served(tmp_path) as (_, settings):
        environment = paper(tmp_path, settings.sandbox_url)
        async with trader_process(tmp_path, environment) as running:
            await taken_over(tmp_path)
            code = await running.ended()
            said = running.said.splitlines()
    assert (code, len(said)) == (FENCED, 1), said
    assert "another-process" in said[0]


async def test_a_port_that_is_taken_is_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        async with served(tmp_path) as (_, settings):
            environment = paper(tmp_path, settings.sandbox_url) | {"API_PORT": port}
            async with trader_process(tmp_path, environment, until="") as running:
                code = await running.ended()
                said = running.said.splitlines()
    assert (code, len(said)) == (REFUSED, 1), said
    assert f"API_PORT is {port}" in said[0]
