"""One settled day that a calibration has learned from, with the way back to before it."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a forecast said of a climate day, what came, and what was known before. Degrees in °F.

    Enough to go back to before the day, and on from there with another figure.
    """

    climate_day: date
    point_f: float
    """The forecast's median or mean, before calibration."""
    sigma_f: float
    """The forecast's σ, before calibration."""
    high_f: int
    """The maximum that it was learned with."""
    known_bias_f: float = 0.0
    """The bias before this day."""
    known_scale: float = 1.0
    """The scale of σ before this day."""
    known_as_of: date | None = None
    """The last climate day learned before this one; ``None`` where it is the first."""
