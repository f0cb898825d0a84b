"""Seconds per seed of the fault campaign, and where they go; everything is SYNTHETIC.

Shares are of one profiled run: profiling itself makes small functions look dearer than they are.
The baseline is the same seed without its incidents: what a calm hour of the whole trader costs.
"""

import cProfile
import pstats
import sys
import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.simulation.__main__ import MEMORY, played
from tests.simulation.scenario import draw
from tests.simulation.simulation import play

SEEDS = range(8)
GOAL_S = 3.0
AREAS = (
    ("kalshi_edge/db/", "the store"),
    ("cattrs", "the store"),
    ("sqlite3", "the store"),
    ("orjson", "JSON"),
    ("/json/", "JSON"),
    ("kalshi_edge/data/", "our client"),
    ("httpx", "httpx"),
    ("/urllib/", "httpx"),
    ("ed25519", "signatures"),
    ("kalshi_edge/runtime/", "waiting for the clock"),
    ("kalshi_edge/", "engine and loop"),
    ("kalshi_sandbox/world/", "the SYNTHETIC weather"),
    ("kalshi_sandbox/weather/", "the SYNTHETIC weather"),
    ("kalshi_sandbox/", "the SYNTHETIC exchange"),
    ("tests/simulation/virtual_loop", "asyncio"),
    ("asyncio", "asyncio"),
    ("_heapq", "asyncio"),
    ("tests/simulation/", "the simulation itself"),
)
"""What a file's path, or a built-in's name, says about where its time goes; the first that fits."""


def seconds_per_seed() -> dict[int, float]:
    """CPU seconds of each seed, played once."""
    played(SEEDS[0])  # imports and caches
    took = {}
    for seed in SEEDS:
        began_s = time.process_time()
        played(seed)
        took[seed] = time.process_time() - began_s
    return took


def calm_s(seed: int) -> float:
    """CPU seconds of the first hour of a seed in which nothing goes wrong."""
    scenario = draw(seed)
    hour = min(scenario.lasts, timedelta(hours=1))
    fast = str(MEMORY) if MEMORY.is_dir() else None
    with TemporaryDirectory(dir=fast) as folder:
        began_s = time.process_time()
        play(replace(scenario, incidents=(), lasts=hour), Path(folder))
        return time.process_time() - began_s


def shares() -> Counter[str]:
    """Seconds by area, profiled."""
    profile = cProfile.Profile()
    profile.enable()
    for seed in SEEDS[:4]:
        played(seed)
    profile.disable()
    found: Counter[str] = Counter()
    for (file, _, name), row in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        where = name if file == "~" else file
        area = next((area for part, area in AREAS if part in where), "everything else")
        found[area] += row[2]  # type: ignore[assignment]
    return found


def main() -> None:
    took, baseline_s = seconds_per_seed(), calm_s(SEEDS[0])
    mean_s = sum(took.values()) / len(took)
    print("fault campaign (SYNTHETIC), CPU seconds per seed on one core")
    for seed, seconds in took.items():
        print(f"  seed {seed:>3}  {seconds:6.2f} s  {seconds / baseline_s:5.1f} × a calm hour")
    print(f"  mean      {mean_s:6.2f} s  {mean_s / baseline_s:5.1f} × a calm hour; goal {GOAL_S} s")
    spent = shares()
    print("where they go")
    for area, seconds in spent.most_common():
        print(f"  {seconds / spent.total():6.1%}  {area}")


if __name__ == "__main__":
    main()
