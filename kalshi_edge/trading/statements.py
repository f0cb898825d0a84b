"""The exchange's statements of our account, held against our books; where they differ for long,
trading is held back until they agree or a person lets the exchange's word be taken over.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from kalshi_edge.domain.account_statement import AccountStatement, StatedOrder
from kalshi_edge.domain.events import Resume
from kalshi_edge.domain.orders import OrderState, OrderStep
from kalshi_edge.domain.records import Cause, Hold, SwitchState
from kalshi_edge.domain.verdicts import Alarm, Check, Verdict
from kalshi_edge.portfolio.adoption import order_of_statement, reopened
from kalshi_edge.portfolio.reconciliation import differences, held_counts, taken_over
from kalshi_edge.trading.core import Core
from kalshi_edge.trading.supervisor import adopted
from kalshi_edge.units import ZERO

STILL = timedelta(seconds=2)
"""How long nothing must have happened before a statement is compared: answers trail by a second."""


def stated(core: Core, event: AccountStatement) -> tuple[Verdict, ...]:
    """The exchange's word on our account; a difference that lasts holds trading back."""
    moved = tuple(verdict for one in event.orders for verdict in _order_stated(core, one, event))
    watch = core.watch
    if moved:
        watch.active_at = event.received_at
    if watch.active_at is not None and watch.active_at + STILL > event.as_of:
        return moved
    found = differences(core.account, event, _settling(core, event.as_of))
    if not found:
        watch.clean_at, watch.suspects = event.as_of, ()
        lifted = core.kill_switch.lift({Cause.RECONCILE}, "the books agree", event.received_at)
        return (*moved, *lifted)
    confirmed = found == watch.suspects
    watch.suspects, watch.statement = found, event
    watch.doubts += 1
    return (*moved, *_differing(core, event, found)) if confirmed else moved


def resumed(core: Core, event: Resume) -> tuple[Verdict, ...]:
    """A person lets trading go on; the exchange's books, where they differed, are right."""
    causes = set(Cause) if event.cause is None else {event.cause}
    at, taken = event.received_at, tuple[Verdict, ...]()
    if Cause.RECONCILE in causes and core.kill_switch.switch_at(at).hold(Cause.RECONCILE, at):
        taken = _take_over(core, at)
    if Cause.ERROR_RATE in causes:
        core.watch.errors = []
    return (*taken, core.kill_switch.resume(event))


def _order_stated(core: Core, one: StatedOrder, event: AccountStatement) -> tuple[Verdict, ...]:
    account = core.account
    known = account.orders.get(one.intent_id)
    if known is None:
        if not one.rests:
            return ()
        order = order_of_statement(one, account.tracker, core.state.place, event.received_at)
        return adopted(core, order)
    if known.intent.adopted:
        known = reopened(known, one)
    elif known.state is OrderState.NEW or known.intent.created_at > event.as_of - STILL:
        return ()  # the answers trail: this one may be from before
    step = OrderStep.ACCEPT if one.rests else OrderStep.FINISH
    # Fills tell how much has traded; the exchange's count only says how many to wait for.
    after = known.step(step, order_id=one.order_id, reported=one.filled, reason=one.reason)
    if after.state is OrderState.RESTING and after.filled > ZERO:
        after = replace(after, state=OrderState.PARTIAL)
    before = account.orders[one.intent_id]
    if replace(after, reason=before.reason, order_id=before.order_id) == before:
        return ()
    account.orders[one.intent_id] = after
    return (after,)


def _settling(core: Core, at: datetime) -> tuple[str, ...]:
    return tuple(t for t in held_counts(core.account) if core.state.is_settling(t, at))


def _differing(
    core: Core, event: AccountStatement, found: tuple[Check, ...]
) -> tuple[Verdict, ...]:
    at = event.received_at
    if not core.account.tracker.trades and not core.account.orders:
        # A new store on an account that is in use: what it holds is where we begin.
        return _take_over(core, at)
    text = "; ".join(f"{one.rule}: {one.figure} there, {one.limit} here" for one in found)
    held = core.kill_switch.hold(Hold(Cause.RECONCILE, SwitchState.HALT, text, at))
    return (*held, Alarm("books_differ", text)) if held else ()


def _take_over(core: Core, at: datetime) -> tuple[Verdict, ...]:
    statement, active_at = core.watch.statement, core.watch.active_at
    if statement is None or (active_at is not None and active_at > statement.as_of):
        return ()
    changed = taken_over(core.account, statement, core.state.place, at)
    core.watch.suspects = ()
    if not changed:
        return ()
    text = "positions and cash are now as the exchange has them"
    return (*changed, Alarm("taken_over", text))
