"""One WebSocket connection's protocol without its socket: frames in, events and commands out.

Theory. A session lives as long as its connection and never repairs one: whatever it cannot trust
ends it, and the next connection begins with snapshots. Channels are subscribed to once; a command
is *pending* until its answer, which must come in time and without an error. Each book has a
sequence of its own: a snapshot starts it, a delta must carry the next number. A gap, or a book that
is lost, asks for a snapshot again, and after ``MAX_LOSSES`` in a row gives the connection up. What
happened between two connections is not here: ``Connected`` tells the feed to ask over REST. A frame
that cannot be read is counted and kept, and changes nothing.
"""

from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

from kalshi_edge.data.kalshi.account.account_wire import parse_fill, parse_order
from kalshi_edge.data.kalshi.book import OrderBooks, Resync
from kalshi_edge.data.kalshi.fields import (
    Payload,
    object_field,
    optional_whole,
    text_field,
    whole_field,
)
from kalshi_edge.domain.events import OrderUpdate, order_update
from kalshi_edge.domain.market import Book
from kalshi_edge.domain.orders import Fill
from kalshi_edge.errors import ExchangeDown, InputError

BOOKS = "orderbook_delta"
CHANNELS = ("fill", "user_orders", "market_lifecycle_v2")
GROUPS = "order_group_updates"
"""Without this channel we go on: a group's state shows in what the exchange refuses as well."""
TERMINAL_ERRORS = (10, 25)
"""After these a channel is silent until it is subscribed to again."""
MAX_LOSSES = 5
"""A book that is lost so often in a row, new snapshots included, is not to be had this way."""
ANSWER_WITHIN_S = 10.0

Command: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Connected:
    """All channels are open: what happened before must be asked for."""

    received_at: datetime


@dataclass(frozen=True, slots=True)
class MarketChange:
    """Something other than the book of a market of ours has changed."""

    event_ticker: str
    ticker: str | None
    """``None`` where it is about the whole event."""
    kind: str
    """``created``, ``activated``, ``settled`` … or a word that is new to us."""
    received_at: datetime


@dataclass(frozen=True, slots=True)
class UnnamedFill:
    """A fill of an order that we have not met: whose it is must be asked for."""

    order_id: str
    payload: Payload
    received_at: datetime


@dataclass(frozen=True, slots=True)
class GroupChange:
    """Something has become of an order group of the account."""

    group_id: str
    kind: str
    """``created``, ``triggered``, ``reset``, ``deleted`` or ``limit_updated``."""
    received_at: datetime


StreamEvent: TypeAlias = (
    GroupChange | Book | Fill | OrderUpdate | MarketChange | UnnamedFill | Connected
)


@dataclass(slots=True)
class Oddities:
    """What came that we could not use: how often by kind, and the latest of it."""

    counts: Counter[str] = field(default_factory=Counter)
    latest: deque[tuple[datetime, str, str]] = field(default_factory=lambda: deque(maxlen=100))

    def note(self, at: datetime, kind: str, what: object) -> None:
        """Count and keep it."""
        self.counts[kind] += 1
        self.latest.append((at, kind, str(what)[:1000]))


class Session:
    """The subscriptions of one connection.

    ``names`` are intents by order id, as in ``parse_fill``; ``series`` are those whose markets'
    changes are news.
    """

    def __init__(
        self, series: Collection[str], names: Mapping[str, str], oddities: Oddities
    ) -> None:
        self._series = frozenset(series)
        self._names = names
        self._oddities = oddities
        self._books = OrderBooks(use_yes_price=True)
        self._wanted: frozenset[str] = frozenset()
        self._asked: frozenset[str] = frozenset()
        self._channels: dict[int, str] = {}
        self._pending: dict[int, Command] = {}
        self._due_s: dict[int | str, float] = {}
        self._losses: Counter[str] = Counter()
        self._last_id = 0

    def open(self, tickers: Collection[str], now_s: float) -> list[Command]:
        """The first commands; ``now_s`` is any clock's time in seconds that only goes forward."""
        opening = [self._subscribe(channel, now_s) for channel in CHANNELS]
        watching = self.watch(tickers, now_s)
        groups = self._command("subscribe", {"channels": [GROUPS]})
        return [*opening, *watching, groups]

    def watch(self, tickers: Collection[str], now_s: float) -> list[Command]:
        """The commands that make ``tickers`` the markets whose books are followed."""
        self._wanted = frozenset(tickers)
        return self._follow(now_s)

    def check(self, now_s: float) -> None:
        """Raise ``ExchangeDown`` where an answer is overdue."""
        for what, due_s in self._due_s.items():
            if now_s > due_s:
                raise ExchangeDown(f"no answer about {what} within {ANSWER_WITHIN_S:.0f} s")

    def receive(
        self, frame: Payload, received_at: datetime, now_s: float
    ) -> Iterator[StreamEvent | Command]:
        """What follows from a frame; ``ExchangeDown`` where the connection has to be given up."""
        for result in self._books.receive(frame, received_at):
            yield from self._book(result, received_at, now_s)
        try:
            yield from self._message(frame, received_at, now_s)
        except InputError as error:
            self._oddities.note(received_at, f"unreadable {frame.get('type')}", f"{error}: {frame}")

    # --- commands -----------------------------------------------------------------------------

    def _command(self, cmd: str, params: Command) -> Command:
        self._last_id += 1
        return {"id": self._last_id, "cmd": cmd, "params": params}

    def _awaited(self, command: Command, now_s: float) -> Command:
        """``command``, whose answer is expected in time."""
        self._pending[command["id"]] = command
        self._due_s[command["id"]] = now_s + ANSWER_WITHIN_S
        return command

    def _subscribe(self, channel: str, now_s: float, **params: Any) -> Command:
        command = self._command("subscribe", {"channels": [channel], **params})
        return self._awaited(command, now_s)

    def _update(self, action: str, sid: int, tickers: Iterable[str]) -> Command:
        params = {"sids": [sid], "action": action, "market_tickers": sorted(tickers)}
        return self._command("update_subscription", params)

    def _follow(self, now_s: float) -> list[Command]:
        """Ask for the books that are wanted and not asked for, and the other way round."""
        sid = next((sid for sid, channel in self._channels.items() if channel == BOOKS), None)
        added, dropped = self._wanted - self._asked, self._asked - self._wanted
        if BOOKS in self._subscribing or not (added or dropped):
            return []
        self._asked = self._wanted
        for ticker in dropped:
            self._due_s.pop(ticker, None)
        if sid is None:
            tickers = sorted(self._wanted)
            # The default of this flag is announced to change: it is always said.
            return [self._subscribe(BOOKS, now_s, market_tickers=tickers, use_yes_price=True)]
        changes = (("add_markets", added), ("delete_markets", dropped))
        updates = [self._update(action, sid, some) for action, some in changes if some]
        return [self._awaited(update, now_s) for update in updates]

    @property
    def _subscribing(self) -> set[str]:
        """The channels whose subscription is not answered yet."""
        return {channel for command in self._pending.values() for channel in _channels(command)}

    # --- frames -------------------------------------------------------------------------------

    def _book(
        self, result: Book | Resync, received_at: datetime, now_s: float
    ) -> Iterator[StreamEvent | Command]:
        if isinstance(result, Book):
            del self._losses[result.ticker]
            self._due_s.pop(result.ticker, None)
            if result.ticker in self._wanted:
                yield result
            return
        self._oddities.note(received_at, "lost books", result)
        tickers = self._wanted.intersection(result.tickers)
        self._losses.update(tickers)
        if any(self._losses[ticker] > MAX_LOSSES for ticker in tickers):
            raise ExchangeDown(f"books lost {MAX_LOSSES} times in a row: {result.reason}")
        if tickers and result.sid in self._channels:
            # The answer that counts is each market's snapshot.
            self._due_s |= dict.fromkeys(tickers, now_s + ANSWER_WITHIN_S)
            yield self._update("get_snapshot", result.sid, tickers)

    def _message(
        self, frame: Payload, received_at: datetime, now_s: float
    ) -> Iterator[StreamEvent | Command]:
        match frame.get("type"):
            case "orderbook_snapshot" | "orderbook_delta":
                pass
            case "fill":
                yield from self._fill(object_field(frame, "msg"), received_at)
            case "user_order":
                yield from self._order(object_field(frame, "msg"), received_at)
            case "market_lifecycle_v2" | "event_lifecycle" | "event_fee_update" as kind:
                yield from self._change(kind, object_field(frame, "msg"), received_at)
            case "order_group_updates":
                yield _group_change(object_field(frame, "msg"), received_at)
            case "subscribed":
                yield from self._subscribed(frame, received_at, now_s)
            case "ok" | "unsubscribed":
                self._answered(frame)
            case "error":
                yield from self._error(frame, received_at, now_s)
            case kind:
                self._oddities.note(received_at, f"unknown {kind}", frame)

    def _fill(self, message: Payload, received_at: datetime) -> Iterator[StreamEvent]:
        if _is_others(message, "subaccount"):
            return
        order_id = text_field(message, "order_id")
        if message.get("client_order_id") or order_id in self._names:
            yield parse_fill(message, self._names, received_at)
        else:
            yield UnnamedFill(order_id, message, received_at)

    def _order(self, message: Payload, received_at: datetime) -> Iterator[StreamEvent]:
        if _is_others(message, "subaccount_number"):
            return
        yield order_update(parse_order(message, self._names), received_at)

    def _change(self, kind: str, message: Payload, received_at: datetime) -> Iterator[StreamEvent]:
        ticker = None
        if kind == "market_lifecycle_v2":
            ticker, kind = text_field(message, "market_ticker"), text_field(message, "event_type")
        event_ticker = ticker.rpartition("-")[0] if ticker else text_field(message, "event_ticker")
        if event_ticker.split("-")[0] in self._series:
            yield MarketChange(event_ticker, ticker, kind, received_at)

    def _subscribed(
        self, frame: Payload, received_at: datetime, now_s: float
    ) -> Iterator[StreamEvent | Command]:
        message = object_field(frame, "msg")
        self._channels[whole_field(message, "sid")] = text_field(message, "channel")
        was_awaited = self._answered(frame) is not None
        yield from self._follow(now_s)
        if was_awaited and not self._subscribing:
            yield Connected(received_at)

    def _answered(self, frame: Payload) -> Command | None:
        """Strike the command that ``frame`` answers off the list."""
        answered = optional_whole("id", frame.get("id")) or 0
        self._due_s.pop(answered, None)
        return self._pending.pop(answered, None)

    def _error(
        self, frame: Payload, received_at: datetime, now_s: float
    ) -> Iterator[StreamEvent | Command]:
        self._oddities.note(received_at, "error", frame)
        message, command = object_field(frame, "msg"), self._answered(frame)
        sid = optional_whole("sid", frame.get("sid")) or 0
        if message.get("code") in TERMINAL_ERRORS:
            channels = [self._channels.pop(sid)] if sid in self._channels else _channels(command)
            if not channels:
                raise ExchangeDown(f"a channel is lost, and we cannot tell which: {message}")
            for channel in channels:
                yield from self._again(channel, now_s)
        elif named := _markets(message):
            # One market that is over must not cost the others their books.
            self._wanted -= named
            self._asked -= named | _markets({} if command is None else command["params"])
            yield from self._follow(now_s)
        elif command is not None:
            raise ExchangeDown(f"{command['cmd']} was refused: {message}")

    def _again(self, channel: str, now_s: float) -> list[Command]:
        if channel != BOOKS:
            return [self._subscribe(channel, now_s)]
        self._asked = frozenset()
        return self._follow(now_s)


def _channels(command: Command | None) -> list[str]:
    return [] if command is None else command["params"].get("channels", [])


def _markets(payload: Payload) -> frozenset[str]:
    """The markets that a message or a command's parameters name."""
    several = payload.get("market_tickers")
    named = [payload.get("market_ticker"), *(several if isinstance(several, list) else ())]
    return frozenset(ticker for ticker in named if isinstance(ticker, str))


def _group_change(message: Payload, received_at: datetime) -> GroupChange:
    group_id, kind = text_field(message, "order_group_id"), text_field(message, "event_type")
    return GroupChange(group_id, kind, received_at)


def _is_others(message: Payload, name: str) -> bool:
    """Whether it is about another subaccount than the primary one, which is ours."""
    return bool(message.get(name))
