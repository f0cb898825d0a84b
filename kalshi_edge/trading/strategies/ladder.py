"""A ladder as one decision: every bin, either side, with what is held of it (joint Kelly)."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from kalshi_edge.domain.evidence_cells import Stage
from kalshi_edge.domain.market import Book
from kalshi_edge.domain.orders import Intent, Side, Strategy, derived_id
from kalshi_edge.domain.verdicts import Check, Leg, Opportunity
from kalshi_edge.models.ladder_kelly import Purchase, ladder_stakes
from kalshi_edge.models.ladder_offers import BudgetUse, LadderBudget, LadderHolding, offers
from kalshi_edge.trading.edge import Gates, expected_value, gate_fee, quote_checks
from kalshi_edge.trading.fees import model_fee, most_taker_fee
from kalshi_edge.trading.outlook import Outlook
from kalshi_edge.trading.playbook import Limits, Playbook
from kalshi_edge.trading.situation import Contracts, Situation, mark_loss
from kalshi_edge.trading.stages import NO_ORDERS, share_of
from kalshi_edge.units import ONE, ZERO, floor_to


def ladder_opportunity(outlook: Outlook) -> Opportunity:
    """The whole ladder, before anything is known of sizes."""
    ladder = outlook.ladder
    return Opportunity(Strategy.LADDER, ladder.station.city, ladder.climate_day, outlook.legs, ())


def ladder_entry(
    opportunity: Opportunity,
    outlook: Outlook,
    situation: Situation,
    playbook: Playbook,
    mode: str,
    *,
    stage: Stage,
) -> tuple[Opportunity, tuple[Intent, ...]]:
    """The ladder with every check, and the orders that bring it to its target, one for each level.

    Bins whose quotes are too wide or too old are left out; what is held and on order counts. Where
    a stage, the order group or the day's allowance admits less, it is a part of everything.
    """
    if outlook.said is None or not all(check.passed for check in opportunity.checks):
        return opportunity, ()
    limits, gates = playbook.limits, playbook.gates
    tickers = [market.ticker for market in outlook.ladder.markets]
    mine = [one for one in situation.contracts if one.ticker in tickers]
    books = _tradable_books(outlook, opportunity.legs, gates, limits)
    held = [_holding(one, tickers) for one in mine if not one.is_live]
    live = [_holding(one, tickers) for one in mine if one.is_live]
    budget = _budget(situation, limits)

    def fee(_ticker: str, price: Decimal, count: Decimal) -> Decimal:
        return model_fee(price, count, outlook.fee_rule, is_taker=True)

    def most_fee(_ticker: str, price: Decimal, count: Decimal) -> Decimal:
        return most_taker_fee(price, count, outlook.fee_rule, outlook.at)

    offered = offers(books, fee, least=gates.min_ask, most=gates.max_ask)
    found = ladder_stakes(outlook.said, offered, budget, most_fee, held=held, live=live)
    intents = _intents(found.purchases, outlook, mode, gates)
    intents = _scaled(intents, outlook, situation, limits, stage, holds_ladder=bool(mine))
    live += [_holding(Contracts.of(one), tickers) for one in intents]
    after = BudgetUse((), budget, most_fee, held, live, bins=len(tickers)).checks()[1]
    checks = (
        *opportunity.checks,
        Check("quoted_bins", any(books), f"{sum(map(bool, books))} of {len(books)}", "≥ 1"),
        *found.checks,
        replace(after, rule="ladder_loss"),
    )
    return opportunity.with_checks(checks), intents


def _tradable_books(
    outlook: Outlook, legs: Sequence[Leg], gates: Gates, limits: Limits
) -> list[Book | None]:
    """The book of each bin, lowest first; ``None`` where it is too wide or too old to act on."""
    books: list[Book | None] = []
    for leg in legs:
        checks = (*quote_checks(leg, gates), *outlook.age_checks((leg,), limits))
        fails = {check.rule for check in checks if not check.passed}
        # The range is asked of each level of either side by itself.
        books.append(None if fails - {"ask_range"} else outlook.books.get(leg.ticker))
    return books


def _budget(situation: Situation, limits: Limits) -> LadderBudget:
    opening = situation.opening_balance
    equity = situation.bankroll if opening is None else opening
    cash = [situation.free_cash]
    if limits.order_dollars is not None:
        cash.append(limits.order_dollars)
    return LadderBudget(
        equity=equity,
        cash=min(cash),
        loss=limits.city_day_share * equity,
        fraction=limits.kelly_fraction,
        step=limits.contract_step,
    )


def _holding(one: Contracts, tickers: Sequence[str]) -> LadderHolding:
    return LadderHolding(tickers.index(one.ticker), one.side, one.count, one.paid)


def _intents(
    purchases: Sequence[Purchase], outlook: Outlook, mode: str, gates: Gates
) -> tuple[Intent, ...]:
    ladder, at = outlook.ladder, outlook.at
    intents = []
    for one in purchases:
        offer = one.offer
        p = outlook.fair[offer.at]
        fair = p if offer.side is Side.BUY else 1.0 - p
        name = derived_id(
            mode, at.isoformat(), Strategy.LADDER, offer.ticker, offer.side, offer.level
        )
        intents.append(
            Intent(
                intent_id=name,
                trade_id=name,
                strategy=Strategy.LADDER,
                ticker=offer.ticker,
                city=ladder.station.city,
                climate_day=ladder.climate_day,
                side=offer.side,
                count=one.count,
                limit_price=offer.level,
                created_at=at,
                fair=fair,
                edge=expected_value(
                    fair, offer.price, gate_fee(offer.price, outlook.fee_rule, gates)
                ),
                cost_limit=one.outlay,
            )
        )
    return tuple(intents)


def _scaled(
    intents: tuple[Intent, ...],
    outlook: Outlook,
    situation: Situation,
    limits: Limits,
    stage: Stage,
    *,
    holds_ladder: bool,
) -> tuple[Intent, ...]:
    """The same part of every order, rounded down, as far as stage and allowances go.

    At one contract a ladder it is one of the order that has the most edge, where nothing is held.
    """
    if not intents or stage in NO_ORDERS:
        return ()
    if stage is Stage.ONE_CONTRACT:
        best = max(intents, key=lambda one: (one.edge or 0.0, one.ticker))
        return () if holds_ladder else (_resized(best, min(best.count, ONE), outlook),)
    part = share_of(stage)
    room, contracts = situation.burst_left(limits), sum((one.count for one in intents), ZERO)
    if room is not None and room < contracts:
        part = min(part, room / contracts)
    allowed, lost = situation.mark_loss_limit(limits), mark_loss(intents, outlook.books)
    if allowed is not None and allowed < lost:
        part = min(part, allowed / lost)
    counts = [floor_to(one.count * part, limits.contract_step) for one in intents]
    return tuple(
        _resized(one, count, outlook)
        for one, count in zip(intents, counts, strict=True)
        if count > ZERO
    )


def _resized(intent: Intent, count: Decimal, outlook: Outlook) -> Intent:
    if count == intent.count:
        return intent
    price = intent.unit_price
    cost = price * count + most_taker_fee(price, count, outlook.fee_rule, outlook.at)
    return replace(intent, count=count, cost_limit=cost)
