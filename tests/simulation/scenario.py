"""What one seed stands for: a world, a trader's settings, and what goes wrong when."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from kalshi_edge.choices import Entry, ForecastModel, Sizing
from kalshi_sandbox.exchange.venue.lifecycle import weekly_pause

CITIES = ("NYC", "LA", "MIA", "CHI", "PHX")

WEIGHTS = {
    "dropped reply": 5,
    "dropped request": 2,
    "5xx after acceptance": 4,
    "no answer": 3,
    "slow answers": 2,
    "429 storm": 2,
    "5xx storm": 2,
    "partial fill": 4,
    "frames lost": 2,
    "frames twice": 3,
    "frames late": 2,
    "frames out of order": 3,
    "subscription ended": 1,
    "stream cut": 2,
    "stream frozen": 1,
    "maintenance": 2,
    "trading pause": 1,
    "market halted": 1,
    "kill": 5,
    "kill on the order path": 10,
    "two instances": 3,
    "process stopped": 2,
    "machine sleeps": 3,
    "clock jump": 3,
    "disk full": 2,
    "halt by hand": 3,
    "resume by hand": 3,
    "close by hand": 10,
    "cancel by hand": 5,
    "cancel refused": 5,
    "the owner trades": 8,
    "the owner amends": 4,
    "the owner cancels": 3,
    "money paid in or out": 3,
    "interest": 1,
    "rows nobody can read": 3,
    "null lists": 2,
    "pages out of order": 3,
    "fees waived": 2,
    "fee change": 2,
    "scalar settlement": 1,
    "settled otherwise": 1,
    "order group triggered": 4,
    "prices fall": 5,
}
"""How often each incident is drawn, relatively."""
OVERNIGHT = "machine off overnight"
"""Until twenty minutes before the scenario ends, when the markets have settled."""


NIGHTS, PAUSES = 0.6, 0.1
"""Shares of scenarios that go on when the day has settled, and that are about the weekly pause."""


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that happens ``after`` so much time; its details come from its own draws."""

    after: timedelta
    name: str
    number: int


@dataclass(frozen=True, slots=True)
class Scenario:
    """Everything that a seed decides beforehand."""

    seed: int
    start_at: datetime
    lasts: timedelta
    settings: dict[str, Any]
    balance: Decimal
    tier: str
    lag: timedelta
    """How far REST answers trail the matching."""
    mode: str
    """``demo``, or ``paper``: then orders only meet the book that the exchange shows."""
    incidents: tuple[Incident, ...]

    def random(self, *names: object) -> Random:
        """Draws of their own for one purpose, the same in every run of the seed."""
        return Random("|".join(map(str, (self.seed, *names))))


def draw(seed: int) -> Scenario:
    """The scenario of ``seed``: an hour or so at any time of day.

    Most go on next morning, when the day has settled, and some only days later; some are about the
    weekly pause.
    """
    random = Random(seed)
    day = datetime(2027, 1, 4, tzinfo=UTC) + timedelta(days=random.randrange(360))
    start_at = day + timedelta(hours=random.uniform(14.5, 29))
    lasts = timedelta(minutes=random.uniform(40, 80))
    names = _names(random, random.randint(12, 20))
    kind = random.random()
    if kind < PAUSES:
        pause_at, resumes_at = weekly_pause(day)
        start_at = random.choice((pause_at, resumes_at)) - timedelta(minutes=random.uniform(20, 50))
    drawn = [(lasts * random.uniform(0.01, 0.95), name) for name in names]
    if kind > 1 - NIGHTS:
        days = random.choice((0, 0, 0, 0, 1, 3))
        drawn.append((lasts, OVERNIGHT))
        lasts = day + timedelta(days=days, hours=random.uniform(36.5, 40)) - start_at
        drawn += [
            (lasts - timedelta(minutes=random.uniform(1, 20)), name) for name in _names(random, 3)
        ]
    return Scenario(
        seed=seed,
        start_at=start_at,
        lasts=lasts,
        settings=_settings(random) | {"entry": _entry(seed)} | _whole_ladders(seed),
        balance=Decimal(random.choice(("237.19", "1000", "25000"))),
        tier=random.choice(("basic", "advanced", "prestige")),
        lag=timedelta(seconds=random.choice((0.0, 0.4, 1.5))),
        mode="paper" if seed % 10 == 9 else "demo",
        incidents=_in_order(drawn),
    )


def _names(random: Random, count: int) -> list[str]:
    return random.choices(list(WEIGHTS), list(WEIGHTS.values()), k=count)


def _whole_ladders(seed: int) -> dict[str, Any]:
    """Two of ten trade whole ladders, NO as well as YES; so does half of paper, with longshots."""
    if seed % 10 not in {6, 7} and seed % 20 != 19:
        return {}
    whole = {
        "model": ForecastModel.POSTERIOR,
        "sizing": Sizing.JOINT,
        "entry": Entry.TAKER,
    }
    return whole | ({"strategies": ("longshot",)} if seed % 20 == 19 else {})


def _settings(random: Random) -> dict[str, Any]:
    return {
        "cities": tuple(random.sample(CITIES, random.randint(1, 3))),
        "last_entry_h": 24,
        "max_open_positions": random.choice((3, 8, 24)),
        "max_city_positions": random.choice((2, 6, 10)),
        "max_city_day_share": random.choice((Decimal("0.03"), Decimal("0.05"))),
        "max_day_loss_share": random.choice((Decimal("0.02"), Decimal("0.2"))),
        "max_order_errors": random.choice((5, 100)),
        "contract_step": random.choice((Decimal(1), Decimal("0.01"))),
        "model": random.choice((ForecastModel.SEED, ForecastModel.SEED, ForecastModel.EMOS)),
    }


def _entry(seed: int) -> Entry:
    """A fifth of the scenarios post what they enter, half of those on paper among them."""
    return Entry.MAKER if seed % 20 in {9, 13, 14, 15} else Entry.TAKER


def _in_order(drawn: list[tuple[timedelta, str]]) -> tuple[Incident, ...]:
    return tuple(
        Incident(after, name, number) for number, (after, name) in enumerate(sorted(drawn))
    )


def week(seed: int, days: int = 7) -> Scenario:
    """Days of trading: killed every hour, on the hour or on its way, and four incidents a day."""
    base, random = draw(seed), Random(f"week|{seed}")
    lasts = timedelta(days=days)
    names = _names(random, 4 * days)
    drawn = [(lasts * random.random() * 0.97, name) for name in names]
    hourly = [
        (timedelta(hours=hour, minutes=random.uniform(-2, 32)), random.choice(("kill", "restart")))
        for hour in range(1, 24 * days - 3)
    ]
    return Scenario(
        seed=seed,
        start_at=base.start_at,
        lasts=lasts,
        settings={"cities": CITIES},
        balance=Decimal(1000),
        tier="basic",
        lag=base.lag,
        mode="demo",
        incidents=_in_order(drawn + hourly),
    )
