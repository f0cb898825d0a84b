"""Mark-outs: what the prices did after a quote of ours was taken.

A quote is taken by whoever thinks it good for them. Where the middle of the quotes stands a while
later, against the price that we got, says what that cost or brought: the first figure of whether
posting pays, long before anything settles. A restart forgets those that are still to come.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from kalshi_edge.domain.orders import Fill
from kalshi_edge.domain.records import MarkOut
from kalshi_edge.trading.core import Core
from kalshi_edge.trading.quoting.own_quotes import others
from kalshi_edge.trading.quoting.quote import is_quote
from kalshi_edge.trading.quoting.quote_state import TakenQuote
from kalshi_edge.units import DAY, MINUTE

AFTER_MIN = (1, 5, 30)
LATE = MINUTE
"""A middle that is seen so much later says nothing of that minute."""


def taken(core: Core, fill: Fill) -> None:
    """Note a fill whose mark-outs are to come; told again it is the same."""
    order, memory = core.account.orders.get(fill.intent_id), core.quotes
    if order is None or fill.is_taker or not is_quote(order.intent):
        return
    if fill.fill_id in memory.taken:
        return
    first_at = fill.valid_at - DAY
    memory.taken = {n: one for n, one in memory.taken.items() if one.fill.valid_at >= first_at}
    memory.taken[fill.fill_id] = TakenQuote(fill, order.intent.city)


def mark_outs(core: Core, at: datetime) -> Iterator[MarkOut]:
    """The mark-outs that are due by ``at``, where the market is quoted on both sides.

    Each is of the first event after its minute, so that it does not matter which books before it
    a replay leaves out.
    """
    memory = core.quotes
    for name, one in tuple(memory.taken.items()):
        if one.behind == len(AFTER_MIN):
            continue
        minutes = AFTER_MIN[one.behind]
        due_at = one.fill.valid_at + timedelta(minutes=minutes)
        if at < due_at:
            continue
        if at >= due_at + LATE:
            memory.taken[name] = replace(one, behind=one.behind + 1)
            continue
        ladder = core.state.ladder_of(one.fill.ticker)
        book = others(core, ladder).get(one.fill.ticker)
        if book is None or book.bid is None or book.ask is None:
            continue
        memory.taken[name] = replace(one, behind=one.behind + 1)
        fill = one.fill
        yield MarkOut(
            fill_id=name,
            intent_id=fill.intent_id,
            ticker=fill.ticker,
            city=one.city,
            side=fill.side,
            price=fill.price,
            count=fill.count,
            minutes=minutes,
            mid=(book.bid + book.ask) / 2,
            received_at=at,
        )
