"""What is peculiar to the store in one file: foreign, damaged and missing files, and notes."""

import sqlite3
import zlib
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from kalshi_edge.db.codec import from_json, to_json
from kalshi_edge.db.schema import SCHEMA_VERSION, schema_version
from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.domain.events import CycleDue
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.domain.orders import Order
from kalshi_edge.domain.verdicts import Alarm
from kalshi_edge.errors import InputError, StoreError
from tests.support.builders import NOW, intent


def line(seq: int) -> JournalEntry:
    return JournalEntry(seq, NOW, (CycleDue(NOW),), (Alarm("name", "text"),))


def test_a_file_that_is_no_store_is_refused_and_left_alone(tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    note.write_text("my shopping list, long enough to be a header of a database " * 20)
    before = note.read_bytes()
    with pytest.raises(StoreError, match="not a database"):
        SqliteStore(note, "paper")
    assert note.read_bytes() == before


def test_somebody_elses_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE things (name TEXT)")
    with pytest.raises(StoreError, match="schema 0"):
        SqliteStore(path, "paper")
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("things",)]
        assert other.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nowhere"):
        SqliteStore(tmp_path / "nowhere" / "store.db", "paper")


@pytest.mark.parametrize("content", [None, b""])
async def test_where_there_is_no_store_there_is_nothing_to_look_at(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "store.db"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(StoreError):
        SqliteStore(path, None)
    assert path.exists() is (content is not None)
    await SqliteStore(path, "paper").close()


async def test_a_store_in_memory_keeps_nothing() -> None:
    async with SqliteStore(":memory:", "paper") as store:
        await store.append(line(1))
    async with SqliteStore(":memory:", "paper") as store:
        assert await store.last_seq() == 0


async def test_a_damaged_line_is_an_error_with_a_name(tmp_path: Path) -> None:
    async with SqliteStore(tmp_path / "store.db", "paper") as store:
        await store.append(line(1))
        for damage in (b"damaged", zlib.compress(b"damaged"), zlib.compress(b"{}")):
            store._db.execute("UPDATE journal SET body = ?", (damage,))
            with pytest.raises((StoreError, InputError)):
                await store.journal()


async def test_a_store_of_the_first_schema_is_read_as_it_is_and_brought_forward_by_its_owner(
    tmp_path: Path,
) -> None:
    path = tmp_path / "store.db"
    async with SqliteStore(path, "paper") as store:
        await store.append(line(1))
        store._db.execute("DROP TABLE lease")
        store._db.execute("DROP TABLE snapshots")
        store._db.execute("DROP TABLE current")
        store._db.execute("PRAGMA user_version = 1")
    async with SqliteStore(path, None) as looking:
        assert list(await looking.journal()) == [line(1)]
        assert schema_version(looking._db) == 1
    async with SqliteStore(path, "paper") as store:
        assert schema_version(store._db) == SCHEMA_VERSION
        assert (await store.take_lease("a", NOW, timedelta(seconds=9))).token == 1
        await store.append(line(2))


async def test_a_store_locked_for_longer_than_we_wait_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    async with SqliteStore(path, "paper") as store:
        store._db.execute("PRAGMA busy_timeout = 1")
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreError, match="locked"):
                await store.append(line(1))
            other.execute("ROLLBACK")
        await store.append(line(1))


async def test_a_commit_is_on_the_disk_when_the_call_returns(tmp_path: Path) -> None:
    async with SqliteStore(tmp_path / "store.db", "paper") as store:
        assert store._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert store._db.execute("PRAGMA synchronous").fetchone() == (2,)


async def test_a_line_whose_order_follows_is_flushed_with_the_order(tmp_path: Path) -> None:
    async with SqliteStore(tmp_path / "store.db", "paper") as store:
        said: list[str] = []
        store._db.set_trace_callback(said.append)
        await store.append(line(1), order_follows=True)
        await store.add_order(Order(intent()))
        await store.append(line(2))
        store._db.set_trace_callback(None)
        kept = ("PRAGMA synchronous", "PRAGMA wal_autocheckpoint", "COMMIT")
        assert [one for one in said if one.startswith(kept)] == [
            "PRAGMA wal_autocheckpoint = 0", "PRAGMA synchronous = NORMAL", "COMMIT",
            "PRAGMA synchronous = FULL", "PRAGMA wal_autocheckpoint = 1000",
            "PRAGMA wal_autocheckpoint = 0", "PRAGMA synchronous = FULL", "COMMIT",
            "PRAGMA synchronous = FULL", "PRAGMA wal_autocheckpoint = 1000",
            "COMMIT",
        ]  # fmt: skip


async def test_a_write_that_nobody_waits_for_tidies_the_log_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kalshi_edge.db.sqlite.TIDY_AFTER_PAGES", 10)
    log = tmp_path / "store.db-wal"
    async with SqliteStore(tmp_path / "store.db", "paper") as store:
        sizes = [0]
        for number in range(10):
            await store.add_order(Order(intent(name=str(number))))
            sizes.append(log.stat().st_size)
        assert sizes == sorted(set(sizes))
        await store.append(line(1))
        grown = log.stat().st_size
        await store.add_order(Order(intent(name="next")))
        assert log.stat().st_size == grown  # it is written anew from its beginning


def test_a_setups_durations_keep_every_microsecond() -> None:
    odd = timedelta(days=3, hours=1, microseconds=1)
    assert from_json(to_json(odd), timedelta) == odd
