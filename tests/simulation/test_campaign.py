"""A small campaign on every run of the tests; `make faults` plays a large one, same code."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from tests.simulation.planted.table import PLANTED_BUGS
from tests.simulation.process_life import Life
from tests.simulation.report import failure
from tests.simulation.scenario import draw
from tests.simulation.simulation import play
from tests.simulation.virtual_loop import VirtualClock, VirtualLoop
from tests.simulation.wire import Line

SEEN_BY = {
    "retry under a new id": 1,
    "store after send": 0,
    "second leg regardless": 5,
    "exit in the order group": 0,
    "refused cancel is done": 12,
    "ignore the switch": 1,
    "switch not stored": 0,
    "resting order forgotten": 0,
    "lease ignored": 4,
    "count fills twice": 0,
    "fees not booked": 5,
    "strange fill dropped": 2,
    "settled twice": 4,
    "deposit is profit": 0,
    "days overlap": 32,
    "never clean": 5,
    "differences overlooked": 0,
    "no day loss": 0,
    "day loss for ever": 0,
    "all holds lifted": 0,
    "newest hold wins": 10,
    "every fill halts": 1,
    "nothing enforced": 1,
    "clock held for ever": 11,
}
"""A seed that shows each planted bug."""


@pytest.mark.parametrize("seed", range(2))
def test_nothing_is_lost_bought_twice_or_beyond_a_limit(seed: int, tmp_path: Path) -> None:
    outcome = play(draw(seed), tmp_path)

    assert not outcome.violations, failure(outcome, f"make faults SEED={seed}")


def test_in_dynamodb_nothing_is_lost_either(dynamodb: str, tmp_path: Path) -> None:
    outcome = play(draw(1), tmp_path, dynamodb)

    assert not outcome.violations, failure(outcome, "make faults SEED=1 STORE=dynamodb")


def test_a_seed_plays_the_same_way_every_time(tmp_path: Path) -> None:
    paths = (tmp_path / "once", tmp_path / "again")
    for path in paths:
        path.mkdir()

    once, again = (play(draw(5), path) for path in paths)

    assert once.trace == again.trace
    assert once.counts == again.counts


def test_frames_of_one_instant_stay_in_order_unless_that_is_the_incident() -> None:
    texts = [str(number) for number in range(200)]

    async def received(scramble: float) -> list[str]:
        clock = VirtualClock(datetime(2027, 1, 4, tzinfo=UTC), asyncio.get_running_loop())
        line = Line(Life(1, clock, told=lambda _: None), Random(1), lambda: scramble)
        for text in texts:
            await line.answer({"type": "websocket.send", "text": text})
        return [await line.recv() for _ in texts]

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        assert runner.run(received(0.0)) == texts
        assert runner.run(received(0.3)) != texts


def test_every_planted_bug_has_a_seed_that_shows_it() -> None:
    assert SEEN_BY.keys() == PLANTED_BUGS.keys()


@pytest.mark.parametrize(("bug", "seed"), SEEN_BY.items())
def test_a_planted_bug_is_seen(bug: str, seed: int, tmp_path: Path) -> None:
    with PLANTED_BUGS[bug].planted() as times:
        outcome = play(draw(seed), tmp_path, until_violated=True)
    assert outcome.violations
    assert times[0], "the planted code had no chance"
