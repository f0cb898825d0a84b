"""The quoter: what a cycle decides is posted, follows its price, and makes way for news.

Theory. A quote is an entry that rests (``is_quote``). A cycle decides which bins are quoted on
which side, as it decides what is taken; between cycles every event is asked whether a quote must
move or go. A quote moves by being cancelled, and is posted anew once that is confirmed: never two
of one market, so that risk counts each once. It goes, and stays away, while a release is due, while
nothing is heard of the exchange, while trading is held back, and once news has come that the last
cycle did not know. What is decided follows from the newest facts alone, so that books between two
decisions may be left out of a replay; the time is the event's, and the write budget counts by it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeAlias

from kalshi_edge.choices import ForecastModel
from kalshi_edge.domain.events import Event
from kalshi_edge.domain.evidence_cells import FirstDecision, SeenLadder
from kalshi_edge.domain.market import Book, Ladder
from kalshi_edge.domain.orders import Order, OrderState
from kalshi_edge.domain.records import MarkOut
from kalshi_edge.domain.verdicts import Approved, CancelOrder, Check, Refused
from kalshi_edge.errors import InputError
from kalshi_edge.models.quoted import ladder_quotes
from kalshi_edge.trading.core import Core
from kalshi_edge.trading.gathering import gathered
from kalshi_edge.trading.ladder_models import OWN
from kalshi_edge.trading.outlook import Outlook
from kalshi_edge.trading.quoting.mark_outs import AFTER_MIN, mark_outs
from kalshi_edge.trading.quoting.own_quotes import cleaned, event_of, gone, others
from kalshi_edge.trading.quoting.posting import post, release_check, reviewed
from kalshi_edge.trading.quoting.quote import PlannedQuote, quote
from kalshi_edge.trading.quoting.quote_state import QuoteBasis, WantedQuote
from kalshi_edge.trading.quoting.rules import CANCEL_TOKENS, PLACE_TOKENS
from kalshi_edge.trading.situation import situation
from kalshi_edge.units import span

QuoteVerdict: TypeAlias = Approved | Refused | CancelOrder | SeenLadder | FirstDecision | MarkOut
Checked: TypeAlias = Callable[[datetime], tuple[Check, ...]]
"""What must hold of the whole trader before it takes new risk."""

RESTS = frozenset({OrderState.RESTING, OrderState.PARTIAL})
SETTLES = timedelta(seconds=1)
"""For so long after a quote was sent a book may or may not show it: it does not move meanwhile."""
ANY_INSTANT = timedelta(days=30)
"""A stream tells a book only when it changes: the quotes of a ladder stand until they do."""


def minded(core: Core, event: Event, checked: Checked) -> tuple[QuoteVerdict, ...]:
    """What an event wants done with the quotes: pulled, moved, posted anew."""
    memory = core.quotes
    if core.playbook.quoting is None:
        return ()
    marks = tuple(mark_outs(core, event.received_at)) if memory.taken else ()
    if not (memory.live or memory.wanted):
        return marks
    cleaned(core, event.received_at)
    found: list[QuoteVerdict] = []
    for name in _concerned(core, event):
        found += _mind(core, name, event.received_at, checked)
    return (*marks, *found)


def _concerned(core: Core, event: Event) -> list[str]:
    """The ladders whose quotes an event may move, by ticker."""
    memory = core.quotes
    names = {wanted.event_ticker for wanted in memory.wanted.values()}
    names |= {event_of(core, ticker) for ticker in memory.live}
    if isinstance(event, Book):
        return [name for name in (event_of(core, event.ticker),) if name in names]
    return sorted(names)


def _mind(core: Core, name: str, at: datetime, checked: Checked) -> Iterator[QuoteVerdict]:
    memory = core.quotes
    orders = {
        ticker: core.account.orders[order]
        for ticker, order in memory.live.items()
        if event_of(core, ticker) == name
    }
    belief = memory.beliefs.get(name)
    why = "news" if belief is None else _away(core, belief.outlook.ladder, at)
    if belief is None or why:
        yield from _pulled(core, orders.values(), why, at)
        return
    ladder = belief.outlook.ladder
    books = others(core, ladder)
    prices = (ladder.fee_rule_at(at), *((book.bid, book.ask) for book in books.values()))
    if memory.calm.get(name) == prices:
        return
    memory.calm.pop(name, None)
    outlook = _seen(core, belief, books, at)
    if outlook is None:
        yield from _pulled(core, orders.values(), "quotes that do not cohere", at)
        return
    wanted = [one for one in memory.wanted.items() if one[1].event_ticker == name]
    # What nobody wants any more, and what an earlier process left, goes first.
    gone = [order for ticker, order in orders.items() if ticker not in memory.wanted]
    yield from _pulled(core, gone, "not wanted", at)
    is_calm = not gone
    for ticker, one in wanted:
        found, order = quote(outlook, one.place, one.side, core.playbook), orders.get(ticker)
        if not _is_in_place(found, order):
            is_calm = False
            yield from _moved(core, ticker, found, order, at)
            if order is None and found is not None and found.is_fine:
                yield from _posted_anew(core, one, found, outlook, checked)
    if is_calm:
        memory.calm[name] = prices


def _is_in_place(found: PlannedQuote | None, order: Order | None) -> bool:
    """Whether a quote rests, or is on its way, where it belongs."""
    if found is None or order is None:
        return False
    return found.is_fine and order.intent.limit_price == found.price


def _moved(
    core: Core, ticker: str, found: PlannedQuote | None, order: Order | None, at: datetime
) -> Iterator[CancelOrder]:
    """A quote that rests where it no longer belongs is called back."""
    if order is None:
        return
    if found is not None and found.is_fine:
        if abs(at - order.intent.created_at) >= SETTLES:
            yield from _pulled(core, (order,), f"moves to {found.price}", at)
        return
    checks = () if found is None else found.opportunity.checks
    failed = ", ".join(check.rule for check in checks if not check.passed)
    for cancel in _pulled(core, (order,), failed or "no price", at):
        # Noted with the cancellation alone: a book that nothing follows from is in no replay.
        del core.quotes.wanted[ticker]
        yield cancel


def _posted_anew(
    core: Core, wanted: WantedQuote, found: PlannedQuote, outlook: Outlook, checked: Checked
) -> Iterator[QuoteVerdict]:
    at, ticker, memory = outlook.at, found.market.ticker, core.quotes
    if memory.budget.left(at) < PLACE_TOKENS or not core.watch.is_due(("quote", ticker), at):
        return
    switch, marks = core.kill_switch.switch_at(at), core.state.marks
    before = replace(situation(core.account, switch, marks, at), trader_checks=checked(at))
    verdict, _ = reviewed(core, found, outlook, before, wanted)
    yield verdict
    if isinstance(verdict, Refused):
        del memory.wanted[ticker]
        return
    memory.budget.spend(PLACE_TOKENS, at)
    core.account.approve(verdict)
    post(core, wanted, verdict)
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
        gone(core, order.intent.ticker, name, at)
        yield CancelOrder(name, f"quote: {why}")


def _away(core: Core, ladder: Ladder, at: datetime) -> str:
    """Why a ladder's quotes must not rest at ``at``; empty where they may."""
    if core.kill_switch.is_halted(at):
        return "trading is held back"
    due = release_check(core, ladder, at)
    if not due.passed:
        return due.figure
    limits, heard_at = core.playbook.limits, core.quotes.heard_at
    if heard_at is None or abs(at - heard_at) > limits.max_book_age:
        return f"no order book within {span(limits.max_book_age)}"
    if at >= ladder.closes_at - limits.close_margin:
        return "near the close"
    return core.state.hours.closing(at)


def _seen(
    core: Core, belief: QuoteBasis, books: Mapping[str, Book], at: datetime
) -> Outlook | None:
    """What is believed of a ladder, with the newest books; ``None`` where they do not cohere.

    Only a posterior moves with the prices; its weights are those of the cycle.
    """
    outlook = replace(belief.outlook, at=at, books=books, said=belief.fair)
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


def is_busy(core: Core) -> bool:
    """Whether there are quotes that the clock alone may have to move, or mark-outs to come."""
    memory = core.quotes
    to_come = any(one.behind < len(AFTER_MIN) for one in memory.taken.values())
    return bool(memory.live or memory.wanted or to_come)
