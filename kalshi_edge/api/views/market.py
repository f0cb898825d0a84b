"""What is believed and what is quoted, as shapes: scanner, forecasts, ladders."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from math import isfinite

from kalshi_edge.api.read_model import Judged, ReadModel
from kalshi_edge.api.schemas.market import (
    BinRow,
    BinView,
    BookLevel,
    CityForecast,
    CityMarkets,
    Forecasts,
    Gate,
    LegView,
    MarketDay,
    ModelProbabilities,
    OpportunityView,
    PlannedOrder,
    Scanner,
)
from kalshi_edge.api.views.account import contract_side, fair_by_ticker
from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.domain.market import Bin, Ladder, Level, Market
from kalshi_edge.domain.orders import Intent, Side, Strategy
from kalshi_edge.domain.records import Trade
from kalshi_edge.domain.verdicts import Approved, Check, CityView, Leg, Opportunity, Refused
from kalshi_edge.domain.weather import Station
from kalshi_edge.engine import Engine
from kalshi_edge.portfolio.tracker import open_cost
from kalshi_edge.trading.edge import quoted_mid
from kalshi_edge.units import ONE, ZERO


def scanner(read_model: ReadModel) -> Scanner:
    """The last cycle's opportunities: singles by net edge, brackets by expected value."""
    judged = read_model.judged
    if judged is None:
        return Scanner(
            at=None,
            seq=read_model.seq,
            singles=[],
            brackets=[],
            ladders=[],
            longshots=[],
            skipped=[],
            approved=0,
            refused=0,
        )
    views = [_opportunity(n, verdict) for n, verdict in enumerate(judged.verdicts, 1)]
    of = {strategy: [one for one in views if one.strategy == strategy] for strategy in Strategy}
    return Scanner(
        at=judged.done.received_at,
        seq=judged.seq,
        singles=sorted(of[Strategy.SINGLE], key=lambda view: _best_first(view.net_edge)),
        brackets=of[Strategy.BRACKET],
        ladders=of[Strategy.LADDER],
        longshots=of[Strategy.LONGSHOT],
        skipped=list(judged.done.skipped),
        approved=judged.done.approved,
        refused=judged.done.refused,
    )


def _best_first(edge: float | None) -> float:
    return float("inf") if edge is None else -edge


def _opportunity(rank: int, verdict: Approved | Refused) -> OpportunityView:
    found = verdict.opportunity if isinstance(verdict, Approved) else verdict.subject
    assert isinstance(found, Opportunity)
    intents = verdict.intents if isinstance(verdict, Approved) else ()
    asks = [leg.ask for leg in found.legs if leg.ask is not None]
    is_ladder = found.strategy is Strategy.LADDER
    is_priced = len(asks) == len(found.legs) and not is_ladder
    total = sum(asks, ZERO) if is_priced else None
    return OpportunityView(
        rank=rank,
        strategy=found.strategy,
        city=found.city,
        climate_day=found.climate_day,
        is_approved=isinstance(verdict, Approved),
        legs=[_leg(leg) for leg in found.legs],
        orders=[_planned(intent) for intent in intents],
        net_edge=_mean_edge(intents) if is_ladder else _finite(found.net_edge),
        ev=_mean_gain(intents) if is_ladder else _finite(found.ev),
        combined_probability=sum(leg.fair for leg in found.legs),
        total_ask=total,
        profit_if_hit=None if total is None else max(ONE - total, ZERO),
        count=intents[0].count if intents else ZERO,
        cost_limit=sum((intent.cost_limit for intent in intents), ZERO),
        gates=gates(verdict.checks),
        failed=list(dict.fromkeys(check.rule for check in verdict.checks if not check.passed)),
    )


def _planned(intent: Intent) -> PlannedOrder:
    return PlannedOrder(
        ticker=intent.ticker,
        side=contract_side(intent.side),
        count=intent.count,
        price=intent.unit_price,
        fair=intent.fair,
        edge=intent.edge,
        cost_limit=intent.cost_limit,
    )


def _mean_edge(intents: Sequence[Intent]) -> float | None:
    """The net edge of one contract ordered, dollars."""
    count = sum(float(one.count) for one in intents)
    return sum((one.edge or 0.0) * float(one.count) for one in intents) / count if count else None


def _mean_gain(intents: Sequence[Intent]) -> float | None:
    """What one contract ordered pays on average, less the most that it can cost, dollars."""
    count = sum(float(one.count) for one in intents)
    gain = sum((one.fair or 0.0) * float(one.count) - float(one.cost_limit) for one in intents)
    return gain / count if count else None


def gates(checks: Iterable[Check]) -> list[Gate]:
    """Every rule's outcome."""
    return [
        Gate(rule=check.rule, passed=check.passed, figure=check.figure, limit=check.limit)
        for check in checks
    ]


def _leg(leg: Leg) -> LegView:
    return LegView(
        ticker=leg.ticker,
        bin=bin_view(leg.bin),
        side=contract_side(leg.side),
        fair=leg.fair,
        bid=leg.bid,
        ask=leg.ask,
        raw_edge=leg.raw_edge,
        net_edge=leg.net_edge,
        ev=leg.ev,
    )


def bin_view(bin_: Bin) -> BinView:
    """An interval and its name."""
    return BinView(label=str(bin_), lower_f=bin_.lower, upper_f=bin_.upper)


def forecasts(read_model: ReadModel) -> Forecasts:
    """Every open ladder at the last cycle."""
    if read_model.judged is None:
        return Forecasts(at=None, cities=[])
    done = read_model.judged.done
    return Forecasts(
        at=done.received_at,
        cities=[_forecast(view, read_model.judged) for view in done.cities],
    )


def _forecast(view: CityView, judged: Judged) -> CityForecast:
    station = station_of(view.city)
    edges = [
        edge
        for verdict in judged.verdicts
        for found in [verdict.opportunity if isinstance(verdict, Approved) else verdict.subject]
        if isinstance(found, Opportunity)
        and (found.city, found.climate_day) == (view.city, view.climate_day)
        and found.strategy is Strategy.SINGLE
        and (edge := _finite(found.net_edge)) is not None
    ]
    return CityForecast(
        at=judged.done.received_at,
        city=view.city,
        station=station.icao,
        place=station.name,
        climate_day=view.climate_day,
        event_ticker=view.event_ticker,
        model=view.model,
        run_at=view.run_at,
        point_f=view.point_f,
        mu_f=view.mu_f,
        sigma_f=view.sigma_f,
        bias_f=view.bias_f,
        sigma_scale=view.sigma_scale,
        reference_f=view.reference_f,
        observed_floor_f=view.observed_floor_f,
        best_edge=max(edges, default=None),
        bins=[bin_view(one) for one in view.bins],
        fair=list(view.fair),
        market=list(view.market),
        lead=view.lead,
        models=[
            ModelProbabilities(
                model=one.model, fair=list(one.fair), mu_f=one.mu_f, sigma_f=one.sigma_f
            )
            for one in view.models
        ],
        mid=list(view.mid),
        incoherence=view.incoherence,
        earned_weight=view.earned_weight,
        market_sharpening=view.market_sharpening,
    )


def city_markets(
    engine: Engine, read_model: ReadModel, station: Station, at: datetime
) -> CityMarkets:
    """A city's ladders that have not closed; the last one where all have."""
    ladders = sorted(
        (one for one in engine.state.ladders.values() if one.station == station),
        key=lambda one: one.climate_day,
    )
    shown = [one for one in ladders if at < _closes_at(one)] or ladders[-1:]
    return CityMarkets(
        at=at,
        city=station.city,
        station=station.icao,
        place=station.name,
        standard_offset_h=station.standard_offset_h,
        days=[_market_day(one, engine, read_model, at) for one in shown],
    )


def _market_day(ladder: Ladder, engine: Engine, read_model: ReadModel, at: datetime) -> MarketDay:
    judged = read_model.judged
    view = next(
        (
            v
            for v in (judged.done.cities if judged else ())
            if v.event_ticker == ladder.event_ticker
        ),
        None,
    )
    floor_f = None if view is None else view.observed_floor_f
    trades = [t for t in engine.account.tracker.open_trades() if _is_in(t, ladder)]
    fair = fair_by_ticker(engine, read_model)
    return MarketDay(
        climate_day=ladder.climate_day,
        event_ticker=ladder.event_ticker,
        series=ladder.series,
        closes_at=_closes_at(ladder),
        is_open=at < _closes_at(ladder),
        source=ladder.markets[0].terms.source,
        forecast=None if view is None or judged is None else _forecast(view, judged),
        observed_floor_f=floor_f,
        bins=[
            _row(market, engine, trades, fair, floor_f=floor_f, at=at) for market in ladder.markets
        ],
    )


def _row(
    market: Market,
    engine: Engine,
    trades: list[Trade],
    fair: Mapping[str, float],
    *,
    floor_f: float | None,
    at: datetime,
) -> BinRow:
    book = engine.state.books.get(market.ticker)
    mine = [trade for trade in trades if trade.ticker == market.ticker]
    age_s = None if book is None else (at - book.valid_at).total_seconds()
    upper = market.bin.upper
    return BinRow(
        ticker=market.ticker,
        bin=bin_view(market.bin),
        status=market.status,
        bid=None if book is None else book.bid,
        ask=None if book is None else book.ask,
        bids=[] if book is None else _levels(book.bids),
        asks=[] if book is None else _levels(book.asks),
        fair=fair.get(market.ticker),
        market=None if book is None else quoted_mid(book.bid, book.ask),
        held=sum((_signed_count(trade) for trade in mine), ZERO),
        cost=sum((open_cost(trade) for trade in mine), ZERO),
        pnl_if_wins=sum((_result(t, wins=t.ticker == market.ticker) for t in trades), ZERO),
        is_ruled_out=floor_f is not None and upper is not None and upper < floor_f,
        book_at=None if book is None else book.valid_at,
        book_age_s=age_s,
        is_stale=age_s is None or age_s > engine.playbook.limits.max_book_age.total_seconds(),
    )


def _result(trade: Trade, *, wins: bool) -> Decimal:
    """Dollars that an open trade will have come to, if YES pays or not."""
    pays = wins if trade.side is Side.BUY else not wins
    return trade.received + (trade.open_count if pays else ZERO) - trade.paid - trade.fees


def _signed_count(trade: Trade) -> Decimal:
    return trade.open_count if trade.side is Side.BUY else -trade.open_count


def _is_in(trade: Trade, ladder: Ladder) -> bool:
    return (trade.city, trade.climate_day) == (ladder.station.city, ladder.climate_day)


def _levels(levels: tuple[Level, ...]) -> list[BookLevel]:
    return [BookLevel(price=level.price, count=level.count) for level in levels]


def _closes_at(ladder: Ladder) -> datetime:
    return min(market.close_at for market in ladder.markets)


def _finite(figure: float) -> float | None:
    return figure if isfinite(figure) else None
