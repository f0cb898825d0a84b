"""The only maker of ``Approved``. Every rule is asked, and every answer is kept.

An order that reduces risk is never stopped by the kill switch or by a limit on new risk.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from kalshi_edge.domain.events import Close, ClosePosition
from kalshi_edge.domain.market import Book, Market
from kalshi_edge.domain.orders import Intent, TimeInForce, derived_id, opposite
from kalshi_edge.domain.records import Switch, Trade
from kalshi_edge.domain.verdicts import Approved, Check, Opportunity, Refused
from kalshi_edge.errors import StateError
from kalshi_edge.portfolio.account import Account, pending_cost
from kalshi_edge.portfolio.tracker import open_cost
from kalshi_edge.trading.circuit_breakers import hours_check
from kalshi_edge.trading.price_check import price_check
from kalshi_edge.units import ONE, ZERO


@dataclass(frozen=True, slots=True)
class Limits:
    """What risk holds against. Shares are of the bankroll; times in the unit of their names."""

    kelly_fraction: Decimal = Decimal("0.25")
    city_day_share: Decimal = Decimal("0.03")
    """At most this share of the bankroll in one city's climate day."""
    max_positions: int = 10
    max_city_positions: int = 2
    day_loss_share: Decimal = Decimal("0.05")
    """Of the day's opening balance; beyond it the kill switch goes off."""
    contract_step: Decimal = ONE
    close_margin: timedelta = timedelta(minutes=10)
    """No entry this near to a market's close."""
    max_book_age: timedelta = timedelta(minutes=5)
    max_forecast_age: timedelta = timedelta(hours=14)
    """Since the model's cycle."""
    max_reference_gap_f: float = 4.0
    """°F between our forecast and the NWS's."""
    reference_required: bool = False
    """Whether a missing NWS forecast keeps the city out."""
    last_entry: timedelta = timedelta(hours=10)
    """Since the climate day began; later the thermometer knows more than any forecast."""
    mark_loss_share: Decimal | None = Decimal("0.25")
    """Of the day's loss allowance, at most so much may be gone the moment an entry has filled,
    because the book pays less for it than it costs; ``None`` asks for nothing."""
    burst_contracts: int | None = 2000
    """Entries within ``BURST`` are for fewer contracts than this, all together: the exchange's
    order group is triggered by so many in 15 seconds. ``None`` where there is no such group."""
    order_dollars: Decimal | None = Decimal(1000)
    """What one entry may cost, all legs with their fees; ``None`` asks for nothing."""


BURST = timedelta(minutes=1)
"""Longer than the exchange's 15 seconds by what sending a cycle's orders may take."""


@dataclass(frozen=True, slots=True)
class Situation:
    """The account as risk sees it: orders still on their way count as if they had filled."""

    at: datetime
    switch: Switch
    bankroll: Decimal
    """Dollars that shares are taken of."""
    free_cash: Decimal
    holders: Mapping[str, str]
    """City by ticker, of every position and every live entry."""
    exposure: Mapping[tuple[str, date], Decimal]
    """Dollars at risk by city and climate day."""
    trader_checks: tuple[Check, ...] = ()
    """What must hold of the whole trader before it takes new risk."""
    opening_balance: Decimal | None = None
    """Of the day; the share that may be lost of it is the day's allowance."""
    day_loss: Decimal = ZERO
    """Lost today, at what the book pays, with what approved entries will have lost at once."""
    burst: Decimal = ZERO
    """Contracts of entries that were decided within the last ``BURST``."""

    def budget(self, city: str, climate_day: date, limits: Limits) -> Decimal:
        """Dollars that may still go into one city's climate day, by one entry at most."""
        cap = limits.city_day_share * self.bankroll
        left = cap - self.exposure.get((city, climate_day), ZERO)
        most = [left, self.free_cash]
        if limits.order_dollars is not None:
            most.append(limits.order_dollars)
        return max(min(most), ZERO)

    def burst_left(self, limits: Limits) -> Decimal | None:
        """Contracts that may still be bought now; ``None`` where no limit is set."""
        if limits.burst_contracts is None:
            return None
        return max(limits.burst_contracts - limits.contract_step - self.burst, ZERO)

    def mark_loss_limit(self, limits: Limits) -> Decimal | None:
        """Dollars that one entry may lose by its own spread: a share of the day's allowance.

        And no more than is left of it, so that entries never throw the kill switch by themselves.
        """
        if self.opening_balance is None or limits.mark_loss_share is None:
            return None
        allowance = limits.day_loss_share * self.opening_balance
        return max(min(limits.mark_loss_share * allowance, allowance - self.day_loss), ZERO)

    def after(self, approved: Approved, mark_loss: Decimal = ZERO) -> "Situation":
        """The situation once ``approved``, which loses ``mark_loss`` at once, is on its way."""
        cost = sum((intent.cost_limit for intent in approved.intents), ZERO)
        first = approved.intents[0]
        key = (first.city, first.climate_day)
        return replace(
            self,
            free_cash=self.free_cash - cost,
            holders={**self.holders, **{i.ticker: i.city for i in approved.intents}},
            exposure={**self.exposure, key: self.exposure.get(key, ZERO) + cost},
            day_loss=self.day_loss + mark_loss,
            burst=self.burst + sum((intent.count for intent in approved.intents), ZERO),
        )


def situation(
    account: Account, switch: Switch, books: Mapping[str, Book], at: datetime
) -> Situation:
    """The account as risk sees it at ``at``, with the newest ``books`` for marks.

    Shares are taken of the smaller of what was paid in and what could be got out.
    """
    tracker, entries = account.tracker, account.entries()
    exposure: dict[tuple[str, date], Decimal] = {}
    for trade in tracker.open_trades():
        key = (trade.city, trade.climate_day)
        exposure[key] = exposure.get(key, ZERO) + open_cost(trade) + trade.fees
    for order in entries:
        key = (order.intent.city, order.intent.climate_day)
        exposure[key] = exposure.get(key, ZERO) + pending_cost(order)
    return Situation(
        at=at,
        switch=switch,
        bankroll=min(tracker.cash + tracker.cost(), tracker.equity(books)),
        free_cash=tracker.cash - sum((pending_cost(order) for order in entries), ZERO),
        holders={trade.ticker: trade.city for trade in tracker.open_trades()}
        | {order.intent.ticker: order.intent.city for order in entries},
        exposure=exposure,
        opening_balance=account.opening_balance,
        day_loss=max(account.opening_balance - tracker.equity(books), ZERO),
        burst=_burst(account, at),
    )


def _burst(account: Account, at: datetime) -> Decimal:
    """Contracts of our own entries that may have traded within the last ``BURST``."""
    recent = (
        order
        for order in account.orders.values()
        if (abs(at - order.intent.created_at) < BURST or (order.is_live and order.intent.post_only))
        and not (order.intent.reduces or order.intent.adopted)
    )
    counts = (order.intent.count if order.is_live else order.filled for order in recent)
    return sum(counts, ZERO)


def review(
    opportunity: Opportunity,
    intents: tuple[Intent, ...],
    situation: Situation,
    limits: Limits,
    mark_loss: Decimal = ZERO,
) -> Approved | Refused:
    """The verdict on an opportunity and the orders that would take it.

    ``intents`` is empty where sizing found nothing to buy; ``mark_loss`` is what they lose by their
    own spread once they have filled. All legs are approved or none is.
    """
    checks = (
        *opportunity.checks,
        *_entry_checks(opportunity, intents, situation, limits),
        *_mark_check(mark_loss, situation.mark_loss_limit(limits)),
    )
    if all(check.passed for check in checks):
        return Approved(intents, opportunity, checks)
    return Refused(opportunity, checks)


def _entry_checks(
    opportunity: Opportunity, intents: tuple[Intent, ...], situation: Situation, limits: Limits
) -> tuple[Check, ...]:
    city, climate_day, legs = opportunity.city, opportunity.climate_day, opportunity.legs
    cost = sum((intent.cost_limit for intent in intents), ZERO)
    at_city = sum(1 for holder in situation.holders.values() if holder == city)
    budget = situation.budget(city, climate_day, limits)
    count = min((intent.count for intent in intents), default=ZERO)
    held = [leg.ticker for leg in legs if leg.ticker in situation.holders]
    return (
        switch_check(situation.switch, situation.at),
        *situation.trader_checks,
        Check("no_second_entry", not held, ", ".join(held) or "none held", "none held"),
        _at_most("open_positions", len(situation.holders) + len(legs), limits.max_positions),
        _at_most("city_positions", at_city + len(legs), limits.max_city_positions),
        Check("size", len(intents) == len(legs), f"{count}", f"≥ {limits.contract_step}"),
        Check("city_budget", cost <= budget, f"${cost:.4f}", f"≤ ${budget:.4f}"),
        Check("cash", cost <= situation.free_cash, f"${cost:.4f}", f"≤ ${situation.free_cash:.4f}"),
        *_order_check(cost, limits),
        *_burst_check(sum((intent.count for intent in intents), ZERO), situation, limits),
    )


def _order_check(cost: Decimal, limits: Limits) -> tuple[Check, ...]:
    most = limits.order_dollars
    return () if most is None else (Check("order", cost <= most, f"${cost:.4f}", f"≤ ${most}"),)


def _burst_check(count: Decimal, situation: Situation, limits: Limits) -> tuple[Check, ...]:
    left = situation.burst_left(limits)
    return () if left is None else (Check("burst", count <= left, f"{count}", f"≤ {left}"),)


def _mark_check(mark_loss: Decimal, limit: Decimal | None) -> tuple[Check, ...]:
    if limit is None:
        return ()
    return (Check("mark_loss", mark_loss <= limit, f"${mark_loss:.4f}", f"≤ ${limit:.4f}"),)


def _at_most(rule: str, figure: int, limit: int) -> Check:
    return Check(rule, figure <= limit, str(figure), f"≤ {limit}")


def switch_check(switch: Switch, at: datetime) -> Check:
    """Whether the kill switch lets new risk through."""
    halted = switch.is_halted(at)
    return Check("kill_switch", not halted, switch.reason if halted else "run", "run")


def review_close(
    command: ClosePosition,
    account: Account,
    market_of: Callable[[str], Market | None],
    *,
    closed: str = "",
) -> tuple[Approved | Refused, ...]:
    """The verdicts on a person's wish to sell a position: an order for each leg, or one refusal.

    Only what could sell more than is held is refused, a bracket without all its legs, and a price
    that the market does not trade at, and while the exchange is ``closed``, which says why: leaving
    must always be possible. ``market_of`` knows markets by ticker.
    """
    trades = [account.tracker.trades.get(part.trade_id) for part in command.parts]
    checks = (
        *(check for part in command.parts for check in _close_checks(part, account, market_of)),
        _whole_structure(command, account),
        *([hours_check(closed)] if closed else ()),
    )
    if not all(check.passed for check in checks):
        return (Refused(command, checks),)
    return tuple(
        Approved((_closing(part, trade, command),), None, checks)
        for part, trade in zip(command.parts, trades, strict=True)
        if trade is not None
    )


def _close_checks(
    part: Close, account: Account, market_of: Callable[[str], Market | None]
) -> tuple[Check, ...]:
    trade = account.tracker.trades.get(part.trade_id)
    held = ZERO if trade is None else trade.open_count - account.pending_sales(part.trade_id)
    market = None if trade is None else market_of(trade.ticker)
    if trade is None or market is None:
        inside = ZERO < part.limit_price < ONE
        price = Check("price", inside, f"${part.limit_price}", "$0 to $1")
    else:
        price = price_check(market, opposite(trade.side), part.limit_price)
    return (Check("held", ZERO < part.count <= held, f"{part.count}", f"≤ {held}"), price)


def _whole_structure(command: ClosePosition, account: Account) -> Check:
    """Whether every open leg of the bracket is among what is to be sold."""
    named = {part.trade_id for part in command.parts}
    first = account.tracker.trades.get(command.trade_id)
    bracket_id = None if first is None else first.bracket_id
    legs = {command.trade_id} | {
        trade.trade_id
        for trade in account.tracker.open_trades()
        if bracket_id is not None and trade.bracket_id == bracket_id
    }
    figure = f"{len(named)} of {len(legs)} legs"
    return Check("structure", named == legs and len(command.parts) == len(legs), figure, "all legs")


def _closing(part: Close, trade: Trade, command: ClosePosition) -> Intent:
    command_name = command.command_id or command.received_at.isoformat()
    return Intent(
        intent_id=derived_id("close", part.trade_id, command_name),
        trade_id=trade.trade_id,
        strategy=trade.strategy,
        ticker=trade.ticker,
        city=trade.city,
        climate_day=trade.climate_day,
        side=opposite(trade.side),
        count=part.count,
        limit_price=part.limit_price,
        created_at=command.received_at,
        bracket_id=trade.bracket_id,
        reduces=True,
        by_hand=True,
        time_in_force=(
            TimeInForce.GOOD_TILL_CANCELED if command.waits else TimeInForce.IMMEDIATE_OR_CANCEL
        ),
    )


def approved_exit(sales: Sequence[Intent], account: Account) -> Approved:
    """Orders of ours that only reduce: no limit on new risk stands in their way.

    Raises ``StateError`` where one could sell more than is held.
    """
    for one in sales:
        trade = account.tracker.trades.get(one.trade_id)
        held = ZERO if trade is None else trade.open_count - account.pending_sales(one.trade_id)
        if not one.reduces or one.count > held:
            raise StateError(f"{one.ticker}: a sale of {one.count} contracts, {held} are held")
    return Approved(tuple(sales), None, ())
