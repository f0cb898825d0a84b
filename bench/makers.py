"""Posted entries in the sandbox, where the true queue is known: 200 world days, none fitted on.

Predicted against realised fills within 60 s of posting, our own cancels censored; whether a quote
rested past its release window, what was written of the write budget, mark-outs, and maker against
taker on the same tape. Everything is SYNTHETIC: no figure of it is evidence of profit.

Run: ``python bench/makers.py [--days 206] [--learning 50] [--seed 3]``; about 3 s of one core
a day.
"""

import argparse
import asyncio
import sys
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from time import process_time

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
from kalshi_sandbox.lived.fills import Scored
from kalshi_sandbox.world.world import World

FIRST_DAY = date(2027, 1, 10)
LEAST_IN_BIN = 500
WITHIN, BELOW, SHARE = 0.05, 0.15, 1 / 3
"""Points that a bin may be off, and below which prediction it is a share of the prediction."""
LEAST_SKILL = 0.1
RESAMPLES = 2000
BURST_S = 10.0
MOST_IN_BURST = 0.1 * (WRITE_RATE_PER_S * BURST_S + WRITE_RATE_PER_S)
"""A tenth of what the exchange lets the lowest tier write in ten seconds, its burst included."""


async def lived(days: int, learning: int, seed: int, plan: DayPlan) -> tuple[list[LivedDay], int]:
    """The scored days, after ``learning`` days that only teach; and from how many orders."""
    world, learner, found = World(seed), FillChance(), list[LivedDay]()
    for step in range(learning + days):
        one = await live_day(world, FIRST_DAY + timedelta(days=step), plan, learner)
        if step < learning:
            for order in one.orders:
                learner.learn(order.features, order.rested_s, was_reached=order.is_filled)
            learner.refit()
        else:
            found.append(one)
        if step % 10 == 9:
            count = sum(len(day.orders) for day in found)
            print(f"{step + 1} days, {count:,} orders, {process_time():.0f} s", flush=True)
    return found, learner.learned


def interval(days: Sequence[LivedDay], figure: Callable[[list[LivedDay]], float]) -> str:
    """``figure`` of all days with its 95 % interval, whole days drawn again."""
    random = np.random.default_rng(1)
    draws = (random.integers(len(days), size=len(days)) for _ in range(RESAMPLES))
    found = [figure([days[place] for place in draw]) for draw in draws]
    low, high = np.quantile(found, (0.025, 0.975))
    return f"{figure(list(days)):+.3f} ({low:+.3f} to {high:+.3f})"


def outcomes(orders: Sequence[Scored]) -> tuple[NDArray[np.float64], Outcomes]:
    """What was predicted of each order, and what is known of it."""
    said = np.array([order.chance for order in orders])
    seen = Outcomes.of(
        [order.rested_s for order in orders],
        [order.is_filled for order in orders],
        [order.is_censored for order in orders],
        HORIZON_S,
    )
    return said, seen


def orders_of(days: Sequence[LivedDay]) -> list[Scored]:
    """All orders of these days."""
    return [order for day in days for order in day.orders]


def skill(days: list[LivedDay]) -> float:
    """Brier skill over the base rate."""
    said, seen = outcomes(orders_of(days))
    return seen.skill(said)


def told_fills(days: Sequence[LivedDay]) -> bool:
    """Print predicted against realised fills by tenths; whether every bin that counts is right."""
    said, seen = outcomes(orders_of(days))
    censored = np.mean([order.is_censored for order in orders_of(days)])
    print(f"filled within {HORIZON_S:.0f} s: {seen.share():.4f}; taken back before: {censored:.3f}")
    print("predicted    orders  predicted  realised (95 % by day)        within")
    right = True
    for tenth in range(10):
        low, high = tenth / 10, (tenth + 1) / 10 + (tenth == 9)
        which = (said >= low) & (said < high)
        if not which.any():
            continue
        predicted = float(np.average(said[which], weights=np.maximum(seen.weights[which], 1e-9)))

        def realised(some: list[LivedDay], low: float = low, high: float = high) -> float:
            their_said, theirs = outcomes(orders_of(some))
            return theirs.share((their_said >= low) & (their_said < high))

        most = WITHIN if predicted >= BELOW else SHARE * predicted
        counts = which.sum() >= LEAST_IN_BIN
        is_right = abs(seen.share(which) - predicted) <= most
        right = right and (is_right or not counts)
        verdict = ("yes" if is_right else "NO") if counts else "too few"
        print(
            f"{low:.1f} to {low + 0.1:.1f}  {which.sum():7,}  {predicted:9.4f}"
            f"  {interval(days, realised)}  ±{most:.4f} {verdict}"
        )
    return right


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
    parser.add_argument("--days", type=int, default=206)
    parser.add_argument("--learning", type=int, default=50)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--model", type=ForecastModel, default=ForecastModel.POSTERIOR)
    args = parser.parse_args()
    plan = DayPlan([station_of(city) for city in ("NYC", "CHI")], model=args.model)
    days, learned = asyncio.run(lived(args.days, args.learning, args.seed, plan))
    orders = orders_of(days)
    print(f"SYNTHETIC: {len(days)} world days, {len(orders):,} orders; learned from {learned:,} of")
    print(f"{args.learning} days before them; {process_time():.0f} s of one core")
    are_right = told_fills(days)
    print(f"Brier skill over the base rate (95 % by day): {interval(days, skill)}")
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

        def mean_cents(some: list[LivedDay], minutes: int = minutes) -> float:
            marks = [one for day in some for one in day.mark_outs if one.minutes == minutes]
            contracts = sum(float(one.count) for one in marks)
            moved = sum(float(one.per_contract * one.count) for one in marks)
            return 100 * moved / contracts if contracts else 0.0

        count = sum(one.minutes == minutes for day in days for one in day.mark_outs)
        what = f"mark-out after {minutes} min, cents a contract (95 % by day)"
        print(f"{what}: {interval(days, mean_cents)}, {count:,} fills")

    def more(some: list[LivedDay]) -> float:
        return float(np.mean([float(day.maker_pnl - day.taker_pnl) for day in some]))

    print(f"maker less taker, dollars a day (95 % by day): {interval(days, more)}")
    assert not late
    assert share <= 0.1
    assert burst <= MOST_IN_BURST
    enough = len(orders) >= 20_000 and len(days) >= 200
    return not (are_right and enough and skill(list(days)) >= LEAST_SKILL)


if __name__ == "__main__":
    sys.exit(main())
