"""Live order books out of snapshots and deltas; in doubt a book is dropped, never guessed at.

One subscription (``sid``) numbers its frames over all its markets, without gaps; its first number
is any. A snapshot at clock N holds every change up to N. Discard everything on reconnection.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeAlias

from kalshi_edge.data.kalshi.fields import instant_of_ms
from kalshi_edge.data.kalshi.market_wire import parse_levels
from kalshi_edge.domain.market import Book, Level
from kalshi_edge.errors import ContractError, InputError
from kalshi_edge.units import ONE, ZERO, decimal_of

Frame: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Resync:
    """The books of ``tickers`` are not known any more: ask ``sid`` for their snapshots."""

    sid: int
    tickers: tuple[str, ...]
    reason: str


@dataclass(slots=True)
class _Live:
    """One market's contracts by side and price, both sides in dollars per YES contract."""

    sid: int
    yes: dict[Decimal, Decimal]
    no: dict[Decimal, Decimal]
    snapshot_clock: int
    clock: int

    def book(self, ticker: str, valid_at: datetime, received_at: datetime) -> Book:
        bids = tuple(Level(price, self.yes[price]) for price in sorted(self.yes, reverse=True))
        asks = tuple(Level(price, self.no[price]) for price in sorted(self.no))
        return Book(ticker, bids, asks, valid_at, received_at)

    def change(self, side: str, price: Decimal, by: Decimal) -> None:
        levels = self.yes if side == "yes" else self.no
        count = levels.get(price, ZERO) + by
        if count < ZERO:
            raise ContractError(f"{count} contracts at {price} {side}")
        levels[price] = count
        if count == ZERO:
            del levels[price]


class OrderBooks:
    """Every market's book on one connection.

    ``use_yes_price`` is what was asked for when subscribing: with it the NO side comes in YES
    prices, without it in NO prices. A wrong word shows as crossed books, hence as resyncs.
    """

    def __init__(self, *, use_yes_price: bool) -> None:
        self._use_yes_price = use_yes_price
        self._last_seq: dict[int, int] = {}
        self._live: dict[str, _Live] = {}
        self._awaited: dict[str, int] = {}

    def receive(self, frame: Frame, received_at: datetime) -> tuple[Book | Resync, ...]:
        """What follows from one frame: a market's new book, books that were lost, or nothing.

        Repeated frames and those of other channels are ignored. Nothing is raised: a frame that
        cannot be read costs its market's book.
        """
        sid, seq = frame.get("sid"), frame.get("seq")
        is_book = frame.get("type") in ("orderbook_snapshot", "orderbook_delta")
        if not isinstance(sid, int) or not isinstance(seq, int):
            return ()
        last = self._last_seq.get(sid)
        if seq <= last if last is not None else not is_book:
            return ()
        self._last_seq[sid] = seq
        lost: tuple[Resync, ...] = ()
        if last is not None and seq != last + 1:
            lost = self._lose(sid, self._tickers(sid), f"frame {seq} came after {last}")
        return (*lost, *self._read(frame, sid, received_at)) if is_book else lost

    def _read(self, frame: Frame, sid: int, received_at: datetime) -> tuple[Book | Resync, ...]:
        message = frame.get("msg")
        ticker = message.get("market_ticker") if isinstance(message, Mapping) else None
        if not isinstance(message, Mapping) or not isinstance(ticker, str):
            return self._lose(sid, self._tickers(sid), f"a frame of no market: {frame!r}")
        try:
            if frame["type"] == "orderbook_snapshot":
                self._live[ticker] = self._snapshot(sid, message)
                self._awaited.pop(ticker, None)
            elif ticker in self._awaited or not self._apply(sid, ticker, message):
                return ()
            valid_at = instant_of_ms(message.get("ts_ms", frame.get("sending_ts_ms")))
            return (self._live[ticker].book(ticker, valid_at or received_at, received_at),)
        except InputError as error:
            return self._lose(sid, (ticker,), str(error))

    def _snapshot(self, sid: int, message: Frame) -> _Live:
        # An empty side has no key at all; a side under another key is not an empty one.
        strange = {"yes", "no", "yes_dollars", "no_dollars"} & set(message)
        if strange and not {"yes_dollars_fp", "no_dollars_fp"} & set(message):
            raise ContractError(f"a snapshot with {sorted(strange)}")
        yes, no = (parse_levels(message.get(f"{side}_dollars_fp")) for side in ("yes", "no"))
        clock = _clock(message)
        live = _Live(sid, {}, {}, clock, clock)
        for side, levels in (("yes", yes), ("no", no)):
            for level in levels:
                live.change(side, self._yes_price(side, level.price), level.count)
        return live

    def _apply(self, sid: int, ticker: str, message: Frame) -> bool:
        """Change a book; ``False`` where it holds the change already, or is another's by now."""
        live = self._live.get(ticker)
        if live is None:
            raise ContractError("a change before any snapshot")
        clock = _clock(message)
        if live.sid != sid or 0 < clock <= live.snapshot_clock:
            return False
        if 0 < clock < live.clock:
            raise ContractError(f"the clock fell from {live.clock} to {clock}")
        side = message.get("side")
        if side not in ("yes", "no"):
            raise ContractError(f"no side {side!r}")
        price = decimal_of(message.get("price_dollars"), name="price_dollars")
        by = decimal_of(message.get("delta_fp"), name="delta_fp")
        live.change(side, self._yes_price(side, price), by)
        live.clock = clock
        return True

    def _yes_price(self, side: str, price: Decimal) -> Decimal:
        return price if side == "yes" or self._use_yes_price else ONE - price

    def _tickers(self, sid: int) -> tuple[str, ...]:
        live = [ticker for ticker, book in self._live.items() if book.sid == sid]
        return (*live, *(ticker for ticker, its in self._awaited.items() if its == sid))

    def _lose(self, sid: int, tickers: tuple[str, ...], reason: str) -> tuple[Resync, ...]:
        for ticker in tickers:
            self._live.pop(ticker, None)
            self._awaited[ticker] = sid
        return (Resync(sid, tickers, reason),) if tickers else ()


def _clock(message: Frame) -> int:
    """The market's clock; 0 where the exchange sends none."""
    clock = message.get("clock", 0)
    if not isinstance(clock, int):
        raise ContractError(f"no clock {clock!r}")
    return clock
