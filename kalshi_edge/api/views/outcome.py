"""What became of a wish: in one sentence, and as shapes."""

from collections.abc import Sequence
from typing import Any

from kalshi_edge.api.context import ApiContext
from kalshi_edge.api.read_model import RecordedCommand
from kalshi_edge.api.schemas.commands import CancelOutcome, SaleOutcome, SwitchOutcome, TermsOutcome
from kalshi_edge.api.views.account import market_of, order_view, trade_view
from kalshi_edge.api.views.market import gates
from kalshi_edge.api.views.risk import switch_view
from kalshi_edge.api.views.status import terms_view
from kalshi_edge.api.views.wording import outcome_text, refusal
from kalshi_edge.domain.events import AcknowledgeTerms, Command
from kalshi_edge.domain.orders import Order
from kalshi_edge.units import ZERO, plain


def switch_outcome(
    command: Command, recorded: RecordedCommand | None, context: ApiContext
) -> SwitchOutcome:
    """The kill switch after the wish."""
    at = context.now()
    switch = switch_view(context.trader.engine.account.switch_at(at), at)
    return SwitchOutcome(
        **_common(command, recorded, is_settled=recorded is not None), switch=switch
    )


def terms_outcome(
    command: AcknowledgeTerms, recorded: RecordedCommand | None, context: ApiContext
) -> TermsOutcome:
    """The series' rules after the wish."""
    state = context.trader.engine.state
    record = state.terms.get(command.series)
    terms = None if record is None else terms_view(record, state.stations)
    return TermsOutcome(**_common(command, recorded, is_settled=recorded is not None), terms=terms)


def cancel_outcome(
    command: Command,
    recorded: RecordedCommand | None,
    orders: Sequence[Order],
    context: ApiContext,
    *,
    is_settled: bool,
) -> CancelOutcome:
    """The orders after the wish, and what of them had filled."""
    return CancelOutcome(
        **_common(command, recorded, is_settled=is_settled, orders=orders),
        orders=[order_view(order) for order in orders],
        filled=sum((order.filled for order in orders), ZERO),
        positions=_trades(orders, context),
    )


def sale_outcome(
    command: Command,
    recorded: RecordedCommand | None,
    orders: Sequence[Order],
    context: ApiContext,
    *,
    is_settled: bool,
) -> SaleOutcome:
    """The sale's orders and the trades they close."""
    return SaleOutcome(
        **_common(command, recorded, is_settled=is_settled, orders=orders),
        orders=[order_view(order) for order in orders],
        sold=sum((order.filled for order in orders), ZERO),
        trades=_trades(orders, context),
    )


def _common(
    command: Command,
    recorded: RecordedCommand | None,
    *,
    is_settled: bool,
    orders: Sequence[Order] = (),
) -> dict[str, Any]:
    refused = None if recorded is None else refusal(recorded)
    if recorded is None:
        text = "waiting for the loop: ask again with the same Idempotency-Key, or see /api/audit"
    else:
        text = "; ".join([outcome_text(recorded), *map(_fate, orders)])
    return {
        "command_id": command.command_id,
        "is_settled": is_settled,
        "is_refused": refused is not None,
        "seq": None if recorded is None else recorded.seq,
        "text": text,
        "gates": tuple(gates(refused.checks)) if refused is not None else (),
    }


def _fate(order: Order) -> str:
    why = f" ({order.reason})" if order.reason else ""
    filled, count = plain(order.filled), plain(order.intent.count)
    return f"{order.intent.ticker}: {filled} of {count}, {order.state}{why}"


def _trades(orders: Sequence[Order], context: ApiContext) -> list[Any]:
    engine = context.trader.engine
    names = dict.fromkeys(order.intent.trade_id for order in orders)
    known = [engine.account.tracker.trades.get(name) for name in names]
    return [
        trade_view(trade, market_of(engine, trade.ticker)) for trade in known if trade is not None
    ]
