"""Risk as shapes: the kill switch, limits and how much of each is used."""

from collections import Counter
from datetime import date, datetime
from decimal import Decimal

from kalshi_edge.api.schemas.account import (
    Exposure,
    HoldView,
    LimitUse,
    RiskLimits,
    RiskStatus,
    SwitchView,
)
from kalshi_edge.domain.records import Switch
from kalshi_edge.engine import Engine
from kalshi_edge.trading.playbook import Limits
from kalshi_edge.trading.situation import Situation, situation
from kalshi_edge.units import ZERO


def risk_status(engine: Engine, at: datetime) -> RiskStatus:
    """Where the account stands against every limit."""
    account, limits = engine.account, engine.playbook.limits
    seen = situation(account, engine.kill_switch.switch_at(at), engine.state.marks, at)
    loss = account.opening_balance - account.tracker.equity(engine.state.marks)
    return RiskStatus(
        at=at,
        switch=switch_view(seen.switch, at),
        limits=_limits(limits),
        positions=len(seen.holders),
        bankroll=seen.bankroll,
        free_cash=seen.free_cash,
        day_loss=_meter(max(loss, ZERO), limits.day_loss_share * account.opening_balance),
        exposure=_exposures(seen, limits),
    )


def switch_view(switch: Switch, at: datetime) -> SwitchView:
    """The kill switch as it stands at ``at``."""
    holds = [hold for hold in switch.holds if hold.holds(at)]
    holds.sort(key=lambda hold: -hold.state.severity)
    return SwitchView(
        state=switch.level(at),
        is_halted=switch.is_halted(at),
        reason=switch.reason,
        cause=switch.cause,
        since_at=switch.since_at,
        until_at=switch.until_at,
        holds=[
            HoldView(
                cause=hold.cause,
                name=hold.name,
                state=hold.state,
                reason=hold.reason,
                since_at=hold.since_at,
                until_at=hold.until_at,
            )
            for hold in holds
        ],
    )


def _meter(used: Decimal, limit: Decimal) -> LimitUse:
    return LimitUse(used=used, limit=limit, used_share=_share(used, limit))


def _share(used: Decimal, limit: Decimal) -> float:
    return round(float(used / limit), 6) if limit else float(used > ZERO)


def _exposures(seen: Situation, limits: Limits) -> list[Exposure]:
    by_city = Counter(seen.holders.values())
    cap = limits.city_day_share * seen.bankroll
    places: list[tuple[tuple[str, date], Decimal]] = sorted(seen.exposure.items())
    return [
        Exposure(
            city=city,
            climate_day=climate_day,
            at_risk=at_risk,
            limit=cap,
            used_share=_share(at_risk, cap),
            positions=by_city[city],
            max_positions=limits.max_city_positions,
        )
        for (city, climate_day), at_risk in places
    ]


def _limits(limits: Limits) -> RiskLimits:
    return RiskLimits(
        kelly_fraction=float(limits.kelly_fraction),
        city_day_share=float(limits.city_day_share),
        day_loss_share=float(limits.day_loss_share),
        max_positions=limits.max_positions,
        max_city_positions=limits.max_city_positions,
        max_book_age_s=limits.max_book_age.total_seconds(),
        max_forecast_age_s=limits.max_forecast_age.total_seconds(),
        max_reference_gap_f=limits.max_reference_gap_f,
        last_entry_h=limits.last_entry.total_seconds() / 3600,
    )
