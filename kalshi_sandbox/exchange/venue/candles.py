"""A market's minutes: quotes and trades as open, low, high and close; only minutes with news.

A candle is named by its inclusive end. Longer periods are sums of minutes. A side without orders
is quoted 0 (bid) or 1 (ask) dollars, as the exchange quotes it.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import reduce
from itertools import groupby
from math import ceil

from kalshi_edge.units import ONE, ZERO


@dataclass(frozen=True, slots=True)
class Range:
    """Prices of a period in dollars."""

    open: Decimal
    low: Decimal
    high: Decimal
    close: Decimal

    def joined(self, later: "Range") -> "Range":
        """Both ranges as one, ``later`` following."""
        low, high = min(self.low, later.low), max(self.high, later.high)
        return Range(self.open, low, high, later.close)


def flat(price: Decimal) -> Range:
    """A range in which nothing moved."""
    return Range(price, price, price, price)


@dataclass(frozen=True, slots=True)
class Candle:
    """One period of a market."""

    end_s: int
    """Unix seconds of its inclusive end."""
    bid: Range
    ask: Range
    price: Range | None
    """``None`` where nothing traded."""
    volume: Decimal
    turnover: Decimal
    """Dollars: Σ price × count."""
    open_interest: Decimal
    previous: Decimal | None = None
    """The last price before it."""

    def joined(self, later: "Candle") -> "Candle":
        """Both candles as one that ends when ``later`` does."""
        ranges = [price for price in (self.price, later.price) if price is not None]
        return replace(
            later,
            bid=self.bid.joined(later.bid),
            ask=self.ask.joined(later.ask),
            price=ranges[0].joined(ranges[-1]) if ranges else None,
            volume=self.volume + later.volume,
            turnover=self.turnover + later.turnover,
            previous=self.previous,
        )


def _period_end_s(at: datetime, seconds: int = 60) -> int:
    return ceil(at.timestamp() / seconds) * seconds


class Candles:
    """The minutes of one market, kept as they happen."""

    def __init__(self) -> None:
        self._minutes: list[Candle] = []
        self._ends: list[int] = []
        self._volume_before: list[Decimal] = []

    def record(
        self,
        at: datetime,
        bid: Decimal | None,
        ask: Decimal | None,
        open_interest: Decimal,
        trades: Sequence[tuple[Decimal, Decimal]] = (),
    ) -> None:
        """Note the quotes that hold at ``at`` and the ``(price, count)`` that traded there."""
        end_s = _period_end_s(at)
        last = self._minutes[-1] if self._minutes else None
        if last is None or last.end_s != end_s:
            self._begin(end_s, last)
        candle = self._minutes[-1]
        price = candle.price
        for traded, _ in trades:
            price = flat(traded) if price is None else price.joined(flat(traded))
        self._minutes[-1] = Candle(
            end_s,
            candle.bid.joined(flat(ZERO if bid is None else bid)),
            candle.ask.joined(flat(ONE if ask is None else ask)),
            price,
            sum((count for _, count in trades), candle.volume),
            sum((traded * count for traded, count in trades), candle.turnover),
            open_interest,
            candle.previous,
        )

    def _begin(self, end_s: int, last: Candle | None) -> None:
        bid, ask, previous, before = flat(ZERO), flat(ONE), None, ZERO
        if last is not None:
            bid, ask = flat(last.bid.close), flat(last.ask.close)
            previous = last.price.close if last.price is not None else last.previous
            before = self._volume_before[-1] + last.volume
        self._minutes.append(Candle(end_s, bid, ask, None, ZERO, ZERO, ZERO, previous))
        self._ends.append(end_s)
        self._volume_before.append(before)

    def between(self, start_s: int, end_s: int, minutes: int) -> Iterator[Candle]:
        """The candles of ``minutes`` each that end within ``[start_s, end_s]`` (Unix seconds)."""
        seconds = minutes * 60
        first = bisect_right(self._ends, start_s - seconds)
        last = bisect_right(self._ends, end_s // seconds * seconds)
        periods = groupby(self._minutes[first:last], lambda minute: -(-minute.end_s // seconds))
        for period, parts in periods:
            candle = reduce(Candle.joined, parts)
            if period * seconds >= start_s:
                yield replace(candle, end_s=period * seconds)

    def latest_before(self, start_s: int) -> Candle | None:
        """The last minute that ended before ``start_s``."""
        index = bisect_left(self._ends, start_s) - 1
        return self._minutes[index] if index >= 0 else None

    def volume_since(self, at: datetime) -> Decimal:
        """Contracts traded after the minute of ``at``."""
        if not self._minutes:
            return ZERO
        total = self._volume_before[-1] + self._minutes[-1].volume
        index = bisect_right(self._ends, _period_end_s(at))
        return total - self._volume_before[index] if index < len(self._ends) else ZERO
