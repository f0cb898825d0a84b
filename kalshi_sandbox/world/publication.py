"""When each run of the model becomes known, and which version made it.

Delays are those measured on the public bucket in 2026 (v5.0, 36 to 60 dates per cycle); nothing is
seen sooner than the 5th or later than the 95th percentile unless a fault says so.
"""

from datetime import UTC, datetime, timedelta
from enum import StrEnum

import numpy as np

from kalshi_edge.errors import InputError
from kalshi_sandbox.world.draws import draws


class Model(StrEnum):
    """The two NBM bulletins with a daily maximum."""

    NBP = "NBP"
    NBS = "NBS"


RUN_HOURS = {Model.NBP: (0, 1, 7, 12, 13, 19), Model.NBS: tuple(range(24))}
"""UTC hours of the runs that are published with maximum and minimum."""

_MEDIAN_AND_P95_MIN = {
    0: (77, 84), 1: (67, 98), 7: (77, 102), 12: (87, 108), 13: (66, 104), 19: (77, 97),
}  # fmt: skip
_EARLIEST_MIN = 62
_NBS_MIN = (60, 66, 80)
"""5th, 50th and 95th percentile of NBS [E]: the 12 UTC run is seen at about 13:10."""
NOMADS_LEAD = timedelta(minutes=20)
"""How much earlier than the bucket the model's own server has a file."""

_VERSIONS = (
    (datetime(2026, 5, 5, 12, tzinfo=UTC), "5.0"),
    (datetime(2025, 5, 27, 12, tzinfo=UTC), "4.3"),
    (datetime(2024, 5, 15, 11, tzinfo=UTC), "4.2"),
    (datetime(2023, 1, 17, 12, tzinfo=UTC), "4.1"),
    (datetime(2020, 9, 29, 12, tzinfo=UTC), "4.0"),
)


def version(run_at: datetime) -> str:
    """The model version of a run, by the first stable header of each.

    >>> version(datetime(2026, 5, 5, 11, tzinfo=UTC)), version(datetime(2026, 5, 5, 12, tzinfo=UTC))
    ('4.3', '5.0')
    """
    return next((name for since, name in _VERSIONS if run_at >= since), "3.2")


def published_at(seed: int, model: Model, run_at: datetime) -> datetime:
    """When this run appears in the bucket; ``InputError`` where the model has no such run."""
    _refuse_no_run(model, run_at)
    if model is Model.NBP:
        median, p95 = _MEDIAN_AND_P95_MIN[run_at.hour]
        points = (_EARLIEST_MIN, median, p95)
    else:
        points = _NBS_MIN
    purpose = f"publication of {model}"
    hours = int(run_at.timestamp()) // 3600
    level = draws(seed, purpose, hours).uniform(0.05, 0.95)
    delay_s = 60 * np.interp(level, (0.05, 0.5, 0.95), points)
    return run_at + timedelta(seconds=int(delay_s))


def _refuse_no_run(model: Model, run_at: datetime) -> None:
    on_the_hour = run_at.replace(minute=0, second=0, microsecond=0) == run_at
    if run_at.utcoffset() != timedelta() or not on_the_hour:
        raise InputError(f"a run of {model} is on the hour, UTC, not at {run_at.isoformat()}")
    if run_at.hour not in RUN_HOURS[model]:
        raise InputError(f"{model} has no run at {run_at:%H} UTC, only {RUN_HOURS[model]}")
