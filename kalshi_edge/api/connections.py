"""The open connections of a server: how many, of whom, and until when each may take its time.

Theory. Whoever can reach the port can open connections, so none of them may cost the owner theirs.
A connection is a *stranger's* until a request on it was let in; then it is *known*. A new stranger
always gets in: where there are too many, one that is open already gives way, the oldest of the
address that has most. So a flood displaces itself, and the owner, who sends the key at once, is
known long before a turn comes round. Behind a proxy or the dashboard everybody has one address; the
same rule holds there, only by age. Known connections have a limit of their own; beyond it they stay
strangers, and give way as such.

A deadline ends what dawdles: a request has to be here soon after its connection or its first byte,
an answer has to be taken, a closing connection has to close. A server that is slow itself cuts
nobody off: past a deadline only who has not sent, or does not read, is.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

REQUEST_WITHIN_S = 10.0
"""From the opening, or from a request's first byte, to its last."""
TAKEN_WITHIN_S = 30.0
"""For so long an answer or a live message may wait for whoever asked for it."""
LONGEST_HEADER = 65_536
"""Bytes of a request whose header has not ended; all of it is kept meanwhile."""
LONGEST_BODY_SENT = 1_048_576
"""Bytes after it: beyond the longest body they are only thrown away until the answer is taken."""
SWEPT_EVERY_S = 1.0


class Closed(StrEnum):
    """Why a connection was closed from here."""

    DISPLACED = "displaced"
    """A stranger's, for a newer one."""
    UNFINISHED = "unfinished"
    """Its request did not end in time."""
    TOO_LONG = "too long"
    """Its request had too many bytes."""
    UNREAD = "unread"
    """What was sent was not taken in time."""


class Abortable(Protocol):
    """As much of an ``asyncio.Transport`` as is needed here."""

    def abort(self) -> None:
        """Close at once, whatever is still to be sent."""
        ...

    def is_closing(self) -> bool:
        """Whether it is closed or about to be."""
        ...

    def get_write_buffer_size(self) -> int:
        """Bytes that the other side has not taken yet."""
        ...


@dataclass(frozen=True, slots=True)
class Capacity:
    """How many connections may be open at once."""

    strangers: int = 256
    known: int = 1024


@dataclass(eq=False, slots=True)
class Connection:
    """One open connection."""

    wire: Abortable
    address: str
    is_known: bool = False
    is_receiving: bool = True
    """A request is on its way; otherwise it is being answered, or none is wanted."""
    left: int = LONGEST_HEADER
    """Bytes that may come before this part of the request ends."""
    deadline_s: float | None = None


@dataclass(slots=True)
class Connections:
    """All of one server."""

    capacity: Capacity
    now_s: Callable[[], float]
    closed: Counter[Closed] = field(default_factory=Counter)
    """How many were closed from here, and why."""
    _strangers: dict[str, dict[Connection, None]] = field(default_factory=dict)
    """By address, the oldest first."""
    _known: dict[Connection, None] = field(default_factory=dict)

    @property
    def strangers(self) -> int:
        """How many are not known."""
        return sum(map(len, self._strangers.values()))

    @property
    def known(self) -> int:
        """How many are known."""
        return len(self._known)

    def enter(self, wire: Abortable, address: str) -> Connection:
        """A stranger comes in; where there are too many, an older one goes."""
        if self.strangers >= self.capacity.strangers:
            most = max(self._strangers.values(), key=len)
            self._close(next(iter(most)), Closed.DISPLACED)
        new = Connection(wire, address)
        self._strangers.setdefault(address, {})[new] = None
        self.receiving(new)
        return new

    def leave(self, one: Connection) -> None:
        """It is closed."""
        self._known.pop(one, None)
        of_address = self._strangers.get(one.address, {})
        of_address.pop(one, None)
        if not of_address:
            self._strangers.pop(one.address, None)

    def know(self, one: Connection) -> None:
        """A request on it was let in."""
        is_open = one in self._strangers.get(one.address, {})
        if one.is_known or not is_open or len(self._known) >= self.capacity.known:
            return
        self.leave(one)
        one.is_known = True
        self._known[one] = None

    def receiving(self, one: Connection) -> None:
        """A request begins."""
        one.is_receiving, one.left = True, LONGEST_HEADER
        one.deadline_s = self.now_s() + REQUEST_WITHIN_S

    def is_too_long(self, one: Connection, more: int) -> bool:
        """Whether ``more`` bytes are too many for one request; then it is closed."""
        if not one.is_receiving:
            return False
        one.left -= more
        if one.left >= 0:
            return False
        self._close(one, Closed.TOO_LONG)
        return True

    def answering(self, one: Connection) -> None:
        """All of a request is here, or its answer is on its way."""
        one.is_receiving = False
        one.deadline_s = self.now_s() + TAKEN_WITHIN_S

    def unhurried(self, one: Connection) -> None:
        """Nothing is waited for."""
        one.is_receiving, one.deadline_s = False, None

    def sweep(self) -> None:
        """Close what is past its deadline."""
        now_s = self.now_s()
        strangers = (one for of_address in self._strangers.values() for one in of_address)
        for one in (*self._known, *strangers):
            if one.deadline_s is None:
                if one.wire.is_closing():
                    self.answering(one)
            elif now_s >= one.deadline_s:
                if one.is_receiving:
                    self._close(one, Closed.UNFINISHED)
                elif one.wire.get_write_buffer_size() or one.wire.is_closing():
                    self._close(one, Closed.UNREAD)

    def _close(self, one: Connection, why: Closed) -> None:
        self.leave(one)
        self.closed[why] += 1
        one.wire.abort()
