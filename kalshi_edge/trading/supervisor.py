"""The supervisor: what is looked after between decisions, so that no order is lost from sight.

Theory. Every order of ours is in one state of the table in ``domain/orders.py``, and each state but
the last has somebody who moves it on. What was stored and never sent ends at the next start. What
was sent and not answered is *unknown*: it blocks its market, is looked up with growing pauses, and
is sent again under its own name only while it is still wanted. What rests is followed by execution
reports, fills and statements. What nobody here placed is adopted and followed too. Nothing that is
heard is dropped, and nothing here decides on new risk.
"""

from datetime import datetime, timedelta

from kalshi_edge.domain.events import OrderUpdate, Started
from kalshi_edge.domain.market import FeeRule
from kalshi_edge.domain.orders import Fill, Order, OrderState, OrderStep
from kalshi_edge.domain.records import Cause, Hold, SwitchState
from kalshi_edge.domain.verdicts import Adopted, Alarm, Approved, ResolveOrder, Verdict
from kalshi_edge.portfolio.adoption import order_of_fill
from kalshi_edge.trading.circuit_breakers import too_many_errors
from kalshi_edge.trading.core import Core
from kalshi_edge.trading.exits import naked_legs, unwinding
from kalshi_edge.trading.fees import OrderFees, fee_regime
from kalshi_edge.trading.resend_checks import wanted_checks
from kalshi_edge.trading.risk import approved_exit, situation
from kalshi_edge.trading.supervisor_state import SupervisorState

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


def updated(core: Core, event: OrderUpdate) -> tuple[Verdict, ...]:
    """A report on an order; too many that went wrong hold trading back."""
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
        if at - intent.created_at >= LONG_UNKNOWN and core.watch.is_due(("tell", name), at):
            core.watch.asked(("tell", name), datetime.max.replace(tzinfo=at.tzinfo))
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


def unwound(core: Core, at: datetime) -> tuple[Approved, ...]:
    """Sales of what half a bracket holds beyond what it would hold as a single bin."""
    found: list[Approved] = []
    for naked in naked_legs(core.account):
        key, rule = ("unwind", naked.trade.trade_id), fee_rule(core, naked.trade.ticker)
        if rule is None or not core.watch.is_due(key, at):
            continue
        switch = core.kill_switch.switch_at(at)
        now = situation(core.account, switch, core.state.marks, at)
        sale = unwinding(naked, now, core.playbook.limits, rule, core.state.books)
        if sale is not None:
            core.watch.asked(key, at)
            approved = approved_exit((sale,), core.account)
            core.account.approve(approved)
            found.append(approved)
    return tuple(found)


def fee_rule(core: Core, ticker: str) -> FeeRule | None:
    """What trading in a market costs; ``None`` where we do not know the market."""
    ladder = core.state.ladder_of(ticker)
    return None if ladder is None else ladder.fee_rule


def _moved(core: Core, order: Order, step: OrderStep, reason: str) -> Order:
    after = order.step(step, reason=reason)
    core.account.orders[order.intent.intent_id] = after
    return after


def _after_the_end(order: Order) -> tuple[OrderStep, str]:
    if order.state is OrderState.NEW:
        return OrderStep.FINISH, "never sent: the process ended before"
    return OrderStep.LOSE, "the process ended before the answer came"


def _fee_check(core: Core, fill: Fill) -> tuple[Verdict, ...]:
    rule = fee_rule(core, fill.ticker)
    order = core.account.orders[fill.intent_id]
    if core.breakers is None or rule is None:
        return ()
    fees = core.watch.fees.get(fill.intent_id)
    if fees is None:
        if order.filled != fill.count:
            return ()  # its first fills were told to an earlier process
        fees = OrderFees(rule, fee_regime(fill.valid_at))
    ours, core.watch.fees[fill.intent_id] = fees.charge(
        fill.side, fill.price, fill.count, is_taker=fill.is_taker
    )
    if ours == fill.fee:
        return ()
    text = f"{fill.ticker}: the exchange charged ${fill.fee}, we compute ${ours}"
    alarm = Alarm("fee_difference", text)
    if not core.breakers.halt_on_fee_difference:
        return (alarm,)
    hold = Hold(Cause.FEE_DIFFERENCE, SwitchState.HALT, text, fill.received_at)
    return (alarm, *core.kill_switch.hold(hold))
