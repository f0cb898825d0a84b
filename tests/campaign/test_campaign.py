"""A small campaign on every run of the tests; `make faults` plays a large one, same code."""

from pathlib import Path

import pytest

from tests.campaign.plants import PLANTS
from tests.campaign.report import failure
from tests.campaign.scenario import draw
from tests.campaign.simulation import play

ENOUGH_SEEDS = 8
"""Within so many a bug must show."""


@pytest.mark.parametrize("seed", range(5))
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

    once, again = (play(draw(2), path) for path in paths)

    assert once.trace == again.trace
    assert once.counts == again.counts


@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_bug_is_seen(plant: str, tmp_path: Path) -> None:
    with PLANTS[plant]():
        outcomes = (
            play(draw(seed), _folder(tmp_path, seed), until_violated=True)
            for seed in range(ENOUGH_SEEDS)
        )
        assert any(outcome.violations for outcome in outcomes)


def _folder(tmp_path: Path, seed: int) -> Path:
    path = tmp_path / str(seed)
    path.mkdir()
    return path
