"""What people may have done. Every wish goes into the one loop; the answer is what happened."""

from decimal import Decimal
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Path, Query, Response

from kalshi_edge.api.deps import NAME, By, Here, IdempotencyKey, KnownTrade, Parts, documented_key
from kalshi_edge.api.problems import Refusal, documented
from kalshi_edge.api.schemas.commands import (
    AcknowledgeWish,
    CancelOutcome,
    HaltWish,
    OtherLeg,
    Reason,
    ResumeWish,
    SaleOutcome,
    SellWish,
    SwitchOutcome,
    TermsOutcome,
)
from kalshi_edge.api.views.outcome import (
    cancel_outcome,
    sale_outcome,
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
    here: Here, wish: HaltWish, by: By, response: Response, key: IdempotencyKey = ""
) -> SwitchOutcome:
    """Throw the kill switch by hand."""
    _confirmed(here, is_meant=wish.confirm)
    level = SwitchState(wish.level)
    command = Halt(wish.reason, here.standing.now(), _name(key), by, level, wish.cause)
    heard = await here.wishes.put(command)
    response.status_code = 202 if heard is None else 200
    return switch_outcome(command, heard, here.standing)


@router.post("/risk/resume", tags=["risk"], responses=_later(SwitchOutcome))
async def resume(
    here: Here, wish: ResumeWish, by: By, response: Response, key: IdempotencyKey = ""
) -> SwitchOutcome:
    """Let trading go on, whatever held it back, or where one cause did."""
    _confirmed(here, is_meant=wish.confirm)
    command = Resume(wish.reason, here.standing.now(), _name(key), by, wish.cause)
    heard = await here.wishes.put(command)
    response.status_code = 202 if heard is None else 200
    return switch_outcome(command, heard, here.standing)


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
    reason: Annotated[Reason, Query()] = "quick sell",
    confirm: Annotated[bool, Query(description="Must be true in live mode.")] = False,
    key: IdempotencyKey = "",
) -> CancelOutcome:
    """Take a resting order out of the book at once, and with it its bracket's other entries.

    What had filled already stays a position, and the answer says so.
    """
    _confirmed(here, is_meant=confirm)
    if not here.standing.trader.engine.account.structure(order_id):
        raise Refusal(404, f"no order {order_id}")
    command = CancelRequest(order_id, reason, here.standing.now(), _name(key), by)
    heard = await here.wishes.put(command)
    orders, is_settled = ([], False) if heard is None else await here.wishes.orders(heard)
    response.status_code = 200 if is_settled else 202
    return cancel_outcome(command, heard, orders, here.standing, is_settled=is_settled)


@router.post(
    "/positions/{trade_id}/sell",
    tags=["account"],
    responses={**_later(SaleOutcome), **documented(404)},
)
async def sell(
    *,
    here: Here,
    trade: KnownTrade,
    wish: SellWish,
    by: By,
    response: Response,
    key: IdempotencyKey = "",
) -> SaleOutcome:
    """Sell a position at a price or better; a bracket with all its legs.

    In paper mode it trades at once, at its limit where nobody offers more, and is left out of all
    statistics.
    """
    _confirmed(here, is_meant=wish.confirm)
    command = _closing(here, trade.trade_id, wish, _name(key), by)
    heard = await here.wishes.put(command)
    orders, is_settled = ([], False) if heard is None else await here.wishes.orders(heard)
    response.status_code = 200 if is_settled else 202
    return sale_outcome(command, heard, orders, here.standing, is_settled=is_settled)


@router.post(
    "/terms/{series}/acknowledge",
    tags=["status"],
    responses={**_later(TermsOutcome), **documented(404)},
)
async def acknowledge(
    *,
    here: Here,
    series: Annotated[str, Path(pattern=NAME)],
    wish: AcknowledgeWish,
    by: By,
    response: Response,
    key: IdempotencyKey = "",
) -> TermsOutcome:
    """Accept a series' changed rules: trading in it may go on."""
    _confirmed(here, is_meant=wish.confirm)
    if series not in here.standing.trader.engine.knowledge.terms:
        raise Refusal(404, f"no rules of series {series} have been seen")
    now = here.standing.now()
    command = AcknowledgeTerms(series, wish.fingerprint, now, wish.reason, _name(key), by)
    heard = await here.wishes.put(command)
    response.status_code = 202 if heard is None else 200
    return terms_outcome(command, heard, here.standing)


def _name(key: str) -> str:
    return key or uuid4().hex


def _confirmed(here: Parts, *, is_meant: bool) -> None:
    if here.standing.mode == "live" and not is_meant:
        raise Refusal(409, "confirm must be true in live mode: real money follows")


def _closing(here: Parts, trade_id: str, wish: SellWish, name: str, by: str) -> ClosePosition:
    before = here.wishes.known(name)
    legs = [OtherLeg(trade_id=trade_id, limit_price=wish.limit_price, count=wish.count)]
    first, *others = [_part(here, leg, before) for leg in (*legs, *wish.other_legs)]
    return ClosePosition(
        trade_id=first.trade_id,
        count=first.count,
        limit_price=first.limit_price,
        received_at=here.standing.now(),
        others=tuple(others),
        waits=wish.waits,
        reason=wish.reason,
        command_id=name,
        by=by,
    )


def _part(here: Parts, leg: OtherLeg, before: Command | None) -> Close:
    """One leg's sale; a count left out is what it was the first time, else all that is held."""
    account = here.standing.trader.engine.account
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
