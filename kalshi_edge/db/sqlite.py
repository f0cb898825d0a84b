"""The store in one SQLite file: no set-up, one writer, many readers, nothing acknowledged is lost.

WAL with synchronous FULL: a call returns when its transaction is on the disk. Only a line whose
order is stored next waits for that one's: one flush of the log makes both safe. Each record is its
JSON beside the columns it is looked up by; the journal's lines are compressed.
"""

import sqlite3
import zlib
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Self, TypeVar

import orjson

from kalshi_edge.db.codec import from_json, line_from_json, to_json
from kalshi_edge.db.current import subject_of
from kalshi_edge.db.schema import CURRENT_SINCE, SCHEMA_VERSION, migrate, schema_version
from kalshi_edge.db.stored_names import stored_kind
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.domain.orders import Fill, Order
from kalshi_edge.domain.records import (
    Calibration,
    DailyRecord,
    Lease,
    SeriesTerms,
    Switch,
    SwitchState,
    Trade,
)
from kalshi_edge.errors import Fenced, InputError, StoreError

T = TypeVar("T")

TIDY_AFTER_PAGES = 1000
"""So long may the log be before a write that nobody waits for copies it into the file."""
NO_LEASE = Lease("", 0, datetime.min.replace(tzinfo=UTC))


class SqliteStore:
    """A ``Store`` in one file; ``:memory:`` keeps nothing.

    ``mode`` is whose it is; ``None`` takes an existing store of any mode, to look at it. Raises
    ``StoreError`` where the file belongs to another mode or to a newer program, or is no store.
    """

    def __init__(self, path: Path | str, mode: str | None) -> None:
        self.path = str(path)
        self.mode = mode
        self._token: int | None = None
        """Of the lease we took; ``None`` where we never asked for one."""
        if mode is None and not Path(path).is_file():
            raise StoreError(f"{self.path}: no such store")
        with _named(self.path):
            self._db = sqlite3.connect(self.path, isolation_level=None)
        try:
            self._prepare()
        except BaseException:
            self._db.close()
            raise

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    # --- the port -----------------------------------------------------------------------------

    async def append(self, entry: JournalEntry, *, order_follows: bool = False) -> None:
        """Add a journal line and, in the same transaction, every record among its verdicts."""
        body = zlib.compress(to_json(entry), level=1)
        with self._hurried(order_follows, flushed=not order_follows), self._writing():
            expected = self._last_seq() + 1
            if entry.seq != expected:
                raise StoreError(f"journal line {entry.seq} offered, {expected} is next")
            self._db.execute(
                "INSERT INTO journal VALUES (?, ?, ?)",
                (entry.seq, entry.received_at.isoformat(), body),
            )
            for event in entry.events:
                if isinstance(event, Fill):
                    self._put("fills", event, fill_id=event.fill_id)
            for verdict in entry.verdicts:
                self._put_record(verdict)

    async def journal(
        self,
        after_seq: int = 0,
        limit: int | None = None,
        *,
        kinds: Collection[type] | None = None,
        event_kinds: Collection[type] | None = None,
    ) -> Sequence[JournalEntry]:
        """The journal's lines after ``after_seq``, in order; of ``kinds`` only."""
        rows = self._rows(
            "SELECT body FROM journal WHERE seq > ? ORDER BY seq LIMIT ?",
            after_seq,
            -1 if limit is None else limit,
        )
        with _named(self.path):
            bodies = [zlib.decompress(body) for (body,) in rows]
        return [line_from_json(body, kinds, event_kinds) for body in bodies]

    async def last_seq(self) -> int:
        """The number of the journal's last line; 0 where there is none."""
        return self._last_seq()

    async def add_order(self, order: Order) -> bool:
        """Store an intent before it is sent; ``False`` where one of that id exists already."""
        with self._hurried(), self._writing():
            added = self._db.execute(
                "INSERT INTO orders (intent_id, is_live, body) VALUES (?, ?, ?)"
                " ON CONFLICT DO NOTHING",
                (order.intent.intent_id, order.is_live, to_json(order)),
            )
            return added.rowcount == 1

    async def orders(
        self, *, live_only: bool = False, also: Collection[str] = ()
    ) -> Sequence[Order]:
        """Orders, oldest first; with ``live_only`` those that may still trade, and ``also``."""
        named = "OR intent_id IN (SELECT value FROM json_each(?1))"
        where = f"WHERE is_live {named}" if live_only else "WHERE ?1 = ?1"
        return self._read(
            Order,
            f"SELECT body FROM orders {where} ORDER BY number",  # noqa: S608 - fixed text
            orjson.dumps(list(also)).decode(),
        )

    async def fill_ids(self) -> frozenset[str]:
        """The names of all fills in the journal, each to be counted once only."""
        return frozenset(name for (name,) in self._rows("SELECT fill_id FROM fills"))

    async def trades(self, *, day: date | None = None, city: str | None = None) -> Sequence[Trade]:
        """Trades of a climate day, of a city, or both, oldest first."""
        return self._read(
            Trade,
            "SELECT body FROM trades WHERE (?1 IS NULL OR climate_day = ?1)"
            " AND (?2 IS NULL OR city = ?2) ORDER BY number",
            None if day is None else day.isoformat(),
            city,
        )

    async def calibrations(self, city: str | None = None) -> Sequence[Calibration]:
        """Calibration records, oldest first."""
        return self._read(
            Calibration,
            "SELECT body FROM calibrations WHERE ?1 IS NULL OR city = ?1 ORDER BY number",
            city,
        )

    async def daily_records(self) -> Sequence[DailyRecord]:
        """All daily records, oldest first."""
        return self._read(DailyRecord, "SELECT body FROM daily ORDER BY day")

    async def terms(self) -> Sequence[SeriesTerms]:
        """The rules of every series as last accepted or refused."""
        return self._read(SeriesTerms, "SELECT body FROM terms ORDER BY series")

    async def current(self, kind: type[T]) -> Sequence[T]:
        """The newest record of every subject, of one kind, by subject."""
        if schema_version(self._db) < CURRENT_SINCE:
            return ()  # only looked at: an older program wrote it, and kept none
        sql = "SELECT body FROM current WHERE kind = ? ORDER BY subject"
        return self._read(kind, sql, stored_kind(kind))

    async def switch(self, at: datetime) -> Switch:
        """The kill switch as last stored; halted where it cannot be read."""
        try:
            stored = self._read(Switch, "SELECT body FROM switch")
        except (StoreError, InputError) as error:
            return Switch(SwitchState.HALT, f"the stored switch cannot be read: {error}", at)
        return stored[0] if stored else Switch(SwitchState.RUN, "never thrown", at)

    async def lease(self) -> Lease:
        """The lease as it stands."""
        return self._lease()

    async def take_lease(
        self, holder: str, at: datetime, lasts: timedelta, *, abandoned: Lease | None = None
    ) -> Lease:
        """The lease as it stands after ``holder`` asked for it at instant ``at``."""
        with self._transaction():
            before = self._lease()
            lease = before.after(holder, at, lasts, abandoned=abandoned)
            if lease != before:
                self._put("lease", lease, only=1)
        self._token = lease.token if lease.holder == holder else 0
        return lease

    async def drop_lease(self, holder: str) -> None:
        """Give the lease up, where ``holder`` holds it; this store then writes no more."""
        with self._transaction():
            lease = self._lease()
            if lease.holder == holder:
                self._put("lease", lease.dropped(), only=1)
        self._token = 0

    async def note(self, name: str, text: bytes) -> None:
        """Keep a fact about the store itself, such as the setup its journal was written under."""
        with self._writing():
            self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, text.decode()))

    async def noted(self, name: str) -> str | None:
        """A fact noted before; ``None`` where there is none of that name."""
        return self._noted(name)

    async def notes(self) -> dict[str, str]:
        """Every fact noted, by name."""
        return dict(self._rows("SELECT name, value FROM meta WHERE name <> 'mode'"))

    async def put_snapshot(self, name: str, body: bytes) -> None:
        """Keep ``body`` in the place of what was kept under ``name`` before."""
        with self._writing():
            self._db.execute("INSERT OR REPLACE INTO snapshots VALUES (?, ?)", (name, body))

    async def snapshot(self, name: str) -> bytes | None:
        """The newest snapshot of that name; ``None`` where there is none."""
        found = self._rows("SELECT body FROM snapshots WHERE name = ?", name)
        return bytes(found[0][0]) if found else None

    def save_as(self, path: Path) -> None:
        """Copy everything into a new file at ``path``; ``StoreError`` where one is."""
        if path.exists():
            raise StoreError(f"{path} is there already; a copy overwrites nothing")
        with _named(str(path)), closing(sqlite3.connect(path)) as target:
            self._db.backup(target)

    async def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    # --- inside -------------------------------------------------------------------------------

    def _noted(self, name: str) -> str | None:
        found = self._rows("SELECT value FROM meta WHERE name = ?", name)
        return str(found[0][0]) if found else None

    def _lease(self) -> Lease:
        stored = self._read(Lease, "SELECT body FROM lease")
        return stored[0] if stored else NO_LEASE

    def _move_order(self, order: Order) -> None:
        saved = self._db.execute(
            "UPDATE orders SET is_live = ?, body = ? WHERE intent_id = ?",
            (order.is_live, to_json(order), order.intent.intent_id),
        )
        if saved.rowcount != 1:
            raise StoreError(f"order {order.intent.intent_id} was never added")

    def _put_record(self, record: object) -> None:
        match record:
            case Order():
                self._move_order(record)
            case Trade():
                self._put(
                    "trades",
                    record,
                    trade_id=record.trade_id,
                    climate_day=record.climate_day.isoformat(),
                    city=record.city,
                    strategy=record.strategy.value,
                )
            case Calibration():
                self._put("calibrations", record, city=record.city)
            case DailyRecord():
                self._put("daily", record, day=record.day.isoformat())
            case SeriesTerms():
                self._put("terms", record, series=record.series)
            case Switch():
                self._put("switch", record, only=1)
            case _:
                # The other verdicts live in the journal alone.
                if (subject := subject_of(record)) is not None:
                    self._put("current", record, kind=stored_kind(type(record)), subject=subject)

    def _put(self, table: str, record: object, **keys: str | int) -> None:
        columns = ", ".join(keys)
        marks = ", ".join("?" * (len(keys) + 1))
        # A record that is there already keeps its place and gets the new body.
        self._db.execute(
            f"INSERT INTO {table} ({columns}, body) VALUES ({marks})"  # noqa: S608 - our own names
            " ON CONFLICT DO UPDATE SET body = excluded.body",
            (*keys.values(), to_json(record)),
        )

    def _read(self, of: type[T], sql: str, *values: Any) -> list[T]:
        return [from_json(body, of) for (body,) in self._rows(sql, *values)]

    def _rows(self, sql: str, *values: Any) -> list[Any]:
        with _named(self.path):
            return self._db.execute(sql, values).fetchall()

    def _last_seq(self) -> int:
        return int(self._rows("SELECT coalesce(max(seq), 0) FROM journal")[0][0])

    @contextmanager
    def _hurried(self, applies: bool = True, *, flushed: bool = True) -> Iterator[None]:
        """What is written while an order waits: the log grows, and later writes tidy it up."""
        if not applies:
            yield
            return
        self._rows("PRAGMA wal_autocheckpoint = 0")
        self._rows(f"PRAGMA synchronous = {'FULL' if flushed else 'NORMAL'}")
        try:
            yield
        finally:
            self._rows("PRAGMA synchronous = FULL")
            self._rows(f"PRAGMA wal_autocheckpoint = {TIDY_AFTER_PAGES}")

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """A transaction that is begun only by who holds the newest lease, or asked for none."""
        with self._transaction():
            if self._token is not None and (lease := self._lease()).token != self._token:
                raise Fenced(f"{self.path}: {lease.holder or 'somebody else'} has the lease now")
            yield

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with _named(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:  # a full disk has rolled it back itself
                    self._db.execute("ROLLBACK")
                raise

    def _prepare(self) -> None:
        self._rows("PRAGMA busy_timeout = 5000")
        with self._transaction():
            version = schema_version(self._db)
            if version > SCHEMA_VERSION or (version == 0 and not self._may_begin()):
                raise StoreError(
                    f"{self.path} has schema {version}; this program reads 1 to {SCHEMA_VERSION}"
                )
            mode = self._noted("mode") if version else self.mode
            if self.mode not in {None, mode}:
                raise StoreError(f"{self.path} belongs to mode {mode}, not {self.mode}")
            if self.mode is not None:
                migrate(self._db)
                self._db.execute("INSERT OR IGNORE INTO meta VALUES ('mode', ?)", (mode,))
        # Only now: what follows changes the file, which until here may have been somebody else's.
        if self.mode is None:
            self.mode = mode
            self._rows("PRAGMA query_only = ON")
        else:
            self._rows("PRAGMA journal_mode = WAL")
            self._rows("PRAGMA synchronous = FULL")
            self._rows(f"PRAGMA wal_autocheckpoint = {TIDY_AFTER_PAGES}")

    def _may_begin(self) -> bool:
        return self.mode is not None and not self._rows("SELECT 1 FROM sqlite_master LIMIT 1")


def back_up(path: Path, to: Path) -> None:
    """Copy the store at ``path`` as it is at one instant, while its trader goes on writing.

    Raises ``StoreError`` where there is no store, or something stands at ``to`` already.
    """
    if not path.is_file():
        raise StoreError(f"{path}: no such store")
    if to.exists():
        raise StoreError(f"{to} is there already; a backup overwrites nothing")
    with (
        _named(str(path)),
        closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(to)) as target,
    ):
        source.backup(target)
        (said,) = target.execute("PRAGMA integrity_check").fetchone()
        if said != "ok":
            raise StoreError(f"{to}: the copy does not hold together: {said}")


@contextmanager
def _named(path: str) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, zlib.error) as error:
        raise StoreError(f"{path}: {error}") from error
