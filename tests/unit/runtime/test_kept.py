"""Parts that raise: begun again ever more slowly, told once, shown while they fail."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from kalshi_edge.clock import ManualClock
from kalshi_edge.data.source_status import PollOutcome, SourceStatus
from kalshi_edge.domain.events import PartFailed
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.errors import Fenced, StoreError
from kalshi_edge.runtime.kept import CALM_AFTER_S, LONGEST_PAUSE_S, Failures, KeptPublisher, kept
from tests.simulation.virtual_loop import VirtualLoop

NOW = datetime(2027, 4, 12, 12, tzinfo=UTC)
LINE = JournalEntry(1, NOW, (), (), Decimal(0))
NEW = SourceStatus("NBP", PollOutcome.NEW, NOW, NOW, None, False, None, "", None, 10, 10)


class Broken:
    """A publisher that raises, until it is mended."""

    def __init__(self) -> None:
        self.is_broken = True
        self.published: list[JournalEntry] = []

    def publish(self, entry: JournalEntry) -> None:
        if self.is_broken:
            raise RuntimeError("not now")
        self.published.append(entry)


def virtually(story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(story())


def test_pauses_grow_to_a_limit_and_begin_anew_after_a_calm_time() -> None:
    async def story() -> None:
        now_s = asyncio.get_running_loop().time
        began: list[float] = []
        said: list[str] = []

        async def work() -> None:
            began.append(now_s())
            if len(began) == 13:
                await asyncio.sleep(CALM_AFTER_S)
            if len(began) < 15:
                raise ValueError(str(len(began)))

        await kept("part", work, lambda part, error: said.append(f"{part} {error}"))
        pauses = [round(b - a) for a, b in pairwise(began)]
        assert pauses[:9] == [1, 2, 4, 8, 16, 32, 64, 128, 256]
        assert pauses[9:12] == [LONGEST_PAUSE_S] * 3
        assert pauses[12:] == [CALM_AFTER_S + 1, 2]
        assert said[0] == "part 1"
        assert len(said) == 14

    virtually(story)


@pytest.mark.parametrize("error", [StoreError("full"), Fenced("another")])
def test_what_says_that_nothing_may_go_on_goes_through(error: StoreError) -> None:
    async def work() -> None:
        raise error

    async def story() -> None:
        with pytest.raises(type(error)):
            await kept("part", work, lambda *_: None)

    virtually(story)


def test_a_failure_is_told_once_until_it_was_well_for_a_while() -> None:
    async def story() -> None:
        told: list[PartFailed] = []
        failures = Failures(ManualClock(NOW), told.append)
        for _ in range(5):
            failures.note("NBP", ValueError("odd"))
            await asyncio.sleep(LONGEST_PAUSE_S)
        assert [(one.part, one.error) for one in told] == [("NBP", "ValueError: odd")]
        assert "ValueError: odd" in told[0].traceback
        await asyncio.sleep(CALM_AFTER_S)
        failures.note("NBP", ValueError("again"))
        assert len(told) == 2

    virtually(story)


def test_what_fails_is_shown_in_its_own_status_or_in_one_more() -> None:
    async def story() -> None:
        failures = Failures(ManualClock(NOW), lambda _: None)
        assert failures.shown([NEW]) == (NEW,)
        failures.note("NBP", ValueError("odd"))
        failures.note("NBP", ValueError("odder"))
        failures.note("supervision", KeyError("x"))
        source, part = await asyncio.to_thread(failures.shown, [NEW])
        assert (source.outcome, source.is_stale) == (PollOutcome.FAILED, True)
        assert source.error == "ValueError: odder (2 times)"
        assert source.bytes_moved == NEW.bytes_moved
        assert (part.name, part.error) == ("supervision", "KeyError: 'x'")
        await asyncio.sleep(CALM_AFTER_S)
        assert failures.shown([NEW]) == (NEW,)

    virtually(story)


def test_a_publisher_that_raises_is_told_of_once_however_far_apart_the_lines_are() -> None:
    async def story() -> None:
        told: list[PartFailed] = []
        broken = Broken()
        publisher = KeptPublisher(broken, Failures(ManualClock(NOW), told.append))
        for _ in range(3):
            publisher.publish(LINE)
            await asyncio.sleep(2 * CALM_AFTER_S)
        assert [(one.part, one.error) for one in told] == [("Broken", "RuntimeError: not now")]
        broken.is_broken = False
        publisher.publish(LINE)
        assert broken.published == [LINE]
        await asyncio.sleep(CALM_AFTER_S)
        broken.is_broken = True
        publisher.publish(LINE)
        assert len(told) == 2

    virtually(story)
