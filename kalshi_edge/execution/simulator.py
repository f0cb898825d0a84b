"""An exchange made of observed books: never a better price or more depth than somebody showed.

It owns no clock and no market data: ``watch`` shows it the feed, and puts what follows from each
event, and from orders placed meanwhile, behind that event.
"""

from collections import defaultdict, deque
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import chain

from kalshi_edge.domain.events import Event, OrderUpdate, Print, Started
from kalshi_edge.domain.market import Book, FeeRule, Ladder, Level, MarketStatus
from kalshi_edge.domain.orders import (
    Fill,
    Intent,
    Order,
    OrderReport,
    OrderState,
    Settlement,
    Side,
    TimeInForce,
)
from kalshi_edge.errors import ContractError, OrderObjection, OrderRejected
from kalshi_edge.execution.matching import Reason
from kalshi_edge.execution.observed_book import ObservedBook
from kalshi_edge.execution.simulated_ledger import Ledger
from kalshi_edge.execution.working_order import WorkingOrder, taken_back
from kalshi_edge.trading.fees import model_fee
from kalshi_edge.units import CENT, ONE, ZERO


class SimulatedExchange:
    """Takes orders against the latest observed books, with real fees and its own ledger.

    - An order takes what the book offers within its limit, level by level, each at its own price.
      What it took counts as taken for as long as it is shown; the loop is shown the book without.
    - A resting order trades by the queue, as maker and at its own price. What a print takes at its
      price is taken from those before it first; what a print takes beyond it, it would have had.
      Whoever cancels stood behind it for as long as that may be. And a later book that reaches its
      price has what is shown there or beyond for it: an offer that stands there would have met it,
      and all that was before it in the queue is gone, or the book would be crossed.
    - An order that would meet one of our own is withdrawn where it would.
    - With ``reduces``, an order that does not wait never trades more than the position it closes.
    - With ``instant_fill`` a person's own sale takes whatever the book pays, below its limit too:
      only that is money, and how much it is short of the limit is the fill's ``imagined_gain``.
      What nobody bids for is not sold.
    """

    def __init__(
        self,
        cash: Decimal,
        *,
        positions: Mapping[str, Decimal] | None = None,
        orders: Iterable[Order] = (),
        ladders: Iterable[Ladder] = (),
        instant_fill: bool = False,
        books_lack_trades: bool = False,
    ) -> None:
        """Start with ``cash`` dollars, or go on from recorded positions, orders and ladders.

        ``books_lack_trades`` where the feed's books are a journal's: without what we took.
        """
        self.ledger = Ledger(cash, dict(positions or {}))
        self._instant_fill = instant_fill
        self._books_lack_trades = books_lack_trades
        self._now = datetime.min.replace(tzinfo=UTC)
        self._markets = {m.ticker: (m, one.fee_rule) for one in ladders for m in one.markets}
        self._books: dict[str, ObservedBook] = {}
        self._follows: deque[Fill | OrderUpdate | Book] = deque()
        # An order whose answer we never had was lost with the exchange that had it.
        lost = {OrderState.NEW, OrderState.SENT, OrderState.UNKNOWN}
        known = [order for order in orders if order.state not in lost]
        self._seen = {order.intent.intent_id for order in known}
        self._working = {
            order.intent.intent_id: WorkingOrder(order.intent, order.intent.count - order.filled)
            for order in known
            if order.state is not OrderState.DONE
        }
        self._filled_before = [order for order in known if order.filled > ZERO]
        """What these took may still be shown in the first book that we see of their markets."""

    async def watch(self, feed: AsyncIterable[Event]) -> AsyncIterator[Event]:
        """The feed's events, each followed by what it did to our orders.

        What follows from orders placed meanwhile comes before the next event.
        """
        async for event in feed:
            for each in chain(self._followed(), self._seen_by_loop(event), self._followed()):
                yield each
        for follows in self._followed():
            yield follows

    async def place(self, intent: Intent) -> OrderReport:
        """Trade what the book offers; rest or withdraw the remainder.

        Raises ``OrderRejected`` where the exchange would: an id used before, a market that is
        unknown, closed or without a book, a price or count off the grid, too little cash.
        """
        self._check(intent)
        _, rule = self._markets[intent.ticker]
        book, taken = self._offered(intent)
        order, ledger, fills = WorkingOrder(intent, intent.count), self.ledger, list[Fill]()
        for level in taken:
            order, fill = order.traded(level.price, level.count, rule, self._now, is_taker=True)
            ledger = ledger.filled(fill)
            fills.append(fill)
        rests = order.left > ZERO and self._may_rest(order)
        if rests:
            order = order.waiting(book.shown, self._now)
        working = self._working | ({intent.intent_id: order} if rests else {})
        needed = self._collateral(ledger, working.values())
        if ledger.cash < needed:
            raise OrderRejected(f"insufficient_balance: ${ledger.cash} left, ${needed} needed")
        self.ledger, self._working = ledger, working
        self._seen.add(intent.intent_id)
        self._trades(book, fills)
        return intent.report(order.order_id, order.filled, order.left if rests else ZERO)

    async def cancel(self, order: Order) -> Decimal:
        """Take an order out of the book; one that is not there any more takes back nothing."""
        working = self._working.pop(order.intent.intent_id, None)
        return ZERO if working is None else working.left

    async def resolve(self, intent: Intent, *, resend: bool) -> OrderReport:
        """Every answer of this exchange arrives, so an order without one died with its process."""
        working = self._working.get(intent.intent_id)
        if working is not None:
            return intent.report(working.order_id, working.filled, working.left)
        if resend and intent.intent_id not in self._seen:
            return await self.place(intent)
        raise OrderRejected(f"{intent.ticker}: the order never arrived")

    def _followed(self) -> Iterator[Fill | OrderUpdate | Book]:
        while self._follows:
            yield self._follows.popleft()

    def _seen_by_loop(self, event: Event) -> Iterator[Event]:
        """What the loop is to see of ``event``: not a book of ours again that a journal repeats."""
        known = self._books.get(event.ticker) if isinstance(event, Book) else None
        if not self._books_lack_trades or known is None or known.left != event:
            yield self._see(event)

    def _see(self, event: Event) -> Event:
        """Take in ``event``; what the loop is to see of it."""
        self._now = max(self._now, event.received_at)
        self._sweep_due()
        match event:
            case Ladder():
                for market in event.markets:
                    self._markets[market.ticker] = market, event.fee_rule
                    if market.status is not MarketStatus.ACTIVE:
                        self._sweep(market.ticker, Reason.HALT)
            case Book():
                self._books[event.ticker] = observed = self._observed(event)
                self._wait(event)
                self._trade_resting(event.ticker)
                return observed.left
            case Print():
                self._print(event)
            case Settlement():
                self._sweep(event.ticker, Reason.CLOSE)
                self._markets.pop(event.ticker, None)
                self._books.pop(event.ticker, None)
                self.ledger = self.ledger.settled(event)
            case Started():
                owed = (order for order in event.orders if order.reported > order.filled)
                self._follows.extend(taken_back(order, self._now) for order in owed)
        return event

    def _observed(self, shown: Book) -> ObservedBook:
        """A market's new book, and what of it we have taken already."""
        before = self._books.get(shown.ticker)
        if self._books_lack_trades:
            return ObservedBook(shown)
        if before is not None:
            return before.followed_by(shown)
        observed = ObservedBook(shown)
        for order in self._filled_before:
            if order.intent.ticker == shown.ticker:
                limit = self._limit(order.intent)
                observed, _ = observed.swept(order.intent.side, order.filled, limit)
        return observed

    def _trade_resting(self, ticker: str) -> None:
        if ticker not in self._markets:
            return
        _, rule = self._markets[ticker]
        book, fills = self._books[ticker], list[Fill]()
        for order in self._queue(ticker):
            intent = order.intent
            book, reached = book.swept(intent.side, order.left, intent.limit_price)
            if not reached:
                continue
            count = sum((level.count for level in reached), ZERO)
            after, fill = order.traded(intent.limit_price, count, rule, self._now, is_taker=False)
            self.ledger = self.ledger.filled(fill)
            self._working[intent.intent_id] = after
            if after.left == ZERO:
                del self._working[intent.intent_id]
            fills.append(fill)
        self._trades(book, fills)

    def _wait(self, shown: Book) -> None:
        """Every order that rests in a market takes its place behind what the book shows."""
        for order in self._queue(shown.ticker):
            self._working[order.intent.intent_id] = order.waiting(shown, self._now)

    def _print(self, event: Print) -> None:
        """Have what others traded reach our orders, the best first, each contract once."""
        if event.ticker not in self._markets:
            return
        (_, rule), left = self._markets[event.ticker], event.count
        for order in self._queue(event.ticker):
            if order.intent.side is event.taker_side or left == ZERO:
                continue
            after, reached = order.printed(event.price, left, event.valid_at)
            if reached > ZERO:
                price = order.intent.limit_price
                after, fill = after.traded(price, reached, rule, self._now, is_taker=False)
                left -= reached
                self.ledger = self.ledger.filled(fill)
                self._follows.append(fill)
            self._working[order.intent.intent_id] = after
            if after.left == ZERO:
                del self._working[order.intent.intent_id]

    def _trades(self, book: ObservedBook, fills: Sequence[Fill]) -> None:
        """Have the loop hear of ``fills``, and then of the book without what they took."""
        if not fills:
            return
        self._books[book.shown.ticker] = book = ObservedBook(
            replace(book.shown, received_at=self._now), book.taken
        )
        self._follows.extend((*fills, book.left))

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

    def _end(self, order: WorkingOrder, reason: Reason) -> None:
        del self._working[order.intent.intent_id]
        self._follows.append(order.ended(reason, self._now))

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
        book = self._books[ticker]
        if intent.post_only and book.swept(intent.side, CENT, intent.limit_price)[1]:
            raise OrderRejected("invalid_order: post only cross")
        try:
            model_fee(intent.limit_price, intent.count, rule, is_taker=True)
        except ContractError as error:
            raise OrderRejected(str(error)) from error

    def _offered(self, intent: Intent) -> tuple[ObservedBook, tuple[Level, ...]]:
        """What ``intent`` takes, and the book without it."""
        whole, count, limit = self._books[intent.ticker], intent.count, self._limit(intent)
        waits = intent.time_in_force is TimeInForce.GOOD_TILL_CANCELED
        if intent.reduces and (limit is None or not waits):
            held = self.ledger.held(intent.ticker)
            count = min(count, max(held if intent.side is Side.SELL else -held, ZERO))
        book, taken = whole.swept(intent.side, count, limit, stop=self._own_price(intent))
        kill = intent.time_in_force is TimeInForce.FILL_OR_KILL
        if kill and sum((level.count for level in taken), ZERO) < intent.count:
            return whole, ()
        return book, taken

    def _limit(self, intent: Intent) -> Decimal | None:
        """The worst price at which ``intent`` takes; ``None`` where it takes any."""
        is_instant = self._instant_fill and intent.by_hand and intent.reduces
        return None if is_instant else intent.limit_price

    def _own_price(self, intent: Intent) -> Decimal | None:
        """The best price at which an order of ours waits on the other side, if one does."""
        facing = [o for o in self._queue(intent.ticker) if o.intent.side is not intent.side]
        return facing[0].intent.limit_price if facing else None

    def _may_rest(self, order: WorkingOrder) -> bool:
        own = self._own_price(order.intent)
        crosses = own is not None and order.meets(own)
        return order.intent.time_in_force is TimeInForce.GOOD_TILL_CANCELED and not crosses

    def _queue(self, ticker: str) -> tuple[WorkingOrder, ...]:
        """Our orders of a market in the order in which they trade, side by side."""
        mine = [order for order in self._working.values() if order.intent.ticker == ticker]
        return tuple(sorted(mine, key=lambda order: (order.intent.side, order.rank)))

    def _collateral(self, ledger: Ledger, orders: Iterable[WorkingOrder]) -> Decimal:
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
