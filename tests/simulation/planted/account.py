"""Planted bugs in what the account is worth and what has come of it."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from kalshi_edge.domain.account_statement import AccountStatement
from kalshi_edge.domain.orders import Fill, Intent, Settlement
from kalshi_edge.domain.records import Trade
from kalshi_edge.domain.verdicts import CashFlow, Check, Verdict
from kalshi_edge.portfolio import account as accounts
from kalshi_edge.portfolio.account import Account
from kalshi_edge.portfolio.tracker import Tracker
from kalshi_edge.trading import statements, supervisor
from kalshi_edge.trading.core import Core
from kalshi_edge.units import ZERO
from tests.simulation.planted.bug import PlantedBug, Reached, replaced

Patches = tuple[AbstractContextManager[Any], ...]


def _fills_twice(reached: Reached) -> Patches:
    seen = Tracker.has_seen

    def has_seen(self: Tracker, fill: Fill) -> bool:
        if seen(self, fill):
            reached()
        return False

    return (replaced(Tracker, "has_seen", has_seen),)


def _fees_not_booked(reached: Reached) -> Patches:
    count = Tracker.fill

    def fill(self: Tracker, one: Fill, intent: Intent) -> tuple[Trade, ...]:
        if one.fee > ZERO:
            reached()
        return count(self, replace(one, fee=ZERO), intent)

    return (replaced(Tracker, "fill", fill),)


def _strange_fill_dropped(reached: Reached) -> Patches:
    filled = supervisor.filled

    def known_only(core: Core, fill: Fill) -> tuple[Verdict, ...]:
        if fill.intent_id in core.account.orders:
            return filled(core, fill)
        reached()
        return ()

    return (replaced(supervisor, "filled", known_only),)


def _settled_twice(reached: Reached) -> Patches:
    settle = Tracker.settle

    def twice(self: Tracker, settlement: Settlement) -> tuple[Trade, ...]:
        held = {trade.trade_id: trade.open_count for trade in self.open_trades()}
        paid = settle(self, settlement)
        if any(trade.settled_value for trade in paid):
            reached()
        return tuple(
            self.keep(
                replace(
                    trade,
                    received=trade.received
                    + held[trade.trade_id] * (trade.settled_value or Decimal(0)),
                )
            )
            for trade in paid
        )

    return (replaced(Tracker, "settle", twice),)


def _deposit_is_profit(reached: Reached) -> Patches:
    def deposit(self: Account, flow: CashFlow) -> CashFlow:
        reached()
        self._note(flow)
        self.tracker.cash += flow.amount
        return flow

    return (replaced(Account, "deposit", deposit),)


def _days_overlap(reached: Reached) -> Patches:
    def closed_until(trades: Iterable[Trade], day: date) -> tuple[Trade, ...]:
        closed = [t for t in trades if not t.is_open and t.closed_at is not None]
        if any(t.closed_at is not None and t.closed_at.date() < day for t in closed):
            reached()
        return tuple(t for t in closed if t.closed_at is not None and t.closed_at.date() <= day)

    return (replaced(accounts, "closed_on", closed_until),)


def _never_clean(reached: Reached) -> Patches:
    stated = statements.stated

    def doubted(core: Core, event: AccountStatement) -> tuple[Verdict, ...]:
        before = core.watch.clean_at
        verdicts = stated(core, event)
        if core.watch.clean_at != before:
            reached()
        core.watch.clean_at = before
        return verdicts

    return (replaced(statements, "stated", doubted),)


def _differences_overlooked(reached: Reached) -> Patches:
    differences = statements.differences

    def none(*args: Any) -> tuple[Check, ...]:
        if differences(*args):
            reached()
        return ()

    return (replaced(statements, "differences", none),)


ACCOUNT_BUGS = {
    "count fills twice": PlantedBug("a fill counts once, by its id", _fills_twice),
    "fees not booked": PlantedBug("every dollar that a fill costs is booked", _fees_not_booked),
    "strange fill dropped": PlantedBug(
        "a fill by an order placed elsewhere counts too", _strange_fill_dropped
    ),
    "settled twice": PlantedBug("a settlement pays once", _settled_twice),
    "deposit is profit": PlantedBug("what is paid in is no profit", _deposit_is_profit),
    "days overlap": PlantedBug("each closed trade is in one day's record", _days_overlap),
    "never clean": PlantedBug("books that agree let trading go on", _never_clean),
    "differences overlooked": PlantedBug("what differs is noticed", _differences_overlooked),
}
