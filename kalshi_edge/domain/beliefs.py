"""What the online learners know, as records: stored as they are, a restart goes on exactly."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Generic, TypeAlias, TypeVar

from kalshi_edge.domain.market import Bin

Vector: TypeAlias = tuple[float, ...]
Matrix: TypeAlias = tuple[Vector, ...]


class Lead(StrEnum):
    """How far ahead of its climate day a decision lies; hours from the day's first instant."""

    AHEAD = "ahead"
    """More than 12 hours before."""
    EVE = "eve"
    """12 to 3 hours before."""
    NIGHT = "night"
    """3 hours before to 6 hours after."""
    MORNING = "morning"
    """6 to 12 hours after."""
    LATE = "late"
    """12 hours after and later."""


@dataclass(frozen=True, slots=True)
class Belief:
    """A parameter vector θ and its precision matrix P."""

    theta: Vector
    precision: Matrix


@dataclass(frozen=True, slots=True)
class EmosLesson:
    """What a climate day's forecast was made of, and what came."""

    climate_day: date
    version: str
    """Of the anchor; empty where it has none."""
    anchor_f: float
    x: Vector
    """Predictors of the mean's departure from the anchor."""
    s: Vector
    """Predictors of ln σ."""
    high_f: int


@dataclass(frozen=True, slots=True)
class Predictors:
    """What a climate day's forecast is made of."""

    climate_day: date
    anchor_f: float
    model: str
    """The anchor's; empty where it is the mean of the others."""
    version: str
    x: Vector
    s: Vector

    def lesson(self, high_f: int) -> EmosLesson:
        """What it teaches once the maximum is known."""
        return EmosLesson(self.climate_day, self.version, self.anchor_f, self.x, self.s, high_f)


@dataclass(frozen=True, slots=True)
class EmosForecast:
    """What online EMOS says of a climate day before anything was observed of it: N(μ, σ²), °F."""

    given: Predictors
    layout: str
    mu_f: float
    sigma_f: float


@dataclass(frozen=True, slots=True)
class EmosState:
    """What past days have taught of the mean (β) and of the spread (γ)."""

    mean: Belief
    spread: Belief
    version: str = ""
    """The version of the anchor that was learned last."""
    days: int = 0


@dataclass(frozen=True, slots=True)
class PoolLesson:
    """A coherent ladder's probabilities as they were forecast, and which bin won."""

    climate_day: date
    mid: Vector
    own: Vector
    issued: Matrix
    """The experts' probabilities as issued: mid, sharpened mid, pool."""
    vector: int
    """Which weight vector mixed them."""
    won: int


@dataclass(frozen=True, slots=True)
class IssuedPosterior:
    """The first coherent ladder of a class: what its result will teach about."""

    bins: tuple[Bin, ...]
    mid: Vector
    own: Vector
    issued: Matrix
    """The experts' probabilities: mid, sharpened mid, pool."""
    vector: int

    def lesson(self, climate_day: date, high_f: int) -> PoolLesson:
        """What it teaches once the maximum is known."""
        won = next(i for i, bin_ in enumerate(self.bins) if bin_.contains(high_f))
        return PoolLesson(climate_day, self.mid, self.own, self.issued, self.vector, won)


@dataclass(frozen=True, slots=True)
class PoolState:
    """What settled ladders have taught of pool, sharpened mid and the mixture's weights."""

    pool: Belief
    sharpened: Belief
    weights: Matrix
    """One vector of three per result that can be outstanding at once."""
    ladders: int = 0


S = TypeVar("S")
"""What is known: ``EmosState`` or ``PoolState``."""
L = TypeVar("L", bound=EmosLesson | PoolLesson)


@dataclass(frozen=True, slots=True)
class LearnedRecord(Generic[S, L]):
    """The state before its last lessons, and those lessons: the way back to before each of them."""

    city: str
    lead: Lead
    layout: str
    """Which models took which part; empty for a pool."""
    base: S
    lessons: tuple[L, ...] = ()
    """By climate day."""
    base_as_of: date | None = None
    """The last climate day in ``base``."""


class EmosRecord(LearnedRecord[EmosState, EmosLesson]):
    """What online EMOS has learned of a city in a lead class."""

    __slots__ = ()


class PoolRecord(LearnedRecord[PoolState, PoolLesson]):
    """What the pool has learned of a city's ladders in a lead class."""

    __slots__ = ()
