"""The market as a forecaster: the probabilities of a ladder that its quotes say, where they cohere.

An empty side stands at its bound: a bid of 0, an ask of 1. Bins that were quoted at different
instants, or whose quotes leave money on the table, fake an edge of any size: such a ladder is no
evidence and no trade, and says why.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from kalshi_edge.domain.beliefs import Vector
from kalshi_edge.domain.market import Book, Ladder
from kalshi_edge.errors import InputError

ONE_INSTANT = timedelta(seconds=2)
"""Books received within this are of one instant."""
LEAST_MID = 0.0025
"""Dollars: a quarter of a cent, for a bin that nobody bids for."""
TAKER_SHARE = 0.07


@dataclass(frozen=True, slots=True)
class LadderQuotes:
    """The best bid and ask of each bin, lowest bin first, dollars; an empty side at its bound."""

    bids: Vector
    asks: Vector

    @property
    def incoherence(self) -> str:
        """Why these quotes cannot all stand, or nothing.

        Selling every bin at its bid and buying every bin at its ask must both cost something:
        Σ bid − Σ f(bid) ≤ 1 ≤ Σ ask + Σ f(ask), f the taker's fee before rounding.

        >>> LadderQuotes((0.5, 0.6), (0.6, 0.7)).incoherence
        'the bids pay $1.066 for $1 after fees'
        """
        proceeds = sum(bid - _fee(bid) for bid in self.bids)
        cost = sum(ask + _fee(ask) for ask in self.asks)
        if proceeds > 1.0:
            return f"the bids pay ${proceeds:.3f} for $1 after fees"
        if cost < 1.0:
            return f"the asks sell $1 for ${cost:.3f} after fees"
        return ""

    @property
    def mid(self) -> Vector:
        """The bins' mids, at least a quarter of a cent each, divided by their sum.

        >>> [round(p, 3) for p in LadderQuotes((0.2, 0.3, 0.0), (0.4, 0.5, 0.6)).mid]
        [0.3, 0.4, 0.3]
        """
        mids = [max((b + a) / 2, LEAST_MID) for b, a in zip(self.bids, self.asks, strict=True)]
        total = sum(mids)
        return tuple(mid / total for mid in mids)


def ladder_quotes(
    ladder: Ladder, books: Mapping[str, Book], *, within: timedelta = ONE_INSTANT
) -> LadderQuotes:
    """The quotes of a ladder.

    Raises ``InputError``, saying why, where it is not coherent: a bin without a book, books whose
    receipts lie further apart than ``within``, or prices that leave money on the table.
    """
    found = [books.get(market.ticker) for market in ladder.markets]
    known = [book for book in found if book is not None]
    if len(known) < len(found):
        missing = [str(m.bin) for m, b in zip(ladder.markets, found, strict=True) if b is None]
        raise InputError(f"no quotes of {', '.join(missing)}")
    received = [book.received_at for book in known]
    if (spread := max(received) - min(received)) > within:
        raise InputError(f"quotes of different instants, {spread.total_seconds():.0f} s apart")
    quotes = LadderQuotes(
        tuple(0.0 if book.bid is None else float(book.bid) for book in known),
        tuple(1.0 if book.ask is None else float(book.ask) for book in known),
    )
    if quotes.incoherence:
        raise InputError(quotes.incoherence)
    return quotes


def floored(probabilities: Sequence[float], floor: float) -> Vector:
    """The probabilities, each at least ``floor``, divided by their sum.

    >>> floored((0.75, 0.0), 0.25)
    (0.75, 0.25)
    """
    raised = [max(p, floor) for p in probabilities]
    total = sum(raised)
    return tuple(p / total for p in raised)


def _fee(price: float) -> float:
    return TAKER_SHARE * price * (1.0 - price)
