"""What became of a wish: in one sentence, and as shapes."""

from collections.abc import Iterable, Sequence
from typing import Any

from kalshi_edge.api.context import ApiContext
from kalshi_edge.api.read_model import RecordedCommand
from kalshi_edge.api.schemas.commands import (
    CancelOutcome,
    SaleFill,
    SaleOutcome,
    StageOutcome,
    SwitchOutcome,
    TermsOutcome,
)
from kalshi_edge.api.views.account import market_of, order_view, trade_view
from kalshi_edge.api.views.evidence import stage_view
from kalshi_edge.api.views.market import gates
from kalshi_edge.api.views.risk import switch_view
from kalshi_edge.api.views.status import terms_view
from kalshi_edge.domain.events import AcknowledgeTerms, Command, SetStage
from kalshi_edge.domain.orders import Fill, Order, OrderState, Side
from kalshi_edge.domain.sentences import outcome_text, refusal
from kalshi_edge.units import ZERO, plain


def switch_outcome(
    command: Command, recorded: RecordedCommand | None, context: ApiContext
) -> SwitchOutcome:
    """The kill switch after the wish."""
    at = context.now()
    switch = switch_view(context.trader.engine.kill_switch.switch_at(at), at)
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


def stage_outcome(
    command: SetStage, recorded: RecordedCommand | None, context: ApiContext
) -> StageOutcome:
    """How far live money may go in the cell after the command."""
    evidence = context.read_model.evidence
    gate = evidence.gates.get(command.cell_id)
    state = evidence.stage_of(gate) if gate is not None and gate.cell.is_live else None
    return StageOutcome(
        **_common(command, recorded, is_settled=recorded is not None),
        stage=None if state is None else stage_view(state),
    )


def cancel_outcome(
    command: Command,
    recorded: RecordedCommand | None,
    orders: Sequence[Order],
    context: ApiContext,
    *,
    is_settled: bool,
) -> CancelOutcome:
    """The orders after the wish, and what of them had filled."""
    stayed = [] if not is_settled else [_stayed(order) for order in orders]
    return CancelOutcome(
        **_common(command, recorded, is_settled=is_settled, orders=orders, more=stayed),
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
    """The sale's orders, what they sold and the trades they close."""
    by_order = context.read_model.fills
    fills = [fill for order in orders for fill in by_order.get(order.intent.intent_id, ())]
    return SaleOutcome(
        **_common(
            command, recorded, is_settled=is_settled, orders=orders, more=map(_sold_at, fills)
        ),
        orders=[order_view(order) for order in orders],
        sold=sum((order.filled for order in orders), ZERO),
        waiting=sum((o.pending for o in orders if o.state is not OrderState.DONE), ZERO),
        fills=[
            SaleFill(
                ticker=fill.ticker,
                count=fill.count,
                price=fill.price,
                fee=fill.fee,
                is_taker=fill.is_taker,
                imagined_gain=fill.imagined_gain,
            )
            for fill in fills
        ],
        imagined_gain=sum((fill.imagined_gain for fill in fills), ZERO),
        trades=_trades(orders, context),
    )


def _common(
    command: Command,
    recorded: RecordedCommand | None,
    *,
    is_settled: bool,
    orders: Sequence[Order] = (),
    more: Iterable[str] = (),
) -> dict[str, Any]:
    refused = None if recorded is None else refusal(recorded.command, recorded.verdicts)
    if recorded is None:
        text = "waiting for the loop: ask again with the same Idempotency-Key, or see /api/audit"
    else:
        said = outcome_text(recorded.command, recorded.verdicts)
        text = "; ".join([said, *map(_fate, orders), *more])
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


def _stayed(order: Order) -> str:
    """What a cancelled order leaves behind."""
    if not order.filled:
        return f"{order.intent.ticker}: nothing had filled, closed at P&L 0"
    what = "had been sold" if order.intent.reduces else "had filled and stay a position"
    return f"{order.intent.ticker}: {plain(order.filled)} {what}"


def _sold_at(fill: Fill) -> str:
    verb = "sold" if fill.side is Side.SELL else "bought back"
    text = f"{verb} {plain(fill.count)} at ${plain(fill.price)}, fee ${plain(fill.fee)}"
    if not fill.imagined_gain:
        return text
    return f"{text} (instant fill: ${plain(fill.imagined_gain)} more is imagined)"


def _trades(orders: Sequence[Order], context: ApiContext) -> list[Any]:
    engine = context.trader.engine
    names = dict.fromkeys(order.intent.trade_id for order in orders)
    known = [engine.account.tracker.trades.get(name) for name in names]
    return [
        trade_view(trade, market_of(engine, trade.ticker)) for trade in known if trade is not None
    ]
