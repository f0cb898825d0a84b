"""How a trader trades: its gates, its limits, its strategies, and whose probabilities it trades."""

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from kalshi_edge.choices import Entry, ForecastModel, Sizing
from kalshi_edge.domain.orders import Strategy
from kalshi_edge.models.quoted import ONE_INSTANT
from kalshi_edge.trading.edge import Gates
from kalshi_edge.trading.quoting.rules import QuoteRules
from kalshi_edge.units import ONE


@dataclass(frozen=True, slots=True)
class Limits:
    """What risk holds against. Shares are of the bankroll; times in the unit of their names."""

    kelly_fraction: Decimal = Decimal("0.25")
    city_day_share: Decimal = Decimal("0.03")
    """At most this share of the bankroll in one city's climate day."""
    max_positions: int = 10
    max_city_positions: int = 2
    day_loss_share: Decimal = Decimal("0.05")
    """Of the day's opening balance; beyond it the kill switch goes off."""
    contract_step: Decimal = ONE
    close_margin: timedelta = timedelta(minutes=10)
    """No entry this near to a market's close."""
    max_book_age: timedelta = timedelta(minutes=5)
    max_forecast_age: timedelta = timedelta(hours=14)
    """Since the model's cycle."""
    max_reference_gap_f: float = 4.0
    """°F between our forecast and the NWS's."""
    reference_required: bool = False
    """Whether a missing NWS forecast keeps the city out."""
    last_entry: timedelta = timedelta(hours=10)
    """Since the climate day began; later the thermometer knows more than any forecast."""
    mark_loss_share: Decimal | None = Decimal("0.25")
    """Of the day's loss allowance, at most so much may be gone the moment an entry has filled,
    because the book pays less for it than it costs; ``None`` asks for nothing."""
    burst_contracts: int | None = 2000
    """Entries within ``BURST`` are for fewer contracts than this, all together: the exchange's
    order group is triggered by so many in 15 seconds. ``None`` where there is no such group."""
    order_dollars: Decimal | None = Decimal(1000)
    """What one entry may cost, all legs with their fees; ``None`` asks for nothing."""


@dataclass(frozen=True, slots=True)
class LongshotRule:
    """What is sold as a longshot, and for how much at most."""

    least_bid: Decimal = Decimal("0.01")
    most_bid: Decimal = Decimal("0.04")
    """Of the bin's YES, dollars."""
    ahead: timedelta = timedelta(hours=12)
    """Before the climate day begins, at most; once it has begun nothing is entered."""
    share: Decimal = Decimal("0.005")
    """Of the bankroll, at most, in each open-ended bin."""


def usual_sizing(model: ForecastModel, entry: Entry = Entry.TAKER) -> Sizing:
    """How a model's probabilities are sized where nothing else is asked for."""
    joint = model is ForecastModel.POSTERIOR and entry is Entry.TAKER
    return Sizing.JOINT if joint else Sizing.SEED


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
    sizing: Sizing = Sizing.SEED
    """``JOINT`` takes the posterior's ladders whole, in the place of single bins and brackets."""
    longshot: LongshotRule = field(default_factory=LongshotRule)
    quoting: QuoteRules | None = None
    """How entries are posted; ``None`` where they are taken."""

    @property
    def traded(self) -> frozenset[Strategy]:
        """The strategies that may send orders."""
        return self.strategies_of(self.model)

    def strategies_of(self, model: ForecastModel | None) -> frozenset[Strategy]:
        """The strategies that follow a model's word; longshots ask no model, and are counted once.

        >>> joint = Playbook(model=ForecastModel.POSTERIOR, sizing=Sizing.JOINT)
        >>> [str(one) for one in joint.traded]
        ['ladder']
        >>> [str(one) for one in sorted(joint.strategies_of(ForecastModel.SEED))]
        ['bracket', 'single']
        """
        longshots = self.strategies & {Strategy.LONGSHOT}
        if self.sizing is Sizing.JOINT and model is ForecastModel.POSTERIOR:
            own = frozenset({Strategy.LADDER})
        else:
            own = self.strategies - longshots
        return own | longshots if model is self.model else own
