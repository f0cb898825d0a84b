"""History as a feed: every record when it was received, and a cycle whenever new quotes are in.

Forecasts and results from before the first trading day are played too, so that the calibration
arrives there knowing what it would have known.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from datetime import date, timedelta

from kalshi_edge.data.history.records import Record
from kalshi_edge.domain.events import CycleDue, DayTurned, Event
from kalshi_edge.domain.market import Book, Ladder
from kalshi_edge.domain.orders import Settlement


def within_days(records: Iterable[Record], first_day: date, last_day: date) -> Iterator[Record]:
    """``records`` without the ladders, quotes and results of climate days outside the two days."""
    traded: set[str] = set()
    for record in records:
        match record:
            case Ladder():
                if not first_day <= record.climate_day <= last_day:
                    continue
                traded.update(market.ticker for market in record.markets)
            case Book() | Settlement():
                if record.ticker not in traded:
                    continue
            case _:
                pass
        yield record


def with_cycles(records: Iterable[Record]) -> Iterator[Event]:
    """``records`` and, after all quotes that came at one instant, the cycle that looks at them."""
    quoted_at = None
    last = None
    for record in records:
        if quoted_at is not None and record.received_at > quoted_at:
            yield CycleDue(quoted_at)
            quoted_at = None
        if isinstance(record, Book):
            quoted_at = record.received_at
        last = record
        yield record
    if quoted_at is not None:
        yield CycleDue(quoted_at)
    if last is not None:
        midnight = last.received_at.replace(hour=0, minute=0, second=0, microsecond=0)
        yield DayTurned(midnight + timedelta(days=1))


async def told(events: Iterable[Event], watch: Callable[[Event], None]) -> AsyncIterator[Event]:
    """``events`` as a feed; ``watch`` sees each just before it is played."""
    for event in events:
        watch(event)
        yield event
