"""A cycle's decisions posted: which bin on which side, how many, until when."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeAlias

from kalshi_edge.domain.evidence_cells import Stage
from kalshi_edge.domain.market import Ladder
from kalshi_edge.domain.orders import Intent, Side, Strategy, derived_id
from kalshi_edge.domain.verdicts import Approved, Check, Refused
from kalshi_edge.trading.core import Core
from kalshi_edge.trading.outlook import Outlook
from kalshi_edge.trading.quoting.own_quotes import cleaned
from kalshi_edge.trading.quoting.quote import (
    SHORTEST,
    PlannedQuote,
    mark_loss,
    quote,
    quote_count,
    quote_intent,
)
from kalshi_edge.trading.quoting.quote_state import QuoteBasis, ShownQuote, WantedQuote
from kalshi_edge.trading.quoting.releases import next_release_at, release_due
from kalshi_edge.trading.quoting.rules import PLACE_TOKENS
from kalshi_edge.trading.risk import Reviews
from kalshi_edge.trading.situation import Situation
from kalshi_edge.units import ZERO, span

StageOf: TypeAlias = Callable[[Outlook, Strategy], Stage]


def posted(
    core: Core, outlooks: Sequence[Outlook], before: Situation, stage_of: StageOf
) -> Sequence[Approved | Refused]:
    """A cycle's verdicts: each bin's better quote, the nearest to the front of its book first.

    What is quoted already stays or moves, but is not decided again. Quotes that the write budget
    has no room for now follow as soon as it has.
    """
    at, memory = before.at, core.quotes
    cleaned(core, at)
    _believe(core, outlooks)
    memory.wanted = {
        ticker: wanted
        for ticker, wanted in memory.wanted.items()
        if ticker in memory.live and wanted.event_ticker in memory.beliefs
    }
    candidates = [
        (found, outlook, place)
        for outlook in outlooks
        for place, found in _offers(core, outlook, at)
        if found.market.ticker not in memory.live
    ]
    candidates.sort(key=lambda candidate: candidate[0].rank)
    verdicts: list[Approved | Refused] = []
    for found, outlook, place in candidates:
        stage = stage_of(outlook, found.opportunity.strategy)
        wanted = WantedQuote(outlook.ladder.event_ticker, place, found.side, stage)
        verdict, before = reviewed(core, found, outlook, before, wanted)
        if isinstance(verdict, Refused):
            verdicts.append(verdict)
        elif memory.budget.spend(PLACE_TOKENS, at):
            post(core, wanted, verdict)
            verdicts.append(verdict)
        else:
            memory.wanted[found.market.ticker] = wanted
    return verdicts


def _believe(core: Core, outlooks: Iterable[Outlook]) -> None:
    core.quotes.beliefs = {
        one.ladder.event_ticker: QuoteBasis(
            one,
            one.fair,
            core.state.evidence(one.ladder.station, one.ladder.climate_day).floor_f(),
        )
        for one in outlooks
    }
    core.quotes.is_blind = False
    core.quotes.calm = {}


def _offers(core: Core, outlook: Outlook, at: datetime) -> Iterator[tuple[int, PlannedQuote]]:
    """Of every bin the side that is nearer to the front, with every rule's outcome."""
    playbook = core.playbook
    if Strategy.SINGLE not in playbook.traded:
        return
    due = release_check(core, outlook.ladder, at)
    outlook = replace(outlook, said=outlook.fair)
    for place in range(len(outlook.ladder.markets)):
        sides = (quote(outlook, place, side, playbook) for side in Side)
        found = sorted((one for one in sides if one is not None), key=lambda one: one.rank)
        best = next((one for one in found if one.is_fine), found[0] if found else None)
        if best is not None:
            opportunity = best.opportunity
            ages = outlook.age_checks(opportunity.legs, playbook.limits)
            checks = (due, *ages, *opportunity.checks)
            yield place, replace(best, opportunity=replace(opportunity, checks=checks))


def reviewed(
    core: Core, found: PlannedQuote, outlook: Outlook, before: Situation, wanted: WantedQuote
) -> tuple[Approved | Refused, Situation]:
    """Risk's word on posting ``found``, and the situation after it."""
    at, limits, opportunity = before.at, core.playbook.limits, found.opportunity
    count = quote_count(found, outlook, before, limits, wanted.stage)
    until_at = _until(core, outlook, at)
    room = max(until_at - at, timedelta())
    rest = Check("rests", room >= SHORTEST, span(room), f"≥ {span(SHORTEST)}")
    opportunity = replace(opportunity, checks=(*opportunity.checks, rest))
    intents: tuple[Intent, ...] = ()
    loss = ZERO
    if count > ZERO and rest.passed:
        ticker, mode = found.market.ticker, core.account.tracker.mode
        name = derived_id(mode, at.isoformat(), "quote", ticker, found.side, wanted.last_id)
        one = quote_intent(
            found,
            count,
            outlook,
            name=name,
            trade_id=wanted.trade_id or name,
            expires_at=until_at,
            at=at,
        )
        intents, loss = (one,), mark_loss(one, outlook.books[ticker])
    verdict = Reviews(before, limits).review(opportunity, intents, loss)
    return verdict, before.after(verdict, loss) if isinstance(verdict, Approved) else before


def _until(core: Core, outlook: Outlook, at: datetime) -> datetime:
    """When a quote that is posted at ``at`` leaves the book by itself, on the second."""
    ladder, limits = outlook.ladder, core.playbook.limits
    station, day = ladder.station, ladder.climate_day
    assert core.playbook.quoting is not None  # asked only where entries are posted
    ends = [
        at + core.playbook.quoting.life,
        ladder.closes_at - limits.close_margin,
        station.day_start(day) + limits.last_entry,
    ]
    if (next_at := next_release_at(station, day, at)) is not None:
        ends.append(next_at)
    return min(ends).replace(microsecond=0)


def post(core: Core, wanted: WantedQuote, verdict: Approved) -> None:
    """Note that the quote of ``verdict`` is on its way."""
    (intent,) = verdict.intents
    core.quotes.wanted[intent.ticker] = replace(
        wanted, trade_id=intent.trade_id, last_id=intent.intent_id
    )
    core.quotes.live[intent.ticker] = intent.intent_id
    core.quotes.shown[intent.ticker] = ShownQuote(intent.intent_id, intent.created_at)


def release_check(core: Core, ladder: Ladder, at: datetime) -> Check:
    """Whether no release is due that a ladder's quotes make way for."""
    station, day = ladder.station, ladder.climate_day
    due = release_due(core.state, station, day, at, core.quotes.read_at.get(station.icao))
    return Check("release", due is None, "none due" if due is None else str(due), "none due")
