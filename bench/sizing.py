"""Joint Kelly sizing: against SciPy's SLSQP on random ladders, and its time as ratios.

Baselines: one ``numpy.linalg.solve`` of as many unknowns as instruments, and a ladder's stakes
without budgets and whole contracts. Goal: twelve instruments within 1 ms. Quotes are SYNTHETIC.
1,000 ladders take about a minute, ``--count 10000`` ten.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from kalshi_edge.models.kelly import GAP, most_growth
from kalshi_edge.models.ladder_kelly import LadderStakes, ladder_stakes
from tests.support.random_ladders import (
    RandomLadder,
    depths_of,
    gap_of,
    independent_nats,
    most_fee,
    nats_of,
    random_ladder,
    returns_of,
    wealth_of,
)

QUARTER = 0.25
ROUNDS = 100
LADDERS = 10


def bets(count: int, generator: np.random.Generator, **drawn: int):
    """p, W⁰, R and depths at a quarter of equity."""
    while count:
        case = random_ladder(generator, **drawn)
        wealth = wealth_of(case, QUARTER)
        if case.offered and wealth.min() > 0:
            count -= 1
            yield np.array(case.probabilities), wealth, returns_of(case), depths_of(case)


def compare(count: int) -> None:
    """Print how far the two solvers' objectives lie apart."""
    apart, gaps = [], []
    for p, wealth, returns, depths in bets(count, np.random.default_rng(1)):
        found = most_growth(p, wealth, returns, depths)
        x = np.array(found.stakes)
        gaps.append(gap_of(p, wealth, returns, depths, x))
        apart.append(nats_of(p, wealth, returns, x) - independent_nats(p, wealth, returns, depths))
    difference = np.array(apart)
    print(f"{count:,} ladders against SLSQP, ours − theirs in nats:")
    print(f"  least {difference.min():+.1e}, most {difference.max():+.1e}")
    print(f"  beyond 1e-6: {(np.abs(difference) > 1e-6).sum()}, of which ours less:", end=" ")
    print(f"{(difference < -1e-6).sum()}")
    print(f"  largest gap {max(gaps):.1e} (goal: ≤ {GAP:.0e})")


def seconds(work: Callable[[], object]) -> float:
    """Median seconds of ``work`` over many rounds."""
    taken = []
    for _ in range(ROUNDS):
        start = perf_counter()
        work()
        taken.append(perf_counter() - start)
    return median(taken)


def time_twelve() -> None:
    """Print the time for six bins with one level on each side."""
    generator = np.random.default_rng(2)
    drawn = [bet for bet in bets(200, generator, bins=6, levels=1) if len(bet[3]) == 12]
    ours = median(seconds(lambda bet=bet: most_growth(*bet)) for bet in drawn[:50])
    matrix, right = generator.normal(size=(12, 12)), generator.normal(size=12)
    baseline = seconds(lambda: np.linalg.solve(matrix, right))
    print(f"twelve instruments  {ours * 1e3:7.3f} ms (goal: ≤ 1 ms)")
    print(f"numpy.linalg.solve  {baseline * 1e3:7.3f} ms, ratio {ours / baseline:.0f}")


def sized(case: RandomLadder) -> LadderStakes:
    return ladder_stakes(
        case.probabilities, case.offered, case.budget, most_fee, held=case.held, live=case.live
    )


def time_ladders() -> None:
    """Print the time for ten ladders with budgets and whole contracts."""
    generator = np.random.default_rng(3)
    for levels in (1, 30):
        cases: list[RandomLadder] = []
        while len(cases) < LADDERS:
            case = random_ladder(generator, bins=6, levels=levels, loss_share=0.03)
            if sized(case).purchases:
                cases.append(case)
        smaller = sum(sized(case).fraction < QUARTER for case in cases)
        drawn = [
            (case.probabilities, wealth_of(case, QUARTER), returns_of(case), depths_of(case))
            for case in cases
        ]
        whole = seconds(lambda cases=cases: [sized(case) for case in cases])
        baseline = seconds(lambda drawn=drawn: [most_growth(*bet) for bet in drawn])
        print(f"ten ladders, up to {levels:2} levels a side, {smaller} over a budget at λ = ¼:")
        print(f"  whole contracts   {whole * 1e3:7.3f} ms")
        print(f"  without budgets   {baseline * 1e3:7.3f} ms, ratio {whole / baseline:.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help="random ladders to compare")
    compare(parser.parse_args().count)
    time_twelve()
    time_ladders()


if __name__ == "__main__":
    main()
