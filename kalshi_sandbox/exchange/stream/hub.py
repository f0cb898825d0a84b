"""The exchange's news, sent to every connection that has subscribed to it.

A message is encoded once, whoever many receive it; only its envelope differs. Members' own news go
to their own connections alone.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

import orjson

from kalshi_sandbox.exchange.rest.wire_out import Json, unix_ms
from kalshi_sandbox.exchange.stream.messages import (
    delta_msg,
    event_msg,
    fees_msg,
    fill_msg,
    group_msg,
    market_change_msg,
    order_msg,
    own_delta_msg,
    position_msg,
    snapshot_msg,
    ticker_msg,
    trade_msg,
)
from kalshi_sandbox.exchange.stream.session import Session
from kalshi_sandbox.exchange.stream.subscriptions import CHANNELS, Subscription
from kalshi_sandbox.exchange.venue.accounts import Account
from kalshi_sandbox.exchange.venue.events import (
    BookChanged,
    CashChanged,
    EventListed,
    FeesChanged,
    Filled,
    GroupChanged,
    MarketChanged,
    OrderChanged,
    PositionChanged,
    QuotesChanged,
    Traded,
    VenueChange,
)
from kalshi_sandbox.exchange.venue.exchange import Exchange

_LIFECYCLE, _GROUPS = "market_lifecycle_v2", "order_group_updates"


class Hub:
    """The switchboard between the venue and its connections."""

    def __init__(self, exchange: Exchange) -> None:
        self.venue = exchange.venue
        self.faults = exchange.faults
        self._everything: dict[str, dict[Subscription, None]] = {c: {} for c in CHANNELS}
        self._by_market: dict[tuple[str, str], dict[Subscription, None]] = {}
        self.venue.listen(self._hear)

    def connect(self, account: Account) -> Session:
        """A new connection of a member."""
        return Session(account, self)

    # --- what a session asks --------------------------------------------------------------------

    def knows(self, ticker: str) -> bool:
        """Whether there is such a market."""
        return ticker in self.venue.markets

    def ticker_of(self, market_id: str) -> str | None:
        """The market of an identifier."""
        markets = self.venue.markets.values()
        return next((m.ticker for m in markets if m.market_id == market_id), None)

    def attach(self, subscription: Subscription) -> None:
        """Begin to send a subscription its news."""
        for place in self._places(subscription):
            place[subscription] = None

    def detach(self, subscription: Subscription) -> None:
        """Send it nothing more."""
        for place in self._places(subscription):
            place.pop(subscription, None)

    def _places(self, subscription: Subscription) -> Iterator[dict[Subscription, None]]:
        if subscription.tickers is None:
            yield self._everything[subscription.channel]
        else:
            for ticker in subscription.tickers:
                yield self._by_market.setdefault((subscription.channel, ticker), {})

    def show(self, subscription: Subscription, ticker: str, command: int = 0) -> None:
        """Send a subscription the present state of one market."""
        market = self.venue.market(ticker)
        if subscription.channel == "ticker":
            msg = ticker_msg(market, self.venue.now)
            subscription.push("ticker", orjson.dumps(msg), ticker)
        else:
            msg = snapshot_msg(market, use_yes_price=subscription.use_yes_price)
            subscription.push("orderbook_snapshot", orjson.dumps(msg), ticker, command)

    def now_ms(self) -> int:
        """World time in Unix milliseconds."""
        return unix_ms(self.venue.now)

    # --- what the venue tells -------------------------------------------------------------------

    def _hear(self, news: VenueChange) -> None:
        if isinstance(news, BookChanged):
            self._tell_book(news)
            return
        if isinstance(news, CashChanged):
            return
        dispatch = _DISPATCH[type(news)](news, self.venue.now)
        to = self._subscribers(dispatch.channel, dispatch.ticker, dispatch.account)
        if to:
            encoded = orjson.dumps(dispatch.msg())
            for subscription in to:
                subscription.push(dispatch.kind, encoded, dispatch.ticker)

    def _subscribers(
        self, channel: str, ticker: str, account: Account | None = None
    ) -> tuple[Subscription, ...]:
        found = chain(self._everything[channel], self._by_market.get((channel, ticker), ()))
        return tuple(each for each in found if account in (None, each.sink.account))

    def _tell_book(self, news: BookChanged) -> None:
        to = self._subscribers("orderbook_delta", news.market.ticker)
        if not to:
            return
        owner = None if news.cause is None or news.cause.account.is_house else news.cause.account
        for (side, price), by in news.changes.items():
            deltas = {
                scale: delta_msg(news.market, side, price, by, self.venue.now, use_yes_price=scale)
                for scale in (False, True)
            }
            encoded = {scale: orjson.dumps(msg) for scale, msg in deltas.items()}
            for subscription in to:
                msg = encoded[subscription.use_yes_price]
                if owner is not None and subscription.sink.account is owner:
                    assert news.cause is not None  # it is whose owner this is
                    own = own_delta_msg(deltas[subscription.use_yes_price], news.cause)
                    msg = orjson.dumps(own)
                subscription.push("orderbook_delta", msg, news.market.ticker)


@dataclass(frozen=True, slots=True)
class _Dispatch:
    """Where some news go, and the frame that carries them."""

    channel: str
    ticker: str
    kind: str
    msg: Callable[[], Json]
    account: Account | None = None
    """Whose business it is alone, if anybody's."""


_DISPATCH: dict[type, Callable[[Any, datetime], _Dispatch]] = {
    QuotesChanged: lambda news, now: _Dispatch(
        "ticker", news.market.ticker, "ticker", lambda: ticker_msg(news.market, now)
    ),
    Traded: lambda news, _: _Dispatch(
        "trade", news.trade.market.ticker, "trade", lambda: trade_msg(news.trade)
    ),
    Filled: lambda news, _: _Dispatch(
        "fill",
        news.fill.order.market.ticker,
        "fill",
        lambda: fill_msg(news.fill),
        news.fill.order.account,
    ),
    OrderChanged: lambda news, _: _Dispatch(
        "user_orders",
        news.order.market.ticker,
        "user_order",
        lambda: order_msg(news.order),
        news.order.account,
    ),
    PositionChanged: lambda news, _: _Dispatch(
        "market_positions",
        news.position.market.ticker,
        "market_position",
        lambda: position_msg(news.account, news.position),
        news.account,
    ),
    MarketChanged: lambda news, _: _Dispatch(
        _LIFECYCLE, news.market.ticker, _LIFECYCLE, lambda: market_change_msg(news)
    ),
    EventListed: lambda news, _: _Dispatch(
        _LIFECYCLE, news.event.ticker, "event_lifecycle", lambda: event_msg(news.event)
    ),
    FeesChanged: lambda news, _: _Dispatch(
        _LIFECYCLE, news.event.ticker, "event_fee_update", lambda: fees_msg(news.event)
    ),
    GroupChanged: lambda news, now: _Dispatch(
        _GROUPS, "", _GROUPS, lambda: group_msg(news, now), news.group.account
    ),
}
