"""What people may have done. Every wish goes into the one loop; the answer is what happened."""

from decimal import Decimal
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Path, Query, Response

from kalshi_edge.api.deps import NAME, By, Here, IdempotencyKey, KnownTrade, Parts, documented_key
from kalshi_edge.api.problems import Refusal, documented
from kalshi_edge.api.schemas.commands import (
    AcknowledgeRequest,
    CancelOutcome,
    HaltRequest,
    OtherLeg,
    Reason,
    ResumeRequest,
    SaleOutcome,
    SellRequest,
    StageOutcome,
    StageRequest,
    SwitchOutcome,
    TermsOutcome,
)
from kalshi_edge.api.views.outcome import (
    cancel_outcome,
    sale_outcome,
    stage_outcome,
    switch_outcome,
    terms_outcome,
)
from kalshi_edge.domain.events import (
    AcknowledgeTerms,
    CancelRequest,
    Close,
    ClosePosition,
    Command,
    Halt,
    Resume,
    SetStage,
)
from kalshi_edge.domain.records import SwitchState

LATER = "Not all is known yet: ask again with the same key"

router = APIRouter(
    prefix="/api",
    dependencies=[documented_key],
    responses=documented(400, 401, 403, 409, 413, 414, 422, 429, 503),
)


def _later(model: type) -> dict[int | str, dict[str, object]]:
    return {202: {"model": model, "description": LATER}}


@router.post("/risk/halt", tags=["risk"], responses=_later(SwitchOutcome))
async def halt(
    here: Here, request: HaltRequest, by: By, response: Response, key: IdempotencyKey = ""
) -> SwitchOutcome:
    """Throw the kill switch by hand."""
    _confirmed(here, is_meant=request.confirm)
    level = SwitchState(request.level)
    command = Halt(
        reason=request.reason,
        received_at=here.context.now(),
        command_id=_name(key),
        by=by,
        level=level,
        cause=request.cause,
        name=request.name,
    )
    recorded = await here.commands.put(command)
    response.status_code = 202 if recorded is None else 200
    return switch_outcome(command, recorded, here.context)


@router.post("/risk/resume", tags=["risk"], responses=_later(SwitchOutcome))
async def resume(
    here: Here, request: ResumeRequest, by: By, response: Response, key: IdempotencyKey = ""
) -> SwitchOutcome:
    """Let trading go on, whatever held it back, or where one cause did."""
    _confirmed(here, is_meant=request.confirm)
    command = Resume(
        reason=request.reason,
        received_at=here.context.now(),
        command_id=_name(key),
        by=by,
        cause=request.cause,
        name=request.name,
    )
    recorded = await here.commands.put(command)
    response.status_code = 202 if recorded is None else 200
    return switch_outcome(command, recorded, here.context)


@router.delete(
    "/orders/{order_id}",
    tags=["account"],
    responses={**_later(CancelOutcome), **documented(404)},
)
async def quick_sell(
    *,
    here: Here,
    order_id: Annotated[str, Path(pattern=NAME, description="Our name for it or the exchange's.")],
    by: By,
    response: Response,
    reason: Annotated[Reason, Query()] = "cancel order",
    confirm: Annotated[bool, Query(description="Must be true in live mode.")] = False,
    key: IdempotencyKey = "",
) -> CancelOutcome:
    """Take a resting order out of the book at once, and with it its bracket's other entries.

    What had filled already stays a position, and the answer says so.
    """
    _confirmed(here, is_meant=confirm)
    if not here.context.trader.engine.account.structure(order_id):
        raise Refusal(404, f"no order {order_id}")
    command = CancelRequest(order_id, reason, here.context.now(), _name(key), by)
    recorded = await here.commands.put(command)
    orders, is_settled = ([], False) if recorded is None else await here.commands.orders(recorded)
    response.status_code = 200 if is_settled else 202
    return cancel_outcome(command, recorded, orders, here.context, is_settled=is_settled)


@router.post(
    "/positions/{trade_id}/sell",
    tags=["account"],
    responses={**_later(SaleOutcome), **documented(404)},
)
async def sell(
    *,
    here: Here,
    trade: KnownTrade,
    request: SellRequest,
    by: By,
    response: Response,
    key: IdempotencyKey = "",
) -> SaleOutcome:
    """Sell a position at a price or better; a bracket with all its legs.

    It takes what the book pays down to the limit; the rest waits there, where it may. The answer
    says how much was sold at what, and how much waits. A trade that a person sold is left out of
    the statistics. In paper mode with PAPER_INSTANT_FILL it is sold at once for whatever the book
    pays; what the limit would have brought beyond that is the imagined gain, and no money.
    """
    _confirmed(here, is_meant=request.confirm)
    command = _closing(here, trade.trade_id, request, _name(key), by)
    recorded = await here.commands.put(command)
    orders, is_settled = ([], False) if recorded is None else await here.commands.orders(recorded)
    response.status_code = 200 if is_settled else 202
    return sale_outcome(command, recorded, orders, here.context, is_settled=is_settled)


@router.post(
    "/terms/{series}/acknowledge",
    tags=["status"],
    responses={**_later(TermsOutcome), **documented(404)},
)
async def acknowledge(
    *,
    here: Here,
    series: Annotated[str, Path(pattern=NAME)],
    request: AcknowledgeRequest,
    by: By,
    response: Response,
    key: IdempotencyKey = "",
) -> TermsOutcome:
    """Accept a series' changed rules: trading in it may go on."""
    _confirmed(here, is_meant=request.confirm)
    if series not in here.context.trader.engine.state.terms:
        raise Refusal(404, f"no rules of series {series} have been seen")
    now = here.context.now()
    command = AcknowledgeTerms(series, request.fingerprint, now, request.reason, _name(key), by)
    recorded = await here.commands.put(command)
    response.status_code = 202 if recorded is None else 200
    return terms_outcome(command, recorded, here.context)


@router.post(
    "/evidence/{cell_id}/stage",
    tags=["evidence"],
    responses={**_later(StageOutcome), **documented(404)},
)
async def set_stage(
    *,
    here: Here,
    cell_id: Annotated[str, Path(pattern=NAME)],
    request: StageRequest,
    by: By,
    response: Response,
    key: IdempotencyKey = "",
) -> StageOutcome:
    """Let live money go one stage further in a cell where its evidence allows it, or take it back.

    With ``is_override`` further than the evidence allows. Refused with the figures that are short.
    """
    _confirmed(here, is_meant=request.confirm)
    if cell_id not in here.context.read_model.evidence.gates:
        raise Refusal(404, f"no cell {cell_id}")
    command = SetStage(
        cell_id=cell_id,
        stage=request.stage,
        received_at=here.context.now(),
        is_override=request.is_override,
        reason=request.reason,
        command_id=_name(key),
        by=by,
    )
    recorded = await here.commands.put(command)
    response.status_code = 202 if recorded is None else 200
    return stage_outcome(command, recorded, here.context)


def _name(key: str) -> str:
    return key or uuid4().hex


def _confirmed(here: Parts, *, is_meant: bool) -> None:
    if here.context.mode == "live" and not is_meant:
        raise Refusal(409, "confirm must be true in live mode: real money follows")


def _closing(here: Parts, trade_id: str, request: SellRequest, name: str, by: str) -> ClosePosition:
    before = here.commands.known(name)
    legs = [OtherLeg(trade_id=trade_id, limit_price=request.limit_price, count=request.count)]
    first, *others = [_part(here, leg, before) for leg in (*legs, *request.other_legs)]
    return ClosePosition(
        trade_id=first.trade_id,
        count=first.count,
        limit_price=first.limit_price,
        received_at=here.context.now(),
        others=tuple(others),
        waits=request.waits,
        reason=request.reason,
        command_id=name,
        by=by,
    )


def _part(here: Parts, leg: OtherLeg, before: Command | None) -> Close:
    """One leg's sale; a count left out is what it was the first time, else all that is held."""
    account = here.context.trader.engine.account
    trade = account.tracker.trades.get(leg.trade_id)
    if trade is None:
        raise Refusal(404, f"no trade {leg.trade_id}")
    if leg.count is not None:
        count = Decimal(leg.count)
    else:
        parts = before.parts if isinstance(before, ClosePosition) else ()
        count = next(
            (part.count for part in parts if part.trade_id == leg.trade_id),
            trade.open_count - account.pending_sales(leg.trade_id),
        )
    return Close(leg.trade_id, count, Decimal(leg.limit_price))
