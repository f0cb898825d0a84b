"""A cycle's decisions: distribution and ladder → edges → sizes → risk, best opportunity first."""

from collections.abc import Callable, Iterable, Sequence, Set
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from kalshi_edge.domain.evidence_cells import Stage
from kalshi_edge.domain.market import FeeRule
from kalshi_edge.domain.orders import Intent, Side, Strategy, derived_id
from kalshi_edge.domain.verdicts import Approved, Leg, Opportunity, Refused
from kalshi_edge.trading.edge import single_opportunities
from kalshi_edge.trading.fees import model_fee, most_taker_fee
from kalshi_edge.trading.outlook import Outlook
from kalshi_edge.trading.playbook import Playbook
from kalshi_edge.trading.risk import Reviews
from kalshi_edge.trading.situation import Situation, mark_loss
from kalshi_edge.trading.sizing import affordable, contracts
from kalshi_edge.trading.stages import stage_checks, staged_count
from kalshi_edge.trading.strategies.bracket import bracket_opportunities
from kalshi_edge.trading.strategies.ladder import ladder_entry, ladder_opportunity
from kalshi_edge.trading.strategies.longshot import longshot_opportunities
from kalshi_edge.units import ONE, ZERO, floor_to

StageOf: TypeAlias = Callable[[Outlook, Strategy], Stage]


def in_full(_outlook: Outlook, _strategy: Strategy) -> Stage:
    """No limit by evidence: only live money has one."""
    return Stage.FULL


def opportunities(
    outlook: Outlook, playbook: Playbook, strategies: Set[Strategy]
) -> tuple[Opportunity, ...]:
    """Everything one ladder offers to ``strategies``, with ladder-wide checks in front."""
    legs, gates = outlook.legs, outlook.gates
    found: tuple[Opportunity, ...] = ()
    if Strategy.SINGLE in strategies:
        found += single_opportunities(outlook.ladder, legs, gates)
    if Strategy.BRACKET in strategies:
        found += bracket_opportunities(outlook.ladder, legs, outlook.distribution.mu_f, gates)
    if Strategy.LONGSHOT in strategies:
        found += longshot_opportunities(outlook, playbook.longshot)
    whole = [ladder_opportunity(outlook)] if Strategy.LADDER in strategies else []
    return (
        # A ladder leaves out the bins whose books are too old.
        *(one.with_checks(outlook.checks) for one in whole),
        *(
            one.with_checks(
                (*outlook.checks, *outlook.age_checks(one.legs, playbook.limits), *one.checks)
            )
            for one in found
        ),
    )


def decisions(
    outlooks: Iterable[Outlook],
    situation: Situation,
    playbook: Playbook,
    mode: str,
    stage_of: StageOf = in_full,
) -> Sequence[Approved | Refused]:
    """A verdict on every opportunity, the best expected value first.

    Each approval counts against the limits of those that come after it. ``stage_of`` says how far
    the evidence lets a strategy go on a ladder.
    """
    candidates = [
        (_staged(one, stage), outlook, stage)
        for outlook in outlooks
        for one in opportunities(outlook, playbook, playbook.traded)
        for stage in [stage_of(outlook, one.strategy)]
    ]
    candidates.sort(key=lambda candidate: _rank(candidate[0]))
    reviews = Reviews(situation, playbook.limits)
    verdicts: list[Approved | Refused] = []
    for candidate, outlook, stage in candidates:
        one, intents = _sized(candidate, outlook, reviews.situation, playbook, mode, stage=stage)
        lost = mark_loss(intents, outlook.books)
        verdict = reviews.review(one, intents, lost)
        if isinstance(verdict, Approved):
            reviews = reviews.after(verdict, lost)
        verdicts.append(verdict)
    return verdicts


def best_entry(
    outlook: Outlook, situation: Situation, playbook: Playbook, mode: str, strategy: Strategy
) -> tuple[Intent, ...]:
    """The orders of a strategy's best opportunity that risk would let through; none without one."""
    found = opportunities(outlook, playbook, {strategy})
    passed = (one for one in found if all(check.passed for check in one.checks))
    reviews = Reviews(situation, playbook.limits)
    for candidate in sorted(passed, key=_rank):
        one, intents = _sized(candidate, outlook, situation, playbook, mode, stage=Stage.FULL)
        lost = mark_loss(intents, outlook.books)
        if isinstance(reviews.review(one, intents, lost), Approved):
            return intents
    return ()


def _rank(one: Opportunity) -> tuple[float, list[str]]:
    return -one.ev, [leg.ticker for leg in one.legs]


def _staged(one: Opportunity, stage: Stage) -> Opportunity:
    checks = stage_checks(stage)
    return one.with_checks((*one.checks, *checks)) if checks else one


def _sized(
    one: Opportunity,
    outlook: Outlook,
    situation: Situation,
    playbook: Playbook,
    mode: str,
    *,
    stage: Stage,
) -> tuple[Opportunity, tuple[Intent, ...]]:
    """An opportunity and the orders that take it; a ladder's sizing adds checks of its own."""
    if one.strategy is Strategy.LADDER:
        return ladder_entry(one, outlook, situation, playbook, mode, stage=stage)
    return one, entry_intents(one, outlook, situation, playbook, mode, stage=stage)


def entry_intents(
    opportunity: Opportunity,
    outlook: Outlook,
    situation: Situation,
    playbook: Playbook,
    mode: str,
    *,
    stage: Stage = Stage.FULL,
) -> tuple[Intent, ...]:
    """The orders that take an opportunity, the same count of each leg; none where none fits.

    Each order is for at most what stands at the best offer, at that price.
    """
    asks = [leg.ask for leg in opportunity.legs if leg.ask is not None]
    if len(asks) < len(opportunity.legs):
        return ()
    count = _count(opportunity, asks, outlook, situation, playbook)
    held = situation.exposure.get((opportunity.city, opportunity.climate_day), ZERO)
    step = playbook.limits.contract_step
    count = staged_count(stage, count, step, holds_ladder=held > ZERO)
    if count <= ZERO:
        return ()
    return _intents(opportunity, asks, count, outlook, mode)


def _count(
    opportunity: Opportunity,
    asks: list[Decimal],
    outlook: Outlook,
    situation: Situation,
    playbook: Playbook,
) -> Decimal:
    limits, rule = playbook.limits, outlook.fee_rule
    room, bankroll = situation.burst_left(limits), situation.bankroll
    depths = [_depth(leg, outlook) for leg in opportunity.legs]
    if room is not None:
        depths.append(room / len(opportunity.legs))
    budget = situation.budget(opportunity.city, opportunity.climate_day, limits)
    unit_cost = sum((ask + model_fee(ask, ONE, rule, is_taker=True) for ask in asks), ZERO)
    if opportunity.strategy is Strategy.LONGSHOT:
        budget = min(budget, playbook.longshot.share * bankroll)
        whole = floor_to(min(depths), limits.contract_step)
        count = min(affordable(budget, unit_cost, limits.contract_step), whole)
    else:
        count = contracts(
            p=sum(leg.fair for leg in opportunity.legs),
            unit_cost=unit_cost,
            bankroll=bankroll,
            budget=budget,
            depth=min(depths),
            fraction=limits.kelly_fraction,
            step=limits.contract_step,
        )
    # The exchange rounds its fee up, so the last contract may not fit after all.
    while count > ZERO and _cost(asks, count, rule, situation.at) > budget:
        count -= limits.contract_step
    return count


def _depth(leg: Leg, outlook: Outlook) -> Decimal:
    """Contracts at a side's best offer: NO is bought from the best bid of YES."""
    book = outlook.books[leg.ticker]
    return (book.asks if leg.side is Side.BUY else book.bids)[0].count


def _cost(asks: list[Decimal], count: Decimal, rule: FeeRule, at: datetime) -> Decimal:
    return sum((ask * count + most_taker_fee(ask, count, rule, at) for ask in asks), ZERO)


def _intents(
    opportunity: Opportunity, asks: list[Decimal], count: Decimal, outlook: Outlook, mode: str
) -> tuple[Intent, ...]:
    at, rule = outlook.at, outlook.fee_rule
    tickers = [leg.ticker for leg in opportunity.legs]
    one_structure = len(tickers) > 1
    bracket_id = derived_id(mode, at.isoformat(), *tickers) if one_structure else None
    ids = [derived_id(mode, at.isoformat(), opportunity.strategy, ticker) for ticker in tickers]
    return tuple(
        Intent(
            intent_id=intent_id,
            trade_id=intent_id,
            strategy=opportunity.strategy,
            ticker=leg.ticker,
            city=opportunity.city,
            climate_day=opportunity.climate_day,
            side=leg.side,
            count=count,
            limit_price=ask if leg.side is Side.BUY else ONE - ask,
            created_at=at,
            bracket_id=bracket_id,
            fair=leg.fair,
            edge=leg.net_edge,
            cost_limit=_cost([ask], count, rule, at),
        )
        for leg, ask, intent_id in zip(opportunity.legs, asks, ids, strict=True)
    )
