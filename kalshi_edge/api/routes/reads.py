"""Everything that is only looked at. All of it is in memory: no request reads the store."""

from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from kalshi_edge.api.deps import CityStation, Here, KnownTrade, Now, documented_key
from kalshi_edge.api.problems import Refusal, documented
from kalshi_edge.api.schemas.account import (
    Balance,
    Equity,
    OpenPositions,
    Orders,
    PnlHistory,
    PnlToday,
    RiskStatus,
    SalePreview,
    Trades,
)
from kalshi_edge.api.schemas.evidence import EvidenceReport
from kalshi_edge.api.schemas.figures import CityFilter, DayFilter, GivenCount, GivenPrice
from kalshi_edge.api.schemas.live import Snapshot
from kalshi_edge.api.schemas.market import CityCalibration, CityMarkets, Forecasts, Scanner
from kalshi_edge.api.schemas.status import (
    Activity,
    Audit,
    Health,
    Liveness,
    SeriesRules,
    Sources,
)
from kalshi_edge.api.views import account, market, risk, status
from kalshi_edge.api.views.calibration import city_calibration
from kalshi_edge.api.views.evidence import evidence
from kalshi_edge.learning.evidence_figures import KEPT_POINTS, figures_of

Limit = Annotated[int, Query(ge=1, le=1000, description="At most so many, the newest.")]

router = APIRouter(
    prefix="/api", dependencies=[documented_key], responses=documented(401, 403, 414, 422, 429)
)


@router.get("/health", tags=["status"], openapi_extra={"security": [{}]})
async def health(here: Here, request: Request) -> Health | Liveness:
    """Status, mode, cycles, and the age of each source.

    Without a key only that the trader's process is alive: what a host's health check asks.
    """
    if here.policy.api_key and "x-api-key" not in request.headers:
        return Liveness(status="alive")
    return status.health(here.context, here.hub.clients)


@router.get("/sources", tags=["status"])
async def sources(now: Now) -> Sources:
    """Every source of facts and how old its last word is."""
    return Sources(at=now.now(), sources=status.source_views(now.trader))


@router.get("/terms", tags=["status"])
async def terms(now: Now) -> SeriesRules:
    """The rules of every series, and whether they are accepted."""
    return status.terms(now)


@router.get("/activity", tags=["status"])
async def activity(now: Now, limit: Limit = 100) -> Activity:
    """What happened lately."""
    return Activity(items=list(now.read_model.activity)[-limit:])


@router.get("/audit", tags=["status"])
async def audit(now: Now) -> Audit:
    """Who wanted what, why, and what followed."""
    return status.audit(now.read_model)


@router.get("/balance", tags=["account"])
async def balance(now: Now) -> Balance:
    """Cash, equity, total return."""
    return account.balance(now.trader.engine, now.now())


@router.get("/positions/open", tags=["account"])
async def open_positions(now: Now) -> OpenPositions:
    """Open positions, each valued by walking the book for its whole size."""
    return account.open_positions(now.trader.engine, now.read_model, now.now())


@router.get("/positions/{trade_id}/preview", tags=["account"], responses=documented(404, 409))
async def sale_preview(
    now: Now, trade: KnownTrade, limit_price: GivenPrice, count: GivenCount | None = None
) -> SalePreview:
    """What a limit sell would come to against the book as it stands."""
    wanted = trade.open_count if count is None else Decimal(count)
    if not 0 < wanted <= trade.open_count:
        raise Refusal(409, f"{wanted} contracts to sell, {trade.open_count} held")
    return account.sale_preview(trade, Decimal(limit_price), wanted, now.trader.engine, now.now())


@router.get("/trades", tags=["account"])
async def trades(
    now: Now,
    day: Annotated[DayFilter, Query(alias="date", description="Climate day.")] = None,
    city: Annotated[CityFilter, Query(examples=["NYC"])] = None,
    limit: Limit = 200,
) -> Trades:
    """Trades of a climate day, of a city, or both; without either, or with empty ones, all."""
    return account.selected_trades(now.trader.engine, day=day, city=city, limit=limit)


@router.get("/orders", tags=["account"])
async def orders(now: Now, live_only: bool = False, limit: Limit = 200) -> Orders:
    """Orders of the last days, live ones first."""
    known = now.trader.engine.account.orders.values()
    return Orders(orders=account.newest_orders(known, limit, live_only=live_only))


@router.get("/pnl/today", tags=["account"])
async def pnl_today(now: Now) -> PnlToday:
    """The UTC day so far."""
    return account.pnl_today(now.trader.engine, now.now())


@router.get("/pnl/history", tags=["account"])
async def pnl_history(now: Now) -> PnlHistory:
    """All daily records."""
    return account.pnl_history(now.read_model)


@router.get("/equity", tags=["account"])
async def equity(now: Now, limit: Annotated[int, Query(ge=1, le=5000)] = 1000) -> Equity:
    """The account cycle by cycle, with the kill switch's marks."""
    return account.equity_curve(now.trader.engine, now.read_model, limit)


@router.get("/risk/status", tags=["risk"])
async def risk_status(now: Now) -> RiskStatus:
    """Kill switch, limits and use, exposure per city."""
    return risk.risk_status(now.trader.engine, now.now())


@router.get("/scanner", tags=["market"])
async def scanner(now: Now) -> Scanner:
    """The last cycle's opportunities with every gate's outcome."""
    return market.scanner(now.read_model)


@router.get("/forecasts", tags=["market"])
async def forecasts(now: Now) -> Forecasts:
    """What the last cycle believed of every open ladder."""
    return market.forecasts(now.read_model)


@router.get("/markets/{city}", tags=["market"], responses=documented(404))
async def markets(now: Now, station: CityStation) -> CityMarkets:
    """A city's ladders: bins, books, our probability and position, payoff by bin."""
    return market.city_markets(now.trader.engine, now.read_model, station, now.now())


@router.get("/calibration/{city}", tags=["market"], responses=documented(404))
async def calibration(now: Now, station: CityStation) -> CityCalibration:
    """What past errors taught, and how the forecasts did against what settled."""
    return city_calibration(now.read_model, station)


@router.get("/evidence", tags=["evidence"], response_model=EvidenceReport)
async def all_evidence(
    now: Now,
    points: Annotated[
        int, Query(ge=0, le=KEPT_POINTS, description="At most so many per cell, the newest.")
    ] = KEPT_POINTS,
) -> Response:
    """Every registered cell: its E-values now and over time, its stage, what is wanting."""
    model = now.read_model
    found = evidence(
        figures_of(model.evidence),
        model.series,
        seq=model.evidence_seq,
        at=now.now(),
        traded=now.trader.engine.playbook.model,
        points=points,
    )
    return Response(found.model_dump_json(), media_type="application/json")


@router.get("/live", tags=["live"], response_model=Snapshot)
async def live_snapshot(here: Here) -> Response:
    """What the live connection would begin with now."""
    return Response(here.hub.snapshot(), media_type="application/json")
