"""What became of a wish: in one sentence, and as shapes."""

from collections.abc import Sequence
from typing import Any

from kalshi_edge.api.context import Standing
from kalshi_edge.api.read_model import Heard
from kalshi_edge.api.schemas.commands import CancelOutcome, SaleOutcome, SwitchOutcome, TermsOutcome
from kalshi_edge.api.views.account import market_of, order_view, trade_view
from kalshi_edge.api.views.market import gates
from kalshi_edge.api.views.risk import switch_view
from kalshi_edge.api.views.status import terms_view
from kalshi_edge.api.views.wording import outcome_text, refusal
from kalshi_edge.domain.events import AcknowledgeTerms, Command
from kalshi_edge.domain.orders import Order
from kalshi_edge.units import ZERO, plain


def switch_outcome(command: Command, heard: Heard | None, standing: Standing) -> SwitchOutcome:
    """The kill switch after the wish."""
    at = standing.now()
    switch = switch_view(standing.trader.engine.account.switch_at(at), at)
    return SwitchOutcome(**_common(command, heard, is_settled=heard is not None), switch=switch)


def terms_outcome(
    command: AcknowledgeTerms, heard: Heard | None, standing: Standing
) -> TermsOutcome:
    """The series' rules after the wish."""
    knowledge = standing.trader.engine.knowledge
    record = knowledge.terms.get(command.series)
    terms = None if record is None else terms_view(record, knowledge.stations)
    return TermsOutcome(**_common(command, heard, is_settled=heard is not None), terms=terms)


def cancel_outcome(
    command: Command,
    heard: Heard | None,
    orders: Sequence[Order],
    standing: Standing,
    *,
    is_settled: bool,
) -> CancelOutcome:
    """The orders after the wish, and what of them had filled."""
    return CancelOutcome(
        **_common(command, heard, is_settled=is_settled, orders=orders),
        orders=[order_view(order) for order in orders],
        filled=sum((order.filled for order in orders), ZERO),
        positions=_trades(orders, standing),
    )


def sale_outcome(
    command: Command,
    heard: Heard | None,
    orders: Sequence[Order],
    standing: Standing,
    *,
    is_settled: bool,
) -> SaleOutcome:
    """The sale's orders and the trades they close."""
    return SaleOutcome(
        **_common(command, heard, is_settled=is_settled, orders=orders),
        orders=[order_view(order) for order in orders],
        sold=sum((order.filled for order in orders), ZERO),
        trades=_trades(orders, standing),
    )


def _common(
    command: Command, heard: Heard | None, *, is_settled: bool, orders: Sequence[Order] = ()
) -> dict[str, Any]:
    refused = None if heard is None else refusal(heard)
    if heard is None:
        text = "in the loop's inbox: ask again with the same Idempotency-Key, or see /api/audit"
    else:
        text = "; ".join([outcome_text(heard), *map(_fate, orders)])
    return {
        "command_id": command.command_id,
        "is_settled": is_settled,
        "is_refused": refused is not None,
        "seq": None if heard is None else heard.seq,
        "text": text,
        "gates": tuple(gates(refused.checks)) if refused is not None else (),
    }


def _fate(order: Order) -> str:
    why = f" ({order.reason})" if order.reason else ""
    filled, count = plain(order.filled), plain(order.intent.count)
    return f"{order.intent.ticker}: {filled} of {count}, {order.state}{why}"


def _trades(orders: Sequence[Order], standing: Standing) -> list[Any]:
    engine = standing.trader.engine
    names = dict.fromkeys(order.intent.trade_id for order in orders)
    known = [engine.account.tracker.trades.get(name) for name in names]
    return [
        trade_view(trade, market_of(engine, trade.ticker)) for trade in known if trade is not None
    ]
