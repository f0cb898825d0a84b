"""Who waits for a lease counts for itself, and who has it keeps it. Time is virtual."""

import asyncio
import sys
import time
from collections.abc import Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kalshi_edge.clock import Clock, ManualClock, awake_or_asleep_s
from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.errors import Fenced, SettingError, StoreError
from kalshi_edge.runtime.environment import Transport
from kalshi_edge.runtime.lease import ASKED_AGAIN_S, LASTS, RENEWED_EVERY_S, LeaseHolder
from tests.simulation.virtual_loop import VirtualClock, VirtualLoop
from tests.support.builders import NOW

HOURS_AHEAD = timedelta(hours=6)


def virtually(story: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(story)


def holder(store: SqliteStore, name: str, clock: Clock | None = None) -> LeaseHolder:
    loop = asyncio.get_running_loop()
    return LeaseHolder(store, name, clock or VirtualClock(NOW, loop), loop.time)


async def waited_s(one: LeaseHolder) -> float:
    began_s = asyncio.get_running_loop().time()
    await one.begin()
    return asyncio.get_running_loop().time() - began_s


@pytest.mark.parametrize("ahead", [timedelta(), HOURS_AHEAD, timedelta(days=400)])
def test_the_lease_of_a_dead_process_is_free_soon_however_far_ahead_its_clock_was(
    tmp_path: Path, ahead: timedelta
) -> None:
    async def story() -> None:
        path = tmp_path / "paper.db"
        async with SqliteStore(path, "paper") as store, SqliteStore(path, "paper") as elsewhere:
            clock = VirtualClock(NOW, asyncio.get_running_loop())
            clock.off = ahead
            await holder(store, "one", clock).begin()
            took_s = await waited_s(holder(elsewhere, "two"))
            assert LASTS.total_seconds() <= took_s <= LASTS.total_seconds() + 2 * ASKED_AGAIN_S

    virtually(story())


@pytest.mark.parametrize("clock_stands", [False, True])
def test_the_lease_of_a_living_process_is_never_taken(
    tmp_path: Path, *, clock_stands: bool
) -> None:
    async def story() -> None:
        path, loop = tmp_path / "paper.db", asyncio.get_running_loop()
        async with SqliteStore(path, "paper") as store, SqliteStore(path, "paper") as elsewhere:
            clock = ManualClock(NOW + HOURS_AHEAD) if clock_stands else VirtualClock(NOW, loop)
            async with holder(store, "one", clock).held():
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(holder(elsewhere, "two").begin(), 600)
                await store.note("setup", b"{}")

    virtually(story())


def test_a_clock_that_is_set_back_leaves_the_lease_where_it_is(tmp_path: Path) -> None:
    async def story() -> None:
        path, loop = tmp_path / "paper.db", asyncio.get_running_loop()
        async with SqliteStore(path, "paper") as store, SqliteStore(path, "paper") as elsewhere:
            clock = VirtualClock(NOW, loop)
            first = holder(store, "one", clock)
            async with first.held():
                waiting = asyncio.create_task(holder(elsewhere, "two", clock).begin())
                await asyncio.sleep(60)
                clock.off = -HOURS_AHEAD
                await asyncio.sleep(600)
                assert not waiting.done()
                assert first.objection() == ""
            await waiting

    virtually(story())


def test_a_machine_that_slept_sends_nothing_before_it_has_asked(tmp_path: Path) -> None:
    async def story() -> None:
        slept_s, loop = 0.0, asyncio.get_running_loop()
        async with SqliteStore(tmp_path / "paper.db", "paper") as store:
            only = LeaseHolder(store, "one", ManualClock(NOW), lambda: loop.time() + slept_s)
            async with only.held():
                assert only.objection() == ""
                slept_s = 3600.0  # the loop's clock stood still meanwhile
                assert only.objection() == "the lease has 0 s left, under 10 s"
                await asyncio.sleep(RENEWED_EVERY_S + 1)
                assert only.objection() == ""

    virtually(story())


@pytest.mark.skipif(sys.platform != "linux", reason="another clock's name")
def test_the_lease_is_counted_by_the_clock_that_goes_on_in_sleep(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(time, "clock_gettime", {time.CLOCK_BOOTTIME: 1234.5}.__getitem__)
    assert awake_or_asleep_s() == 1234.5
    assert Transport().now_s is awake_or_asleep_s


def test_where_another_process_has_taken_the_lease_the_block_is_ended(tmp_path: Path) -> None:
    async def story() -> None:
        path = tmp_path / "paper.db"
        async with SqliteStore(path, "paper") as store, SqliteStore(path, "paper") as elsewhere:

            async def trades() -> None:
                async with holder(store, "one").held():
                    await elsewhere.take_lease("two", NOW + HOURS_AHEAD, LASTS)
                    await asyncio.sleep(600)

            with pytest.raises(Fenced, match="two trades with this store now"):
                await trades()
            assert asyncio.get_running_loop().time() <= 2 * RENEWED_EVERY_S
            # It was not ours to give up.
            assert (await elsewhere.take_lease("three", NOW, LASTS)).holder == "two"

    virtually(story())


def test_what_goes_wrong_in_the_block_comes_out_as_it_is(tmp_path: Path) -> None:
    async def story() -> None:
        async with SqliteStore(tmp_path / "paper.db", "paper") as store:
            with pytest.raises(SettingError, match="as drawn"):
                async with holder(store, "one").held():
                    raise SettingError("as drawn")
            assert await waited_s(holder(store, "two")) == 0.0

    virtually(story())


def test_trouble_is_told_while_the_store_cannot_say(tmp_path: Path) -> None:
    async def story() -> None:
        async with SqliteStore(tmp_path / "paper.db", "paper") as store:
            only, take = holder(store, "one"), store.take_lease
            async with only.held():

                async def no(*_: Any, **__: Any) -> Any:
                    raise StoreError("disk full")

                store.take_lease = no  # type: ignore[method-assign]
                await asyncio.sleep(25)
                assert only.trouble == "disk full"
                assert only.objection()
                store.take_lease = take  # type: ignore[method-assign]
                await asyncio.sleep(RENEWED_EVERY_S)
                assert only.trouble == only.objection() == ""

    virtually(story())
