"""Posted entries in the sandbox, where the true queue is known: 200 world days, none fitted on.

Predicted against realised fills within 60 s of posting, our own cancels censored; whether a quote
rested past its release window, what was written of the write budget, mark-outs, and maker against
taker on the same tape. Everything is SYNTHETIC: no figure of it is evidence of profit.

Run: ``python bench/makers.py [--jobs 3]``; a world day takes about 2 s of one core.
"""

import argparse
import asyncio
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import TypeAlias

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from numpy.typing import NDArray

from kalshi_edge.choices import ForecastModel
from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.models.censored import Outcomes
from kalshi_edge.models.fill_chance import HORIZON_S, FillChance
from kalshi_edge.trading.quoting.mark_outs import AFTER_MIN
from kalshi_edge.trading.quoting.rules import WRITE_RATE_PER_S
from kalshi_sandbox.lived.day import DayPlan, LivedDay, live_day
from kalshi_sandbox.world.world import World

CITIES = ("NYC", "CHI")
FIRST_DAY = date(2027, 1, 10)
LEAST_IN_BIN = 500
WITHIN, BELOW, SHARE = 0.05, 0.15, 1 / 3
"""Points that a bin may be off, and below which prediction it is a share of the prediction."""
LEAST_SKILL = 0.1
RESAMPLES = 2000
BURST_S = 10.0
MOST_IN_BURST = 0.1 * (WRITE_RATE_PER_S * BURST_S + WRITE_RATE_PER_S)
"""A tenth of what the exchange lets the lowest tier write in ten seconds, its burst included."""


Lessons: TypeAlias = Sequence[tuple[tuple[float, ...], float, bool]]
"""Of each order its features, how long it rested, s, and whether it was reached."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days of one world."""

    seed: int
    first: int
    """Days after ``FIRST_DAY``."""
    days: int
    model: ForecastModel


def lived(stretch: Stretch, lessons: Lessons = ()) -> list[LivedDay]:
    """The days of a stretch, their orders predicted by what ``lessons`` teach."""
    return asyncio.run(_lived(stretch, lessons))


async def _lived(stretch: Stretch, lessons: Lessons) -> list[LivedDay]:
    plan = DayPlan([station_of(city) for city in CITIES], model=stretch.model)
    world, learner, found = World(stretch.seed), FillChance(), list[LivedDay]()
    for features, rested_s, was_reached in lessons:
        learner.learn(features, rested_s, was_reached=was_reached)
    learner.refit()
    for step in range(stretch.days):
        day = FIRST_DAY + timedelta(days=stretch.first + step)
        found.append(await live_day(world, day, plan, learner))
        if step % 10 == 9:
            count = sum(len(day.orders) for day in found)
            print(f"world {stretch.seed}: {step + 1} days, {count:,} orders", flush=True)
    return found


Sums: TypeAlias = NDArray[np.float64]
"""Of each day the sums that a figure is made of (days, sums)."""


def interval(sums: Sums, figure: Callable[[Sums], Sums]) -> str:
    """``figure`` of all days' sums with its 95 % interval, whole days drawn again."""
    random = np.random.default_rng(1)
    picked = random.integers(len(sums), size=(RESAMPLES, len(sums)))
    low, high = np.nanquantile(figure(sums[picked].sum(axis=1)), (0.025, 0.975))
    (all_days,) = figure(sums.sum(axis=0, keepdims=True))
    return f"{all_days:+.4f} ({low:+.4f} to {high:+.4f})"


def ratio(sums: Sums) -> Sums:
    """The first sum over the second."""
    with np.errstate(invalid="ignore"):
        return sums[:, 0] / sums[:, 1]


def skill(sums: Sums) -> Sums:
    """1 − Brier / Brier of the base rate, of Σ w (p − y)², Σ w y and Σ w."""
    base = sums[:, 1] / sums[:, 2]
    return 1 - sums[:, 0] / sums[:, 2] / (base * (1 - base))


@dataclass(frozen=True, slots=True)
class Predictions:
    """What was said of every order, what is known of it, and on which of the days it was."""

    said: Sums
    seen: Outcomes
    day: NDArray[np.int64]
    days: int

    @classmethod
    def of(cls, days: Sequence[LivedDay]) -> "Predictions":
        """Of all orders of these days; who was taken out stands for nobody, over all days alike."""
        orders = [order for day in days for order in day.orders]
        seen = Outcomes.of(
            [order.rested_s for order in orders],
            [order.is_filled for order in orders],
            [order.is_censored for order in orders],
            HORIZON_S,
        )
        which = np.repeat(np.arange(len(days)), [len(day.orders) for day in days])
        return cls(np.array([order.chance for order in orders]), seen, which, len(days))

    def by_day(self, amounts: Sums, which: NDArray[np.bool_] | None = None) -> Sums:
        """``amounts`` of the orders that are meant, added up by day."""
        chosen = np.ones(len(amounts), bool) if which is None else which
        return np.bincount(self.day[chosen], amounts[chosen], minlength=self.days)


def told_fills(found: Predictions) -> bool:
    """Print predicted against realised fills by tenths; whether every bin that counts is right."""
    said, seen, weights = found.said, found.seen, found.seen.weights
    lost = float(np.mean(weights == 0))
    print(f"filled within {HORIZON_S:.0f} s: {seen.share():.4f}; taken back before: {lost:.3f}")
    print("predicted    orders  predicted  realised (95 % by day)           within")
    right = True
    for tenth in range(10):
        low, high = tenth / 10, (tenth + 1) / 10 + (tenth == 9)
        which = (said >= low) & (said < high)
        if not which.any():
            continue
        predicted = float(np.average(said[which], weights=np.maximum(weights[which], 1e-9)))
        sums = np.column_stack(
            [found.by_day(weights * seen.happened, which), found.by_day(weights, which)]
        )
        most = WITHIN if predicted >= BELOW else SHARE * predicted
        counts = which.sum() >= LEAST_IN_BIN
        is_right = abs(seen.share(which) - predicted) <= most
        right = right and (is_right or not counts)
        verdict = ("yes" if is_right else "NO") if counts else "too few"
        print(
            f"{low:.1f} to {low + 0.1:.1f}  {which.sum():7,}  {predicted:9.4f}"
            f"  {interval(sums, ratio)}  ±{most:.4f} {verdict}"
        )
    squares = weights * (said - seen.happened) ** 2
    parts = (squares, weights * seen.happened, weights)
    sums = np.column_stack([found.by_day(part) for part in parts])
    print(f"Brier skill over the base rate (95 % by day): {interval(sums, skill)}")
    return right and float(skill(sums.sum(axis=0, keepdims=True))[0]) >= LEAST_SKILL


def most_in_burst(days: Sequence[LivedDay]) -> float:
    """The most tokens that were written within ten seconds."""
    most = 0.0
    for day in days:
        writes, first, total = sorted(day.writes), 0, 0.0
        for at_s, tokens in writes:
            total += tokens
            while writes[first][0] <= at_s - BURST_S:
                total -= writes[first][1]
                first += 1
            most = max(most, total)
    return most


def main() -> int:
    """Live, print, and say whether all that must hold does."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=69, help="scored, of each world")
    parser.add_argument("--learning", type=int, default=50, help="before them, of each world")
    parser.add_argument("--worlds", type=int, nargs="+", default=[9, 10, 11], help="their seeds")
    parser.add_argument("--jobs", type=int, default=1, help="worlds at a time")
    parser.add_argument("--model", type=ForecastModel, default=ForecastModel.POSTERIOR)
    args = parser.parse_args()
    before = [Stretch(seed, 0, args.learning, args.model) for seed in args.worlds]
    after = [Stretch(seed, args.learning, args.days, args.model) for seed in args.worlds]
    with ProcessPoolExecutor(args.jobs) as pool:
        taught = [one for world in pool.map(lived, before) for day in world for one in day.orders]
        lessons = [(one.features, one.rested_s, one.is_filled) for one in taught]
        scored = list(pool.map(partial(lived, lessons=lessons), after))
    days = [day for world in scored for day in world]
    predictions = Predictions.of(days)
    orders = len(predictions.said)
    print(f"SYNTHETIC: {len(days)} world days of {len(scored)} worlds, {orders:,} orders scored;")
    print(f"learned from {len(lessons):,} of the {args.learning} days before them in each")
    are_right = told_fills(predictions)
    late = sum(day.rested_too_long for day in days)
    print(f"quotes that rested past a release window: {late}")
    used = sum(tokens for day in days for _, tokens in day.writes)
    share = used / (WRITE_RATE_PER_S * sum(day.seconds for day in days))
    burst = most_in_burst(days)
    print(f"write budget used: {share:.2%} on average, at most {burst:.0f} tokens in ten seconds")
    print(f"  (a tenth of the lowest tier's: {MOST_IN_BURST:.0f})")
    fills = sum(day.maker_fills for day in days), sum(day.taker_fills for day in days)
    print(f"fills as maker {fills[0]:,}, as taker on the same tape {fills[1]:,}")
    for minutes in AFTER_MIN:
        marks = [[one for one in day.mark_outs if one.minutes == minutes] for day in days]
        moved = [sum(float(one.per_contract * one.count) for one in some) for some in marks]
        contracts = [sum(float(one.count) for one in some) for some in marks]
        cents = interval(np.column_stack([100 * np.array(moved), contracts]), ratio)
        what = f"mark-out after {minutes} min, cents a contract (95 % by day)"
        print(f"{what}: {cents}, {sum(map(len, marks)):,} fills")
    more = [float(day.maker_pnl - day.taker_pnl) for day in days]
    dollars = interval(np.column_stack([more, np.ones(len(days))]), ratio)
    print(f"maker less taker, dollars a day (95 % by day): {dollars}")
    assert not late
    assert share <= 0.1
    assert burst <= MOST_IN_BURST
    return not (are_right and orders >= 20_000 and len(days) >= 200)


if __name__ == "__main__":
    sys.exit(main())
