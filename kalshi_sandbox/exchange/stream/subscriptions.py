"""What a connection can subscribe to, what can be wrong with that, how frames are numbered."""

from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from kalshi_sandbox.exchange.control.faults import Faults
from kalshi_sandbox.exchange.venue.accounts import Account

SEQUENCED = frozenset({"orderbook_delta", "trade", "market_lifecycle_v2", "order_group_updates"})
BY_MARKET = frozenset(
    {"orderbook_delta", "ticker", "trade", "fill", "user_orders", "market_positions"}
)
CHANNELS = SEQUENCED | BY_MARKET

FIRST_SEQ = 2
"""The exchange's own example begins there; a client must not expect 1."""

BUFFER = 20_000
"""Frames that may wait for a slow client."""

ERRORS = {
    1: "Unable to process message",
    2: "Params required",
    3: "Channels required",
    4: "Subscription IDs required",
    5: "Unknown command",
    7: "Unknown subscription ID",
    8: "Unknown channel name",
    10: "Channel error",
    11: "Invalid parameter",
    12: "Exactly one subscription ID is required",
    13: "Unsupported action",
    14: "Market Ticker required",
    15: "Action required",
    25: "Subscription buffer overflow",
}


@dataclass(frozen=True, slots=True)
class Wait:
    """In place of a frame: what follows is held back for a while."""

    delay_s: float


Outgoing: TypeAlias = bytes | Wait


class CommandError(Exception):
    """A command that cannot be carried out, by the exchange's code."""

    def __init__(self, code: int, **about: Any) -> None:
        self.code = code
        self.about = about
        super().__init__(ERRORS[code])


class Sink(Protocol):
    """The connection that a subscription belongs to."""

    account: Account

    def push_data(
        self,
        subscription: "Subscription",
        kind: str,
        msg: bytes,
        ticker: str | None,
        command: int,
    ) -> None:
        """Queue a frame of a subscription."""
        ...


@dataclass(slots=True, eq=False)
class Subscription:
    """A channel of one connection, for some markets or for all (``None``)."""

    sid: int
    channel: str
    sink: "Sink"
    tickers: dict[str, None] | None
    use_yes_price: bool = False
    skip_ack: bool = False
    next_seq: int = FIRST_SEQ

    def number(self) -> int:
        """The next frame's number."""
        seq = self.next_seq
        self.next_seq += 1
        return seq

    def push(self, kind: str, msg: bytes, ticker: str | None = None, command: int = 0) -> None:
        """Queue a frame of type ``kind`` with an encoded ``msg``."""
        self.sink.push_data(self, kind, msg, ticker, command)


class Switchboard(Protocol):
    """What a session needs of whoever distributes the news."""

    faults: Faults

    def knows(self, ticker: str) -> bool:
        """Whether there is such a market."""
        ...

    def ticker_of(self, market_id: str) -> str | None:
        """The market of an identifier."""
        ...

    def attach(self, subscription: Subscription) -> None:
        """Begin to send a subscription its news."""
        ...

    def detach(self, subscription: Subscription) -> None:
        """Send it nothing more."""
        ...

    def show(self, subscription: Subscription, ticker: str, command: int = 0) -> None:
        """Send a subscription the present state of one market."""
        ...

    def now_ms(self) -> int:
        """World time in Unix milliseconds."""
        ...
