"""How a trader trades: its gates, its limits, its strategies, and whose probabilities it trades."""

from dataclasses import dataclass, field
from datetime import timedelta

from kalshi_edge.choices import ForecastModel
from kalshi_edge.domain.orders import Strategy
from kalshi_edge.models.quoted import ONE_INSTANT
from kalshi_edge.trading.edge import Gates
from kalshi_edge.trading.quoting.rules import QuoteRules
from kalshi_edge.trading.risk import Limits


@dataclass(frozen=True, slots=True)
class Playbook:
    """How this trader trades: its gates, its limits, and which strategies it follows."""

    gates: Gates = field(default_factory=Gates)
    limits: Limits = field(default_factory=Limits)
    strategies: frozenset[Strategy] = frozenset({Strategy.SINGLE, Strategy.BRACKET})
    model: ForecastModel | None = ForecastModel.SEED
    """Whose probabilities are traded; ``None`` computes no other than the seed's, as before there
    were several."""
    one_instant: timedelta = ONE_INSTANT
    """Quotes of a ladder that were received within this are of one instant."""
    quoting: QuoteRules | None = None
    """How entries are posted; ``None`` where they are taken."""
