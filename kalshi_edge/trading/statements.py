"""The exchange's statements of our account, held against our books; where they differ for long,
trading is held back until they agree or a person lets the exchange's word be taken over.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from kalshi_edge.domain.account_statement import AccountStatement
from kalshi_edge.domain.events import CashMovement, Resume
from kalshi_edge.domain.orders import Order, OrderReport, OrderState, OrderStep
from kalshi_edge.domain.records import Cause, Hold, SwitchState
from kalshi_edge.domain.verdicts import Alarm, CashFlow, Check, Verdict
from kalshi_edge.portfolio.adoption import as_stated, order_of_statement
from kalshi_edge.portfolio.reconciliation import differences, held_counts, taken_over
from kalshi_edge.trading.core import Core
from kalshi_edge.trading.supervisor import adopted
from kalshi_edge.trading.supervisor_state import SupervisorState
from kalshi_edge.units import ZERO

STILL = timedelta(seconds=2)
"""How long nothing must have happened before a statement is compared: answers trail by a second."""
CONFIRMED_AFTER = timedelta(seconds=30)
"""How long the same difference must have been seen before it holds trading back."""


def stated(core: Core, event: AccountStatement) -> tuple[Verdict, ...]:
    """The exchange's word on our account; a difference that lasts holds trading back.

    A statement with which our books agree clears whatever an older one doubted.
    """
    watch = core.watch
    is_still = _is_still(watch, event)
    moved = tuple(
        verdict
        for one in event.orders
        for verdict in _order_stated(core, one, event, is_still=is_still)
    )
    if moved:
        watch.active_at = event.received_at
        return moved
    if not is_still:
        return ()
    found = differences(core.account, event, _settling(core, event.as_of))
    if not found:
        watch.clean_at, watch.clean_as_of = event.complete_at, event.as_of
        watch.statement, watch.suspects = None, ()
        agreed = core.kill_switch.lift({Cause.RECONCILE}, "the books agree", event.received_at)
        return (*_owed_nothing(core), *agreed)
    is_new = found != watch.suspects
    if is_new:
        watch.suspects, watch.suspected_at = found, event.as_of
    watch.statement = event
    watch.doubts += 1
    return () if is_new else _differing(core, event, found)


def _owed_nothing(core: Core) -> tuple[Order, ...]:
    """Orders that are over and wait for fills that never come, now that the books agree without.

    One made smaller elsewhere and then cancelled seems to have traded what it was reduced by.
    """
    orders = core.account.orders
    waiting = [one for one in orders.values() if one.state is OrderState.DONE and one.pending]
    for one in waiting:
        after = one.step(OrderStep.FINISH, reported=one.filled, is_correction=True)
        orders[one.intent.intent_id] = after
    return tuple(orders[one.intent.intent_id] for one in waiting)


def moved(core: Core, event: CashMovement) -> tuple[CashFlow, ...]:
    """Cash that came or left without a trade, as the exchange lists it: booked once, no profit.

    The fee is taken besides the amount, as far as is known; if not, the next statement says so.
    """
    account = core.account
    if not account.is_new_movement(event):
        return ()
    core.watch.active_at = event.received_at
    reason = f"{event.cash_kind} {event.method}".strip()
    flow = CashFlow(event.net, reason, event.received_at, movement_id=event.movement_id)
    return (account.deposit(flow),)


def resumed(core: Core, event: Resume) -> tuple[Verdict, ...]:
    """A person lets trading go on; the exchange's books, where they differed, are right."""
    at, taken = event.received_at, tuple[Verdict, ...]()
    is_held = core.kill_switch.switch_at(at).hold(Cause.RECONCILE, at) is not None
    if is_held and event.lifts(Cause.RECONCILE):
        taken = _take_over(core, at)
    if event.lifts(Cause.ERROR_RATE):
        core.watch.errors = []
    return (*taken, core.kill_switch.resume(event))


def _is_still(watch: SupervisorState, event: AccountStatement) -> bool:
    """Whether the statement has all that happened here: its answers trail."""
    if watch.active_at is None:
        return True
    if watch.active_at > event.received_at:
        # It happened while the statement waited, or by a clock that was set back since. Either way
        # it is past by now, and the next statement is asked for later than now.
        watch.active_at = event.received_at
        return False
    return watch.active_at + STILL <= event.complete_at


def _order_stated(
    core: Core, one: OrderReport, event: AccountStatement, *, is_still: bool
) -> tuple[Verdict, ...]:
    account = core.account
    before = account.orders.get(one.intent_id)
    if before is None:
        if not one.rests:
            return ()
        order = order_of_statement(one, account.tracker, core.state.place, event.received_at)
        return adopted(core, order)
    if before.state is OrderState.NEW:
        return ()  # the answers trail: this one may be from before
    # Nothing else is passed over: the next start asks only for what this one did not tell.
    known = as_stated(before, one, is_over=not is_still and not before.intent.adopted)
    step = OrderStep.ACCEPT if one.rests else OrderStep.FINISH
    # Fills tell how much has traded; the exchange's count only says how many to wait for.
    after = known.step(step, order_id=one.order_id, reported=one.filled, reason=one.reason)
    if after.state is OrderState.RESTING and after.filled > ZERO:
        after = replace(after, state=OrderState.PARTIAL)
    if replace(after, reason=before.reason, order_id=before.order_id) == before:
        return ()
    account.orders[one.intent_id] = after
    return (after, *_changed_elsewhere(before, after))


def _changed_elsewhere(before: Order, after: Order) -> tuple[Alarm, ...]:
    """What a person should know of an order of ours that is not as we left it."""
    intent = before.intent
    if intent.adopted:
        return ()
    if before.state is OrderState.DONE and after.state is not OrderState.DONE:
        text = f"{intent.ticker}: order {intent.intent_id} rests, though we took it for over"
        return (Alarm("order_reopened", text),)
    if after.intent.count != intent.count:
        text = f"{intent.ticker}: an order for {intent.count} is for {after.intent.count} now"
        return (Alarm("order_amended", text),)
    return ()


def _settling(core: Core, at: datetime) -> tuple[str, ...]:
    return tuple(t for t in held_counts(core.account) if core.state.is_settling(t, at))


def _differing(
    core: Core, event: AccountStatement, found: tuple[Check, ...]
) -> tuple[Verdict, ...]:
    at = event.received_at
    if not core.account.tracker.trades and not core.account.orders:
        # A new store on an account that is in use: what it holds is where we begin.
        return _take_over(core, at)
    since_at = core.watch.suspected_at
    if since_at is None or event.as_of - since_at < CONFIRMED_AFTER:
        return ()
    text = "; ".join(f"{one.rule}: {one.figure} there, {one.limit} here" for one in found)
    held = core.kill_switch.hold(Hold(Cause.RECONCILE, SwitchState.HALT, text, at))
    return (*held, Alarm("books_differ", text)) if held else ()


def _take_over(core: Core, at: datetime) -> tuple[Verdict, ...]:
    statement, active_at = core.watch.statement, core.watch.active_at
    if statement is None or (active_at is not None and active_at > statement.complete_at):
        return ()
    changed = taken_over(core.account, statement, core.state.place, at)
    core.watch.statement, core.watch.suspects = None, ()
    if not changed:
        return ()
    text = "positions and cash are now as the exchange has them"
    return (*changed, Alarm("taken_over", text))
