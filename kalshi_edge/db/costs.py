"""What a journal costs to keep: it is written once more, and what the stores charged is counted.

Prices are AWS's on-demand list of us-east-1, looked at in November 2026; they are an assumption.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from kalshi_edge.db.dynamo.client import Dynamo
from kalshi_edge.db.dynamo.config import DynamoConfig
from kalshi_edge.db.dynamo.store import DynamoStore
from kalshi_edge.db.dynamo.tables import create_tables, delete_tables, described
from kalshi_edge.db.lines import lines_of
from kalshi_edge.db.snapshots import EVERY_LINES, FORMATS
from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.domain.orders import Order, OrderStep
from kalshi_edge.domain.verdicts import Approved
from kalshi_edge.errors import StoreError
from kalshi_edge.ports import Store

MONTH = timedelta(days=30)
DOLLARS_PER_WRITE_UNIT = Decimal("0.625") / 1_000_000
DOLLARS_PER_READ_UNIT = Decimal("0.125") / 1_000_000
DOLLARS_PER_GB_MONTH = Decimal("0.25")
"""Beyond the first 25 GB, which are free; charged here all the same."""

FEWEST_LINES = 2
MODE = "cost"

Watch = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Units:
    """Requests and the capacity units that DynamoDB says it charged for them."""

    requests: int = 0
    read_units: float = 0.0
    write_units: float = 0.0

    def times(self, factor: float) -> "Units":
        """So much, ``factor`` times."""
        return Units(
            round(self.requests * factor), self.read_units * factor, self.write_units * factor
        )

    @property
    def dollars(self) -> Decimal:
        """What the units cost on demand."""
        return (
            Decimal(self.write_units) * DOLLARS_PER_WRITE_UNIT
            + Decimal(self.read_units) * DOLLARS_PER_READ_UNIT
        )


@dataclass(frozen=True, slots=True)
class Cost:
    """What the journal of ``span`` came to, and what a month of the same would."""

    span: timedelta
    lines: int
    parts: dict[str, Units] = field(default_factory=dict)
    """By what they are for: a month's units."""
    stored_bytes: int = 0
    """In all tables and the index, as AWS counts sizes."""
    sqlite_bytes: int = 0
    sqlite_seconds: float = 0.0
    """Of writing everything once to the file, one transaction a call."""

    @property
    def month(self) -> float:
        """How many of these spans a month has."""
        return MONTH / self.span if self.span else 0.0

    @property
    def storage_dollars(self) -> Decimal:
        """A month of keeping a month's records."""
        return Decimal(self.stored_bytes * self.month) / 10**9 * DOLLARS_PER_GB_MONTH

    @property
    def dollars(self) -> Decimal:
        """A month, all of it."""
        return sum((units.dollars for units in self.parts.values()), self.storage_dollars)


async def store_cost(
    journal: Store, place: DynamoConfig, file: Path, renewed_every: timedelta, watch: Watch
) -> Cost:
    """Write ``journal`` to fresh tables at ``place`` and to ``file``, and count.

    The tables are deleted afterwards. ``renewed_every`` is how often a trader renews its lease.
    """
    lines = [line async for line in lines_of(journal)]
    if len(lines) < FEWEST_LINES:
        raise StoreError(f"{len(lines)} journal lines, at least {FEWEST_LINES} are needed")
    span = lines[-1].received_at - lines[0].received_at
    dynamo = Dynamo(place)
    await create_tables(dynamo)
    try:
        async with DynamoStore(place, MODE) as tables:
            snapshots = {name: await journal.snapshot(name) for name in FORMATS}
            parts = await _counted(tables, lines, snapshots, renewed_every, watch)
        size = sum(state.size_bytes for state in await described(dynamo))
    finally:
        await delete_tables(dynamo)
        dynamo.close()
    seconds, file_bytes = await _timed(lines, file)
    return Cost(span, len(lines), parts, size, file_bytes, seconds)


async def _counted(
    tables: DynamoStore,
    lines: Sequence[JournalEntry],
    snapshots: Mapping[str, bytes | None],
    renewed_every: timedelta,
    watch: Watch,
) -> dict[str, Units]:
    counter, added = _Counter(tables), set[str]()
    for line in lines:
        await _written(tables, line, added)
        watch(line.seq, len(lines))
    written, at = counter.since(), lines[0].received_at
    for name, body in snapshots.items():
        if body is not None:
            await tables.put_snapshot(name, body)
    kept, span = counter.since(), lines[-1].received_at - at
    await tables.take_lease(MODE, at, timedelta(minutes=1))
    counter.since()
    await tables.take_lease(MODE, at, timedelta(minutes=2))
    renewal = counter.since()
    await _started(tables, len(lines))
    return {
        "orders and the journal": written.times(MONTH / span),
        f"snapshots, every {EVERY_LINES} lines": kept.times(
            len(lines) / EVERY_LINES * (MONTH / span)
        ),
        f"the lease, every {renewed_every.total_seconds():g} s": renewal.times(
            MONTH / renewed_every
        ),
        "a start every day": counter.since().times(30),
    }


class _Counter:
    """What a store has asked for since it was last looked at."""

    def __init__(self, store: DynamoStore) -> None:
        self._usage = store.dynamo.usage
        self._before = Units()
        self.since()

    def since(self) -> Units:
        usage, before = self._usage, self._before
        now = Units(sum(usage.requests.values()), usage.read_units, usage.write_units)
        self._before = now
        return Units(
            now.requests - before.requests,
            now.read_units - before.read_units,
            now.write_units - before.write_units,
        )


async def _written(store: Store, line: JournalEntry, added: set[str]) -> None:
    """A line as a trader writes it: then the switch and the sent order of every approval."""
    for verdict in line.verdicts:
        if isinstance(verdict, Order) and verdict.intent.intent_id not in added:
            added.add(verdict.intent.intent_id)
            await store.add_order(verdict)
    await store.append(line)
    for verdict in line.verdicts:
        for intent in verdict.intents if isinstance(verdict, Approved) else ():
            added.add(intent.intent_id)
            await store.switch(line.received_at)
            await store.add_order(Order(intent).step(OrderStep.SEND))


async def _started(store: Store, lines: int) -> None:
    """What a trader and its API read before it trades, with the lines since the snapshots."""
    await store.last_seq()
    for name in FORMATS:
        await store.snapshot(name)
        await store.journal(max(lines - EVERY_LINES, 0))
    await asyncio.gather(store.trades(), store.orders(live_only=True), store.fill_ids())
    await asyncio.gather(store.calibrations(), store.daily_records(), store.terms())
    await store.notes()


async def _timed(lines: Sequence[JournalEntry], file: Path) -> tuple[float, int]:
    began_s = time.perf_counter()
    async with SqliteStore(file, MODE) as store:
        added = set[str]()
        for line in lines:
            await _written(store, line, added)
    size = await asyncio.to_thread(lambda: file.stat().st_size)
    return time.perf_counter() - began_s, size
