"""The account as a fold of fills and settlements: cash, positions, what they would fetch.

A fill is counted once, whoever tells us of it and how often. A position is an open ``Trade``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from kalshi_edge.domain.market import Book, Ladder, Level, MarketStatus
from kalshi_edge.domain.orders import Fill, Intent, Settlement, Side, Strategy, derived_id
from kalshi_edge.domain.records import Trade
from kalshi_edge.units import MICRO, ONE, ZERO, floor_to


def liquidation_value(trade: Trade, book: Book | None) -> Decimal:
    """Dollars that selling what is still held into ``book`` would fetch, level by level.

    Σ price × count over the bids, best first, for the whole position; what finds no bid counts
    nothing. Without any book the position stands at what was paid for it: we know no better.

    >>> from datetime import UTC, date, datetime
    >>> from kalshi_edge.domain.market import Level
    >>> from kalshi_edge.domain.orders import Strategy
    >>> now = datetime(2026, 11, 22, tzinfo=UTC)
    >>> trade = Trade("t", "paper", Strategy.SINGLE, "T", "NYC", date(2026, 11, 22), now,
    ...               count=Decimal(8), open_count=Decimal(8), paid=Decimal("3.20"))
    >>> bids = (Level(Decimal("0.35"), Decimal(5)), Level(Decimal("0.30"), Decimal(2)))
    >>> liquidation_value(trade, Book("T", bids, (), now, now))
    Decimal('2.35')
    """
    if book is None:
        return open_cost(trade)
    return proceeds(book, trade.side, trade.open_count)


def proceeds(book: Book, side: Side, count: Decimal) -> Decimal:
    """Dollars that ``count`` contracts of a side would fetch in ``book``, level by level, no fees.

    >>> from datetime import UTC, datetime
    >>> from kalshi_edge.domain.market import Level
    >>> now = datetime(2026, 11, 22, tzinfo=UTC)
    >>> book = Book("T", (), (Level(Decimal("0.60"), Decimal(3)),), now, now)
    >>> proceeds(book, Side.SELL, Decimal(5))  # three NO at 40 ¢, nobody takes the others
    Decimal('1.20')
    """
    if side is Side.BUY:
        return book.sell(count).cost
    found = book.buy(count)
    return found.count - found.cost


MARK_STANDS = timedelta(minutes=5)
"""How long the last price of a side is what it is worth, once nobody quotes that side any more."""


def is_mark(book: Book, ladder: Ladder | None, before: Book | None = None) -> bool:
    """Whether ``book`` says what a position is worth, after ``before`` said it.

    Not while it is empty or its market paused: a pause empties a book, and so does a gap in the
    stream. And not at once where a side has gone that ``before`` still had: one frame without bids
    is no price of nothing, five minutes without any are.
    """
    markets = () if ladder is None else ladder.markets
    active = all(m.status is MarketStatus.ACTIVE for m in markets if m.ticker == book.ticker)
    if not active or not (book.bids or book.asks):
        return False
    if before is None or abs(book.received_at - before.received_at) > MARK_STANDS:
        return True
    return bool(book.bids or not before.bids) and bool(book.asks or not before.asks)


def mark_after(mark: Book, fill: Fill) -> Book:
    """``mark`` less what ``fill`` took of it: that pays for nothing more.

    A fill that waited in the book took nothing, and a book of later than the fill has it already.

    >>> from datetime import UTC, datetime
    >>> now = datetime(2026, 11, 22, tzinfo=UTC)
    >>> bids = (Level(Decimal("0.30"), Decimal(20)), Level(Decimal("0.28"), Decimal(10)))
    >>> sold = Fill("f", "i", "T", Side.SELL, Decimal(15), Decimal("0.30"), ZERO, True, now, now)
    >>> mark_after(Book("T", bids, (), now, now), sold).bids[0].count
    Decimal('5')
    """
    if not fill.is_taker or mark.valid_at > fill.valid_at:
        return mark
    if fill.side is Side.BUY:
        return replace(mark, asks=_without(mark.asks, fill))
    return replace(mark, bids=_without(mark.bids, fill))


def _without(levels: Iterable[Level], fill: Fill) -> tuple[Level, ...]:
    """The levels, that of the fill's price shorter by its count."""
    return tuple(
        replace(level, count=rest)
        for level in levels
        if (rest := level.count - (fill.count if level.price == fill.price else ZERO)) > ZERO
    )


def unrealised(trade: Trade, book: Book | None) -> Decimal:
    """Dollars that what is still held would win or lose if it were sold into ``book`` now.

    liquidation value − what the held contracts cost, their share of the fees paid included; the
    fees of selling are not.

    >>> from datetime import UTC, date, datetime
    >>> from kalshi_edge.domain.market import Level
    >>> from kalshi_edge.domain.orders import Strategy
    >>> now = datetime(2026, 11, 22, tzinfo=UTC)
    >>> trade = Trade("t", "paper", Strategy.SINGLE, "T", "NYC", date(2026, 11, 22), now,
    ...               count=Decimal(8), open_count=Decimal(8), paid=Decimal("3.20"),
    ...               fees=Decimal("0.14"))
    >>> bids = (Level(Decimal("0.35"), Decimal(5)), Level(Decimal("0.30"), Decimal(2)))
    >>> unrealised(trade, Book("T", bids, (), now, now))
    Decimal('-0.99')
    """
    return liquidation_value(trade, book) - open_cost(trade) - open_fees(trade)


def open_fees(trade: Trade) -> Decimal:
    """Of the fees paid, the share of the contracts still held, dollars."""
    return trade.fees * trade.open_count / trade.count if trade.count else ZERO


def open_cost(trade: Trade) -> Decimal:
    """Dollars paid, without fees, for the contracts still held (average cost)."""
    return trade.paid * trade.open_count / trade.count if trade.count else ZERO


class Tracker:
    """Cash and trades after everything that was applied so far."""

    def __init__(
        self,
        mode: str,
        starting_balance: Decimal,
        trades: Iterable[Trade] = (),
        seen_fills: Iterable[str] = (),
    ) -> None:
        self.mode = mode
        self.trades = {trade.trade_id: trade for trade in trades}
        flows = sum((t.received - t.paid - t.fees for t in self.trades.values()), ZERO)
        self.cash = starting_balance + flows
        self._open = {name: trade for name, trade in self.trades.items() if trade.is_open}
        self._seen_fills = set(seen_fills)

    def has_seen(self, fill: Fill) -> bool:
        """Whether ``fill`` was counted before."""
        return fill.fill_id in self._seen_fills

    def fill(self, fill: Fill, intent: Intent) -> tuple[Trade, ...]:
        """Count ``fill`` of the order that ``intent`` became: the trades that it changed.

        The exchange knows one net position a market, so a fill first closes what faces it there:
        the trade that its order was meant to reduce, then others, oldest first. What is left
        enlarges its own trade, or opens one. Nothing where it was counted before.
        """
        if self.has_seen(fill):
            return ()
        self._seen_fills.add(fill.fill_id)
        changed, left = list[Trade](), [fill]

        def take(most: Decimal) -> Fill:
            part, *left[:] = _parts(left[0], most)
            return part

        facing = [t for t in self.open_trades() if t.ticker == fill.ticker and t.side != fill.side]
        for trade in sorted(facing, key=lambda trade: trade.trade_id != intent.trade_id):
            if left:
                changed.append(self.keep(_reduced(trade, take(trade.open_count), intent)))
        if left:
            changed.append(self.keep(self._opened(left[0], intent)))
        return tuple(changed)

    def _opened(self, fill: Fill, intent: Intent) -> Trade:
        """The trade that ``fill`` enlarges, or a new one: what is closed is in a day's record."""
        own = self.trades.get(intent.trade_id)
        if intent.reduces:
            # There was nothing left to reduce: the other side is held now, by nobody's strategy.
            intent = replace(intent, strategy=Strategy.MANUAL, bracket_id=None)
        elif (intent.ticker, intent.side) == (fill.ticker, fill.side) and (
            own is None or (own.is_open and own.side is fill.side)
        ):
            return _enlarged(own, fill, intent, self.mode)
        # The fill says what is held now, whatever we thought that its order was.
        named = replace(
            intent,
            trade_id=derived_id(intent.trade_id, fill.fill_id),
            ticker=fill.ticker,
            side=fill.side,
        )
        return _enlarged(None, fill, named, self.mode)

    def keep(self, trade: Trade) -> Trade:
        """Put ``trade`` in the place of what was known of it; cash moves with it."""
        return self._keep(self.trades.get(trade.trade_id), trade)

    def settle(self, settlement: Settlement) -> tuple[Trade, ...]:
        """Pay out every open trade in the settled market; none where all are closed already."""
        return tuple(
            self._keep(trade, _settled(trade, settlement))
            for trade in self.open_trades()
            if trade.ticker == settlement.ticker
        )

    def open_trades(self) -> tuple[Trade, ...]:
        """Trades of which something is still held, oldest first."""
        return tuple(self._open.values())

    def cost(self) -> Decimal:
        """Dollars paid, without fees, for everything still held."""
        return sum((open_cost(trade) for trade in self.open_trades()), ZERO)

    def equity(self, books: Mapping[str, Book]) -> Decimal:
        """Cash and what every position would fetch now, dollars."""
        marks = (liquidation_value(t, books.get(t.ticker)) for t in self.open_trades())
        return self.cash + sum(marks, ZERO)

    def _keep(self, before: Trade | None, after: Trade) -> Trade:
        for trade, sign in ((before, -1), (after, 1)):
            if trade is not None:
                self.cash += sign * (trade.received - trade.paid - trade.fees)
        self.trades[after.trade_id] = after
        if after.is_open:
            self._open[after.trade_id] = after
        else:
            self._open.pop(after.trade_id, None)
        return after


def _value_to_holder(side: Side, yes_price: Decimal) -> Decimal:
    return yes_price if side is Side.BUY else ONE - yes_price


def _enlarged(before: Trade | None, fill: Fill, intent: Intent, mode: str) -> Trade:
    trade = before or Trade(
        trade_id=intent.trade_id,
        mode=mode,
        strategy=intent.strategy,
        ticker=intent.ticker,
        city=intent.city,
        climate_day=intent.climate_day,
        opened_at=fill.valid_at,
        side=intent.side,
        bracket_id=intent.bracket_id,
        fair=intent.fair,
        edge=intent.edge,
    )
    return replace(
        trade,
        count=trade.count + fill.count,
        open_count=trade.open_count + fill.count,
        paid=trade.paid + fill.count * _value_to_holder(trade.side, fill.price),
        fees=trade.fees + fill.fee,
    )


def _parts(fill: Fill, most: Decimal) -> tuple[Fill, ...]:
    """``fill`` as at most ``most`` contracts of it and the rest, if there is one.

    The fee, and an imagined gain, is split in proportion, to the exchange's last digit, and the
    remainder goes with the rest: the parts are the whole.
    """
    if fill.count <= most:
        return (fill,)
    fee, gain = (
        floor_to(whole * most / fill.count, MICRO) for whole in (fill.fee, fill.imagined_gain)
    )
    rest = replace(
        fill,
        count=fill.count - most,
        fee=fill.fee - fee,
        imagined_gain=fill.imagined_gain - gain,
    )
    return (replace(fill, count=most, fee=fee, imagined_gain=gain), rest)


def _reduced(trade: Trade, fill: Fill, intent: Intent) -> Trade:
    left = trade.open_count - fill.count
    return replace(
        trade,
        open_count=left,
        received=trade.received + fill.count * _value_to_holder(trade.side, fill.price),
        fees=trade.fees + fill.fee,
        # When we learnt it: a UTC day's books are closed on what was known by its end.
        closed_at=None if left else fill.received_at,
        by_hand=trade.by_hand or intent.by_hand or intent.adopted,
        imagined_gain=trade.imagined_gain + fill.imagined_gain,
    )


def _settled(trade: Trade, settlement: Settlement) -> Trade:
    value = _value_to_holder(trade.side, settlement.value)
    return replace(
        trade,
        open_count=ZERO,
        received=trade.received + trade.open_count * value,
        closed_at=settlement.received_at,
        settled_value=value,
    )
