"""Copies, checks and backups of stores that hold what a trader really writes."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from kalshi_edge.db.copy_store import compared, copy_store
from kalshi_edge.db.sqlite import SqliteStore, back_up
from kalshi_edge.db.verify import checked
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.domain.orders import Order
from kalshi_edge.domain.records import Switch, SwitchState, Trade
from kalshi_edge.errors import StoreError
from tests.contract.store.test_store_contract import EVENTS, TRADE, VERDICTS, MadeTables, line
from tests.support.builders import NOW, fill, intent


@pytest.fixture
async def written(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """A store with lines of every kind, orders and notes."""
    async with SqliteStore(tmp_path / "first.db", "paper") as store:
        await store.note("setup", b'{"mode":"paper"}')
        for order in (verdict for verdict in VERDICTS if isinstance(verdict, Order)):
            await store.add_order(order)
        await store.append(JournalEntry(1, NOW, EVENTS, VERDICTS))
        for seq in range(2, 40):
            order = Order(intent(name=f"o{seq}"))
            await store.add_order(order)
            trade = replace(TRADE, trade_id=f"t{seq}")
            await store.append(line(seq, trade, order, events=(fill(order.intent, 1, "0.33"),)))
        yield store


async def test_a_copy_to_dynamodb_and_back_is_the_same(
    written: SqliteStore, dynamodb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_DYNAMODB", dynamodb)
    async with MadeTables(tmp_path).open() as tables:
        there = await copy_store(written, tables)
        async with SqliteStore(tmp_path / "back.db", "paper") as back:
            assert await copy_store(tables, back) == there
            assert await compared(written, back) == there
            assert (await checked(back))[1] == []
    assert (there.lines, there.notes) == (39, 1)
    assert there.orders >= 38
    assert there.trades >= 38


async def test_a_copy_that_broke_off_goes_on(written: SqliteStore, tmp_path: Path) -> None:
    class Died(Exception):
        pass

    def die(done: int, _: int) -> None:
        if done == 20:
            raise Died

    async with SqliteStore(tmp_path / "copy.db", "paper") as copy:
        with pytest.raises(Died):
            await copy_store(written, copy, die)
        assert 0 < await copy.last_seq() < 39
        assert (await copy_store(written, copy)).lines == 39


async def test_nothing_is_copied_over_another_store(written: SqliteStore, tmp_path: Path) -> None:
    async with SqliteStore(tmp_path / "other.db", "paper") as other:
        await other.append(line(1))
        with pytest.raises(StoreError, match="not its copy"):
            await copy_store(written, other)
        assert await other.last_seq() == 1


async def test_a_copy_that_came_out_otherwise_is_not_called_one(
    written: SqliteStore, tmp_path: Path
) -> None:
    class Forgetful(SqliteStore):
        async def trades(self, **asked: object) -> Sequence[Trade]:
            return (await super().trades(**asked))[1:]  # type: ignore[arg-type]

    async with Forgetful(tmp_path / "copy.db", "paper") as copy:
        with pytest.raises(StoreError, match="trades are not the same"):
            await copy_store(written, copy)


async def test_a_check_finds_what_was_changed_behind_the_stores_back(
    written: SqliteStore,
) -> None:
    assert (await checked(written))[1] == []
    written._db.execute("DELETE FROM trades WHERE trade_id = 't7'")
    written._db.execute("DELETE FROM journal WHERE seq = 12")
    faults = " ".join((await checked(written))[1])
    assert "trade t7" in faults
    assert "line 12 is missing" in faults


async def test_a_backup_is_whole_while_its_store_is_written(
    written: SqliteStore, tmp_path: Path
) -> None:
    await written.append(line(40, Switch(SwitchState.HALT, "before", NOW)))
    back_up(Path(written.path), tmp_path / "backup.db")
    await written.append(line(41))
    async with SqliteStore(tmp_path / "backup.db", None) as backup:
        assert await backup.last_seq() == 40
        assert (await checked(backup))[1] == []
        assert (await backup.switch(NOW)).reason == "before"
    with pytest.raises(StoreError, match="overwrites nothing"):
        back_up(Path(written.path), tmp_path / "backup.db")


async def test_a_backup_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no such store"):
        back_up(tmp_path / "none.db", tmp_path / "backup.db")
