"""The quoter: what a cycle decides is posted, follows its price, and makes way for news.

Theory. A quote is an entry that rests (``is_quote``). A cycle decides which bins are quoted on
which side, as it decides what is taken; between cycles every event is asked whether a quote must
move or go. A quote moves by being cancelled, and is posted anew once that is confirmed: never two
of one market, so that risk counts each once. It goes, and stays away, while a release is due, while
nothing is heard of the exchange, while trading is held back, and once news has come that the last
cycle did not know. What is decided follows from the newest facts alone, so that books between two
decisions may be left out of a replay; the time is the event's, and the write budget counts by it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from kalshi_edge.choices import ForecastModel
from kalshi_edge.domain.events import Event, Started
from kalshi_edge.domain.evidence_cells import FirstDecision, SeenLadder, Stage
from kalshi_edge.domain.market import Book, Ladder
from kalshi_edge.domain.orders import Intent, Order, OrderState, Side, Strategy, derived_id
from kalshi_edge.domain.verdicts import Approved, CancelOrder, Check, Refused
from kalshi_edge.domain.weather import ClimateReport, Forecast, Observation
from kalshi_edge.errors import InputError
from kalshi_edge.models.quoted import ladder_quotes
from kalshi_edge.trading.core import Core
from kalshi_edge.trading.gathering import gathered
from kalshi_edge.trading.ladder_models import OWN
from kalshi_edge.trading.outlook import Outlook
from kalshi_edge.trading.quoting.memory import Belief, QuoteMemory, Shown, Wanted
from kalshi_edge.trading.quoting.quote import (
    SHORTEST,
    Quote,
    is_quote,
    mark_loss,
    quote,
    quote_count,
    quote_intent,
    without,
)
from kalshi_edge.trading.quoting.releases import next_release_at, release_due
from kalshi_edge.trading.quoting.rules import CANCEL_TOKENS, PLACE_TOKENS, QuoteRules
from kalshi_edge.trading.risk import Reviews
from kalshi_edge.trading.situation import Situation, situation
from kalshi_edge.trading.state import REFERENCE
from kalshi_edge.units import ZERO, span

StageOf: TypeAlias = Callable[[Outlook, Strategy], Stage]
QuoteVerdict: TypeAlias = Approved | Refused | CancelOrder | SeenLadder | FirstDecision
Checked: TypeAlias = Callable[[datetime], tuple[Check, ...]]
"""What must hold of the whole trader before it takes new risk."""

RESTS = frozenset({OrderState.RESTING, OrderState.PARTIAL})
FAR = datetime.max.replace(tzinfo=UTC)
SETTLES = timedelta(seconds=1)
"""For so long after a quote was sent a book may or may not show it: it does not move meanwhile."""
ANY_INSTANT = timedelta(days=30)
"""A stream tells a book only when it changes: the quotes of a ladder stand until they do."""
SHOWS_OURS = frozenset({"demo", "live"})
"""Modes in which our own orders are in the books that we are shown."""


def others(core: Core) -> Mapping[str, Book]:
    """The newest books, without our own orders: prices of ours are no evidence and no market."""
    books = core.state.books
    if core.playbook.quoting is None or core.account.tracker.mode not in SHOWS_OURS:
        return books
    found = ((ticker, books.get(ticker), one) for ticker, one in core.quotes.shown.items())
    ours = {
        ticker: without(book, core.account.orders[one.name])
        for ticker, book, one in found
        if book is not None
        and one.name in core.account.orders
        and one.from_at < book.received_at <= (one.until_at or FAR)
    }
    return {**books, **ours} if ours else books


# --- a cycle --------------------------------------------------------------------------------------


def posted(
    core: Core, outlooks: Sequence[Outlook], before: Situation, stage_of: StageOf
) -> Sequence[Approved | Refused]:
    """A cycle's verdicts: each bin's better quote, the nearest to the front of its book first.

    What is quoted already stays or moves, but is not decided again. Quotes that the write budget
    has no room for now follow as soon as it has.
    """
    at, memory = before.at, core.quotes
    _cleaned(core, at)
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
        wanted = Wanted(outlook.ladder.event_ticker, place, found.side, stage)
        verdict, before = _reviewed(core, found, outlook, before, wanted)
        if isinstance(verdict, Refused):
            verdicts.append(verdict)
        elif memory.budget.spend(PLACE_TOKENS, at):
            _post(core, wanted, verdict)
            verdicts.append(verdict)
        else:
            memory.wanted[found.market.ticker] = wanted
    return verdicts


def _believe(core: Core, outlooks: Iterable[Outlook]) -> None:
    core.quotes.beliefs = {
        one.ladder.event_ticker: Belief(
            one,
            one.fair,
            core.state.evidence(one.ladder.station, one.ladder.climate_day).floor_f(),
        )
        for one in outlooks
    }
    core.quotes.is_blind = False


def _offers(core: Core, outlook: Outlook, at: datetime) -> Iterator[tuple[int, Quote]]:
    """Of every bin the side that is nearer to the front, with every rule's outcome."""
    playbook = core.playbook
    if Strategy.SINGLE not in playbook.traded:
        return
    due = _release_check(core, outlook.ladder, at)
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


def _reviewed(
    core: Core, found: Quote, outlook: Outlook, before: Situation, wanted: Wanted
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
    ends = [
        at + _rules(core).life,
        ladder.closes_at - limits.close_margin,
        station.day_start(day) + limits.last_entry,
    ]
    if (next_at := next_release_at(station, day, at)) is not None:
        ends.append(next_at)
    return min(ends).replace(microsecond=0)


def _post(core: Core, wanted: Wanted, verdict: Approved) -> None:
    (intent,) = verdict.intents
    core.quotes.wanted[intent.ticker] = replace(
        wanted, trade_id=intent.trade_id, last_id=intent.intent_id
    )
    core.quotes.live[intent.ticker] = intent.intent_id
    core.quotes.shown[intent.ticker] = Shown(intent.intent_id, intent.created_at)


# --- between cycles -------------------------------------------------------------------------------


def noted(core: Core, event: Event) -> None:
    """Take in what an event means for the beliefs that quotes rest on; nothing follows from it.

    Of books only when the newest came: they may be left out of a replay.
    """
    if core.playbook.quoting is None:
        return
    memory = core.quotes
    match event:
        case Started():
            core.quotes = QuoteMemory(
                live={
                    order.intent.ticker: order.intent.intent_id
                    for order in core.account.orders.values()
                    if is_quote(order.intent) and order.state is not OrderState.DONE
                }
            )
        case Book():
            memory.heard_at = event.received_at
        case Ladder():
            known = memory.beliefs.get(event.event_ticker)
            if known is not None and not _is_same(known.outlook.ladder, event):
                _forget(core, event.event_ticker)
        case Forecast():
            if event.model != REFERENCE:
                _news(core, lambda ladder: _is_about(ladder, event))
        case Observation():
            known_at = memory.read_at.get(event.station)
            memory.read_at[event.station] = max(event.end_at, known_at or event.end_at)
            _news(core, lambda ladder: ladder.station.icao == event.station, floors=True)
        case ClimateReport():
            _news(core, lambda ladder: ladder.station.report == event.report, floors=True)
        case _:
            pass


def _is_same(known: Ladder, ladder: Ladder) -> bool:
    return (known.markets, known.fee_rule, known.fee_changes) == (
        ladder.markets,
        ladder.fee_rule,
        ladder.fee_changes,
    )


def _is_about(ladder: Ladder, forecast: Forecast) -> bool:
    return (ladder.station.icao, ladder.climate_day) == (forecast.station, forecast.climate_day)


def _news(core: Core, concerns: Callable[[Ladder], bool], *, floors: bool = False) -> None:
    """Forget what is believed of the ladders that news ``concerns``.

    With ``floors`` only where the highest that was read of the day is another now.
    """
    for name, belief in tuple(core.quotes.beliefs.items()):
        ladder = belief.outlook.ladder
        if not concerns(ladder):
            continue
        if floors:
            known = core.state.evidence(ladder.station, ladder.climate_day).floor_f()
            if known == belief.floor_f:
                continue
        _forget(core, name)


def _forget(core: Core, name: str) -> None:
    memory = core.quotes
    del memory.beliefs[name]
    memory.wanted = {t: one for t, one in memory.wanted.items() if one.event_ticker != name}
    memory.is_blind = True


def minded(core: Core, event: Event, checked: Checked) -> tuple[QuoteVerdict, ...]:
    """What an event wants done with the quotes: pulled, moved, posted anew."""
    memory = core.quotes
    if core.playbook.quoting is None or not (memory.live or memory.wanted):
        return ()
    _cleaned(core, event.received_at)
    found: list[QuoteVerdict] = []
    for name in _concerned(core, event):
        found += _mind(core, name, event.received_at, checked)
    return tuple(found)


def _cleaned(core: Core, at: datetime) -> None:
    """Let go of quotes that are over; what has traded is held, and not quoted again.

    One that the exchange would not take is tried again after a pause that grows.
    """
    memory = core.quotes
    for ticker, name in tuple(memory.live.items()):
        order = core.account.orders.get(name)
        if order is not None and order.state is not OrderState.DONE:
            continue
        del memory.live[ticker]
        _gone(core, ticker, name, at)
        if order is not None and (order.filled or order.pending):
            memory.wanted.pop(ticker, None)
        elif order is None or order.order_id is None:
            core.watch.asked(("quote", ticker), at)


def _gone(core: Core, ticker: str, name: str, at: datetime) -> None:
    """Note from when on no book shows an order of ours any more."""
    known = core.quotes.shown.get(ticker)
    if known is not None and known.name == name and known.until_at is None:
        core.quotes.shown[ticker] = replace(known, until_at=at)


def _concerned(core: Core, event: Event) -> list[str]:
    """The ladders whose quotes an event may move, by ticker."""
    memory = core.quotes
    names = {wanted.event_ticker for wanted in memory.wanted.values()}
    names |= {_event_of(core, ticker) for ticker in memory.live}
    if isinstance(event, Book):
        return [name for name in (_event_of(core, event.ticker),) if name in names]
    return sorted(names)


def _event_of(core: Core, ticker: str) -> str:
    ladder = core.state.ladder_of(ticker)
    return ticker.rpartition("-")[0] if ladder is None else ladder.event_ticker


def _mind(core: Core, name: str, at: datetime, checked: Checked) -> Iterator[QuoteVerdict]:
    memory = core.quotes
    orders = {
        ticker: core.account.orders[order]
        for ticker, order in memory.live.items()
        if _event_of(core, ticker) == name
    }
    belief = memory.beliefs.get(name)
    why = "news" if belief is None else _away(core, belief.outlook.ladder, at)
    outlook = None if belief is None or why else _seen(core, belief, at)
    if outlook is None:
        yield from _pulled(core, orders.values(), why or "quotes that do not cohere", at)
        return
    mine = {ticker: one for ticker, one in memory.wanted.items() if one.event_ticker == name}
    # What nobody wants any more, and what an earlier process left, goes first.
    yield from _pulled(core, (o for t, o in orders.items() if t not in mine), "not wanted", at)
    for ticker, wanted in mine.items():
        found = quote(outlook, wanted.place, wanted.side, core.playbook)
        order = orders.get(ticker)
        if found is None or not found.is_fine:
            checks = () if found is None else found.opportunity.checks
            failed = ", ".join(check.rule for check in checks if not check.passed)
            for cancel in _pulled(core, (order,) if order else (), failed or "no price", at):
                # Of a quote that is out already it is not noted: this book may be in no replay.
                del memory.wanted[ticker]
                yield cancel
        elif order is not None:
            is_settled = abs(at - order.intent.created_at) >= SETTLES
            if order.intent.limit_price != found.price and is_settled:
                yield from _pulled(core, (order,), f"moves to {found.price}", at)
        elif memory.budget.left(at) >= PLACE_TOKENS and core.watch.is_due(("quote", ticker), at):
            yield from _posted_anew(core, wanted, found, outlook, checked(at))


def _posted_anew(
    core: Core, wanted: Wanted, found: Quote, outlook: Outlook, trader_checks: tuple[Check, ...]
) -> Iterator[QuoteVerdict]:
    at = outlook.at
    switch, marks = core.kill_switch.switch_at(at), core.state.marks
    before = replace(situation(core.account, switch, marks, at), trader_checks=trader_checks)
    verdict, _ = _reviewed(core, found, outlook, before, wanted)
    yield verdict
    if isinstance(verdict, Refused):
        del core.quotes.wanted[found.market.ticker]
        return
    core.quotes.budget.spend(PLACE_TOKENS, at)
    core.account.approve(verdict)
    _post(core, wanted, verdict)
    if not wanted.last_id:
        # The cycle that decided it had no room for it: it is a decision all the same.
        models = None if outlook.models is None else replace(outlook.models, issued=None)
        yield from gathered(core, (replace(outlook, models=models),), (verdict,), before, at)


def _pulled(core: Core, orders: Iterable[Order], why: str, at: datetime) -> Iterator[CancelOrder]:
    """Cancellations of those that rest, as far as the write budget goes.

    Where it does not, the next event asks again; nothing rests beyond its expiry.
    """
    for order in orders:
        name = order.intent.intent_id
        if order.state not in RESTS or not core.watch.is_due(("cancel", name), at):
            continue
        if not core.quotes.budget.spend(CANCEL_TOKENS, at):
            return
        core.watch.asked(("cancel", name), at)
        _gone(core, order.intent.ticker, name, at)
        yield CancelOrder(name, f"quote: {why}")


def _away(core: Core, ladder: Ladder, at: datetime) -> str:
    """Why a ladder's quotes must not rest at ``at``; empty where they may."""
    if core.kill_switch.is_halted(at):
        return "trading is held back"
    due = _release_check(core, ladder, at)
    if not due.passed:
        return due.figure
    limits, heard_at = core.playbook.limits, core.quotes.heard_at
    if heard_at is None or abs(at - heard_at) > limits.max_book_age:
        return f"no order book within {span(limits.max_book_age)}"
    if at >= ladder.closes_at - limits.close_margin:
        return "near the close"
    return core.state.hours.closing(at)


def _seen(core: Core, belief: Belief, at: datetime) -> Outlook | None:
    """What is believed of a ladder, with the newest books; ``None`` where they do not cohere.

    Only a posterior moves with the prices; its weights are those of the cycle.
    """
    outlook = replace(belief.outlook, at=at, books=others(core), said=belief.fair)
    models, model = outlook.models, core.playbook.model
    if models is None or model is not ForecastModel.POSTERIOR:
        return outlook
    ladder = outlook.ladder
    try:
        quotes = ladder_quotes(ladder, outlook.books, within=ANY_INSTANT)
    except InputError:
        return None
    said = core.state.forecasting.posterior(
        ladder.station.city,
        ladder.climate_day,
        models.lead,
        bins=tuple(market.bin for market in ladder.markets),
        mid=quotes.mid,
        own=models.fair[OWN[model]],
    )
    return replace(outlook, said=said.probabilities)


def _release_check(core: Core, ladder: Ladder, at: datetime) -> Check:
    station, day = ladder.station, ladder.climate_day
    due = release_due(core.state, station, day, at, core.quotes.read_at.get(station.icao))
    return Check("release", due is None, "none due" if due is None else str(due), "none due")


def _rules(core: Core) -> QuoteRules:
    assert core.playbook.quoting is not None  # asked only where entries are posted
    return core.playbook.quoting


def is_busy(core: Core) -> bool:
    """Whether there are quotes that the clock alone may have to move."""
    return bool(core.quotes.live or core.quotes.wanted)
