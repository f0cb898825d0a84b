"""What every answer starts from: the trader, what is remembered of it, and under what it runs."""

from dataclasses import dataclass, field
from datetime import datetime

from kalshi_edge.api.read_model import ReadModel
from kalshi_edge.runtime.trader import Trader


@dataclass(frozen=True, slots=True)
class ApiContext:
    """A running trader as the API sees it."""

    trader: Trader
    read_model: ReadModel
    mode: str
    is_synthetic: bool
    """Whether its market and weather are made up."""
    has_key: bool
    """Whether the API asks for a key; without one it serves this machine only."""
    started_at: datetime = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "started_at", self.now())

    def now(self) -> datetime:
        """The trader's own time."""
        return self.trader.clock.now()
