"""Reading a full NBP bulletin: five stations, then all, each against a plain line-by-line reading.

The text is SYNTHETIC: made-up values in the layout of a real one (35 MB, 9,580 blocks of 3.7 KB,
numbered sites first and no alphabetical order). Run: ``python bench/parse_nbp.py``
"""

import random
import sys
import time
from collections.abc import Callable, Collection
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from kalshi_edge.data.weather.nbm.nbp import parse_nbp

RUN_AT = datetime(2026, 9, 28, 13, tzinfo=UTC)
RECEIVED_AT = RUN_AT + timedelta(minutes=66)
FIVE = frozenset({"KNYC", "KLAX", "KMDW", "KMIA", "KPHX"})
STATIONS = 9_580
LEADS = range(23, 228, 12)
TXN_ROWS = ("TXNMN", "TXNSD", "TXNP1", "TXNP2", "TXNP5", "TXNP7", "TXNP9")
OTHER_ELEMENTS = ("WSP", "W24", "G24", "Q24", "S24", "I24", "SLP")
OTHER_ROWS = [f"{element}P{percentile}" for element in OTHER_ELEMENTS for percentile in "12579"]

Reading = dict[tuple[str, date], tuple[float, ...]]
"""By station and day: mean, standard deviation and the five percentiles, °F."""


def synthetic_bulletin(dice: random.Random) -> bytes:
    numbered = [f"{site:06d}" for site in dice.sample(range(10**6), 5_200)]
    letters = {"K" + "".join(dice.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ", k=3)) for _ in range(9_000)}
    named = sorted(letters - FIVE)[: STATIONS - len(numbered) - len(FIVE)] + sorted(FIVE)
    dice.shuffle(named)
    blocks = [synthetic_block(station, dice) for station in numbered + named]
    return ("1\n" + " " * 74 + "\n" + "".join(blocks)).encode()


def synthetic_block(station: str, dice: random.Random) -> str:
    valid = [RUN_AT + timedelta(hours=lead) for lead in LEADS]
    days = [f"{at:%a %d}|".upper() for at in valid if at.hour == 12]
    values: dict[str, list[int]] = {
        "UTC": [at.hour for at in valid],
        "FHR": list(LEADS),
    } | {label: [] for label in TXN_ROWS}
    for at in valid:
        mean, sd = dice.randint(20, 105) - (at.hour == 12) * 15, dice.randint(1, 6)
        points = [mean + round(z * sd) for z in (-1.28, -0.67, 0, 0.67, 1.28)]
        for label, value in zip(TXN_ROWS, (mean, sd, *points), strict=True):
            values[label].append(value)
    values |= {label: [dice.randint(0, 40) for _ in valid] for label in OTHER_ROWS}
    lines = [f" {station:<7} NBM V5.0 NBP GUIDANCE    9/28/2026  1300 UTC", "    " + " ".join(days)]
    for label, row in values.items():
        cells = (
            ("|" if at.hour == 0 else " ") + f"{v:3d}" for at, v in zip(valid, row, strict=True)
        )
        lines.append(
            f" {label:<5}" + "".join(cells).replace("  0", " 00" if label == "UTC" else "  0")
        )
    return "\n".join([*lines, " " * 74]) + "\n"


def plain_reading(data: bytes, stations: Collection[str] | None) -> Reading:
    """What one writes first: every line looked at, the wanted ones sliced and converted."""
    result: Reading = {}
    station, rows = "", {}
    for line in data.decode().splitlines():
        if " NBP GUIDANCE " in line:
            station, rows = line.split()[0], {}
        elif stations is None or station in stations:
            label = line[1:6]
            if label.startswith("TXN"):
                rows[label] = [int(line[7 + 4 * i : 10 + 4 * i]) for i in range(len(LEADS))]
                if label == "TXNP9":
                    for i, lead in enumerate(LEADS):
                        at = RUN_AT + timedelta(hours=lead)
                        if at.hour == 0:
                            day = at.date() - timedelta(days=1)
                            result[station, day] = tuple(float(rows[row][i]) for row in TXN_ROWS)
    return result


def our_reading(data: bytes, stations: Collection[str] | None) -> Reading:
    found = parse_nbp(data, received_at=RECEIVED_AT, stations=stations)
    assert not found.faults, found.faults[:3]
    return {
        (f.station, f.climate_day): (f.mean_f, f.sd_f, *(value for _, value in f.percentiles))
        for f in found.forecasts
    }


def best_s(work: Callable[[], object], rounds: int) -> float:
    best = float("inf")
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def main() -> None:
    data = synthetic_bulletin(random.Random(20260928))
    print(f"SYNTHETIC bulletin: {len(data) / 1e6:.1f} MB, {STATIONS:,} stations")
    for name, stations, rounds in (("five stations", FIVE, 10), ("all stations", None, 3)):
        assert our_reading(data, stations) == plain_reading(data, stations)
        ours = best_s(
            lambda s=stations: parse_nbp(data, received_at=RECEIVED_AT, stations=s), rounds
        )
        plain = best_s(lambda s=stations: plain_reading(data, s), min(rounds, 3))
        print(
            f"{name:>13}: {ours * 1e3:8.1f} ms   plain reading {plain * 1e3:8.1f} ms   "
            f"{plain / ours:5.1f} times as fast"
        )


if __name__ == "__main__":
    main()
