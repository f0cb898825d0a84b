"""What is looked after between decisions: lost answers, the exchange's books, the kill switch.

Told by the engine what came in, it answers with verdicts; it decides on no new risk.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from kalshi_edge.domain.account_statement import AccountStatement
from kalshi_edge.domain.events import Halt, OrderUpdate, Resume, Started
from kalshi_edge.domain.market import FeeRule
from kalshi_edge.domain.orders import Fill, Order, OrderReport, OrderState, OrderStep
from kalshi_edge.domain.records import Cause, Hold, Switch, SwitchState
from kalshi_edge.domain.verdicts import (
    Adopted,
    Alarm,
    Approved,
    CancelOrder,
    Check,
    ResolveOrder,
    Verdict,
)
from kalshi_edge.portfolio.account import Account
from kalshi_edge.portfolio.adoption import order_of_fill, order_of_statement, reopened
from kalshi_edge.portfolio.reconciliation import differences, held_counts, taken_over
from kalshi_edge.trading.circuit_breakers import (
    CircuitBreakers,
    reconciled_check,
    stale_data,
    too_many_errors,
)
from kalshi_edge.trading.exits import flattening, naked_legs, resting_entries, unwinding
from kalshi_edge.trading.fees import OrderFees, fee_regime
from kalshi_edge.trading.resend_checks import wanted_checks
from kalshi_edge.trading.risk import Limits, approved_exit, situation
from kalshi_edge.trading.state import WorldState
from kalshi_edge.trading.supervisor_state import SupervisorState
from kalshi_edge.units import ZERO

STILL = timedelta(seconds=2)
"""How long nothing must have happened before a statement is compared: answers trail by a second."""
LONG_UNKNOWN = timedelta(minutes=2)
"""How long an order's fate may be open before a person is told."""


class Supervisor:
    """Looks after one account; ``guards`` are ``None`` in a backtest."""

    def __init__(
        self, account: Account, world: WorldState, limits: Limits, breakers: CircuitBreakers | None
    ) -> None:
        self.state = SupervisorState()
        self._account = account
        self._world = world
        self._limits = limits
        self._breakers = breakers

    # --- what comes in ------------------------------------------------------------------------

    def started(self, event: Started) -> tuple[Verdict, ...]:
        """What was never sent is over; what was on its way has an unknown fate."""
        self.state = SupervisorState()
        orders = self._account.orders
        orders.update({order.intent.intent_id: order for order in event.orders})
        return tuple(
            self._moved(order, *_after_the_end(order))
            for order in tuple(orders.values())
            if order.state in {OrderState.NEW, OrderState.SENT}
        )

    def update(self, event: OrderUpdate) -> tuple[Verdict, ...]:
        """News of an order; too many that went wrong hold trading back."""
        verdicts: tuple[Verdict, ...] = self._account.update(event)
        if verdicts:
            self.state.active_at = event.received_at
        if not event.is_error or self._breakers is None:
            return verdicts
        self.state.erred(event.received_at)
        hold = too_many_errors(self.state.errors, event.received_at, self._breakers)
        return (*verdicts, *self._held(hold))

    def fill(self, fill: Fill) -> tuple[Verdict, ...]:
        """A fill, counted once; one of an order placed elsewhere brings that order along."""
        if self._account.tracker.has_seen(fill):
            return ()
        self.state.active_at = fill.received_at
        if fill.intent_id in self._account.orders:
            return (*self._account.fill(fill), *self._fee_check(fill))
        order = order_of_fill(fill, self._account.tracker, self._world.place)
        return (*self._adopted(order), *self._account.fill(fill))

    def statement(self, event: AccountStatement) -> tuple[Verdict, ...]:
        """The exchange's word on our account; a difference that lasts holds trading back."""
        moved = tuple(v for stated in event.orders for v in self._stated(stated, event))
        if moved:
            self.state.active_at = event.received_at
        still_since = self.state.active_at
        if still_since is not None and still_since + STILL > event.as_of:
            return moved
        found = differences(self._account, event, self._settling(event.as_of))
        if not found:
            self.state.clean_at, self.state.suspects = event.as_of, ()
            return (*moved, *self.lifted({Cause.RECONCILE}, "the books agree", event.received_at))
        confirmed = found == self.state.suspects
        self.state.suspects, self.state.statement = found, event
        self.state.doubts += 1
        return (*moved, *self._differing(event, found)) if confirmed else moved

    def rules_changed(self, at: datetime, reason: str) -> tuple[Switch, ...]:
        """Changed rules of one series hold back all of them, where the guards say so."""
        if self._breakers is None or not self._breakers.halt_on_rule_change:
            return ()
        return self._held(Hold(Cause.TERMS, SwitchState.HALT, reason, at))

    # --- the kill switch ----------------------------------------------------------------------

    def halt(self, event: Halt) -> Switch:
        """Hold trading back as told."""
        hold = Hold(event.cause, event.level, event.reason, event.received_at)
        return self._account.hold(hold)

    def resume(self, event: Resume) -> tuple[Verdict, ...]:
        """Lift what holds trading back; the exchange's books, where they differed, are right."""
        causes = set(Cause) if event.cause is None else {event.cause}
        at, switch = event.received_at, self._account.switch_at(event.received_at)
        taken: tuple[Verdict, ...] = ()
        if Cause.RECONCILE in causes and switch.hold(Cause.RECONCILE, at) is not None:
            taken = self._take_over(at)
        if Cause.ERROR_RATE in causes:
            self.state.errors = []
        return (*taken, self._account.lift(causes, event.reason, at))

    def lifted(self, causes: set[Cause], reason: str, at: datetime) -> tuple[Switch, ...]:
        """The switch, where it was held by one of ``causes``."""
        switch = self._account.switch_at(at)
        if all(switch.hold(cause, at) is None for cause in causes):
            return ()
        return (self._account.lift(causes, reason, at),)

    def before_cycle(self, at: datetime) -> tuple[Switch, ...]:
        """Holds that a cycle's time makes due, and lifts of those that are not any more."""
        if self._breakers is None:
            return ()
        stale = stale_data(self._world.books.values(), at, self._breakers)
        check, old = reconciled_check(self.state.clean_at, at, self._breakers), None
        if not check.passed and self.state.clean_at is not None:
            reason = f"the books last agreed {check.figure}; the limit is {check.limit}"
            old = Hold(Cause.RECONCILE, SwitchState.HALT, reason, at)
        fresh = () if stale else self.lifted({Cause.STALE_DATA}, "order books are fresh", at)
        return (*fresh, *self._held(stale), *self._held(old))

    def entry_checks(self, at: datetime) -> tuple[Check, ...]:
        """What must hold of the whole trader before it takes new risk."""
        if self._breakers is None:
            return ()
        return (reconciled_check(self.state.clean_at, at, self._breakers),)

    # --- what is due --------------------------------------------------------------------------

    def look(self, at: datetime) -> tuple[Verdict, ...]:
        """Questions about lost answers that are due again, and alarms for those lost for long."""
        found: list[Verdict] = []
        for order in self.unknown():
            name, intent = order.intent.intent_id, order.intent
            if at - intent.created_at >= LONG_UNKNOWN and self.state.is_due(("tell", name), at):
                self.state.asked(("tell", name), datetime.max.replace(tzinfo=at.tzinfo))
                text = f"{intent.ticker}: order {name} has no known fate since {intent.created_at}"
                found.append(Alarm("order_unknown", text))
            if self.state.is_due(("resolve", name), at):
                self.state.asked(("resolve", name), at)
                switch = self._account.switch_at(at)
                checks = wanted_checks(intent, self._world, switch, self._limits, at)
                found.append(ResolveOrder(name, all(one.passed for one in checks), checks))
        return tuple(found)

    def unknown(self) -> tuple[Order, ...]:
        """Orders whose answer was lost."""
        orders = self._account.orders.values()
        return tuple(order for order in orders if order.state is OrderState.UNKNOWN)

    def enforced(self, at: datetime) -> tuple[CancelOrder | Approved, ...]:
        """What the kill switch wants done now: resting entries taken out, positions sold."""
        switch = self._account.switch
        level = SwitchState.RUN if switch is None else switch.level(at)
        if level.severity < SwitchState.CANCEL.severity:
            return ()
        found: list[CancelOrder | Approved] = []
        # One by one: a cancel-all may take out orders placed within the minute after it too.
        adopted = level.severity >= SwitchState.REDUCE.severity
        for order in resting_entries(self._account, adopted=adopted):
            key = ("cancel", order.intent.intent_id)
            if self.state.is_due(key, at):
                self.state.asked(key, at)
                found.append(CancelOrder(order.intent.intent_id, f"kill switch: {level}"))
        if level is SwitchState.FLATTEN:
            for sale in flattening(self._account, self._world.books, at):
                if self.state.is_due(("flatten", sale.trade_id), at):
                    self.state.asked(("flatten", sale.trade_id), at)
                    found.append(self._approved(approved_exit((sale,), self._account)))
        return tuple(found)

    def unwound(self, at: datetime) -> tuple[Approved, ...]:
        """Sales of what half a bracket holds beyond what it would hold as a single bin."""
        found: list[Approved] = []
        for naked in naked_legs(self._account):
            key, rule = (
                ("unwind", naked.trade.trade_id),
                self._fee_rule(naked.trade.ticker),
            )
            if rule is None or not self.state.is_due(key, at):
                continue
            now = situation(self._account, self._world.marks, at)
            sale = unwinding(naked, now, self._limits, rule, self._world.books)
            if sale is not None:
                self.state.asked(key, at)
                found.append(self._approved(approved_exit((sale,), self._account)))
        return tuple(found)

    # --- inside -------------------------------------------------------------------------------

    def _approved(self, approved: Approved) -> Approved:
        self._account.approve(approved)
        return approved

    def _held(self, hold: Hold | None) -> tuple[Switch, ...]:
        """The switch with ``hold``, where its cause does not hold as much already."""
        if hold is None:
            return ()
        known = self._account.switch_at(hold.since_at).hold(hold.cause, hold.since_at)
        if known is not None and known.state.severity >= hold.state.severity:
            return ()
        return (self._account.hold(hold),)

    def _moved(self, order: Order, step: OrderStep, reason: str) -> Order:
        after = order.step(step, reason=reason)
        self._account.orders[order.intent.intent_id] = after
        return after

    def _adopted(self, order: Order) -> tuple[Verdict, ...]:
        intent = order.intent
        self._account.orders[intent.intent_id] = order
        text = f"{intent.ticker}: order {intent.intent_id} was placed elsewhere; now it is followed"
        return (Adopted(order), Alarm("adopted_order", text))

    def _stated(self, stated: OrderReport, event: AccountStatement) -> tuple[Verdict, ...]:
        known = self._account.orders.get(stated.intent_id)
        if known is None:
            if not stated.rests:
                return ()
            tracker, place = self._account.tracker, self._world.place
            return self._adopted(order_of_statement(stated, tracker, place, event.received_at))
        if known.intent.adopted:
            known = reopened(known, stated)
        elif known.state is OrderState.NEW or known.intent.created_at > event.as_of - STILL:
            return ()  # the answers trail: this one may be from before
        step = OrderStep.ACCEPT if stated.rests else OrderStep.FINISH
        # Fills tell how much has traded; the exchange's count only says how many to wait for.
        after = known.step(
            step, order_id=stated.order_id, reported=stated.filled, reason=stated.reason
        )
        if after.state is OrderState.RESTING and after.filled > ZERO:
            after = replace(after, state=OrderState.PARTIAL)
        before = self._account.orders[stated.intent_id]
        if replace(after, reason=before.reason, order_id=before.order_id) == before:
            return ()
        self._account.orders[stated.intent_id] = after
        return (after,)

    def _settling(self, at: datetime) -> tuple[str, ...]:
        return tuple(t for t in held_counts(self._account) if self._world.is_settling(t, at))

    def _differing(self, event: AccountStatement, found: tuple[Check, ...]) -> tuple[Verdict, ...]:
        account, at = self._account, event.received_at
        if not account.tracker.trades and not account.orders:
            # A new store on an account that is in use: what it holds is where we begin.
            return self._take_over(at)
        text = "; ".join(f"{one.rule}: {one.figure} there, {one.limit} here" for one in found)
        held = self._held(Hold(Cause.RECONCILE, SwitchState.HALT, text, at))
        return (*held, Alarm("books_differ", text)) if held else ()

    def _take_over(self, at: datetime) -> tuple[Verdict, ...]:
        statement, active_at = self.state.statement, self.state.active_at
        if statement is None or (active_at is not None and active_at > statement.as_of):
            return ()
        changed = taken_over(self._account, statement, self._world.place, at)
        self.state.suspects = ()
        if not changed:
            return ()
        return (
            *changed,
            Alarm("taken_over", "positions and cash are now as the exchange has them"),
        )

    def _fee_rule(self, ticker: str) -> FeeRule | None:
        ladder = self._world.ladder_of(ticker)
        return None if ladder is None else ladder.fee_rule

    def _fee_check(self, fill: Fill) -> tuple[Verdict, ...]:
        breakers, rule = self._breakers, self._fee_rule(fill.ticker)
        order = self._account.orders[fill.intent_id]
        if breakers is None or rule is None:
            return ()
        fees = self.state.fees.get(fill.intent_id)
        if fees is None:
            if order.filled != fill.count:
                return ()  # its first fills were told to an earlier process
            fees = OrderFees(rule, fee_regime(fill.valid_at))
        ours, self.state.fees[fill.intent_id] = fees.charge(
            fill.side, fill.price, fill.count, is_taker=fill.is_taker
        )
        if ours == fill.fee:
            return ()
        text = f"{fill.ticker}: the exchange charged ${fill.fee}, we compute ${ours}"
        alarm = Alarm("fee_difference", text)
        if not breakers.halt_on_fee_difference:
            return (alarm,)
        hold = Hold(Cause.FEE_DIFFERENCE, SwitchState.HALT, text, fill.received_at)
        return (alarm, *self._held(hold))


def _after_the_end(order: Order) -> tuple[OrderStep, str]:
    if order.state is OrderState.NEW:
        return OrderStep.FINISH, "never sent: the process ended before"
    return OrderStep.LOSE, "the process ended before the answer came"
