"""An exchange made of observed books: never a better price or more depth than somebody showed.

It owns no clock and no market data: ``watch`` shows it the feed, and puts what follows from each
event, and from orders placed meanwhile, behind that event.
"""

from collections import defaultdict, deque
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

from kalshi_edge.domain.events import Event, OrderUpdate
from kalshi_edge.domain.market import Book, FeeRule, Ladder, Level, Market, MarketStatus
from kalshi_edge.domain.orders import (
    Fill,
    Intent,
    Order,
    OrderReport,
    OrderState,
    OrderStep,
    Settlement,
    Side,
    TimeInForce,
    derived_id,
)
from kalshi_edge.errors import ContractError, OrderObjection, OrderRejected
from kalshi_edge.execution.matching import Reason
from kalshi_edge.execution.simulated_ledger import Ledger
from kalshi_edge.trading.fees import OrderFees, fee_regime, model_fee
from kalshi_edge.units import CENT, ONE, ZERO


@dataclass(frozen=True, slots=True)
class _Working:
    """An accepted order of ours, what is left of it, and its fees once it has traded."""

    intent: Intent
    left: Decimal
    fees: OrderFees | None = None

    @property
    def filled(self) -> Decimal:
        return self.intent.count - self.left

    def traded(
        self, price: Decimal, count: Decimal, rule: FeeRule, at: datetime, *, is_taker: bool
    ) -> tuple["_Working", Fill]:
        """The order after a trade, and its fill."""
        intent = self.intent
        fees = self.fees or OrderFees(rule, fee_regime(at))
        fee, fees = fees.charge(intent.side, price, count, is_taker=is_taker)
        fill = Fill(
            # What was filled before tells the fills of an order apart, across restarts too.
            fill_id=derived_id("fill", intent.intent_id, f"{self.filled:.2f}"),
            intent_id=intent.intent_id,
            ticker=intent.ticker,
            side=intent.side,
            count=count,
            price=price,
            fee=fee,
            is_taker=is_taker,
            valid_at=at,
            received_at=at,
        )
        return replace(self, left=self.left - count, fees=fees), fill


class SimulatedExchange:
    """Takes orders against the latest observed books, with real fees and its own ledger.

    - An order takes what the book offers within its limit, level by level; what it took stays
      taken until the market's next book.
    - A resting order trades only when a later book goes *through* its price: as maker, at its
      own price, up to the depth beyond it.
    - An order that would meet one of our own is withdrawn where it would.
    - With ``reduces``, an order that does not wait never trades more than the position it closes.
    - A person's own sale trades at once: first with the book, the rest at its own limit, which
      nobody may have offered. Its trade is marked ``by_hand``, and no statistics count it.
    """

    def __init__(
        self,
        cash: Decimal,
        *,
        positions: Mapping[str, Decimal] | None = None,
        orders: Iterable[Order] = (),
    ) -> None:
        """Start with ``cash`` dollars, or go on from recorded positions and orders."""
        self.ledger = Ledger(cash, dict(positions or {}))
        self._now = datetime.min.replace(tzinfo=UTC)
        self._markets: dict[str, tuple[Market, FeeRule]] = {}
        self._books: dict[str, Book] = {}
        self._news: deque[Fill | OrderUpdate] = deque()
        # An order whose answer we never had was lost with the exchange that had it.
        lost = {OrderState.NEW, OrderState.SENT, OrderState.UNKNOWN}
        known = [order for order in orders if order.state not in lost]
        self._seen = {order.intent.intent_id for order in known}
        self._working = {
            order.intent.intent_id: _Working(order.intent, order.intent.count - order.filled)
            for order in known
            if order.state is not OrderState.DONE
        }

    async def watch(self, feed: AsyncIterable[Event]) -> AsyncIterator[Event]:
        """The feed's events, each followed by what it did to our orders.

        What follows from orders placed meanwhile comes before the next event.
        """
        async for event in feed:
            for news in self._told():
                yield news
            self._see(event)
            yield event
            for news in self._told():
                yield news
        for news in self._told():
            yield news

    async def place(self, intent: Intent) -> OrderReport:
        """Trade what the book offers; rest or withdraw the remainder.

        Raises ``OrderRejected`` where the exchange would: an id used before, a market that is
        unknown, closed or without a book, a price or count off the grid, too little cash.
        """
        self._check(intent)
        _, rule = self._markets[intent.ticker]
        book, taken = self._offered(intent)
        order, ledger, fills = _Working(intent, intent.count), self.ledger, []
        for level in taken:
            order, fill = order.traded(level.price, level.count, rule, self._now, is_taker=True)
            ledger = ledger.filled(fill)
            fills.append(fill)
        rests = order.left > ZERO and self._may_rest(intent)
        working = self._working | ({intent.intent_id: order} if rests else {})
        needed = self._collateral(ledger, working.values())
        if ledger.cash < needed:
            raise OrderRejected(
                f"insufficient_balance: {ledger.cash} dollars left, {needed} needed"
            )
        self.ledger, self._working = ledger, working
        self._books[intent.ticker] = book
        self._seen.add(intent.intent_id)
        self._news.extend(fills)
        return intent.report(_order_id(intent), order.filled, order.left if rests else ZERO)

    async def cancel(self, order: Order) -> Decimal:
        """Take an order out of the book; one that is not there any more takes back nothing."""
        working = self._working.pop(order.intent.intent_id, None)
        return ZERO if working is None else working.left

    async def resolve(self, intent: Intent, *, resend: bool) -> OrderReport:
        """Every answer of this exchange arrives, so an order without one died with its process."""
        working = self._working.get(intent.intent_id)
        if working is not None:
            return intent.report(_order_id(intent), working.filled, working.left)
        if resend and intent.intent_id not in self._seen:
            return await self.place(intent)
        raise OrderRejected(f"{intent.ticker}: the order never arrived")

    def _told(self) -> Iterator[Fill | OrderUpdate]:
        while self._news:
            yield self._news.popleft()

    def _see(self, event: Event) -> None:
        self._now = max(self._now, event.received_at)
        self._sweep_due()
        match event:
            case Ladder():
                for market in event.markets:
                    self._markets[market.ticker] = market, event.fee_rule
                    if market.status is not MarketStatus.ACTIVE:
                        self._sweep(market.ticker, Reason.HALT)
            case Book():
                self._books[event.ticker] = event
                self._trade_through(event.ticker)
            case Settlement():
                self._sweep(event.ticker, Reason.CLOSE)
                self._markets.pop(event.ticker, None)
                self._books.pop(event.ticker, None)
                self.ledger = self.ledger.settled(event)
            case _:
                pass

    def _trade_through(self, ticker: str) -> None:
        if ticker not in self._markets:
            return
        _, rule = self._markets[ticker]
        for order in self._queue(ticker):
            price = order.intent.limit_price
            # A book that only touches the price may never have reached our place in the queue.
            book, beyond = _swept(self._books[ticker], order.intent, order.left, stop=price)
            count = sum((level.count for level in beyond), ZERO)
            if count == ZERO:
                continue
            after, fill = order.traded(price, count, rule, self._now, is_taker=False)
            self.ledger, self._books[ticker] = self.ledger.filled(fill), book
            self._working[order.intent.intent_id] = after
            if after.left == ZERO:
                del self._working[order.intent.intent_id]
            self._news.append(fill)

    def _sweep_due(self) -> None:
        for order in tuple(self._working.values()):
            intent, known = order.intent, self._markets.get(order.intent.ticker)
            if intent.expires_at is not None and intent.expires_at <= self._now:
                self._end(order, Reason.EXPIRY)
            elif known is not None and known[0].close_at <= self._now:
                self._end(order, Reason.CLOSE)

    def _sweep(self, ticker: str, reason: Reason) -> None:
        for order in self._queue(ticker):
            self._end(order, reason)

    def _end(self, order: _Working, reason: Reason) -> None:
        del self._working[order.intent.intent_id]
        self._news.append(
            OrderUpdate(
                intent_id=order.intent.intent_id,
                step=OrderStep.FINISH,
                received_at=self._now,
                order_id=_order_id(order.intent),
                filled=order.filled,
                reason=reason.value,
            )
        )

    def _check(self, intent: Intent) -> None:
        """Raise ``OrderRejected`` where the exchange would not even look at the book."""
        ticker, waits = intent.ticker, intent.time_in_force is TimeInForce.GOOD_TILL_CANCELED
        if intent.intent_id in self._seen:
            raise OrderRejected(f"order_already_exists: {intent.intent_id}")
        if ticker not in self._markets or ticker not in self._books:
            raise OrderRejected(f"not_found: no market or no book of {ticker}")
        market, rule = self._markets[ticker]
        is_open = (market.open_at or self._now) <= self._now < market.close_at
        if market.status is not MarketStatus.ACTIVE or not is_open:
            raise OrderRejected(f"market_inactive: {ticker}, {market.status}")
        if not market.is_on_grid(intent.limit_price) or intent.count % CENT != ZERO:
            raise OrderObjection(
                f"invalid_order: {intent.count} at {intent.limit_price} is off the grid"
            )
        if intent.expires_at is not None and not (waits and self._now < intent.expires_at):
            raise OrderRejected(f"invalid_order: cannot expire at {intent.expires_at}")
        if intent.post_only and _swept(self._books[ticker], intent, CENT)[1]:
            raise OrderRejected("invalid_order: post only cross")
        try:
            model_fee(intent.limit_price, intent.count, rule, is_taker=True)
        except ContractError as error:
            raise OrderRejected(str(error)) from error

    def _offered(self, intent: Intent) -> tuple[Book, tuple[Level, ...]]:
        """What ``intent`` takes, and the book without it."""
        whole, count = self._books[intent.ticker], intent.count
        waits = intent.time_in_force is TimeInForce.GOOD_TILL_CANCELED
        if intent.reduces and (intent.by_hand or not waits):
            held = self.ledger.held(intent.ticker)
            count = min(count, max(held if intent.side is Side.SELL else -held, ZERO))
        book, taken = _swept(whole, intent, count, stop=self._own_price(intent))
        if intent.by_hand:
            left = count - sum((level.count for level in taken), ZERO)
            return book, (*taken, Level(intent.limit_price, left)) if left else taken
        kill = intent.time_in_force is TimeInForce.FILL_OR_KILL
        if kill and sum((level.count for level in taken), ZERO) < intent.count:
            return whole, ()
        return book, taken

    def _own_price(self, intent: Intent) -> Decimal | None:
        """The best price at which an order of ours waits on the other side, if one does."""
        facing = [o for o in self._queue(intent.ticker) if o.intent.side is not intent.side]
        return facing[0].intent.limit_price if facing else None

    def _may_rest(self, intent: Intent) -> bool:
        own = self._own_price(intent)
        crosses = own is not None and _within(own, intent)
        return intent.time_in_force is TimeInForce.GOOD_TILL_CANCELED and not crosses

    def _queue(self, ticker: str) -> tuple[_Working, ...]:
        """Our orders of a market in the order in which they trade, side by side."""
        mine = [order for order in self._working.values() if order.intent.ticker == ticker]
        return tuple(sorted(mine, key=lambda order: (order.intent.side, _rank(order.intent))))

    def _collateral(self, ledger: Ledger, orders: Iterable[_Working]) -> Decimal:
        """Dollars that must stand ready for ``orders``, their fees as makers included."""
        needed, by_market = ZERO, defaultdict(list)
        for order in orders:
            intent = order.intent
            _, rule = self._markets.get(intent.ticker, (None, FeeRule()))
            needed += model_fee(intent.limit_price, order.left, rule, is_taker=False)
            by_market[intent.ticker].append((intent.side, intent.limit_price, order.left))
        return needed + sum((ledger.collateral(*market) for market in by_market.items()), ZERO)


def settle(ladder: Ladder, high_f: int, at: datetime) -> tuple[Settlement, ...]:
    """What the exchange would say of every market of ``ladder`` for a maximum of ``high_f`` °F."""
    winner = ladder.winner(high_f)
    return tuple(
        Settlement(market.ticker, ONE if market is winner else ZERO, Decimal(high_f), at, at)
        for market in ladder.markets
    )


def _order_id(intent: Intent) -> str:
    return derived_id("order", intent.intent_id)


def _rank(intent: Intent) -> Decimal:
    """Lower trades first."""
    return -intent.limit_price if intent.side is Side.BUY else intent.limit_price


def _within(price: Decimal, intent: Intent) -> bool:
    limit = intent.limit_price
    return price <= limit if intent.side is Side.BUY else price >= limit


def _swept(
    book: Book, intent: Intent, count: Decimal, *, stop: Decimal | None = None
) -> tuple[Book, tuple[Level, ...]]:
    """``book`` after ``count`` contracts were taken within the limit, and the levels taken.

    Only prices better than ``stop`` are taken, where there is one.
    """
    buys = intent.side is Side.BUY
    taken, left = [], []
    for level in book.asks if buys else book.bids:
        better = stop is None or (level.price < stop if buys else level.price > stop)
        step = min(count, level.count) if better and _within(level.price, intent) else ZERO
        count -= step
        if step > ZERO:
            taken.append(Level(level.price, step))
        if step < level.count:
            left.append(Level(level.price, level.count - step))
    rest = replace(book, asks=tuple(left)) if buys else replace(book, bids=tuple(left))
    return rest, tuple(taken)
