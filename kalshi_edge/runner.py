"""The one trading loop: feed → engine → journal → executor → publisher.

Live, paper, backtest and replay differ only in what they pass in.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from kalshi_edge.domain.events import (
    Approved,
    CancelOrder,
    Event,
    JournalEntry,
    Verdict,
)
from kalshi_edge.domain.market import Book
from kalshi_edge.engine import Engine
from kalshi_edge.ports import Feed, Publisher, Store
from kalshi_edge.trading.executor import Executor


class Journal:
    """Numbers the lines; keeps events back until something follows from them.

    Of the books kept back only the newest of each market is written.
    """

    def __init__(self, last_seq: int) -> None:
        self._seq = last_seq
        self._waiting: dict[object, Event] = {}

    def line(self, event: Event, verdicts: Sequence[Verdict]) -> JournalEntry | None:
        """The next line, or ``None`` while nothing has followed."""
        # A book of the day before stays: the turn of the day looks at it.
        key = (event.ticker, event.received_at.date()) if isinstance(event, Book) else object()
        self._waiting.pop(key, None)
        self._waiting[key] = event
        if not verdicts:
            return None
        self._seq += 1
        events, self._waiting = tuple(self._waiting.values()), {}
        return JournalEntry(self._seq, event.received_at, events, tuple(verdicts))


async def run(
    feed: Feed,
    engine: Engine,
    executor: Executor,
    store: Store,
    publishers: Iterable[Publisher] = (),
    *,
    last_seq: int = 0,
) -> None:
    """Trade until the feed ends. A decision is in the journal before it is acted on."""
    journal, watching = Journal(last_seq), tuple(publishers)
    async for outside in feed:
        waiting = deque([outside])
        while waiting:
            event = waiting.popleft()
            verdicts = engine.handle(event)
            line = journal.line(event, verdicts)
            if line is None:
                continue
            await store.append(line)
            for publisher in watching:
                publisher.publish(line)
            for verdict in verdicts:
                if isinstance(verdict, Approved):
                    waiting += await executor.place(verdict, event.received_at)
                elif isinstance(verdict, CancelOrder):
                    order = engine.account.orders[verdict.intent_id]
                    waiting += await executor.cancel(verdict, order, event.received_at)


@dataclass(frozen=True, slots=True)
class Difference:
    """A journal line whose verdicts come out otherwise today."""

    seq: int
    recorded: tuple[Verdict, ...]
    replayed: tuple[Verdict, ...]


def replay(entries: Iterable[JournalEntry], engine: Engine) -> Iterator[Difference | None]:
    """What ``engine`` answers to a journal's events, line by line: ``None`` where it is the same.

    Nothing is sent: the fills and the news of orders are among the events.
    """
    for entry in entries:
        answers = tuple(v for event in entry.events for v in engine.handle(event))
        same = answers == entry.verdicts
        yield None if same else Difference(entry.seq, entry.verdicts, answers)
