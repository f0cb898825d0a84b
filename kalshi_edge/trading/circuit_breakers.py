"""What a trader with a line to an exchange is watched by: each guard finds a reason to hold back.

Everything here is told the time and the figures; a backtest has no guards.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from kalshi_edge.domain.market import Book
from kalshi_edge.domain.records import Cause, Hold, SwitchState
from kalshi_edge.domain.verdicts import Check
from kalshi_edge.units import span


@dataclass(frozen=True, slots=True)
class CircuitBreakers:
    """Limits on how things may go while we trade; beyond one the kill switch goes off."""

    max_reconcile_age: timedelta | None = timedelta(minutes=10)
    """Since the exchange's books and ours last agreed; ``None`` where there is no such exchange."""
    max_data_age: timedelta = timedelta(minutes=15)
    """Of the newest order book of any market."""
    max_errors: int = 5
    """Orders that went wrong within ``error_window``."""
    error_window: timedelta = timedelta(minutes=10)
    error_rest: timedelta = timedelta(hours=1)
    """How long too many errors hold trading back."""
    halt_on_rule_change: bool = True
    """Whether changed rules of one series hold back all of them."""
    halt_on_fee_difference: bool = True


def reconciled_check(clean_at: datetime | None, at: datetime, breakers: CircuitBreakers) -> Check:
    """Whether the exchange's books and ours agreed, and not too long ago."""
    limit = breakers.max_reconcile_age
    if limit is None:
        return Check("reconciled", True, "orders are simulated", "none needed")
    if clean_at is None:
        return Check("reconciled", False, "not since the start", f"≤ {span(limit)} ago")
    age = abs(at - clean_at)  # one of later than now was noted before the clock was set back
    return Check("reconciled", age <= limit, f"{span(age)} ago", f"≤ {span(limit)} ago")


def hours_check(closed: str) -> Check:
    """Whether the exchange takes orders; ``closed`` says why it does not."""
    return Check("trading_hours", not closed, closed or "open", "open")


def stale_data(books: Iterable[Book], at: datetime, breakers: CircuitBreakers) -> Hold | None:
    """A hold where even the newest book of all is old."""
    newest_at = max((book.received_at for book in books), default=None)
    if newest_at is None or abs(at - newest_at) <= breakers.max_data_age:
        return None
    reason = f"the newest order book is {at - newest_at} old, over {breakers.max_data_age}"
    return Hold(Cause.STALE_DATA, SwitchState.HALT, reason, at)


def too_many_errors(
    error_times: Iterable[datetime], at: datetime, breakers: CircuitBreakers
) -> Hold | None:
    """A hold where too many orders went wrong within the window."""
    recent = sum(1 for one in error_times if at - one <= breakers.error_window)
    if recent < breakers.max_errors:
        return None
    reason = (
        f"{recent} orders went wrong within {breakers.error_window}, {breakers.max_errors} do it"
    )
    return Hold(Cause.ERROR_RATE, SwitchState.HALT, reason, at, at + breakers.error_rest)
