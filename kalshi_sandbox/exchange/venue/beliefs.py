"""What traders think a ladder is worth: the public outlook, their own error, and what has happened.

A belief's quality is stated: how far it errs about the forecast, and how much of the forecast's
error it has already seen through (the market as a whole is some 10 % better than the forecast).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import exp

from kalshi_edge.domain.market import Bin
from kalshi_edge.domain.weather import Station
from kalshi_edge.models.distribution import Normal, ladder_probabilities
from kalshi_sandbox.exchange.venue.weather_port import Nature


@dataclass(frozen=True, slots=True)
class Quality:
    """How good somebody's belief is."""

    noise_f: float
    """Standard deviation of their own error about the forecast, °F."""
    insight: float
    """The share of the forecast's error that they see through, 0 to 1."""
    delay: timedelta = timedelta()
    """How late they take in a bulletin."""


MAKER = Quality(noise_f=0.4, insight=0.10, delay=timedelta(minutes=4))
INFORMED = Quality(noise_f=0.6, insight=0.25)
CROWD = Quality(noise_f=2.5, insight=0.0, delay=timedelta(minutes=40))


def still_to_come(hour: float) -> float:
    """The chance that the day's maximum is yet to be reached at an hour of local standard time.

    A logistic curve about 15:30, 0.8 hours wide; chosen so that as many real markets have no bid
    or no ask left in the evening as do here.

    >>> [round(still_to_come(hour), 3) for hour in (12.0, 15.5, 19.5)]
    [0.988, 0.5, 0.007]
    """
    return 1 / (1 + exp((hour - 15.5) / 0.8))


def conditioned(
    outlook: Normal, bins: Sequence[Bin], so_far_f: float | None, hour: float
) -> tuple[float, ...]:
    """Each bin's probability once ``so_far_f`` °F has been measured, at a local standard hour.

    With probability 1 − s the maximum is past; else the outlook holds, cut off below what was
    measured. Before the day has begun the outlook holds as it is.

    >>> bins = (Bin(None, 72), Bin(73, 74), Bin(75, None))
    >>> [round(p, 2) for p in conditioned(Normal(74.0, 2.0), bins, 73.4, 20.0)]
    [0.0, 1.0, 0.0]
    """
    prior = ladder_probabilities(outlook, bins)
    if so_far_f is None:
        return prior
    reached = round(so_far_f)
    possible = [
        0.0 if bin_.upper is not None and bin_.upper < reached else p
        for bin_, p in zip(bins, prior, strict=True)
    ]
    total = sum(possible)
    s = still_to_come(hour) if total > 0 else 0.0
    return tuple(
        (s * p / total if total > 0 else 0.0) + (1 - s) * bin_.contains(reached)
        for bin_, p in zip(bins, possible, strict=True)
    )


@dataclass(slots=True)
class Oracle:
    """One ladder's weather as traders of any quality see it, minute by minute."""

    nature: Nature
    station: Station
    day: date
    bins: tuple[Bin, ...]

    def probabilities(self, quality: Quality, error: float, at: datetime) -> tuple[float, ...]:
        """What somebody whose own error is ``error`` standard deviations thinks of each bin."""
        outlook = self.nature.outlook(self.station, self.day, at - quality.delay)
        known = quality.insight * (self.nature.high_f(self.station, self.day) - outlook.mu_f)
        mu_f = outlook.mu_f + known + error * quality.noise_f
        mine = Normal(mu_f, outlook.sigma_f * (1 - quality.insight / 2))
        begun = at - self.station.day_start(self.day)
        hour = begun.total_seconds() / 3600
        so_far_f = self.nature.high_so_far_f(self.station, self.day, at) if hour >= 0 else None
        return conditioned(mine, self.bins, so_far_f, hour)
