"""Our books against the exchange's: what differs, and how the exchange's word is taken over.

A statement is a snapshot of a moving thing. What may still move, an order without an answer or a
market that waits for its result, is left out of the comparison until it stands still.
"""

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from kalshi_edge.domain.account_statement import AccountStatement
from kalshi_edge.domain.orders import OrderState, Side, Strategy, derived_id
from kalshi_edge.domain.records import Trade
from kalshi_edge.domain.verdicts import CashFlow, Check
from kalshi_edge.portfolio.account import Account, pending_cost
from kalshi_edge.portfolio.adoption import CityAndDay
from kalshi_edge.portfolio.tracker import open_cost
from kalshi_edge.units import MICRO, ONE, ZERO, floor_to


def differences(
    account: Account, statement: AccountStatement, settling: Collection[str]
) -> tuple[Check, ...]:
    """What the exchange has otherwise than we: its figure, and ours as the limit.

    ``settling`` are closed markets whose result we do not know yet.
    """
    waits = {OrderState.NEW, OrderState.SENT, OrderState.UNKNOWN}
    moving = {order.intent.ticker for order in account.orders.values() if order.state in waits}
    unsettled = moving | set(settling)
    return (
        *_position_differences(account, statement, unsettled),
        *_order_differences(account, statement),
        *([] if unsettled else _cash_difference(account, statement)),
    )


def held_counts(account: Account) -> dict[str, Decimal]:
    """YES contracts by market as we count them; NO contracts count below 0."""
    held: dict[str, Decimal] = {}
    for trade in account.tracker.open_trades():
        count = trade.open_count if trade.side is Side.BUY else -trade.open_count
        held[trade.ticker] = held.get(trade.ticker, ZERO) + count
    return held


def taken_over(
    account: Account, statement: AccountStatement, place: CityAndDay, at: datetime
) -> tuple[Trade | CashFlow, ...]:
    """The exchange's positions and cash made ours: trades opened and reduced at what they cost.

    What that does not explain of the cash came in or left otherwise than by trading.
    """
    ours = held_counts(account)
    theirs = {one.ticker: one for one in statement.holdings}
    changed: list[Trade | CashFlow] = []
    for ticker in sorted(ours.keys() | theirs.keys()):
        stated = theirs.get(ticker)
        wanted = ZERO if stated is None else stated.count
        held = ours.get(ticker, ZERO)
        if held * wanted < ZERO or abs(held) > abs(wanted):
            kept = ZERO if held * wanted < ZERO else wanted
            changed += _reduced(account, ticker, abs(held - kept), at)
            held = kept
        if stated is not None and held != wanted:
            share = abs(wanted - held) / abs(wanted)
            cost, where = stated.cost * share, place(ticker, at)
            changed.append(_opened(account, ticker, wanted - held, cost=cost, where=where, at=at))
    flow = statement.cash - account.tracker.cash
    if flow != ZERO:
        reason = "the exchange's cash was taken over"
        changed.append(account.deposit(CashFlow(flow, reason, at)))
    return tuple(changed)


def _position_differences(
    account: Account, statement: AccountStatement, unsettled: Collection[str]
) -> Iterator[Check]:
    ours = held_counts(account)
    theirs = {one.ticker: one.count for one in statement.holdings}
    for ticker in sorted((ours.keys() | theirs.keys()) - set(unsettled)):
        if ticker not in theirs and not statement.is_complete:
            continue  # it may be the row that could not be read
        held, stated = ours.get(ticker, ZERO), theirs.get(ticker, ZERO)
        if held != stated:
            yield Check(f"position {ticker}", False, f"{stated}", f"{held}")


def _order_differences(account: Account, statement: AccountStatement) -> Iterator[Check]:
    if statement.since_at is None or not statement.is_complete:
        return
    listed = {one.intent_id for one in statement.orders}
    for order in account.orders.values():
        # Whoever says that one rests has it in his books: there it must be listed.
        rests = order.state in {OrderState.RESTING, OrderState.PARTIAL}
        is_asked_for = statement.since_at <= order.intent.created_at
        if rests and is_asked_for and order.intent.intent_id not in listed:
            yield Check(f"order {order.intent.intent_id}", False, "not known", order.state.value)


def _cash_difference(account: Account, statement: AccountStatement) -> Iterator[Check]:
    gap = statement.cash - account.tracker.cash
    # The exchange may or may not have set aside what its resting orders could cost.
    set_aside = sum((pending_cost(order) for order in account.entries()), ZERO)
    if not -set_aside <= gap <= ZERO:
        yield Check("cash", False, f"${statement.cash} ({gap:+})", f"${account.tracker.cash}")


def _reduced(account: Account, ticker: str, count: Decimal, at: datetime) -> Iterator[Trade]:
    for trade in account.tracker.open_trades():
        step = min(count, trade.open_count) if trade.ticker == ticker else ZERO
        if step == ZERO:
            continue
        left, count = trade.open_count - step, count - step
        back = floor_to(open_cost(trade) * step / trade.open_count, MICRO)
        yield account.tracker.keep(
            replace(
                trade,
                open_count=left,
                received=trade.received + back,
                closed_at=None if left else at,
            )
        )


def _opened(
    account: Account,
    ticker: str,
    delta: Decimal,
    *,
    cost: Decimal,
    where: tuple[str, date],
    at: datetime,
) -> Trade:
    city, climate_day = where
    count = abs(delta)
    # A position can cost no more than it may pay: a stranger figure would make a strange profit.
    paid = floor_to(min(max(cost, ZERO), count * ONE), MICRO)
    return account.tracker.keep(
        Trade(
            trade_id=derived_id("taken over", ticker, at.isoformat()),
            mode=account.tracker.mode,
            strategy=Strategy.MANUAL,
            ticker=ticker,
            city=city,
            climate_day=climate_day,
            opened_at=at,
            side=Side.BUY if delta > ZERO else Side.SELL,
            count=count,
            open_count=count,
            paid=paid,
        )
    )
