"""The world against its tables: what is compared, and that it holds within sampling error."""

import numpy as np
import pytest
from rich.console import Console

from kalshi_sandbox.statistics import LIMIT, Row, statistics_table, world_statistics


@pytest.fixture(scope="module")
def rows() -> tuple[Row, ...]:
    return world_statistics(seed=3, years=12)


def test_every_figure_is_within_four_standard_errors_of_its_table(rows: tuple[Row, ...]) -> None:
    assert [row for row in rows if not row.is_ok] == []


def test_the_differences_are_those_of_chance(rows: tuple[Row, ...]) -> None:
    """Squared they average 1, a little more with errors estimated from 12 years."""
    assert 0.7 < np.mean([row.z**2 for row in rows]) < 1.6


def test_the_comparison_covers_all_tables(rows: tuple[Row, ...]) -> None:
    counts = {row.quantity: 0 for row in rows}
    for row in rows:
        counts[row.quantity] += 1
    assert counts["mean °F"] == counts["SD °F"] == 60
    assert counts["error SD °F"] == 20
    assert counts["lag-1"] == 8
    assert counts["same day"] == 9
    assert counts["off-window share"] == 11
    assert counts["peak h"] == counts["peak SD h"] == 10


def test_the_comparison_can_fail(rows: tuple[Row, ...]) -> None:
    warm = next(row for row in rows if row.quantity == "mean °F")
    wrong = Row(warm.station, warm.period, warm.quantity, 60.0, 80.0, 1.0)
    assert wrong.z == 20 > LIMIT
    assert not wrong.is_ok


def test_the_same_seed_gives_the_same_figures_and_another_does_not() -> None:
    assert world_statistics(5, years=3) == world_statistics(5, years=3)
    assert world_statistics(5, years=3) != world_statistics(6, years=3)


def test_the_table_says_that_it_is_synthetic(rows: tuple[Row, ...]) -> None:
    console = Console(width=120)
    with console.capture() as capture:
        console.print(statistics_table(rows))
    assert "SYNTHETIC" in capture.get()
    assert "off-window share" in capture.get()
