"""The kill switch: every hold on trading, what puts it there, what lifts it and what it has done.

A *hold* is one reason to hold trading back: a level, a cause and, where a cause may have several, a
name. The switch stands at the strongest level of the holds in force. Each lasts until it is lifted
or its time is up, and lifting one leaves the others. Holds come from people and drills (``halt``),
from the day's loss (``day_loss_hold``) and from the circuit breakers (``breaker_holds``); people
lift them (``resume``), and breakers those of theirs that are not due any more. Whatever the level,
an order that only reduces what is held goes out.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from kalshi_edge.domain.events import Halt, Resume
from kalshi_edge.domain.market import Book
from kalshi_edge.domain.records import Cause, Hold, Switch, SwitchState
from kalshi_edge.domain.verdicts import Approved, CancelOrder
from kalshi_edge.portfolio.account import Account
from kalshi_edge.trading.circuit_breakers import CircuitBreakers, reconciled_check, stale_data
from kalshi_edge.trading.exits import flattening, resting_entries, resting_sales
from kalshi_edge.trading.playbook import Limits
from kalshi_edge.trading.risk import approved_exit


class KillSwitch:
    """The holds on trading, and how often they were thrown today."""

    def __init__(self, switch: Switch | None = None, halts: int = 0) -> None:
        """``switch`` is as it was last stored; ``halts`` are those of today."""
        self._switch = switch
        self.halts = halts

    def switch_at(self, at: datetime) -> Switch:
        """The switch as it stands; one never thrown lets trading run."""
        return self._switch or Switch(SwitchState.RUN, "never thrown", at)

    def level(self, at: datetime) -> SwitchState:
        """The strongest level in force at instant ``at``."""
        return self.switch_at(at).level(at)

    def is_halted(self, at: datetime) -> bool:
        """Whether new risk is refused at instant ``at``."""
        return self.switch_at(at).is_halted(at)

    def halt(self, event: Halt) -> Switch:
        """Hold trading back as told."""
        return self._throw(
            Hold(event.cause, event.level, event.reason, event.received_at, name=event.name)
        )

    def hold(self, hold: Hold | None) -> tuple[Switch, ...]:
        """The switch with ``hold``, where its like does not hold as much already."""
        if hold is None:
            return ()
        in_force = self.switch_at(hold.since_at).in_force(hold.since_at)
        if any(
            one.identity == hold.identity and one.state.severity >= hold.state.severity
            for one in in_force
        ):
            return ()
        return (self._throw(hold),)

    def resume(self, event: Resume) -> Switch:
        """Lift what a person wants lifted: all of it, one cause's, or one hold."""
        causes = set(Cause) if event.cause is None else {event.cause}
        return self._lift(causes, event.reason, event.received_at, event.name)

    def lift(
        self, causes: Collection[Cause], reason: str, at: datetime, *, name: str = ""
    ) -> tuple[Switch, ...]:
        """The switch without the holds of ``causes`` so named, where there were any.

        A breaker lifts its own hold, which has no name unless it says one: never a drill's.
        """
        held = self.switch_at(at).in_force(at)
        if not any(one.cause in causes and one.name == name for one in held):
            return ()
        return (self._lift(causes, reason, at, name),)

    def turn_day(self, at: datetime) -> tuple[Switch, ...]:
        """Begin to count anew, and forget the holds whose time is up."""
        self.halts = 0
        if self._switch is None or len(self._switch.in_force(at)) == len(self._switch.holds):
            return ()
        return (self._lift((), f"over at {at:%Y-%m-%d %H:%M}Z", at, None),)

    def _throw(self, hold: Hold) -> Switch:
        self._switch = self.switch_at(hold.since_at).with_hold(hold)
        self.halts += 1
        return self._switch

    def _lift(
        self, causes: Collection[Cause], reason: str, at: datetime, name: str | None
    ) -> Switch:
        self._switch = self.switch_at(at).without(causes, reason, at, name=name)
        return self._switch


def day_loss_hold(
    switch: Switch, equity: Decimal, opening_balance: Decimal, at: datetime, limits: Limits
) -> Hold | None:
    """The hold of a day loss beyond its limit; ``None`` where there is none, or it holds already.

    loss = opening balance − equity, with fees and unrealised losses in it. Holds until the next
    UTC midnight.
    """
    loss = opening_balance - equity
    limit = limits.day_loss_share * opening_balance
    if loss <= limit or switch.hold(Cause.DAY_LOSS, at) is not None:
        return None
    midnight = (at + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    reason = f"day loss ${loss:.2f} is over ${limit:.2f}"
    return Hold(Cause.DAY_LOSS, SwitchState.HALT, reason, at, midnight)


def breaker_holds(
    kill_switch: KillSwitch,
    breakers: CircuitBreakers | None,
    books: Iterable[Book],
    clean_at: datetime | None,
    at: datetime,
) -> tuple[Switch, ...]:
    """Holds that a cycle's time makes due, and lifts of those that are not any more.

    ``clean_at`` is when the exchange's books and ours were last known to agree.
    """
    if breakers is None:
        return ()
    stale = stale_data(books, at, breakers)
    check, old = reconciled_check(clean_at, at, breakers), None
    if not check.passed and clean_at is not None:
        reason = f"the books last agreed {check.figure}; the limit is {check.limit}"
        old = Hold(Cause.RECONCILE, SwitchState.HALT, reason, at)
    fresh = () if stale else kill_switch.lift({Cause.STALE_DATA}, "order books are fresh", at)
    return (*fresh, *kill_switch.hold(stale), *kill_switch.hold(old))


def enforcement(
    level: SwitchState,
    account: Account,
    books: Mapping[str, Book],
    is_due: Callable[[tuple[str, str], datetime], bool],
    at: datetime,
) -> tuple[CancelOrder | Approved, ...]:
    """What ``level`` wants done now: resting entries taken out, positions sold.

    To flatten, sales that wait in the book are taken out first: what they would sell is sold as
    soon as they are over.

    ``is_due`` says whether something may be tried (again) at ``at``, and notes that it was.
    """
    if level.severity < SwitchState.CANCEL.severity:
        return ()
    adopted = level.severity >= SwitchState.REDUCE.severity
    flattens = level is SwitchState.FLATTEN
    waiting = resting_sales(account) if flattens else ()
    # One by one: a cancel-all may take out orders placed within the minute after it too.
    found: list[CancelOrder | Approved] = [
        CancelOrder(order.intent.intent_id, f"kill switch: {level}")
        for order in (*resting_entries(account, adopted=adopted), *waiting)
        if is_due(("cancel", order.intent.intent_id), at)
    ]
    if flattens:
        for sale in flattening(account, books, at):
            if is_due(("flatten", sale.trade_id), at):
                approved = approved_exit((sale,), account)
                account.approve(approved)
                found.append(approved)
    return tuple(found)
