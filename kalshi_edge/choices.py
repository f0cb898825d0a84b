"""What is chosen by name: settings and options that take one of a few words.

Names alone, so that the command line's help needs nothing else of the product.
"""

from enum import StrEnum

PAST_SOURCES = ("NBP", "NBS", "GFSMOS", "NAMMOS", "LAMP", "HRRR", "RAP", "CLI", "METAR", "GEFS")
"""The weather that can be fetched; what the exchange has always is."""
USUAL_SOURCES = PAST_SOURCES[:-1]
"""All that is in the public domain: GEFS comes from a service that is free for some uses only."""
PLAYED_SOURCES = ("NBP", "CLI")
"""What a backtest cannot do without; it fetches no more by itself."""


class TradingMode(StrEnum):
    """Whose prices, whose money."""

    PAPER = "paper"
    DEMO = "demo"
    LIVE = "live"


class StoreKind(StrEnum):
    """Where the records are kept."""

    SQLITE = "sqlite"
    DYNAMODB = "dynamodb"


class FeeGate(StrEnum):
    """Which fee the gate subtracts: the house's dear one, or the exchange's own."""

    HOUSE = "house"
    EXCHANGE = "exchange"


class ForecastModel(StrEnum):
    """Whose probabilities are traded; all are computed at every cycle."""

    SEED = "seed"
    """The best bulletin, its bias and spread corrected by past errors."""
    EMOS = "emos"
    """Several weather models, weighted by what they have earned."""
    POSTERIOR = "posterior"
    """The market's own prices, moved as far as EMOS has earned."""


class Sizing(StrEnum):
    """How many contracts, and of which sides."""

    SEED = "seed"
    """Each bin and each bracket by itself: YES only, a quarter of Kelly."""
    JOINT = "joint"
    """A ladder as one bet, both sides of every bin; only of the posterior's probabilities."""


class Entry(StrEnum):
    """How a position is entered."""

    TAKER = "taker"
    """What somebody offers is taken at once, for the exchange's fee."""
    MAKER = "maker"
    """An order of ours waits below what a contract is worth to us, and pays no fee."""


class HaltLevel(StrEnum):
    """How far trading is held back; each does what those before it do."""

    HALT = "halt"
    """No new risk; resting orders stay in the book."""
    CANCEL = "cancel"
    """Resting entries are cancelled too."""
    REDUCE = "reduce"
    """Nothing may add to risk: orders placed by hand elsewhere are cancelled too."""
    FLATTEN = "flatten"
    """Open positions are sold, as far as the book pays for them."""
