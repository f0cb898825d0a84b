"""The WebSocket hub: numbered messages to every client of the live connection.

Theory. There is one stream of messages, numbered from 1 in each process. A snapshot holds every
topic whole; an update holds the topics that changed since the message before it, so a client that
has number n and gets n + 1 has everything. The last ``KEPT_MESSAGES`` are kept: who comes back with
a number among them goes on from there, anybody else gets a snapshot. Messages are encoded once for
all. A client's queue is bounded and nothing waits for it: one that does not keep up is dropped, and
nobody else notices. The hub only looks at what the core computed, at most every ``SOONEST_S``.
"""

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from kalshi_edge.api.live_topics import Changes, Folded
from kalshi_edge.domain.journal import JournalEntry

KEPT_MESSAGES = 300
LONGEST_QUEUE = 64
MOST_CLIENTS = 1000
EVERY_S = 1.0
"""Prices and ages are looked at so often."""
SOONEST_S = 0.25
"""After a journal line it is looked at once, but no sooner than this after the last time."""
HEARTBEAT_S = 5.0


class Client:
    """One open connection's messages, waiting to be sent."""

    def __init__(self, first: list[str]) -> None:
        self._first = deque(first)
        self._queue: asyncio.Queue[str] = asyncio.Queue(LONGEST_QUEUE)
        self.is_dropped = asyncio.Event()

    def offer(self, text: str) -> bool:
        """Queue ``text``; ``False`` where the queue is full, and then the client is dropped."""
        try:
            self._queue.put_nowait(text)
        except asyncio.QueueFull:
            self.is_dropped.set()
            return False
        return True

    async def next(self) -> str:
        """The next message to send."""
        waiting = self.next_nowait()
        return await self._queue.get() if waiting is None else waiting

    def next_nowait(self) -> str | None:
        """The next message, if there is one already."""
        if self._first:
            return self._first.popleft()
        return None if self._queue.empty() else self._queue.get_nowait()


class Hub:
    """Numbers what changed and gives it to every client."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.stream = secrets.token_hex(8)
        self.n = 0
        self.dropped = 0
        """Clients that did not keep up, so far."""
        self._now = now
        self._state = Folded()
        self._kept: deque[str] = deque(maxlen=KEPT_MESSAGES)
        self._clients: set[Client] = set()
        self._snapshot = ""
        self._sent_s = 0.0
        self._is_due = asyncio.Event()

    @property
    def clients(self) -> int:
        """How many are listening."""
        return len(self._clients)

    def wake(self, _entry: JournalEntry) -> None:
        """Something is in the journal: look soon."""
        self._is_due.set()

    async def run(self, changes: Callable[[], Changes]) -> None:
        """Tell what ``changes`` says, again and again, until cancelled."""
        while True:
            self.tell(changes())
            await asyncio.sleep(SOONEST_S)
            with suppress(TimeoutError):
                async with asyncio.timeout(EVERY_S - SOONEST_S):
                    await self._is_due.wait()
            self._is_due.clear()

    def tell(self, changes: Changes) -> None:
        """Give ``changes`` to everybody as the next message; without any, a sign of life."""
        if changes:
            self.n += 1
            self._state.add(changes)
            self._snapshot = ""
            text = f'{{"type":"update","n":{self.n},"changes":{changes.json()}}}'
            self._kept.append(text)
            self._send(text)
        elif time.monotonic() - self._sent_s >= HEARTBEAT_S:
            at = self._now().isoformat().replace("+00:00", "Z")
            self._send(f'{{"type":"heartbeat","n":{self.n},"at":"{at}"}}')

    def snapshot(self) -> str:
        """The whole state after the last message, as a message."""
        if not self._snapshot:
            head = f'"type":"snapshot","stream":"{self.stream}","n":{self.n}'
            self._snapshot = f'{{{head},"state":{self._state.json()}}}'
        return self._snapshot

    def join(self, stream: str = "", after: int = -1) -> Client | None:
        """A new client that has everything up to ``after`` of ``stream``, or nothing yet.

        ``None`` where there are too many.
        """
        if len(self._clients) >= MOST_CLIENTS:
            return None
        client = Client(self._since(stream, after))
        self._clients.add(client)
        return client

    def leave(self, client: Client) -> None:
        """Tell ``client`` nothing more."""
        self._clients.discard(client)

    def _since(self, stream: str, after: int) -> list[str]:
        missing = self.n - after
        if stream != self.stream or not 0 <= missing <= len(self._kept):
            return [self.snapshot()]
        resumed = f'{{"type":"resumed","stream":"{self.stream}","n":{after}}}'
        return [resumed, *list(self._kept)[len(self._kept) - missing :]]

    def _send(self, text: str) -> None:
        self._sent_s = time.monotonic()
        slow = [client for client in self._clients if not client.offer(text)]
        self._clients.difference_update(slow)
        self.dropped += len(slow)
