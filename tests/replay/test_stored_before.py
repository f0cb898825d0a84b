"""A store and a recording from before classes were renamed: they open, replay and trade on.

``tests/fixtures/stored`` was written by version 0.1.0 in a SYNTHETIC world of two cities.
"""

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from kalshi_edge.data.recording.replaying import decisions_of
from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.domain.events import CycleDue
from kalshi_edge.domain.market import Book, Ladder
from kalshi_edge.domain.orders import Fill
from kalshi_edge.domain.verdicts import Approved, CycleDone
from kalshi_edge.domain.weather import Forecast
from kalshi_edge.execution.executor import Executor
from kalshi_edge.operations.replay import replay_recording, replay_store
from kalshi_edge.runner import run
from kalshi_edge.runtime.resumption import resumed_engine
from tests.replay.test_recording import SETUP
from tests.support.trader_harness import DrawnExchange, chained

BEFORE = Path(__file__).parents[1] / "fixtures" / "stored"
LINES = 71


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """The fixture's own copy: opening a store may bring it forward."""
    return Path(shutil.copytree(BEFORE, tmp_path / "stored"))


async def test_the_store_is_whole(before: Path) -> None:
    store = SqliteStore(before / "trader.db", "demo")
    lines = await store.journal()
    assert [line.seq for line in lines] == list(range(1, LINES + 1))
    assert len(await store.trades()) == 2
    assert len(await store.daily_records()) == 1
    approved = [v for line in lines for v in line.verdicts if isinstance(v, Approved)]
    assert [one.intents[0].ticker[:12] for one in approved] == ["KXHIGHMIA-27"] * 2
    await store.close()


def test_its_journal_replays_line_for_line(before: Path) -> None:
    assert list(replay_store(before / "trader.db")) == [None] * LINES


def test_its_recording_replays_line_for_line(before: Path) -> None:
    differences = list(replay_recording(before / "recording", before / "trader.db"))
    assert differences == [None] * LINES
    assert len(list(decisions_of(before / "recording"))) == LINES


async def test_it_goes_on_trading(before: Path) -> None:
    store = SqliteStore(before / "trader.db", "demo")
    engine = await resumed_engine(SETUP, store)
    [end] = await store.journal(await store.last_seq() - 1)
    cash, seen = engine.account.tracker.cash, await store.fill_ids()
    assert cash != SETUP.starting_balance
    at, facts = end.received_at + timedelta(minutes=30), (Forecast, Ladder, Book)
    lines = await store.journal(LINES - 4)
    again = [event for line in lines for event in line.events if isinstance(event, facts)]
    told = [replace(event, received_at=at) for event in again]
    fill = next(
        event for line in await store.journal() for event in line.events if isinstance(event, Fill)
    )
    exchange = DrawnExchange(())
    feed = chained([*told, fill, CycleDue(at)])
    await run(feed, engine, Executor(exchange, store), store, last_seq=await store.last_seq())
    [line] = await store.journal(LINES)
    assert isinstance(line.verdicts[-1], CycleDone)
    assert line.verdicts[-1].cities
    assert engine.account.tracker.cash == cash  # the fill was known
    assert await store.fill_ids() == seen
    await store.close()
