"""A cycle's decisions: distribution and ladder → edges → sizes → risk, best opportunity first."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from kalshi_edge.domain.evidence_cells import Stage
from kalshi_edge.domain.market import FeeRule
from kalshi_edge.domain.orders import Intent, Side, Strategy, derived_id
from kalshi_edge.domain.verdicts import Approved, Opportunity, Refused
from kalshi_edge.trading.bracket import bracket_opportunities
from kalshi_edge.trading.edge import single_opportunities
from kalshi_edge.trading.fees import model_fee, most_taker_fee
from kalshi_edge.trading.outlook import Outlook
from kalshi_edge.trading.playbook import Playbook
from kalshi_edge.trading.risk import Limits, Reviews, Situation
from kalshi_edge.trading.sizing import contracts
from kalshi_edge.trading.stages import stage_checks, staged_count
from kalshi_edge.units import ONE, ZERO

StageOf: TypeAlias = Callable[[Outlook, Strategy], Stage]


def in_full(_outlook: Outlook, _strategy: Strategy) -> Stage:
    """No limit by evidence: only live money has one."""
    return Stage.FULL


def opportunities(outlook: Outlook, playbook: Playbook) -> tuple[Opportunity, ...]:
    """Everything one ladder offers to the strategies in use, with ladder-wide checks in front."""
    legs, gates = outlook.legs, outlook.gates
    found: tuple[Opportunity, ...] = ()
    if Strategy.SINGLE in playbook.strategies:
        found += single_opportunities(outlook.ladder, legs, gates)
    if Strategy.BRACKET in playbook.strategies:
        found += bracket_opportunities(outlook.ladder, legs, outlook.distribution.mu_f, gates)
    return tuple(
        one.with_checks(
            (*outlook.checks, *outlook.age_checks(one.legs, playbook.limits), *one.checks)
        )
        for one in found
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
        for one in opportunities(outlook, playbook)
        for stage in [stage_of(outlook, one.strategy)]
    ]
    candidates.sort(key=lambda candidate: _rank(candidate[0]))
    reviews = Reviews(situation, playbook.limits)
    verdicts: list[Approved | Refused] = []
    for opportunity, outlook, stage in candidates:
        intents = entry_intents(opportunity, outlook, reviews, mode, stage=stage)
        mark_loss = sum((_mark_loss(intent, outlook) for intent in intents), ZERO)
        verdict = reviews.review(opportunity, intents, mark_loss)
        if isinstance(verdict, Approved):
            reviews = reviews.after(verdict, mark_loss)
        verdicts.append(verdict)
    return verdicts


def best_entry(
    outlook: Outlook, situation: Situation, playbook: Playbook, mode: str
) -> tuple[Intent, ...]:
    """The orders of the best opportunity that risk would let through; none where there is none."""
    found = (one for one in opportunities(outlook, playbook) if all(c.passed for c in one.checks))
    reviews = Reviews(situation, playbook.limits)
    for one in sorted(found, key=_rank):
        intents = entry_intents(one, outlook, reviews, mode)
        mark_loss = sum((_mark_loss(intent, outlook) for intent in intents), ZERO)
        if isinstance(reviews.review(one, intents, mark_loss), Approved):
            return intents
    return ()


def _rank(one: Opportunity) -> tuple[float, list[str]]:
    return -one.ev, [leg.ticker for leg in one.legs]


def _staged(one: Opportunity, stage: Stage) -> Opportunity:
    checks = stage_checks(stage)
    return one.with_checks((*one.checks, *checks)) if checks else one


def _mark_loss(intent: Intent, outlook: Outlook) -> Decimal:
    """Dollars that an entry is worth less than it costs, the moment it has filled."""
    return intent.cost_limit - outlook.books[intent.ticker].sell(intent.count).cost


def entry_intents(
    opportunity: Opportunity,
    outlook: Outlook,
    reviews: Reviews,
    mode: str,
    *,
    stage: Stage = Stage.FULL,
) -> tuple[Intent, ...]:
    """The orders that take an opportunity, the same count of each leg; none where none fits.

    Each order is for at most what stands at the best ask, at that price.
    """
    asks = [leg.ask for leg in opportunity.legs if leg.ask is not None]
    if len(asks) < len(opportunity.legs):
        return ()
    situation, limits = reviews.situation, reviews.limits
    count = _count(opportunity, asks, outlook, situation, limits)
    held = situation.exposure.get((opportunity.city, opportunity.climate_day), ZERO)
    count = staged_count(stage, count, limits.contract_step, holds_ladder=held > ZERO)
    if count <= ZERO:
        return ()
    return _intents(opportunity, asks, count, outlook, mode)


def _count(
    opportunity: Opportunity,
    asks: list[Decimal],
    outlook: Outlook,
    situation: Situation,
    limits: Limits,
) -> Decimal:
    rule, room = outlook.fee_rule, situation.burst_left(limits)
    depths = [outlook.books[leg.ticker].asks[0].count for leg in opportunity.legs]
    if room is not None:
        depths.append(room / len(opportunity.legs))
    budget = situation.budget(opportunity.city, opportunity.climate_day, limits)
    count = contracts(
        p=sum(leg.fair for leg in opportunity.legs),
        unit_cost=sum((ask + model_fee(ask, ONE, rule, is_taker=True) for ask in asks), ZERO),
        bankroll=situation.bankroll,
        budget=budget,
        depth=min(depths),
        fraction=limits.kelly_fraction,
        step=limits.contract_step,
    )
    # The exchange rounds its fee up, so the last contract may not fit after all.
    while count > ZERO and _cost(asks, count, rule, situation.at) > budget:
        count -= limits.contract_step
    return count


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
            side=Side.BUY,
            count=count,
            limit_price=ask,
            created_at=at,
            bracket_id=bracket_id,
            fair=leg.fair,
            edge=leg.net_edge,
            cost_limit=_cost([ask], count, rule, at),
        )
        for leg, ask, intent_id in zip(opportunity.legs, asks, ids, strict=True)
    )
