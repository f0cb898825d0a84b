"""Where the tables are and how long they keep things: what settings say, without the client."""

from dataclasses import dataclass, field
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class DynamoConfig:
    """Where the tables are."""

    region: str = "us-east-1"
    endpoint: str | None = None
    """``None`` is AWS itself."""
    prefix: str = "kalshi"
    key_id: str | None = None
    """``None`` leaves it to the machine's role or profile."""
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Keep:
    """How long records are kept. What the store itself stands on is kept for ever."""

    journal: timedelta = timedelta(days=400)
    audit: timedelta = timedelta(days=2557)
    """Orders, fills, trades, daily records and calibrations."""
