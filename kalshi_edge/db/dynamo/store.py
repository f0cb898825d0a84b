"""The store in DynamoDB: the same records and promises as in one file, for many machines.

One item, the head, holds the journal's last number and the lease. Every line is a transaction that
moves the head on, so that two writers cannot both be next and a fenced one cannot write. A line
with more records than a transaction takes is put down first, marked unapplied, and its records
follow before anything else does.
"""

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, NoReturn, Self, TypeVar

from botocore.exceptions import ClientError

from kalshi_edge.clock import Clock, SystemClock
from kalshi_edge.db.codec import line_from_json
from kalshi_edge.db.dynamo.client import ConditionFailed, Dynamo, chunks
from kalshi_edge.db.dynamo.config import DynamoConfig, Keep
from kalshi_edge.db.dynamo.head import (
    HEAD,
    SCHEMA_VERSION,
    fence,
    first_head,
    lease_of,
    new_lease,
    next_head,
)
from kalshi_edge.db.dynamo.items import (
    BY_CITY_AND_DATE,
    CALIBRATION,
    DAILY,
    JOURNAL,
    SWITCH,
    TRADES,
    current_key,
    key,
    line_key,
    line_parts,
    new_order_writes,
    record_writes,
)
from kalshi_edge.db.dynamo.reading import know_all_orders, partition, records_of, unpacked_line
from kalshi_edge.db.dynamo.snapshots import read_snapshot, write_snapshot
from kalshi_edge.db.dynamo.writes import (
    TRANSACTION_ITEMS,
    Deed,
    Write,
    fits_one_transaction,
    number,
    text,
)
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.domain.orders import Order
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

LONGEST_NOTE = 300_000
LEASE_ATTEMPTS = 20


class DynamoStore:
    """A ``Store`` on the tables of one place; ``begin`` before use, or ``async with``.

    ``mode`` is whose it is; ``None`` takes an existing store of any mode, to look at it.
    """

    def __init__(
        self,
        place: DynamoConfig,
        mode: str | None,
        keep: Keep | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.dynamo = Dynamo(place)
        self.mode = mode or ""
        self._only_looks = mode is None
        self._keep = keep or Keep()
        self._clock = clock or SystemClock()
        self._placed_at = datetime.min.replace(tzinfo=UTC)
        self._token: int | None = None
        """Of the lease we took; ``None`` where we never asked for one."""

    async def __aenter__(self) -> Self:
        try:
            await self.begin()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def begin(self) -> None:
        """Find whose the tables are, or make them ours where they are new.

        Raises ``StoreError`` where they are another mode's, of a newer program, or not there.
        """
        name = self.dynamo.table(JOURNAL)
        try:
            await self.dynamo.call("describe_table", TableName=name)
        except ClientError as error:
            raise StoreError(f"no table {name}: `kalshi-edge tables create` makes it") from error
        head = await self._head()
        if not head and not self._only_looks:
            await self._begin_new()
            head = await self._head()
        if not head:
            raise StoreError(f"{name}: no such store")
        schema, mode = int(head["schema"]["N"]), head["mode"]["S"]
        if schema > SCHEMA_VERSION:
            raise StoreError(f"{name} has schema {schema}; this program reads {SCHEMA_VERSION}")
        if not self._only_looks and mode != self.mode:
            raise StoreError(f"{name} belongs to mode {mode}, not {self.mode}")
        self.mode = mode
        if "unapplied" in head and not self._only_looks:
            await self._apply_left_over(int(head["unapplied"]["N"]))

    # --- the port -----------------------------------------------------------------------------

    async def append(self, entry: JournalEntry, *, order_follows: bool = False) -> None:  # noqa: ARG002 - safe at once
        """Add a journal line and every record among its verdicts, all or nothing."""
        self._may_write()
        line, parts = line_parts(entry, self._keep)
        records = record_writes(entry, self.mode, self._keep)
        if parts:
            await self.dynamo.put_many(JOURNAL, parts)
        head = next_head(entry.seq, self._token)
        try:
            if fits_one_transaction([head, line, *records]):
                await self.dynamo.write(head, line, *records)
            else:
                await know_all_orders(self.dynamo, entry)
                marked = {**head.values, "unapplied": number(entry.seq)}
                await self.dynamo.write(
                    Write(JOURNAL, HEAD, marked, condition=head.condition, given=head.given), line
                )
                await self._apply(entry.seq, records)
        except ConditionFailed as failed:
            await self._explain(entry, [head, line, *records], failed)

    async def journal(
        self,
        after_seq: int = 0,
        limit: int | None = None,
        *,
        kinds: Collection[type] | None = None,
        event_kinds: Collection[type] | None = None,
    ) -> Sequence[JournalEntry]:
        """The journal's lines after ``after_seq``, in order; of ``kinds`` only."""
        if limit == 0:
            return []
        asked: dict[str, Any] = {} if limit is None else {"Limit": limit}
        items = await partition(
            self.dynamo,
            JOURNAL,
            {"pk": text("line"), "sk": line_key(after_seq)["sk"]},
            compare=">",
            limit=limit,
            **asked,
        )
        return [
            line_from_json(await unpacked_line(self.dynamo, item), kinds, event_kinds)
            for item in items
        ]

    async def last_seq(self) -> int:
        """The number of the journal's last line; 0 where there is none."""
        return int((await self._head())["seq"]["N"])

    async def add_order(self, order: Order) -> bool:
        """Store an intent before it is sent; ``False`` where one of that id exists already."""
        self._may_write()
        writes = [*fence(self._token), *new_order_writes(order, self._placed(order), self._keep)]
        try:
            await self.dynamo.write(*writes)
        except ConditionFailed as failed:
            if writes[failed.places[0]].deed is Deed.CHECK:
                await self._fenced()
            return False
        return True

    async def orders(
        self, *, live_only: bool = False, also: Collection[str] = ()
    ) -> Sequence[Order]:
        """Orders, oldest first; with ``live_only`` those that may still trade, and ``also``."""
        if live_only:
            names = sorted({*also, *(item["sk"]["S"] for item in await self._items("live"))})
            items = await self.dynamo.get_many(JOURNAL, [key("order", name) for name in names])
        else:
            items = await self._items("order")
        return records_of(Order, sorted(items, key=lambda item: str(item["placed"]["S"])))

    async def fill_ids(self) -> frozenset[str]:
        """The names of all fills in the journal, each to be counted once only."""
        items = await partition(
            self.dynamo, JOURNAL, {"pk": text("fill")}, ProjectionExpression="sk"
        )
        return frozenset(item["sk"]["S"] for item in items)

    async def trades(self, *, day: date | None = None, city: str | None = None) -> Sequence[Trade]:
        """Trades of a climate day, of a city, or both, oldest first.

        A day's come from an index, which may be a moment behind; nothing decides by it.
        """
        if day is None:
            items = await partition(self.dynamo, TRADES, {"mode": text(self.mode)})
        else:
            keys = {"climate_day": text(day.isoformat())}
            keys |= {} if city is None else {"city": text(city)}
            items = await partition(
                self.dynamo, TRADES, keys, IndexName=BY_CITY_AND_DATE, ConsistentRead=False
            )
        trades = records_of(Trade, sorted(items, key=_number))
        return [trade for trade in trades if city in {None, trade.city}]

    async def calibrations(self, city: str | None = None) -> Sequence[Calibration]:
        """Calibration records, oldest first."""
        keys = {"mode": text(self.mode)} | ({} if city is None else {"sk": text(f"{city}#")})
        items = await partition(self.dynamo, CALIBRATION, keys, compare="begins_with")
        return records_of(Calibration, sorted(items, key=_number))

    async def daily_records(self) -> Sequence[DailyRecord]:
        """All daily records, oldest first."""
        return records_of(
            DailyRecord, await partition(self.dynamo, DAILY, {"mode": text(self.mode)})
        )

    async def terms(self) -> Sequence[SeriesTerms]:
        """The rules of every series as last accepted or refused."""
        return records_of(SeriesTerms, await self._items("terms"))

    async def current(self, kind: type[T]) -> Sequence[T]:
        """The newest record of every subject, of one kind, by subject."""
        return records_of(kind, await self._items(current_key(kind)))

    async def switch(self, at: datetime) -> Switch:
        """The kill switch as last stored; halted where it cannot be read."""
        try:
            item = await self.dynamo.get(JOURNAL, SWITCH)
            if item is None:
                return Switch(SwitchState.RUN, "never thrown", at)
            return records_of(Switch, [item])[0]
        except (StoreError, InputError, KeyError) as error:
            return Switch(SwitchState.HALT, f"the stored switch cannot be read: {error}", at)

    async def lease(self) -> Lease:
        """The lease as it stands."""
        return lease_of(await self._head())

    async def take_lease(
        self, holder: str, at: datetime, lasts: timedelta, *, abandoned: Lease | None = None
    ) -> Lease:
        """The lease as it stands after ``holder`` asked for it at instant ``at``."""
        self._may_look_only()
        for _ in range(LEASE_ATTEMPTS):
            before = lease_of(await self._head())
            lease = before.after(holder, at, lasts, abandoned=abandoned)
            if lease == before or await self._change_lease(before, lease):
                self._token = lease.token if lease.holder == holder else 0
                return lease
        raise StoreError(f"{self.dynamo.place.prefix}: the lease changes faster than it is read")

    async def drop_lease(self, holder: str) -> None:
        """Give the lease up, where ``holder`` holds it; this store then writes no more."""
        self._may_look_only()
        lease = lease_of(await self._head())
        if lease.holder == holder:
            # Where it does not work, somebody else has it already.
            await self._change_lease(lease, lease.dropped())
        self._token = 0

    async def note(self, name: str, text: bytes) -> None:
        """Keep a fact about the store itself, such as the setup its journal was written under."""
        self._may_write()
        if len(text) > LONGEST_NOTE:
            raise StoreError(f"a note of {len(text)} bytes, at most {LONGEST_NOTE} are kept")
        noted = Write(JOURNAL, key("note", name), {"body": {"S": text.decode()}})
        try:
            await self.dynamo.write(*fence(self._token), noted)
        except ConditionFailed:
            await self._fenced()

    async def noted(self, name: str) -> str | None:
        """A fact noted before; ``None`` where there is none of that name."""
        item = await self.dynamo.get(JOURNAL, key("note", name))
        return None if item is None else str(item["body"]["S"])

    async def notes(self) -> dict[str, str]:
        """Every fact noted, by name."""
        items = await self._items("note")
        return {item["sk"]["S"]: item["body"]["S"] for item in items}

    async def put_snapshot(self, name: str, body: bytes) -> None:
        """Keep ``body`` in the place of what was kept under ``name`` before."""
        self._may_write()
        try:
            await write_snapshot(self.dynamo, name, body, self._token, self._clock.now())
        except ConditionFailed:
            await self._fenced()

    async def snapshot(self, name: str) -> bytes | None:
        """The newest snapshot of that name; ``None`` where there is none, or not all of it."""
        return await read_snapshot(self.dynamo, name)

    async def close(self) -> None:
        """Let go of the connections."""
        self.dynamo.close()

    # --- the head and the lease ---------------------------------------------------------------

    async def _head(self) -> dict[str, Any]:
        return await self.dynamo.get(JOURNAL, HEAD) or {}

    async def _begin_new(self) -> None:
        # Another process may be faster; whose it is now is looked at next.
        with suppress(ConditionFailed):
            await self.dynamo.write(first_head(self.mode))

    async def _fenced(self) -> NoReturn:
        holder = lease_of(await self._head()).holder or "somebody else"
        raise Fenced(f"{self.dynamo.table(JOURNAL)}: {holder} has the lease now")

    def _may_look_only(self) -> None:
        if self._only_looks:
            raise StoreError(f"{self.dynamo.table(JOURNAL)} was opened to look at it only")

    def _may_write(self) -> None:
        self._may_look_only()
        if self._token == 0:
            raise Fenced(f"{self.dynamo.table(JOURNAL)}: we do not hold the lease")

    async def _change_lease(self, before: Lease, after: Lease) -> bool:
        try:
            await self.dynamo.update(new_lease(before, after))
        except ConditionFailed:
            return False
        return True

    # --- long lines ---------------------------------------------------------------------------

    async def _apply(self, seq: int, records: Sequence[Write]) -> None:
        """Write the records of the line ``seq``, which is unapplied until the last is written."""
        guard = Write(
            JOURNAL,
            HEAD,
            condition="#unapplied = :seq",
            given={"seq": number(seq)},
            deed=Deed.CHECK,
        )
        try:
            for chunk in chunks(records, TRANSACTION_ITEMS - 1):
                await self.dynamo.write(guard, *chunk)
            await self.dynamo.write(replace(guard, removed=("unapplied",), deed=Deed.SET))
        except ConditionFailed as failed:
            if failed.places != (0,):
                raise
            # Another process that was starting has applied the whole line meanwhile.

    async def _apply_left_over(self, seq: int) -> None:
        (entry,) = await self.journal(seq - 1, 1)
        await self._apply(seq, record_writes(entry, self.mode, self._keep))

    async def _explain(
        self, entry: JournalEntry, writes: Sequence[Write], failed: ConditionFailed
    ) -> NoReturn:
        place = failed.places[0]
        if place > 0:
            raise StoreError(f"order {writes[place].key['sk']['S']} was never added") from failed
        head = await self._head()
        if self._token is not None and int(head["token"]["N"]) != self._token:
            await self._fenced()
        following = int(head["seq"]["N"]) + 1
        raise StoreError(f"journal line {entry.seq} offered, {following} is next") from failed

    async def _items(self, kind: str, **asked: Any) -> list[dict[str, Any]]:
        return await partition(self.dynamo, JOURNAL, {"pk": text(kind)}, **asked)

    def _placed(self, order: Order) -> str:
        """Sorts orders by when they were made, and those of one instant by when they were added."""
        self._placed_at = max(self._clock.now(), self._placed_at + timedelta(microseconds=1))
        made = order.intent.created_at.astimezone(UTC)
        return f"{made:%Y-%m-%dT%H:%M:%S.%f}#{self._placed_at:%Y-%m-%dT%H:%M:%S.%f}"


def _number(item: dict[str, Any]) -> str:
    return str(item["number"]["S"])
