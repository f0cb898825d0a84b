"""A run that posts its entries: on paper and replayed the same decisions, whatever is left out.

Between cycles books move, contracts are printed and time goes by; of all that a journal keeps only
what something followed from, and what the place of a quote in its queue follows from.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from kalshi_edge.db.codec import to_json
from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.domain.events import CycleDue, Event, LookDue, OrderUpdate, Print
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.domain.orders import Fill, Side
from kalshi_edge.domain.verdicts import Approved, CancelOrder, Trade
from kalshi_edge.execution.executor import Executor
from kalshi_edge.execution.simulator import SimulatedExchange
from kalshi_edge.runner import replay, run
from kalshi_edge.trading.playbook import Limits, Playbook
from kalshi_edge.trading.quoting.rules import QuoteRules
from tests.support.builders import book
from tests.support.trader_harness import CITIES, SETUP, Scene, scenes, told

D = Decimal
MAKER = replace(
    SETUP,
    playbook=Playbook(
        quoting=QuoteRules(), limits=Limits(max_positions=24, last_entry=timedelta(hours=24))
    ),
)


@dataclass(frozen=True, slots=True)
class Tick:
    """Something that happens between two cycles, so many tenths of a second after the last."""

    tenths: int
    market: int
    bid: int
    """Cents."""
    width: int
    printed: int
    """Contracts that trade at the bid, sold by somebody."""


ticks = st.lists(
    st.builds(
        Tick,
        tenths=st.integers(0, 100),
        market=st.integers(0, 3),
        bid=st.integers(5, 45),
        width=st.integers(1, 11),
        printed=st.sampled_from([0, 0, 20, 4000]),
    ),
    max_size=12,
)
scripts = st.lists(st.tuples(scenes, ticks), min_size=1, max_size=4)


def moved(script: Iterable[tuple[Scene, Sequence[Tick]]]) -> list[Event]:
    """What the feed says: the scenes, and after each what happens between it and the next."""
    events: list[Event] = []
    done: list[Scene] = []
    for scene, between in script:
        known = len(told(done))
        done.append(scene)
        fresh = told(done)[known:]
        events += fresh
        at = fresh[-1].received_at
        tickers = sorted({e.ticker for e in fresh if hasattr(e, "bids")})
        for tick in between:
            at += timedelta(milliseconds=100 * tick.tenths)
            if not tickers or tick.tenths % 5 == 0:
                events.append(LookDue(at))
                continue
            ticker = tickers[tick.market % len(tickers)]
            bid, ask = D(tick.bid) / 100, D(tick.bid + tick.width) / 100
            if tick.printed:
                count = D(tick.printed)
                events.append(Print(ticker, bid, count, Side.SELL, at, at))
            events.append(book(ticker, [(bid, 300)], [(ask, 300)], at))
        events.append(LookDue(at + timedelta(seconds=2)))
    return events


async def traded(
    events: Iterable[Event], *, is_journal: bool = False
) -> tuple[list[JournalEntry], list[bytes]]:
    async def feed() -> AsyncIterator[Event]:
        for event in events:
            yield event

    exchange = SimulatedExchange(MAKER.starting_balance, books_lack_trades=is_journal)
    async with SqliteStore(":memory:", MAKER.mode) as store:
        executor = Executor(exchange, store)
        await run(exchange.watch(feed()), MAKER.fresh_engine(), executor, store)
        lines = list(await store.journal())
    return lines, [to_json(line) for line in lines]


QUIET = Scene(30, CITIES[:2], 54.0, 9, 500, crash=False, command="", settles=False)
STORY = [
    (
        QUIET,
        [
            Tick(21, 1, 17, 4, 0),
            Tick(21, 1, 22, 2, 4000),
            Tick(23, 0, 19, 3, 20),
            Tick(24, 2, 10, 3, 4000),
        ],
    ),
    (replace(QUIET, mu_f=55.4, minutes=1), [Tick(11, 3, 8, 3, 4000)]),
]


def test_the_story_has_quotes_that_move_go_and_are_taken() -> None:
    lines, _ = asyncio.run(traded(moved(STORY)))
    verdicts = [verdict for line in lines for verdict in line.verdicts]
    assert any(
        intent.post_only for v in verdicts if isinstance(v, Approved) for intent in v.intents
    )
    whys = {v.reason.split()[1] for v in verdicts if isinstance(v, CancelOrder)}
    assert {"moves", "news"} <= whys
    assert any(isinstance(verdict, Trade) for verdict in verdicts)
    fills = [event for line in lines for event in line.events if isinstance(event, Fill)]
    assert fills
    assert not any(fill.is_taker or fill.fee for fill in fills)


@settings(max_examples=60)
@given(scripts)
def test_a_journal_of_quotes_is_replayed_verdict_by_verdict(
    script: list[tuple[Scene, list[Tick]]],
) -> None:
    lines, _ = asyncio.run(traded(moved(script)))
    assert list(replay(lines, MAKER.fresh_engine())) == [None] * len(lines)


@settings(max_examples=60)
@given(scripts)
def test_the_same_books_and_prints_fill_the_same_quotes_again(
    script: list[tuple[Scene, list[Tick]]],
) -> None:
    lines, written = asyncio.run(traded(moved(script)))
    outside = [
        event
        for line in lines
        for event in line.events
        if not isinstance(event, Fill | OrderUpdate)
    ]
    _, again = asyncio.run(traded(outside, is_journal=True))
    assert again == written


def test_a_cycle_in_between_changes_nothing_that_was_decided() -> None:
    events = moved(STORY)
    lines, _ = asyncio.run(traded([*events, CycleDue(events[-1].received_at)]))
    assert list(replay(lines, MAKER.fresh_engine())) == [None] * len(lines)
