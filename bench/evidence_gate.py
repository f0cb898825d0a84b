"""The evidence gate over 1,000 made-up histories of three years each, watched daily; SYNTHETIC.

How often it opens without an edge (a t-test watched as often is the named baseline), how soon with
one, how soon a lost edge closes it. Takes half a minute.
"""

import numpy as np

from kalshi_edge.backtest.gate_simulation import (
    Opening,
    PlantedEdge,
    false_closings,
    null_openings,
    planted_closing,
    planted_opening,
)

HISTORIES = 1000


def described(found: Opening, what: str) -> str:
    days = "never" if found.median_days is None else f"{found.median_days:.0f} days"
    return f"{what} in {100 * found.opened:5.1f} %, median {days}"


def main() -> None:
    generator = np.random.default_rng(0)
    gate, t_test = null_openings(HISTORIES, generator)
    print(f"no edge: gate opens in {100 * gate:.1f} %, a t-test in {100 * t_test:.1f} %")
    for legs in (2, 1):
        for edge in (0.06, 0.03, 0.01):
            found = planted_opening(PlantedEdge(legs, 0.30, edge), HISTORIES, generator)
            print(f"{legs} bins at 30 ¢, {100 * edge:+.0f} ¢ each:", described(found, "opens"))
    for legs in (2, 1):
        good = PlantedEdge(legs, 0.30, 0.06)
        for edge in (-0.03, 0.0):
            lost = planted_closing(good, PlantedEdge(legs, 0.30, edge), HISTORIES, generator)
            print(f"{legs} bins, after a year {100 * edge:+.0f} ¢:", described(lost, "closes"))
        kept = false_closings(good, HISTORIES, generator)
        print(f"{legs} bins, +6 ¢ for three years:", described(kept, "closes falsely"))


if __name__ == "__main__":
    main()
