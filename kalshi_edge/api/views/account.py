"""The account as shapes: balance, positions, trades, orders, days."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

from kalshi_edge.api.read_model import ReadModel
from kalshi_edge.api.schemas.account import (
    Balance,
    DailyView,
    Equity,
    OpenPositions,
    OrderView,
    PnlHistory,
    PnlToday,
    Position,
    SalePreview,
    Trades,
    TradeView,
)
from kalshi_edge.api.schemas.figures import ContractSide
from kalshi_edge.domain.market import Book, Market
from kalshi_edge.domain.orders import Order, Side
from kalshi_edge.domain.records import Trade
from kalshi_edge.engine import Engine
from kalshi_edge.portfolio.performance import closed_on, performance
from kalshi_edge.portfolio.tracker import liquidation_value, open_cost, unrealised
from kalshi_edge.trading.fees import taker_fee
from kalshi_edge.units import ONE, ZERO


def balance(engine: Engine, at: datetime) -> Balance:
    """Cash, equity and what both have come to."""
    account, marks = engine.account, engine.state.marks
    equity, paid_in = account.tracker.equity(marks), account.paid_in
    trades = account.tracker.open_trades()
    return Balance(
        at=at,
        cash=account.tracker.cash,
        equity=equity,
        starting_balance=account.starting_balance,
        paid_in=paid_in,
        opening_balance=account.opening_balance,
        day_pnl=equity - account.opening_balance,
        total_return_percent=round(float(equity / paid_in - 1) * 100, 4),
        open_positions=len(trades),
        unrealised=sum((unrealised(t, marks.get(t.ticker)) for t in trades), ZERO),
        imagined_gain=sum((t.imagined_gain for t in account.tracker.trades.values()), ZERO),
    )


def open_positions(engine: Engine, read_model: ReadModel, at: datetime) -> OpenPositions:
    """Everything held, and what the books would pay for it."""
    fair = fair_by_ticker(engine, read_model)
    positions = [_position(t, engine, fair, at) for t in engine.account.tracker.open_trades()]
    return OpenPositions(
        at=at,
        positions=positions,
        total_cost=sum((one.cost for one in positions), ZERO),
        total_unrealised=sum((one.unrealised for one in positions), ZERO),
        total_imagined_gain=sum((one.imagined_gain for one in positions), ZERO),
    )


def _position(trade: Trade, engine: Engine, fair: dict[str, float], at: datetime) -> Position:
    book = engine.state.books.get(trade.ticker)
    market = market_of(engine, trade.ticker)
    ladder = engine.state.ladder_of(trade.ticker)
    mark = engine.state.marks.get(trade.ticker)
    value, covered = liquidation_value(trade, mark), covered_count(trade, mark)
    age_s = None if book is None else (at - book.valid_at).total_seconds()
    belief = fair.get(trade.ticker)
    if belief is not None and trade.side is Side.SELL:
        belief = 1.0 - belief
    return Position(
        trade_id=trade.trade_id,
        mode=trade.mode,
        strategy=trade.strategy,
        bracket_id=trade.bracket_id,
        ticker=trade.ticker,
        event_ticker=None if ladder is None else ladder.event_ticker,
        city=trade.city,
        climate_day=trade.climate_day,
        bin=None if market is None else str(market.bin),
        side=contract_side(trade.side),
        count=trade.count,
        open_count=trade.open_count,
        on_sale=engine.account.pending_sales(trade.trade_id),
        average_price=_rounded(trade.paid / trade.count),
        cost=open_cost(trade),
        fees=trade.fees,
        fair_at_entry=trade.fair,
        edge_at_entry=trade.edge,
        fair=belief,
        opened_at=trade.opened_at,
        bid=None if book is None else book.bid,
        ask=None if book is None else book.ask,
        liquidation_value=value,
        liquidation_price=_rounded(value / covered) if covered else None,
        covered_count=covered,
        unrealised=unrealised(trade, mark),
        payoff_if_won=trade.open_count,
        imagined_gain=trade.imagined_gain,
        book_at=None if book is None else book.valid_at,
        book_age_s=age_s,
        is_stale=age_s is None or age_s > engine.playbook.limits.max_book_age.total_seconds(),
    )


def covered_count(trade: Trade, book: Book | None) -> Decimal:
    """Contracts of a position that somebody would take now."""
    if book is None:
        return ZERO
    sweep = book.sell if trade.side is Side.BUY else book.buy
    return sweep(trade.open_count).count


def fair_by_ticker(engine: Engine, read_model: ReadModel) -> dict[str, float]:
    """Our probability of every market that the last cycle looked at."""
    if read_model.judged is None:
        return {}
    return {
        market.ticker: fair
        for view in read_model.judged.done.cities
        if (ladder := engine.state.ladders.get(view.event_ticker)) is not None
        and len(ladder.markets) == len(view.fair)
        for market, fair in zip(ladder.markets, view.fair, strict=True)
    }


def sale_preview(
    trade: Trade, price: Decimal, count: Decimal, engine: Engine, at: datetime
) -> SalePreview:
    """What selling ``count`` of ``trade`` at ``price`` dollars per YES contract would come to."""
    state = engine.state
    book, ladder = state.books.get(trade.ticker), state.ladder_of(trade.ticker)
    sells = trade.side is Side.BUY
    found = None
    if book is not None:
        found = book.sell(count, price) if sells else book.buy(count, price)
    now = ZERO if found is None else found.count
    yes_proceeds = ZERO if found is None else found.cost
    proceeds = yes_proceeds if sells else now - yes_proceeds
    entry_each = (trade.paid + trade.fees) / trade.count if trade.count else ZERO

    def fee(of: Decimal, each: Decimal) -> Decimal:
        known = ladder is not None and of > ZERO
        return taker_fee(each, of, ladder.fee_rule, at) if ladder and known else ZERO

    vwap = None if not now or found is None else _rounded(yes_proceeds / now)
    fee_now, value = fee(now, vwap or price), price if sells else ONE - price
    return SalePreview(
        trade_id=trade.trade_id,
        limit_price=price,
        count=count,
        fills_now=now,
        vwap=vwap,
        proceeds_now=proceeds,
        fee_now=fee_now,
        pnl_now=_rounded(proceeds - fee_now - entry_each * now),
        pnl_all_at_limit=_rounded(value * count - fee(count, price) - entry_each * count),
        book_at=None if book is None else book.valid_at,
        book_age_s=None if book is None else (at - book.valid_at).total_seconds(),
    )


def trade_view(trade: Trade, market: Market | None) -> TradeView:
    """One trade; its bin where its market is still known."""
    return TradeView(
        trade_id=trade.trade_id,
        mode=trade.mode,
        strategy=trade.strategy,
        bracket_id=trade.bracket_id,
        ticker=trade.ticker,
        city=trade.city,
        climate_day=trade.climate_day,
        bin=None if market is None else str(market.bin),
        side=contract_side(trade.side),
        opened_at=trade.opened_at,
        closed_at=trade.closed_at,
        count=trade.count,
        open_count=trade.open_count,
        paid=trade.paid,
        received=trade.received,
        fees=trade.fees,
        pnl=trade.pnl,
        fair_at_entry=trade.fair,
        edge_at_entry=trade.edge,
        settled_value=trade.settled_value,
        by_hand=trade.by_hand,
        imagined_gain=trade.imagined_gain,
    )


def newest_trades(engine: Engine, limit: int) -> list[TradeView]:
    """The last ``limit`` trades, the newest first."""
    return selected_trades(engine, day=None, city=None, limit=limit).trades


def selected_trades(engine: Engine, *, day: date | None, city: str | None, limit: int) -> Trades:
    """Trades of a climate day, of a city, or both, the newest first."""
    chosen = [
        trade
        for trade in engine.account.tracker.trades.values()
        if (day is None or trade.climate_day == day) and (city is None or trade.city == city)
    ]
    newest = reversed(chosen[-limit:])
    return Trades(
        total=len(chosen),
        trades=[trade_view(trade, market_of(engine, trade.ticker)) for trade in newest],
    )


def order_view(order: Order) -> OrderView:
    """One order and how far it has come."""
    intent = order.intent
    return OrderView(
        intent_id=intent.intent_id,
        order_id=order.order_id,
        trade_id=intent.trade_id,
        bracket_id=intent.bracket_id,
        strategy=intent.strategy,
        ticker=intent.ticker,
        city=intent.city,
        climate_day=intent.climate_day,
        side="buy" if intent.side is Side.BUY else "sell",
        reduces=intent.reduces,
        by_hand=intent.by_hand,
        count=intent.count,
        filled=order.filled,
        pending=order.pending,
        limit_price=intent.limit_price,
        state=order.state,
        is_live=order.is_live,
        reason=order.reason,
        created_at=intent.created_at,
    )


def newest_orders(
    orders: Iterable[Order], limit: int, *, live_only: bool = False
) -> list[OrderView]:
    """Live orders first, then those that are over, the newest first; at most ``limit``."""
    known = sorted(orders, key=lambda one: (one.is_live, one.intent.created_at), reverse=True)
    return [order_view(one) for one in known[:limit] if one.is_live or not live_only]


def pnl_today(engine: Engine, at: datetime) -> PnlToday:
    """What closed trades of this UTC day came to, and what open ones would."""
    account, marks = engine.account, engine.state.marks
    done = performance(closed_on(account.tracker.trades.values(), at.date()))
    trades = account.tracker.open_trades()
    return PnlToday(
        day=at.date(),
        realised=done.pnl,
        fees=done.fees,
        wins=done.wins,
        losses=done.losses,
        by_hand=done.by_hand,
        imagined_gain=done.imagined_gain,
        unrealised=sum((unrealised(t, marks.get(t.ticker)) for t in trades), ZERO),
        opening_balance=account.opening_balance,
        equity=account.tracker.equity(marks),
        halts=engine.kill_switch.halts,
    )


def pnl_history(read_model: ReadModel) -> PnlHistory:
    """All daily records, oldest first."""
    return PnlHistory(
        records=[
            DailyView(
                day=record.day,
                mode=record.mode,
                opening_balance=record.opening_balance,
                closing_balance=record.closing_balance,
                realised=record.realised,
                fees=record.fees,
                wins=record.wins,
                losses=record.losses,
                halts=record.halts,
                deposits=record.deposits,
            )
            for record in sorted(read_model.days.values(), key=lambda record: record.day)
        ]
    )


def equity_curve(engine: Engine, read_model: ReadModel, limit: int) -> Equity:
    """The account cycle by cycle, the newest ``limit``, with the switch's marks among them."""
    points = list(read_model.equity)[-limit:]
    first = points[0].at if points else None
    return Equity(
        starting_balance=engine.account.starting_balance,
        points=points,
        marks=[mark for mark in read_model.marks if first is None or mark.at >= first],
    )


def market_of(engine: Engine, ticker: str) -> Market | None:
    """A market, if its ladder is not forgotten yet."""
    ladder = engine.state.ladder_of(ticker)
    markets = () if ladder is None else ladder.markets
    return next((market for market in markets if market.ticker == ticker), None)


def contract_side(side: Side) -> ContractSide:
    """The contracts that an order of ``side`` buys where it opens a position."""
    return "yes" if side is Side.BUY else "no"


def _rounded(dollars: Decimal) -> Decimal:
    """A quotient, to a millionth of a dollar."""
    return round(dollars, 6)
