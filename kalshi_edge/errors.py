"""Every error this program raises on purpose, sorted by what the caller does next.

EdgeError
├── ProgramError          the program raised what it never should: restart it, and report it
├── NoNetwork             nothing outside this machine answers: say so, offer what works without
├── InputError            somebody gave us something wrong: say so, lose nothing, go on
│   ├── BulletinError     a text from the weather office that we cannot read
│   ├── ContractError     a market or ladder that is not what we trade: refuse it
│   ├── HistoryError      a record or file of history that does not hold together
│   │   └── RowError       a row of an archive, or a part of one: leave it out, count it, go on
│   ├── SourceError       a place we fetch from that is down, slow, or gives what is of no use
│   └── SettingError      a setting that is missing or out of range: do not start
├── StateError            we were about to do something impossible: stop and look
│   └── StoreError        the store is not one we may use (other mode, other schema)
│       └── Fenced        another process holds the store's lease: stop, it trades now
└── ExchangeError         the exchange did not do what we asked
    ├── OrderRejected     a definite no: the order does not exist
    │   └── OrderObjection    our own no: what it asks for cannot be sent
    ├── OutcomeUnknown    no answer: the order may exist; find out before anything else
    ├── ExchangeDown      closed or limiting us: nothing was sent, try later
    │   └── TradingPaused     no order is taken at present: nobody's mistake
    └── RequestRefused    a definite no to a question: wrong, forbidden or about nothing
"""

import traceback
from collections.abc import Iterator
from typing import ClassVar


class EdgeError(Exception):
    """Any error raised on purpose; its text is one sentence for a person."""

    exit_code: ClassVar[int] = 2
    """What a command that it ends exits with; a supervisor decides by it whether to restart."""


class ProgramError(EdgeError):
    """The program raised what it never should."""

    exit_code = 1


class NoNetwork(EdgeError):
    """Nothing outside this machine answers."""


class InputError(EdgeError):
    """Somebody gave us something wrong."""


class BulletinError(InputError):
    """A weather text that cannot be read, with where and why.

    >>> str(BulletinError("no FHR row", station="KNYC", line=7))
    'KNYC, line 7: no FHR row'
    """

    def __init__(self, reason: str, *, station: str | None = None, line: int | None = None) -> None:
        self.reason = reason
        self.station = station
        self.line = line
        place = ", ".join(
            part for part in (station, f"line {line}" if line is not None else None) if part
        )
        super().__init__(f"{place}: {reason}" if place else reason)


class ContractError(InputError):
    """A market or ladder that is not what we trade."""


class HistoryError(InputError):
    """A record or file of history that does not hold together."""


class RowError(HistoryError):
    """A row of an archive, or a part of one, that cannot be read.

    ``reason`` is the same for all rows of its kind; the text says what is wrong with this one.
    """

    def __init__(self, reason: str, what: str) -> None:
        self.reason = reason
        super().__init__(what)


class SourceError(InputError):
    """A place we fetch from that did not give what it was asked for.

    ``outcome`` names how; ``wait_s`` is how long it wants to be left alone, if it said so.
    """

    def __init__(self, reason: str, *, outcome: str, wait_s: float | None = None) -> None:
        self.reason = reason
        self.outcome = outcome
        self.wait_s = wait_s
        super().__init__(reason)


class SettingError(InputError):
    """A setting that is missing or out of range."""


class StateError(EdgeError):
    """We were about to do something impossible."""


class StoreError(StateError):
    """The store is not one we may use."""

    exit_code = 3


class Fenced(StoreError):
    """Another process holds the store's lease; nothing was written."""

    exit_code = 4


class ExchangeError(EdgeError):
    """The exchange did not do what we asked."""


class OrderRejected(ExchangeError):
    """A definite no: the order does not exist."""


class OrderObjection(OrderRejected):
    """Our own no, before anything was sent: the market would not take what the order asks for."""


class OutcomeUnknown(ExchangeError):
    """No answer: the order may exist."""


class ExchangeDown(ExchangeError):
    """Paused, closed or limiting us: nothing was sent."""


class TradingPaused(ExchangeDown):
    """The exchange takes no orders at present, whoever sends them."""


class RequestRefused(ExchangeError):
    """A definite no to a question: wrong, forbidden or about nothing."""

    def __init__(self, reason: str, *, status: int) -> None:
        self.status = status
        """The HTTP status: 401 and 403 are about us, 404 is about what we asked for."""
        super().__init__(reason)


def sentence_of(error: Exception) -> str:
    """What an error of the program's own is, in one line of 200 characters at most.

    >>> sentence_of(KeyError("order"))
    "KeyError: 'order'"
    """
    return f"{type(error).__name__}: {error}"[:200]


def traceback_of(error: BaseException, most: int = 4000) -> str:
    """The end of its traceback, ``most`` characters of it."""
    return "".join(traceback.format_exception(error))[-most:]


def cause_of(error: Exception) -> Exception:
    """The one error of a group that says most: what ends a program is told in one sentence.

    >>> cause_of(ExceptionGroup("", [ValueError("x"), StoreError("full"), Fenced("another")]))
    Fenced('another')
    """
    leaves = list(_leaves(error))
    for kind in (Fenced, StoreError, EdgeError):
        for one in leaves:
            if isinstance(one, kind):
                return one
    return leaves[0]


def _leaves(error: Exception) -> Iterator[Exception]:
    if isinstance(error, ExceptionGroup):
        for part in error.exceptions:
            yield from _leaves(part)
    else:
        yield error
