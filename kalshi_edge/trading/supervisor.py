"""The supervisor: what is looked after between decisions, so that no order is lost from sight.

Theory. Every order of ours is in one state of the table in ``domain/orders.py``, and each state but
the last has somebody who moves it on. What was stored and never sent ends at the next start. What
was sent and not answered is *unknown*: it blocks its market, is looked up with growing pauses, and
is sent again under its own name only while it is still wanted. What rests is followed by execution
reports, fills and statements. What nobody here placed is adopted and followed too. Nothing that is
heard is dropped, and nothing here decides on new risk.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from kalshi_edge.domain.events import Defect, OrderUpdate, Started
from kalshi_edge.domain.orders import Fill, Order, OrderState, OrderStep
from kalshi_edge.domain.records import Cause, Hold, SwitchState
from kalshi_edge.domain.verdicts import (
    Adopted,
    Alarm,
    Approved,
    CancelOrder,
    ResolveOrder,
    Verdict,
)
from kalshi_edge.portfolio.adoption import order_of_fill
from kalshi_edge.trading.circuit_breakers import too_many_errors
from kalshi_edge.trading.core import Core
from kalshi_edge.trading.exits import naked_legs, unwinding
from kalshi_edge.trading.fees import fee_check
from kalshi_edge.trading.outlook import Outlook
from kalshi_edge.trading.quoting import quoter
from kalshi_edge.trading.resend_checks import wanted_checks
from kalshi_edge.trading.risk import approved_exit
from kalshi_edge.trading.supervisor_state import SupervisorState
from kalshi_edge.units import ZERO, plain

LONG_UNKNOWN = timedelta(minutes=2)
"""How long an order's fate may be open before a person is told."""


def started(core: Core, event: Started) -> tuple[Verdict, ...]:
    """What was never sent is over; what was on its way has an unknown fate."""
    core.watch = SupervisorState()
    orders = core.account.orders
    orders.update({order.intent.intent_id: order for order in event.orders})
    return tuple(
        _moved(core, order, *_after_the_end(order))
        for order in tuple(orders.values())
        if order.state in {OrderState.NEW, OrderState.SENT}
    )


def defective(core: Core, event: Defect) -> tuple[Verdict, ...]:
    """Only what reduces goes on until a person has looked at what went wrong."""
    text = f"{event.error}; left out: {event.what[:80]}"
    hold = Hold(Cause.DEFECT, SwitchState.REDUCE, text, event.received_at)
    return (*core.kill_switch.hold(hold), Alarm("defect", text))


def updated(core: Core, event: OrderUpdate) -> tuple[Verdict, ...]:
    """A report on an order; too many that went wrong hold trading back."""
    if event.intent_id not in core.account.orders:
        if event.intent_id in core.watch.strangers:
            return ()  # every new connection tells the orders of two days again
        core.watch.strangers.add(event.intent_id)
    verdicts: tuple[Verdict, ...] = core.account.update(event)
    if verdicts:
        core.watch.active_at = event.received_at
    if not event.is_error or core.breakers is None:
        return verdicts
    core.watch.erred(event.received_at)
    hold = too_many_errors(core.watch.errors, event.received_at, core.breakers)
    return (*verdicts, *core.kill_switch.hold(hold))


def filled(core: Core, fill: Fill) -> tuple[Verdict, ...]:
    """A fill, counted once; one of an order placed elsewhere brings that order along."""
    account = core.account
    if account.tracker.has_seen(fill):
        return ()
    core.watch.active_at = fill.received_at
    core.state.traded(fill)
    if fill.intent_id in account.orders:
        return (*account.fill(fill), *_fee_check(core, fill))
    order = order_of_fill(fill, account.tracker, core.state.place)
    return (*adopted(core, order), *account.fill(fill))


def adopted(core: Core, order: Order) -> tuple[Verdict, ...]:
    """An order that was placed elsewhere, followed from now on."""
    intent = order.intent
    core.account.orders[intent.intent_id] = order
    text = f"{intent.ticker}: order {intent.intent_id} was placed elsewhere; now it is followed"
    return (Adopted(order), Alarm("adopted_order", text))


def due(core: Core, at: datetime) -> tuple[Verdict, ...]:
    """Questions about lost answers that are due again, and alarms for those lost for long."""
    found: list[Verdict] = []
    for order in unknown_orders(core):
        name, intent = order.intent.intent_id, order.intent
        if at - intent.created_at >= LONG_UNKNOWN and name not in core.watch.told:
            core.watch.told.add(name)
            text = f"{intent.ticker}: order {name} has no known fate since {intent.created_at}"
            found.append(Alarm("order_unknown", text))
        if core.watch.take_turn(("resolve", name), at):
            switch, limits = core.kill_switch.switch_at(at), core.playbook.limits
            checks = wanted_checks(intent, core.state, switch, limits, at)
            found.append(ResolveOrder(name, all(one.passed for one in checks), checks))
    return tuple(found)


def unknown_orders(core: Core) -> tuple[Order, ...]:
    """Orders whose answer was lost."""
    orders = core.account.orders.values()
    return tuple(order for order in orders if order.state is OrderState.UNKNOWN)


def needs_attention(core: Core) -> bool:
    """Whether there is an order that somebody has to look after."""
    return bool(unknown_orders(core) or orphaned_sales(core) or quoter.is_busy(core))


def orphans(core: Core, at: datetime) -> tuple[CancelOrder, ...]:
    """Sales of ours that wait in the book for more than is left to sell: taken out.

    The position was closed elsewhere; a sale that filled all the same would open the other side.
    """
    return tuple(
        CancelOrder(order.intent.intent_id, "nothing left to sell")
        for order in orphaned_sales(core)
        if core.watch.take_turn(("cancel", order.intent.intent_id), at)
    )


def orphaned_sales(core: Core) -> tuple[Order, ...]:
    """Our own orders in the book that could sell more than their trade still holds."""
    rests, account = {OrderState.RESTING, OrderState.PARTIAL}, core.account
    found = []
    for order in account.orders.values():
        intent = order.intent
        if order.state in rests and intent.reduces and not intent.adopted:
            trade = account.tracker.trades.get(intent.trade_id)
            held = ZERO if trade is None else trade.open_count
            if account.pending_sales(intent.trade_id) > held:
                found.append(order)
    return tuple(found)


def unwound(core: Core, outlooks: Iterable[Outlook]) -> tuple[Approved, ...]:
    """Sales of what half a bracket holds too much, where a fresh book pays what it is worth."""
    naked = {one.trade.ticker: one for one in naked_legs(core.account)}
    found: list[Approved] = []
    for outlook in outlooks if naked else ():
        if core.state.hours.closed(outlook.at):
            continue
        for leg in outlook.legs:
            book, at = outlook.books.get(leg.ticker), outlook.at
            if leg.ticker not in naked or book is None:
                continue
            if abs(at - book.valid_at) > core.playbook.limits.max_book_age:
                continue
            sale = unwinding(naked[leg.ticker], leg.fair, outlook.fee_rule, book, at)
            if sale is not None and core.watch.take_turn(("unwind", sale.trade_id), at):
                approved = approved_exit((sale,), core.account)
                core.account.approve(approved)
                found.append(approved)
    return tuple(found)


def _moved(core: Core, order: Order, step: OrderStep, reason: str) -> Order:
    after = order.step(step, reason=reason)
    core.account.orders[order.intent.intent_id] = after
    return after


def _after_the_end(order: Order) -> tuple[OrderStep, str]:
    if order.state is OrderState.NEW:
        return OrderStep.FINISH, "never sent: the process ended before"
    return OrderStep.LOSE, "the process ended before the answer came"


def _fee_check(core: Core, fill: Fill) -> tuple[Verdict, ...]:
    """Whether an order's fills so far were charged more than we compute, beyond rounding."""
    ladder, name = core.state.ladder_of(fill.ticker), fill.intent_id
    if core.breakers is None or ladder is None:
        return ()
    order, at = core.account.orders[name], fill.received_at
    fills = core.watch.fills[name] = (*core.watch.fills.get(name, ()), fill)
    if sum((one.count for one in fills), ZERO) != order.filled:
        return ()  # its first fills were told to an earlier process
    found = fee_check(fills, ladder.fee_rule_at, placed_at=order.intent.created_at)
    if found.excess is None:
        return core.kill_switch.lift({Cause.FEE_DIFFERENCE}, "the fees are right", at, name=name)
    text = (
        f"{fill.ticker}: the exchange charged ${plain(found.charged)} for {len(fills)} fills of an"
        f" order, we compute ${plain(found.expected)}"
    )
    alarm = Alarm("fee_difference", text)
    if not core.breakers.halt_on_fee_difference:
        return (alarm,)
    hold = Hold(Cause.FEE_DIFFERENCE, SwitchState.HALT, text, at, name=name)
    return (alarm, *core.kill_switch.hold(hold))
