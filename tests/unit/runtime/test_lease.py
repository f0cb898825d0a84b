"""One process trades: it waits for the lease, keeps it, and trusts no clock that can jump."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from kalshi_edge.clock import ManualClock
from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.domain.events import CycleDue, OrderUpdate
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.domain.orders import Intent, Order, OrderReport
from kalshi_edge.domain.verdicts import Approved
from kalshi_edge.errors import Fenced
from kalshi_edge.execution.executor import Executor
from kalshi_edge.runtime.lease import LASTS, MARGIN_S, LeaseHolder
from tests.support.builders import NOW, intent

pytestmark = [pytest.mark.realtime, pytest.mark.patient_time]

LONGER = LASTS + timedelta(seconds=1)


@dataclass
class Process:
    """One process with its own connection, its own clocks, and an exchange that takes all."""

    store: SqliteStore
    lease_holder: LeaseHolder
    clock: ManualClock
    monotonic_s: float = 0.0
    sent: list[Intent] = field(default_factory=list)

    def pass_by(self, by: timedelta) -> None:
        """Time passes on both clocks."""
        self.clock.advance(by)
        self.monotonic_s += by.total_seconds()

    async def place(self, order: Intent) -> OrderReport:
        self.sent.append(order)
        return order.report("x", order.count, order.count * 0)

    async def cancel(self, order: Order) -> None:
        raise AssertionError(order)

    async def resolve(self, order: Intent, *, resend: bool) -> OrderReport:
        raise AssertionError(order, resend)

    async def buy(self, order: Intent) -> list[OrderUpdate]:
        executor = Executor(self, self.store, self.lease_holder.objection)  # type: ignore[arg-type]
        placed = executor.place(Approved((order,), None, ()), NOW)
        return [update async for update in placed]


def process(path: Path, name: str) -> Process:
    store, clock = SqliteStore(path, "demo"), ManualClock(NOW)
    found = Process(store, LeaseHolder(store, name, clock), clock)
    found.lease_holder.now_s = lambda: found.monotonic_s
    return found


async def test_a_second_process_waits_and_takes_over_at_once_when_the_first_ends(
    tmp_path: Path,
) -> None:
    first, second = process(tmp_path / "s.db", "one"), process(tmp_path / "s.db", "two")
    await first.lease_holder.begin()
    heard: list[str] = []
    waiting = asyncio.create_task(second.lease_holder.begin(heard.append))
    await asyncio.sleep(0.05)
    assert heard == ["one trades with this store; waiting to take over"]
    assert second.lease_holder.objection()
    await first.lease_holder.end()
    await waiting
    assert second.lease_holder.objection() == ""
    assert first.lease_holder.objection()


async def test_a_process_that_was_paused_sends_nothing_when_it_wakes_up(tmp_path: Path) -> None:
    first, second = process(tmp_path / "s.db", "one"), process(tmp_path / "s.db", "two")
    await first.lease_holder.begin()
    await first.buy(intent(name="before"))
    assert len(first.sent) == 1
    # The first sleeps: its wall clock stands, as that of a stopped machine may.
    first.monotonic_s += LONGER.total_seconds()
    second.pass_by(LONGER)
    await second.lease_holder.begin()
    with pytest.raises(Fenced):
        await first.buy(intent(name="after"))
    assert len(first.sent) == 1
    with pytest.raises(Fenced):
        await first.lease_holder.renew()
    with pytest.raises(Fenced):
        await first.store.append(JournalEntry(1, NOW, (CycleDue(NOW),), ()))
    await second.buy(intent(name="its own"))
    assert len(second.sent) == 1


async def test_nothing_is_sent_with_too_little_of_the_lease_left(tmp_path: Path) -> None:
    only = process(tmp_path / "s.db", "one")
    await only.lease_holder.begin()
    only.monotonic_s += LASTS.total_seconds() - MARGIN_S + 0.5
    (update,) = await only.buy(intent())
    assert update.reason == "not sent: the lease has 10 s left, under 10 s"
    assert only.sent == []
    # Nor where the wall clock says that all is well.
    assert only.clock.now() == NOW
    await only.lease_holder.renew()
    await only.buy(intent(name="renewed"))
    assert len(only.sent) == 1


async def test_the_lease_is_looked_at_once_more_after_the_intent_is_stored(tmp_path: Path) -> None:
    only = process(tmp_path / "s.db", "one")
    await only.lease_holder.begin()
    add = only.store.add_order

    async def slow(order: Order) -> bool:
        only.monotonic_s += LONGER.total_seconds()
        return await add(order)

    only.store.add_order = slow  # type: ignore[method-assign]
    assert [update.reason for update in await only.buy(intent())] == [
        "", "not sent: the lease has 0 s left, under 10 s",
    ]  # fmt: skip
    assert only.sent == []
