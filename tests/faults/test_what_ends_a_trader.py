"""What ends a trader and what does not, with processes of its own on the SYNTHETIC sandbox."""

import asyncio
import resource
from asyncio.subprocess import PIPE
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kalshi_edge.db.sqlite import SqliteStore
from tests.support.patience import PATIENCE_S
from tests.support.served import enrolled, new_pem, served
from tests.support.trader_process import trader_process

pytestmark = pytest.mark.realtime

PAPER = "synthetic paper"
STORE_FAILED, FENCED = 3, 4
EAGER = {
    "LAST_ENTRY_H": "24",
    "MIN_EDGE_THRESHOLD": "0",
    "MAX_EDGE_THRESHOLD": "1",
    "MIN_ASK": "0.01",
    "MAX_ASK": "0.99",
    "MAX_SPREAD": "0.5",
    "MAX_REFERENCE_GAP_F": "50",
    "MAX_CITY_POSITIONS": "10",
    "MAX_CITY_DAY_SHARE": "0.2",
}
"""Gates wide open, so that the made-up market is traded at once."""


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


async def test_a_full_store_disk_ends_it_in_a_sentence_and_takes_its_entries_out(
    tmp_path: Path,
) -> None:
    async with served(tmp_path, speed=30) as (sandbox, settings):
        account, key = enrolled(sandbox, new_pem())
        environment = {
            **key,
            **paper(tmp_path, settings.sandbox_url),
            "TRADING_MODE": "demo",
            **EAGER,
        }
        async with trader_process(tmp_path, environment) as running:
            async with asyncio.timeout(PATIENCE_S):
                while not account.all_resting():  # noqa: ASYNC110 - the sandbox has no event for it
                    await asyncio.sleep(0.02)
            resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, (4096, 4096))
            code = await running.ended()
            said = running.said.splitlines()
    assert len(said) == 1, said
    print(said[0])  # noqa: T201
    assert code == STORE_FAILED
    assert account.all_resting() == ()


async def test_one_whose_lease_was_taken_says_so_and_leaves_the_book_alone(tmp_path: Path) -> None:
    async with served(tmp_path) as (_, settings):
        environment = paper(tmp_path, settings.sandbox_url)
        async with trader_process(tmp_path, environment) as running:
            await taken_over(tmp_path)
            code = await running.ended()
            said = running.said.splitlines()
    assert (code, len(said)) == (FENCED, 1), said
    assert "another-process" in said[0]
