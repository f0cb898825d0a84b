"""What the evidence gate does over three years of made-up days; more in bench/evidence_gate.py."""

import numpy as np

from kalshi_edge.backtest.gate_simulation import (
    THREE_YEARS,
    PlantedEdge,
    false_closings,
    null_openings,
    null_results,
    planted_closing,
    planted_opening,
)

TWO = PlantedEdge(legs=2, price=0.30, edge=0.06)
ONE = PlantedEdge(legs=1, price=0.30, edge=0.06)


def test_decisions_without_an_edge_are_fair() -> None:
    generator = np.random.default_rng(2)
    results = null_results(generator, generator.random((400, 1000)))
    deviation = results.std() / results.size**0.5
    assert abs(results.mean()) < 4 * deviation
    assert results.min() >= -1


def test_histories_without_an_edge_hardly_ever_open_however_often_one_looks() -> None:
    gate, t_test = null_openings(200, np.random.default_rng(4))
    assert gate <= 0.05
    assert t_test > 0.10


def test_a_large_edge_opens_soon_and_a_small_one_mostly_never() -> None:
    generator = np.random.default_rng(5)
    two = planted_opening(TWO, 400, generator)
    assert two.opened >= 0.99
    assert two.median_days is not None
    assert two.median_days <= 250
    one = planted_opening(ONE, 1000, generator)
    assert one.opened >= 0.65
    assert one.median_days is not None
    assert one.median_days <= 900
    assert planted_opening(PlantedEdge(1, 0.30, 0.01), 400, generator).opened < 0.05


def test_a_lost_edge_closes_within_a_year_and_a_kept_one_stays_open() -> None:
    generator = np.random.default_rng(6)
    lost = planted_closing(TWO, PlantedEdge(2, 0.30, -0.03), 400, generator)
    assert lost.median_days is not None
    assert lost.median_days <= 365
    assert false_closings(TWO, 400, generator).opened <= 0.02
    assert THREE_YEARS >= 3 * 365
