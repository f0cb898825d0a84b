"""The only maker of ``Approved``. Every rule is asked, and every answer is kept.

An order that reduces risk is never stopped by the kill switch or by a limit on new risk.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal

from kalshi_edge.domain.events import Close, ClosePosition
from kalshi_edge.domain.market import Market
from kalshi_edge.domain.orders import (
    Intent,
    Strategy,
    TimeInForce,
    derived_id,
    opposite,
)
from kalshi_edge.domain.records import Switch, Trade
from kalshi_edge.domain.verdicts import Approved, Check, Opportunity, Refused
from kalshi_edge.errors import StateError
from kalshi_edge.portfolio.account import Account
from kalshi_edge.trading.circuit_breakers import hours_check
from kalshi_edge.trading.playbook import Limits
from kalshi_edge.trading.price_check import price_check
from kalshi_edge.trading.situation import Situation
from kalshi_edge.units import ONE, ZERO


class Reviews:
    """Every opportunity of a cycle against the account as it is in one situation.

    What the account says of one that nothing can be bought of depends on its city, its day and what
    of it is held; most are such, so that is worked out once.
    """

    __slots__ = ("_of_nothing", "limits", "situation")

    def __init__(self, situation: Situation, limits: Limits) -> None:
        self.situation, self.limits = situation, limits
        self._of_nothing: dict[
            tuple[Strategy, str, date, int, tuple[str, ...]], tuple[Check, ...]
        ] = {}

    def review(
        self,
        opportunity: Opportunity,
        intents: tuple[Intent, ...],
        mark_loss: Decimal = ZERO,
    ) -> Approved | Refused:
        """The verdict on an opportunity and the orders that would take it.

        ``intents`` is empty where sizing found nothing to buy; ``mark_loss`` is what they lose by
        their own spread once they have filled. All legs are approved or none is.
        """
        legs, holders = opportunity.legs, self.situation.holders
        held = tuple(leg.ticker for leg in legs if leg.ticker in holders)
        if intents:
            said = self._checks(opportunity, intents, held, mark_loss)
        else:
            one = opportunity
            key = one.strategy, one.city, one.climate_day, len(legs), held
            known = self._of_nothing.get(key)
            said = self._checks(opportunity, (), held, ZERO) if known is None else known
            self._of_nothing[key] = said
        checks = (*opportunity.checks, *said)
        if all(check.passed for check in checks):
            return Approved(intents, opportunity, checks)
        return Refused(opportunity, checks)

    def after(self, approved: Approved, mark_loss: Decimal) -> "Reviews":
        """Those of what comes after ``approved``, which loses ``mark_loss`` at once."""
        return Reviews(self.situation.after(approved, mark_loss), self.limits)

    def _checks(
        self,
        opportunity: Opportunity,
        intents: tuple[Intent, ...],
        held: tuple[str, ...],
        mark_loss: Decimal,
    ) -> tuple[Check, ...]:
        situation, limits = self.situation, self.limits
        is_ladder = opportunity.strategy is Strategy.LADDER
        key, positions = (opportunity.city, opportunity.climate_day), situation.positions
        new = int(key not in positions) if is_ladder else len(opportunity.legs)
        at_city = sum(1 for holder in positions.values() if holder == opportunity.city)
        counts = [intent.count for intent in intents]
        cost = sum((intent.cost_limit for intent in intents), ZERO)
        budget = situation.budget(*key, limits)
        cash = situation.free_cash
        is_whole = bool(counts) if is_ladder else len(counts) == len(opportunity.legs)
        size = min(counts, default=ZERO)
        return (
            switch_check(situation.switch, situation.at),
            *situation.trader_checks,
            _answered(opportunity, situation) if is_ladder else _first_entry(held),
            _at_most("open_positions", len(positions) + new, limits.max_positions),
            _at_most("city_positions", at_city + new, limits.max_city_positions),
            Check("size", is_whole, f"{size}", f"≥ {limits.contract_step}"),
            # What a ladder may lose is among its own checks: it is counted over its bins.
            *(() if is_ladder else (_at_most_dollars("city_budget", cost, budget),)),
            _at_most_dollars("cash", cost, cash),
            *_order_check(cost, limits),
            *_burst_check(sum(counts, ZERO), situation, limits),
            *_mark_check(mark_loss, situation.mark_loss_limit(limits)),
        )


def _first_entry(held: tuple[str, ...]) -> Check:
    """A bin or a bracket is entered once."""
    return Check("no_second_entry", not held, ", ".join(held) or "none held", "none held")


def _answered(opportunity: Opportunity, situation: Situation) -> Check:
    """A ladder may be added to, once all that was sent before is answered."""
    unanswered = sorted({leg.ticker for leg in opportunity.legs} & situation.unanswered)
    return Check("answered", not unanswered, ", ".join(unanswered) or "all", "all orders")


def _at_most_dollars(rule: str, figure: Decimal, limit: Decimal) -> Check:
    return Check(rule, figure <= limit, f"${figure:.4f}", f"≤ ${limit:.4f}")


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
